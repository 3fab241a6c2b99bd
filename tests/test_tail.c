/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include <stdbool.h>

#include "shared/now.h"
#include "shared/wire.h"
#include "tui/tail.h"

enum { ROOM = 4 };

static void sync_room(struct tail *t, uint64_t head, uint64_t first,
                      uint64_t from)
{
    struct msg msg = { .kind = KIND_SYNC_ROOM };

    msg.sync_room.room = ROOM;
    msg.sync_room.kind = room_PUBLIC;
    msg.sync_room.name = S("#Room");
    msg.sync_room.head = head;
    msg.sync_room.first = first;
    msg.sync_room.from = from;
    tail_apply(t, &msg);
}

static void event_of(struct tail *t, uint64_t room, uint64_t seq, unsigned kind)
{
    struct msg msg = { .kind = KIND_EVENT };
    char text[32];

    snprintf(text, sizeof text, "m%u", (unsigned)seq);
    msg.event.room = room;
    msg.event.seq = seq;
    msg.event.kind = kind;
    msg.event.nick = S("bob");
    msg.event.text = str_of(text);
    tail_apply(t, &msg);
}

static void event(struct tail *t, uint64_t seq)
{
    event_of(t, ROOM, seq, event_MESSAGE);
}

static void page(struct tail *t, uint64_t first, uint64_t last, bool before)
{
    struct msg msg = { .kind = KIND_HIST_PAGE };

    msg.hist_page.room = ROOM;
    msg.hist_page.first = first;
    msg.hist_page.last = last;
    msg.hist_page.before = before;
    tail_apply(t, &msg);
}

/* What was printed, as the texts of the messages: "m1 m2 ". */
static void check(struct tail *t, const char *wanted)
{
    struct str out = tail_output(t);
    char got[8192] = "";

    for (size_t i = 0; i < out.len;) {
        size_t end = i;
        const char *text;

        while (out.ptr[end] != '\n')
            end++;
        text = memchr(out.ptr + i, '>', end - i);
        assert_non_null(text);
        strncat(got, text + 2, (size_t)(out.ptr + end - text - 2));
        strcat(got, " ");
        i = end + 1;
    }
    assert_string_equal(got, wanted);
    tail_taken(t, out.len);
}

static void test_tail_begins_at_the_head(void **state)
{
    struct tail *t = tail_new("#room", false, 0);
    uint64_t room, seq;

    (void)state;
    assert_false(tail_cursor(t, &room, &seq));
    sync_room(t, 7, 1, 0);
    event(t, 7); /* late, before us */
    event(t, 8);
    event(t, 9);

    check(t, "m8 m9 ");
    assert_true(tail_cursor(t, &room, &seq));
    assert_int_equal(seq, 9);
    tail_free(t);
}

static void test_tail_takes_each_event_once_in_order(void **state)
{
    struct tail *t = tail_new("#room", false, 0);
    struct msg hist;

    (void)state;
    sync_room(t, 0, 0, 0);
    event(t, 1);
    event(t, 1);
    event(t, 3);
    check(t, "m1 ");
    assert_true(tail_want(t, &hist));
    assert_int_equal(hist.hist.mode, hist_AFTER);
    assert_int_equal(hist.hist.seq, 1);
    event(t, 4); /* live, between the pages */
    event(t, 2);
    event(t, 3);
    page(t, 2, 3, true);
    check(t, "m2 m3 ");
    assert_true(tail_want(t, &hist)); /* for what came too early */
    assert_int_equal(hist.hist.seq, 3);
    event(t, 4);
    page(t, 4, 4, true);

    check(t, "m4 ");
    assert_false(tail_want(t, &hist));
    tail_free(t);
}

