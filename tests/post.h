/* SPDX-License-Identifier: MIT
 *
 * A post office: a server's endpoint, and callers, raw links that send it
 * datagrams from an address of their own.  Every byte that the server sends is
 * counted where it goes, and held to three times what came from there as long
 * as an address is not proved.
 */
#ifndef TESTS_POST_H
#define TESTS_POST_H

#include "tests/server.h"

#include "server/address.h"
#include "server/endpoint.h"
#include "shared/dgram.h"
#include "tests/clock.h"
#include "tests/dice.h"

enum {
    PLACES = 64,    /* addresses that are watched */
    TAPPED_MAX = 64 /* datagrams kept by an eavesdropper */
};

/* An address, and what went over it. */
struct place_at {
    struct address address;
    uint64_t in, out;     /* bytes: from there, to there */
    uint64_t in_0, out_0; /* the same when it was moved to last */
    bool unproven;        /* hold `out` to what the RFC allows */
};

struct caller;

struct post {
    struct rig *rig;
    struct secure_pem pem;
    struct secure_base *server, *client;
    struct endpoint *endpoint;
    struct place_at places[PLACES];
    size_t n_places;
    struct caller *callers[PEERS_MAX];
    size_t n_callers;
    unsigned n_datagrams, lost[2]; /* those with these numbers are, from 1 on */
};

struct caller {
    struct peer peer; /* first; its session is not ours to know */
    struct post *post;
    struct address at; /* where its datagrams come from */
    bool mute;         /* what it says is lost */
    bool deaf;         /* what it is told is lost */
    bool tap;          /* an eavesdropper keeps what it says */
    size_t n_tapped, lens[TAPPED_MAX];
    uint8_t tapped[TAPPED_MAX][DATAGRAM_MAX];
};

/* ---- the post ---- */

static inline struct address at(uint32_t network, uint16_t port)
{
    struct address address = { 0 };

    address.v4.sin_family = AF_INET;
    address.v4.sin_addr.s_addr = htonl(network);
    address.v4.sin_port = htons(port);
    return address;
}

enum { HOME = 0x0a000001, AWAY = 0x0a000101, FOE = 0x0a0a0a0a };

static inline struct secure_base *base_of(const struct post *post, bool server)
{
    struct secure_config config = {
        .server = server,
        .key = str_of(server ? post->pem.key : NULL),
        .chain = str_of(server ? post->pem.chain : NULL),
        .roots = str_of(server ? NULL : post->pem.chain),
    };
    char error[200] = "";
    struct secure_base *base = secure_base_new(&config, error, sizeof error);

    if (!base)
        fail_msg("%s", error);
    return base;
}

static inline struct post *post_new(const struct limits *limits,
                                    enum net_clear clear)
{
    struct post *post = mem_new(1, sizeof *post);
    struct endpoint_config config = { .clear = clear, .secret = { 1, 2 } };

    dice_begin(test_seed(0xe4d));
    post->rig = rig_new(limits);
    clock_now = post->rig->now;
    assert_true(secure_pem_make(&post->pem, "post", clock_now));
    post->server = base_of(post, true);
    post->client = base_of(post, false);
    config.hub = post->rig->hub;
    config.secure = post->server;
    post->endpoint = endpoint_new(&config);
    return post;
}

static inline struct metrics *metrics(struct post *post)
{
    return &post->rig->w->env.metrics;
}

static inline size_t sessions(const struct post *post)
{
    return post->rig->w->sessions.n;
}

static inline struct place_at *watch(struct post *post, struct address address)
{
    for (size_t i = 0; i < post->n_places; i++)
        if (address_equal(&post->places[i].address, &address))
            return &post->places[i];
    assert_true(post->n_places < PLACES);
    post->places[post->n_places].address = address;
    return &post->places[post->n_places++];
}

/* Bytes that ever went to an address. */
static inline uint64_t sent_to(struct post *post, struct address address)
{
    return watch(post, address)->out;
}

static inline bool is_lost(struct post *post)
{
    unsigned n = ++post->n_datagrams;

    return n == post->lost[0] || n == post->lost[1];
}

static inline void post_send(struct post *post, struct address to,
                             struct str bytes)
{
    struct place_at *place = watch(post, to);

    place->out += bytes.len;
    if (place->unproven)
        assert_true(place->out - place->out_0 <= 3 * (place->in - place->in_0));
    for (size_t i = 0; i < post->n_callers; i++) {
        struct caller *c = post->callers[i];

        if (c->deaf || !address_equal(&c->at, &to) || is_lost(post))
            continue;
        assert_int_equal(link_feed(c->peer.link, bytes, post->rig->now), 0);
        peer_take_frames(&c->peer);
    }
}

/* A datagram that claims to come from an address; returns bytes of reply. */
static inline size_t deliver(struct post *post, struct str bytes,
                             struct address from)
{
    uint8_t reply[DATAGRAM_MAX];
    struct arrival a = { .datagram = bytes, .from = &from, .reply = reply };

    watch(post, from)->in += bytes.len;
    endpoint_input(post->endpoint, &a, post->rig->now);
    assert_true(a.len <= bytes.len);
    if (a.fresh)
        a.fresh->edge = post;
    if (a.len)
        post_send(post, from, str_bytes(reply, a.len));
    return a.len;
}

static inline bool flush_session(struct post *post, struct session *s)
{
    uint8_t bytes[DATAGRAM_MAX];
    bool any = false;
    size_t len;

    while ((len = link_datagram(s->link, bytes, post->rig->now))) {
        post_send(post, address_at(link_place(s->link)), str_bytes(bytes, len));
        any = true;
    }
    hub_flushed(post->rig->hub, s, post->rig->now);
    if (s->state == SESSION_DEAD) {
        endpoint_forget(post->endpoint, s);
        s->edge = NULL;
        hub_bury(post->rig->hub, s, post->rig->now);
    }
    return any;
}

