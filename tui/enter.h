/* SPDX-License-Identifier: MIT
 *
 * Rooms: that we are in them, or no more, and in those again that the server
 * has forgotten us in.  A part of the client, see client_impl.h.
 */
#ifndef TUI_ENTER_H
#define TUI_ENTER_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/now.h"

struct client;
struct entry;
struct msg;

/* We are in the room of that name, or out of that of an entry. */
void enter_done(struct client *, const char *name, uint64_t id);
void enter_left(struct client *, const struct entry *);

/*
 * Enter the rooms that we want to be in and the server does not know us in,
 * before the outbox goes on: said again until it is answered, or forgotten.
 */
void enter_again(struct client *);
void enter_say(struct client *, struct now);
void enter_forget(struct client *);

/* Rooms that we are in again need no waiting for. */
void enter_settle(struct client *);

/* An answer to one of these; true when it was. */
bool enter_answered(struct client *, const struct msg *, struct now);

#endif
