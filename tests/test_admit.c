/* SPDX-License-Identifier: MIT
 *
 * Admission to handshakes: rates of cookies, half-open ones, processor time,
 * and those that wait.  Against floods of forged addresses: what is answered,
 * and that nothing is kept.
 */
#include "tests/test.h"

#include <malloc.h>
#include <stdbool.h>

#include "server/admit.h"
#include "server/env.h"
#include "shared/rng.h"

static const uint64_t SECRET[2] = { 77, 88 };

enum { SECOND = 1000000 };

static struct env *env_new(void)
{
    struct env *env = calloc(1, sizeof *env);

    assert_non_null(env);
    limits_init(&env->limits);
    return env;
}

static void set(struct env *env, enum limit which, uint64_t value)
{
    env->limits.value[which] = value;
}

/* An address as four bytes; a view of the number, so it has to live. */
static struct str v4(const uint32_t *address)
{
    return str_bytes(address, 4);
}

/* Bytes of it in the order of the wire. */
static uint32_t ip(unsigned a, unsigned b, unsigned c, unsigned d)
{
    uint8_t bytes[4] = { (uint8_t)a, (uint8_t)b, (uint8_t)c, (uint8_t)d };
    uint32_t address;

    memcpy(&address, bytes, 4);
    return address;
}

static struct now at(uint64_t us)
{
    return (struct now){ us, us / 1000 };
}

/* ---- cookies ---- */

/* per_s hellos a second for a second, from what next() says; how many were
 * answered. */
static unsigned flood(struct admit *admit, unsigned per_s, uint64_t from_us,
                      uint32_t (*next)(struct rng *), struct rng *rng)
{
    unsigned answered = 0;

    for (unsigned i = 0; i < per_s; i++) {
        uint32_t address = next(rng);

        answered += admit_hello(admit, false, v4(&address),
                                at(from_us + (uint64_t)i * SECOND / per_s));
    }
    return answered;
}

static uint32_t anybody(struct rng *rng)
{
    return (uint32_t)rng_next(rng);
}

static uint32_t one_network(struct rng *rng)
{
    return ip(192, 0, 2, (unsigned)rng_below(rng, 256));
}

static void test_admit_answers_so_many_strangers(void **state)
{
    struct env *env = env_new();
    struct admit *admit = admit_new(env, SECRET);
    struct rng rng = { test_seed(1) };
    unsigned answered = flood(admit, 100000, SECOND, anybody, &rng);

    (void)state;
    assert_in_range(answered, 19000, 22001);
    assert_int_equal(env->metrics.hellos, 100000);
    assert_int_equal(env->metrics.silenced, 100000 - answered);
    admit_free(admit);
    free(env);
}

static void test_admit_holds_a_network_to_its_rate(void **state)
{
    struct env *env = env_new();
    struct admit *admit = admit_new(env, SECRET);
    struct rng rng = { test_seed(2) };
    uint32_t other = ip(198, 51, 100, 1);

    (void)state;
    assert_in_range(flood(admit, 19000, SECOND, one_network, &rng), 2000, 2201);
    assert_true(admit_hello(admit, false, v4(&other), at(2 * SECOND)));
    other = one_network(&rng); /* who has a cookie is not shut out */
    while (admit_hello(admit, false, v4(&other), at(2 * SECOND)))
        continue;
    assert_true(admit_hello(admit, true, v4(&other), at(2 * SECOND)));
    set(env, LIMIT_COOKIE_PREFIX_RATE, 0);
    assert_int_equal(flood(admit, 10000, 3 * SECOND, one_network, &rng), 10000);
    admit_free(admit);
    free(env);
}

/* Loopback has no prefix; it counts in all. */
static void test_admit_counts_loopback_in_all_only(void **state)
{
    struct env *env = env_new();
    struct admit *admit = admit_new(env, SECRET);
    unsigned answered = 0;

    (void)state;
    for (unsigned i = 0; i < 100000; i++)
        answered +=
            admit_hello(admit, false, str_of(NULL), at(SECOND + i * 10));
    assert_in_range(answered, 20000, 22001);
    admit_free(admit);
    free(env);
}

static void test_admit_takes_a_48_of_ipv6_as_a_network(void **state)
{
    struct env *env = env_new();
    struct admit *admit = admit_new(env, SECRET);
    uint8_t address[8] = { 0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 0 };
    unsigned answered = 0;

    (void)state;
    set(env, LIMIT_COOKIE_PREFIX_RATE, 10);
    for (unsigned i = 0; i < 256; i++) {
        address[7] = (uint8_t)i;
        answered +=
            admit_hello(admit, false, str_bytes(address, 8), at(SECOND));
    }
    assert_int_equal(answered, 2);
    address[5] = 2;
    assert_true(admit_hello(admit, false, str_bytes(address, 8), at(SECOND)));
    admit_free(admit);
    free(env);
}

