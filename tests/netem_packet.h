/* SPDX-License-Identifier: MIT
 *
 * IP packets of an emulated link, and what a translator of addresses (NAT, RFC
 * 3022) does to them.
 *
 * Side 0 of link n (from 0) is 10.1.H.L and fd00:0:0:1::HL, side 1 is 10.2.H.L
 * and fd00:0:0:2::HL, where HL is n + 1.  A packet takes the link that stands
 * in the address of side 1.  A side that has moved to its address k is outside
 * 1 + side + 2k, in the place of the 1 or 2, and inside what it was.
 */
#ifndef TESTS_NETEM_PACKET_H
#define TESTS_NETEM_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { PACKET_TCP = 6, PACKET_UDP = 17, PACKET_ICMP6 = 58 };

struct packet {
    uint8_t *ip;
    size_t len;
    bool v6;
    uint8_t *body; /* the transport's header; NULL in a later fragment */
    unsigned protocol;
};

enum packet_end { PACKET_FROM, PACKET_TO };

/* How a side looks from outside. */
struct packet_guise {
    unsigned address; /* 0: its own */
    uint16_t ports;   /* XOR */
};

static inline uint16_t packet_u16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

/* What is no whole packet of these addresses is none. */
static inline bool packet_parse(struct packet *packet, uint8_t *ip, size_t len)
{
    size_t head;

    *packet = (struct packet){ .ip = ip, .len = len };
    if (len < 20)
        return false;
    packet->v6 = ip[0] >> 4 == 6;
    if (packet->v6) {
        head = 40;
        packet->protocol = ip[6];
        if (len < 40 || ip[8] != 0xfd || ip[24] != 0xfd)
            return false;
    } else {
        head = (size_t)(ip[0] & 15) * 4;
        packet->protocol = ip[9];
        if (ip[0] >> 4 != 4 || head < 20 || ip[12] != 10 || ip[16] != 10)
            return false;
    }
    if ((packet->v6 || (packet_u16(ip + 6) & 0x1fff) == 0) && len >= head + 8)
        packet->body = ip + head;
    return true;
}

static inline uint8_t *packet_address(const struct packet *packet,
                                      enum packet_end end)
{
    if (packet->v6)
        return packet->ip + (end == PACKET_FROM ? 8 : 24);
    return packet->ip + (end == PACKET_FROM ? 12 : 16);
}

/* The byte of an address that says whose it is. */
static inline uint8_t *packet_place(const struct packet *packet,
                                    enum packet_end end)
{
    return packet_address(packet, end) + (packet->v6 ? 7 : 1);
}

/* The number of the link of a packet of `side`; -1 when there is none. */
static inline long packet_link(const struct packet *packet, unsigned side)
{
    enum packet_end end = side == 0 ? PACKET_TO : PACKET_FROM;

    return packet_u16(packet_address(packet, end) + (packet->v6 ? 14 : 2)) - 1L;
}

/* ---- checksums ---- */

/* Update a checksum for a word that changes (RFC 1624, equation 3). */
static inline void packet_sum(uint8_t *sum, uint16_t from, uint16_t to)
{
    uint32_t n =
        (uint32_t)(uint16_t)~packet_u16(sum) + (uint16_t)~from + (uint32_t)to;

    n = (n & 0xffff) + (n >> 16);
    n = (n & 0xffff) + (n >> 16);
    sum[0] = (uint8_t)(~n >> 8);
    sum[1] = (uint8_t)~n;
}

/* Where the transport's checksum is, when there is one. */
static inline uint8_t *packet_body_sum(const struct packet *packet)
{
    size_t room =
        packet->body ? packet->len - (size_t)(packet->body - packet->ip) : 0;

    if (packet->protocol == PACKET_TCP && room >= 18)
        return packet->body + 16;
    if (packet->protocol == PACKET_UDP && packet->body &&
        packet_u16(packet->body + 6) != 0)
        return packet->body + 6;
    if (packet->protocol == PACKET_ICMP6 && packet->v6 && packet->body)
        return packet->body + 2;
    return NULL;
}

/* Change the word at p, and what sums it. */
static inline void packet_change(struct packet *packet, uint8_t *p, uint16_t to,
                                 bool in_head)
{
    uint8_t *sum = packet_body_sum(packet);
    uint16_t from = packet_u16(p);

    if (in_head && !packet->v6)
        packet_sum(packet->ip + 10, from, to);
    if (sum)
        packet_sum(sum, from, to);
    if (sum && packet->protocol == PACKET_UDP && packet_u16(sum) == 0)
        sum[0] = sum[1] = 0xff; /* 0 would say that there is none */
    p[0] = (uint8_t)(to >> 8);
    p[1] = (uint8_t)to;
}

/* ---- translation ---- */

static inline void packet_put(struct packet *packet, enum packet_end end,
                              unsigned place, uint16_t ports)
{
    uint8_t *word = packet_address(packet, end) + (packet->v6 ? 6 : 0);
    uint8_t *port;

    if (word[1] != place)
        packet_change(packet, word, (uint16_t)((unsigned)word[0] << 8 | place),
                      true);
    if (!packet->body || !ports ||
        (packet->protocol != PACKET_TCP && packet->protocol != PACKET_UDP))
        return;
    port = packet->body + (end == PACKET_FROM ? 0 : 2);
    if (packet_u16(port) != ports) /* there is no port 0 */
        packet_change(packet, port, packet_u16(port) ^ ports, false);
}

/*
 * Carry a packet of `side` to the other: as the sender looks from outside, to
 * the receiver as it is inside.
 *   guise    of both sides
 *   returns  false when nobody has the address it is for
 */
static inline bool packet_translate(struct packet *packet, unsigned side,
                                    const struct packet_guise guise[2])
{
    const struct packet_guise *from = &guise[side], *to = &guise[!side];
    unsigned inside = 1 + side, other = 1 + !side;

    if (*packet_place(packet, PACKET_FROM) != inside ||
        *packet_place(packet, PACKET_TO) != other + 2 * to->address)
        return false;
    packet_put(packet, PACKET_FROM, inside + 2 * from->address, from->ports);
    packet_put(packet, PACKET_TO, other, to->ports);
    return true;
}

#endif
