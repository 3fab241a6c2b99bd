/* SPDX-License-Identifier: MIT
 *
 * For fuzz targets: a server's endpoint, callers with real links, and all
 * datagrams between them in the hands of whoever plays.  No time passes and
 * nothing arrives unless told.
 */
#ifndef TESTS_RELAY_H
#define TESTS_RELAY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "server/address.h"
#include "server/endpoint.h"
#include "server/hub.h"
#include "server/session.h"
#include "server/world.h"
#include "shared/dgram.h"
#include "shared/frame.h"
#include "shared/link.h"
#include "shared/mem.h"
#include "shared/rng.h"
#include "shared/secure.h"
#include "tests/clock.h"
#include "tests/dice.h"

enum { AIR = 64, CALLERS = 2, PLACES = 4 /* addresses of a caller */ };

struct caller {
    struct link *link;
    unsigned place; /* where it is now */
    uint64_t cseq, acked, room;
    bool met;  /* packets have come: both ends are through the handshake */
    bool over; /* it has failed */
};

struct flying {
    struct address at; /* of the caller; the other end is the server */
    bool up;
    size_t len;
    uint8_t bytes[DATAGRAM_MAX];
};

struct relay {
    const uint8_t *data; /* what is played */
    size_t left;
    struct rng rng;
    struct now now;
    struct hub *hub;
    struct endpoint *endpoint;
    struct secure_base *server, *client;
    bool secure;
    bool forged; /* somebody may speak for a caller: believe nothing */
    struct caller callers[CALLERS];
    struct flying air[AIR];
    unsigned n;
    struct wire_scratch scratch;
};

static inline void must(bool good)
{
    if (!good)
        abort();
}

static inline uint8_t next_byte(struct relay *r)
{
    if (r->left == 0)
        return 0;
    r->left--;
    return *r->data++;
}

static inline struct address address_of_place(unsigned caller, unsigned place)
{
    struct address address = { 0 };

    /* Two networks of this machine, two ports in each. */
    address.v4.sin_family = AF_INET;
    address.v4.sin_addr.s_addr =
        htonl(0x7f000001u + 0x100 * caller + (place / 2 ? 0x10000u : 0));
    address.v4.sin_port = htons((uint16_t)(1000 + place));
    return address;
}

/* ---- beginning and end ---- */

/* Made once: it takes its time. */
static inline struct secure_base *relay_base(bool server)
{
    static struct secure_base *bases[2];
    static struct secure_pem pem;
    struct secure_config config = { .server = server };
    char error[200];

    if (!pem.key)
        must(secure_pem_make(&pem, "relay", clock_now));
    config.roots = str_of(server ? NULL : pem.chain);
    config.key = str_of(server ? pem.key : NULL);
    config.chain = str_of(server ? pem.chain : NULL);
    if (!bases[server])
        bases[server] = secure_base_new(&config, error, sizeof error);
    must(bases[server] != NULL);
    return bases[server];
}

static inline void relay_random(void *ctx, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)rng_next(ctx);
}

static inline void relay_call(struct relay *r, unsigned who)
{
    struct link_config config = {
        .transport = TRANSPORT_UDP,
        .secure = r->secure ? secure_new(r->client, true, NULL, r->now) : NULL,
        .id = rng_next(&r->rng),
        .seed = rng_next(&r->rng),
        .body_max = BODY_MAX,
        .queue_max = 1 << 20,
    };

    link_free(r->callers[who].link);
    r->callers[who] = (struct caller){ .link = link_new(&config, r->now) };
}

static inline void relay_begin(struct relay *r, bool secure)
{
    struct world_config config = { .name = "relay",
                                   .random = relay_random,
                                   .random_ctx = &r->rng };
    struct endpoint_config endpoint = { .clear = CLEAR_LOCAL };

    dice_begin(1);
    r->server = relay_base(true);
    r->client = relay_base(false);
    /* A ticket of an earlier input is taken, and thrown away. */
    secure_free(secure_new(r->client, true, NULL, clock_now));
    dice_begin(1); /* whether a key was made just now or not */
    r->now = (struct now){ 1000000, 1700000000000 };
    clock_now = r->now;
    r->secure = secure;
    limits_init(&config.limits);
    config.limits.value[LIMIT_SEND_RATE] = 0;
    r->hub = hub_new(&config, r->now);
    endpoint.hub = r->hub;
    endpoint.secure = r->server;
    r->endpoint = endpoint_new(&endpoint);
    for (unsigned i = 0; i < CALLERS; i++)
        relay_call(r, i);
}

static inline void relay_flush(struct relay *r);

static inline void relay_end(struct relay *r)
{
    hub_abandon(r->hub, r->now);
    relay_flush(r);
    for (unsigned i = 0; i < CALLERS; i++)
        link_free(r->callers[i].link);
    endpoint_free(r->endpoint);
    hub_free(r->hub);
}

/* ---- datagrams ---- */

/* Into the air; when there is no room it is lost. */
static inline void fly(struct relay *r, bool up, struct address at,
                       struct str bytes)
{
    struct flying *flying = &r->air[r->n];

    if (r->n == AIR)
        return;
    r->n++;
    flying->up = up;
    flying->at = at;
    flying->len = bytes.len;
    memcpy(flying->bytes, bytes.ptr, bytes.len);
}

static inline void land(struct relay *r, unsigned i)
{
    r->air[i] = r->air[--r->n];
}

