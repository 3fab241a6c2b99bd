/* SPDX-License-Identifier: MIT
 *
 * A connection's life; see store_db.h.
 */
#include "server/store_db_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "server/gather.h"
#include "server/lite.h"
#include "shared/mem.h"

enum { LOG_PAGES = 4000 }; /* of the write-ahead log */

static const char *const TEXTS[] = {
#define SQL(NAME, text) text,
#include "server/store_sql.def"
};

static const char FOR_WRITING[] = "PRAGMA cache_size = -65536;"
                                  "PRAGMA journal_mode = WAL;"
                                  "PRAGMA synchronous = FULL;"
                                  "PRAGMA secure_delete = ON;"
                                  "PRAGMA journal_size_limit = 67108864;";
static const char FOR_READING[] = "PRAGMA cache_size = -8192;"
                                  "PRAGMA query_only = ON;";

/* ---- trouble ---- */

bool db_fail(struct db *db, int code)
{
    int what = code & 0xff;

    db->trouble = sqlite3_errstr(code);
    if (what == SQLITE_CORRUPT || what == SQLITE_NOTADB ||
        what == SQLITE_CONSTRAINT)
        db->damage = db->trouble; /* or we do not know what is there */
    return false;
}

const char *db_trouble(const struct db *db)
{
    return db->trouble;
}

void db_interrupt(struct db *db)
{
    sqlite3_interrupt(db->lite);
}

bool db_is_damaged(const struct db *db)
{
    return db->damage != NULL;
}

void db_damage(struct db *db, const char *why)
{
    db->damage = why;
}

/* ---- opening ---- */

static int on_log(void *ctx, sqlite3 *lite, const char *name, int pages)
{
    struct db *db = ctx;

    (void)lite;
    (void)name;
    if (pages < db->log_pages)
        db->log_moved = 0; /* all had been moved: it began anew */
    db->log_pages = pages;
    return SQLITE_OK;
}

static int open_file(struct db *db, const struct db_config *config)
{
    struct lite_config lite = {
        .path = config->path ? config->path : ":memory:",
        .vfs = db->gather ? gather_name(db->gather) : config->vfs,
        .reads_only = config->reads_only
    };
    int code = lite_open(&lite, &db->lite);

    if (code == SQLITE_OK)
        code =
            lite_run(db->lite, config->reads_only ? FOR_READING : FOR_WRITING);
    if (!config->reads_only) /* no other automatic checkpoints, either */
        sqlite3_wal_hook(db->lite, on_log, db);
    return code;
}

static int exit_code(int code)
{
    int what = code & 0xff;

    if (what == SQLITE_CANTOPEN || what == SQLITE_PERM ||
        what == SQLITE_READONLY)
        return EX_CANTCREAT;
    if (what == SQLITE_CORRUPT || what == SQLITE_NOTADB)
        return EX_DATAERR;
    return what == SQLITE_BUSY ? EX_TEMPFAIL : EX_IOERR;
}

struct db *db_open(const struct db_config *config, int *code, char *why,
                   size_t cap)
{
    struct db *db = mem_new(1, sizeof *db);
    int err;

    db->reads_only = config->reads_only;
    db->log_most = config->log_pages ? (int)config->log_pages : LOG_PAGES;
    db->scratch = mem_new(1, sizeof *db->scratch);
    if (!config->reads_only)
        db->gather = gather_new(config->vfs);
    err = open_file(db, config);
    *code = err ? exit_code(err) : 0;
    if (err)
        snprintf(why, cap, "%s", sqlite3_errstr(err));
    else if (!db->reads_only)
        *code = db_migrate(db, why, cap);
    if (*code == 0)
        return db;
    db_close(db);
    return NULL;
}

void db_close(struct db *db)
{
    if (!db)
        return;
    for (int i = 0; i < SQL_COUNT; i++)
        sqlite3_finalize(db->stmts[i]);
    sqlite3_close(db->lite);
    gather_free(db->gather);
    free(db->scratch);
    free(db);
}

/* ---- statements ---- */

static int bind_all(sqlite3_stmt *stmt, const char *types, va_list args)
{
    int code = SQLITE_OK;

    for (int i = 1; *types && code == SQLITE_OK; i++) {
        if (*types++ == 'i') {
            code = sqlite3_bind_int64(stmt, i,
                                      (sqlite3_int64)va_arg(args, uint64_t));
        } else {
            struct str text = va_arg(args, struct str);

            code = sqlite3_bind_text(stmt, i, text.len ? text.ptr : NULL,
                                     (int)text.len, SQLITE_STATIC);
        }
    }
    return code;
}

static sqlite3_stmt *prepare(struct db *db, enum sql which)
{
    int code;

    if (db->stmts[which])
        return db->stmts[which];
    code =
        sqlite3_prepare_v3(db->lite, TEXTS[which], -1,
                           SQLITE_PREPARE_PERSISTENT, &db->stmts[which], NULL);
    if (code)
        db_fail(db, code);
    return db->stmts[which];
}

static sqlite3_stmt *bind(struct db *db, enum sql which, const char *types,
                          va_list args)
{
    sqlite3_stmt *stmt = prepare(db, which);
    int code = stmt ? bind_all(stmt, types, args) : SQLITE_OK;

    if (code)
        db_fail(db, code);
    return code ? NULL : stmt;
}

sqlite3_stmt *db_bind(struct db *db, enum sql which, const char *types, ...)
{
    sqlite3_stmt *stmt;
    va_list args;

    va_start(args, types);
    stmt = bind(db, which, types, args);
    va_end(args);
    return stmt;
}

bool db_step(struct db *db, sqlite3_stmt *stmt)
{
    int code = sqlite3_step(stmt);

    if (code == SQLITE_ROW)
        return true;
    sqlite3_reset(stmt);
    if (code != SQLITE_DONE)
        db_fail(db, code);
    return false;
}

void db_reset(sqlite3_stmt *stmt)
{
    sqlite3_reset(stmt);
}

bool db_run(struct db *db, enum sql which, const char *types, ...)
{
    sqlite3_stmt *stmt;
    va_list args;
    int code;

    va_start(args, types);
    stmt = bind(db, which, types, args);
    va_end(args);
    if (!stmt)
        return false;
    sqlite3_step(stmt);
    code = sqlite3_reset(stmt);
    return code == SQLITE_OK || db_fail(db, code);
}

uint64_t db_num(sqlite3_stmt *stmt, int column)
{
    return (uint64_t)sqlite3_column_int64(stmt, column);
}

struct str db_text(sqlite3_stmt *stmt, int column)
{
    const unsigned char *text = sqlite3_column_text(stmt, column);

    return str_bytes(text, (size_t)sqlite3_column_bytes(stmt, column));
}

/* ---- the write-ahead log ---- */

uint64_t db_log_bytes(const struct db *db)
{
    return (uint64_t)db->log_pages * DB_PAGE_BYTES;
}

bool db_tend(struct db *db, enum db_leisure leisure)
{
    const int from[] = {
        [DB_BUSY] = db->log_most, [DB_PAUSE] = db->log_most / 4, [DB_IDLE] = 1
    };
    int in_log = 0, moved = 0;

    if (db->log_pages - db->log_moved < from[leisure])
        return db->log_pages > db->log_moved;
    if (sqlite3_wal_checkpoint_v2(db->lite, NULL, SQLITE_CHECKPOINT_PASSIVE,
                                  &in_log, &moved) == SQLITE_OK)
        db->log_moved = moved;
    return false; /* if it failed the next batch will tell */
}
