/* SPDX-License-Identifier: MIT
 *
 * The datagram machine: what comes in.  A packet is looked at as a whole before
 * any of it counts; then acks, pieces, states and credit go to their places.
 */
#include <assert.h>

#include "shared/dgram_impl.h"
#include "shared/error.h"

enum {
    ACK_EVERY = 2,            /* packets */
    ACK_DELAY_MIN = 10 * 1000 /* us; drawn from here to ACK_DELAY_MAX, so that
                                 the receivers of one event do not all answer
                                 at once */
};

/* ---- acks ---- */

static void on_acked(struct dgram *d, struct sent *sent, bool full)
{
    for (unsigned i = 0; i < sent->n; i++)
        sendq_acked(&d->sendq, sent->pieces[i]);
    if (sent->flags & SENT_ACK)
        ranges_told(&d->seen, sent->told);
    if (sent->flags & SENT_BEAT)
        latest_acked(&d->states_out, sent->pn);
    if (d->credit_waits && sent->pn == d->credit_pn)
        d->credit_waits = false;
    dgram_path_acked(d, sent->pn);
    if (full && d->window.cwnd >= WINDOW_MEEK * PACKET_MAX &&
        budget_jammed(&d->copies.budget, d->rtt.path))
        window_yield(&d->window, sent->bytes);
    else
        window_acked(&d->window, sent->bytes, sent->at_us, full);
    dgram_fate(d, sent->pn, false);
    sent_free(sent);
}

static void take_sample(struct dgram *d, uint64_t sent_us, uint32_t delay,
                        struct now now)
{
    struct budget *budget = &d->copies.budget;

    if (!rtt_sample(&d->rtt, now.mono_us - sent_us, delay))
        return;
    budget_sample(budget, d->rtt.path, now.mono_us);
}

/* Something new was acked: the path is there. */
static void on_answer(struct dgram *d, struct now now)
{
    if (d->timeouts >= OUTAGE)
        window_restart(&d->window,
                       budget_jammed(&d->copies.budget, d->rtt.path),
                       now.mono_us);
    d->timeouts = 0;
    d->probes = 0;
    d->proven = d->proven || !d->path.checked;
    d->answered_us = now.mono_us;
}

static void note_newest(struct dgram *d, uint32_t pn)
{
    if (!d->any_acked || range_before(d->newest_acked, pn))
        d->newest_acked = pn;
    d->any_acked = true;
}

/* Nobody acks what was not sent, but to make us send faster. */
static bool ack_is_honest(const struct dgram *d, const struct part_ack *ack)
{
    return flight_knows(&d->flight, ack->ranges[0].hi) &&
           flight_knows(&d->flight, ack->ranges[ack->n - 1].lo);
}

static int on_ack(struct dgram *d, const struct part_ack *ack, struct now now)
{
    const struct sent *newest = flight_at(&d->flight, ack->ranges[0].hi);
    bool full = 2 * d->flight.bytes >= d->window.cwnd, any = false;

    if (!ack_is_honest(d, ack))
        return -ERROR_BAD_FRAME;
    note_newest(d, ack->ranges[0].hi);
    if (newest)
        take_sample(d, newest->at_us, ack->delay_us, now);
    for (unsigned i = 0; i < ack->n; i++) {
        uint32_t pn = ack->ranges[i].hi;
        uint32_t n = flight_overlap(&d->flight, &ack->ranges[i], &pn);

        for (; n > 0; n--, pn--) {
            struct sent *sent = flight_take(&d->flight, pn);

            if (sent)
                on_acked(d, sent, full);
            any |= sent != NULL;
        }
    }
    if (!any)
        return 0;
    on_answer(d, now);
    dgram_detect_lost(d, now);
    return 0;
}

/* ---- packets in ---- */

