/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include "shared/rng.h"
#include "shared/text.h"
#include "tui/keys.h"

/* The keys decoded so far, as text: "a C-w <paste hi> <cursor 1,3>". */
struct log {
    char text[16384];
    size_t len;
};

static void log_add(struct log *log, const char *what)
{
    int n = snprintf(log->text + log->len, sizeof log->text - log->len, "%s%s",
                     log->len ? " " : "", what);

    assert_true(n >= 0 && (size_t)n < sizeof log->text - log->len);
    log->len += (size_t)n;
}

static void log_key(struct log *log, const struct key *key)
{
    char what[8192];

    switch (key->type) {
    case KT_CHAR:
    case KT_NAMED: key_label(key, what); break;
    case KT_PASTE:
        snprintf(what, sizeof what, "<paste %.*s>", STR_ARG(key->paste));
        break;
    case KT_FOCUS: snprintf(what, sizeof what, "<focus %u>", key->code); break;
    case KT_REPORT:
        snprintf(what, sizeof what, "<report %u %u,%u>", key->code,
                 key->args[0], key->args[1]);
        break;
    }
    log_add(log, what);
}

static void drain(struct keys *k, struct log *log)
{
    struct key key;

    while (keys_next(k, &key))
        log_key(log, &key);
}

static struct now at_ms(uint64_t ms)
{
    return (struct now){ .mono_us = ms * 1000 };
}

/* Let every wait end. */
static void settle(struct keys *k, struct log *log)
{
    for (int i = 0; i < 8 && keys_deadline(k) != NEVER; i++) {
        keys_tick(k, (struct now){ .mono_us = keys_deadline(k) });
        drain(k, log);
    }
    assert_true(keys_deadline(k) == NEVER);
}

/* Decode bytes cut at `cut`, and after that into pieces of `piece` bytes. */
static void decode(struct keys *k, struct str bytes, size_t cut, size_t piece,
                   struct log *log)
{
    size_t at = 0, n = cut;

    log->len = 0;
    log->text[0] = '\0';
    while (at < bytes.len) {
        if (n == 0 || n > bytes.len - at)
            n = bytes.len - at;
        keys_feed(k, str_bytes(bytes.ptr + at, n), at_ms(1));
        drain(k, log);
        at += n;
        n = piece;
    }
    settle(k, log);
}

/* Whole, cut in two at every byte, and byte by byte: always the same. */
static void check_pieces(struct str bytes, const char *want)
{
    struct log log;

    for (size_t cut = 0; cut <= bytes.len + 1; cut++) {
        struct keys *k = keys_new(KEYS_ESC_MS, false);

        decode(k, bytes, cut, cut > bytes.len ? 1 : 0, &log);
        if (cut > bytes.len) {
            keys_free(k);
            k = keys_new(KEYS_ESC_MS, false);
            decode(k, bytes, 1, 1, &log);
        }
        if (strcmp(log.text, want) != 0)
            fail_msg("cut at %zu: \"%s\" instead of \"%s\"", cut, log.text,
                     want);
        keys_free(k);
    }
}

static void check(const char *bytes, const char *want)
{
    check_pieces(str_of(bytes), want);
}

static void test_keys_decodes_characters_cut_anywhere(void **state)
{
    (void)state;
    check("aB \xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80z",
          "a B Space \xc3\xa9 \xe4\xb8\xad \xf0\x9f\x98\x80 z");
}

static void test_keys_decodes_controls(void **state)
{
    (void)state;
    check("\x01\x17\t\r\n\x7f\b\x1c\x1d\x1e\x1f",
          "C-a C-w Tab Enter C-j Backspace C-h C-\\ C-] C-^ C-_");
    check_pieces(S("\0"), "C-Space");
}

