/* SPDX-License-Identifier: MIT
 *
 * The inside of a connection: store_db.c (its life), store_schema.c (tables
 * and what the file knows of itself), store_write.c, store_read.c and
 * store_recall.c.  Nobody else includes this.
 */
#ifndef SERVER_STORE_DB_IMPL_H
#define SERVER_STORE_DB_IMPL_H

#include <sqlite3.h>

#include "server/store_db.h"
#include "shared/wire.h"

enum sql {

#define SQL(NAME, text) SQL_##NAME,
#include "server/store_sql.def"
    SQL_COUNT
};

struct gather;

struct db {
    sqlite3 *lite;
    struct gather *gather;          /* of the one that writes */
    sqlite3_stmt *stmts[SQL_COUNT]; /* prepared when first run */
    const char *trouble;            /* of the last call */
    const char *damage;             /* why nothing is written any more */
    bool reads_only;
    int log_pages, log_moved;     /* of the write-ahead log */
    int log_most;                 /* moved now when there are so many */
    struct wire_scratch *scratch; /* of the one that writes */
};

/* An event's key: all of a room lie together, in order. */
enum { SEQ_BITS = 32, DB_PAGE_BYTES = 4096 };

static inline int64_t db_key(uint64_t room, uint64_t seq)
{
    return (int64_t)(room << SEQ_BITS | seq);
}

static inline uint64_t db_seq(int64_t key)
{
    return (uint64_t)key & UINT32_MAX;
}

/*
 * A statement with its arguments: one letter each, i: uint64_t, s: struct str,
 * where an empty one is NULL.  Views must live until it is done.
 *   returns  NULL: it cannot be prepared
 */
sqlite3_stmt *db_bind(struct db *, enum sql, const char *types, ...);

/* Step to the next row; false: there is none, or it failed (db->trouble). */
bool db_step(struct db *, sqlite3_stmt *);

/* Done with it before its end. */
void db_reset(sqlite3_stmt *);

/* Bind and run a statement without rows; false: it failed. */
bool db_run(struct db *, enum sql, const char *types, ...);

/* The last call of SQLite failed: remember why. returns false */
bool db_fail(struct db *, int code);

/* ---- columns ---- */

uint64_t db_num(sqlite3_stmt *, int column);

/* Good until the next step. */
struct str db_text(sqlite3_stmt *, int column);

/* ---- store_schema.c ---- */

/* Make or migrate the tables; returns an exit code, with a sentence. */
int db_migrate(struct db *, char *why, size_t cap);

#endif
