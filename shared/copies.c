/* SPDX-License-Identifier: MIT
 *
 * Redundancy and its brakes; see copies.h.
 */
#include "shared/copies.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "shared/frame.h"
#include "shared/mem.h"
#include "shared/now.h"

enum {
    RATE_FIRST = 3000, /* bytes a second */
    RATE_LEAST = 500,
    RATE_MOST = 24000,
    SECOND = 1000000,
    MINUTE = 60 * SECOND,
    GROW_SAMPLES = 4,     /* one of so many low: no queue */
    BUSY = 10000,         /* messages a second, thousandths: loss decides */
    SLACK_US = 15000,     /* above the least round trip that is still flat */
    SLOWLY = 10 * SECOND, /* from step to step above the ceiling */
    DEPTH_LEAST = 1200,   /* of the budget, bytes: one packet */
    OVERHEAD = 65         /* of a packet, outside and inside */
};

/* When a copy goes, us after the message. */
static const uint32_t OFFSETS[COPIES_MAX] = { 10000, 30000, 70000 };

struct copy {
    struct parcel *parcel;
    uint64_t sent_us;
    unsigned k, n; /* next of OFFSETS; how many in all */
};

void copies_init(struct copies *copies, uint64_t now_us)
{
    *copies = (struct copies){
        .level = 1,
        .rate = RATE_FIRST,
        .ceiling = RATE_MOST,
        .tokens = RATE_FIRST / 2,
        .filled_us = now_us,
        .grown_us = now_us,
        .minute_us = now_us,
    };
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

/* So much may go at once. */
static uint32_t depth(const struct copies *copies)
{
    return copies->rate / 2 > DEPTH_LEAST ? copies->rate / 2 : DEPTH_LEAST;
}

/* Bring the budget and the message count up to date. */
static void refill(struct copies *copies, uint64_t now_us)
{
    uint64_t us = time_min(now_us - copies->filled_us, SECOND);
    uint64_t tokens = us * copies->rate / SECOND;
    uint64_t leaked = us * BUSY / SECOND;

    if (tokens == 0)
        return; /* too early to count: keep filled_us */
    copies->filled_us = now_us;
    copies->tokens = (uint32_t)time_min(copies->tokens + tokens, depth(copies));
    copies->busy -= (uint32_t)time_min(leaked, copies->busy);
}

/* How many copies a message is worth now. */
static unsigned worth(const struct copies *copies, uint32_t loss)
{
    unsigned n = COPIES_MAX;

    if (copies->busy > BUSY)
        n = loss < 20 ? 1 : loss < 80 ? 2 : 3;
    return n < copies->level ? n : copies->level;
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
    unsigned n;

    refill(copies, now_us);
    if (copies->busy < 2 * BUSY)
        copies->busy += 1000;
    n = worth(copies, loss);
    while (n > 0 && OFFSETS[n - 1] >= within)
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
    copy->k = 0;
    copy->n = n;
    return true;
}

static uint64_t due_us(const struct copy *copy)
{
    return copy->sent_us + OFFSETS[copy->k];
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
    return copy->parcel->frame->len + OVERHEAD;
}

static void step(struct copies *copies, unsigned i)
{
    if (++copies->v[i].k == copies->v[i].n)
        drop(copies, i);
}

struct parcel *copies_peek(struct copies *copies, uint64_t by_us,
                           uint64_t now_us)
{
    if (copies->n == 0)
        return NULL;
    refill(copies, now_us);
    sweep(copies);
    for (unsigned i = copies->n; i-- > 0;)
        while (i < copies->n && due_us(&copies->v[i]) <= by_us &&
               cost(&copies->v[i]) > copies->tokens)
            step(copies, i);
    for (unsigned i = 0; i < copies->n; i++)
        if (due_us(&copies->v[i]) <= by_us)
            return copies->v[i].parcel;
    return NULL;
}

void copies_take(struct copies *copies, struct parcel *parcel)
{
    struct copy *copy = find(copies, parcel);

    assert(copy);
    copies->tokens -= (uint32_t)time_min(cost(copy), copies->tokens);
    step(copies, (unsigned)(copy - copies->v));
}

bool copies_spend(struct copies *copies, uint32_t bytes, uint64_t now_us)
{
    refill(copies, now_us);
    if (bytes > copies->tokens)
        return false;
    copies->tokens -= bytes;
    return true;
}

/* ---- brakes ---- */

bool copies_jammed(const struct copies *copies, uint32_t us)
{
    uint32_t least = copies->least[0];

    if (!least || (copies->least[1] && copies->least[1] < least))
        least = copies->least[1];
    return least && us > least + least / 4 + SLACK_US + 2 * copies->jitter;
}

static void note_least(struct copies *copies, uint32_t us, uint64_t now_us)
{
    if (now_us - copies->minute_us >= MINUTE) {
        copies->minute_us = now_us;
        if (copies->least[0])
            copies->least[1] = copies->least[0];
        copies->least[0] = 0;
    }
    if (!copies->least[0] || us < copies->least[0])
        copies->least[0] = us;
}

/* The least of the newest n round trips. */
static uint32_t least_recent(const struct copies *copies, unsigned n)
{
    uint32_t least = UINT32_MAX;

    for (unsigned i = 1; i <= n && i <= copies->samples; i++) {
        uint32_t us = copies->recent[(copies->samples - i) % COPIES_SAMPLES];

        if (us < least)
            least = us;
    }
    return least;
}

static void grow(struct copies *copies, uint64_t now_us)
{
    uint64_t since = now_us - copies->grown_us;

    if (since < (copies->rate < copies->ceiling ? SECOND : SLOWLY))
        return;
    copies->grown_us = now_us;
    if (copies->rate < copies->ceiling)
        copies->rate =
            (uint32_t)time_min((uint64_t)2 * copies->rate, copies->ceiling);
    else
        copies->rate += copies->rate / 8;
    copies->rate = (uint32_t)time_min(copies->rate, RATE_MOST);
    if (copies->level < COPIES_MAX)
        copies->level++;
}

static void brake(struct copies *copies, uint64_t now_us)
{
    if (copies->rate > RATE_LEAST) /* else the queue is still the same */
        copies->ceiling = copies->rate / 2;
    copies->rate = RATE_LEAST;
    copies->tokens = 0;
    copies->level = 1;
    copies->samples = 0;
    copies->grown_us = now_us;
}

/* Unlike the variation in rtt.h this stays small while a queue grows. */
static void note_jitter(struct copies *copies, uint32_t us)
{
    uint32_t last =
        copies->recent[(copies->samples + COPIES_SAMPLES - 1) % COPIES_SAMPLES];
    uint32_t apart = us > last ? us - last : last - us;

    if (copies->samples > 0)
        copies->jitter += apart / 8 - copies->jitter / 8;
}

void copies_sample(struct copies *copies, uint32_t us, uint64_t now_us)
{
    note_least(copies, us, now_us);
    note_jitter(copies, us);
    copies->recent[copies->samples++ % COPIES_SAMPLES] = us;
    if (!copies_jammed(copies, least_recent(copies, GROW_SAMPLES)))
        grow(copies, now_us);
    else if (copies->samples >= COPIES_SAMPLES &&
             copies_jammed(copies, least_recent(copies, COPIES_SAMPLES)))
        brake(copies, now_us);
}
