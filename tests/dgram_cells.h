/* SPDX-License-Identifier: MIT
 *
 * What the datagram machine promises: on which path, with what said, how late a
 * message of 200 bytes may come at most, and for how many bytes.  The bench
 * prints the promise beside what it measures, the test insists on it.
 *
 * Times are one-way, from dgram_send to dgram_next, in order, milliseconds;
 * bytes are those of IP packets.  Each run begins cold, after a handshake.
 */
#ifndef TESTS_DGRAM_CELLS_H
#define TESTS_DGRAM_CELLS_H

#include "tests/dgram_sim.h"

enum cell_talk {
    TALK_THIN,   /* the client, a message each 50 ms */
    TALK_SPARSE, /* each 400 ms, give or take 50 */
    TALK_SLOW,   /* each second */
    TALK_ROOM,   /* both ends, one a second at random, fan-out */
    TALK_ROOMS   /* both ends, 20 a second at random, fan-out of ten rooms */
};

enum cell_path {
    PATH_PLAIN,   /* loses, nothing else */
    PATH_ROUGH,   /* as sim_path has it */
    PATH_BURSTS,  /* away for 100 ms on average, 5 % of the time */
    PATH_TWISTED, /* 2 % come twice, 5 % are held up for 60 ms */
    PATH_JITTERY  /* +-15 ms each way, so packets overtake each other */
};

/* At most; 0: nothing is promised. */
struct cell {
    enum cell_talk talk;
    enum cell_path path;
    unsigned rtt_ms, loss;
    double p50, p99, p999, out;
};

