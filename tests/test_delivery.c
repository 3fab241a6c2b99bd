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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delivery_tells_two_of_one_name_apart),
        cmocka_unit_test(test_delivery_enters_the_room_of_who_has_the_name),
        cmocka_unit_test(test_delivery_enters_a_room_made_anew),
    };

    return RUN(tests);
}
