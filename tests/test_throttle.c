/* SPDX-License-Identifier: MIT
 *
 * Wrong guesses: counted of an account and of an address, and what a right one
 * changes about that.
 */
#include "tests/test.h"

#include "server/throttle.h"
#include "shared/limits.h"

struct guesser {
    struct throttle t;
    struct limits limits;
    struct now now;
};

static int set_up(void **state)
{
    const uint64_t secret[2] = { 1, 2 };
    struct guesser *g = calloc(1, sizeof *g);

    throttle_init(&g->t, secret);
    limits_init(&g->limits);
    g->limits.value[LIMIT_AUTH_FAILURES] = 5;
    g->limits.value[LIMIT_AUTH_FAILURES_ADDRESS] = 3;
    g->now = (struct now){ 1000000, 1700000000000 };
    *state = g;
    return 0;
}

static int tear_down(void **state)
{
    struct guesser *g = *state;

    throttle_fini(&g->t);
    free(g);
    return 0;
}

/* As secret.c does: counted before it is known; false: not even looked at. */
static bool guesses(struct guesser *g, const struct guess *guess, bool good)
{
    if (throttle_when(&g->t, guess, &g->limits, g->now))
        return false;
    throttle_note(&g->t, guess, g->now);
    if (good)
        throttle_forget(&g->t, guess);
    return true;
}

/* Who can log in somewhere gets no further guesses about others by it. */
static void test_throttle_stays_with_the_address(void **state)
{
    struct guesser *g = *state;
    struct guess own = { 1, S("addr") }, victim = { 2, S("addr") };

    for (int i = 0; i < 3; i++) {
        victim.account++;
        assert_true(guesses(g, &own, true));
        assert_true(guesses(g, &victim, false));
    }
    assert_false(guesses(g, &own, true));
    assert_false(guesses(g, &victim, false));
    g->now.mono_us += 60 * 1000000;
    assert_true(guesses(g, &victim, false));
    assert_true(guesses(g, &own, true));
}

/* Many who come from one address and know their passwords all come in. */
static void test_throttle_costs_nothing_when_right(void **state)
{
    struct guesser *g = *state;
    struct guess guess = { 0, S("addr") };

    for (guess.account = 1; guess.account < 100; guess.account++)
        assert_true(guesses(g, &guess, true));
    assert_int_equal(g->t.entries.n, 0);
}

/* One's own mistakes are over when one is in. */
static void test_throttle_forgets_what_was_wrong_about_an_account(void **state)
{
    struct guesser *g = *state;
    struct guess here = { 1, S("here") }, there = { 1, S("there") };

    for (int i = 0; i < 2; i++)
        assert_true(guesses(g, &here, false));
    for (int i = 0; i < 2; i++)
        assert_true(guesses(g, &there, false));
    assert_true(guesses(g, &here, true));
    there.from = S("else");
    for (int i = 0; i < 3; i++)
        assert_true(guesses(g, &there, false));
    there.from = S("more");
    for (int i = 0; i < 2; i++)
        assert_true(guesses(g, &there, false));
    assert_false(guesses(g, &there, false)); /* five about the account */
}

#define GUESSING(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static const struct CMUnitTest TESTS[] = {
    GUESSING(test_throttle_stays_with_the_address),
    GUESSING(test_throttle_costs_nothing_when_right),
    GUESSING(test_throttle_forgets_what_was_wrong_about_an_account),
};

int main(void)
{
    return RUN(TESTS);
}
