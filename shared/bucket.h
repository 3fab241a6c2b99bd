/* SPDX-License-Identifier: MIT
 *
 * A token bucket: `burst` at once, then `rate` a second.  A rate of 0 is no
 * limit.  A bucket of zero bytes is a full one.
 */
#ifndef SHARED_BUCKET_H
#define SHARED_BUCKET_H

#include <stdint.h>

#include "shared/now.h"

struct rate {
    uint64_t burst, per_s;
};

struct bucket {
    int64_t spent;  /* millionths of a token that are gone; debt above burst */
    uint64_t at_us; /* when `spent` was true */
};

/*
 * When `want` tokens will be there, mono_us; 0: now.  More than a burst is
 * never waited for: a full bucket is enough.
 */
uint64_t bucket_when(struct bucket *, struct rate, uint64_t want, struct now);

/* Take them; what is not there becomes debt, of a second burst at most. */
void bucket_spend(struct bucket *, struct rate, uint64_t tokens, struct now);

#endif
