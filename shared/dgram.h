/* SPDX-License-Identifier: MIT
 *
 * Reliable messages over datagrams, sans-I/O: packets and the time in, packets
 * and a deadline out.  Ordered inside a stream, independent between streams.
 * It never calls back, reads no clock and owns no socket; what lies outside a
 * packet (connection id, encryption) is link's.
 *
 * Packet numbers, ack ranges, round-trip estimation, loss detection and probes
 * follow RFC 9002; what differs, because chat is a thin stream whose latency
 * is decided by the last lost packet, stands in dgram_loss.c.
 */
#ifndef SHARED_DGRAM_H
#define SHARED_DGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/now.h"
#include "shared/str.h"

struct dgram;
struct frame;

enum { PACKET_MAX = 1150 }; /* plaintext budget inside DATAGRAM_MAX */

/* How much redundancy a message is worth. */
enum dgram_class {
    DGRAM_OWN,    /* a person waits for it: an early copy, more where there is
                     loss */
    DGRAM_FANOUT, /* one of many receivers: copies only where there is loss */
    DGRAM_BULK    /* history: nothing, and last in the queue */
};

struct dgram_config {
    bool server;          /* limits output until the peer is proved real */
    bool proven;          /* it is: a handshake has shown it */
    uint64_t seed;        /* jitter; any value */
    uint32_t first_pn;    /* first packet number; 0 but in tests */
    size_t queue_max;     /* bytes held for sending, some 180 a message on top
                             of its own, before dgram_send refuses */
    uint32_t message_max; /* longest frame accepted from the peer, bytes */
    uint32_t packets_max; /* then it closes; 0 is 2^31, fewer in tests */
};

struct dgram *dgram_new(const struct dgram_config *, struct now);
void dgram_free(struct dgram *);

/*
 * Queue a message on a stream.
 *   stream   any number; below 16 the lower ones go first when the window is
 *            short, from there on all take turns
 *   frame    kept by reference until the peer has it
 *   returns  0; -ERROR_BUSY when queue_max is reached, nothing was queued
 */
int dgram_send(struct dgram *, uint64_t stream, enum dgram_class,
               struct frame *);

/*
 * Queue a state: the newest of a key replaces an older unsent one, it may be
 * lost, and the receiver never sees an older one after a newer.
 *   key      what it is the state of
 *   probe    true: it asks for an ack (a heartbeat), so it measures the path,
 *            and is sent again a few times while it gets none
 *   frame    at most 1024 bytes
 */
void dgram_state(struct dgram *, uint64_t key, bool probe, struct frame *);

/*
 * A packet came in.
 *   returns  0; a negative error code when the peer broke the protocol and the
 *            connection must end; a duplicate or late packet is no error
 */
int dgram_input(struct dgram *, const uint8_t *packet, size_t len, struct now);

/*
 * The next packet to send now; call until it returns 0.
 *   out      PACKET_MAX bytes
 *   returns  bytes written, or 0: nothing now, see dgram_deadline
 */
size_t dgram_output(struct dgram *, uint8_t *out, struct now);

/*
 * When dgram_tick must be called at the latest, mono_us; NEVER if not.  After
 * dgram_tick, dgram_input, dgram_send and dgram_next call dgram_output; a
 * deadline of 0 says that this has been forgotten.
 */
uint64_t dgram_deadline(const struct dgram *);

/* Time has passed: ack timer, loss timer, probe timer, pacing. */
void dgram_tick(struct dgram *, struct now);

/*
 * The next delivered message: in order inside its stream, states as they come.
 *   message  the frame's bytes, good until the next call on this dgram
 *   returns  true while there are any
 * Not calling it is how an owner pushes back: credit is then not renewed.
 */
bool dgram_next(struct dgram *, struct str *message);

/* ---- the path ---- */

/*
 * The peer's packets come from another place now: until it is proved, send no
 * more than AMPLIFY times what came from there.
 *   network  another network altogether: nothing that was measured counts
 */
void dgram_move(struct dgram *, bool network, struct now);

/* Ask the peer to prove where it is (RFC 9000, section 8.2): any number. */
void dgram_challenge(struct dgram *, uint64_t token);

/* The newest answer to a challenge, once; false when there is none. */
bool dgram_response(struct dgram *, uint64_t *token);

/* Where the peer is, is proved. */
void dgram_prove(struct dgram *);

/* Tell the peer what to call this connection; sent until it is acked. */
void dgram_tell_id(struct dgram *, uint64_t id);

/* What the peer told last; false when it has not. */
bool dgram_told_id(const struct dgram *, uint64_t *id);

/*
 * The peer sleeps: say nothing and count no time until something comes from
 * it, then go on.
 */
void dgram_rest(struct dgram *);

/* When something is sent again at the latest, microseconds from its sending */
uint32_t dgram_timeout(const struct dgram *);

/* Close: one CLOSE packet per dgram_output from now on, rate-limited. */
void dgram_close(struct dgram *, unsigned code, struct now);

/*
 * The peer has closed; *code is its reason.  Also when packets_max is reached:
 * then this end has closed, with LIMIT.
 */
bool dgram_closed(const struct dgram *, unsigned *code);

struct dgram_stats {
    uint64_t sent, received;      /* packets */
    uint64_t bytes_out, bytes_in; /* of packets */
    uint64_t lost, repeated;      /* packets found lost; messages sent again */
    uint64_t duplicates;          /* packets that came twice */
    uint32_t srtt_us, rttvar_us, min_rtt_us; /* 0 before the first sample */
    uint32_t loss;                           /* smoothed, per thousand */
    uint32_t cwnd, flight;                   /* bytes */
    size_t queued; /* bytes not sent yet or not acked yet */
    size_t held;   /* bytes received and not taken yet */
};

void dgram_stats(const struct dgram *, struct dgram_stats *);

/* True when everything sent reliably is acked and nothing waits. */
bool dgram_idle(const struct dgram *);

#endif
