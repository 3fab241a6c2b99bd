/* SPDX-License-Identifier: MIT
 *
 * The second half of every command: the store is through with a batch, and
 * what it holds becomes true and is told, or never was.
 */
#ifndef SERVER_SETTLE_H
#define SERVER_SETTLE_H

#include "shared/now.h"

struct store_batch;
struct world;

void settle_batch(struct world *, const struct store_batch *, struct now);

#endif
