/* SPDX-License-Identifier: MIT
 *
 * Hashing passwords, by threads and without.
 */
#include "tests/test.h"

#include <string.h>
#include <time.h>

#include "server/hasher.h"

static const struct hash_cost CHEAP = { 8, 1 };
static const uint8_t SALT[HASHER_SALT] = { 1, 2, 3 };

static enum hash_state wait_for(struct hasher *h, struct hash_job *job)
{
    const struct timespec moment = { 0, 1000000 };
    enum hash_state state;

    assert_non_null(job);
    while ((state = hasher_look(h, job)) == HASH_WAITS)
        nanosleep(&moment, NULL);
    return state;
}

static void check_both(struct hasher *h)
{
    struct hash_job *made = hasher_make(h, S("horse"), CHEAP, SALT);
    struct hash_job *job;
    char encoded[HASHER_TEXT];

    assert_int_equal(wait_for(h, made), HASH_GOOD);
    snprintf(encoded, sizeof encoded, "%s", hasher_encoded(made));
    hasher_end(h, made);
    assert_int_equal(strncmp(encoded, "$argon2id$", 10), 0);
    job = hasher_check(h, S("horse"), CHEAP, str_of(encoded));
    assert_int_equal(wait_for(h, job), HASH_GOOD);
    hasher_end(h, job);
    job = hasher_check(h, S("house"), CHEAP, str_of(encoded));
    assert_int_equal(wait_for(h, job), HASH_BAD);
    hasher_end(h, job);
    job = hasher_check(h, S("horse"), CHEAP, str_of(NULL));
    assert_int_equal(wait_for(h, job), HASH_BAD);
    hasher_end(h, job);
    job = hasher_check(h, S("horse"), CHEAP, S("garbage"));
    assert_int_equal(wait_for(h, job), HASH_BAD);
    hasher_end(h, job);
}

static void test_hasher_knows_its_own(void **state)
{
    struct hasher *h = hasher_new(false);

    (void)state;
    check_both(h);
    hasher_free(h);
}

static void test_hasher_knows_its_own_with_threads(void **state)
{
    struct hasher *h = hasher_new(true);

    (void)state;
    check_both(h);
    hasher_free(h);
}

static void test_hasher_takes_only_so_many(void **state)
{
    const struct hash_cost dear = { 4096, 20 };
    struct hasher *h = hasher_new(true);
    struct hash_job *jobs[HASHER_QUEUE + 1];
    size_t n = 0;

    (void)state;
    for (size_t i = 0; i <= HASHER_QUEUE; i++) {
        jobs[i] = hasher_check(h, S("horse"), dear, str_of(NULL));
        n += jobs[i] != NULL;
    }
    assert_in_range(n, HASHER_QUEUE, HASHER_QUEUE + 1); /* one may be done */
    for (size_t i = 0; i <= HASHER_QUEUE; i++)
        hasher_end(h, jobs[i]); /* nobody waits for those */
    jobs[0] = hasher_make(h, S("horse"), CHEAP, SALT);
    assert_int_equal(wait_for(h, jobs[0]), HASH_GOOD);
    hasher_end(h, jobs[0]);
    hasher_free(h);
}

/* However many set a password, others can come in by theirs. */
static void test_hasher_keeps_places_for_those_who_come(void **state)
{
    const struct hash_cost dear = { 4096, 20 };
    struct hasher *h = hasher_new(true);
    struct hash_job *jobs[HASHER_QUEUE + 1], *job;
    size_t n = 0;

    (void)state;
    while (n <= HASHER_QUEUE &&
           (jobs[n] = hasher_make(h, S("horse"), dear, SALT)))
        n++;
    assert_in_range(n, HASHER_MAKES, HASHER_MAKES + 1); /* one may be done */
    job = hasher_check(h, S("horse"), CHEAP, str_of(NULL));
    assert_non_null(job);
    hasher_end(h, job);
    while (n)
        hasher_end(h, jobs[--n]);
    hasher_free(h);
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_hasher_knows_its_own),
    cmocka_unit_test(test_hasher_knows_its_own_with_threads),
    cmocka_unit_test(test_hasher_takes_only_so_many),
    cmocka_unit_test(test_hasher_keeps_places_for_those_who_come),
};

int main(void)
{
    return RUN(TESTS);
}
