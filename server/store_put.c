/* SPDX-License-Identifier: MIT
 *
 * Writing; see store.h.  Without a crew the same order is kept: put, commit,
 * and only then written, so that nothing above can come to depend on a write
 * being immediate.
 */
#include <assert.h>

#include "server/event.h"
#include "server/metrics.h"
#include "server/store_impl.h"
#include "shared/error.h"
#include "shared/frame.h"
#include "shared/wire.h"

enum { QUEUE_BYTES = 1 << 24 }; /* of events that wait, at most */

static size_t bytes_of(const struct store_op *op)
{
    return (op->event ? op->event->frame->len : 0) +
           (op->target ? op->target->frame->len : 0);
}

/* Events kept of a room; 0: all. */
static uint64_t kept(const struct store *store)
{
    return store->config.path ? 0 : store->config.room_events;
}

bool store_has_room(const struct store *store, size_t n)
{
    return store->on_way + n <= store->config.queue &&
           store->bytes_on_way <= QUEUE_BYTES;
}

void store_put(struct store *store, const struct store_op *op)
{
    batch_add(&store->open, op);
    store->put++;
    store->on_way++;
    store->bytes_on_way += bytes_of(op);
}

uint64_t store_last_put(const struct store *store)
{
    return store->put;
}

enum store_fate store_fate(const struct store *store, uint64_t number)
{
    if (number > store->back)
        return FATE_OPEN;
    return number > store->lost_from && number <= store->lost_to ? FATE_LOST
                                                                 : FATE_STORED;
}

/* So many have come back. */
static void note_back(struct store *store, size_t n, bool lost)
{
    if (lost && store->lost_to != store->back)
        store->lost_from = store->back; /* not the next of those before */
    store->back += n;
    if (lost)
        store->lost_to = store->back;
}

void store_commit(struct store *store)
{
    if (store->open.n == 0)
        return;
    if (store->crew)
        crew_send(store->crew, &store->open, kept(store));
    else if (store->sent.n == 0)
        batch_move(&store->sent, &store->open, store->open.n);
}

/* ---- written ---- */

/* What a durable operation changes of what is at hand. */
static void apply(struct store *store, const struct store_op *op)
{
    uint64_t keep = kept(store);

    if (op->event) {
        recent_append(&store->recent, op->event);
        if (keep && op->event->seq > keep)
            recent_trim(&store->recent, op->event->room, op->event->seq - keep);
    }
    if (op->target)
        recent_change(&store->recent, op->target,
                      op->effect == EFFECT_REDACT ||
                          op->effect == EFFECT_ERASE);
    if (op->effect == EFFECT_ERASE && op->target->kind == event_REDACT)
        recent_unname_taker(&store->recent, op->room, op->target->ref,
                            event_body(op->target).nick);
    if (op->cseq)
        counters_note(&store->counters, op->account, op->device, op->cseq,
                      op->error);
    if (op->effect == EFFECT_RETIRE)
        counters_drop(&store->counters, op->account, op->device);
    if (op->effect == EFFECT_DROP)
        recent_drop(&store->recent, op->room);
    if (op->effect == EFFECT_TRIM)
        recent_trim(&store->recent, op->room, op->seq);
}

/* The batch on its way, when nobody else writes it; false: there is none. */
static bool write_now(struct store *store, int *error)
{
    if (store->paused || store->sent.n == 0)
        return false;
    if (store->fail_in && --store->fail_in == 0)
        *error = -ERROR_STORE;
    else
        *error = db_write(store->writer, store->sent.ops, store->sent.n,
                          kept(store));
    store->commits += !*error;
    store->trouble = db_trouble(store->writer);
    db_tend(store->writer, DB_PAUSE);
    batch_move(&store->done, &store->sent, store->sent.n);
    return true;
}

static bool fetch(struct store *store, int *error)
{
    if (!store->crew)
        return write_now(store, error);
    if (!crew_written(store->crew, &store->done, error))
        return false;
    store->trouble = crew_state(store->crew).trouble;
    return true;
}

bool store_written(struct store *store, struct store_batch *out)
{
    int error = 0;

    assert(!store->done.n);
    if (!fetch(store, &error))
        return false;
    if (error) /* everything on its way joins the batch that failed */
        batch_move(&store->done, &store->open, store->open.n);
    note_back(store, store->done.n, error != 0);
    for (size_t i = 0; i < store->done.n; i++) {
        store->on_way--;
        store->bytes_on_way -= bytes_of(&store->done.ops[i]);
        if (!error)
            apply(store, &store->done.ops[i]);
    }
    *out = (struct store_batch){ store->done.ops, store->done.n, error };
    return true;
}

void store_release(struct store *store, struct store_batch *batch)
{
    assert(batch->ops == store->done.ops);
    batch_clear(&store->done);
    *batch = (struct store_batch){ 0 };
}

const char *store_trouble(const struct store *store)
{
    return store->trouble;
}

/* ---- counters ---- */

static struct crew_state state_of(const struct store *store)
{
    if (store->crew)
        return crew_state(store->crew);
    return (struct crew_state){ .commits = store->commits,
                                .reads = store->reads,
                                .failed_reads = store->failed_reads,
                                .log_bytes = db_log_bytes(store->writer),
                                .is_damaged = db_is_damaged(store->writer) };
}

bool store_is_damaged(const struct store *store)
{
    return state_of(store).is_damaged;
}

void store_measure(const struct store *store, struct metrics *metrics)
{
    struct crew_state state = state_of(store);

    metrics->commits = state.commits;
    metrics->commit_us = state.commit_us;
    metrics->commit = state.took;
    metrics->store_queue = store->on_way;
    metrics->store_log_bytes = state.log_bytes;
    metrics->store_recent_bytes = store->recent.bytes;
    metrics->store_reads = state.reads;
    metrics->store_read_failures = state.failed_reads;
    metrics->store_trouble = store->trouble || state.is_damaged;
}

/* ---- for tests ---- */

void store_fail(struct store *store, unsigned nth)
{
    store->fail_in = nth;
}

void store_pause(struct store *store, bool paused)
{
    store->paused = paused;
}
