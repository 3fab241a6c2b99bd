/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include "tui/key.h"

static void check_round_trip(const char *name, const char *want)
{
    struct key key, again;
    char out[KEY_NAME_MAX];

    assert_true(key_parse(str_of(name), &key));
    key_label(&key, out);
    assert_string_equal(out, want);
    assert_true(key_parse(str_of(out), &again));
    assert_true(key_same(&key, &again));
}

static void test_key_label_round_trips(void **state)
{
    static const char *const NAMES[] = {
        "a",        "A",          "1",         "-",
        "/",        "Space",      "C-w",       "C-Space",
        "M-Enter",  "S-Tab",      "C-M-Left",  "F1",
        "F12",      "M-F7",       "PgUp",      "M-?",
        "C-_",      "C-M-S-PgDn", "C--",       "M--",
        "Esc",      "Ins",        "Backspace", "M-Backspace",
        "C-\\",     "C-]",        "C-^",       "M-\xe4\xb8\xad",
        "\xc3\xa9", "M-C",        "C-h",       "C-j",
        "Del",      "C-M-x",      "S-F11",
    };

    (void)state;
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        check_round_trip(NAMES[i], NAMES[i]);
}

static void test_key_has_one_form(void **state)
{
    (void)state;
    check_round_trip("C-i", "Tab");
    check_round_trip("C-m", "Enter");
    check_round_trip("C-[", "Esc");
    check_round_trip("C-?", "Backspace");
    check_round_trip("C-@", "C-Space");
    check_round_trip("C-/", "C-_");
    check_round_trip("C-W", "C-w");
    check_round_trip("M-C-x", "C-M-x");
    check_round_trip("S-M-Up", "M-S-Up");
}

static void test_key_parse_refuses_what_is_no_key(void **state)
{
    static const char *const WRONG[] = {
        "",         "C-",       "ab",   "F0",   "F13",  "F1x",   "enter",
        "X-a",      "C-C-a",    "S-a",  " ",    "C-M-", "\x1b",  "\x7f",
        "\xc2\x85", "\xe4\xb8", "\xff", "C-\n", "Up ",  "M-Upp",
    };
    struct key key;

    (void)state;
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        if (key_parse(str_of(WRONG[i]), &key))
            fail_msg("\"%s\" was taken for a key", WRONG[i]);
    }
}

static void test_key_label_is_empty_for_what_is_no_key(void **state)
{
    struct key key = { .type = KT_PASTE };
    char out[KEY_NAME_MAX] = "x";

    (void)state;
    key_label(&key, out);
    assert_string_equal(out, "");

    key = (struct key){ .type = KT_NAMED, .code = 4711 };
    key_label(&key, out);
    assert_string_equal(out, "");
}

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test(test_key_label_round_trips),
        cmocka_unit_test(test_key_has_one_form),
        cmocka_unit_test(test_key_parse_refuses_what_is_no_key),
        cmocka_unit_test(test_key_label_is_empty_for_what_is_no_key),
    };

    return RUN(TESTS);
}
