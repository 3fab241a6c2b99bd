/* SPDX-License-Identifier: MIT
 *
 * Connections to SQLite files; see lite.h.
 */
#include "server/lite.h"

#include "shared/mem.h"

enum { WAIT_MS = 2000 }; /* for a lock that somebody else holds */

static const char CAREFULLY[] = "PRAGMA temp_store = MEMORY;"
                                "PRAGMA trusted_schema = OFF;"
                                "PRAGMA cell_size_check = ON;"
                                "PRAGMA mmap_size = 0;";

int lite_open(const struct lite_config *config, sqlite3 **lite)
{
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, code;

    flags |= config->reads_only ? SQLITE_OPEN_READONLY
                                : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    code = sqlite3_open_v2(config->path, lite, flags, config->vfs);
    if (!*lite)
        mem_fail();
    if (code)
        return code;
    sqlite3_extended_result_codes(*lite, 1);
    sqlite3_busy_timeout(*lite, WAIT_MS);
    sqlite3_db_config(*lite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (config->reads_only)
        sqlite3_db_config(*lite, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    return lite_run(*lite, CAREFULLY);
}

int lite_run(sqlite3 *lite, const char *text)
{
    return sqlite3_exec(lite, text, NULL, NULL, NULL);
}

int lite_number(sqlite3 *lite, const char *text, int otherwise)
{
    sqlite3_stmt *stmt;
    int value = otherwise;

    if (sqlite3_prepare_v2(lite, text, -1, &stmt, NULL))
        return otherwise;
    if (sqlite3_step(stmt) == SQLITE_ROW)
        value = sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    return value;
}
