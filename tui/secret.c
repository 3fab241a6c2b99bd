/* SPDX-License-Identifier: MIT */
#include "tui/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "shared/mem.h"

enum { SECRET_CAP = 257 };

/* A line without its end; -1 with errno. */
static ssize_t read_line(int fd, char *out, size_t cap)
{
    size_t len = 0;
    ssize_t got;

    while (len < cap) {
        got = read(fd, out + len, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0 || out[len] == '\n')
            return (ssize_t)len;
        len++;
    }
    errno = E2BIG;
    return -1;
}

bool secret_ask(const char *prompt, char *out, size_t cap)
{
    int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct termios before, quiet;
    ssize_t len = -1;
    int err;

    if (fd < 0)
        return false;
    if (tcgetattr(fd, &before) == 0) {
        quiet = before;
        quiet.c_lflag &= ~(tcflag_t)ECHO;
        quiet.c_lflag |= ICANON | ECHONL;
        if (tcsetattr(fd, TCSAFLUSH, &quiet) == 0 &&
            write(fd, prompt, strlen(prompt)) >= 0)
            len = read_line(fd, out, cap - 1);
        err = errno;
        tcsetattr(fd, TCSAFLUSH, &before);
        errno = err;
    }
    err = errno;
    close(fd);
    errno = err;
    out[len > 0 ? len : 0] = '\0';
    return len >= 0;
}

/* The same from the terminal again, to be sure. */
static bool confirm(const char *again, const char *first, size_t cap)
{
    char second[SECRET_CAP];
    bool same = secret_ask(again, second, cap < SECRET_CAP ? cap : SECRET_CAP);

    if (same && strcmp(first, second) != 0) {
        same = false;
        errno = EINVAL;
    }
    mem_wipe(second, sizeof second);
    return same;
}

bool secret_choose(const char *prompt, const char *again, char *out, size_t cap)
{
    bool typed = isatty(STDIN_FILENO);
    ssize_t len = -1;

    if (typed) {
        if (!secret_ask(prompt, out, cap))
            return false;
        len = (ssize_t)strlen(out);
    } else {
        len = read_line(STDIN_FILENO, out, cap - 1);
        out[len > 0 ? len : 0] = '\0';
    }
    if (len == 0)
        errno = EINVAL;
    return len > 0 && (!typed || confirm(again, out, cap));
}

void secret_echo(bool shown)
{
    struct termios now;

    if (tcgetattr(STDIN_FILENO, &now) < 0)
        return;
    now.c_lflag |= ECHONL;
    now.c_lflag &= ~(tcflag_t)(shown ? ECHONL : ECHO);
    now.c_lflag |= shown ? ECHO : 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &now);
}
