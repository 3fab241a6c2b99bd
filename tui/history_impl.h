/* SPDX-License-Identifier: MIT
 *
 * Inside of a room's lines: for history.c and history_leap.c only.
 */
#ifndef TUI_HISTORY_IMPL_H
#define TUI_HISTORY_IMPL_H

#include "tui/history.h"

void history_line_fini(struct line *);

/* Work the ends of both parts out again, after lines went away. */
void history_find_ends(struct history *);

/* Let `far_last` run on from the line at an index, which holds it; at `first`
 * the two parts become one. */
void history_run_far(struct history *, size_t index);

/* A line of the far part has come in at an index. */
void history_note_far(struct history *, size_t at, uint64_t seq);

#endif
