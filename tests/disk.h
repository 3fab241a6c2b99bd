/* SPDX-License-Identifier: MIT
 *
 * A disk in memory, as SQLite sees one through its file system "disk": it can
 * lose power, when what was not synced is there or not, by 512 bytes, and any
 * of its operations can fail.  One thread, one process: locks are always had.
 */
#ifndef TESTS_DISK_H
#define TESTS_DISK_H

#include "tests/test.h"

#include <sqlite3.h>

#include "shared/mem.h"
#include "shared/rng.h"

enum { DISK_FILES = 16, DISK_NAME = 64, DISK_SECTOR = 512 };

/* What a file system does, to be counted and to fail. */
enum disk_act { DISK_OPEN, DISK_WRITE, DISK_SYNC, DISK_CUT, DISK_ACTS };

struct disk_bytes {
    uint8_t *bytes;
    size_t len, cap;
};

struct disk_write {
    size_t at, len; /* a sector at most */
    uint8_t *bytes; /* NULL: cut to `at` bytes */
};

struct disk_file {
    char name[DISK_NAME]; /* empty: there is none */
    struct disk_bytes now, synced;
    struct disk_write *writes; /* since it was synced */
    size_t n_writes, cap_writes;
    uint8_t **shm; /* regions of shared memory */
    size_t n_shm, cap_shm;
};

struct disk {
    sqlite3_vfs vfs;
    struct disk_file files[DISK_FILES];
    struct rng rng;
    uint64_t counts[DISK_ACTS];
    uint64_t fail_at[DISK_ACTS]; /* the first count to fail; 0: none */
    uint64_t fail_n;             /* how many in a row */
    int fail_code;               /* 0: of the act */
    void (*acted)(void *ctx);    /* after every write, sync and cut */
    void *ctx;
};

/* As SQLite opens it. */
struct disk_handle {
    sqlite3_file base; /* first */
    struct disk *disk;
    struct disk_file *file;
    bool drop; /* when it is closed */
};

static inline struct disk_handle *disk_handle(sqlite3_file *file)
{
    return (struct disk_handle *)(void *)file;
}

/* ---- bytes ---- */

static inline void disk_resize(struct disk_bytes *b, size_t len)
{
    void *bytes = b->bytes;

    mem_grow(&bytes, &b->cap, len, 1);
    b->bytes = bytes;
    if (len > b->len)
        memset(b->bytes + b->len, 0, len - b->len);
    b->len = len;
}

static inline void disk_put(struct disk_bytes *b, const struct disk_write *w)
{
    if (!w->bytes || b->len < w->at + w->len)
        disk_resize(b, w->at + (w->bytes ? w->len : 0));
    if (w->bytes)
        memcpy(b->bytes + w->at, w->bytes, w->len);
}

static inline void disk_forget_writes(struct disk_file *file)
{
    while (file->n_writes)
        free(file->writes[--file->n_writes].bytes);
}

static inline void disk_empty(struct disk_file *file)
{
    disk_forget_writes(file);
    free(file->writes);
    free(file->now.bytes);
    free(file->synced.bytes);
    while (file->n_shm)
        free(file->shm[--file->n_shm]);
    free(file->shm);
    *file = (struct disk_file){ 0 };
}

/* ---- failing ---- */

static inline bool disk_fails(struct disk *disk, enum disk_act act)
{
    uint64_t n = ++disk->counts[act], at = disk->fail_at[act];

    return at && n >= at && n < at + disk->fail_n;
}

static inline int disk_code(const struct disk *disk, int otherwise)
{
    return disk->fail_code ? disk->fail_code : otherwise;
}

static inline void disk_acted(struct disk *disk)
{
    if (disk->acted)
        disk->acted(disk->ctx);
}

/* ---- an open file ---- */

static inline int disk_close(sqlite3_file *f)
{
    struct disk_handle *h = disk_handle(f);

    if (h->drop)
        disk_empty(h->file);
    return SQLITE_OK;
}

static inline int disk_read(sqlite3_file *f, void *out, int n, sqlite3_int64 at)
{
    const struct disk_bytes *b = &disk_handle(f)->file->now;
    size_t from = (size_t)at, want = (size_t)n;
    size_t have = from < b->len ? b->len - from : 0;

    if (have > want)
        have = want;
    if (have)
        memcpy(out, b->bytes + from, have);
    memset((char *)out + have, 0, want - have);
    return have < want ? SQLITE_IOERR_SHORT_READ : SQLITE_OK;
}

static inline void disk_note(struct disk_file *file, struct disk_write w)
{
    void *writes = file->writes;

    disk_put(&file->now, &w);
    mem_grow(&writes, &file->cap_writes, file->n_writes + 1, sizeof w);
    file->writes = writes;
    file->writes[file->n_writes++] = w;
}

