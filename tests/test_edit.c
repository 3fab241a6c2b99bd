/* SPDX-License-Identifier: MIT */
#include "tui/edit.h"

#include "shared/rng.h"
#include "shared/text.h"
#include "shared/width.h"
#include "tests/test.h"

static int setup(void **state)
{
    struct edit *e = malloc(sizeof *e);

    if (!e)
        return -1;
    edit_init(e);
    *state = e;
    return 0;
}

static int teardown(void **state)
{
    edit_fini(*state);
    free(*state);
    return 0;
}

/* The text with '|' where the cursor is. */
static const char *shown(const struct edit *e)
{
    static char out[1024];
    struct str s = edit_text(e);

    snprintf(out, sizeof out, "%.*s|%.*s", (int)e->cursor, s.ptr,
             (int)(s.len - e->cursor), s.ptr + e->cursor);
    return out;
}

/* Each cluster by itself, as keys do. */
static void type(struct edit *e, const char *text)
{
    const struct width_rule any = { false, false };
    struct str s = str_of(text);

    while (s.len) {
        unsigned cols;
        size_t used = width_cluster(s, &any, &cols);

        assert_true(edit_insert(e, str_bytes(s.ptr, used)));
        s = str_from(s, used);
    }
}

static void enter(struct edit *e, const char *text)
{
    edit_set(e, str_of(text));
    free(edit_take(e));
}

/* ---- text ---- */

static void test_edit_inserts_at_the_cursor(void **state)
{
    struct edit *e = *state;

    type(e, "held");
    edit_left(e);
    type(e, "lo worl");
    assert_string_equal(shown(e), "hello worl|d");
}

static void test_edit_cleans_what_comes_in(void **state)
{
    struct edit *e = *state;

    edit_insert(e, S("a\x1b[31m\r\nb\xff\u200F"));
    assert_string_equal(shown(e), "a^[[31m\nb\uFFFD|");
}

static void test_edit_is_bounded(void **state)
{
    struct edit *e = *state;
    static char big[EDIT_MAX + 100];

    memset(big, 'x', sizeof big);
    assert_false(edit_insert(e, str_bytes(big, sizeof big)));
    assert_int_equal(e->len, EDIT_MAX);
    assert_false(edit_insert(e, S("y")));
    edit_backspace(e);
    edit_backspace(e);
    assert_false(edit_insert(e, S("中")));
    assert_int_equal(e->len, EDIT_MAX - 2);
    assert_true(edit_insert(e, S("é")));
}

static void test_edit_take_empties_it(void **state)
{
    struct edit *e = *state;
    char *line;

    type(e, "hello");
    line = edit_take(e);
    assert_string_equal(line, "hello");
    assert_string_equal(shown(e), "|");
    assert_false(edit_undo(e));
    free(line);
}

static void test_edit_set_puts_the_cursor_last(void **state)
{
    struct edit *e = *state;

    type(e, "old");
    edit_set(e, S("new text"));
    assert_string_equal(shown(e), "new text|");
    assert_false(edit_undo(e));
}

static void test_edit_replace_puts_the_cursor_after(void **state)
{
    struct edit *e = *state;

    type(e, "hi an there");
    edit_replace(e, 3, 5, S("anna:"));
    assert_string_equal(shown(e), "hi anna:| there");
}

/* ---- motion ---- */

static void test_edit_moves_by_cluster(void **state)
{
    struct edit *e = *state;

    edit_set(e, S("a👨‍👩‍👧e\u0301中"));
    edit_left(e);
    assert_string_equal(shown(e), "a👨‍👩‍👧e\u0301|中");
    edit_left(e);
    assert_string_equal(shown(e), "a👨‍👩‍👧|e\u0301中");
    edit_left(e);
    assert_string_equal(shown(e), "a|👨‍👩‍👧e\u0301中");
    edit_left(e);
    assert_false(edit_left(e));
    assert_true(edit_right(e));
    assert_true(edit_right(e));
    assert_string_equal(shown(e), "a👨‍👩‍👧|e\u0301中");
    edit_last(e);
    assert_false(edit_right(e));
}

