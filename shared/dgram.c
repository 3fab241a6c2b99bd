/* SPDX-License-Identifier: MIT
 *
 * The datagram machine as its owner sees it; see dgram.h.  Packets that come
 * are taken apart in dgram_in.c, packets that go are made in dgram_out.c, what
 * silence means is decided in dgram_loss.c.
 */
#include "shared/dgram.h"

#include <assert.h>
#include <stdlib.h>

#include "shared/dgram_impl.h"
#include "shared/error.h"
#include "shared/frame.h"
#include "shared/mem.h"

enum {
    CLOSES = 3, /* CLOSE is not acked: say it again */
    AMPLIFY = 3 /* times the bytes that came; RFC 9000, section 8.1 */
};

struct dgram *dgram_new(const struct dgram_config *config, struct now now)
{
    struct dgram *d = mem_new(1, sizeof *d);

    d->config = *config;
    if (d->config.packets_max == 0)
        d->config.packets_max = (uint32_t)1 << 31;
    d->rng.state = config->seed;
    sendq_init(&d->sendq);
    latest_out_init(&d->states_out);
    flight_init(&d->flight, config->first_pn);
    window_init(&d->window, now.mono_us);
    copies_init(&d->copies, now.mono_us);
    ranges_init(&d->seen);
    recvq_init(&d->recvq, config->message_max);
    latest_in_init(&d->states_in);
    d->loss_us = d->probe_us = d->pace_us = d->ack_us = d->close_us = NEVER;
    d->answered_us = now.mono_us;
    d->proven = config->proven;
    return d;
}

void dgram_drop_output(struct dgram *d)
{
    copies_fini(&d->copies);
    flight_fini(&d->flight);
    sendq_fini(&d->sendq);
    latest_out_fini(&d->states_out);
    d->loss_us = d->probe_us = d->pace_us = d->ack_us = NEVER;
}

void dgram_free(struct dgram *d)
{
    if (!d)
        return;
    dgram_drop_output(d);
    ranges_fini(&d->seen);
    recvq_fini(&d->recvq);
    latest_in_fini(&d->states_in);
    free(d);
}

/* ---- from the owner ---- */

int dgram_send(struct dgram *d, uint64_t stream, enum dgram_class class,
               struct frame *frame)
{
    if (d->phase != PHASE_OPEN)
        return 0;
    if (sendq_weight(&d->sendq) >= d->config.queue_max)
        return -ERROR_BUSY;
    sendq_push(&d->sendq, stream, class, frame);
    d->nudged |= class != DGRAM_BULK;
    d->unpolled = true;
    return 0;
}

void dgram_state(struct dgram *d, uint64_t key, bool probe, struct frame *frame)
{
    if (d->phase != PHASE_OPEN)
        return;
    latest_put(&d->states_out, key, probe, frame);
    d->unpolled = true;
}

bool dgram_next(struct dgram *d, struct str *message)
{
    bool got =
        latest_take(&d->states_in, message) || recvq_take(&d->recvq, message);

    if (got && recvq_should_tell(&d->recvq) && !d->credit_due)
        d->credit_due = d->unpolled = true;
    return got;
}

void dgram_close(struct dgram *d, unsigned code, struct now now)
{
    if (d->phase != PHASE_OPEN)
        return;
    dgram_drop_output(d);
    d->phase = PHASE_CLOSING;
    d->close_code = code;
    d->close_us = now.mono_us;
    d->closes = CLOSES;
}

bool dgram_closed(const struct dgram *d, unsigned *code)
{
    if (!d->over)
        return false;
    *code = d->close_code;
    return true;
}

/* ---- time ---- */

size_t dgram_allowance(const struct dgram *d)
{
    uint64_t most = AMPLIFY * (d->stats.bytes_in - d->path.bytes_in);
    uint64_t sent = d->stats.bytes_out - d->path.bytes_out;

    if (!d->config.server || d->proven)
        return PACKET_MAX;
    return (size_t)time_min(most - time_min(sent, most), PACKET_MAX);
}

uint64_t dgram_deadline(const struct dgram *d)
{
    size_t allowance = dgram_allowance(d);
    uint64_t at;

    if (d->resting)
        return NEVER;
    if (d->phase != PHASE_OPEN)
        return allowance < PACKET_LEAST ? NEVER : d->close_us;
    if (d->unpolled)
        return 0;
    if (allowance < PACKET_LEAST)
        return d->loss_us;
    at = time_min(d->ack_us, time_min(d->loss_us, d->probe_us));
    if (allowance < PACKET_MAX)
        return at; /* what is due may not fit: it waits for the peer */
    return time_min(at, time_min(d->pace_us, copies_next(&d->copies)));
}

void dgram_rest(struct dgram *d)
{
    d->resting = true;
}

/* ---- what is known ---- */

void dgram_stats(const struct dgram *d, struct dgram_stats *stats)
{
    *stats = d->stats;
    stats->srtt_us = d->rtt.smoothed;
    stats->rttvar_us = d->rtt.var;
    stats->min_rtt_us = d->rtt.least;
    stats->loss = d->loss / 1000;
    stats->cwnd = d->window.cwnd;
    stats->flight = d->flight.bytes;
    stats->queued = d->sendq.bytes;
    stats->held = d->recvq.bytes + d->states_in.bytes;
}

bool dgram_idle(const struct dgram *d)
{
    return d->sendq.messages == 0 && d->states_out.n == 0 && !d->credit_waits;
}
