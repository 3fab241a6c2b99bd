/* SPDX-License-Identifier: MIT
 *
 * Where a peer is: what moves it, and what brings it back.
 */
#include "tests/test.h"

#include "shared/path.h"
#include "shared/rng.h"

/* Two networks, two ports in each: the last two bytes are the port. */
static const struct str HOME = { "\x04\x0a\0\0\x01\0\x01", 7 };
static const struct str HOME_2 = { "\x04\x0a\0\0\x01\0\x02", 7 };
static const struct str AWAY = { "\x04\x0b\0\0\x01\0\x01", 7 };

enum { TIMEOUT = 100000 };

static struct path path_at_home(void)
{
    struct path path;

    path_init(&path, HOME);
    return path;
}

static struct now at(uint64_t us)
{
    return (struct now){ 1000000 + us, 0 };
}

static bool is_at(const struct path *path, struct str place)
{
    return str_eq(path_place(path), place);
}

static void test_path_stays_where_it_is(void **state)
{
    struct path path = path_at_home();

    (void)state;
    assert_int_equal(path_heard(&path, HOME, 5, at(0)), PATH_STAYS);
    assert_int_equal(path_heard(&path, HOME, 6, at(0)), PATH_STAYS);
    assert_int_equal(path_tick(&path, 1, TIMEOUT, at(1000000000)), PATH_WAIT);
    assert_true(path.try_us == NEVER);
    assert_true(is_at(&path, HOME));
}

static void test_path_follows_the_newest_only(void **state)
{
    struct path path = path_at_home();

    (void)state;
    path_heard(&path, HOME, 10, at(0));
    assert_int_equal(path_heard(&path, AWAY, 9, at(0)), PATH_STAYS);
    assert_int_equal(path_heard(&path, AWAY, 10, at(0)), PATH_STAYS);
    assert_int_equal(path_heard(&path, AWAY, 0, at(0)), PATH_STAYS);
    assert_true(is_at(&path, HOME));
    assert_int_equal(path_heard(&path, AWAY, 11, at(0)), PATH_ELSEWHERE);
    assert_true(is_at(&path, AWAY));
    assert_int_equal(path_heard(&path, HOME, 11, at(0)), PATH_STAYS);
    assert_true(is_at(&path, AWAY));
}

static void test_path_tells_networks_from_ports(void **state)
{
    struct path path = path_at_home();
    struct place empty = place_of(str_of(NULL));

    (void)state;
    assert_int_equal(path_heard(&path, HOME_2, 1, at(0)), PATH_MOVED);
    assert_int_equal(path_heard(&path, AWAY, 2, at(0)), PATH_ELSEWHERE);
    assert_int_equal(path_heard(&path, HOME_2, 3, at(0)), PATH_ELSEWHERE);
    assert_true(place_same_network(HOME, HOME_2));
    assert_false(place_same_network(HOME, AWAY));
    assert_false(place_same_network(HOME, S("\x06")));
    assert_false(place_same_network(str_of(NULL), str_of(NULL)));
    assert_int_equal(empty.len, 0);
}

/* An address that is longer than any is cut, not run over. */
static void test_path_holds_what_fits(void **state)
{
    char bytes[100] = { 0 };
    struct place place = place_of(str_bytes(bytes, sizeof bytes));

    (void)state;
    assert_int_equal(place.len, PLACE_MAX);
}

static void test_path_is_proved_by_an_answer(void **state)
{
    struct path path = path_at_home();

    (void)state;
    path_heard(&path, AWAY, 1, at(0));
    assert_int_equal(path_tick(&path, 42, TIMEOUT, at(0)), PATH_ASK);
    assert_int_equal(path_tick(&path, 43, TIMEOUT, at(1)), PATH_WAIT);
    assert_false(path_answered(&path, AWAY, 43)); /* never asked */
    assert_false(path_answered(&path, HOME, 42)); /* from elsewhere */
    assert_true(path_answered(&path, AWAY, 42));
    assert_false(path_answered(&path, AWAY, 42)); /* once */

    assert_int_equal(path_tick(&path, 44, TIMEOUT, at(1000000000)), PATH_WAIT);
    assert_true(is_at(&path, AWAY));
}

