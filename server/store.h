/* SPDX-License-Identifier: MIT
 *
 * What outlives the process: rooms and their events, accounts, members, and of
 * every device the last command stored.  The store writes in batches:
 * store_put adds to the open one, store_commit sends it off at the end of the
 * turn, and when it is durable store_written hands it back.  Nothing is told to
 * anybody before that.  A batch that fails takes everything behind it with it,
 * so a number once given is either in the log or given again.
 *
 * Calls come from one thread and never block; threads of the store's own wait
 * for the disk.  Without a file all is in memory, and nothing is left of it.
 */
#ifndef SERVER_STORE_H
#define SERVER_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/store_op.h"

struct metrics;
struct store;

/* A mark that store_open does not compare. */
#define STORE_NO_MARK UINT64_MAX

struct store_config {
    const char *path; /* of the file; NULL: in memory */
    const char *vfs;  /* SQLite's name of a file system; NULL: the system's */
    bool threads;     /* else the disk is waited for in store_written */
    uint64_t secret[2];
    uint64_t epoch;        /* the name of a history that begins now, not 0 */
    uint64_t mark;         /* what store_mark was when the file was last open */
    uint64_t room_events;  /* at hand of a room; in memory: all it keeps */
    uint64_t recent_bytes; /* what all that is at hand may take */
    uint64_t queue;        /* operations waiting at most */
    unsigned log_pages;    /* of the write-ahead log; 0: as many as are good */
};

/* How opening went. */
struct store_opened {
    int code; /* an exit code of sysexits; 0: well */
    char why[256];
    bool is_new;      /* there was no file */
    bool is_restored; /* an older state of it has been put back */
    bool was_cut;     /* it had not been closed: it has been checked */
    bool is_damaged;  /* the check found `why`: nothing is written */
};

/* NULL when code is not 0. */
struct store *store_open(const struct store_config *, struct store_opened *);

/* What has been sent off is stored, if it can be. */
void store_free(struct store *);

/* Take the numbers from room_events on; the rest stays as it is. */
void store_configure(struct store *, const struct store_config *);

/* Call this, from any thread, whenever something has become ready. */
void store_on_ready(struct store *, void (*call)(void *ctx), void *ctx);

/* The name of the history: another one when an older state was put back. */
uint64_t store_epoch(const struct store *);

/* To be kept beside the file, so that such a state is known. */
uint64_t store_mark(const struct store *);

/* ---- what there was ---- */

/*
 * Tell all that is stored, events aside, in the order of the kinds; within a
 * kind ids rise.  To be called once, before anything is put.
 *   returns  false: it cannot be read, and store_trouble says why
 */
bool store_recall(struct store *,
                  void (*each)(void *ctx, const struct store_row *), void *ctx);

/* ---- writing ---- */

/* Whether n operations fit now. */
bool store_has_room(const struct store *, size_t n);

/* Add to the open batch, which must have room; owns the op's event and text. */
void store_put(struct store *, const struct store_op *);

/*
 * Operations are numbered as they are put, from 1: the last number, and what
 * has become of one.
 */
enum store_fate { FATE_OPEN, FATE_STORED, FATE_LOST };

uint64_t store_last_put(const struct store *);
enum store_fate store_fate(const struct store *, uint64_t number);

/* Send the open batch off, if there is anything in it. */
void store_commit(struct store *);

struct store_batch {
    struct store_op *ops; /* in the order they were put */
    size_t n;
    int error; /* 0: durable; else a negative error code: none is */
};

/*
 * The next finished batch; good until store_release, which must come next.
 * A failed one holds all that was on its way behind it as well.
 */
bool store_written(struct store *, struct store_batch *);
void store_release(struct store *, struct store_batch *);

/* Why the last batch could not be stored, for the log; NULL: it could. */
const char *store_trouble(const struct store *);

/* Its file is only read: nobody knows what is in it. */
bool store_is_damaged(const struct store *);

/* What people are told to do then. */
#define STORE_RESCUE "put back a backup, as Backups in chat-server(8) says"

/* Bring the counters that begin with store_ up to date. */
void store_measure(const struct store *, struct metrics *);

/* ---- reading ---- */

/* NULL: not known. Good until the next store_written. */
const struct store_device *store_device(const struct store *, uint64_t account,
                                        uint64_t device);

/* The oldest seq kept of a room; 0 when it has no events. */
uint64_t store_first(const struct store *, uint64_t room);

/*
 * An event that is at hand without waiting.  Borrowed until the next
 * store_written or store_answered.  NULL: ask for it.
 */
struct event *store_recent(const struct store *, uint64_t room, uint64_t seq);

/* How many messages of a room have been changed: differs if any was. */
uint64_t store_changes(const struct store *, uint64_t room);

/* Ask; false when too much is being asked already. */
bool store_ask(struct store *, const struct store_query *);

/*
 * The next answer; store_thank must come next.  What has to be read from the
 * disk is answered later than what is at hand.
 */
bool store_answered(struct store *, struct store_answer *);
void store_thank(struct store *, struct store_answer *);

/* ---- for the operator, and not waited for ---- */

/*
 * Begin a chore.
 *   path     COPY: of an empty file that is there
 *   returns  false: there is one already
 */
bool store_begin_chore(struct store *, enum chore_kind, const char *path);

/* How it stands; a store without threads goes on with it here. */
struct store_chore store_chore(struct store *);

/* Forget it, or call it off. */
void store_end_chore(struct store *);

/* Whether store_commit, store_written or store_answered would do anything. */
bool store_is_ready(const struct store *);

/* ---- for tests, of a store without threads ---- */

/* Let the nth commit from now on fail; 0: none. */
void store_fail(struct store *, unsigned nth);

/* Keep batches on their way until it is called again with false. */
void store_pause(struct store *, bool);

#endif
