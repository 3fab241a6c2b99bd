/* SPDX-License-Identifier: MIT */
#include "tui/wrap.h"

#include "shared/rng.h"
#include "shared/text.h"
#include "tests/test.h"

static const struct width_rule RULE = { false, false };

/* The rows joined by '|'. */
static const char *wrapped(const char *text, size_t width)
{
    static char out[1024];
    struct str rest = str_of(text), row;
    size_t len = 0;

    while (wrap_next(&rest, width, &RULE, &row))
        len += (size_t)snprintf(out + len, sizeof out - len, "%.*s|",
                                STR_ARG(row));
    out[len ? len - 1 : 0] = '\0';
    return out;
}

static const char *edited(const char *text, size_t width)
{
    static char out[1024];
    struct str rest = str_of(text);
    bool more = true;
    size_t len = 0;

    while (more) {
        struct str row = wrap_next_edit(&rest, width, &RULE, &more);

        len += (size_t)snprintf(out + len, sizeof out - len, "%.*s|",
                                STR_ARG(row));
    }
    out[len - 1] = '\0';
    return out;
}

static void test_wrap_breaks_latin_at_spaces(void **state)
{
    (void)state;
    assert_string_equal(wrapped("the quick brown fox", 10),
                        "the quick|brown fox");
    assert_string_equal(wrapped("the quick brown fox", 9),
                        "the quick|brown fox");
    assert_string_equal(wrapped("aa    bb", 4), "aa|bb");
    assert_string_equal(wrapped("short", 80), "short");
}

static void test_wrap_splits_what_is_too_long(void **state)
{
    (void)state;
    assert_string_equal(wrapped("https://example.org/x", 8),
                        "https://|example.|org/x");
    assert_string_equal(wrapped("see https://example.org", 8),
                        "see|https://|example.|org");
}

static void test_wrap_honours_line_feeds(void **state)
{
    (void)state;
    assert_string_equal(wrapped("a\nb\n\nc\n", 10), "a|b||c");
    assert_string_equal(wrapped("\n", 10), "");
    assert_int_equal(wrap_rows(S("\n"), 10, 10, &RULE), 1);
    assert_int_equal(wrap_rows(S(""), 10, 10, &RULE), 0);
}

static void test_wrap_keeps_indentation(void **state)
{
    (void)state;
    assert_string_equal(wrapped("  if (x)\n    y;", 20), "  if (x)|    y;");
    assert_string_equal(wrapped("      abcdef", 4), "    |abcd|ef");
}

static void test_wrap_breaks_chinese_anywhere(void **state)
{
    (void)state;
    assert_string_equal(wrapped("早上好世界", 6), "早上好|世界");
    assert_string_equal(wrapped("早上好世界", 5), "早上|好世|界");
    assert_string_equal(wrapped("用C语言写", 5), "用C语|言写");
}

static void test_wrap_begins_no_row_with_a_closing_mark(void **state)
{
    static const char *const MARKS[] = { "，", "。", "、", "！", "？", "；",
                                         "：", "）", "》", "」", "』", "”",
                                         "’",  "…",  ",",  "ー", "っ", "々" };

    (void)state;
    for (size_t i = 0; i < sizeof MARKS / sizeof *MARKS; i++) {
        char text[64], want[64];

        snprintf(text, sizeof text, "一二三%s四", MARKS[i]);
        snprintf(want, sizeof want, "一二|三%s", MARKS[i]);
        assert_ptr_equal(strstr(wrapped(text, 6), want), wrapped(text, 6));
    }
}

static void test_wrap_ends_no_row_with_an_opening_mark(void **state)
{
    (void)state;
    assert_string_equal(wrapped("一二（三）", 6), "一二|（三）");
    assert_string_equal(wrapped("一二「三」", 7), "一二|「三」");
    assert_string_equal(wrapped("一二三“四”", 7), "一二三|“四”");
}

static void test_wrap_splits_a_run_of_closing_marks(void **state)
{
    (void)state;
    assert_string_equal(wrapped("！！！！！", 4), "！！|！！|！");
}

static void test_wrap_never_straddles_the_edge(void **state)
{
    (void)state;
    assert_string_equal(wrapped("a中b文", 2), "a|中|b|文");
    assert_string_equal(wrapped("中文", 1), "中|文");
}

static void test_wrap_keeps_clusters_whole(void **state)
{
    (void)state;
    assert_string_equal(wrapped("👨‍👩‍👧👍🏽e\u0301e\u0301", 2),
                        "👨‍👩‍👧|👍🏽|e\u0301e\u0301");
}

static void test_wrap_expands_tabs(void **state)
{
    char out[32];
    size_t n = wrap_expand(S("a\tb\t中\tc"), &RULE, out, sizeof out);

    (void)state;
    assert_true(str_is(str_bytes(out, n), "a   b   中  c"));
    assert_string_equal(wrapped("a\tbcd", 5), "a|bcd");
    assert_string_equal(wrapped("a\tb", 5), "a\tb");
}

static void test_wrap_expand_is_cut_between_clusters(void **state)
{
    char out[4];

    (void)state;
    assert_int_equal(wrap_expand(S("中中"), &RULE, out, sizeof out), 3);
}

static void test_wrap_edit_keeps_every_byte(void **state)
{
    (void)state;
    assert_string_equal(edited("", 4), "");
    assert_string_equal(edited("ab cd ef", 4), "ab c|d ef|");
    assert_string_equal(edited("abc", 4), "abc");
    assert_string_equal(edited("abcd\nef", 4), "abcd||ef");
    assert_string_equal(edited("ab\n", 4), "ab|");
    assert_string_equal(edited("中文字", 5), "中文|字");
}