static void test_keys_decodes_the_xterm_set(void **state)
{
    (void)state;
    check("\033[A\033[B\033[C\033[D\033[H\033[F",
          "Up Down Right Left Home End");
    check("\033OA\033OB\033OC\033OD\033OH\033OF",
          "Up Down Right Left Home End");
    check("\033[1;3A\033[1;5C\033[1;2D\033[1;8H",
          "M-Up C-Right S-Left C-M-S-Home");
    check("\033[2~\033[3~\033[5~\033[6~\033[1~\033[4~",
          "Ins Del PgUp PgDn Home End");
    check("\033[5;5~\033[6;3~\033[3;2~", "C-PgUp M-PgDn S-Del");
    check("\033OP\033OQ\033OR\033OS\033[15~\033[17~\033[18~\033[19~",
          "F1 F2 F3 F4 F5 F6 F7 F8");
    check("\033[20~\033[21~\033[23~\033[24~", "F9 F10 F11 F12");
    check("\033[1;2P\033[1;5Q\033[1;3R\033[1;2S\033[18;3~",
          "S-F1 C-F2 M-F3 S-F4 M-F7");
    check("\033[Z", "S-Tab");
}

static void test_keys_decodes_other_terminals(void **state)
{
    (void)state;
    check("\033[[A\033[[E", "F1 F5"); /* Linux console */
    check("\033[7~\033[8~\033[3^\033[5$\033[6@", "Home End C-Del S-PgUp "
                                                 "C-S-PgDn"); /* rxvt */
    check("\033Oa\033[b\033[25~", "C-Up S-Down S-F1");
    check("\033\033[A\033\033OD", "M-Up M-Left"); /* PuTTY */
    check("\033OM\033Op\033Oy", "Enter 0 9");     /* keypad */
    check("\033[13;2u\033[97;5u\033[27;5;9~\033[107;3u",
          "S-Enter C-a C-Tab M-k");
}

static void test_keys_takes_esc_and_key_for_alt(void **state)
{
    (void)state;
    check("\033a\033A\033\r\033\x7f\033\xe4\xb8\xad\0331\033\x01",
          "M-a M-A M-Enter M-Backspace M-\xe4\xb8\xad M-1 C-M-a");
    check("\033=\033/\033_\033?", "M-= M-/ M-_ M-?");
}

static void test_keys_waits_for_a_lone_esc(void **state)
{
    struct keys *k = keys_new(KEYS_ESC_MS, false);
    struct log log = { 0 };

    (void)state;
    keys_feed(k, S("\033"), at_ms(100));
    drain(k, &log);
    assert_string_equal(log.text, "");
    assert_int_equal(keys_deadline(k), (100 + KEYS_ESC_MS) * 1000);
    keys_tick(k, at_ms(100 + KEYS_ESC_MS - 1));
    drain(k, &log);
    assert_string_equal(log.text, "");

    keys_tick(k, at_ms(100 + KEYS_ESC_MS));
    drain(k, &log);

    assert_string_equal(log.text, "Esc");
    assert_true(keys_deadline(k) == NEVER);
    keys_feed(k, S("a"), at_ms(200));
    drain(k, &log);
    assert_string_equal(log.text, "Esc a");
    keys_free(k);
}

static void test_keys_gives_what_could_have_been_a_sequence(void **state)
{
    (void)state;
    check("\033\033", "Esc Esc");
    check("\033[", "M-[");
    check("\033O", "M-O");
    check("\033]", "M-]");
    check("\033P", "M-P");
    check("\033\033[", "Esc M-[");
    check("\033\033[I", "Esc <focus 1>");
    check("\033\033[0n", "Esc <report 2 0,0>"); /* an answer right behind it */
    check("\033[1;", "");
    check("\033[M ", "");
}

static void test_keys_swallows_unknown_sequences_whole(void **state)
{
    (void)state;
    check("a\033[99~b\033[1;2Wc\033[?1;2;3;4;5;6;7zd",
          "a b c <report 2 0,0> d");
    check("\033[<0;12;34Mx\033[<64;1;1my", "x y"); /* SGR mouse */
    check("\033[M !!x", "x");                      /* X10 mouse */
    check("\033]10;rgb:ffff/0/0\033\\x\033]11;#000\007y", "x y");
    check("\033P>|XTerm(370)\033\\x", "x");
    check("\033[201~x", "x");
    check("\033[57358ux", "x");
}

