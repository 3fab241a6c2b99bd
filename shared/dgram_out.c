/* SPDX-License-Identifier: MIT
 *
 * The datagram machine: what goes out.  A packet is an ACK if one is owed or
 * rides for free, then whatever has a reason to go now, then riders: copies
 * that would be due soon.  A rider never is the reason for a packet.
 */
#include <assert.h>

#include "shared/dgram_impl.h"
#include "shared/error.h"
#include "shared/frame.h"

enum {
    URGENT_RTT = 30000,     /* us; below it an ACK at once saves copies */
    RETRY_GAP = 25000,      /* us between attempts at what is overdue */
    NUDGE_GAP = 15000,      /* us between packets into a path that is away */
    NUDGE_SILENT = 1000000, /* us; then only what a person waits for does it */
    NUDGE_LEAST = 300,      /* bytes of the budget: a line */
    HURRY = 500000,    /* us; so long nobody has to type to find the path */
    SMALL_PROBE = 576, /* a packet that old or narrow paths carry too */
    SMALL_AFTER = 3    /* timeouts, then the second probe is small */
};

/* A packet being made. */
struct build {
    struct packet packet;
    struct sent head;
    struct piece pieces[FLIGHT_PIECES];
    bool state;    /* it carries what is worth a packet and not acked */
    bool urgent;   /* it asks for an ACK at once */
    bool elicits;  /* it will be acked, so it is remembered */
    bool original; /* it carries something that is no copy */
    bool paced;    /* the pacer counts it */
    bool full;     /* something did not fit: no use to try more */
};

/* ---- parts ---- */

static void add_ack(struct dgram *d, struct build *b, struct now now)
{
    struct part part = { .type = PART_ACK };
    uint64_t delay = now.mono_us - d->newest_us;
    unsigned n = ranges_untold(&d->seen);

    if (!d->owes || n == 0 ||
        (d->seen.told_any && !range_before(d->seen.told, d->owed_pn)))
        return;
    part.ack.delay_us = (uint32_t)time_min(delay, UINT32_MAX / 2);
    part.ack.n = n;
    for (unsigned i = 0; i < n; i++)
        part.ack.ranges[i] = d->seen.v[i];
    if (!packet_put(&b->packet, &part))
        return;
    b->head.flags |= SENT_ACK;
    b->head.told = part.ack.ranges[0].hi;
}

static void add_credit(struct dgram *d, struct build *b)
{
    struct part part = { .type = PART_CREDIT };

    if (!d->credit_due)
        return;
    part.credit = recvq_tell(&d->recvq);
    if (!packet_put(&b->packet, &part))
        return;
    d->credit_due = false;
    d->credit_waits = true;
    d->credit_pn = d->flight.next;
    b->head.flags |= SENT_CREDIT;
    b->elicits = b->original = true;
}

static void add_path(struct dgram *d, struct build *b)
{
    size_t before = b->packet.len;

    if (!dgram_path_due(d))
        return;
    b->elicits |= dgram_path_put(d, &b->packet);
    b->state |= b->packet.len > before;
    b->original |= b->elicits;
}

static void add_states(struct dgram *d, struct build *b)
{
    struct part part;

    while (latest_peek(&d->states_out, &part)) {
        if (!packet_put(&b->packet, &part))
            return;
        latest_sent(&d->states_out, d->flight.next);
        b->state = true;
        if (part.type == PART_BEAT) {
            b->head.flags |= SENT_BEAT;
            b->elicits = b->original = true;
        }
    }
}

/* Add a piece, whatever the reason; false when it does not fit. */
static bool add_piece(struct dgram *d, struct build *b, struct piece piece)
{
    struct parcel *parcel = piece.parcel;
    struct part part = parcel_part(parcel, piece.index);
    bool again = piece.index < parcel->fresh;

    b->full = b->head.n == FLIGHT_PIECES || !packet_put(&b->packet, &part);
    if (b->full)
        return false;
    sendq_take(&d->sendq, piece);
    parcel->last_pn = d->flight.next;
    b->pieces[b->head.n++] = piece;
    b->elicits = true;
    b->paced |= parcel->class == DGRAM_BULK || parcel->pieces > 1;
    d->stats.repeated += again;
    return true;
}

