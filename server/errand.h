/* SPDX-License-Identifier: MIT
 *
 * What one person has done, in all rooms, as an operator asks for it: read a
 * slice of a room at a time, and perhaps taken away.
 */
#ifndef SERVER_ERRAND_H
#define SERVER_ERRAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/store_op.h"
#include "shared/now.h"

struct event;
struct world;

/* All zero is the start. */
struct errand {
    uint64_t account, serial; /* whose; account 0: there is none */
    uint64_t *rooms;          /* n ids, owned; `at` is being read */
    size_t n, at;
    uint64_t lo;                /* first seq of the slice; 0: of the room */
    bool waits, there;          /* for the answer; it is there */
    struct store_answer answer; /* with references of its own */
};

enum errand_state { ERRAND_WAITS, ERRAND_SLICE, ERRAND_DONE, ERRAND_FAILED };

/* Begin with all rooms there are; false: another one is under way. */
bool errand_begin(struct world *, uint64_t account);
void errand_end(struct world *);

/*
 * How it stands.  SLICE: errand.answer has some of the person's events;
 * errand_next goes on.  FAILED: they cannot be read.
 */
enum errand_state errand_look(struct world *);
void errand_next(struct world *);
void errand_again(struct world *); /* the same slice, as it is by then */

/* QUERY_OF has been answered. */
void errand_answered(struct world *, const struct store_answer *);

/* Whether an event still says something of the person. */
bool errand_is_open(const struct errand *, const struct event *);

/*
 * Take text and name away; a message is taken back before all.  Of what others
 * have done to the person only the name goes.
 *   returns  false: not now, it is being changed or the store is full
 */
bool errand_erase(struct world *, const struct event *, struct now);

/*
 * Take away the name of somebody who is no more, in direct rooms.
 *   returns  whether it is in any: look again once that is stored
 */
bool errand_unname(struct world *, uint64_t account);

/*
 * Take away a name among those who are kept out or silent, and who did that.
 *   returns  as errand_unname
 */
bool errand_unnote(struct world *, struct str nick);

#endif
