/* SPDX-License-Identifier: MIT
 *
 * Messages being changed; see touched.h.
 */
#include "server/touched.h"

#include <stdlib.h>

#include "shared/mem.h"

void touched_fini(struct touched *touched)
{
    free(touched->all);
    *touched = (struct touched){ 0 };
}

/* Where it stands; n: nowhere. */
static size_t find(const struct touched *touched, uint64_t room, uint64_t seq)
{
    size_t i = 0;

    while (i < touched->n &&
           (touched->all[i].seq != seq || touched->all[i].room != room))
        i++;
    return i;
}

bool touched_has(const struct touched *touched, uint64_t room, uint64_t seq)
{
    return find(touched, room, seq) < touched->n;
}

void touched_add(struct touched *touched, uint64_t room, uint64_t seq)
{
    void *all = touched->all;

    mem_grow(&all, &touched->cap, touched->n + 1, sizeof *touched->all);
    touched->all = all;
    touched->all[touched->n++] = (struct touch){ room, seq };
}

void touched_drop(struct touched *touched, uint64_t room, uint64_t seq)
{
    size_t i = find(touched, room, seq);

    if (i < touched->n)
        touched->all[i] = touched->all[--touched->n];
}
