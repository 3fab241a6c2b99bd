/* SPDX-License-Identifier: MIT
 *
 * Numbered messages over one link; see flow.h.
 */
#include "tests/link/flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"

enum { GREEDY_BYTES = 128 * 1024 }; /* that wait, of a greedy flow */

static void say_next(struct flow *flow, struct now now)
{
    char text[FLOW_BYTES_MAX + 1];

    memset(text, 'x', flow->traffic.bytes);
    snprintf(text, sizeof text, "%0*llx", FLOW_NUMBER,
             (unsigned long long)flow->sent);
    text[FLOW_NUMBER] = 'x';
    if (flow->sent < flow->cap)
        flow->sent_us[flow->sent] = now.mono_us;
    flow->sent++;
    flow->peer->say(flow->state, str_bytes(text, flow->traffic.bytes), now);
}

static uint64_t next_gap(struct flow *flow)
{
    const struct traffic *traffic = &flow->traffic;

    if (!traffic->spread_us)
        return traffic->gap_us;
    return traffic->gap_us - traffic->spread_us +
           rng_below(&flow->rng, 2 * traffic->spread_us);
}

/* By the clock: being late once does not delay those that follow. */
static void on_wake(struct lab_end *end, struct now now)
{
    struct flow *flow = (struct flow *)end;
    uint64_t at = end->timer.at;

    if (flow->traffic.greedy) {
        flow_refill(flow, 0, now);
        return;
    }
    for (; at <= now.mono_us && at < flow->until_us; at += next_gap(flow))
        say_next(flow, now);
    lab_wake(flow->lab, end, at < flow->until_us ? at : NEVER);
}

void flow_open(struct flow *flow, struct lab *lab, size_t n)
{
    flow->lab = lab;
    flow->wake.turn = on_wake;
    flow->cap = n;
    flow->sent_us = mem_new(n + 1, sizeof *flow->sent_us);
    flow->late_us = mem_new(n + 1, sizeof *flow->late_us);
    for (size_t i = 0; i < n; i++)
        flow->late_us[i] = FLOW_MISSING;
    flow->state = flow->peer->open(flow);
}

void flow_close(struct flow *flow)
{
    lab_wake(flow->lab, &flow->wake, NEVER);
    flow->peer->close(flow->state);
    free(flow->sent_us);
    free(flow->late_us);
}

void flow_start(struct flow *flow, uint64_t from_us, uint64_t until_us)
{
    uint64_t gap = flow->traffic.gap_us;

    flow->until_us = until_us;
    lab_wake(flow->lab, &flow->wake,
             from_us + (gap ? rng_below(&flow->rng, gap) : 0));
}

bool flow_refill(struct flow *flow, size_t queued, struct now now)
{
    bool added = false;

    if (!flow->traffic.greedy || now.mono_us >= flow->until_us)
        return false;
    for (; queued < GREEDY_BYTES; queued += flow->traffic.bytes) {
        say_next(flow, now);
        added = true;
    }
    return added;
}

/* What came is what was said, once, and where order is promised in order. */
static bool is_next(struct flow *flow, uint64_t number)
{
    bool known = number < flow->cap;

    if (number >= flow->sent)
        lab_die("a message that was never sent");
    if (known && flow->late_us[number] != FLOW_MISSING) {
        flow->doubled += !flow->peer->unordered;
        return false;
    }
    if (!flow->peer->unordered && number != flow->taken)
        flow->disordered++;
    return true;
}

void flow_take(struct flow *flow, struct str text, struct now now)
{
    char digits[FLOW_NUMBER + 1] = "";
    uint64_t number;

    if (text.len != flow->traffic.bytes)
        lab_die("a message of another length");
    memcpy(digits, text.ptr, FLOW_NUMBER);
    number = strtoull(digits, NULL, 16);
    if (!is_next(flow, number))
        return;
    flow->taken++;
    if (number < flow->cap)
        flow->late_us[number] = (uint32_t)(now.mono_us - flow->sent_us[number]);
    if (now.mono_us >= flow->count_us && now.mono_us < flow->until_us)
        flow->count_bytes += text.len;
}

bool flow_complete(const struct flow *flow)
{
    return flow->taken == flow->sent;
}
