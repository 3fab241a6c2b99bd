/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include <signal.h>
#include <sys/wait.h>

#include <uv.h>

#include "tests/pty.h"
#include "tui/tty.h"

/* What has been told. */
struct told {
    char bytes[256];
    size_t len;
    int resized, cols, rows;
    int drained, stopping, continued;
    int gone[3];
    struct tty *tty; /* left when stopping, entered when continued */
};

static void on_bytes(void *arg, struct str bytes)
{
    struct told *told = arg;

    assert_true(told->len + bytes.len < sizeof told->bytes);
    memcpy(told->bytes + told->len, bytes.ptr, bytes.len);
    told->len += bytes.len;
}

static void on_resized(void *arg, int cols, int rows)
{
    struct told *told = arg;

    told->resized++;
    told->cols = cols;
    told->rows = rows;
}

static void on_drained(void *arg)
{
    struct told *told = arg;

    told->drained++;
}

static void on_stopping(void *arg)
{
    struct told *told = arg;

    told->stopping++;
    tty_leave(told->tty);
}

static void on_continued(void *arg)
{
    struct told *told = arg;

    told->continued++;
    tty_enter(told->tty);
}

static void on_gone(void *arg, enum tty_gone why)
{
    struct told *told = arg;

    told->gone[why]++;
}

struct world {
    uv_loop_t loop;
    uv_loop_t child;  /* of a process of its own */
    uv_timer_t timer; /* so that a wait for nothing ends */
    int ticks;
    struct pty *pty;
    struct tty *tty;
    struct told told;
    struct termios before;
};

static void on_tick(uv_timer_t *timer)
{
    struct world *w = timer->data;

    w->ticks++;
}

static struct world *world_new(void)
{
    struct world *w = calloc(1, sizeof *w);
    struct tty_events events = { on_bytes,    on_resized,   on_drained,
                                 on_stopping, on_continued, on_gone,
                                 NULL };
    char error[200] = "";
    int saved;

    assert_non_null(w);
    assert_int_equal(uv_loop_init(&w->loop), 0);
    w->pty = pty_open(80, 24);
    assert_int_equal(tcgetattr(w->pty->program, &w->before), 0);
    saved = pty_attach(w->pty);
    events.arg = &w->told;
    w->tty = tty_open(&w->loop, &events, error, sizeof error);
    pty_release(saved);
    assert_string_equal(error, "");
    w->told.tty = w->tty;
    uv_timer_init(&w->loop, &w->timer);
    w->timer.data = w;
    uv_timer_start(&w->timer, on_tick, 1, 1);
    return w;
}

static void world_free(struct world *w)
{
    tty_close(w->tty);
    uv_close((uv_handle_t *)&w->timer, NULL);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    pty_close(w->pty);
    free(w);
}

/* Run the loop until a counter has a value, for some seconds at most. */
static void run_until(struct world *w, const int *counter, int value)
{
    for (int end = w->ticks + 5000; *counter < value && w->ticks < end;)
        uv_run(&w->loop, UV_RUN_ONCE);
    assert_int_equal(*counter, value);
}

static void run_ticks(struct world *w, int n)
{
    run_until(w, &w->ticks, w->ticks + n);
}

static bool is_cooked(const struct world *w)
{
    struct termios now;

    assert_int_equal(tcgetattr(w->pty->program, &now), 0);
    return now.c_iflag == w->before.c_iflag &&
           now.c_oflag == w->before.c_oflag &&
           now.c_lflag == w->before.c_lflag &&
           now.c_cflag == w->before.c_cflag &&
           memcmp(now.c_cc, w->before.c_cc, sizeof now.c_cc) == 0;
}

static void run_until_told(struct world *w, struct str bytes)
{
    for (int end = w->ticks + 5000; w->told.len < bytes.len && w->ticks < end;)
        uv_run(&w->loop, UV_RUN_ONCE);
    assert_int_equal(w->told.len, bytes.len);
    assert_memory_equal(w->told.bytes, bytes.ptr, bytes.len);
}