/* ---- redundancy ---- */

/*
 * A message has left in full: plan what may follow without being asked for.
 * Where there is loss the ACK of what a person waits for must not be late, it
 * is what keeps the timeout short (dgram_timeout); a room's receivers must not
 * answer all at once.
 */
static void plan(struct dgram *d, struct build *b, struct parcel *parcel,
                 struct now now)
{
    uint32_t loss = dgram_loss(d);
    bool own = parcel->class == DGRAM_OWN;

    if (parcel->class == DGRAM_BULK || d->timeouts >= OUTAGE)
        return; /* in an outage the probes are copies enough */
    if (copies_plan(&d->copies, parcel, loss, dgram_timeout(d), now.mono_us))
        b->urgent |=
            (own && loss >= COPIES_LOSSY) || rtt_now(&d->rtt) < URGENT_RTT;
}

static void add_copies(struct dgram *d, struct build *b, bool riding,
                       struct now now)
{
    struct parcel *parcel;

    while ((parcel = copies_peek(&d->copies, riding, now.mono_us))) {
        if (parcel->last_pn != d->flight.next &&
            !add_piece(d, b, (struct piece){ parcel, 0 }))
            return;
        copies_take(&d->copies, parcel);
    }
}

/* ---- what has a reason of its own ---- */

/* Whether the window lets a piece go. */
static bool permitted(struct dgram *d, struct piece piece, struct now now)
{
    bool room = d->flight.bytes + PACKET_MAX <= d->window.cwnd;
    bool bulk = piece_is_bulk(piece);
    uint32_t rtt = rtt_now(&d->rtt);

    if (d->timeouts >= OUTAGE)
        return false;
    if (bulk && (!room || d->flight.packets >= WINDOW_BULK_MAX))
        return false;
    if (!room && (d->flight.thin >= WINDOW_THIN ||
                  d->flight.thin_bytes >= WINDOW_THIN_BYTES))
        return false;
    if (!bulk && piece.parcel->pieces == 1)
        return true;
    window_pace(&d->window, rtt, now.mono_us);
    if (window_paced(&d->window))
        return true;
    d->pace_us = now.mono_us + window_wait(&d->window, rtt);
    return false;
}

/* That piece is no copy: the answer to this packet decides about it. */
static void begin_round(struct dgram *d, struct build *b, struct parcel *parcel,
                        bool copies, struct now now)
{
    b->original = true;
    parcel->round_pn = d->flight.next;
    if (copies && parcel->fresh == parcel->pieces)
        plan(d, b, parcel, now);
}

/* New and lost pieces; `freely` for a probe: the window does not count. */
static void add_pieces(struct dgram *d, struct build *b, bool freely,
                       struct now now)
{
    for (;;) {
        struct piece piece = sendq_peek(&d->sendq);
        struct parcel *parcel = piece.parcel;
        bool flies; /* a copy of it does */

        if (!parcel || (!freely && !permitted(d, piece, now)))
            return;
        flies = parcel->fresh && flight_at(&d->flight, parcel->last_pn);
        if (!add_piece(d, b, piece))
            return;
        begin_round(d, b, parcel, !flies, now);
    }
}

/* Whether an overdue packet's piece has not been tried again just now. */
static bool missed(const struct dgram *d, struct piece piece,
                   const struct sent *sent, struct now now)
{
    const struct sent *last = flight_at(&d->flight, piece.parcel->last_pn);

    return parcel_awaits(piece.parcel, piece.index, sent->pn) ||
           (parcel_wants(piece.parcel, piece.index) &&
            (!last || now.mono_us - last->at_us >= RETRY_GAP));
}

