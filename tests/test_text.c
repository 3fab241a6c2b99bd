/* SPDX-License-Identifier: MIT */
#include "shared/text.h"

#include "shared/bounds.h"
#include "shared/rng.h"
#include "tests/test.h"

static struct str clean(const char *in, enum text_kind kind)
{
    static char out[256];
    struct str s = str_of(in);

    return str_bytes(out, text_clean(s, kind, out, sizeof out));
}

static void expect(struct str got, const char *want)
{
    if (!str_is(got, want))
        print_error("got \"%.*s\", want \"%s\"\n", STR_ARG(got),
                    want ? want : "");
    assert_true(str_is(got, want));
}

/* ---- text_step, text_put ---- */

static void test_text_step_reads_every_length(void **state)
{
    static const struct {
        const char *bytes;
        uint32_t cp;
    } CASES[] = { { "A", 'A' },         { "\x7f", 0x7f },
                  { "\xc2\x80", 0x80 }, { "é", 0xe9 },
                  { "中", 0x4e2d },     { "\xef\xbf\xbd", 0xfffd },
                  { "👍", 0x1f44d },     { "\xf4\x8f\xbf\xbf", 0x10ffff } };

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct str s = str_of(CASES[i].bytes);
        uint32_t cp;

        assert_int_equal(text_step(s, &cp), s.len);
        assert_int_equal(cp, CASES[i].cp);
    }
}

/* Table 3-8 of Unicode 3.9: how many bytes one U+FFFD stands for. */
static void test_text_step_follows_the_maximal_subpart_rule(void **state)
{
    static const struct {
        const char *bytes;
        size_t len, used;
    } CASES[] = {
        { "\x80", 1, 1 },
        { "\xc0\xaf", 2, 1 },
        { "\xc1\xbf", 2, 1 },
        { "\xe0\x80\x80", 3, 1 },
        { "\xed\xa0\x80", 3, 1 },
        { "\xf4\x90\x80\x80", 4, 1 },
        { "\xf0\x80\x80\x80", 4, 1 },
        { "\xf5\x80\x80\x80", 4, 1 },
        { "\xff", 1, 1 },
        { "\xe4\xb8", 2, 2 },
        { "\xe4\xb8"
          "A",
          3, 2 },
        { "\xf0\x9f\x91", 3, 3 },
        { "\xf0\x9f"
          "A",
          3, 2 },
        { "\xe4", 1, 1 },
        { "\xc3"
          "A",
          2, 1 },
        { "\xf1\x80\x80\xe4", 4, 3 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        uint32_t cp = 0;

        assert_int_equal(
            text_step(str_bytes(CASES[i].bytes, CASES[i].len), &cp),
            CASES[i].used);
        assert_int_equal(cp, 0xfffd);
    }
}

static void test_text_put_is_the_inverse_of_step(void **state)
{
    (void)state;
    for (uint32_t cp = 0; cp < 0x110000; cp++) {
        char out[4];
        size_t len;
        uint32_t back;

        if (cp >= 0xd800 && cp < 0xe000)
            continue;
        len = text_put(cp, out);
        assert_int_equal(text_step(str_bytes(out, len), &back), len);
        assert_int_equal(back, cp);
    }
}

/* ---- text_clean, text_is_clean ---- */

static void test_text_clean_keeps_what_is_clean(void **state)
{
    static const char *const CASES[] = {
        "",
        "hello, world ~",
        "早上好，世界",
        "e\u0301 \u0915\u0915\u093e",
        "👨‍👩‍👧 ❤️ 🇩🇪 \uFFFD",
        "exactly8",
        "nine char",
    };

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        assert_true(text_is_clean(str_of(CASES[i]), TEXT_LINE));
        expect(clean(CASES[i], TEXT_LINE), CASES[i]);
    }
}

static void test_text_clean_shows_controls(void **state)
{
    (void)state;
    expect(clean("\x1b[31m", TEXT_LINE), "^[[31m");
    expect(clean("a\x07\x7f", TEXT_LINES), "a^G^?");
    expect(clean("x\xc2\x9by", TEXT_LINE), "x\uFFFDy");
    expect(clean("\xc2\x85", TEXT_LINES), "\uFFFD");
}

