/* SPDX-License-Identifier: MIT
 *
 * The tables, how older ones become these, and what the file knows of itself;
 * see store_db.h.
 */
#include "server/store_db_impl.h"

#include <stdio.h>
#include <sysexits.h>

#include "server/lite.h"

/* Says to file(1) and to us whose file it is: "chat". */
enum { APPLICATION = 0x63686174 };

/*
 * Each brings the file from the version that is its place here to the next:
 * append only.  Ids of rooms and accounts are never given twice.  An event's
 * id is its room << 32 | seq; unsigned numbers above 2^63 are stored as what
 * they are as signed ones.
 */
static const char *const MIGRATIONS[] = {
    "PRAGMA application_id = 0x63686174;"
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE account(id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " nick TEXT NOT NULL, folded TEXT UNIQUE, token TEXT);"
    "CREATE TABLE device(account INTEGER, device INTEGER,"
    " cseq INTEGER NOT NULL, PRIMARY KEY(account, device)) WITHOUT ROWID;"
    "CREATE TABLE refusal(account INTEGER, device INTEGER, slot INTEGER,"
    " cseq INTEGER NOT NULL, error INTEGER NOT NULL,"
    " PRIMARY KEY(account, device, slot)) WITHOUT ROWID;"
    "CREATE TABLE room(id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " kind INTEGER NOT NULL, name TEXT, folded TEXT UNIQUE, topic TEXT);"
    "CREATE TABLE side(room INTEGER, account INTEGER, nick TEXT NOT NULL,"
    " PRIMARY KEY(room, account)) WITHOUT ROWID;"
    "CREATE INDEX side_account ON side(account);"
    "CREATE TABLE member(room INTEGER, account INTEGER,"
    " PRIMARY KEY(room, account)) WITHOUT ROWID;"
    "CREATE TABLE event(id INTEGER PRIMARY KEY, at INTEGER NOT NULL,"
    " kind INTEGER NOT NULL, account INTEGER NOT NULL,"
    " device INTEGER NOT NULL, cseq INTEGER NOT NULL, ref INTEGER NOT NULL,"
    " nick TEXT, text TEXT);",
    /* who people are, and what they may */
    "ALTER TABLE account ADD COLUMN rank INTEGER;"
    "ALTER TABLE account ADD COLUMN uid INTEGER;"
    "ALTER TABLE account ADD COLUMN secret TEXT;"
    "CREATE TABLE key(account INTEGER, print TEXT, label TEXT,"
    " added INTEGER NOT NULL, seen INTEGER NOT NULL, revoked INTEGER NOT NULL,"
    " PRIMARY KEY(account, print)) WITHOUT ROWID;"
    "CREATE TABLE resume(account INTEGER, device INTEGER, used TEXT,"
    " next TEXT, PRIMARY KEY(account, device)) WITHOUT ROWID;"
    "CREATE TABLE invite(code TEXT PRIMARY KEY, until INTEGER NOT NULL,"
    " uses INTEGER NOT NULL) WITHOUT ROWID;"
    "ALTER TABLE room ADD COLUMN mode INTEGER;"
    "ALTER TABLE room ADD COLUMN slow INTEGER;"
    "ALTER TABLE room ADD COLUMN most INTEGER;"
    "ALTER TABLE room ADD COLUMN key TEXT;"
    "ALTER TABLE member ADD COLUMN role INTEGER;"
    "CREATE TABLE sanction(room INTEGER, kind INTEGER, who TEXT,"
    " until INTEGER NOT NULL, note TEXT,"
    " PRIMARY KEY(room, kind, who)) WITHOUT ROWID;"
    "CREATE TABLE guest(room INTEGER, account INTEGER,"
    " PRIMARY KEY(room, account)) WITHOUT ROWID;",

    /* Of a message that was edited: what it said before each edit. */
    "ALTER TABLE event ADD COLUMN edited INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE event ADD COLUMN taken_by TEXT;"
    "ALTER TABLE event ADD COLUMN reacts TEXT;"
    "ALTER TABLE event ADD COLUMN as_of INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE version(event INTEGER, edit INTEGER, text TEXT,"
    " PRIMARY KEY(event, edit)) WITHOUT ROWID;"
    "CREATE TABLE reaction(event INTEGER, key TEXT, account INTEGER,"
    " PRIMARY KEY(event, key, account)) WITHOUT ROWID;",

    ("ALTER TABLE member ADD COLUMN seen INTEGER;"
     "ALTER TABLE event ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;"),
};

enum { VERSION_NOW = sizeof MIGRATIONS / sizeof *MIGRATIONS };

