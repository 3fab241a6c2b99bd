/* SPDX-License-Identifier: MIT
 *
 * A grid of cells with clipped drawing.  The view draws into it, the screen
 * shows it, a golden test dumps it.
 */
#ifndef TUI_CANVAS_H
#define TUI_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "shared/str.h"
#include "shared/width.h"

/* How a piece of text looks; colours in styles.def. */
enum style {

#define STYLE(name, dark, light, attrs, doc) STYLE_##name,
#include "tui/styles.def"
    STYLE_COUNT
};

enum { CELL_BYTES = 22 };

struct cell {
    uint8_t len;           /* bytes of text; 0 in the right half of a wide */
    uint8_t cols : 2;      /* 1 or 2; 0 in the right half of a wide one */
    uint8_t style;         /* enum style */
    char text[CELL_BYTES]; /* one reduced cluster, UTF-8, not terminated */
};

struct canvas {
    int cols, rows;
    struct cell *cells;            /* rows * cols, owned */
    int cursor_col, cursor_row;    /* -1: hidden */
    const struct width_rule *rule; /* borrowed */
};

void canvas_init(struct canvas *, const struct width_rule *);
void canvas_fini(struct canvas *);

/* New size; everything becomes blank. */
void canvas_resize(struct canvas *, int cols, int rows);
void canvas_clear(struct canvas *);

/* Part of a row: columns col..limit-1. */
struct span {
    int row, col, limit;
};

static inline struct span span(int row, int col, int limit)
{
    return (struct span){ row, col, limit };
}

/*
 * Draw one line of text, clipped to the span; a wide cluster that would
 * straddle the edge is left out.
 *   returns  the column after the last one drawn
 */
int canvas_text(struct canvas *, struct span, enum style, struct str text);

/* Fill a span with one ASCII character. */
void canvas_fill(struct canvas *, struct span, enum style, char ch);

/* The text of every row, trailing blanks cut, LF after each; for goldens. */
void canvas_dump(const struct canvas *, FILE *);

#endif
