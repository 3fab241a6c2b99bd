/* SPDX-License-Identifier: MIT
 *
 * Early copies of small messages.  Chat is a thin stream: nothing follows a
 * lost line that would show the loss, so the line itself goes again 10, 30 and
 * 70 ms later, while it is not acked.  That brings the slow tail from a round
 * trip and a timeout down to the offset of a copy, for bytes.
 *
 * How many copies a message is worth depends on the loss seen: what a person
 * waits for has one on any path, one of a room's many receivers has none on a
 * path that loses nothing.  All keep to a budget (budget.h).
 */
#ifndef SHARED_COPIES_H
#define SHARED_COPIES_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/budget.h"
#include "shared/parcel.h"

enum {
    COPIES_MAX = 4,      /* of a message and round */
    COPIES_PLANNED = 32, /* messages at a time; more is no thin stream */
    COPIES_LOSSY = 15    /* per thousand lost: one copy is not enough */
};

struct copies {
    struct copy *v; /* planned, oldest first; NULL while none is */
    unsigned n;
    struct budget budget;
};

void copies_init(struct copies *, uint64_t now_us);
void copies_fini(struct copies *);

/*
 * A message went out for the first time, or again after a timeout: plan its
 * copies.
 *   loss     per thousand
 *   within   no copy later than this: the timeout does better, us
 *   returns  whether there will be any
 */
bool copies_plan(struct copies *, struct parcel *, uint32_t loss,
                 uint32_t within, uint64_t now_us);

/*
 * The next message with a copy due at `by_us`; NULL when there is none.  What
 * is due and beyond the budget is given up.
 */
struct parcel *copies_peek(struct copies *, bool riding, uint64_t now_us);

/* The copy that copies_peek gave is being sent, or is in the packet already. */
void copies_take(struct copies *, struct parcel *);

/* When the next copy is due; NEVER when none is planned. */
uint64_t copies_next(const struct copies *);

#endif
