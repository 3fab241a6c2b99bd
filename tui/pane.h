/* SPDX-License-Identifier: MIT
 *
 * The message pane: the lines of a room from the anchor upwards, each wrapped
 * when it is seen and not before.
 */
#ifndef TUI_PANE_H
#define TUI_PANE_H

#include <stdbool.h>
#include <stddef.h>

struct canvas;
struct layout;
struct model;
struct ui;

void pane_draw(const struct model *, const struct ui *, const struct layout *,
               struct canvas *);

/*
 * Move the anchor by rows, below 0 towards older lines; it stops with the
 * oldest line at the top and, at the newest, follows again.
 *   returns  whether it moved
 */
bool pane_scroll(const struct model *, struct ui *, const struct layout *,
                 int rows);

/* Bring the line of that index into sight, near the middle. */
void pane_reveal(const struct model *, struct ui *, const struct layout *,
                 size_t index);

/* Whether the oldest line held is in sight. */
bool pane_at_top(const struct model *, const struct ui *,
                 const struct layout *);

#endif
