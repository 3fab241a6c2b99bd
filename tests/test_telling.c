/* SPDX-License-Identifier: MIT
 *
 * What a client tells the server of what its person has read.
 */
#include "tests/stage.h"

#include "tui/chat.h"
#include "tui/ui.h"

enum { OTHER = ROOM + 1, HEAD = 5, SECOND = 1000 };

struct reader {
    struct stage *s;
    struct chat chat;
    struct ui ui;
};

static void say_line(struct stage *s, uint64_t room, uint64_t seq)
{
    struct msg msg = { .kind = KIND_EVENT };

    msg.event = (struct msg_event){ .room = room,
                                    .seq = seq,
                                    .ts = s->now.wall_ms,
                                    .kind = event_MESSAGE,
                                    .account = 7,
                                    .nick = S("ana"),
                                    .text = S("hello") };
    say(s, &msg);
}

static void say_lines(struct stage *s, uint64_t room, uint64_t from)
{
    for (uint64_t seq = from; seq <= HEAD; seq++)
        say_line(s, room, seq);
    settle(s);
}

/* What the server has counted. */
static void say_read(struct stage *s, uint64_t room, uint64_t seq)
{
    struct msg msg = { .kind = KIND_READ };

    msg.read = (struct msg_read){
        .room = room, .seq = seq, .upto = HEAD, .unread = HEAD - seq
    };
    say(s, &msg);
    settle(s);
}

static int open_reader(void **state)
{
    struct reader *r = calloc(1, sizeof *r);
    struct msg msg = { .kind = KIND_SYNC_ROOM };

    r->s = raise();
    start(r->s);
    greet(r->s, EPOCH, false);
    ui_init(&r->ui);
    r->chat = (struct chat){ .client = r->s->client,
                             .model = r->s->model,
                             .ui = &r->ui };
    for (uint64_t room = ROOM; room <= OTHER; room++) {
        msg.sync_room =
            (struct msg_sync_room){ .room = room,
                                    .kind = room_PUBLIC,
                                    .name =
                                        room == ROOM ? S("#room") : S("#other"),
                                    .head = HEAD,
                                    .first = 1,
                                    .from = 1 };
        say(r->s, &msg);
        settle(r->s);
        say_lines(r->s, room, 1);
    }
    *state = r;
    return 0;
}

static int close_reader(void **state)
{
    struct reader *r = *state;

    ui_fini(&r->ui);
    strike(r->s);
    free(r);
    return 0;
}

/* Turns for so long; the seq that was told of a room last, 0: nothing. */
static uint64_t told(struct reader *r, uint64_t room, uint64_t ms)
{
    uint64_t seq = 0;
    struct msg msg;

    for (uint64_t at = 0; at <= ms; at += 100) {
        chat_turn(&r->chat, r->s->now);
        settle(r->s);
        while ((msg = next(r->s)).kind)
            if (msg.kind == KIND_READ && msg.read.room == room)
                seq = msg.read.seq;
        if (at < ms)
            pass(r->s, 100);
    }
    return seq;
}

/* First we are told: else the mark before what is new would be lost. */
static void test_telling_waits_to_be_told(void **state)
{
    struct reader *r = *state;

    assert_int_equal(told(r, ROOM, SECOND), 0);
    say_read(r->s, ROOM, 2);
    assert_int_equal(r->s->model->rooms[0]->first_unread, 3);
    assert_int_equal(r->s->model->rooms[0]->marked, 3);
    assert_int_equal(told(r, ROOM, 0), HEAD);
}

static void test_telling_waits_no_longer_than_that(void **state)
{
    struct reader *r = *state;

    assert_int_equal(told(r, ROOM, 3 * SECOND), HEAD);
    assert_int_equal(told(r, OTHER, SECOND), 0); /* nobody looks there */
}

static void test_telling_is_seldom(void **state)
{
    struct reader *r = *state;

    assert_int_equal(told(r, ROOM, 3 * SECOND), HEAD);
    say_line(r->s, ROOM, HEAD + 1);
    assert_int_equal(told(r, ROOM, SECOND), 0);
    assert_int_equal(told(r, ROOM, 3 * SECOND), HEAD + 1);
}

/* A room that is left is told of at once. */
static void test_telling_when_a_room_is_left(void **state)
{
    struct reader *r = *state;

    say_read(r->s, OTHER, 1);
    chat_go(&r->chat, 1);
    assert_int_equal(told(r, OTHER, 0), HEAD);
    say_line(r->s, OTHER, HEAD + 1);
    settle(r->s);
    chat_go(&r->chat, 0);
    assert_int_equal(told(r, OTHER, 0), HEAD + 1);
    assert_int_equal(told(r, OTHER, 5 * SECOND), 0);
}

static void test_telling_at_the_end(void **state)
{
    struct reader *r = *state;
    struct msg msg;
    uint64_t seq = 0;

    chat_quit(&r->chat, reason_QUIT, str_of(NULL), r->s->now);
    settle(r->s);
    while ((msg = next(r->s)).kind && msg.kind != KIND_BYE)
        if (msg.kind == KIND_READ && msg.read.room == ROOM)
            seq = msg.read.seq;
    assert_int_equal(msg.kind, KIND_BYE);
    assert_int_equal(seq, HEAD);
}

/* Who has scrolled back, or looks elsewhere, has not read what is new. */
static void test_telling_only_what_is_in_sight(void **state)
{
    struct reader *r = *state;

    r->ui.anchor.line = r->s->model->rooms[0]->history.lines[0].id;
    assert_int_equal(told(r, ROOM, 3 * SECOND), 0);
    ui_follow(&r->ui);
    r->s->model->looking = false;
    assert_int_equal(told(r, ROOM, 3 * SECOND), 0);
    r->s->model->looking = true;
    assert_int_equal(told(r, ROOM, 0), HEAD);
}

#define WITH(test)                                                             \
    cmocka_unit_test_setup_teardown(test, open_reader, close_reader)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(test_telling_waits_to_be_told),
        WITH(test_telling_waits_no_longer_than_that),
        WITH(test_telling_is_seldom),
        WITH(test_telling_when_a_room_is_left),
        WITH(test_telling_at_the_end),
        WITH(test_telling_only_what_is_in_sight),
    };

    return RUN(tests);
}
