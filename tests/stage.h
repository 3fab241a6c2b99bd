/* SPDX-License-Identifier: MIT
 *
 * A stage for the client: a server that says what the test wants, over links
 * in memory, and a clock that the test moves.
 */
#ifndef TESTS_STAGE_H
#define TESTS_STAGE_H

#include "tests/test.h"

#include <stdbool.h>

#include "shared/error.h"
#include "shared/limits.h"
#include "shared/mem.h"
#include "shared/wire.h"
#include "tui/client.h"
#include "tui/model.h"
#include "tui/outbox.h"

enum { LINKS = 8, GOT = 2048, DEVICE = 77, EPOCH = 5, ROOM = 9, ACCOUNT = 3 };

/* Both ends of one connection. */
struct pair {
    struct link *ours, *theirs;
};

struct stage {
    struct client_config config;
    struct model *model;
    struct outbox *outbox;
    struct client *client;
    struct now now;
    struct pair pairs[LINKS];
    size_t n;
    struct link *at; /* server end of the last one */
    char *got[GOT];  /* frames that reached the server, in order */
    size_t got_len[GOT];
    size_t n_got, next;
    char bytes[65536]; /* on their way to the server, until it has heard */
    struct wire_scratch scratch;
    struct limits limits;
};

/* ---- the stage ---- */

static inline struct stage *raise(void)
{
    struct stage *s = mem_new(1, sizeof *s);

    s->config.nick = "amy";
    s->config.seed = 1;
    s->config.pick = PICK_TCP;
    s->now = (struct now){ 1000000, 1700000000000 };
    s->model = model_new();
    s->outbox = outbox_open(NULL, DEVICE, NULL, 0);
    limits_init(&s->limits);
    return s;
}

static inline void start(struct stage *s)
{
    s->client = client_new(&s->config, s->model, s->outbox);
}

static inline void strike(struct stage *s)
{
    client_free(s->client);
    outbox_close(s->outbox);
    model_free(s->model);
    for (size_t i = 0; i < s->n; i++)
        link_free(s->pairs[i].theirs);
    for (size_t i = 0; i < s->n_got; i++)
        free(s->got[i]);
    free(s);
}

static inline void bury(struct stage *s)
{
    struct link *dead;

    while ((dead = client_dead(s->client))) {
        for (size_t i = 0; i < s->n; i++)
            if (s->pairs[i].ours == dead)
                s->pairs[i].ours = NULL;
        client_buried(s->client, dead);
    }
}

/* The server's end of a datagram connection begins with its first datagram. */
static inline struct link *answer_datagram(struct stage *s, struct str datagram)
{
    struct link_config config = { .transport = TRANSPORT_UDP,
                                  .server = true,
                                  .body_max = BODY_MAX,
                                  .queue_max = 1 << 20 };

    assert_true(link_datagram_id(datagram, &config.id));
    return link_new(&config, s->now);
}

static inline void hear(struct stage *s, struct link *theirs)
{
    struct str frame;
    int got;

    while ((got = link_next(theirs, &frame, s->now)) > 0) {
        assert_true(s->n_got < GOT);
        s->got[s->n_got] = mem_new(frame.len, 1);
        memcpy(s->got[s->n_got], frame.ptr, frame.len);
        s->got_len[s->n_got++] = frame.len;
    }
    assert_int_equal(got, 0);
}

/* Move what `from` has to `to`; what the client sends, when it is ours. */
static inline bool carry_stream(struct stage *s, struct link *from,
                                struct link *to)
{
    struct str spans[16];
    size_t len = 0, n = link_spans(from, spans, 16);

    for (size_t i = 0; i < n && len + spans[i].len <= sizeof s->bytes; i++) {
        memcpy(s->bytes + len, spans[i].ptr, spans[i].len);
        len += spans[i].len;
    }
    if (len == 0)
        return false;
    link_sent(from, len, s->now);
    if (link_transport(from) == TRANSPORT_TCP && to != NULL)
        assert_int_equal(link_feed(to, str_bytes(s->bytes, len), s->now), 0);
    return true;
}

static inline bool to_server(struct stage *s, struct pair *pair)
{
    uint8_t out[DATAGRAM_MAX];
    bool moved = false;
    size_t len;

    if (link_transport(pair->ours) == TRANSPORT_TCP) {
        moved = carry_stream(s, pair->ours, pair->theirs);
        if (moved)
            hear(s, pair->theirs);
        return moved;
    }
    while ((len = link_datagram(pair->ours, out, s->now)) > 0) {
        if (!pair->theirs)
            s->at = pair->theirs = answer_datagram(s, str_bytes(out, len));
        link_feed(pair->theirs, str_bytes(out, len), s->now);
        hear(s, pair->theirs);
        moved = true;
    }
    return moved;
}

static inline bool to_client(struct stage *s, struct pair *pair)
{
    struct str spans[16];
    uint8_t out[DATAGRAM_MAX];
    bool moved = false;
    size_t n, len;

    if (!pair->theirs)
        return false;
    if (link_transport(pair->theirs) == TRANSPORT_UDP) {
        while (pair->ours &&
               (len = link_datagram(pair->theirs, out, s->now)) > 0) {
            client_feed(s->client, pair->ours, str_bytes(out, len), s->now);
            bury(s);
            moved = true;
        }
        return moved;
    }
    n = link_spans(pair->theirs, spans, 1);
    if (n == 0 || !pair->ours)
        return false;
    client_feed(s->client, pair->ours, spans[0], s->now);
    link_sent(pair->theirs, spans[0].len, s->now);
    bury(s);
    return true;
}

