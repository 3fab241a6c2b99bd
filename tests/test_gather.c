/* SPDX-License-Identifier: MIT
 *
 * Commits written in large pieces: others read what is committed and nothing
 * else, what did not fit into memory is read back, and what the disk refuses
 * has not happened.
 */
#include "tests/disk.h"

#include "server/gather.h"
#include "server/lite.h"

enum { ROWS = 400 };

struct scene {
    struct disk disk;
    struct gather *gather;
    sqlite3 *writer, *reader;
};

static const char NEW[] = "PRAGMA journal_mode = WAL;"
                          "PRAGMA synchronous = FULL;"
                          "PRAGMA wal_autocheckpoint = 0;"
                          "CREATE TABLE page(n INTEGER PRIMARY KEY, x BLOB);";

/* Rows of half a page each. */
static const char FILL[] =
    "WITH RECURSIVE i(n) AS (VALUES(1) UNION ALL SELECT n + 1 FROM i"
    " WHERE n < 400) INSERT INTO page SELECT n, randomblob(2000) FROM i";

static sqlite3 *open_by(const char *vfs, bool reads_only)
{
    struct lite_config config = { .path = "pages.db",
                                  .vfs = vfs,
                                  .reads_only = reads_only };
    sqlite3 *lite;

    assert_int_equal(lite_open(&config, &lite), SQLITE_OK);
    return lite;
}

static int set_up(void **state)
{
    struct scene *s = mem_new(1, sizeof *s);

    disk_begin(&s->disk, "disk");
    s->gather = gather_new("disk");
    s->writer = open_by(gather_name(s->gather), false);
    assert_int_equal(lite_run(s->writer, NEW), SQLITE_OK);
    s->reader = open_by("disk", true);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;

    sqlite3_close(s->reader);
    sqlite3_close(s->writer);
    gather_free(s->gather);
    disk_end(&s->disk);
    free(s);
    return 0;
}

#define GATHERS(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static void run(sqlite3 *lite, const char *text)
{
    assert_int_equal(lite_run(lite, text), SQLITE_OK);
}

static int rows(sqlite3 *lite)
{
    return lite_number(lite, "SELECT count(*) FROM page WHERE length(x) = 2000",
                       -1);
}

static bool is_whole(sqlite3 *lite)
{
    return lite_number(lite,
                       "SELECT count(*) FROM pragma_integrity_check"
                       " WHERE integrity_check = 'ok'",
                       -1) == 1;
}

static void test_gather_writes_little_often_as_much_at_once(void **state)
{
    struct scene *s = *state;
    uint64_t writes = s->disk.counts[DISK_WRITE];

    run(s->writer, FILL);
    assert_in_range(s->disk.counts[DISK_WRITE] - writes, 1, ROWS / 20);
    assert_int_equal(rows(s->reader), ROWS);
}

static void test_gather_others_see_what_is_committed(void **state)
{
    struct scene *s = *state;

    run(s->writer, "BEGIN");
    run(s->writer, FILL);
    assert_int_equal(rows(s->reader), 0);
    run(s->writer, "COMMIT");
    assert_int_equal(rows(s->reader), ROWS);
    assert_true(is_whole(s->reader));
}

/* Of a transaction that is larger than the cache much is written before. */
static void test_gather_is_read_back(void **state)
{
    struct scene *s = *state;

    run(s->writer, "PRAGMA cache_size = 10");
    run(s->writer, "BEGIN");
    run(s->writer, FILL);
    run(s->writer, "SAVEPOINT half");
    run(s->writer, "UPDATE page SET x = zeroblob(1999) WHERE n % 2");
    assert_int_equal(rows(s->writer), ROWS / 2);
    run(s->writer, "ROLLBACK TO half");
    assert_int_equal(rows(s->writer), ROWS);
    run(s->writer, "ROLLBACK");
    assert_int_equal(rows(s->writer), 0);
    run(s->writer, FILL);
    assert_int_equal(rows(s->reader), ROWS);
    assert_true(is_whole(s->reader));
}

static void test_gather_goes_on_after_a_checkpoint(void **state)
{
    struct scene *s = *state;

    for (int i = 0; i < 5; i++) {
        run(s->writer, FILL);
        run(s->writer, "PRAGMA wal_checkpoint");
        assert_int_equal(rows(s->reader), ROWS);
        run(s->writer, "DELETE FROM page WHERE n > 7");
        assert_int_equal(rows(s->reader), 7);
        run(s->writer, "DELETE FROM page");
    }
    assert_true(is_whole(s->reader));
}

/* The nth of its operations fails; returns whether there is an nth. */
static bool fails_at(struct scene *s, enum disk_act act, uint64_t nth)
{
    bool failed;

    s->disk.fail_at[act] = s->disk.counts[act] + nth;
    failed = lite_run(s->writer, FILL) != SQLITE_OK;
    s->disk.fail_at[act] = 0;
    assert_int_equal(rows(s->writer), failed ? 0 : ROWS);
    assert_int_equal(rows(s->reader), failed ? 0 : ROWS);
    run(s->writer, "DELETE FROM page");
    run(s->writer, FILL);
    assert_int_equal(rows(s->reader), ROWS);
    run(s->writer, "DELETE FROM page");
    return failed;
}

static void test_gather_what_fails_has_not_happened(void **state)
{
    struct scene *s = *state;
    uint64_t writes = 1, syncs = 1;

    while (fails_at(s, DISK_WRITE, writes))
        writes++;
    while (fails_at(s, DISK_SYNC, syncs))
        syncs++;
    assert_in_range(writes, 8, 20);
    assert_int_equal(syncs, 2);
    assert_true(is_whole(s->writer));
}

static const struct CMUnitTest TESTS[] = {
    GATHERS(test_gather_writes_little_often_as_much_at_once),
    GATHERS(test_gather_others_see_what_is_committed),
    GATHERS(test_gather_is_read_back),
    GATHERS(test_gather_goes_on_after_a_checkpoint),
    GATHERS(test_gather_what_fails_has_not_happened),
};

int main(void)
{
    return RUN(TESTS);
}
