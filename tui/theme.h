/* SPDX-License-Identifier: MIT
 *
 * The look of each style under each theme, as numbers: styles.def for whoever
 * draws.  Pure; the screen turns it into colours of the terminal.
 */
#ifndef TUI_THEME_H
#define TUI_THEME_H

#include <stdbool.h>

#include "tui/canvas.h"

enum look { LOOK_DARK, LOOK_LIGHT, LOOK_MONO };

enum { INK_BOLD = 1, INK_DIM = 2, INK_REVERSE = 4, INK_UNDERLINE = 8 };

enum { INK_DEFAULT = -1 }; /* the terminal's own foreground */

struct ink {
    int colour;     /* INK_DEFAULT, or 0..7 in the order of ANSI */
    unsigned attrs; /* INK_* */
};

struct ink theme_ink(enum look, enum style);

/*
 * The theme to use when the person chose none.
 *   no_color   value of $NO_COLOR, or NULL; not empty means mono
 *   colorfgbg  value of $COLORFGBG ("15;0"), or NULL: tells light from dark
 */
enum look theme_guess(const char *no_color, const char *colorfgbg);

#endif
