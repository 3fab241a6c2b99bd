/* SPDX-License-Identifier: MIT
 *
 * What the store does while it is used: a copy of itself, and a check.
 */
#include "tests/store_stand.h"

/* Lines are written, more and more, until it is done; how many there are. */
static uint64_t write_meanwhile(struct stand *t, uint64_t seq)
{
    struct store_chore chore = store_chore(t->store);

    while (chore.state == CHORE_RUNS) {
        for (int i = 0; i < 20; i++)
            put(t, 1, ++seq);
        assert_int_equal(finish(t), 20);
        chore = store_chore(t->store);
    }
    if (chore.state != CHORE_DONE)
        fail_msg("%s", chore.why);
    assert_true(chore.total > 0 && chore.done == chore.total);
    return seq;
}

static void test_store_copies_itself_while_it_is_written(void **state)
{
    struct stand *t = *state;
    struct rows rows = { .len = 0 };
    char path[112], want[64];
    uint64_t seq = 0, n;

    t->config.room_events = 100000; /* in memory as well */
    store_configure(t->store, &t->config);
    found(t, 1);
    for (int i = 0; i < 10; i++) {
        for (n = 0; n < 900; n++)
            put(t, 1, ++seq);
        assert_int_equal(finish(t), 900);
    }
    snprintf(path, sizeof path, "%s/copy", t->dir);
    fclose(fopen(path, "w"));
    assert_true(store_begin_chore(t->store, CHORE_COPY, path));
    assert_false(store_begin_chore(t->store, CHORE_COPY, path));
    seq = write_meanwhile(t, seq);
    store_end_chore(t->store);
    close_it(t);

    t->config.path = path;
    t->config.epoch = 9;
    t->config.mark = t->opened.is_new ? 1 : STORE_NO_MARK;
    assert_true(try_open(t));
    assert_true(t->opened.is_restored);
    assert_int_equal(store_epoch(t->store), 9); /* another history */
    assert_true(store_recall(t->store, note_row, &rows));
    snprintf(want, sizeof want, "2 r0 a5 d6 c%d ", (int)seq);
    for (n = seq; !strstr(rows.text, want) && n > 9000; n--)
        snprintf(want, sizeof want, "2 r0 a5 d6 c%d ", (int)n - 1);
    snprintf(want, sizeof want, "4 r1 a0 d0 c0 1-%d '#r1'", (int)n);
    assert_non_null(strstr(rows.text, want)); /* of the same moment */
    check_page(t, page(1, 400), 1, 400);
    check_page(t, page(8900, 9000), 8900, 101); /* all before it was begun */
    open_again(t);
    assert_false(t->opened.is_restored);
    assert_int_equal(store_epoch(t->store), 9);
}

static void test_store_says_why_it_cannot_be_copied(void **state)
{
    struct stand *t = *state;
    struct store_chore chore;

    assert_true(store_begin_chore(t->store, CHORE_COPY, "/nonexistent/copy"));
    do
        chore = store_chore(t->store);
    while (chore.state == CHORE_RUNS);
    assert_int_equal(chore.state, CHORE_FAILED);
    assert_non_null(strstr(chore.why, "open"));
    store_end_chore(t->store);
    fill(t, 1, 3); /* it goes on */
}

static struct store_chore check_all(struct stand *t)
{
    struct store_chore chore;

    assert_true(store_begin_chore(t->store, CHORE_CHECK, NULL));
    do
        chore = store_chore(t->store);
    while (chore.state == CHORE_RUNS);
    store_end_chore(t->store);
    return chore;
}

static void test_store_is_checked_while_it_is_used(void **state)
{
    struct stand *t = *state;
    struct store_chore damaged;

    fill(t, 1, 900);
    assert_int_equal(check_all(t).state, CHORE_DONE);
    close_it(t);
    scribble_lines(t);
    assert_true(try_open(t));
    damaged = check_all(t);
    assert_int_equal(damaged.state, CHORE_FAILED);
    assert_null(strstr(damaged.why, "***")); /* what, and not only where */
    assert_non_null(strstr(damaged.why, "age "));
    assert_null(strchr(damaged.why, '\n'));
    put(t, 1, 901); /* nothing is written any more */
    assert_int_equal(finish(t), -ERROR_STORE);
}

static const struct CMUnitTest TESTS[] = {
    OF_ALL(test_store_copies_itself_while_it_is_written),
    OF_ALL(test_store_says_why_it_cannot_be_copied),
    OF_FILES(test_store_is_checked_while_it_is_used),
};

int main(void)
{
    return RUN(TESTS);
}
