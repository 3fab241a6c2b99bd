/* SPDX-License-Identifier: MIT
 *
 * A queue of answers, or of what has to be answered.
 */
#ifndef SERVER_STORE_PILE_H
#define SERVER_STORE_PILE_H

#include <stdbool.h>
#include <stddef.h>

#include "server/store_op.h"

struct pile {
    struct store_answer *items; /* from at to n; owned, with their events */
    size_t at, n, cap;
};

bool pile_is_empty(const struct pile *);
void pile_put(struct pile *, const struct store_answer *);

/* The oldest; there must be one. */
struct store_answer pile_take(struct pile *);

/* Nothing is left of it. */
void pile_free(struct pile *);

#endif
