/* SPDX-License-Identifier: MIT
 *
 * Finding: room by room, the one with the newest event first, until no room
 * left can hold anything newer than what has been found.
 */
#include "server/index_impl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/event.h"
#include "shared/mem.h"

enum { LOOK_MAX = 20000 /* places looked at for one answer */ };

/* The answer while it grows: the newest events found, one more than wanted. */
struct hunt {
    struct index *index;
    struct index_answer *answer;
    char match[TERMS_MATCH + 64];
    size_t looked;
};

static int compare(const struct index_place *a, const struct index_place *b)
{
    if (a->ts != b->ts)
        return a->ts < b->ts ? -1 : 1;
    if (a->room != b->room)
        return a->room < b->room ? -1 : 1;
    return a->seq < b->seq ? -1 : a->seq > b->seq;
}

static struct index_place place_of(const struct event *event)
{
    return (struct index_place){ event->ts, event->room, event->seq };
}

static bool is_full(const struct hunt *hunt)
{
    return hunt->answer->n > hunt->answer->query.limit;
}

/* Nothing of that time or before will be in the answer. */
static bool is_too_old(const struct hunt *hunt, uint64_t ts)
{
    return is_full(hunt) && ts < hunt->answer->events[hunt->answer->n - 1]->ts;
}

/* Put it where it belongs; the oldest one goes when there are enough. */
static void keep(struct hunt *hunt, struct event *event)
{
    struct index_answer *answer = hunt->answer;
    struct index_place place = place_of(event), other;
    size_t at = answer->n;

    for (; at > 0; at--) {
        other = place_of(answer->events[at - 1]);
        if (compare(&other, &place) > 0)
            break;
    }
    if (is_full(hunt)) {
        if (at == answer->n) {
            event_unref(event);
            return;
        }
        event_unref(answer->events[--answer->n]);
    }
    memmove(&answer->events[at + 1], &answer->events[at],
            (answer->n - at) * sizeof *answer->events);
    answer->events[at] = event;
    answer->n++;
}

/* ---- one event ---- */

/* It says what is looked for, as it is now. */
static bool fits(const struct index_query *q, const struct event *event)
{
    struct msg_event body = event_body(event);
    struct index_place place = place_of(event);

    return body.kind <= event_NOTICE && !body.by.len &&
           (!q->who || body.account == q->who) &&
           (!q->after || body.ts >= q->after) &&
           (!q->before || body.ts < q->before) &&
           (!q->from.ts || compare(&place, &q->from) < 0) &&
           terms_are_in(&q->terms, body.text);
}

/* The first event of a room whose seq is not smaller; NULL: none, or why. */
static struct event *event_at(struct hunt *hunt, uint64_t room, uint64_t lo,
                              uint64_t hi)
{
    struct store_answer page = { .query = {
                                     .room = room, .lo = lo, .hi = hi } };
    struct event *event = NULL;

    if (!index_page(hunt->index, &page, 1))
        hunt->answer->failed = true;
    if (page.n)
        event = event_ref(page.events[0]);
    index_page_free(&page);
    return event;
}

/* ---- the part of a room that is meant ---- */

/* The first seq of lo..hi whose time is not before ts; hi + 1: none. */
static uint64_t seq_at(struct hunt *hunt, const struct index_room *room,
                       uint64_t ts)
{
    uint64_t lo = room->first, hi = room->last + 1;

    while (lo < hi) {
        uint64_t mid = lo + (hi - lo) / 2;
        struct event *event = event_at(hunt, room->room, mid, room->last);

        if (event && event->ts < ts)
            lo = event->seq + 1;
        else
            hi = mid;
        event_unref(event);
        if (hunt->answer->failed)
            break;
    }
    return lo;
}

static struct index_room narrow(struct hunt *hunt,
                                const struct index_room *room)
{
    const struct index_query *q = &hunt->answer->query;
    struct index_room part = *room;

    if (q->after)
        part.first = seq_at(hunt, room, q->after);
    if (q->before)
        part.last = seq_at(hunt, room, q->before) - 1;
    if (q->from.ts) {
        uint64_t last = seq_at(hunt, room, q->from.ts + 1) - 1;

        part.last = last < part.last ? last : part.last;
    }
    return part;
}

/* ---- one room ---- */

/* Take the place a statement stands on; false: the room is done with. */
static bool look(struct hunt *hunt, int64_t id)
{
    uint64_t room = (uint64_t)id >> SEQ_BITS, seq = db_seq(id);
    struct event *event = event_at(hunt, room, seq, seq);
    bool on = true;

    if (!event)
        return !hunt->answer->failed;
    if (is_too_old(hunt, event->ts))
        on = false;
    else if (fits(&hunt->answer->query, event))
        keep(hunt, event_ref(event));
    event_unref(event);
    return on && ++hunt->looked < LOOK_MAX;
}

static void search_room(struct hunt *hunt, const struct index_room *room)
{
    struct index_room part = narrow(hunt, room);
    sqlite3_stmt *stmt = index_stmt(hunt->index, INDEX_FIND);
    int code = SQLITE_ROW;

    if (part.first > part.last || hunt->answer->failed)
        return;
    if (!stmt || sqlite3_bind_text(stmt, 1, hunt->match, -1, SQLITE_STATIC) ||
        sqlite3_bind_int64(stmt, 2, db_key(part.room, part.first)) ||
        sqlite3_bind_int64(stmt, 3, db_key(part.room, part.last))) {
        hunt->answer->failed = true;
        return;
    }
    while (code == SQLITE_ROW) {
        code = sqlite3_step(stmt);
        if (code == SQLITE_ROW && !look(hunt, sqlite3_column_int64(stmt, 0)))
            break;
    }
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        hunt->answer->failed = true;
    sqlite3_reset(stmt);
}

/* ---- all of them ---- */

static int newer_first(const void *a, const void *b)
{
    const struct index_room *x = a, *y = b;

    return x->ts > y->ts ? -1 : x->ts < y->ts;
}

static bool express(struct hunt *hunt)
{
    const struct index_query *q = &hunt->answer->query;
    size_t len = terms_match(&q->terms, hunt->match, TERMS_MATCH);

    if (q->terms.n && len == 0)
        return false;
    snprintf(hunt->match + len, sizeof hunt->match - len, "%s", "");
    if (q->who)
        snprintf(hunt->match + len, sizeof hunt->match - len,
                 "%swho:\"a%" PRIu64 "\"", len ? " AND " : "", q->who);
    return *hunt->match != '\0';
}

void index_find(struct index *index, struct index_answer *answer)
{
    struct index_query *q = &answer->query;
    struct hunt hunt = { .index = index, .answer = answer };

    answer->events = mem_new(q->limit + 2, sizeof *answer->events);
    qsort(q->rooms, q->n_rooms, sizeof *q->rooms, newer_first);
    if (!express(&hunt))
        return;
    for (size_t i = 0; i < q->n_rooms && hunt.looked < LOOK_MAX; i++) {
        if (answer->failed || is_too_old(&hunt, q->rooms[i].ts))
            break;
        search_room(&hunt, &q->rooms[i]);
    }
    answer->more = is_full(&hunt);
    if (answer->more)
        event_unref(answer->events[--answer->n]);
}

void index_thank(struct index_answer *answer)
{
    for (size_t i = 0; i < answer->n; i++)
        event_unref(answer->events[i]);
    free(answer->events);
    free(answer->query.rooms);
    *answer = (struct index_answer){ 0 };
}
