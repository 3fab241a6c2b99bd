/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include "shared/copies.h"
#include "shared/frame.h"
#include "shared/now.h"

#define MS     UINT64_C(1000) /* us */
#define SECOND UINT64_C(1000000)
#define START  (5 * SECOND)

static struct parcel *message(uint32_t seq)
{
    struct frame *frame = frame_copy(S("twelve bytes and some more of them"));
    struct parcel *parcel = parcel_new(frame, 1, seq, DGRAM_OWN);

    frame_unref(frame);
    parcel->fresh = 1; /* sent */
    return parcel;
}

/* Round trips of the same length, for a while; returns the time after. */
static uint64_t flat(struct copies *copies, uint32_t us, unsigned seconds,
                     uint64_t now_us)
{
    for (unsigned i = 0; i < seconds * 10; i++)
        copies_sample(copies, us, now_us += 100 * MS);
    return now_us;
}

/* The copies of one message that are sent, as a sum of their offsets in ms. */
static unsigned offsets(struct copies *copies, uint32_t within, uint64_t now_us)
{
    struct parcel *parcel = message(0);
    uint64_t at;
    unsigned sum = 0;

    copies_plan(copies, parcel, 0, within, now_us);
    while ((at = copies_next(copies)) != NEVER) {
        struct parcel *due = copies_peek(copies, at, at);

        assert_null(copies_peek(copies, at - 1, at));
        assert_ptr_equal(due, parcel);
        sum += (unsigned)((at - now_us) / MS);
        copies_take(copies, due);
    }
    parcel_unref(parcel);
    return sum;
}

static void test_copies_begin_with_one_and_grow_while_the_path_is_flat(
    void **state)
{
    struct copies copies;
    uint64_t now_us = START;

    (void)state;
    copies_init(&copies, now_us);
    assert_int_equal(offsets(&copies, SECOND, now_us), 10);
    now_us = flat(&copies, 50 * MS, 10, now_us);
    assert_int_equal(offsets(&copies, SECOND, now_us), 10 + 30 + 70);
    copies_fini(&copies);
}

static void test_copies_later_than_the_timeout_are_not_planned(void **state)
{
    struct copies copies;
    uint64_t now_us;

    (void)state;
    copies_init(&copies, START);
    now_us = flat(&copies, 50 * MS, 10, START);
    assert_int_equal(offsets(&copies, 60 * MS, now_us), 10 + 30);
    assert_int_equal(offsets(&copies, 10 * MS, now_us), 0);
    copies_fini(&copies);
}

static void test_copies_stop_when_the_message_has_come(void **state)
{
    struct copies copies;
    struct parcel *parcel = message(0);

    (void)state;
    copies_init(&copies, START);
    copies_plan(&copies, parcel, 0, SECOND, START);
    assert_int_equal(parcel->refs, 2);
    parcel->unacked = 0;

    assert_true(copies_next(&copies) == NEVER);
    assert_null(copies_peek(&copies, START + SECOND, START + SECOND));
    assert_int_equal(parcel->refs, 1);
    parcel_unref(parcel);
    copies_fini(&copies);
}

/* A queue grows: the budget is all but gone, and comes back slowly. */
static void test_copies_brake_when_a_queue_stands(void **state)
{
    struct copies copies;
    uint64_t now_us;
    uint32_t before;

    (void)state;
    copies_init(&copies, START);
    now_us = flat(&copies, 50 * MS, 10, START);
    before = copies.rate;
    for (uint32_t us = 60 * MS; us < 400 * MS; us += 10 * MS)
        copies_sample(&copies, us, now_us += 50 * MS);
    assert_true(copies.rate < before / 10);
    assert_int_equal(copies.level, 1);
    assert_true(copies_jammed(&copies, 300 * MS));

    now_us = flat(&copies, 50 * MS, 10, now_us);
    assert_in_range(copies.rate, before / 8, before / 2 + before / 4);
    flat(&copies, 50 * MS, 600, now_us);
    assert_int_equal(copies.rate, before);
    copies_fini(&copies);
}

static void test_copies_do_not_take_jitter_for_a_queue(void **state)
{
    struct copies copies;
    uint64_t now_us = START;
    uint64_t state_of_rng = test_seed(1);

    (void)state;
    copies_init(&copies, now_us);
    for (unsigned i = 0; i < 5000; i++) {
        state_of_rng = state_of_rng * 6364136223846793005u + 1;
        copies_sample(&copies,
                      50 * MS + (uint32_t)(state_of_rng >> 33) % (100 * MS),
                      now_us += 50 * MS);
        if (i > 200)
            assert_true(copies.rate > 12000);
    }
    copies_fini(&copies);
}

static void test_copies_keep_to_the_budget(void **state)
{
    struct copies copies;
    uint64_t now_us;
    uint32_t spent = 0;

    (void)state;
    copies_init(&copies, START);
    now_us = flat(&copies, 50 * MS, 30, START);
    for (unsigned i = 0; i < 10000; i++, now_us += MS)
        spent += copies_spend(&copies, 200, now_us) ? 200 : 0;

    assert_in_range(spent, 200 * 1000, 270 * 1000); /* 24 KB/s for 10 s */
    copies_fini(&copies);
}

static void test_copies_of_many_messages_depend_on_loss(void **state)
{
    static const struct {
        uint32_t loss;
        unsigned n;
    } LINES[] = { { 0, 1 }, { 50, 2 }, { 100, 3 } };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct copies copies;
        uint64_t now_us;
        unsigned n = 0;

        copies_init(&copies, START);
        now_us = flat(&copies, 50 * MS, 10, START);
        for (uint32_t k = 0; k < 200; k++) { /* 20 a second */
            struct parcel *parcel = message(k);

            copies_plan(&copies, parcel, LINES[i].loss, SECOND, now_us);
            now_us += 50 * MS;
            parcel->unacked = k < 199 ? 0 : 1;
            if (k < 199)
                copies_next(&copies);
            if (k < 199)
                assert_null(copies_peek(&copies, now_us, now_us));
            parcel_unref(parcel);
        }
        for (uint64_t at; (at = copies_next(&copies)) != NEVER; n++)
            copies_take(&copies, copies_peek(&copies, at, at));
        assert_int_equal(n, LINES[i].n);
        copies_fini(&copies);
    }
}

static void test_copies_plan_a_bounded_number(void **state)
{
    struct copies copies;
    struct parcel *parcels[100];

    (void)state;
    copies_init(&copies, START);
    for (uint32_t i = 0; i < 100; i++) {
        parcels[i] = message(i);
        copies_plan(&copies, parcels[i], 0, SECOND, START);
    }
    assert_int_equal(copies.n, COPIES_PLANNED);
    copies_fini(&copies);
    for (uint32_t i = 0; i < 100; i++) {
        assert_int_equal(parcels[i]->refs, 1);
        parcel_unref(parcels[i]);
    }
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(
        test_copies_begin_with_one_and_grow_while_the_path_is_flat),
    cmocka_unit_test(test_copies_later_than_the_timeout_are_not_planned),
    cmocka_unit_test(test_copies_stop_when_the_message_has_come),
    cmocka_unit_test(test_copies_brake_when_a_queue_stands),
    cmocka_unit_test(test_copies_do_not_take_jitter_for_a_queue),
    cmocka_unit_test(test_copies_keep_to_the_budget),
    cmocka_unit_test(test_copies_of_many_messages_depend_on_loss),
    cmocka_unit_test(test_copies_plan_a_bounded_number),
};

int main(void)
{
    return RUN(TESTS);
}
