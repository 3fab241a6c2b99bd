/* SPDX-License-Identifier: MIT
 *
 * Who is in a room, as the server tells it in pages.
 */
#ifndef TUI_ROLL_H
#define TUI_ROLL_H

#include "shared/now.h"

struct model;
struct msg;

/* A MEMBER; the last one of a page ends it, or all. */
void roll_take(struct model *, const struct msg *, struct now);

#endif
