/* SPDX-License-Identifier: MIT
 *
 * The whole screen, drawn into cells: a pure function of what is known, what is
 * typed and what the person chose.  All layout arithmetic is here and in the
 * panes it calls.  Any size down to 1x1 is drawn.
 */
#ifndef TUI_VIEW_H
#define TUI_VIEW_H

#include "shared/now.h"

struct canvas;
struct edit;
struct model;
struct ui;

/* Draw into the canvas, whose size is the size of the screen. */
void view_draw(const struct model *, const struct ui *, const struct edit *,
               struct canvas *, struct now);

/* When the picture changes by time alone (ages, countdown), mono_us. */
uint64_t view_deadline(const struct model *, const struct ui *, struct now);

#endif
