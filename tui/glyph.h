/* SPDX-License-Identifier: MIT
 *
 * A cell as the wide characters that ncurses wants, and whether ncurses, which
 * asks wcwidth, will take it for as wide as we do.  Only about text; what is
 * done with the answer is the screen's.
 */
#ifndef TUI_GLYPH_H
#define TUI_GLYPH_H

#include <stdbool.h>
#include <wchar.h>

#include "tui/canvas.h"

enum { GLYPH_MAX = 5 }; /* wide characters of one cell, CCHARW_MAX */

enum glyph {
    GLYPH_WHOLE,  /* ncurses agrees: one cell of it */
    GLYPH_SPREAD, /* the character in each of the columns */
    GLYPH_ODD     /* the same, as a place holder: draw past ncurses */
};

/*
 *   ascii    the character set has nothing else: a likeness, or '?'
 *   out      GLYPH_MAX + 1 characters, terminated; ' ' for an empty cell
 */
enum glyph glyph_of(const struct cell *, bool ascii, wchar_t *out);

#endif