static const struct cell CELLS[] = {
    /* a person's messages */
    { TALK_THIN, PATH_PLAIN, 50, 0, 27, 27, 30, 650 },
    { TALK_THIN, PATH_PLAIN, 50, 1, 27, 36, 61, 1400 },
    { TALK_THIN, PATH_PLAIN, 50, 5, 27, 42, 71, 1400 },
    { TALK_THIN, PATH_PLAIN, 50, 10, 27, 62, 105, 1400 },
    { TALK_THIN, PATH_PLAIN, 50, 20, 27, 75, 127, 1400 },
    { TALK_THIN, PATH_PLAIN, 200, 0, 102, 102, 105, 650 },
    { TALK_THIN, PATH_PLAIN, 200, 1, 102, 115, 195, 1400 },
    { TALK_THIN, PATH_PLAIN, 200, 5, 102, 125, 212, 1400 },
    { TALK_THIN, PATH_PLAIN, 200, 10, 102, 150, 255, 1400 },
    { TALK_THIN, PATH_PLAIN, 200, 20, 102, 195, 331, 1400 },
    { TALK_SPARSE, PATH_PLAIN, 50, 0, 27, 27, 30, 650 },
    { TALK_SPARSE, PATH_PLAIN, 50, 1, 27, 36, 61, 1400 },
    { TALK_SPARSE, PATH_PLAIN, 50, 5, 27, 42, 71, 1400 },
    { TALK_SPARSE, PATH_PLAIN, 50, 10, 27, 62, 105, 1400 },
    { TALK_SPARSE, PATH_PLAIN, 50, 20, 27, 75, 127, 1400 },
    { TALK_SPARSE, PATH_PLAIN, 200, 0, 102, 102, 105, 650 },
    { TALK_SPARSE, PATH_PLAIN, 200, 1, 102, 115, 195, 1400 },
    { TALK_SPARSE, PATH_PLAIN, 200, 5, 102, 125, 212, 1400 },
    { TALK_SPARSE, PATH_PLAIN, 200, 10, 102, 150, 255, 1400 },
    { TALK_SPARSE, PATH_PLAIN, 200, 20, 102, 195, 331, 1400 },
    { TALK_SLOW, PATH_PLAIN, 50, 0, 27, 27, 30, 650 },
    { TALK_SLOW, PATH_PLAIN, 50, 1, 27, 36, 61, 1400 },
    { TALK_SLOW, PATH_PLAIN, 50, 5, 27, 42, 71, 1400 },
    { TALK_SLOW, PATH_PLAIN, 50, 10, 27, 62, 105, 1400 },
    { TALK_SLOW, PATH_PLAIN, 50, 20, 27, 75, 127, 1400 },
    { TALK_SLOW, PATH_PLAIN, 200, 0, 102, 102, 105, 650 },
    { TALK_SLOW, PATH_PLAIN, 200, 1, 102, 115, 195, 1400 },
    { TALK_SLOW, PATH_PLAIN, 200, 5, 102, 125, 212, 1400 },
    { TALK_SLOW, PATH_PLAIN, 200, 10, 102, 150, 255, 1400 },
    { TALK_SLOW, PATH_PLAIN, 200, 20, 102, 195, 331, 1400 },
    { TALK_THIN, PATH_ROUGH, 50, 5, 27, 42, 71, 1400 },
    { TALK_THIN, PATH_ROUGH, 50, 20, 27, 75, 127, 1400 },
    { TALK_THIN, PATH_ROUGH, 200, 5, 102, 125, 212, 1400 },
    { TALK_THIN, PATH_ROUGH, 200, 20, 102, 195, 331, 1400 },
    { TALK_SLOW, PATH_ROUGH, 50, 5, 27, 42, 71, 1400 },
    { TALK_SLOW, PATH_ROUGH, 50, 20, 27, 75, 127, 1400 },
    { TALK_SLOW, PATH_ROUGH, 200, 5, 102, 125, 212, 1400 },
    { TALK_SLOW, PATH_ROUGH, 200, 20, 102, 195, 331, 1400 },
    { TALK_THIN, PATH_BURSTS, 50, 0, 27, 220, 0, 1400 },
    { TALK_THIN, PATH_BURSTS, 200, 0, 102, 375, 0, 1400 },
    { TALK_SLOW, PATH_BURSTS, 50, 0, 27, 220, 0, 1400 },
    { TALK_SLOW, PATH_BURSTS, 200, 0, 102, 375, 0, 1400 },
    { TALK_THIN, PATH_TWISTED, 50, 0, 27, 40, 0, 1400 },
    { TALK_THIN, PATH_TWISTED, 200, 0, 102, 115, 0, 1400 },
    { TALK_SPARSE, PATH_TWISTED, 50, 0, 27, 40, 0, 1400 },
    { TALK_SPARSE, PATH_TWISTED, 200, 0, 102, 115, 0, 1400 },
    { TALK_THIN, PATH_JITTERY, 50, 10, 27, 60, 0, 1400 },
    { TALK_THIN, PATH_JITTERY, 200, 10, 102, 134, 0, 1400 },
    /* a room's, of one receiver: no copies where there is no loss */
    { TALK_ROOM, PATH_PLAIN, 50, 0, 27, 27, 0, 400 },
    { TALK_ROOM, PATH_ROUGH, 50, 1, 27, 45, 0, 0 },
    { TALK_ROOM, PATH_ROUGH, 50, 5, 27, 45, 0, 0 },
    { TALK_ROOM, PATH_ROUGH, 50, 10, 27, 85, 0, 0 },
    { TALK_ROOM, PATH_ROUGH, 50, 20, 28, 170, 0, 0 },
    { TALK_ROOM, PATH_PLAIN, 200, 0, 105, 105, 0, 400 },
    { TALK_ROOM, PATH_ROUGH, 200, 1, 105, 125, 0, 0 },
    { TALK_ROOM, PATH_ROUGH, 200, 5, 105, 130, 0, 0 },
    { TALK_ROOM, PATH_ROUGH, 200, 10, 105, 380, 0, 0 },
    { TALK_ROOM, PATH_ROUGH, 200, 20, 106, 640, 0, 0 },
    { TALK_ROOMS, PATH_PLAIN, 50, 0, 27, 27, 0, 400 },
    { TALK_ROOMS, PATH_ROUGH, 50, 1, 27, 45, 0, 0 },
    { TALK_ROOMS, PATH_ROUGH, 50, 5, 27, 110, 0, 0 },
    { TALK_ROOMS, PATH_ROUGH, 50, 10, 27, 125, 0, 0 },
    { TALK_ROOMS, PATH_ROUGH, 50, 20, 28, 225, 0, 0 },
    { TALK_ROOMS, PATH_PLAIN, 200, 0, 105, 105, 0, 400 },
    { TALK_ROOMS, PATH_ROUGH, 200, 1, 105, 150, 0, 0 },
    { TALK_ROOMS, PATH_ROUGH, 200, 5, 105, 215, 0, 0 },
    { TALK_ROOMS, PATH_ROUGH, 200, 10, 105, 370, 0, 0 },
    { TALK_ROOMS, PATH_ROUGH, 200, 20, 106, 640, 0, 0 },
};

enum { CELL_COUNT = sizeof CELLS / sizeof *CELLS };

struct cell_outcome {
    struct sim_latency late;
    double out, back; /* bytes a message */
    const char *failed;
};

static inline const char *cell_talk_name(enum cell_talk talk)
{
    static const char *const NAMES[] = { "20/s", "0.4 s", "1/s", "room 1/s",
                                         "rooms 20/s" };

    return NAMES[talk];
}

static inline const char *cell_path_name(enum cell_path path)
{
    static const char *const NAMES[] = { "plain", "rough", "bursts", "twisted",
                                         "jittery" };

    return NAMES[path];
}

