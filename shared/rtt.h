/* SPDX-License-Identifier: MIT
 *
 * The round trip: smoothed, its variation, the least; and the timeouts that
 * follow from them (RFC 9002, sections 5 and 6).  Microseconds throughout.
 */
#ifndef SHARED_RTT_H
#define SHARED_RTT_H

#include <stdbool.h>
#include <stdint.h>

enum {
    RTT_INITIAL = 333000,
    RTT_GRANULE = 1000,
    ACK_DELAY_MAX = 20000 /* nobody holds an ACK back longer; RFC: 25 ms */
};

struct rtt {
    uint32_t smoothed, var, least; /* all 0 before the first sample */
    uint32_t path;                 /* the latest, without the peer's delay */
};

/*
 * A sample.
 *   sample   from sending to the ACK's arrival; above 10 s it is ignored: that
 *            was a suspended machine, not a path
 *   delay    how long the peer says it held the ACK back
 *   returns  whether it counted
 */
bool rtt_sample(struct rtt *, uint64_t sample, uint32_t delay);

/* What to reckon with: the smoothed one, or RTT_INITIAL. */
uint32_t rtt_now(const struct rtt *);

/* A packet is lost when a later one is acked and it is older than this. */
uint32_t rtt_loss_delay(const struct rtt *);

/* Silence after which to probe, before any back-off. */
uint32_t rtt_probe(const struct rtt *);

#endif
