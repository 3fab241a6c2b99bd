/* SPDX-License-Identifier: MIT
 *
 * Pages of a room's lines that are on their way.  Their lines come one by one
 * and bear no number of the request, only the end of a page does; so what was
 * asked for a view that is no more is known by being too old for the new one.
 */
#ifndef TUI_PAGE_H
#define TUI_PAGE_H

#include <stdbool.h>
#include <stdint.h>

struct model;
struct room;

/* A page of a room has been asked for. */
void page_asked(struct room *, uint32_t request);

/*
 * The view is another one, and begins at the oldest line of the newest part:
 * until the pages that were asked for before are through, nothing older is
 * taken in.
 */
void page_outdate(struct room *);

/* Whether pages may still come that were asked for another view. */
bool page_is_outdated(const struct room *);

/* A page has ended; pages come in the order in which they were asked for. */
void page_through(struct room *, uint32_t request);

/* One will not come: it was refused. */
void page_refused(struct model *, uint32_t request);

/* Nothing that was asked for will come: the link is another one. */
void page_forget(struct room *);

#endif
