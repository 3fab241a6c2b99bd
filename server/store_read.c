/* SPDX-License-Identifier: MIT
 *
 * Questions about events; see store_db.h.
 */
#include "server/store_db_impl.h"

#include <stdlib.h>

#include "server/event.h"
#include "shared/error.h"
#include "shared/frame.h"
#include "shared/mem.h"
#include "shared/now.h"
#include "shared/text.h"

enum {
    TEXT_MAX = BODY_MAX / 4 * 3, /* as limits.def allows at most */
    REACTS_MAX = 2048            /* likewise, about */
};

/* It may be sent: what is in the file is what has been cleaned once. */
static bool fits(struct str s, size_t max)
{
    return s.len <= max && text_is_clean(s, TEXT_LINES);
}

/* The row that a statement of events stands on; NULL: it is none of ours. */
static struct event *event_of(struct db *db, sqlite3_stmt *stmt)
{
    int64_t key = (int64_t)db_num(stmt, 0);
    struct msg_event body = {
        .room = (uint64_t)key >> SEQ_BITS,
        .seq = db_seq(key),
        .ts = db_num(stmt, 1),
        .kind = db_num(stmt, 2),
        .account = db_num(stmt, 3),
        .device = db_num(stmt, 4),
        .cseq = db_num(stmt, 5),
        .ref = db_num(stmt, 6),
        .nick = db_text(stmt, 7),
        .text = db_text(stmt, 8),
        .edited = db_num(stmt, 9),
        .by = db_text(stmt, 10),
        .reacts = db_text(stmt, 11),
        .as_of = db_num(stmt, 12),
        .pinned = db_num(stmt, 13),
    };

    if (fits(body.nick, NAME_MAX_BYTES) && fits(body.text, TEXT_MAX) &&
        fits(body.by, NAME_MAX_BYTES) && fits(body.reacts, REACTS_MAX))
        return event_new(&body);
    db_fail(db, SQLITE_CORRUPT);
    db_reset(stmt);
    return NULL;
}

static void add(struct store_answer *answer, size_t *cap, struct event *event)
{
    void *events = answer->events;

    mem_grow(&events, cap, answer->n + 1, sizeof *answer->events);
    answer->events = events;
    answer->events[answer->n++] = event;
}

static void reverse(struct store_answer *answer)
{
    for (size_t i = 0; i < answer->n / 2; i++) {
        struct event *event = answer->events[i];

        answer->events[i] = answer->events[answer->n - 1 - i];
        answer->events[answer->n - 1 - i] = event;
    }
}

static void read_page(struct db *db, struct store_answer *answer)
{
    const struct store_query *q = &answer->query;
    sqlite3_stmt *stmt = db_bind(db, q->backward ? SQL_PAGE_BACK : SQL_PAGE,
                                 "ii", (uint64_t)db_key(q->room, q->lo),
                                 (uint64_t)db_key(q->room, q->hi));
    size_t bytes = 0, cap = 0;

    while (stmt && db_step(db, stmt)) {
        struct event *event = event_of(db, stmt);

        if (!event)
            break;
        bytes += event->frame->len;
        if (bytes > q->bytes && answer->n) {
            event_unref(event);
            db_reset(stmt);
            break;
        }
        add(answer, &cap, event);
    }
    if (q->backward)
        reverse(answer);
}

static void read_place(struct db *db, struct store_answer *answer)
{
    const struct store_query *q = &answer->query;
    sqlite3_stmt *stmt = db_bind(
        db, SQL_PLACE, "iiiii", (uint64_t)db_key(q->room, q->lo),
        (uint64_t)db_key(q->room, q->hi), q->account, q->device, q->cseq);
    struct event *event;
    size_t cap = 0;

    if (!stmt || !db_step(db, stmt))
        return;
    event = event_of(db, stmt);
    if (event)
        add(answer, &cap, event);
    db_reset(stmt);
}

static void read_aged(struct db *db, struct store_answer *answer)
{
    const struct store_query *q = &answer->query;
    sqlite3_stmt *stmt =
        db_bind(db, SQL_AGED, "iii", (uint64_t)db_key(q->room, q->lo),
                (uint64_t)db_key(q->room, q->hi), q->ts);

    if (!stmt || !db_step(db, stmt))
        return;
    answer->seq = db_seq((int64_t)db_num(stmt, 0));
    db_reset(stmt);
}

