/* SPDX-License-Identifier: MIT
 *
 * Commands not yet stored by the server, in order of cseq, kept in a file so
 * that they outlive this process.  Rooms are named, not numbered: ids change
 * with the server's epoch.
 */
#ifndef TUI_OUTBOX_H
#define TUI_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/str.h"

enum entry_kind { ENTRY_SEND, ENTRY_JOIN, ENTRY_PART, ENTRY_TOPIC };

struct entry {
    uint64_t cseq;
    enum entry_kind kind;
    unsigned event;      /* ENTRY_SEND: value set event */
    uint64_t ts;         /* wall_ms when it was typed */
    char *room;          /* its name; owned */
    char *text;          /* owned, may be empty */
    bool sent;           /* given to the present link */
};

struct outbox;

/*
 * Open, and lock, the outbox in a directory; what an earlier process left is
 * in it.  path NULL keeps it in memory only (tests, --tail).
 *   error    gets a sentence for people
 *   returns  NULL when it cannot be read or written
 */
struct outbox *outbox_open(const char *path, char *error, size_t cap);
void outbox_close(struct outbox *);

/* Append; on disk when it returns.  Returns its cseq, or 0 with errno. */
uint64_t outbox_add(struct outbox *, enum entry_kind, unsigned event,
                    struct str room, struct str text, uint64_t wall_ms);

/* The server has everything up to cseq, or refused it for good. */
void outbox_done(struct outbox *, uint64_t cseq);

/* The i-th entry, oldest first; NULL past the end. */
struct entry *outbox_at(struct outbox *, size_t i);
size_t outbox_len(const struct outbox *);

/* The next cseq that will be given; and make it at least `next`. */
uint64_t outbox_next(const struct outbox *);
void outbox_advance(struct outbox *, uint64_t next);

#endif
