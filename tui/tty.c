/* SPDX-License-Identifier: MIT
 *
 * EDGE: the terminal under libuv.  A descriptor opened anew has a file
 * description of its own, so making it non-blocking does not touch the one
 * that standard output shares with the shell.
 */
#include "tui/tty.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <uv.h>

#include "shared/mem.h"
#include "tui/lang.h"
#include "tui/pump.h"
#include "tui/rescue.h"

static const int SIGNALS[] = { SIGWINCH, SIGTSTP, SIGCONT,
                               SIGHUP,   SIGTERM, SIGINT };

enum {
    SIGNALS_LEN = sizeof SIGNALS / sizeof *SIGNALS,
    HANDLES = SIGNALS_LEN + 2, /* and poll and timer */
    ECHO_MS = 100, /* SIGCONT so soon after tty_suspend is its own */
};

/* Pastes and the focus are told of. */
#define MODES_ON  "\033[?2004h\033[?1004h"
#define MODES_OFF "\033[?2004l\033[?1004l"

struct tty {
    int fd;
    struct tty_events events;
    struct termios cooked;
    bool entered, closing;
    bool gone; /* hung up, and told so */
    int ahead; /* bytes typed before it was raw and not read yet */
    uv_poll_t poll;
    uv_timer_t resize;
    uv_signal_t signals[SIGNALS_LEN];
    unsigned handles; /* not closed yet */
    int watching;     /* uv_poll events asked for; 0 while stopped */
    struct pump pump;
    uint64_t resumed_ms;
};

static uint64_t clock_ms(void)
{
    return uv_hrtime() / 1000000;
}

/* ---- what is owed ---- */

static void on_poll(uv_poll_t *poll, int status, int events);

/* Ask the loop for what is needed now. */
static void watch(struct tty *t)
{
    int want = 0;

    if (t->entered && !t->gone && !t->closing)
        want = UV_READABLE | UV_DISCONNECT | (tty_busy(t) ? UV_WRITABLE : 0);
    if (want == t->watching)
        return;
    t->watching = want;
    if (want)
        (void)uv_poll_start(&t->poll, want, on_poll);
    else
        (void)uv_poll_stop(&t->poll);
}

bool tty_write(struct tty *t, struct str bytes)
{
    bool taken = pump_write(&t->pump, bytes, TTY_QUEUE_MAX, clock_ms());

    watch(t);
    return taken;
}

bool tty_busy(const struct tty *t)
{
    return pump_busy(&t->pump);
}

uint64_t tty_stuck_ms(const struct tty *t)
{
    return pump_stuck_ms(&t->pump, clock_ms());
}

void tty_probe(struct tty *t)
{
    pump_probe(&t->pump, clock_ms());
    watch(t);
}

/* ---- what comes ---- */

static void tell_gone(struct tty *t, enum tty_gone why)
{
    if (why == TTY_HANGUP) {
        if (t->gone)
            return;
        t->gone = true;
        pump_drop(&t->pump);
        watch(t);
    }
    if (t->events.gone)
        t->events.gone(t->events.arg, why);
}

/* What was typed ahead has Enter as the cooked terminal changed it. */
static void undo_cooking(struct tty *t, char *bytes, ssize_t n)
{
    for (ssize_t i = 0; i < n && t->ahead > 0; i++, t->ahead--)
        if (bytes[i] == '\n')
            bytes[i] = '\r';
}

static void take(struct tty *t)
{
    char bytes[TTY_READ_MAX];
    ssize_t n = read(t->fd, bytes, sizeof bytes);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        tell_gone(t, TTY_HANGUP);
        return;
    }
    undo_cooking(t, bytes, n);
    pump_heard(&t->pump, str_bytes(bytes, (size_t)n));
    if (t->events.bytes)
        t->events.bytes(t->events.arg, str_bytes(bytes, (size_t)n));
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct tty *t = poll->data;

    if (status < 0) {
        tell_gone(t, TTY_HANGUP);
        return;
    }
    if (events & (UV_READABLE | UV_DISCONNECT))
        take(t);
    if (!(events & UV_WRITABLE) || !t->watching || !tty_busy(t))
        return;
    pump_flush(&t->pump, clock_ms());
    watch(t);
    if (!tty_busy(t) && t->events.drained)
        t->events.drained(t->events.arg);
}

