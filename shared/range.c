/* SPDX-License-Identifier: MIT
 *
 * Ranges of packet numbers; see range.h.  A packet in order costs one compare;
 * the worst one walks RANGES_KEPT entries.
 */
#include "shared/range.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"

enum {
    FIRST_CAP = 4,
    AHEAD = 1 << 24, /* more packets are not lost in a row */
    EARLIER = 1024   /* so much before the first one seen may still come */
};

void ranges_init(struct ranges *set)
{
    *set = (struct ranges){ 0 };
}

void ranges_fini(struct ranges *set)
{
    free(set->v);
    ranges_init(set);
}

/*
 * Make room for a range at index i.  There is one place more than `cap`, so the
 * oldest can fall off the end after the insertion.
 */
static void insert(struct ranges *set, unsigned i, uint32_t pn)
{
    if (set->n == set->cap && set->cap < RANGES_KEPT) {
        set->cap = set->cap ? (uint16_t)(set->cap * 2) : FIRST_CAP;
        set->v = mem_resize(set->v, set->cap + 1u, sizeof *set->v);
    }
    memmove(&set->v[i + 1], &set->v[i], (set->n - i) * sizeof *set->v);
    set->v[i] = (struct range){ pn, pn };
    set->n++;
    if (set->n > RANGES_KEPT)
        set->floor = set->v[--set->n].hi + 1;
}

static void drop(struct ranges *set, unsigned i)
{
    memmove(&set->v[i], &set->v[i + 1], (set->n - i - 1u) * sizeof *set->v);
    set->n--;
}

/* pn is not in the set and belongs before index i, after index i - 1. */
static void place(struct ranges *set, unsigned i, uint32_t pn)
{
    bool touches_newer = i > 0 && set->v[i - 1].lo == pn + 1;
    bool touches_older = i < set->n && set->v[i].hi + 1 == pn;

    if (touches_newer && touches_older) {
        set->v[i - 1].lo = set->v[i].lo;
        drop(set, i);
    } else if (touches_newer) {
        set->v[i - 1].lo = pn;
    } else if (touches_older) {
        set->v[i].hi = pn;
    } else {
        insert(set, i, pn);
    }
}

enum range_is ranges_add(struct ranges *set, uint32_t pn)
{
    bool next = set->n == 0 || set->v[0].hi + 1 == pn;
    unsigned i = 0;

    if (set->n == 0)
        set->floor = pn - EARLIER;
    else if (range_before(set->v[0].hi + AHEAD, pn))
        return RANGE_WILD;
    if (range_before(pn, set->floor))
        return RANGE_SEEN;
    while (i < set->n && range_before(pn, set->v[i].lo))
        i++;
    if (i < set->n && !range_before(set->v[i].hi, pn))
        return RANGE_SEEN;
    place(set, i, pn);
    return next ? RANGE_NEXT : RANGE_APART;
}

uint32_t ranges_newest(const struct ranges *set)
{
    assert(set->n);
    return set->v[0].hi;
}

void ranges_told(struct ranges *set, uint32_t pn)
{
    if (!set->told_any || range_before(set->told, pn))
        set->told = pn;
    set->told_any = true;
}

void ranges_retell(struct ranges *set, uint32_t pn)
{
    if (set->told_any && !range_before(set->told, pn))
        set->told = pn - 1;
}

unsigned ranges_untold(const struct ranges *set)
{
    unsigned n = 0;

    while (n < set->n && n < RANGES_SENT &&
           !(set->told_any && !range_before(set->told, set->v[n].hi)))
        n++;
    return n;
}
