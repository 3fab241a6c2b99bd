/* SPDX-License-Identifier: MIT
 *
 * Lines entered before, newest last: a bounded ring for Up, Down and Ctrl-R.
 * Pure; where it is kept on disk is somebody else's.
 */
#ifndef TUI_RECALL_H
#define TUI_RECALL_H

#include <stddef.h>

#include "shared/str.h"

/* The oldest goes when one of these is reached. */
enum { RECALL_MAX = 1000, RECALL_BYTES = 1024 * 1024 };

struct recall {
    char **ring;     /* owned strings; RECALL_MAX slots once there is one */
    size_t first, n; /* the oldest; how many */
    size_t bytes;    /* of all lines */
};

void recall_init(struct recall *);
void recall_fini(struct recall *);

/* Remember a line; empty ones and a repetition of the newest are not kept. */
void recall_add(struct recall *, struct str line);

/* The line `age` back: 0 is the newest; empty when there is none. */
struct str recall_get(const struct recall *, size_t age);

/*
 * Search backwards for a line that contains the needle, ASCII case ignored.
 *   age      where to begin, 0 is the newest
 *   at       gets the byte of the match in that line; may be NULL
 *   returns  the age of the line found, or SIZE_MAX
 */
size_t recall_search(const struct recall *, struct str needle, size_t age,
                     size_t *at);

#endif
