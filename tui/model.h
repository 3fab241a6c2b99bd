/* SPDX-License-Identifier: MIT
 *
 * What the client knows: rooms and their lines, people and how they are, the
 * connection.  Messages change it (model_apply), commands change it, the view
 * only reads it.  It knows no width, no key and no socket.
 */
#ifndef TUI_MODEL_H
#define TUI_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/limits.h"
#include "shared/link.h"
#include "shared/now.h"
#include "shared/str.h"
#include "tui/goal.h"
#include "tui/history.h"
#include "tui/hits.h"
#include "tui/member.h"
#include "tui/question.h"
#include "tui/station.h"

struct msg;

struct person {
    uint64_t account;
    char *nick;      /* owned */
    unsigned state;  /* value set presence; 0 while not known */
    unsigned reason; /* value set reason */
    uint32_t rtt_ms, loss;
    uint64_t since; /* wall_ms */
    char *away;     /* what they said on going away, or NULL; owned */
};

struct room {
    uint64_t id;            /* 0 while not joined yet */
    unsigned kind;          /* value set room */
    char *name, *topic;     /* "#room" or "@nick"; owned */
    struct manner manner;   /* how it is */
    struct station station; /* ours in it */
    struct history history;
    struct member *members; /* sorted by account */
    size_t n_members, cap_members;
    uint64_t member_count; /* as the server says; above n_members when lazy */
    unsigned unread, mentions; /* lines since it was looked at last */
    uint64_t first_unread;     /* seq of the first, 0; stays while looked at */
    unsigned marked;           /* how many the line before it speaks of */
    uint64_t state_as_of, counted;  /* up to it: changes known; counted */
    uint64_t counts_from, catch_up; /* up to it: no news; missed offline */
    uint64_t read, read_us; /* seq read on any device; tell no more before */
    uint64_t unheard;       /* read, when the server has not heard of it */
    uint64_t peer;          /* direct room: the other account */
    unsigned page;          /* generation of members */
    bool members_known;     /* asked for since the last SYNC_ROOM */
    uint64_t members_after, members_last; /* the page: behind whom, to whom */
    uint64_t wait_us;    /* mono_us until which events are on their way */
    uint64_t asked;      /* the gap last asked for begins behind this seq */
    char *draft;         /* the input line kept for it; owned, or NULL */
    uint32_t request;    /* of the page waited for, 0: none */
    uint32_t page_asked; /* the newest one on its way; 0: none */
    uint32_t page_stale; /* up to this one they are of another view; page.h */
    uint64_t draft_pick; /* the line it is about, as ui.h has it */
    bool joined, wanted; /* as the server says; as we want it */
    bool introduced;     /* line mode: how it is has been said */
    bool leaving;        /* to be taken off the list when the server knows */
};

enum link_state {
    LINK_OFFLINE, /* waiting for retry_at, or for a command */
    LINK_CONNECTING,
    LINK_GREETING, /* HELLO sent, not synced yet */
    LINK_ONLINE,
    LINK_SUSPECT /* nothing heard for longer than LIMIT_LATE */
};

/* Why the connection goes over TCP although UDP would be better. */
enum path_why {
    PATH_FINE,
    PATH_BLOCKED, /* nothing came back over UDP */
    PATH_DIED     /* it did, until it went silent */
};

struct model {
    struct room **rooms; /* in the order of their numbers; owned */
    size_t n_rooms, cap_rooms;
    size_t current, previous; /* index; valid while n_rooms > 0 */
    struct person *people;    /* sorted by account */
    size_t n_people, cap_people;
    struct history news; /* notices while there is no room to show them in */

    uint64_t account; /* own; 0 before AUTH_OK */
    char *nick;       /* own; owned */
    bool away;
    uint64_t epoch, device;
    struct limits limits;

