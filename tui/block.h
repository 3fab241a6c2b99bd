/* SPDX-License-Identifier: MIT
 *
 * A block is what belongs to one line of the message pane: the date, gap and
 * unread rows before it, then its own rows.
 */
#ifndef TUI_BLOCK_H
#define TUI_BLOCK_H

#include <stdbool.h>
#include <stddef.h>

struct canvas;
struct history;
struct layout;
struct model;
struct room;
struct ui;

/* The pane being laid out. */
struct pane {
    const struct history *h;
    const struct room *room; /* NULL: news */
    const struct ui *ui;
    const struct layout *l;
    bool online;
    int time_cols; /* of the time column with its blanks */
    int nick_cols;
    int text;  /* column of the text, from the left of the pane */
    int width; /* of the text */
};

struct pane pane_of(const struct model *, const struct ui *,
                    const struct layout *);

/* Rows of the block of line i; i == n is what is missing at the end. */
int block_rows(const struct pane *, size_t i);

/* Draw the block of line i, its first row at y, clipped to the pane. */
void block_draw(const struct pane *, struct canvas *, size_t i, int y);

#endif
