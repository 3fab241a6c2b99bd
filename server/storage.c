/* SPDX-License-Identifier: MIT
 *
 * The store and what lies beside it; see storage.h.
 */
#include "server/storage.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "server/config.h"
#include "server/datadir.h"
#include "server/world.h"

static int fail(struct storage *, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int fail(struct storage *storage, int code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(storage->why, sizeof storage->why, format, args);
    va_end(args);
    return code;
}

/* ---- files ---- */

static int lock(struct storage *storage, const char *dir)
{
    char *path = datadir_file(dir, "chat.run");
    int err = runfile_open(&storage->run, path);

    if (err == EX_UNAVAILABLE)
        fail(storage, err, "%s: another server keeps its data there", dir);
    else if (err)
        fail(storage, err, "%s: %s; --data says where else", path,
             strerror(errno));
    free(path);
    return err;
}

/* The directory and its files, locked. */
static int take_dir(struct storage *storage, const char *dir)
{
    int err;

    if (datadir_make(dir))
        return fail(storage, EX_CANTCREAT, "%s: %s; --data says where else",
                    dir, strerror(errno));
    err = lock(storage, dir);
    if (err)
        return err;
    storage->path = datadir_file(dir, "chat.db");
    if (runfile_touch(storage->path)) /* SQLite would go by the umask */
        return fail(storage, EX_CANTCREAT, "%s: %s", storage->path,
                    strerror(errno));
    return 0;
}

static int find_dir(struct storage *storage, const char *data)
{
    char *dir = datadir_path(data);
    int err = 0;

    if (dir)
        err = take_dir(storage, dir);
    else if (!datadir_is_memory(data))
        err = fail(storage, EX_CONFIG,
                   "data: neither HOME nor XDG_STATE_HOME is set; --data DIR "
                   "says where to keep what is said");
    free(dir);
    return err;
}

/* ---- the store ---- */

static const char *name_of(const struct storage *storage)
{
    return storage->path ? storage->path : ":memory:";
}

int storage_spoilt(struct storage *storage, const char *what)
{
    return fail(storage, EX_DATAERR, "%s: %s; " STORE_RESCUE, name_of(storage),
                what);
}

static struct store_config config_of(const struct storage *storage,
                                     const struct settings *settings,
                                     void (*random)(void *ctx, uint8_t *out,
                                                    size_t len))
{
    struct store_config config = world_store_config(&settings->limits);

    config.path = storage->path;
    config.threads = storage->path != NULL;
    config.mark = storage->path ? storage->run.mark : STORE_NO_MARK;
    random(NULL, (uint8_t *)config.secret, sizeof config.secret);
    random(NULL, (uint8_t *)&config.epoch, sizeof config.epoch);
    config.epoch |= 1; /* 0 is "no epoch" on the wire */
    return config;
}

/* What is said can be kept without it, so it does not hold us up. */
static void open_search(struct storage *storage, const char *data)
{
    char *dir = datadir_path(data), *path = datadir_file(dir, "search.db");
    struct search_config config = { .path = path,
                                    .log = storage->path,
                                    .epoch = store_epoch(storage->store),
                                    .threads = true };

    if (runfile_touch(path))
        snprintf(storage->no_search, sizeof storage->no_search, "%s",
                 strerror(errno));
    else
        storage->search =
            search_open(&config, storage->no_search, sizeof storage->no_search);
    free(path);
    free(dir);
}

int storage_open(struct storage *storage, const struct settings *settings,
                 void (*random)(void *ctx, uint8_t *out, size_t len))
{
    struct store_config config;
    int err;

    *storage = (struct storage){ .run = { .fd = -1 } };
    err = find_dir(storage, settings->data);
    if (err)
        return err;
    config = config_of(storage, settings, random);
    storage->store = store_open(&config, &storage->opened);
    if (!storage->store && storage->opened.code == EX_DATAERR)
        return storage_spoilt(storage, storage->opened.why);
    if (!storage->store)
        return fail(storage, storage->opened.code, "%s: %s", name_of(storage),
                    storage->opened.why);
    if (storage->path &&
        runfile_set_mark(&storage->run, store_mark(storage->store)))
        return fail(storage, EX_IOERR, "chat.run beside %s: %s", storage->path,
                    strerror(errno));
    if (storage->path)
        open_search(storage, settings->data);
    return 0;
}

void storage_close(struct storage *storage)
{
    search_free(storage->search);
    store_free(storage->store);
    runfile_close(&storage->run);
    free(storage->path);
    storage->search = NULL;
    storage->store = NULL;
    storage->path = NULL;
}

void storage_announce(const struct storage *storage, struct world *w)
{
    const struct store_opened *opened = &storage->opened;

    LOG(&w->env.log, STORE_READY, log_str("file", str_of(name_of(storage))),
        log_num("rooms", w->rooms.n), log_num("accounts", w->accounts.n),
        log_num("new", opened->is_new),
        log_num("restored", opened->is_restored),
        log_num("checked", opened->was_cut));
    if (*storage->no_search)
        LOG(&w->env.log, SEARCH_NONE,
            log_str("why", str_of(storage->no_search)));
    if (opened->is_damaged)
        LOG(&w->env.log, STORE_DAMAGED, log_str("why", str_of(opened->why)));
}
