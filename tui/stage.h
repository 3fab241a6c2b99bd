/* SPDX-License-Identifier: MIT
 *
 * EDGE: ncurses started for the terminal of $TERM, set up the way the screen
 * wants it, and writing into a sink.  There can be one at a time.
 */
#ifndef TUI_STAGE_H
#define TUI_STAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "tui/sink.h"

struct stage {
    struct sink sink; /* what ncurses takes for the terminal */
    FILE *source;     /* what it would read from */
    void *curses;     /* its SCREEN */
    char type[41];    /* of the terminal, as terminfo knows it */
};

/*
 *   error    gets a sentence for people
 *   returns  false when the terminal cannot do it; stop it all the same
 */
bool stage_start(struct stage *, int cols, int rows, char *error, size_t cap);

/* Harmless on a stage that is all zero. */
void stage_stop(struct stage *);

#endif
