/* SPDX-License-Identifier: MIT
 *
 * Sessions of clients that have fallen silent and may come back: a closed
 * laptop, a long tunnel.  To everybody else they are gone; the link is kept,
 * at rest, and goes on with the first record that comes, wherever from, without
 * a handshake or a greeting.
 */
#ifndef SERVER_DOZE_H
#define SERVER_DOZE_H

#include <stdbool.h>

#include "shared/now.h"

struct session;
struct world;

/* Whether a silent session is to be kept like that. */
bool doze_may_begin(const struct session *);

/* READY becomes DORMANT. */
void doze_begin(struct world *, struct session *, struct now);

/*
 * Something came from a DORMANT one: READY again, and told what it missed.
 *   returns  false when it cannot go on: close it, the client greets anew
 */
bool doze_end(struct world *, struct session *, struct now);

#endif
