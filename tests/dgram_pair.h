/* SPDX-License-Identifier: MIT
 *
 * Two datagram machines with a clock that only moves when told; for tests that
 * carry packets between them by hand.
 */
#ifndef TESTS_DGRAM_PAIR_H
#define TESTS_DGRAM_PAIR_H

#include "shared/bounds.h"
#include "shared/dgram.h"

#define MS     UINT64_C(1000) /* us */
#define SECOND UINT64_C(1000000)

struct pair {
    struct dgram *client, *server;
    struct now now;
};

/* proven: the peer is where it says. */
static inline struct dgram *pair_end(bool server, bool proven, struct now now)
{
    struct dgram_config config = { .server = server,
                                   .proven = proven,
                                   .seed = 1,
                                   .queue_max = 1 << 20,
                                   .message_max = FRAME_MAX };

    return dgram_new(&config, now);
}

static inline struct pair pair_of(bool proven)
{
    struct pair pair = { .now = { 5 * SECOND, 0 } };

    pair.client = pair_end(false, proven, pair.now);
    pair.server = pair_end(true, proven, pair.now);
    return pair;
}

static inline void pair_free(struct pair *pair)
{
    dgram_free(pair->client);
    dgram_free(pair->server);
}

#endif
