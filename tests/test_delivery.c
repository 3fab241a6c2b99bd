/* SPDX-License-Identifier: MIT
 *
 * What becomes of lines: which room they are for, and what the server says.
 */
#include "tests/stage.h"

/* ---- rooms and their names ---- */

/* Each of two who are called alike gets what is said in their room. */
static void test_delivery_tells_two_of_one_name_apart(void **state)
{
    struct stage *s = raise();

    (void)state;
    start(s);
    greet(s, EPOCH, false);
    sync_direct(s, ROOM, "bob", 4);
    sync_direct(s, ROOM + 1, "bob", 5);
    settle(s);
    for (size_t i = 0; i < 2; i++) {
        client_say(s->client, str_of(s->model->rooms[i]->name), event_MESSAGE,
                   S("psst"), s->now);
        settle(s);
        assert_int_equal(expect(s, KIND_SEND).send.room, ROOM + i);
    }
    strike(s);
}

/* Whoever has the name now is meant by it. */
static void test_delivery_enters_the_room_of_who_has_the_name(void **state)
{
    struct stage *s = raise();
    struct msg msg = { .kind = KIND_SEND_ACK };

    (void)state;
    start(s);
    greet(s, EPOCH, false);
    sync_direct(s, ROOM, "bob", 4);
    settle(s);
    client_part(s->client, S("@bob"), S(""), s->now);
    settle(s);
    expect(s, KIND_PART);
    ack(s, 1, 0);
    settle(s);
    client_join(s->client, S("@bob"), s->now);
    client_say(s->client, S("@bob"), event_MESSAGE, S("psst"), s->now);
    settle(s);
    expect(s, KIND_JOIN);
    msg.send_ack.cseq = 2;
    msg.send_ack.room = ROOM + 1;
    say(s, &msg);
    settle(s);
    assert_int_equal(expect(s, KIND_SEND).send.room, 0); /* not to anybody */
    sync_direct(s, ROOM + 1, "bob", 5);
    settle(s);
    assert_int_equal(s->model->rooms[0]->peer, 4);
    assert_false(s->model->rooms[0]->joined);
    assert_int_equal(model_room_named(s->model, S("@bob"))->id, ROOM + 1);
    strike(s);
}

static void say_in(struct stage *s, uint64_t room, uint64_t seq,
                   const char *text)
{
    struct msg msg = { .kind = KIND_EVENT };

    msg.event = (struct msg_event){ .room = room,
                                    .seq = seq,
                                    .kind = event_MESSAGE,
                                    .account = 8,
                                    .nick = S("bob"),
                                    .text = str_of(text) };
    say(s, &msg);
}

/* A room that was made anew counts from the start: nothing of it is taken for
 * what is here; its answer comes before all else is told. */
static void test_delivery_enters_a_room_made_anew(void **state)
{
    struct stage *s = raise();
    struct msg msg = { .kind = KIND_EVENT };
    struct history *h;

    (void)state;
    start(s);
    greet(s, EPOCH, true);
    say_in(s, ROOM, 1, "old one");
    msg.event = (struct msg_event){ .room = ROOM,
                                    .seq = 2,
                                    .kind = event_KICK,
                                    .account = 8,
                                    .nick = S("bob"),
                                    .text = S("amy"),
                                    .ref = ACCOUNT };
    say(s, &msg);
    settle(s);
    client_join(s->client, S("#room"), s->now);
    settle(s);
    expect(s, KIND_JOIN);
    msg = (struct msg){ .kind = KIND_SEND_ACK };
    msg.send_ack.cseq = msg.send_ack.seq = 1;
    msg.send_ack.room = ROOM + 5;
    say(s, &msg);
    sync_room(s, ROOM + 5, "#room", 1);
    say_in(s, ROOM + 5, 2, "new one");
    settle(s);

    h = &s->model->rooms[0]->history;
    assert_int_equal(s->model->n_rooms, 1);
    assert_int_equal(s->model->rooms[0]->id, ROOM + 5);
    assert_true(s->model->rooms[0]->joined);
    assert_int_equal(h->last, 2);
    assert_string_equal(h->lines[h->n - 1].text, "new one");
    strike(s);
}

/* ---- what the server remembers ---- */

static enum line_state state_of(const struct stage *s, size_t back)
{
    const struct history *h = &s->model->rooms[0]->history;

    for (size_t i = h->n; i > 0; i--)
        if (h->lines[i - 1].own && back-- == 0)
            return h->lines[i - 1].state;
    fail_msg("no own line");
    return LINE_QUEUED;
}

static struct stage *say_hello(bool silent)
{
    struct stage *s = raise();

    s->config.silent = silent;
    start(s);
    greet(s, EPOCH, true);
    client_say(s->client, S("#room"), event_MESSAGE, S("hello"), s->now);
    settle(s);
    expect(s, KIND_SEND);
    return s;
}

