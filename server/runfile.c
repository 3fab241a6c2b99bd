/* SPDX-License-Identifier: MIT
 *
 * A lock and a mark; see runfile.h.
 */
#include "server/runfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sysexits.h>
#include <unistd.h>

enum { MARK_TEXT = 24 }; /* bytes of a mark in decimal, and a line feed */

static void read_mark(struct runfile *run)
{
    char text[MARK_TEXT + 1] = "";

    if (pread(run->fd, text, MARK_TEXT, 0) > 0)
        run->mark = strtoull(text, NULL, 10);
}

int runfile_open(struct runfile *run, const char *path)
{
    *run = (struct runfile){ .fd = -1 };
    run->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (run->fd < 0)
        return EX_CANTCREAT;
    if (flock(run->fd, LOCK_EX | LOCK_NB))
        return EX_UNAVAILABLE;
    read_mark(run);
    return 0;
}

void runfile_close(struct runfile *run)
{
    if (run->fd >= 0)
        close(run->fd);
    run->fd = -1;
}

int runfile_set_mark(struct runfile *run, uint64_t mark)
{
    char text[MARK_TEXT + 1];
    int len = snprintf(text, sizeof text, "%" PRIu64 "\n", mark);

    errno = ENOSPC; /* when less than all is written */
    if (pwrite(run->fd, text, (size_t)len, 0) != len || fdatasync(run->fd))
        return EX_IOERR;
    return 0;
}

int runfile_touch(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    return fd < 0 ? -1 : close(fd);
}
