/* SPDX-License-Identifier: MIT
 *
 * One connection: its link, how far its greeting has come, who it is, and how
 * its reader keeps up.  A session never closes itself in the middle of
 * something: it asks for attention, and the hub decides.
 */
#ifndef SERVER_SESSION_H
#define SERVER_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/heap.h"
#include "server/list.h"
#include "shared/bucket.h"
#include "shared/error.h"
#include "shared/link.h"
#include "shared/now.h"
#include "shared/path.h"

/* Who came over a Unix socket, as the system says. */
struct local {
    uint32_t uid;
    char login[64]; /* the name of that user */
};

struct account;
struct device;
struct env;
struct event;
struct frame;
struct msg;

enum session_state {
    SESSION_NEW,     /* nothing said yet */
    SESSION_GREETED, /* HELLO done */
    SESSION_READY,   /* AUTH done: it has an account */
    SESSION_DORMANT, /* datagram: silent, but it may go on, see doze.h */
    SESSION_CLOSING, /* BYE said or heard: output drains */
    SESSION_DEAD     /* the edge is to close and bury it */
};

/* A message that a parked command is about, once it has been read. */
struct sought {
    uint64_t room, seq, changes; /* changes: as store_changes then */
    struct event *event;         /* NULL: there is none; a reference */
    bool known, reacted;
    int error;
};

struct session {
    struct timer timer;   /* first: a timer is its session */
    struct list stranger; /* datagram, greeting: in a list of the hub */
    struct env *env;
    struct link *link; /* owned */
    void *edge;        /* the edge's own; never looked at here */
    uint64_t id;
    uint64_t ids[2]; /* datagram: connection ids; 1: told, not used yet; 0 */
    char place[PLACE_MAX]; /* datagram: address by which it is still found */
    size_t place_len;      /* 0: by its ids only */
    enum session_state state;
    unsigned reason; /* value set reason: why it began to leave; for the log */
    char *peer;      /* address, for the log; owned */
    char *gate;      /* its address in the gate's form; owned, gate_len bytes */
    size_t gate_len;
    uint64_t opened_us, close_by_us;

    struct fingerprint key;  /* that its client has proved, has_key */
    struct hash_job *proof;  /* its password is being looked at; or NULL */
    struct local *local;     /* owned; NULL: it is not known who */
    uint64_t device_id;      /* from HELLO */
    struct account *account; /* READY only, and its device */
    struct device *device;
    uint64_t tail;   /* lines wanted of a room just entered */
    uint64_t serial; /* of the last PRESENCE */
    uint8_t *rows;   /* of the next one, while it is gathered */
    size_t n_rows;
    uint64_t typing_us; /* when its typing was relayed last */

    struct bucket bytes, queries, reads;
    struct frame *parked;   /* a request that waits for its token */
    uint64_t held_until_us; /* not pulled before; 0: not held */
    struct sought sought;
    uint64_t forgiven_us; /* silence counts from here at the earliest */

    uint64_t *unread; /* rooms where that is to be told, see reading.h; owned */
    size_t n_unread, cap_unread;

    struct list dozing; /* DORMANT: in a list of the hub */
    uint64_t dozer;     /* its account, and what is to be the same of it */
    uint64_t partings, dozed_us;

    uint64_t lag_mark; /* env->published when it began to lag */
    bool shaking;      /* its handshake counts as half open */
    bool clear;        /* clear text is good enough for it */
    bool has_key;
    bool invited;    /* it has shown a good invitation */
    bool live;       /* SYNC done: events are pushed */
    bool lagging;    /* events are not pushed, only heads later */
    bool asking;     /* what was read for it is on its way */
    bool paid;       /* what is parked has been paid for */
    bool typing;     /* what was relayed at typing_us */
    bool shown_late; /* its presence says LATE */
    bool close_said; /* datagram: CLOSE went out */
    bool overrun;    /* too much is queued: it will be closed */
    bool dirty;      /* in env->dirty */
};

struct session_config {
    struct link_config link;
    struct str peer, gate;
    uint64_t id;
    bool clear;
    const struct local *local; /* NULL: not over a Unix socket; copied */
};

struct session *session_new(struct env *, const struct session_config *,
                            struct now);
void session_free(struct session *);

/* Whether it is an account's, or may be again when it wakes up. */
bool session_is_of(const struct session *, uint64_t account);

/* The one writer of state; asserts that the step is legal. */
void session_enter(struct session *, enum session_state);

/* The session whose `stranger`, or `dozing`, a node is. */
struct session *session_of_stranger(struct list *node);
struct session *session_of_dozer(struct list *node);

/* Ask the edge to look at it: output, reading to stop or go on, or death. */
void session_wake(struct session *);

/* Have the hub look at it at `at` at the latest. */
void session_arm(struct session *, uint64_t at);

/*
 * Something for it alone: an answer, or the state of a room.  Always queued;
 * above QUEUE_HARD the session is marked overrun.
 *   own      its person waits for it
 */
void session_say(struct session *, const struct msg *, bool own);

/* The same for bytes that are there already. */
void session_send(struct session *, struct frame *, enum lane, uint64_t key,
                  bool own);

/*
 * One of a fan-out.  While the session lags nothing is queued; above
 * QUEUE_SOFT it begins to lag.
 */
void session_push(struct session *, struct frame *, enum lane, uint64_t key,
                  bool own);

/* What was read for its parked command, with its reference; NULL: forget. */
void session_seek(struct session *, const struct sought *);

/* ERROR: request may be 0, cseq 0, subject empty. */
struct complaint {
    enum err code;
    uint32_t request;
    uint64_t cseq, retry_ms;
    struct str subject;
    const char *text; /* for people; NULL: that of the code */
};

void session_complain(struct session *, const struct complaint *);

/* Its output queue is short enough to answer requests. */
bool session_keeps_up(const struct session *);

/* The edge should read from it. */
bool session_wants_input(const struct session *);

/* "tcp" or "udp" */
const char *session_transport(const struct session *);

#endif
