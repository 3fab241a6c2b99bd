/* SPDX-License-Identifier: MIT
 *
 * The store in a file: what there is after a new start, and files that are
 * damaged, older or not its own.
 */
#include "tests/store_stand.h"

static void test_store_reads_what_is_not_at_hand(void **state)
{
    struct stand *t = *state;
    struct store_query q = page(1, 400);
    struct metrics metrics = { 0 };

    fill(t, 1, 900);
    check_page(t, page(1, 40), 1, 40);
    check_page(t, page(780, 830), 780, 51); /* the last 100 are at hand */
    check_page(t, page(890, 900), 890, 11);
    q.backward = true;
    q.bytes = 1;
    check_page(t, q, 400, 1);
    store_measure(t->store, &metrics);
    assert_int_equal(metrics.store_reads, 3);
    assert_int_equal(metrics.store_read_failures, 0);
}

static void test_store_has_read_pages_at_hand(void **state)
{
    struct stand *t = *state;

    fill(t, 1, 200);
    open_again(t);
    assert_int_equal(store_first(t->store, 1), 1);
    assert_null(store_recent(t->store, 1, 200));
    check_page(t, page(151, 200), 151, 50);
    assert_non_null(store_recent(t->store, 1, 151));
    assert_null(store_recent(t->store, 1, 150));
    check_page(t, page(10, 20), 10, 11);
    assert_null(store_recent(t->store, 1, 10));
    put(t, 1, 201);
    finish(t);
    check_page(t, page(141, 160), 141, 20);
    assert_non_null(store_recent(t->store, 1, 141));
}

static void test_store_is_the_same_history_after_a_start(void **state)
{
    struct stand *t = *state;
    uint64_t mark = store_mark(t->store);

    assert_true(t->opened.is_new);
    fill(t, 1, 3);
    t->config.epoch = 6;
    t->config.mark = mark;
    open_again(t);
    assert_int_equal(store_epoch(t->store), 5);
    assert_false(t->opened.is_new || t->opened.is_restored ||
                 t->opened.was_cut);
    t->config.mark = mark; /* it could not be written down: one behind */
    open_again(t);
    assert_int_equal(store_epoch(t->store), 5);
    check_page(t, page(1, 3), 1, 3);
}

static void test_store_knows_an_older_state(void **state)
{
    struct stand *t = *state;

    t->config.epoch = 6;
    t->config.mark = store_mark(t->store) + 2;
    open_again(t);
    assert_true(t->opened.is_restored);
    assert_int_equal(store_epoch(t->store), 6);
    t->config.epoch = 7;
    t->config.mark = store_mark(t->store);
    open_again(t);
    assert_int_equal(store_epoch(t->store), 6);
    t->config.mark = store_mark(t->store) - 3; /* of another file */
    open_again(t);
    assert_true(t->opened.is_restored);
    assert_int_equal(store_epoch(t->store), 7);
}

static void check_refused(struct stand *t, int code, const char *why)
{
    assert_false(try_open(t));
    assert_int_equal(t->opened.code, code);
    if (!strstr(t->opened.why, why))
        fail_msg("%s", t->opened.why);
}

static void test_store_refuses_files_that_are_not_its_own(void **state)
{
    struct stand *t = *state;

    close_it(t);
    sql(t, "PRAGMA user_version = 999");
    check_refused(t, EX_DATAERR, "newer");
    sql(t, "PRAGMA application_id = 7");
    check_refused(t, EX_DATAERR, "another program");
    unlink(t->path);
    sql(t, "CREATE TABLE theirs(a)");
    check_refused(t, EX_DATAERR, "another program");
    unlink(t->path);
    sql(t, "VACUUM"); /* an empty database will do */
    assert_true(try_open(t));
    assert_true(t->opened.is_new);
}

static void test_store_refuses_garbage(void **state)
{
    struct stand *t = *state;

    close_it(t);
    scribble(t, 0, 4096);
    check_refused(t, EX_DATAERR, "not a database");
}

