/* SPDX-License-Identifier: MIT
 *
 * What a beginning could become: commands, people, rooms.  Pure; the keys that
 * ask for it are bound elsewhere.
 */
#ifndef TUI_COMPLETE_H
#define TUI_COMPLETE_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/str.h"

struct edit;
struct model;

/* One round of completion: it lives while Tab follows Tab. */
struct completion {
    char **words; /* candidates, owned */
    size_t n, cap;
    size_t at;       /* the one that stands in the line; n: what was typed */
    char *typed;     /* owned */
    size_t from;     /* byte of the line where it begins */
    size_t to;       /* where what we put there ends */
    unsigned serial; /* of the edit after our change: another one ends it */
};

void complete_fini(struct completion *);

/*
 * Put the next candidate, or the one before, into the line; a first call finds
 * them.  People who spoke last come first; ": " follows a name that begins the
 * line, a blank any other.
 *   returns  false when there is none
 */
bool complete_step(struct completion *, struct edit *, const struct model *,
                   bool back);

#endif
