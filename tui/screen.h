/* SPDX-License-Identifier: MIT
 *
 * A canvas on the terminal, by way of ncurses: only what differs from the
 * canvas shown before is sent, scrolled by the terminal where it can.  ncurses
 * writes into memory, and the pump of the tty carries it out, so that a slow
 * terminal never holds up the loop.  There can be one at a time.
 */
#ifndef TUI_SCREEN_H
#define TUI_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/str.h"
#include "tui/theme.h"

struct canvas;
struct key;
struct keys;
struct screen;
struct tty;

/*
 * Enter full screen: tty_enter, alternate screen.  Locale and tty come first.
 *   tty      borrowed for its life
 *   error    gets a sentence for people
 *   returns  NULL when the terminal cannot do it (TERM unknown or dumb): line
 *            mode; nothing has been written then
 */
struct screen *screen_open(struct tty *, enum look, char *error, size_t cap);

/* Leave full screen; the tty stays open.  NULL is allowed. */
void screen_close(struct screen *);

/* Give the terminal back for a while (suspend, $EDITOR), and take it again. */
void screen_leave(struct screen *); /* leaves the tty as well */
void screen_enter(struct screen *); /* everything is painted anew */

/*
 * Paint.  A canvas of another size than before means that the terminal has a
 * new size; call screen_redraw on `resized` all the same, as it may have had
 * another one in between.
 *   returns  false when bytes are still owed: nothing was done, show it again
 *            after `drained`
 */
bool screen_show(struct screen *, const struct canvas *);

/* The next screen_show paints everything (Ctrl-L). */
void screen_redraw(struct screen *);

void screen_look(struct screen *, enum look);

/* Ring; title of the window, cleaned, if the terminal has one. */
void screen_bell(struct screen *);
void screen_title(struct screen *, struct str title);

/* Teach the decoder what terminfo says of this terminal's keys. */
void screen_learn(const struct screen *, struct keys *);

/* Whether the terminal is known to bracket pastes: no bursts (keys.h). */
bool screen_brackets(const struct screen *);

/*
 * Find out whether characters of ambiguous width take two cells: draws one,
 * asks where the cursor is, wipes it.  Call before the first screen_show; if
 * it returns true, tell keys_expect_cursor, and take 300 ms without a
 * REPORT_CURSOR for one cell.
 *   returns  false when the terminal cannot be asked
 */
bool screen_ask_width(struct screen *);

/* The answer: whether they take two cells. */
bool screen_is_wide(const struct key *report);

/* "xterm-256color, 256 colours, UTF-8", for /doctor; lives as the screen. */
const char *screen_describe(const struct screen *);

#endif
