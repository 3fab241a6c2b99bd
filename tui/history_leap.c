/* SPDX-License-Identifier: MIT
 *
 * Two parts of a room: the newest lines, and some that are far before them.
 */
#include "shared/now.h"
#include "tui/history_impl.h"

/* ---- the far part grows ---- */

void history_run_far(struct history *h, size_t i)
{
    for (i++; i < h->n; i++) {
        uint64_t seq = h->lines[i].seq;

        if (seq == 0)
            continue;
        if (seq != h->far_last + 1)
            return;
        if (seq >= h->first) {
            h->first = h->far_first;
            h->far_first = h->far_last = 0;
            h->leapt = false;
            return;
        }
        h->far_last = seq;
    }
}

void history_note_far(struct history *h, size_t at, uint64_t seq)
{
    if (h->far_first == 0 || seq < h->far_first) {
        if (seq + 1 != h->far_first)
            h->far_last = seq;
        h->far_first = seq;
    } else if (seq == h->far_last + 1) {
        h->far_last = seq;
    }
    if (h->far_last == seq)
        history_run_far(h, at);
}

/* ---- going there and back ---- */

/* Events with seqs from..to - 1 go. */
static void drop_events(struct history *h, uint64_t from, uint64_t to)
{
    size_t kept = 0;

    for (size_t i = 0; i < h->n; i++) {
        struct line *line = &h->lines[i];

        if (line->seq < from || line->seq >= to) {
            h->lines[kept++] = *line;
            continue;
        }
        h->bytes -= history_cost(line);
        history_line_fini(line);
    }
    h->n = kept;
    h->serial++;
}

void history_land(struct history *h)
{
    if (!h->leapt)
        return;
    drop_events(h, 1, h->first);
    h->leapt = h->start = false;
    history_find_ends(h);
}

/* The seq from which lines take half of what there may be, at most. */
static uint64_t newer_half(const struct history *h)
{
    size_t n = h->max / 2, bytes = HISTORY_BYTES / 2, i = h->n;
    uint64_t from = h->last;

    while (i > 0 && n > 0 && history_cost(&h->lines[i - 1]) < bytes) {
        i--;
        n--;
        bytes -= history_cost(&h->lines[i]);
        from = h->lines[i].seq ? h->lines[i].seq : from;
    }
    return from;
}

void history_leap(struct history *h)
{
    history_land(h);
    if (h->first == 0)
        return;
    drop_events(h, 1, time_min(newer_half(h), h->last));
    history_find_ends(h);
    h->leapt = true;
    h->start = false;
}

bool history_leap_gap(const struct history *h, uint64_t *after,
                      uint64_t *before)
{
    *after = h->far_last;
    *before = h->first;
    return h->leapt && h->far_last;
}

void history_join(struct history *h)
{
    h->lost = h->first > h->lost ? h->first : h->lost;
    h->leapt = false;
    history_find_ends(h);
    h->serial++;
}

uint64_t history_oldest(const struct history *h)
{
    return h->far_first ? h->far_first : h->first;
}
