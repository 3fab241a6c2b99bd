/* SPDX-License-Identifier: MIT
 *
 * Going to a line of the current room: search, first unread, mentions, ends.
 */
#ifndef TUI_FIND_H
#define TUI_FIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chat;

/*
 * The newest line that holds the needle of ui->query, or the next older one
 * than the hit.  It is brought into sight and marked.
 *   again    go on from the hit
 *   returns  false when there is none; the hit stays
 */
bool find_needle(struct chat *, bool again);

/* The line of an index in the current room, marked; on a full screen. */
void find_line(struct chat *, size_t index);

/* Each brings a line into sight; false when there is none. */
bool find_unread(struct chat *);
bool find_mention(struct chat *, bool older);

/*
 * Pick the line before or after the one picked, of those that can be answered;
 * behind the newest none is picked.  false: there is none before it.
 */
bool find_pick(struct chat *, bool older);

/* Whether the oldest line is in sight; scroll, below 0 to older lines. */
bool find_top(struct chat *);
bool find_scroll(struct chat *, int rows);

/* Rows of a page. */
int find_page(const struct chat *);

#endif
