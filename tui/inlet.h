/* SPDX-License-Identifier: MIT
 *
 * EDGE libuv: standard input as lines.  It is read only when there is something
 * to read, and only while that is wanted, so the loop never waits for it.
 */
#ifndef TUI_INLET_H
#define TUI_INLET_H

#include <stdbool.h>
#include <uv.h>

#include "tui/lines.h"

struct inlet {
    struct lines lines; /* what was read */
    bool ended;         /* no more will come */
    bool terminal;      /* a person types it */
    bool file;          /* it cannot be polled, but never makes one wait */
    bool watched;
    char *buffer;
    uv_poll_t poll;
    uv_idle_t idle; /* runs while a file is to be read */
};

void inlet_open(struct inlet *, uv_loop_t *);

/* The handles close with the next turns of the loop. */
void inlet_close(struct inlet *);
void inlet_fini(struct inlet *);

/* Read, or leave what there is where it is. */
void inlet_watch(struct inlet *, bool want);

/* Whether so much came without a line end that it cannot be a message. */
bool inlet_is_endless(const struct inlet *);

#endif
