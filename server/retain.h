/* SPDX-License-Identifier: MIT
 *
 * What the store is to forget: lines older than LIMIT_KEEP, or than the rule
 * of their room says, and all of rooms that are no more.  It goes a slice at a
 * time, so that nobody waits for it.
 */
#ifndef SERVER_RETAIN_H
#define SERVER_RETAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/now.h"
#include "shared/str.h"

struct room;
struct store_answer;
struct store_op;
struct world;

/* A room that is no more, and how far its events are gone. */
struct retain_doomed {
    uint64_t room, seq, head;
};

struct retain {
    char *rules; /* see keep.h; owned, may be NULL */
    struct retain_doomed *doomed;
    size_t n_doomed, cap_doomed;
    size_t at;  /* how far the walk over rooms has come */
    bool waits; /* for the store, before it goes on */
};

void retain_fini(struct retain *);

/* Take new rules; NULL: none. */
void retain_set_rules(struct world *, const char *rules);

/* For how many days lines of a room are kept; 0: for ever. */
uint64_t retain_days(const struct world *, const struct room *);

/* A room is no more; its events from first to head are still there. */
void retain_doom(struct world *, uint64_t room, uint64_t first, uint64_t head);

/* Forget a bit; returns when to be called again, mono_us. */
uint64_t retain_turn(struct world *, struct now);

/* EFFECT_DROP is stored, or could not be. */
void retain_dropped(struct world *, const struct store_op *, bool done);

/* QUERY_AGED has been answered. */
void retain_answered(struct world *, const struct store_answer *);

#endif
