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

struct line {
    enum line_kind kind;
    enum line_state state;
    unsigned event;      /* value set event */
    uint64_t seq;        /* 0 for a notice or an own line not stored yet */
    uint64_t ts;         /* wall_ms */
    uint64_t account;
    uint64_t device, cseq; /* own unsent line: this device's; else sender's */
    bool own, mention;
    char *nick;          /* owned */
    char *text;          /* owned; clean, LF allowed */
    unsigned serial;     /* changes whenever the line does: wrap caches */
};

struct history {
    struct line *lines;  /* in the order shown */
    size_t n, cap, max;  /* max: oldest are dropped above it */
    uint64_t last;       /* highest seq such that nothing up to it is missing
                            after `first` */
    uint64_t first;      /* lowest seq held, 0 when none */
    uint64_t head;       /* the server's head */
    bool start;          /* the server has nothing before `first` */
    uint64_t read;       /* seq up to which the reader has seen */
    unsigned serial;     /* grows with every change */
};

void history_init(struct history *, size_t max);
void history_fini(struct history *);

/* Forget all events (new epoch); unsent own lines and notices stay. */
void history_reset(struct history *);

/*
 * Put an event in its place by seq.  An own unsent line with the same (device,
 * cseq) becomes it; the same seq twice, or the same (device, cseq) under a new
 * epoch, is dropped.
 *   returns  the line, or NULL when it was known already
 */
struct line *history_event(struct history *, const struct msg_event *,
                           uint64_t own_account);

/* A line typed here, not stored yet. */
struct line *history_queue(struct history *, uint64_t device, uint64_t cseq,
                           unsigned event, struct str nick, struct str text,
                           uint64_t wall_ms);

/* The own line of a cseq; NULL when gone. */
struct line *history_own(struct history *, uint64_t device, uint64_t cseq);

/* A notice of this client. */
struct line *history_notice(struct history *, struct str text,
                            uint64_t wall_ms);

/*
 * The first gap: events after *after and before *before are missing.
 *   returns  false when there is none
 */
bool history_gap(const struct history *, uint64_t *after, uint64_t *before);

/* Events missing between line i - 1 and line i; 0 when none. */
uint64_t history_missing(const struct history *, size_t i);

/* Newest line before `from` whose text contains the needle, case folded;
 * SIZE_MAX when there is none. */
size_t history_search(const struct history *, struct str needle, size_t from);

#endif
