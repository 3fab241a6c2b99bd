/* SPDX-License-Identifier: MIT
 *
 * The store in memory; see store.h.  It keeps to the order of the one on disk:
 * put, commit, and only then written, so that nothing above it can come to
 * depend on a write being immediate.
 */
#include "server/store.h"

#include <assert.h>
#include <stdlib.h>

#include "server/event.h"
#include "server/map.h"
#include "shared/error.h"
#include "shared/frame.h"
#include "shared/mem.h"

enum {
    SCAN_MAX = 4096, /* events looked at for the place of one command */
    ASKED_MAX = 4096 /* queries waiting */
};

/* The last events of a room: a ring, first..first+n-1. */
struct room_log {
    uint64_t room, first;
    struct event **ring; /* cap entries */
    size_t head, n, cap;
};

struct device_row {
    uint64_t key[2]; /* account, device */
    struct store_device device;
};

struct batch {
    struct store_op *ops;
    size_t n, cap;
};

struct store {
    struct store_config config;
    struct map logs, devices;
    struct batch open, flying, done; /* one transaction at a time */
    int done_error;
    bool has_done;
    struct store_query *asked; /* a queue: from asked_at to asked_n */
    size_t asked_at, asked_n, asked_cap;
    unsigned fail_in; /* commits until one fails; 0: never */
    bool paused;
};

struct store *store_new(const struct store_config *config,
                        const uint64_t secret[2])
{
    struct store *store = mem_new(1, sizeof *store);

    store->config = *config;
    map_init(&store->logs, secret);
    map_init(&store->devices, secret);
    return store;
}

static void log_free(struct room_log *log)
{
    if (!log)
        return;
    for (size_t i = 0; i < log->n; i++)
        event_unref(log->ring[(log->head + i) % log->cap]);
    free(log->ring);
    free(log);
}

static void batch_clear(struct batch *batch)
{
    for (size_t i = 0; i < batch->n; i++) {
        event_unref(batch->ops[i].event);
        free(batch->ops[i].text);
    }
    free(batch->ops);
    *batch = (struct batch){ 0 };
}

void store_free(struct store *store)
{
    size_t at = 0;
    void *value;

    if (!store)
        return;
    while ((value = map_each(&store->logs, &at)))
        log_free(value);
    at = 0;
    while ((value = map_each(&store->devices, &at)))
        free(value);
    map_fini(&store->logs);
    map_fini(&store->devices);
    batch_clear(&store->open);
    batch_clear(&store->flying);
    batch_clear(&store->done);
    free(store->asked);
    free(store);
}

void store_configure(struct store *store, const struct store_config *config)
{
    store->config = *config;
}

/* ---- logs ---- */

static struct room_log *log_find(const struct store *store, uint64_t room)
{
    return map_get(&store->logs, map_num(&room));
}

static struct room_log *log_of(struct store *store, uint64_t room)
{
    struct room_log *log = log_find(store, room);

    if (log)
        return log;
    log = mem_new(1, sizeof *log);
    log->room = room;
    map_put(&store->logs, map_num(&log->room), log);
    return log;
}

static struct event *log_at(const struct room_log *log, uint64_t seq)
{
    if (!log || seq < log->first || seq - log->first >= log->n)
        return NULL;
    return log->ring[(log->head + (seq - log->first)) % log->cap];
}

static void log_grow(struct room_log *log)
{
    size_t cap = log->cap ? log->cap * 2 : 16;
    struct event **ring = mem_new(cap, sizeof *ring);

    for (size_t i = 0; i < log->n; i++)
        ring[i] = log->ring[(log->head + i) % log->cap];
    free(log->ring);
    log->ring = ring;
    log->cap = cap;
    log->head = 0;
}

static void log_append(struct room_log *log, struct event *event, uint64_t max)
{
    while (log->n >= max && log->n) {
        event_unref(log->ring[log->head]);
        log->head = (log->head + 1) % log->cap;
        log->first++;
        log->n--;
    }
    if (log->n == log->cap)
        log_grow(log);
    if (log->n == 0)
        log->first = event->seq;
    assert(event->seq == log->first + log->n);
    log->ring[(log->head + log->n++) % log->cap] = event_ref(event);
}

/* ---- devices ---- */

static struct device_row *device_find(const struct store *store,
                                      uint64_t account, uint64_t device)
{
    uint64_t key[2] = { account, device };

    return map_get(&store->devices, str_bytes(key, sizeof key));
}

static void device_note(struct store *store, const struct store_op *op)
{
    struct device_row *row = device_find(store, op->account, op->device);
    size_t i = op->cseq % REFUSED_MAX;

    if (!row) {
        row = mem_new(1, sizeof *row);
        row->key[0] = op->account;
        row->key[1] = op->device;
        map_put(&store->devices, str_bytes(row->key, sizeof row->key), row);
    }
    row->device.last_cseq = op->cseq;
    if (op->error) {
        row->device.refused[i].cseq = op->cseq;
        row->device.refused[i].error = op->error;
    }
}

const struct store_device *store_device(const struct store *store,
                                        uint64_t account, uint64_t device)
{
    const struct device_row *row = device_find(store, account, device);

    return row ? &row->device : NULL;
}

void store_forget(struct store *store, uint64_t account, uint64_t device)
{
    uint64_t key[2] = { account, device };

    free(map_take(&store->devices, str_bytes(key, sizeof key)));
}

void store_drop(struct store *store, uint64_t room)
{
    log_free(map_take(&store->logs, map_num(&room)));
}

/* ---- writing ---- */

bool store_has_room(const struct store *store, size_t n)
{
    return store->open.n + store->flying.n + n <= store->config.queue;
}

