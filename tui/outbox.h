/* SPDX-License-Identifier: MIT
 *
 * Commands not yet stored by the server, in order of cseq, kept in a file so
 * that they outlive this process.  Rooms are named, not numbered: ids change
 * with the server's epoch.
 *
 * The device id lives in the same file: a counter is worth nothing without the
 * device it counts for, so they are lost, or kept, together.
 */
#ifndef TUI_OUTBOX_H
#define TUI_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/str.h"

enum entry_kind {
    ENTRY_SEND,
    ENTRY_JOIN, /* text: the room's key */
    ENTRY_PART,
    ENTRY_TOPIC,
    ENTRY_EDIT,
    ENTRY_REDACT,
    ENTRY_REACT, /* text: + or -, and the sign */
    ENTRY_PIN,   /* text: + or - */
    ENTRY_ORDER, /* event: kind of message; text: see order.c */
    ENTRY_KINDS
};

struct entry {
    uint64_t cseq;
    enum entry_kind kind;
    unsigned event; /* ENTRY_SEND: value set event; ENTRY_ORDER: a kind */
    uint64_t ts;    /* wall_ms when it was typed */
    char *room;     /* its name; owned */
    char *text;     /* owned, may be empty */
    uint64_t peer;  /* room of two: the other account; 0: not known */
    uint64_t ref;   /* seq of the message meant; 0: none */
    uint64_t epoch; /* with peer or ref: of the history they are of */
    uint64_t where; /* the room's id when it was sent; 0: it was not */
    uint64_t then;  /* and the epoch; neither is kept on disk */
    bool anew;      /* said once more, in a room that had been left */
    bool sent;      /* given to the present link */
    bool answered;  /* stored or refused, but one before it is not yet */
};

struct outbox;

/*
 * Open the outbox of a slot (state.h), which holds the lock; what an earlier
 * process left is in it.
 *   path     NULL keeps it in memory only (tests, --tail)
 *   device   random: the id taken when there is none in the file
 *   error    gets a sentence for people
 *   returns  NULL when it cannot be read or written
 * A record torn by a crash is cut off: it was never sent.  A file damaged in
 * any other way is put aside, and outbox_notice says so.
 */
struct outbox *outbox_open(const char *path, uint64_t device, char *error,
                           size_t cap);
void outbox_close(struct outbox *);

/* The device whose counter this is; never 0. */
uint64_t outbox_device(const struct outbox *);

/* What the person must know about the file, or NULL. */
const char *outbox_notice(const struct outbox *);

/*
 * Append a copy of a draft: kind, event, room, text, ts, peer, ref and epoch.
 * It is on disk after the next outbox_sync.  Returns its cseq.
 */
uint64_t outbox_put(struct outbox *, const struct entry *draft);

/*
 * Put all that was added on disk; nothing may be sent before.  One wait for
 * the disk, however much was added.
 *   returns  0, or -1 with errno: it is kept in memory, and tried again
 */
int outbox_sync(struct outbox *);

/* The server has everything up to cseq, or refused it for good. */
void outbox_done(struct outbox *, uint64_t cseq);

/* The i-th entry, oldest first; NULL past the end.  Good until the next add. */
struct entry *outbox_at(struct outbox *, size_t i);
size_t outbox_len(const struct outbox *);

/* The entry of a cseq; NULL when it is done. */
struct entry *outbox_find(struct outbox *, uint64_t cseq);

/* The next cseq that will be given; and make it at least `next`. */
uint64_t outbox_next(const struct outbox *);
void outbox_advance(struct outbox *, uint64_t next);

#endif
