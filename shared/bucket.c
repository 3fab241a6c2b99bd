/* SPDX-License-Identifier: MIT
 *
 * Token buckets; see bucket.h.
 */
#include "shared/bucket.h"

enum { PER_TOKEN = 1000000 }; /* also the microseconds of a second */

/* Let time run: `per_s` tokens a second are the same in us and millionths. */
static void refill(struct bucket *b, struct rate rate, struct now now)
{
    uint64_t passed = now.mono_us - b->at_us;

    b->at_us = now.mono_us;
    if (b->spent <= 0 || passed >= (uint64_t)b->spent / rate.per_s + 1)
        b->spent = 0;
    else
        b->spent -= (int64_t)(passed * rate.per_s);
    if (b->spent < 0)
        b->spent = 0;
}

uint64_t bucket_when(struct bucket *b, struct rate rate, uint64_t want,
                     struct now now)
{
    int64_t room, lacking;

    if (rate.per_s == 0)
        return 0;
    refill(b, rate, now);
    if (want > rate.burst)
        want = rate.burst;
    room = (int64_t)((rate.burst - want) * PER_TOKEN);
    lacking = b->spent - room;
    if (lacking <= 0)
        return 0;
    return now.mono_us + ((uint64_t)lacking - 1) / rate.per_s + 1;
}

void bucket_spend(struct bucket *b, struct rate rate, uint64_t tokens,
                  struct now now)
{
    if (rate.per_s == 0)
        return;
    refill(b, rate, now);
    b->spent += (int64_t)(tokens * PER_TOKEN);
    if (b->spent > (int64_t)(2 * rate.burst * PER_TOKEN))
        b->spent = (int64_t)(2 * rate.burst * PER_TOKEN);
}
