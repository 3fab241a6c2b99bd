/* SPDX-License-Identifier: MIT
 *
 * Threads of the store; see store_crew.h.
 */
#include "server/store_crew.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "server/event.h"
#include "server/store_copy.h"
#include "server/store_pile.h"
#include "server/thread.h"
#include "shared/mem.h"

enum {
    BATCH_MAX = 1024, /* operations in a transaction */
    BATCH_BUSY = 64,  /* so many: more are sure to come once these are told */
    IDLE_MS = 1000,   /* without anything to write: time to tidy up */
    COPY_PAGES = 128  /* copied after every batch */
};

struct reader {
    struct crew *crew;
    struct db *db;
};

struct crew {
    struct crew_config config;
    struct reader readers[CREW_READERS];
    struct threads threads;

    pthread_mutex_t lock; /* over all below */
    pthread_cond_t write, read;
    struct batch sent;    /* to be written */
    struct batch written; /* to be fetched */
    struct batch failed;  /* to be fetched before anything else is written */
    int error;            /* of failed */
    uint64_t room_events;
    struct pile asked, answered;
    struct crew_state state;
    void (*on_ready)(void *ctx);
    void *ready_ctx;
    struct store_chore chore;
    char *copy_path;   /* of a chore that is to be begun; owned */
    struct copy *copy; /* of who writes */
    bool copies;       /* who writes is at it */
    struct db *checks; /* of who checks; NULL: nobody does */
    bool untidy;       /* the write-ahead log wants an idle moment */
    bool stop;
};

/* ---- telling the owner ---- */

static uint64_t clock_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* Under the lock, so that nobody is called who no longer wants to be. */
static void tell(const struct crew *crew)
{
    if (crew->on_ready)
        crew->on_ready(crew->ready_ctx);
}

/* ---- who writes ---- */

static bool has_work(const struct crew *crew)
{
    return crew->sent.n && !crew->failed.n;
}

static void tidy_up(struct crew *crew, enum db_leisure leisure)
{
    struct db *db = crew->config.writer;
    bool untidy;

    pthread_mutex_unlock(&crew->lock);
    untidy = db_tend(db, leisure);
    pthread_mutex_lock(&crew->lock);
    crew->untidy = untidy;
    crew->state.log_bytes = db_log_bytes(db);
}

static bool is_to_copy(const struct crew *crew)
{
    return crew->copy || crew->copy_path;
}

/* A piece of it, outside the lock. */
static enum chore_state copy_more(const struct crew *crew, struct copy **copy,
                                  const char *path, struct store_chore *chore)
{
    if (!*copy)
        *copy = copy_begin(crew->config.writer, path, crew->config.vfs,
                           chore->why, sizeof chore->why);
    return *copy ? copy_step(*copy, COPY_PAGES, chore) : CHORE_FAILED;
}

/* Go on with a copy, or leave one that nobody wants any more. */
static void copy_some(struct crew *crew)
{
    bool wanted = crew->chore.state == CHORE_RUNS;
    struct store_chore chore = crew->chore;
    struct copy *copy = crew->copy;
    char *path = crew->copy_path;

    crew->copy_path = NULL;
    crew->copies = true;
    pthread_mutex_unlock(&crew->lock);
    if (wanted)
        chore.state = copy_more(crew, &copy, path, &chore);
    if (chore.state != CHORE_RUNS) {
        copy_free(copy);
        copy = NULL;
    }
    free(path);
    pthread_mutex_lock(&crew->lock);
    crew->copies = false;
    crew->copy = copy;
    if (crew->chore.state == CHORE_RUNS)
        crew->chore = chore;
}

/* returns false: it is over */
static bool wait_for_work(struct crew *crew)
{
    while (!has_work(crew) && !crew->stop) {
        if (is_to_copy(crew))
            copy_some(crew);
        else if (!crew->untidy)
            pthread_cond_wait(&crew->write, &crew->lock);
        else if (!thread_wait(&crew->write, &crew->lock, IDLE_MS) &&
                 !has_work(crew))
            tidy_up(crew, DB_IDLE);
    }
    return has_work(crew);
}

static void note_commit(struct crew *crew, int error, uint64_t took_us)
{
    struct crew_state *state = &crew->state;
    const struct db *db = crew->config.writer;

    state->trouble = db_trouble(db);
    state->is_damaged = state->is_damaged || db_is_damaged(db);
    if (error)
        return;
    state->commits++;
    state->commit_us += took_us;
    histogram_add(&state->took, took_us);
}