static void test_admit_keeps_nothing_of_a_flood(void **state)
{
    struct env *env = env_new();
    struct admit *admit = admit_new(env, SECRET);
    struct rng rng = { test_seed(3) };
    size_t before = mallinfo2().uordblks;

    (void)state;
    flood(admit, 1000000, SECOND, anybody, &rng);
    assert_int_equal(mallinfo2().uordblks, before);
    admit_free(admit);
    free(env);
}

/* ---- half-open handshakes ---- */

/* Begin until NOT is said; how many had begun. */
static unsigned begin_all(struct admit *admit, enum transport transport,
                          uint32_t (*next)(struct rng *), struct rng *rng)
{
    unsigned n = 0;

    for (;; n++) {
        uint32_t address = next(rng);

        if (admit_begin(admit, transport, v4(&address), at(SECOND)))
            return n;
    }
}

static uint32_t one_address(struct rng *rng)
{
    (void)rng;
    return ip(192, 0, 2, 7);
}

/* All of one /24, one after the other. */
static uint32_t neighbours(struct rng *rng)
{
    return ip(192, 0, 2, (unsigned)(rng->state++ & 0xff));
}

/* Another network each time. */
static uint32_t everywhere(struct rng *rng)
{
    uint64_t n = rng->state++;

    return ip(10, (unsigned)(n >> 8 & 0xff), (unsigned)(n & 0xff), 1);
}

static void test_admit_bounds_what_is_half_open(void **state)
{
    static uint32_t (*const FROM[])(struct rng *) = { one_address, neighbours,
                                                      everywhere };
    static const unsigned MOST[] = { 16, 64, 1024 };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct env *env = env_new();
        struct admit *admit = admit_new(env, SECRET);
        struct rng rng = { 0 };

        set(env, LIMIT_HANDSHAKE_RATE, 0);
        assert_int_equal(begin_all(admit, TRANSPORT_UDP, FROM[i], &rng),
                         MOST[i]);
        assert_int_equal(env->metrics.half_open, MOST[i]);
        assert_int_equal(env->metrics.silenced, 1);
        admit_free(admit);
        free(env);
    }
}

static void test_admit_keeps_places_for_either_transport(void **state)
{
    struct env *env = env_new();
    struct admit *admit = admit_new(env, SECRET);
    struct rng rng = { 0 };

    (void)state;
    set(env, LIMIT_HANDSHAKE_RATE, 0);
    assert_int_equal(begin_all(admit, TRANSPORT_UDP, everywhere, &rng), 1024);
    assert_int_equal(begin_all(admit, TRANSPORT_TCP, everywhere, &rng), 1024);
    admit_free(admit);
    free(env);
}

static void test_admit_exempts_loopback_from_the_small_bounds(void **state)
{
    struct env *env = env_new();
    struct admit *admit = admit_new(env, SECRET);
    unsigned n = 0;

    (void)state;
    set(env, LIMIT_HANDSHAKE_RATE, 0);
    while (!admit_begin(admit, TRANSPORT_TCP, str_of(NULL), at(SECOND)))
        n++;
    assert_int_equal(n, 1024);
    admit_end(admit, TRANSPORT_TCP, str_of(NULL));
    assert_int_equal(
        admit_begin(admit, TRANSPORT_TCP, str_of(NULL), at(SECOND)), ADMIT_NOW);
    admit_free(admit);
    free(env);
}

