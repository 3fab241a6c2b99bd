/* SPDX-License-Identifier: MIT
 *
 * Writes gathered; see gather.h.
 */
#include "server/gather.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"

enum {
    FRAME = 24 + 4096,       /* of the log: its header and a page */
    GATHER_MAX = 31 * FRAME, /* the system's takes less than 128 KiB at once */
    NAME_MAX_BYTES = 40
};

struct gather {
    sqlite3_vfs vfs; /* first: SQLite knows of nothing else */
    sqlite3_vfs *under;
    char name[NAME_MAX_BYTES];
};

/* A log that is open, and after it the same file as the one below knows it. */
struct log_file {
    sqlite3_file file; /* first, as above */
    sqlite3_file *under;
    char *bytes;      /* gathered, to be written at... */
    sqlite3_int64 at; /* ...this place */
    int n;
};

static struct log_file *log_file(sqlite3_file *file)
{
    return (struct log_file *)(void *)file;
}

/* ---- writing ---- */

/* What cannot be written is dropped: SQLite takes the transaction back. */
static int put_down(struct log_file *log)
{
    int n = log->n;

    log->n = 0;
    return n ? log->under->pMethods->xWrite(log->under, log->bytes, n, log->at)
             : SQLITE_OK;
}

static int log_write(sqlite3_file *file, const void *bytes, int n,
                     sqlite3_int64 at)
{
    struct log_file *log = log_file(file);
    int code = SQLITE_OK;

    if (at != log->at + log->n || n > GATHER_MAX - log->n)
        code = put_down(log);
    if (code != SQLITE_OK)
        return code;
    if (n > GATHER_MAX)
        return log->under->pMethods->xWrite(log->under, bytes, n, at);
    if (log->n == 0)
        log->at = at;
    memcpy(log->bytes + log->n, bytes, (size_t)n);
    log->n += n;
    return SQLITE_OK;
}

/* ---- all else, after it ---- */

static int log_close(sqlite3_file *file)
{
    struct log_file *log = log_file(file);
    int code = put_down(log), closed = log->under->pMethods->xClose(log->under);

    free(log->bytes);
    return code ? code : closed;
}

static int log_read(sqlite3_file *file, void *out, int n, sqlite3_int64 at)
{
    struct log_file *log = log_file(file);
    int code = put_down(log);

    return code ? code : log->under->pMethods->xRead(log->under, out, n, at);
}

static int log_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct log_file *log = log_file(file);
    int code = put_down(log);

    return code ? code : log->under->pMethods->xTruncate(log->under, size);
}

static int log_sync(sqlite3_file *file, int flags)
{
    struct log_file *log = log_file(file);
    int code = put_down(log);

    return code ? code : log->under->pMethods->xSync(log->under, flags);
}

static int log_size(sqlite3_file *file, sqlite3_int64 *size)
{
    struct log_file *log = log_file(file);
    int code = put_down(log);

    return code ? code : log->under->pMethods->xFileSize(log->under, size);
}

static int log_control(sqlite3_file *file, int op, void *arg)
{
    sqlite3_file *under = log_file(file)->under;

    return under->pMethods->xFileControl(under, op, arg);
}

static int log_sector(sqlite3_file *file)
{
    sqlite3_file *under = log_file(file)->under;

    return under->pMethods->xSectorSize(under);
}

static int log_traits(sqlite3_file *file)
{
    sqlite3_file *under = log_file(file)->under;

    return under->pMethods->xDeviceCharacteristics(under);
}

/* A log is not locked, nor mapped: its database is. */
static const sqlite3_io_methods METHODS = {
    .iVersion = 1,
    .xClose = log_close,
    .xRead = log_read,
    .xWrite = log_write,
    .xTruncate = log_truncate,
    .xSync = log_sync,
    .xFileSize = log_size,
    .xFileControl = log_control,
    .xSectorSize = log_sector,
    .xDeviceCharacteristics = log_traits,
};

/* ---- the file system ---- */

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file,
                     int flags, int *out)
{
    sqlite3_vfs *under = ((struct gather *)(void *)vfs)->under;
    struct log_file *log = log_file(file);
    int code;

    if (!(flags & SQLITE_OPEN_WAL))
        return under->xOpen(under, name, file, flags, out);
    *log = (struct log_file){ .under = (sqlite3_file *)(void *)(log + 1) };
    code = under->xOpen(under, name, log->under, flags, out);
    if (code != SQLITE_OK)
        return code; /* without methods: SQLite does not close it */
    log->bytes = mem_new(GATHER_MAX, 1);
    log->file.pMethods = &METHODS;
    return SQLITE_OK;
}

struct gather *gather_new(const char *under)
{
    struct gather *gather = mem_new(1, sizeof *gather);

    gather->under = sqlite3_vfs_find(under);
    gather->vfs = *gather->under; /* the same, but for opening */
    snprintf(gather->name, sizeof gather->name, "gather-%p", (void *)gather);
    gather->vfs.zName = gather->name;
    gather->vfs.pNext = NULL;
    gather->vfs.szOsFile += (int)sizeof(struct log_file);
    gather->vfs.xOpen = open_file;
    if (sqlite3_vfs_register(&gather->vfs, 0) != SQLITE_OK)
        mem_fail();
    return gather;
}

const char *gather_name(const struct gather *gather)
{
    return gather->name;
}

void gather_free(struct gather *gather)
{
    if (!gather)
        return;
    sqlite3_vfs_unregister(&gather->vfs);
    free(gather);
}