/* A cooked terminal makes Enter a newline, which is another key. */
static void test_tty_knows_enter_typed_ahead(void **state)
{
    struct world *w = world_new();

    (void)state;
    pty_type(w->pty, "early\r", 6);
    (void)pty_await(w->pty, "early\r\n"); /* echoed, so cooked */
    tty_enter(w->tty);
    run_until_told(w, S("early\r"));
    pty_type(w->pty, "\n", 1);
    run_until_told(w, S("early\r\n"));
    world_free(w);
}

static void test_tty_hands_on_every_key_as_it_is(void **state)
{
    static const char KEYS[] = "a\r\n\x03\x1a\x13\x11\x1c\x16\x0f\x04\x7f\xff";
    struct world *w = world_new();

    (void)state;
    tty_enter(w->tty);
    pty_type(w->pty, KEYS, sizeof KEYS); /* and the NUL */
    run_until_told(w, str_bytes(KEYS, sizeof KEYS));
    assert_int_equal(pty_await(w->pty, "\033[?2004h"), 0); /* and no echo */
    assert_true(pty_await(w->pty, "\033[?1004h") >= 0);
    world_free(w);
}

static void test_tty_touches_nothing_before_it_enters(void **state)
{
    struct world *w = world_new();

    (void)state;
    pty_type(w->pty, "x\n", 2);
    run_ticks(w, 3);

    assert_true(is_cooked(w));
    assert_int_equal(w->told.len, 0);
    tty_enter(w->tty);
    assert_false(is_cooked(w));
    world_free(w);
}

static void test_tty_leaves_standard_output_blocking(void **state)
{
    struct world *w = world_new();

    (void)state;
    tty_enter(w->tty);

    assert_false(fcntl(w->pty->program, F_GETFL) & O_NONBLOCK);
    world_free(w);
}

static void test_tty_puts_modes_back(void **state)
{
    struct world *w = world_new();

    (void)state;
    tty_enter(w->tty);
    assert_false(is_cooked(w));
    tty_leave(w->tty);
    assert_true(is_cooked(w));
    tty_enter(w->tty);
    tty_enter(w->tty);
    assert_false(is_cooked(w));

    tty_close(w->tty);

    assert_true(is_cooked(w));
    assert_true(pty_await(w->pty, "\033[?2004l") > 0);
    assert_true(pty_await(w->pty, "\033[?1004l") >= 0);
    w->tty = NULL;
    world_free(w);
}

/* ---- a terminal that does not read ---- */

enum { PIECE = 1000, PIECES = 200, MODES = 16 /* bytes of tty_enter */ };

/* Numbered pieces until something is owed; how many. */
static int fill(struct world *w)
{
    char piece[PIECE + 1];
    int n = 0;

    for (; n < PIECES && !tty_busy(w->tty); n++) {
        memset(piece, '.', PIECE);
        snprintf(piece, sizeof piece, "<%04d", n);
        piece[5] = '>';
        assert_true(tty_write(w->tty, str_bytes(piece, PIECE)));
    }
    assert_true(tty_busy(w->tty));
    return n;
}

static void test_tty_that_does_not_read_stops_nothing(void **state)
{
    struct world *w = world_new();
    uint64_t start;
    int n;

    (void)state;
    tty_enter(w->tty);
    n = fill(w);
    for (; n < PIECES; n++)
        assert_true(tty_write(w->tty, S("0123456789")));

    start = uv_hrtime();
    run_ticks(w, 20);
    assert_true(uv_hrtime() - start < UINT64_C(2000000000));
    assert_true(tty_busy(w->tty));
    assert_int_equal(w->told.drained, 0);
    assert_true(tty_stuck_ms(w->tty) > 0);
    world_free(w);
}

