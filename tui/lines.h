/* SPDX-License-Identifier: MIT
 *
 * Bytes of a pipe cut into lines.  Pure; holds at most what it was given and
 * no more than one line beyond.
 */
#ifndef TUI_LINES_H
#define TUI_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "tui/bytes.h"

/* All zero is the start. */
struct lines {
    struct bytes in;
    size_t seen;     /* bytes of it that hold no LF */
    uint64_t number; /* of the line given out last, from 1 */
    bool ended;      /* no more will come */
};

void lines_fini(struct lines *);
void lines_feed(struct lines *, struct str);

/* The input has ended: what is left is the last line. */
void lines_end(struct lines *);

/*
 * The next line without its LF or CR LF.
 *   line     good until the next call
 *   returns  false when there is no whole one
 */
bool lines_next(struct lines *, struct str *line);

/* Bytes that do not make a line yet. */
size_t lines_held(const struct lines *);

#endif
