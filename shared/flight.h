/* SPDX-License-Identifier: MIT
 *
 * The packets on their way: what each carried, when it left.  Only those that
 * the peer acks are kept, until they are acked, found lost, or forgotten.  The
 * ring exists only while something is in flight.
 */
#ifndef SHARED_FLIGHT_H
#define SHARED_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/parcel.h"

enum {
    FLIGHT_SPAN = 1024, /* from the oldest packet kept to the newest */
    FLIGHT_PIECES = 96, /* of one packet */
    REORDER_MAX = 3     /* so many later ones acked: lost; RFC 9002 */
};

enum sent_flag {
    SENT_COPY = 1,   /* redundancy: it does not use up the thin allowance */
    SENT_ACK = 2,    /* it carried an ACK up to `told` */
    SENT_CREDIT = 4, /* it carried a CREDIT */
    SENT_BEAT = 8    /* it carried beats */
};

struct sent {
    uint64_t at_us;
    uint32_t pn, told;
    uint16_t bytes, n;
    uint8_t flags;        /* enum sent_flag */
    struct piece *pieces; /* n, in the same allocation; flight's */
};

struct flight {
    struct sent **ring;         /* by pn, owned; NULL while nothing is kept */
    uint32_t cap;               /* power of two */
    uint32_t first, base, next; /* pn: first ever; oldest kept; next to use */
    uint64_t total;             /* packets sent ever, acked ones or not */
    uint32_t bytes;             /* in flight */
    uint16_t packets;           /* in flight */
    uint16_t thin;              /* of them, not copies */
    uint32_t thin_bytes;        /* of those */
};

void flight_init(struct flight *, uint32_t first_pn);
void flight_fini(struct flight *);

/* A packet number is used up by a packet that is not kept. */
void flight_skip(struct flight *);

/*
 * A packet that will be acked has left with number `next`.
 *   head     what to remember; pn is filled in
 *   pieces   head->n, references are taken
 */
void flight_add(struct flight *, const struct sent *head,
                const struct piece *pieces);

/* Whether the peer may name this number: it has been sent. */
bool flight_knows(const struct flight *, uint32_t pn);

/*
 * How many of a range's numbers lie where packets are kept.
 *   pn       the newest of them
 */
uint32_t flight_overlap(const struct flight *, const struct range *,
                        uint32_t *pn);

/*
 * Take a packet out: it has been acked.  The caller frees it by sent_free.
 *   returns  NULL when it is not kept (any more)
 */
struct sent *flight_take(struct flight *, uint32_t pn);

/*
 * Take the next packet out that is lost: REORDER_MAX before the newest acked,
 * or before it and sent at or before `before_us`.
 *   next_us  when there is none: when the oldest one left before `newest` was
 *            sent, NEVER when there is none
 */
struct sent *flight_take_lost(struct flight *, uint32_t newest,
                              uint64_t before_us, uint64_t *next_us);

/* Take out the oldest packet whatever it is; NULL when none is kept. */
struct sent *flight_take_oldest(struct flight *);

/* The packet with number pn, to look at; NULL when it is not kept. */
const struct sent *flight_at(const struct flight *, uint32_t pn);

/* Whether one more would make the span too long: take the oldest out first. */
bool flight_full(const struct flight *);

void sent_free(struct sent *);

#endif
