/* SPDX-License-Identifier: MIT
 *
 * How fast we may send: the server's token bucket, kept on our side, so that
 * it never has to hold us back, with our heartbeats stuck behind.
 */
#ifndef TUI_PACE_H
#define TUI_PACE_H

#include <stdint.h>

#include "shared/now.h"

struct pace {
    uint64_t burst, per_s; /* per_s 0: no limit */
    uint64_t spent;        /* millionths of a token */
    uint64_t at_us;        /* when `spent` was true */
};

/* A full bucket of this size. */
void pace_set(struct pace *, uint64_t burst, uint64_t per_s, struct now);

/* When n may be sent, mono_us; 0: now.  More than a burst counts as one. */
uint64_t pace_when(struct pace *, uint64_t n, struct now);

void pace_spend(struct pace *, uint64_t n, struct now);

#endif
