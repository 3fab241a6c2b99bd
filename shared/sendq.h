/* SPDX-License-Identifier: MIT
 *
 * What waits to be sent: per stream in order, between streams by rank, within
 * what the receiver has room for.
 *
 * Order: lost pieces, streams below SENDQ_RANKED by number, all others in turn
 * a piece each, lost bulk, bulk.
 *
 * Room: a message's price is its length plus SENDQ_PRICE, so that many small
 * ones count too.  The peer's CREDIT bounds what a connection may begin in
 * all.  A stream may not get further than SENDQ_STREAM ahead of its oldest
 * message not acked; that bounds what one lost message can pile up at the
 * receiver, and needs no word from it.
 *
 * A connection knows its streams for life, so there are STREAM_MAX of them at
 * most; numbers above are folded, which costs two rooms that meet nothing but
 * independence from each other.  An idle stream takes 16 bytes.
 */
#ifndef SHARED_SENDQ_H
#define SHARED_SENDQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/parcel.h"

enum {
    SENDQ_RANKED = 16,
    SENDQ_PRICE = 64,
    SENDQ_STREAM = 128 * 1024, /* bytes; the longest message is half of it */
    SENDQ_CREDIT = 256 * 1024  /* bytes; before the first CREDIT */
};

enum sendq_rank { RANK_FIRST, RANK_ROOM, RANK_BULK, RANK_COUNT };

struct sendq_list {
    struct parcel *head, *tail;
};

struct lane_list {
    struct lane *head, *tail;
};

struct sendq {
    struct sendq_stream *streams; /* sorted by number, owned */
    size_t n, cap;
    struct lane_list ready[RANK_COUNT];
    struct sendq_list again[2]; /* lost pieces; lost bulk */
    uint64_t begun, credit;     /* prices: of all begun; how far it may go */
    size_t bytes;               /* of frames queued or not acked */
    size_t messages;            /* queued or not acked */
    size_t own;                 /* of them, a person waits for */
    size_t sent;                /* of them, begun */
};

void sendq_init(struct sendq *);
void sendq_fini(struct sendq *);

/* Queue a message; takes its own reference. */
void sendq_push(struct sendq *, uint64_t number, enum dgram_class,
                struct frame *);

/* The next piece to send, if any may go now. */
struct piece sendq_peek(struct sendq *);

/* The piece that sendq_peek gave is being sent. */
void sendq_take(struct sendq *, struct piece);

/* A piece was acked: true when its message is complete by that. */
bool sendq_acked(struct sendq *, struct piece);

/* A packet with this piece was lost. */
void sendq_lost(struct sendq *, struct piece);

/* The peer's CREDIT; older ones are ignored. */
void sendq_credit(struct sendq *, uint64_t credit);

/* Bytes of memory bound, about. */
size_t sendq_weight(const struct sendq *);

/* Whether a piece goes through the window of bulk. */
static inline bool piece_is_bulk(struct piece piece)
{
    return piece.parcel->class == DGRAM_BULK;
}

#endif
