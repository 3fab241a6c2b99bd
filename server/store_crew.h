/* SPDX-License-Identifier: MIT
 *
 * EDGE threads: who waits for the disk.  One writes what has been sent, all
 * that is there as one batch, so that the next one gathers while the last one
 * commits; some read.  All calls come from the thread that owns the crew.
 */
#ifndef SERVER_STORE_CREW_H
#define SERVER_STORE_CREW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/histogram.h"
#include "server/store_batch.h"
#include "server/store_db.h"

enum { CREW_READERS = 2 };

struct crew;

struct crew_config {
    struct db *writer; /* lent until crew_free */
    struct db *readers[CREW_READERS];
    const char *vfs; /* for copies */
};

/* NULL: the system gives no threads. */
struct crew *crew_new(const struct crew_config *);

/* Everything sent is written, if it can be; nothing is read any more. */
void crew_free(struct crew *);

/* Call this, from any thread, whenever there is something to fetch. */
void crew_on_ready(struct crew *, void (*call)(void *ctx), void *ctx);

/* Takes the operations; room_events as db_write. */
void crew_send(struct crew *, struct batch *, uint64_t room_events);

/*
 * What has been written since, or could not be; then it holds everything that
 * was sent behind it as well.
 *   error    as of db_write
 *   returns  false: nothing
 */
bool crew_written(struct crew *, struct batch *, int *error);

void crew_ask(struct crew *, const struct store_query *);
bool crew_answered(struct crew *, struct store_answer *);

bool crew_is_ready(struct crew *);

/*
 * Begin a chore: who writes does it between batches, or one who reads.
 *   path     COPY: of an empty file, where the writer's vfs is
 *   returns  false: there is one already
 */
bool crew_begin_chore(struct crew *, enum chore_kind, const char *path);

/* How it stands. */
struct store_chore crew_chore(struct crew *);

/* It is to be no more, whether it is done or not. */
void crew_end_chore(struct crew *);

/* How it stands. */
struct crew_state {
    uint64_t commits, commit_us; /* batches written, and how long it took */
    struct histogram took;       /* the same, one by one */
    uint64_t log_bytes;
    uint64_t reads, failed_reads;
    const char *trouble; /* of the last batch; NULL: none */
    bool is_damaged;
};

struct crew_state crew_state(struct crew *);

#endif
