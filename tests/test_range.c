/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include "shared/range.h"
#include "shared/rng.h"

static void test_range_joins_neighbours(void **state)
{
    struct ranges set;

    (void)state;
    ranges_init(&set);
    assert_int_equal(ranges_add(&set, 10), RANGE_NEXT);
    assert_int_equal(ranges_add(&set, 11), RANGE_NEXT);
    assert_int_equal(ranges_add(&set, 13), RANGE_APART);
    assert_int_equal(set.n, 2);
    assert_int_equal(ranges_add(&set, 12), RANGE_APART);

    assert_int_equal(set.n, 1);
    assert_int_equal(set.v[0].lo, 10);
    assert_int_equal(set.v[0].hi, 13);
    assert_int_equal(ranges_newest(&set), 13);
    ranges_fini(&set);
}

static void test_range_knows_what_it_has_seen(void **state)
{
    struct ranges set;

    (void)state;
    ranges_init(&set);
    ranges_add(&set, 5);
    assert_int_equal(ranges_add(&set, 5), RANGE_SEEN);
    assert_int_equal(ranges_add(&set, 4), RANGE_APART);
    assert_int_equal(ranges_add(&set, 4), RANGE_SEEN);
    ranges_fini(&set);
}

static void test_range_wraps(void **state)
{
    struct ranges set;

    (void)state;
    ranges_init(&set);
    for (uint32_t i = 0; i < 20; i++)
        assert_int_equal(ranges_add(&set, UINT32_MAX - 9 + i), RANGE_NEXT);

    assert_int_equal(set.n, 1);
    assert_int_equal(set.v[0].lo, UINT32_MAX - 9);
    assert_int_equal(set.v[0].hi, 9);
    assert_int_equal(ranges_add(&set, UINT32_MAX), RANGE_SEEN);
    ranges_fini(&set);
}

static void test_range_stays_bounded_and_takes_the_forgotten_for_seen(
    void **state)
{
    struct ranges set;

    (void)state;
    ranges_init(&set);
    for (uint32_t pn = 0; pn < 100000; pn += 2) {
        ranges_add(&set, pn);
        assert_true(set.n <= RANGES_KEPT);
        assert_true(set.cap <= RANGES_KEPT);
    }

    assert_int_equal(set.n, RANGES_KEPT);
    assert_int_equal(ranges_add(&set, 1), RANGE_SEEN);
    assert_int_equal(ranges_add(&set, 99997), RANGE_APART);
    ranges_fini(&set);
}

static void test_range_refuses_a_number_nobody_counted_to(void **state)
{
    struct ranges set;

    (void)state;
    ranges_init(&set);
    ranges_add(&set, 7);
    assert_int_equal(ranges_add(&set, 1000000), RANGE_APART);
    assert_int_equal(ranges_add(&set, 0x7fffffff), RANGE_WILD);
    assert_int_equal(ranges_newest(&set), 1000000);
    ranges_fini(&set);
}

static void test_range_tells_no_more_than_needed(void **state)
{
    struct ranges set;

    (void)state;
    ranges_init(&set);
    assert_int_equal(ranges_untold(&set), 0);
    for (uint32_t pn = 0; pn < 100; pn += 2)
        ranges_add(&set, pn);
    assert_int_equal(ranges_untold(&set), RANGES_SENT);
    ranges_told(&set, 90);
    assert_int_equal(ranges_untold(&set), 4); /* 98 96 94 92 */
    ranges_told(&set, 40);
    assert_int_equal(ranges_untold(&set), 4);
    ranges_retell(&set, 89);
    assert_int_equal(ranges_untold(&set), 5);
    ranges_told(&set, 98);
    assert_int_equal(ranges_untold(&set), 0);
    ranges_fini(&set);
}

enum { SPAN = 4000 };

/* A bitmap of all numbers, beside the set of them. */
struct model {
    bool seen[SPAN];
    uint32_t base, newest; /* seen[i] is number base + i */
    struct ranges set;
};

static void add_both(struct model *model, uint32_t i, uint64_t seed)
{
    bool old = model->set.n && range_before(model->base + i, model->set.floor);
    enum range_is is = ranges_add(&model->set, model->base + i);

    if ((is == RANGE_SEEN) != (old || model->seen[i]))
        fail_msg("seed 0x%llx: number %u", (unsigned long long)seed, i);
    model->seen[i] = true;
    if (i > model->newest)
        model->newest = i;
}

static void check_ranges(const struct model *model)
{
    for (unsigned k = 0; k < model->set.n; k++) {
        uint32_t lo = model->set.v[k].lo - model->base;
        uint32_t hi = model->set.v[k].hi - model->base;

        assert_false(model->seen[hi + 1]);
        for (uint32_t i = lo; i <= hi; i++)
            assert_true(model->seen[i]);
    }
}

static void test_range_agrees_with_a_bitmap(void **state)
{
    uint64_t seed = test_seed(42);
    struct rng rng = { seed };

    (void)state;
    for (int round = 0; round < 50; round++) {
        struct model model = { .base = (uint32_t)rng_next(&rng) };

        ranges_init(&model.set);
        add_both(&model, 500, seed);
        while (model.newest < SPAN - 10)
            add_both(&model, model.newest + 5 - (uint32_t)rng_below(&rng, 40),
                     seed);
        check_ranges(&model);
        ranges_fini(&model.set);
    }
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_range_joins_neighbours),
    cmocka_unit_test(test_range_knows_what_it_has_seen),
    cmocka_unit_test(test_range_wraps),
    cmocka_unit_test(test_range_stays_bounded_and_takes_the_forgotten_for_seen),
    cmocka_unit_test(test_range_refuses_a_number_nobody_counted_to),
    cmocka_unit_test(test_range_tells_no_more_than_needed),
    cmocka_unit_test(test_range_agrees_with_a_bitmap),
};

int main(void)
{
    return RUN(TESTS);
}
