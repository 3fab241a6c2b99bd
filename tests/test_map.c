/* SPDX-License-Identifier: MIT
 *
 * The hash table against a plain array.
 */
#include "tests/test.h"

#include <stdbool.h>

#include "server/map.h"
#include "shared/rng.h"

enum { KEYS = 500, STEPS = 200000 };

static const uint64_t SECRET[2] = { 11, 22 };

static void test_map_finds_what_was_put(void **state)
{
    struct map map;
    uint64_t one = 1, two = 2;

    (void)state;
    map_init(&map, SECRET);
    assert_null(map_get(&map, map_num(&one)));
    assert_null(map_take(&map, map_num(&one)));
    map_put(&map, map_num(&one), &one);
    map_put(&map, S("name"), &two);
    assert_ptr_equal(map_get(&map, map_num(&one)), &one);
    assert_ptr_equal(map_get(&map, S("name")), &two);
    assert_null(map_get(&map, S("Name")));
    assert_null(map_get(&map, S("nam")));
    assert_null(map_get(&map, map_num(&two)));
    assert_ptr_equal(map_take(&map, S("name")), &two);
    assert_null(map_get(&map, S("name")));
    map_fini(&map);
}

static void test_map_agrees_with_an_array(void **state)
{
    uint64_t seed = test_seed(1), keys[KEYS];
    struct rng rng = { seed };
    bool in[KEYS] = { false };
    struct map map;
    size_t n = 0;

    (void)state;
    map_init(&map, SECRET);
    for (size_t i = 0; i < KEYS; i++)
        keys[i] = i * 64; /* alike in their low bits */
    for (int step = 0; step < STEPS; step++) {
        size_t i = rng_below(&rng, KEYS);
        void *got = map_get(&map, map_num(&keys[i]));

        if (got != (in[i] ? &keys[i] : NULL))
            fail_msg("SEED=%llu step %d", (unsigned long long)seed, step);
        if (in[i])
            assert_ptr_equal(map_take(&map, map_num(&keys[i])), &keys[i]);
        else
            map_put(&map, map_num(&keys[i]), &keys[i]);
        in[i] = !in[i];
        n = in[i] ? n + 1 : n - 1;
        assert_int_equal(map.n, n);
    }
    assert_true(map.cap <= 1024); /* deletions leave nothing behind */
    map_fini(&map);
}

static void test_map_walks_over_each_value_once(void **state)
{
    uint64_t keys[100], sum = 0, *value;
    struct map map;
    size_t at = 0;

    (void)state;
    map_init(&map, SECRET);
    assert_null(map_each(&map, &at));
    for (uint64_t i = 0; i < 100; i++) {
        keys[i] = i;
        map_put(&map, map_num(&keys[i]), &keys[i]);
    }
    at = 0;
    while ((value = map_each(&map, &at)))
        sum += *value;
    assert_int_equal(sum, 4950);
    map_fini(&map);
}

static void test_map_depends_on_its_secret(void **state)
{
    static const uint64_t OTHER[2] = { 11, 23 };
    struct map a, b;
    uint64_t keys[64];
    size_t same = 0, at = 0, bt = 0;

    (void)state;
    map_init(&a, SECRET);
    map_init(&b, OTHER);
    for (uint64_t i = 0; i < 64; i++) {
        keys[i] = i;
        map_put(&a, map_num(&keys[i]), &keys[i]);
        map_put(&b, map_num(&keys[i]), &keys[i]);
    }
    for (int i = 0; i < 64; i++)
        same += map_each(&a, &at) == map_each(&b, &bt);
    assert_true(same < 16); /* the order is another */
    map_fini(&a);
    map_fini(&b);
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_map_finds_what_was_put),
    cmocka_unit_test(test_map_agrees_with_an_array),
    cmocka_unit_test(test_map_walks_over_each_value_once),
    cmocka_unit_test(test_map_depends_on_its_secret),
};

int main(void)
{
    return RUN(TESTS);
}