/* At the server; a copy just as large, so that ASan watches its end. */
static inline void arrive_up(struct relay *r, struct str bytes,
                             const struct address *from)
{
    char *exact = mem_new(1, bytes.len ? bytes.len : 1);
    uint8_t reply[DATAGRAM_MAX];
    struct arrival a = { .datagram = str_bytes(exact, bytes.len),
                         .from = from,
                         .reply = reply };

    if (bytes.len && bytes.ptr)
        memcpy(exact, bytes.ptr, bytes.len);
    endpoint_input(r->endpoint, &a, r->now);
    must(a.len <= bytes.len);
    if (a.fresh)
        a.fresh->edge = r;
    if (a.len)
        fly(r, false, *from, str_bytes(reply, a.len));
    free(exact);
}

static inline void relay_take(struct relay *r, struct caller *c)
{
    struct str frame;
    struct msg msg;
    int got;

    while ((got = link_next(c->link, &frame, r->now)) > 0) {
        must(wire_decode(&msg, frame, &r->scratch) == 0);
        if (msg.kind == KIND_SEND_ACK && !r->forged) {
            must(msg.send_ack.cseq == c->acked + 1); /* once, in order */
            c->acked++;
            c->room = msg.send_ack.room;
        }
    }
    must(got == 0 || r->forged);
    c->over = got != 0;
}

/* At the caller whose address it is. */
static inline void arrive_down(struct relay *r, struct str bytes,
                               const struct address *to)
{
    struct dgram_stats stats;

    for (unsigned i = 0; i < CALLERS * PLACES; i++) {
        struct caller *c = &r->callers[i / PLACES];
        struct address at = address_of_place(i / PLACES, i % PLACES);

        if (!address_equal(&at, to) || c->over)
            continue;
        c->over = link_feed(c->link, bytes, r->now) != 0;
        c->met |= !link_dgram_stats(c->link, &stats) || stats.received > 0;
        if (!c->over)
            relay_take(r, c);
    }
}

static inline void arrive(struct relay *r, const struct flying *flying)
{
    struct flying copy = *flying; /* what it brings may fly, too */

    if (copy.up)
        arrive_up(r, str_bytes(copy.bytes, copy.len), &copy.at);
    else
        arrive_down(r, str_bytes(copy.bytes, copy.len), &copy.at);
}

static inline void flush_session(struct relay *r, struct session *s)
{
    uint8_t bytes[DATAGRAM_MAX];
    unsigned packets = 0;
    size_t len;

    while ((len = link_datagram(s->link, bytes, r->now))) {
        must(++packets < 2000);
        fly(r, false, address_at(link_place(s->link)), str_bytes(bytes, len));
    }
    hub_flushed(r->hub, s, r->now);
    if (s->state != SESSION_DEAD)
        return;
    endpoint_forget(r->endpoint, s);
    s->edge = NULL;
    hub_bury(r->hub, s, r->now);
}

static inline void relay_flush(struct relay *r)
{
    struct session *s;

    while ((s = endpoint_next(r->endpoint, r->now)))
        s->edge = r;
    while ((s = hub_dirty(r->hub)))
        flush_session(r, s);
}

/* The turn of all ends; at one time it must come to an end. */
static inline void relay_turn(struct relay *r)
{
    uint8_t bytes[DATAGRAM_MAX];
    unsigned turns = 0;
    size_t len;

    do {
        hub_turn(r->hub, r->now);
        relay_flush(r);
        must(++turns < 1000);
    } while (hub_deadline(r->hub) <= r->now.mono_us);
    for (unsigned i = 0; i < CALLERS; i++) {
        struct caller *c = &r->callers[i];

        if (c->over)
            continue;
        link_tick(c->link, r->now);
        while ((len = link_datagram(c->link, bytes, r->now)))
            fly(r, true, address_of_place(i, c->place), str_bytes(bytes, len));
    }
}

static inline void relay_wait(struct relay *r, uint64_t us)
{
    r->now.mono_us += us;
    r->now.wall_ms += us / 1000;
    clock_now = r->now;
}

/* ---- what callers say ---- */

static inline void relay_greet(struct relay *r, unsigned who)
{
    struct msg hello = { .kind = KIND_HELLO }, auth = { .kind = KIND_AUTH },
               sync = { .kind = KIND_SYNC }, join = { .kind = KIND_JOIN };
    struct caller *c = &r->callers[who];

    hello.hello.vmin = hello.hello.vmax = PROTOCOL_VERSION;
    hello.hello.device = 1 + who;
    auth.auth.nick = str_of(who ? "ben" : "ana");
    auth.auth.cseq = 1;
    join.join.name = str_of("#room");
    join.join.cseq = ++c->cseq;
    link_say(c->link, &hello, true);
    link_say(c->link, &auth, true);
    link_say(c->link, &sync, true);
    link_say(c->link, &join, true);
}

static inline void relay_say(struct relay *r, unsigned who, size_t len)
{
    struct caller *c = &r->callers[who];
    struct msg msg = { .kind = KIND_SEND };
    char text[4096];

    if (!c->room)
        return;
    memset(text, 'x', sizeof text);
    msg.send.room = c->room;
    msg.send.cseq = c->cseq + 1;
    msg.send.text = str_bytes(text, 1 + len % sizeof text);
    if (link_say(c->link, &msg, true) == 0)
        c->cseq++;
}

#endif
