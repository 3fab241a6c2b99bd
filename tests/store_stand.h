/* SPDX-License-Identifier: MIT
 *
 * A store to be tested: in memory, in a file, and in a file with threads.  The
 * tables of test_store*.c say in which of these each test runs.
 */
#ifndef TESTS_STORE_STAND_H
#define TESTS_STORE_STAND_H

#include "tests/folder.h"

#include <pthread.h>
#include <sqlite3.h>
#include <sysexits.h>

#include "server/event.h"
#include "server/metrics.h"
#include "server/store.h"
#include "shared/error.h"
#include "shared/frame.h"
#include "shared/mem.h"
#include "shared/wire.h"

enum place { IN_MEMORY, IN_FILE, WITH_THREADS };

/* A store to be tested. */
struct stand {
    char dir[64], path[96];
    struct store_config config;
    struct store_opened opened;
    struct store *store;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool ready;
    size_t pending; /* operations put and not finished */
};

/* ---- opening ---- */

static inline void on_ready(void *ctx)
{
    struct stand *t = ctx;

    pthread_mutex_lock(&t->lock);
    t->ready = true;
    pthread_cond_signal(&t->wake);
    pthread_mutex_unlock(&t->lock);
}

static inline void wait_ready(struct stand *t)
{
    while (t->config.threads && !store_is_ready(t->store)) {
        pthread_mutex_lock(&t->lock);
        while (!t->ready)
            pthread_cond_wait(&t->wake, &t->lock);
        t->ready = false;
        pthread_mutex_unlock(&t->lock);
    }
}

static inline void ignore(void *ctx, const struct store_row *row)
{
    (void)ctx;
    (void)row;
}

static inline bool try_open(struct stand *t)
{
    t->store = store_open(&t->config, &t->opened);
    if (!t->store)
        return false;
    assert_true(store_recall(t->store, ignore, NULL));
    store_on_ready(t->store, on_ready, t);
    return true;
}

static inline void close_it(struct stand *t)
{
    store_free(t->store);
    t->store = NULL;
}

static inline void open_again(struct stand *t)
{
    close_it(t);
    assert_true(try_open(t));
}

static inline int set_up(void **state, enum place place)
{
    struct stand *t = mem_new(1, sizeof *t);

    strcpy(t->dir, "/tmp/chat-store.XXXXXX");
    if (!mkdtemp(t->dir))
        return -1;
    snprintf(t->path, sizeof t->path, "%s/chat.db", t->dir);
    t->config = (struct store_config){ .path = place ? t->path : NULL,
                                       .threads = place == WITH_THREADS,
                                       .room_events = 100,
                                       .recent_bytes = 1 << 20,
                                       .queue = 1000,
                                       .epoch = 5,
                                       .mark = STORE_NO_MARK,
                                       .secret = { 1, 2 } };
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->wake, NULL);
    *state = t;
    return try_open(t) ? 0 : -1;
}

static inline int set_up_memory(void **state)
{
    return set_up(state, IN_MEMORY);
}

static inline int set_up_file(void **state)
{
    return set_up(state, IN_FILE);
}

static inline int set_up_threads(void **state)
{
    return set_up(state, WITH_THREADS);
}

static inline int tear_down(void **state)
{
    struct stand *t = *state;
    char command[128];

    store_free(t->store);
    pthread_mutex_destroy(&t->lock);
    pthread_cond_destroy(&t->wake);
    snprintf(command, sizeof command, "rm -rf '%s'", t->dir);
    free(t);
    return system(command);
}

/* ---- writing and reading ---- */

/* Put a line: seq is its cseq too. */
static inline void put(struct stand *t, uint64_t room, uint64_t seq)
{
    struct msg_event body = { .room = room,
                              .seq = seq,
                              .ts = 1000 + seq,
                              .kind = event_MESSAGE,
                              .account = 5,
                              .device = 6,
                              .cseq = seq,
                              .text = S("hello") };
    struct store_op op = { .event = event_new(&body),
                           .account = 5,
                           .device = 6,
                           .cseq = seq,
                           .room = room };

    store_put(t->store, &op);
    t->pending++;
}

