/* SPDX-License-Identifier: MIT
 *
 * What later events make of earlier lines: edits, what was taken back,
 * reactions.  A line is what it was when it came and all changes held that are
 * newer, whatever the order in which they came.
 */
#ifndef TUI_AMEND_H
#define TUI_AMEND_H

#include <stdbool.h>
#include <stddef.h>

struct history;
struct line;

/* Something that somebody said. */
bool amend_is_talk(const struct line *);

/* An event about an earlier line. */
bool amend_is_change(const struct line *);

/* One that has no rows of its own: the line it is about shows it. */
bool amend_is_hidden(const struct line *);

/* The line at an index has just come in: change it, or what it is about. */
void amend_settle(struct history *, size_t index);

#endif
