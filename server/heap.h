/* SPDX-License-Identifier: MIT
 *
 * Deadlines, the nearest first.  Setting one costs O(log n); finding the
 * nearest nothing: ten thousand sessions cost no work in a turn in which
 * nothing happens to them.
 */
#ifndef SERVER_HEAP_H
#define SERVER_HEAP_H

#include <stddef.h>
#include <stdint.h>

/* Lives inside its object, as the first member. */
struct timer {
    uint64_t at; /* mono_us */
    size_t pos;  /* in the heap, from 1; 0: not set */
};

struct heap {
    struct timer **slots; /* n of them */
    size_t n, cap;
};

void heap_fini(struct heap *);

/* Set, move, or with NEVER take out. */
void heap_set(struct heap *, struct timer *, uint64_t at);

/* The nearest; NULL when there is none. */
struct timer *heap_first(const struct heap *);

#endif
