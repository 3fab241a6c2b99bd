/* SPDX-License-Identifier: MIT
 *
 * The index; see index.h.
 */
#include "server/index_impl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/event.h"
#include "server/lite.h"
#include "shared/kind.h"
#include "shared/mem.h"

enum {
    PAGE_BYTES = 1 << 20, /* of events read at once */
    WHO_BYTES = 32
};

static const char *const TEXTS[INDEX_SQLS] = {
    [INDEX_BEGIN] = "BEGIN IMMEDIATE",
    [INDEX_COMMIT] = "COMMIT",
    [INDEX_ROLLBACK] = "ROLLBACK",
    [INDEX_MARK_GET] = "SELECT last FROM mark WHERE room = ?1",
    [INDEX_MARK_SET] = "INSERT OR REPLACE INTO mark VALUES(?1, ?2)",
    [INDEX_MARK_DROP] = "DELETE FROM mark WHERE room = ?1",
    [INDEX_MARK_NEXT] =
        "SELECT room FROM mark WHERE room > ?1 ORDER BY room LIMIT 1",
    [INDEX_DOC_GET] = "SELECT text, who FROM doc WHERE id = ?1",
    [INDEX_DOC_PUT] = "INSERT INTO doc(id, text, who) VALUES(?1, ?2, ?3)",
    [INDEX_DOC_DROP] = "DELETE FROM doc WHERE id = ?1",
    [INDEX_DOC_NEXT] =
        "SELECT id FROM doc WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT 1",
    [INDEX_LINE_PUT] = "INSERT INTO line(rowid, text, who) VALUES(?1, ?2, ?3)",
    [INDEX_LINE_DROP] =
        "INSERT INTO line(line,rowid,text,who) VALUES('delete', ?1, ?2, ?3)",
    [INDEX_LINE_MERGE] = "INSERT INTO line(line, rank) VALUES('merge', 400)",
    [INDEX_FIND] = ("SELECT rowid FROM line WHERE line MATCH ?1"
                    " AND rowid BETWEEN ?2 AND ?3 ORDER BY rowid DESC"),
};

/*
 * What it holds is the log's, so it may lose its last moments.  Its own log is
 * moved in small pieces: who waits for a line to be on the same disk waits for
 * all that is being written there.
 */
static const char LOOK[] = "PRAGMA cache_size = -16384;";
static const char WRITE[] = "PRAGMA journal_mode = WAL;"
                            "PRAGMA synchronous = NORMAL;"
                            "PRAGMA secure_delete = ON;"
                            "PRAGMA wal_autocheckpoint = 100;"
                            "PRAGMA journal_size_limit = 16777216;";
static const char TABLES[] =
    "CREATE TABLE mark(room INTEGER PRIMARY KEY, last INTEGER NOT NULL);"
    "CREATE TABLE doc(id INTEGER PRIMARY KEY, text TEXT, who TEXT);"
    "CREATE VIRTUAL TABLE line USING fts5(text, who, content = 'doc',"
    " content_rowid = 'id', columnsize = 0,"
    " tokenize = 'unicode61 remove_diacritics 0');"
    "INSERT INTO line(line, rank) VALUES('usermerge', 2);";

/* Which log and which form of words it is of, in two numbers of the file. */
enum { FORM = 2 };

/* ---- opening ---- */

static int run(struct index *index, const char *text)
{
    return lite_run(index->lite, text);
}

static int connect_to(struct index *index, const struct index_config *config)
{
    struct lite_config lite = { .path = config->path,
                                .reads_only = config->reads_only };
    int code = lite_open(&lite, &index->lite);

    if (code == SQLITE_OK)
        code = run(index, LOOK);
    if (code == SQLITE_OK && !config->reads_only)
        code = run(index, WRITE);
    return code;
}

static void disconnect(struct index *index)
{
    for (int i = 0; i < INDEX_SQLS; i++)
        sqlite3_finalize(index->stmts[i]);
    sqlite3_close(index->lite);
    memset(index->stmts, 0, sizeof index->stmts);
    index->lite = NULL;
}

