/* SPDX-License-Identifier: MIT
 *
 * Shared encoded messages; see frame.h.
 */
#include "shared/frame.h"

#include <assert.h>
#include <stdlib.h>

#include "shared/mem.h"
#include "shared/wire.h"

static struct frame *alloc(size_t len)
{
    struct frame *frame = mem_new(1, sizeof *frame + len);

    assert(len > 0 && len <= FRAME_MAX);
    frame->refs = 1;
    frame->len = (uint32_t)len;
    return frame;
}

struct frame *frame_of(const struct msg *msg)
{
    struct frame *frame = alloc(wire_size(msg));
    size_t len = wire_encode(msg, frame->bytes);

    assert(len == frame->len);
    (void)len;
    return frame;
}

struct frame *frame_raw(struct str bytes)
{
    struct frame *frame = alloc(bytes.len);

    memcpy(frame->bytes, bytes.ptr, bytes.len);
    return frame;
}

struct frame *frame_copy(struct str bytes)
{
    assert(bytes.len >= FRAME_HEAD);
    return frame_raw(bytes);
}

struct frame *frame_ref(struct frame *frame)
{
    assert(frame->refs > 0 && frame->refs < UINT32_MAX);
    frame->refs++;
    return frame;
}

void frame_unref(struct frame *frame)
{
    if (!frame)
        return;
    assert(frame->refs > 0);
    if (--frame->refs == 0)
        free(frame);
}

struct str frame_str(const struct frame *frame)
{
    return str_bytes(frame->bytes, frame->len);
}

unsigned frame_kind(const struct frame *frame)
{
    return wire_head(frame->bytes).kind;
}
