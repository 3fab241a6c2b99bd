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
 *   - it counts for each message, not from the newest packet: while a person
 *     writes on, the newest would put it off line by line;
 *   - it sends what was not acked, oldest first, never an empty probe;
 *   - small messages go again early (copies.h) and do not wait for the window
 *     (window.h);
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

/* Moving averages over some 32 packets, and some 128. */
void dgram_fate(struct dgram *d, uint32_t pn, bool lost)
{
    budget_fate(&d->copies.budget, pn, lost);
    d->loss += (lost ? 1000000 / 32 : 0) - d->loss / 32;
    d->loss_long += (lost ? 1000000 / 128 : 0) - d->loss_long / 128;
}

/* What is much comes at once with the loss, and goes slowly. */
uint32_t dgram_loss(const struct dgram *d)
{
    return (d->loss > d->loss_long ? d->loss : d->loss_long) / 1000;
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
    dgram_fate(d, sent->pn, true);
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

uint32_t dgram_timeout(const struct dgram *d)
{
    uint32_t us = rtt_probe(&d->rtt);
    bool at_once = d->sendq.own > 0 && dgram_loss(d) >= COPIES_LOSSY;

    return at_once ? us - ACK_DELAY_MAX / 2 : us;
}

/* From the last packet that matters to the next timeout. */
static uint64_t probe_interval(const struct dgram *d, struct now now)
{
    uint64_t least = dgram_timeout(d), us = least, cap = CAP_IDLE;
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

/* Whether something waits for the answer to this packet, not to a later one. */
static bool decides(const struct dgram *d, const struct sent *sent)
{
    if ((sent->flags & SENT_BEAT && latest_waits(&d->states_out)) ||
        (d->credit_waits && d->credit_pn == sent->pn) ||
        (d->path.id_waits && d->path.id_pn == sent->pn))
        return true;
    for (unsigned i = 0; i < sent->n; i++)
        if (parcel_awaits(sent->pieces[i].parcel, sent->pieces[i].index,
                          sent->pn))
            return true;
    return false;
}

/* When the oldest packet that decides was sent; any other if none does. */
static uint64_t waiting_since(const struct dgram *d)
{
    const struct sent *base = flight_at(&d->flight, d->flight.base);

    for (uint32_t pn = d->flight.base; pn != d->flight.next; pn++) {
        const struct sent *sent = flight_at(&d->flight, pn);

        if (sent && decides(d, sent))
            return sent->at_us;
    }
    return base ? base->at_us : 0;
}

void dgram_arm(struct dgram *d, struct now now)
{
    uint64_t interval, least;
    bool waits = d->flight.packets > 0 ||
                 (d->timeouts >= OUTAGE && d->sendq.messages > 0);

    d->probe_us = NEVER;
    if (d->loss_us != NEVER || !waits || dgram_allowance(d) < PACKET_LEAST)
        return;
    interval = probe_interval(d, now);
    d->probe_us = waiting_since(d) + interval;
    least = d->timeouts < OUTAGE ? d->probed_us + 1 : d->probed_us + interval;
    if (d->probe_us < least)
        d->probe_us = d->probed_us + interval;
}

/*
 * Nothing in flight matters any more: stop waiting for it.  Whether it was
 * lost, or the ACK of the last copy, nobody knows.
 */
static void forget_flight(struct dgram *d)
{
    struct sent *sent;

    while ((sent = flight_take_oldest(&d->flight)))
        sent_free(sent);
    d->timeouts = 0;
}

static void on_timeout(struct dgram *d, struct now now)
{
    latest_retry_all(&d->states_out);
    if (d->timeouts == 0 || (d->timeouts < UINT8_MAX &&
                             now.mono_us - d->counted_us >= dgram_timeout(d))) {
        d->timeouts++;
        d->counted_us = now.mono_us;
    }
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
