/* SPDX-License-Identifier: MIT */
#include "shared/width.h"

#include <locale.h>
#include <wchar.h>

#include "shared/rng.h"
#include "shared/text.h"
#include "tests/test.h"

static const struct width_rule PLAIN = { false, false };
static const struct width_rule WIDE = { true, false };
static const struct width_rule FULL = { false, true };

/* Width by the C library, which is what curses believes; -1: not printable. */
static int libc_width(struct str s)
{
    int width = 0;

    while (s.len) {
        uint32_t cp;
        int w;

        s = str_from(s, text_step(s, &cp));
        w = wcwidth((wchar_t)cp);
        if (w < 0)
            return -1;
        width += w;
    }
    return width;
}

static void check_cluster(struct str cluster, unsigned cols)
{
    char out[CLUSTER_MAX];
    size_t len = width_reduce(cluster, &PLAIN, out, sizeof out);
    int libc = libc_width(str_bytes(out, len));
    uint32_t cp;

    text_step(cluster, &cp);
    if (libc != (int)cols)
        fail_msg("U+%04X, cluster of %zu bytes: %u cells here, %d in libc",
                 (unsigned)cp, cluster.len, cols, libc);
}

static void check_agrees(struct str s)
{
    while (s.len) {
        unsigned cols;
        size_t used = width_cluster(s, &PLAIN, &cols);

        check_cluster(str_bytes(s.ptr, used), cols);
        s = str_from(s, used);
    }
}

static void test_width_agrees_with_libc_for_every_character(void **state)
{
    (void)state;
    for (uint32_t cp = 0x20; cp < 0x110000; cp++) {
        char utf8[4];
        struct str s = { utf8, 0 };

        if (cp >= 0xd800 && cp < 0xe000)
            continue;
        s.len = text_put(cp, utf8);
        check_agrees(s);
    }
}

static void test_width_agrees_with_libc_for_words(void **state)
{
    static const char *const WORDS[] = {
        "hello",
        "早上好，世界。",
        "ひらがな カタカナ ﾊﾝｶｸ",
        "한국어 \u1112\u1161\u11ab\u1100\u1173\u11af",
        "\u1100\u1100\u1100",
        "\u1161\u1161\u11a8",
        "\u0928\u092e\u0938\u094d\u0924\u0947 \u0915\u093e",
        "\u0e01\u0e33\u0e19\u0e49\u0e33",
        "e\u0301a\u0300\u0301\u0302\u0303\u0304\u0305\u0306",
        "👍👍🏽👨‍👩‍👧‍👦🏳️‍🌈🏴‍☠️",
        "❤️ ❤ 1️⃣ ☝🏽 ©️",
        "🇩🇪🇫🇷🇨",
        "\U0001FAE8\U0001FAE8\uFE0F \U000323AF",
        "\u0601123 \u06DD1",
        "\uE0B0 \uFFFD \u200B\u200D\uFEFF",
        "x🏽 🏽",
    };

    (void)state;
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
        check_agrees(str_of(WORDS[i]));
}

/* Characters that join with others in one way or another. */
static const uint32_t JOINERS[] = {
    'a',    '1',     '#',     ' ',     '\n',    0xAD,    0x301,   0x20E3,
    0x200B, 0x200C,  0x200D,  0xFE0E,  0xFE0F,  0x1100,  0x1161,  0x11A8,
    0xAC00, 0xAC01,  0x915,   0x93E,   0x94D,   0xE33,   0x600,   0x4E2D,
    0x3099, 0x304B,  0x1F468, 0x1F469, 0x1F3FB, 0x1F3FF, 0x1F1E9, 0x1F1EA,
    0x2764, 0x1FAE8, 0xE0100, 0xFFFF,  0x201C,
};

/* A text of them; out has 4 * n bytes. */
static struct str random_text(struct rng *rng, size_t n, char *out)
{
    size_t len = 0;

    while (n-- > 0)
        len +=
            text_put(JOINERS[rng_below(rng, sizeof JOINERS / sizeof *JOINERS)],
                     out + len);
    return str_bytes(out, len);
}

static void test_width_agrees_with_libc_for_any_sequence(void **state)
{
    struct rng rng = { test_seed(2) };

    (void)state;
    for (int round = 0; round < 50000; round++) {
        char text[4 * 12];

        check_agrees(random_text(&rng, 1 + rng_below(&rng, 12), text));
    }
}

