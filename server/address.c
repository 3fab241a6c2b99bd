/* SPDX-License-Identifier: MIT
 *
 * Addresses; see address.h.
 */
#include "server/address.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOST_MAX = 256 };

/* Split at the last colon; brackets around IPv6 go. */
static bool split(const char *text, char host[HOST_MAX], const char **port)
{
    const char *colon = strrchr(text, ':');
    size_t len;

    if (!colon)
        return false;
    len = (size_t)(colon - text);
    if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    } else if (memchr(text, ':', len)) {
        return false; /* IPv6 without brackets: which part is the port? */
    }
    if (len >= HOST_MAX)
        return false;
    memcpy(host, text, len);
    host[len] = '\0';
    *port = colon + 1;
    return true;
}

bool address_parse(struct address *address, const char *text, char *error,
                   size_t cap)
{
    const struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
                                    .ai_socktype = SOCK_STREAM };
    struct addrinfo *found = NULL;
    char host[HOST_MAX];
    const char *port;
    int err;

    if (!split(text, host, &port) || !*port) {
        snprintf(error, cap, "%s: not ADDR:PORT; IPv6 needs brackets, [::1]:0",
                 text);
        return false;
    }
    err = getaddrinfo(*host ? host : NULL, port, &hints, &found);
    if (err) {
        snprintf(error, cap, "%s: %s", text, gai_strerror(err));
        return false;
    }
    memset(address, 0, sizeof *address);
    memcpy(&address->storage, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return true;
}

struct address address_of(const struct sockaddr *any)
{
    struct address address = { 0 };

    if (any->sa_family == AF_INET)
        memcpy(&address.v4, any, sizeof address.v4);
    else if (any->sa_family == AF_INET6)
        memcpy(&address.v6, any, sizeof address.v6);
    return address;
}

socklen_t address_len(const struct address *a)
{
    return a->any.sa_family == AF_INET ? sizeof a->v4 : sizeof a->v6;
}

/* The IPv4 address in it, also when it is mapped into IPv6; NULL: none. */
static const uint8_t *v4_bytes(const struct address *a)
{
    if (a->any.sa_family == AF_INET)
        return (const uint8_t *)&a->v4.sin_addr;
    if (a->any.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&a->v6.sin6_addr))
        return &a->v6.sin6_addr.s6_addr[12];
    return NULL;
}

bool address_is_loopback(const struct address *a)
{
    const uint8_t *v4 = v4_bytes(a);

    if (v4)
        return v4[0] == 127;
    return a->any.sa_family == AF_INET6 &&
           IN6_IS_ADDR_LOOPBACK(&a->v6.sin6_addr);
}

bool address_equal(const struct address *a, const struct address *b)
{
    if (a->any.sa_family != b->any.sa_family)
        return false;
    if (a->any.sa_family == AF_INET)
        return a->v4.sin_port == b->v4.sin_port &&
               a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
    return a->v6.sin6_port == b->v6.sin6_port &&
           a->v6.sin6_scope_id == b->v6.sin6_scope_id &&
           memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, 16) == 0;
}

/* ---- places: family, network, port; the scope belongs to the network ---- */

enum { V4_LEN = 1 + 4 + 2, V6_LEN = 1 + 16 + 4 + 2 };

struct place address_place(const struct address *a)
{
    struct place place = { 0 };
    char *p = place.bytes;

    static_assert((int)V6_LEN <= (int)PLACE_MAX, "an address fits a place");
    if (a->any.sa_family == AF_INET) {
        place.len = V4_LEN;
        *p = 4;
        memcpy(p + 1, &a->v4.sin_addr, 4);
        memcpy(p + 5, &a->v4.sin_port, 2);
    } else {
        place.len = V6_LEN;
        *p = 6;
        memcpy(p + 1, &a->v6.sin6_addr, 16);
        memcpy(p + 17, &a->v6.sin6_scope_id, 4);
        memcpy(p + 21, &a->v6.sin6_port, 2);
    }
    return place;
}

struct address address_at(struct str place)
{
    struct address a = { 0 };
    const char *p = place.ptr;

