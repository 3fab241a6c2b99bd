/* SPDX-License-Identifier: MIT
 *
 * What is stored of every device: the last command of it, and the last ones
 * that were refused, so that a command said again gets the answer it had.
 */
#ifndef SERVER_COUNTERS_H
#define SERVER_COUNTERS_H

#include <stdint.h>

#include "server/map.h"
#include "server/store_op.h"

struct counters {
    struct map devices;
};

void counters_init(struct counters *, const uint64_t secret[2]);
void counters_fini(struct counters *);

/* NULL: not known. Good until it is dropped. */
const struct store_device *counters_find(const struct counters *,
                                         uint64_t account, uint64_t device);

/* Its counter is at cseq; error not 0: refused with that. */
void counters_note(struct counters *, uint64_t account, uint64_t device,
                   uint64_t cseq, unsigned error);

void counters_drop(struct counters *, uint64_t account, uint64_t device);

#endif
