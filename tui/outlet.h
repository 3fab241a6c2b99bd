/* SPDX-License-Identifier: MIT
 *
 * EDGE libuv: standard output that never makes the loop wait.  It is written
 * through a description of its own, as the one we were given belongs to the
 * shell as well and has to block.
 */
#ifndef TUI_OUTLET_H
#define TUI_OUTLET_H

#include <stdbool.h>
#include <uv.h>

#include "shared/str.h"

struct outlet {
    int fd;
    bool file;    /* it cannot be polled, but never makes one wait for long */
    bool waiting; /* for room */
    bool broken;  /* nobody reads it any more */
    uv_poll_t poll;
};

void outlet_open(struct outlet *, uv_loop_t *);

/* The handle closes with the next turns of the loop. */
void outlet_close(struct outlet *);
void outlet_fini(struct outlet *);

/* Write what there is room for now; returns the bytes taken. */
size_t outlet_write(struct outlet *, struct str);

/* Wake the loop when there is room again, or only when the reader goes. */
void outlet_watch(struct outlet *, bool waiting);

#endif