/* ---- the schema ---- */

static int migrate_one(struct db *db, int from)
{
    char set_version[40];
    int code = lite_run(db->lite, "BEGIN IMMEDIATE");

    snprintf(set_version, sizeof set_version, "PRAGMA user_version = %d",
             from + 1);
    if (code == SQLITE_OK)
        code = lite_run(db->lite, MIGRATIONS[from]);
    if (code == SQLITE_OK)
        code = lite_run(db->lite, set_version);
    if (code == SQLITE_OK)
        code = lite_run(db->lite, "COMMIT");
    if (code != SQLITE_OK)
        lite_run(db->lite, "ROLLBACK");
    return code;
}

static bool is_empty(struct db *db)
{
    return lite_number(db->lite, "SELECT count(*) FROM sqlite_schema", -1) == 0;
}

int db_migrate(struct db *db, char *why, size_t cap)
{
    int version = lite_number(db->lite, "PRAGMA user_version", -1), code;
    bool is_ours =
        lite_number(db->lite, "PRAGMA application_id", -1) == APPLICATION;

    if (version < 0) {
        snprintf(why, cap, "%s", sqlite3_errmsg(db->lite));
        return EX_DATAERR;
    }
    if (!is_ours && !(version == 0 && is_empty(db))) {
        snprintf(why, cap, "it is another program's database");
        return EX_DATAERR;
    }
    if (version > VERSION_NOW) {
        snprintf(why, cap, "a newer chat-server has made it what it is");
        return EX_DATAERR;
    }
    for (; version < VERSION_NOW; version++) {
        code = migrate_one(db, version);
        if (code == SQLITE_OK)
            continue;
        snprintf(why, cap, "%s", sqlite3_errstr(code));
        return EX_CANTCREAT;
    }
    return 0;
}

/* ---- its lives ---- */

static const struct str EPOCH = { "epoch", 5 }, MARK = { "mark", 4 },
                        OPEN = { "open", 4 }, COPY = { "copy", 4 };

static uint64_t get(struct db *db, struct str name)
{
    sqlite3_stmt *stmt = db_bind(db, SQL_META_GET, "s", name);
    uint64_t value = 0;

    if (stmt && db_step(db, stmt)) {
        value = db_num(stmt, 0);
        db_reset(stmt);
    }
    return value;
}

static bool set(struct db *db, struct str name, uint64_t value)
{
    return db_run(db, SQL_META_SET, "si", name, value);
}

/* Of a file that is: what it says, and what follows. */
static void look(struct db *db, struct db_life *life)
{
    uint64_t epoch = get(db, EPOCH), mark = get(db, MARK);

    life->was_cut = get(db, OPEN);
    life->is_new = epoch == 0;
    life->is_restored =
        !life->is_new &&
        (get(db, COPY) || (life->mark != UINT64_MAX && mark != life->mark &&
                           mark != life->mark + 1));
    if (!life->is_new && !life->is_restored)
        life->epoch = epoch;
    if (life->mark == UINT64_MAX || mark > life->mark)
        life->mark = mark;
    life->mark++;
}

bool db_begin(struct db *db, struct db_life *life)
{
    db->trouble = NULL;
    look(db, life);
    if (!db->trouble && db_run(db, SQL_BEGIN, "") &&
        set(db, EPOCH, life->epoch) && set(db, MARK, life->mark) &&
        set(db, OPEN, 1) && set(db, COPY, 0) && db_run(db, SQL_COMMIT, ""))
        return true;
    db_run(db, SQL_ROLLBACK, "");
    return false;
}

void db_end(struct db *db)
{
    if (!db->damage)
        set(db, OPEN, 0);
}

/* What the check has found: its first line that says more than where. */
static struct str first_finding(struct str text)
{
    static const char HEADING[] = "*** in database main ***\n";

    if (str_starts(text, str_of(HEADING)))
        text = str_from(text, sizeof HEADING - 1);
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] == '\n')
            text.len = i;
    return text;
}

bool db_check(struct db *db, char *why, size_t cap)
{
    sqlite3_stmt *stmt = db_bind(db, SQL_CHECK, "");
    struct str text = str_of("it cannot be read");

    if (stmt && db_step(db, stmt))
        text = first_finding(db_text(stmt, 0));
    snprintf(why, cap, "%.*s", STR_ARG(text));
    if (str_is(text, "ok")) {
        db_reset(stmt);
        return true;
    }
    db_reset(stmt);
    if (sqlite3_errcode(db->lite) != SQLITE_INTERRUPT)
        db_damage(db, "the file is damaged");
    return false;
}
