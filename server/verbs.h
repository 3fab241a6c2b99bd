/* SPDX-License-Identifier: MIT
 *
 * What a client may say: a table with a row per message, and the one place
 * where state, rate and order are checked.
 */
#ifndef SERVER_VERBS_H
#define SERVER_VERBS_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/now.h"

struct msg;
struct session;
struct world;

/*
 * Answer a message, or say when: nothing has happened then, and the message
 * must come again.
 *   returns  0: done; else mono_us, or NEVER: when its reader has caught up
 */
uint64_t verbs_run(struct world *, struct session *, const struct msg *,
                   struct now);

/* Answer a message of a kind that is not known. */
void verbs_unknown(struct session *, const struct msg *);

/* Whether a client's message of this kind has a row; for the tests. */
bool verbs_has(unsigned kind);

#endif
