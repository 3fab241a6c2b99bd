/* SPDX-License-Identifier: MIT
 *
 * The promises of the datagram machine on simulated paths, over many seeds.
 * Time is virtual, so nothing here depends on the machine.  A failure prints
 * its seed; SEED=... runs the randomised tests with that one alone.
 */
#include "tests/test.h"

#include "shared/error.h"
#include "tests/dgram_cells.h"

enum { SEEDS = 300 };

/* Call body for each seed, or for the one in $SEED. */
static void each_seed(uint64_t first, void (*body)(uint64_t seed))
{
    uint64_t only = test_seed(0);

    if (only) {
        body(only);
        return;
    }
    for (uint64_t i = 0; i < SEEDS; i++)
        body(first + i * 0x9e3779b97f4a7c15u);
}

static void must(bool good, const struct sim *sim, uint64_t seed,
                 const char *what)
{
    if (good && !sim->failed)
        return;
    fail_msg("seed 0x%llx: %s, %.3f s after the start; reproduce with "
             "SEED=0x%llx tests/test_dgram_sim",
             (unsigned long long)seed, sim->failed ? sim->failed : what,
             (double)(sim->now.mono_us - sim->start_us) / 1e6,
             (unsigned long long)seed);
}

/* ---- random paths and talk ---- */

static uint32_t up_to(struct rng *rng, uint32_t n)
{
    return (uint32_t)rng_below(rng, n + 1);
}

static bool one_in(struct rng *rng, unsigned n)
{
    return rng_below(rng, n) == 0;
}

/* A spell of up to 8 s in the first half minute. */
static void spell(struct rng *rng, uint64_t *from, uint64_t *to)
{
    *from = rng_below(rng, 22 * SIM_SECOND);
    *to = *from + rng_below(rng, 8 * SIM_SECOND);
}

static struct sim_path random_path(struct rng *rng)
{
    struct sim_path path = { .delay_us = 500 + up_to(rng, 150 * SIM_MS) };

    path.jitter_us = one_in(rng, 2) ? up_to(rng, (uint32_t)path.delay_us) : 0;
    path.lose = up_to(rng, 300000);
    path.repeat = one_in(rng, 2) ? up_to(rng, 100000) : 0;
    path.reorder = one_in(rng, 2) ? up_to(rng, 200000) : 0;
    if (one_in(rng, 3)) {
        path.good_us = SIM_SECOND;
        path.bad_us = up_to(rng, 400 * SIM_MS) + 1;
    }
    if (one_in(rng, 3))
        spell(rng, &path.dead_from, &path.dead_to);
    if (one_in(rng, 4)) {
        spell(rng, &path.hole_from, &path.hole_to);
        path.hole_bytes = 300 + up_to(rng, 700);
    }
    if (one_in(rng, 4)) {
        path.rate = 6000 + up_to(rng, 100000);
        path.buffer = 4000 + up_to(rng, 60000);
    }
    return path;
}

static struct sim_talk random_talk(struct rng *rng)
{
    struct sim_talk talk = { .until_us = 30 * SIM_SECOND };

    talk.per_second = 0.2 + (double)up_to(rng, 200) / 10;
    talk.burst = one_in(rng, 4) ? 1 + up_to(rng, 10) : 1;
    talk.streams = 1 + up_to(rng, SIM_STREAMS - 1);
    talk.size = SIM_MESSAGE_LEAST;
    talk.size_max = one_in(rng, 8) ? 5000 : 400;
    talk.class = (enum dgram_class)rng_below(rng, 3);
    talk.states = one_in(rng, 2) ? 3 : 0;
    talk.beats = one_in(rng, 2) ? 0.5 : 0;
    return talk;
}

static struct sim *random_sim(uint64_t seed)
{
    struct rng rng = { seed ^ 0x5eed };
    uint32_t first_pn = one_in(&rng, 2) ? UINT32_MAX - up_to(&rng, 5) : 0;
    struct sim *sim = sim_new(seed, random_path(&rng), first_pn);