/* ---- size ---- */

static int clamp(int n, int most)
{
    return n < 1 ? 1 : n > most ? most : n;
}

void tty_size(const struct tty *t, int *cols, int *rows)
{
    struct winsize size;

    *cols = 80;
    *rows = 24;
    if (ioctl(t->fd, TIOCGWINSZ, &size) != 0)
        return;
    if (size.ws_col == 0 || size.ws_row == 0)
        return;
    *cols = clamp(size.ws_col, TTY_COLS_MAX);
    *rows = clamp(size.ws_row, TTY_ROWS_MAX);
}

static void tell_size(struct tty *t)
{
    int cols, rows;

    tty_size(t, &cols, &rows);
    if (t->events.resized)
        t->events.resized(t->events.arg, cols, rows);
}

static void on_resize_timer(uv_timer_t *timer)
{
    tell_size(timer->data);
}

/* ---- raw and cooked ---- */

/* As cfmakeraw, which POSIX lacks: every key is a byte, no byte is changed. */
static void make_raw(struct tty *t)
{
    struct termios raw = t->cooked, before;
    bool cooking =
        tcgetattr(t->fd, &before) == 0 && (before.c_iflag & ICRNL) != 0;

    raw.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | IGNBRK | IGNCR | INLCR | INPCK |
                               ISTRIP | IXON | PARMRK);
    raw.c_oflag &= ~(tcflag_t)OPOST;
    raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | IEXTEN | ISIG);
    raw.c_cflag = (raw.c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    (void)tcsetattr(t->fd, TCSANOW, &raw);
    if (cooking && ioctl(t->fd, FIONREAD, &t->ahead) != 0)
        t->ahead = 0;
}

void tty_enter(struct tty *t)
{
    if (!t->entered)
        (void)tcgetattr(t->fd, &t->cooked);
    rescue_arm(t->fd, &t->cooked);
    make_raw(t);
    t->entered = true;
    (void)tty_write(t, str_of(MODES_ON));
    watch(t);
}

void tty_leave(struct tty *t)
{
    sigset_t block, before;

    if (!t->entered)
        return;
    t->entered = false;
    watch(t);
    (void)tty_write(t, str_of(MODES_OFF));
    pump_linger(&t->pump, TTY_LINGER_MS, clock_ms); /* not when it hung up */
    /* In the background tcsetattr would stop us. */
    sigemptyset(&block);
    sigaddset(&block, SIGTTOU);
    sigprocmask(SIG_BLOCK, &block, &before);
    if (tty_busy(t))
        rescue_restore();           /* a sequence may have been cut off */
    (void)tcflush(t->fd, TCIFLUSH); /* the rest of a paste is no command */
    (void)tcsetattr(t->fd, TCSANOW, &t->cooked);
    sigprocmask(SIG_SETMASK, &before, NULL);
    rescue_disarm();
    pump_drop(&t->pump);
}

void tty_set_restore(struct tty *t, struct str bytes)
{
    (void)t;
    rescue_set(bytes);
}

/* ---- signals ---- */

static void resume(struct tty *t)
{
    t->resumed_ms = clock_ms();
    if (t->entered)
        make_raw(t); /* the shell may have changed it */
    tell_size(t);
    if (t->closing)
        return;
    if (t->events.continued)
        t->events.continued(t->events.arg);
    if (!t->closing)
        tty_enter(t);
}