/*
 * The fuller the log, the more often a page in it is moved but once.  Many
 * lines at once: what counts is how many pages are moved in all.  Few: that
 * nobody waits long for it.
 */
static enum db_leisure leisure_after(const struct crew *crew, size_t n)
{
    return has_work(crew) || n >= BATCH_BUSY ? DB_BUSY : DB_PAUSE;
}

static void write_batch(struct crew *crew)
{
    uint64_t room_events = crew->room_events, begun_us = clock_us();
    struct db *db = crew->config.writer;
    struct batch batch = { 0 };
    size_t n;
    int error;

    batch_move(&batch, &crew->sent, batch_cut(&crew->sent, BATCH_MAX));
    n = batch.n;
    if (crew->state.is_damaged && !db_is_damaged(db))
        db_damage(db, "damaged, as was found when reading");
    pthread_mutex_unlock(&crew->lock);
    error = db_write(db, batch.ops, batch.n, room_events);
    pthread_mutex_lock(&crew->lock);
    note_commit(crew, error, clock_us() - begun_us);
    batch_move(error ? &crew->failed : &crew->written, &batch, n);
    if (error)
        batch_move(&crew->failed, &crew->sent, crew->sent.n);
    crew->error = error;
    batch_clear(&batch);
    tell(crew);
    tidy_up(crew, leisure_after(crew, n));
    if (is_to_copy(crew))
        copy_some(crew);
}

static void *write_on(void *arg)
{
    struct crew *crew = arg;

    pthread_mutex_lock(&crew->lock);
    while (wait_for_work(crew))
        write_batch(crew);
    pthread_mutex_unlock(&crew->lock);
    return NULL;
}

/* ---- who reads ---- */

static void note_read(struct crew *crew, const struct db *db,
                      const struct store_answer *answer)
{
    crew->state.reads++;
    crew->state.failed_reads += answer->error != 0;
    crew->state.is_damaged = crew->state.is_damaged || db_is_damaged(db);
}

static void read_one(struct crew *crew, struct db *db)
{
    struct store_answer answer = pile_take(&crew->asked);

    pthread_mutex_unlock(&crew->lock);
    db_read(db, &answer);
    pthread_mutex_lock(&crew->lock);
    note_read(crew, db, &answer);
    pile_put(&crew->answered, &answer);
    tell(crew);
}

static bool is_to_check(const struct crew *crew)
{
    return crew->chore.kind == CHORE_CHECK && crew->chore.state == CHORE_RUNS &&
           !crew->checks;
}

/* All of the file; others go on reading meanwhile. */
static void check(struct crew *crew, struct db *db)
{
    struct store_chore chore = { .kind = CHORE_CHECK };
    bool good;

    crew->checks = db;
    pthread_mutex_unlock(&crew->lock);
    good = db_check(db, chore.why, sizeof chore.why);
    pthread_mutex_lock(&crew->lock);
    crew->checks = NULL;
    chore.state = good ? CHORE_DONE : CHORE_FAILED;
    crew->state.is_damaged = crew->state.is_damaged || db_is_damaged(db);
    if (crew->chore.state == CHORE_RUNS)
        crew->chore = chore;
}

static void *read_on(void *arg)
{
    const struct reader *reader = arg;
    struct crew *crew = reader->crew;

    pthread_mutex_lock(&crew->lock);
    while (!crew->stop) {
        if (!pile_is_empty(&crew->asked))
            read_one(crew, reader->db);
        else if (is_to_check(crew))
            check(crew, reader->db);
        else
            pthread_cond_wait(&crew->read, &crew->lock);
    }
    pthread_mutex_unlock(&crew->lock);
    return NULL;
}

/* ---- life ---- */

static bool begin_threads(struct crew *crew)
{
    bool good = threads_start(&crew->threads, write_on, crew);

    for (int i = 0; good && i < CREW_READERS; i++)
        good = threads_start(&crew->threads, read_on, &crew->readers[i]);
    return good;
}

struct crew *crew_new(const struct crew_config *config)
{
    struct crew *crew = mem_new(1, sizeof *crew);

    crew->config = *config;
    crew->state.is_damaged = db_is_damaged(config->writer); /* as it opened */
    for (int i = 0; i < CREW_READERS; i++)
        crew->readers[i] = (struct reader){ crew, config->readers[i] };
    pthread_mutex_init(&crew->lock, NULL);
    thread_cond(&crew->write);
    thread_cond(&crew->read);
    if (begin_threads(crew))
        return crew;
    crew_free(crew);
    return NULL;
}

