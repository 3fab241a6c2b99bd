/* SPDX-License-Identifier: MIT
 *
 * A hub and raw clients in memory, with a clock that only moves when told.
 * Bytes travel at once and whole; what a client got lies in its inbox until it
 * is taken.  For tests that break the path see test_server_sim.c.
 */
#ifndef TESTS_SERVER_H
#define TESTS_SERVER_H

#include "tests/test.h"
#include "tests/vault.h"

#include "server/hub.h"
#include "server/presence.h"
#include "server/revive.h"
#include "server/session.h"
#include "server/store.h"
#include "server/world.h"
#include "shared/frame.h"
#include "shared/link.h"
#include "shared/mem.h"
#include "shared/rng.h"
#include "shared/wire.h"

enum { PEERS_MAX = 256, INBOX_MAX = 4096 };

struct rig;

struct peer {
    struct rig *rig;
    struct link *link;
    struct session *s;              /* NULL: not connected */
    struct frame *inbox[INBOX_MAX]; /* not taken yet */
    size_t n;
    bool deaf;              /* takes nothing from the server */
    uint64_t account, cseq; /* cseq: of the last ordered command */
    uint8_t token[TOKEN_LEN];
    uint32_t request;
};

struct rig {
    struct world_config config;
    struct disk *disk; /* outlives the hub; NULL: nothing does */
    struct hub *hub;
    struct world *w;
    struct now now;
    struct rng rng;
    struct peer *peers[PEERS_MAX];
    size_t n_peers;
    struct frame **taken; /* kept, so that strings stay good */
    size_t n_taken, cap_taken;
    struct wire_scratch scratch;
};

static inline void rig_random(void *ctx, uint8_t *out, size_t len)
{
    struct rng *rng = ctx;

    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)rng_next(rng);
}

static inline struct limits rig_limits(void)
{
    struct limits limits;

    limits_init(&limits);
    limits.value[LIMIT_SEND_RATE] = 0;
    limits.value[LIMIT_QUERY_RATE] = 0;
    limits.value[LIMIT_INPUT_RATE] = 0;
    return limits;
}

static inline void rig_begin(struct rig *rig)
{
    rig->config.store = NULL;
    if (rig->disk)
        rig->config.store =
            vault_open(rng_next(&rig->rng) | 1, &rig->config.limits);
    rig->hub = hub_new(&rig->config, rig->now);
    rig->w = hub_world(rig->hub);
    assert_true(revive_world(rig->w, rig->now));
}

static inline struct rig *rig_on(struct disk *disk, const struct limits *limits)
{
    struct rig *rig = calloc(1, sizeof *rig);

    assert_non_null(rig);
    rig->now = (struct now){ 1000000, 1700000000000 };
    rig->disk = disk;
    rig->config = (struct world_config){ .name = "test",
                                         .random = rig_random,
                                         .random_ctx = &rig->rng };
    rig->config.limits = limits ? *limits : rig_limits();
    rig_begin(rig);
    return rig;
}

/* limits NULL: the defaults, without rates. */
static inline struct rig *rig_new(const struct limits *limits)
{
    return rig_on(NULL, limits);
}

/* The same, and it can be restarted. */
static inline struct rig *rig_new_durable(const struct limits *limits)
{
    return rig_on(vault_new(1), limits);
}

/* ---- carrying bytes ---- */

static inline void peer_take_frames(struct peer *p)
{
    struct str frame;

    while (link_next(p->link, &frame, p->rig->now) > 0) {
        assert_true(p->n < INBOX_MAX);
        p->inbox[p->n++] = frame_copy(frame);
    }
}

/* Server to client; returns whether anything moved. */
static inline bool carry_down(struct peer *p)
{
    struct rig *rig = p->rig;
    uint8_t bytes[DATAGRAM_MAX];
    struct str span;
    size_t len;
    bool any = false;

    if (!p->s)
        return false;
    if (p->deaf) {
        while (link_transport(p->s->link) == TRANSPORT_UDP &&
               link_datagram(p->s->link, bytes, rig->now))
            continue; /* lost */
        return false;
    }
    if (link_transport(p->s->link) == TRANSPORT_UDP) {
        while ((len = link_datagram(p->s->link, bytes, rig->now))) {
            link_feed(p->link, str_bytes(bytes, len), rig->now);
            peer_take_frames(p);
            any = true;
        }
    } else {
        while (link_spans(p->s->link, &span, 1)) {
            link_feed(p->link, span, rig->now);
            peer_take_frames(p);
            link_sent(p->s->link, span.len, rig->now);
            any = true;
        }
    }
    if (any)
        hub_flushed(rig->hub, p->s, rig->now);
    return any;
}

