/* SPDX-License-Identifier: MIT
 *
 * The inside of the store as its owner's thread sees it: store.c (its life),
 * store_put.c (writing) and store_ask.c (reading).  Nobody else includes this.
 */
#ifndef SERVER_STORE_IMPL_H
#define SERVER_STORE_IMPL_H

#include "server/counters.h"
#include "server/recent.h"
#include "server/store.h"
#include "server/store_batch.h"
#include "server/store_copy.h"
#include "server/store_crew.h"
#include "server/store_db.h"

struct store {
    struct store_config config;
    uint64_t epoch, mark;
    struct db *writer, *readers[CREW_READERS];
    struct crew *crew; /* NULL: no threads */
    struct recent recent;
    struct counters counters;

    struct batch open, sent, done; /* sent: on its way without a crew */
    size_t on_way, bytes_on_way;   /* put, and not in done yet */
    uint64_t put, back;            /* numbers of the last ones */
    uint64_t lost_from, lost_to;   /* those after lost_from were, of late */
    const char *trouble;           /* of the last batch */

    struct store_query *asked; /* a queue: from asked_at to asked_n */
    size_t asked_at, asked_n, asked_cap;
    size_t reading; /* queries that the crew has */

    struct store_chore chore; /* without a crew, as copy is */
    struct copy *copy;

    uint64_t commits, reads, failed_reads; /* without a crew */
    unsigned fail_in; /* commits until one fails; 0: never */
    bool paused;
};

#endif
