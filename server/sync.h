/* SPDX-License-Identifier: MIT
 *
 * Bringing a session up to date: what a room is like (SYNC_ROOM), and as much
 * of its tail as fits below the soft bound of the queue.  What does not fit the
 * client pulls with HIST, at its own pace.
 */
#ifndef SERVER_SYNC_H
#define SERVER_SYNC_H

#include <stdint.h>

struct room;
struct session;
struct world;

/*
 * Tell a room and everything after `cursor`, when that is not too much; else
 * only the room (its field `from` is 0).
 */
void sync_room_from(struct world *, struct session *, struct room *,
                    uint64_t cursor);

/*
 * Tell a room and at most its last `tail` events, as many as fit; none of them
 * when they are not at hand, and the client asks.
 */
void sync_room_tail(struct world *, struct session *, struct room *,
                    uint64_t tail);

/* Tell a room to all live sessions of an account, with the tail each wants. */
struct account;
void sync_account(struct world *, struct account *, struct room *);

/* A session that lagged can read again: rooms that changed, and who is how. */
void sync_laggard(struct world *, struct session *);

#endif
