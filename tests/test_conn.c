/* SPDX-License-Identifier: MIT
 *
 * The client: losing connections, getting new ones, switching between them.
 */
#include "tests/stage.h"

#include <sysexits.h>

/* ---- connections ---- */

static void test_conn_backs_off(void **state)
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
        client_failed(s->client, transport, EX_UNAVAILABLE, "refused", s->now);
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

static void test_conn_waits_as_long_as_the_server_wants(void **state)
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

static void test_conn_suspects_silence_and_then_drops_it(void **state)
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

static void test_conn_says_that_the_machine_slept(void **state)
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

/* What is tried when, and when it is given up, is test_race.c's business. */
static void test_conn_tries_the_other_transport(void **state)
{
    struct stage *s = raise();
    enum transport transport;
    const char *why = "";
    int code;

    (void)state;
    s->config.pick = PICK_AUTO;
    s->config.once = true;
    start(s);
    assert_true(client_want(s->client, &transport, s->now));
    assert_int_equal(transport, TRANSPORT_UDP);
    assert_false(client_want(s->client, &transport, s->now));
    client_failed(s->client, TRANSPORT_UDP, EX_UNAVAILABLE, "no way", s->now);
    assert_false(client_fatal(s->client, &code, &why));
    assert_true(client_want(s->client, &transport, s->now)); /* at once */

    assert_int_equal(transport, TRANSPORT_TCP);
    client_failed(s->client, TRANSPORT_TCP, EX_UNAVAILABLE, "refused", s->now);
    assert_true(client_fatal(s->client, &code, &why));
    assert_string_equal(why, "no way; refused");
    strike(s);
}

static void test_conn_gives_up_a_silent_server(void **state)
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

static void test_conn_switches_in_the_middle_of_it(void **state)
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

static void test_conn_stays_when_the_other_transport_fails(void **state)
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
    client_failed(s->client, transport, EX_UNAVAILABLE, "blocked", s->now);
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
static void test_conn_survives_an_early_goodbye_in_a_switch(void **state)
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

static void test_conn_does_not_fight_for_its_session(void **state)
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

static void throw_out(struct stage *s, enum err code, const char *why)
{
    struct msg bye = { .kind = KIND_BYE };

    bye.bye.code = code;
    bye.bye.text = str_of(why);
    say(s, &bye);
    settle(s);
}

static void test_conn_stays_away_when_thrown_out(void **state)
{
    struct stage *s = raise();
    const struct history *h;

    (void)state;
    start(s);
    greet(s, EPOCH, true);
    throw_out(s, ERROR_KICKED, "spam");
    pass(s, 300000);
    assert_int_equal(s->n, 1);
    assert_int_equal(s->model->link, LINK_OFFLINE);
    h = model_shown(s->model);
    assert_string_equal(h->lines[h->n - 1].text,
                        "the operator ended this session (spam); /reconnect "
                        "goes back");
    client_reconnect(s->client, s->now);
    settle(s);

    assert_int_equal(s->n, 2);
    strike(s);
}

/* It would be refused: nothing says that it can go back. */
static void test_conn_stays_away_when_kept_out(void **state)
{
    struct stage *s = raise();
    const struct history *h;

    (void)state;
    start(s);
    greet(s, EPOCH, true);
    throw_out(s, ERROR_BANNED, "spam");
    pass(s, 300000);
    assert_int_equal(s->n, 1);
    assert_int_equal(s->model->link, LINK_OFFLINE);
    h = model_shown(s->model);
    assert_string_equal(h->lines[h->n - 1].text, "you are kept out (spam)");
    client_reconnect(s->client, s->now); /* the ban may be over */
    settle(s);

    assert_int_equal(s->n, 2);
    strike(s);
}

/* Nobody is there to say that it is to go back. */
static void test_conn_ends_when_thrown_out_of_a_pipe(void **state)
{
    struct stage *s = raise();
    const char *why;
    int code;

    (void)state;
    s->config.once = true;
    start(s);
    greet(s, EPOCH, true);
    throw_out(s, ERROR_KICKED, err_text(ERROR_KICKED));

    assert_true(client_fatal(s->client, &code, &why));
    assert_int_equal(code, EX_NOPERM);
    assert_string_equal(why, "the operator ended this session");
    strike(s);
}

static void test_conn_says_goodbye_and_stays_away(void **state)
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

static void test_conn_is_away_again_after_a_reconnect(void **state)
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
static void test_conn_survives_garbage(void **state)
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
        TEST(test_conn_backs_off),
        TEST(test_conn_waits_as_long_as_the_server_wants),
        TEST(test_conn_suspects_silence_and_then_drops_it),
        TEST(test_conn_says_that_the_machine_slept),
        TEST(test_conn_tries_the_other_transport),
        TEST(test_conn_gives_up_a_silent_server),
        TEST(test_conn_switches_in_the_middle_of_it),
        TEST(test_conn_stays_when_the_other_transport_fails),
        TEST(test_conn_survives_an_early_goodbye_in_a_switch),
        TEST(test_conn_does_not_fight_for_its_session),
        TEST(test_conn_stays_away_when_thrown_out),
        TEST(test_conn_stays_away_when_kept_out),
        TEST(test_conn_ends_when_thrown_out_of_a_pipe),
        TEST(test_conn_says_goodbye_and_stays_away),
        TEST(test_conn_is_away_again_after_a_reconnect),
        TEST(test_conn_survives_garbage),
    };

    return RUN(tests);
}