static void test_width_of_known_texts(void **state)
{
    static const struct {
        const char *text;
        size_t plain, wide, full;
    } CASES[] = {
        { "", 0, 0, 0 },
        { "abc", 3, 3, 3 },
        { "中文", 4, 4, 4 },
        { "“a”…", 4, 7, 4 },
        { "❤️", 1, 1, 2 },
        { "👍🏽", 2, 2, 2 },
        { "👨‍👩‍👧", 2, 2, 2 },
        { "🇩🇪", 2, 2, 2 },
        { "e\u0301", 1, 1, 1 },
        { "\u0301", 0, 0, 0 },
        { "\t", 1, 1, 1 },
        { "\u0915\u093e", 2, 2, 2 },
        { "\u1112\u1161\u11ab", 2, 2, 2 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct str s = str_of(CASES[i].text);

        assert_int_equal(width_of(s, &PLAIN), CASES[i].plain);
        assert_int_equal(width_of(s, &WIDE), CASES[i].wide);
        assert_int_equal(width_of(s, &FULL), CASES[i].full);
    }
}

static void test_width_reduce_keeps_the_base(void **state)
{
    static const struct {
        const char *cluster, *plain, *full;
    } CASES[] = {
        { "a", "a", "a" },
        { "❤️", "❤", "❤️" },
        { "👍🏽", "👍", "👍🏽" },
        { "👩‍🚀", "👩", "👩‍🚀" },
        { "🇩🇪", "DE", "🇩🇪" },
        { "e\u0301", "e\u0301", "e\u0301" },
        { "\U0001FAE8", "\uFFFD", "\uFFFD" },
        { "\t", " ", " " },
        { "\u0301", "", "" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct str s = str_of(CASES[i].cluster);
        char out[32];
        size_t n = width_reduce(s, &PLAIN, out, sizeof out);

        assert_true(str_is(str_bytes(out, n), CASES[i].plain));
        n = width_reduce(s, &FULL, out, sizeof out);
        assert_true(str_is(str_bytes(out, n), CASES[i].full));
    }
}

static void test_width_reduce_never_overflows(void **state)
{
    struct rng rng = { test_seed(3) };

    (void)state;
    for (int round = 0; round < 50000; round++) {
        char text[4 * 40], out[CLUSTER_MAX];
        struct str s = random_text(&rng, 1 + rng_below(&rng, 40), text);
        const struct width_rule *rule = round % 2 ? &FULL : &PLAIN;
        unsigned cols;

        s.len = width_cluster(s, rule, &cols);
        assert_true(cols <= 2);
        assert_true(width_reduce(s, rule, out, sizeof out) <= sizeof out);
    }
}

static void test_width_cluster_keeps_sequences_whole(void **state)
{
    static const char *const WHOLE[] = { "👨‍👩‍👧‍👦",
                                         "🇩🇪",
                                         "👍🏽",
                                         "❤️‍🔥",
                                         "e\u0301\u0302",
                                         "각",
                                         "1️⃣" };

    (void)state;
    for (size_t i = 0; i < sizeof WHOLE / sizeof *WHOLE; i++) {
        struct str s = str_of(WHOLE[i]);
        unsigned cols;

        assert_int_equal(width_cluster(s, &PLAIN, &cols), s.len);
    }
}

static void test_width_cut_never_splits_a_cluster(void **state)
{
    struct str s = S("a中👍🏽e\u0301");
    static const size_t WANT[] = { 0, 1, 1, 4, 4, 12, 15, 15 };

    (void)state;
    for (size_t max = 0; max < 8; max++)
        assert_int_equal(width_cut(s, max, &PLAIN).len, WANT[max]);
}

static void test_width_before_inverts_cluster(void **state)
{
    struct rng rng = { test_seed(4) };

    (void)state;
    for (int round = 0; round < 50000; round++) {
        char text[4 * 20];
        struct str s = random_text(&rng, 1 + rng_below(&rng, 20), text);

        for (size_t at = 0, used; at < s.len; at += used) {
            unsigned cols;

            used = width_cluster(str_from(s, at), &PLAIN, &cols);
            assert_int_equal(width_before(s, at + used), at);
        }
        assert_int_equal(width_before(s, 0), 0);
    }
}

static void test_width_of_garbage_ends(void **state)
{
    struct rng rng = { test_seed(5) };

    (void)state;
    for (int round = 0; round < 20000; round++) {
        char bytes[32];

        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (char)rng_next(&rng);
        width_of(str_bytes(bytes, sizeof bytes), &FULL);
        for (size_t at = sizeof bytes; at > 0;) {
            size_t before = width_before(str_bytes(bytes, sizeof bytes), at);

            assert_true(before < at);
            at = before;
        }
    }
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_width_agrees_with_libc_for_every_character),
    cmocka_unit_test(test_width_agrees_with_libc_for_words),
    cmocka_unit_test(test_width_agrees_with_libc_for_any_sequence),
    cmocka_unit_test(test_width_of_known_texts),
    cmocka_unit_test(test_width_reduce_keeps_the_base),
    cmocka_unit_test(test_width_reduce_never_overflows),
    cmocka_unit_test(test_width_cluster_keeps_sequences_whole),
    cmocka_unit_test(test_width_cut_never_splits_a_cluster),
    cmocka_unit_test(test_width_before_inverts_cluster),
    cmocka_unit_test(test_width_of_garbage_ends),
};

int main(void)
{
    if (!setlocale(LC_CTYPE, "C.UTF-8"))
        return 77; /* nothing to compare with */
    return RUN(TESTS);
}
