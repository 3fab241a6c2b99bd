/* SPDX-License-Identifier: MIT
 *
 * The datagram machine: what silence and time mean.  A packet is lost when
 * later ones were acked (RFC 9002, 6.1); when nothing is acked a timeout makes
 * the oldest pieces go again (6.2).
 *
 * Where it differs from the RFC, because a chat connection sends a packet now
 * and then and each of them matters to somebody who waits:
 *   - the timeout stays the same for two repeats, then grows by half, not by
 *     two, and slowly while a person waits (CAP_*);
 *   - it counts from the oldest packet in flight, not from the newest: while a
 *     person writes on, the newest would put it off line by line;
 *   - it sends what was not acked, oldest first, never an empty probe;
 *   - small messages ride again on the next packet (dgram_out.c), a person's
 *     go again early (copies.h), neither waits for the window (window.h);
 *   - after two timeouts the path is taken to be away, not jammed: the window
 *     starts again from WINDOW_RESTART when the first answer came through
 *     without delay, and from two packets when it did not.
 */
#include "shared/dgram_impl.h"

enum {
    MS = 1000,
    SECOND = 1000 * MS,
    CAP_WAITED = 250 * MS, /* between timeouts while a person waits */
    CAP_SILENT = 3 * SECOND,
    CAP_IDLE = 10 * SECOND,
    WAITED_FOR = 15 * SECOND, /* so long a person is taken to wait */
    SILENT_FOR = 60 * SECOND
};

/* A moving average over some 32 packets. */
void dgram_fate(struct dgram *d, bool lost)
{
    d->loss += (lost ? 1000000 / 32 : 0) - d->loss / 32;
}

void dgram_lose(struct dgram *d, struct sent *sent, struct now now)
{
    for (unsigned i = 0; i < sent->n; i++)
        sendq_lost(&d->sendq, sent->pieces[i]);
    if (sent->flags & SENT_BEAT)
        latest_retry(&d->states_out, sent->pn);
    if (d->credit_waits && sent->pn == d->credit_pn)
        d->credit_due = true;
    dgram_path_lost(d, sent->pn);
    window_lost(&d->window, sent->at_us, now.mono_us);
    dgram_fate(d, true);
    d->stats.lost++;
    sent_free(sent);
}

void dgram_detect_lost(struct dgram *d, struct now now)
{
    uint64_t delay = rtt_loss_delay(&d->rtt), oldest_us = NEVER;
    uint64_t before = now.mono_us > delay ? now.mono_us - delay : 0;
    struct sent *sent;

    d->loss_us = NEVER;
    if (!d->any_acked)
        return;
    while ((sent = flight_take_lost(&d->flight, d->newest_acked, before,
                                    &oldest_us)))
        dgram_lose(d, sent, now);
    if (oldest_us != NEVER)
        d->loss_us = oldest_us + delay;
}

/* ---- time ---- */

bool dgram_worth_probing(const struct dgram *d)
{
    return d->sendq.sent > 0 || d->credit_waits || d->path.id_waits ||
           latest_waits(&d->states_out);
}

/* From the last packet that matters to the next timeout. */
static uint64_t probe_interval(const struct dgram *d, struct now now)
{
    uint64_t least = rtt_probe(&d->rtt), us = least, cap = CAP_IDLE;
    uint64_t silent = now.mono_us - d->answered_us;

    if (silent < WAITED_FOR && d->sendq.own > 0)
        cap = CAP_WAITED;
    else if (silent < SILENT_FOR)
        cap = CAP_SILENT;
    for (unsigned i = OUTAGE; i < d->timeouts && us < cap; i++)
        us += us / 2;
    us = time_min(us, cap);
    return us > least ? us : least;
}

void dgram_arm(struct dgram *d, struct now now)
{
    const struct sent *oldest = flight_at(&d->flight, d->flight.base);
    uint64_t since = d->probed_us;
    bool waits = d->flight.packets > 0 ||
                 (d->timeouts >= OUTAGE && d->sendq.messages > 0);

    d->probe_us = NEVER;
    if (d->loss_us != NEVER || !waits || dgram_allowance(d) < PACKET_LEAST)
        return;
    if (oldest && oldest->at_us > since)
        since = oldest->at_us;
    d->probe_us = since + probe_interval(d, now);
}

/* Nothing in flight matters any more: stop waiting for it. */
static void forget_flight(struct dgram *d)
{
    struct sent *sent;

    while ((sent = flight_take_oldest(&d->flight))) {
        dgram_fate(d, true);
        d->stats.lost++;
        sent_free(sent);
    }
    d->timeouts = 0;
}

static void on_timeout(struct dgram *d, struct now now)
{
    latest_retry_all(&d->states_out);
    if (d->timeouts < UINT8_MAX)
        d->timeouts++;
    d->probed_us = now.mono_us;
    if (!dgram_worth_probing(d) && d->sendq.messages == 0) {
        forget_flight(d);
        return;
    }
    d->probes = d->timeouts >= OUTAGE ? 2 : 1;
    d->probe_pn = d->flight.next;
}

void dgram_tick(struct dgram *d, struct now now)
{
    if (d->phase != PHASE_OPEN || d->resting)
        return;
    if (d->loss_us <= now.mono_us)
        dgram_detect_lost(d, now);
    dgram_arm(d, now);
    if (d->probe_us <= now.mono_us)
        on_timeout(d, now);
    dgram_arm(d, now);
}
