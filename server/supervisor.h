/* SPDX-License-Identifier: MIT
 *
 * EDGE libsystemd: who started the server and looks after it, when that is
 * systemd (sd_listen_fds(3), sd_notify(3), sd_watchdog_enabled(3), and
 * $JOURNAL_STREAM of systemd.exec(5)).  Sockets
 * that it has opened are taken over, so that clients wait in them while the
 * server is restarted; it is told how the server is, and that it still turns.
 * When nobody looks after the server, none of this does anything.
 */
#ifndef SERVER_SUPERVISOR_H
#define SERVER_SUPERVISOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/now.h"

enum inherited {
    INHERITED_TCP,
    INHERITED_UDP,
    INHERITED_UNIX,
    INHERITED_COUNT
};

struct supervisor {
    int sockets[INHERITED_COUNT]; /* -1: not given; whoever listens owns them */
    uint64_t beat_us;             /* time between two signs of life; 0: none */
    uint64_t beat_at_us;          /* when the next is due */
};

/*
 * Take what was handed over, once, before anything else is opened.
 *   error    gets a sentence, cap bytes
 *   returns  0, or an exit code of sysexits
 */
int supervisor_open(struct supervisor *, char *error, size_t cap);

/* Whether what is written there goes to its journal. */
bool supervisor_reads(int fd);

/* It serves; `places` as in its ready line. */
void supervisor_ready(const char *places);

/* Configuration is being read again; supervisor_ready comes next. */
void supervisor_reloading(struct now);

/* It is going down. */
void supervisor_stopping(void);

/* Give the sign of life that is due; returns when to be called again. */
uint64_t supervisor_look(struct supervisor *, struct now);

#endif
