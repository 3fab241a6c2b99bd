/* SPDX-License-Identifier: MIT
 *
 * Binary heap of deadlines; see heap.h.
 */
#include "server/heap.h"

#include <stdlib.h>

#include "shared/mem.h"
#include "shared/now.h"

void heap_fini(struct heap *heap)
{
    free(heap->slots);
    *heap = (struct heap){ 0 };
}

static void place(struct heap *heap, struct timer *timer, size_t i)
{
    heap->slots[i] = timer;
    timer->pos = i + 1;
}

static void sift_up(struct heap *heap, size_t i)
{
    struct timer *timer = heap->slots[i];

    while (i > 0 && timer->at < heap->slots[(i - 1) / 2]->at) {
        place(heap, heap->slots[(i - 1) / 2], i);
        i = (i - 1) / 2;
    }
    place(heap, timer, i);
}

static void sift_down(struct heap *heap, size_t i)
{
    struct timer *timer = heap->slots[i];

    for (;;) {
        size_t child = 2 * i + 1;

        if (child + 1 < heap->n &&
            heap->slots[child + 1]->at < heap->slots[child]->at)
            child++;
        if (child >= heap->n || heap->slots[child]->at >= timer->at)
            break;
        place(heap, heap->slots[child], i);
        i = child;
    }
    place(heap, timer, i);
}

static void take_out(struct heap *heap, struct timer *timer)
{
    size_t i = timer->pos - 1;
    struct timer *last = heap->slots[--heap->n];

    timer->pos = 0;
    if (last == timer)
        return;
    place(heap, last, i);
    sift_up(heap, i);
    sift_down(heap, last->pos - 1);
}

void heap_set(struct heap *heap, struct timer *timer, uint64_t at)
{
    if (at == NEVER) {
        if (timer->pos)
            take_out(heap, timer);
        return;
    }
    timer->at = at;
    if (!timer->pos) {
        void *slots = heap->slots;

        mem_grow(&slots, &heap->cap, heap->n + 1, sizeof *heap->slots);
        heap->slots = slots;
        place(heap, timer, heap->n++);
    }
    sift_up(heap, timer->pos - 1);
    sift_down(heap, timer->pos - 1);
}

struct timer *heap_first(const struct heap *heap)
{
    return heap->n ? heap->slots[0] : NULL;
}
