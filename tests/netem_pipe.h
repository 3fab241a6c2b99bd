/* SPDX-License-Identifier: MIT
 *
 * One direction of an emulated link: lengths and the time in, what becomes of
 * each packet out.  Pure: the n-th packet of a pipe has the same fate whenever
 * the seed is the same, whatever was set meanwhile for others of its chances;
 * only bursts in time depend on when it comes.
 *
 * In this order: what is blocked, the queue and the rate, loss (a lost packet
 * has used its share of the rate), delay and jitter, being held back, a copy.
 */
#ifndef TESTS_NETEM_PIPE_H
#define TESTS_NETEM_PIPE_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shared/now.h"
#include "shared/rng.h"
#include "shared/str.h"

#define PIPE_SECOND 1e9 /* times are in nanoseconds */

/* What can be set; every one is a number, so that rows can say which. */
struct pipe_settings {
    double delay, jitter, overtake;
    double loss, burst, burst_packets, burst_time;
    double dup, reorder, behind;
    double rate, queue;
    double down, block, mtu;
    double address, ports;
};

enum pipe_unit {
    PIPE_TIME,    /* us, ms, s */
    PIPE_SHARE,   /* % */
    PIPE_NUMBER,  /* plain, k */
    PIPE_RATE,    /* kbit, mbit */
    PIPE_PROTOCOL /* udp, tcp, none */
};

static const struct pipe_row {
    const char *name;
    enum pipe_unit unit;
    size_t field;
    const char *doc;
} PIPE_ROWS[] = {

#define ROW(name, unit, doc)                                                   \
    {                                                                          \
#        name, PIPE_##unit, offsetof(struct pipe_settings, name), doc          \
    }
    ROW(delay, TIME, "one way"),
    ROW(jitter, TIME, "around the delay, uniformly"),
    ROW(overtake, NUMBER, "1: packets with less jitter overtake others"),
    ROW(loss, SHARE, "lost, each by itself"),
    ROW(burst, SHARE,
        "lost in bursts, SHARE/PACKETS or SHARE/TIME: mean length"),
    ROW(dup, SHARE, "come twice"),
    ROW(reorder, SHARE, "held back, so that others overtake them"),
    ROW(behind, TIME, "for so long"),
    ROW(rate, RATE, "bits a second of IP packets; 0: no limit"),
    ROW(queue, NUMBER, "bytes that wait for the rate"),
    ROW(down, TIME, "from now on nothing passes for so long; 0: it does again"),
    ROW(block, PROTOCOL, "drop this protocol"),
    ROW(mtu, NUMBER, "drop longer packets, bytes; 0: none"),
    ROW(address, NUMBER, "the sender's address: 0 its own, N another"),
    ROW(ports, NUMBER, "the sender's ports are changed by XOR with this"),
#undef ROW
};

enum { PIPE_N_ROWS = sizeof PIPE_ROWS / sizeof *PIPE_ROWS };

struct pipe_counts {
    uint64_t packets, bytes; /* that came */
    uint64_t blocked, full, lost, copied, held;
};

struct pipe {
    struct pipe_settings set;
    struct pipe_counts count;
    uint64_t seed;
    bool bad;         /* in a burst */
    struct rng turns; /* of bursts in time */
    uint64_t turn_ns; /* the burst, or the time without one, ends */
    uint64_t free_ns; /* the rate is free for the next */
    uint64_t last_ns; /* the last one in order arrives */
    uint64_t down_ns; /* nothing passes before */
};

/* When the packet arrives, and its copy; 0: it does not. */
struct pipe_fate {
    uint64_t at_ns[2];
};

static inline void pipe_init(struct pipe *pipe, uint64_t seed)
{
    *pipe = (struct pipe){ .seed = seed, .turns = { ~seed } };
    pipe->set.queue = 64 * 1024;
    pipe->set.behind = 60e6;
}

/* Begin again with this seed; what was set stays. */
static inline void pipe_restart(struct pipe *pipe, uint64_t seed)
{
    struct pipe_settings set = pipe->set;

    pipe_init(pipe, seed);
    pipe->set = set;
}

/* ---- settings ---- */

