/* SPDX-License-Identifier: MIT
 *
 * EDGE threads: one reads what is new in the log into the index, another one
 * answers questions.  All calls come from the thread that owns the search, and
 * none of them waits for the disk.  When the index cannot be written it is
 * tried again with the next that is said.
 */
#ifndef SERVER_SEARCH_H
#define SERVER_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/index.h"

struct search;

struct search_config {
    const char *path; /* of the index; beside the log */
    const char *log;
    uint64_t epoch;
    bool threads; /* else the disk is waited for in search_turn */
};

/* NULL: there can be no search; why gets a sentence. */
struct search *search_open(const struct search_config *, char *why, size_t cap);

/* What is under way is finished. */
void search_free(struct search *);

/* Call this, from any thread, whenever an answer is ready. */
void search_on_ready(struct search *, void (*call)(void *ctx), void *ctx);

/*
 * A room goes on, or less of it is kept, or it is no more; in time for the next
 * search_turn.
 */
void search_note(struct search *, const struct index_room *);

/* Hand over what was noted. */
void search_turn(struct search *);

/* Ask; owns the query's rooms.  false: too much is asked already. */
bool search_ask(struct search *, struct index_query *);

/* The next answer; index_thank must come next. */
bool search_answered(struct search *, struct index_answer *);

bool search_is_ready(struct search *);

/* Whether all that was noted is in the index; for tests. */
bool search_is_idle(struct search *);

#endif
