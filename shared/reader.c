/* SPDX-License-Identifier: MIT
 *
 * Frames out of a byte stream; see reader.h.  At any time the unread bytes are
 * carry[used..len] followed by fed.
 */
#include "shared/reader.h"

#include <assert.h>
#include <stdlib.h>

#include "shared/error.h"
#include "shared/mem.h"
#include "shared/wire.h"

void reader_init(struct reader *r, uint32_t body_max)
{
    assert(body_max <= BODY_MAX);
    *r = (struct reader){ .body_max = body_max };
}

void reader_fini(struct reader *r)
{
    free(r->carry);
    *r = (struct reader){ .body_max = r->body_max };
}

void reader_feed(struct reader *r, struct str bytes)
{
    assert(r->fed.len == 0);
    r->fed = bytes;
}

/* Move up to n bytes from fed to the end of carry. */
static void take(struct reader *r, size_t n)
{
    void *carry;

    if (n > r->fed.len)
        n = r->fed.len;
    if (n == 0)
        return;
    carry = r->carry;
    mem_grow(&carry, &r->cap, r->len + n, 1);
    r->carry = carry;
    memcpy(r->carry + r->len, r->fed.ptr, n);
    r->len += n;
    r->fed = str_from(r->fed, n);
}

/* Drop what was handed out; free the buffer when nothing is left. */
static void settle(struct reader *r)
{
    if (r->used == 0)
        return;
    r->len -= r->used;
    memmove(r->carry, r->carry + r->used, r->len);
    r->used = 0;
    if (r->len == 0) {
        free(r->carry);
        r->carry = NULL;
        r->cap = 0;
    }
}

/* Length of the frame whose head is at p, or an error. */
static int frame_len(const struct reader *r, const void *p, size_t *len)
{
    struct wire_head head = wire_head(p);

    if (head.len > r->body_max)
        return -ERROR_TOO_LARGE;
    *len = FRAME_HEAD + head.len;
    return 0;
}

/* A frame that lies whole in fed, without a copy. */
static int next_in_place(struct reader *r, struct str *frame)
{
    size_t len;
    int err;

    if (r->fed.len < FRAME_HEAD)
        return 0;
    err = frame_len(r, r->fed.ptr, &len);
    if (err)
        return err;
    if (r->fed.len < len)
        return 0;
    *frame = str_bytes(r->fed.ptr, len);
    r->fed = str_from(r->fed, len);
    return 1;
}

/* A frame that began in carry: complete it there, and take no byte more. */
static int next_in_carry(struct reader *r, struct str *frame)
{
    size_t have = r->len - r->used, len;
    int err;

    if (have < FRAME_HEAD) {
        take(r, FRAME_HEAD - have);
        have = r->len - r->used;
        if (have < FRAME_HEAD)
            return 0;
    }
    err = frame_len(r, r->carry + r->used, &len);
    if (err)
        return err;
    if (have < len)
        take(r, len - have);
    if (r->len - r->used < len)
        return 0;
    *frame = str_bytes(r->carry + r->used, len);
    r->used += len;
    return 1;
}

int reader_next(struct reader *r, struct str *frame)
{
    int got;

    if (r->used == r->len)
        settle(r);
    got = r->len ? next_in_carry(r, frame) : next_in_place(r, frame);
    if (got == 0)
        reader_keep(r);
    return got;
}

void reader_keep(struct reader *r)
{
    settle(r);
    take(r, r->fed.len);
}

size_t reader_pending(const struct reader *r)
{
    return r->len - r->used + r->fed.len;
}
