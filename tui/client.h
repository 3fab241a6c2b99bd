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
#include "tui/client_order.h"

struct client;
struct model;
struct outbox;
struct secure_base;
struct tail;
struct trust;

enum pick { PICK_TCP, PICK_UDP, PICK_AUTO }; /* --transport */

struct client_config {
    const char *nick; /* wanted; copied */
    bool nick_given;  /* by the user: say so loudly when it is taken */
    bool nick_strict; /* taken: end with an error (--send) */
    bool once;   /* end with an error when the first try to connect fails, or
                    a line cannot be kept */
    bool silent; /* events and own lines do not go into the model */
    enum pick pick;
    uint64_t seed;     /* jitter, connection ids; not to be guessed */
    struct str token;  /* of an earlier session, or empty; copied */
    const char *code;  /* one-time, or NULL; borrowed for ever */
    char *secret;      /* password, or NULL; borrowed, wiped when it was used */
    const char *label; /* what this machine is called; borrowed */
    unsigned tail;     /* last lines wanted of a room without cursor */
    const char *home;  /* room to enter when none is known, or NULL; borrowed */
    const char *lang;  /* language of the person, or NULL; borrowed */
    struct tail
        *follow; /* gets one room's events in order, or NULL; borrowed */
    struct secure_base *secure; /* NULL: clear text; borrowed */
    struct trust *trust;        /* judges servers; NULL with secure; borrowed */
    const char *host;     /* name that a certificate must be for; borrowed */
    const char *datagram; /* UDP as "host:port", or NULL; borrowed */
};

/* Borrows model and outbox for its life; the device is the outbox's. */
struct client *client_new(const struct client_config *, struct model *,
                          struct outbox *);
void client_free(struct client *);

/* ---- the edge ---- */

/*
 * Whether a connection should be opened now, and over what; ask until it says
 * no, since both transports may be tried at once.
 *   returns  true once per attempt; answer with client_opened or client_failed
 */
bool client_want(struct client *, enum transport *, struct now);

/*
 * A datagram link that should go on through a fresh socket, since nothing comes
 * through the one it has; that one is still to be read for a while.  NULL when
 * there is none.
 */
struct link *client_rebind(struct client *);

/*
 * The socket is there (a datagram one needs no answer).
 *   returns  its link, borrowed; NULL when it is no longer wanted: close it
 */
struct link *client_opened(struct client *, enum transport, struct now);

/*
 * It could not be opened over a transport.
 *   code     of sysexits: EX_NOHOST, EX_UNAVAILABLE ...
 *   why      for people
 */
void client_failed(struct client *, enum transport, int code, const char *why,
                   struct now);

/*
 * Bytes for a link; handles whole frames.
 *   returns  false: read no more from this socket, client_dead has the link
 */
bool client_feed(struct client *, struct link *, struct str bytes, struct now);

/* The socket of a link broke or was closed by the server. */
void client_lost(struct client *, struct link *, const char *why, struct now);

/*
 * A link that has been replaced or given up: flush what it has, close its
 * socket, then client_buried.  NULL when there is none.
 */
struct link *client_dead(struct client *);
void client_buried(struct client *, struct link *);

/*
 * Once per turn: what was typed goes on disk, then out; timers.  When it must
 * be called at the latest is client_deadline, mono_us.
 */
void client_tick(struct client *, struct now);
uint64_t client_deadline(const struct client *);

/* ---- the person ---- */

/*
 * Say something in a room; queued on disk first, shown at once.
 *   kind     value set event: MESSAGE or ACTION
 *   returns  its cseq
 */
uint64_t client_say(struct client *, struct str room, unsigned kind,
                    struct str text, struct now);
void client_join(struct client *, struct str name, struct now);
void client_part(struct client *, struct str name, struct str why, struct now);
void client_topic(struct client *, struct str room, struct str topic,
                  struct now);
void client_nick(struct client *, struct str nick, struct now);
void client_away(struct client *, bool away, struct str text, struct now);
void client_typing(struct client *, struct str room, bool active, struct now);

/* Ask for events, a page of members, rooms; answers arrive in the model. */
void client_history(struct client *, struct str room, unsigned mode,
                    uint64_t seq, unsigned limit, struct now);
void client_members(struct client *, struct str room, struct now);
/* Ask for what is around the model's goal; with `again`, from it on. */
void client_goal(struct client *, struct str room, struct now);
/* Ask for what the model's hits say; the next page when they go on. */
void client_search(struct client *, struct now);
void client_rooms(struct client *, struct now);

/* /transport: switch now, same session; PICK_AUTO chooses. */
void client_pick(struct client *, enum pick, struct now);
enum pick client_picked(const struct client *);

/*
 * The person's answer to the model's question about the server's key: yes
 * keeps it and connects, no stays away.
 */
void client_trust_answer(struct client *, bool yes, struct now);

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

/* The second link during a transport switch, for the edge; NULL else. */
struct link *client_side_link(struct client *);

/* Commands that may be given to client_say before they pile up. */
bool client_has_room(const struct client *);

/* Whether everything said is stored by the server, and a password set. */
bool client_is_done(const struct client *);

/*
 * How many of the own commands the server has refused for good.
 *   why      gets the first reason, for people
 */
uint64_t client_refused(const struct client *, const char **why);

/* The token of the current session, to be kept on disk; empty while none, or
 * when it belongs to a name that was not the one wanted. */
struct str client_token(const struct client *);

#endif