/* The epoch's lower half, and the form; 0 is what an empty file says. */
static int mark_of(const struct index_config *config)
{
    return (int)((config->epoch ^ config->epoch >> 32) & 0x3fffffff) | 1;
}

static int make_tables(struct index *index, const struct index_config *config)
{
    char text[128];
    int code = run(index, "BEGIN IMMEDIATE");

    if (code == SQLITE_OK)
        code = run(index, TABLES);
    snprintf(text, sizeof text,
             "PRAGMA user_version = %d; PRAGMA application_id = %d", FORM,
             mark_of(config));
    if (code == SQLITE_OK)
        code = run(index, text);
    if (code == SQLITE_OK)
        code = run(index, "COMMIT");
    return code;
}

static void remove_file(const char *path)
{
    static const char *const ENDS[] = { "", "-wal", "-shm" };
    size_t len = strlen(path) + 5;
    char *name = mem_new(len, 1);

    for (size_t i = 0; i < 3; i++) {
        snprintf(name, len, "%s%s", path, ENDS[i]);
        unlink(name);
    }
    free(name);
}

/* As it is, or anew when it is of another log, of another form, or damaged. */
static int open_file(struct index *index, const struct index_config *config)
{
    int code = connect_to(index, config);

    if (config->reads_only)
        return code;
    if (code == SQLITE_OK &&
        lite_number(index->lite, "PRAGMA user_version", 0) == FORM &&
        lite_number(index->lite, "PRAGMA application_id", 0) == mark_of(config))
        return SQLITE_OK;
    disconnect(index);
    remove_file(config->path);
    code = connect_to(index, config);
    return code == SQLITE_OK ? make_tables(index, config) : code;
}

struct index *index_open(const struct index_config *config, char *why,
                         size_t cap)
{
    struct index *index = mem_new(1, sizeof *index);
    struct db_config log = { .path = config->log, .reads_only = true };
    int code = open_file(index, config), err;

    if (code != SQLITE_OK) {
        snprintf(why, cap, "%s", sqlite3_errstr(code));
        index_close(index);
        return NULL;
    }
    index->log = db_open(&log, &err, why, cap);
    if (index->log)
        return index;
    index_close(index);
    return NULL;
}

void index_close(struct index *index)
{
    if (!index)
        return;
    disconnect(index);
    db_close(index->log);
    free(index);
}

/* ---- statements ---- */

sqlite3_stmt *index_stmt(struct index *index, enum index_sql which)
{
    if (!index->stmts[which])
        sqlite3_prepare_v3(index->lite, TEXTS[which], -1,
                           SQLITE_PREPARE_PERSISTENT, &index->stmts[which],
                           NULL);
    return index->stmts[which];
}

static bool bind_text(sqlite3_stmt *stmt, int at, struct str text)
{
    return sqlite3_bind_text(stmt, at, text.len ? text.ptr : "", (int)text.len,
                             SQLITE_TRANSIENT) == SQLITE_OK;
}

/* Run one with an id, and two texts if they are there. */
static bool put(struct index *index, enum index_sql which, int64_t id,
                const struct str text[2])
{
    sqlite3_stmt *stmt = index_stmt(index, which);

    if (!stmt || sqlite3_bind_int64(stmt, 1, id) ||
        (text &&
         (!bind_text(stmt, 2, text[0]) || !bind_text(stmt, 3, text[1]))))
        return false;
    sqlite3_step(stmt);
    return sqlite3_reset(stmt) == SQLITE_OK;
}

static bool simply(struct index *index, enum index_sql which)
{
    sqlite3_stmt *stmt = index_stmt(index, which);

    if (!stmt)
        return false;
    sqlite3_step(stmt);
    return sqlite3_reset(stmt) == SQLITE_OK;
}

