/* SPDX-License-Identifier: MIT
 *
 * Inside the client: what its parts share.  client.c, conn.c (connections),
 * race.c (which way), meeting.c (whether we trust the server), greeting.c (who
 * we are), enrol.c (which keys are ours), order.c (keeping order), delivery.c
 * (the outbox on its way), enter.c (the rooms we are in), request.c (what the
 * person asks for).  Nobody else includes this.
 */
#ifndef TUI_CLIENT_IMPL_H
#define TUI_CLIENT_IMPL_H

#include "shared/bucket.h"
#include "shared/error.h"
#include "shared/rng.h"
#include "shared/wire.h"
#include "tui/about.h"
#include "tui/client.h"
#include "tui/conn.h"
#include "tui/enter.h"
#include "tui/judge.h"
#include "tui/model.h"
#include "tui/outbox.h"
#include "tui/race.h"

/* The server's bucket, kept on our side too, so that it never has to hold us
 * back, with our heartbeats stuck behind. */
struct pace {
    struct rate rate;
    struct bucket bucket;
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
    char next_nick[NAME_MAX_BYTES + 1]; /* by /nick, not answered; or "" */
    uint32_t nick_request;
    uint32_t password_request;
    unsigned password_answer;
    uint8_t token[NAME_MAX_BYTES];
    size_t token_len;
    bool bound;    /* the name is ours for good */
    char code[64]; /* one-time, to be shown once; empty: none */
    char *away;    /* what was said on going away; NULL: not away */

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
    bool disk_trouble;  /* nothing new is sent; said once */
    uint64_t refused;
    char refusal[512]; /* the first one */

    uint32_t request; /* last one given */
    uint32_t tail_request;
    uint64_t tail_us; /* when the follower may ask again */
    int fatal;        /* sysexits, 0 none */
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

/* ---- enrol.c ---- */

void enrol_device(struct client *, const struct msg_device *, struct now);
void enrol_code(struct client *, const struct msg_code *, struct now);

/* We are in: what proved it is of no more use. */
void enrol_done(struct client *);

/*
 * The greeting was refused because of what we proved ourselves by; true: it is
 * to be tried without.
 */
bool enrol_refused(struct client *, const struct msg_error *, struct now);

/* ---- order.c ---- */

/* The message of an ENTRY_ORDER. */
void order_fill(const struct entry *, uint64_t room, struct msg *);
void order_sanctioned(struct client *, const struct msg_sanctioned *,
                      struct now);
void order_version(struct client *, const struct msg_version *, struct now);
void order_invited(struct client *, const struct msg_invited *, struct now);

/* ---- delivery.c ---- */

/* The link is another one: nothing that was asked over the old will come. */
void delivery_rewind(struct client *);
void delivery_pump(struct client *, struct now);

/* The room that an entry is for; NULL when it is not known. */
struct room *delivery_room(struct client *, const struct entry *);
void delivery_ack(struct client *, const struct msg_send_ack *, struct now);
void delivery_error(struct client *, const struct msg *, struct now);

/* When to try again after an error, mono_us; 0: the server does not say. */
uint64_t delivery_retry_at(uint64_t retry_ms, struct now);

/* ---- request.c ---- */

/* Put a command into the outbox; returns its cseq. */
uint64_t request_queue(struct client *, enum entry_kind, unsigned event,
                       const struct about *, struct str text, struct now);

/* Whether the last JOIN or PART of the room in the outbox is of that kind. */
bool request_is_queued(struct client *, const struct room *, enum entry_kind);

/* An answer to a request; ERROR or OK. */
void request_answered(struct client *, const struct msg *, struct now);
void request_away(struct client *, struct now);

/* Ask for the name that is wanted, if it is another one. */
void request_nick(struct client *, struct now);

/* Let the follower ask for what it misses. */
void request_tail(struct client *, struct now);

/* Say again what has been read, where that was lost with a link. */
void request_reads(struct client *, struct now);

#endif