/* Finish what is on its way; returns how many operations, or the error. */
static inline int finish(struct stand *t)
{
    struct store_batch batch;
    int result = 0;

    store_commit(t->store);
    do {
        if (t->pending)
            wait_ready(t);
        if (!store_written(t->store, &batch))
            continue;
        t->pending -= batch.n;
        result = batch.error ? batch.error : result + (int)batch.n;
        store_release(t->store, &batch);
    } while (t->config.threads && t->pending);
    return result;
}

/* Put what has no event, and finish it. */
static inline void put_effect(struct stand *t, struct store_op op,
                              const char *text)
{
    op.text = text ? mem_str(str_of(text)) : NULL;
    store_put(t->store, &op);
    t->pending++;
    assert_int_equal(finish(t), 1);
}

static inline void found(struct stand *t, uint64_t room)
{
    char name[16];

    snprintf(name, sizeof name, "#r%d", (int)room);
    put_effect(t,
               (struct store_op){
                   .effect = EFFECT_FOUND, .kind = room_PUBLIC, .room = room },
               name);
}

static inline void drop(struct stand *t, uint64_t room, uint64_t head)
{
    put_effect(
        t,
        (struct store_op){ .effect = EFFECT_DROP, .room = room, .seq = head },
        NULL);
}

static inline void fill(struct stand *t, uint64_t room, uint64_t n)
{
    found(t, room);
    for (uint64_t seq = 1; seq <= n; seq++)
        put(t, room, seq);
    assert_int_equal(finish(t), n);
}

static inline struct store_answer ask(struct stand *t, struct store_query query)
{
    struct store_answer answer;

    assert_true(store_ask(t->store, &query));
    assert_true(store_is_ready(t->store));
    while (!store_answered(t->store, &answer))
        wait_ready(t);
    assert_int_equal(answer.error, 0);
    return answer;
}

/* The page of a query: `n` events from `first` on. */
static inline void check_page(struct stand *t, struct store_query query,
                              uint64_t first, size_t n)
{
    struct store_answer answer = ask(t, query);

    assert_int_equal(answer.n, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(answer.events[i]->seq, first + i);
        assert_int_equal(answer.events[i]->ts, 1000 + first + i);
    }
    store_thank(t->store, &answer);
}

static inline struct store_query page(uint64_t lo, uint64_t hi)
{
    return (
        struct store_query){ .room = 1, .lo = lo, .hi = hi, .bytes = 65536 };
}

/* What the store tells at a start, as text. */
struct rows {
    char text[4000];
    size_t len;
};

static inline void note_row(void *ctx, const struct store_row *row)
{
    struct rows *rows = ctx;

    rows->len += (size_t)snprintf(
        rows->text + rows->len, sizeof rows->text - rows->len,
        "%d r%d a%d d%d c%d %d-%d '%.*s' '%.*s' '%.*s' e%d\n", (int)row->kind,
        (int)row->room, (int)row->account, (int)row->device, (int)row->cseq,
        (int)row->first, (int)row->head, STR_ARG(row->text),
        STR_ARG(row->topic), STR_ARG(row->token), (int)row->error);
}

/* ---- damage ---- */

static inline void sql(const struct stand *t, const char *text)
{
    sqlite3 *lite;

    assert_int_equal(sqlite3_open(t->path, &lite), SQLITE_OK);
    assert_int_equal(sqlite3_exec(lite, text, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(lite), SQLITE_OK);
}

static inline void scribble(const struct stand *t, long from, size_t n)
{
    FILE *file = fopen(t->path, "r+");

    assert_non_null(file);
    fseek(file, from, SEEK_SET);
    while (n--)
        fputc(0x5a, file);
    fclose(file);
}

/* A page of lines: what grows last is at the end, its newest part behind it. */
static inline void scribble_lines(const struct stand *t)
{
    FILE *file = fopen(t->path, "r");

    assert_non_null(file);
    fseek(file, -4 * 4096, SEEK_END);
    scribble(t, ftell(file), 4096);
    fclose(file);
}

#define OF(kind, f)                                                            \
    {                                                                          \
#        f "_" #        kind, f, set_up_##kind, tear_down, NULL                \
    }
#define OF_ALL(f)   OF(memory, f), OF(file, f), OF(threads, f)
#define OF_FILES(f) OF(file, f), OF(threads, f)
#define OF_CALM(f)  OF(memory, f), OF(file, f)

#endif
