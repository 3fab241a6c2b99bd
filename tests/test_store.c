/* SPDX-License-Identifier: MIT
 *
 * The store, in memory, in a file, and in a file with threads: nothing is there
 * before it is written, a failed batch takes what came behind it, pages, the
 * place of a command, and in a file what there is after a new start.
 */
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

static void on_ready(void *ctx)
{
    struct stand *t = ctx;

    pthread_mutex_lock(&t->lock);
    t->ready = true;
    pthread_cond_signal(&t->wake);
    pthread_mutex_unlock(&t->lock);
}

static void wait_ready(struct stand *t)
{
    while (t->config.threads && !store_is_ready(t->store)) {
        pthread_mutex_lock(&t->lock);
        while (!t->ready)
            pthread_cond_wait(&t->wake, &t->lock);
        t->ready = false;
        pthread_mutex_unlock(&t->lock);
    }
}

static void ignore(void *ctx, const struct store_row *row)
{
    (void)ctx;
    (void)row;
}

static bool try_open(struct stand *t)
{
    t->store = store_open(&t->config, &t->opened);
    if (!t->store)
        return false;
    assert_true(store_recall(t->store, ignore, NULL));
    store_on_ready(t->store, on_ready, t);
    return true;
}

static void close_it(struct stand *t)
{
    store_free(t->store);
    t->store = NULL;
}

static void open_again(struct stand *t)
{
    close_it(t);
    assert_true(try_open(t));
}

static int set_up(void **state, enum place place)
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

static int set_up_memory(void **state)
{
    return set_up(state, IN_MEMORY);
}

static int set_up_file(void **state)
{
    return set_up(state, IN_FILE);
}

static int set_up_threads(void **state)
{
    return set_up(state, WITH_THREADS);
}

static int tear_down(void **state)
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
static void put(struct stand *t, uint64_t room, uint64_t seq)
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
static int finish(struct stand *t)
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
static void put_effect(struct stand *t, struct store_op op, const char *text)
{
    op.text = text ? mem_str(str_of(text)) : NULL;
    store_put(t->store, &op);
    t->pending++;
    assert_int_equal(finish(t), 1);
}

static void found(struct stand *t, uint64_t room)
{
    char name[16];

    snprintf(name, sizeof name, "#r%d", (int)room);
    put_effect(t,
               (struct store_op){
                   .effect = EFFECT_FOUND, .kind = room_PUBLIC, .room = room },
               name);
}

static void drop(struct stand *t, uint64_t room, uint64_t head)
{
    put_effect(
        t,
        (struct store_op){ .effect = EFFECT_DROP, .room = room, .seq = head },
        NULL);
}

static void fill(struct stand *t, uint64_t room, uint64_t n)
{
    found(t, room);
    for (uint64_t seq = 1; seq <= n; seq++)
        put(t, room, seq);
    assert_int_equal(finish(t), n);
}

