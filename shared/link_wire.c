/* SPDX-License-Identifier: MIT
 *
 * Between a link and the outside: the envelope of datagrams, encryption, and
 * where the peer is; see link.h.  Every byte from outside enters here, every
 * byte to the outside leaves here.
 */
#include <assert.h>
#include <stdlib.h>

#include "shared/error.h"
#include "shared/frame.h"
#include "shared/link_impl.h"
#include "shared/mem.h"
#include "shared/packet.h"

enum {
    SEALED_MAX = 64 * 1024, /* bytes sealed and not sent at most */
    CLIENT_HEAD = 1 + DATAGRAM_ID_LEN
};

/* ---- the envelope of a datagram ---- */

static uint8_t first_byte(struct str datagram)
{
    return datagram.len ? (uint8_t)datagram.ptr[0] : 0;
}

bool link_datagram_id(struct str datagram, uint64_t *id)
{
    const uint8_t *p = (const uint8_t *)datagram.ptr;
    uint64_t n = 0;

    if (datagram.len <= CLIENT_HEAD ||
        (p[0] != DATAGRAM_CLEAR && p[0] != DATAGRAM_SEALED))
        return false;
    for (size_t i = 1; i <= DATAGRAM_ID_LEN; i++)
        n = n << 8 | p[i];
    *id = n;
    return true;
}

/* The greeting is through, or lost for good, within so many packets. */
enum { OPENING_PACKETS = 64 };

bool link_datagram_opens(struct str datagram)
{
    struct str rest = str_from(datagram, CLIENT_HEAD);
    struct packet_head head;
    struct part part;

    if (first_byte(datagram) != DATAGRAM_CLEAR || packet_head(&rest, &head) ||
        head.pn >= OPENING_PACKETS)
        return false;
    while (packet_part(&rest, &part) > 0) {
        if ((part.type == PART_MSG || part.type == PART_FRAG) &&
            part.piece.stream == 0)
            return true;
    }
    return false;
}

/* Write a client's envelope; returns its bytes. */
static size_t put_id(uint8_t first, uint64_t id, uint8_t *out)
{
    out[0] = first;
    for (unsigned i = 0; i < DATAGRAM_ID_LEN; i++)
        out[1 + i] = (uint8_t)(id >> (56 - 8 * i));
    return CLIENT_HEAD;
}

/* ---- datagrams in clear text ---- */

/* The packet inside a datagram for this end; empty when it is not for us. */
static struct str unwrap_clear(const struct link *link, struct str datagram)
{
    uint64_t id;

    if (!link->config.server)
        return first_byte(datagram) == DATAGRAM_SERVER ? str_from(datagram, 1)
                                                       : str_of(NULL);
    if (first_byte(datagram) != DATAGRAM_CLEAR ||
        !link_datagram_id(datagram, &id) || id != link->config.id)
        return str_of(NULL);
    return str_from(datagram, CLIENT_HEAD);
}

static size_t wrap_clear(const struct link *link, uint8_t *out)
{
    if (!link->config.server)
        return put_id(DATAGRAM_CLEAR, link->config.id, out);
    out[0] = DATAGRAM_SERVER;
    return 1;
}

/* ---- packets in ---- */

static int take_packet(struct link *link, struct str packet, struct now now)
{
    struct dgram_stats stats;
    int err =
        dgram_input(link->dgram, (const uint8_t *)packet.ptr, packet.len, now);

    if (err)
        return err;
    link->peer.heard_us = now.mono_us;
    link->resting = false;
    dgram_stats(link->dgram, &stats);
    link->peer.rtt_us = stats.srtt_us;
    link->peer.loss = stats.loss;
    return 0;
}

/* An authentic record: does it show that the peer has moved? */
static int follow(struct link *link, struct str from, uint64_t record,
                  struct now now)
{
    switch (path_heard(&link->path, from, record, now)) {
    case PATH_STAYS: return 0;
    case PATH_RESTLESS: return -ERROR_LIMIT;
    case PATH_MOVED: dgram_move(link->dgram, false, now); break;
    case PATH_ELSEWHERE: dgram_move(link->dgram, true, now); break;
    }
    return 0;
}

void link_tick_path(struct link *link, struct now now)
{
    uint32_t timeout = dgram_timeout(link->dgram);
    uint64_t token;

    if (now.mono_us < link->path.try_us)
        return;
    token = rng_next(&link->rng);
    switch (path_tick(&link->path, token, timeout, now)) {
    case PATH_WAIT: break;
    case PATH_ASK: dgram_challenge(link->dgram, token); break;
    case PATH_BACK: dgram_prove(link->dgram); break;
    }
}

static int take_record(struct link *link, struct str packet, struct str from,
                       uint64_t record, struct now now)
{
    bool server = link->config.server;
    uint64_t token;
    int err = server ? follow(link, from, record, now) : 0;

    if (!err)
        err = take_packet(link, packet, now);
    if (err || !server)
        return err;
    if (dgram_response(link->dgram, &token) &&
        path_answered(&link->path, from, token))
        dgram_prove(link->dgram);
    link_tick_path(link, now);
    return 0;
}

/* The first thing said under encryption: what to call the connection. */
static void tell_id(struct link *link)
{
    if (!link->config.server || link->told_id || !link_is_open(link))
        return;
    link->told_id = true;
    dgram_tell_id(link->dgram, link->config.id);
}

static int take_sealed(struct link *link, struct str datagram, struct str from,
                       struct now now)
{
    struct secure *secure = link->config.secure;
    uint8_t packet[DATAGRAM_MAX];
    uint64_t record;
    int got, err = 0;