/*
 * The oldest pieces that no packet since `pn` has carried; those overdue, or
 * all while the path is away.
 *   returns  how many were added
 */
static unsigned add_oldest(struct dgram *d, struct build *b, uint32_t pn,
                           struct now now)
{
    bool away = d->timeouts >= OUTAGE;
    uint32_t timeout = dgram_timeout(d);
    unsigned before = b->head.n;

    for (uint32_t at = d->flight.base; at != d->flight.next; at++) {
        const struct sent *sent = flight_at(&d->flight, at);

        if (sent && !away && sent->at_us + timeout > now.mono_us)
            break; /* sent in order: the ones after it are younger */
        for (unsigned i = 0; sent && i < sent->n; i++) {
            struct piece piece = sent->pieces[i];

            if (!range_before(piece.parcel->last_pn, pn) ||
                !(away ? parcel_wants(piece.parcel, piece.index)
                       : missed(d, piece, sent, now)))
                continue;
            if (!add_piece(d, b, piece))
                return b->head.n - before;
            begin_round(d, b, piece.parcel, true, now);
        }
    }
    return b->head.n - before;
}

/* New pieces, then the oldest; again the same ones if there are no others. */
static void add_probe_pieces(struct dgram *d, struct build *b, struct now now)
{
    b->full = false;
    add_pieces(d, b, true, now);
    if (!b->full && add_oldest(d, b, d->probe_pn, now) == 0 && !b->full)
        add_oldest(d, b, d->flight.next, now);
}

static void add_probe(struct dgram *d, struct build *b, struct now now)
{
    size_t cap = b->packet.cap;

    if (d->probes == 1 && d->timeouts >= SMALL_AFTER && cap > SMALL_PROBE)
        b->packet.cap = SMALL_PROBE;
    d->probes--;
    if (d->credit_waits)
        d->credit_due = true;
    if (d->path.id_waits)
        d->path.id_due = true;
    add_credit(d, b);
    add_probe_pieces(d, b, now);
    if (b->elicits || b->packet.cap == cap)
        return;
    b->packet.cap = cap; /* nothing is that small */
    add_probe_pieces(d, b, now);
}

/*
 * While the path is away, what is new goes once, to find it back.  At first,
 * for a person who waits, it is looked for without that too.
 */
static void nudge(struct dgram *d, struct now now)
{
    uint64_t silent = now.mono_us - d->answered_us;
    bool away = d->timeouts >= OUTAGE, own = d->sendq.own > 0;

    d->nudged = away && (d->nudged || (own && silent < HURRY));
    if (!d->nudged || d->probes > 0)
        return;
    if (now.mono_us - d->probed_us < NUDGE_GAP) {
        d->pace_us = time_min(d->pace_us, d->probed_us + NUDGE_GAP);
        return;
    }
    d->nudged = false;
    if ((!own && silent >= NUDGE_SILENT) ||
        budget_left(&d->copies.budget, now.mono_us) < NUDGE_LEAST)
        return;
    d->probes = 1;
    d->probe_pn = d->flight.next;
    d->probed_us = now.mono_us;
}

static bool has_reason(struct dgram *d, struct now now)
{
    struct part part;
    struct piece piece;

    if (d->probes > 0 || d->credit_due || dgram_path_due(d) ||
        d->ack_us <= now.mono_us || latest_peek(&d->states_out, &part) ||
        copies_peek(&d->copies, false, now.mono_us))
        return true;
    piece = sendq_peek(&d->sendq);
    return piece.parcel && permitted(d, piece, now);
}

/* ---- packets ---- */

static void fill(struct dgram *d, struct build *b, struct now now)
{
    add_ack(d, b, now);
    add_path(d, b);
    if (d->probes > 0)
        add_probe(d, b, now);
    add_credit(d, b);
    add_states(d, b);
    add_pieces(d, b, false, now);
    add_copies(d, b, false, now);
    if (b->elicits && d->timeouts > 0)
        add_oldest(d, b, d->flight.next, now);
    if (b->elicits || (b->head.flags & SENT_ACK))
        add_copies(d, b, true, now);
}

