/* SPDX-License-Identifier: MIT
 *
 * What takes long; see store.h.  Without a crew it is done when it is looked
 * at, piece by piece all the same.
 */
#include "server/store_impl.h"

enum {
    PAGES = 64, /* copied at once */
    ALL = -1    /* in memory a commit makes SQLite begin anew */
};

bool store_begin_chore(struct store *store, enum chore_kind kind,
                       const char *path)
{
    struct store_chore *chore = &store->chore;

    if (store->crew)
        return crew_begin_chore(store->crew, kind, path);
    if (chore->state != CHORE_NONE)
        return false;
    *chore = (struct store_chore){ .kind = kind, .state = CHORE_RUNS };
    if (kind == CHORE_COPY)
        store->copy = copy_begin(store->writer, path, store->config.vfs,
                                 chore->why, sizeof chore->why);
    if (kind == CHORE_COPY && !store->copy)
        chore->state = CHORE_FAILED;
    return true;
}

static void go_on(struct store *store)
{
    struct store_chore *chore = &store->chore;
    int pages = store->config.path ? PAGES : ALL;
    bool good;

    if (chore->kind == CHORE_COPY) {
        chore->state = copy_step(store->copy, pages, chore);
    } else {
        good = db_check(store->writer, chore->why, sizeof chore->why);
        chore->state = good ? CHORE_DONE : CHORE_FAILED;
    }
}

struct store_chore store_chore(struct store *store)
{
    if (store->crew)
        return crew_chore(store->crew);
    if (store->chore.state == CHORE_RUNS)
        go_on(store);
    return store->chore;
}

void store_end_chore(struct store *store)
{
    if (store->crew)
        crew_end_chore(store->crew);
    copy_free(store->copy);
    store->copy = NULL;
    store->chore.state = CHORE_NONE;
}
