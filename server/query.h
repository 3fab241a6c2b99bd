/* SPDX-License-Identifier: MIT
 *
 * Questions: pages of history, of members, of rooms.
 */
#ifndef SERVER_QUERY_H
#define SERVER_QUERY_H

struct store_answer;
struct world;

/* The store has found what was asked; the asker may be gone by now. */
void query_answered(struct world *, const struct store_answer *);

#endif