/* One number by two others; 0: there is none. */
static int64_t get(struct index *index, enum index_sql which, int64_t a,
                   int64_t b)
{
    sqlite3_stmt *stmt = index_stmt(index, which);
    int64_t value = 0;

    if (!stmt || sqlite3_bind_int64(stmt, 1, a))
        return 0;
    if (sqlite3_bind_parameter_count(stmt) > 1)
        sqlite3_bind_int64(stmt, 2, b);
    if (sqlite3_step(stmt) == SQLITE_ROW)
        value = sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
    return value;
}

/* ---- the log ---- */

bool index_page(struct index *index, struct store_answer *answer, size_t bytes)
{
    answer->query.kind = QUERY_PAGE;
    answer->query.bytes = bytes;
    db_read(index->log, answer);
    return answer->error == 0;
}

void index_page_free(struct store_answer *answer)
{
    for (size_t i = 0; i < answer->n; i++)
        event_unref(answer->events[i]);
    free(answer->events);
    *answer = (struct store_answer){ 0 };
}

struct telling {
    struct index *index;
    void (*each)(void *ctx, const struct index_room *);
    void *ctx;
    uint64_t upto; /* rooms that were told */
};

/* Rooms before this one that are here and no longer in the log. */
static void tell_lost(struct telling *t, uint64_t before)
{
    for (;;) {
        struct index_room lost = { .room =
                                       (uint64_t)get(t->index, INDEX_MARK_NEXT,
                                                     (int64_t)t->upto, 0) };

        if (lost.room == 0 || lost.room >= before)
            return;
        t->each(t->ctx, &lost);
        t->upto = lost.room;
    }
}

/* They come by their numbers. */
static void on_row(void *ctx, const struct store_row *row)
{
    struct telling *t = ctx;
    struct index_room room = { .room = row->room };

    if (row->kind == ROW_ROOM)
        room = (struct index_room){ row->room, row->first, row->head, row->ts };
    else if (row->kind != ROW_DROPPED)
        return;
    tell_lost(t, row->room);
    t->each(t->ctx, &room);
    t->upto = row->room;
}

bool index_rooms(struct index *index,
                 void (*each)(void *ctx, const struct index_room *), void *ctx)
{
    struct telling t = { index, each, ctx, 0 };

    if (!db_recall(index->log, on_row, &t))
        return false;
    tell_lost(&t, UINT64_MAX);
    return true;
}

/* ---- what goes into it ---- */

/* Out of the index: by the very words that went in. */
static bool drop(struct index *index, int64_t id)
{
    sqlite3_stmt *stmt = index_stmt(index, INDEX_DOC_GET);
    struct str text[2];
    bool good = true;

    if (!stmt || sqlite3_bind_int64(stmt, 1, id))
        return false;
    if (sqlite3_step(stmt) == SQLITE_ROW) {
        text[0] = db_text(stmt, 0);
        text[1] = db_text(stmt, 1);
        good = put(index, INDEX_LINE_DROP, id, text);
    }
    sqlite3_reset(stmt);
    return good && put(index, INDEX_DOC_DROP, id, NULL);
}

static bool add(struct index *index, const struct msg_event *body)
{
    int64_t id = db_key(body->room, body->seq);
    size_t cap = TERMS_GROWTH * body->text.len + 16;
    char *form = mem_new(cap, 1), who[WHO_BYTES];
    struct str text[2] = { { form, 0 }, { who, 0 } };
    bool good;

    text[0].len = terms_spread(body->text, form, cap);
    text[1].len = (size_t)snprintf(who, sizeof who, "a%" PRIu64 "%s",
                                   body->account, body->pinned ? " pin" : "");
    good = put(index, INDEX_DOC_PUT, id, text) &&
           put(index, INDEX_LINE_PUT, id, text);
    free(form);
    return good;
}

/* A message as it is, into the index; what was taken back, out of it. */
static bool take_message(struct index *index, const struct event *event)
{
    struct msg_event body = event_body(event);

    return drop(index, db_key(body.room, body.seq)) &&
           (!kind_is_talk(body.kind) || body.by.len || add(index, &body));
}

