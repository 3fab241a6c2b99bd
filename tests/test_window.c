/* SPDX-License-Identifier: MIT
 *
 * The congestion window, its pacer, and the round-trip estimate they stand on.
 */
#include "tests/test.h"

#include "shared/dgram.h"
#include "shared/rtt.h"
#include "shared/window.h"

#define MS UINT64_C(1000) /* us */

static void test_window_doubles_until_a_loss_then_adds(void **state)
{
    struct window w;
    uint32_t before;

    (void)state;
    window_init(&w, 0);
    before = w.cwnd;
    for (int i = 0; i < 10; i++)
        window_acked(&w, PACKET_MAX, 1, true);
    assert_int_equal(w.cwnd, 2 * before);
    window_lost(&w, 5, 100);
    assert_int_equal(w.cwnd, before);
    for (int i = 0; i < 10; i++)
        window_acked(&w, PACKET_MAX, 200, true);
    assert_in_range(w.cwnd, before + PACKET_MAX / 2, before + PACKET_MAX);
}

static void test_window_halves_once_a_round_trip(void **state)
{
    struct window w;
    uint32_t before;

    (void)state;
    window_init(&w, 0);
    before = w.cwnd;
    window_lost(&w, 50, 100);
    window_lost(&w, 60, 110);
    window_lost(&w, 100, 120);
    assert_int_equal(w.cwnd, before / 2);
    window_lost(&w, 101, 200);
    assert_int_equal(w.cwnd, before / 4);
    for (uint64_t i = 1; i < 20; i++)
        window_lost(&w, 300 * i, 300 * i + 1);
    assert_int_equal(w.cwnd, 2 * PACKET_MAX);
}

static void test_window_does_not_grow_unused_or_without_end(void **state)
{
    struct window w;
    uint32_t before;

    (void)state;
    window_init(&w, 0);
    before = w.cwnd;
    window_acked(&w, PACKET_MAX, 1, false);
    assert_int_equal(w.cwnd, before);
    for (int i = 0; i < 100000; i++)
        window_acked(&w, PACKET_MAX, 1, true);
    assert_int_equal(w.cwnd, WINDOW_PACKETS_MAX * PACKET_MAX);
}

static void test_window_restarts_wide_when_the_path_was_away(void **state)
{
    struct window w;

    (void)state;
    window_init(&w, 0);
    for (uint64_t i = 1; i < 20; i++)
        window_lost(&w, 300 * i, 300 * i + 1);
    window_restart(&w, false, 9000);
    assert_int_equal(w.cwnd, WINDOW_RESTART * PACKET_MAX);
    window_lost(&w, 8000, 9100); /* one of those the outage took */
    assert_int_equal(w.cwnd, WINDOW_RESTART * PACKET_MAX);
    window_acked(&w, PACKET_MAX, 9001, true);
    assert_int_equal(w.cwnd, (WINDOW_RESTART + 1) * PACKET_MAX);
    window_restart(&w, true, 10000);
    assert_int_equal(w.cwnd, 2 * PACKET_MAX);
}

static void test_window_paces_a_quarter_faster_than_the_window(void **state)
{
    struct window w;
    uint64_t now_us = 1000 * MS, packets = 0;

    (void)state;
    window_init(&w, now_us);
    window_spend(&w, 10 * PACKET_MAX);
    assert_false(window_paced(&w));
    for (int i = 0; i < 10000; i++) { /* a second, 100 ms a round trip */
        window_pace(&w, 100 * MS, now_us += 100);
        if (window_paced(&w)) {
            window_spend(&w, PACKET_MAX);
            packets++;
        }
    }
    assert_in_range(packets, 120, 126);
}

static void test_window_pacer_says_how_long_to_wait(void **state)
{
    struct window w;
    uint64_t now_us = 1000 * MS, wait;

    (void)state;
    window_init(&w, now_us);
    assert_int_equal(window_wait(&w, 50 * MS), 0);
    window_spend(&w, 10 * PACKET_MAX);
    wait = window_wait(&w, 50 * MS);
    window_pace(&w, 50 * MS, now_us + wait / 2);
    assert_false(window_paced(&w));
    window_pace(&w, 50 * MS, now_us + wait + 1);
    assert_true(window_paced(&w));
    window_pace(&w, 50 * MS, now_us + 3600000 * (uint64_t)MS);
    window_spend(&w, 10 * PACKET_MAX); /* ten deep, not more */
    assert_false(window_paced(&w));
}

static void test_rtt_follows_the_rfc(void **state)
{
    struct rtt rtt = { 0 };

    (void)state;
    assert_int_equal(rtt_now(&rtt), RTT_INITIAL);
    assert_true(rtt_sample(&rtt, 100 * MS, 0));
    assert_int_equal(rtt.smoothed, 100 * MS);
    assert_int_equal(rtt.var, 50 * MS);
    assert_true(rtt_sample(&rtt, 120 * MS, 10 * MS));
    assert_int_equal(rtt.smoothed, 101250);
    assert_int_equal(rtt.var, 40000);
    assert_int_equal(rtt.least, 100 * MS);
    assert_int_equal(rtt.path, 110 * MS);
}

static void test_rtt_takes_off_no_more_delay_than_honest(void **state)
{
    struct rtt rtt = { 0 };

    (void)state;
    rtt_sample(&rtt, 100 * MS, 0);
    rtt_sample(&rtt, 105 * MS, 20 * MS); /* would be below the least */
    assert_int_equal(rtt.path, 105 * MS);
    rtt_sample(&rtt, 300 * MS, 250 * MS); /* nobody may hold back as long */
    assert_int_equal(rtt.path, 300 * MS - ACK_DELAY_MAX);
}

static void test_rtt_ignores_a_night_of_suspend(void **state)
{
    struct rtt rtt = { 0 };

    (void)state;
    rtt_sample(&rtt, 50 * MS, 0);
    assert_false(rtt_sample(&rtt, 30000000 * MS, 0));
    assert_int_equal(rtt.smoothed, 50 * MS);
    assert_int_equal(rtt.path, 50 * MS);
}

static void test_rtt_timeouts_follow(void **state)
{
    struct rtt rtt = { 0 };

    (void)state;
    assert_int_equal(rtt_probe(&rtt),
                     RTT_INITIAL + RTT_INITIAL / 2 * 4 + ACK_DELAY_MAX);
    for (int i = 0; i < 100; i++)
        rtt_sample(&rtt, 80 * MS, 0);
    assert_int_equal(rtt_loss_delay(&rtt), 90 * MS);
    assert_int_equal(rtt_probe(&rtt), 80 * MS + RTT_GRANULE + ACK_DELAY_MAX);
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_window_doubles_until_a_loss_then_adds),
    cmocka_unit_test(test_window_halves_once_a_round_trip),
    cmocka_unit_test(test_window_does_not_grow_unused_or_without_end),
    cmocka_unit_test(test_window_restarts_wide_when_the_path_was_away),
    cmocka_unit_test(test_window_paces_a_quarter_faster_than_the_window),
    cmocka_unit_test(test_window_pacer_says_how_long_to_wait),
    cmocka_unit_test(test_rtt_follows_the_rfc),
    cmocka_unit_test(test_rtt_takes_off_no_more_delay_than_honest),
    cmocka_unit_test(test_rtt_ignores_a_night_of_suspend),
    cmocka_unit_test(test_rtt_timeouts_follow),
};

int main(void)
{
    return RUN(TESTS);
}
