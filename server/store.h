/* SPDX-License-Identifier: MIT
 *
 * What outlives a turn: the log of every room, and of every device the last
 * command stored.  The store writes in batches: store_put adds to the open
 * one, store_commit sends it off at the end of the turn, and when it is durable
 * store_written hands it back.  Nothing is told to anybody before that.  A
 * batch that fails takes everything behind it with it, so a number once given
 * is either in the log or given again.
 *
 * Calls never block and come from one thread.  This store keeps everything in
 * memory; one that writes to a disk has the same face.
 */
#ifndef SERVER_STORE_H
#define SERVER_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/str.h"

struct event;
struct store;

struct store_config {
    uint64_t room_events; /* events kept of a room */
    uint64_t queue;       /* operations waiting at most */
};

struct store *store_new(const struct store_config *, const uint64_t secret[2]);
void store_free(struct store *);
void store_configure(struct store *, const struct store_config *);

/* ---- writing ---- */

/* What else changes in the same transaction. */
enum effect {
    EFFECT_NONE,   /* nothing: a line, or a command refused for good */
    EFFECT_SHOW,   /* nothing: the room is told again to who asked */
    EFFECT_ENTER,  /* the account is a member of the room */
    EFFECT_LEAVE,  /* it is no longer */
    EFFECT_OPEN,   /* direct room: both are members */
    EFFECT_TOPIC,  /* the room's topic is `text` */
    EFFECT_RENAME, /* the account's name is `text` */
};

/* One command of a client, or one act of the server. */
struct store_op {
    struct event *event; /* owned; NULL: nothing to tell the members */
    enum effect effect;
    uint64_t account;      /* whose command, or about whom */
    uint64_t device, cseq; /* its counter moves to cseq; 0: no counter */
    uint64_t room;         /* 0: none */
    unsigned error;        /* the command is refused for good with this */
    uint32_t request;      /* copied into the answer */
    uint64_t session;      /* who gets the answer when there is no device */
    char *text;            /* owned, may be NULL */
};

/* Whether n operations fit now. */
bool store_has_room(const struct store *, size_t n);

/* Add to the open batch, which must have room; owns the op's event and text. */
void store_put(struct store *, const struct store_op *);

/* Send the open batch off, if there is anything in it. */
void store_commit(struct store *);

struct store_batch {
    struct store_op *ops; /* in the order they were put */
    size_t n;
    int error; /* 0: durable; else a negative error code: none is */
};

/*
 * The next finished batch; good until store_release, which must come next.
 * A failed one holds all that was on its way behind it as well.
 */
bool store_written(struct store *, struct store_batch *);
void store_release(struct store *, struct store_batch *);

/* ---- reading ---- */

/* How many refused commands are remembered of a device. */
enum { REFUSED_MAX = 8 };

/* What is stored of a device. */
struct store_device {
    uint64_t last_cseq;

    struct {
        uint64_t cseq;
        unsigned error;
    } refused[REFUSED_MAX]; /* the last ones, in a ring by cseq */
};

/* NULL: not known. Good until the next store_written. */
const struct store_device *store_device(const struct store *, uint64_t account,
                                        uint64_t device);

/* The account is forgotten, and this device of it. */
void store_forget(struct store *, uint64_t account, uint64_t device);

/* The room is forgotten, with its log. */
void store_drop(struct store *, uint64_t room);

/* The oldest seq kept of a room; 0 when it has no events. */
uint64_t store_first(const struct store *, uint64_t room);

/*
 * An event that is at hand without waiting: of the last store_recent_max of
 * its room.  Borrowed until the next store_written.  NULL: ask for it.
 */
struct event *store_recent(const struct store *, uint64_t room, uint64_t seq);

/* A page of a room, or the place of one command in it. */
struct store_query {
    uint64_t room, lo, hi; /* seqs wanted, both included */
    size_t bytes;          /* of frames, at most; at least one event comes */
    bool backward;         /* when bytes run out keep the last ones */
    uint64_t account, device, cseq; /* device not 0: find only this one */
    uint64_t session;               /* of the asker, and its request, copied */
    uint32_t request;
};

struct store_answer {
    struct store_query query;
    struct event **events; /* in order; n of them */
    size_t n;
};

/* Ask; false when too much is being asked already. */
bool store_ask(struct store *, const struct store_query *);

/* The next answer, in the order of asking; store_thank must come next. */
bool store_answered(struct store *, struct store_answer *);
void store_thank(struct store *, struct store_answer *);

/* Whether anything can be had from store_written or store_answered. */
bool store_is_ready(const struct store *);

/* ---- for tests ---- */

/* Let the nth commit from now on fail; 0: none. */
void store_fail(struct store *, unsigned nth);

/* Keep batches on their way until it is called again with false. */
void store_pause(struct store *, bool);

#endif
