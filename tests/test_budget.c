/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include "shared/budget.h"
#include "shared/now.h"

#define MS     UINT64_C(1000) /* us */
#define SECOND UINT64_C(1000000)
#define START  (5 * SECOND)

enum { LINE = 265, FIRST = 1500, MOST = 24000 };

/*
 * Round trips of the same length, 20 a second, and lines as fast as the budget
 * lets them go.
 *   returns  the time after
 */
static uint64_t use(struct budget *budget, uint32_t us, unsigned seconds,
                    uint64_t now_us)
{
    for (unsigned i = 0; i < seconds * 20; i++) {
        now_us += 50 * MS;
        while (budget_left(budget, now_us) >= LINE)
            budget_spend(budget, LINE);
        budget_sample(budget, us, now_us);
    }
    return now_us;
}

static void test_budget_doubles_while_it_is_used_and_flat(void **state)
{
    struct budget budget;
    uint64_t now_us = START;

    (void)state;
    budget_init(&budget, now_us);
    assert_int_equal(budget.rate, FIRST);
    now_us = use(&budget, 50 * MS, 1, now_us);
    assert_int_equal(budget.rate, 2 * FIRST);
    use(&budget, 50 * MS, 5, now_us);
    assert_int_equal(budget.rate, MOST);
}

static void test_budget_not_used_does_not_grow_and_is_taken_back(void **state)
{
    struct budget budget;
    uint64_t now_us = START;

    (void)state;
    budget_init(&budget, now_us);
    for (unsigned i = 0; i < 600; i++)
        budget_sample(&budget, 50 * MS, now_us += 50 * MS);
    assert_int_equal(budget.rate, FIRST);

    now_us = use(&budget, 50 * MS, 10, now_us);
    assert_int_equal(budget.rate, MOST);
    for (unsigned i = 0; i < 2000; i++)
        budget_sample(&budget, 50 * MS, now_us += 50 * MS);
    assert_int_equal(budget.rate, FIRST);
}

static void test_budget_is_kept_to(void **state)
{
    struct budget budget;
    uint64_t now_us;
    uint32_t spent = 0;

    (void)state;
    budget_init(&budget, START);
    now_us = use(&budget, 50 * MS, 30, START);
    for (unsigned i = 0; i < 10000; i++, now_us += MS)
        if (budget_left(&budget, now_us) >= LINE) {
            budget_spend(&budget, LINE);
            spent += LINE;
        }
    assert_in_range(spent, 9 * MOST, 11 * MOST);
}

/* A queue grows: the budget is all but gone, and comes back slowly. */
static void test_budget_brakes_when_a_queue_stands(void **state)
{
    struct budget budget;
    uint64_t now_us;

    (void)state;
    budget_init(&budget, START);
    now_us = use(&budget, 50 * MS, 10, START);
    for (uint32_t us = 60 * MS; us < 200 * MS; us += 10 * MS)
        budget_sample(&budget, us, now_us += 50 * MS);
    assert_true(budget.rate < MOST / 10);
    assert_true(budget_jammed(&budget, 200 * MS));
    assert_false(budget_jammed(&budget, 60 * MS));

    now_us = use(&budget, 50 * MS, 8, now_us);
    assert_in_range(budget.rate, MOST / 4, MOST / 2);
    now_us = use(&budget, 50 * MS, 20, now_us);
    assert_in_range(budget.rate, MOST / 2, MOST * 3 / 4);
    use(&budget, 50 * MS, 600, now_us);
    assert_int_equal(budget.rate, MOST);
}

static void test_budget_does_not_take_jitter_for_a_queue(void **state)
{
    struct budget budget;
    uint64_t now_us = START, rng = test_seed(1);

    (void)state;
    budget_init(&budget, now_us);
    for (unsigned i = 0; i < 5000; i++) {
        rng = rng * 6364136223846793005u + 1;
        now_us += 50 * MS;
        while (budget_left(&budget, now_us) >= LINE)
            budget_spend(&budget, LINE);
        budget_sample(&budget, 50 * MS + (uint32_t)(rng >> 33) % (100 * MS),
                      now_us);
        if (i > 200)
            assert_true(budget.rate > MOST / 2);
    }
}

