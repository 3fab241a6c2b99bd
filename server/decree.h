/* SPDX-License-Identifier: MIT
 *
 * What follows when an order of moderate.c, or of the operator, is stored, or
 * could not be.
 */
#ifndef SERVER_DECREE_H
#define SERVER_DECREE_H

#include "shared/now.h"

struct store_op;
struct world;

void decree_stored(struct world *, const struct store_op *, struct now);
void decree_failed(struct world *, const struct store_op *);

#endif
