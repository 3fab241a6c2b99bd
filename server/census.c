/* SPDX-License-Identifier: MIT
 *
 * Counting sessions; see census.h.
 */
#include "server/census.h"

#include "server/session.h"
#include "server/world.h"
#include "shared/dgram.h"
#include "shared/link.h"

enum census_state census_state(const struct session *s)
{
    switch (s->state) {
    case SESSION_NEW:
    case SESSION_GREETED:
        return s->shaking ? CENSUS_HANDSHAKE : CENSUS_GREETING;
    case SESSION_READY: return CENSUS_READY;
    case SESSION_DORMANT: return CENSUS_DORMANT;
    case SESSION_CLOSING:
    case SESSION_DEAD: break;
    }
    return CENSUS_CLOSING;
}

enum census_way census_way(const struct session *s)
{
    if (link_transport(s->link) == TRANSPORT_UDP)
        return CENSUS_UDP;
    return str_starts(str_of(s->peer), str_of("unix")) ? CENSUS_UNIX
                                                       : CENSUS_TCP;
}

void census_count(struct census *census, const struct session *s)
{
    struct dgram_stats stats;

    census->state[census_state(s)]++;
    census->way[census_way(s)]++;
    census->encrypted += link_is_secure(s->link);
    census->queued += link_queued(s->link);
    census->online += s->account && s->account->sessions[0] == s;
    if (!link_dgram_stats(s->link, &stats))
        return;
    census->rtt_us += stats.srtt_us;
    census->loss += stats.loss;
}

void census_measure(struct world *w)
{
    struct metrics *metrics = &w->env.metrics;
    struct census census = { .queued = 0 };
    const struct session *s;
    uint64_t udp;
    size_t at = 0;

    while ((s = map_each(&w->sessions, &at)))
        census_count(&census, s);
    udp = census.way[CENSUS_UDP];
    metrics->sessions_udp = udp;
    metrics->queued_bytes = census.queued;
    metrics->udp_rtt_us = udp ? census.rtt_us / udp : 0;
    metrics->udp_loss = udp ? census.loss / udp : 0;
}