static void test_edit_never_stands_inside_a_cluster(void **state)
{
    struct edit *e = *state;

    edit_set(e, S("\u0301x"));
    edit_first(e);
    edit_insert(e, S("e"));
    assert_string_equal(shown(e), "e\u0301|x");
}

static void test_edit_home_goes_to_the_line_then_to_the_text(void **state)
{
    struct edit *e = *state;

    edit_set(e, S("one\ntwo"));
    edit_home(e);
    assert_string_equal(shown(e), "one\n|two");
    edit_home(e);
    assert_string_equal(shown(e), "|one\ntwo");
    edit_end(e);
    assert_string_equal(shown(e), "one|\ntwo");
    edit_end(e);
    assert_string_equal(shown(e), "one\ntwo|");
}

static void test_edit_moves_by_word(void **state)
{
    struct edit *e = *state;

    edit_set(e, S("it's foo.bar  x"));
    edit_word_left(e);
    assert_string_equal(shown(e), "it's foo.bar  |x");
    edit_word_left(e);
    assert_string_equal(shown(e), "it's foo.|bar  x");
    edit_word_left(e);
    edit_word_left(e);
    edit_word_left(e);
    assert_string_equal(shown(e), "|it's foo.bar  x");
    edit_word_right(e);
    assert_string_equal(shown(e), "it's| foo.bar  x");
    edit_word_right(e);
    assert_string_equal(shown(e), "it's foo|.bar  x");
}

/* ---- deletion ---- */

static void test_edit_backspace_deletes_a_cluster(void **state)
{
    struct edit *e = *state;

    edit_set(e, S("a🇩🇪e\u0301"));
    assert_true(edit_backspace(e));
    assert_string_equal(shown(e), "a🇩🇪|");
    assert_true(edit_backspace(e));
    assert_string_equal(shown(e), "a|");
    edit_first(e);
    assert_false(edit_backspace(e));
    assert_true(edit_delete(e));
    assert_false(edit_delete(e));
    assert_string_equal(shown(e), "|");
}

static void test_edit_kills_words_of_chinese_in_small_bites(void **state)
{
    struct edit *e = *state;

    edit_set(e, S("hello你好，世界和平很重要"));
    edit_kill_word_left(e);
    assert_string_equal(shown(e), "hello你好，世界和|");
    edit_kill_word_left(e);
    assert_string_equal(shown(e), "hello你好，|");
    edit_kill_word_left(e);
    assert_string_equal(shown(e), "hello你好|");
    edit_kill_word_left(e);
    assert_string_equal(shown(e), "hello|");
    edit_kill_word_left(e);
    assert_string_equal(shown(e), "|");
    assert_false(edit_kill_word_left(e));
}

static void test_edit_kills_stop_where_the_script_changes(void **state)
{
    struct edit *e = *state;

    edit_set(e, S("東京タワーへ"));
    edit_kill_word_left(e);
    assert_string_equal(shown(e), "東京タワー|");
    edit_kill_word_left(e);
    assert_string_equal(shown(e), "東京|");
}

static void test_edit_kills_to_the_ends_of_the_line(void **state)
{
    struct edit *e = *state;

    edit_set(e, S("one\ntwo\nthree"));
    edit_first(e);
    edit_right(e);
    edit_kill_end(e);
    assert_string_equal(shown(e), "o|\ntwo\nthree");
    edit_kill_end(e);
    assert_string_equal(shown(e), "o|two\nthree");
    edit_last(e);
    edit_kill_home(e);
    assert_string_equal(shown(e), "otwo\n|");
    edit_kill_home(e);
    assert_string_equal(shown(e), "otwo|");
}

static void test_edit_kills_in_a_row_are_one_entry(void **state)
{
    struct edit *e = *state;

    edit_set(e, S("one two three"));
    edit_kill_word_left(e);
    edit_kill_word_left(e);
    edit_first(e);
    edit_yank(e);
    assert_string_equal(shown(e), "two three|one ");

    edit_set(e, S("one two three"));
    edit_first(e);
    edit_kill_word_right(e);
    edit_kill_word_right(e);
    edit_last(e);
    edit_yank(e);
    assert_string_equal(shown(e), " threeone two|");
}