/* The message that an event has changed, as it is now. */
static bool renew(struct index *index, uint64_t room, uint64_t seq)
{
    struct store_answer page = { .query = {
                                     .room = room, .lo = seq, .hi = seq } };
    bool good = index_page(index, &page, SIZE_MAX);

    if (good)
        good = page.n ? take_message(index, page.events[0])
                      : drop(index, db_key(room, seq));
    index_page_free(&page);
    return good;
}

static bool take(struct index *index, const struct event *event)
{
    switch (event->kind) {
    case event_MESSAGE:
    case event_ACTION:
    case event_NOTICE: return take_message(index, event);
    case event_EDIT:
    case event_REDACT:
    case event_PIN: return renew(index, event->room, event->ref);
    default: return true;
    }
}

static bool set_mark(struct index *index, uint64_t room, uint64_t last)
{
    sqlite3_stmt *stmt = index_stmt(index, INDEX_MARK_SET);

    if (!stmt || sqlite3_bind_int64(stmt, 1, (sqlite3_int64)room) ||
        sqlite3_bind_int64(stmt, 2, (sqlite3_int64)last))
        return false;
    sqlite3_step(stmt);
    return sqlite3_reset(stmt) == SQLITE_OK;
}

/* Forget some of what the log has forgotten. */
static bool trim(struct index *index, const struct index_room *room,
                 size_t *left)
{
    int64_t lo = db_key(room->room, 0),
            hi = room->first ? db_key(room->room, room->first - 1)
                             : db_key(room->room, UINT32_MAX);

    for (; *left; (*left)--) {
        int64_t id = get(index, INDEX_DOC_NEXT, lo, hi);

        if (id == 0)
            return true;
        if (!drop(index, id))
            return false;
    }
    return true;
}

/* Take in the events from..upto. */
static bool take_page(struct index *index, uint64_t room, uint64_t from,
                      uint64_t *upto)
{
    struct store_answer page = { .query = {
                                     .room = room, .lo = from, .hi = *upto } };
    bool good = index_page(index, &page, PAGE_BYTES);

    for (size_t i = 0; i < page.n && good; i++)
        good = take(index, page.events[i]);
    if (page.n && page.n < *upto - from + 1)
        *upto = page.events[page.n - 1]->seq; /* as many as fit */
    index_page_free(&page);
    return good;
}

/* Some of a room; with nothing left of `left` there may be more. */
static bool read_room(struct index *index, const struct index_room *room,
                      size_t *left)
{
    uint64_t from =
        (uint64_t)get(index, INDEX_MARK_GET, (int64_t)room->room, 0);
    uint64_t upto;
    bool good = trim(index, room, left);

    from = from + 1 < room->first ? room->first : from + 1;
    while (good && *left && room->last && from <= room->last) {
        upto = room->last - from < *left ? room->last : from + *left - 1;
        good = take_page(index, room->room, from, &upto) &&
               set_mark(index, room->room, upto);
        *left -= upto - from + 1;
        from = upto + 1;
    }
    if (good && *left && !room->last)
        good = put(index, INDEX_MARK_DROP, (int64_t)room->room, NULL);
    return good;
}

static void take_out(struct index_room *rooms, size_t *n, size_t i)
{
    memmove(rooms + i, rooms + i + 1, (--*n - i) * sizeof *rooms);
}

bool index_read(struct index *index, struct index_room *rooms, size_t *n,
                size_t most)
{
    size_t left = most, done = 0;
    bool good = simply(index, INDEX_BEGIN);

    while (good && left && done < *n) {
        good = read_room(index, &rooms[done], &left);
        if (!good)
            take_out(rooms, n, done);
        else if (left)
            done++;
    }
    if (good && simply(index, INDEX_COMMIT)) {
        memmove(rooms, rooms + done, (*n -= done) * sizeof *rooms);
        return true;
    }
    if (!sqlite3_get_autocommit(index->lite))
        simply(index, INDEX_ROLLBACK);
    return false;
}

bool index_tidy(struct index *index)
{
    int before = sqlite3_total_changes(index->lite);

    return simply(index, INDEX_LINE_MERGE) &&
           sqlite3_total_changes(index->lite) - before > 1;
}