static void test_tail_prints_messages_of_its_room_only(void **state)
{
    struct tail *t = tail_new("#room", false, 0);

    (void)state;
    sync_room(t, 0, 0, 0);
    event_of(t, ROOM, 1, event_JOIN);
    event_of(t, ROOM, 2, event_MESSAGE);
    event_of(t, ROOM + 1, 3, event_MESSAGE);
    event_of(t, ROOM, 3, event_TOPIC);
    event_of(t, ROOM, 4, event_MESSAGE);

    check(t, "m2 m4 ");
    tail_free(t);
}

/* Joins and topics among them do not count. */
static void test_tail_finds_the_last_messages(void **state)
{
    struct tail *t = tail_new("#room", false, 3);
    struct msg hist;

    (void)state;
    sync_room(t, 10, 1, 0);
    assert_true(tail_want(t, &hist));
    assert_int_equal(hist.hist.mode, hist_BEFORE);
    assert_int_equal(hist.hist.seq, 11);
    event_of(t, ROOM, 7, event_JOIN);
    event(t, 8);
    event_of(t, ROOM, 9, event_JOIN);
    event_of(t, ROOM, 10, event_PART);
    event(t, 11); /* live, not of the page */
    page(t, 7, 10, true);
    assert_true(tail_want(t, &hist));
    assert_int_equal(hist.hist.seq, 7);
    for (uint64_t seq = 2; seq < 7; seq++)
        event(t, seq);
    page(t, 2, 6, true);
    assert_true(tail_want(t, &hist));
    assert_int_equal(hist.hist.mode, hist_AFTER);
    assert_int_equal(hist.hist.seq, 4);
    check(t, "");
    for (uint64_t seq = 5; seq < 12; seq++)
        event_of(t, ROOM, seq,
                 seq == 7 || seq == 9 || seq == 10 ? event_JOIN
                                                   : event_MESSAGE);

    check(t, "m5 m6 m8 m11 ");
    tail_free(t);
}

static void test_tail_begins_with_all_there_is_when_that_is_less(void **state)
{
    struct tail *t = tail_new("#room", false, 100);
    struct msg hist;

    (void)state;
    sync_room(t, 200, 150, 0); /* those before 150 are kept no longer */
    assert_true(tail_want(t, &hist));
    for (uint64_t seq = 150; seq <= 200; seq++)
        event(t, seq);
    page(t, 150, 200, false);

    assert_true(tail_want(t, &hist));
    assert_int_equal(hist.hist.mode, hist_AFTER);
    assert_int_equal(hist.hist.seq, 149);
    tail_free(t);
}

static void test_tail_goes_on_after_a_lost_link(void **state)
{
    struct tail *t = tail_new("#room", false, 0);
    struct msg hist;

    (void)state;
    sync_room(t, 2, 1, 0);
    event(t, 3);
    tail_lost(t);
    sync_room(t, 6, 1, 4); /* the server sends 4 to 6 by itself */
    assert_false(tail_want(t, &hist));
    event(t, 4);
    tail_lost(t); /* but not all came */
    assert_true(tail_want(t, &hist));
    assert_int_equal(hist.hist.seq, 4);
    sync_room(t, 900, 1, 0); /* too much to be sent by itself */
    assert_true(tail_want(t, &hist));

    check(t, "m3 m4 ");
    tail_free(t);
}

static void test_tail_jumps_over_what_is_kept_no_longer(void **state)
{
    struct tail *t = tail_new("#room", false, 0);
    struct msg hist;

    (void)state;
    sync_room(t, 2, 1, 0);
    event(t, 50);
    assert_true(tail_want(t, &hist));
    for (uint64_t seq = 40; seq <= 50; seq++)
        event(t, seq);
    page(t, 40, 50, false);
    assert_true(tail_want(t, &hist));
    assert_int_equal(hist.hist.seq, 39);
    page(t, 0, 0, false); /* and even that is gone */

    assert_false(tail_want(t, &hist));
    tail_free(t);
}

