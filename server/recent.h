/* SPDX-License-Identifier: MIT
 *
 * The newest events of every room, at hand without waiting: a ring for each,
 * all of them together below a bound of bytes.  Whose room has been silent for
 * longest loses its ring first; what is not here is in the store all the same.
 */
#ifndef SERVER_RECENT_H
#define SERVER_RECENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/list.h"
#include "server/map.h"
#include "shared/str.h"

struct event;

/* What is stored of a room, and the ring: the last n events of it. */
struct recent_log {
    struct list used; /* first; in a list of recent while it holds events */
    uint64_t room;
    uint64_t first, last; /* seqs stored; last 0: none */
    struct event **ring;  /* cap entries */
    size_t head, n, cap;
    uint64_t changes; /* how many of its events have become others */
};

struct recent {
    struct map logs;
    struct list used;  /* of those with events, longest silent first */
    uint64_t most;     /* events of a room */
    uint64_t most_all; /* bytes in all */
    uint64_t bytes;    /* what they take, about */
};

void recent_init(struct recent *, const uint64_t secret[2]);
void recent_fini(struct recent *);

/* NULL: nothing is stored of that room. Good until the room is dropped. */
const struct recent_log *recent_log(const struct recent *, uint64_t room);

/* Events first..last of a room are stored, and none is at hand. */
void recent_note(struct recent *, uint64_t room, uint64_t first, uint64_t last);

/* One more is stored: the next of its room. Takes a reference. */
void recent_append(struct recent *, struct event *);

/*
 * n events in order, read from the store: those that come right before what is
 * at hand are kept as well, so that a room that is looked at after a start
 * need not be read for everybody again.  Takes references.
 */
void recent_fill(struct recent *, struct event *const *, size_t n);

/* The event, borrowed, or NULL. */
struct event *recent_at(const struct recent *, uint64_t room, uint64_t seq);

/*
 * An event of that room and number has become this one.  When nothing is to
 * be left of what it was, the texts of its edits go as well.  Takes references
 * of what is at hand.
 */
void recent_change(struct recent *, struct event *, bool blank);

/* Who took that message back is called so from now on. */
void recent_unname_taker(struct recent *, uint64_t room, uint64_t seq,
                         struct str nick);

/* Nothing up to and with seq is stored any more. */
void recent_trim(struct recent *, uint64_t room, uint64_t seq);

/* The room is no more. */
void recent_drop(struct recent *, uint64_t room);

#endif