static int apply(struct dgram *d, const struct part *part, struct now now)
{
    switch (part->type) {
    case PART_PAD: return 0;
    case PART_ACK: return on_ack(d, &part->ack, now);
    case PART_MSG:
    case PART_FRAG: return recvq_add(&d->recvq, &part->piece);
    case PART_STATE:
    case PART_BEAT: latest_add(&d->states_in, &part->state); return 0;
    case PART_CREDIT: sendq_credit(&d->sendq, part->credit); return 0;
    case PART_PATH_CHALLENGE:
    case PART_PATH_RESPONSE:
    case PART_NEW_CID: dgram_path_take(d, part); return 0;
    case PART_CLOSE:
        dgram_drop_output(d);
        d->phase = PHASE_CLOSED;
        d->over = true;
        d->close_code = part->code;
        return 0;
    }
    return 0;
}

/*
 * Look at all parts before one of them counts, so that a packet that cannot be
 * read to its end does nothing.
 *   elicits  it wants an ACK
 *   now      at once
 *   returns  0, or -ERROR_BAD_FRAME
 */
static int survey(struct str rest, bool *elicits, bool *at_once, bool *closes)
{
    struct part part;
    int got;

    while ((got = packet_part(&rest, &part)) == 1) {
        *elicits |= part_elicits(part.type);
        *at_once |= part.type == PART_BEAT || part.type == PART_PATH_CHALLENGE;
        *closes |= part.type == PART_CLOSE;
    }
    return got;
}

static void owe_ack(struct dgram *d, uint32_t pn, bool at_once, struct now now)
{
    uint64_t delay =
        ACK_DELAY_MIN + rng_below(&d->rng, ACK_DELAY_MAX - ACK_DELAY_MIN);

    if (!d->owes || range_before(d->owed_pn, pn))
        d->owed_pn = pn;
    d->owes = true;
    ranges_retell(&d->seen, pn);
    if (d->owed < ACK_EVERY)
        d->owed++;
    if (at_once || d->owed == ACK_EVERY)
        d->ack_us = now.mono_us;
    else
        d->ack_us = time_min(d->ack_us, now.mono_us + delay);
}

/* Closing: whoever goes on talking is told again, but not each time. */
static void answer_close(struct dgram *d, struct now now)
{
    if (d->closes > 0 && now.mono_us - d->closed_us >= rtt_probe(&d->rtt) / 2)
        d->close_us = now.mono_us;
}

static void note_heard(struct dgram *d, uint32_t pn, struct now now)
{
    if (ranges_newest(&d->seen) == pn)
        d->newest_us = now.mono_us;
    if (d->heard)
        return;
    d->heard = true;
    /* A client's first ACK may be all that proves it real.  A CREDIT beside it
     * is acked, and sent again until it is: so the proof cannot get lost. */
    d->credit_due = !d->config.server;
}

static int take_parts(struct dgram *d, struct str rest, struct now now)
{
    struct part part;

    while (packet_part(&rest, &part) == 1) {
        int err = apply(d, &part, now);

        if (err || d->phase == PHASE_CLOSED)
            return err;
    }
    return 0;
}

int dgram_input(struct dgram *d, const uint8_t *packet, size_t len,
                struct now now)
{
    struct str rest = str_bytes(packet, len);
    bool elicits = false, at_once = false, closes = false;
    struct packet_head head;
    enum range_is is;
    int err;

    if (d->phase == PHASE_CLOSED)
        return 0;
    if (packet_head(&rest, &head) || survey(rest, &elicits, &at_once, &closes))
        return -ERROR_BAD_FRAME;
    d->stats.received++;
    d->stats.bytes_in += len;
    d->resting = false;
    if (d->phase == PHASE_CLOSING && !closes) {
        answer_close(d, now);
        return 0;
    }
    is = ranges_add(&d->seen, head.pn);
    if (is == RANGE_WILD)
        return -ERROR_BAD_FRAME;
    if (is == RANGE_SEEN) {
        d->stats.duplicates++;
        dgram_arm(d, now); /* its bytes count towards the allowance */
        return 0;
    }
    note_heard(d, head.pn, now);
    at_once |= is == RANGE_APART || (head.flags & PACKET_NOW);
    if (elicits)
        owe_ack(d, head.pn, at_once, now);
    err = take_parts(d, rest, now);
    if (!err && d->phase == PHASE_OPEN)
        dgram_arm(d, now);
    return err;
}
