/* SPDX-License-Identifier: MIT
 *
 * Round-trip estimation; see rtt.h.
 */
#include "shared/rtt.h"

enum { SAMPLE_MAX = 10000000 };

static uint32_t larger(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

bool rtt_sample(struct rtt *rtt, uint64_t sample, uint32_t delay)
{
    uint32_t us = (uint32_t)sample, apart;

    if (sample > SAMPLE_MAX)
        return false;
    us = larger(us, 1);
    rtt->path = us;
    if (rtt->smoothed == 0) {
        rtt->least = rtt->smoothed = us;
        rtt->var = us / 2;
        return true;
    }
    if (us < rtt->least)
        rtt->least = us;
    if (delay > ACK_DELAY_MAX)
        delay = ACK_DELAY_MAX;
    if (us >= rtt->least + delay)
        us -= delay;
    rtt->path = us;
    apart = us > rtt->smoothed ? us - rtt->smoothed : rtt->smoothed - us;
    rtt->var = (uint32_t)((3 * (uint64_t)rtt->var + apart) / 4);
    rtt->smoothed = (uint32_t)((7 * (uint64_t)rtt->smoothed + us) / 8);
    return true;
}

uint32_t rtt_now(const struct rtt *rtt)
{
    return rtt->smoothed ? rtt->smoothed : RTT_INITIAL;
}

uint32_t rtt_loss_delay(const struct rtt *rtt)
{
    uint32_t us = larger(rtt_now(rtt), rtt->path);

    return larger(us + us / 8, RTT_GRANULE);
}

uint32_t rtt_probe(const struct rtt *rtt)
{
    uint32_t var = rtt->smoothed ? rtt->var : RTT_INITIAL / 2;

    return rtt_now(rtt) + larger(4 * var, RTT_GRANULE) + ACK_DELAY_MAX;
}
