/* SPDX-License-Identifier: MIT
 *
 * Going through all there is, while it changes; see control_impl.h.
 */
#include <assert.h>
#include <stdlib.h>

#include "server/control_impl.h"
#include "shared/mem.h"

static int by_number(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

void control_walk_begin(struct control_walk *walk, const struct map *map)
{
    walk->ids = mem_new(map->n + 1, sizeof *walk->ids);
    walk->n = walk->at = 0;
    for (size_t i = 0; i < map->cap; i++) {
        struct str key = map->slots[i].key;

        if (!key.ptr)
            continue;
        assert(key.len == sizeof *walk->ids);
        memcpy(&walk->ids[walk->n++], key.ptr, key.len);
    }
    qsort(walk->ids, walk->n, sizeof *walk->ids, by_number);
}

void control_walk_end(struct control_walk *walk)
{
    free(walk->ids);
    *walk = (struct control_walk){ .ids = NULL };
}

void *control_walk_next(struct control_walk *walk, const struct map *map)
{
    while (walk->at < walk->n) {
        void *value = map_get(map, map_num(&walk->ids[walk->at++]));

        if (value)
            return value;
    }
    return NULL;
}
