/* SPDX-License-Identifier: MIT
 *
 * The numbers of metrics.def, and their page of text.
 */
#ifndef SERVER_METRICS_H
#define SERVER_METRICS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "server/histogram.h"

struct metrics {
#define METRIC(name, type, doc) uint64_t name;
#define HISTOGRAM(name, doc)    struct histogram name;
#include "server/metrics.def"
};

struct log;

/* All of them as one line of the log. */
void metrics_log(const struct metrics *, struct log *);

/* Print them as one JSON object, in a line. */
void metrics_object(const struct metrics *, FILE *);

/* Print them in the text format that Prometheus reads. */
void metrics_page(const struct metrics *, FILE *);

#endif
