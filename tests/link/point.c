/* SPDX-License-Identifier: MIT
 *
 * One figure of a table; see point.h.
 */
#include "tests/link/point.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"

enum { SETTLE = 5 }; /* s, before a flow is disturbed or counted */

#define OUTAGE_US     (3 * SECOND)
#define OUTAGE_GAP_US (12 * SECOND)
#define RIVAL_BYTES   1000

/* ---- outages ---- */

static void on_outage(struct lab_end *end, struct now now)
{
    struct outages *outages = (struct outages *)end;
    void *back = outages->back_us;
    char spec[64];

    if (now.mono_us + OUTAGE_GAP_US > outages->until_us)
        return;
    snprintf(spec, sizeof spec, "link=%u,down=%ums", outages->link,
             (unsigned)(OUTAGE_US / MS));
    lab_set(outages->lab, spec);
    mem_grow(&back, &outages->cap, outages->n + 1, sizeof *outages->back_us);
    outages->back_us = back;
    outages->back_us[outages->n++] = lab_now().mono_us + OUTAGE_US;
    lab_wake(outages->lab, end, now.mono_us + OUTAGE_GAP_US);
}

static void start_outages(struct point *point, unsigned i, uint64_t from_us)
{
    struct flow *flow = &point->flows[i];
    struct outages *outages = &point->outages[i];

    *outages = (struct outages){ .lab = flow->lab,
                                 .link = flow->link,
                                 .until_us = flow->until_us };
    outages->wake.turn = on_outage;
    lab_wake(flow->lab, &outages->wake,
             from_us + SETTLE * SECOND + rng_below(&flow->rng, SECOND));
}

/* ---- a run ---- */

void point_open(struct point *point, struct lab *lab, uint64_t seed)
{
    struct traffic bulk = { .greedy = true, .bytes = RIVAL_BYTES };
    struct rng rng = { seed + point->link };

    for (unsigned i = 0; i < point->copies; i++) {
        struct flow *flow = &point->flows[i], *rival = &point->rivals[i];

        *flow = (struct flow){ .peer = point->peer,
                               .traffic = point->traffic,
                               .link = point->link + i,
                               .rng = { rng_next(&rng) } };
        flow_open(flow, lab,
                  point->traffic.greedy ? 0 : point->skip + point->n);
        if (!point->rival)
            continue;
        *rival = (struct flow){ .peer = point->rival,
                                .traffic = bulk,
                                .link = point->link + i,
                                .rng = { rng_next(&rng) } };
        flow_open(rival, lab, 0);
    }
}

bool point_ready(const struct point *point)
{
    for (unsigned i = 0; i < point->copies; i++) {
        const struct flow *flow = &point->flows[i], *rival = &point->rivals[i];

        if (!flow->peer->ready(flow->state) ||
            (point->rival && !rival->peer->ready(rival->state)))
            return false;
    }
    return true;
}

uint64_t point_lasts(const struct point *point)
{
    return point->traffic.gap_us * (point->skip + point->n);
}

void point_start(struct point *point, uint64_t from_us)
{
    uint64_t until_us = from_us + point_lasts(point);

    for (unsigned i = 0; i < point->copies; i++) {
        point->flows[i].count_us = from_us + SETTLE * SECOND;
        flow_start(&point->flows[i], from_us, until_us);
        if (point->measure == OUTAGE)
            start_outages(point, i, from_us);
        if (!point->rival)
            continue;
        point->rivals[i].count_us = from_us + SETTLE * SECOND;
        flow_start(&point->rivals[i], from_us, until_us);
    }
}

bool point_complete(const struct point *point)
{
    for (unsigned i = 0; i < point->copies; i++)
        if (point->measure != RIVALRY && !point->flows[i].peer->unordered &&
            !flow_complete(&point->flows[i]))
            return false;
    return true;
}

/* ---- results ---- */

static int order(const void *a, const void *b)
{
    uint32_t x, y;

    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x < y ? -1 : x > y;
}

static void collect_latency(const struct point *point,
                            struct run_result *result)
{
    size_t n = 0;

    result->late_us =
        mem_new(point->copies * point->n + 1, sizeof *result->late_us);
    for (unsigned i = 0; i < point->copies; i++) {
        const struct flow *flow = &point->flows[i];

        for (size_t k = point->skip; k < flow->cap && k < flow->sent; k++)
            result->late_us[n++] = flow->late_us[k];
    }
    qsort(result->late_us, n, sizeof *result->late_us, order);
    result->n = n;
}

/* First arrival after the return, and the last of what was said before. */
static void after_return(const struct flow *flow, uint64_t back_us,
                         uint64_t *first_us, uint64_t *backlog_us)
{
    *first_us = NEVER;
    *backlog_us = 0;
    for (size_t k = 0; k < flow->cap && k < flow->sent; k++) {
        uint64_t came = flow->late_us[k] == FLOW_MISSING
                            ? NEVER
                            : flow->sent_us[k] + flow->late_us[k];

        if (came >= back_us)
            *first_us = time_min(*first_us, came);
        if (flow->sent_us[k] < back_us && came > *backlog_us)
            *backlog_us = came;
    }
}

