/* SPDX-License-Identifier: MIT
 *
 * A file that is being made; see part.h.
 */
#include "server/part.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/mem.h"
#include "shared/str.h"

char *part_make(const char *path)
{
    size_t size = strlen(path) + sizeof ".part";
    char *part = mem_new(size, 1);
    int fd = -1, why;

    snprintf(part, size, "%s.part", path);
    errno = EEXIST;
    if (access(path, F_OK) && errno == ENOENT)
        fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0 && close(fd) == 0)
        return part;
    why = errno;
    free(part);
    errno = why;
    return NULL;
}

/* Whose name a file has is on the disk with its directory. */
static int sync_directory(const char *path)
{
    char *dir = mem_str(str_of(path)), *slash = strrchr(dir, '/');
    int fd, err;

    if (slash)
        slash[slash == dir] = '\0';
    fd = open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(dir);
    if (fd < 0)
        return -1;
    err = fsync(fd);
    close(fd);
    return err;
}

int part_finish(const char *part, const char *path)
{
    return rename(part, path) ? -1 : sync_directory(path);
}

void part_drop(const char *part)
{
    unlink(part);
}
