/* SPDX-License-Identifier: MIT
 *
 * Bytes of a stream in, whole frames out.  Frames that lie whole in the bytes
 * fed are handed out in place; only what is left over at the end is copied,
 * so an idle connection holds no buffer.
 */
#ifndef SHARED_READER_H
#define SHARED_READER_H

#include <stddef.h>
#include <stdint.h>

#include "shared/str.h"

struct reader {
    struct str fed;  /* not yet consumed, borrowed from reader_feed */
    uint8_t *carry;  /* bytes kept over from earlier feeds, owned */
    size_t len, cap; /* of carry */
    size_t used;     /* of carry: handed out already */
    uint32_t body_max;
};

/* body_max: longest body taken, at most BODY_MAX bytes. */
void reader_init(struct reader *, uint32_t body_max);
void reader_fini(struct reader *);

/*
 * Give it bytes.  They are borrowed until reader_next has returned 0 or
 * reader_keep was called; all earlier ones must have been consumed or kept.
 */
void reader_feed(struct reader *, struct str bytes);

/*
 * The next whole frame.
 *   frame    head and body, good until the next call on this reader
 *   returns  1; 0 when more bytes are needed (what is left has been kept);
 *            -ERROR_TOO_LARGE when a head announces too long a body: the
 *            stream cannot be followed any further
 */
int reader_next(struct reader *, struct str *frame);

/* Keep what is not consumed: the caller wants to go on later. */
void reader_keep(struct reader *);

/* Bytes kept. */
size_t reader_pending(const struct reader *);

#endif