/* It was taken before, and has no place any more, or never had. */
static void say_taken(struct stage *s, uint64_t seq)
{
    struct msg msg = { .kind = KIND_SEND_ACK };

    msg.send_ack.cseq = 1;
    msg.send_ack.room = ROOM;
    msg.send_ack.seq = seq;
    msg.send_ack.dup = 1;
    say(s, &msg);
    settle(s);
}

static struct msg own_event(uint64_t seq)
{
    struct msg msg = { .kind = KIND_EVENT };

    msg.event = (struct msg_event){ .room = ROOM,
                                    .seq = seq,
                                    .kind = event_MESSAGE,
                                    .account = ACCOUNT,
                                    .nick = S("amy"),
                                    .text = S("hello"),
                                    .device = DEVICE,
                                    .cseq = 1 };
    return msg;
}

/* It may have been refused: nobody is told that it is stored. */
static void test_delivery_promises_nothing_of_a_forgotten_line(void **state)
{
    const char *why;
    (void)state;

    for (unsigned silent = 0; silent < 2; silent++) {
        struct stage *s = say_hello(silent);

        say_taken(s, 0);
        assert_int_equal(client_refused(s->client, &why), 1);
        assert_string_equal(why,
                            "#room: it is not known whether a line was stored");
        assert_true(client_is_done(s->client));
        if (!silent)
            assert_int_equal(state_of(s, 0), LINE_FAILED);
        strike(s);
    }
}

/* And when it comes, it was. */
static void test_delivery_finds_a_forgotten_line(void **state)
{
    struct stage *s = say_hello(false);
    struct msg event = own_event(1);
    (void)state;

    say_taken(s, 0);
    say(s, &event);
    settle(s);
    assert_int_equal(state_of(s, 0), LINE_STORED);
    strike(s);
}

static void test_delivery_knows_what_stands_here(void **state)
{
    struct stage *s = say_hello(false);
    struct msg event = own_event(1);
    const char *why;
    (void)state;

    say(s, &event);
    settle(s);
    say_taken(s, 0);
    assert_int_equal(client_refused(s->client, &why), 0);
    assert_int_equal(state_of(s, 0), LINE_STORED);
    strike(s);
}

static void test_delivery_takes_a_place_for_an_answer(void **state)
{
    struct stage *s = say_hello(false);
    const char *why;
    (void)state;

    say_taken(s, 1);
    assert_int_equal(client_refused(s->client, &why), 0);
    assert_int_equal(state_of(s, 0), LINE_STORED);
    strike(s);
}

/* Said, and left: the server finds the line in the room it was said in. */
static void test_delivery_names_the_room_that_was_left(void **state)
{
    struct stage *s = say_hello(false);
    struct msg msg;
    (void)state;

    client_part(s->client, S("#room"), S(""), s->now);
    settle(s);
    expect(s, KIND_PART);
    lose(s);
    pass(s, 2000);
    greet(s, EPOCH, false);
    settle(s);
    msg = expect(s, KIND_SEND);
    assert_int_equal(msg.send.cseq, 1);
    assert_int_equal(msg.send.room, ROOM);
    assert_int_equal(expect(s, KIND_PART).part.room, ROOM);

    lose(s);
    pass(s, 2000);
    greet(s, EPOCH + 1, false); /* where that is another room, or none */
    settle(s);
    assert_int_equal(expect(s, KIND_SEND).send.room, 0);
    strike(s);
}

/* ---- what could not be stored ---- */

/*
 * What is on its way to the disk is not taken again when it comes over a new
 * link; if it fails then, the answer is to the request of the old one.
 */
static void test_delivery_hears_of_a_failure_under_an_old_request(void **state)
{
    struct stage *s = say_hello(false);
    struct msg second;
    uint32_t first;
    (void)state;

    s->next--;
    first = expect(s, KIND_SEND).request;
    client_say(s->client, S("#room"), event_MESSAGE, S("again"), s->now);
    settle(s);
    expect(s, KIND_SEND);
    lose(s);
    pass(s, 2000);
    greet(s, EPOCH, true);
    settle(s);
    assert_int_not_equal(expect(s, KIND_SEND).request, first);
    second = expect(s, KIND_SEND);

    refuse(s, first, 1, ERROR_STORE);
    refuse(s, first, 2, ERROR_STORE); /* what goes again goes once */
    settle(s);
    expect_nothing(s);
    pass(s, 400);
    assert_int_equal(expect(s, KIND_SEND).send.cseq, 1);
    assert_int_equal(expect(s, KIND_SEND).send.cseq, 2);
    refuse(s, second.request, 2,
           ERROR_BUSY); /* the new copy is answered, too */
    refuse(s, second.request, 2, ERROR_BAD_CSEQ);
    pass(s, 400);
    expect_nothing(s);
    ack(s, 1, 1);
    ack(s, 2, 2);
    settle(s);
    assert_true(client_is_done(s->client));
    strike(s);
}

