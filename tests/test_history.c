/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include "shared/rng.h"
#include "tests/scene.h"
#include "tui/history.h"

enum { ME = 1, OTHER = 2, DEVICE = 101 };

static struct line *put(struct history *h, uint64_t seq)
{
    struct msg_event ev =
        scene_event(seq, event_MESSAGE, OTHER, "ana", "hello");

    return history_event(h, &ev, ME);
}

/* An own message, as it comes back from the server. */
static struct line *put_own(struct history *h, uint64_t seq, uint64_t cseq)
{
    struct msg_event ev = scene_event(seq, event_MESSAGE, ME, "me", "mine");

    ev.device = DEVICE;
    ev.cseq = cseq;
    return history_event(h, &ev, ME);
}

static struct line *queue(struct history *h, uint64_t cseq)
{
    return scene_queue(h, cseq, S("mine"));
}

/* The seqs in the order shown, 0 for lines without one, as "1 2 0". */
static const char *order(const struct history *h)
{
    static char text[1024];
    size_t len = 0;

    text[0] = '\0';
    for (size_t i = 0; i < h->n && len < sizeof text - 32; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%ju",
                                i ? " " : "", (uintmax_t)h->lines[i].seq);
    return text;
}

static void test_history_orders_by_seq(void **state)
{
    (void)state;
    struct history h;
    history_init(&h, 100);

    for (uint64_t seq = 5; seq > 0; seq--)
        assert_non_null(put(&h, seq));

    assert_string_equal(order(&h), "1 2 3 4 5");
    assert_int_equal(h.first, 1);
    assert_int_equal(h.last, 5);
    history_fini(&h);
}

static void test_history_drops_what_it_has(void **state)
{
    (void)state;
    struct history h;
    history_init(&h, 100);
    put(&h, 1);
    put(&h, 2);

    assert_null(put(&h, 1));
    assert_null(put(&h, 2));
    assert_null(put(&h, 0));

    assert_string_equal(order(&h), "1 2");
    history_fini(&h);
}

static void test_history_shows_and_fills_gaps(void **state)
{
    (void)state;
    struct history h;
    uint64_t after, before;
    history_init(&h, 100);

    put(&h, 1);
    put(&h, 5);
    put(&h, 9);

    assert_int_equal(h.last, 1);
    assert_true(history_gap(&h, &after, &before));
    assert_int_equal(after, 1);
    assert_int_equal(before, 5);
    assert_int_equal(history_missing(&h, 0), 0);
    assert_int_equal(history_missing(&h, 1), 3);
    assert_int_equal(history_missing(&h, 2), 3);

    for (uint64_t seq = 2; seq < 9; seq++)
        put(&h, seq);

    assert_false(history_gap(&h, &after, &before));
    assert_int_equal(h.last, 9);
    history_fini(&h);
}

static void test_history_misses_what_the_head_tells_of(void **state)
{
    (void)state;
    struct history h;
    uint64_t after, before;
    history_init(&h, 100);
    put(&h, 3);

    h.head = 7;

    assert_true(history_gap(&h, &after, &before));
    assert_int_equal(after, 3);
    assert_int_equal(before, 8);
    assert_int_equal(history_missing(&h, h.n), 4);
    history_fini(&h);
}

static void test_history_gives_up_on_a_gap(void **state)
{
    (void)state;
    struct history h;
    uint64_t after, before;
    history_init(&h, 100);
    put(&h, 1);
    put(&h, 5);
    put(&h, 6);
    put(&h, 9);

    history_give_up(&h);

    assert_int_equal(h.last, 6);
    assert_true(history_gap(&h, &after, &before));
    assert_int_equal(after, 6);
    assert_int_equal(history_missing(&h, 1), 3);
    history_give_up(&h);
    assert_false(history_gap(&h, &after, &before));
    assert_non_null(put(&h, 10));
    assert_int_equal(h.last, 10);
    history_fini(&h);
}

static void test_history_keeps_unsent_lines_last(void **state)
{
    (void)state;
    struct history h;
    history_init(&h, 100);
    put(&h, 1);
    queue(&h, 1);
    queue(&h, 2);

    put(&h, 2);
    put(&h, 3);

    assert_string_equal(order(&h), "1 2 3 0 0");
    assert_int_equal(history_own(&h, DEVICE, 2)->state, LINE_QUEUED);
    history_fini(&h);
}