void tty_suspend(struct tty *t)
{
    struct sigaction standard = { .sa_handler = SIG_DFL }, ours;

    if (t->events.stopping)
        t->events.stopping(t->events.arg);
    if (t->closing)
        return;
    tty_leave(t);
    /* The whole group, as the shell waits for all of it.  Where no shell could
     * continue us (ForceCommand) the system discards the signal. */
    sigemptyset(&standard.sa_mask);
    (void)sigaction(SIGTSTP, &standard, &ours);
    (void)kill(0, SIGTSTP);
    (void)sigaction(SIGTSTP, &ours, NULL);
    resume(t);
}

static void on_signal(uv_signal_t *handle, int signum)
{
    struct tty *t = handle->data;

    switch (signum) {
    case SIGWINCH:
        if (!uv_is_active((uv_handle_t *)&t->resize))
            (void)uv_timer_start(&t->resize, on_resize_timer, TTY_RESIZE_MS, 0);
        break;
    case SIGTSTP: tty_suspend(t); break;
    case SIGCONT:
        if (t->entered && clock_ms() - t->resumed_ms > ECHO_MS)
            resume(t);
        break;
    case SIGHUP: tell_gone(t, TTY_HANGUP); break;
    case SIGTERM: tell_gone(t, TTY_TERMINATE); break;
    case SIGINT: tell_gone(t, TTY_INTERRUPT); break;
    default: break;
    }
}

/* ---- open and close ---- */

/* A descriptor of our own on the terminal, by its name or as /dev/tty. */
static int open_terminal(void)
{
    static const int STD[] = { STDOUT_FILENO, STDIN_FILENO, STDERR_FILENO };

    enum { FLAGS = O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC };

    char name[256];

    for (size_t i = 0; i < sizeof STD / sizeof *STD; i++) {
        int fd;

        if (!isatty(STD[i]) || ttyname_r(STD[i], name, sizeof name) != 0)
            continue;
        fd = open(name, FLAGS);
        if (fd >= 0)
            return fd;
    }
    return open("/dev/tty", FLAGS); /* after su the name may not be ours */
}

static void on_closed(uv_handle_t *handle)
{
    struct tty *t = handle->data;

    if (--t->handles > 0)
        return;
    (void)close(t->fd);
    pump_fini(&t->pump);
    free(t);
}

void tty_close(struct tty *t)
{
    if (!t || t->closing)
        return;
    tty_leave(t);
    t->closing = true;
    watch(t);
    uv_close((uv_handle_t *)&t->poll, on_closed);
    uv_close((uv_handle_t *)&t->resize, on_closed);
    for (size_t i = 0; i < SIGNALS_LEN; i++)
        uv_close((uv_handle_t *)&t->signals[i], on_closed);
}

static void start_signals(struct tty *t, uv_loop_t *loop)
{
    for (size_t i = 0; i < SIGNALS_LEN; i++) {
        (void)uv_signal_init(loop, &t->signals[i]);
        t->signals[i].data = t;
        (void)uv_signal_start(&t->signals[i], on_signal, SIGNALS[i]);
        uv_unref((uv_handle_t *)&t->signals[i]);
    }
}

struct tty *tty_open(struct uv_loop_s *loop, const struct tty_events *events,
                     char *error, size_t cap)
{
    struct tty *t;
    int status, fd = open_terminal();

    if (fd < 0) {
        snprintf(error, cap, _("there is no terminal: %s"), strerror(errno));
        return NULL;
    }
    t = mem_new(1, sizeof *t);
    status = tcgetattr(fd, &t->cooked) == 0 ? uv_poll_init(loop, &t->poll, fd)
                                            : -errno;
    if (status < 0) {
        snprintf(error, cap, _("the terminal cannot be watched: %s"),
                 lang_error(uv_strerror(status)));
        (void)close(fd);
        free(t);
        return NULL;
    }
    t->fd = fd;
    pump_init(&t->pump, fd);
    t->events = *events;
    t->handles = HANDLES;
    t->poll.data = t;
    (void)uv_timer_init(loop, &t->resize);
    t->resize.data = t;
    start_signals(t, loop);
    return t;
}