static void test_edit_yank_next_turns_the_ring(void **state)
{
    struct edit *e = *state;

    assert_false(edit_yank(e));
    for (int i = 0; i < EDIT_KILLS + 3; i++) {
        char text[8];

        snprintf(text, sizeof text, "k%d", i);
        edit_set(e, str_of(text));
        assert_true(edit_kill_all(e));
        edit_left(e);
    }
    assert_false(edit_yank_next(e));
    edit_yank(e);
    assert_string_equal(shown(e), "k18|");
    edit_yank_next(e);
    assert_string_equal(shown(e), "k17|");
    for (int i = 2; i < EDIT_KILLS; i++)
        edit_yank_next(e);
    assert_string_equal(shown(e), "k3|");
    edit_yank_next(e);
    assert_string_equal(shown(e), "k18|");
    edit_left(e);
    assert_false(edit_yank_next(e));
}

static void test_edit_kill_all_can_be_yanked(void **state)
{
    struct edit *e = *state;

    type(e, "a draft");
    edit_kill_all(e);
    assert_string_equal(shown(e), "|");
    edit_yank(e);
    assert_string_equal(shown(e), "a draft|");
}

static void test_edit_transposes(void **state)
{
    struct edit *e = *state;

    edit_set(e, S("teh"));
    assert_true(edit_transpose(e));
    assert_string_equal(shown(e), "the|");
    edit_set(e, S("a中b"));
    edit_left(e);
    assert_true(edit_transpose(e));
    assert_string_equal(shown(e), "ab中|");
    edit_first(e);
    assert_false(edit_transpose(e));
    edit_set(e, S("x\na"));
    assert_false(edit_transpose(e));
}

/* ---- undo ---- */

static void test_edit_undo_takes_back_a_word(void **state)
{
    struct edit *e = *state;

    type(e, "hello big world");
    assert_true(edit_undo(e));
    assert_string_equal(shown(e), "hello big |");
    assert_true(edit_undo(e));
    assert_true(edit_undo(e));
    assert_string_equal(shown(e), "|");
    assert_false(edit_undo(e));
    assert_true(edit_redo(e));
    assert_true(edit_redo(e));
    assert_string_equal(shown(e), "hello big |");
    type(e, "x");
    assert_false(edit_redo(e));
}

static void test_edit_undo_restores_kills_and_pastes(void **state)
{
    struct edit *e = *state;

    edit_insert(e, S("pasted text here"));
    edit_kill_word_left(e);
    edit_insert(e, S("two\nlines"));
    edit_undo(e);
    assert_string_equal(shown(e), "pasted text |");
    edit_undo(e);
    assert_string_equal(shown(e), "pasted text here|");
    edit_undo(e);
    assert_string_equal(shown(e), "|");
}

static void test_edit_undo_is_bounded(void **state)
{
    struct edit *e = *state;
    static char big[EDIT_MAX];
    int n = 0;

    memset(big, 'x', sizeof big);
    for (int i = 0; i < 100; i++) {
        edit_insert(e, str_bytes(big, sizeof big));
        edit_kill_all(e);
        edit_left(e);
    }
    assert_true(e->undo.bytes <= UNDO_BYTES);
    while (edit_undo(e))
        n++;
    assert_true(n > 0 && n <= UNDO_MAX);
}

/* ---- recall ---- */

static void test_edit_up_recalls_and_down_comes_back(void **state)
{
    struct edit *e = *state;

    enter(e, "first");
    enter(e, "second");
    type(e, "draft");
    assert_true(edit_up(e));
    assert_string_equal(shown(e), "second|");
    assert_true(edit_up(e));
    assert_string_equal(shown(e), "first|");
    assert_false(edit_up(e));
    assert_true(edit_down(e));
    assert_true(edit_down(e));
    assert_string_equal(shown(e), "draft|");
    assert_false(edit_down(e));
}

