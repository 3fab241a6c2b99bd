/* SPDX-License-Identifier: MIT
 *
 * Operations in order; see store_batch.h.
 */
#include "server/store_batch.h"

#include <stdlib.h>
#include <string.h>

#include "server/event.h"
#include "shared/mem.h"

static void make_room(struct batch *batch, size_t n)
{
    void *ops = batch->ops;

    mem_grow(&ops, &batch->cap, batch->n + n, sizeof *batch->ops);
    batch->ops = ops;
}

void batch_add(struct batch *batch, const struct store_op *op)
{
    make_room(batch, 1);
    batch->ops[batch->n++] = *op;
}

void batch_move(struct batch *batch, struct batch *from, size_t n)
{
    if (n > from->n)
        n = from->n;
    if (n == 0)
        return;
    if (batch->n == 0 && n == from->n) { /* all of it, at no cost */
        struct batch empty = *batch;

        *batch = *from;
        *from = empty;
        return;
    }
    make_room(batch, n);
    memcpy(batch->ops + batch->n, from->ops, n * sizeof *from->ops);
    batch->n += n;
    from->n -= n;
    memmove(from->ops, from->ops + n, from->n * sizeof *from->ops);
}

size_t batch_cut(const struct batch *batch, size_t most)
{
    size_t n = most < batch->n ? most : batch->n;

    while (n > 0 && n < batch->n && batch->ops[n - 1].more)
        n++;
    return n;
}

void batch_clear(struct batch *batch)
{
    for (size_t i = 0; i < batch->n; i++) {
        event_unref(batch->ops[i].event);
        event_unref(batch->ops[i].target);
        free(batch->ops[i].text);
        free(batch->ops[i].note);
    }
    free(batch->ops);
    *batch = (struct batch){ 0 };
}
