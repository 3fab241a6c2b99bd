/* SPDX-License-Identifier: MIT
 *
 * Threads of the search; see search.h.
 */
#include "server/search.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "server/thread.h"
#include "shared/mem.h"

enum {
    ASKED_MAX = 256, /* questions waiting */
    BATCH = 500,     /* events in a transaction */
    GATHER_MS = 500, /* what is said in that time goes into one */
    TIDY_EVERY = 64  /* batches */
};

/* Rooms that have to be read on in; one for each. */
struct rooms {
    struct index_room *all;
    size_t n, cap;
};

/* Questions, or answers, in order. */
struct pile {
    struct index_answer *all;
    size_t n, cap;
};

struct search {
    struct index *writer, *reader;
    struct rooms noted; /* by the owner, not handed over yet */
    struct threads threads;

    pthread_mutex_t lock; /* over all below */
    pthread_cond_t read, find, halt;
    struct rooms behind; /* to be read into the index */
    struct pile asked, answered;
    void (*on_ready)(void *ctx);
    void *ready_ctx;
    uint64_t batches; /* written to the index */
    bool untidy;      /* it is in pieces; of the one who reads */
    bool news;        /* there is more than when it was looked at last */
    bool busy;        /* who is at it */
    bool stop;
};

/* ---- rooms ---- */

static void add_room(struct rooms *rooms, const struct index_room *room)
{
    void *all = rooms->all;

    for (size_t i = rooms->n; i > 0; i--) {
        if (rooms->all[i - 1].room != room->room)
            continue;
        rooms->all[i - 1] = *room;
        return;
    }
    mem_grow(&all, &rooms->cap, rooms->n + 1, sizeof *rooms->all);
    rooms->all = all;
    rooms->all[rooms->n++] = *room;
}

static void on_room(void *ctx, const struct index_room *room)
{
    struct rooms *rooms = ctx;
    void *all = rooms->all;

    mem_grow(&all, &rooms->cap, rooms->n + 1, sizeof *rooms->all);
    rooms->all = all;
    rooms->all[rooms->n++] = *room;
}

/* ---- questions ---- */

static void put(struct pile *pile, const struct index_answer *item)
{
    void *all = pile->all;

    mem_grow(&all, &pile->cap, pile->n + 1, sizeof *pile->all);
    pile->all = all;
    pile->all[pile->n++] = *item;
}

static struct index_answer take(struct pile *pile)
{
    struct index_answer item = pile->all[0];

    memmove(pile->all, pile->all + 1, --pile->n * sizeof *pile->all);
    return item;
}

static void pile_free(struct pile *pile)
{
    while (pile->n)
        index_thank(&pile->all[--pile->n]);
    free(pile->all);
}

/* ---- who reads ---- */

/* What has been noted since then comes on top of what is left of it. */
static void add_left(struct search *search, struct rooms *left)
{
    struct rooms noted = search->behind;

    search->behind = *left;
    for (size_t i = 0; i < noted.n; i++)
        add_room(&search->behind, &noted.all[i]);
    free(noted.all);
}

/* returns whether there is more to be read at once */
static bool read_some(struct search *search)
{
    struct rooms work = search->behind;
    bool good;

    if (work.n == 0)
        return false;
    search->behind = (struct rooms){ 0 };
    search->busy = true;
    pthread_mutex_unlock(&search->lock);
    good = index_read(search->writer, work.all, &work.n, BATCH);
    pthread_mutex_lock(&search->lock);
    search->busy = false;
    search->untidy = search->untidy || ++search->batches % TIDY_EVERY == 0;
    good = good && work.n;
    add_left(search, &work);
    return good;
}

/* Some of it, and all of it when there is nothing else to do. */
static void tidy(struct search *search)
{
    while (search->untidy && !search->stop) {
        pthread_mutex_unlock(&search->lock);
        search->untidy = index_tidy(search->writer);
        pthread_mutex_lock(&search->lock);
        if (search->news)
            break;
    }
}

/* What many say in a while costs little more than what one does. */
static void gather(struct search *search)
{
    while (!search->stop &&
           thread_wait(&search->halt, &search->lock, GATHER_MS))
        continue;
}

static void wait_for_news(struct search *search)
{
    while (!search->news && !search->stop)
        pthread_cond_wait(&search->read, &search->lock);
    if (!search->stop)
        gather(search);
    search->news = false;
}

static void *read_on(void *arg)
{
    struct search *search = arg;

    thread_yield();
    pthread_mutex_lock(&search->lock);
    while (!search->stop) {
        while (!search->stop && read_some(search))
            continue;
        tidy(search);
        wait_for_news(search);
    }
    pthread_mutex_unlock(&search->lock);
    return NULL;
}

