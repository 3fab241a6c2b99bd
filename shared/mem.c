/* SPDX-License-Identifier: MIT
 *
 * Allocation that succeeds or ends the program; see mem.h.
 */
#include "shared/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static _Noreturn void out_of_memory(size_t n, size_t size)
{
    fprintf(stderr, "out of memory: %zu x %zu bytes\n", n, size);
    abort();
}

_Noreturn void mem_fail(void)
{
    out_of_memory(1, 1);
}

void *mem_new(size_t n, size_t size)
{
    void *ptr = calloc(n ? n : 1, size ? size : 1);

    if (!ptr)
        out_of_memory(n, size);
    return ptr;
}

void *mem_resize(void *ptr, size_t n, size_t size)
{
    void *grown;

    if (size && n > SIZE_MAX / size)
        out_of_memory(n, size);
    grown = realloc(ptr, n && size ? n * size : 1);
    if (!grown)
        out_of_memory(n, size);
    return grown;
}

char *mem_str(struct str s)
{
    char *copy = mem_new(s.len + 1, 1);

    if (s.len)
        memcpy(copy, s.ptr, s.len);
    return copy;
}

void mem_grow(void **vec, size_t *cap, size_t want, size_t size)
{
    size_t grown = *cap ? *cap : 8;

    if (want <= *cap)
        return;
    if (want > SIZE_MAX / 2)
        out_of_memory(want, size);
    while (grown < want)
        grown *= 2;
    *vec = mem_resize(*vec, grown, size);
    *cap = grown;
}

void mem_wipe(void *bytes, size_t len)
{
    volatile char *at = bytes; /* or the compiler thinks nobody looks */

    while (len--)
        *at++ = '\0';
}