    sim->end[1].out = random_path(&rng);
    sim_talks(sim, 0, random_talk(&rng));
    sim_talks(sim, 1, random_talk(&rng));
    return sim;
}

/* ---- exactly once, in order, then silence ---- */

static void comes_once_and_in_order(uint64_t seed)
{
    struct sim *sim = random_sim(seed);

    sim_run(sim, 30 * SIM_SECOND);
    sim_run(sim, 100000 * SIM_SECOND); /* or until all is said */

    must(sim_all_came(sim, 0), sim, seed, "a client's message never came");
    must(sim_all_came(sim, 1), sim, seed, "a server's message never came");
    for (unsigned i = 0; i < 2; i++) {
        struct dgram *dgram = sim->end[i].dgram;

        must(dgram_idle(dgram), sim, seed, "still busy after all has come");
        must(dgram_deadline(dgram) == NEVER, sim, seed,
             "a timer runs after all has come");
    }
    sim_free(sim);
}

static void test_dgram_delivers_once_in_order_then_is_silent(void **state)
{
    (void)state;
    each_seed(1, comes_once_and_in_order);
}

static uint64_t trace_of(uint64_t seed)
{
    struct sim *sim = random_sim(seed);
    uint64_t trace;

    sim_run(sim, 60 * SIM_SECOND);
    trace = sim->trace;
    sim_free(sim);
    return trace;
}

static void test_dgram_is_deterministic(void **state)
{
    (void)state;
    for (uint64_t seed = 100; seed < 120; seed++) {
        assert_int_equal(trace_of(seed), trace_of(seed));
        assert_int_not_equal(trace_of(seed), trace_of(seed + 1000));
    }
}

static void heavy_loss(uint64_t seed)
{
    struct sim *sim = sim_new(seed, sim_path(60 * SIM_MS, 0), 0);
    struct sim_talk talk = {
        .per_second = 10, .streams = 3, .size = 100, .until_us = 10 * SIM_SECOND
    };

    sim->end[0].out.lose = sim->end[1].out.lose = 600000;
    talk.class = seed & 1 ? DGRAM_OWN : DGRAM_FANOUT;
    sim_talks(sim, 0, talk);
    sim_talks(sim, 1, talk);
    sim_run(sim, 100000 * SIM_SECOND); /* or until all is said */

    must(sim_all_came(sim, 0) && sim_all_came(sim, 1), sim, seed,
         "a message never came");
    sim_free(sim);
}

static void test_dgram_survives_sixty_percent_loss(void **state)
{
    (void)state;
    each_seed(2, heavy_loss);
}

/* ---- long messages, much data, a slow owner ---- */

static void test_dgram_carries_the_longest_message(void **state)
{
    struct sim *sim = sim_new(3, sim_path(50 * SIM_MS, 10), 0);

    (void)state;
    sim_talks(sim, 0,
              (struct sim_talk){ .per_second = 1,
                                 .streams = 4,
                                 .size = FRAME_MAX,
                                 .class = DGRAM_OWN,
                                 .until_us = 20 * SIM_SECOND });
    sim_run(sim, 300 * SIM_SECOND);

    must(sim_all_came(sim, 0), sim, 3, "not all came");
    assert_true(sim_sum(sim->end[1].got) > 5);
    sim_free(sim);
}

static void test_dgram_bulk_fills_a_clean_path(void **state)
{
    struct sim *sim = sim_new(4, sim_path(40 * SIM_MS, 0), 0);
    double seconds;

    (void)state;
    sim_talks(sim, 1,
              (struct sim_talk){ .per_second = 1000,
                                 .streams = 1,
                                 .size = 1000,
                                 .class = DGRAM_BULK,
                                 .until_us = 2 * SIM_SECOND });
    sim_talks(sim, 0,
              (struct sim_talk){ .per_second = 1, .until_us = 2 * SIM_SECOND });
    sim->end[1].out.reorder = 0;
    sim->end[1].out.jitter_us = 0;
    sim_run(sim, 3600 * (uint64_t)SIM_SECOND);
    seconds = (double)sim_latency(sim).max / 1e3 + 2;

    must(sim_all_came(sim, 1), sim, 4, "not all came");
    assert_true((double)sim_sum(sim->end[0].got) * 1000 / seconds > 400e3);
    sim_free(sim);
}

