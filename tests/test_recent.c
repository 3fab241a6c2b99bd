/* SPDX-License-Identifier: MIT
 *
 * Events at hand: rings of rooms below two bounds, what is stored besides, and
 * pages that were read.
 */
#include "tests/test.h"

#include "server/event.h"
#include "server/recent.h"
#include "shared/rng.h"
#include "shared/wire.h"

static const uint64_t SECRET[2] = { 1, 2 };

static struct event *line(uint64_t room, uint64_t seq)
{
    struct msg_event body = {
        .room = room, .seq = seq, .kind = event_MESSAGE, .text = S("hello")
    };

    return event_new(&body);
}

static void add(struct recent *recent, uint64_t room, uint64_t from,
                uint64_t upto)
{
    for (uint64_t seq = from; seq <= upto; seq++) {
        struct event *event = line(room, seq);

        recent_append(recent, event);
        event_unref(event);
    }
}

/* Fill with a page that was read. */
static void fill(struct recent *recent, uint64_t room, uint64_t from,
                 uint64_t upto)
{
    struct event *events[1000] = { NULL };
    size_t n = 0;

    for (uint64_t seq = from; seq <= upto; seq++)
        events[n++] = line(room, seq);
    recent_fill(recent, events, n);
    for (size_t i = 0; i < n; i++)
        event_unref(events[i]);
}

/* Exactly from..last are at hand. */
static void check(const struct recent *recent, uint64_t room, uint64_t from)
{
    const struct recent_log *log = recent_log(recent, room);

    for (uint64_t seq = 0; seq <= log->last + 2; seq++) {
        const struct event *event = recent_at(recent, room, seq);

        if ((event != NULL) != (seq >= from && seq <= log->last))
            fail_msg("%d of %d..%d", (int)seq, (int)from, (int)log->last);
        if (event)
            assert_int_equal(event->seq, seq);
    }
}

static void test_recent_keeps_the_last_of_a_room(void **state)
{
    struct recent recent;

    (void)state;
    recent_init(&recent, SECRET);
    recent.most = 10;
    assert_null(recent_log(&recent, 1));
    add(&recent, 1, 1, 5);
    check(&recent, 1, 1);
    add(&recent, 1, 6, 40);
    check(&recent, 1, 31);
    assert_int_equal(recent_log(&recent, 1)->first, 1);
    assert_int_equal(recent_log(&recent, 1)->last, 40);
    recent.most = 3;
    add(&recent, 1, 41, 41);
    check(&recent, 1, 39);
    recent_fini(&recent);
}

static void test_recent_takes_from_the_longest_silent_room(void **state)
{
    struct recent recent;

    (void)state;
    recent_init(&recent, SECRET);
    add(&recent, 1, 1, 10);
    add(&recent, 2, 1, 10);
    add(&recent, 1, 11, 11);
    recent.most_all = recent.bytes;
    add(&recent, 1, 12, 12);
    check(&recent, 1, 1);
    check(&recent, 2, 11); /* none, but they are stored */
    assert_int_equal(recent_log(&recent, 2)->last, 10);
    assert_true(recent.bytes <= recent.most_all);
    add(&recent, 2, 11, 11);
    check(&recent, 2, 11);
    recent.most_all = 1;
    add(&recent, 2, 12, 12); /* the newest one stays, whatever it takes */
    check(&recent, 2, 12);
    check(&recent, 1, 13);
    recent_fini(&recent);
}

static void test_recent_fills_backward(void **state)
{
    struct recent recent;

    (void)state;
    recent_init(&recent, SECRET);
    recent_note(&recent, 1, 5, 900);
    assert_null(recent_at(&recent, 1, 900));
    fill(&recent, 1, 600, 700); /* not what comes next */
    check(&recent, 1, 901);
    fill(&recent, 1, 880, 900);
    check(&recent, 1, 880);
    fill(&recent, 1, 870, 885); /* some of it is there */
    check(&recent, 1, 870);
    add(&recent, 1, 901, 903);
    check(&recent, 1, 870);
    fill(&recent, 1, 100, 869); /* only so many */
    check(&recent, 1, 903 - 255);
    fill(&recent, 7, 1, 3); /* nothing is known of that room */
    assert_null(recent_log(&recent, 7));
    recent_fini(&recent);
}

static void test_recent_trims(void **state)
{
    struct recent recent;

    (void)state;
    recent_init(&recent, SECRET);
    recent_note(&recent, 1, 1, 0);
    recent_trim(&recent, 1, 0);
    add(&recent, 1, 1, 20);
    recent_trim(&recent, 1, 4);
    check(&recent, 1, 5);
    assert_int_equal(recent_log(&recent, 1)->first, 5);
    recent_trim(&recent, 1, 2);
    assert_int_equal(recent_log(&recent, 1)->first, 5);
    fill(&recent, 1, 1, 4); /* was on its way: it is no more */
    check(&recent, 1, 5);
    recent_trim(&recent, 1, 19);
    check(&recent, 1, 20);
    recent_drop(&recent, 1);
    assert_null(recent_log(&recent, 1));
    assert_int_equal(recent.bytes, 0);
    recent_trim(&recent, 1, 30);
    recent_fini(&recent);
}

/* Anything in any order: bounds hold, and what is there is right. */
static void test_recent_keeps_its_bounds(void **state)
{
    struct rng rng = { test_seed(4) };
    uint64_t heads[6] = { 0 };
    struct recent recent;

    (void)state;
    recent_init(&recent, SECRET);
    recent.most = 30;
    recent.most_all = 12000;
    for (int i = 0; i < 20000; i++) {
        uint64_t room = 1 + rng_below(&rng, 5), *head = &heads[room];
        const struct recent_log *log;

        if (rng_below(&rng, 10) < 8) {
            add(&recent, room, *head + 1, *head + 1);
            ++*head;
        } else if (*head > 1 && rng_below(&rng, 2)) {
            recent_trim(&recent, room, rng_below(&rng, *head));
        } else if (*head > 40) {
            fill(&recent, room, *head - 40, *head - rng_below(&rng, 10));
        }
        log = recent_log(&recent, room);
        assert_true(!log || (log->n <= 30 && log->last == *head));
        assert_true(recent.bytes <= 12000);
        if (log && log->n && i % 50 == 0)
            check(&recent, room, log->last - log->n + 1);
    }
    recent_fini(&recent);
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_recent_keeps_the_last_of_a_room),
    cmocka_unit_test(test_recent_takes_from_the_longest_silent_room),
    cmocka_unit_test(test_recent_fills_backward),
    cmocka_unit_test(test_recent_trims),
    cmocka_unit_test(test_recent_keeps_its_bounds),
};

int main(void)
{
    return RUN(TESTS);
}