static struct store_answer ask(struct stand *t, struct store_query query)
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
static void check_page(struct stand *t, struct store_query query,
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

static struct store_query page(uint64_t lo, uint64_t hi)
{
    return (
        struct store_query){ .room = 1, .lo = lo, .hi = hi, .bytes = 65536 };
}

/* ---- of every kind ---- */

static void test_store_has_nothing_before_it_is_written(void **state)
{
    struct stand *t = *state;
    struct store_batch batch;

    put(t, 1, 1);
    assert_null(store_recent(t->store, 1, 1));
    assert_false(store_written(t->store, &batch));
    store_commit(t->store);
    assert_null(store_recent(t->store, 1, 1));
    assert_null(store_device(t->store, 5, 6));
    wait_ready(t);
    assert_true(store_written(t->store, &batch));
    assert_non_null(store_recent(t->store, 1, 1));
    assert_int_equal(store_device(t->store, 5, 6)->last_cseq, 1);
    store_release(t->store, &batch);
    t->pending = 0;
    assert_false(store_written(t->store, &batch));
}

static void test_store_counts_what_is_on_its_way(void **state)
{
    struct stand *t = *state;

    t->config.queue = 3;
    store_configure(t->store, &t->config);
    put(t, 1, 1);
    store_commit(t->store);
    put(t, 1, 2);
    assert_true(store_has_room(t->store, 1));
    assert_false(store_has_room(t->store, 2));
    finish(t);
    finish(t);
    assert_true(store_has_room(t->store, 3));
}

static void test_store_keeps_order_over_many_batches(void **state)
{
    struct stand *t = *state;
    struct store_batch batch;
    uint64_t put_n = 0, done = 0;

    while (done < 5000) {
        for (int i = 0; i < 7 && put_n < 5000 && put_n < done + 900; i++)
            put(t, 1, ++put_n);
        store_commit(t->store);
        if (store_written(t->store, &batch)) {
            assert_int_equal(batch.error, 0);
            for (size_t i = 0; i < batch.n; i++)
                assert_int_equal(batch.ops[i].cseq, ++done);
            store_release(t->store, &batch);
        } else if (put_n >= done + 900 || put_n == 5000) {
            wait_ready(t);
        }
    }
    assert_int_equal(store_device(t->store, 5, 6)->last_cseq, 5000);
    assert_int_equal(store_recent(t->store, 1, 5000)->seq, 5000);
}

static void test_store_has_the_latest_events_at_hand(void **state)
{
    struct stand *t = *state;

    t->config.room_events = 10;
    store_configure(t->store, &t->config);
    assert_int_equal(store_first(t->store, 1), 0);
    fill(t, 1, 25);
    fill(t, 2, 3);
    assert_int_equal(store_first(t->store, 1), t->config.path ? 1 : 16);
    assert_null(store_recent(t->store, 1, 15));
    assert_int_equal(store_recent(t->store, 1, 16)->seq, 16);
    assert_int_equal(store_recent(t->store, 1, 25)->seq, 25);
    assert_null(store_recent(t->store, 1, 26));
    assert_null(store_recent(t->store, 1, UINT64_MAX));
    assert_int_equal(store_first(t->store, 2), 1);
    drop(t, 1, 25);
    assert_int_equal(store_first(t->store, 1), 0);
    assert_null(store_recent(t->store, 1, 25));
}

static void test_store_has_fewer_at_hand_when_told_so(void **state)
{
    struct stand *t = *state;

    fill(t, 1, 50);
    t->config.room_events = 5;
    store_configure(t->store, &t->config);
    put(t, 1, 51);
    finish(t);
    assert_null(store_recent(t->store, 1, 46));
    assert_non_null(store_recent(t->store, 1, 47));
    assert_int_equal(store_first(t->store, 1), t->config.path ? 1 : 47);
}

static void test_store_cuts_a_page_to_what_there_is(void **state)
{
    struct stand *t = *state;

    fill(t, 1, 25);
    put_effect(t,
               (struct store_op){ .effect = EFFECT_TRIM, .room = 1, .seq = 15 },
               NULL);
    check_page(t, page(18, 20), 18, 3);
    check_page(t, page(1, 17), 16, 2);
    check_page(t, page(24, UINT64_MAX), 24, 2);
    check_page(t, page(1, 15), 0, 0);
    check_page(t, page(20, 19), 0, 0);
    check_page(
        t, (struct store_query){ .room = 9, .lo = 1, .hi = 5, .bytes = 65536 },
        0, 0);
}

static void test_store_cuts_a_page_to_its_bytes(void **state)
{
    struct stand *t = *state;
    struct store_query q = page(11, 30);
    size_t one;

    fill(t, 1, 50);
    one = store_recent(t->store, 1, 1)->frame->len;
    for (int at_hand = 1; at_hand >= 0; at_hand--) {
        q.backward = false;
        q.bytes = 5 * one;
        check_page(t, q, 11, 5);
        q.bytes = 1;
        check_page(t, q, 11, 1); /* one at least, else nobody would get on */
        q.backward = true;
        check_page(t, q, 30, 1);
        q.bytes = 5 * one;
        check_page(t, q, 26, 5);
        if (t->config.path)
            open_again(t);
    }
}

static void test_store_finds_the_place_of_a_command(void **state)
{
    struct stand *t = *state;
    struct store_query query = { .kind = QUERY_PLACE,
                                 .room = 1,
                                 .account = 5,
                                 .device = 6,
                                 .cseq = 17,
                                 .session = 8,
                                 .request = 9 };
    struct store_answer answer;

    fill(t, 1, 50);
    for (int at_hand = 1; at_hand >= 0; at_hand--) {
        query.account = 5;
        answer = ask(t, query);
        assert_int_equal(answer.n, 1);
        assert_int_equal(answer.events[0]->seq, 17);
        assert_int_equal(answer.query.session, 8);
        assert_int_equal(answer.query.request, 9);
        store_thank(t->store, &answer);
        query.account = 4; /* the same device id with somebody else */
        answer = ask(t, query);
        assert_int_equal(answer.n, 0);
        store_thank(t->store, &answer);
        if (t->config.path)
            open_again(t);
    }
}

static void test_store_finds_what_is_old(void **state)
{
    struct stand *t = *state;
    struct store_query q = page(1, 40);
    struct store_answer answer;

    fill(t, 1, 50);
    q.kind = QUERY_AGED;
    q.ts = 1021; /* a line's time is 1000 and its seq */
    answer = ask(t, q);
    assert_int_equal(answer.seq, 20);
    store_thank(t->store, &answer);
    q.ts = 2000;
    answer = ask(t, q);
    assert_int_equal(answer.seq, 40);
    store_thank(t->store, &answer);
    q.ts = 1001;
    answer = ask(t, q);
    assert_int_equal(answer.seq, 0);
    store_thank(t->store, &answer);
}

static void test_store_answers_keep_their_events(void **state)
{
    struct stand *t = *state;
    struct store_answer answer;

    fill(t, 1, 10);
    answer = ask(t, page(1, 3));
    drop(t, 1, 10);
    assert_int_equal(answer.events[0]->seq, 1);
    store_thank(t->store, &answer);
}

static void test_store_remembers_refusals(void **state)
{
    struct stand *t = *state;
    struct store_op op = {
        .account = 5, .device = 6, .cseq = 7, .error = ERROR_NOT_MEMBER
    };
    const struct store_device *row;

    put_effect(t, op, NULL);
    for (int i = 0; i < 2; i++) {
        row = store_device(t->store, 5, 6);
        assert_int_equal(row->last_cseq, 7);
        assert_int_equal(row->refused[7 % REFUSED_MAX].cseq, 7);
        assert_int_equal(row->refused[7 % REFUSED_MAX].error, ERROR_NOT_MEMBER);
        if (t->config.path)
            open_again(t);
    }
    put_effect(
        t,
        (struct store_op){ .effect = EFFECT_RETIRE, .account = 5, .device = 6 },
        NULL);
    assert_null(store_device(t->store, 5, 6));
}

static void test_store_counts_what_it_does(void **state)
{
    struct stand *t = *state;
    struct metrics metrics = { 0 };

    fill(t, 1, 10);
    put(t, 1, 11);
    store_measure(t->store, &metrics);
    assert_int_equal(metrics.commits, 2);
    assert_int_equal(metrics.store_queue, 1);
    assert_int_equal(metrics.store_trouble, 0);
    assert_true(metrics.store_recent_bytes > 10 * sizeof(struct event));
    assert_int_equal(metrics.store_reads, 0);
    finish(t);
}

/* ---- without threads, where a batch can be held and failed ---- */

static void test_store_gathers_the_next_batch_meanwhile(void **state)
{
    struct stand *t = *state;

    store_pause(t->store, true);
    put(t, 1, 1);
    assert_int_equal(finish(t), 0);
    put(t, 1, 2);
    put(t, 1, 3);
    assert_int_equal(finish(t), 0);
    store_pause(t->store, false);
    assert_int_equal(finish(t), 1);
    assert_int_equal(finish(t), 2);
}

static void test_store_fails_everything_behind_a_failed_batch(void **state)
{
    struct stand *t = *state;

    uint64_t before;

    fill(t, 1, 2);
    before = store_last_put(t->store);
    store_fail(t->store, 1);
    store_pause(t->store, true);
    put(t, 1, 3);
    finish(t);
    put(t, 1, 4);
    put(t, 1, 5);
    assert_int_equal(store_last_put(t->store), before + 3);
    assert_int_equal(store_fate(t->store, before + 1), FATE_OPEN);
    store_pause(t->store, false);
    assert_int_equal(finish(t), -ERROR_STORE);
    assert_int_equal(finish(t), 0);
    assert_int_equal(store_fate(t->store, before), FATE_STORED);
    assert_int_equal(store_fate(t->store, before + 1), FATE_LOST);
    assert_int_equal(store_fate(t->store, before + 3), FATE_LOST);
    assert_null(store_recent(t->store, 1, 3));
    assert_int_equal(store_device(t->store, 5, 6)->last_cseq, 2);
    put(t, 1, 3); /* the number is free again */
    assert_int_equal(finish(t), 1);
    assert_int_equal(store_fate(t->store, before + 4), FATE_STORED);
}

static void test_store_fails_the_nth_commit(void **state)
{
    struct stand *t = *state;

    store_fail(t->store, 2);
    put(t, 1, 1);
    assert_int_equal(finish(t), 1);
    put(t, 1, 2);
    assert_int_equal(finish(t), -ERROR_STORE);
    put(t, 1, 2);
    assert_int_equal(finish(t), 1);
}

static void test_store_bounds_what_is_asked(void **state)
{
    struct stand *t = *state;
    struct store_query query = { .room = 1, .lo = 1, .hi = 1, .bytes = 1 };
    struct store_answer answer;
    size_t n = 0;

    store_pause(t->store, true);
    while (store_ask(t->store, &query))
        n++;
    assert_in_range(n, 100, 100000);
    store_pause(t->store, false);
    for (int i = 0; i < 100000; i++) { /* never empty, never growing */
        assert_true(store_answered(t->store, &answer));
        store_thank(t->store, &answer);
        assert_true(store_ask(t->store, &query));
    }
}

/* ---- in a file ---- */

static void test_store_reads_what_is_not_at_hand(void **state)
{
    struct stand *t = *state;
    struct store_query q = page(1, 400);
    struct metrics metrics = { 0 };

    fill(t, 1, 900);
    check_page(t, page(1, 40), 1, 40);
    check_page(t, page(780, 830), 780, 51); /* the last 100 are at hand */
    check_page(t, page(890, 900), 890, 11);
    q.backward = true;
    q.bytes = 1;
    check_page(t, q, 400, 1);
    store_measure(t->store, &metrics);
    assert_int_equal(metrics.store_reads, 3);
    assert_int_equal(metrics.store_read_failures, 0);
}

static void test_store_has_read_pages_at_hand(void **state)
{
    struct stand *t = *state;

    fill(t, 1, 200);
    open_again(t);
    assert_int_equal(store_first(t->store, 1), 1);
    assert_null(store_recent(t->store, 1, 200));
    check_page(t, page(151, 200), 151, 50);
    assert_non_null(store_recent(t->store, 1, 151));
    assert_null(store_recent(t->store, 1, 150));
    check_page(t, page(10, 20), 10, 11);
    assert_null(store_recent(t->store, 1, 10));
    put(t, 1, 201);
    finish(t);
    check_page(t, page(141, 160), 141, 20);
    assert_non_null(store_recent(t->store, 1, 141));
}

static void test_store_is_the_same_history_after_a_start(void **state)
{
    struct stand *t = *state;
    uint64_t mark = store_mark(t->store);

    assert_true(t->opened.is_new);
    fill(t, 1, 3);
    t->config.epoch = 6;
    t->config.mark = mark;
    open_again(t);
    assert_int_equal(store_epoch(t->store), 5);
    assert_false(t->opened.is_new || t->opened.is_restored ||
                 t->opened.was_cut);
    t->config.mark = mark; /* it could not be written down: one behind */
    open_again(t);
    assert_int_equal(store_epoch(t->store), 5);
    check_page(t, page(1, 3), 1, 3);
}

static void test_store_knows_an_older_state(void **state)
{
    struct stand *t = *state;

    t->config.epoch = 6;
    t->config.mark = store_mark(t->store) + 2;
    open_again(t);
    assert_true(t->opened.is_restored);
    assert_int_equal(store_epoch(t->store), 6);
    t->config.epoch = 7;
    t->config.mark = store_mark(t->store);
    open_again(t);
    assert_int_equal(store_epoch(t->store), 6);
    t->config.mark = store_mark(t->store) - 3; /* of another file */
    open_again(t);
    assert_true(t->opened.is_restored);
    assert_int_equal(store_epoch(t->store), 7);
}

static void sql(const struct stand *t, const char *text)
{
    sqlite3 *lite;

    assert_int_equal(sqlite3_open(t->path, &lite), SQLITE_OK);
    assert_int_equal(sqlite3_exec(lite, text, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(lite), SQLITE_OK);
}

static void check_refused(struct stand *t, int code, const char *why)
{
    assert_false(try_open(t));
    assert_int_equal(t->opened.code, code);
    if (!strstr(t->opened.why, why))
        fail_msg("%s", t->opened.why);
}

static void test_store_refuses_files_that_are_not_its_own(void **state)
{
    struct stand *t = *state;

    close_it(t);
    sql(t, "PRAGMA user_version = 999");
    check_refused(t, EX_DATAERR, "newer");
    sql(t, "PRAGMA application_id = 7");
    check_refused(t, EX_DATAERR, "another program");
    unlink(t->path);
    sql(t, "CREATE TABLE theirs(a)");
    check_refused(t, EX_DATAERR, "another program");
    unlink(t->path);
    sql(t, "VACUUM"); /* an empty database will do */
    assert_true(try_open(t));
    assert_true(t->opened.is_new);
}

static void scribble(const struct stand *t, long from, size_t n)
{
    FILE *file = fopen(t->path, "r+");

    assert_non_null(file);
    fseek(file, from, SEEK_SET);
    while (n--)
        fputc(0x5a, file);
    fclose(file);
}

/* A page of lines: what grows last is at the end, its newest part behind it. */
static void scribble_lines(const struct stand *t)
{
    FILE *file = fopen(t->path, "r");

    assert_non_null(file);
    fseek(file, -4 * 4096, SEEK_END);
    scribble(t, ftell(file), 4096);
    fclose(file);
}

static void test_store_refuses_garbage(void **state)
{
    struct stand *t = *state;

    close_it(t);
    scribble(t, 0, 4096);
    check_refused(t, EX_DATAERR, "not a database");
}

static void test_store_does_not_write_a_damaged_file(void **state)
{
    struct stand *t = *state;

    fill(t, 1, 900);
    close_it(t);
    scribble_lines(t);
    sql(t, "UPDATE meta SET value = 1 WHERE name = 'open'"); /* as if killed */
    assert_true(try_open(t));
    assert_true(t->opened.was_cut && t->opened.is_damaged);
    check_page(t, page(899, 900), 899, 2); /* reading goes on */
    put(t, 1, 901);
    assert_int_equal(finish(t), -ERROR_STORE);
    assert_non_null(store_trouble(t->store));
    close_it(t);
    assert_true(try_open(t)); /* and it is not forgotten */
    assert_true(t->opened.is_damaged);
}

static void test_store_stops_when_it_finds_damage(void **state)
{
    struct stand *t = *state;
    struct store_query q = page(1, 900);
    struct metrics metrics = { 0 };
    struct store_answer answer;

    fill(t, 1, 900);
    close_it(t);
    scribble_lines(t);
    assert_true(try_open(t));
    q.bytes = SIZE_MAX;
    assert_true(store_ask(t->store, &q));
    while (!store_answered(t->store, &answer))
        wait_ready(t);
    assert_int_equal(answer.error, -ERROR_STORE);
    store_thank(t->store, &answer);
    put(t, 1, 901);
    assert_int_equal(finish(t), -ERROR_STORE);
    store_measure(t->store, &metrics);
    assert_int_equal(metrics.store_trouble, 1);
    assert_int_equal(metrics.store_read_failures, 1);
}

static void test_store_waits_for_no_lock_for_ever(void **state)
{
    struct stand *t = *state;
    sqlite3 *lite;

    fill(t, 1, 2);
    assert_int_equal(sqlite3_open(t->path, &lite), SQLITE_OK);
    sqlite3_exec(lite, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    put(t, 1, 3);
    assert_int_equal(finish(t), -ERROR_STORE);
    assert_string_equal(store_trouble(t->store), "database is locked");
    check_page(t, page(1, 2), 1, 2);
    sqlite3_exec(lite, "ROLLBACK", NULL, NULL, NULL);
    put(t, 1, 3);
    assert_int_equal(finish(t), 1);
    assert_null(store_trouble(t->store));
    sqlite3_close(lite);
}

struct rows {
    char text[4000];
    size_t len;
};

static void note_row(void *ctx, const struct store_row *row)
{
    struct rows *rows = ctx;

    rows->len += (size_t)snprintf(
        rows->text + rows->len, sizeof rows->text - rows->len,
        "%d r%d a%d d%d c%d %d-%d '%.*s' '%.*s' '%.*s' e%d\n", (int)row->kind,
        (int)row->room, (int)row->account, (int)row->device, (int)row->cseq,
        (int)row->first, (int)row->head, STR_ARG(row->text),
        STR_ARG(row->topic), STR_ARG(row->token), (int)row->error);
}

/* What every effect leaves behind. */
static void test_store_tells_what_there_was(void **state)
{
    static const struct {
        struct store_op op;
        const char *text;
    } STEPS[] = {
        { { .effect = EFFECT_RECORD, .account = 1 }, "Ann" },
        { { .effect = EFFECT_TOKEN, .account = 1 }, "abc" },
        { { .effect = EFFECT_RECORD, .account = 2 }, "Bob" },
        { { .effect = EFFECT_RECORD, .account = 3 }, "Carl" },
        { { .effect = EFFECT_RECORD, .account = 4 }, "BOB" }, /* takes it */
        { { .effect = EFFECT_SANCTION, .room = 7, .kind = 1 }, "3" },
        { { .effect = EFFECT_SANCTION, .room = 7, .kind = 1 }, "4" },
        { { .effect = EFFECT_GUEST, .room = 7, .about = 3 }, NULL },
        { { .effect = EFFECT_FORGET, .account = 3 }, NULL },
        { { .effect = EFFECT_FOUND, .room = 7, .kind = room_PUBLIC }, "#Tea" },
        { { .effect = EFFECT_ENTER, .room = 7, .account = 1 }, NULL },
        { { .effect = EFFECT_ENTER, .room = 7, .account = 4 }, NULL },
        { { .effect = EFFECT_LEAVE, .room = 7, .account = 4 }, NULL },
        { { .effect = EFFECT_TOPIC, .room = 7 }, "green" },
        { { .effect = EFFECT_FOUND, .room = 8, .kind = room_DIRECT }, "@1:4" },
        { { .effect = EFFECT_SIDE, .room = 8, .account = 1 }, "Ann" },
        { { .effect = EFFECT_SIDE, .room = 8, .account = 4 }, "BOB" },
        { { .effect = EFFECT_OPEN, .room = 8, .account = 1 }, NULL },
        { { .effect = EFFECT_RENAME, .account = 1 }, "Anna" },
        { { .effect = EFFECT_FOUND, .room = 9, .kind = room_PUBLIC }, "#x" },
        { { .effect = EFFECT_ENTER, .room = 9, .account = 1 }, NULL },
        { { .effect = EFFECT_DROP, .room = 9 }, NULL },
    };
    struct stand *t = *state;
    struct rows rows = { .len = 0 };

    for (size_t i = 0; i < sizeof STEPS / sizeof *STEPS; i++)
        put_effect(t, STEPS[i].op, STEPS[i].text);
    put(t, 7, 1);
    finish(t);
    open_again(t);
    assert_true(store_recall(t->store, note_row, &rows));
    assert_string_equal(
        rows.text, "0 r9 a4 d0 c0 0-0 '' '' '' e0\n"
                   "1 r0 a1 d0 c0 0-0 'Anna' '' 'abc' e0\n"
                   "1 r0 a2 d0 c0 0-0 '' '' '' e0\n" /* has lost its name */
                   "1 r0 a4 d0 c0 0-0 'BOB' '' '' e0\n"
                   "2 r0 a5 d6 c1 0-0 '' '' '' e0\n"
                   "4 r7 a0 d0 c0 1-1 '#Tea' 'green' '' e0\n"
                   "4 r8 a0 d0 c0 0-0 '@1:4' '' '' e0\n"
                   "6 r8 a1 d0 c0 0-0 'Anna' '' '' e0\n"
                   "6 r8 a4 d0 c0 0-0 'BOB' '' '' e0\n"
                   "7 r7 a1 d0 c0 0-0 '' '' '' e0\n"
                   "7 r8 a1 d0 c0 0-0 '' '' '' e0\n"
                   "7 r8 a4 d0 c0 0-0 '' '' '' e0\n"
                   "11 r7 a0 d0 c0 0-0 '4' '' '' e0\n");
}

/* A room of many lines is dropped in slices. */
static void test_store_drops_a_room_in_slices(void **state)
{
    struct stand *t = *state;
    struct rows rows = { .len = 0 };

    fill(t, 1, 10);
    drop(t, 1, 4);
    open_again(t);
    assert_true(store_recall(t->store, note_row, &rows));
    assert_non_null(strstr(rows.text, "5 r1 a0 d0 c0 5-10 '#r1'"));
    drop(t, 1, 10);
    rows.len = 0;
    assert_true(store_recall(t->store, note_row, &rows));
    assert_null(strstr(rows.text, "5 r1"));
}

/* ---- chores ---- */

/* Lines are written, more and more, until it is done; how many there are. */
static uint64_t write_meanwhile(struct stand *t, uint64_t seq)
{
    struct store_chore chore = store_chore(t->store);

    while (chore.state == CHORE_RUNS) {
        for (int i = 0; i < 20; i++)
            put(t, 1, ++seq);
        assert_int_equal(finish(t), 20);
        chore = store_chore(t->store);
    }
    if (chore.state != CHORE_DONE)
        fail_msg("%s", chore.why);
    assert_true(chore.total > 0 && chore.done == chore.total);
    return seq;
}

static void test_store_copies_itself_while_it_is_written(void **state)
{
    struct stand *t = *state;
    struct rows rows = { .len = 0 };
    char path[112], want[64];
    uint64_t seq = 0, n;

    t->config.room_events = 100000; /* in memory as well */
    store_configure(t->store, &t->config);
    found(t, 1);
    for (int i = 0; i < 10; i++) {
        for (n = 0; n < 900; n++)
            put(t, 1, ++seq);
        assert_int_equal(finish(t), 900);
    }
    snprintf(path, sizeof path, "%s/copy", t->dir);
    fclose(fopen(path, "w"));
    assert_true(store_begin_chore(t->store, CHORE_COPY, path));
    assert_false(store_begin_chore(t->store, CHORE_COPY, path));
    seq = write_meanwhile(t, seq);
    store_end_chore(t->store);
    close_it(t);

    t->config.path = path;
    t->config.epoch = 9;
    t->config.mark = t->opened.is_new ? 1 : STORE_NO_MARK;
    assert_true(try_open(t));
    assert_true(t->opened.is_restored);
    assert_int_equal(store_epoch(t->store), 9); /* another history */
    assert_true(store_recall(t->store, note_row, &rows));
    snprintf(want, sizeof want, "2 r0 a5 d6 c%d ", (int)seq);
    for (n = seq; !strstr(rows.text, want) && n > 9000; n--)
        snprintf(want, sizeof want, "2 r0 a5 d6 c%d ", (int)n - 1);
    snprintf(want, sizeof want, "4 r1 a0 d0 c0 1-%d '#r1'", (int)n);
    assert_non_null(strstr(rows.text, want)); /* of the same moment */
    check_page(t, page(1, 400), 1, 400);
    check_page(t, page(8900, 9000), 8900, 101); /* all before it was begun */
    open_again(t);
    assert_false(t->opened.is_restored);
    assert_int_equal(store_epoch(t->store), 9);
}

static void test_store_says_why_it_cannot_be_copied(void **state)
{
    struct stand *t = *state;
    struct store_chore chore;

    assert_true(store_begin_chore(t->store, CHORE_COPY, "/nonexistent/copy"));
    do
        chore = store_chore(t->store);
    while (chore.state == CHORE_RUNS);
    assert_int_equal(chore.state, CHORE_FAILED);
    assert_non_null(strstr(chore.why, "open"));
    store_end_chore(t->store);
    fill(t, 1, 3); /* it goes on */
}

static struct store_chore check_all(struct stand *t)
{
    struct store_chore chore;

    assert_true(store_begin_chore(t->store, CHORE_CHECK, NULL));
    do
        chore = store_chore(t->store);
    while (chore.state == CHORE_RUNS);
    store_end_chore(t->store);
    return chore;
}

static void test_store_is_checked_while_it_is_used(void **state)
{
    struct stand *t = *state;

    fill(t, 1, 900);
    assert_int_equal(check_all(t).state, CHORE_DONE);
    close_it(t);
    scribble_lines(t);
    assert_true(try_open(t));
    assert_int_equal(check_all(t).state, CHORE_FAILED);
    put(t, 1, 901); /* nothing is written any more */
    assert_int_equal(finish(t), -ERROR_STORE);
}

#define OF(kind, f)                                                            \
    {                                                                          \
#        f "_" #        kind, f, set_up_##kind, tear_down, NULL                \
    }
#define OF_ALL(f)   OF(memory, f), OF(file, f), OF(threads, f)
#define OF_FILES(f) OF(file, f), OF(threads, f)
#define OF_CALM(f)  OF(memory, f), OF(file, f)

static const struct CMUnitTest TESTS[] = {
    OF_ALL(test_store_has_nothing_before_it_is_written),
    OF_ALL(test_store_counts_what_is_on_its_way),
    OF_ALL(test_store_keeps_order_over_many_batches),
    OF_ALL(test_store_has_the_latest_events_at_hand),
    OF_ALL(test_store_has_fewer_at_hand_when_told_so),
    OF_ALL(test_store_cuts_a_page_to_what_there_is),
    OF_ALL(test_store_cuts_a_page_to_its_bytes),
    OF_ALL(test_store_finds_the_place_of_a_command),
    OF_ALL(test_store_finds_what_is_old),
    OF_ALL(test_store_answers_keep_their_events),
    OF_ALL(test_store_remembers_refusals),
    OF_ALL(test_store_counts_what_it_does),
    OF_CALM(test_store_gathers_the_next_batch_meanwhile),
    OF_CALM(test_store_fails_everything_behind_a_failed_batch),
    OF_CALM(test_store_fails_the_nth_commit),
    OF_CALM(test_store_bounds_what_is_asked),
    OF_FILES(test_store_reads_what_is_not_at_hand),
    OF_FILES(test_store_has_read_pages_at_hand),
    OF_FILES(test_store_is_the_same_history_after_a_start),
    OF_FILES(test_store_knows_an_older_state),
    OF_FILES(test_store_refuses_files_that_are_not_its_own),
    OF_FILES(test_store_refuses_garbage),
    OF_FILES(test_store_does_not_write_a_damaged_file),
    OF_FILES(test_store_stops_when_it_finds_damage),
    OF_FILES(test_store_waits_for_no_lock_for_ever),
    OF_FILES(test_store_tells_what_there_was),
    OF_FILES(test_store_drops_a_room_in_slices),
    OF_ALL(test_store_copies_itself_while_it_is_written),
    OF_ALL(test_store_says_why_it_cannot_be_copied),
    OF_FILES(test_store_is_checked_while_it_is_used),
};

int main(void)
{
    return RUN(TESTS);
}
