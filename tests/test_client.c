/* SPDX-License-Identifier: MIT
 *
 * The client against a server that says what the test wants, over links in
 * memory and with a clock that the test moves.
 */
#include "tests/test.h"

#include <stdbool.h>
#include <sysexits.h>

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
    struct wire_scratch scratch;
    struct limits limits;
};

/* ---- the stage ---- */

static struct stage *raise(void)
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

static void start(struct stage *s)
{
    s->client = client_new(&s->config, s->model, s->outbox);
}

static void strike(struct stage *s)
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

static void bury(struct stage *s)
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
static struct link *answer_datagram(struct stage *s, struct str datagram)
{
    struct link_config config = { .transport = TRANSPORT_UDP,
                                  .server = true,
                                  .body_max = BODY_MAX,
                                  .queue_max = 1 << 20 };

    assert_true(link_datagram_id(datagram, &config.id));
    return link_new(&config, s->now);
}

static void hear(struct stage *s, struct link *theirs)
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
static bool carry_stream(struct stage *s, struct link *from, struct link *to)
{
    struct str spans[16];
    char bytes[65536];
    size_t len = 0, n = link_spans(from, spans, 16);

    for (size_t i = 0; i < n && len + spans[i].len <= sizeof bytes; i++) {
        memcpy(bytes + len, spans[i].ptr, spans[i].len);
        len += spans[i].len;
    }
    if (len == 0)
        return false;
    link_sent(from, len, s->now);
    if (link_transport(from) == TRANSPORT_TCP && to != NULL)
        assert_int_equal(link_feed(to, str_bytes(bytes, len), s->now), 0);
    return true;
}

static bool to_server(struct stage *s, struct pair *pair)
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

static bool to_client(struct stage *s, struct pair *pair)
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
static bool turn(struct stage *s)
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
static void settle(struct stage *s)
{
    for (unsigned i = 0; turn(s); i++)
        assert_in_range(i, 0, 10000);
}

/* Let time pass, in small steps, both clocks. */
static void pass(struct stage *s, uint64_t ms)
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

static void say(struct stage *s, const struct msg *msg)
{
    assert_int_equal(link_say(s->at, msg, true), 0);
}

/* The next frame that the client sent. */
static struct msg next(struct stage *s)
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

static struct msg expect(struct stage *s, enum kind kind)
{
    struct msg msg = next(s);

    if (msg.kind != kind) {
        fail_msg("wanted %s, got %s", wire_name(kind), wire_name(msg.kind));
    }
    return msg;
}

static void expect_nothing(struct stage *s)
{
    struct msg msg = next(s);

    if (msg.kind)
        fail_msg("did not want %s", wire_name(msg.kind));
}

static void welcome(struct stage *s, uint64_t epoch)
{
    uint8_t packed[LIMITS_PACKED];
    struct msg msg = { .kind = KIND_WELCOME };

    msg.welcome.version = PROTOCOL_VERSION;
    msg.welcome.epoch = epoch;
    msg.welcome.time = s->now.wall_ms;
    msg.welcome.limits = str_bytes(packed, limits_pack(&s->limits, packed));
    say(s, &msg);
}

static void auth_ok(struct stage *s, uint32_t request, uint64_t last_cseq)
{
    struct msg msg = { .kind = KIND_AUTH_OK, .request = request };

    msg.auth_ok.account = ACCOUNT;
    msg.auth_ok.nick = S("amy");
    msg.auth_ok.token = S("0123456789abcdef0123456789abcdef");
    msg.auth_ok.last_cseq = last_cseq;
    say(s, &msg);
}