static void test_keys_ends_a_broken_sequence_at_what_broke_it(void **state)
{
    (void)state;
    check("\033[12\033[Ax", "Up x");
    check("\033[1\rx", "Enter x");
    check("\033[1\xe4\xb8\xadx", "\xe4\xb8\xad x");
    check("\033]0;a\033[Bx", "Down x");
}

static void test_keys_never_types_the_tail_of_an_endless_one(void **state)
{
    struct keys *k = keys_new(KEYS_ESC_MS, false);
    char bytes[3000];
    struct log log;

    (void)state;
    memset(bytes, '1', sizeof bytes);
    bytes[0] = '\033';
    bytes[1] = '[';
    bytes[sizeof bytes - 2] = 'A';
    bytes[sizeof bytes - 1] = 'x';

    decode(k, str_bytes(bytes, sizeof bytes), 0, 0, &log);
    assert_string_equal(log.text, "x");
    decode(k, str_bytes(bytes, sizeof bytes), 1, 1, &log);
    assert_string_equal(log.text, "x");
    decode(k, str_bytes(bytes, sizeof bytes - 2), 7, 7, &log);
    assert_string_equal(log.text, "");
    keys_free(k);
}

static void test_keys_marks_bad_bytes(void **state)
{
    (void)state;
    check("a\xff\x80z", "a \xef\xbf\xbd \xef\xbf\xbd z");
    check("\xe4\xb8z", "\xef\xbf\xbd z");
    check("\xc2\x9b[Az", "[ A z"); /* C1 is no introducer here */
}

static void test_keys_reports_are_no_text(void **state)
{
    (void)state;
    check("\033[I\033[O", "<focus 1> <focus 0>");
    check("\033[24;80R", "<report 0 24,80>");
    check("\033[?2026;2$y", "<report 1 2026,2>");
    check("\033[?62;22c\033[>41;370;0c\033[0n", "<report 2 0,0> <report 2 0,0> "
                                                "<report 2 0,0>");
}

static void test_keys_tells_a_cursor_report_from_f3(void **state)
{
    struct keys *k = keys_new(KEYS_ESC_MS, false);
    struct log log;

    (void)state;
    keys_expect_cursor(k);
    decode(k, S("\033[1;3R\033[1;3R\033[1;6R"), 0, 0, &log);

    assert_string_equal(log.text, "<report 0 1,3> M-F3 C-S-F3");
    keys_free(k);
}

static void test_keys_learns_what_terminfo_says(void **state)
{
    struct keys *k = keys_new(KEYS_ESC_MS, false);
    struct log log;

    (void)state;
    keys_learn(k, S("\033[11;9z"), (struct key){ KT_NAMED, .code = K_F1 });
    keys_learn(k, S("\x08"), (struct key){ KT_NAMED, .code = K_BACKSPACE });
    keys_learn(k, S("\033\x09"),
               (struct key){ KT_NAMED, .code = K_TAB, .mods = MOD_SHIFT });
    keys_learn(k, S("x"), (struct key){ KT_NAMED, .code = K_DEL });
    keys_learn(k, S(""), (struct key){ KT_NAMED, .code = K_DEL });
    keys_learn(k, S("\033[1234567890123456789z"),
               (struct key){ KT_NAMED, .code = K_DEL });

    decode(k, S("\033[11;9z\x08\033\tx\033[A\033"), 0, 0, &log);
    assert_string_equal(log.text, "F1 Backspace S-Tab x Up Esc");
    decode(k, S("\033[11;9z\x08\033\tx\033[A\033"), 1, 1, &log);
    assert_string_equal(log.text, "F1 Backspace S-Tab x Up Esc");
    keys_free(k);
}

