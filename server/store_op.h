/* SPDX-License-Identifier: MIT
 *
 * What is put into the store, what is asked of it, and what it tells.
 */
#ifndef SERVER_STORE_OP_H
#define SERVER_STORE_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/str.h"

struct event;

/* ---- put ---- */

/* What else changes in the same transaction. */
enum effect {
    EFFECT_NONE,   /* nothing: a line, or a command refused for good */
    EFFECT_SHOW,   /* nothing: the room is told again to who asked */
    EFFECT_ENTER,  /* the account is a member of the room, as `kind` */
    EFFECT_LEAVE,  /* it is no longer */
    EFFECT_OPEN,   /* direct room: both are members */
    EFFECT_TOPIC,  /* the room's topic is `text` */
    EFFECT_RENAME, /* the account's name is `text` */
    EFFECT_RECORD, /* there is an account of the name `text` */
    EFFECT_TOKEN,  /* the hash of its token is `text`, in hexadecimal */
    EFFECT_FORGET, /* the account is no more */
    EFFECT_RETIRE, /* this device of it is no more */
    EFFECT_FOUND,  /* there is a room of `kind`; text: its name or key */
    EFFECT_SIDE,   /* direct room: one side is the account, called `text` */
    EFFECT_UNNAME, /* the same: called that from now on */
    EFFECT_DROP,   /* the room is no more, nor its events up to `seq` */
    EFFECT_TRIM,   /* its events up to `seq` are no more */
    EFFECT_KEY,    /* the account has the key `text`, called `note`, seen at
                    * `ts`; kind 1: it is revoked */
    EFFECT_RESUME, /* hashes of the device's tokens: `text` used, `note` next */
    EFFECT_SECRET, /* the account's password, encoded, is `text`; empty: none */
    EFFECT_RANK,   /* the account's place on the server is `kind`: set rank */
    EFFECT_MODE,   /* the room: kind & 0xff access, 0x100 topic locked, seq:
                    * slow_s, ts: most, text: key */
    EFFECT_ROLE,   /* `about` is `kind` in the room: value set role */
    EFFECT_KICK,   /* `about` is no longer a member */
    EFFECT_SANCTION, /* `text` is kept out, or silent by `kind` (set sanction),
                      * until `ts`; `about` is no longer a member, if out;
                      * room 0: of the whole server */
    EFFECT_LIFT,     /* no longer */
    EFFECT_GUEST,    /* `about` is invited */
    EFFECT_INVITE,   /* an invitation of hash `text` is good until `ts`, `kind`
                    * times; 0: no more */
    EFFECT_EDIT,     /* the message becomes `target`; what it was is kept */
    EFFECT_REDACT,   /* it becomes `target`; nothing of what it was is kept */
    EFFECT_REACT,    /* it becomes `target`; text: as the event's */
    EFFECT_PIN,      /* it becomes `target` */
    EFFECT_READ,     /* the account has read the room up to `seq` */
    EFFECT_ERASE,    /* REDACT, and the name is as `target` says; of any event;
                      * of one that took a message back it is gone there too */
    EFFECT_COUNT
};

/* One command of a client, or one act of the server. */
struct store_op {
    struct event *event;  /* owned; NULL: nothing to tell the members */
    struct event *target; /* owned: a message of the room as it becomes */
    enum effect effect;
    unsigned kind;         /* FOUND: value set room; others: see effect */
    uint64_t account;      /* whose command, or about whom */
    uint64_t device, cseq; /* its counter moves to cseq; 0: no counter */
    uint64_t room;         /* 0: none */
    uint64_t about;        /* an account that it is done to; 0: none */
    uint64_t seq;          /* DROP, TRIM */
    uint64_t ts;           /* ms since 1970 */
    unsigned error;        /* the command is refused for good with this; text:
                            * its subject, note: why, or NULL; not stored */
    uint32_t request;      /* copied into the answer */
    uint64_t session;      /* who gets the answer when there is no device */
    char *text, *note;     /* owned, may be NULL */
    bool more; /* the next one belongs to it: both are stored, or neither */
};

/* ---- known of a device ---- */

/*
 * Of how many of a device's last commands it is remembered whether they were
 * refused: at least as many as a client has on their way, or one said again
 * would be taken for stored.
 */
enum { REFUSED_MAX = 256 };

