/* SPDX-License-Identifier: MIT
 *
 * What outlives the program, under $XDG_STATE_HOME/chat (directories 0700,
 * files 0600), for each server and nick:
 *     token      proof of a guest, to come back as the same person
 *     slot-N/    one per client running at once, held by a lock: its outbox,
 *                and its own token when the name is kept for a key
 *
 * Two clients of one person are two devices; each takes the first free slot.
 */
#ifndef TUI_STATE_H
#define TUI_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/bounds.h"
#include "shared/str.h"

struct state;

/*
 * Find or make the directory of a server and a nick, take a free slot.
 *   error    gets a sentence for people
 *   returns  NULL when it cannot be used
 */
struct state *state_open(const char *server, const char *nick, char *error,
                         size_t cap);
void state_close(struct state *); /* NULL is allowed */

/* Path of the slot's outbox; good until state_close. */
const char *state_outbox(const struct state *);

/* The token on disk; empty when there is none.  Good until the next call. */
struct str state_token(const struct state *);

/*
 * Keep a token, replacing the old one in a single step; does nothing when it
 * is the one on disk, or empty, or when state is NULL.
 *   bound    it is of this slot's client only
 *   returns  0, or -1 with errno
 */
int state_keep_token(struct state *, struct str token, bool bound);

#endif