static void sync_room(struct stage *s, uint64_t room, const char *name,
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

static void sync_done(struct stage *s, uint64_t rooms)
{
    struct msg msg = { .kind = KIND_SYNC_DONE };

    msg.sync_done.rooms = rooms;
    say(s, &msg);
}

static void refuse(struct stage *s, uint32_t request, uint64_t cseq,
                   enum err code)
{
    struct msg msg = { .kind = KIND_ERROR, .request = request };

    msg.error.code = code;
    msg.error.cseq = cseq;
    msg.error.retry_ms = err_is_retry(code) ? 300 : 0;
    say(s, &msg);
}

static void ack(struct stage *s, uint64_t cseq, uint64_t seq)
{
    struct msg msg = { .kind = KIND_SEND_ACK };

    msg.send_ack.cseq = cseq;
    msg.send_ack.room = ROOM;
    msg.send_ack.seq = seq;
    msg.send_ack.ts = s->now.wall_ms;
    say(s, &msg);
}

/* The whole greeting; the account is in #room, or in none. */
static struct msg greet(struct stage *s, uint64_t epoch, bool in_room)
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

static void lose(struct stage *s)
{
    client_lost(s->client, client_link(s->client), "cut", s->now);
    bury(s);
}

/* ---- greeting ---- */

static void test_client_greets_in_one_flight(void **state)
{
    struct stage *s = raise();
    struct msg msg;

    (void)state;
    start(s);
    settle(s);

    msg = expect(s, KIND_HELLO);
    assert_int_equal(msg.hello.device, DEVICE);
    msg = expect(s, KIND_AUTH);
    assert_true(str_is(msg.auth.nick, "amy"));
    assert_int_equal(msg.auth.token.len, 0);
    assert_int_equal(msg.auth.cseq, 1);
    assert_int_equal(msg.auth.away_ms, 0);
    expect(s, KIND_SYNC);
    expect_nothing(s);
    assert_int_equal(s->model->link, LINK_GREETING);
    strike(s);
}

static void test_client_is_online_when_all_rooms_are_told(void **state)
{
    struct stage *s = raise();

    (void)state;
    start(s);
    settle(s);
    welcome(s, EPOCH);
    auth_ok(s, 2, 0);
    sync_done(s, 1); /* overtakes the room, as datagrams may */
    settle(s);
    assert_int_equal(s->model->link, LINK_GREETING);
    sync_room(s, ROOM, "#room", 0);
    settle(s);

    assert_int_equal(s->model->link, LINK_ONLINE);
    assert_int_equal(s->model->account, ACCOUNT);
    assert_int_equal(s->model->epoch, EPOCH);
    assert_int_equal(client_token(s->client).len, TOKEN_LEN);
    strike(s);
}

static void test_client_enters_the_home_room_when_it_is_in_none(void **state)
{
    struct stage *s = raise();
    struct msg msg;

    (void)state;
    s->config.home = "#lobby";
    start(s);
    greet(s, EPOCH, false);

    msg = expect(s, KIND_JOIN);
    assert_true(str_is(msg.join.name, "#lobby"));
    assert_int_equal(msg.join.cseq, 1);
    strike(s);
}

static void test_client_stays_where_it_is_known(void **state)
{
    struct stage *s = raise();

    (void)state;
    s->config.home = "#lobby";
    start(s);
    greet(s, EPOCH, true);

    expect_nothing(s);
    assert_true(model_room(s->model, ROOM)->wanted);
    strike(s);
}

static void test_client_takes_another_name(void **state)
{
    struct stage *s = raise();
    struct msg auth;

    (void)state;
    start(s);
    settle(s);
    expect(s, KIND_HELLO);
    auth = expect(s, KIND_AUTH);
    expect(s, KIND_SYNC);
    welcome(s, EPOCH);
    refuse(s, auth.request, 0, ERROR_NAME_TAKEN);
    refuse(s, auth.request + 1, 0, ERROR_BAD_STATE); /* the SYNC behind it */
    settle(s);
    auth = expect(s, KIND_AUTH);
    assert_true(str_is(auth.auth.nick, "amy-2"));
    expect(s, KIND_SYNC);
    refuse(s, auth.request, 0, ERROR_NAME_TAKEN);
    settle(s);
    auth = expect(s, KIND_AUTH);
    assert_true(str_is(auth.auth.nick, "amy-3"));

    assert_int_equal(client_token(s->client).len, 0); /* not amy's */
    assert_true(s->model->news.n > 0);
    strike(s);
}

static void test_client_insists_on_a_name_when_strict(void **state)
{
    struct stage *s = raise();
    const char *why;
    int code = 0;

    (void)state;
    s->config.nick_strict = true;
    start(s);
    settle(s);
    welcome(s, EPOCH);
    refuse(s, 1, 0, ERROR_NAME_TAKEN);
    settle(s);

    assert_true(client_fatal(s->client, &code, &why));
    assert_int_equal(code, EX_NOPERM);
    assert_non_null(strstr(why, "amy"));
    strike(s);
}

static void test_client_goes_without_a_token_that_is_no_more(void **state)
{
    struct stage *s = raise();
    struct msg auth;

    (void)state;
    s->config.token = S("old token");
    start(s);
    settle(s);
    expect(s, KIND_HELLO);
    auth = expect(s, KIND_AUTH);
    assert_true(str_is(auth.auth.token, "old token"));
    expect(s, KIND_SYNC);
    welcome(s, EPOCH);
    refuse(s, auth.request, 0, ERROR_RESUME_INVALID);
    settle(s);

    auth = expect(s, KIND_AUTH);
    assert_int_equal(auth.auth.token.len, 0);
    expect(s, KIND_SYNC);
    strike(s);
}

static void test_client_ends_on_another_version(void **state)
{
    struct stage *s = raise();
    struct msg msg = { .kind = KIND_WELCOME };
    const char *why;
    int code = 0;

    (void)state;
    start(s);
    settle(s);
    msg.welcome.version = 99;
    msg.welcome.epoch = 1;
    say(s, &msg);
    settle(s);

    assert_true(client_fatal(s->client, &code, &why));
    assert_int_equal(code, EX_PROTOCOL);
    pass(s, 200000);
    assert_int_equal(s->n, 1); /* and does not try again */
    strike(s);
}

/* ---- the outbox on its way ---- */

static void test_client_sends_behind_the_join(void **state)
{
    struct stage *s = raise();
    struct msg msg;

    (void)state;
    start(s);
    client_join(s->client, S("#room"), s->now);
    client_say(s->client, S("#room"), event_MESSAGE, S("hi"), s->now);
    greet(s, EPOCH, false);
    msg = expect(s, KIND_JOIN);
    assert_int_equal(msg.join.cseq, 1);
    expect_nothing(s); /* its room has no number yet */
    ack(s, 1, 1);
    settle(s);

    msg = expect(s, KIND_SEND);
    assert_int_equal(msg.send.cseq, 2);
    assert_int_equal(msg.send.room, ROOM);
    assert_true(str_is(msg.send.text, "hi"));
    assert_false(client_is_done(s->client));
    ack(s, 2, 2);
    settle(s);
    assert_true(client_is_done(s->client));
    strike(s);
}

/* The state of the only line said here. */
static enum line_state own_state(const struct stage *s)
{
    const struct history *h = &s->model->rooms[0]->history;

    for (size_t i = 0; i < h->n; i++)
        if (h->lines[i].kind == LINE_EVENT && h->lines[i].own)
            return h->lines[i].state;
    fail_msg("no own line");
    return LINE_QUEUED;
}

/* A line whose room was refused still uses up its cseq. */
static void test_client_lets_the_server_refuse_a_line(void **state)
{
    struct stage *s = raise();
    struct msg msg;
    const char *why;

    (void)state;
    start(s);
    client_join(s->client, S("#room"), s->now);
    client_say(s->client, S("#room"), event_MESSAGE, S("hi"), s->now);
    greet(s, EPOCH, false);
    msg = expect(s, KIND_JOIN);
    refuse(s, msg.request, 1, ERROR_ROOM_FULL);
    settle(s);
    msg = expect(s, KIND_SEND);
    assert_int_equal(msg.send.room, 0);
    assert_int_equal(msg.send.cseq, 2);
    refuse(s, msg.request, 2, ERROR_NOT_MEMBER);
    settle(s);

    assert_true(client_is_done(s->client));
    assert_int_equal(client_refused(s->client, &why), 2);
    assert_non_null(strstr(why, "#room"));
    assert_int_equal(own_state(s), LINE_FAILED);
    strike(s);
}

static void test_client_sends_again_what_was_not_answered(void **state)
{
    struct stage *s = raise();
    struct msg msg;

    (void)state;
    start(s);
    greet(s, EPOCH, true);
    for (unsigned i = 0; i < 3; i++)
        client_say(s->client, S("#room"), event_MESSAGE, S("hi"), s->now);
    settle(s);
    for (uint64_t i = 1; i <= 3; i++)
        assert_int_equal(expect(s, KIND_SEND).send.cseq, i);
    ack(s, 1, 1);
    settle(s);
    lose(s);
    assert_int_equal(s->model->link, LINK_OFFLINE);
    pass(s, 1000);
    expect(s, KIND_HELLO);
    msg = expect(s, KIND_AUTH);
    assert_int_equal(msg.auth.token.len, TOKEN_LEN);
    assert_int_equal(msg.auth.cseq, 2);
    assert_int_equal(msg.auth.cause, reason_LINK);
    assert_true(msg.auth.away_ms > 0);
    expect(s, KIND_SYNC);
    welcome(s, EPOCH);
    auth_ok(s, msg.request, 3); /* the server had stored all */
    sync_room(s, ROOM, "#room", 3);
    sync_done(s, 1);
    settle(s);

    for (uint64_t i = 2; i <= 3; i++)
        assert_int_equal(expect(s, KIND_SEND).send.cseq, i);
    ack(s, 2, 2);
    ack(s, 3, 3);
    settle(s);
    assert_true(client_is_done(s->client));
    assert_int_equal(outbox_next(s->outbox), 4);
    strike(s);
}

static void test_client_sends_the_tail_again_after_a_busy_server(void **state)
{
    struct stage *s = raise();
    uint32_t flight;

    (void)state;
    start(s);
    greet(s, EPOCH, true);
    for (unsigned i = 0; i < 3; i++)
        client_say(s->client, S("#room"), event_MESSAGE, S("hi"), s->now);
    settle(s);
    flight = expect(s, KIND_SEND).request;
    expect(s, KIND_SEND);
    expect(s, KIND_SEND);
    refuse(s, flight, 2, ERROR_BUSY);
    refuse(s, flight, 3, ERROR_BAD_CSEQ);
    ack(s, 1, 1); /* was on its way through the store meanwhile */
    settle(s);
    expect_nothing(s);
    pass(s, 290);
    expect_nothing(s);
    pass(s, 20);

    assert_int_equal(expect(s, KIND_SEND).send.cseq, 2);
    assert_int_equal(expect(s, KIND_SEND).send.cseq, 3);
    refuse(s, flight, 3, ERROR_BAD_CSEQ); /* late, of the first flight */
    settle(s);
    pass(s, 1000);
    expect_nothing(s);
    assert_int_equal(client_refused(s->client, &(const char *){ NULL }), 0);
    strike(s);
}

static void test_client_takes_answers_in_any_order(void **state)
{
    struct stage *s = raise();

    (void)state;
    start(s);
    greet(s, EPOCH, true);
    for (unsigned i = 0; i < 3; i++)
        client_say(s->client, S("#room"), event_MESSAGE, S("hi"), s->now);
    settle(s);
    ack(s, 3, 3);
    ack(s, 2, 2);
    settle(s);
    assert_int_equal(outbox_len(s->outbox), 3); /* the first is not through */
    ack(s, 1, 1);
    settle(s);

    assert_true(client_is_done(s->client));
    strike(s);
}

static void test_client_keeps_the_pace(void **state)
{
    struct stage *s = raise();
    unsigned burst = 0;

    (void)state;
    s->limits.value[LIMIT_SEND_BURST] = 10;
    s->limits.value[LIMIT_SEND_RATE] = 2;
    start(s);
    greet(s, EPOCH, true);
    for (unsigned i = 0; i < 40; i++)
        client_say(s->client, S("#room"), event_MESSAGE, S("hi"), s->now);
    settle(s);
    while (next(s).kind == KIND_SEND)
        burst++;
    assert_in_range(burst, 5, 10);
    pass(s, 5000);

    while (next(s).kind == KIND_SEND)
        burst++;
    assert_in_range(burst, 15, 20);
    strike(s);
}

static void test_client_limits_what_is_on_its_way(void **state)
{
    struct stage *s = raise();
    unsigned sent = 0;

    (void)state;
    s->limits.value[LIMIT_SEND_RATE] = 0;
    s->limits.value[LIMIT_INPUT_RATE] = 0;
    start(s);
    greet(s, EPOCH, true);
    for (unsigned i = 0; i < 1000; i++)
        client_say(s->client, S("#room"), event_MESSAGE, S("hi"), s->now);
    settle(s);
    while (next(s).kind == KIND_SEND)
        sent++;

    assert_in_range(sent, 64, 512);
    assert_false(client_has_room(s->client));
    strike(s);
}

/* ---- a new history ---- */

static void test_client_enters_its_rooms_again_in_a_new_epoch(void **state)
{
    struct stage *s = raise();
    struct msg msg, auth;

    (void)state;
    start(s);
    greet(s, EPOCH, true);
    client_say(s->client, S("#room"), event_MESSAGE, S("hi"), s->now);
    settle(s);
    assert_int_equal(expect(s, KIND_SEND).send.cseq, 1);
    lose(s);
    pass(s, 1000);
    expect(s, KIND_HELLO);
    auth = expect(s, KIND_AUTH);
    expect(s, KIND_SYNC);
    welcome(s, EPOCH + 1);
    auth_ok(s, auth.request, 0);
    sync_done(s, 0);
    settle(s);
    msg = expect(s, KIND_JOIN);
    assert_true(str_is(msg.join.name, "#room"));
    assert_int_equal(msg.join.cseq, 0); /* promised to the line already */
    expect_nothing(s);
    sync_room(s, ROOM + 1, "#room", 1);
    settle(s);

    msg = expect(s, KIND_SEND);
    assert_int_equal(msg.send.cseq, 1);
    assert_int_equal(msg.send.room, ROOM + 1);
    strike(s);
}

static void test_client_drops_cursors_of_another_epoch(void **state)
{
    struct stage *s = raise();
    struct msg event = { .kind = KIND_EVENT }, msg;
    struct rec_cursor cursor;
    struct str packed;

    (void)state;
    start(s);
    greet(s, EPOCH, true);
    event.event.room = ROOM;
    event.event.seq = 1;
    event.event.kind = event_MESSAGE;
    event.event.account = 4;
    event.event.nick = S("bob");
    event.event.text = S("hello");
    say(s, &event);
    settle(s);
    lose(s);
    pass(s, 1000);
    expect(s, KIND_HELLO);
    expect(s, KIND_AUTH);
    msg = expect(s, KIND_SYNC);
    packed = msg.sync.cursors;
    assert_true(rec_next(RECORD_cursor, &packed, &cursor));
    assert_int_equal(cursor.room, ROOM);
    assert_int_equal(cursor.seq, 1);
    assert_int_equal(msg.sync.epoch, EPOCH);
    welcome(s, EPOCH + 1);
    auth_ok(s, 0, 0);
    sync_room(s, ROOM, "#room", 0);
    sync_done(s, 1);
    settle(s);
    lose(s);
    pass(s, 2000);

    expect(s, KIND_HELLO);
    expect(s, KIND_AUTH);
    msg = expect(s, KIND_SYNC);
    assert_int_equal(msg.sync.cursors.len, 0);
    assert_int_equal(msg.sync.epoch, EPOCH + 1);
    strike(s);
}

/* ---- connections ---- */

static void test_client_backs_off(void **state)
{
    struct stage *s = raise();
    enum transport transport;
    uint64_t start_us, longest = 0;

    (void)state;
    start(s);
    for (unsigned i = 0; i < 12; i++) {
        while (!client_want(s->client, &transport, s->now)) {
            s->now.mono_us += 10000;
            s->now.wall_ms += 10;
        }
        client_failed(s->client, EX_UNAVAILABLE, "refused", s->now);
        start_us = s->now.mono_us;
        assert_int_equal(s->model->link, LINK_OFFLINE);
        assert_string_equal(s->model->trouble, "refused");
        if (s->model->retry_at - start_us > longest)
            longest = s->model->retry_at - start_us;
        assert_true(s->model->retry_at - start_us <= 60000000);
        if (i == 0)
            assert_true(s->model->retry_at - start_us <= 500000);
    }

    assert_true(longest > 5000000);
    client_reconnect(s->client, s->now);
    assert_true(client_want(s->client, &transport, s->now));
    strike(s);
}

static void test_client_waits_as_long_as_the_server_wants(void **state)
{
    struct stage *s = raise();
    struct msg bye = { .kind = KIND_BYE };

    (void)state;
    start(s);
    greet(s, EPOCH, true);
    bye.bye.code = ERROR_SHUTTING_DOWN;
    bye.bye.retry_ms = 7000;
    say(s, &bye);
    settle(s);

    assert_true(s->model->retry_at >= s->now.mono_us + 7000000);
    pass(s, 6900);
    assert_int_equal(s->n, 1);
    pass(s, 1200);
    assert_int_equal(s->n, 2);
    strike(s);
}

static void test_client_suspects_silence_and_then_drops_it(void **state)
{
    struct stage *s = raise();

    (void)state;
    start(s);
    greet(s, EPOCH, true);
    link_free(s->pairs[0].theirs); /* the cable is cut */
    s->pairs[0].theirs = NULL;
    s->now.mono_us += 8000000;
    s->now.wall_ms += 8000;
    client_tick(s->client, s->now);
    assert_int_equal(s->model->link, LINK_SUSPECT);
    s->now.mono_us += 8000000;
    s->now.wall_ms += 8000;
    client_tick(s->client, s->now);
    bury(s);

    assert_null(client_link(s->client));
    settle(s);
    assert_int_equal(s->n, 2); /* at once */
    strike(s);
}

static void test_client_says_that_the_machine_slept(void **state)
{
    struct stage *s = raise();
    struct msg msg;

    (void)state;
    start(s);
    greet(s, EPOCH, true);
    pass(s, 100);
    while (next(s).kind)
        ;
    s->now.wall_ms += 3600 * 1000;
    settle(s);
    expect(s, KIND_HELLO);
    msg = expect(s, KIND_AUTH);

    assert_int_equal(msg.auth.cause, reason_ASLEEP);
    assert_in_range(msg.auth.away_ms, 3600 * 1000, 3602 * 1000);
    strike(s);
}

static void test_client_tries_the_other_transport(void **state)
{
    struct stage *s = raise();
    enum transport transport;

    (void)state;
    s->config.pick = PICK_AUTO;
    s->config.once = true;
    start(s);
    assert_true(client_want(s->client, &transport, s->now));
    assert_int_equal(transport, TRANSPORT_TCP);
    client_failed(s->client, EX_UNAVAILABLE, "refused", s->now);
    assert_false(client_fatal(s->client, &(int){ 0 }, &(const char *){ "" }));
    assert_true(client_want(s->client, &transport, s->now)); /* at once */

    assert_int_equal(transport, TRANSPORT_UDP);
    client_failed(s->client, EX_UNAVAILABLE, "no answer", s->now);
    assert_true(client_fatal(s->client, &(int){ 0 }, &(const char *){ "" }));
    strike(s);
}

static void test_client_gives_up_a_silent_server(void **state)
{
    struct stage *s = raise();

    (void)state;
    start(s);
    settle(s);
    pass(s, 9900);
    assert_int_equal(s->model->link, LINK_GREETING);
    assert_null(s->model->trouble);
    pass(s, 200);
    assert_non_null(s->model->trouble);
    strike(s);
}

/* ---- the switch of transport ---- */

/* The greeting on a second link, while the first goes on. */
static void greet_side(struct stage *s)
{
    struct msg auth;

    settle(s);
    while ((auth = next(s)).kind != KIND_AUTH)
        assert_int_not_equal(auth.kind, 0);
    assert_int_equal(auth.auth.token.len, TOKEN_LEN);
    assert_int_equal(auth.auth.away_ms, 0);
    expect(s, KIND_SYNC);
    welcome(s, EPOCH);
    auth_ok(s, auth.request, 0);
    sync_room(s, ROOM, "#room", 0);
    sync_done(s, 1);
    settle(s);
}

static void test_client_switches_in_the_middle_of_it(void **state)
{
    struct stage *s = raise();

    (void)state;
    start(s);
    greet(s, EPOCH, true);
    client_say(s->client, S("#room"), event_MESSAGE, S("one"), s->now);
    settle(s);
    assert_int_equal(expect(s, KIND_SEND).send.cseq, 1);
    client_pick(s->client, PICK_UDP, s->now);
    greet_side(s);

    assert_int_equal(link_transport(client_link(s->client)), TRANSPORT_UDP);
    assert_int_equal(s->model->transport, TRANSPORT_UDP);
    assert_int_equal(s->model->link, LINK_ONLINE);
    assert_null(s->pairs[0].ours); /* the old one is closed */
    assert_int_equal(expect(s, KIND_SEND).send.cseq, 1); /* not answered */
    ack(s, 1, 1);
    settle(s);
    assert_true(client_is_done(s->client));
    strike(s);
}

static void test_client_stays_when_the_other_transport_fails(void **state)
{
    struct stage *s = raise();
    enum transport transport;
    struct link *old;

    (void)state;
    start(s);
    greet(s, EPOCH, true);
    old = client_link(s->client);
    client_pick(s->client, PICK_UDP, s->now);
    assert_true(client_want(s->client, &transport, s->now));
    client_failed(s->client, EX_UNAVAILABLE, "blocked", s->now);
    settle(s);

    assert_ptr_equal(client_link(s->client), old);
    assert_int_equal(s->model->link, LINK_ONLINE);
    assert_int_equal(client_picked(s->client), PICK_TCP);
    assert_non_null(
        strstr(s->model->rooms[0]
                   ->history.lines[s->model->rooms[0]->history.n - 1]
                   .text,
               "blocked"));
    strike(s);
}

/* The server closes the old link before it has told all about the new one. */
static void test_client_survives_an_early_goodbye_in_a_switch(void **state)
{
    struct stage *s = raise();
    struct msg bye = { .kind = KIND_BYE }, auth;
    struct link *old;

    (void)state;
    start(s);
    greet(s, EPOCH, true);
    old = s->at;
    client_pick(s->client, PICK_UDP, s->now);
    settle(s);
    while ((auth = next(s)).kind != KIND_AUTH)
        assert_int_not_equal(auth.kind, 0);
    welcome(s, EPOCH);
    auth_ok(s, auth.request, 0);
    settle(s);
    bye.bye.code = ERROR_REPLACED;
    assert_int_equal(link_say(old, &bye, true), 0);
    settle(s);
    assert_int_equal(s->model->link, LINK_GREETING);
    sync_room(s, ROOM, "#room", 0);
    sync_done(s, 1);
    settle(s);

    assert_int_equal(s->model->link, LINK_ONLINE);
    assert_int_equal(s->n, 2);
    strike(s);
}

static void test_client_does_not_fight_for_its_session(void **state)
{
    struct stage *s = raise();
    struct msg bye = { .kind = KIND_BYE };

    (void)state;
    start(s);
    bye.bye.code = ERROR_REPLACED;
    for (size_t i = 1; i <= 3; i++) {
        greet(s, EPOCH, true);
        assert_int_equal(s->n, i);
        say(s, &bye);
        settle(s);
        pass(s, 5000);
    }
    pass(s, 120000);
    assert_int_equal(s->n, 3);
    client_reconnect(s->client, s->now);
    settle(s);

    assert_int_equal(s->n, 4);
    strike(s);
}

static void test_client_says_goodbye_and_stays_away(void **state)
{
    struct stage *s = raise();
    struct msg msg;

    (void)state;
    start(s);
    greet(s, EPOCH, true);
    client_bye(s->client, reason_DETACHED, S("back soon"), s->now);
    settle(s);
    msg = expect(s, KIND_BYE);
    assert_int_equal(msg.bye.cause, reason_DETACHED);
    assert_true(str_is(msg.bye.text, "back soon"));
    lose(s);
    pass(s, 100000);

    assert_int_equal(s->n, 1);
    strike(s);
}

static void test_client_is_away_again_after_a_reconnect(void **state)
{
    struct stage *s = raise();
    struct msg msg;

    (void)state;
    start(s);
    greet(s, EPOCH, true);
    client_away(s->client, true, S("tea"), s->now);
    settle(s);
    assert_int_equal(expect(s, KIND_STATUS).status.away, 1);
    lose(s);
    pass(s, 1000);
    greet(s, EPOCH, true);

    msg = expect(s, KIND_STATUS);
    assert_int_equal(msg.status.away, 1);
    assert_true(str_is(msg.status.text, "tea"));
    strike(s);
}

/* A peer may say anything at any time. */
static void test_client_survives_garbage(void **state)
{
    uint64_t seed = test_seed(0x5eed);

    (void)state;
    for (unsigned round = 0; round < 200; round++) {
        struct stage *s = raise();
        struct now now = s->now;
        uint8_t bytes[512];
        struct link *link;
        enum transport transport;

        start(s);
        assert_true(client_want(s->client, &transport, now));
        link = client_opened(s->client, transport, now);
        for (size_t i = 0; i < sizeof bytes; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            bytes[i] = (uint8_t)(seed >> 56);
        }
        bytes[0] = bytes[1] = bytes[2] = 0; /* a plausible length */
        client_feed(s->client, link, str_bytes(bytes, sizeof bytes), now);
        client_tick(s->client, now);
        bury(s);
        strike(s);
    }
}

#define TEST(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_client_greets_in_one_flight),
        TEST(test_client_is_online_when_all_rooms_are_told),
        TEST(test_client_enters_the_home_room_when_it_is_in_none),
        TEST(test_client_stays_where_it_is_known),
        TEST(test_client_takes_another_name),
        TEST(test_client_insists_on_a_name_when_strict),
        TEST(test_client_goes_without_a_token_that_is_no_more),
        TEST(test_client_ends_on_another_version),
        TEST(test_client_sends_behind_the_join),
        TEST(test_client_lets_the_server_refuse_a_line),
        TEST(test_client_sends_again_what_was_not_answered),
        TEST(test_client_sends_the_tail_again_after_a_busy_server),
        TEST(test_client_takes_answers_in_any_order),
        TEST(test_client_keeps_the_pace),
        TEST(test_client_limits_what_is_on_its_way),
        TEST(test_client_enters_its_rooms_again_in_a_new_epoch),
        TEST(test_client_drops_cursors_of_another_epoch),
        TEST(test_client_backs_off),
        TEST(test_client_waits_as_long_as_the_server_wants),
        TEST(test_client_suspects_silence_and_then_drops_it),
        TEST(test_client_says_that_the_machine_slept),
        TEST(test_client_tries_the_other_transport),
        TEST(test_client_gives_up_a_silent_server),
        TEST(test_client_switches_in_the_middle_of_it),
        TEST(test_client_stays_when_the_other_transport_fails),
        TEST(test_client_survives_an_early_goodbye_in_a_switch),
        TEST(test_client_does_not_fight_for_its_session),
        TEST(test_client_says_goodbye_and_stays_away),
        TEST(test_client_is_away_again_after_a_reconnect),
        TEST(test_client_survives_garbage),
    };

    return RUN(tests);
}
