/* SPDX-License-Identifier: MIT
 *
 * How many connections an address has, and how many it made lately.  IPv4
 * counts by address, IPv6 by /64: that is what one customer has.  Loopback and
 * Unix sockets are not counted at all.
 */
#ifndef SERVER_GATE_H
#define SERVER_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "server/map.h"
#include "shared/now.h"
#include "shared/str.h"

struct limits;

struct gate {
    struct map addresses; /* struct gate_address, owned */
    uint64_t since_us;    /* when the present window began */
};

void gate_init(struct gate *, const uint64_t secret[2]);
void gate_fini(struct gate *);

/*
 * Count a new connection of an address.
 *   key      4 or 8 bytes; empty: exempt
 *   returns  false when it has too many, nothing was counted
 */
bool gate_enter(struct gate *, struct str key, const struct limits *,
                struct now);

/* A connection that had entered is gone. */
void gate_leave(struct gate *, struct str key);

#endif