static void test_history_notices_are_never_overtaken(void **state)
{
    (void)state;
    struct history h;
    history_init(&h, 100);
    put(&h, 1);
    queue(&h, 1);
    history_notice(&h, S("connected again"), SCENE_START);
    queue(&h, 2);

    put(&h, 2); /* said after the notice */
    put_own(&h, 3, 1);
    put_own(&h, 4, 2);

    assert_string_equal(order(&h), "1 0 2 3 4");
    assert_int_equal(h.lines[1].kind, LINE_NOTICE);
    history_fini(&h);
}

static void test_history_own_line_becomes_the_event(void **state)
{
    (void)state;
    struct history h;
    history_init(&h, 100);
    put(&h, 1);
    uint64_t id = queue(&h, 1)->id;
    queue(&h, 2);

    struct line *line = put_own(&h, 2, 1);

    assert_non_null(line);
    assert_int_equal(line->id, id);
    assert_int_equal(line->state, LINE_STORED);
    assert_true(line->own);
    assert_string_equal(order(&h), "1 2 0");
    assert_null(history_own(&h, DEVICE, 1));
    assert_non_null(history_own(&h, DEVICE, 2));
    history_fini(&h);
}

static void test_history_says_a_line_once_over_epochs(void **state)
{
    (void)state;
    struct history h;
    history_init(&h, 100);
    put_own(&h, 1, 1);
    queue(&h, 2);

    history_reset(&h);

    assert_int_equal(h.first, 0);
    assert_int_equal(h.n, 2);
    /* The new server has stored both under other numbers. */
    assert_null(put_own(&h, 1, 1));
    assert_non_null(put_own(&h, 2, 2));
    assert_string_equal(order(&h), "1 2");
    history_fini(&h);
}

/* What came of it and what it answers was of the old history. */
static void test_history_leaves_the_old_numbers_behind(void **state)
{
    (void)state;
    struct msg_event ev = scene_event(6, event_MESSAGE, OTHER, "ana", "so");
    struct history h;
    history_init(&h, 100);
    ev.ref = 5;
    ev.by = S("bob");
    ev.reacts = S("ok");
    history_event(&h, &ev, ME);
    assert_int_equal(h.lines[0].ref, 5);

    history_reset(&h);
    assert_int_equal(h.lines[0].ref, 0);
    ev.seq = 1;
    ev.ref = 0;
    assert_null(history_event(&h, &ev, ME)); /* the same line once more */
    assert_int_equal(h.n, 1);
    assert_int_equal(h.lines[0].seq, 1);
    assert_int_equal(h.bytes, history_cost(&h.lines[0]));
    history_fini(&h);
}

/* Device ids are known to all: saying another's takes nobody's line. */
static void test_history_knows_whose_line_it_is(void **state)
{
    (void)state;
    struct msg_event ev = scene_event(1, event_MESSAGE, OTHER, "eve", "not me");
    struct history h;
    history_init(&h, 100);
    ev.device = DEVICE;
    queue(&h, 1);
    assert_non_null(history_event(&h, &ev, ME));
    assert_int_equal(h.n, 2);
    assert_non_null(history_own(&h, DEVICE, 1));
    assert_non_null(put_own(&h, 2, 1));
    assert_string_equal(order(&h), "1 2");

    history_reset(&h);
    ev.nick = S("mallory");
    assert_non_null(history_event(&h, &ev, ME));
    assert_int_equal(h.n, 3);
    history_fini(&h);
}

static void test_history_failed_line_stays_where_it_was(void **state)
{
    (void)state;
    struct history h;
    history_init(&h, 100);
    put(&h, 1);
    struct line *line = queue(&h, 1);

    history_mark(&h, line, LINE_FAILED);
    put(&h, 2);

    assert_string_equal(order(&h), "1 0 2");
    history_fini(&h);
}

static void test_history_notices_stand_between(void **state)
{
    (void)state;
    struct history h;
    history_init(&h, 100);
    put(&h, 1);
    history_notice(&h, S("connection lost"), SCENE_START + 1500);
    put(&h, 4);

    put(&h, 2); /* was said after the notice */

    assert_string_equal(order(&h), "1 0 2 4");
    history_fini(&h);
}

static void test_history_is_bounded(void **state)
{
    (void)state;
    struct history h;
    history_init(&h, 32);

    for (uint64_t seq = 1; seq <= 1000; seq++) {
        put(&h, seq);
        assert_true(h.n <= 32);
    }

    assert_int_equal(h.last, 1000);
    assert_int_equal(h.first, h.lines[0].seq);
    assert_false(h.start);
    /* Nothing older is taken in when there is no room. */
    while (!history_is_full(&h))
        assert_non_null(put(&h, h.first - 1));
    assert_null(put(&h, h.first - 1));
    history_fini(&h);
}

