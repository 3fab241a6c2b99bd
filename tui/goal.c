/* SPDX-License-Identifier: MIT */
#include "tui/goal.h"

#include "tui/amend.h"
#include "tui/history.h"

/* Whether nothing between a line and the one before it is missing. */
static bool stands_first(const struct history *h, size_t i)
{
    return history_missing(h, i) == 0 &&
           (h->lines[i].seq != history_oldest(h) || h->start);
}

/* The first line with rows of its own that is not before a time. */
static size_t since(const struct history *h, uint64_t ts)
{
    for (size_t i = 0; i < h->n; i++) {
        const struct line *line = &h->lines[i];

        if (line->seq && line->ts >= ts && !amend_is_hidden(line))
            return i;
    }
    return SIZE_MAX;
}

size_t goal_index(const struct goal *goal, const struct history *h)
{
    size_t i = goal->seq ? history_find(h, goal->seq) : since(h, goal->ts);

    if (goal->seq || i == SIZE_MAX)
        return i;
    return stands_first(h, i) ? i : SIZE_MAX;
}

size_t goal_nearest(const struct goal *goal, const struct history *h)
{
    size_t i = goal->seq ? history_find(h, goal->seq) : since(h, goal->ts);

    for (size_t at = h->n; i == SIZE_MAX && !goal->seq && at > 0; at--)
        if (h->lines[at - 1].seq && !amend_is_hidden(&h->lines[at - 1]))
            i = at - 1;
    return i;
}

bool goal_is_coming(const struct goal *goal, const struct history *h)
{
    return goal->seq > h->first && h->first && goal->seq <= h->head;
}
