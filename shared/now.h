/* SPDX-License-Identifier: MIT
 *
 * The time, read once per turn by an edge and passed down by value.  Nothing
 * in the core reads a clock.
 */
#ifndef SHARED_NOW_H
#define SHARED_NOW_H

#include <stdint.h>

struct now {
    uint64_t mono_us; /* never falls, stops during suspend; for intervals */
    uint64_t wall_ms; /* since 1970, UTC; for showing and storing */
};

/* A deadline that never comes. */
#define NEVER UINT64_MAX

static inline uint64_t time_min(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Seconds of a unit as people write it behind a number; 0: it is none. */
static inline uint64_t time_unit_s(char unit)
{
    switch (unit) {
    case 's': return 1;
    case 'm': return 60;
    case 'h': return 3600;
    case 'd': return 86400;
    default: return 0;
    }
}

#endif
