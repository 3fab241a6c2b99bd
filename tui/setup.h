/* SPDX-License-Identifier: MIT
 *
 * A running client without its face: all that the full screen (app) and the
 * line modes (pipe) have in common, opened and closed together.
 */
#ifndef TUI_SETUP_H
#define TUI_SETUP_H

#include <stddef.h>

#include "tui/address.h"
#include "tui/chat.h"
#include "tui/guard.h"

struct outbox;
struct tail;

struct setup {
    struct chat chat; /* its pointers are owned here */
    struct outbox *outbox;
    struct guard guard;
    struct tail *tail;            /* --tail only, else NULL */
    char machine[256];            /* what it is called */
    char datagram[HOST_MAX + 16]; /* where the server takes UDP, for people */
    char secret[257];             /* --password: what was typed; else empty */
    char fresh[257];              /* --set-password: the new one */
};

/*
 * Open state, outbox, model, client and net on a loop, and ask to enter the
 * rooms of the settings.
 *   settings borrowed until setup_close
 *   error    gets a sentence for people
 *   returns  0, or the exit code of sysexits to end with
 */
int setup_open(struct setup *, struct settings *, struct uv_loop_s *,
               char *error, size_t cap);

/* Close all of it; the loop is run until the sockets are closed. */
void setup_close(struct setup *);

#endif
