/* SPDX-License-Identifier: MIT
 *
 * What edit.c, edit_kill.c and edit_recall.c share; nobody else includes it.
 */
#ifndef TUI_EDIT_IMPL_H
#define TUI_EDIT_IMPL_H

#include "tui/edit.h"

/*
 * Replace bytes from..to, cursor after what came; can be undone.
 *   with     clean, and it fits
 *   act      what this is to the next action
 */
void edit_splice(struct edit *, size_t from, size_t to, struct str with,
                 enum edit_act act);

/* Put the cursor somewhere, or behind the cluster that is there. */
bool edit_go(struct edit *, size_t at);

/* The start and the end (at LF or at the end of text) of the line of a byte. */
size_t edit_line_start(const struct edit *, size_t at);
size_t edit_line_end(const struct edit *, size_t at);

/* Where the word before or after the cursor begins or ends. */
size_t edit_word_start(const struct edit *, size_t at);
size_t edit_word_end(const struct edit *, size_t at);

/* How much of a text still fits when bytes from..to go. */
struct str edit_fit(const struct edit *, size_t from, size_t to, struct str);

#endif