/* Only the last one asked for counts: an answer says that it still is there. */
static void test_path_asks_three_times_and_goes_back(void **state)
{
    struct path path = path_at_home();

    (void)state;
    path_heard(&path, AWAY, 1, at(0));
    for (uint64_t i = 0; i < PATH_TRIES; i++) {
        assert_int_equal(path_tick(&path, 100 + i, TIMEOUT, at(i * TIMEOUT)),
                         PATH_ASK);
        assert_true(path.try_us == at((i + 1) * TIMEOUT).mono_us);
    }
    assert_false(path_answered(&path, AWAY, 100));
    assert_int_equal(path_tick(&path, 200, TIMEOUT, at(3 * TIMEOUT - 1)),
                     PATH_WAIT);
    assert_int_equal(path_tick(&path, 200, TIMEOUT, at(3 * TIMEOUT)),
                     PATH_BACK);
    assert_true(is_at(&path, HOME));
    assert_true(path.try_us == NEVER);
    assert_false(path_answered(&path, AWAY, 102)); /* too late */
    assert_true(is_at(&path, HOME));
}

/* It goes back to where it was proved last, not to where it was between. */
static void test_path_goes_back_to_what_was_proved(void **state)
{
    struct path path = path_at_home();
    uint64_t us = 0;

    (void)state;
    path_heard(&path, AWAY, 1, at(us));
    path_tick(&path, 1, TIMEOUT, at(us));
    assert_true(path_answered(&path, AWAY, 1));
    path_heard(&path, HOME, 2, at(us));
    path_tick(&path, 2, TIMEOUT, at(us));
    path_heard(&path, HOME_2, 3, at(us)); /* and on, before it answers */
    while (path_tick(&path, 3, TIMEOUT, at(us)) != PATH_BACK)
        us += TIMEOUT;

    assert_true(is_at(&path, AWAY));
}

static void test_path_allows_ten_moves_a_minute(void **state)
{
    struct path path = path_at_home();
    uint64_t record = 0;

    (void)state;
    for (uint64_t minute = 0; minute < 3; minute++) {
        uint64_t us = minute * 60000000;

        for (unsigned i = 0; i < PATH_MOVES_MAX; i++) {
            struct str to = i % 2 ? HOME : HOME_2;

            assert_int_equal(path_heard(&path, to, ++record, at(us)),
                             PATH_MOVED);
        }
        assert_int_equal(path_heard(&path, HOME_2, record, at(us)),
                         PATH_STAYS); /* an old one is none */
    }
    assert_int_equal(path_heard(&path, HOME_2, ++record, at(120000001)),
                     PATH_RESTLESS);
}

/* Whatever comes: it is where the newest record came from, or where it was
 * proved last. */
static void test_path_is_never_anywhere_else(void **state)
{
    const struct str places[] = { HOME, HOME_2, AWAY };
    struct rng rng = { test_seed(0x9a7) };
    struct path path = path_at_home();
    struct str newest = HOME, proved = HOME;
    uint64_t highest = 0, us = 0, token = 0, asked = 0;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        struct str from = places[rng_below(&rng, 3)];
        uint64_t record = rng_below(&rng, highest + 3);

        us += rng_below(&rng, 20000000);
        if (rng_below(&rng, 4) == 0) {
            bool right = str_eq(from, path_place(&path)) &&
                         path.try_us != NEVER && asked;

            assert_int_equal(path_answered(&path, from, asked), right);
            if (right)
                proved = from;
            asked = right ? 0 : asked;
        } else {
            switch (path_heard(&path, from, record, at(us))) {
            case PATH_STAYS: break;
            case PATH_RESTLESS: path = path_at_home(); break;
            case PATH_MOVED:
            case PATH_ELSEWHERE:
                assert_true(record > highest);
                newest = from;
                asked = 0;
                break;
            }
            if (path.newest == 0) { /* begun anew */
                highest = 0;
                newest = proved = HOME;
            } else if (record > highest) {
                highest = record;
            }
        }
        switch (path_tick(&path, ++token, TIMEOUT, at(us))) {
        case PATH_WAIT: break;
        case PATH_ASK: asked = token; break;
        case PATH_BACK: newest = proved; break;
        }
        assert_true(is_at(&path, newest));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_path_stays_where_it_is),
        cmocka_unit_test(test_path_follows_the_newest_only),
        cmocka_unit_test(test_path_tells_networks_from_ports),
        cmocka_unit_test(test_path_holds_what_fits),
        cmocka_unit_test(test_path_is_proved_by_an_answer),
        cmocka_unit_test(test_path_asks_three_times_and_goes_back),
        cmocka_unit_test(test_path_goes_back_to_what_was_proved),
        cmocka_unit_test(test_path_allows_ten_moves_a_minute),
        cmocka_unit_test(test_path_is_never_anywhere_else),
    };

    return RUN(tests);
}
