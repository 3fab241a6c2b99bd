/* SPDX-License-Identifier: MIT
 *
 * Token bucket; see pace.h.
 */
#include "tui/pace.h"

enum { MILLION = 1000000 };

void pace_set(struct pace *pace, uint64_t burst, uint64_t per_s, struct now now)
{
    *pace = (struct pace){ burst ? burst : 1, per_s, 0, now.mono_us };
}

/* Tokens a second are millionths a microsecond. */
static void refill(struct pace *pace, struct now now)
{
    uint64_t passed = now.mono_us - pace->at_us;

    pace->at_us = now.mono_us;
    if (passed > pace->spent / pace->per_s)
        pace->spent = 0;
    else
        pace->spent -= passed * pace->per_s;
}

uint64_t pace_when(struct pace *pace, uint64_t n, struct now now)
{
    uint64_t room;

    if (pace->per_s == 0)
        return 0;
    refill(pace, now);
    room = (pace->burst - (n < pace->burst ? n : pace->burst)) * MILLION;
    if (pace->spent <= room)
        return 0;
    return now.mono_us + (pace->spent - room) / pace->per_s + 1;
}

void pace_spend(struct pace *pace, uint64_t n, struct now now)
{
    if (pace->per_s == 0)
        return;
    refill(pace, now);
    pace->spent += n * MILLION;
}
