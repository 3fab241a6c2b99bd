/* SPDX-License-Identifier: MIT
 *
 * A terminal for tests: the user's end of a pseudo terminal.  What the program
 * writes is awaited, never slept for.
 */
#ifndef TESTS_PTY_H
#define TESTS_PTY_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum { PTY_BUFFER = 1 << 20, PTY_WAIT_MS = 10000 };

struct pty {
    int user;    /* our end, non-blocking */
    int program; /* its end, kept open so that nothing hangs up */
    char *text;  /* received since pty_forget; terminated */
    size_t len;
};

static inline void pty_die(const char *what)
{
    fprintf(stderr, "pty: %s: %s\n", what, strerror(errno));
    abort();
}

static inline void pty_size(struct pty *p, int cols, int rows)
{
    struct winsize size = { .ws_col = (unsigned short)cols,
                            .ws_row = (unsigned short)rows };

    if (ioctl(p->program, TIOCSWINSZ, &size) != 0)
        pty_die("TIOCSWINSZ");
}

static inline struct pty *pty_open(int cols, int rows)
{
    struct pty *p = calloc(1, sizeof *p);

    if (!p || !(p->text = calloc(1, PTY_BUFFER)))
        pty_die("memory");
    p->user = posix_openpt(O_RDWR | O_NOCTTY);
    if (p->user < 0 || grantpt(p->user) != 0 || unlockpt(p->user) != 0)
        pty_die("posix_openpt");
    p->program = open(ptsname(p->user), O_RDWR | O_NOCTTY);
    if (p->program < 0)
        pty_die("slave");
    (void)fcntl(p->user, F_SETFL, O_NONBLOCK);
    pty_size(p, cols, rows);
    return p;
}

/* Close our end: the program's hangs up. */
static inline void pty_hang_up(struct pty *p)
{
    (void)close(p->user);
    p->user = -1;
}

static inline void pty_close(struct pty *p)
{
    if (p->user >= 0)
        (void)close(p->user);
    (void)close(p->program);
    free(p->text);
    free(p);
}

/* Make it standard output; returns what that was, for pty_release. */
static inline int pty_attach(struct pty *p)
{
    int saved;

    fflush(stdout);
    saved = dup(STDOUT_FILENO);
    if (saved < 0 || dup2(p->program, STDOUT_FILENO) < 0)
        pty_die("dup2");
    return saved;
}

static inline void pty_release(int saved)
{
    if (dup2(saved, STDOUT_FILENO) < 0)
        pty_die("dup2");
    (void)close(saved);
}

/* Type. */
static inline void pty_type(struct pty *p, const char *bytes, size_t len)
{
    if (write(p->user, bytes, len) != (ssize_t)len)
        pty_die("write");
}

/* Take what has come so far; false at end of file. */
static inline bool pty_take(struct pty *p)
{
    ssize_t n;

    while ((n = read(p->user, p->text + p->len, PTY_BUFFER - 1 - p->len)) > 0) {
        p->len += (size_t)n;
        p->text[p->len] = '\0';
        if (p->len == PTY_BUFFER - 1)
            pty_die("buffer");
    }
    return n < 0 && (errno == EAGAIN || errno == EINTR);
}

/* Wait until `mark` has come; bytes before it, or -1. */
static inline long pty_await(struct pty *p, const char *mark)
{
    for (;;) {
        struct pollfd fd = { p->user, POLLIN, 0 };
        bool open = pty_take(p);
        const char *at = strstr(p->text, mark);

        if (at)
            return (long)(at - p->text);
        if (!open || poll(&fd, 1, PTY_WAIT_MS) <= 0)
            return -1;
    }
}

static inline void pty_forget(struct pty *p)
{
    p->len = 0;
    p->text[0] = '\0';
}

#endif
