/* SPDX-License-Identifier: MIT */
#include "tui/switcher.h"

#include <stdlib.h>

#include "shared/bounds.h"
#include "shared/text.h"
#include "tui/model.h"

enum { FOLD_BYTES = 4 * NAME_MAX_BYTES, FITS_NOT = -1 };

struct candidate {
    int rank; /* lower is better */
    size_t index;
};

/* 0 begins with, 1 contains, 2 holds one by one; FITS_NOT. */
static int fit(struct str name, struct str letters)
{
    size_t k = 0;

    for (size_t i = 0; i + letters.len <= name.len; i++)
        if (str_starts(str_from(name, i), letters))
            return i > 1; /* byte 0 is # or @ */
    for (size_t i = 0; i < name.len && k < letters.len; i++)
        k += name.ptr[i] == letters.ptr[k];
    return k == letters.len ? 2 : FITS_NOT;
}

static int rank_of(const struct model *m, size_t index, struct str letters)
{
    char fold[FOLD_BYTES];
    const struct room *room = m->rooms[index];
    struct str name = str_of(room->name);
    size_t len = text_fold(name, fold, sizeof fold);
    int how = letters.len ? fit(str_bytes(fold, len), letters) : 0;

    if (how == FITS_NOT)
        return FITS_NOT;
    int quiet = room->mentions ? 0 : room->unread ? 1 : 2;
    bool here = letters.len == 0 && index == m->current;
    return here ? 100 : how * 10 + quiet;
}

static int compare(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;

    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

size_t switcher_find(const struct model *m, struct str letters, size_t *out,
                     size_t max)
{
    struct candidate found[ROOMS_MAX];
    char fold[FOLD_BYTES];
    size_t len = text_fold(letters, fold, sizeof fold);
    size_t n = 0;

    if (letters.len && len == 0)
        return 0;
    for (size_t i = 0; i < m->n_rooms && n < ROOMS_MAX; i++) {
        int rank = rank_of(m, i, str_bytes(fold, len));
        if (rank != FITS_NOT)
            found[n++] = (struct candidate){ rank, i };
    }
    qsort(found, n, sizeof found[0], compare);
    for (size_t i = 0; i < n && i < max; i++)
        out[i] = found[i].index;
    return n < max ? n : max;
}
