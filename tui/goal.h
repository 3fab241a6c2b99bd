/* SPDX-License-Identifier: MIT
 *
 * A line that somebody wants to go to and that has to be fetched first.
 */
#ifndef TUI_GOAL_H
#define TUI_GOAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct history;

struct goal {
    uint64_t room;     /* id; 0: there is none */
    uint64_t seq;      /* of the line; 0: by time */
    uint64_t ts;       /* the first line not before it, ms since 1970 */
    uint32_t request;  /* that has been made for it; 0: none */
    uint64_t until_us; /* mono_us when it is waited for no longer */
    bool come, failed; /* how the request was answered */
    bool again;        /* it is the second one */
};

/*
 * Index of the line; SIZE_MAX when it is not held, or, by time, may not be the
 * first one.
 */
size_t goal_index(const struct goal *, const struct history *);

/* The same when all there is around it has come: the next best by time. */
size_t goal_nearest(const struct goal *, const struct history *);

/* Whether it lies where lines are missing that come by themselves. */
bool goal_is_coming(const struct goal *, const struct history *);

#endif
