/* SPDX-License-Identifier: MIT
 *
 * Admission to handshakes; see admit.h.
 */
#include "server/admit.h"

#include <stdlib.h>

#include "server/env.h"
#include "server/tally.h"
#include "shared/bucket.h"
#include "shared/mem.h"

enum {
    PREFIXES = 4096, /* buckets for rates per prefix: 128 KiB */
    TRANSPORTS = TRANSPORT_UDP + 1
};

struct admit {
    struct env *env;
    uint64_t secret[2];
    struct bucket hellos[2], prefixes[2][PREFIXES]; /* without, with cookie */
    struct bucket processor[TRANSPORTS];
    uint64_t half_open[TRANSPORTS];
    struct tally half; /* half-open by address and, shorter, by prefix */
    struct waiting waiting;
};

struct admit *admit_new(struct env *env, const uint64_t secret[2])
{
    struct admit *admit = mem_new(1, sizeof *admit);

    admit->env = env;
    memcpy(admit->secret, secret, sizeof admit->secret);
    tally_init(&admit->half, secret);
    waiting_init(&admit->waiting, secret);
    return admit;
}

void admit_free(struct admit *admit)
{
    tally_fini(&admit->half);
    waiting_fini(&admit->waiting);
    free(admit);
}

/* The /24 of IPv4, the /48 of IPv6: three quarters of either form. */
static struct str prefix_of(struct str gate)
{
    return str_bytes(gate.ptr, gate.len / 4 * 3);
}

/* ---- hellos ---- */

/* So many a second, and what comes in a tenth of one at once. */
static struct rate evenly(uint64_t per_s)
{
    return (struct rate){ per_s / 10 + 1, per_s };
}

static bool may_answer(struct admit *admit, bool has_cookie, struct str gate,
                       struct now now)
{
    struct rate all = evenly(limit(admit->env, LIMIT_COOKIE_RATE));
    struct rate each = evenly(limit(admit->env, LIMIT_COOKIE_PREFIX_RATE));
    struct bucket *total = &admit->hellos[has_cookie], *prefix = NULL;

    if (gate.len) {
        uint64_t hash = map_hash(admit->secret, prefix_of(gate));

        prefix = &admit->prefixes[has_cookie][hash % PREFIXES];
        if (bucket_when(prefix, each, 1, now))
            return false;
    }
    if (bucket_when(total, all, 1, now))
        return false;
    bucket_spend(total, all, 1, now);
    if (prefix)
        bucket_spend(prefix, each, 1, now);
    return true;
}

bool admit_hello(struct admit *admit, bool has_cookie, struct str gate,
                 struct now now)
{
    struct metrics *metrics = &admit->env->metrics;
    bool may = may_answer(admit, has_cookie, gate, now);

    metrics->hellos++;
    metrics->silenced += !may;
    return may;
}

/* ---- handshakes ---- */

static struct rate processor_rate(const struct env *env)
{
    return (struct rate){ limit(env, LIMIT_HANDSHAKE_BURST),
                          limit(env, LIMIT_HANDSHAKE_RATE) };
}

uint64_t admit_when(struct admit *admit, enum transport transport,
                    struct now now)
{
    return bucket_when(&admit->processor[transport], processor_rate(admit->env),
                       1, now);
}

static bool has_place(const struct admit *admit, enum transport transport,
                      struct str gate)
{
    const struct env *env = admit->env;

    if (admit->half_open[transport] >= limit(env, LIMIT_HALF_OPEN))
        return false;
    return gate.len == 0 || (tally_of(&admit->half, gate) <
                                 limit(env, LIMIT_HALF_OPEN_ADDRESS) &&
                             tally_of(&admit->half, prefix_of(gate)) <
                                 limit(env, LIMIT_HALF_OPEN_PREFIX));
}

static void begin(struct admit *admit, enum transport transport,
                  struct str gate, struct now now)
{
    bucket_spend(&admit->processor[transport], processor_rate(admit->env), 1,
                 now);
    admit->half_open[transport]++;
    admit->env->metrics.half_open++;
    if (gate.len) {
        tally_add(&admit->half, gate);
        tally_add(&admit->half, prefix_of(gate));
    }
}

enum admission admit_begin(struct admit *admit, enum transport transport,
                           struct str gate, struct now now)
{
    bool queue =
        transport == TRANSPORT_UDP && waiting_since(&admit->waiting) != NEVER;

    if (!has_place(admit, transport, gate)) {
        admit->env->metrics.silenced++;
        return ADMIT_NOT;
    }
    if (queue || admit_when(admit, transport, now))
        return ADMIT_LATER;
    begin(admit, transport, gate, now);
    return ADMIT_NOW;
}

void admit_end(struct admit *admit, enum transport transport, struct str gate)
{
    admit->half_open[transport]--;
    admit->env->metrics.half_open--;
    if (gate.len) {
        tally_drop(&admit->half, gate);
        tally_drop(&admit->half, prefix_of(gate));
    }
}

/* ---- datagrams that wait ---- */

void admit_defer(struct admit *admit, const struct opening *opening,
                 struct now now)
{
    struct metrics *metrics = &admit->env->metrics;

    metrics->deferred++;
    metrics->dropped += waiting_put(&admit->waiting, opening,
                                    limit(admit->env, LIMIT_DEFERRED), now);
}

/* Whether the first has waited for longer than its sender will. */
static bool is_stale(const struct admit *admit, struct now now)
{
    return now.mono_us - waiting_since(&admit->waiting) >=
           limit(admit->env, LIMIT_HANDSHAKE) * 1000;
}

bool admit_next(struct admit *admit, struct opening *opening, struct now now)
{
    while (waiting_since(&admit->waiting) != NEVER) {
        bool stale = is_stale(admit, now);

        if (!stale && admit_when(admit, TRANSPORT_UDP, now))
            return false;
        *opening = waiting_take(&admit->waiting);
        if (!stale && has_place(admit, TRANSPORT_UDP, opening->gate)) {
            begin(admit, TRANSPORT_UDP, opening->gate, now);
            return true;
        }
        admit->env->metrics.dropped++;
    }
    return false;
}

uint64_t admit_deadline(struct admit *admit, struct now now)
{
    uint64_t when;

    if (waiting_since(&admit->waiting) == NEVER)
        return NEVER;
    when = admit_when(admit, TRANSPORT_UDP, now);
    return when ? when : now.mono_us;
}