    if (place.len == V4_LEN) {
        a.v4.sin_family = AF_INET;
        memcpy(&a.v4.sin_addr, p + 1, 4);
        memcpy(&a.v4.sin_port, p + 5, 2);
    } else if (place.len == V6_LEN) {
        a.v6.sin6_family = AF_INET6;
        memcpy(&a.v6.sin6_addr, p + 1, 16);
        memcpy(&a.v6.sin6_scope_id, p + 17, 4);
        memcpy(&a.v6.sin6_port, p + 21, 2);
    }
    return a;
}

void address_text(const struct address *a, char out[ADDRESS_TEXT])
{
    char host[INET6_ADDRSTRLEN] = "?";

    if (a->any.sa_family == AF_INET) {
        inet_ntop(AF_INET, &a->v4.sin_addr, host, sizeof host);
        snprintf(out, ADDRESS_TEXT, "%s:%u", host,
                 (unsigned)ntohs(a->v4.sin_port));
        return;
    }
    if (a->any.sa_family == AF_INET6)
        inet_ntop(AF_INET6, &a->v6.sin6_addr, host, sizeof host);
    snprintf(out, ADDRESS_TEXT, "[%s]:%u", host,
             (unsigned)ntohs(a->v6.sin6_port));
}

struct str address_gate(const struct address *a)
{
    const uint8_t *v4 = v4_bytes(a);

    if (address_is_loopback(a))
        return str_of(NULL);
    return v4 ? str_bytes(v4, 4) : str_bytes(&a->v6.sin6_addr, 8);
}

/* Decimal digits behind the slash; false: they are none, or too many. */
static bool take_bits(const char *text, unsigned max, unsigned *bits)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);

    if (*text < '0' || *text > '9' || *end || n > max)
        return false;
    *bits = (unsigned)n;
    return true;
}

/* Of IPv6 the first half counts. */
static size_t take_gate(const uint8_t *bytes, size_t len, uint8_t *gate,
                        unsigned *bits)
{
    if (*bits > 8 * len)
        *bits = 8 * (unsigned)len;
    memcpy(gate, bytes, len);
    for (unsigned i = *bits; i < 8 * len; i++)
        gate[i / 8] &= (uint8_t) ~(0x80U >> i % 8);
    return len;
}

size_t address_network(struct str text, uint8_t *gate, unsigned *bits)
{
    char host[INET6_ADDRSTRLEN + 8], *slash;
    struct in6_addr v6;
    uint8_t v4[4];
    bool is_v4;

    if (text.len == 0 || text.len >= sizeof host)
        return 0;
    memcpy(host, text.ptr, text.len);
    host[text.len] = '\0';
    slash = strchr(host, '/');
    if (slash)
        *slash = '\0';
    is_v4 = inet_pton(AF_INET, host, v4) == 1;
    if (!is_v4 && inet_pton(AF_INET6, host, &v6) != 1)
        return 0;
    *bits = is_v4 ? 32 : 128;
    if (slash && !take_bits(slash + 1, *bits, bits))
        return 0;
    if (is_v4)
        return take_gate(v4, 4, gate, bits);
    if (!IN6_IS_ADDR_V4MAPPED(&v6) || *bits < 96)
        return take_gate(v6.s6_addr, 8, gate, bits);
    *bits -= 96;
    return take_gate(v6.s6_addr + 12, 4, gate, bits);
}

void address_network_text(struct str gate, unsigned bits,
                          char out[ADDRESS_TEXT])
{
    char host[INET6_ADDRSTRLEN] = "?";
    uint8_t bytes[16] = { 0 };
    bool is_v4 = gate.len == 4;

    memcpy(bytes, gate.ptr, is_v4 ? 4 : 8);
    inet_ntop(is_v4 ? AF_INET : AF_INET6, bytes, host, sizeof host);
    if (is_v4 && bits == 32)
        snprintf(out, ADDRESS_TEXT, "%s", host);
    else
        snprintf(out, ADDRESS_TEXT, "%s/%u", host, bits);
}
