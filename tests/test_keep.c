/* SPDX-License-Identifier: MIT
 *
 * Rules about how long lines are kept.
 */
#include "tests/test.h"

#include "server/keep.h"

static void test_keep_knows_rules(void **state)
{
    static const char *const GOOD[] = {
        NULL, "", "  ", "#a=1", " #a=1  #b=0 ", "#李伟=36500", "#a=b=5",
    };
    static const char *const BAD[] = {
        "#a",     "#a=",   "=5",      "#a= 5",    "#a=-1",
        "#a=x",   "#a=5x", "#a #b=1", "#a=36501", "#a=999999",
        "#a=1 b", "a=5",   "#=5",     "#a=1 b=5",
    };

    (void)state;
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++)
        if (!keep_is_valid(GOOD[i]))
            fail_msg("%s", GOOD[i]);
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        if (keep_is_valid(BAD[i]))
            fail_msg("%s", BAD[i]);
}

static void test_keep_finds_a_room_in_any_case(void **state)
{
    static const char RULES[] = "#Ops=365 #builds=7 #ops=1";
    uint64_t days = 99;

    (void)state;
    assert_true(keep_find(RULES, S("#builds"), &days));
    assert_int_equal(days, 7);
    assert_true(keep_find(RULES, S("#ops"), &days)); /* the first one */
    assert_int_equal(days, 365);
    assert_false(keep_find(RULES, S("#build"), &days));
    assert_false(keep_find(NULL, S("#ops"), &days));
    assert_false(keep_find("#ops", S("#ops"), &days));
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_keep_knows_rules),
    cmocka_unit_test(test_keep_finds_a_room_in_any_case),
};

int main(void)
{
    return RUN(TESTS);
}