static void test_dgram_waits_for_a_slow_owner_in_bounded_memory(void **state)
{
    struct sim *sim = sim_new(5, sim_path(20 * SIM_MS, 2), 0);
    struct dgram_stats stats;

    (void)state;
    sim->end[1].deaf = true;
    sim_talks(sim, 0,
              (struct sim_talk){ .per_second = 500,
                                 .streams = 5,
                                 .size = 1000,
                                 .class = DGRAM_FANOUT,
                                 .until_us = 20 * SIM_SECOND });
    sim_run(sim, 30 * SIM_SECOND);
    dgram_stats(sim->end[1].dgram, &stats);
    assert_in_range(stats.held, 200000, 256 * 1024);
    dgram_stats(sim->end[0].dgram, &stats);
    assert_true(stats.queued <= 4u << 20);
    assert_true(sim->end[0].refused > 0);

    sim->end[1].deaf = false;
    sim_turn(sim, 1);
    sim_run(sim, 300 * SIM_SECOND);
    must(sim_all_came(sim, 0), sim, 5, "not all came after the owner woke");
    sim_free(sim);
}

static void keeps_to_the_window(uint64_t seed)
{
    unsigned loss = (unsigned)(seed % 21);
    struct sim *sim = sim_new(seed, sim_path(80 * SIM_MS, loss), 0);

    sim->end[1].strict = true;
    sim_talks(sim, 0,
              (struct sim_talk){ .per_second = 1, .until_us = 5 * SIM_SECOND });
    sim_talks(sim, 1,
              (struct sim_talk){ .per_second = 500,
                                 .streams = 3,
                                 .size = 100,
                                 .size_max = 3000,
                                 .class = DGRAM_BULK,
                                 .from_us = SIM_SECOND,
                                 .until_us = 5 * SIM_SECOND });
    sim_run(sim, 10 * SIM_SECOND);

    must(true, sim, seed, "");
    sim_free(sim);
}

static void test_dgram_keeps_to_the_window(void **state)
{
    (void)state;
    each_seed(6, keeps_to_the_window);
}

/* ---- a path that goes away ---- */

static void test_dgram_comes_back_at_once_after_an_outage(void **state)
{
    (void)state;
    for (uint64_t rtt = 50; rtt <= 200; rtt += 150)
        for (uint64_t seed = 0; seed < 25; seed++) {
            double d = (double)rtt / 2;
            double first = away_first(seed * 2, rtt, 3000, 20);

            assert_true(first > 0 && first <= d + 60);
            assert_true(away_backlog(seed * 2, rtt) <= d + (double)rtt + 75);
        }
}

static void test_dgram_finds_the_path_back_when_nobody_types(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 40; seed++) {
        double first = away_first(seed, 50, 2900 + seed * 13, 0.37);

        assert_true(first > 0 && first <= 25 + 275);
    }
}

static void test_dgram_survives_an_hour_of_suspend(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct sim *sim = away_new(seed, 50, 0, 20);
        uint64_t hour = 3600 * (uint64_t)SIM_SECOND;
        struct dgram_stats stats;

        sim_run(sim, 10 * SIM_SECOND + seed * 7 * SIM_MS);
        sim->now.mono_us += hour;
        sim->end[0].talk_us += hour;
        sim->end[0].talk.until_us += hour;
        sim_run(sim, hour + 300 * SIM_SECOND);

        must(sim_all_came(sim, 0), sim, seed, "not all came");
        dgram_stats(sim->end[0].dgram, &stats);
        assert_in_range(stats.srtt_us, 40000, 80000);
        sim_free(sim);
    }
}

