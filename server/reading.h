/* SPDX-License-Identifier: MIT
 *
 * How far an account has read: one place in every room for all its devices,
 * which only moves on.  What is unread behind it is counted when somebody has
 * to be told.
 */
#ifndef SERVER_READING_H
#define SERVER_READING_H

#include <stdint.h>

struct account;
struct member;
struct session;
struct store_answer;
struct world;

/* It is stored that the account has read a room up to there. */
void reading_moved(struct world *, const struct member *, uint64_t session);

/*
 * Tell a session how far its account has read a room, once it is counted: in
 * its turn, and once for whatever moves until then.
 */
void reading_tell(struct world *, struct session *, const struct member *);

/* Have some counted of those that wait, one room of an account at a time. */
void reading_turn(struct world *);

/* It has been counted. */
void reading_counted(struct world *, const struct store_answer *);

#endif