static void test_tty_goes_on_where_it_was(void **state)
{
    struct world *w = world_new();
    int n;

    (void)state;
    tty_enter(w->tty);
    n = fill(w);
    while (tty_busy(w->tty)) {
        assert_true(pty_take(w->pty));
        uv_run(&w->loop, UV_RUN_ONCE);
    }

    assert_int_equal(w->told.drained, 1);
    assert_int_equal(tty_stuck_ms(w->tty), 0);
    assert_true(tty_write(w->tty, S("the end")));
    assert_int_equal(pty_await(w->pty, "the end"), MODES + n * PIECE);
    for (size_t i = 0; i < (size_t)n; i++) {
        char mark[32];

        snprintf(mark, sizeof mark, "<%04zu>", i);
        assert_memory_equal(w->pty->text + MODES + i * PIECE, mark, 6);
    }
    world_free(w);
}

static void test_tty_owes_no_more_than_a_limit(void **state)
{
    struct world *w = world_new();
    char *much = calloc(1, TTY_QUEUE_MAX);

    (void)state;
    assert_non_null(much);
    memset(much, 'x', TTY_QUEUE_MAX);
    tty_enter(w->tty);
    assert_true(tty_write(w->tty, str_bytes(much, TTY_QUEUE_MAX)));
    assert_true(tty_busy(w->tty));
    assert_false(tty_write(w->tty, str_bytes(much, TTY_QUEUE_MAX)));
    world_free(w);
    free(much);
}

static void test_tty_that_does_not_read_is_left_soon(void **state)
{
    struct world *w = world_new();
    uint64_t start;

    (void)state;
    tty_enter(w->tty);
    fill(w);
    start = uv_hrtime();
    tty_leave(w->tty);

    assert_in_range((uv_hrtime() - start) / 1000000, TTY_LINGER_MS - 20, 2000);
    assert_true(is_cooked(w));
    assert_false(tty_busy(w->tty));
    world_free(w);
}

/* ---- hang-up and signals ---- */

static void test_tty_tells_of_a_hang_up_once(void **state)
{
    struct world *w = world_new();

    (void)state;
    tty_enter(w->tty);
    pty_hang_up(w->pty);
    run_until(w, &w->told.gone[TTY_HANGUP], 1);
    (void)tty_write(w->tty, S("to nobody"));
    raise(SIGHUP);
    run_ticks(w, 10);

    assert_int_equal(w->told.gone[TTY_HANGUP], 1);
    world_free(w);
}

static void test_tty_tells_of_a_hang_up_while_bytes_are_owed(void **state)
{
    struct world *w = world_new();

    (void)state;
    tty_enter(w->tty);
    fill(w);
    pty_hang_up(w->pty);
    run_until(w, &w->told.gone[TTY_HANGUP], 1);

    assert_false(tty_busy(w->tty));
    world_free(w);
}

static void test_tty_tells_of_signals(void **state)
{
    struct world *w = world_new();

    (void)state;
    tty_enter(w->tty);
    raise(SIGTERM);
    raise(SIGINT);
    run_until(w, &w->told.gone[TTY_TERMINATE], 1);
    run_until(w, &w->told.gone[TTY_INTERRUPT], 1);
    assert_int_equal(w->told.gone[TTY_HANGUP], 0);
    raise(SIGHUP);
    run_until(w, &w->told.gone[TTY_HANGUP], 1);
    world_free(w);
}

/* ---- size ---- */

static void test_tty_merges_the_steps_of_a_dragged_window(void **state)
{
    struct world *w = world_new();

    (void)state;
    tty_enter(w->tty);
    for (int i = 0; i < 30; i++) {
        pty_size(w->pty, 81 + i, 25 + i);
        raise(SIGWINCH);
        uv_run(&w->loop, UV_RUN_NOWAIT);
    }
    run_until(w, &w->told.resized, 1);

    assert_int_equal(w->told.cols, 110);
    assert_int_equal(w->told.rows, 54);
    run_ticks(w, 2 * TTY_RESIZE_MS);
    assert_int_equal(w->told.resized, 1);
    world_free(w);
}

