/* SPDX-License-Identifier: MIT
 *
 * The store's life; see store.h.
 */
#include "server/store_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "shared/mem.h"

/* ---- opening ---- */

static bool refuse(struct store_opened *opened, int code, const char *why)
{
    opened->code = code;
    if (why)
        snprintf(opened->why, sizeof opened->why, "%s", why);
    return false;
}

static struct db *connect_to(const struct store_config *config, bool reads_only,
                             struct store_opened *opened)
{
    struct db_config db = { config->path, config->vfs, config->log_pages,
                            reads_only };

    return db_open(&db, &opened->code, opened->why, sizeof opened->why);
}

/* Begin where the last life of the file ended. */
static bool begin(struct store *store, struct store_opened *opened)
{
    struct db_life life = { .epoch = store->config.epoch,
                            .mark = store->config.mark };

    if (!db_begin(store->writer, &life))
        return refuse(opened,
                      db_is_damaged(store->writer) ? EX_DATAERR : EX_IOERR,
                      db_trouble(store->writer));
    store->epoch = life.epoch;
    store->mark = life.mark;
    opened->is_new = life.is_new;
    opened->is_restored = life.is_restored;
    opened->was_cut = life.was_cut;
    if (life.was_cut)
        opened->is_damaged =
            !db_check(store->writer, opened->why, sizeof opened->why);
    return true;
}

static bool begin_crew(struct store *store, struct store_opened *opened)
{
    struct crew_config config = { .writer = store->writer,
                                  .vfs = store->config.vfs };

    for (int i = 0; i < CREW_READERS; i++) {
        store->readers[i] = connect_to(&store->config, true, opened);
        if (!store->readers[i])
            return false;
        config.readers[i] = store->readers[i];
    }
    store->crew = crew_new(&config);
    return store->crew || refuse(opened, EX_OSERR, "there are no threads");
}

struct store *store_open(const struct store_config *config,
                         struct store_opened *opened)
{
    struct store *store = mem_new(1, sizeof *store);

    *opened = (struct store_opened){ 0 };
    store->config = *config;
    recent_init(&store->recent, config->secret);
    counters_init(&store->counters, config->secret);
    store_configure(store, config);
    store->writer = connect_to(config, false, opened);
    if (store->writer && begin(store, opened) &&
        (!config->threads || begin_crew(store, opened)))
        return store;
    store_free(store);
    return NULL;
}

void store_free(struct store *store)
{
    if (!store)
        return;
    copy_free(store->copy);
    if (store->crew)
        crew_free(store->crew);
    for (int i = 0; i < CREW_READERS; i++)
        db_close(store->readers[i]);
    if (store->epoch)
        db_end(store->writer);
    db_close(store->writer);
    counters_fini(&store->counters);
    recent_fini(&store->recent);
    batch_clear(&store->open);
    batch_clear(&store->sent);
    batch_clear(&store->done);
    free(store->asked);
    free(store);
}

void store_configure(struct store *store, const struct store_config *config)
{
    store->config.room_events = config->room_events;
    store->config.queue = config->queue;
    store->recent.most = config->room_events;
    store->recent.most_all = config->recent_bytes;
}

void store_on_ready(struct store *store, void (*call)(void *ctx), void *ctx)
{
    if (store->crew)
        crew_on_ready(store->crew, call, ctx);
}

uint64_t store_epoch(const struct store *store)
{
    return store->epoch;
}

uint64_t store_mark(const struct store *store)
{
    return store->mark;
}

/* ---- what there was ---- */

struct recalling {
    struct store *store;
    void (*each)(void *ctx, const struct store_row *);
    void *ctx;
};

static void on_row(void *ctx, const struct store_row *row)
{
    struct recalling *r = ctx;

    if (row->kind == ROW_ROOM)
        recent_note(&r->store->recent, row->room, row->first, row->head);
    if (row->kind == ROW_DEVICE || row->kind == ROW_REFUSAL)
        counters_note(&r->store->counters, row->account, row->device, row->cseq,
                      row->error);
    r->each(r->ctx, row);
}

/* The one who writes has nothing to do yet, so this may use its connection. */
bool store_recall(struct store *store,
                  void (*each)(void *ctx, const struct store_row *), void *ctx)
{
    struct recalling r = { store, each, ctx };

    if (db_recall(store->writer, on_row, &r))
        return true;
    store->trouble = db_trouble(store->writer);
    return false;
}
