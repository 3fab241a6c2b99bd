/* SPDX-License-Identifier: MIT
 *
 * The page of metrics; see metrics.h.
 */
#include "server/metrics.h"

#include <inttypes.h>

#include "server/log.h"

enum metric_type { METRIC_COUNTER, METRIC_GAUGE };

static const struct {
    const char *name, *doc;
    enum metric_type type;
    size_t offset;
} ROWS[] = {

#define METRIC(name, type, doc)                                                \
    { #name, doc, METRIC_##type, offsetof(struct metrics, name) },
#include "server/metrics.def"
};

static const char *const TYPE_NAMES[] = { "counter", "gauge" };

static uint64_t value_of(const struct metrics *metrics, size_t row)
{
    return *(const uint64_t *)((uintptr_t)metrics + ROWS[row].offset);
}

void metrics_log(const struct metrics *metrics, struct log *log)
{
    struct log_field fields[sizeof ROWS / sizeof *ROWS];

    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        fields[i] = log_num(ROWS[i].name, value_of(metrics, i));
    log_line(log, "metrics", fields, sizeof ROWS / sizeof *ROWS);
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
        const char *suffix = ROWS[i].type == METRIC_COUNTER ? "_total" : "";

        fprintf(to, "# HELP chat_%s%s %s\n", ROWS[i].name, suffix, ROWS[i].doc);
        fprintf(to, "# TYPE chat_%s%s %s\n", ROWS[i].name, suffix,
                TYPE_NAMES[ROWS[i].type]);
        fprintf(to, "chat_%s%s %" PRIu64 "\n", ROWS[i].name, suffix,
                value_of(metrics, i));
    }
}
