/* SPDX-License-Identifier: MIT
 *
 * The store, wherever it is: nothing is there before it is written, a failed
 * batch takes what came behind it, pages, the place of a command.
 */
#include "tests/store_stand.h"

#include "server/store_batch.h"

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

/* What belongs together comes into one transaction. */
static void test_store_cuts_between_commands(void **state)
{
    struct store_op ops[] = { { .cseq = 1 },
                              { .cseq = 2, .more = true },
                              { .cseq = 3, .more = true },
                              { .cseq = 4 },
                              { .cseq = 5, .more = true } };
    static const size_t CUT[] = { 0, 1, 4, 4, 4, 5, 5 };
    struct batch batch = { 0 };

    (void)state;
    for (size_t i = 0; i < 5; i++)
        batch_add(&batch, &ops[i]);
    for (size_t most = 0; most < sizeof CUT / sizeof *CUT; most++)
        assert_int_equal(batch_cut(&batch, most), CUT[most]);
    batch_clear(&batch);
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
        assert_int_equal(store_refused(row, 7), ERROR_NOT_MEMBER);
        assert_int_equal(store_refused(row, 6), 0);
        if (t->config.path)
            open_again(t);
    }
    for (op.cseq = 8; op.cseq <= 400; op.cseq++) {
        op.error = op.cseq % 3 ? ERROR_MUTED : 0;
        put_effect(t, op, NULL);
    }
    for (int i = 0; i < 2; i++) {
        row = store_device(t->store, 5, 6);
        for (uint64_t cseq = 401 - REFUSED_MAX; cseq <= 401; cseq++)
            assert_int_equal(store_refused(row, cseq),
                             cseq <= 400 && cseq % 3 ? ERROR_MUTED : 0);
        assert_int_equal(store_refused(row, 400 - REFUSED_MAX), 0);
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
    cmocka_unit_test(test_store_cuts_between_commands),
    OF_CALM(test_store_gathers_the_next_batch_meanwhile),
    OF_CALM(test_store_fails_everything_behind_a_failed_batch),
    OF_CALM(test_store_fails_the_nth_commit),
    OF_CALM(test_store_bounds_what_is_asked),
};

int main(void)
{
    return RUN(TESTS);
}
