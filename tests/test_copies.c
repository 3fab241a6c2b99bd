/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include "shared/copies.h"
#include "shared/frame.h"
#include "shared/now.h"

#define MS     UINT64_C(1000) /* us */
#define SECOND UINT64_C(1000000)
#define START  (5 * SECOND)

static struct parcel *message(uint32_t seq, enum dgram_class class)
{
    struct frame *frame = frame_copy(S("twelve bytes and some more of them"));
    struct parcel *parcel = parcel_new(frame, 1, seq, class);

    frame_unref(frame);
    parcel->fresh = 1; /* sent */
    return parcel;
}

/* The copies of one message that are sent, as a sum of their offsets in ms. */
static unsigned offsets(enum dgram_class class, uint32_t loss, uint32_t within)
{
    struct parcel *parcel = message(0, class);
    struct copies copies;
    uint64_t at;
    unsigned sum = 0;

    copies_init(&copies, START);
    copies.budget.tokens = 2000;
    copies_plan(&copies, parcel, loss, within, START);
    while ((at = copies_next(&copies)) != NEVER) {
        struct parcel *due = copies_peek(&copies, false, at);

        assert_null(copies_peek(&copies, false, at - 1));
        assert_ptr_equal(due, parcel);
        sum += (unsigned)((at - START) / MS);
        copies_take(&copies, due);
    }
    copies_fini(&copies);
    parcel_unref(parcel);
    return sum;
}

static void test_copies_are_as_many_as_the_loss_is_worth(void **state)
{
    (void)state;
    assert_int_equal(offsets(DGRAM_OWN, 0, SECOND), 10);
    assert_int_equal(offsets(DGRAM_OWN, 10, SECOND), 10);
    assert_int_equal(offsets(DGRAM_OWN, 20, SECOND), 10 + 30);
    assert_int_equal(offsets(DGRAM_OWN, 100, SECOND), 10 + 30 + 70);
}

static void test_copies_of_a_room_need_loss(void **state)
{
    (void)state;
    assert_int_equal(offsets(DGRAM_FANOUT, 0, SECOND), 0);
    assert_int_equal(offsets(DGRAM_FANOUT, 10, SECOND), 10);
    assert_int_equal(offsets(DGRAM_FANOUT, 100, SECOND), 10 + 30 + 70);
}

static void test_copies_later_than_the_timeout_are_not_planned(void **state)
{
    (void)state;
    assert_int_equal(offsets(DGRAM_OWN, 100, 45 * MS), 10 + 30);
    assert_int_equal(offsets(DGRAM_OWN, 100, 20 * MS), 10);
    assert_int_equal(offsets(DGRAM_OWN, 100, 5 * MS), 0);
}

static void test_copies_ride_early_on_what_leaves_anyway(void **state)
{
    static const unsigned RIDES[] = { 5, 25, 35, 100 };
    struct parcel *parcel = message(0, DGRAM_OWN);
    struct copies copies;

    (void)state;
    copies_init(&copies, START);
    copies.budget.tokens = 2000;
    copies_plan(&copies, parcel, 300, SECOND, START);
    for (size_t i = 0; i < 4; i++) {
        uint64_t at = START + RIDES[i] * MS;

        assert_null(copies_peek(&copies, true, at - 1));
        assert_null(copies_peek(&copies, false, at));
        assert_ptr_equal(copies_peek(&copies, true, at), parcel);
        if (i == 3) /* never on its own */
            assert_true(copies_next(&copies) == NEVER);
        copies_take(&copies, parcel);
    }
    assert_int_equal(parcel->refs, 1);
    parcel_unref(parcel);
    copies_fini(&copies);
}

static void test_copies_stop_when_the_message_has_come(void **state)
{
    struct copies copies;
    struct parcel *parcel = message(0, DGRAM_OWN);

    (void)state;
    copies_init(&copies, START);
    copies_plan(&copies, parcel, 0, SECOND, START);
    assert_int_equal(parcel->refs, 2);
    parcel->unacked = 0;

    assert_true(copies_next(&copies) == NEVER);
    assert_null(copies_peek(&copies, false, START + SECOND));
    assert_int_equal(parcel->refs, 1);
    parcel_unref(parcel);
    copies_fini(&copies);
}

/* First copies of all are worth more than second ones of some. */
static void test_copies_share_a_budget(void **state)
{
    struct copies copies;
    struct parcel *parcels[30], *due;
    uint64_t at;
    unsigned first = 0, second = 0;

    (void)state;
    copies_init(&copies, START);
    copies.budget.tokens = budget_depth(&copies.budget);
    for (uint32_t i = 0; i < 30; i++) {
        parcels[i] = message(i, DGRAM_OWN);
        copies_plan(&copies, parcels[i], 50, SECOND, START);
    }
    while ((at = copies_next(&copies)) != NEVER) {
        due = copies_peek(&copies, false, at);
        if (!due)
            continue;
        *(at == START + 10 * MS ? &first : &second) += 1;
        copies_take(&copies, due);
    }
    assert_in_range(first, 10, 20);
    assert_int_equal(second, 0);
    for (uint32_t i = 0; i < 30; i++)
        parcel_unref(parcels[i]);
    copies_fini(&copies);
}

static void test_copies_plan_a_bounded_number(void **state)
{
    struct copies copies;
    struct parcel *parcels[100];

    (void)state;
    copies_init(&copies, START);
    for (uint32_t i = 0; i < 100; i++) {
        parcels[i] = message(i, DGRAM_OWN);
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
    cmocka_unit_test(test_copies_are_as_many_as_the_loss_is_worth),
    cmocka_unit_test(test_copies_of_a_room_need_loss),
    cmocka_unit_test(test_copies_later_than_the_timeout_are_not_planned),
    cmocka_unit_test(test_copies_ride_early_on_what_leaves_anyway),
    cmocka_unit_test(test_copies_stop_when_the_message_has_come),
    cmocka_unit_test(test_copies_share_a_budget),
    cmocka_unit_test(test_copies_plan_a_bounded_number),
};

int main(void)
{
    return RUN(TESTS);
}
