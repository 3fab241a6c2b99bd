/* SPDX-License-Identifier: MIT
 *
 * Inside the client: what client.c, conn.c (connections), greeting.c (who we
 * are), delivery.c (the outbox on its way) and request.c (what the person asks
 * for) share.  Nobody else includes this.
 */
#ifndef TUI_CLIENT_IMPL_H
#define TUI_CLIENT_IMPL_H

#include "shared/bucket.h"
#include "shared/error.h"
#include "shared/rng.h"
#include "shared/wire.h"
#include "tui/client.h"
#include "tui/judge.h"
#include "tui/model.h"
#include "tui/outbox.h"

/* The server's bucket, kept on our side too, so that it never has to hold us
 * back, with our heartbeats stuck behind. */
struct pace {
    struct rate rate;
    struct bucket bucket;
};

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

/* What PICK_AUTO knows of the ways; race.c. */
struct race {
    uint64_t probe_us;    /* on TCP: when UDP is tried again; NEVER */
    uint64_t returned_us; /* when it was taken again last; 0 never */
    uint64_t rebound_us;  /* UDP: when a fresh socket was asked for last */
    uint64_t fell_us;     /* UDP silent: when TCP was begun last */
    uint64_t woken_us;    /* the machine woke then: is the link alive? 0 */
    bool rebind;          /* client_rebind says so */
    bool died;            /* UDP went silent in mid-session */
    bool shunned;         /* somebody else answers the other way */
};

/* A link that has ended. */
struct dead {
    struct link *link;
    bool handed; /* to the edge */
};

/* A JOIN past the outbox, of a room that the server has forgotten. */
struct rejoin {
    uint32_t request; /* 0: has to be said, again or for the first time */
    char *room;       /* owned */
};

struct client {
    struct client_config config;
    struct model *model;
    struct outbox *outbox;
    struct rng rng;
    struct conn main, side; /* side: the next one, during a switch */
    struct dead *dead;      /* for the edge to bury */
    size_t n_dead, cap_dead;
    struct link_local local;
    struct wire_scratch *scratch;

    /* who we are */
    char nick[NAME_MAX_BYTES + 1];      /* asked for */
    unsigned nick_try;                  /* 0: the wanted one, else nick-N */
    char next_nick[NAME_MAX_BYTES + 1]; /* asked for by /nick */
    uint32_t nick_request;
    uint8_t token[NAME_MAX_BYTES];
    size_t token_len;
    char *away; /* what was said on going away; NULL: not away */

    /* trying again */
    enum pick old_pick;  /* before the switch that is under way */
    char first_why[512]; /* PICK_AUTO: why the first of two came to nothing */
    unsigned failures;   /* in a row */
    struct race race;
    uint64_t online_us; /* since when; 0 while not */
    uint64_t heard_ms;  /* wall clock when something came last; 0 never */
    struct now last;    /* of the last tick */
    unsigned replaced;  /* how often lately our place was taken */
    bool slept;         /* the machine, since we were online */
    bool paused;        /* by /disconnect, or replaced */
    bool leaving;       /* BYE was said */
    bool was_online;

    /* the outbox on its way */
    size_t flying;      /* entries at its front given to main, not answered */
    uint32_t flight;    /* grows with every resend: answers to older are old */
    uint64_t resend_us; /* not before */
    uint64_t pump_us;   /* when the pace allows more; NEVER */
    struct pace commands, bytes, queries;
    struct rejoin *rejoins; /* not answered yet */
    size_t n_rejoins, cap_rejoins;
    uint64_t rejoin_us; /* not said again before */
    bool disk_trouble;  /* said once */
    uint64_t refused;
    char refusal[512]; /* the first one */

    uint32_t request; /* last one given */
    uint32_t tail_request;
    uint64_t tail_us; /* when the follower may ask again */

    int fatal; /* sysexits, 0 none */
    char why[JUDGE_TEXT];
    char broken[256]; /* why a handshake came to nothing */
};

/* Requests of outbox commands have this bit, and the flight below it. */
enum { FLIGHT_BIT = 0x40000000 };

/* ---- client.c ---- */

uint32_t client_request(struct client *);

/* End for good. */
void client_die(struct client *, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- conn.c ---- */

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

/* ---- race.c ---- */

/* A connection is to be opened, and the choice is ours. */
void race_begin(struct client *, struct now);

/* A connection works both ways: greet, or wait for the other one. */
void race_proved(struct client *, struct conn *, struct now);

/* Somebody whom we do not trust answered beside the main connection. */
void race_shun(struct client *, struct now);

/* All rooms are told over this one. */
void race_won(struct client *, enum transport, struct now);

/* The main connection has been silent for so long, microseconds. */
void race_silence(struct client *, uint64_t silent, struct now);

/* The machine was asleep; false: the connection is not worth a try. */
bool race_wake(struct client *, struct now);

void race_tick(struct client *, struct now);
uint64_t race_deadline(const struct client *);

/* ---- meeting.c ---- */

/* Bytes came: is the handshake over, and is this the server we trust? */
void meeting_check(struct client *, struct conn *, struct now);

/* ---- greeting.c ---- */

/* HELLO alone, once: over datagrams in clear text, to be answered. */
void greeting_hail(struct client *, struct conn *, struct now);
void greeting_say(struct client *, struct conn *, struct now);
void greeting_welcome(struct client *, struct conn *,
                      const struct msg_welcome *, struct now);
void greeting_auth_ok(struct client *, struct conn *,
                      const struct msg_auth_ok *);
void greeting_error(struct client *, struct conn *, const struct msg_error *,
                    struct now);
void greeting_sync_room(struct client *, struct conn *, const struct msg *,
                        struct now);
void greeting_sync_done(struct client *, struct conn *,
                        const struct msg_sync_done *, struct now);
void greeting_bye(struct client *, struct conn *, const struct msg_bye *,
                  struct now);

/* ---- delivery.c ---- */

/* The link is another one: nothing that was asked over the old will come. */
void delivery_rewind(struct client *);
void delivery_pump(struct client *, struct now);
void delivery_ack(struct client *, const struct msg_send_ack *, struct now);
void delivery_error(struct client *, const struct msg *, struct now);
void delivery_rejoin(struct client *);

/* Rooms that we are in again need no waiting for. */
void delivery_settle(struct client *);

/* An answer to a request that was a rejoin; true when it was one. */
bool delivery_rejoined(struct client *, const struct msg *, struct now);
void delivery_forget(struct client *);

/* ---- request.c ---- */

/* Whether a JOIN of the room is in the outbox, and no PART behind it. */
bool request_is_queued(struct client *, const char *room);

/* An answer to a request; ERROR or OK. */
void request_answered(struct client *, const struct msg *, struct now);
void request_away(struct client *, struct now);

/* Let the follower ask for what it misses. */
void request_tail(struct client *, struct now);

#endif
