/* SPDX-License-Identifier: MIT
 *
 * The rooms that a few letters fit, best first: for the quick switcher and for
 * /switch.
 */
#ifndef TUI_SWITCHER_H
#define TUI_SWITCHER_H

#include <stddef.h>

#include "shared/str.h"

struct model;

/*
 * Rooms whose name begins with the letters, then those that hold them, then
 * those that hold them one by one in that order; among equals those with
 * mentions, then unread lines, then by number.  No letters fit all but the
 * current one first.
 *   out      indexes of rooms, `max` of them at most
 *   returns  how many
 */
size_t switcher_find(const struct model *, struct str letters, size_t *out,
                     size_t max);

#endif