/* A table that a start has to read. */
static void test_store_says_why_it_cannot_be_read(void **state)
{
    struct stand *t = *state;
    sqlite3_stmt *stmt;
    sqlite3 *lite;
    long page;

    close_it(t);
    assert_int_equal(sqlite3_open(t->path, &lite), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(lite,
                                        "SELECT rootpage FROM sqlite_schema"
                                        " WHERE name = 'account'",
                                        -1, &stmt, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    page = sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(lite);
    scribble(t, (page - 1) * 4096, 4096);
    t->store = store_open(&t->config, &t->opened);
    assert_non_null(t->store);
    assert_null(store_trouble(t->store));
    assert_false(store_recall(t->store, ignore, NULL));
    assert_non_null(strstr(store_trouble(t->store), "malformed"));
}

static void test_store_does_not_write_a_damaged_file(void **state)
{
    struct stand *t = *state;

    fill(t, 1, 900);
    assert_false(store_is_damaged(t->store));
    close_it(t);
    scribble_lines(t);
    sql(t, "UPDATE meta SET value = 1 WHERE name = 'open'"); /* as if killed */
    assert_true(try_open(t));
    assert_true(t->opened.was_cut && t->opened.is_damaged);
    assert_true(store_is_damaged(t->store) && !store_trouble(t->store));
    check_page(t, page(899, 900), 899, 2); /* reading goes on */
    put(t, 1, 901);
    assert_int_equal(finish(t), -ERROR_STORE);
    assert_non_null(store_trouble(t->store));
    close_it(t);
    assert_true(try_open(t)); /* and it is not forgotten */
    assert_true(t->opened.is_damaged);
}

static void test_store_stops_when_it_finds_damage(void **state)
{
    struct stand *t = *state;
    struct store_query q = page(1, 900);
    struct metrics metrics = { 0 };
    struct store_answer answer;

    fill(t, 1, 900);
    close_it(t);
    scribble_lines(t);
    assert_true(try_open(t));
    q.bytes = SIZE_MAX;
    assert_true(store_ask(t->store, &q));
    while (!store_answered(t->store, &answer))
        wait_ready(t);
    assert_int_equal(answer.error, -ERROR_STORE);
    store_thank(t->store, &answer);
    put(t, 1, 901);
    assert_int_equal(finish(t), -ERROR_STORE);
    store_measure(t->store, &metrics);
    assert_int_equal(metrics.store_trouble, 1);
    assert_int_equal(metrics.store_read_failures, 1);
}

static void test_store_waits_for_no_lock_for_ever(void **state)
{
    struct stand *t = *state;
    sqlite3 *lite;

    fill(t, 1, 2);
    assert_int_equal(sqlite3_open(t->path, &lite), SQLITE_OK);
    sqlite3_exec(lite, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    put(t, 1, 3);
    assert_int_equal(finish(t), -ERROR_STORE);
    assert_string_equal(store_trouble(t->store), "database is locked");
    check_page(t, page(1, 2), 1, 2);
    sqlite3_exec(lite, "ROLLBACK", NULL, NULL, NULL);
    put(t, 1, 3);
    assert_int_equal(finish(t), 1);
    assert_null(store_trouble(t->store));
    sqlite3_close(lite);
}

/* What every effect leaves behind. */
static void test_store_tells_what_there_was(void **state)
{
    static const struct {
        struct store_op op;
        const char *text;
    } STEPS[] = {
        { { .effect = EFFECT_RECORD, .account = 1 }, "Ann" },
        { { .effect = EFFECT_TOKEN, .account = 1 }, "abc" },
        { { .effect = EFFECT_RECORD, .account = 2 }, "Bob" },
        { { .effect = EFFECT_RECORD, .account = 3 }, "Carl" },
        { { .effect = EFFECT_RECORD, .account = 4 }, "BOB" }, /* takes it */
        { { .effect = EFFECT_SANCTION, .room = 7, .kind = 1 }, "3" },
        { { .effect = EFFECT_SANCTION, .room = 7, .kind = 1 }, "4" },
        { { .effect = EFFECT_GUEST, .room = 7, .about = 3 }, NULL },
        { { .effect = EFFECT_FORGET, .account = 3 }, NULL },
        { { .effect = EFFECT_FOUND, .room = 7, .kind = room_PUBLIC }, "#Tea" },
        { { .effect = EFFECT_ENTER, .room = 7, .account = 1 }, NULL },
        { { .effect = EFFECT_ENTER, .room = 7, .account = 4 }, NULL },
        { { .effect = EFFECT_LEAVE, .room = 7, .account = 4 }, NULL },
        { { .effect = EFFECT_TOPIC, .room = 7 }, "green" },
        { { .effect = EFFECT_FOUND, .room = 8, .kind = room_DIRECT }, "@1:4" },
        { { .effect = EFFECT_SIDE, .room = 8, .account = 1 }, "Ann" },
        { { .effect = EFFECT_SIDE, .room = 8, .account = 4 }, "BOB" },
        { { .effect = EFFECT_OPEN, .room = 8, .account = 1 }, NULL },
        { { .effect = EFFECT_RENAME, .account = 1 }, "Anna" },
        { { .effect = EFFECT_FOUND, .room = 9, .kind = room_PUBLIC }, "#x" },
        { { .effect = EFFECT_ENTER, .room = 9, .account = 1 }, NULL },
        { { .effect = EFFECT_DROP, .room = 9 }, NULL },
    };
    struct stand *t = *state;
    struct rows rows = { .len = 0 };

    for (size_t i = 0; i < sizeof STEPS / sizeof *STEPS; i++)
        put_effect(t, STEPS[i].op, STEPS[i].text);
    put(t, 7, 1);
    finish(t);
    open_again(t);
    assert_true(store_recall(t->store, note_row, &rows));
    assert_string_equal(
        rows.text, "0 r9 a4 d0 c0 0-0 '' '' '' e0\n"
                   "1 r0 a1 d0 c0 0-0 'Anna' '' 'abc' e0\n"
                   "1 r0 a2 d0 c0 0-0 '' '' '' e0\n" /* has lost its name */
                   "1 r0 a4 d0 c0 0-0 'BOB' '' '' e0\n"
                   "2 r0 a5 d6 c1 0-0 '' '' '' e0\n"
                   "4 r7 a0 d0 c0 1-1 '#Tea' 'green' '' e0\n"
                   "4 r8 a0 d0 c0 0-0 '@1:4' '' '' e0\n"
                   "6 r8 a1 d0 c0 0-0 'Anna' '' '' e0\n"
                   "6 r8 a4 d0 c0 0-0 'BOB' '' '' e0\n"
                   "7 r7 a1 d0 c0 0-0 '' '' '' e0\n"
                   "7 r8 a1 d0 c0 0-0 '' '' '' e0\n"
                   "7 r8 a4 d0 c0 0-0 '' '' '' e0\n"
                   "11 r7 a0 d0 c0 0-0 '4' '' '' e0\n");
}

/* A room of many lines is dropped in slices. */
static void test_store_drops_a_room_in_slices(void **state)
{
    struct stand *t = *state;
    struct rows rows = { .len = 0 };

    fill(t, 1, 10);
    drop(t, 1, 4);
    open_again(t);
    assert_true(store_recall(t->store, note_row, &rows));
    assert_non_null(strstr(rows.text, "5 r1 a0 d0 c0 5-10 '#r1'"));
    drop(t, 1, 10);
    rows.len = 0;
    assert_true(store_recall(t->store, note_row, &rows));
    assert_null(strstr(rows.text, "5 r1"));
}

static const struct CMUnitTest TESTS[] = {
    OF_FILES(test_store_reads_what_is_not_at_hand),
    OF_FILES(test_store_has_read_pages_at_hand),
    OF_FILES(test_store_is_the_same_history_after_a_start),
    OF_FILES(test_store_knows_an_older_state),
    OF_FILES(test_store_refuses_files_that_are_not_its_own),
    OF_FILES(test_store_refuses_garbage),
    OF_FILES(test_store_says_why_it_cannot_be_read),
    OF_FILES(test_store_does_not_write_a_damaged_file),
    OF_FILES(test_store_stops_when_it_finds_damage),
    OF_FILES(test_store_waits_for_no_lock_for_ever),
    OF_FILES(test_store_tells_what_there_was),
    OF_FILES(test_store_drops_a_room_in_slices),
};

int main(void)
{
    return RUN(TESTS);
}
