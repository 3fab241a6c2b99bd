/* SPDX-License-Identifier: MIT
 *
 * The world as it was: accounts, rooms and members from the store, at the
 * start.
 */
#ifndef SERVER_REVIVE_H
#define SERVER_REVIVE_H

#include <stdbool.h>

#include "shared/now.h"

struct world;

/*
 * Fill a new world.  Everybody is absent, and has been since now.
 *   returns  false: the store cannot be read, and store_trouble says why
 */
bool revive_world(struct world *, struct now);

#endif
