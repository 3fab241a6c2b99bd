/* SPDX-License-Identifier: MIT
 *
 * The inside of a link: link.c (birth, frames in and out), link_wire.c (what
 * is between it and the outside: envelope, encryption, path) and link_beat.c
 * (heartbeats).  Nobody else includes this.
 */
#ifndef SHARED_LINK_IMPL_H
#define SHARED_LINK_IMPL_H

#include "shared/dgram.h"
#include "shared/link.h"
#include "shared/outq.h"
#include "shared/path.h"
#include "shared/reader.h"
#include "shared/rng.h"

struct heartbeat {
    uint64_t at_us; /* next one; NEVER while off */
    uint32_t period_us;
    uint64_t id, sent_us; /* of the last PING */
    bool waiting;         /* for its PONG */
    struct link_local local;
};

struct link {
    struct link_config config; /* its secure is the link's; NULL: clear */
    struct reader reader;      /* stream */
    struct outq outq;          /* stream */
    uint8_t *plain;            /* stream: a record at hand; NULL: none */
    struct dgram *dgram;       /* datagram; NULL on a stream */
    struct path path;          /* datagram, server */
    struct rng rng;
    struct heartbeat beat;
    struct link_peer peer;
    uint64_t progress_us; /* NEVER while nothing is queued */
    size_t queued_before; /* when progress was looked at last */
    bool begun;           /* stream: something has come */
    bool peer_clear;      /* client: it was not encrypted */
    bool told_id;         /* datagram, server: the id has been told */
    bool resting;         /* datagram: the peer sleeps */
};

/* ---- link_wire.c ---- */

/* What came from outside; 0 or a negative error code. */
int link_take_datagram(struct link *, struct str datagram, struct str from,
                       struct now);
int link_take_bytes(struct link *, struct str bytes, struct now);

/* Give the reader more of what came; 1, 0: there is no more, or an error. */
int link_refill(struct link *, struct now);

/* The path's share of link_tick. */
void link_tick_path(struct link *, struct now);

/* ---- link_beat.c ---- */

/* Take a heartbeat out of the flow: 1 when it was one; 0; an error code. */
int link_take_beat(struct link *, struct str frame, struct now);
void link_tick_beat(struct link *, struct now);

#endif
