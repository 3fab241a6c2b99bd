/* SPDX-License-Identifier: MIT
 *
 * Copies, planned and due; see copies.h.
 */
#include "shared/copies.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "shared/frame.h"
#include "shared/mem.h"
#include "shared/now.h"

enum {
    SOME_LOSS = 4,   /* per thousand: a room's message has a copy */
    MORE_LOSS = 30,  /* three copies, two from COPIES_LOSSY on */
    MOST_LOSS = 250, /* four */
    NO_TIME = 0      /* it rides, never goes on its own */
};

/* When a copy goes, and from when on it rides, us after the message. */
static const struct {
    uint32_t due, rides;
} OFFSETS[COPIES_MAX] = {
    { 10000, 5000 },
    { 30000, 25000 },
    { 70000, 35000 },
    { NO_TIME, 100000 },
};

struct copy {
    struct parcel *parcel;
    uint64_t sent_us;
    uint32_t last_us; /* no copy goes later */
    unsigned k, n;    /* next of OFFSETS; how many in all */
};

void copies_init(struct copies *copies, uint64_t now_us)
{
    *copies = (struct copies){ 0 };
    budget_init(&copies->budget, now_us);
}

static void drop(struct copies *copies, unsigned i)
{
    parcel_unref(copies->v[i].parcel);
    copies->n--;
    memmove(&copies->v[i], &copies->v[i + 1],
            (copies->n - i) * sizeof *copies->v);
    if (copies->n > 0)
        return;
    free(copies->v);
    copies->v = NULL;
}

void copies_fini(struct copies *copies)
{
    while (copies->n > 0)
        drop(copies, copies->n - 1);
}

/* How many copies a message is worth. */
static unsigned worth(enum dgram_class class, uint32_t loss)
{
    if (loss < SOME_LOSS && class != DGRAM_OWN)
        return 0;
    if (loss < COPIES_LOSSY)
        return 1;
    return loss < MORE_LOSS ? 2 : loss < MOST_LOSS ? 3 : 4;
}

static struct copy *find(struct copies *copies, const struct parcel *parcel)
{
    for (unsigned i = 0; i < copies->n; i++)
        if (copies->v[i].parcel == parcel)
            return &copies->v[i];
    return NULL;
}

bool copies_plan(struct copies *copies, struct parcel *parcel, uint32_t loss,
                 uint32_t within, uint64_t now_us)
{
    struct copy *copy = find(copies, parcel);
    uint32_t last_us = within / 4 * 3; /* the timeout does better soon */
    unsigned n = worth(parcel->class, loss);

    while (n > 0 && OFFSETS[n - 1].rides >= last_us)
        n--;
    if (n == 0 || parcel->pieces > 1 || (!copy && copies->n == COPIES_PLANNED))
        return false;
    if (!copy) {
        if (!copies->v)
            copies->v = mem_new(COPIES_PLANNED, sizeof *copies->v);
        copy = &copies->v[copies->n++];
        copy->parcel = parcel_ref(parcel);
    }
    copy->sent_us = now_us;
    copy->last_us = last_us;
    copy->k = 0;
    copy->n = n;
    return true;
}

static uint64_t due_us(const struct copy *copy)
{
    uint32_t after = OFFSETS[copy->k].due;

    if (after == NO_TIME)
        return NEVER;
    return copy->sent_us + time_min(after, copy->last_us);
}

/* Forget those whose message has arrived. */
static void sweep(struct copies *copies)
{
    for (unsigned i = copies->n; i-- > 0;)
        if (parcel_done(copies->v[i].parcel))
            drop(copies, i);
}

uint64_t copies_next(const struct copies *copies)
{
    uint64_t at = NEVER;

    for (unsigned i = 0; i < copies->n; i++)
        if (!parcel_done(copies->v[i].parcel))
            at = time_min(at, due_us(&copies->v[i]));
    return at;
}

static uint32_t cost(const struct copy *copy)
{
    return copy->parcel->frame->len + BUDGET_OUTSIDE;
}

static void step(struct copies *copies, unsigned i)
{
    if (++copies->v[i].k == copies->v[i].n)
        drop(copies, i);
}

/* First copies leave a third of what may be there, later ones half. */
static bool affordable(struct copies *copies, const struct copy *copy,
                       uint64_t now_us)
{
    uint32_t kept = budget_depth(&copies->budget) / (copy->k == 0 ? 3 : 2);

    return cost(copy) + kept <= budget_left(&copies->budget, now_us);
}

static bool due(const struct copy *copy, bool riding, uint64_t now_us)
{
    return due_us(copy) <= now_us ||
           (riding && copy->sent_us + OFFSETS[copy->k].rides <= now_us);
}

struct parcel *copies_peek(struct copies *copies, bool riding, uint64_t now_us)
{
    if (copies->n == 0)
        return NULL;
    sweep(copies);
    for (unsigned i = copies->n; i-- > 0;)
        while (i < copies->n && due(&copies->v[i], riding, now_us) &&
               !affordable(copies, &copies->v[i], now_us))
            step(copies, i);
    for (unsigned i = 0; i < copies->n; i++)
        if (due(&copies->v[i], riding, now_us))
            return copies->v[i].parcel;
    return NULL;
}

void copies_take(struct copies *copies, struct parcel *parcel)
{
    struct copy *copy = find(copies, parcel);

    assert(copy);
    budget_spend(&copies->budget, cost(copy));
    step(copies, (unsigned)(copy - copies->v));
}
