/* SPDX-License-Identifier: MIT
 *
 * Which packet numbers have come: ranges, newest first, bounded.  Numbers are
 * compared in serial arithmetic, so they may wrap.  What falls off the old end
 * counts as seen: a packet that late is worth no memory, its contents have
 * been sent again long ago.
 */
#ifndef SHARED_RANGE_H
#define SHARED_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RANGES_KEPT = 64, /* remembered, to tell duplicates */
    RANGES_SENT = 32  /* in one ACK */
};

struct range {
    uint32_t lo, hi; /* both belong to it */
};

struct ranges {
    struct range *v; /* newest first, owned; they neither touch nor overlap */
    uint16_t n, cap;
    bool told_any;
    uint32_t told;  /* the peer is known to know of all up to here */
    uint32_t floor; /* everything before it counts as seen */
};

/* What a packet number is to the set it was added to. */
enum range_is {
    RANGE_NEXT,  /* one more than the newest, or the first of all */
    RANGE_APART, /* new, and it opens or fills a gap */
    RANGE_SEEN,
    RANGE_WILD /* so far ahead that nobody counted up to it; not added */
};

/* Serial order: a was sent before b. */
static inline bool range_before(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

void ranges_init(struct ranges *);
void ranges_fini(struct ranges *);
enum range_is ranges_add(struct ranges *, uint32_t pn);

/* The newest number; there must be one. */
uint32_t ranges_newest(const struct ranges *);

/* An ACK that went up to pn has itself been acked: no need to tell again. */
void ranges_told(struct ranges *, uint32_t pn);

/* A number as old as that has only now come: tell again from it on. */
void ranges_retell(struct ranges *, uint32_t pn);

/* How many of v, from the newest on, an ACK should carry: 0..RANGES_SENT. */
unsigned ranges_untold(const struct ranges *);

#endif
