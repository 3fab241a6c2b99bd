/* SPDX-License-Identifier: MIT
 *
 * The directory of the server's data; see datadir.h.
 */
#include "server/datadir.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/mem.h"

/* The two one after the other; owner frees. */
static char *join(const char *dir, const char *rest)
{
    size_t size = strlen(dir) + strlen(rest) + 1;
    char *path = mem_new(size, 1);

    snprintf(path, size, "%s%s", dir, rest);
    return path;
}

bool datadir_is_memory(const char *data)
{
    return data && strcmp(data, ":memory:") == 0;
}

static char *default_path(void)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

    if (state && *state == '/')
        return join(state, "/chat-server");
    if (geteuid() == 0)
        return join(DATADIR_ROOT, "");
    if (home && *home == '/')
        return join(home, "/.local/state/chat-server");
    return NULL;
}

char *datadir_path(const char *data)
{
    if (!data || !*data)
        return default_path();
    return datadir_is_memory(data) ? NULL : join(data, "");
}

char *datadir_file(const char *dir, const char *name)
{
    char *slashed = join(dir, "/"), *path = join(slashed, name);

    free(slashed);
    return path;
}

static int make_one(const char *path)
{
    return mkdir(path, 0700) < 0 && errno != EEXIST ? -1 : 0;
}

int datadir_make(const char *dir)
{
    char *path = join(dir, "");
    int err = 0;

    for (char *p = path + 1; !err && *path && *p; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        err = make_one(path);
        *p = '/';
    }
    if (!err)
        err = make_one(path);
    free(path);
    return err;
}
