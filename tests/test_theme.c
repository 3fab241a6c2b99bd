/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include "tui/theme.h"

static void test_theme_mono_has_no_colour_but_all_attributes(void **state)
{
    (void)state;
    for (int style = 0; style < STYLE_COUNT; style++) {
        struct ink mono = theme_ink(LOOK_MONO, (enum style)style);
        struct ink dark = theme_ink(LOOK_DARK, (enum style)style);
        struct ink light = theme_ink(LOOK_LIGHT, (enum style)style);

        assert_int_equal(mono.colour, INK_DEFAULT);
        assert_int_equal(mono.attrs, dark.attrs);
        assert_int_equal(mono.attrs, light.attrs);
    }
}

static void test_theme_uses_the_eight_colours_of_every_terminal(void **state)
{
    (void)state;
    for (int style = 0; style < STYLE_COUNT; style++) {
        for (int look = LOOK_DARK; look <= LOOK_LIGHT; look++) {
            struct ink ink = theme_ink((enum look)look, (enum style)style);

            assert_in_range(ink.colour + 1, 0, 8);
        }
    }
}

/* What matters is told without colour, too. */
static void test_theme_mono_tells_what_matters(void **state)
{
    (void)state;
    assert_true(theme_ink(LOOK_MONO, STYLE_mention).attrs != 0);
    assert_true(theme_ink(LOOK_MONO, STYLE_error).attrs != 0);
    assert_true(theme_ink(LOOK_MONO, STYLE_bar).attrs & INK_REVERSE);
    assert_int_equal(theme_ink(LOOK_DARK, STYLE_error).colour, 1);
}

static void test_theme_guess_heeds_no_color(void **state)
{
    (void)state;
    assert_int_equal(theme_guess("1", NULL), LOOK_MONO);
    assert_int_equal(theme_guess("0", "0;15"), LOOK_MONO);
    assert_int_equal(theme_guess("", NULL), LOOK_DARK);
    assert_int_equal(theme_guess(NULL, NULL), LOOK_DARK);
}

static void test_theme_guess_reads_colorfgbg(void **state)
{
    static const struct {
        const char *value;
        enum look look;
    } CASES[] = {
        { "0;15", LOOK_LIGHT },
        { "15;0", LOOK_DARK },
        { "0;7", LOOK_LIGHT },
        { "15;8", LOOK_DARK },
        { "0;default;15", LOOK_LIGHT },
        { "15;default", LOOK_DARK },
        { "", LOOK_DARK },
        { ";", LOOK_DARK },
        { "15", LOOK_DARK },
        { "0;99", LOOK_DARK },
        { "0;15x", LOOK_DARK },
    };

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        assert_int_equal(theme_guess(NULL, CASES[i].value), CASES[i].look);
}

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test(test_theme_mono_has_no_colour_but_all_attributes),
        cmocka_unit_test(test_theme_uses_the_eight_colours_of_every_terminal),
        cmocka_unit_test(test_theme_mono_tells_what_matters),
        cmocka_unit_test(test_theme_guess_heeds_no_color),
        cmocka_unit_test(test_theme_guess_reads_colorfgbg),
    };

    return RUN(TESTS);
}
