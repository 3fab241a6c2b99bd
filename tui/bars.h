/* SPDX-License-Identifier: MIT
 *
 * The rows around the messages: topic, status, input.
 */
#ifndef TUI_BARS_H
#define TUI_BARS_H

#include "shared/now.h"

struct canvas;
struct edit;
struct layout;
struct model;
struct ui;

void bars_topic(const struct model *, const struct ui *, const struct layout *,
                struct canvas *);
void bars_status(const struct model *, const struct ui *, const struct layout *,
                 struct canvas *, struct now);

/* The input line, with the cursor; or the needle of a search. */
void bars_input(const struct model *, const struct ui *, const struct edit *,
                const struct layout *, struct canvas *);

#endif
