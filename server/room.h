/* SPDX-License-Identifier: MIT
 *
 * A room: its members, its topic, and the numbers it gives to events.  Every
 * fact that the store must confirm exists twice: as it is (head_stored, in)
 * and as it will be when all that is on its way has been stored (head, will).
 * When a batch fails the second falls back to the first.
 */
#ifndef SERVER_ROOM_H
#define SERVER_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/list.h"
#include "server/sanction.h"
#include "shared/now.h"
#include "shared/str.h"

struct account;
struct env;
struct event;
struct msg_event;
struct room;

struct member {
    struct room *room;
    struct account *account;
    bool in, will;
    uint64_t read;    /* seq up to which it has read; 0: not known */
    unsigned role;    /* value set role */
    uint64_t said_us; /* when they said something last, for slow mode */
};

/* How a public room is. */
struct rules {
    unsigned access;   /* value set access */
    bool topic_locked; /* only moderators set it */
    uint64_t slow_s;   /* between two lines of somebody; 0: nothing */
    uint64_t most;     /* members; 0: as many as the server takes */
    char *key;         /* word that opens it, or NULL; owned */
    struct sanctions sanctions;
    uint64_t *guests; /* accounts invited; owned */
    size_t n_guests, cap_guests;
};

/* An id and a seq make one number in the store. */
#define ROOM_ID_MAX    INT32_MAX
#define ROOM_LINES_MAX (UINT32_MAX - (1u << 24)) /* left: joins and parts */

/* One side of a direct room; the name outlives the account. */
struct side {
    uint64_t account;
    char *nick; /* owned */
};

struct room {
    struct list empty; /* first; in a list of world while nobody is in it */
    uint64_t id;
    unsigned kind;        /* value set room */
    char *name, *folded;  /* owned; a direct room has only folded, its key */
    char *topic;          /* owned, may be NULL */
    struct side sides[2]; /* of a direct room */
    uint64_t head, head_stored;
    uint64_t ts;      /* of the last event: time does not fall in a room */
    uint64_t changed; /* env->published when it changed last */
    struct member **members; /* by account id; owned */
    size_t n_members, cap_members;
    size_t n_in;    /* of them: those who are in */
    bool recorded;  /* it is in the store, or on its way there */
    size_t barring; /* operations on their way that keep somebody out */
    struct rules rules;
};

struct room *room_new(uint64_t id, unsigned kind, struct str name,
                      struct str folded);
void room_free(struct room *); /* has no members */

/* ---- members ---- */

/* NULL: the account has nothing to do with this room. */
struct member *room_member(const struct room *, uint64_t account);

/* The first member whose account id is greater; n_members: there is none. */
size_t room_member_after(const struct room *, uint64_t account);

/* The entry of an account, added when it is not there: not in, will not be. */
struct member *room_admit(struct room *, struct account *);

/* Make it so; an entry that neither is nor will be in is freed. */
void room_settle(struct member *, bool in);

/* What was on its way failed; the entry may be freed. */
void room_revert(struct member *);

/* Where a room of the account stands in its list; n_rooms: nowhere. */
size_t account_room(const struct account *, uint64_t room);

/* ---- rules ---- */

bool room_is_guest(const struct room *, uint64_t account);

/* Invited, or no longer: they have come, or were thrown out. */
void room_set_guest(struct room *, uint64_t account, bool invited);

/* Whether somebody who is not in it may know that it is there. */
bool room_is_secret(const struct room *);

/* Until when somebody may only listen, ms since 1970, maybe in the past; 1:
 * until that is lifted; 0: they may talk. */
uint64_t room_muted_until(const struct room *, uint64_t account);

/* ---- events ---- */

/*
 * Give a draft its room, number and time, and encode it.  The number is spent
 * until room_fall_back.
 */
struct event *room_event(struct room *, struct msg_event *draft, struct now);

/* A batch failed: numbers that were not stored are free again. */
void room_fall_back(struct room *);

/* It is stored: one reference into the queue of every member's session. */
void room_publish(struct room *, struct event *, struct env *);

/* Something about it changed without an event: laggards must hear of it. */
void room_touch(struct room *, struct env *);

void room_set_topic(struct room *, struct str topic);

/* The other side of a direct room. */
struct side *room_other(struct room *, uint64_t account);

/* What the side that is the account is called. */
void room_name_side(struct room *, uint64_t account, struct str nick);

/* Presence and typing are told in it. */
bool room_is_small(const struct room *, const struct env *);

#endif
