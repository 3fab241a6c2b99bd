/* SPDX-License-Identifier: MIT
 *
 * A message on its way out: which of its pieces have never been sent, are lost,
 * are not acked.  Several places hold one at a time (its stream, the packets
 * that carry it, the copies that are planned), so it is counted; its frame is
 * let go as soon as the peer has all of it.
 */
#ifndef SHARED_PARCEL_H
#define SHARED_PARCEL_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/dgram.h"
#include "shared/packet.h"

struct parcel {
    struct parcel *prev, *next; /* in its stream, by seq; sendq's */
    struct parcel *again;       /* next one to repeat; sendq's */
    struct frame *frame;        /* NULL once all is acked */
    struct lane *lane;          /* NULL once all is acked */
    uint64_t unacked, lost;     /* a bit for each piece */
    uint64_t start;             /* what the stream had begun before, bytes */
    uint32_t seq, refs;
    uint32_t last_pn; /* the last packet with a piece of it */
    uint32_t
        round_pn; /* the last one that was no copy: its answer is awaited */
    uint16_t stream;
    uint8_t class;         /* enum dgram_class */
    uint8_t pieces, fresh; /* pieces; the first of those never sent */
    bool listed;           /* it waits in a list by `again` */
};

/* A piece of one. */
struct piece {
    struct parcel *parcel; /* NULL: there is none */
    unsigned index;
};

/* The caller owns the one reference; takes its own of the frame. */
struct parcel *parcel_new(struct frame *, uint16_t stream, uint32_t seq,
                          enum dgram_class);
struct parcel *parcel_ref(struct parcel *);

/* One reference less; the last one frees.  NULL is allowed. */
void parcel_unref(struct parcel *);

/* Whether the peer has all of it. */
bool parcel_done(const struct parcel *);

/* Whether a piece has been sent, and the peer is not known to have it. */
bool parcel_wants(const struct parcel *, unsigned index);

/* That, and the answer to packet `pn` decides whether it goes again. */
bool parcel_awaits(const struct parcel *, unsigned index, uint32_t pn);

/* The part that carries a piece; views into the frame. */
struct part parcel_part(const struct parcel *, unsigned index);

#endif