static void test_dgram_takes_reordering_for_repeats_not_for_a_stall(
    void **state)
{
    struct sim *sim = sim_new(9, sim_path(600 * SIM_MS, 0), 0);

    (void)state;
    sim->end[0].out.jitter_us = 299 * SIM_MS; /* packets mostly pass others */
    sim_talks(sim, 0,
              (struct sim_talk){ .per_second = 30,
                                 .streams = 8,
                                 .size = 50,
                                 .class = DGRAM_FANOUT,
                                 .until_us = 100 * SIM_SECOND });
    sim_run(sim, 200 * SIM_SECOND);

    must(sim_all_came(sim, 0), sim, 9, "not all came");
    assert_true(sim_latency(sim).max < 3000);
    sim_free(sim);
}

static void test_dgram_gets_small_lines_through_a_narrow_path(void **state)
{
    struct sim *sim = away_new(10, 50, 0, 2);

    (void)state;
    sim->end[0].out.hole_from = 5 * SIM_SECOND;
    sim->end[0].out.hole_to = 600 * SIM_SECOND;
    sim->end[0].out.hole_bytes = 600;
    sim_run(sim, 100 * SIM_SECOND);

    must(sim_all_came(sim, 0), sim, 10, "not all came");
    sim_free(sim);
}

/* ---- latency: the targets, in virtual time ---- */

enum { CELL_MESSAGES = 8000, BURST_MESSAGES = 60000, NARROW_SEEDS = 3 };

static void keeps(const struct cell *cell, uint64_t seed)
{
    bool bursts = cell->path == PATH_BURSTS;
    struct cell_outcome is =
        cell_run(cell, seed, bursts ? BURST_MESSAGES : CELL_MESSAGES);
    const struct sim_latency *late = &is.late;

    if (!is.failed && late->n > CELL_MESSAGES / 2 &&
        (cell->p50 <= 0 || late->p50 <= cell->p50) &&
        (cell->p99 <= 0 || late->p99 <= cell->p99) &&
        (cell->p999 <= 0 || late->p999 <= cell->p999) &&
        (cell->out <= 0 || is.out <= cell->out) && late->max <= 5000)
        return;
    fail_msg("%s, %s, %u ms, %u %%: p50 %.1f (%.0f), p99 %.1f (%.0f), p99.9 "
             "%.1f (%.0f), max %.0f, %.0f bytes (%.0f) %s",
             cell_talk_name(cell->talk), cell_path_name(cell->path),
             cell->rtt_ms, cell->loss, late->p50, cell->p50, late->p99,
             cell->p99, late->p999, cell->p999, late->max, is.out, cell->out,
             is.failed ? is.failed : "");
}

static void test_dgram_reaches_the_latency_targets(void **state)
{
    (void)state;
    for (size_t i = 0; i < CELL_COUNT; i++)
        keeps(&CELLS[i], 42);
}

/* Copies must not make a narrow link worse than it is. */
static void test_dgram_spares_a_narrow_link(void **state)
{
    (void)state;
    for (size_t i = 0; i < NARROW_COUNT; i++)
        for (uint64_t seed = 1; seed <= NARROW_SEEDS; seed++) {
            const struct narrow *narrow = &NARROWS[i];
            struct cell_outcome is =
                narrow_run(narrow, DGRAM_OWN, 16384, seed, 2000);

            if (is.failed || is.late.p99 > narrow->p99)
                fail_msg("%u kbit/s, %.1f a second: p99 %.0f ms, at most %.0f",
                         narrow->kbit, narrow->per_second, is.late.p99,
                         narrow->p99);
        }
}

/* Nor one that drops instead of queueing: their own loss asks for more. */
static void test_dgram_spares_a_link_that_drops(void **state)
{
    static const struct narrow POLICED = { 64, 20, 1000 };

    (void)state;
    for (uint64_t seed = 1; seed <= NARROW_SEEDS; seed++) {
        struct cell_outcome is =
            narrow_run(&POLICED, DGRAM_OWN, 1500, seed, 2000);

        assert_null(is.failed);
        assert_true(is.late.p99 <= POLICED.p99);
        assert_true(is.out < 450);
    }
}

