/* SPDX-License-Identifier: MIT
 *
 * A packet's bytes: five of head, then parts.  Pure functions, no state.
 *
 *      head      flags u8 (version in the top two bits), packet number u32
 *      PAD       0; everything after it is zero too
 *      ACK       1, newest u32, delay in 1/8 ms, count - 1, length - 1 of the
 *                newest range, then (gap - 1, length - 1) going down
 *      MSG       2, stream, seq, length, bytes
 *      FRAG      3, stream, seq, total, index, bytes; every piece but the last
 *                has FRAG_SIZE bytes, so a piece's length needs no field
 *      STATE     4, key u64, version u32, length, bytes
 *      BEAT      5, as STATE, and it is acked at once
 *      CREDIT    6, bytes the sender of CREDIT is ready to take in all
 *      CLOSE     7, code
 *      PATH_CHALLENGE  8, token u64; goes back where it came from as
 *      PATH_RESPONSE   9, token u64
 *      NEW_CID  10, generation, connection id u64: the peer's to use
 *
 * Integers without a size are varints, shortest form only.  A part not known
 * ends the connection, because what follows cannot be parsed.
 */
#ifndef SHARED_PACKET_H
#define SHARED_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/range.h"
#include "shared/str.h"

enum {
    PACKET_HEAD = 5,
    PACKET_NOW = 1,    /* flag: ack this one at once */
    FRAG_SIZE = 1040,  /* with every other field and ACK_ROOM in PACKET_MAX */
    FRAG_PIECES = 64,  /* most of one message */
    STREAM_MAX = 1024, /* streams a connection ever has: 0..1023 */
    ACK_ROOM = 80      /* most bytes of an ACK */
};

enum part_type {
    PART_PAD,
    PART_ACK,
    PART_MSG,
    PART_FRAG,
    PART_STATE,
    PART_BEAT,
    PART_CREDIT,
    PART_CLOSE,
    PART_PATH_CHALLENGE,
    PART_PATH_RESPONSE,
    PART_NEW_CID
};

struct part_ack {
    uint32_t delay_us;
    unsigned n;
    struct range ranges[RANGES_SENT]; /* newest first */
};

/* A message of one piece (MSG), or a piece of a longer one (FRAG). */
struct part_piece {
    uint32_t stream, seq;
    uint32_t total; /* bytes of the whole message */
    unsigned index; /* of this piece */
    struct str bytes;
};

struct part_state {
    uint64_t key;
    uint32_t version;
    struct str bytes;
};

struct part_cid {
    uint32_t generation; /* the highest counts */
    uint64_t id;
};

struct part {
    enum part_type type;

    union {
        struct part_ack ack;
        struct part_piece piece; /* MSG, FRAG */
        struct part_state state; /* STATE, BEAT */
        uint64_t credit;
        uint32_t code;  /* CLOSE */
        uint64_t token; /* PATH_CHALLENGE, PATH_RESPONSE */
        struct part_cid cid;
    };
};

struct packet_head {
    unsigned flags;
    uint32_t pn;
};

/* ---- reading ---- */

/*
 * Take the head off the front of *rest.
 *   returns  0, or -ERROR_BAD_FRAME
 */
int packet_head(struct str *rest, struct packet_head *);

/*
 * Take the next part off the front of *rest.  Its bytes view into the packet.
 *   returns  1; 0 at the end; -ERROR_BAD_FRAME
 */
int packet_part(struct str *rest, struct part *);

/* Whether a packet with such a part is acked. */
bool part_elicits(enum part_type);

/* Pieces of a message of total bytes: 1..FRAG_PIECES. */
unsigned packet_pieces(uint32_t total);

/* Where piece `index` of a message lies, and how long it is. */
struct str packet_piece(struct str message, unsigned index);

/* ---- writing ---- */

struct packet {
    uint8_t *bytes;
    size_t len, cap;
};

/* Begin a packet in `out`; cap is at least PACKET_HEAD. */
void packet_begin(struct packet *, uint8_t *out, size_t cap,
                  struct packet_head);

/*
 * Add a part.
 *   returns  true; false when it does not fit, then nothing was written.  Of
 *            an ACK the oldest ranges are left out until it takes no more than
 *            ACK_ROOM and fits.
 */
bool packet_put(struct packet *, const struct part *);

/* Fill up with PAD. */
void packet_pad(struct packet *);

#endif