/* Many begin and end, against plain counts. */
static void test_admit_agrees_with_plain_counts(void **state)
{
    enum { NETS = 3, HOSTS = 12, STEPS = 200000 };

    unsigned half[NETS][HOSTS] = { 0 }, net[NETS] = { 0 }, all = 0;
    uint64_t seed = test_seed(4);
    struct env *env = env_new();
    struct admit *admit = admit_new(env, SECRET);
    struct rng rng = { seed };
    size_t before;

    (void)state;
    set(env, LIMIT_HANDSHAKE_RATE, 0);
    set(env, LIMIT_HALF_OPEN, 120);
    before = mallinfo2().uordblks;
    for (int step = 0; step < STEPS || all; step++) {
        unsigned n = (unsigned)rng_below(&rng, NETS);
        unsigned h = (unsigned)rng_below(&rng, HOSTS);
        uint32_t address = ip(192, 0, n, h);

        if (step < STEPS && rng_below(&rng, 5) < 3) {
            bool may = half[n][h] < 16 && net[n] < 64 && all < 120;

            if (may == (admit_begin(admit, TRANSPORT_UDP, v4(&address),
                                    at(SECOND)) != ADMIT_NOW))
                fail_msg("SEED=%llu step %d", (unsigned long long)seed, step);
            half[n][h] += may;
            net[n] += may;
            all += may;
        } else if (half[n][h]) {
            admit_end(admit, TRANSPORT_UDP, v4(&address));
            half[n][h]--;
            net[n]--;
            all--;
        }
    }
    assert_int_equal(env->metrics.half_open, 0);
    assert_in_range(mallinfo2().uordblks, 0, before + 16384);
    admit_free(admit);
    free(env);
}

/* ---- the processor ---- */

static void test_admit_spends_so_much_on_handshakes(void **state)
{
    struct env *env = env_new();
    struct admit *admit = admit_new(env, SECRET);
    struct rng rng = { 0 };
    unsigned begun = 0;

    (void)state;
    for (uint64_t us = 0; us < 2 * SECOND; us += 100) {
        uint32_t address = everywhere(&rng);
        enum admission verdict =
            admit_begin(admit, TRANSPORT_TCP, v4(&address), at(us));

        assert_int_not_equal(verdict, ADMIT_NOT);
        if (verdict == ADMIT_NOW) {
            admit_end(admit, TRANSPORT_TCP, v4(&address));
            begun++;
        }
    }
    assert_in_range(begun, 2000, 2100);
    assert_int_equal(env->metrics.silenced, 0);
    admit_free(admit);
    free(env);
}

static void test_admit_says_when_to_come_again(void **state)
{
    struct env *env = env_new();
    struct admit *admit = admit_new(env, SECRET);
    struct str no = str_of(NULL);
    uint64_t when;

    (void)state;
    while (!admit_begin(admit, TRANSPORT_TCP, no, at(SECOND)))
        continue;
    when = admit_when(admit, TRANSPORT_TCP, at(SECOND));
    assert_int_equal(when, SECOND + 1000);
    assert_int_equal(admit_begin(admit, TRANSPORT_TCP, no, at(when - 1)),
                     ADMIT_LATER);
    assert_int_equal(admit_begin(admit, TRANSPORT_TCP, no, at(when)),
                     ADMIT_NOW);
    assert_int_equal(admit_when(admit, TRANSPORT_UDP, at(SECOND)), 0);
    admit_free(admit);
    free(env);
}

/* ---- those that wait ---- */

/* One over UDP, from an address and port of its own; deferred if it has to. */
static enum admission come(struct admit *admit, uint64_t n, struct now now)
{
    uint32_t address = ip(10, (unsigned)(n >> 8 & 0xff), n & 0xff, 1);
    enum admission verdict =
        admit_begin(admit, TRANSPORT_UDP, v4(&address), now);

    if (verdict == ADMIT_LATER) {
        struct opening opening = { str_bytes(&n, sizeof n), v4(&address),
                                   S("hello") };

        admit_defer(admit, &opening, now);
    }
    return verdict;
}

static uint64_t number_of(const struct opening *opening)
{
    uint64_t n;

    assert_int_equal(opening->from.len, sizeof n);
    assert_true(str_is(opening->datagram, "hello"));
    memcpy(&n, opening->from.ptr, sizeof n);
    return n;
}

static void test_admit_takes_those_that_wait_in_order(void **state)
{
    enum { COMING = 2000 };

    struct env *env = env_new();
    struct admit *admit = admit_new(env, SECRET);
    struct opening opening;
    struct now now = at(SECOND);
    uint64_t n = 0, next;

    (void)state;
    set(env, LIMIT_HALF_OPEN, COMING);
    assert_int_equal(admit_deadline(admit, now), NEVER);
    for (; n < COMING; n++)
        come(admit, n, now);
    next = env->metrics.half_open;
    assert_int_equal(next, 100);
    assert_int_equal(env->metrics.deferred, COMING - 100);
    while (next < COMING) {
        assert_false(admit_next(admit, &opening, now));
        assert_true(admit_deadline(admit, now) > now.mono_us);
        now = at(admit_deadline(admit, now));
        assert_int_equal(come(admit, n++, now), ADMIT_LATER);
        assert_true(admit_next(admit, &opening, now));
        assert_int_equal(number_of(&opening), next++);
    }
    assert_in_range(now.mono_us, 29 * SECOND / 10, 3 * SECOND);
    assert_int_equal(env->metrics.dropped, 0);
    admit_free(admit);
    free(env);
}

