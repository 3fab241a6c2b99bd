/* SPDX-License-Identifier: MIT
 *
 * Messages on their way in: pieces become messages, messages get into order
 * inside their stream, and wait to be taken.
 *
 * The bounds are those the sender was told, priced as sendq.h says; a peer that
 * goes beyond them is broken or hostile and is cut off.  Bounded so, whatever
 * comes: prices of all messages held <= SENDQ_CREDIT, of a stream's messages
 * out of order <= SENDQ_STREAM.
 */
#ifndef SHARED_RECVQ_H
#define SHARED_RECVQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/packet.h"
#include "shared/str.h"

struct recvq {
    struct recvq_stream *streams; /* sorted by number, owned */
    size_t n, cap;
    struct inmsg *head, *tail; /* in order, to be taken */
    struct inmsg *taken;       /* the last one taken */
    uint64_t arrived, left;    /* prices: of all that came; of all taken */
    uint64_t credit;           /* what the peer was told last */
    size_t bytes;              /* of messages held */
    uint32_t message_max;
};

void recvq_init(struct recvq *, uint32_t message_max);
void recvq_fini(struct recvq *);

/*
 * A piece came.
 *   returns  0, also for one that is known; -ERROR_TOO_LARGE, -ERROR_LIMIT or
 *            -ERROR_BAD_FRAME when the peer broke the rules
 */
int recvq_add(struct recvq *, const struct part_piece *);

/* The next message in order, good until the next call; false: there is none. */
bool recvq_take(struct recvq *, struct str *message);

/* Whether enough was taken that the peer should be told. */
bool recvq_should_tell(const struct recvq *);

/* What to tell; from now on it holds. */
uint64_t recvq_tell(struct recvq *);

#endif
