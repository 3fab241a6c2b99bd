/* SPDX-License-Identifier: MIT
 *
 * Looking metrics up; see measure.h.
 */
#include "server/measure.h"

#include "server/session.h"
#include "server/world.h"
#include "shared/dgram.h"
#include "shared/link.h"

struct sums {
    uint64_t udp, queued, rtt_us, loss;
};

static void add(struct sums *sums, const struct session *s)
{
    struct dgram_stats stats;

    sums->queued += link_queued(s->link);
    if (!link_dgram_stats(s->link, &stats))
        return;
    sums->udp++;
    sums->rtt_us += stats.srtt_us;
    sums->loss += stats.loss;
}

void measure_world(struct world *w)
{
    struct metrics *metrics = &w->env.metrics;
    struct sums sums = { 0 };
    const struct session *s;
    size_t at = 0;

    while ((s = map_each(&w->sessions, &at)))
        add(&sums, s);
    metrics->sessions_udp = sums.udp;
    metrics->queued_bytes = sums.queued;
    metrics->udp_rtt_us = sums.udp ? sums.rtt_us / sums.udp : 0;
    metrics->udp_loss = sums.udp ? sums.loss / sums.udp : 0;
}
