/* SPDX-License-Identifier: MIT
 *
 * Allocation that succeeds or ends the program.  Every size asked for here has
 * been checked against a limit before, so running out means the machine is
 * out, and there is nothing better to do than to say so and stop.
 */
#ifndef SHARED_MEM_H
#define SHARED_MEM_H

#include <stddef.h>

#include "shared/str.h"

/* Zeroed memory for n objects of size bytes.  Owner frees with free(). */
void *mem_new(size_t n, size_t size);

/* As realloc; the new part is not zeroed.  Overflow of n * size ends. */
void *mem_resize(void *ptr, size_t n, size_t size);

/* A terminated copy of s.  Owner frees with free(). */
char *mem_str(struct str s);

/*
 * Grow a vector so that `want` elements fit: doubles, starting at 8.
 *   vec, cap   the vector and its capacity, both updated
 */
void mem_grow(void **vec, size_t *cap, size_t want, size_t size);

/* Leave nothing of a secret in it. */
void mem_wipe(void *bytes, size_t len);

/* A library could not allocate: end the program as the above do. */
_Noreturn void mem_fail(void);

#endif
