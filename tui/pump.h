/* SPDX-License-Identifier: MIT
 *
 * Bytes owed to a terminal: a queue in front of a non-blocking descriptor, and
 * whether anybody takes them.  The tty owns it; times are in ms.
 */
#ifndef TUI_PUMP_H
#define TUI_PUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/str.h"

struct pump {
    int fd;      /* borrowed */
    char *queue; /* owed: bytes from..to-1; owned */
    size_t from, to, cap;
    uint64_t moved_ms;  /* when the terminal last took something */
    uint64_t probed_ms; /* when the last probe was sent; 0 never */
    bool probing;       /* nothing has been heard since */
    bool answers;       /* it has answered a probe before */
    size_t matched;     /* bytes of an answer seen */
};

void pump_init(struct pump *, int fd);
void pump_fini(struct pump *);

/*
 * Append, and write what the terminal takes right now.
 *   max      returns false, and takes nothing, if more would be owed then;
 *            never when nothing is owed
 */
bool pump_write(struct pump *, struct str bytes, size_t max, uint64_t now_ms);

/* Write what the terminal takes now.  Errors show when it is read. */
void pump_flush(struct pump *, uint64_t now_ms);

/* Forget what is owed, and any question. */
void pump_drop(struct pump *);

static inline bool pump_busy(const struct pump *p)
{
    return p->from < p->to;
}

/* For how long nothing was taken, or a question left without answer, ms. */
uint64_t pump_stuck_ms(const struct pump *, uint64_t now_ms);

/* Ask the terminal whether it is alive, unless asked less than 5 s ago. */
void pump_probe(struct pump *, uint64_t now_ms);

/* Bytes have come from the terminal. */
void pump_heard(struct pump *, struct str bytes);

/*
 * Wait up to `ms` until nothing is owed and no answer is on its way: one that
 * comes later would be typed into the shell.  What is read is thrown away.
 */
void pump_linger(struct pump *, unsigned ms, uint64_t (*clock_ms)(void));

#endif
