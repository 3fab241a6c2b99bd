/* SPDX-License-Identifier: MIT
 *
 * One room's lines: a ring of the newest ones, kept in order of seq, with
 * visible gaps, this client's unsent lines behind them, and local notices
 * between.  Knows no width and no terminal.
 */
#ifndef TUI_HISTORY_H
#define TUI_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/str.h"

struct msg_event;

/* Delivery of an own line; what others said is always STORED. */
enum line_state { LINE_QUEUED, LINE_SENT, LINE_STORED, LINE_FAILED };

enum line_kind {
    LINE_EVENT, /* an event of the room: kind in `event` */
    LINE_NOTICE /* said by this client: connection, presence, errors, help */
};

enum { HISTORY_BYTES = 1 << 20 };

struct line {
    uint64_t id; /* within this history, never used again */
    enum line_kind kind;
    enum line_state state;
    unsigned event;        /* value set event */
    uint64_t seq;          /* 0 for a notice or an own line not stored yet */
    uint64_t ts;           /* wall_ms */
    uint64_t account;      /* who did it; notice: whom it is about, or 0 */
    uint64_t device, cseq; /* own unsent line: this device's; else sender's */
    uint64_t ref;          /* seq of the line it answers or changes, or 0 */
    uint64_t edited;       /* seq of the edit its text is from, or 0 */
    uint64_t pinned;       /* seq of what pinned it, or 0 */
    uint64_t as_of;        /* it came with all changes up to this seq */
    bool own, mention;
    char *nick;        /* owned */
    char *text;        /* owned; clean, LF allowed */
    char *by;          /* who took it back, the text is why; NULL; owned */
    char *reacts;      /* as react.h; NULL: none; owned */
    char *reacts_then; /* the same when it came */
    unsigned serial;   /* changes whenever the line does: wrap caches */
};

struct history {
    struct line *lines; /* in the order shown */
    size_t n, cap, max; /* max: oldest are dropped above it */
    size_t bytes;       /* of lines and texts; bounded by HISTORY_BYTES */
    size_t loose;       /* event lines without a seq */
    uint64_t last;      /* highest seq such that nothing up to it is missing
                            after `first` */
    uint64_t first;     /* lowest seq held, 0 when none */
    uint64_t head;      /* the server's head */
    bool leapt;         /* there may be a far part: lines below `first`, with a
                           wide gap between, where the reader has gone */
    uint64_t far_first, far_last; /* as first and last, of it; 0 when none */
    uint64_t floor;               /* nothing before it is taken in; 0: all is */
    uint64_t lost;   /* gaps up to here cannot be filled: not at the server */
    bool start;      /* the server has nothing before history_oldest */
    bool amended;    /* it holds changes of lines, or did */
    uint64_t read;   /* seq up to which the reader has seen */
    uint64_t ids;    /* id given last */
    unsigned serial; /* grows with every change */
};

void history_init(struct history *, size_t max);
void history_fini(struct history *);

/*
 * A new epoch: the lines stay to be read, but their seqs mean nothing any more,
 * and events count from the start again.
 */
void history_reset(struct history *);

/*
 * Put an event in its place by seq.  An own unsent line with the same (device,
 * cseq) becomes it; the same seq twice, or the same (device, cseq) under a new
 * epoch, is dropped.  An event older than all is dropped when there is no room,
 * and one before `floor` always.
 *   returns  the line, or NULL when it was known already
 */
struct line *history_event(struct history *, const struct msg_event *,
                           uint64_t own_account);

/* A line typed here, not stored yet: device, cseq, kind, nick, text and ts of
 * an event to be. */
struct line *history_queue(struct history *, const struct msg_event *);

/* The own line of a cseq that has no seq yet; NULL when there is none. */
struct line *history_own(struct history *, uint64_t device, uint64_t cseq);

/* Set the state of an own line. */
void history_mark(struct history *, struct line *, enum line_state);

/* Whether nothing older can be taken in. */
bool history_is_full(const struct history *);

/* Index behind the last line that is not an own unsent one at the end. */
size_t history_end(const struct history *);

/* A notice of this client, at the end, where it is seen. */
struct line *history_notice(struct history *, struct str text,
                            uint64_t wall_ms);

/* Another text for a line that stands already. */
void history_rewrite(struct history *, struct line *, struct str text,
                     uint64_t wall_ms);

/*
 * The first gap, or what is missing before head: events after *after and before
 * *before are missing.
 *   returns  false when there is none
 */
bool history_gap(const struct history *, uint64_t *after, uint64_t *before);

/* Empty it but for the newest event, so that it is known where we are, and for
 * unsent lines. */
void history_clear(struct history *);

/* The first gap cannot be filled: stop asking for it. */
void history_give_up(struct history *);

/* ---- going far back ---- */

/*
 * Lines from far before `first` are about to come; those that were far before
 * go, and old ones if there is no room.
 */
void history_leap(struct history *);

/* Back: what is far is dropped. */
void history_land(struct history *);

/* What is missing between the far part and `first`; false when nothing is. */
bool history_leap_gap(const struct history *, uint64_t *after,
                      uint64_t *before);

/* That gap cannot be filled: what it is between stands together. */
void history_join(struct history *);

/* The lowest seq held, 0 when none. */
uint64_t history_oldest(const struct history *);

/* What a line takes of `bytes`. */
size_t history_cost(const struct line *);

/* Index of the line with that seq; SIZE_MAX when it is not held. */
size_t history_find(const struct history *, uint64_t seq);

/* Index of the line with that id; SIZE_MAX when it is gone. */
size_t history_index(const struct history *, uint64_t id);

/*
 * Events missing between line i - 1 and line i, i == n for those before head; 0
 * when none.
 */
uint64_t history_missing(const struct history *, size_t i);

/* Newest line before `from` whose text contains the needle, case folded;
 * SIZE_MAX when there is none. */
size_t history_search(const struct history *, struct str needle, size_t from);

#endif