static inline bool carry_up(struct peer *p)
{
    struct rig *rig = p->rig;
    uint8_t bytes[DATAGRAM_MAX];
    struct str span;
    size_t len;
    bool any = false;

    if (!p->s)
        return false;
    if (link_transport(p->link) == TRANSPORT_UDP) {
        while (p->s && (len = link_datagram(p->link, bytes, rig->now))) {
            hub_feed(rig->hub, p->s, str_bytes(bytes, len), rig->now);
            any = true;
        }
        return any;
    }
    while (p->s && session_wants_input(p->s) && link_spans(p->link, &span, 1)) {
        hub_feed(rig->hub, p->s, span, rig->now);
        link_sent(p->link, span.len, rig->now);
        any = true;
    }
    return any;
}

static inline void peer_gone(struct peer *p)
{
    p->s->edge = NULL;
    hub_bury(p->rig->hub, p->s, p->rig->now);
    p->s = NULL;
}

/* Turns until nothing moves and nothing is due. */
static inline void settle(struct rig *rig)
{
    bool any = true;

    for (int i = 0; any && i < 1000; i++) {
        struct session *s;

        any = false;
        for (size_t j = 0; j < rig->n_peers; j++)
            any = carry_up(rig->peers[j]) || any;
        hub_turn(rig->hub, rig->now);
        while ((s = hub_dirty(rig->hub))) {
            struct peer *p = s->edge;

            any = carry_down(p) || any;
            if (s->state == SESSION_DEAD)
                peer_gone(p);
        }
        any = any || hub_deadline(rig->hub) <= rig->now.mono_us;
    }
    assert_false(any);
}

/* Let time pass in steps, as an edge would. */
static inline void pass(struct rig *rig, uint64_t ms)
{
    uint64_t end = rig->now.mono_us + ms * 1000;

    settle(rig);
    while (rig->now.mono_us < end) {
        uint64_t next = hub_deadline(rig->hub);

        for (size_t i = 0; i < rig->n_peers; i++) {
            if (rig->peers[i]->s)
                next = time_min(next, link_deadline(rig->peers[i]->link));
        }
        if (next <= rig->now.mono_us)
            next = rig->now.mono_us + 1;
        next = time_min(next, end);
        rig->now.wall_ms += next / 1000 - rig->now.mono_us / 1000;
        rig->now.mono_us = next;
        for (size_t i = 0; i < rig->n_peers; i++) {
            if (rig->peers[i]->s)
                link_tick(rig->peers[i]->link, rig->now);
        }
        settle(rig);
    }
}

/* ---- clients ---- */

static inline struct peer *peer_new(struct rig *rig, enum transport transport)
{
    struct peer *p = calloc(1, sizeof *p);
    struct link_config config = { .transport = transport,
                                  .id = rng_next(&rig->rng),
                                  .seed = rng_next(&rig->rng),
                                  .body_max = BODY_MAX,
                                  .queue_max = 1 << 24 };
    struct hub_peer from = { .transport = transport,
                             .id = config.id,
                             .name = S("memory"),
                             .clear = true };
    enum err why;

    assert_non_null(p);
    assert_true(rig->n_peers < PEERS_MAX);
    p->rig = rig;
    p->link = link_new(&config, rig->now);
    p->s = hub_open(rig->hub, &from, &why, rig->now);
    if (p->s)
        p->s->edge = p;
    rig->peers[rig->n_peers++] = p;
    return p;
}

static inline void say(struct peer *p, struct msg *msg)
{
    msg->request = ++p->request;
    link_say(p->link, msg, true);
}

/* The first frame of a kind, taken out of the inbox; false: none is there. */
static inline bool take(struct peer *p, enum kind kind, struct msg *msg)
{
    struct rig *rig = p->rig;
    void *taken = rig->taken;

    for (size_t i = 0; i < p->n; i++) {
        if (frame_kind(p->inbox[i]) != (unsigned)kind)
            continue;
        assert_int_equal(
            wire_decode(msg, frame_str(p->inbox[i]), &rig->scratch), 0);
        mem_grow(&taken, &rig->cap_taken, rig->n_taken + 1, sizeof *rig->taken);
        rig->taken = taken;
        rig->taken[rig->n_taken++] = p->inbox[i];
        memmove(&p->inbox[i], &p->inbox[i + 1],
                (--p->n - i) * sizeof *p->inbox);
        return true;
    }
    return false;
}

static inline struct msg must(struct peer *p, enum kind kind)
{
    struct msg msg;

    if (take(p, kind, &msg))
        return msg;
    print_error("no %s in the inbox:\n", wire_name(kind));
    for (size_t i = 0; i < p->n; i++) {
        wire_decode(&msg, frame_str(p->inbox[i]), &p->rig->scratch);
        wire_dump(&msg, stderr);
        fputc('\n', stderr);
    }
    fail();
    return msg;
}