/* ---- a room of two that another device has left ---- */

static struct stage *whisper_twice(void)
{
    struct stage *s = raise();

    start(s);
    greet(s, EPOCH, false);
    sync_direct(s, ROOM, "bob", 4);
    settle(s);
    for (size_t i = 0; i < 2; i++)
        client_say(s->client, S("@bob"), event_MESSAGE,
                   str_of(i ? "second" : "first"), s->now);
    settle(s);
    expect(s, KIND_SEND);
    expect(s, KIND_SEND);
    refuse(s, 0, 1, ERROR_NOT_MEMBER);
    refuse(s, 0, 2, ERROR_NOT_MEMBER);
    settle(s);
    return s;
}

static void expect_line(struct stage *s, uint64_t cseq, uint64_t room,
                        const char *text)
{
    struct msg msg = expect(s, KIND_SEND);

    assert_int_equal(msg.send.cseq, cseq);
    assert_int_equal(msg.send.room, room);
    assert_true(str_is(msg.send.text, text));
}

static void test_delivery_enters_a_room_of_two_again(void **state)
{
    struct stage *s = whisper_twice();
    struct msg msg = expect(s, KIND_JOIN), ok = { .kind = KIND_OK };
    const char *why;
    (void)state;

    assert_int_equal(msg.join.cseq, 0);
    assert_true(str_is(msg.join.name, "@bob"));
    expect_nothing(s);
    ok.request = msg.request;
    say(s, &ok);
    sync_direct(s, ROOM, "bob", 4);
    settle(s);
    expect_line(s, 3, ROOM, "first");
    expect_line(s, 4, ROOM, "second");
    assert_int_equal(state_of(s, 0), LINE_SENT);
    assert_int_equal(state_of(s, 1), LINE_SENT);
    assert_int_equal(client_refused(s->client, &why), 0);
    assert_false(client_is_done(s->client));

    ack(s, 3, 1);
    refuse(s, 0, 4, ERROR_NOT_MEMBER); /* once is enough */
    settle(s);
    expect_nothing(s);
    assert_int_equal(state_of(s, 0), LINE_FAILED);
    assert_int_equal(state_of(s, 1), LINE_STORED);
    assert_int_equal(client_refused(s->client, &why), 1);
    assert_true(client_is_done(s->client));
    strike(s);
}

/* Nobody else is told what was meant for who had that name. */
static void test_delivery_whispers_to_nobody_else(void **state)
{
    struct stage *s = whisper_twice();
    struct msg ok = { .kind = KIND_OK };
    (void)state;

    ok.request = expect(s, KIND_JOIN).request;
    say(s, &ok);
    sync_direct(s, ROOM + 1, "bob", 5);
    settle(s);
    expect_line(s, 3, 0, "first");
    expect_line(s, 4, 0, "second");
    refuse(s, 0, 3, ERROR_NOT_MEMBER);
    refuse(s, 0, 4, ERROR_NOT_MEMBER);
    settle(s);
    expect_nothing(s);
    assert_int_equal(state_of(s, 0), LINE_FAILED);
    assert_int_equal(state_of(s, 1), LINE_FAILED);
    assert_true(client_is_done(s->client));
    strike(s);
}

/* One that is no more cannot be entered, and nothing waits for it. */
static void test_delivery_gives_up_on_who_is_gone(void **state)
{
    struct stage *s = whisper_twice();
    (void)state;

    refuse(s, expect(s, KIND_JOIN).request, 0, ERROR_NO_SUCH_ACCOUNT);
    settle(s);
    expect_line(s, 3, 0, "first");
    expect_line(s, 4, 0, "second");
    refuse(s, 0, 3, ERROR_NOT_MEMBER);
    refuse(s, 0, 4, ERROR_NOT_MEMBER);
    settle(s);
    expect_nothing(s);
    assert_int_equal(state_of(s, 1), LINE_FAILED);
    assert_true(client_is_done(s->client));
    strike(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delivery_tells_two_of_one_name_apart),
        cmocka_unit_test(test_delivery_enters_the_room_of_who_has_the_name),
        cmocka_unit_test(test_delivery_enters_a_room_made_anew),
        cmocka_unit_test(test_delivery_promises_nothing_of_a_forgotten_line),
        cmocka_unit_test(test_delivery_finds_a_forgotten_line),
        cmocka_unit_test(test_delivery_knows_what_stands_here),
        cmocka_unit_test(test_delivery_takes_a_place_for_an_answer),
        cmocka_unit_test(test_delivery_names_the_room_that_was_left),
        cmocka_unit_test(test_delivery_hears_of_a_failure_under_an_old_request),
        cmocka_unit_test(test_delivery_enters_a_room_of_two_again),
        cmocka_unit_test(test_delivery_whispers_to_nobody_else),
        cmocka_unit_test(test_delivery_gives_up_on_who_is_gone),
    };

    return RUN(tests);
}