/* ---- who finds ---- */

static void answer_one(struct search *search)
{
    struct index_answer answer = take(&search->asked);

    pthread_mutex_unlock(&search->lock);
    index_find(search->reader, &answer);
    pthread_mutex_lock(&search->lock);
    put(&search->answered, &answer);
    if (search->on_ready)
        search->on_ready(search->ready_ctx);
}

static void *find_on(void *arg)
{
    struct search *search = arg;

    pthread_mutex_lock(&search->lock);
    while (!search->stop) {
        if (search->asked.n)
            answer_one(search);
        else
            pthread_cond_wait(&search->find, &search->lock);
    }
    pthread_mutex_unlock(&search->lock);
    return NULL;
}

/* ---- life ---- */

static bool open_both(struct search *search, const struct search_config *config,
                      char *why, size_t cap)
{
    struct index_config index = { .path = config->path,
                                  .log = config->log,
                                  .epoch = config->epoch };

    search->writer = index_open(&index, why, cap);
    index.reads_only = true;
    if (search->writer)
        search->reader = index_open(&index, why, cap);
    return search->reader != NULL;
}

struct search *search_open(const struct search_config *config, char *why,
                           size_t cap)
{
    struct search *search = mem_new(1, sizeof *search);

    pthread_mutex_init(&search->lock, NULL);
    thread_cond(&search->read);
    thread_cond(&search->find);
    thread_cond(&search->halt);
    if (open_both(search, config, why, cap)) {
        index_rooms(search->writer, on_room, &search->behind);
        if (!config->threads ||
            (threads_start(&search->threads, read_on, search) &&
             threads_start(&search->threads, find_on, search)))
            return search;
    }
    search_free(search);
    return NULL;
}

void search_free(struct search *search)
{
    if (!search)
        return;
    pthread_mutex_lock(&search->lock);
    search->stop = true;
    pthread_cond_signal(&search->read);
    pthread_cond_signal(&search->find);
    pthread_cond_signal(&search->halt);
    pthread_mutex_unlock(&search->lock);
    threads_join(&search->threads);
    index_close(search->reader);
    index_close(search->writer);
    pile_free(&search->asked);
    pile_free(&search->answered);
    free(search->noted.all);
    free(search->behind.all);
    pthread_cond_destroy(&search->halt);
    pthread_cond_destroy(&search->find);
    pthread_cond_destroy(&search->read);
    pthread_mutex_destroy(&search->lock);
    free(search);
}

void search_on_ready(struct search *search, void (*call)(void *ctx), void *ctx)
{
    pthread_mutex_lock(&search->lock);
    search->on_ready = call;
    search->ready_ctx = ctx;
    pthread_mutex_unlock(&search->lock);
}

/* ---- for the owner ---- */

void search_note(struct search *search, const struct index_room *room)
{
    add_room(&search->noted, room);
}

/* Without threads all is done here. */
static void work(struct search *search)
{
    while (read_some(search))
        continue;
    while (search->asked.n)
        answer_one(search);
}

void search_turn(struct search *search)
{
    if (search->threads.n && !search->noted.n)
        return;
    pthread_mutex_lock(&search->lock);
    for (size_t i = 0; i < search->noted.n; i++)
        add_room(&search->behind, &search->noted.all[i]);
    search->noted.n = 0;
    search->news = true;
    if (search->threads.n)
        pthread_cond_signal(&search->read);
    else
        work(search);
    pthread_mutex_unlock(&search->lock);
}

bool search_ask(struct search *search, struct index_query *query)
{
    struct index_answer answer = { .query = *query };
    bool fits;

    pthread_mutex_lock(&search->lock);
    fits = search->asked.n < ASKED_MAX;
    if (fits)
        put(&search->asked, &answer);
    pthread_cond_signal(&search->find);
    pthread_mutex_unlock(&search->lock);
    if (!fits)
        free(query->rooms);
    return fits;
}

bool search_answered(struct search *search, struct index_answer *answer)
{
    bool any;

    pthread_mutex_lock(&search->lock);
    any = search->answered.n > 0;
    if (any)
        *answer = take(&search->answered);
    pthread_mutex_unlock(&search->lock);
    return any;
}

bool search_is_ready(struct search *search)
{
    bool ready;

    pthread_mutex_lock(&search->lock);
    ready = search->answered.n || (!search->threads.n && search->asked.n);
    pthread_mutex_unlock(&search->lock);
    return ready;
}

bool search_is_idle(struct search *search)
{
    bool idle;

    pthread_mutex_lock(&search->lock);
    idle = !search->busy && !search->behind.n && !search->noted.n;
    pthread_mutex_unlock(&search->lock);
    return idle;
}
