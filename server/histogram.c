/* SPDX-License-Identifier: MIT
 *
 * Counts by upper bounds; see histogram.h.
 */
#include "server/histogram.h"

#include <inttypes.h>

static const uint64_t BOUNDS_US[HISTOGRAM_BOUNDS] = {
    250,   500,   1000,   2500,   5000,    10000,
    25000, 50000, 100000, 250000, 1000000, 5000000,
};

void histogram_add(struct histogram *h, uint64_t us)
{
    int i = 0;

    while (i < HISTOGRAM_BOUNDS && us > BOUNDS_US[i])
        i++;
    h->counts[i]++;
    h->n++;
    h->sum_us += us;
}

void histogram_page(const struct histogram *h, const char *name, FILE *to)
{
    uint64_t below = 0;

    for (int i = 0; i < HISTOGRAM_BOUNDS; i++) {
        below += h->counts[i];
        fprintf(to, "chat_%s_seconds_bucket{le=\"%g\"} %" PRIu64 "\n", name,
                (double)BOUNDS_US[i] / 1e6, below);
    }
    fprintf(to, "chat_%s_seconds_bucket{le=\"+Inf\"} %" PRIu64 "\n", name,
            h->n);
    fprintf(to, "chat_%s_seconds_sum %.6f\n", name, (double)h->sum_us / 1e6);
    fprintf(to, "chat_%s_seconds_count %" PRIu64 "\n", name, h->n);
}

uint64_t histogram_quantile(const struct histogram *h, unsigned q)
{
    uint64_t below = 0;

    if (h->n == 0)
        return 0;
    for (int i = 0; i < HISTOGRAM_BOUNDS; i++) {
        below += h->counts[i];
        if (below * 100 >= h->n * q)
            return BOUNDS_US[i];
    }
    return UINT64_MAX;
}
