/* SPDX-License-Identifier: MIT
 *
 * The client's connections; a part of the client, see client_impl.h.
 */
#ifndef TUI_CONN_H
#define TUI_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/link.h"
#include "shared/now.h"
#include "tui/model.h"

struct client;
struct msg;

enum phase {
    CONN_NONE,
    CONN_WANTED,   /* client_want will say so, from want_us on */
    CONN_OPENING,  /* the edge is at it */
    CONN_SHAKING,  /* the handshake of encryption is under way */
    CONN_PROVED,   /* it works both ways; the other one may be better */
    CONN_GREETING, /* HELLO, AUTH and SYNC are on their way */
    CONN_READY     /* all rooms told */
};

/* One connection, or the lack of one. */
struct conn {
    enum phase phase;
    enum transport transport;
    struct link *link;
    uint64_t want_us;    /* WANTED: not before */
    uint64_t opened_us;  /* when there was a link */
    uint64_t deadline;   /* mono_us when this phase must be over; NEVER */
    bool by_itself;      /* nobody asked for it: not worth a word */
    bool follows;        /* the one before it ended when this was under way */
    bool hailed;         /* HELLO has been said */
    uint32_t auth, sync; /* requests; answers to others are of old tries */
    bool authed, done;   /* AUTH_OK, SYNC_DONE came */
    bool resumed;        /* AUTH_OK says that the session went on */
    uint64_t rooms;      /* that SYNC_DONE announced */
    uint64_t *told;      /* ids of the rooms that SYNC_ROOM told of */
    size_t n_told, cap_told;
};

/* The connection of a link; NULL when it has ended. */
struct conn *conn_of(struct client *, const struct link *);

/* Say it on a link; a full datagram queue drops the link. */
void conn_say(struct client *, struct conn *, const struct msg *, struct now);

/* A link has ended, with a reason for people; what follows is decided here. */
void conn_drop(struct client *, struct conn *, const char *why, struct now);

/* The side connection takes the place of the main one. */
void conn_promote(struct client *);

/* Begin a side connection at a time. */
void conn_want_side(struct client *, enum transport, bool by_itself,
                    uint64_t at_us);

/* It works, and is the one: say who we are. */
void conn_greet(struct client *, struct conn *, struct now);

/* Offline until the person says otherwise. */
void conn_pause(struct client *, const char *why, struct now);

/* All rooms are told: this is the connection now. */
void conn_ready(struct client *, struct conn *, struct now);

/* Offline until then: jittered back-off, but at least min_ms. */
void conn_back_off(struct client *, uint64_t min_ms, struct now);

/* Offline, but only until the next turn. */
void conn_try_at_once(struct client *, struct now);

/* The switch came to nothing: why, or NULL when nobody needs to know. */
void conn_drop_side(struct client *, const char *why, struct now);
void conn_drop_main(struct client *, const char *why, struct now);

void conn_show(struct client *, enum link_state);

/* "TCP", "UDP" */
const char *conn_label(enum transport);

#endif
