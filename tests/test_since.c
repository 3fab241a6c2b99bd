/* SPDX-License-Identifier: MIT
 *
 * Pages of a room by time: around the first event that is not before it.
 */
#include "tests/server.h"

enum { LINES = 300, EACH_MS = 1000 };

struct diary {
    struct rig *rig;
    struct peer *ann;
    uint64_t room;
    uint64_t at[LINES + 1]; /* times of events, by seq */
};

static int open_log(void **state)
{
    struct diary *t = calloc(1, sizeof *t);
    struct limits limits = rig_limits();

    limits.value[LIMIT_ROOM_EVENTS] = 16; /* the rest is read */
    t->rig = rig_new_durable(&limits);
    t->ann = enter(t->rig, "ann");
    t->room = join(t->ann, "#a");
    t->at[1] = 0;
    for (unsigned seq = 2; seq <= LINES; seq++) {
        if (seq % 10) /* every tenth has the time of the one before */
            pass(t->rig, EACH_MS);
        say_text(t->ann, t->room, "line");
        settle(t->rig);
        t->at[seq] = must(t->ann, KIND_SEND_ACK).send_ack.ts;
    }
    forget(t->ann);
    *state = t;
    return 0;
}

static int close_log(void **state)
{
    struct diary *t = *state;

    rig_free(t->rig);
    free(t);
    return 0;
}

static struct msg_hist_page page(struct diary *t, uint64_t ts, uint64_t limit)
{
    struct msg msg = { .kind = KIND_HIST };
    uint64_t seq = 0;

    forget(t->ann);
    msg.hist.room = t->room;
    msg.hist.mode = hist_SINCE;
    msg.hist.ts = ts;
    msg.hist.limit = limit;
    say(t->ann, &msg);
    settle(t->rig);
    while (take(t->ann, KIND_EVENT, &msg)) {
        assert_true(seq == 0 || msg.event.seq == seq + 1);
        seq = msg.event.seq;
    }
    msg = must(t->ann, KIND_HIST_PAGE);
    assert_int_equal(msg.hist_page.last, seq);
    return msg.hist_page;
}

static void test_since_is_around_a_time(void **state)
{
    struct diary *t = *state;

    for (unsigned seq = 3; seq <= LINES; seq++) {
        uint64_t first = seq % 10 ? seq : seq - 1; /* of that time */
        struct msg_hist_page got = page(t, t->at[seq], 10);

        assert_int_equal(got.first, first > 6 ? first - 5 : 1);
        got = page(t, t->at[seq] - 1, 1);
        assert_int_equal(got.first, first);
    }
}

static void test_since_at_both_ends(void **state)
{
    struct diary *t = *state;
    struct msg_hist_page got = page(t, 0, 10);

    assert_int_equal(got.first, 1);
    assert_int_equal(got.last, 10);
    assert_int_equal(got.before, 0);
    assert_int_equal(got.after, 1);
    got = page(t, t->at[LINES] + 1, 10);
    assert_int_equal(got.first, LINES - 4);
    assert_int_equal(got.last, LINES);
    assert_int_equal(got.after, 0);
    got = page(t, UINT64_MAX, 10);
    assert_int_equal(got.last, LINES);
}

static void test_since_after_a_restart(void **state)
{
    struct diary *t = *state;

    rig_restart(t->rig);
    t->ann = enter(t->rig, "ann2");
    join(t->ann, "#a");
    assert_int_equal(page(t, t->at[105], 10).first, 100);
}

static void test_since_is_for_members(void **state)
{
    struct diary *t = *state;
    struct peer *bob = enter(t->rig, "bob");
    struct msg msg = { .kind = KIND_HIST };

    msg.hist.room = t->room;
    msg.hist.mode = hist_SINCE;
    say(bob, &msg);
    settle(t->rig);
    assert_int_equal(must(bob, KIND_ERROR).error.code, ERROR_NOT_MEMBER);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, open_log, close_log)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(test_since_is_around_a_time),
        WITH(test_since_at_both_ends),
        WITH(test_since_after_a_restart),
        WITH(test_since_is_for_members),
    };

    return RUN(tests);
}