static void test_tty_size_is_sane(void **state)
{
    static const int SIZES[][4] = { { 0, 0, 80, 24 },
                                    { 0, 10, 80, 24 },
                                    { 1, 1, 1, 1 },
                                    { 65535, 65535, TTY_COLS_MAX,
                                      TTY_ROWS_MAX } };
    struct world *w = world_new();
    int cols, rows;

    (void)state;
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
        pty_size(w->pty, SIZES[i][0], SIZES[i][1]);
        tty_size(w->tty, &cols, &rows);
        assert_int_equal(cols, SIZES[i][2]);
        assert_int_equal(rows, SIZES[i][3]);
    }
    world_free(w);
}

/* ---- in a process of its own ---- */

enum company {
    SHELL, /* a process group of its own, as a shell makes them */
    ALONE  /* a session of its own: nobody there to continue it */
};

/* A child that runs `body` and exits 0. */
static pid_t spawn(struct world *w, void (*body)(struct world *),
                   enum company company)
{
    pid_t pid;

    fflush(NULL);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct tty_events events = { on_bytes,    on_resized,   on_drained,
                                     on_stopping, on_continued, on_gone,
                                     &w->told };
        char error[200];

        (void)(company == SHELL ? setpgid(0, 0) : setsid());
        (void)uv_loop_init(&w->child);
        (void)dup2(w->pty->program, STDOUT_FILENO);
        w->tty = w->told.tty =
            tty_open(&w->child, &events, error, sizeof error);
        if (!w->tty)
            _exit(99);
        body(w);
        _exit(0);
    }
    return pid;
}

static int status_of(pid_t pid, int flags)
{
    int status;

    assert_int_equal(waitpid(pid, &status, flags), pid);
    return status;
}

static void die_of_segv(struct world *w)
{
    tty_enter(w->tty);
    raise(SIGSEGV);
}

static void die_of_abort(struct world *w)
{
    tty_enter(w->tty);
    abort();
}

static void die_of_quit(struct world *w)
{
    tty_enter(w->tty);
    tty_leave(w->tty);
    tty_set_restore(w->tty, S("\033[?1049l(custom)"));
    tty_enter(w->tty);
    raise(SIGQUIT);
}

/* Use up the stack: the handler must have one of its own. */
static int overflow(int depth) /* NOLINT(misc-no-recursion) */
{
    volatile char much[65536];

    much[0] = (char)depth;
    if (depth < 1000000)
        much[sizeof much - 1] = (char)overflow(depth + 1);
    return much[0] + much[sizeof much - 1];
}

static void die_of_overflow(struct world *w)
{
    tty_enter(w->tty);
    (void)overflow(0);
}

static void check_death(void (*body)(struct world *), int signum,
                        const char *written)
{
    struct world *w = world_new();
    int status = status_of(spawn(w, body, SHELL), 0);

    if (!WIFSIGNALED(status) || WTERMSIG(status) != signum)
        fail_msg("status %#x instead of signal %d", status, signum);
    assert_true(is_cooked(w));
    assert_true(pty_await(w->pty, "\033[?2004l") > 0);
    assert_true(pty_await(w->pty, written) > 0);
    world_free(w);
}

static void test_tty_is_restored_by_a_crash(void **state)
{
    (void)state;
    check_death(die_of_segv, SIGSEGV, "\033[?1049l");
    check_death(die_of_abort, SIGABRT, "\033[?25h");
    check_death(die_of_quit, SIGQUIT, "(custom)");
    check_death(die_of_overflow, SIGSEGV, "\033[?1049l");
}

static void leave_by_exit(struct world *w)
{
    tty_enter(w->tty);
    fclose(stdout);
    exit(7);
}

static void test_tty_is_restored_by_exit(void **state)
{
    struct world *w = world_new();
    int status = status_of(spawn(w, leave_by_exit, SHELL), 0);

    (void)state;
    assert_true(WIFEXITED(status));
    assert_true(is_cooked(w));
    assert_true(pty_await(w->pty, "\033[?1049l") > 0);
    world_free(w);
}

