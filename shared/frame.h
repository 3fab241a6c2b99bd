/* SPDX-License-Identifier: MIT
 *
 * An encoded message: immutable, shared by reference.  What a room says is
 * encoded once and every member's queue holds a reference.  References are
 * counted without locks: all of it happens on one thread.
 */
#ifndef SHARED_FRAME_H
#define SHARED_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "shared/str.h"

struct msg;

struct frame {
    uint32_t refs;
    uint32_t len;    /* of bytes: FRAME_HEAD + body */
    uint8_t bytes[]; /* as on the wire */
};

/* Encode a message; the caller owns the one reference. */
struct frame *frame_of(const struct msg *);

/* Copy bytes that are already a frame; the caller owns the one reference. */
struct frame *frame_copy(struct str bytes);

/* Bytes of any kind, 1..FRAME_MAX, to be queued like frames. */
struct frame *frame_raw(struct str bytes);

/* One reference more; returns its argument. */
struct frame *frame_ref(struct frame *);

/* One reference less; the last one frees. NULL is allowed. */
void frame_unref(struct frame *);

/* Its bytes as a view, good as long as a reference is held. */
struct str frame_str(const struct frame *);

/* The kind in its head. */
unsigned frame_kind(const struct frame *);

#endif
