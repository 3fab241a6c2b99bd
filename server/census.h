/* SPDX-License-Identifier: MIT
 *
 * Sessions counted by how they are and how they come, for whoever asks how the
 * server is.
 */
#ifndef SERVER_CENSUS_H
#define SERVER_CENSUS_H

#include <stdint.h>

struct session;
struct world;

/* How a session is, and comes, for people. */
enum census_state {
    CENSUS_HANDSHAKE,
    CENSUS_GREETING,
    CENSUS_READY,
    CENSUS_DORMANT,
    CENSUS_CLOSING,
    CENSUS_STATES
};

enum census_way { CENSUS_TCP, CENSUS_UDP, CENSUS_UNIX, CENSUS_WAYS };

enum census_state census_state(const struct session *);
enum census_way census_way(const struct session *);

struct census {
    uint64_t state[CENSUS_STATES], way[CENSUS_WAYS];
    uint64_t encrypted, online; /* online: accounts */
    uint64_t queued;            /* bytes that are not taken yet */
    uint64_t rtt_us, loss;      /* over UDP, summed; loss per thousand */
};

void census_count(struct census *, const struct session *);

/* Count all of them, and bring the metrics up to date that come of it. */
void census_measure(struct world *);

#endif
