/* SPDX-License-Identifier: MIT
 *
 * Access to the fields of a message by their descriptors, for the wire_*.c
 * files; nobody else includes it.
 */
#ifndef SHARED_WIRE_IMPL_H
#define SHARED_WIRE_IMPL_H

#include "shared/wire.h"

static inline uint64_t *num_at(const struct msg *msg,
                               const struct wire_field *f)
{
    return (uint64_t *)((uintptr_t)msg + f->offset);
}

static inline struct str *str_at(const struct msg *msg,
                                 const struct wire_field *f)
{
    return (struct str *)((uintptr_t)msg + f->offset);
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
    return f->type == TYPE_num ? num_len(*num_at(msg, f)) : str_at(msg, f)->len;
}

#endif
