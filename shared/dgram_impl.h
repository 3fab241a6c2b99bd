/* SPDX-License-Identifier: MIT
 *
 * The inside of the datagram machine: dgram.c takes packets and the time,
 * dgram_out.c makes packets.  Nobody else includes this.
 */
#ifndef SHARED_DGRAM_IMPL_H
#define SHARED_DGRAM_IMPL_H

#include "shared/copies.h"
#include "shared/dgram.h"
#include "shared/flight.h"
#include "shared/latest.h"
#include "shared/range.h"
#include "shared/recvq.h"
#include "shared/rng.h"
#include "shared/rtt.h"
#include "shared/sendq.h"
#include "shared/window.h"

enum {
    PACKET_LEAST = 100, /* with less allowed nothing is sent */
    OUTAGE = 2          /* timeouts without an answer: the path is away */
};

/* Where the peer is, and what the two call their connection. */
struct dgram_path {
    uint64_t bytes_in, bytes_out; /* of the stats, when it moved */
    uint64_t challenge, response; /* to send */
    uint64_t answer;              /* that came */
    uint64_t id, peer_id;         /* told; told by the peer */
    uint32_t id_pn;               /* the packet that told it */
    uint32_t generation, peer_generation;
    bool challenge_due, response_due, answered;
    bool id_due, id_waits, has_peer_id;
    bool checked; /* it moved: only an answer proves it */
};

enum phase { PHASE_OPEN, PHASE_CLOSING, PHASE_CLOSED };

struct dgram {
    struct dgram_config config;
    enum phase phase;
    struct rng rng;

    /* outward */
    struct sendq sendq;
    struct latest_out states_out;
    struct flight flight;
    struct rtt rtt;
    struct window window;
    struct copies copies;

    struct dgram_path path;

    /* loss and probes */
    uint32_t newest_acked;
    bool any_acked;
    bool nudged;       /* something new waits while the path is away */
    bool unpolled;     /* something new since dgram_output */
    uint8_t timeouts;  /* in a row, without an answer */
    uint8_t probes;    /* to send now */
    uint32_t probe_pn; /* first packet of the current probe */
    uint64_t loss_us;  /* deadlines; NEVER: not armed */
    uint64_t probe_us;
    uint64_t pace_us;
    uint64_t probed_us;   /* last probe */
    uint64_t counted_us;  /* when timeouts last grew */
    uint64_t answered_us; /* last sign that packets arrive */
    uint32_t loss;        /* smoothed, thousandths of thousandths */
    uint32_t loss_long;   /* the same over a longer time */

    /* inward */
    struct ranges seen;
    struct recvq recvq;
    struct latest_in states_in;
    uint64_t ack_us;    /* deadline of an ACK; NEVER: none is owed */
    uint64_t newest_us; /* when the newest packet came */
    uint32_t owed_pn;   /* newest packet that wants an ACK */
    uint8_t owed;       /* packets that want one and have had none */
    bool owes;          /* owed_pn counts */
    bool heard;         /* anything at all came */
    bool proven;        /* the peer is where its packets seem to come from */
    bool resting;       /* the peer sleeps */
    bool credit_due;    /* tell how much may come */
    bool credit_waits;  /* told in credit_pn, not acked */
    uint32_t credit_pn;

    /* the end */
    uint32_t close_code;
    uint64_t close_us;  /* deadline of the next CLOSE; NEVER: only answers */
    uint64_t closed_us; /* last CLOSE sent */
    uint8_t closes;     /* to send still */
    bool over;          /* the owner is told that it is closed */

    struct dgram_stats
        stats; /* the counters; the rest is filled in on demand */
};

/* Let go of everything that waits to be sent. */
void dgram_drop_output(struct dgram *);

/* One packet more whose fate is known. */
void dgram_fate(struct dgram *, uint32_t pn, bool lost);

/* The loss to reckon with, per thousand. */
uint32_t dgram_loss(const struct dgram *);

/* Find what is lost, by what was acked after it and by the time. */
void dgram_detect_lost(struct dgram *, struct now);

/* A packet is lost: all it carried is to go again. Takes it. */
void dgram_lose(struct dgram *, struct sent *, struct now);

/* Bring loss_us and probe_us up to date. */
void dgram_arm(struct dgram *, struct now);

/* Whether something in flight would be sent again. */
bool dgram_worth_probing(const struct dgram *);

/* dgram_path.c: a part about the path came; a packet was acked or lost. */
void dgram_path_take(struct dgram *, const struct part *);
void dgram_path_acked(struct dgram *, uint32_t pn);
void dgram_path_lost(struct dgram *, uint32_t pn);

/* Whether something about the path wants to go. */
bool dgram_path_due(const struct dgram *);

/*
 * Put it into a packet with the next number.
 *   returns  whether the packet will be acked for it
 */
bool dgram_path_put(struct dgram *, struct packet *);

/* How many bytes may go to a peer that may not be real. */
size_t dgram_allowance(const struct dgram *);

#endif