static const struct pipe_scale {
    enum pipe_unit unit;
    const char *name;
    double factor;
} PIPE_SCALES[] = {
    { PIPE_TIME, "us", 1e3 },     { PIPE_TIME, "ms", 1e6 },
    { PIPE_TIME, "s", 1e9 },      { PIPE_SHARE, "%", 0.01 },
    { PIPE_NUMBER, "", 1 },       { PIPE_NUMBER, "k", 1024 },
    { PIPE_RATE, "kbit", 1e3 },   { PIPE_RATE, "mbit", 1e6 },
    { PIPE_PROTOCOL, "none", 0 }, { PIPE_PROTOCOL, "tcp", 6 },
    { PIPE_PROTOCOL, "udp", 17 },
};

/* A value with its unit; a 0 needs none. False when it is not one. */
static inline bool pipe_number(struct str text, enum pipe_unit unit,
                               double *out)
{
    char copy[32], *end;
    double n;

    if (text.len == 0 || text.len >= sizeof copy)
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    n = strtod(copy, &end);
    if (unit == PIPE_PROTOCOL) {
        n = 1;
        end = copy;
    } else if (end == copy || !(n >= 0 && n < 1e12)) {
        return false;
    }
    *out = 0;
    if (*end == '\0' && n == 0)
        return true;
    for (size_t i = 0; i < sizeof PIPE_SCALES / sizeof *PIPE_SCALES; i++) {
        const struct pipe_scale *scale = &PIPE_SCALES[i];

        if (scale->unit != unit || strcmp(scale->name, end) != 0)
            continue;
        *out = n * scale->factor;
        return unit != PIPE_SHARE || *out <= 1;
    }
    return false;
}

/* The part of text before the first c, and what follows it. */
static inline struct str pipe_until(struct str text, char c, struct str *rest)
{
    size_t len = 0;

    while (len < text.len && text.ptr[len] != c)
        len++;
    *rest = str_from(text, len + 1);
    return str_bytes(text.ptr, len);
}

/* SHARE/PACKETS or SHARE/TIME */
static inline bool pipe_burst(struct pipe_settings *set, struct str text)
{
    struct str length, share = pipe_until(text, '/', &length);

    if (!pipe_number(share, PIPE_SHARE, &set->burst) || set->burst >= 1)
        return false;
    set->burst_packets = set->burst_time = 0;
    if (set->burst == 0)
        return true;
    return (pipe_number(length, PIPE_NUMBER, &set->burst_packets) &&
            set->burst_packets >= 1) ||
           (pipe_number(length, PIPE_TIME, &set->burst_time) &&
            set->burst_time > 0);
}

/* One setting; false when there is none of that name, or no such value. */
static inline bool pipe_set(struct pipe *pipe, struct str name,
                            struct str value, uint64_t now_ns)
{
    const struct pipe_row *row = PIPE_ROWS;
    double n;

    while (row < PIPE_ROWS + PIPE_N_ROWS && !str_is(name, row->name))
        row++;
    if (row == PIPE_ROWS + PIPE_N_ROWS)
        return false;
    if (str_is(name, "burst")) {
        pipe->bad = false;
        pipe->turn_ns = 0;
        return pipe_burst(&pipe->set, value);
    }
    if (!pipe_number(value, row->unit, &n))
        return false;
    memcpy((char *)&pipe->set + row->field, &n, sizeof n);
    if (str_is(name, "down"))
        pipe->down_ns = now_ns + (uint64_t)n;
    return true;
}

/* ---- chances ---- */

/* One of [0, 1). */
static inline double pipe_chance(struct rng *rng)
{
    return (double)(rng_next(rng) >> 11) / 9007199254740992.0;
}

/* All that may be asked of one packet, drawn whether it is asked or not. */
struct pipe_draw {
    double loss, burst, jitter, dup, reorder;
};

static inline struct pipe_draw pipe_draw(const struct pipe *pipe)
{
    struct rng rng = { pipe->seed + pipe->count.packets };
    struct pipe_draw draw;

    rng.state = rng_next(&rng); /* far from the neighbour's */
    draw.loss = pipe_chance(&rng);
    draw.burst = pipe_chance(&rng);
    draw.jitter = pipe_chance(&rng);
    draw.dup = pipe_chance(&rng);
    draw.reorder = pipe_chance(&rng);
    return draw;
}

