/* SPDX-License-Identifier: MIT
 *
 * What exists: sessions, accounts, rooms, and the ways to find them.  It makes
 * and destroys; what they do to each other is not its business.
 */
#ifndef SERVER_WORLD_H
#define SERVER_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/account.h"
#include "server/codes.h"
#include "server/env.h"
#include "server/errand.h"
#include "server/gate.h"
#include "server/list.h"
#include "server/map.h"
#include "server/policy.h"
#include "server/retain.h"
#include "server/room.h"
#include "server/session.h"
#include "server/throttle.h"
#include "server/touched.h"
#include "shared/wire.h"

struct hasher;
struct search;
struct store;
struct store_config;

struct world_config {
    struct limits limits;
    struct log log;
    const char *name; /* of the server, borrowed for ever */
    /* Owned by the world from then on; NULL: one in memory. */
    struct store *store;
    struct search *search; /* owned as well; NULL: there is none */
    /* Secret bytes from the system; must not block. */
    void (*random)(void *ctx, uint8_t *out, size_t len);
    void *random_ctx;
    bool threads; /* for what takes long; else it is done at once */
    /* Whose login name on this machine it is; NULL: there are none. */
    bool (*login)(const char *name, uint32_t *uid);
};

struct world {
    struct env env;
    struct world_config config;
    struct store *store;   /* owned */
    struct search *search; /* owned; NULL: nothing can be searched */
    uint64_t epoch;
    struct gate gate;
    struct map sessions;     /* by id */
    struct map accounts;     /* by id */
    struct map names;        /* accounts by folded nick */
    struct map tokens;       /* guests by the hash of their token */
    struct map resumes;      /* devices of the others by those of theirs */
    struct map rooms;        /* by id */
    struct map doors;        /* rooms by folded name or key */
    struct room **directory; /* public rooms by folded name */
    size_t n_directory, cap_directory;
    struct list absent;    /* accounts without session, longest first */
    struct list dying;     /* accounts that leave their rooms */
    struct list empty;     /* rooms without members, longest first */
    struct list uncounted; /* accounts that wait for a count */
    size_t counting;       /* counts under way */
    struct retain retain;
    struct policy policy;
    struct hasher *hasher; /* owned */
    struct codes codes;
    struct throttle throttle;
    struct touched touched;
    struct errand errand;
    struct sanctions sanctions; /* of the whole server */
    uint64_t n_bound;           /* accounts that are somebody's */
    uint64_t last_session, last_account, last_room;
    uint64_t *changed; /* accounts whose presence is to be told */
    size_t n_changed, cap_changed;
    uint64_t tell_at_us; /* when; NEVER while there are none */
    uint64_t visit;      /* last mark given to a walk, see account.h */

    const char *trouble;         /* of the store, as logged; NULL: none */
    struct wire_scratch scratch; /* of the message in hand */
};

struct world *world_new(const struct world_config *);
void world_free(struct world *);

/* Take new limits. */
void world_configure(struct world *, const struct limits *);

/* What limits say to the store; the rest of it is zero. */
struct store_config world_store_config(const struct limits *);

/* ---- accounts ---- */

struct account *world_account(const struct world *, uint64_t id);
struct account *world_account_named(const struct world *, struct str nick);
struct account *world_account_of(const struct world *, struct str token);

/* The device that a token was given to; NULL: to none, or it was replaced. */
struct device *world_device_of(const struct world *, struct str token);

/*
 * Give a device of a bound account a token to come back with: until that has
 * been used the one it came with stays good as well.
 *   shown    the one it came with, or empty
 *   out      TOKEN_LEN bytes: the new one
 */
void world_give_token(struct world *, struct device *, struct str shown,
                      uint8_t *out);

/* The hashes of a device's tokens as they were stored; empty: none. */
void world_take_tokens(struct world *, struct device *, struct str used,
                       struct str next);

/*
 * The account is whose key this is, from now on.  The first on a new server
 * becomes its admin.
 *   returns  false when it has too many keys
 */
bool world_bind(struct world *, struct account *, const struct fingerprint *key,
                struct str label, struct now);

/* The key was seen, or has changed: tell the store. */
void world_put_key(struct world *, struct account *, const struct credential *);

/* A device of the account is no more: nobody comes back as it. */
void world_forget_device(struct world *, const struct device *);

/*
 * A new guest.
 *   nick     in stored form, borrowed
 *   error    why not, when NULL is returned: NAME_TAKEN, LIMIT
 * A name whose owner has been absent for LIMIT_RESUME is taken from them.
 */
struct account *world_add_account(struct world *, struct str nick,
                                  enum err *error, struct now);

/* Reserve a new name; 0 or NAME_TAKEN. world_renamed makes it so, or not. */
enum err world_rename(struct world *, struct account *, struct str nick,
                      struct now);
void world_renamed(struct world *, struct account *, bool done);

/* Nobody is connected to it any more. */
void world_absent(struct world *, struct account *, struct now);

/*
 * Forget who has been absent too long, and go on with those who are leaving
 * their rooms.  returns when to be called again, mono_us
 * Dismiss: forget this one, unless it has a session; until it is not known.
 */
uint64_t world_reap(struct world *, struct now);
void world_dismiss(struct world *, struct account *, struct now);

/* ---- rooms ---- */

struct room *world_room(const struct world *, uint64_t id);

/* A public room by its name in any case. */
struct room *world_room_named(const struct world *, struct str name);

/* A new public room; NULL when there are too many. name in stored form. */
struct room *world_add_room(struct world *, struct str name);

/* Take a room that was made elsewhere; false: its name is taken. */
bool world_take_room(struct world *, struct room *);

/* The direct room of two accounts, made when there is none; NULL: too many. */
struct room *world_direct(struct world *, const struct account *,
                          const struct account *);

/* The first public room whose folded name is greater; n_directory: none. */
size_t world_directory_after(const struct world *, struct str folded);

/* The same for an account, recorded, absent from now on. */
bool world_take_account(struct world *, struct account *, struct now);

/* After members left: keep it among the empty ones when it is empty. */
void world_note_empty(struct world *, struct room *);

/* ---- the store ---- */

/*
 * Put an operation, and before it what the store has not been told of its
 * account and room.  It counts as on its way for its account.
 */
void world_put(struct world *, const struct store_op *);

/* Whether it keeps somebody out of a room, which counts those on their way. */
bool world_bars(const struct store_op *);

/* What an operation that failed said of account or room is to be said again. */
void world_unrecord(struct world *, const struct store_op *);

#endif