    if (first_byte(datagram) == DATAGRAM_SEALED)
        datagram = str_from(datagram, CLIENT_HEAD);
    record = secure_record(datagram);
    if (!link_is_open(link))
        link->peer.heard_us = now.mono_us; /* the handshake moves */
    secure_feed(secure, datagram);
    while (!err && (got = secure_read(secure, packet, sizeof packet, now))) {
        if (got < 0)
            return got;
        err = take_record(link, str_bytes(packet, (size_t)got), from, record,
                          now);
    }
    tell_id(link);
    return err;
}

int link_take_datagram(struct link *link, struct str datagram, struct str from,
                       struct now now)
{
    struct str packet;

    if (link->config.secure)
        return take_sealed(link, datagram, from, now);
    packet = unwrap_clear(link, datagram);
    return packet.len ? take_packet(link, packet, now) : 0;
}

/* ---- packets out ---- */

size_t link_datagram(struct link *link, uint8_t *out, struct now now)
{
    static_assert(CLIENT_HEAD + PACKET_MAX + 37 <= DATAGRAM_MAX,
                  "a sealed packet fits a datagram");
    struct secure *secure = link->config.secure;
    uint8_t packet[PACKET_MAX];
    uint64_t id;
    size_t head, len;

    if (!secure) {
        head = wrap_clear(link, out);
        len = dgram_output(link->dgram, out + head, now);
        return len ? head + len : 0;
    }
    len = secure_datagram(secure, out, DATAGRAM_MAX);
    if (len || !link_is_open(link))
        return len;
    len = dgram_output(link->dgram, packet, now);
    if (len == 0) {
        secure_rest(secure);
        return 0;
    }
    head = !link->config.server && dgram_told_id(link->dgram, &id)
               ? put_id(DATAGRAM_SEALED, id, out)
               : 0;
    len = secure_seal(secure, str_bytes(packet, len), out + head,
                      DATAGRAM_MAX - head);
    return len ? head + len : 0;
}

struct str link_place(const struct link *link)
{
    return path_place(&link->path);
}

void link_rename(struct link *link, uint64_t id)
{
    link->config.id = id;
    dgram_tell_id(link->dgram, id);
}

/* ---- streams ---- */

/*
 * The first byte tells whether the peer encrypts.  A server then takes clear
 * text; a client does not.
 */
static int sniff(struct link *link, struct str bytes)
{
    if (link->begun || bytes.len == 0)
        return 0;
    link->begun = true;
    if (first_byte(bytes) != 0) /* a frame begins with 0, TLS with 20..23 */
        return 0;
    link->peer_clear = !link->config.server;
    if (link->peer_clear)
        return -ERROR_SECURITY;
    secure_free(link->config.secure);
    link->config.secure = NULL;
    return 0;
}

int link_take_bytes(struct link *link, struct str bytes, struct now now)
{
    int err = link->config.secure ? sniff(link, bytes) : 0;

    if (err)
        return err;
    if (link->config.secure)
        secure_feed(link->config.secure, bytes);
    else
        reader_feed(&link->reader, bytes);
    link->peer.heard_us = now.mono_us;
    return 0;
}

int link_refill(struct link *link, struct now now)
{
    struct secure *secure = link->config.secure;
    int got;

    if (!secure)
        return 0;
    if (!link->plain)
        link->plain = mem_new(1, RECORD_MAX);
    got = secure_pending(secure)
              ? secure_read(secure, link->plain, RECORD_MAX, now)
              : 0;
    if (got > 0) {
        reader_feed(&link->reader, str_bytes(link->plain, (size_t)got));
        return 1;
    }
    free(link->plain);
    link->plain = NULL;
    return got;
}

/* One record of what waits: many frames, or a part of one. */
static void seal_some(struct link *link)
{
    uint8_t record[RECORD_MAX];
    struct str spans[64];
    size_t n = outq_spans(&link->outq, spans, 64), len = 0;

    for (size_t i = 0; i < n && len < sizeof record; i++) {
        size_t take = sizeof record - len;

        if (take > spans[i].len)
            take = spans[i].len;
        memcpy(record + len, spans[i].ptr, take);
        len += take;
    }
    outq_drop(&link->outq, len);
    secure_write(link->config.secure, str_bytes(record, len));
}

size_t link_spans(struct link *link, struct str *spans, size_t max)
{
    struct secure *secure = link->config.secure;

    if (!secure)
        return outq_spans(&link->outq, spans, max);
    while (secure_state(secure) == SECURE_OPEN && link->outq.bytes &&
           secure_queued(secure) < SEALED_MAX)
        seal_some(link);
    return secure_spans(secure, spans, max);
}

void link_sent(struct link *link, size_t n, struct now now)
{
    if (link->config.secure)
        secure_sent(link->config.secure, n);
    else
        outq_drop(&link->outq, n);
    link->queued_before = link_queued(link);
    link->progress_us = link->queued_before ? now.mono_us : NEVER;
}

/* ---- what is known ---- */

bool link_is_open(const struct link *link)
{
    return !link->config.secure ||
           secure_state(link->config.secure) == SECURE_OPEN;
}

bool link_is_over(const struct link *link)
{
    return link->config.secure &&
           secure_state(link->config.secure) == SECURE_OVER;
}

bool link_peer_is_clear(const struct link *link)
{
    return link->peer_clear;
}

bool link_is_secure(const struct link *link)
{
    return link->config.secure != NULL;
}

const char *link_error(const struct link *link)
{
    return link->config.secure ? secure_error(link->config.secure) : "";
}

bool link_peer_secure(const struct link *link, struct secure_peer *peer)
{
    if (!link->config.secure || !link_is_open(link))
        return false;
    *peer = secure_peer(link->config.secure);
    return true;
}
