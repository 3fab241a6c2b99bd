/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include <fcntl.h>
#include <unistd.h>

#include "tui/pump.h"

/* A pump into a pipe that nobody reads, and the end to read it from. */
static int pipe_of(struct pump *p)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    pump_init(p, ends[1]);
    return ends[0];
}

static void close_both(struct pump *p, int end)
{
    close(p->fd);
    close(end);
    pump_fini(p);
}

static void check_read(int end, const char *want)
{
    char got[256];
    ssize_t n = read(end, got, sizeof got - 1);

    got[n > 0 ? n : 0] = '\0';
    assert_string_equal(got, want);
}

static void fill(struct pump *p, uint64_t now_ms)
{
    static const char PIECE[1000];

    while (!pump_busy(p))
        assert_true(
            pump_write(p, str_bytes(PIECE, sizeof PIECE), SIZE_MAX, now_ms));
}

static void empty(int end)
{
    char bytes[4096];

    while (read(end, bytes, sizeof bytes) > 0) {
    }
}

static void test_pump_writes_at_once(void **state)
{
    struct pump p;
    int end = pipe_of(&p);

    (void)state;
    assert_true(pump_write(&p, S("hello"), 10, 0));
    assert_true(pump_write(&p, S(""), 10, 0));
    assert_false(pump_busy(&p));
    check_read(end, "hello");
    close_both(&p, end);
}

static void test_pump_has_a_limit_once_it_owes(void **state)
{
    struct pump p;
    int end = pipe_of(&p);
    size_t owed;

    (void)state;
    fill(&p, 0);
    owed = p.to - p.from;
    assert_false(pump_write(&p, S("12345"), owed + 4, 0));
    assert_int_equal(p.to - p.from, owed);
    assert_true(pump_write(&p, S("12345"), owed + 5, 0));

    empty(end);
    pump_flush(&p, 0);
    assert_false(pump_busy(&p));
    close_both(&p, end);
}

static void test_pump_is_stuck_since_something_moved_last(void **state)
{
    struct pump p;
    int end = pipe_of(&p);

    (void)state;
    assert_int_equal(pump_stuck_ms(&p, 50), 0);
    fill(&p, 100);
    assert_int_equal(pump_stuck_ms(&p, 100), 0);
    pump_flush(&p, 1600);
    assert_true(pump_write(&p, S("more"), SIZE_MAX, 1700));
    assert_int_equal(pump_stuck_ms(&p, 3100), 3000);

    empty(end);
    pump_flush(&p, 3200);
    assert_int_equal(pump_stuck_ms(&p, 9000), 0);
    close_both(&p, end);
}

static void test_pump_probes_now_and_then(void **state)
{
    struct pump p;
    int end = pipe_of(&p);

    (void)state;
    pump_probe(&p, 1000);
    check_read(end, "\033[5n");
    pump_probe(&p, 9000); /* the first is not answered */
    check_read(end, "");
    pump_heard(&p, S("\033[0n"));
    pump_probe(&p, 5999); /* too soon */
    check_read(end, "");
    pump_probe(&p, 6000);
    check_read(end, "\033[5n");
    close_both(&p, end);
}

static void test_pump_takes_silence_for_trouble_once_answered(void **state)
{
    struct pump p;
    int end = pipe_of(&p);

    (void)state;
    pump_probe(&p, 1000);
    assert_int_equal(pump_stuck_ms(&p, 9000), 0); /* may not know it */
    pump_heard(&p, S("ab\033\033["));
    pump_heard(&p, S("0n"));
    pump_probe(&p, 10000);
    assert_int_equal(pump_stuck_ms(&p, 10000), 0);
    assert_int_equal(pump_stuck_ms(&p, 17000), 7000);

    pump_heard(&p, S("k")); /* any key shows it is alive */
    assert_int_equal(pump_stuck_ms(&p, 17000), 0);
    close_both(&p, end);
}

static void test_pump_forgets_what_nobody_will_read(void **state)
{
    struct pump p;
    int end = pipe_of(&p);

    (void)state;
    fill(&p, 0);
    pump_drop(&p);
    assert_false(pump_busy(&p));
    assert_int_equal(pump_stuck_ms(&p, 5000), 0);
    close_both(&p, end);
}

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test(test_pump_writes_at_once),
        cmocka_unit_test(test_pump_has_a_limit_once_it_owes),
        cmocka_unit_test(test_pump_is_stuck_since_something_moved_last),
        cmocka_unit_test(test_pump_probes_now_and_then),
        cmocka_unit_test(test_pump_takes_silence_for_trouble_once_answered),
        cmocka_unit_test(test_pump_forgets_what_nobody_will_read),
    };

    return RUN(TESTS);
}