static void test_tail_prints_all_of_a_new_history(void **state)
{
    struct tail *t = tail_new("#room", false, 0);

    (void)state;
    sync_room(t, 5, 1, 0);
    event(t, 6);
    tail_epoch(t);
    sync_room(t, 2, 1, 1);
    event(t, 1);
    event(t, 2);

    check(t, "m6 m1 m2 ");
    tail_free(t);
}

/* A line whose answer was lost with the old history is told again. */
static void test_tail_prints_no_line_of_a_new_history_twice(void **state)
{
    struct tail *t = tail_new("#room", false, 0);
    struct msg msg = { .kind = KIND_EVENT };

    (void)state;
    msg.event = (struct msg_event){ .room = ROOM,
                                    .seq = 6,
                                    .kind = event_MESSAGE,
                                    .nick = S("bob"),
                                    .text = S("m6"),
                                    .device = 77,
                                    .cseq = 4 };
    sync_room(t, 5, 1, 0);
    tail_apply(t, &msg);
    tail_epoch(t);
    sync_room(t, 0, 0, 0);
    msg.event.seq = 1;
    tail_apply(t, &msg);
    msg.event.seq = 2;
    msg.event.cseq = 5;
    msg.event.text = S("m2");
    tail_apply(t, &msg);

    check(t, "m6 m2 ");
    tail_free(t);
}

/* Device ids are known to all: saying another's silences nobody. */
static void test_tail_lets_nobody_silence_another(void **state)
{
    struct tail *t = tail_new("#room", false, 0);
    struct msg bob = { .kind = KIND_EVENT }, eve = { .kind = KIND_EVENT };

    (void)state;
    bob.event = (struct msg_event){ .room = ROOM,
                                    .kind = event_MESSAGE,
                                    .nick = S("bob"),
                                    .text = S("bob"),
                                    .device = 77 };
    eve.event = bob.event;
    eve.event.nick = eve.event.text = S("eve");
    eve.event.cseq = 1000;
    sync_room(t, 0, 0, 0);
    eve.event.seq = 1;
    tail_apply(t, &eve);
    for (uint64_t cseq = 4; cseq <= 5; cseq++) {
        bob.event.cseq = cseq;
        bob.event.seq = cseq - 2;
        tail_apply(t, &bob);
    }
    check(t, "eve bob bob ");

    eve.event.seq = 4; /* the last word of the old history */
    eve.event.cseq = 1001;
    tail_apply(t, &eve);
    tail_epoch(t);
    sync_room(t, 0, 0, 0);
    bob.event.seq = 1;
    bob.event.cseq = 6;
    tail_apply(t, &bob);
    check(t, "eve bob ");
    tail_free(t);
}

static void test_tail_stops_when_nobody_reads(void **state)
{
    struct tail *t = tail_new("#room", false, 0);
    struct msg hist;
    uint64_t seq;

    (void)state;
    sync_room(t, 0, 0, 0);
    for (seq = 1; seq <= 100000; seq++)
        event(t, seq);
    assert_in_range(tail_output(t).len, 1000000, 1200000);
    assert_false(tail_want(t, &hist));
    tail_taken(t, tail_output(t).len);

    assert_true(tail_want(t, &hist));
    assert_true(hist.hist.seq < 100000);
    tail_free(t);
}

#define TEST(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_tail_begins_at_the_head),
        TEST(test_tail_takes_each_event_once_in_order),
        TEST(test_tail_prints_messages_of_its_room_only),
        TEST(test_tail_finds_the_last_messages),
        TEST(test_tail_begins_with_all_there_is_when_that_is_less),
        TEST(test_tail_goes_on_after_a_lost_link),
        TEST(test_tail_jumps_over_what_is_kept_no_longer),
        TEST(test_tail_prints_all_of_a_new_history),
        TEST(test_tail_prints_no_line_of_a_new_history_twice),
        TEST(test_tail_lets_nobody_silence_another),
        TEST(test_tail_stops_when_nobody_reads),
    };

    return RUN(tests);
}