void store_put(struct store *store, const struct store_op *op)
{
    void *ops = store->open.ops;

    mem_grow(&ops, &store->open.cap, store->open.n + 1, sizeof *op);
    store->open.ops = ops;
    store->open.ops[store->open.n++] = *op;
}

void store_commit(struct store *store)
{
    if (store->flying.n || store->open.n == 0)
        return;
    store->flying = store->open;
    store->open = (struct batch){ 0 };
}

/* Everything on its way joins the batch that failed. */
static void fail(struct store *store)
{
    for (size_t i = 0; i < store->open.n; i++) {
        void *ops = store->flying.ops;

        mem_grow(&ops, &store->flying.cap, store->flying.n + 1,
                 sizeof *store->flying.ops);
        store->flying.ops = ops;
        store->flying.ops[store->flying.n++] = store->open.ops[i];
    }
    free(store->open.ops);
    store->open = (struct batch){ 0 };
}

static void apply(struct store *store, const struct batch *batch)
{
    for (size_t i = 0; i < batch->n; i++) {
        const struct store_op *op = &batch->ops[i];

        if (op->event)
            log_append(log_of(store, op->event->room), op->event,
                       store->config.room_events);
        if (op->device)
            device_note(store, op);
    }
}

bool store_written(struct store *store, struct store_batch *out)
{
    int error = 0;

    assert(!store->done.n);
    if (store->paused || store->flying.n == 0)
        return false;
    if (store->fail_in && --store->fail_in == 0)
        error = -ERROR_STORE;
    if (error)
        fail(store);
    else
        apply(store, &store->flying);
    store->done = store->flying;
    store->flying = (struct batch){ 0 };
    *out = (struct store_batch){ store->done.ops, store->done.n, error };
    return true;
}

void store_release(struct store *store, struct store_batch *batch)
{
    assert(batch->ops == store->done.ops);
    batch_clear(&store->done);
    *batch = (struct store_batch){ 0 };
}

/* ---- reading ---- */

uint64_t store_first(const struct store *store, uint64_t room)
{
    const struct room_log *log = log_find(store, room);

    return log && log->n ? log->first : 0;
}

struct event *store_recent(const struct store *store, uint64_t room,
                           uint64_t seq)
{
    return log_at(log_find(store, room), seq);
}

bool store_ask(struct store *store, const struct store_query *query)
{
    void *asked = store->asked;

    if (store->asked_n - store->asked_at >= ASKED_MAX)
        return false;
    if (store->asked_at >= ASKED_MAX) { /* never empty: move it to the front */
        store->asked_n -= store->asked_at;
        memmove(store->asked, store->asked + store->asked_at,
                store->asked_n * sizeof *query);
        store->asked_at = 0;
        asked = store->asked;
    }
    mem_grow(&asked, &store->asked_cap, store->asked_n + 1, sizeof *query);
    store->asked = asked;
    store->asked[store->asked_n++] = *query;
    return true;
}

/* The range of a page that fits into its bytes. */
static void fit(const struct room_log *log, struct store_query *q)
{
    uint64_t lo = q->lo, hi = q->hi;
    size_t bytes = 0;

    while (lo <= hi) {
        const struct event *event = log_at(log, q->backward ? hi : lo);

        assert(event); /* clamp saw to it */
        bytes += event->frame->len;
        if (bytes > q->bytes && hi - lo < q->hi - q->lo)
            break;
        if (q->backward)
            hi--;
        else
            lo++;
    }
    if (q->backward)
        q->lo = hi + 1;
    else
        q->hi = lo - 1;
}

/* Cut a range to what is kept; false when nothing is. */
static bool clamp(const struct room_log *log, struct store_query *q)
{
    uint64_t last;

    if (!log || log->n == 0)
        return false;
    last = log->first + log->n - 1;
    if (q->lo < log->first)
        q->lo = log->first;
    if (q->hi > last)
        q->hi = last;
    return q->lo <= q->hi;
}

static void read_page(const struct room_log *log, struct store_answer *answer)
{
    struct store_query *q = &answer->query;
    struct store_query range = *q;

    if (!clamp(log, &range))
        return;
    fit(log, &range);
    answer->events = mem_new(range.hi - range.lo + 1, sizeof *answer->events);
    for (uint64_t seq = range.lo; seq <= range.hi; seq++)
        answer->events[answer->n++] = event_ref(log_at(log, seq));
}

static void find_command(const struct room_log *log,
                         struct store_answer *answer)
{
    const struct store_query *q = &answer->query;
    size_t n = log ? log->n : 0;

    for (size_t i = n; i > 0 && n - i < SCAN_MAX; i--) {
        struct event *event = log->ring[(log->head + i - 1) % log->cap];

        if (event->cseq != q->cseq || event->device != q->device ||
            event->account != q->account)
            continue;
        answer->events = mem_new(1, sizeof *answer->events);
        answer->events[answer->n++] = event_ref(event);
        return;
    }
}

bool store_answered(struct store *store, struct store_answer *answer)
{
    const struct room_log *log;

    if (store->paused || store->asked_at == store->asked_n)
        return false;
    *answer = (struct store_answer){ store->asked[store->asked_at++], NULL, 0 };
    if (store->asked_at == store->asked_n)
        store->asked_at = store->asked_n = 0;
    log = log_find(store, answer->query.room);
    if (answer->query.device)
        find_command(log, answer);
    else
        read_page(log, answer);
    return true;
}

void store_thank(struct store *store, struct store_answer *answer)
{
    (void)store;
    for (size_t i = 0; i < answer->n; i++)
        event_unref(answer->events[i]);
    free(answer->events);
    *answer = (struct store_answer){ 0 };
}

bool store_is_ready(const struct store *store)
{
    return !store->paused &&
           (store->flying.n || store->asked_at < store->asked_n);
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
