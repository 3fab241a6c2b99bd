/* SPDX-License-Identifier: MIT
 *
 * EDGE libuv: the sockets of the client.  Opens what client_want asks for,
 * carries bytes between sockets and links, wakes the loop in time.  The owner
 * of the loop calls net_turn once per turn, before it sleeps.
 */
#ifndef TUI_NET_H
#define TUI_NET_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/now.h"

struct address;
struct client;
struct net;
struct uv_loop_s;

/* Borrows all three for its life. */
struct net *net_new(struct uv_loop_s *, struct client *,
                    const struct address *);

/* Called whenever the client took in bytes, for who must not miss any. */
void net_on_input(struct net *, void (*call)(void *), void *arg);

/*
 * End of a turn (uv_prepare): the client's timers, new sockets, one flush of
 * every link, burial of dead ones; sets the timer for the next deadline.
 */
void net_turn(struct net *, struct now);

/* Whether everything said has left this machine (after client_bye). */
bool net_drained(const struct net *);

/* Close every socket; runs the loop until they are closed. NULL is allowed. */
void net_close(struct net *);

/* The clock of this turn; the only place of tui/ that reads it. */
struct now net_now(struct uv_loop_s *);

/* Randomness of the system; ends the program when there is none. */
void net_random(void *out, size_t len);

#endif
