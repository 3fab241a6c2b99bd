/* SPDX-License-Identifier: MIT
 *
 * OpenSSL keeps the timer of a DTLS handshake by itself and reads the clock for
 * it.  A test that includes this gives it the time of the test instead: the
 * program's gettimeofday comes before the C library's.
 */
#ifndef TESTS_CLOCK_H
#define TESTS_CLOCK_H

#include <sys/time.h>

#include "shared/now.h"

static struct now clock_now = { 1000000, 1700000000000 };

/* Not declared as the C library does: there the second one has an attribute. */
int gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
    (void)tz;
    tv->tv_sec = (time_t)(clock_now.mono_us / 1000000);
    tv->tv_usec = (suseconds_t)(clock_now.mono_us % 1000000);
    return 0;
}

static inline void clock_pass(uint64_t us)
{
    clock_now.mono_us += us;
    clock_now.wall_ms += us / 1000;
}

#endif