/* The first seq of lo..hi not before a time, as times rise; hi + 1: none. */
static uint64_t find_since(struct db *db, const struct store_query *q)
{
    uint64_t lo = q->lo, hi = q->hi + 1;

    while (lo < hi) {
        uint64_t mid = lo + (hi - lo) / 2;
        sqlite3_stmt *stmt =
            db_bind(db, SQL_AT, "i", (uint64_t)db_key(q->room, mid));

        if (!stmt || !db_step(db, stmt))
            return hi;
        if (db_num(stmt, 0) < q->ts)
            lo = mid + 1;
        else
            hi = mid;
        db_reset(stmt);
    }
    return lo;
}

static void read_since(struct db *db, struct store_answer *answer)
{
    struct store_query asked = answer->query, *q = &answer->query;
    uint64_t seq = find_since(db, q), half = q->most / 2;

    if (db->trouble)
        return;
    if (seq > q->lo + half)
        q->lo = seq - half;
    q->hi = time_min(q->hi, q->lo + q->most - 1);
    read_page(db, answer);
    answer->query = asked; /* it may have to be read again */
}

static void read_of(struct db *db, struct store_answer *answer)
{
    const struct store_query *q = &answer->query;
    sqlite3_stmt *stmt =
        db_bind(db, SQL_OF, "iiiii", (uint64_t)db_key(q->room, q->lo),
                (uint64_t)db_key(q->room, q->hi), q->account,
                (uint64_t)event_KICK, (uint64_t)event_INVITE);
    struct event *event;
    size_t cap = 0;

    while (stmt && db_step(db, stmt) && (event = event_of(db, stmt)))
        add(answer, &cap, event);
}

static void read_target(struct db *db, struct store_answer *answer)
{
    const struct store_query *q = &answer->query;
    sqlite3_stmt *stmt;

    read_page(db, answer);
    if (!answer->n || !*q->key)
        return;
    stmt = db_bind(db, SQL_REACTED, "isi", (uint64_t)db_key(q->room, q->lo),
                   str_of(q->key), q->account);
    if (!stmt || !db_step(db, stmt))
        return;
    answer->reacted = true;
    db_reset(stmt);
}

/* What a message was, as the EDIT that made it another one. */
static struct event *version_of(struct db *db, sqlite3_stmt *stmt,
                                const struct event *message)
{
    struct msg_event body = event_body(message);

    body.kind = event_EDIT;
    body.ref = body.seq;
    body.seq = db_seq((int64_t)db_num(stmt, 0));
    body.ts = db_num(stmt, 1);
    body.text = db_text(stmt, 2);
    if (fits(body.text, TEXT_MAX))
        return event_new(&body);
    db_fail(db, SQLITE_CORRUPT);
    return NULL;
}

static void read_versions(struct db *db, struct store_answer *answer)
{
    const struct store_query *q = &answer->query;
    struct store_answer found = { 0 };
    sqlite3_stmt *stmt;
    struct event *event;
    size_t bytes = 0, cap = 0;

    read_page(db, answer);
    if (!answer->n)
        return;
    stmt = db_bind(db, SQL_VERSIONS, "i", (uint64_t)db_key(q->room, q->lo));
    while (stmt && !answer->more && db_step(db, stmt) &&
           (event = version_of(db, stmt, answer->events[0]))) {
        bytes += event->frame->len;
        answer->more = found.n && bytes > q->bytes;
        if (answer->more)
            event_unref(event);
        else
            add(&found, &cap, event);
    }
    if (stmt)
        db_reset(stmt);
    reverse(&found);
    cap = answer->n;
    for (size_t i = 0; i < found.n; i++)
        add(answer, &cap, found.events[i]);
    free(found.events);
}

void db_read(struct db *db, struct store_answer *answer)
{
    db->trouble = NULL;
    switch (answer->query.kind) {
    case QUERY_PAGE:
    case QUERY_UNREAD: read_page(db, answer); break;
    case QUERY_PLACE: read_place(db, answer); break;
    case QUERY_AGED: read_aged(db, answer); break;
    case QUERY_TARGET: read_target(db, answer); break;
    case QUERY_OF: read_of(db, answer); break;
    case QUERY_VERSIONS: read_versions(db, answer); break;
    case QUERY_SINCE: read_since(db, answer); break;
    }
    answer->error = db->trouble ? -ERROR_STORE : 0;
}