static inline void must_not(struct peer *p, enum kind kind)
{
    struct msg msg;

    if (!take(p, kind, &msg))
        return;
    wire_dump(&msg, stderr);
    fputc('\n', stderr);
    fail_msg("there is a %s in the inbox", wire_name(kind));
}

static inline void forget(struct peer *p)
{
    while (p->n)
        frame_unref(p->inbox[--p->n]);
}

static inline void say_hello(struct peer *p, uint64_t device)
{
    struct msg msg = { .kind = KIND_HELLO };

    msg.hello.vmin = msg.hello.vmax = PROTOCOL_VERSION;
    msg.hello.device = device;
    msg.hello.client = S("test");
    say(p, &msg);
}

static inline void say_auth(struct peer *p, const char *nick, struct str token)
{
    struct msg msg = { .kind = KIND_AUTH };

    msg.auth.nick = str_of(nick);
    msg.auth.token = token;
    msg.auth.cseq = p->cseq + 1;
    say(p, &msg);
}

static inline void say_sync(struct peer *p)
{
    struct msg msg = { .kind = KIND_SYNC };

    say(p, &msg);
}

/* Read AUTH_OK. */
static inline void authed(struct peer *p)
{
    struct msg msg = must(p, KIND_AUTH_OK);

    p->account = msg.auth_ok.account;
    assert_int_equal(msg.auth_ok.token.len, TOKEN_LEN);
    memcpy(p->token, msg.auth_ok.token.ptr, TOKEN_LEN);
    p->cseq = msg.auth_ok.last_cseq;
}

/* A client that is in; everything in one flight. */
static inline struct peer *enter_as(struct rig *rig, enum transport transport,
                                    const char *nick, uint64_t device,
                                    struct str token)
{
    struct peer *p = peer_new(rig, transport);

    say_hello(p, device);
    say_auth(p, nick, token);
    say_sync(p);
    settle(rig);
    must(p, KIND_WELCOME);
    authed(p);
    must(p, KIND_SYNC_DONE);
    return p;
}

static inline struct peer *enter(struct rig *rig, const char *nick)
{
    return enter_as(rig, TRANSPORT_TCP, nick, rng_next(&rig->rng) | 1,
                    str_of(NULL));
}

/* The same client again over another link. */
static inline struct peer *resume(const struct peer *old,
                                  enum transport transport)
{
    uint64_t device = old->s ? old->s->device_id : 0;

    return enter_as(old->rig, transport, "", device,
                    str_bytes(old->token, TOKEN_LEN));
}

static inline void say_join(struct peer *p, const char *name)
{
    struct msg msg = { .kind = KIND_JOIN };

    msg.join.name = str_of(name);
    msg.join.cseq = ++p->cseq;
    say(p, &msg);
}

/* Join, and take what comes of it; returns the room. */
static inline uint64_t join(struct peer *p, const char *name)
{
    struct msg msg;
    uint64_t room;

    say_join(p, name);
    settle(p->rig);
    msg = must(p, KIND_SEND_ACK);
    room = msg.send_ack.room;
    msg = must(p, KIND_SYNC_ROOM);
    assert_int_equal(msg.sync_room.room, room);
    while (take(p, KIND_EVENT, &msg))
        continue;
    return room;
}

static inline void say_text(struct peer *p, uint64_t room, const char *text)
{
    struct msg msg = { .kind = KIND_SEND };

    msg.send.room = room;
    msg.send.cseq = ++p->cseq;
    msg.send.text = str_of(text);
    say(p, &msg);
}

/* The connection breaks. */
static inline void cut(struct peer *p)
{
    hub_eof(p->rig->hub, p->s, p->rig->now);
    settle(p->rig);
}

/* All connections break, and the hub ends. */
static inline void rig_end(struct rig *rig)
{
    hub_abandon(rig->hub, rig->now);
    for (size_t i = 0; i < rig->n_peers; i++)
        if (rig->peers[i]->s)
            peer_gone(rig->peers[i]);
    while (hub_dirty(rig->hub))
        continue;
    hub_free(rig->hub);
}

/* The power goes, and the server begins with what is on the disk. */
static inline void rig_restart(struct rig *rig)
{
    struct disk *disk = rig->disk;

    rig->disk = vault_cut(disk, 0);
    rig_end(rig);
    vault_free(disk);
    rig_begin(rig);
}

static inline void rig_free(struct rig *rig)
{
    rig_end(rig);
    for (size_t i = 0; i < rig->n_peers; i++) {
        forget(rig->peers[i]);
        link_free(rig->peers[i]->link);
        free(rig->peers[i]);
    }
    for (size_t i = 0; i < rig->n_taken; i++)
        frame_unref(rig->taken[i]);
    free(rig->taken);
    vault_free(rig->disk);
    free(rig);
}

#endif
