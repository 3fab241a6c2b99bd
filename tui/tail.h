/* SPDX-License-Identifier: MIT
 *
 * One room followed: every message once, in order, as lines of text (--tail).
 * An event is taken only if it is the next one and there is room for it;
 * whatever is missing is asked for from the server, page by page, so memory is
 * bounded by what the reader has not taken yet.
 */
#ifndef TUI_TAIL_H
#define TUI_TAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/str.h"

struct msg;
struct tail;

/*
 *   room     its full name; copied
 *   json     one object for each message instead of text
 *   last     how many old messages come first
 */
struct tail *tail_new(const char *room, bool json, uint64_t last);
void tail_free(struct tail *);

/* A message from the server; those about other rooms are passed over. */
void tail_apply(struct tail *, const struct msg *);

/* The server began a new history: the numbers count from the start again. */
void tail_epoch(struct tail *);

/* Where it stands, for SYNC; false while the room is not known. */
bool tail_cursor(const struct tail *, uint64_t *room, uint64_t *seq);

/*
 * What to ask for.
 *   hist     gets the HIST to send, but for its request id
 *   returns  false when nothing is missing or there is no room for more
 */
bool tail_want(const struct tail *, struct msg *hist);

/* The link is gone: what the server had announced will not come. */
void tail_lost(struct tail *);

/* Lines not taken yet, and that n bytes of them were. */
struct str tail_output(const struct tail *);
void tail_taken(struct tail *, size_t n);

#endif