static void test_text_clean_shows_nul(void **state)
{
    char out[8];

    (void)state;
    assert_int_equal(text_clean(S("a\0b"), TEXT_LINE, out, sizeof out), 4);
    assert_memory_equal(out, "a^@b", 4);
}

static void test_text_clean_treats_line_ends_by_kind(void **state)
{
    (void)state;
    expect(clean("a\nb\tc", TEXT_LINES), "a\nb\tc");
    expect(clean("a\nb\tc", TEXT_LINE), "a b c");
    expect(clean("a\r\nb\rc", TEXT_LINES), "a\nb\nc");
    expect(clean("a\r\nb\rc", TEXT_LINE), "a b c");
    assert_true(text_is_clean(S("a\n\tb"), TEXT_LINES));
    assert_false(text_is_clean(S("a\n"), TEXT_LINE));
    assert_false(text_is_clean(S("a\r\n"), TEXT_LINES));
}

static void test_text_clean_drops_what_reorders_or_hides(void **state)
{
    (void)state;
    expect(clean("a\u202Eb\u2066c\u200Fd\u061Ce\u2028f\U000E0041g\u2069\u202C",
                 TEXT_LINE),
           "abcdefg");
}

static void test_text_clean_replaces_bad_bytes(void **state)
{
    (void)state;
    expect(clean("a\xff\xe4\xb8z\xc0\xaf", TEXT_LINE),
           "a\uFFFD\uFFFDz\uFFFD\uFFFD");
}

static void test_text_clean_limits_marks(void **state)
{
    char in[64] = "a", out[64];
    size_t len = 1;

    (void)state;
    for (int i = 0; i < 12; i++)
        len += text_put(0x300, in + len);
    assert_false(text_is_clean(str_bytes(in, len), TEXT_LINE));
    assert_int_equal(text_clean(str_bytes(in, len), TEXT_LINE, out, sizeof out),
                     1 + 2 * MARKS_MAX);
}

static void test_text_clean_counts_marks_through_dropped_ones(void **state)
{
    struct str got =
        clean("a\u0300\u0300\u200F\u0300\u0300\u200F\u0300", TEXT_LINE);

    (void)state;
    expect(got, "a\u0300\u0300\u0300\u0300");
}

static void test_text_clean_limits_invisible_runs(void **state)
{
    struct str got = clean("\u200B\u200B\u200B\u200B\u200B\u200Bx", TEXT_LINE);

    (void)state;
    expect(got, "\u200B\u200B\u200B\u200Bx");
}

static void test_text_clean_cuts_between_characters(void **state)
{
    char out[16];

    (void)state;
    for (size_t cap = 0; cap < sizeof out; cap++) {
        size_t n = text_clean(S("中a\x1b文👍"), TEXT_LINE, out, cap);

        assert_true(n <= cap);
        assert_true(text_is_clean(str_bytes(out, n), TEXT_LINE));
    }
}

static void check_bytes(struct str s)
{
    char once[200], twice[600];

    for (int kind = TEXT_LINE; kind <= TEXT_LINES; kind++) {
        enum text_kind k = (enum text_kind)kind;
        size_t n = text_clean(s, k, once, sizeof once), m;

        assert_true(n <= 3 * s.len);
        assert_true(text_is_clean(str_bytes(once, n), k));
        m = text_clean(str_bytes(once, n), k, twice, sizeof twice);
        assert_true(str_eq(str_bytes(once, n), str_bytes(twice, m)));
        if (text_is_clean(s, k))
            assert_true(str_eq(s, str_bytes(once, n)));
    }
}

/* Bytes of what is hard to clean, cut anywhere; returns how many. */
static size_t random_bytes(struct rng *rng, char *out, size_t cap)
{
    static const char *const PIECES[] = {
        "a",    "\x1b",       "\xcc\x80", "\xe4\xb8\xad",     "\xe2\x80\x8f",
        "\xff", "\r",         "\n",       "\xf0\x9f\x91\x8d", "\xe2\x80\x8d",
        "\x7f", "plain text",
    };
    size_t len = 0;

    while (len + 16 < cap && rng_below(rng, 12)) {
        const char *piece =
            PIECES[rng_below(rng, sizeof PIECES / sizeof *PIECES)];
        size_t n = 1 + rng_below(rng, strlen(piece));

        memcpy(out + len, piece, n);
        len += n;
        if (rng_below(rng, 4) == 0)
            out[len++] = (char)rng_next(rng);
    }
    return len;
}

