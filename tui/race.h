/* SPDX-License-Identifier: MIT
 *
 * Which way to take when the choice is ours; a part of the client, see
 * client_impl.h.
 */
#ifndef TUI_RACE_H
#define TUI_RACE_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/link.h"
#include "shared/now.h"

struct client;
struct conn;

/* What PICK_AUTO knows of the ways. */
struct race {
    uint64_t probe_us;    /* on TCP: when UDP is tried again; NEVER */
    uint64_t returned_us; /* when it was taken again last; 0 never */
    uint64_t rebound_us;  /* UDP: when a fresh socket was asked for last */
    uint64_t fell_us;     /* UDP silent: when TCP was begun last */
    uint64_t woken_us;    /* the machine woke then: is the link alive? 0 */
    bool rebind;          /* client_rebind says so */
    bool died;            /* UDP went silent in mid-session */
    bool shunned;         /* somebody else answers the other way */
};

/* A connection is to be opened, and the choice is ours. */
void race_begin(struct client *, struct now);

/* A connection works both ways: greet, or wait for the other one. */
void race_proved(struct client *, struct conn *, struct now);

/* Somebody whom we do not trust answered beside the main connection. */
void race_shun(struct client *, struct now);

/* All rooms are told over this one. */
void race_won(struct client *, enum transport, struct now);

/* The main connection has been silent for so long, microseconds. */
void race_silence(struct client *, uint64_t silent, struct now);

/* The machine was asleep; false: the connection is not worth a try. */
bool race_wake(struct client *, struct now);

void race_tick(struct client *, struct now);
uint64_t race_deadline(const struct client *);

#endif
