/* SPDX-License-Identifier: MIT
 *
 * A queue; see store_pile.h.
 */
#include "server/store_pile.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "server/event.h"
#include "shared/mem.h"

bool pile_is_empty(const struct pile *pile)
{
    return pile->at == pile->n;
}

void pile_put(struct pile *pile, const struct store_answer *item)
{
    void *items = pile->items;

    if (pile_is_empty(pile))
        pile->at = pile->n = 0;
    if (pile->at && pile->n == pile->cap) {
        pile->n -= pile->at;
        memmove(pile->items, pile->items + pile->at,
                pile->n * sizeof *pile->items);
        pile->at = 0;
    }
    mem_grow(&items, &pile->cap, pile->n + 1, sizeof *pile->items);
    pile->items = items;
    pile->items[pile->n++] = *item;
}

struct store_answer pile_take(struct pile *pile)
{
    assert(!pile_is_empty(pile));
    return pile->items[pile->at++];
}

void pile_free(struct pile *pile)
{
    while (!pile_is_empty(pile)) {
        struct store_answer answer = pile_take(pile);

        for (size_t i = 0; i < answer.n; i++)
            event_unref(answer.events[i]);
        free(answer.events);
    }
    free(pile->items);
}