static void test_edit_up_moves_by_line_first(void **state)
{
    struct edit *e = *state;

    enter(e, "old");
    edit_set(e, S("中文字\nab\nlast"));
    edit_up(e);
    assert_string_equal(shown(e), "中文字\nab|\nlast");
    edit_up(e);
    assert_string_equal(shown(e), "中|文字\nab\nlast");
    edit_down(e);
    assert_string_equal(shown(e), "中文字\nab|\nlast");
    edit_up(e);
    edit_up(e);
    assert_string_equal(shown(e), "old|");
    edit_down(e);
    assert_string_equal(shown(e), "中文字\nab\nlast|");
}

static void test_edit_recall_drops_repetitions(void **state)
{
    struct edit *e = *state;

    enter(e, "same");
    enter(e, "same");
    enter(e, "");
    assert_int_equal(e->recall.n, 1);
}

static void test_edit_recall_is_bounded(void **state)
{
    struct edit *e = *state;

    for (int i = 0; i < RECALL_MAX + 10; i++) {
        char line[16];

        snprintf(line, sizeof line, "line %d", i);
        recall_add(&e->recall, str_of(line));
    }
    assert_int_equal(e->recall.n, RECALL_MAX);
    assert_true(str_is(recall_get(&e->recall, RECALL_MAX - 1), "line 10"));
    assert_true(str_is(recall_get(&e->recall, 0), "line 1009"));
    assert_int_equal(recall_get(&e->recall, RECALL_MAX).len, 0);
}

static void test_edit_recall_of_big_lines_is_bounded(void **state)
{
    struct edit *e = *state;
    static char big[EDIT_MAX];

    for (int i = 0; i < 100; i++) {
        memset(big, 'a' + i % 26, sizeof big);
        recall_add(&e->recall, str_bytes(big, sizeof big));
    }
    assert_int_equal(e->recall.n, RECALL_BYTES / EDIT_MAX);
}

/* ---- search ---- */

static void test_edit_search_finds_older_and_older(void **state)
{
    struct edit *e = *state;

    enter(e, "git push");
    enter(e, "make");
    enter(e, "Git pull");
    type(e, "draft");
    assert_true(edit_search(e));
    assert_true(edit_search_add(e, S("git")));
    assert_true(str_is(edit_search_match(e), "Git pull"));
    assert_true(edit_search_add(e, S(" pu")));
    assert_true(str_is(edit_search_match(e), "Git pull"));
    assert_true(edit_search(e));
    assert_true(str_is(edit_search_match(e), "git push"));
    assert_false(edit_search(e));
    assert_true(str_is(edit_search_match(e), "git push"));
    edit_search_accept(e);
    assert_string_equal(shown(e), "git push|");
    edit_undo(e);
    assert_string_equal(shown(e), "draft|");
}

static void test_edit_search_shrinks_and_cancels(void **state)
{
    struct edit *e = *state;

    enter(e, "你好");
    type(e, "draft");
    edit_search(e);
    assert_true(edit_search_add(e, S("好")));
    assert_int_equal(e->found_at, 3);
    assert_false(edit_search_add(e, S("x")));
    assert_int_equal(edit_search_match(e).len, 0);
    assert_true(edit_search_back(e));
    assert_true(str_is(edit_search_match(e), "你好"));
    assert_false(edit_search_back(e));
    assert_int_equal(e->query_len, 0);
    edit_search_cancel(e);
    assert_string_equal(shown(e), "draft|");
    edit_search_accept(e);
    assert_string_equal(shown(e), "draft|");
}

static void test_edit_search_query_is_bounded(void **state)
{
    struct edit *e = *state;

    edit_search(e);
    for (int i = 0; i < EDIT_QUERY; i++)
        edit_search_add(e, S("中"));
    assert_true(e->query_len <= EDIT_QUERY);
    assert_true(text_is_clean(str_bytes(e->query, e->query_len), TEXT_LINE));
}

/* ---- anything ---- */

