/* SPDX-License-Identifier: MIT
 *
 * What a search has found, as a page to read.
 */
#ifndef TUI_FOUND_H
#define TUI_FOUND_H

#include "shared/now.h"

struct chat;

/* The page has come: show it. */
void found_show(struct chat *, struct now);

#endif
