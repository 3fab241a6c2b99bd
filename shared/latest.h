/* SPDX-License-Identifier: MIT
 *
 * States: of each key only the newest matters.  The sender's half keeps what
 * is to be sent, and a beat until it is acked; the receiver's half lets a state
 * through only if it is newer than the last one of its key.
 *
 * Versions count over all keys of a connection.  So the receiver needs no
 * memory of every key there ever was: below the oldest version it has had to
 * forget it takes nothing of a key it does not know.
 */
#ifndef SHARED_LATEST_H
#define SHARED_LATEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/packet.h"
#include "shared/str.h"

enum {
    LATEST_KEYS = 64,
    LATEST_BYTES = 1024 /* longest state */
};

struct frame;

struct latest_out {
    struct state_out *v; /* by age, owned */
    unsigned n, cap;
    uint32_t version;
};

void latest_out_init(struct latest_out *);
void latest_out_fini(struct latest_out *);

/* A new state; takes its own reference.  With too many keys the oldest goes. */
void latest_put(struct latest_out *, uint64_t key, bool beat, struct frame *);

/*
 * The next state to go into packet pn, as a part; false when there is none.
 * It is only marked as sent by latest_sent, with the same pn.
 */
bool latest_peek(const struct latest_out *, struct part *);
void latest_sent(struct latest_out *, uint32_t pn);

/* The packet that carried beats was acked; was lost, or is probed for. */
void latest_acked(struct latest_out *, uint32_t pn);
void latest_retry(struct latest_out *, uint32_t pn);

/* Probe for every beat not acked. */
void latest_retry_all(struct latest_out *);

/* Whether a beat waits for its ack. */
bool latest_waits(const struct latest_out *);

struct latest_in {
    struct state_in *v; /* the keys known, owned */
    unsigned n, cap;
    unsigned waiting; /* of them, with a state to be taken */
    size_t bytes;     /* of those states */
    uint32_t floor;   /* forgotten up to here */
    uint8_t *taken;   /* the last one taken */
};

void latest_in_init(struct latest_in *);
void latest_in_fini(struct latest_in *);

/* A state came: kept when it is newer. */
void latest_add(struct latest_in *, const struct part_state *);

/* The oldest state not taken yet, good until the next call; false: none. */
bool latest_take(struct latest_in *, struct str *state);

#endif