static size_t commit(struct dgram *d, struct build *b, struct now now)
{
    bool alone = d->flight.packets == 0 && d->timeouts == 0;
    uint32_t len = (uint32_t)b->packet.len + BUDGET_OUTSIDE;

    if (b->head.flags & SENT_ACK) {
        d->owed = 0;
        d->ack_us = NEVER;
    }
    if (b->elicits && !d->heard && !d->config.server && !d->config.proven)
        packet_pad(&b->packet); /* room for the answer, see AMPLIFY */
    if (b->urgent)
        b->packet.bytes[0] |= PACKET_NOW;
    b->head.bytes = (uint16_t)b->packet.len;
    b->head.at_us = now.mono_us;
    if (!b->original)
        b->head.flags |= SENT_COPY;
    if (b->elicits)
        flight_add(&d->flight, &b->head, b->pieces);
    else
        flight_skip(&d->flight);
    if (b->elicits && alone)
        d->answered_us = now.mono_us;
    if (b->paced)
        window_spend(&d->window, (uint32_t)b->packet.len);
    if (b->elicits && d->timeouts >= OUTAGE)
        budget_spend(&d->copies.budget, len);
    else if (b->original && !b->paced)
        budget_pass(&d->copies.budget, len, now.mono_us);
    d->stats.sent++;
    d->stats.bytes_out += b->packet.len;
    return b->packet.len;
}

static size_t output_close(struct dgram *d, uint8_t *out, struct now now)
{
    struct part part = { .type = PART_CLOSE, .code = d->close_code };
    size_t cap = dgram_allowance(d);
    struct packet packet;

    if (now.mono_us < d->close_us || d->closes == 0 || cap < PACKET_LEAST)
        return 0;
    packet_begin(&packet, out, cap, (struct packet_head){ 0, d->flight.next });
    packet_put(&packet, &part);
    flight_skip(&d->flight);
    d->closes--;
    d->closed_us = now.mono_us;
    d->close_us = d->closes ? now.mono_us + rtt_probe(&d->rtt) : NEVER;
    d->stats.sent++;
    d->stats.bytes_out += packet.len;
    return packet.len;
}

/* Numbers must not come near to half their circle: begin a new connection. */
static void end_of_numbers(struct dgram *d, struct now now)
{
    dgram_close(d, ERROR_LIMIT, now);
    d->over = true;
}

static size_t make(struct dgram *d, uint8_t *out, size_t cap, struct now now)
{
    struct build b = { .urgent = d->probes > 0 };
    bool due = d->ack_us <= now.mono_us;

    packet_begin(&b.packet, out, cap,
                 (struct packet_head){ 0, d->flight.next });
    fill(d, &b, now);
    if (!b.elicits && !b.state && !((b.head.flags & SENT_ACK) && due))
        return 0;
    return commit(d, &b, now);
}

size_t dgram_output(struct dgram *d, uint8_t *out, struct now now)
{
    size_t cap = dgram_allowance(d), len;

    d->unpolled = false;
    d->pace_us = NEVER;
    if (d->phase == PHASE_OPEN && d->flight.total >= d->config.packets_max)
        end_of_numbers(d, now);
    if (d->phase == PHASE_CLOSING)
        return output_close(d, out, now);
    if (d->phase == PHASE_CLOSED || d->resting || cap < PACKET_LEAST)
        return 0;
    if (flight_full(&d->flight))
        dgram_lose(d, flight_take_oldest(&d->flight), now);
    nudge(d, now);
    len = has_reason(d, now) ? make(d, out, cap, now) : 0;
    if (len == 0 && d->ack_us <= now.mono_us)
        d->ack_us = NEVER; /* the peer knows already */
    dgram_arm(d, now);
    if (d->probe_us <= now.mono_us) /* what goes now made the timeout shorter */
        d->probe_us = now.mono_us + 1;
    return len;
}
