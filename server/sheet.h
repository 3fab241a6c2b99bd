/* SPDX-License-Identifier: MIT
 *
 * Facts in columns: aligned for people, or one JSON object a row for programs.
 * Cells are given in the order of the columns, row after row; both forms come
 * from the same calls.
 */
#ifndef SERVER_SHEET_H
#define SERVER_SHEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/str.h"

struct answer;

/* What a number is; it decides on both forms, and on the end of the key. */
enum unit {
    UNIT_NONE,    /* text, or a plain number */
    UNIT_SECONDS, /* 3h25m       "uptime_s": 12345 */
    UNIT_MS,      /* 23ms        "rtt_ms": 23 */
    UNIT_BYTES,   /* 1.3M        "memory_bytes": 1400000 */
    UNIT_TIME     /* wall_ms, as the log has it in both */
};

struct column {
    const char *name;
    enum unit unit;
};

enum { SHEET_COLUMNS = 32 };

struct sheet {
    struct answer *answer;
    const struct column *columns; /* borrowed; n of them */
    size_t n, at;                 /* the column of the next cell */
    char *cells;                  /* text: each ends with a NUL; owned */
    size_t len, cap;
    size_t widths[SHEET_COLUMNS]; /* text, in terminal cells */
    bool headed;                  /* the headings are printed */
};

void sheet_begin(struct sheet *, struct answer *, const struct column *,
                 size_t n);
void sheet_end(struct sheet *);

/* The next cell. Text of strangers is filtered strictly. */
void sheet_str(struct sheet *, struct str);
void sheet_num(struct sheet *, uint64_t);
void sheet_none(struct sheet *); /* it is not known */

/*
 * Print the rows there are, the first time below the headings; a column grows
 * when a later row needs it.
 */
void sheet_rows(struct sheet *);

/* Print the one row there is, a line for each cell. */
void sheet_facts(struct sheet *);

#endif
