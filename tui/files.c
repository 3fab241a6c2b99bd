/* SPDX-License-Identifier: MIT
 *
 * Files that outlive the program; see files.h.
 */
#include "tui/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/mem.h"

char *files_path(const char *format, ...)
{
    va_list args, again;
    char *out;
    int len;

    va_start(args, format);
    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, args);
    out = mem_new((size_t)len + 1, 1);
    vsnprintf(out, (size_t)len + 1, format, again);
    va_end(again);
    va_end(args);
    return out;
}

char *files_base(void)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

    if (state && *state == '/')
        return files_path("%s/chat", state);
    return home && *home ? files_path("%s/.local/state/chat", home) : NULL;
}

int files_make_dirs(char *path)
{
    for (char *p = path + 1; *p; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        if (mkdir(path, 0700) < 0 && errno != EEXIST) {
            *p = '/';
            return -1;
        }
        *p = '/';
    }
    return mkdir(path, 0700) < 0 && errno != EEXIST ? -1 : 0;
}

/* ---- locks ---- */

int files_lock(const char *path, bool wait)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600), err;

    if (fd < 0)
        return -1;
    do
        err = flock(fd, LOCK_EX | (wait ? 0 : LOCK_NB));
    while (err < 0 && errno == EINTR);
    if (err == 0)
        return fd;
    err = errno;
    close(fd);
    errno = err;
    return -1;
}

void files_unlock(int lock)
{
    if (lock >= 0)
        close(lock);
}

/* ---- reading ---- */

/* As many bytes as there are, at most cap; -1 with errno. */
static ssize_t read_all(int fd, char *out, size_t cap)
{
    size_t len = 0;

    while (len < cap) {
        ssize_t n = read(fd, out + len, cap - len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        len += (size_t)n;
    }
    return (ssize_t)len;
}

static char *read_open(int fd, size_t max, size_t *len, unsigned *mode)
{
    struct stat st;
    ssize_t got;
    char *text;

    if (fstat(fd, &st) < 0)
        return NULL;
    if (!S_ISREG(st.st_mode) || st.st_size < 0 || (size_t)st.st_size > max) {
        errno = S_ISREG(st.st_mode) ? EFBIG : EINVAL;
        return NULL;
    }
    text = mem_new((size_t)st.st_size + 1, 1);
    got = read_all(fd, text, (size_t)st.st_size);
    if (got < 0) {
        free(text);
        return NULL;
    }
    *len = (size_t)got;
    if (mode)
        *mode = st.st_mode & 0777;
    return text;
}

char *files_read(const char *path, size_t max, size_t *len, unsigned *mode)
{
    /* A fifo put there must not make us wait. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err;
    char *text;

    if (fd < 0)
        return NULL;
    text = read_open(fd, max, len, mode);
    err = errno;
    close(fd);
    errno = err;
    return text;
}

/* ---- writing ---- */

static int write_all(int fd, struct str bytes)
{
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        bytes = str_from(bytes, (size_t)n);
    }
    return 0;
}

/* The whole file, and on disk before it has its name. */
static int write_file(const char *path, struct str bytes)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), err;

    if (fd < 0)
        return -1;
    err = write_all(fd, bytes) < 0 || fdatasync(fd) < 0 ? errno : 0;
    if (close(fd) < 0 && err == 0)
        err = errno;
    errno = err;
    return err ? -1 : 0;
}

int files_replace(const char *path, struct str bytes)
{
    char *fresh = files_path("%s.%ld", path, (long)getpid());
    int err = write_file(fresh, bytes);

    if (err == 0)
        err = rename(fresh, path);
    if (err) {
        int why = errno;

        unlink(fresh);
        errno = why;
    }
    free(fresh);
    return err;
}