void crew_free(struct crew *crew)
{
    pthread_mutex_lock(&crew->lock);
    crew->stop = true;
    crew->on_ready = NULL;
    if (crew->checks)
        db_interrupt(crew->checks);
    pthread_cond_broadcast(&crew->write);
    pthread_cond_broadcast(&crew->read);
    pthread_mutex_unlock(&crew->lock);
    threads_join(&crew->threads);
    copy_free(crew->copy);
    free(crew->copy_path);
    pthread_cond_destroy(&crew->write);
    pthread_cond_destroy(&crew->read);
    pthread_mutex_destroy(&crew->lock);
    batch_clear(&crew->sent);
    batch_clear(&crew->written);
    batch_clear(&crew->failed);
    pile_free(&crew->asked);
    pile_free(&crew->answered);
    free(crew);
}

/* ---- what the owner does ---- */

void crew_on_ready(struct crew *crew, void (*call)(void *ctx), void *ctx)
{
    pthread_mutex_lock(&crew->lock);
    crew->on_ready = call;
    crew->ready_ctx = ctx;
    pthread_mutex_unlock(&crew->lock);
}

void crew_send(struct crew *crew, struct batch *batch, uint64_t room_events)
{
    pthread_mutex_lock(&crew->lock);
    crew->room_events = room_events;
    batch_move(&crew->sent, batch, batch->n);
    pthread_cond_signal(&crew->write);
    pthread_mutex_unlock(&crew->lock);
}

bool crew_written(struct crew *crew, struct batch *batch, int *error)
{
    pthread_mutex_lock(&crew->lock);
    *error = 0;
    if (crew->written.n) {
        batch_move(batch, &crew->written, crew->written.n);
    } else if (crew->failed.n) {
        *error = crew->error;
        batch_move(batch, &crew->failed, crew->failed.n);
        batch_move(batch, &crew->sent, crew->sent.n);
    }
    pthread_mutex_unlock(&crew->lock);
    return batch->n > 0;
}

void crew_ask(struct crew *crew, const struct store_query *query)
{
    struct store_answer answer = { .query = *query };

    pthread_mutex_lock(&crew->lock);
    pile_put(&crew->asked, &answer);
    pthread_cond_signal(&crew->read);
    pthread_mutex_unlock(&crew->lock);
}

bool crew_answered(struct crew *crew, struct store_answer *answer)
{
    bool any;

    pthread_mutex_lock(&crew->lock);
    any = !pile_is_empty(&crew->answered);
    if (any)
        *answer = pile_take(&crew->answered);
    pthread_mutex_unlock(&crew->lock);
    return any;
}

bool crew_is_ready(struct crew *crew)
{
    bool ready;

    pthread_mutex_lock(&crew->lock);
    ready =
        crew->written.n || crew->failed.n || !pile_is_empty(&crew->answered);
    pthread_mutex_unlock(&crew->lock);
    return ready;
}

bool crew_begin_chore(struct crew *crew, enum chore_kind kind, const char *path)
{
    bool free_now;

    pthread_mutex_lock(&crew->lock);
    free_now = crew->chore.state == CHORE_NONE && !is_to_copy(crew) &&
               !crew->copies && !crew->checks;
    if (free_now) {
        crew->chore = (struct store_chore){ .kind = kind, .state = CHORE_RUNS };
        crew->copy_path = kind == CHORE_COPY ? mem_str(str_of(path)) : NULL;
        pthread_cond_signal(&crew->write);
        pthread_cond_broadcast(&crew->read);
    }
    pthread_mutex_unlock(&crew->lock);
    return free_now;
}

struct store_chore crew_chore(struct crew *crew)
{
    struct store_chore chore;

    pthread_mutex_lock(&crew->lock);
    chore = crew->chore;
    pthread_mutex_unlock(&crew->lock);
    return chore;
}

void crew_end_chore(struct crew *crew)
{
    pthread_mutex_lock(&crew->lock);
    crew->chore.state = CHORE_NONE;
    if (crew->checks)
        db_interrupt(crew->checks);
    pthread_cond_signal(&crew->write);
    pthread_mutex_unlock(&crew->lock);
}

struct crew_state crew_state(struct crew *crew)
{
    struct crew_state state;

    pthread_mutex_lock(&crew->lock);
    state = crew->state;
    pthread_mutex_unlock(&crew->lock);
    return state;
}
