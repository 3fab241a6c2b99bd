/* SPDX-License-Identifier: MIT
 *
 * The panes beside the messages: rooms on the left, members on the right.
 */
#ifndef TUI_SIDES_H
#define TUI_SIDES_H

#include "shared/now.h"

struct canvas;
struct layout;
struct model;
struct ui;

void sides_rooms(const struct model *, const struct ui *, const struct layout *,
                 struct canvas *);
void sides_members(const struct model *, const struct ui *,
                   const struct layout *, struct canvas *, struct now);

#endif
