/* SPDX-License-Identifier: MIT
 *
 * Early copies of what a person waits for.  Chat is a thin stream: nothing
 * follows a lost line that would show the loss, so the line itself goes again
 * 10, 30 and 70 ms later, while it is not acked.  That brings the slow tail
 * from a round trip and a timeout down to the offset of a copy, for bytes.
 *
 * Real loss is often a full queue, where copies make it worse.  Hence the
 * brakes: it begins with one copy and a small budget and doubles each second
 * that the round trip stays flat.  When it does not, there is a queue: copies
 * all but stop, and the budget comes back quickly to half of what was too much,
 * slowly beyond.  With many messages a second the loss seen decides how many
 * copies a message is worth.
 */
#ifndef SHARED_COPIES_H
#define SHARED_COPIES_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/parcel.h"

enum {
    COPIES_MAX = 3,      /* of a message and round */
    COPIES_PLANNED = 32, /* messages at a time; more is no thin stream */
    COPIES_SAMPLES = 12, /* all of them high: jitter alone does not do it */
    COPIES_SLACK = 5000  /* us: a copy may ride this early on what leaves */
};

struct copies {
    struct copy *v; /* planned, oldest first; NULL while none is */
    unsigned n;
    unsigned level;     /* copies a message may have: 1..COPIES_MAX */
    uint32_t rate;      /* budget, bytes a second */
    uint32_t tokens;    /* of it, unspent bytes */
    uint64_t filled_us; /* when tokens were brought up to date */
    uint32_t busy;      /* leaky count of messages, thousandths */
    uint64_t grown_us;  /* when the budget last grew, or was cut */
    uint32_t ceiling;   /* grow slowly from here on */
    uint32_t recent[COPIES_SAMPLES]; /* round trips, a ring */
    unsigned samples;                /* since the budget was cut last */
    uint32_t jitter;    /* smoothed, from one round trip to the next */
    uint32_t least[2];  /* least of this minute, of the last; 0: none */
    uint64_t minute_us; /* when this minute began */
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
struct parcel *copies_peek(struct copies *, uint64_t by_us, uint64_t now_us);

/* The copy that copies_peek gave is being sent, or is in the packet already. */
void copies_take(struct copies *, struct parcel *);

/* Other redundancy of `bytes` wants to go; false when the budget is spent. */
bool copies_spend(struct copies *, uint32_t bytes, uint64_t now_us);

/* When the next copy is due; NEVER when none is planned. */
uint64_t copies_next(const struct copies *);

/* A round-trip sample: grow or brake. */
void copies_sample(struct copies *, uint32_t us, uint64_t now_us);

/* Whether a round trip shows a queue that stands on the path. */
bool copies_jammed(const struct copies *, uint32_t us);

#endif