static void test_history_is_bounded_in_bytes(void **state)
{
    (void)state;

    enum { BIG = 60000 };

    struct history h;
    char *big = malloc(BIG + 1);
    history_init(&h, 5000);
    memset(big, 'x', BIG);
    big[BIG] = '\0';

    for (uint64_t seq = 1; seq <= 200; seq++) {
        struct msg_event ev =
            scene_event(seq, event_MESSAGE, OTHER, "ana", big);
        history_event(&h, &ev, ME);
        assert_true(h.bytes <= HISTORY_BYTES);
    }

    assert_int_equal(h.last, 200);
    free(big);
    history_fini(&h);
}

static void put_all(struct history *h, uint64_t from, uint64_t to)
{
    for (uint64_t seq = from; seq <= to; seq++)
        put(h, seq);
}

static void test_history_leaps_and_lands(void **state)
{
    (void)state;
    struct history h;
    uint64_t after, before;
    history_init(&h, 100);
    put_all(&h, 91, 100);

    history_leap(&h);
    assert_false(history_leap_gap(&h, &after, &before));
    put_all(&h, 11, 20);
    assert_true(history_leap_gap(&h, &after, &before));
    assert_int_equal(after, 20);
    assert_int_equal(before, 91);
    assert_int_equal(history_oldest(&h), 11);
    assert_int_equal(h.first, 91);
    assert_int_equal(h.last, 100); /* what is live is not touched */
    assert_false(history_gap(&h, &after, &before));
    put(&h, 102); /* nor is its gap */
    assert_true(history_gap(&h, &after, &before));
    assert_int_equal(after, 100);
    put_all(&h, 6, 10); /* as a page of older ones comes */
    assert_int_equal(h.far_first, 6);
    assert_int_equal(h.far_last, 20);
    put_all(&h, 21, 30);
    assert_int_equal(h.far_last, 30);

    history_leap(&h); /* somewhere else */
    assert_int_equal(history_oldest(&h), 91);
    put_all(&h, 41, 50);
    assert_int_equal(h.far_first, 41);
    history_land(&h);
    assert_string_equal(order(&h), "91 92 93 94 95 96 97 98 99 100 102");
    assert_false(h.leapt);
    history_fini(&h);
}

static void test_history_joins_its_parts(void **state)
{
    (void)state;
    struct history h;
    history_init(&h, 100);
    put_all(&h, 91, 100);

    history_leap(&h);
    put_all(&h, 11, 20);
    put_all(&h, 21, 90);
    assert_false(h.leapt);
    assert_int_equal(h.first, 11);
    assert_int_equal(h.last, 100);
    history_leap(&h);
    put_all(&h, 1, 5);
    history_join(&h); /* 6 to 10 are at the server no more */
    assert_false(h.leapt);
    assert_int_equal(h.first, 1);
    assert_int_equal(h.last, 100);
    history_fini(&h);
}

/* A leap makes room; then the bigger part gives way first. */
static void test_history_leaps_when_it_is_full(void **state)
{
    (void)state;
    struct history h;
    history_init(&h, 100);
    put_all(&h, 901, 1000);
    assert_true(history_is_full(&h));

    history_leap(&h);
    assert_int_equal(h.first, 951);
    put_all(&h, 11, 40);
    assert_int_equal(h.far_first, 11);
    put_all(&h, 1001, 1100);
    assert_int_equal(h.far_first, 11);
    assert_int_equal(h.far_last, 40);
    assert_int_equal(h.last, 1100);
    assert_true(h.n <= 100);
    put_all(&h, 41, 200); /* reading on: what was read goes */
    assert_int_equal(h.far_last, 200);
    assert_int_equal(h.last, 1100);
    assert_true(h.far_first > 100);
    while (!history_is_full(&h))
        put(&h, h.last + 1);
    assert_null(put(&h, 5)); /* there is no room before it */
    history_fini(&h);
}

static void test_history_clear_keeps_its_place(void **state)
{
    (void)state;
    struct history h;
    history_init(&h, 100);
    for (uint64_t seq = 1; seq <= 9; seq++)
        put(&h, seq);
    history_notice(&h, S("a notice"), SCENE_START);
    queue(&h, 1);

    history_clear(&h);

    assert_string_equal(order(&h), "9 0");
    assert_int_equal(h.last, 9);
    assert_non_null(put(&h, 10));
    history_fini(&h);
}

