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

/* The directory of a path; owner frees. */
static char *directory_of(const char *path)
{
    char *dir = mem_str(str_of(path)), *slash = strrchr(dir, '/');

    slash[slash == dir] = '\0';
    return dir;
}

/*
 * The name of the part, without a link on the way to it: who opens it follows
 * none.  NULL with errno; owner frees.
 */
static char *name_part(const char *path)
{
    char *dir = directory_of(path), *real = realpath(dir, NULL), *part = NULL;
    const char *name = strrchr(path, '/') + 1;
    size_t size;

    free(dir);
    if (!real)
        return NULL;
    size = strlen(real) + strlen(name) + sizeof "/.part";
    part = mem_new(size, 1);
    snprintf(part, size, "%s/%s.part", real, name);
    free(real);
    return part;
}

char *part_make(const char *path)
{
    char *part = name_part(path);
    int fd = -1, why;

    if (!part)
        return NULL;
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
    char *dir = directory_of(path);
    int fd, err;

    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
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