static void suspend_once(struct world *w)
{
    tty_enter(w->tty);
    tty_suspend(w->tty);
    if (w->told.stopping != 1 || w->told.continued != 1)
        _exit(1);
    if (w->told.resized != 1 || w->told.cols != 100)
        _exit(2);
    if (is_cooked(w))
        _exit(3);
    /* SIGCONT itself, which comes by way of the loop, adds nothing. */
    uv_run(&w->child, UV_RUN_NOWAIT);
    uv_run(&w->child, UV_RUN_NOWAIT);
    if (w->told.continued != 1)
        _exit(4);
    tty_close(w->tty);
}

static void test_tty_suspends_and_comes_back(void **state)
{
    struct world *w = world_new();
    pid_t pid = spawn(w, suspend_once, SHELL);
    int status = status_of(pid, WUNTRACED);

    (void)state;
    assert_true(WIFSTOPPED(status));
    assert_true(is_cooked(w));
    pty_size(w->pty, 100, 30);
    kill(pid, SIGCONT);

    status = status_of(pid, 0);

    if (status != 0)
        fail_msg("status %#x", status);
    assert_true(is_cooked(w));
    world_free(w);
}

/* No shell could continue it: as the command of an SSH session. */
static void suspend_alone(struct world *w)
{
    tty_enter(w->tty);
    tty_suspend(w->tty);
    if (w->told.continued != 1 || is_cooked(w))
        _exit(1);
    tty_close(w->tty);
}

static void test_tty_is_not_left_stopped_without_a_shell(void **state)
{
    struct world *w = world_new();
    int status = status_of(spawn(w, suspend_alone, ALONE), WUNTRACED);

    (void)state;
    if (status != 0)
        fail_msg("status %#x", status);
    world_free(w);
}

static void test_tty_open_needs_a_terminal(void **state)
{
    pid_t pid = fork();

    (void)state;
    assert_true(pid >= 0);
    if (pid == 0) {
        struct tty_events events = { 0 };
        char error[200] = "";
        int null = open("/dev/null", O_RDWR);
        uv_loop_t loop;

        (void)setsid();
        for (int fd = 0; fd < 3; fd++)
            (void)dup2(null, fd);
        (void)uv_loop_init(&loop);
        if (tty_open(&loop, &events, error, sizeof error))
            _exit(1);
        _exit(strstr(error, "terminal") ? 0 : 2);
    }
    assert_int_equal(status_of(pid, 0), 0);
}

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test(test_tty_knows_enter_typed_ahead),
        cmocka_unit_test(test_tty_hands_on_every_key_as_it_is),
        cmocka_unit_test(test_tty_touches_nothing_before_it_enters),
        cmocka_unit_test(test_tty_leaves_standard_output_blocking),
        cmocka_unit_test(test_tty_puts_modes_back),
        cmocka_unit_test(test_tty_that_does_not_read_stops_nothing),
        cmocka_unit_test(test_tty_goes_on_where_it_was),
        cmocka_unit_test(test_tty_owes_no_more_than_a_limit),
        cmocka_unit_test(test_tty_that_does_not_read_is_left_soon),
        cmocka_unit_test(test_tty_tells_of_a_hang_up_once),
        cmocka_unit_test(test_tty_tells_of_a_hang_up_while_bytes_are_owed),
        cmocka_unit_test(test_tty_tells_of_signals),
        cmocka_unit_test(test_tty_merges_the_steps_of_a_dragged_window),
        cmocka_unit_test(test_tty_size_is_sane),
        cmocka_unit_test(test_tty_is_restored_by_a_crash),
        cmocka_unit_test(test_tty_is_restored_by_exit),
        cmocka_unit_test(test_tty_suspends_and_comes_back),
        cmocka_unit_test(test_tty_is_not_left_stopped_without_a_shell),
        cmocka_unit_test(test_tty_open_needs_a_terminal),
    };

    return RUN(TESTS);
}