/* A path that has become longer for good is flat again in two minutes. */
static void test_budget_forgets_a_shorter_path(void **state)
{
    struct budget budget;
    uint64_t now_us;

    (void)state;
    budget_init(&budget, START);
    now_us = use(&budget, 50 * MS, 10, START);
    now_us = use(&budget, 200 * MS, 30, now_us);
    assert_true(budget.rate < MOST / 10);
    use(&budget, 200 * MS, 200, now_us);
    assert_true(budget.rate > MOST / 4);
}

/* Each `nth` packet of a hundred is lost. */
static void lose(struct budget *budget, unsigned nth)
{
    for (uint32_t pn = 0; pn < 100; pn++)
        budget_fate(budget, 1000 + pn, pn % nth == 0);
}

static void test_budget_is_fair_on_a_long_lossy_path(void **state)
{
    struct budget budget;
    uint64_t now_us;

    (void)state;
    budget_init(&budget, START);
    now_us = use(&budget, 50 * MS, 10, START);
    lose(&budget, 10);
    budget_sample(&budget, 50 * MS, now_us);
    assert_true(budget.fair > MOST);
    for (unsigned i = 0; i < 50; i++)
        budget_sample(&budget, 1000 * MS, now_us);
    assert_in_range(budget.fair, 2000, 4500);

    now_us += SECOND;
    budget_left(&budget, now_us);
    budget_pass(&budget, 5000, now_us); /* lines take all there is */
    assert_true(budget_left(&budget, now_us) < LINE);
}

/* Loss that goes with the copies is theirs; that stays is not. */
static void trial(unsigned nth_without, bool guilty)
{
    struct budget budget;
    uint64_t now_us;

    budget_init(&budget, START);
    now_us = use(&budget, 50 * MS, 10, START);
    lose(&budget, 2);
    budget_sample(&budget, 50 * MS, now_us);
    assert_true(budget.trial_us != 0);
    assert_true(budget_left(&budget, now_us) < LINE);

    now_us = use(&budget, 50 * MS, 1, now_us);
    lose(&budget, nth_without);
    use(&budget, 50 * MS, 1, now_us);
    assert_true(budget.trial_us == 0);
    assert_int_equal(budget.blamed, guilty);
    assert_int_equal(budget.rate, guilty ? MOST / 4 : MOST);
}

static void test_budget_finds_out_whose_fault_loss_is(void **state)
{
    (void)state;
    trial(2, false);
    trial(50, true);
}

static void test_budget_takes_an_outage_for_no_full_queue(void **state)
{
    struct budget budget;

    (void)state;
    budget_init(&budget, START);
    for (uint32_t pn = 0; pn < 1000; pn++)
        budget_fate(&budget, pn, pn % 20 >= 10); /* ten at a time */
    assert_true(budget.loss < 150000);
    for (uint32_t pn = 0; pn < 1000; pn++)
        budget_fate(&budget, pn, pn % 2);
    assert_true(budget.loss > 400000);
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_budget_doubles_while_it_is_used_and_flat),
    cmocka_unit_test(test_budget_not_used_does_not_grow_and_is_taken_back),
    cmocka_unit_test(test_budget_is_kept_to),
    cmocka_unit_test(test_budget_brakes_when_a_queue_stands),
    cmocka_unit_test(test_budget_does_not_take_jitter_for_a_queue),
    cmocka_unit_test(test_budget_forgets_a_shorter_path),
    cmocka_unit_test(test_budget_is_fair_on_a_long_lossy_path),
    cmocka_unit_test(test_budget_finds_out_whose_fault_loss_is),
    cmocka_unit_test(test_budget_takes_an_outage_for_no_full_queue),
};

int main(void)
{
    return RUN(TESTS);
}