static inline int disk_write(sqlite3_file *f, const void *bytes, int n,
                             sqlite3_int64 at)
{
    struct disk_handle *h = disk_handle(f);
    size_t from = (size_t)at, end = from + (size_t)n, next;

    if (disk_fails(h->disk, DISK_WRITE))
        return disk_code(h->disk, SQLITE_IOERR_WRITE);
    for (size_t i = from; i < end; i = next) {
        struct disk_write w = { .at = i };

        next = (i / DISK_SECTOR + 1) * DISK_SECTOR;
        next = next < end ? next : end;
        w.len = next - i;
        w.bytes = mem_new(w.len, 1);
        memcpy(w.bytes, (const uint8_t *)bytes + (i - from), w.len);
        disk_note(h->file, w);
    }
    disk_acted(h->disk);
    return SQLITE_OK;
}

static inline int disk_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    struct disk_handle *h = disk_handle(f);

    if (disk_fails(h->disk, DISK_CUT))
        return disk_code(h->disk, SQLITE_IOERR_TRUNCATE);
    disk_note(h->file, (struct disk_write){ .at = (size_t)size });
    disk_acted(h->disk);
    return SQLITE_OK;
}

static inline int disk_sync(sqlite3_file *f, int flags)
{
    struct disk_handle *h = disk_handle(f);
    struct disk_file *file = h->file;

    (void)flags;
    if (disk_fails(h->disk, DISK_SYNC)) {
        /* as on Linux: what could not be written is thought to be clean */
        disk_forget_writes(file);
        return disk_code(h->disk, SQLITE_IOERR_FSYNC);
    }
    for (size_t i = 0; i < file->n_writes; i++)
        disk_put(&file->synced, &file->writes[i]);
    disk_forget_writes(file);
    disk_acted(h->disk);
    return SQLITE_OK;
}

static inline int disk_size(sqlite3_file *f, sqlite3_int64 *size)
{
    *size = (sqlite3_int64)disk_handle(f)->file->now.len;
    return SQLITE_OK;
}

static inline int disk_lock(sqlite3_file *f, int how)
{
    (void)f;
    (void)how;
    return SQLITE_OK;
}

static inline int disk_is_reserved(sqlite3_file *f, int *out)
{
    (void)f;
    *out = 0;
    return SQLITE_OK;
}

static inline int disk_control(sqlite3_file *f, int op, void *arg)
{
    (void)f;
    (void)op;
    (void)arg;
    return SQLITE_NOTFOUND;
}

static inline int disk_sector(sqlite3_file *f)
{
    (void)f;
    return DISK_SECTOR;
}

/* As SQLite takes a disk to be, unless it is told otherwise. */
static inline int disk_traits(sqlite3_file *f)
{
    (void)f;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static inline int disk_shm_map(sqlite3_file *f, int i, int size, int extend,
                               void volatile **out)
{
    struct disk_file *file = disk_handle(f)->file;
    void *shm = file->shm;

    *out = NULL;
    while (extend && file->n_shm <= (size_t)i) {
        mem_grow(&shm, &file->cap_shm, file->n_shm + 1, sizeof *file->shm);
        file->shm = shm;
        file->shm[file->n_shm++] = mem_new((size_t)size, 1);
    }
    if ((size_t)i < file->n_shm)
        *out = file->shm[i];
    return SQLITE_OK;
}

static inline int disk_shm_lock(sqlite3_file *f, int from, int n, int flags)
{
    (void)f;
    (void)from;
    (void)n;
    (void)flags;
    return SQLITE_OK;
}

static inline void disk_shm_barrier(sqlite3_file *f)
{
    (void)f;
}

static inline int disk_shm_unmap(sqlite3_file *f, int drop)
{
    struct disk_file *file = disk_handle(f)->file;

    while (drop && file->n_shm)
        free(file->shm[--file->n_shm]);
    return SQLITE_OK;
}

/* ---- the file system ---- */

static inline struct disk_file *disk_find(struct disk *disk, const char *name)
{
    for (size_t i = 0; i < DISK_FILES; i++)
        if (strcmp(disk->files[i].name, name) == 0)
            return &disk->files[i];
    return NULL;
}

/* A new file; there is place for it. */
static inline struct disk_file *disk_make(struct disk *disk, const char *name)
{
    struct disk_file *file = disk_find(disk, "");

    if (!file)
        abort();
    snprintf(file->name, DISK_NAME, "%s", name);
    return file;
}

static inline int disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f,
                            int flags, int *out)
{
    static const sqlite3_io_methods METHODS = {
        .iVersion = 2,
        .xClose = disk_close,
        .xRead = disk_read,
        .xWrite = disk_write,
        .xTruncate = disk_truncate,
        .xSync = disk_sync,
        .xFileSize = disk_size,
        .xLock = disk_lock,
        .xUnlock = disk_lock,
        .xCheckReservedLock = disk_is_reserved,
        .xFileControl = disk_control,
        .xSectorSize = disk_sector,
        .xDeviceCharacteristics = disk_traits,
        .xShmMap = disk_shm_map,
        .xShmLock = disk_shm_lock,
        .xShmBarrier = disk_shm_barrier,
        .xShmUnmap = disk_shm_unmap,
    };
    struct disk *disk = vfs->pAppData;
    struct disk_handle *h = disk_handle(f);

    f->pMethods = NULL;
    name = name ? name : "temporary";
    if (disk_fails(disk, DISK_OPEN))
        return disk_code(disk, SQLITE_CANTOPEN);
    h->disk = disk;
    h->drop = flags & SQLITE_OPEN_DELETEONCLOSE;
    h->file = disk_find(disk, name);
    if (!h->file) {
        if (!(flags & SQLITE_OPEN_CREATE))
            return SQLITE_CANTOPEN;
        h->file = disk_make(disk, name);
    }
    f->pMethods = &METHODS;
    if (out)
        *out = flags;
    return SQLITE_OK;
}

