/* SPDX-License-Identifier: MIT
 *
 * The store in its directory: made for its owner only, by one server at a
 * time, and known when an older state of it was put back.
 */
#include "tests/folder.h"

#include <fcntl.h>
#include <sysexits.h>

#include "server/config.h"
#include "server/storage.h"

static void some_random(void *ctx, uint8_t *out, size_t len)
{
    static uint8_t next;

    (void)ctx;
    while (len--)
        *out++ = ++next;
}

static int open_in(struct storage *storage, const char *data)
{
    struct settings settings = { .data = (char *)(uintptr_t)data };

    limits_init(&settings.limits);
    return storage_open(storage, &settings, some_random);
}

static void must_open(struct storage *storage, const char *data)
{
    if (open_in(storage, data))
        fail_msg("%s", storage->why);
    assert_non_null(storage->store);
}

static void copy(void **state, const char *from, const char *to)
{
    char command[3 * FOLDER_PATH], path[FOLDER_PATH];

    snprintf(path, sizeof path, "%s", folder_path(state, from));
    snprintf(command, sizeof command, "cp '%s' '%s'", path,
             folder_path(state, to));
    assert_int_equal(system(command), 0);
}

static void test_storage_is_for_its_owner_only(void **state)
{
    mode_t before = umask(0);
    struct storage storage;

    must_open(&storage, folder_path(state, "some/where"));
    assert_int_equal(folder_mode(state, "some"), 0700);
    assert_int_equal(folder_mode(state, "some/where"), 0700);
    assert_int_equal(folder_mode(state, "some/where/chat.db"), 0600);
    assert_int_equal(folder_mode(state, "some/where/chat.db-wal"), 0600);
    assert_int_equal(folder_mode(state, "some/where/chat.db-shm"), 0600);
    assert_int_equal(folder_mode(state, "some/where/chat.run"), 0600);
    umask(before);
    storage_close(&storage);
    assert_null(folder_read(state, "some/where/chat.db-wal"));
}

static void test_storage_takes_one_server_at_a_time(void **state)
{
    const char *data = *state;
    struct storage storage, other;

    must_open(&storage, data);
    assert_int_equal(open_in(&other, data), EX_UNAVAILABLE);
    assert_non_null(strstr(other.why, "another server"));
    storage_close(&other);
    storage_close(&storage);
    must_open(&storage, data);
    storage_close(&storage);
}

static void test_storage_keeps_nothing_in_memory(void **state)
{
    struct storage storage;

    (void)state;
    must_open(&storage, ":memory:");
    assert_null(storage.path);
    storage_close(&storage);
}

static void test_storage_says_what_is_wrong(void **state)
{
    struct storage storage;

    folder_write(state, "file", "");
    assert_int_equal(open_in(&storage, folder_path(state, "file/sub")),
                     EX_CANTCREAT);
    assert_non_null(strstr(storage.why, "file"));
    storage_close(&storage);
    folder_write(state, "chat.db", "this is no database, and of some length");
    assert_int_equal(open_in(&storage, *state), EX_DATAERR);
    assert_non_null(strstr(storage.why, "chat.db: file is not a database"));
    assert_non_null(strstr(storage.why, "put back a backup"));
    storage_close(&storage);
}

/* Start and stop; returns the epoch. */
static uint64_t life(void **state, bool restored)
{
    struct storage storage;
    uint64_t epoch;

    must_open(&storage, *state);
    assert_int_equal(storage.opened.is_restored, restored);
    epoch = store_epoch(storage.store);
    storage_close(&storage);
    return epoch;
}

static void test_storage_knows_an_older_state(void **state)
{
    uint64_t epoch = life(state, false), other;

    assert_int_equal(life(state, false), epoch);
    copy(state, "chat.db", "backup");
    copy(state, "chat.run", "run");
    assert_int_equal(life(state, false), epoch);
    copy(state, "backup", "chat.db");
    other = life(state, true);
    assert_true(other != epoch);
    assert_int_equal(life(state, false), other);

    /* as the manual says: without chat.run */
    copy(state, "backup", "chat.db");
    unlink(folder_path(state, "chat.run"));
    epoch = life(state, true);
    assert_true(other != epoch);
    assert_int_equal(life(state, false), epoch);
}

/* Killed before it could write its mark down. */
static void test_storage_forgives_a_mark_that_is_one_behind(void **state)
{
    uint64_t epoch = life(state, false);

    life(state, false);
    copy(state, "chat.run", "run");
    assert_int_equal(life(state, false), epoch);
    copy(state, "run", "chat.run");
    assert_int_equal(life(state, false), epoch);
    folder_write(state, "chat.run", "garbage");
    assert_true(life(state, true) != epoch);
}

#define IN_FOLDER(f)                                                           \
    cmocka_unit_test_setup_teardown(f, folder_make, folder_drop)

static const struct CMUnitTest TESTS[] = {
    IN_FOLDER(test_storage_is_for_its_owner_only),
    IN_FOLDER(test_storage_takes_one_server_at_a_time),
    IN_FOLDER(test_storage_keeps_nothing_in_memory),
    IN_FOLDER(test_storage_says_what_is_wrong),
    IN_FOLDER(test_storage_knows_an_older_state),
    IN_FOLDER(test_storage_forgives_a_mark_that_is_one_behind),
};

int main(void)
{
    return RUN(TESTS);
}
