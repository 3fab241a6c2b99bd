/* SPDX-License-Identifier: MIT
 *
 * A store that outlives its server in a simulation: on a disk in memory, which
 * may lose power with the server.
 */
#ifndef TESTS_VAULT_H
#define TESTS_VAULT_H

#include "tests/disk.h"

#include "server/store.h"
#include "shared/limits.h"

static inline struct disk *vault_new(uint64_t seed)
{
    struct disk *disk = mem_new(1, sizeof *disk);

    disk->rng.state = seed;
    disk_begin(disk, "vault");
    return disk;
}

static inline void vault_free(struct disk *disk)
{
    if (!disk)
        return;
    disk_end(disk);
    free(disk);
}

/*
 * What is left of a disk when the power goes: the next store is opened there.
 * The old one is to be freed when its store has been.
 *   per_mille  of what was not synced
 */
static inline struct disk *vault_cut(struct disk *disk, unsigned per_mille)
{
    struct disk *left = vault_new(rng_next(&disk->rng));

    disk_image(disk, left, per_mille);
    return left;
}

static inline struct store *vault_open(uint64_t epoch,
                                       const struct limits *limits)
{
    struct store_config config = {
        .path = "chat.db",
        .vfs = "vault",
        .secret = { epoch, 1 },
        .epoch = epoch,
        .mark = STORE_NO_MARK,
        .room_events = limits->value[LIMIT_ROOM_EVENTS],
        .recent_bytes = limits->value[LIMIT_RECENT],
        .queue = limits->value[LIMIT_STORE_QUEUE],
        .log_pages = 40,
    };
    struct store_opened opened;
    struct store *store = store_open(&config, &opened);

    if (!store || opened.is_damaged)
        fail_msg("%s", opened.why);
    return store;
}

/* Have the events of a small room at hand. */
static inline void vault_show(struct store *store, uint64_t room, uint64_t head)
{
    struct store_query q = {
        .room = room, .lo = 1, .hi = head, .bytes = SIZE_MAX, .backward = true
    };
    struct store_answer answer;

    store_pause(store, false);
    assert_true(store_ask(store, &q));
    while (store_answered(store, &answer)) {
        assert_int_equal(answer.error, 0);
        store_thank(store, &answer);
    }
}

#endif
