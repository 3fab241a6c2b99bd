/* SPDX-License-Identifier: MIT
 *
 * Text into rows of a width.  Latin breaks at spaces, Chinese and Japanese
 * between any two characters but before closing and after opening marks; what
 * is longer than a row is split at its edge.  Pure.
 */
#ifndef TUI_WRAP_H
#define TUI_WRAP_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/str.h"
#include "shared/width.h"

enum { WRAP_TAB = 4 }; /* cells a TAB takes at most: to the next multiple */

/*
 * Take the next row off the front.
 *   rest     clean text; gets what follows, with the LF or the spaces at
 *            which the row was broken left out
 *   width    cells, at least 1; a wide cluster alone may stand over a width
 *            of 1, and the caller's clipping drops it
 *   row      gets the row: a view without LF, and without the spaces at which
 *            it was broken; empty for an empty line; may hold TAB
 *   returns  false when there is no more; empty text has no row, and a LF at
 *            the very end begins no new one
 */
bool wrap_next(struct str *rest, size_t width, const struct width_rule *,
               struct str *row);

/* How many rows: the first one `first` cells wide, the others `width`. */
size_t wrap_rows(struct str text, size_t first, size_t width,
                 const struct width_rule *);

/*
 * A row ready to be drawn: TABs become spaces.
 *   out      cap bytes; row.len * WRAP_TAB are always enough
 *   returns  bytes written, whole clusters only
 */
size_t wrap_expand(struct str row, const struct width_rule *, char *out,
                   size_t cap);

/* Where something is in wrapped text. */
struct wrap_place {
    size_t row, col;
};

/*
 * Rows of the input line, where every byte shall have a place: broken at the
 * edge alone, nothing left out but LFs.  After a LF at the end, or a last row
 * that is full, comes an empty one, so that the cursor has a place.
 *   more     true before the first call; gets whether there is another row
 *   returns  the row
 */
struct str wrap_next_edit(struct str *rest, size_t width,
                          const struct width_rule *, bool *more);

/*
 * The row and column of a byte of the input line, in the rows of
 * wrap_next_edit.
 *   at       0..text.len, between clusters
 */
struct wrap_place wrap_place(struct str text, size_t at, size_t width,
                             const struct width_rule *);

#endif