static inline int disk_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    struct disk_file *file = disk_find(vfs->pAppData, name);

    (void)sync;
    if (!file)
        return SQLITE_IOERR_DELETE_NOENT;
    disk_empty(file);
    return SQLITE_OK;
}

static inline int disk_access(sqlite3_vfs *vfs, const char *name, int how,
                              int *out)
{
    const struct disk_file *file = disk_find(vfs->pAppData, name);

    (void)how;
    *out = file && file->now.len > 0;
    return SQLITE_OK;
}

static inline int disk_path(sqlite3_vfs *vfs, const char *name, int n,
                            char *out)
{
    (void)vfs;
    snprintf(out, (size_t)n, "%s", name);
    return SQLITE_OK;
}

static inline int disk_random(sqlite3_vfs *vfs, int n, char *out)
{
    struct disk *disk = vfs->pAppData;

    for (int i = 0; i < n; i++)
        out[i] = (char)rng_next(&disk->rng);
    return n;
}

static inline int disk_sleep(sqlite3_vfs *vfs, int us)
{
    (void)vfs;
    return us;
}

static inline int disk_time(sqlite3_vfs *vfs, sqlite3_int64 *out)
{
    (void)vfs;
    *out = 212000000000000; /* some day */
    return SQLITE_OK;
}

/* Register it under a name of static life; another of that name is replaced. */
static inline void disk_begin(struct disk *disk, const char *name)
{
    sqlite3_vfs *old = sqlite3_vfs_find(name);

    if (old)
        sqlite3_vfs_unregister(old);
    disk->vfs = (sqlite3_vfs){
        .iVersion = 2,
        .szOsFile = sizeof(struct disk_handle),
        .mxPathname = DISK_NAME,
        .zName = name,
        .pAppData = disk,
        .xOpen = disk_open,
        .xDelete = disk_delete,
        .xAccess = disk_access,
        .xFullPathname = disk_path,
        .xRandomness = disk_random,
        .xSleep = disk_sleep,
        .xCurrentTimeInt64 = disk_time,
    };
    disk->fail_n = 1;
    sqlite3_vfs_register(&disk->vfs, 0);
}

static inline void disk_end(struct disk *disk)
{
    sqlite3_vfs_unregister(&disk->vfs);
    for (size_t i = 0; i < DISK_FILES; i++)
        disk_empty(&disk->files[i]);
}

/* ---- losing power ---- */

/* Of what was not synced this many of a thousand pieces are there. */
static inline void disk_image_file(struct disk *image,
                                   const struct disk_file *from,
                                   unsigned per_mille)
{
    struct disk_file *file = disk_make(image, from->name);

    disk_resize(&file->now, from->synced.len);
    if (from->synced.len)
        memcpy(file->now.bytes, from->synced.bytes, from->synced.len);
    for (size_t i = 0; i < from->n_writes; i++)
        if (rng_below(&image->rng, 1000) < per_mille)
            disk_put(&file->now, &from->writes[i]);
    disk_resize(&file->synced, file->now.len);
    if (file->now.len)
        memcpy(file->synced.bytes, file->now.bytes, file->now.len);
}

/*
 * What is on the disk when the power goes now, into another one that was
 * begun and is empty.  per_mille 1000: as when only the program is killed.
 */
static inline void disk_image(const struct disk *disk, struct disk *image,
                              unsigned per_mille)
{
    for (size_t i = 0; i < DISK_FILES; i++)
        if (disk->files[i].name[0])
            disk_image_file(image, &disk->files[i], per_mille);
}

#endif