/* A chain of two states (Gilbert, 1960) that steps with each packet. */
static inline bool pipe_bad_packet(struct pipe *pipe, double draw)
{
    double share = pipe->set.burst, leave = 1 / pipe->set.burst_packets;

    pipe->bad = pipe->bad ? draw >= leave : draw < leave * share / (1 - share);
    return pipe->bad;
}

/* The same in time: the lengths are exponential. */
static inline bool pipe_bad_time(struct pipe *pipe, uint64_t now_ns)
{
    double share = pipe->set.burst, bad = pipe->set.burst_time;
    double mean[2] = { bad * (1 - share) / share, bad };

    if (pipe->turn_ns == 0) {
        pipe->bad = pipe_chance(&pipe->turns) >= share; /* turned below */
        pipe->turn_ns = now_ns;
    }
    while (pipe->turn_ns <= now_ns) {
        pipe->bad = !pipe->bad;
        pipe->turn_ns += 1 + (uint64_t)(mean[pipe->bad] *
                                        -log(1 - pipe_chance(&pipe->turns)));
    }
    return pipe->bad;
}

static inline bool pipe_loses(struct pipe *pipe, struct pipe_draw draw,
                              uint64_t now_ns)
{
    bool burst = false;

    if (pipe->set.burst_packets > 0)
        burst = pipe_bad_packet(pipe, draw.burst);
    else if (pipe->set.burst_time > 0)
        burst = pipe_bad_time(pipe, now_ns);
    return burst || draw.loss < pipe->set.loss;
}

/* ---- a packet ---- */

static inline bool pipe_blocks(const struct pipe *pipe, size_t len,
                               unsigned protocol, uint64_t now_ns)
{
    const struct pipe_settings *set = &pipe->set;

    return now_ns < pipe->down_ns ||
           (set->block > 0 && protocol == (unsigned)set->block) ||
           (set->mtu > 0 && (double)len > set->mtu);
}

/* When it has left a link of limited rate; 0: the queue has no room. */
static inline uint64_t pipe_leaves(struct pipe *pipe, size_t len,
                                   uint64_t now_ns)
{
    double per_byte = 8 * PIPE_SECOND / pipe->set.rate, waiting;

    if (pipe->set.rate == 0)
        return now_ns;
    if (pipe->free_ns < now_ns)
        pipe->free_ns = now_ns;
    waiting = (double)(pipe->free_ns - now_ns) / per_byte;
    if (waiting + (double)len > pipe->set.queue)
        return 0;
    return pipe->free_ns += (uint64_t)((double)len * per_byte);
}

static inline uint64_t pipe_arrives(struct pipe *pipe, uint64_t leaves_ns,
                                    double draw)
{
    double late = pipe->set.delay + pipe->set.jitter * (2 * draw - 1);
    uint64_t at = leaves_ns + (late > 0 ? (uint64_t)late : 0);

    if (pipe->set.overtake > 0)
        return at;
    if (at <= pipe->last_ns)
        at = pipe->last_ns + 1;
    return pipe->last_ns = at;
}

static inline struct pipe_fate pipe_pass(struct pipe *pipe, size_t len,
                                         unsigned protocol, uint64_t now_ns)
{
    struct pipe_draw draw = pipe_draw(pipe);
    struct pipe_fate fate = { { 0 } };
    bool lost = pipe_loses(pipe, draw, now_ns);
    uint64_t leaves, at;

    pipe->count.packets++;
    pipe->count.bytes += len;
    if (pipe_blocks(pipe, len, protocol, now_ns)) {
        pipe->count.blocked++;
        return fate;
    }
    leaves = pipe_leaves(pipe, len, now_ns);
    if (leaves == 0 || lost) {
        *(leaves ? &pipe->count.lost : &pipe->count.full) += 1;
        return fate;
    }
    at = pipe_arrives(pipe, leaves, draw.jitter);
    if (draw.reorder < pipe->set.reorder) {
        at += (uint64_t)pipe->set.behind;
        pipe->count.held++;
    }
    fate.at_ns[0] = at;
    if (draw.dup < pipe->set.dup) {
        fate.at_ns[1] = at + 1;
        pipe->count.copied++;
    }
    return fate;
}

#endif
