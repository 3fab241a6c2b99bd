/* SPDX-License-Identifier: MIT
 *
 * Access to the fields of a message by their descriptors, for the wire_*.c
 * files; nobody else includes it.
 */
#ifndef SHARED_WIRE_IMPL_H
#define SHARED_WIRE_IMPL_H

#include "shared/wire.h"

static inline uint64_t *num_at(struct msg *msg, const struct wire_field *f)
{
    return (void *)((char *)msg + f->offset);
}

static inline struct str *str_at(struct msg *msg, const struct wire_field *f)
{
    return (void *)((char *)msg + f->offset);
}

static inline uint64_t num_in(const struct msg *msg, const struct wire_field *f)
{
    return *(const uint64_t *)(const void *)((const char *)msg + f->offset);
}

static inline struct str str_in(const struct msg *msg,
                                const struct wire_field *f)
{
    return *(const struct str *)(const void *)((const char *)msg + f->offset);
}

/* Bytes of a big-endian number without leading zeros; 0 for 0. */
static inline size_t num_len(uint64_t n)
{
    size_t len = 0;

    for (; n; n >>= 8)
        len++;
    return len;
}

/* Bytes a value takes on the wire; 0: it is not sent. */
static inline size_t value_len(const struct msg *msg,
                               const struct wire_field *f)
{
    return f->type == TYPE_num ? num_len(num_in(msg, f)) : str_in(msg, f).len;
}

#endif
