/* SPDX-License-Identifier: MIT
 *
 * What is still to be written to a stream: a ring of frame references with a
 * byte count.  The edge asks for spans, writes them, and drops what went out;
 * a partly written frame stays at the front.
 */
#ifndef SHARED_OUTQ_H
#define SHARED_OUTQ_H

#include <stddef.h>
#include <stdint.h>

#include "shared/str.h"

struct frame;

struct outq {
    struct frame **ring; /* cap entries, a power of two; NULL while empty */
    size_t head, n, cap;
    size_t sent;  /* bytes of the first frame that went out already */
    size_t bytes; /* still to be written */
};

void outq_init(struct outq *);
void outq_fini(struct outq *); /* drops every reference */

/* Append; takes one reference of its own. */
void outq_push(struct outq *, struct frame *);

/*
 * Views of the first bytes to write, in order.
 *   returns  how many of the `max` spans were filled
 * Good until the next outq_drop.
 */
size_t outq_spans(const struct outq *, struct str *spans, size_t max);

/* n bytes went out; frames that are through lose their reference. */
void outq_drop(struct outq *, size_t n);

#endif
