/* SPDX-License-Identifier: MIT
 *
 * EDGE: questions to terminfo about the terminal that the screen has started.
 */
#ifndef TUI_TERMINFO_H
#define TUI_TERMINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "tui/theme.h"

struct keys;

/* A capability that is a string; NULL when the terminal has none. */
const char *terminfo_string(const char *name);

/* Whether it has a title, and sequences as xterm has them. */
bool terminfo_has_title(void);

/* Whether it brackets pastes: no bursts (keys.h). */
bool terminfo_brackets(void);

/* Teach the decoder the sequences of its keys. */
void terminfo_learn(struct keys *);

/*
 * What leaves full screen, in one string, for a crash.
 *   returns  bytes written before the NUL
 */
size_t terminfo_restore(char *out, size_t cap);

/* Write a move to a cell, from wherever the cursor is. */
void terminfo_move(FILE *, int row, int col);

/* Let all rows scroll; the cursor is anywhere after it. */
void terminfo_region(FILE *, int rows);

/* Write a look, from whatever it was; colour may be above 7. */
void terminfo_ink(FILE *, struct ink);

/*
 * The type to take for $TERM: itself, or xterm's for a modern terminal that
 * terminfo has not heard of; NULL when it is unknown.  To be asked before
 * there is a screen.
 */
const char *terminfo_type(const char *term);

#endif
