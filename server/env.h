/* SPDX-License-Identifier: MIT
 *
 * What every part of the server needs at hand: the limits, the counters, the
 * log, and the two queues through which a session asks for attention.
 */
#ifndef SERVER_ENV_H
#define SERVER_ENV_H

#include <stddef.h>
#include <stdint.h>

#include "server/heap.h"
#include "server/log.h"
#include "server/metrics.h"
#include "shared/limits.h"
#include "shared/rng.h"

struct session;

struct env {
    struct limits limits;
    struct metrics metrics;
    struct log log;
    struct rng rng;         /* spreading only, never secrets */
    struct heap deadlines;  /* of sessions */
    struct session **dirty; /* to be looked at by the edge; n_dirty of them */
    size_t n_dirty, cap_dirty;
    uint64_t published; /* grows with every change of any room */
};

static inline uint64_t limit(const struct env *env, enum limit which)
{
    return env->limits.value[which];
}

#endif
