/* SPDX-License-Identifier: MIT
 *
 * What a search at the server has found, and how to go on with it.
 */
#ifndef TUI_HITS_H
#define TUI_HITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/str.h"

struct msg_search;
struct msg_search_page;

enum { HITS_MAX = 100, HITS_TEXT = 512, HITS_CURSOR = 32 };

struct hit {
    uint64_t room, seq, ts;
    unsigned kind;     /* value set event */
    char *nick, *text; /* owned; text: its beginning */
};

/* All zero is the start. */
struct hits {
    struct hit all[HITS_MAX];
    size_t n;
    uint32_t request; /* of the search under way, or the last one */
    bool coming;      /* it has not been answered to the end */
    bool fresh;       /* it has, and nobody has been told */
    bool more;        /* there are older ones */

    /* what was asked; owned */
    char *text, *from;
    uint64_t room, after, before;
    bool pinned;
    uint8_t cursor[HITS_CURSOR]; /* where the next page begins */
    size_t n_cursor;
};

void hits_fini(struct hits *);

/* A new search; copies. */
void hits_begin(struct hits *, const struct msg_search *);

/* What to ask for: from the newest, or the next page. Views into it. */
struct msg_search hits_ask(const struct hits *);

/* It is asked, by this request. */
void hits_await(struct hits *, uint32_t request);

/* An answer; others than to its request are passed over. */
void hits_take(struct hits *, const struct msg_search_page *, uint32_t request);

/* It was refused, or the link is gone. */
void hits_fail(struct hits *);

#endif
