/* SPDX-License-Identifier: MIT
 *
 * Reading; see store.h.  What is at hand is answered at once, the rest by the
 * crew, or without one when the answer is fetched.
 */
#include <stdlib.h>
#include <string.h>

#include "server/event.h"
#include "server/store_impl.h"
#include "shared/frame.h"
#include "shared/mem.h"

enum {
    SCAN_MAX = 10000, /* events looked at for the place of one command */
    ASKED_MAX = 4096  /* queries waiting */
};

/* ---- at hand ---- */

uint64_t store_first(const struct store *store, uint64_t room)
{
    const struct recent_log *log = recent_log(&store->recent, room);

    return log ? log->first : 0;
}

struct event *store_recent(const struct store *store, uint64_t room,
                           uint64_t seq)
{
    return recent_at(&store->recent, room, seq);
}

uint64_t store_changes(const struct store *store, uint64_t room)
{
    const struct recent_log *log = recent_log(&store->recent, room);

    return log ? log->changes : 0;
}

const struct store_device *store_device(const struct store *store,
                                        uint64_t account, uint64_t device)
{
    return counters_find(&store->counters, account, device);
}

/* ---- asking ---- */

bool store_ask(struct store *store, const struct store_query *query)
{
    void *asked = store->asked;

    if (store->asked_n - store->asked_at + store->reading >= ASKED_MAX)
        return false;
    if (store->asked_at >= ASKED_MAX) { /* never empty: move it to the front */
        store->asked_n -= store->asked_at;
        memmove(store->asked, store->asked + store->asked_at,
                store->asked_n * sizeof *query);
        store->asked_at = 0;
    }
    mem_grow(&asked, &store->asked_cap, store->asked_n + 1, sizeof *query);
    store->asked = asked;
    store->asked[store->asked_n++] = *query;
    return true;
}

static struct store_query take_query(struct store *store)
{
    struct store_query query = store->asked[store->asked_at++];

    if (store->asked_at == store->asked_n)
        store->asked_at = store->asked_n = 0;
    return query;
}

/* Cut a query to what is stored of its room; false when that is nothing. */
static bool clamp(const struct recent_log *log, struct store_query *q)
{
    if (!log || log->last == 0)
        return false;
    if (q->kind == QUERY_PLACE) {
        q->hi = log->last;
        q->lo = log->last > SCAN_MAX ? log->last - SCAN_MAX + 1 : 1;
    }
    if (q->lo < log->first)
        q->lo = log->first;
    if (q->hi > log->last)
        q->hi = log->last;
    return q->lo <= q->hi;
}

/* ---- answering from what is at hand ---- */

static void give(struct store_answer *answer, const struct store *store,
                 uint64_t lo, uint64_t hi)
{
    answer->events = mem_new(hi - lo + 1, sizeof *answer->events);
    for (uint64_t seq = lo; seq <= hi; seq++)
        answer->events[answer->n++] =
            event_ref(recent_at(&store->recent, answer->query.room, seq));
}

static size_t size_at(const struct store *store, uint64_t room, uint64_t seq)
{
    return recent_at(&store->recent, room, seq)->frame->len;
}

/* All of lo..hi is at hand: as many as fit, one at least. */
static void give_page(struct store_answer *answer, const struct store *store,
                      const struct store_query *q)
{
    uint64_t lo = q->lo, hi = q->hi, n = 1;
    size_t bytes = size_at(store, q->room, q->backward ? hi : lo);

    while (n <= hi - lo) {
        bytes += size_at(store, q->room, q->backward ? hi - n : lo + n);
        if (bytes > q->bytes)
            break;
        n++;
    }
    if (q->backward)
        give(answer, store, hi - n + 1, hi);
    else
        give(answer, store, lo, lo + n - 1);
}

/* Look back for a command; false: not as far as events are at hand. */
static bool give_place(struct store_answer *answer, const struct store *store,
                       const struct store_query *q)
{
    for (uint64_t seq = q->hi; seq >= q->lo; seq--) {
        const struct event *event = recent_at(&store->recent, q->room, seq);

        if (!event)
            return false;
        if (event->cseq != q->cseq || event->device != q->device ||
            event->account != q->account)
            continue;
        give(answer, store, seq, seq);
        return true;
    }
    return true;
}

/*
 * Answer a query, cut to what is stored.
 *   returns  false: it has to be read
 */
static bool answer_now(struct store_answer *answer, const struct store *store,
                       const struct store_query *cut)
{
    if (cut->kind == QUERY_PLACE)
        return give_place(answer, store, cut);
    if ((cut->kind != QUERY_PAGE && cut->kind != QUERY_UNREAD) ||
        !recent_at(&store->recent, cut->room, cut->lo))
        return false;
    give_page(answer, store, cut);
    return true;
}

/* ---- answers ---- */

static void read_now(struct store *store, struct store_answer *answer)
{
    db_read(store->writer, answer);
    store->reads++;
    store->failed_reads += answer->error != 0;
}

/* The next query that needs no crew; those that do are given to it. */
static bool answer_next(struct store *store, struct store_answer *answer)
{
    while (store->asked_at < store->asked_n) {
        struct store_query query = take_query(store), cut = query;
        const struct recent_log *log = recent_log(&store->recent, query.room);

        *answer = (struct store_answer){ .query = query };
        if (!clamp(log, &cut) || answer_now(answer, store, &cut))
            return true;
        cut.changes = store_changes(store, cut.room);
        answer->query = cut;
        if (!store->crew) {
            read_now(store, answer);
            return true;
        }
        crew_ask(store->crew, &cut);
        store->reading++;
    }
    return false;
}

/*
 * What the crew has read.  When messages of that room have been changed since
 * it was asked it may be what they were: it is read again.
 */
static bool take_read(struct store *store, struct store_answer *answer)
{
    while (store->reading && crew_answered(store->crew, answer)) {
        struct store_query query = answer->query;

        query.changes = store_changes(store, query.room);
        if (query.changes == answer->query.changes) {
            store->reading--;
            return true;
        }
        store_thank(store, answer);
        crew_ask(store->crew, &query);
    }
    return false;
}

bool store_answered(struct store *store, struct store_answer *answer)
{
    if (store->paused)
        return false;
    if (!answer_next(store, answer) && !take_read(store, answer))
        return false;
    if (answer->query.kind == QUERY_PAGE)
        recent_fill(&store->recent, answer->events, answer->n);
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
    if (store->paused)
        return false;
    if (store->sent.n || store->open.n || store->asked_at < store->asked_n)
        return true;
    return store->crew && crew_is_ready(store->crew);
}