static void test_keys_learns_no_more_than_it_has_room_for(void **state)
{
    struct keys *k = keys_new(KEYS_ESC_MS, false);
    struct log log;

    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        char seq[8];

        snprintf(seq, sizeof seq, "\033[%u~", 100 + i);
        keys_learn(k, str_of(seq), (struct key){ KT_NAMED, .code = K_INS });
    }
    decode(k, S("\033[100~\033[199~x"), 0, 0, &log);
    assert_string_equal(log.text, "Ins x");
    keys_free(k);
}

static void test_keys_paste_is_text_only(void **state)
{
    (void)state;
    check("\033[200~hi\rthere\r\nyou\n\033[201~\r",
          "<paste hi\nthere\nyou\n> Enter");
    check("\033[200~a\033[31mb\033[Ac\x07\x01\td\033[200~\033[201~e",
          "<paste a[31mb[Ac\td[200~> e");
    check("\033[200~\xe4\xb8\xad\xff\xc2\x9b\033[201~",
          "<paste \xe4\xb8\xad\xef\xbf\xbd\xef\xbf\xbd>");
    check("\033[200~\033[20\033[201~x", "<paste [20> x");
    check("\033[200~\033[201~x", "x");
}

static void test_keys_paste_without_end_ends_by_time(void **state)
{
    struct keys *k = keys_new(KEYS_ESC_MS, false);
    struct log log = { 0 };

    (void)state;
    keys_feed(k, S("\033[200~one\rtwo\033[2"), at_ms(0));
    drain(k, &log);
    keys_feed(k, S("x"), at_ms(3000));
    drain(k, &log);
    keys_tick(k, at_ms(KEYS_PASTE_MS));
    drain(k, &log);
    assert_string_equal(log.text, "");
    assert_int_equal(keys_deadline(k), (3000 + KEYS_PASTE_MS) * 1000);

    keys_tick(k, at_ms(3000 + KEYS_PASTE_MS));
    drain(k, &log);

    assert_string_equal(log.text, "<paste one\ntwo[2x>");
    keys_feed(k, S("a"), at_ms(60000));
    drain(k, &log);
    assert_string_equal(log.text, "<paste one\ntwo[2x> a");
    keys_free(k);
}

static void test_keys_paste_has_a_greatest_size(void **state)
{
    struct keys *k = keys_new(KEYS_ESC_MS, false);
    char piece[KEYS_READ_MAX];
    struct key key;

    (void)state;
    memset(piece, 'a', sizeof piece);
    keys_feed(k, S("\033[200~"), at_ms(0));
    assert_false(keys_next(k, &key));
    for (size_t n = 0; n < KEYS_PASTE_MAX + 3 * sizeof piece;
         n += sizeof piece) {
        keys_feed(k, str_bytes(piece, sizeof piece), at_ms(0));
        assert_false(keys_next(k, &key));
    }

    keys_feed(k, S("\033[201~"), at_ms(0));

    assert_true(keys_next(k, &key));
    assert_int_equal(key.type, KT_PASTE);
    assert_int_equal(key.paste.len, KEYS_PASTE_MAX);
    assert_false(keys_next(k, &key));
    keys_free(k);
}

static void test_keys_takes_a_burst_of_lines_for_a_paste(void **state)
{
    struct keys *k = keys_new(KEYS_ESC_MS, true);
    struct log log = { 0 };

    (void)state;
    keys_feed(k, S("/quit\r/nick x\rthr"), at_ms(0));
    drain(k, &log);
    keys_feed(k, S("ee\r"), at_ms(20));
    drain(k, &log);
    assert_string_equal(log.text, "");
    assert_int_equal(keys_deadline(k), (20 + KEYS_BURST_MS) * 1000);

    keys_tick(k, at_ms(20 + KEYS_BURST_MS));
    drain(k, &log);

    assert_string_equal(log.text, "<paste /quit\n/nick x\nthree\n>");
    keys_free(k);
}