static void test_text_clean_of_anything_is_clean_and_stays(void **state)
{
    struct rng rng = { test_seed(1) };

    (void)state;
    for (int round = 0; round < 20000; round++) {
        char bytes[64];

        check_bytes(str_bytes(bytes, random_bytes(&rng, bytes, sizeof bytes)));
    }
}

static void test_text_strict_leaves_no_control_byte(void **state)
{
    char out[64];
    size_t n =
        text_strict(S("a\x07\x1b\n\tb\x9c\xc2\x9c\x7f"), out, sizeof out);

    (void)state;
    for (size_t at = 0; at < n;) {
        uint32_t cp;

        at += text_step(str_bytes(out + at, n - at), &cp);
        assert_true(cp >= 0x20 && !(cp >= 0x7f && cp < 0xa0));
    }
}

/* ---- text_cut, text_lines ---- */

static void test_text_cut_ends_between_characters(void **state)
{
    struct str s = S("a中👍");
    static const size_t WANT[] = { 0, 1, 1, 1, 4, 4, 4, 4, 8, 8 };

    (void)state;
    for (size_t max = 0; max < 10; max++)
        assert_int_equal(text_cut(s, max).len, WANT[max]);
}

static void test_text_cut_of_garbage_makes_progress(void **state)
{
    (void)state;
    assert_int_equal(text_cut(S("\x80\x80\x80\x80\x80\x80\x80"), 5).len, 5);
}

static void test_text_lines_counts_separators(void **state)
{
    (void)state;
    assert_int_equal(text_lines(S("")), 0);
    assert_int_equal(text_lines(S("a")), 1);
    assert_int_equal(text_lines(S("a\nb")), 2);
    assert_int_equal(text_lines(S("\n")), 2);
}

/* ---- names ---- */

static struct str name(const char *in, enum name_kind kind)
{
    static char out[NAME_MAX_BYTES];

    return str_bytes(out, text_name(str_of(in), kind, 32, out));
}

static void test_text_name_takes_names(void **state)
{
    (void)state;
    expect(name("Ann", NAME_NICK), "Ann");
    expect(name("李伟", NAME_NICK), "李伟");
    expect(name("Zoe\u0308", NAME_NICK), "Zo\u00eb");
    expect(name("#lobby", NAME_ROOM), "#lobby");
    expect(name("＃大厅", NAME_ROOM), "#大厅");
    expect(name("#a:b!c", NAME_ROOM), "#a:b!c");
}

static void test_text_name_refuses_others(void **state)
{
    static const char *const NICKS[] = {
        "",
        "a b",
        "#ann",
        "@ann",
        "a:b",
        "a,b",
        "a!b",
        "a*",
        "a?",
        "/join",
        "-x",
        "a\tb",
        "\x1b[m",
        "a\xff",
        "\u0301a",
        "\u200b",
        "a\u3000",
        "\u200Fa",
        "\u3164",
        "a\u00a0b",
        "\u2800",
        "\uFFFD",
        "a@b",
        "a\nb",
        "123456789012345678901234567890123",
    };
    static const char *const ROOMS[] = { "",     "lobby",   "#",
                                         "##\n", "# ",      "#a b",
                                         "@a",   "#\u0301", "#\u200d" };

    (void)state;
    for (size_t i = 0; i < sizeof NICKS / sizeof *NICKS; i++)
        expect(name(NICKS[i], NAME_NICK), "");
    for (size_t i = 0; i < sizeof ROOMS / sizeof *ROOMS; i++)
        expect(name(ROOMS[i], NAME_ROOM), "");
}

static void test_text_name_obeys_max(void **state)
{
    char out[NAME_MAX_BYTES], longest[NAME_MAX_BYTES + 1];

    (void)state;
    memset(longest, 'x', sizeof longest);
    assert_int_equal(text_name(S("abcd"), NAME_NICK, 4, out), 4);
    assert_int_equal(text_name(S("abcde"), NAME_NICK, 4, out), 0);
    assert_int_equal(text_name(str_bytes(longest, NAME_MAX_BYTES), NAME_NICK,
                               NAME_MAX_BYTES, out),
                     NAME_MAX_BYTES);
    assert_int_equal(
        text_name(str_bytes(longest, sizeof longest), NAME_NICK, 1000, out), 0);
}

