/* SPDX-License-Identifier: MIT
 *
 * Deadlines come out in order, whatever was moved or taken out before.
 */
#include "tests/test.h"

#include "server/heap.h"
#include "shared/now.h"
#include "shared/rng.h"

enum { TIMERS = 200, STEPS = 100000 };

/* The nearest by looking at all of them. */
static uint64_t nearest(const struct timer *timers)
{
    uint64_t at = NEVER;

    for (size_t i = 0; i < TIMERS; i++) {
        if (timers[i].pos)
            at = time_min(at, timers[i].at);
    }
    return at;
}

static void test_heap_knows_the_nearest(void **state)
{
    uint64_t seed = test_seed(3);
    struct rng rng = { seed };
    struct timer timers[TIMERS] = { 0 };
    struct heap heap = { 0 };

    (void)state;
    assert_null(heap_first(&heap));
    for (int step = 0; step < STEPS; step++) {
        struct timer *timer = &timers[rng_below(&rng, TIMERS)];
        uint64_t at = rng_below(&rng, 4) ? rng_below(&rng, 1000) : NEVER;

        heap_set(&heap, timer, at);
        timer = heap_first(&heap);
        if ((timer ? timer->at : NEVER) != nearest(timers))
            fail_msg("SEED=%llu step %d", (unsigned long long)seed, step);
    }
    heap_fini(&heap);
}

static void test_heap_empties_in_order(void **state)
{
    struct rng rng = { test_seed(4) };
    struct timer timers[TIMERS] = { 0 }, *timer;
    struct heap heap = { 0 };
    uint64_t last = 0;
    size_t n = 0;

    (void)state;
    for (size_t i = 0; i < TIMERS; i++)
        heap_set(&heap, &timers[i], rng_below(&rng, 50));
    while ((timer = heap_first(&heap))) {
        assert_true(timer->at >= last);
        last = timer->at;
        heap_set(&heap, timer, NEVER);
        assert_int_equal(timer->pos, 0);
        n++;
    }
    assert_int_equal(n, TIMERS);
    heap_fini(&heap);
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_heap_knows_the_nearest),
    cmocka_unit_test(test_heap_empties_in_order),
};

int main(void)
{
    return RUN(TESTS);
}
