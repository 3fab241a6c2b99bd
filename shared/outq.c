/* SPDX-License-Identifier: MIT
 *
 * A ring of frame references; see outq.h.
 */
#include "shared/outq.h"

#include <assert.h>
#include <stdlib.h>

#include "shared/frame.h"
#include "shared/mem.h"

static struct frame **slot(const struct outq *q, size_t i)
{
    return &q->ring[(q->head + i) & (q->cap - 1)];
}

void outq_init(struct outq *q)
{
    *q = (struct outq){ 0 };
}

void outq_fini(struct outq *q)
{
    for (size_t i = 0; i < q->n; i++)
        frame_unref(*slot(q, i));
    free(q->ring);
    outq_init(q);
}

static void grow(struct outq *q)
{
    size_t cap = q->cap ? q->cap * 2 : 8;
    struct frame **ring = mem_new(cap, sizeof(struct frame *));

    for (size_t i = 0; i < q->n; i++)
        ring[i] = *slot(q, i);
    free(q->ring);
    q->ring = ring;
    q->cap = cap;
    q->head = 0;
}

void outq_push(struct outq *q, struct frame *frame)
{
    if (q->n == q->cap)
        grow(q);
    *slot(q, q->n++) = frame_ref(frame);
    q->bytes += frame->len;
}

size_t outq_spans(const struct outq *q, struct str *spans, size_t max)
{
    size_t n = q->n < max ? q->n : max;

    for (size_t i = 0; i < n; i++) {
        spans[i] = frame_str(*slot(q, i));
        if (i == 0)
            spans[i] = str_from(spans[i], q->sent);
    }
    return n;
}

void outq_drop(struct outq *q, size_t n)
{
    assert(n <= q->bytes);
    q->bytes -= n;
    q->sent += n;
    while (q->n && q->sent >= (*slot(q, 0))->len) {
        struct frame *first = *slot(q, 0);

        q->sent -= first->len;
        q->head = (q->head + 1) & (q->cap - 1);
        q->n--;
        frame_unref(first);
    }
    assert(q->n || q->sent == 0);
    if (q->n == 0)
        outq_fini(q); /* an idle session holds no ring */
}
