/* SPDX-License-Identifier: MIT
 *
 * The door of the server, sans-I/O: connections and bytes in, sessions with
 * output or death out, and the time of the next deadline.  An edge (net, or a
 * test) calls hub_open and hub_feed as things happen, and once per turn
 * hub_turn, then hub_dirty until it is empty.
 */
#ifndef SERVER_HUB_H
#define SERVER_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/world.h"
#include "shared/error.h"
#include "shared/link.h"
#include "shared/now.h"
#include "shared/str.h"

struct hub;
struct session;

struct hub *hub_new(const struct world_config *, struct now);

/* Every session must have been buried. */
void hub_free(struct hub *);

/* The world behind it: limits, counters, log. */
struct world *hub_world(struct hub *);

/* Who is at the other end of a new connection. */
struct hub_peer {
    enum transport transport;
    uint64_t id;      /* datagram: connection id, not in use */
    struct str place; /* datagram: where it comes from, see path.h */
    struct str name;  /* address for the log */
    struct str gate;  /* 4 or 8 bytes that its limits count by; empty: none */
    struct secure *secure;     /* hub_open takes it, whatever it returns */
    bool clear;                /* it may speak clear text */
    const struct local *local; /* a process of this machine; NULL: none */
};

/*
 * A connection was made.
 *   why      why not, when NULL is returned: a limit, or shutting down
 */
struct session *hub_open(struct hub *, const struct hub_peer *, enum err *why,
                         struct now);

/* BYE for a connection that hub_open refused; returns its bytes, or 0. */
size_t hub_refusal(enum err why, uint8_t *out, size_t cap);

/* Who may begin a handshake.  hub_open with a secure ends what began here. */
struct admit *hub_admission(struct hub *);

/* Bytes of a stream, or one datagram; borrowed for the call. */
void hub_feed(struct hub *, struct session *, struct str bytes, struct now);

/* One datagram, with where it came from. */
void hub_feed_from(struct hub *, struct session *, struct str datagram,
                   struct str place, struct now);

/* The connection is closed from the other side, or broken. */
void hub_eof(struct hub *, struct session *, struct now);

/* Some output went out: it may be heard again. */
void hub_flushed(struct hub *, struct session *, struct now);

/* The turn of all that waits: deadlines, the store, presence. */
void hub_turn(struct hub *, struct now);

/* When hub_turn must be called again at the latest, mono_us. */
uint64_t hub_deadline(const struct hub *);

/*
 * The next session the edge must look at: there may be output, reading is to
 * stop or go on (session_wants_input), or it is DEAD: close it, then hub_bury.
 */
struct session *hub_dirty(struct hub *);

/* The edge holds it no longer. */
void hub_bury(struct hub *, struct session *, struct now);

/*
 * The operator ends a session.
 *   code     KICKED, or BANNED: it could not come back
 *   text     for its person, borrowed; may be empty
 *   returns  false: it is leaving anyway
 */
bool hub_kick(struct hub *, struct session *, enum err code, struct str text,
              struct now);

/*
 * Tell everybody something.
 *   text     clean, borrowed; may be empty
 *   down_s   0, or in how many seconds the server will go down
 *   returns  to how many sessions it goes
 */
size_t hub_announce(struct hub *, struct str text, uint64_t down_s, struct now);

/* Since when nobody is connected, mono_us; NEVER: somebody is. */
uint64_t hub_idle_since(const struct hub *);

/* Say goodbye to everybody, take nobody new. */
void hub_shutdown(struct hub *, struct now);

/* Enough waited: every session is dead from here on. */
void hub_abandon(struct hub *, struct now);

#endif
