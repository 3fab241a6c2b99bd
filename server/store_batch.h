/* SPDX-License-Identifier: MIT
 *
 * Operations in the order they were put.
 */
#ifndef SERVER_STORE_BATCH_H
#define SERVER_STORE_BATCH_H

#include <stddef.h>

#include "server/store_op.h"

struct batch {
    struct store_op *ops; /* owned, with what each owns */
    size_t n, cap;
};

void batch_add(struct batch *, const struct store_op *);

/* The first n of another one, or all there are, move to the end. */
void batch_move(struct batch *, struct batch *from, size_t n);

/* How many of the first make `most`, or a few more: none that belong together
 * are parted. */
size_t batch_cut(const struct batch *, size_t most);

/* Nothing is left of it. */
void batch_clear(struct batch *);

#endif
