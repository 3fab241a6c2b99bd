/* SPDX-License-Identifier: MIT
 *
 * SEARCH: what was said, by its words, its author and its time, in the rooms
 * of the asker and nowhere else.
 */
#ifndef SERVER_SEEK_H
#define SERVER_SEEK_H

#include <stdint.h>

struct index_answer;
struct room;
struct world;

/* Tell who asked what was found. */
void seek_answered(struct world *, const struct index_answer *);

/* Something was said in a room, or changed, or less is kept of it. */
void seek_note(struct world *, const struct room *);

/* A room is no more. */
void seek_forget(struct world *, uint64_t room);

#endif
