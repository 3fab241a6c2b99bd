/* SPDX-License-Identifier: MIT
 *
 * Token buckets: the burst, the rate, debt, and the promise that waiting until
 * the time given is enough.
 */
#include "tests/test.h"

#include <stdbool.h>

#include "shared/bucket.h"
#include "shared/rng.h"

static const struct rate RATE = { 10, 2 };

static bool try_take(struct bucket *b, struct rate rate, uint64_t us)
{
    struct now now = { us, 0 };

    if (bucket_when(b, rate, 1, now))
        return false;
    bucket_spend(b, rate, 1, now);
    return true;
}

static void test_bucket_gives_a_burst_then_a_rate(void **state)
{
    struct bucket b = { 0 };
    int n = 0;

    (void)state;
    while (try_take(&b, RATE, 1000))
        n++;
    assert_int_equal(n, 10);
    for (uint64_t us = 1000; us <= 10001000; us += 1000)
        n += try_take(&b, RATE, us);
    assert_int_equal(n, 30);
}

static void test_bucket_fills_up_to_its_burst_only(void **state)
{
    struct bucket b = { 0 };
    int n = 0;

    (void)state;
    while (try_take(&b, RATE, 0))
        continue;
    while (try_take(&b, RATE, 1000000000000))
        n++;
    assert_int_equal(n, 10);
}

static void test_bucket_without_a_rate_never_ends(void **state)
{
    struct bucket b = { 0 };

    (void)state;
    for (int i = 0; i < 1000; i++)
        assert_true(try_take(&b, (struct rate){ 1, 0 }, 0));
}

static void test_bucket_says_exactly_how_long_to_wait(void **state)
{
    uint64_t seed = test_seed(5);
    struct rng rng = { seed };

    (void)state;
    for (int i = 0; i < 20000; i++) {
        struct rate rate = { 1 + rng_below(&rng, 100),
                             1 + rng_below(&rng, 100000) };
        uint64_t want = 1 + rng_below(&rng, rate.burst);
        struct now now = { rng_below(&rng, 1000000), 0 };
        struct bucket b = { 0 };
        uint64_t at;

        bucket_spend(&b, rate, rng_below(&rng, 2 * rate.burst), now);
        at = bucket_when(&b, rate, want, now);
        if (at == 0)
            continue;
        now.mono_us = at - 1;
        if (bucket_when(&b, rate, want, now) == 0)
            fail_msg("SEED=%llu: too late", (unsigned long long)seed);
        now.mono_us = at;
        if (bucket_when(&b, rate, want, now) != 0)
            fail_msg("SEED=%llu: too early", (unsigned long long)seed);
    }
}

static void test_bucket_owes_one_more_burst_at_most(void **state)
{
    struct bucket b = { 0 };
    struct now now = { 0, 0 };

    (void)state;
    for (int i = 0; i < 1000; i++)
        bucket_spend(&b, RATE, 1000, now);
    assert_int_equal(bucket_when(&b, RATE, 0, now), 5000000);
    assert_int_equal(bucket_when(&b, RATE, 500, now), 10000000);
}

static void test_bucket_survives_the_largest_numbers(void **state)
{
    struct rate rate = { 16777216, 1073741824 };
    struct bucket b = { 0 };
    struct now now = { 1, 0 };

    (void)state;
    bucket_spend(&b, rate, 2 * rate.burst, now);
    assert_true(bucket_when(&b, rate, rate.burst, now) > 1);
    now.mono_us = UINT64_MAX - 1;
    assert_int_equal(bucket_when(&b, rate, rate.burst, now), 0);
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_bucket_gives_a_burst_then_a_rate),
    cmocka_unit_test(test_bucket_fills_up_to_its_burst_only),
    cmocka_unit_test(test_bucket_without_a_rate_never_ends),
    cmocka_unit_test(test_bucket_says_exactly_how_long_to_wait),
    cmocka_unit_test(test_bucket_owes_one_more_burst_at_most),
    cmocka_unit_test(test_bucket_survives_the_largest_numbers),
};

int main(void)
{
    return RUN(TESTS);
}
