/* SPDX-License-Identifier: MIT
 *
 * How people are: what a change of it means to those who share a room with
 * them, and the words for it.
 */
#ifndef TUI_PRESENCE_H
#define TUI_PRESENCE_H

#include <stddef.h>
#include <stdint.h>

#include "shared/now.h"

struct member;
struct model;
struct person;
struct room;
struct rec_presence;

/* The mark of a state (value set presence): + ~ * ? - or a blank. */
char presence_glyph(unsigned state);

/* Milliseconds in steps of 1, 2, 5: the picture changes seldom. */
unsigned presence_bucket(uint32_t ms);

/* "40 s", "9 min", "3 h", "2 d"; `cap` of 24 is always enough. */
void presence_age(uint64_t seconds, char *out, size_t cap);

/*
 * What the member pane says of somebody: round-trip time, how long idle, since
 * when gone.
 *   wall_ms  the server's time
 */
void presence_detail(const struct person *, uint64_t wall_ms, char *out,
                     size_t cap);

struct seat {
    const struct person *person;
    const struct member *member;
};

/*
 * The members of a room that are known, those who are here first, then by name.
 *   returns  an owned array of *n, borrowed from the model
 */
struct seat *presence_roll(const struct model *, const struct room *,
                           size_t *n);

/*
 * A change.  Somebody gone or back is told once in every room shared with
 * them; the line that they are back replaces the one that they were gone if
 * nothing was said between.
 */
void presence_apply(struct model *, const struct rec_presence *, struct now);

#endif
