/* SPDX-License-Identifier: MIT
 *
 * EDGE SQLite: what is said by its words, in a file of its own that can always
 * be made anew from the log.  A connection to it and one that reads the log,
 * used by one thread at a time; one connection alone writes.
 *
 * The index knows of every room up to which seq it has read, changes of
 * messages included; it lags behind a moment.  What is found is looked at in
 * the log again, so that nothing is told that is no longer so.
 */
#ifndef SERVER_INDEX_H
#define SERVER_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/terms.h"

struct event;
struct index;

struct index_config {
    const char *path; /* of the index */
    const char *log;  /* of the store's file */
    uint64_t epoch;   /* of the log: an index of another one begins anew */
    bool reads_only;
};

/* NULL: it cannot be used; why gets a sentence. */
struct index *index_open(const struct index_config *, char *why, size_t cap);
void index_close(struct index *);

/* ---- writing ---- */

/* A room of the log, and what is kept of it. */
struct index_room {
    uint64_t room, first, last; /* 0 and 0: it is no more, and nothing is */
    uint64_t ts;                /* of the last event */
};

/* Tell all rooms of the log, and those that are here and no more in the log. */
bool index_rooms(struct index *,
                 void (*each)(void *ctx, const struct index_room *), void *ctx);

/*
 * Read on in rooms, as one transaction: at most so many events; forget what is
 * not kept.
 *   rooms, n  get those in which there is more to do
 *   returns   false: nothing was done; a room that could not be read, if that
 *             was why, is taken out of them
 */
bool index_read(struct index *, struct index_room *rooms, size_t *n,
                size_t most);

/*
 * Put together some of what was written in pieces, so that finding is fast.
 *   returns  whether there is more to do
 */
bool index_tidy(struct index *);

/* ---- finding ---- */

/* A place between hits, newest first: those below it come. */
struct index_place {
    uint64_t ts, room, seq;
};

struct index_query {
    struct terms terms;      /* none: whatever `who` said, or is pinned */
    uint64_t who;            /* account; 0: anybody */
    bool pinned;             /* pinned ones only */
    uint64_t after, before;  /* ms since 1970; 0: no bound */
    struct index_place from; /* all zero: from the newest */
    size_t limit;
    struct index_room *rooms; /* owned; where to look */
    size_t n_rooms;
    uint64_t session; /* of the asker, and its request, copied */
    uint32_t request;
};

struct index_answer {
    struct index_query query;
    struct event **events; /* owned; newest first */
    size_t n;
    bool more; /* there are older ones */
    bool failed;
};

/* Answer the query in *answer. */
void index_find(struct index *, struct index_answer *);

/* Free what an answer owns. */
void index_thank(struct index_answer *);

#endif