    enum link_state link;
    enum transport transport;
    enum path_why path_why; /* why this one, when there was a choice */
    char *server;           /* "host:port" as the user gave it; owned */
    uint64_t retry_at;      /* mono_us of the next try, while OFFLINE */
    char *trouble; /* why it is not online, for people; owned or NULL */
    uint32_t rtt_us, loss;
    int64_t clock_skew_ms; /* server clock minus ours */
    size_t queued;         /* commands in the outbox */
    uint64_t held_us;      /* mono_us before which slow mode takes no line */
    struct question question;
    struct hits hits; /* of the last search */
    struct goal goal; /* where the person wants to go */

    bool dirty;         /* something the view shows has changed */
    bool bell, noise;   /* of a mention or direct message; of anything */
    bool looking;       /* the terminal has the focus, as far as known */
    uint64_t typing_us; /* when somebody's typing ends next; NEVER */
    uint64_t muted_us;  /* when somebody may talk again next; NEVER */
};

/* Bounds no server can lift. */
enum { ROOMS_MAX = 256, PEOPLE_MAX = 8192, LINES_MAX = 5000 };

struct model *model_new(void);
void model_free(struct model *);

/*
 * Take a message from the server: EVENT, SYNC_ROOM, MEMBER, PRESENCE, TYPING,
 * ROOM_INFO and the rest that people can see.  What belongs to the session
 * (WELCOME, acks, errors of commands) is client's, which calls the functions
 * below.
 */
void model_apply(struct model *, const struct msg *, struct now);

/* By id, or by name ("#room", "@nick"; case folded); NULL when not known. */
struct room *model_room(struct model *, uint64_t id);
struct room *model_room_named(struct model *, struct str name);
struct room *model_current(struct model *); /* NULL when there is no room */

/* The room of that name, made when new; NULL when there are ROOMS_MAX. */
struct room *model_room_add(struct model *, struct str name);
void model_room_drop(struct model *, struct room *);

/* A room is meant by its name, so no two have the same: the one that had it is
 * "NAME:2" from now on.  The second makes a room even if there is one. */
void model_room_call(struct model *, struct room *, struct str name);
struct room *model_room_add_namesake(struct model *, struct str name);
void model_switch(struct model *, size_t index);

/* We are in it no more, as the server has it: ids and seqs of it mean nothing,
 * and what stands in it is kept. */
void model_room_left(struct room *);

/* What the message pane shows: of the current room, or news. */
struct history *model_history(struct model *);

/* For those who only look. */
const struct history *model_shown(const struct model *);
const struct room *model_here(const struct model *);
const struct person *model_who(const struct model *, uint64_t account);

struct person *model_person(struct model *, uint64_t account);
struct person *model_person_named(struct model *, struct str nick);

/* The person, made when new; NULL when there are PEOPLE_MAX. */
struct person *model_person_add(struct model *, uint64_t account,
                                struct str nick);

/* The server's time, ms since 1970, as far as it is known. */
uint64_t model_wall(const struct model *, struct now);

/* A notice in one room, or in the current one when room is NULL. */
void model_notice(struct model *, struct room *, struct now, const char *format,
                  ...) __attribute__((format(printf, 4, 5)));

/* Ask whether a key is the right one, in a notice as well. */
void model_ask(struct model *, const char *text, const struct fingerprint *,
               struct now);

/* A new epoch: ids and seqs mean nothing any more. Says so in every room. */
void model_epoch(struct model *, uint64_t epoch, struct now);

/* Own line states, for client: by cseq. */
void model_line_sent(struct model *, uint64_t cseq);
void model_line_stored(struct model *, uint64_t cseq, uint64_t room,
                       uint64_t seq, uint64_t ts);
void model_line_anew(struct model *, uint64_t cseq, uint64_t next);
void model_line_failed(struct model *, uint64_t cseq, unsigned code,
                       struct str text, struct now);

/* The server knows no more what became of it: it may be stored or not. */
void model_line_forgotten(struct model *, uint64_t cseq, struct now);

/* Whether the line has come as an event of its room. */
bool model_line_is_here(const struct model *, uint64_t cseq);

/* When the model changes by time alone (typing ends, ages), mono_us. */
uint64_t model_deadline(const struct model *);
void model_tick(struct model *, struct now);

#endif