/* A turn of the edge; true when anything moved. */
static inline bool turn(struct stage *s)
{
    bool moved = false;
    enum transport transport;

    client_tick(s->client, s->now);
    bury(s);
    if (client_want(s->client, &transport, s->now)) {
        struct link_config config = { .transport = transport,
                                      .server = true,
                                      .body_max = BODY_MAX,
                                      .queue_max = 1 << 20 };
        struct pair *pair = &s->pairs[s->n++];

        assert_true(s->n <= LINKS);
        pair->ours = client_opened(s->client, transport, s->now);
        assert_non_null(pair->ours);
        if (transport == TRANSPORT_TCP)
            s->at = pair->theirs = link_new(&config, s->now);
        moved = true;
    }
    for (size_t i = 0; i < s->n; i++) {
        if (s->pairs[i].ours)
            moved |= to_server(s, &s->pairs[i]);
        moved |= to_client(s, &s->pairs[i]);
    }
    return moved;
}

/* Until nothing moves at this time. */
static inline void settle(struct stage *s)
{
    for (unsigned i = 0; turn(s); i++)
        assert_in_range(i, 0, 10000);
}

/* Let time pass, in small steps, both clocks. */
static inline void pass(struct stage *s, uint64_t ms)
{
    while (ms) {
        uint64_t step = ms < 10 ? ms : 10;

        s->now.mono_us += step * 1000;
        s->now.wall_ms += step;
        ms -= step;
        for (size_t i = 0; i < s->n; i++)
            if (s->pairs[i].theirs)
                link_tick(s->pairs[i].theirs, s->now);
        settle(s);
    }
}

/* ---- the server's lines ---- */

static inline void say(struct stage *s, const struct msg *msg)
{
    assert_int_equal(link_say(s->at, msg, true), 0);
}

/* The next frame that the client sent. */
static inline struct msg next(struct stage *s)
{
    struct msg msg = { 0 };

    if (s->next < s->n_got) {
        size_t i = s->next++;

        assert_int_equal(
            wire_decode(&msg, str_bytes(s->got[i], s->got_len[i]), &s->scratch),
            0);
    }
    return msg;
}

static inline struct msg expect(struct stage *s, enum kind kind)
{
    struct msg msg = next(s);

    if (msg.kind != kind) {
        fail_msg("wanted %s, got %s", wire_name(kind), wire_name(msg.kind));
    }
    return msg;
}

static inline void expect_nothing(struct stage *s)
{
    struct msg msg = next(s);

    if (msg.kind)
        fail_msg("did not want %s", wire_name(msg.kind));
}

static inline void welcome(struct stage *s, uint64_t epoch)
{
    uint8_t packed[LIMITS_PACKED];
    struct msg msg = { .kind = KIND_WELCOME };

    msg.welcome.version = PROTOCOL_VERSION;
    msg.welcome.epoch = epoch;
    msg.welcome.time = s->now.wall_ms;
    msg.welcome.limits = str_bytes(packed, limits_pack(&s->limits, packed));
    say(s, &msg);
}

static inline void auth_ok(struct stage *s, uint32_t request,
                           uint64_t last_cseq)
{
    struct msg msg = { .kind = KIND_AUTH_OK, .request = request };

    msg.auth_ok.account = ACCOUNT;
    msg.auth_ok.nick = S("amy");
    msg.auth_ok.token = S("0123456789abcdef0123456789abcdef");
    msg.auth_ok.last_cseq = last_cseq;
    say(s, &msg);
}

static inline void sync_room(struct stage *s, uint64_t room, const char *name,
                             uint64_t head)
{
    struct msg msg = { .kind = KIND_SYNC_ROOM };

    msg.sync_room.room = room;
    msg.sync_room.kind = room_PUBLIC;
    msg.sync_room.name = str_of(name);
    msg.sync_room.head = head;
    msg.sync_room.first = head ? 1 : 0;
    say(s, &msg);
}

static inline void sync_direct(struct stage *s, uint64_t room, const char *name,
                               uint64_t peer)
{
    struct msg msg = { .kind = KIND_SYNC_ROOM };

    msg.sync_room.room = room;
    msg.sync_room.kind = room_DIRECT;
    msg.sync_room.name = str_of(name);
    msg.sync_room.peer = peer;
    say(s, &msg);
}

static inline void sync_done(struct stage *s, uint64_t rooms)
{
    struct msg msg = { .kind = KIND_SYNC_DONE };

    msg.sync_done.rooms = rooms;
    say(s, &msg);
}

static inline void refuse(struct stage *s, uint32_t request, uint64_t cseq,
                          enum err code)
{
    struct msg msg = { .kind = KIND_ERROR, .request = request };

    msg.error.code = code;
    msg.error.cseq = cseq;
    msg.error.retry_ms = err_is_retry(code) ? 300 : 0;
    say(s, &msg);
}

static inline void ack(struct stage *s, uint64_t cseq, uint64_t seq)
{
    struct msg msg = { .kind = KIND_SEND_ACK };

    msg.send_ack.cseq = cseq;
    msg.send_ack.room = ROOM;
    msg.send_ack.seq = seq;
    msg.send_ack.ts = s->now.wall_ms;
    say(s, &msg);
}

/* The whole greeting; the account is in #room, or in none. */
static inline struct msg greet(struct stage *s, uint64_t epoch, bool in_room)
{
    struct msg auth;

    settle(s);
    expect(s, KIND_HELLO);
    auth = expect(s, KIND_AUTH);
    expect(s, KIND_SYNC);
    welcome(s, epoch);
    auth_ok(s, auth.request, 0);
    if (in_room)
        sync_room(s, ROOM, "#room", 0);
    sync_done(s, in_room);
    settle(s);
    return auth;
}

static inline void lose(struct stage *s)
{
    client_lost(s->client, client_link(s->client), "cut", s->now);
    bury(s);
}

#endif
