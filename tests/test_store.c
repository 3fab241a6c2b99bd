/* SPDX-License-Identifier: MIT
 *
 * The store: nothing is there before it is written, a failed batch takes what
 * came behind it, pages, and the place of a command.
 */
#include "tests/test.h"

#include "server/event.h"
#include "server/store.h"
#include "shared/error.h"
#include "shared/frame.h"
#include "shared/wire.h"

static struct store *new_store(uint64_t room_events, uint64_t queue)
{
    struct store_config config = { .room_events = room_events,
                                   .recent_bytes = 1 << 20,
                                   .queue = queue,
                                   .epoch = 1,
                                   .mark = STORE_NO_MARK,
                                   .secret = { 1, 2 } };
    struct store_opened opened;

    return store_open(&config, &opened);
}

/* Put a line: seq is its cseq too. */
static void put(struct store *store, uint64_t room, uint64_t seq)
{
    struct msg_event body = { .room = room,
                              .seq = seq,
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

    store_put(store, &op);
}

/* Finish what is on its way; returns how many operations, or the error. */
static int finish(struct store *store)
{
    struct store_batch batch;
    int result;

    store_commit(store);
    if (!store_written(store, &batch))
        return 0;
    result = batch.error ? batch.error : (int)batch.n;
    store_release(store, &batch);
    return result;
}

/* Put what has no event, and finish it. */
static void put_effect(struct store *store, struct store_op op)
{
    store_put(store, &op);
    assert_int_equal(finish(store), 1);
}

static void drop(struct store *store, uint64_t room)
{
    put_effect(store, (struct store_op){ .effect = EFFECT_DROP, .room = room });
}

static void fill(struct store *store, uint64_t room, uint64_t n)
{
    for (uint64_t seq = 1; seq <= n; seq++)
        put(store, room, seq);
    assert_int_equal(finish(store), n);
}

static struct store_answer ask(struct store *store, struct store_query query)
{
    struct store_answer answer;

    assert_true(store_ask(store, &query));
    assert_true(store_is_ready(store));
    assert_true(store_answered(store, &answer));
    return answer;
}

/* The page of a query: `n` events from `first` on. */
static void check_page(struct store *store, struct store_query query,
                       uint64_t first, size_t n)
{
    struct store_answer answer = ask(store, query);

    assert_int_equal(answer.n, n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(answer.events[i]->seq, first + i);
    store_thank(store, &answer);
}

static void test_store_has_nothing_before_it_is_written(void **state)
{
    struct store *store = new_store(100, 100);
    struct store_batch batch;

    (void)state;
    put(store, 1, 1);
    assert_null(store_recent(store, 1, 1));
    assert_false(store_written(store, &batch));
    store_commit(store);
    assert_null(store_recent(store, 1, 1));
    assert_null(store_device(store, 5, 6));
    assert_true(store_written(store, &batch));
    assert_non_null(store_recent(store, 1, 1));
    assert_int_equal(store_device(store, 5, 6)->last_cseq, 1);
    store_release(store, &batch);
    assert_int_equal(finish(store), 0);
    store_free(store);
}

static void test_store_gathers_the_next_batch_meanwhile(void **state)
{
    struct store *store = new_store(100, 100);

    (void)state;
    store_pause(store, true);
    put(store, 1, 1);
    assert_int_equal(finish(store), 0);
    put(store, 1, 2);
    put(store, 1, 3);
    assert_int_equal(finish(store), 0);
    store_pause(store, false);
    assert_int_equal(finish(store), 1);
    assert_int_equal(finish(store), 2);
    store_free(store);
}

static void test_store_fails_everything_behind_a_failed_batch(void **state)
{
    struct store *store = new_store(100, 100);

    (void)state;
    fill(store, 1, 2);
    store_fail(store, 1);
    store_pause(store, true);
    put(store, 1, 3);
    finish(store);
    put(store, 1, 4);
    put(store, 1, 5);
    store_pause(store, false);
    assert_int_equal(finish(store), -ERROR_STORE);
    assert_int_equal(finish(store), 0);
    assert_null(store_recent(store, 1, 3));
    assert_int_equal(store_device(store, 5, 6)->last_cseq, 2);
    put(store, 1, 3); /* the number is free again */
    assert_int_equal(finish(store), 1);
    store_free(store);
}

static void test_store_fails_the_nth_commit(void **state)
{
    struct store *store = new_store(100, 100);

    (void)state;
    store_fail(store, 2);
    put(store, 1, 1);
    assert_int_equal(finish(store), 1);
    put(store, 1, 2);
    assert_int_equal(finish(store), -ERROR_STORE);
    put(store, 1, 2);
    assert_int_equal(finish(store), 1);
    store_free(store);
}

static void test_store_counts_what_is_on_its_way(void **state)
{
    struct store *store = new_store(100, 3);

    (void)state;
    store_pause(store, true);
    put(store, 1, 1);
    store_commit(store);
    put(store, 1, 2);
    assert_true(store_has_room(store, 1));
    assert_false(store_has_room(store, 2));
    store_pause(store, false);
    finish(store);
    assert_true(store_has_room(store, 2));
    store_free(store);
}

static void test_store_keeps_the_last_events_of_a_room(void **state)
{
    struct store *store = new_store(10, 1000);

    (void)state;
    assert_int_equal(store_first(store, 1), 0);
    fill(store, 1, 25);
    fill(store, 2, 3);
    assert_int_equal(store_first(store, 1), 16);
    assert_null(store_recent(store, 1, 15));
    assert_int_equal(store_recent(store, 1, 16)->seq, 16);
    assert_int_equal(store_recent(store, 1, 25)->seq, 25);
    assert_null(store_recent(store, 1, 26));
    assert_null(store_recent(store, 1, UINT64_MAX));
    assert_int_equal(store_first(store, 2), 1);
    drop(store, 1);
    assert_int_equal(store_first(store, 1), 0);
    store_free(store);
}

static void test_store_keeps_fewer_when_told_so(void **state)
{
    struct store *store = new_store(100, 1000);
    struct store_config fewer = { .room_events = 5,
                                  .recent_bytes = 1 << 20,
                                  .queue = 1000 };

    (void)state;
    fill(store, 1, 50);
    store_configure(store, &fewer);
    put(store, 1, 51);
    finish(store);
    assert_int_equal(store_first(store, 1), 47);
    store_free(store);
}

static void test_store_cuts_a_page_to_what_there_is(void **state)
{
    struct store *store = new_store(10, 1000);

    (void)state;
    fill(store, 1, 25); /* 16..25 kept */
    check_page(
        store,
        (struct store_query){ .room = 1, .lo = 18, .hi = 20, .bytes = 65536 },
        18, 3);
    check_page(
        store,
        (struct store_query){ .room = 1, .lo = 1, .hi = 17, .bytes = 65536 },
        16, 2);
    check_page(store,
               (struct store_query){
                   .room = 1, .lo = 24, .hi = UINT64_MAX, .bytes = 65536 },
               24, 2);
    check_page(
        store,
        (struct store_query){ .room = 1, .lo = 1, .hi = 15, .bytes = 65536 }, 0,
        0);
    check_page(
        store,
        (struct store_query){ .room = 1, .lo = 20, .hi = 19, .bytes = 65536 },
        0, 0);
    check_page(
        store,
        (struct store_query){ .room = 9, .lo = 1, .hi = 5, .bytes = 65536 }, 0,
        0);
    store_free(store);
}

static void test_store_cuts_a_page_to_its_bytes(void **state)
{
    struct store *store = new_store(100, 1000);
    size_t one;

    (void)state;
    fill(store, 1, 50);
    one = store_recent(store, 1, 1)->frame->len;
    check_page(
        store,
        (struct store_query){ .room = 1, .lo = 11, .hi = 30, .bytes = 5 * one },
        11, 5);
    check_page(
        store,
        (struct store_query){
            .room = 1, .lo = 11, .hi = 30, .bytes = 5 * one, .backward = true },
        26, 5);
    check_page(
        store,
        (struct store_query){ .room = 1, .lo = 11, .hi = 30, .bytes = 1 }, 11,
        1); /* one at least, else nobody would get on */
    check_page(store,
               (struct store_query){
                   .room = 1, .lo = 1, .hi = 30, .bytes = 1, .backward = true },
               30, 1);
    store_free(store);
}

static void test_store_finds_the_place_of_a_command(void **state)
{
    struct store *store = new_store(100, 1000);
    struct store_query query = { .kind = QUERY_PLACE,
                                 .room = 1,
                                 .account = 5,
                                 .device = 6,
                                 .cseq = 17,
                                 .session = 8,
                                 .request = 9 };
    struct store_answer answer;

    (void)state;
    fill(store, 1, 50);
    answer = ask(store, query);
    assert_int_equal(answer.n, 1);
    assert_int_equal(answer.events[0]->seq, 17);
    assert_int_equal(answer.query.session, 8);
    assert_int_equal(answer.query.request, 9);
    store_thank(store, &answer);
    query.account = 4; /* the same device id with somebody else */
    answer = ask(store, query);
    assert_int_equal(answer.n, 0);
    store_thank(store, &answer);
    store_free(store);
}

static void test_store_answers_keep_their_events(void **state)
{
    struct store *store = new_store(10, 1000);
    struct store_answer answer;

    (void)state;
    fill(store, 1, 10);
    answer = ask(store, (struct store_query){
                            .room = 1, .lo = 1, .hi = 3, .bytes = 65536 });
    drop(store, 1);
    assert_int_equal(answer.events[0]->seq, 1);
    store_thank(store, &answer);
    store_free(store);
}

static void test_store_remembers_refusals(void **state)
{
    struct store *store = new_store(10, 1000);
    struct store_op op = {
        .account = 5, .device = 6, .cseq = 7, .error = ERROR_NOT_MEMBER
    };
    const struct store_device *row;

    (void)state;
    store_put(store, &op);
    finish(store);
    row = store_device(store, 5, 6);
    assert_int_equal(row->last_cseq, 7);
    assert_int_equal(row->refused[7 % REFUSED_MAX].cseq, 7);
    assert_int_equal(row->refused[7 % REFUSED_MAX].error, ERROR_NOT_MEMBER);
    put_effect(store, (struct store_op){
                          .effect = EFFECT_RETIRE, .account = 5, .device = 6 });
    assert_null(store_device(store, 5, 6));
    store_free(store);
}

static void test_store_bounds_what_is_asked(void **state)
{
    struct store *store = new_store(10, 1000);
    struct store_query query = { .room = 1, .lo = 1, .hi = 1, .bytes = 1 };
    struct store_answer answer;
    size_t n = 0;

    (void)state;
    store_pause(store, true);
    while (store_ask(store, &query))
        n++;
    assert_in_range(n, 100, 100000);
    store_pause(store, false);
    for (int i = 0; i < 100000; i++) { /* never empty, never growing */
        assert_true(store_answered(store, &answer));
        store_thank(store, &answer);
        assert_true(store_ask(store, &query));
    }
    store_free(store);
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_store_has_nothing_before_it_is_written),
    cmocka_unit_test(test_store_gathers_the_next_batch_meanwhile),
    cmocka_unit_test(test_store_fails_everything_behind_a_failed_batch),
    cmocka_unit_test(test_store_fails_the_nth_commit),
    cmocka_unit_test(test_store_counts_what_is_on_its_way),
    cmocka_unit_test(test_store_keeps_the_last_events_of_a_room),
    cmocka_unit_test(test_store_keeps_fewer_when_told_so),
    cmocka_unit_test(test_store_cuts_a_page_to_what_there_is),
    cmocka_unit_test(test_store_cuts_a_page_to_its_bytes),
    cmocka_unit_test(test_store_finds_the_place_of_a_command),
    cmocka_unit_test(test_store_answers_keep_their_events),
    cmocka_unit_test(test_store_remembers_refusals),
    cmocka_unit_test(test_store_bounds_what_is_asked),
};

int main(void)
{
    return RUN(TESTS);
}