static void test_text_name_is_stable(void **state)
{
    char once[NAME_MAX_BYTES], twice[NAME_MAX_BYTES];
    size_t n = text_name(S("A\u030Angstro\u0308m"), NAME_NICK, 32, once);

    (void)state;
    assert_true(n > 0);
    assert_int_equal(text_name(str_bytes(once, n), NAME_NICK, 32, twice), n);
    assert_memory_equal(once, twice, n);
}

static bool same(const char *a, const char *b)
{
    char x[256], y[256];
    size_t n = text_fold(str_of(a), x, sizeof x);
    size_t m = text_fold(str_of(b), y, sizeof y);

    return n > 0 && str_eq(str_bytes(x, n), str_bytes(y, m));
}

static void test_text_fold_joins_what_looks_alike(void **state)
{
    (void)state;
    assert_true(same("ANN", "ann"));
    assert_true(same("Straße", "STRASSE"));
    assert_true(same("ＡＮＮ", "ann"));
    assert_true(same("zoe\u0308", "Zo\u00cb"));
    assert_true(same("an\u200dn", "ann"));
    assert_false(same("ann", "anna"));
    assert_false(same("李伟", "李维"));
}

static void test_text_fold_says_when_it_does_not_fit(void **state)
{
    char out[4];

    (void)state;
    assert_int_equal(text_fold(S("abcde"), out, sizeof out), 0);
    assert_int_equal(text_fold(S("ééé"), out, sizeof out), 0);
    assert_int_equal(text_fold(S("ABCD"), out, sizeof out), 4);
    assert_int_equal(text_fold(S("\xff"), out, sizeof out), 0);
}

static void test_text_fold_takes_long_texts(void **state)
{
    static char in[6000], out[6000];

    (void)state;
    for (size_t i = 0; i < sizeof in; i += 2)
        text_put(0xC9, in + i);
    assert_int_equal(text_fold(str_bytes(in, sizeof in), out, sizeof out),
                     sizeof out);
    assert_true(str_starts(str_bytes(out, sizeof out), S("\u00e9\u00e9")));
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_text_step_reads_every_length),
    cmocka_unit_test(test_text_step_follows_the_maximal_subpart_rule),
    cmocka_unit_test(test_text_put_is_the_inverse_of_step),
    cmocka_unit_test(test_text_clean_keeps_what_is_clean),
    cmocka_unit_test(test_text_clean_shows_controls),
    cmocka_unit_test(test_text_clean_shows_nul),
    cmocka_unit_test(test_text_clean_treats_line_ends_by_kind),
    cmocka_unit_test(test_text_clean_drops_what_reorders_or_hides),
    cmocka_unit_test(test_text_clean_replaces_bad_bytes),
    cmocka_unit_test(test_text_clean_limits_marks),
    cmocka_unit_test(test_text_clean_counts_marks_through_dropped_ones),
    cmocka_unit_test(test_text_clean_limits_invisible_runs),
    cmocka_unit_test(test_text_clean_cuts_between_characters),
    cmocka_unit_test(test_text_clean_of_anything_is_clean_and_stays),
    cmocka_unit_test(test_text_strict_leaves_no_control_byte),
    cmocka_unit_test(test_text_cut_ends_between_characters),
    cmocka_unit_test(test_text_cut_of_garbage_makes_progress),
    cmocka_unit_test(test_text_lines_counts_separators),
    cmocka_unit_test(test_text_name_takes_names),
    cmocka_unit_test(test_text_name_refuses_others),
    cmocka_unit_test(test_text_name_obeys_max),
    cmocka_unit_test(test_text_name_is_stable),
    cmocka_unit_test(test_text_fold_joins_what_looks_alike),
    cmocka_unit_test(test_text_fold_says_when_it_does_not_fit),
    cmocka_unit_test(test_text_fold_takes_long_texts),
};

int main(void)
{
    return RUN(TESTS);
}
