/* SPDX-License-Identifier: MIT
 *
 * Going to a line of any room one is in: at once when it is held, else when the
 * page around it has come.
 */
#ifndef TUI_GOING_H
#define TUI_GOING_H

#include <stdint.h>

#include "shared/now.h"

struct chat;
struct room;

/* To the line of a seq. */
void going_to(struct chat *, struct room *, uint64_t seq, struct now);

/* To the first line not before a time, ms since 1970. */
void going_since(struct chat *, struct room *, uint64_t ts, struct now);

/* Once a turn: whether it has come; and who follows the newest is back. */
void going_turn(struct chat *, struct now);

/* When that is to be called at the latest, mono_us. */
uint64_t going_deadline(const struct chat *);

#endif
