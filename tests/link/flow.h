/* SPDX-License-Identifier: MIT
 *
 * Numbered messages over one link: when each was handed to the transport, and
 * when it came out of it at the other end.
 */
#ifndef TESTS_LINK_FLOW_H
#define TESTS_LINK_FLOW_H

#include "shared/rng.h"
#include "shared/str.h"
#include "tests/link/lab.h"

enum {
    FLOW_NUMBER = 16,     /* hexadecimal digits that a message begins with */
    FLOW_BYTES_MAX = 1200 /* of a message */
};

#define FLOW_MISSING UINT32_MAX

/* What is said. */
struct traffic {
    uint64_t gap_us, spread_us; /* between messages, +- at random */
    bool greedy;                /* as many as the transport takes, instead */
    bool bulk;                  /* nobody waits for them */
    size_t bytes;               /* of each message */
};

struct flow;

/* A kind of transport. */
struct peer {
    const char *name;
    bool unordered; /* messages may be missing and out of order */
    /* Begin to connect; the state is the peer's. */
    void *(*open)(struct flow *);
    bool (*ready)(const void *state);
    void (*say)(void *state, struct str text, struct now);
    void (*close)(void *state);
};

struct flow {
    struct lab_end wake; /* first: when it talks next */
    struct lab *lab;
    const struct peer *peer;
    void *state;
    unsigned link;
    struct traffic traffic;
    struct rng rng;
    uint64_t until_us; /* it falls silent */
    /* by number, cap of them; not of a greedy flow */
    uint64_t *sent_us;
    uint32_t *late_us; /* FLOW_MISSING: has not come */
    size_t cap;
    uint64_t sent, taken, doubled, disordered;
    uint64_t count_us;    /* greedy: from here on ... */
    uint64_t count_bytes; /* ... this much was taken */
};

/* Connect. Messages up to n are remembered. */
void flow_open(struct flow *, struct lab *, size_t n);
void flow_close(struct flow *);

/* Talk in this time; the first message comes within a gap of it. */
void flow_start(struct flow *, uint64_t from_us, uint64_t until_us);

/* Peer: a message came out. */
void flow_take(struct flow *, struct str text, struct now);

/* Peer: so many bytes wait to be acked or written. A greedy flow adds to them:
 * true when it did. */
bool flow_refill(struct flow *, size_t queued, struct now);

/* All has come that was said. */
bool flow_complete(const struct flow *);

extern const struct peer PEER_CONTROL, PEER_TCP, PEER_ENET;
extern const struct peer PEER_OURS_UDP, PEER_OURS_TCP;

#endif
