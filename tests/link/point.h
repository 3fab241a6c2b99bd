/* SPDX-License-Identifier: MIT
 *
 * One figure of a table: a peer on a kind of link with a kind of traffic, on
 * several links at once and in several runs, and what came of it.
 */
#ifndef TESTS_LINK_POINT_H
#define TESTS_LINK_POINT_H

#include "tests/link/flow.h"

enum { RUNS = 3, COPIES_MAX = 8, SPEC_MAX = 96 };

#define MS     UINT64_C(1000) /* us */
#define SECOND UINT64_C(1000000)

/* What is asked of a point. */
enum measure { LATENCY, OUTAGE, RIVALRY };

/* Messages on a link that is away for a while, again and again. */
struct outages {
    struct lab_end wake; /* first */
    struct lab *lab;
    unsigned link;
    uint64_t until_us;
    uint64_t *back_us; /* the times it came back, n of them */
    size_t n, cap;
};

struct run_result {
    uint32_t *late_us; /* n, sorted, FLOW_MISSING last; of all copies */
    size_t n;
    double bytes[2]; /* of IP a message, there and back */
    /* OUTAGE: after each return, less the delay; sorted */
    uint32_t *first_us, *backlog_us;
    size_t n_outages;
    double rate[2]; /* RIVALRY: bytes a second of the flow and its rival */
    uint64_t doubled, disordered;
};

struct point {
    enum measure measure;
    const struct peer *peer, *rival;
    uint64_t delay_us;
    const char *spec; /* besides the delay; in force once connections stand */
    struct traffic traffic;
    unsigned copies, link; /* on links link .. link + copies - 1 */
    size_t skip, n;        /* messages a link that do not count, and that do */
    struct flow flows[COPIES_MAX], rivals[COPIES_MAX];
    struct outages outages[COPIES_MAX];
    struct run_result run[RUNS];
};

void point_open(struct point *, struct lab *, uint64_t seed);
bool point_ready(const struct point *);
void point_start(struct point *, uint64_t from_us);

/* When it has said all it has to say, after its start. */
uint64_t point_lasts(const struct point *);
bool point_complete(const struct point *);

/* Take the results of this run; counts by link. Closes the connections. */
void point_collect(struct point *, struct run_result *,
                   const struct lab_count *);

/* ---- of the runs together ---- */

/* The value that this share of the n sorted ones is below, us. */
uint32_t quantile(const uint32_t *sorted, size_t n, double share);

/* The median of the runs' quantiles. */
uint32_t point_quantile(const struct point *, double share);

/* The quantile of all runs' values thrown together. */
uint32_t point_pooled(const struct point *, double share);

/* Medians of the runs. */
double point_bytes(const struct point *, unsigned dir);
double point_rate(const struct point *, unsigned which);

/* Of all outages of all runs: the first message, or the whole backlog. */
uint32_t point_outage(const struct point *, bool backlog, double share);

void point_free(struct point *);

#endif
