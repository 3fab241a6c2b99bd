/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include "shared/flight.h"
#include "shared/frame.h"
#include "shared/now.h"

static void add(struct flight *flight, uint64_t at_us, unsigned flags)
{
    struct sent head = { .at_us = at_us,
                         .bytes = 100,
                         .flags = (uint8_t)flags };

    flight_add(flight, &head, NULL);
}

/* Take the lost ones; returns their numbers as decimal digits. */
static unsigned lost(struct flight *flight, uint32_t newest, uint64_t before_us)
{
    struct sent *sent;
    unsigned digits = 0;
    uint64_t next_us;

    while ((sent = flight_take_lost(flight, newest, before_us, &next_us))) {
        digits = digits * 10 + sent->pn;
        sent_free(sent);
    }
    return digits;
}

static void test_flight_counts_what_is_in_it(void **state)
{
    struct flight flight;

    (void)state;
    flight_init(&flight, 0);
    add(&flight, 1, 0);
    flight_skip(&flight);
    add(&flight, 3, SENT_COPY);
    assert_int_equal(flight.bytes, 200);
    assert_int_equal(flight.packets, 2);
    assert_int_equal(flight.thin, 1);
    assert_int_equal(flight.total, 3);
    assert_null(flight_take(&flight, 1));
    sent_free(flight_take(&flight, 0));
    assert_null(flight_take(&flight, 0));
    sent_free(flight_take(&flight, 2));

    assert_int_equal(flight.bytes, 0);
    assert_int_equal(flight.packets, 0);
    assert_int_equal(flight.thin, 0);
    assert_null(flight.ring); /* nothing is kept for nothing */
    assert_int_equal(flight.next, 3);
    flight_fini(&flight);
}

static void test_flight_finds_lost_by_count_and_by_time(void **state)
{
    struct flight flight;
    uint64_t next_us = 0;

    (void)state;
    flight_init(&flight, 0);
    for (unsigned i = 0; i < 8; i++)
        add(&flight, 100 * (uint64_t)i, 0);
    assert_int_equal(lost(&flight, 2, 0), 0); /* sent at 0: in time */
    assert_int_equal(lost(&flight, 4, 0), 1);
    assert_int_equal(lost(&flight, 4, 250), 2);
    assert_null(flight_take_lost(&flight, 4, 250, &next_us));
    assert_int_equal(next_us, 300);
    assert_int_equal(lost(&flight, 7, 0), 34);
    sent_free(flight_take(&flight, 5));
    sent_free(flight_take(&flight, 6));
    assert_null(flight_take_lost(&flight, 7, 1000, &next_us));
    assert_true(next_us == NEVER);
    flight_fini(&flight);
}

static void test_flight_wraps_and_grows(void **state)
{
    struct flight flight;

    (void)state;
    flight_init(&flight, UINT32_MAX - 20);
    for (uint32_t i = 0; i < FLIGHT_SPAN; i++) {
        assert_false(flight_full(&flight));
        add(&flight, i, 0);
    }
    assert_true(flight_full(&flight));
    for (uint32_t i = 0; i < FLIGHT_SPAN; i++) {
        const struct sent *sent = flight_at(&flight, UINT32_MAX - 20 + i);

        assert_non_null(sent);
        assert_int_equal(sent->at_us, i);
    }
    assert_null(flight_at(&flight, UINT32_MAX - 21));
    assert_null(flight_at(&flight, flight.next));
    sent_free(flight_take_oldest(&flight));
    assert_false(flight_full(&flight));
    flight_fini(&flight);
}

static void test_flight_knows_what_was_sent(void **state)
{
    struct flight flight;

    (void)state;
    flight_init(&flight, UINT32_MAX);
    assert_false(flight_knows(&flight, UINT32_MAX));
    flight_skip(&flight);
    add(&flight, 1, 0);
    assert_true(flight_knows(&flight, UINT32_MAX));
    assert_true(flight_knows(&flight, 0));
    assert_false(flight_knows(&flight, 1));
    assert_false(flight_knows(&flight, UINT32_MAX - 1));
    flight_fini(&flight);
}

static void test_flight_overlap_is_what_may_be_kept(void **state)
{
    struct flight flight;
    struct range all = { UINT32_MAX - 100, 5 }, below = { 0, 2 };
    uint32_t pn;

    (void)state;
    flight_init(&flight, 0);
    for (unsigned i = 0; i < 3; i++)
        flight_skip(&flight);
    for (unsigned i = 0; i < 4; i++)
        add(&flight, i, 0);
    assert_int_equal(flight_overlap(&flight, &all, &pn), 3); /* 3 4 5 */
    assert_int_equal(pn, 5);
    all.hi = 100;
    assert_int_equal(flight_overlap(&flight, &all, &pn), 4);
    assert_int_equal(flight_overlap(&flight, &below, &pn), 0);
    flight_fini(&flight);
    assert_int_equal(flight_overlap(&flight, &all, &pn), 0);
}

static void test_flight_holds_parcels_until_freed(void **state)
{
    struct frame *frame = frame_copy(S("twelve bytes"));
    struct parcel *parcel = parcel_new(frame, 0, 0, DGRAM_OWN);
    struct piece pieces[2] = { { parcel, 0 }, { parcel, 0 } };
    struct sent head = { .n = 2 };
    struct flight flight;

    (void)state;
    flight_init(&flight, 0);
    flight_add(&flight, &head, pieces);
    assert_int_equal(parcel->refs, 3);
    flight_fini(&flight);
    assert_int_equal(parcel->refs, 1);
    parcel_unref(parcel);
    assert_int_equal(frame->refs, 1);
    frame_unref(frame);
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_flight_counts_what_is_in_it),
    cmocka_unit_test(test_flight_finds_lost_by_count_and_by_time),
    cmocka_unit_test(test_flight_wraps_and_grows),
    cmocka_unit_test(test_flight_knows_what_was_sent),
    cmocka_unit_test(test_flight_overlap_is_what_may_be_kept),
    cmocka_unit_test(test_flight_holds_parcels_until_freed),
};

int main(void)
{
    return RUN(TESTS);
}
