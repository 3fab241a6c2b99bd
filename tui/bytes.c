/* SPDX-License-Identifier: MIT */
#include "tui/bytes.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/mem.h"

void bytes_fini(struct bytes *b)
{
    free(b->ptr);
    *b = (struct bytes){ 0 };
}

/* Room for n more at the end. */
static void reserve(struct bytes *b, size_t n)
{
    void *grown = b->ptr;

    if (b->taken > b->len / 2) {
        memmove(b->ptr, b->ptr + b->taken, b->len - b->taken);
        b->len -= b->taken;
        b->taken = 0;
    }
    mem_grow(&grown, &b->cap, b->len + n, 1);
    b->ptr = grown;
}

void bytes_add(struct bytes *b, struct str s)
{
    if (s.len == 0)
        return;
    reserve(b, s.len);
    memcpy(b->ptr + b->len, s.ptr, s.len);
    b->len += s.len;
}

void bytes_format(struct bytes *b, const char *format, ...)
{
    va_list args, again;
    int len;

    va_start(args, format);
    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, args);
    assert(len >= 0);
    reserve(b, (size_t)len + 1);
    vsnprintf(b->ptr + b->len, (size_t)len + 1, format, again);
    b->len += (size_t)len;
    va_end(again);
    va_end(args);
}

struct str bytes_str(const struct bytes *b)
{
    if (b->len == b->taken)
        return str_of(NULL);
    return str_bytes(b->ptr + b->taken, b->len - b->taken);
}

void bytes_take(struct bytes *b, size_t n)
{
    assert(n <= b->len - b->taken);
    b->taken += n;
    if (b->taken == b->len)
        b->taken = b->len = 0;
}