static void test_history_searches_folded(void **state)
{
    (void)state;
    struct history h;
    history_init(&h, 100);
    history_notice(&h, S("Straße nach Osten"), 1);
    history_notice(&h, S("我看一下日志"), 2);
    history_notice(&h, S("STRASSE again"), 3);

    assert_int_equal(history_search(&h, S("strasse"), h.n), 2);
    assert_int_equal(history_search(&h, S("strasse"), 2), 0);
    assert_int_equal(history_search(&h, S("日志"), h.n), 1);
    assert_true(history_search(&h, S("nothing"), h.n) == SIZE_MAX);
    assert_true(history_search(&h, S(""), h.n) == SIZE_MAX);
    history_fini(&h);
}

/* Any order, doubles and resets: what must always hold. */
static void check(const struct history *h)
{
    uint64_t before = 0;
    size_t loose = 0;

    for (size_t i = 0; i < h->n; i++) {
        const struct line *line = &h->lines[i];
        loose += line->kind == LINE_EVENT && line->seq == 0;
        if (line->seq == 0)
            continue;
        assert_true(line->seq > before);
        before = line->seq;
    }
    assert_int_equal(loose, h->loose);
    assert_true(h->n <= h->max);
    assert_true(h->first <= h->last);
    assert_true(h->far_first <= h->far_last);
    assert_true(!h->far_last || (h->leapt && h->far_last < h->first));
    if (h->far_first)
        assert_true(history_find(h, h->far_first) != SIZE_MAX);
    if (h->first)
        assert_true(history_find(h, h->first) != SIZE_MAX);
}

static void shake(struct history *h, struct rng *rng, uint64_t *cseq)
{
    uint64_t next = h->head + 1;

    switch (rng_below(rng, 16)) {
    case 0: history_notice(h, S("n"), rng_next(rng) % 99999); break;
    case 1:
        if (h->n < 40)
            queue(h, ++*cseq);
        break;
    case 2: put_own(h, next, rng_below(rng, *cseq + 1)); break;
    case 3: history_give_up(h); break;
    case 5:
        if (rng_below(rng, 8) == 0)
            history_leap(h);
        break;
    case 6:
        if (rng_below(rng, 8) == 0)
            history_land(h);
        else if (rng_below(rng, 8) == 0 && h->far_last)
            history_join(h);
        break;
    case 4:
        if (rng_below(rng, 50) == 0)
            history_reset(h);
        break;
    default: put(h, 1 + rng_below(rng, next + 4)); break;
    }
}

static void test_history_survives_any_order(void **state)
{
    (void)state;
    uint64_t seed = test_seed(1);
    struct rng rng = { seed };
    struct history h;
    uint64_t cseq = 0;
    history_init(&h, 64);
    print_message("SEED=%ju\n", (uintmax_t)seed);

    for (int i = 0; i < 20000; i++) {
        shake(&h, &rng, &cseq);
        check(&h);
    }
    history_fini(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_history_orders_by_seq),
        cmocka_unit_test(test_history_drops_what_it_has),
        cmocka_unit_test(test_history_shows_and_fills_gaps),
        cmocka_unit_test(test_history_misses_what_the_head_tells_of),
        cmocka_unit_test(test_history_gives_up_on_a_gap),
        cmocka_unit_test(test_history_keeps_unsent_lines_last),
        cmocka_unit_test(test_history_notices_are_never_overtaken),
        cmocka_unit_test(test_history_own_line_becomes_the_event),
        cmocka_unit_test(test_history_says_a_line_once_over_epochs),
        cmocka_unit_test(test_history_leaves_the_old_numbers_behind),
        cmocka_unit_test(test_history_knows_whose_line_it_is),
        cmocka_unit_test(test_history_failed_line_stays_where_it_was),
        cmocka_unit_test(test_history_notices_stand_between),
        cmocka_unit_test(test_history_is_bounded),
        cmocka_unit_test(test_history_is_bounded_in_bytes),
        cmocka_unit_test(test_history_leaps_and_lands),
        cmocka_unit_test(test_history_joins_its_parts),
        cmocka_unit_test(test_history_leaps_when_it_is_full),
        cmocka_unit_test(test_history_clear_keeps_its_place),
        cmocka_unit_test(test_history_searches_folded),
        cmocka_unit_test(test_history_survives_any_order),
    };

    return RUN(tests);
}