static void step(struct edit *e, struct rng *rng)
{
    static bool (*const ACTS[])(struct edit *) = {
        edit_left,       edit_right,          edit_word_left,
        edit_word_right, edit_home,           edit_end,
        edit_up,         edit_down,           edit_older,
        edit_newer,      edit_kill_word_left, edit_kill_home,
        edit_kill_end,   edit_yank,           edit_kill_word_right,
        edit_yank_next,  edit_undo,           edit_redo,
        edit_transpose,  edit_backspace,      edit_delete,
        edit_kill_all,   edit_search,         edit_search_back,
    };
    static const char *const PIECES[] = { "a",       " ",
                                          "中",      "\u0301",
                                          "\n",      "👨‍👩‍👧",
                                          "🇩🇪",      "\u200d",
                                          "，",      "pasted words\nhere",
                                          "\xff\x1b" };
    uint64_t pick = rng_below(rng, 60);

    if (pick < sizeof ACTS / sizeof *ACTS)
        ACTS[pick](e);
    else if (pick == 58)
        free(edit_take(e));
    else if (pick == 59)
        edit_search_accept(e);
    else
        edit_insert(
            e, str_of(PIECES[rng_below(rng, sizeof PIECES / sizeof *PIECES)]));
}

static void test_edit_survives_any_keys(void **state)
{
    struct edit *e = *state;
    uint64_t seed = test_seed(11);
    struct rng rng = { seed };

    for (int i = 0; i < 100000; i++) {
        step(e, &rng);
        assert_true(e->cursor <= e->len && e->len <= EDIT_MAX);
        if (i % 64)
            continue;
        if (e->cursor > 0 && e->cursor < e->len) {
            size_t before = width_before(edit_text(e), e->cursor);
            const struct width_rule any = { false, false };
            unsigned cols;

            before +=
                width_cluster(str_from(edit_text(e), before), &any, &cols);
            assert_int_equal(before, e->cursor);
        }
    }
}

static void test_edit_undo_all_and_redo_all_agree(void **state)
{
    struct edit *e = *state;
    struct rng rng = { test_seed(12) };

    for (int round = 0; round < 200; round++) {
        char *now;

        edit_set(e, S(""));
        for (int i = 0; i < 30; i++) {
            edit_insert(e, rng_below(&rng, 2) ? S("word ") : S("é"));
            if (rng_below(&rng, 3) == 0)
                edit_kill_word_left(e);
            if (rng_below(&rng, 3) == 0)
                edit_left(e);
        }
        now = strndup(e->text, e->len);
        assert_non_null(now);
        while (edit_undo(e)) {
        }
        assert_int_equal(e->len, 0);
        while (edit_redo(e)) {
        }
        assert_true(str_is(edit_text(e), now));
        free(now);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest TESTS[] = {
    TEST(test_edit_inserts_at_the_cursor),
    TEST(test_edit_cleans_what_comes_in),
    TEST(test_edit_is_bounded),
    TEST(test_edit_take_empties_it),
    TEST(test_edit_set_puts_the_cursor_last),
    TEST(test_edit_replace_puts_the_cursor_after),
    TEST(test_edit_moves_by_cluster),
    TEST(test_edit_never_stands_inside_a_cluster),
    TEST(test_edit_home_goes_to_the_line_then_to_the_text),
    TEST(test_edit_moves_by_word),
    TEST(test_edit_backspace_deletes_a_cluster),
    TEST(test_edit_kills_words_of_chinese_in_small_bites),
    TEST(test_edit_kills_stop_where_the_script_changes),
    TEST(test_edit_kills_to_the_ends_of_the_line),
    TEST(test_edit_kills_in_a_row_are_one_entry),
    TEST(test_edit_yank_next_turns_the_ring),
    TEST(test_edit_kill_all_can_be_yanked),
    TEST(test_edit_transposes),
    TEST(test_edit_undo_takes_back_a_word),
    TEST(test_edit_undo_restores_kills_and_pastes),
    TEST(test_edit_undo_is_bounded),
    TEST(test_edit_up_recalls_and_down_comes_back),
    TEST(test_edit_up_moves_by_line_first),
    TEST(test_edit_recall_drops_repetitions),
    TEST(test_edit_recall_is_bounded),
    TEST(test_edit_recall_of_big_lines_is_bounded),
    TEST(test_edit_search_finds_older_and_older),
    TEST(test_edit_search_shrinks_and_cancels),
    TEST(test_edit_search_query_is_bounded),
    TEST(test_edit_survives_any_keys),
    TEST(test_edit_undo_all_and_redo_all_agree),
};

int main(void)
{
    return RUN(TESTS);
}
