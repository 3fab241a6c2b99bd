/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include "shared/rng.h"
#include "tui/canvas.h"

static const struct width_rule RULE = { false, false };

static struct canvas make(int cols, int rows)
{
    struct canvas c;

    canvas_init(&c, &RULE);
    canvas_resize(&c, cols, rows);
    return c;
}

/* The dump of a canvas; static, good until the next call. */
static const char *dump(const struct canvas *c)
{
    static char text[4096];
    FILE *file = fmemopen(text, sizeof text, "w");

    canvas_dump(c, file);
    fclose(file);
    return text;
}

static void test_canvas_draws_and_dumps(void **state)
{
    (void)state;
    struct canvas c = make(10, 2);

    int end = canvas_text(&c, span(0, 1, 10), STYLE_text, S("中文ab"));
    canvas_fill(&c, span(1, 2, 5), STYLE_rule, '-');

    assert_int_equal(end, 7);
    assert_string_equal(dump(&c), " 中文ab\n  ---\n");
    assert_int_equal(c.cells[1].cols, 2);
    assert_int_equal(c.cells[2].cols, 0);
    assert_int_equal(c.cells[12].style, STYLE_rule);
    canvas_fini(&c);
}

static void test_canvas_clips_at_the_limit(void **state)
{
    (void)state;
    struct canvas c = make(6, 1);

    assert_int_equal(canvas_text(&c, span(0, 0, 3), STYLE_text, S("中文字")),
                     2);
    assert_string_equal(dump(&c), "中\n");
    assert_int_equal(canvas_text(&c, span(0, 4, 100), STYLE_text, S("abcd")),
                     6);
    assert_string_equal(dump(&c), "中  ab\n");
    canvas_text(&c, span(-1, 0, 6), STYLE_text, S("x"));
    canvas_text(&c, span(1, 0, 6), STYLE_text, S("x"));
    canvas_text(&c, span(0, -3, 6), STYLE_text, S("x"));
    canvas_fill(&c, span(7, 0, 6), STYLE_text, 'x');
    canvas_fill(&c, span(0, -5, 1), STYLE_text, '.');
    assert_string_equal(dump(&c), ".   ab\n");
    canvas_fini(&c);
}

static void test_canvas_never_leaves_half_a_character(void **state)
{
    (void)state;
    struct canvas c = make(4, 1);

    canvas_text(&c, span(0, 0, 4), STYLE_text, S("中文"));
    canvas_text(&c, span(0, 1, 4), STYLE_text, S("x"));
    assert_string_equal(dump(&c), " x文\n");

    canvas_text(&c, span(0, 0, 4), STYLE_text, S("中文"));
    canvas_text(&c, span(0, 2, 4), STYLE_text, S("x"));
    assert_string_equal(dump(&c), "中x\n");

    canvas_text(&c, span(0, 0, 4), STYLE_text, S("中文"));
    canvas_text(&c, span(0, 1, 4), STYLE_text, S("字"));
    assert_string_equal(dump(&c), " 字\n");
    canvas_fini(&c);
}

static void test_canvas_keeps_marks_with_their_base(void **state)
{
    (void)state;
    struct canvas c = make(4, 1);

    int end = canvas_text(&c, span(0, 0, 4), STYLE_text, S("e\xcc\x81x"));

    assert_int_equal(end, 2);
    assert_int_equal(c.cells[0].len, 3);
    canvas_fini(&c);
}

static void test_canvas_resize_blanks(void **state)
{
    (void)state;
    struct canvas c = make(4, 2);
    canvas_text(&c, span(0, 0, 4), STYLE_text, S("abcd"));
    c.cursor_col = c.cursor_row = 1;

    canvas_resize(&c, 0, -5);

    assert_int_equal(c.cols, 1);
    assert_int_equal(c.rows, 1);
    assert_string_equal(dump(&c), "\n");
    assert_int_equal(c.cursor_col, -1);
    canvas_fini(&c);
}

/* Whatever is drawn where: every wide cell has its right half, and no other. */
static void check(const struct canvas *c)
{
    for (int row = 0; row < c->rows; row++) {
        for (int col = 0; col < c->cols; col++) {
            const struct cell *cell = &c->cells[row * c->cols + col];
            assert_true(cell->len <= CELL_BYTES);
            if (cell->cols == 0)
                assert_true(col > 0 && cell[-1].cols == 2 && cell->len == 0);
            if (cell->cols == 2)
                assert_true(col + 1 < c->cols && cell[1].cols == 0);
            if (cell->cols)
                assert_true(cell->len > 0);
        }
    }
}

static void test_canvas_survives_any_drawing(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {
        "abc",
        "中文",
        "e\xcc\x81\xcc\x81\xcc\x81\xcc\x81",
        "a中b",
        "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9",
        "\xcc\x81",
        "\t",
        "\xe2\x9d\xa4\xef\xb8\x8f",
        "\xf0\x9f\x87\xa8\xf0\x9f\x87\xb3"
    };

    uint64_t seed = test_seed(1);
    struct rng rng = { seed };
    struct canvas c = make(1, 1);
    print_message("SEED=%ju\n", (uintmax_t)seed);

    for (int i = 0; i < 20000; i++) {
        int col = (int)rng_below(&rng, 14) - 2;
        int row = (int)rng_below(&rng, 8) - 2;
        int limit = (int)rng_below(&rng, 16) - 2;
        if (rng_below(&rng, 200) == 0)
            canvas_resize(&c, (int)rng_below(&rng, 12),
                          (int)rng_below(&rng, 6));
        else if (rng_below(&rng, 4) == 0)
            canvas_fill(&c, span(row, col, limit), STYLE_rule, '-');
        else
            canvas_text(&c, span(row, col, limit), STYLE_text,
                        str_of(TEXTS[rng_below(&rng, 9)]));
        check(&c);
    }
    canvas_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_canvas_draws_and_dumps),
        cmocka_unit_test(test_canvas_clips_at_the_limit),
        cmocka_unit_test(test_canvas_never_leaves_half_a_character),
        cmocka_unit_test(test_canvas_keeps_marks_with_their_base),
        cmocka_unit_test(test_canvas_resize_blanks),
        cmocka_unit_test(test_canvas_survives_any_drawing),
    };

    return RUN(tests);
}
