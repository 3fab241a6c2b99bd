/* SPDX-License-Identifier: MIT
 *
 * A copy of the file; see store_copy.h.
 */
#include "server/store_copy.h"

#include <stdio.h>
#include <stdlib.h>

#include "server/store_db_impl.h"
#include "shared/mem.h"

struct copy {
    sqlite3 *to;
    sqlite3_backup *backup;
};

/* Nobody is to open what is not whole: it needs no journal. */
static const char AT_FIRST[] = "PRAGMA journal_mode = OFF;"
                               "PRAGMA synchronous = OFF;";

/* One file, and all of it on the disk.  It says that it is a copy. */
static const char AT_LAST[] = "PRAGMA journal_mode = DELETE;"
                              "PRAGMA synchronous = FULL;"
                              "INSERT OR REPLACE INTO meta VALUES('copy', 1);";

struct copy *copy_begin(struct db *db, const char *path, const char *vfs,
                        char *why, size_t cap)
{
    struct copy *copy = mem_new(1, sizeof *copy);
    int code = sqlite3_open_v2(path, &copy->to,
                               SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
                                   SQLITE_OPEN_NOFOLLOW,
                               vfs);

    if (code == SQLITE_OK)
        code = sqlite3_exec(copy->to, AT_FIRST, NULL, NULL, NULL);
    if (code == SQLITE_OK) {
        copy->backup = sqlite3_backup_init(copy->to, "main", db->lite, "main");
        code = copy->backup ? SQLITE_OK : sqlite3_errcode(copy->to);
    }
    if (code == SQLITE_OK)
        return copy;
    snprintf(why, cap, "%s", sqlite3_errstr(code));
    copy_free(copy);
    return NULL;
}

static int finish(struct copy *copy)
{
    int code = sqlite3_backup_finish(copy->backup);

    copy->backup = NULL;
    if (code == SQLITE_OK)
        code = sqlite3_exec(copy->to, AT_LAST, NULL, NULL, NULL);
    return code;
}

/*
 * Piece by piece, or the last sync would be one of all there is, and whoever
 * says something would wait for it.
 */
static int sync_piece(struct copy *copy)
{
    sqlite3_file *file = NULL;
    int code = sqlite3_file_control(copy->to, "main", SQLITE_FCNTL_FILE_POINTER,
                                    &file);

    if (code == SQLITE_OK && file->pMethods)
        code = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
    return code;
}

enum chore_state copy_step(struct copy *copy, int pages,
                           struct store_chore *chore)
{
    int code = sqlite3_backup_step(copy->backup, pages);
    int total = sqlite3_backup_pagecount(copy->backup);
    int left = sqlite3_backup_remaining(copy->backup);

    chore->total = (uint64_t)total * DB_PAGE_BYTES;
    chore->done = (uint64_t)(total - left) * DB_PAGE_BYTES;
    if (code == SQLITE_OK)
        code = sync_piece(copy);
    if (code == SQLITE_OK || code == SQLITE_BUSY || code == SQLITE_LOCKED)
        return CHORE_RUNS;
    if (code == SQLITE_DONE)
        code = finish(copy);
    if (code == SQLITE_OK)
        return CHORE_DONE;
    snprintf(chore->why, sizeof chore->why, "%s", sqlite3_errstr(code));
    return CHORE_FAILED;
}

void copy_free(struct copy *copy)
{
    if (!copy)
        return;
    if (copy->backup)
        sqlite3_backup_finish(copy->backup);
    sqlite3_close(copy->to);
    free(copy);
}
