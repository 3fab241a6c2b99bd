/* SPDX-License-Identifier: MIT
 *
 * How a room is, and as what somebody is in it, in words.
 */
#ifndef TUI_MANNER_H
#define TUI_MANNER_H

#include <stddef.h>

#include "shared/now.h"

struct manner;
struct room;
struct station;

/* "owner", "moderator", "muted"; "" for a member. */
const char *manner_word(const struct station *);

/* "invite-only, slow 10s": what is not as in every room; "" when nothing is. */
void manner_short(const struct manner *, char *out, size_t cap);

/* How the room is and what we are in it, in a sentence or two. */
void manner_long(const struct room *, struct now, char *out, size_t cap);

/* Why we may not talk in the room now. */
void manner_mute(const struct room *, struct now, char *out, size_t cap);

#endif
