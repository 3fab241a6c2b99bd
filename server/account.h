/* SPDX-License-Identifier: MIT
 *
 * Somebody: a name, a token to come back with, devices, rooms, and how they
 * are.  An account outlives its connections.
 */
#ifndef SERVER_ACCOUNT_H
#define SERVER_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/credential.h"
#include "server/list.h"
#include "shared/bounds.h"
#include "shared/bucket.h"
#include "shared/secure_hash.h"
#include "shared/str.h"
#include "shared/wire.h"

struct member;
struct session;

/*
 * Hashes of the tokens by which a program of a bound account comes back: the
 * last one it used, and the next, told but not used yet.  Empty: none.
 */
struct resume {
    char used[SECURE_HASH_TEXT], next[SECURE_HASH_TEXT];
};

/*
 * One client program of an account, and its counter of commands.  Between
 * `stored` and `taken` lie the commands that the store has not confirmed.
 */
struct device {
    uint64_t id;
    uint64_t stored, taken;
    struct session *session; /* NULL: not connected */
    uint64_t used;           /* when it connected last, for eviction */
    struct account *account;
    struct resume resume;
};

/* Stored: append only. */
enum rank { RANK_USER, RANK_ADMIN };

/* A name in its two forms. */
struct name {
    char *shown, *folded; /* owned; NULL: none */
};

struct account {
    struct list absent;    /* first; in a list of world while without session */
    struct list uncounted; /* in a list of world; see reading.h */
    bool counting;         /* what is unread, in one of its rooms */
    uint64_t id;
    struct name nick;
    struct name nick_next;    /* a change on its way through the store */
    uint8_t token[TOKEN_LEN]; /* known since it was last shown */
    char token_hash[SECURE_HASH_TEXT]; /* of a guest; else empty */
    struct credentials credentials;    /* none: a guest */
    enum rank rank;
    char *secret;  /* its password as hasher.h encodes it, or NULL; owned */
    bool unproved; /* what it proves itself by is to be stored again */
    struct device **devices; /* owned */
    size_t n_devices, cap_devices;
    struct session **sessions; /* READY ones */
    size_t n_sessions, cap_sessions;
    uint64_t partings;     /* rooms it has ever left */
    struct member **rooms; /* by room id */
    size_t n_rooms, cap_rooms;
    struct bucket sends;
    size_t on_way;      /* operations the store has not confirmed */
    uint64_t absent_us; /* since when, while without session */
    bool dying;         /* leaving its rooms, then freed */
    bool recorded;      /* it is in the store, or on its way there */
    bool has_acted;     /* something of it, and so its device, became known */

    bool away; /* said so */
    char *away_text;
    struct rec_presence is, told; /* how they are; what others know */
    bool changed;                 /* waits to be told */
    bool news;                    /* to be told even if it looks the same */
    uint64_t told_us;
    uint64_t visit; /* mark of the last walk over people that met it */
};

struct account *account_new(uint64_t id, struct str nick, struct str folded);
void account_free(struct account *); /* is in no room and has no session */

/* It is somebody's who can prove it, and not only a guest's. */
bool account_is_bound(const struct account *);

/* Whether a session has proved a key that opens it. */
bool account_opens(const struct account *, const struct session *);

/* It is not forgotten, however long nobody comes. */
bool account_is_kept(const struct account *);

/* The name that is, or will be when the store has confirmed it. */
struct str account_nick(const struct account *);

/* NULL: it has no such device. */
struct device *account_device(const struct account *, uint64_t id);

/* The one that would make room for another; NULL: none has to, or can. */
struct device *account_spare_device(const struct account *);

/*
 * Add a device, at counter `stored`.
 *   evicted  gets the id of the one that made room for it, or 0
 *   returns  NULL when all DEVICES_MAX are connected or have commands on
 *            their way
 */
struct device *account_add_device(struct account *, uint64_t id,
                                  uint64_t stored, uint64_t *evicted);

void account_attach(struct account *, struct session *);
void account_detach(struct account *, struct session *);

/* What was said on going away; empty text clears it. */
void account_set_away(struct account *, bool away, struct str text);

enum { DEVICES_MAX = 64 }; /* remembered of one account */

void name_set(struct name *, struct str shown, struct str folded);
void name_clear(struct name *);

#endif
