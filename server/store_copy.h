/* SPDX-License-Identifier: MIT
 *
 * EDGE SQLite: a copy of the file of the store, made a piece at a time over
 * the connection that writes, so that what is written meanwhile is in it.  Who
 * opens the copy begins another history: the old one has gone on without it.
 */
#ifndef SERVER_STORE_COPY_H
#define SERVER_STORE_COPY_H

#include <stddef.h>

#include "server/store_db.h"

struct copy;

/*
 * Begin; nothing has been copied then.
 *   path     of a file that is there, and empty
 *   vfs      NULL: the system's
 *   why      gets a sentence, cap bytes
 *   returns  NULL: it cannot be
 */
struct copy *copy_begin(struct db *, const char *path, const char *vfs,
                        char *why, size_t cap);

/*
 * Copy so many pages more; done and total of the chore are set.
 *   returns  CHORE_RUNS; CHORE_DONE: it is on the disk; CHORE_FAILED, with a
 *            sentence in the chore
 */
enum chore_state copy_step(struct copy *, int pages, struct store_chore *);

/* What has been copied of one that is not done is of no use.  NULL is none. */
void copy_free(struct copy *);

#endif