static void test_dgram_leaves_half_of_a_bottleneck_to_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < SHARE_COUNT; i++) {
        double share = share_run(&SHARES[i], 1);

        if (share < 0.5)
            fail_msg("%u kbit/s, %.0f a second: %.2f left to TCP",
                     SHARES[i].kbit, SHARES[i].per_second, share);
    }
}

/* ---- hostile bytes ---- */

static void survives_garbage(uint64_t seed)
{
    struct dgram_config config = { .server = true,
                                   .seed = seed,
                                   .queue_max = 1 << 20,
                                   .message_max = FRAME_MAX };
    struct now now = { .mono_us = 1000000 };
    struct rng rng = { seed };
    struct dgram *dgram = dgram_new(&config, now);
    uint8_t packet[PACKET_MAX];
    struct str message;

    for (int i = 0; i < 300; i++) {
        size_t len = rng_below(&rng, 60);

        for (size_t k = 0; k < len; k++)
            packet[k] = (uint8_t)rng_next(&rng);
        if (len && one_in(&rng, 2))
            packet[0] = 0x40;
        if (len > 5 && one_in(&rng, 2))
            packet[5] &= 7;
        dgram_input(dgram, packet, len, now);
        while (dgram_next(dgram, &message))
            ;
        now.mono_us += rng_below(&rng, 100000);
        dgram_tick(dgram, now);
        while (dgram_output(dgram, packet, now))
            ;
    }
    dgram_free(dgram);
}

static void test_dgram_survives_garbage(void **state)
{
    (void)state;
    each_seed(7, survives_garbage);
}

/* Flip bits of packets in the air; refusals are expected, damage is not. */
static void survives_mutation(uint64_t seed)
{
    struct sim *sim = random_sim(seed);
    struct rng rng = { seed };

    for (int i = 0; i < 400; i++) {
        struct dgram_stats stats;

        sim_run(sim, (uint64_t)i * 50 * SIM_MS);
        if (!sim->stuck)
            sim->failed = NULL; /* messages may well come changed */
        for (size_t k = 0; k < sim->n; k++)
            if (one_in(&rng, 4))
                sim->heap[k].bytes[rng_below(&rng, sim->heap[k].len)] ^=
                    (uint8_t)(1 << rng_below(&rng, 8));
        for (unsigned k = 0; k < 2; k++) {
            dgram_stats(sim->end[k].dgram, &stats);
            must(stats.held < 400000, sim, seed, "too much memory");
        }
    }
    sim_free(sim);
}

static void test_dgram_survives_mutation(void **state)
{
    (void)state;
    each_seed(8, survives_mutation);
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_dgram_delivers_once_in_order_then_is_silent),
    cmocka_unit_test(test_dgram_is_deterministic),
    cmocka_unit_test(test_dgram_survives_sixty_percent_loss),
    cmocka_unit_test(test_dgram_carries_the_longest_message),
    cmocka_unit_test(test_dgram_bulk_fills_a_clean_path),
    cmocka_unit_test(test_dgram_waits_for_a_slow_owner_in_bounded_memory),
    cmocka_unit_test(test_dgram_keeps_to_the_window),
    cmocka_unit_test(test_dgram_comes_back_at_once_after_an_outage),
    cmocka_unit_test(test_dgram_finds_the_path_back_when_nobody_types),
    cmocka_unit_test(test_dgram_survives_an_hour_of_suspend),
    cmocka_unit_test(test_dgram_takes_reordering_for_repeats_not_for_a_stall),
    cmocka_unit_test(test_dgram_gets_small_lines_through_a_narrow_path),
    cmocka_unit_test(test_dgram_reaches_the_latency_targets),
    cmocka_unit_test(test_dgram_spares_a_narrow_link),
    cmocka_unit_test(test_dgram_spares_a_link_that_drops),
    cmocka_unit_test(test_dgram_leaves_half_of_a_bottleneck_to_others),
    cmocka_unit_test(test_dgram_survives_garbage),
    cmocka_unit_test(test_dgram_survives_mutation),
};

int main(void)
{
    return RUN(TESTS);
}
