/* SPDX-License-Identifier: MIT
 *
 * A slower disk for measurements: SQLite's file system of the name "slow" is
 * the system's, and every sync takes slow_sync_ms longer.
 */
#ifndef TESTS_SLOW_VFS_H
#define TESTS_SLOW_VFS_H

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static unsigned slow_sync_ms;

/* Methods of real files, with another xSync: of databases, and of others. */
static sqlite3_io_methods slow_methods[2];
static int (*slow_real_sync)(sqlite3_file *, int);

static inline void slow_wait(void)
{
    struct timespec ms = { .tv_nsec = 1000000 };

    for (unsigned i = 0; i < slow_sync_ms; i++)
        nanosleep(&ms, NULL);
}

static int slow_sync(sqlite3_file *file, int flags)
{
    slow_wait();
    return slow_real_sync(file, flags);
}

static int slow_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file,
                     int flags, int *out)
{
    sqlite3_vfs *real = vfs->pAppData;
    int code = real->xOpen(real, name, file, flags, out);

    if (code == SQLITE_OK && file->pMethods) {
        sqlite3_io_methods *methods =
            &slow_methods[(flags & SQLITE_OPEN_MAIN_DB) != 0];

        slow_real_sync = file->pMethods->xSync;
        *methods = *file->pMethods;
        methods->xSync = slow_sync;
        file->pMethods = methods;
    }
    return code;
}

static inline void slow_begin(unsigned sync_ms)
{
    static sqlite3_vfs slow;
    sqlite3_vfs *real = sqlite3_vfs_find(NULL);

    slow_sync_ms = sync_ms;
    slow = *real;
    slow.zName = "slow";
    slow.pNext = NULL;
    slow.pAppData = real;
    slow.xOpen = slow_open;
    sqlite3_vfs_register(&slow, 0);
}

#endif
