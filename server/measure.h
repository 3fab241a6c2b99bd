/* SPDX-License-Identifier: MIT
 *
 * Metrics that are not counted as things happen but looked up when somebody
 * asks: they go through all sessions.
 */
#ifndef SERVER_MEASURE_H
#define SERVER_MEASURE_H

struct world;

/* Bring them up to date. */
void measure_world(struct world *);

#endif