static inline bool flush(struct post *post)
{
    struct session *s;
    bool any = false;

    hub_turn(post->rig->hub, post->rig->now);
    while ((s = endpoint_next(post->endpoint, post->rig->now))) {
        s->edge = post;
        any = true;
    }
    while ((s = hub_dirty(post->rig->hub)))
        any = flush_session(post, s) || any;
    return any;
}

static inline bool speak(struct caller *c)
{
    uint8_t bytes[DATAGRAM_MAX];
    bool any = false;
    size_t len;

    while ((len = link_datagram(c->peer.link, bytes, c->post->rig->now))) {
        if (c->tap && c->n_tapped < TAPPED_MAX) {
            memcpy(c->tapped[c->n_tapped], bytes, len);
            c->lens[c->n_tapped++] = len;
        }
        if (!c->mute && !is_lost(c->post))
            deliver(c->post, str_bytes(bytes, len), c->at);
        any = true;
    }
    return any;
}

/* Until nothing moves at this time. */
static inline void calm(struct post *post)
{
    bool any = true;

    for (int i = 0; any && i < 1000; i++) {
        any = false;
        for (size_t j = 0; j < post->n_callers; j++)
            any = speak(post->callers[j]) || any;
        any = flush(post) || any;
        any = any || hub_deadline(post->rig->hub) <= post->rig->now.mono_us;
    }
    assert_false(any);
}

/* Time passes in small steps. */
static inline void wait(struct post *post, uint64_t ms)
{
    struct rig *rig = post->rig;
    uint64_t end = rig->now.mono_us + ms * 1000;

    calm(post);
    while (rig->now.mono_us < end) {
        rig->now.mono_us += 10000;
        rig->now.wall_ms += 10;
        clock_now = rig->now;
        for (size_t i = 0; i < post->n_callers; i++)
            if (!post->callers[i]->mute || !post->callers[i]->deaf)
                link_tick(post->callers[i]->peer.link, rig->now);
        calm(post);
    }
}

static inline void post_free(struct post *post)
{
    hub_abandon(post->rig->hub, post->rig->now);
    flush(post);
    for (size_t i = 0; i < post->n_callers; i++) {
        forget(&post->callers[i]->peer);
        link_free(post->callers[i]->peer.link);
        free(post->callers[i]);
    }
    endpoint_free(post->endpoint);
    secure_base_free(post->server);
    secure_base_free(post->client);
    secure_pem_free(&post->pem);
    rig_free(post->rig);
    free(post);
}

/* ---- callers ---- */

static inline struct caller *call(struct post *post, struct address from,
                                  bool secure)
{
    struct caller *c = mem_new(1, sizeof *c);
    struct rng *rng = &post->rig->rng;
    struct link_config config = {
        .transport = TRANSPORT_UDP,
        .secure =
            secure ? secure_new(post->client, true, NULL, clock_now) : NULL,
        .id = rng_next(rng),
        .seed = rng_next(rng),
        .body_max = BODY_MAX,
        .queue_max = 1 << 24,
    };

    assert_true(post->n_callers < PEERS_MAX);
    post->callers[post->n_callers++] = c;
    c->post = post;
    c->at = from;
    c->peer.rig = post->rig;
    c->peer.link = link_new(&config, post->rig->now);
    return c;
}

/* It is no more; the server does not hear of it. */
static inline void vanish(struct caller *c)
{
    c->mute = c->deaf = true;
}

/* Greeted, in, and with a heartbeat. */
static inline struct caller *enter_at(struct post *post, struct address from,
                                      const char *nick)
{
    struct caller *c = call(post, from, true);

    say_hello(&c->peer, rng_next(&post->rig->rng) | 1);
    say_auth(&c->peer, nick, str_of(NULL));
    say_sync(&c->peer);
    wait(post, 100);
    must(&c->peer, KIND_WELCOME);
    authed(&c->peer);
    must(&c->peer, KIND_SYNC_DONE);
    link_beat(c->peer.link, 5000, post->rig->now);
    wait(post, 100);
    return c;
}

static inline uint64_t join_at(struct caller *c, const char *name)
{
    struct msg msg;

    say_join(&c->peer, name);
    wait(c->post, 100);
    msg = must(&c->peer, KIND_SEND_ACK);
    must(&c->peer, KIND_SYNC_ROOM);
    forget(&c->peer);
    return msg.send_ack.room;
}

/* Whether it is heard, and hears: a word goes there and back. */
static inline bool lives(struct caller *c)
{
    uint64_t heard = link_peer(c->peer.link).heard_us;

    wait(c->post, 20);
    link_beat(c->peer.link, 5000, c->post->rig->now);
    wait(c->post, 200);
    return link_peer(c->peer.link).heard_us > heard;
}

/* The session that the newest caller has. */
static inline struct session *newest(struct post *post)
{
    struct session *s, *found = NULL;
    size_t i = 0;

    while ((s = map_each(&post->rig->w->sessions, &i)))
        if (!found || s->id > found->id)
            found = s;
    assert_non_null(found);
    return found;
}

static inline struct address place_of_session(const struct session *s)
{
    return address_at(link_place(s->link));
}

static inline bool is_at(const struct session *s, struct address where)
{
    struct address place = place_of_session(s);

    return address_equal(&place, &where);
}

/* The first flight of a handshake. */
static inline size_t hello(struct post *post, uint8_t *out)
{
    struct secure *s = secure_new(post->client, true, NULL, clock_now);
    size_t len = secure_datagram(s, out, DATAGRAM_MAX);

    assert_true(len > 0);
    secure_free(s);
    return len;
}

#endif
