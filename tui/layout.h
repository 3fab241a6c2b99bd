/* SPDX-License-Identifier: MIT
 *
 * Where the parts of the screen are, for any size down to 1x1.
 *
 *      80 columns                    from 100 columns on
 *      topic row                     rooms | topic row   | members
 *      messages                            | messages    |
 *      status row                    status row
 *      input, 1 row to 6             input
 */
#ifndef TUI_LAYOUT_H
#define TUI_LAYOUT_H

#include <stdbool.h>

struct edit;
struct model;
struct ui;

struct layout {
    int cols, rows;        /* of the screen */
    bool tiny;             /* too small for anything but a sentence */
    bool inlined;          /* names before the text, no columns */
    bool topic;            /* there is a topic row, row 0 */
    int rooms, members;    /* width of the side panes with border, 0: none */
    int top, left;         /* of the message pane */
    int height, width;     /* of the message pane */
    int status;            /* the status row; -1: none */
    int input, input_rows; /* -1, 0: none */
    int prompt;            /* width of the input prompt with its blank */
};

struct layout layout_of(const struct model *, const struct ui *,
                        const struct edit *, int cols, int rows);

#endif