static void test_admit_drops_the_longest_waiting(void **state)
{
    struct env *env = env_new();
    struct admit *admit = admit_new(env, SECRET);
    struct opening opening;
    size_t full;

    (void)state;
    set(env, LIMIT_HANDSHAKE_BURST, 1);
    set(env, LIMIT_DEFERRED, 50);
    for (uint64_t n = 0; n <= 50; n++)
        come(admit, n, at(SECOND));
    assert_int_equal(env->metrics.dropped, 0);
    full = mallinfo2().uordblks;
    for (uint64_t n = 51; n < 20000; n++)
        come(admit, n, at(SECOND));
    assert_int_equal(env->metrics.dropped, 20000 - 51);
    assert_in_range(mallinfo2().uordblks, 0, full + 1024);
    assert_true(admit_next(admit, &opening, at(2 * SECOND)));
    assert_int_equal(number_of(&opening), 20000 - 50);
    admit_free(admit);
    free(env);
}

static void test_admit_keeps_one_of_each_sender(void **state)
{
    struct env *env = env_new();
    struct admit *admit = admit_new(env, SECRET);
    struct opening opening = { S("a"), S("1234"), S("first") };

    (void)state;
    admit_defer(admit, &opening, at(SECOND));
    opening.from = S("b");
    admit_defer(admit, &opening, at(SECOND));
    opening.from = S("a");
    opening.datagram = S("again, and longer");
    admit_defer(admit, &opening, at(SECOND));
    assert_int_equal(env->metrics.dropped, 0);
    assert_true(admit_next(admit, &opening, at(SECOND)));
    assert_true(str_is(opening.from, "a"));
    assert_true(str_is(opening.datagram, "again, and longer"));
    assert_true(admit_next(admit, &opening, at(SECOND)));
    assert_true(str_is(opening.from, "b"));
    assert_true(str_is(opening.datagram, "first"));
    assert_false(admit_next(admit, &opening, at(SECOND)));
    assert_int_equal(admit_deadline(admit, at(SECOND)), NEVER);
    admit_free(admit);
    free(env);
}

/* Nobody waits for an answer for ever; nor does one network fill the house. */
static void test_admit_forgets_who_waited_too_long_or_is_too_many(void **state)
{
    struct env *env = env_new();
    struct admit *admit = admit_new(env, SECRET);
    struct opening opening = { S("x"), S("1234"), S("hello") };
    unsigned begun = 0;

    (void)state;
    admit_defer(admit, &opening, at(SECOND));
    assert_false(admit_next(admit, &opening, at(11 * SECOND)));
    assert_int_equal(env->metrics.dropped, 1);
    for (uint64_t n = 0; n < 50; n++) {
        opening =
            (struct opening){ str_bytes(&n, sizeof n), S("1234"), S("hello") };
        admit_defer(admit, &opening, at(12 * SECOND));
    }
    while (admit_next(admit, &opening, at(12 * SECOND)))
        begun++;
    assert_int_equal(begun, 16);
    assert_int_equal(env->metrics.half_open, 16);
    assert_int_equal(env->metrics.dropped, 1 + 50 - 16);
    admit_free(admit);
    free(env);
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_admit_answers_so_many_strangers),
    cmocka_unit_test(test_admit_holds_a_network_to_its_rate),
    cmocka_unit_test(test_admit_counts_loopback_in_all_only),
    cmocka_unit_test(test_admit_takes_a_48_of_ipv6_as_a_network),
    cmocka_unit_test(test_admit_keeps_nothing_of_a_flood),
    cmocka_unit_test(test_admit_bounds_what_is_half_open),
    cmocka_unit_test(test_admit_keeps_places_for_either_transport),
    cmocka_unit_test(test_admit_exempts_loopback_from_the_small_bounds),
    cmocka_unit_test(test_admit_agrees_with_plain_counts),
    cmocka_unit_test(test_admit_spends_so_much_on_handshakes),
    cmocka_unit_test(test_admit_says_when_to_come_again),
    cmocka_unit_test(test_admit_takes_those_that_wait_in_order),
    cmocka_unit_test(test_admit_drops_the_longest_waiting),
    cmocka_unit_test(test_admit_keeps_one_of_each_sender),
    cmocka_unit_test(test_admit_forgets_who_waited_too_long_or_is_too_many),
};

int main(void)
{
    return RUN(TESTS);
}
