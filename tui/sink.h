/* SPDX-License-Identifier: MIT
 *
 * A file in memory that takes what ncurses writes.  Unlike a terminal, and
 * unlike a pipe, it takes a frame of any size and never makes anybody wait:
 * ncurses tries again for ever when a pipe is full.
 */
#ifndef TUI_SINK_H
#define TUI_SINK_H

#include <stddef.h>
#include <stdio.h>

#include "shared/str.h"

struct sink {
    FILE *file;  /* NULL when there could be none, errno says why */
    char *bytes; /* what sink_take gave last; owned */
    size_t cap;
};

void sink_init(struct sink *);
void sink_fini(struct sink *);

/* All that has been written since the last time; good until the next. */
struct str sink_take(struct sink *);

#endif