static uint32_t since(uint64_t at_us, uint64_t from_us)
{
    if (at_us == NEVER)
        return FLOW_MISSING;
    return at_us > from_us ? (uint32_t)(at_us - from_us) : 0;
}

static void collect_outages(const struct point *point,
                            struct run_result *result)
{
    size_t all = 0, n = 0;

    for (unsigned i = 0; i < point->copies; i++)
        all += point->outages[i].n;
    result->first_us = mem_new(all + 1, sizeof *result->first_us);
    result->backlog_us = mem_new(all + 1, sizeof *result->backlog_us);
    for (unsigned i = 0; i < point->copies; i++)
        for (size_t k = 0; k < point->outages[i].n; k++) {
            uint64_t back = point->outages[i].back_us[k], first, backlog;

            after_return(&point->flows[i], back, &first, &backlog);
            result->first_us[n] = since(first, back + point->delay_us);
            result->backlog_us[n++] = since(backlog, back + point->delay_us);
        }
    result->n_outages = n;
}

void point_collect(struct point *point, struct run_result *result,
                   const struct lab_count *counts)
{
    double said = 0, seconds = (double)point_lasts(point) / 1e6 - SETTLE;

    collect_latency(point, result);
    if (point->measure == OUTAGE)
        collect_outages(point, result);
    for (unsigned i = 0; i < point->copies; i++) {
        struct flow *flow = &point->flows[i], *rival = &point->rivals[i];

        said += (double)flow->sent;
        result->doubled += flow->doubled;
        result->disordered += flow->disordered;
        for (unsigned dir = 0; dir < 2; dir++)
            result->bytes[dir] += (double)counts[flow->link].bytes[dir];
        result->rate[0] += (double)flow->count_bytes / seconds;
        flow_close(flow);
        if (point->rival) {
            result->rate[1] += (double)rival->count_bytes / seconds;
            flow_close(rival);
        }
        if (point->measure == OUTAGE) {
            lab_wake(flow->lab, &point->outages[i].wake, NEVER);
            free(point->outages[i].back_us);
        }
    }
    for (unsigned dir = 0; dir < 2 && said > 0; dir++)
        result->bytes[dir] /= said;
}

/* ---- of the runs together ---- */

uint32_t quantile(const uint32_t *sorted, size_t n, double share)
{
    size_t i = (size_t)(share * (double)n);

    return n ? sorted[i < n ? i : n - 1] : FLOW_MISSING;
}

uint32_t point_quantile(const struct point *point, double share)
{
    uint32_t runs[RUNS];

    for (unsigned i = 0; i < RUNS; i++)
        runs[i] = quantile(point->run[i].late_us, point->run[i].n, share);
    qsort(runs, RUNS, sizeof *runs, order);
    return runs[RUNS / 2];
}

enum of_run { OF_LATE, OF_FIRST, OF_BACKLOG };

static size_t values(const struct run_result *run, enum of_run what,
                     const uint32_t **at)
{
    *at = what == OF_LATE    ? run->late_us
          : what == OF_FIRST ? run->first_us
                             : run->backlog_us;
    return what == OF_LATE ? run->n : run->n_outages;
}

static uint32_t pooled(const struct point *point, enum of_run what,
                       double share)
{
    const uint32_t *at;
    uint32_t *all, result;
    size_t n = 0;

    for (unsigned i = 0; i < RUNS; i++)
        n += values(&point->run[i], what, &at);
    all = mem_new(n + 1, sizeof *all);
    n = 0;
    for (unsigned i = 0; i < RUNS; i++) {
        size_t more = values(&point->run[i], what, &at);

        if (more)
            memcpy(all + n, at, more * sizeof *all);
        n += more;
    }
    qsort(all, n, sizeof *all, order);
    result = quantile(all, n, share);
    free(all);
    return result;
}

uint32_t point_pooled(const struct point *point, double share)
{
    return pooled(point, OF_LATE, share);
}

uint32_t point_outage(const struct point *point, bool backlog, double share)
{
    return pooled(point, backlog ? OF_BACKLOG : OF_FIRST, share);
}

static double median(double a, double b, double c)
{
    double low = a < b ? a : b, high = a < b ? b : a;

    return c < low ? low : c > high ? high : c;
}

double point_bytes(const struct point *point, unsigned dir)
{
    return median(point->run[0].bytes[dir], point->run[1].bytes[dir],
                  point->run[2].bytes[dir]);
}

double point_rate(const struct point *point, unsigned which)
{
    return median(point->run[0].rate[which], point->run[1].rate[which],
                  point->run[2].rate[which]);
}

void point_free(struct point *point)
{
    for (unsigned i = 0; i < RUNS; i++) {
        free(point->run[i].late_us);
        free(point->run[i].first_us);
        free(point->run[i].backlog_us);
    }
}