static void test_keys_a_line_is_no_burst(void **state)
{
    struct keys *k = keys_new(KEYS_ESC_MS, true);
    struct log log;

    (void)state;
    decode(k, S("hi\r"), 0, 0, &log);
    assert_string_equal(log.text, "h i Enter");
    decode(k, S("\xe4\xbd\xa0\xe5\xa5\xbd\r\n"), 0, 0, &log); /* of an IME */
    assert_string_equal(log.text, "\xe4\xbd\xa0 \xe5\xa5\xbd Enter C-j");
    decode(k, S("\r\r\033[A"), 0, 0, &log);
    assert_string_equal(log.text, "Enter Enter Up");
    keys_free(k);
}

/* A piece of what a terminal may send, and of what it should not. */
static struct str piece_of(struct rng *rng)
{
    static const char *const PIECES[] = {
        "a",         "\xe4\xb8\xad", "\033",    "\033[",  "\033[A", "\033O",
        "\033[200~", "\033[201~",    "\r",      "\n",     "1;5",    "~",
        "$",         "\033]0;",      "\007",    "\033P1", "\033\\", "\xff",
        "\xc2",      "\033[M",       "\033[<1", "R",      "u",      "\033[1;5R",
        "\x18",
    };

    return str_of(PIECES[rng_below(rng, sizeof PIECES / sizeof *PIECES)]);
}

/* The pieces of a byte stream may come in any sizes: same keys. */
static void test_keys_does_not_depend_on_how_bytes_are_cut(void **state)
{
    uint64_t seed = test_seed(20261123);
    struct rng rng = { seed };

    (void)state;
    for (int round = 0; round < 3000; round++) {
        struct keys *a = keys_new(KEYS_ESC_MS, false);
        struct keys *b = keys_new(KEYS_ESC_MS, false);
        struct log whole, cut;
        char bytes[512];
        size_t len = 0;

        for (uint64_t n = rng_below(&rng, 40); n > 0; n--) {
            struct str s = piece_of(&rng);

            memcpy(bytes + len, s.ptr, s.len);
            len += s.len;
        }
        decode(a, str_bytes(bytes, len), 0, 0, &whole);
        decode(b, str_bytes(bytes, len), 1 + (size_t)rng_below(&rng, 9),
               1 + (size_t)rng_below(&rng, 9), &cut);
        if (strcmp(whole.text, cut.text) != 0)
            fail_msg("SEED=%llu round %d: \"%s\" / \"%s\"",
                     (unsigned long long)seed, round, whole.text, cut.text);
        keys_free(a);
        keys_free(b);
    }
}

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test(test_keys_decodes_characters_cut_anywhere),
        cmocka_unit_test(test_keys_decodes_controls),
        cmocka_unit_test(test_keys_decodes_the_xterm_set),
        cmocka_unit_test(test_keys_decodes_other_terminals),
        cmocka_unit_test(test_keys_takes_esc_and_key_for_alt),
        cmocka_unit_test(test_keys_waits_for_a_lone_esc),
        cmocka_unit_test(test_keys_gives_what_could_have_been_a_sequence),
        cmocka_unit_test(test_keys_swallows_unknown_sequences_whole),
        cmocka_unit_test(test_keys_ends_a_broken_sequence_at_what_broke_it),
        cmocka_unit_test(test_keys_never_types_the_tail_of_an_endless_one),
        cmocka_unit_test(test_keys_marks_bad_bytes),
        cmocka_unit_test(test_keys_reports_are_no_text),
        cmocka_unit_test(test_keys_tells_a_cursor_report_from_f3),
        cmocka_unit_test(test_keys_learns_what_terminfo_says),
        cmocka_unit_test(test_keys_learns_no_more_than_it_has_room_for),
        cmocka_unit_test(test_keys_paste_is_text_only),
        cmocka_unit_test(test_keys_paste_without_end_ends_by_time),
        cmocka_unit_test(test_keys_paste_has_a_greatest_size),
        cmocka_unit_test(test_keys_takes_a_burst_of_lines_for_a_paste),
        cmocka_unit_test(test_keys_a_line_is_no_burst),
        cmocka_unit_test(test_keys_does_not_depend_on_how_bytes_are_cut),
    };

    return RUN(TESTS);
}
