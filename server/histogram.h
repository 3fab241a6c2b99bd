/* SPDX-License-Identifier: MIT
 *
 * How often something took how long: counts by upper bounds, as Prometheus has
 * them.
 */
#ifndef SERVER_HISTOGRAM_H
#define SERVER_HISTOGRAM_H

#include <stdint.h>
#include <stdio.h>

enum { HISTOGRAM_BOUNDS = 12 };

struct histogram {
    uint64_t counts[HISTOGRAM_BOUNDS + 1]; /* the last: above all bounds */
    uint64_t n, sum_us;
};

void histogram_add(struct histogram *, uint64_t us);

/* Its lines on the page of metrics, in seconds; `name` without a unit. */
void histogram_page(const struct histogram *, const char *name, FILE *);

/* The bound below which q of 100 lie, us; 0 when nothing was added. */
uint64_t histogram_quantile(const struct histogram *, unsigned q);

#endif
