/* SPDX-License-Identifier: MIT
 *
 * Messages that a change is on its way for.  What comes next about the same
 * message waits until that one is stored, so that it is judged by what is.
 */
#ifndef SERVER_TOUCHED_H
#define SERVER_TOUCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct touch {
    uint64_t room, seq;
};

/* All zero is the start. */
struct touched {
    struct touch *all; /* owned */
    size_t n, cap;
};

void touched_fini(struct touched *);
bool touched_has(const struct touched *, uint64_t room, uint64_t seq);
void touched_add(struct touched *, uint64_t room, uint64_t seq);
void touched_drop(struct touched *, uint64_t room, uint64_t seq);

#endif
