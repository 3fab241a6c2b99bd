/* SPDX-License-Identifier: MIT
 *
 * Finding: room by room, the one with the newest event first, until no room
 * left can hold anything newer than what has been found.  What is rare is found
 * in all rooms at once, as asking for each would take longer.
 */
#include "server/index_impl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/event.h"
#include "shared/mem.h"

enum {
    LOOK_MAX = 20000, /* places looked at for one answer */
    RARE = 2000,      /* places in all: looked at together */
    FEW_ROOMS = 4     /* not worth it */
};

/* The answer while it grows: the newest events found, one more than wanted. */
struct hunt {
    struct index *index;
    struct index_answer *answer;
    char match[TERMS_MATCH + 96];
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
           (!q->who || body.account == q->who) && (!q->pinned || body.pinned) &&
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

/* Begin to find in the ids lo..hi, both included; NULL: it cannot be. */
static sqlite3_stmt *find_in(struct hunt *hunt, int64_t lo, int64_t hi)
{
    sqlite3_stmt *stmt = index_stmt(hunt->index, INDEX_FIND);

    if (stmt && !sqlite3_bind_text(stmt, 1, hunt->match, -1, SQLITE_STATIC) &&
        !sqlite3_bind_int64(stmt, 2, lo) && !sqlite3_bind_int64(stmt, 3, hi))
        return stmt;
    hunt->answer->failed = true;
    return NULL;
}

/* How it ended; code: of the last step. */
static void end_find(struct hunt *hunt, sqlite3_stmt *stmt, int code)
{
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        hunt->answer->failed = true;
    sqlite3_reset(stmt);
}

static void search_room(struct hunt *hunt, const struct index_room *room)
{
    struct index_room part = narrow(hunt, room);
    sqlite3_stmt *stmt;
    int code = SQLITE_ROW;

    if (part.first > part.last || hunt->answer->failed)
        return;
    stmt = find_in(hunt, db_key(part.room, part.first),
                   db_key(part.room, part.last));
    if (!stmt)
        return;
    while (code == SQLITE_ROW) {
        code = sqlite3_step(stmt);
        if (code == SQLITE_ROW && !look(hunt, sqlite3_column_int64(stmt, 0)))
            break;
    }
    end_find(hunt, stmt, code);
}

/* ---- all of them ---- */

static int newer_first(const void *a, const void *b)
{
    const struct index_room *x = a, *y = b;

    return x->ts > y->ts ? -1 : x->ts < y->ts;
}

static int by_id(const void *a, const void *b)
{
    const struct index_room *x = a, *y = b;

    return x->room < y->room ? -1 : x->room > y->room;
}

/* The room of a place, if it is one of those meant. */
static const struct index_room *room_of(const struct index_query *q, int64_t id)
{
    struct index_room key = { .room = (uint64_t)id >> SEQ_BITS };
    const struct index_room *room =
        bsearch(&key, q->rooms, q->n_rooms, sizeof *q->rooms, by_id);

    if (!room || db_seq(id) < room->first || db_seq(id) > room->last)
        return NULL;
    return room;
}

/*
 * All places in the rooms, which are in order of their ids; a room's come one
 * after another.
 *   returns  false: there are too many
 */
static bool list_places(struct hunt *hunt, int64_t ids[RARE], size_t *n)
{
    const struct index_query *q = &hunt->answer->query;
    sqlite3_stmt *stmt =
        find_in(hunt, db_key(q->rooms[0].room, 0),
                db_key(q->rooms[q->n_rooms - 1].room, UINT32_MAX));
    int code = SQLITE_ROW;
    size_t steps = 0;

    while (stmt && code == SQLITE_ROW && steps++ < RARE) {
        code = sqlite3_step(stmt);
        if (code == SQLITE_ROW && room_of(q, sqlite3_column_int64(stmt, 0)))
            ids[(*n)++] = sqlite3_column_int64(stmt, 0);
    }
    if (stmt)
        end_find(hunt, stmt, code);
    return code == SQLITE_DONE;
}

/* What is rare: all of it; false: it is not. */
static bool search_rare(struct hunt *hunt)
{
    struct index_query *q = &hunt->answer->query;
    int64_t *ids = mem_new(RARE, sizeof *ids);
    size_t n = 0;
    bool rare;

    qsort(q->rooms, q->n_rooms, sizeof *q->rooms, by_id);
    rare = list_places(hunt, ids, &n);
    for (size_t i = 0; i < n && rare; i++) {
        if (look(hunt, ids[i]))
            continue;
        while (i + 1 < n && ids[i + 1] >> SEQ_BITS == ids[i] >> SEQ_BITS)
            i++; /* what is left of that room is older */
    }
    free(ids);
    return rare;
}

static void search_rooms(struct hunt *hunt)
{
    struct index_query *q = &hunt->answer->query;

    qsort(q->rooms, q->n_rooms, sizeof *q->rooms, newer_first);
    for (size_t i = 0; i < q->n_rooms && hunt->looked < LOOK_MAX; i++) {
        if (hunt->answer->failed || is_too_old(hunt, q->rooms[i].ts))
            break;
        search_room(hunt, &q->rooms[i]);
    }
}

static bool express(struct hunt *hunt)
{
    const struct index_query *q = &hunt->answer->query;
    size_t len = terms_match(&q->terms, hunt->match, TERMS_MATCH);

    if (q->terms.n && len == 0)
        return false;
    snprintf(hunt->match + len, sizeof hunt->match - len, "%s", "");
    if (q->who)
        len += (size_t)snprintf(hunt->match + len, sizeof hunt->match - len,
                                "%swho:\"a%" PRIu64 "\"", len ? " AND " : "",
                                q->who);
    if (q->pinned)
        snprintf(hunt->match + len, sizeof hunt->match - len, "%swho:\"pin\"",
                 len ? " AND " : "");
    return *hunt->match != '\0';
}

void index_find(struct index *index, struct index_answer *answer)
{
    struct index_query *q = &answer->query;
    struct hunt hunt = { .index = index, .answer = answer };

    answer->events = mem_new(q->limit + 2, sizeof *answer->events);
    if (!express(&hunt))
        return;
    if (q->n_rooms <= FEW_ROOMS || !search_rare(&hunt))
        search_rooms(&hunt);
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
