/* SPDX-License-Identifier: MIT
 *
 * The page of metrics; see metrics.h.
 */
#include "server/metrics.h"

#include <inttypes.h>

#include "server/log.h"

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

static const struct {
    const char *name, *doc;
    enum metric_type type;
    size_t offset;
} ROWS[] = {

#define METRIC(name, type, doc)                                                \
    { #name, doc, METRIC_##type, offsetof(struct metrics, name) },
#define HISTOGRAM(name, doc)                                                   \
    { #name, doc, METRIC_HISTOGRAM, offsetof(struct metrics, name) },
#include "server/metrics.def"
};

static const char *const TYPE_NAMES[] = { "counter", "gauge", "histogram" };

static const void *place_of(const struct metrics *metrics, size_t row)
{
    return (const char *)metrics + ROWS[row].offset;
}

/* As one number: of a histogram, below what nearly all was. */
static uint64_t value_of(const struct metrics *metrics, size_t row)
{
    if (ROWS[row].type == METRIC_HISTOGRAM)
        return histogram_quantile(place_of(metrics, row), 99);
    return *(const uint64_t *)place_of(metrics, row);
}

static const char *suffix_of(enum metric_type type)
{
    static const char *const SUFFIXES[] = { "_total", "", "_seconds" };

    return SUFFIXES[type];
}

void metrics_log(const struct metrics *metrics, struct log *log)
{
    struct log_field fields[sizeof ROWS / sizeof *ROWS];

    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        fields[i] = log_num(ROWS[i].name, value_of(metrics, i));
    log_line(log, LOG_METRICS, fields, sizeof ROWS / sizeof *ROWS);
}

void metrics_object(const struct metrics *metrics, FILE *to)
{
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        fprintf(to, "%s\"%s\":%" PRIu64, i ? "," : "{", ROWS[i].name,
                value_of(metrics, i));
    fprintf(to, "}\n");
}

void metrics_page(const struct metrics *metrics, FILE *to)
{
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        const char *suffix = suffix_of(ROWS[i].type);

        fprintf(to, "# HELP chat_%s%s %s\n", ROWS[i].name, suffix, ROWS[i].doc);
        fprintf(to, "# TYPE chat_%s%s %s\n", ROWS[i].name, suffix,
                TYPE_NAMES[ROWS[i].type]);
        if (ROWS[i].type == METRIC_HISTOGRAM)
            histogram_page(place_of(metrics, i), ROWS[i].name, to);
        else
            fprintf(to, "chat_%s%s %" PRIu64 "\n", ROWS[i].name, suffix,
                    value_of(metrics, i));
    }
}