static inline struct sim_path cell_way(const struct cell *cell)
{
    struct sim_path path = { .delay_us = cell->rtt_ms * SIM_MS / 2,
                             .lose = cell->loss * (SIM_MILLION / 100) };

    switch (cell->path) {
    case PATH_PLAIN: break;
    case PATH_ROUGH: return sim_path(cell->rtt_ms * SIM_MS, cell->loss);
    case PATH_BURSTS:
        path.bad_us = 100 * SIM_MS;
        path.good_us = 19 * path.bad_us;
        break;
    case PATH_TWISTED:
        path.repeat = SIM_MILLION / 50;
        path.reorder = SIM_MILLION / 20;
        path.held_us = 60 * SIM_MS;
        break;
    case PATH_JITTERY: path.jitter_us = 15 * SIM_MS; break;
    }
    return path;
}

static inline struct sim_talk cell_says(enum cell_talk talk)
{
    struct sim_talk says = { .per_second = 1, .size = 200, .streams = 1 };

    says.class = talk < TALK_ROOM ? DGRAM_OWN : DGRAM_FANOUT;
    says.regular = talk < TALK_ROOM;
    if (talk == TALK_THIN || talk == TALK_ROOMS)
        says.per_second = 20;
    if (talk == TALK_SPARSE) {
        says.per_second = 2.5;
        says.shake_us = 50 * SIM_MS;
    }
    if (talk == TALK_ROOMS)
        says.streams = 10;
    return says;
}

/* Messages of the beginning that do not count. */
static inline unsigned cell_skipped(enum cell_talk talk)
{
    return talk == TALK_THIN || talk == TALK_ROOMS ? 100 : 15;
}

static inline struct cell_outcome cell_result(const struct sim *sim)
{
    double n = (double)sim_sum(sim->end[0].sent);
    struct cell_outcome outcome = { .late = sim_latency(sim),
                                    .failed = sim->failed };

    outcome.out = (double)sim->end[0].wire_out / n;
    outcome.back = (double)sim->end[1].wire_out / n;
    if (!sim_all_came(sim, 0) || !sim_all_came(sim, 1))
        outcome.failed = "not all came";
    return outcome;
}

static inline struct cell_outcome cell_run(const struct cell *cell,
                                           uint64_t seed, unsigned messages)
{
    struct sim *sim = sim_make(seed, cell_way(cell), 0, true);
    struct sim_talk says = cell_says(cell->talk);
    struct cell_outcome outcome;

    says.until_us = (uint64_t)((messages - 1) / says.per_second * 1e6);
    for (unsigned i = 0; i < (cell->talk < TALK_ROOM ? 1 : 2); i++)
        sim_talks(sim, i, says);
    for (unsigned i = 0; i < 2; i++)
        sim->end[i].skip_us =
            sim->start_us +
            (uint64_t)(cell_skipped(cell->talk) / says.per_second * 1e6);
    sim_run(sim, says.until_us + 100 * SIM_SECOND);
    outcome = cell_result(sim);
    sim_free(sim);
    return outcome;
}

/* ---- narrow links ---- */

/*
 * A person's messages through a link of limited rate with 16 KB in front, round
 * trip 50 ms, 1 % lost; the first 100, of slow talk 15, do not count.
 */
struct narrow {
    unsigned kbit;
    double per_second;
    double p99; /* at most */
};

static const struct narrow NARROWS[] = {
    { 64, 20, 294 },  { 128, 20, 160 }, { 64, 0.3, 110 },
    { 64, 0.5, 110 }, { 64, 1, 110 },   { 64, 2, 110 },
};

enum { NARROW_COUNT = sizeof NARROWS / sizeof *NARROWS };

static inline struct sim_path narrow_way(unsigned kbit, size_t buffer)
{
    return (struct sim_path){ .delay_us = 25 * SIM_MS,
                              .rate = kbit * 125,
                              .buffer = buffer };
}

static inline struct cell_outcome narrow_run(const struct narrow *narrow,
                                             enum dgram_class class,
                                             size_t buffer, uint64_t seed,
                                             unsigned messages)
{
    struct sim_path way = narrow_way(narrow->kbit, buffer);
    double skipped = narrow->per_second > 3 ? 100 : 15;
    struct sim_talk says = { .per_second = narrow->per_second,
                             .regular = true,
                             .size = 200,
                             .class = class };
    struct cell_outcome outcome;
    struct sim *sim;

    way.lose = SIM_MILLION / 100;
    sim = sim_make(seed, way, 0, true);
    says.until_us = (uint64_t)((messages - 1) / says.per_second * 1e6);
    sim_talks(sim, 0, says);
    sim->end[1].skip_us =
        sim->start_us + (uint64_t)(skipped / says.per_second * 1e6);
    sim_run(sim, says.until_us + 100 * SIM_SECOND);
    outcome = cell_result(sim);
    sim_free(sim);
    return outcome;
}