static void expect_place(const char *text, size_t at, size_t row, size_t col)
{
    struct wrap_place place = wrap_place(str_of(text), at, 4, &RULE);

    assert_int_equal(place.row, row);
    assert_int_equal(place.col, col);
}

static void test_wrap_place_is_where_typing_goes_on(void **state)
{
    (void)state;
    expect_place("", 0, 0, 0);
    expect_place("abc", 3, 0, 3);
    expect_place("abcd", 4, 1, 0);
    expect_place("abcdef", 4, 1, 0);
    expect_place("ab\ncd", 2, 0, 2);
    expect_place("ab\ncd", 3, 1, 0);
    expect_place("ab\n", 3, 1, 0);
    expect_place("abcd\ne", 4, 1, 0);
    expect_place("abcd\ne", 5, 2, 0);
    expect_place("a中中", 1, 0, 1);
    expect_place("a中中", 4, 1, 0);
    expect_place("a中中", 7, 1, 2);
}

/* A text of what is hard to wrap. */
static struct str random_text(struct rng *rng, char *out, size_t cap)
{
    static const char *const PIECES[] = {
        "a",      "word", " ",      "  ",     "\n",       "\t",     "中",
        "，",     "（",   "“",      "”",      "👍🏽", "\u0301", "\u200B",
        "\u3000", "🇩🇪",   "\u200D", "\u1161", "…",        "ー",
    };
    size_t len = 0;

    for (size_t n = rng_below(rng, 40); n > 0; n--) {
        struct str piece =
            str_of(PIECES[rng_below(rng, sizeof PIECES / sizeof *PIECES)]);

        if (len + piece.len > cap)
            break;
        memcpy(out + len, piece.ptr, piece.len);
        len += piece.len;
    }
    return str_bytes(out, len);
}

static bool is_white(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!strchr(" \t\n\xe3\x80", s.ptr[i]))
            return false;
    }
    return true;
}

/* Rows fit, are in order, and only white space lies between them. */
static void test_wrap_loses_nothing_but_space(void **state)
{
    struct rng rng = { test_seed(7) };

    (void)state;
    for (int round = 0; round < 30000; round++) {
        char text[1024];
        struct str s = random_text(&rng, text, sizeof text);
        size_t width = 1 + rng_below(&rng, 12), end = 0, rows = 0;
        struct str rest = s, row;

        while (wrap_next(&rest, width, &RULE, &row)) {
            size_t from = row.len ? (size_t)(row.ptr - s.ptr) : end;
            char flat[4096];
            size_t n = wrap_expand(row, &RULE, flat, sizeof flat);

            assert_true(from >= end);
            assert_true(is_white(str_bytes(s.ptr + end, from - end)));
            assert_true(width_of(str_bytes(flat, n), &RULE) <=
                        (width < 2 ? 2 : width));
            end = from + row.len;
            assert_true(++rows <= s.len);
        }
        assert_true(is_white(str_bytes(s.ptr + end, s.len - end)));
        assert_int_equal(rows, wrap_rows(s, width, width, &RULE));
    }
}

static void test_wrap_edit_places_every_cluster(void **state)
{
    struct rng rng = { test_seed(8) };

    (void)state;
    for (int round = 0; round < 10000; round++) {
        char text[1024];
        struct str s = random_text(&rng, text, sizeof text);
        size_t width = 2 + rng_below(&rng, 12), bytes = 0, rows = 0;
        struct str rest = s;
        bool more = true;

        while (more) {
            bytes += wrap_next_edit(&rest, width, &RULE, &more).len;
            rows++;
        }
        assert_int_equal(rest.len, 0);
        for (size_t i = 0; i < s.len; i++)
            bytes += s.ptr[i] == '\n';
        assert_int_equal(bytes, s.len);
        assert_int_equal(wrap_place(s, s.len, width, &RULE).row, rows - 1);
        for (size_t at = 0; at < s.len;) {
            struct wrap_place p = wrap_place(s, at, width, &RULE);
            unsigned cols;

            assert_true(p.row < rows && p.col <= width);
            at += width_cluster(str_from(s, at), &RULE, &cols);
        }
    }
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_wrap_breaks_latin_at_spaces),
    cmocka_unit_test(test_wrap_splits_what_is_too_long),
    cmocka_unit_test(test_wrap_honours_line_feeds),
    cmocka_unit_test(test_wrap_keeps_indentation),
    cmocka_unit_test(test_wrap_breaks_chinese_anywhere),
    cmocka_unit_test(test_wrap_begins_no_row_with_a_closing_mark),
    cmocka_unit_test(test_wrap_ends_no_row_with_an_opening_mark),
    cmocka_unit_test(test_wrap_splits_a_run_of_closing_marks),
    cmocka_unit_test(test_wrap_never_straddles_the_edge),
    cmocka_unit_test(test_wrap_keeps_clusters_whole),
    cmocka_unit_test(test_wrap_expands_tabs),
    cmocka_unit_test(test_wrap_expand_is_cut_between_clusters),
    cmocka_unit_test(test_wrap_edit_keeps_every_byte),
    cmocka_unit_test(test_wrap_place_is_where_typing_goes_on),
    cmocka_unit_test(test_wrap_loses_nothing_but_space),
    cmocka_unit_test(test_wrap_edit_places_every_cluster),
};

int main(void)
{
    return RUN(TESTS);
}