/* What is stored of a device. */
struct store_device {
    uint64_t last_cseq;
    uint16_t *refused; /* with which error, 0: not; a ring of REFUSED_MAX by
                        * cseq; NULL: none was; owned */
};

/* What a command was refused with; 0: it was not, or too long ago. */
unsigned store_refused(const struct store_device *, uint64_t cseq);

/* ---- asked ---- */

enum query_kind {
    QUERY_PAGE,     /* events lo..hi, both included */
    QUERY_PLACE,    /* the event that a command became, if it became one */
    QUERY_AGED,     /* the last seq of lo..hi whose time is before `ts` */
    QUERY_TARGET,   /* the message lo, and whether `account` reacted by `key` */
    QUERY_UNREAD,   /* as PAGE, of what `account` has not read */
    QUERY_OF,       /* those of lo..hi that `account` did, and the orders about
                     * them, kind.h */
    QUERY_VERSIONS, /* the message lo, and behind it what it was, as EDITs that
                     * ended it, oldest first; the last ones if not all fit */
    QUERY_SINCE /* `most` events of lo..hi around the first not before `ts` */
};

enum { REACT_MAX = 32 }; /* bytes of a reaction's sign */

struct store_query {
    enum query_kind kind;
    uint64_t room, lo, hi;
    size_t bytes;  /* PAGE: of frames, at most; at least one event comes */
    bool backward; /* PAGE: when bytes run out keep the last ones */
    uint64_t account, device, cseq; /* PLACE: the command; VERSIONS: account
                                     * must be the author, 0: need not */
    uint64_t ts;                    /* AGED, SINCE: ms since 1970 */
    uint64_t most;                  /* SINCE */
    uint64_t changes;               /* set by the store, as store_changes */
    char key[REACT_MAX + 1];        /* TARGET: the sign of a reaction */
    uint64_t session;               /* of the asker, and its request, copied */
    uint32_t request;
};

struct store_answer {
    struct store_query query;
    struct event **events; /* in order; n of them */
    size_t n;
    uint64_t seq; /* AGED; 0: there is none */
    bool reacted; /* TARGET */
    bool more;    /* VERSIONS: there are older ones */
    int error;    /* 0, or a negative error code: it could not be read */
};

/* ---- told at the start ---- */

enum store_row_kind {
    ROW_LAST,    /* room, account: the highest ids ever given */
    ROW_ACCOUNT, /* account, text: nick, token: its hash as EFFECT_TOKEN,
                  * rank, note: password */
    ROW_DEVICE,  /* account, device, cseq */
    ROW_REFUSAL, /* account, device, cseq, error: a command refused */
    ROW_ROOM,    /* room, room_kind, text: as EFFECT_FOUND, topic, first,
                  * head, ts, mode, slow, most, note: key */
    ROW_DROPPED, /* room, first, head: EFFECT_DROP; these are still there */
    ROW_SIDE,    /* room, account, text: nick */
    ROW_MEMBER,  /* room, account, head: read up to it, or 0, rank: role */
    ROW_INVITE,  /* text: hash, ts: until, left: uses */
    ROW_KEY,     /* account, text: key, note: label, added, ts: seen, revoked */
    ROW_RESUME,  /* account, device, text: used, note: next */
    ROW_SANCTION, /* room, rank: kind, text: who, ts: until, note */
    ROW_GUEST     /* room, account: invited */
};

struct store_row {
    enum store_row_kind kind;
    uint64_t account, room, device, cseq;
    uint64_t first, head, ts; /* of a room: seqs kept, time of the last */
    unsigned room_kind;       /* value set room */
    unsigned error, rank;
    uint64_t added, left, slow, most;
    unsigned mode; /* as EFFECT_MODE */
    bool revoked;
    struct str text, topic, token, note;
};

/* ---- what takes long, and is done meanwhile ---- */

enum chore_kind {
    CHORE_COPY, /* of the file, into another one */
    CHORE_CHECK /* whether the file is damaged */
};

enum chore_state { CHORE_NONE, CHORE_RUNS, CHORE_DONE, CHORE_FAILED };

struct store_chore {
    enum chore_kind kind;
    enum chore_state state;
    uint64_t done, total; /* COPY: bytes */
    char why[200];        /* FAILED: a sentence */
};

#endif