/* ---- a shared bottleneck ---- */

/* What the client says beside a TCP flow; at least half is left to that. */
struct share {
    unsigned kbit, rtt_ms;
    size_t buffer;
    double per_second; /* of 200 bytes */
    enum dgram_class class;
    bool late; /* the flow begins 10 s later, not at the same time */
};

static const struct share SHARES[] = {
    { 128, 50, 16384, 20, DGRAM_OWN, false },
    { 128, 50, 16384, 20, DGRAM_OWN, true },
    { 128, 200, 16384, 20, DGRAM_OWN, false },
    { 256, 50, 16384, 20, DGRAM_OWN, false },
    { 256, 50, 16384, 20, DGRAM_FANOUT, true },
    { 256, 200, 16384, 1000, DGRAM_OWN, true },
    { 256, 200, 16384, 1000, DGRAM_BULK, true },
    { 1000, 50, 32768, 1000, DGRAM_OWN, false },
    { 1000, 50, 32768, 1000, DGRAM_FANOUT, true },
    { 1000, 50, 32768, 1000, DGRAM_BULK, false },
    { 1000, 50, 32768, 1000, DGRAM_BULK, true },
};

enum { SHARE_COUNT = sizeof SHARES / sizeof *SHARES };

/* The share that the flow gets in a minute, after 20 s. */
static inline double share_run(const struct share *share, uint64_t seed)
{
    struct sim_path way = narrow_way(share->kbit, share->buffer);
    struct sim_talk says = { .per_second = share->per_second,
                             .regular = true,
                             .size = 200,
                             .class = share->class,
                             .until_us = 80 * SIM_SECOND };
    struct sim *sim;
    double came;

    way.delay_us = share->rtt_ms * SIM_MS / 2;
    sim = sim_make(seed, way, 0, true);
    sim->end[1].out.rate = 0;
    sim_talks(sim, 0, says);
    if (share->late)
        sim_run(sim, 10 * SIM_SECOND);
    sim_rival_starts(sim);
    sim_run(sim, 20 * SIM_SECOND);
    came = (double)sim->rival.came;
    sim_run(sim, 80 * SIM_SECOND);
    came = ((double)sim->rival.came - came) / ((double)way.rate * 60);
    sim_free(sim);
    return came;
}

/* ---- a path that goes away ---- */

/* One message after the other, and at 20 s the path is away for a while. */
static inline struct sim *away_new(uint64_t seed, uint64_t rtt_ms,
                                   uint64_t away_ms, double per_second)
{
    struct sim_path path = { .delay_us = rtt_ms * SIM_MS / 2 };
    struct sim_talk says = { .per_second = per_second,
                             .regular = true,
                             .size = 200,
                             .class = DGRAM_OWN,
                             .until_us = 40 * SIM_SECOND };
    struct sim *sim;

    path.dead_from = 20 * SIM_SECOND + seed % 50 * SIM_MS;
    path.dead_to = path.dead_from + away_ms * SIM_MS;
    sim = sim_make(seed, path, 0, true);
    sim_talks(sim, 0, says);
    sim->end[1].mark_us = sim->start_us + path.dead_to;
    return sim;
}

/* Milliseconds from the path's return to the first delivery; below 0: none. */
static inline double away_first(uint64_t seed, uint64_t rtt_ms,
                                uint64_t away_ms, double per_second)
{
    struct sim *sim = away_new(seed, rtt_ms, away_ms, per_second);
    double ms = -1;

    sim_run(sim, 300 * SIM_SECOND);
    if (!cell_result(sim).failed && sim->end[1].first_got_us)
        ms = (double)(sim->end[1].first_got_us - sim->end[1].mark_us) / 1e3;
    sim_free(sim);
    return ms;
}

/* Milliseconds from the return after 3 s until nothing old is missing. */
static inline double away_backlog(uint64_t seed, uint64_t rtt_ms)
{
    struct sim *sim = away_new(seed, rtt_ms, 3000, 20);
    uint64_t back = sim->end[1].mark_us - sim->start_us;
    uint64_t at = back;

    do {
        sim_run(sim, at += SIM_MS);
    } while (sim_sum(sim->end[1].got) < (back - 1) / (50 * SIM_MS) + 1 &&
             at < back + 20 * SIM_SECOND);
    sim_free(sim);
    return (double)(at - back) / 1e3;
}

#endif
