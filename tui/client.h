/* SPDX-License-Identifier: MIT
 *
 * Our end of the conversation, sans-I/O: greeting, resume, the outbox, acks,
 * transport switch, reconnect with back-off.  The edge (net) opens sockets when
 * client_want says so, and carries bytes between them and the links here.
 */
#ifndef TUI_CLIENT_H
#define TUI_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/link.h"
#include "shared/now.h"
#include "shared/str.h"

struct client;
struct model;
struct outbox;

enum pick { PICK_TCP, PICK_UDP, PICK_AUTO }; /* --transport */

struct client_config {
    const char *nick;    /* wanted */
    bool nick_given;     /* by the user: say so loudly when it is taken */
    bool nick_strict;    /* taken: end with an error (--send) */
    enum pick pick;
    uint64_t device;     /* random, kept on disk, one per running client */
    uint64_t seed;       /* jitter */
    struct str token;    /* of an earlier session, or empty */
    unsigned tail;       /* last lines wanted of a room without cursor */
};

/* Borrows model and outbox for its life. */
struct client *client_new(const struct client_config *, struct model *,
                          struct outbox *);
void client_free(struct client *);

/* ---- the edge ---- */

/*
 * Whether a connection should be opened now, and over what.
 *   returns  true once per attempt; answer with client_opened or client_failed
 */
bool client_want(struct client *, enum transport *, struct now);

/* The socket is there (a datagram one needs no answer); its link, borrowed. */
struct link *client_opened(struct client *, enum transport, struct now);

/* It could not be opened: why, for people. */
void client_failed(struct client *, const char *why, struct now);

/* Bytes for a link; handles whole frames. false: drop the socket. */
bool client_feed(struct client *, struct link *, struct str bytes, struct now);

/* The socket of a link broke or was closed by the server. */
void client_lost(struct client *, struct link *, const char *why, struct now);

/*
 * A link that has been replaced or given up: flush what it has, close its
 * socket, then client_buried.  NULL when there is none.
 */
struct link *client_dead(struct client *);
void client_buried(struct client *, struct link *);

uint64_t client_deadline(const struct client *);
void client_tick(struct client *, struct now);

/* ---- the person ---- */

/*
 * Say something in a room; queued on disk first, shown at once.
 *   kind     value set event: MESSAGE or ACTION
 *   returns  its cseq
 */
uint64_t client_say(struct client *, struct str room, unsigned kind,
                    struct str text, struct now);
void client_join(struct client *, struct str room, struct now);
void client_part(struct client *, struct str room, struct str why, struct now);
void client_topic(struct client *, struct str room, struct str topic,
                  struct now);
void client_nick(struct client *, struct str nick, struct now);
void client_away(struct client *, bool away, struct str text, struct now);
void client_typing(struct client *, struct str room, bool active, struct now);

/* Ask for events, members, rooms; answers arrive in the model. */
void client_history(struct client *, struct str room, unsigned mode,
                    uint64_t seq, unsigned limit, struct now);
void client_members(struct client *, struct str room, struct now);
void client_rooms(struct client *, struct now);

/* /transport: switch now, same session; PICK_AUTO chooses. */
void client_pick(struct client *, enum pick, struct now);
enum pick client_picked(const struct client *);

void client_reconnect(struct client *, struct now);
void client_disconnect(struct client *, struct now);

/* Say BYE; the edge flushes and exits.  reason: value set reason. */
void client_bye(struct client *, unsigned reason, struct str text, struct now);

/* For the heartbeats: seconds since a key, seconds the screen is stuck. */
void client_local(struct client *, struct link_local);

/* A final failure (exit code of sysexits, text); false while there is none. */
bool client_fatal(const struct client *, int *code, const char **why);

/* The current link, for /stats; NULL while there is none. */
struct link *client_link(struct client *);

/* The token of the current session, to be kept on disk. */
struct str client_token(const struct client *);

#endif
