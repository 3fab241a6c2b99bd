/* SPDX-License-Identifier: MIT
 *
 * The client: greeting, the outbox on its way, new histories.
 */
#include "tests/stage.h"

#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

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

/* An account owns only so many rooms: what is there to do? */
static void test_client_says_what_a_limit_means(void **state)
{
    struct stage *s = raise();
    struct msg msg = { .kind = KIND_ERROR };
    const char *why;

    (void)state;
    start(s);
    client_join(s->client, S("#room"), s->now);
    greet(s, EPOCH, false);
    expect(s, KIND_JOIN);
    msg.error.code = ERROR_LIMIT;
    msg.error.cseq = 1;
    msg.error.subject = S("rooms-owned");
    say(s, &msg);
    settle(s);
    assert_int_equal(client_refused(s->client, &why), 1);
    assert_string_equal(why, "#room: too many rooms of one owner: one has to "
                             "be left first");
    strike(s);
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

/* Slow mode: a line waits, and so does what is behind it. */
static void test_client_tells_how_long_slow_mode_holds_a_line(void **state)
{
    struct stage *s = raise();
    struct msg msg = { .kind = KIND_ERROR };

    (void)state;
    start(s);
    greet(s, EPOCH, true);
    s->model->rooms[0]->manner.slow_s = 10;
    client_say(s->client, S("#room"), event_MESSAGE, S("hi"), s->now);
    settle(s);
    msg.request = expect(s, KIND_SEND).request;
    msg.error.code = ERROR_RATE;
    msg.error.cseq = 1;
    msg.error.retry_ms = 7400;
    say(s, &msg);
    settle(s);
    const struct history *h = &s->model->rooms[0]->history;
    assert_string_equal(h->lines[h->n - 1].text,
                        "slow mode, a line every 10 s: this one goes in 8 s");
    assert_int_equal(s->model->held_us, s->now.mono_us + 7400000);
    pass(s, 7300);
    expect_nothing(s);
    pass(s, 200);
    expect(s, KIND_SEND);
    ack(s, 1, 1);
    settle(s);
    assert_int_equal(s->model->held_us, 0);
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

/* A position that was lost with the link is said again, and only then. */
static void test_client_says_again_what_it_has_read(void **state)
{
    struct stage *s = raise();

    (void)state;
    start(s);
    greet(s, EPOCH, true);
    model_room(s->model, ROOM)->read = 5; /* as it had said */
    for (uint64_t heard = 4; heard <= 5; heard++) {
        struct msg msg = { .kind = KIND_SYNC_ROOM };

        lose(s);
        pass(s, 2000);
        expect(s, KIND_HELLO);
        expect(s, KIND_AUTH);
        expect(s, KIND_SYNC);
        welcome(s, EPOCH);
        auth_ok(s, 0, 0);
        msg.sync_room.room = ROOM;
        msg.sync_room.kind = room_PUBLIC;
        msg.sync_room.name = S("#room");
        msg.sync_room.head = 5;
        msg.sync_room.first = 1;
        msg.sync_room.read = heard;
        say(s, &msg);
        sync_done(s, 1);
        settle(s);
        if (heard < 5) {
            msg = expect(s, KIND_READ);
            assert_int_equal(msg.read.room, ROOM);
            assert_int_equal(msg.read.seq, 5);
        }
        expect_nothing(s);
    }
    strike(s);
}

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

/* ---- rooms of two ---- */

/* The other side has another name meanwhile, and the old one another owner. */
static void greet_renamed(struct stage *s, uint64_t epoch)
{
    struct msg auth;

    expect(s, KIND_HELLO);
    auth = expect(s, KIND_AUTH);
    expect(s, KIND_SYNC);
    welcome(s, epoch);
    auth_ok(s, auth.request, 0);
    sync_direct(s, ROOM + 1, "bob", 5);
    sync_direct(s, ROOM, "rob", 4);
    sync_done(s, 2);
    settle(s);
}

/* Something is said to bob while there is no connection. */
static struct stage *whisper_offline(void)
{
    struct stage *s = raise();

    start(s);
    greet(s, EPOCH, false);
    sync_direct(s, ROOM, "bob", 4);
    settle(s);
    lose(s);
    client_say(s->client, S("@bob"), event_MESSAGE, S("psst"), s->now);
    pass(s, 1000);
    return s;
}

static void test_client_writes_to_who_was_meant(void **state)
{
    struct stage *s = whisper_offline();

    (void)state;
    greet_renamed(s, EPOCH);
    assert_int_equal(expect(s, KIND_SEND).send.room, ROOM);
    strike(s);
}

/* In a new history a number is nobody; the name is all that is known. */
static void test_client_goes_by_the_name_in_a_new_history(void **state)
{
    struct stage *s = whisper_offline();

    (void)state;
    greet_renamed(s, EPOCH + 1);
    assert_int_equal(expect(s, KIND_SEND).send.room, ROOM + 1);
    strike(s);
}

/* A room of the same name that is another one begins empty. */
static void test_client_takes_no_room_for_another(void **state)
{
    struct stage *s = raise();
    struct msg event = { .kind = KIND_EVENT };
    struct room *room;

    (void)state;
    start(s);
    greet(s, EPOCH, false);
    sync_direct(s, ROOM, "bob", 4);
    event.event = (struct msg_event){ .room = ROOM,
                                      .seq = 1,
                                      .kind = event_MESSAGE,
                                      .account = 4,
                                      .nick = S("bob"),
                                      .text = S("psst") };
    say(s, &event);
    sync_direct(s, ROOM + 1, "bob", 5);
    settle(s);
    room = model_room_named(s->model, S("@bob"));
    assert_int_equal(room->id, ROOM + 1);
    assert_int_equal(room->peer, 5);
    assert_int_equal(room->history.last, 0);
    strike(s);
}

/* ---- another name ---- */

static void greet_again(struct stage *s)
{
    expect(s, KIND_HELLO);
    expect(s, KIND_AUTH);
    expect(s, KIND_SYNC);
    welcome(s, EPOCH);
    auth_ok(s, 0, 0);
    sync_room(s, ROOM, "#room", 0);
    sync_done(s, 1);
    settle(s);
}

/* A token brings the old name back: the new one is asked for behind it. */
static void test_client_changes_its_name_when_it_is_back(void **state)
{
    struct stage *s = raise();
    struct msg msg, ok = { .kind = KIND_OK };

    (void)state;
    start(s);
    greet(s, EPOCH, true);
    lose(s);
    client_nick(s->client, S("zoe"), s->now);
    pass(s, 1000);
    greet_again(s);
    assert_string_equal(s->model->nick, "amy");
    msg = expect(s, KIND_NICK);
    assert_true(str_is(msg.nick.nick, "zoe"));
    lose(s); /* the answer is lost */
    pass(s, 2000);
    greet_again(s);
    msg = expect(s, KIND_NICK);
    ok.request = msg.request;
    say(s, &ok);
    settle(s);
    assert_string_equal(s->model->nick, "zoe");

    client_nick(s->client, S("taken"), s->now);
    settle(s);
    msg = expect(s, KIND_NICK);
    refuse(s, msg.request, 0, ERROR_NAME_TAKEN);
    settle(s);
    lose(s);
    pass(s, 5000);
    greet_again(s);
    expect_nothing(s); /* once refused, it is wanted no more */
    strike(s);
}

static void test_client_says_that_a_search_is_lost(void **state)
{
    struct stage *s = raise();
    const struct history *h;

    (void)state;
    start(s);
    greet(s, EPOCH, true);
    hits_begin(&s->model->hits, &(struct msg_search){ .text = S("old") });
    client_search(s->client, s->now);
    settle(s);
    expect(s, KIND_SEARCH);
    assert_true(s->model->hits.coming);
    lose(s);
    assert_false(s->model->hits.coming);
    h = model_shown(s->model);
    assert_non_null(strstr(h->lines[0].text, "before the search was"));
    strike(s);
}

/* ---- pages ---- */

static void say_line(struct stage *s, uint64_t seq)
{
    struct msg msg = { .kind = KIND_EVENT };

    msg.event = (struct msg_event){ .room = ROOM,
                                    .seq = seq,
                                    .kind = event_MESSAGE,
                                    .account = 4,
                                    .nick = S("bob"),
                                    .text = S("hello") };
    say(s, &msg);
}

static void say_page(struct stage *s, uint32_t request)
{
    struct msg msg = { .kind = KIND_HIST_PAGE, .request = request };

    msg.hist_page.room = ROOM;
    msg.hist_page.before = msg.hist_page.after = 1;
    say(s, &msg);
    settle(s);
}

static uint32_t ask_gap(struct stage *s)
{
    s->model->rooms[0]->asked = 1;
    client_history(s->client, S("#room"), hist_AFTER, 1, 3, s->now);
    settle(s);
    return expect(s, KIND_HIST).request;
}

/* An answer that is late is none to what was asked after it. */
static void test_client_knows_which_page_it_waits_for(void **state)
{
    struct stage *s = raise();
    uint64_t after, before;
    struct room *room;
    uint32_t first, second;

    (void)state;
    start(s);
    greet(s, EPOCH, true);
    say_line(s, 1);
    say_line(s, 5);
    settle(s);
    room = s->model->rooms[0];
    first = ask_gap(s);
    second = ask_gap(s);
    say_page(s, first);
    assert_true(history_gap(&room->history, &after, &before));
    say_page(s, second);
    assert_false(history_gap(&room->history, &after, &before));

    ask_gap(s);
    room->wait_us = s->now.mono_us + 10000000;
    lose(s);
    assert_int_equal(room->request, 0);
    assert_int_equal(room->wait_us, 0); /* nothing will come */
    strike(s);
}

/* ---- leaving ---- */

static void test_client_leaves_what_was_left_offline(void **state)
{
    struct stage *s = raise();
    struct room *room;

    (void)state;
    start(s);
    greet(s, EPOCH, false);
    sync_direct(s, ROOM, "bob", 4);
    settle(s);
    lose(s);
    client_part(s->client, S("@bob"), S(""), s->now);
    pass(s, 1000);
    expect(s, KIND_HELLO);
    expect(s, KIND_AUTH);
    expect(s, KIND_SYNC);
    welcome(s, EPOCH);
    auth_ok(s, 0, 0);
    sync_direct(s, ROOM, "bob", 4);
    sync_done(s, 1);
    settle(s);
    room = model_room_named(s->model, S("@bob"));
    assert_true(room->joined);
    assert_false(room->wanted);
    assert_int_equal(expect(s, KIND_PART).part.room, ROOM);
    ack(s, 1, 1);
    settle(s);
    assert_false(room->joined);
    assert_false(room->wanted);
    strike(s);
}

static void test_client_enters_again_behind_leaving(void **state)
{
    struct stage *s = raise();
    const struct room *room;

    (void)state;
    start(s);
    greet(s, EPOCH, true);
    client_part(s->client, S("#room"), S(""), s->now);
    client_join(s->client, S("#room"), s->now);
    client_join(s->client, S("#room"), s->now);
    settle(s);
    expect(s, KIND_PART);
    expect(s, KIND_JOIN);
    expect_nothing(s);
    room = model_room_named(s->model, S("#room"));
    ack(s, 1, 1);
    settle(s);
    assert_false(room->joined);
    assert_true(room->wanted);
    ack(s, 2, 2);
    settle(s);
    assert_true(room->joined);

    client_part(s->client, S("#room"), S(""), s->now);
    client_part(s->client, S("#room"), S(""), s->now);
    settle(s);
    expect(s, KIND_PART);
    expect_nothing(s);
    strike(s);
}

/* ---- a disk that keeps nothing ---- */

/* An outbox that is to be written anew, and no place to do so. */
static void fill_disk(struct stage *s, const char *dir, const char *fresh)
{
    static char text[64 * 1024];
    char path[64], room[] = "#room";
    struct entry draft = { .kind = ENTRY_SEND, .room = room, .text = text };

    memset(text, 'x', sizeof text - 1);
    snprintf(path, sizeof path, "%s/outbox", dir);
    outbox_close(s->outbox);
    s->outbox = outbox_open(path, DEVICE, NULL, 0);
    for (unsigned i = 0; i < 20; i++)
        outbox_put(s->outbox, &draft);
    assert_int_equal(outbox_sync(s->outbox), 0);
    outbox_done(s->outbox, 20);
    assert_int_equal(mkdir(fresh, 0700), 0);
}

static void test_client_sends_only_what_is_on_disk(void **state)
{
    char dir[] = "/tmp/chat-client.XXXXXX", fresh[64], command[64];
    struct stage *s = raise();
    const struct history *h;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(fresh, sizeof fresh, "%s/outbox.new", dir);
    fill_disk(s, dir, fresh);
    start(s);
    greet(s, EPOCH, true);
    client_say(s->client, S("#room"), event_MESSAGE, S("hello"), s->now);
    pass(s, 100);
    expect_nothing(s);
    h = model_shown(s->model);
    assert_non_null(strstr(h->lines[0].text, "cannot be kept on disk"));

    assert_int_equal(rmdir(fresh), 0);
    pass(s, 100);
    assert_true(str_is(expect(s, KIND_SEND).send.text, "hello"));
    strike(s);
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    assert_int_equal(system(command), 0);
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
        TEST(test_client_says_what_a_limit_means),
        TEST(test_client_lets_the_server_refuse_a_line),
        TEST(test_client_sends_again_what_was_not_answered),
        TEST(test_client_sends_the_tail_again_after_a_busy_server),
        TEST(test_client_tells_how_long_slow_mode_holds_a_line),
        TEST(test_client_takes_answers_in_any_order),
        TEST(test_client_keeps_the_pace),
        TEST(test_client_limits_what_is_on_its_way),
        TEST(test_client_says_again_what_it_has_read),
        TEST(test_client_enters_its_rooms_again_in_a_new_epoch),
        TEST(test_client_drops_cursors_of_another_epoch),
        TEST(test_client_writes_to_who_was_meant),
        TEST(test_client_goes_by_the_name_in_a_new_history),
        TEST(test_client_takes_no_room_for_another),
        TEST(test_client_changes_its_name_when_it_is_back),
        TEST(test_client_says_that_a_search_is_lost),
        TEST(test_client_knows_which_page_it_waits_for),
        TEST(test_client_leaves_what_was_left_offline),
        TEST(test_client_enters_again_behind_leaving),
        TEST(test_client_sends_only_what_is_on_disk),
    };

    return RUN(tests);
}
