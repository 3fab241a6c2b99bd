/* SPDX-License-Identifier: MIT
 *
 * Frames out of a session's link and into the verbs.  Flow control is not
 * pulling: a session without tokens for its next command keeps that one frame
 * parked, and the rest stays with its link, then in the kernel, then with the
 * sender.
 */
#ifndef SERVER_PULL_H
#define SERVER_PULL_H

#include <stddef.h>

#include "shared/now.h"

struct session;
struct world;

/* Answer all frames that may be answered now; goes on after a hold. */
void pull_frames(struct world *, struct session *, struct now);

/* Bytes came in: they count against its rate. */
void pull_charge(struct session *, size_t bytes, struct now);

#endif
