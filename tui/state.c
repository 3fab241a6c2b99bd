/* SPDX-License-Identifier: MIT
 *
 * Files that outlive the program; see state.h.
 *
 * A slot is held by a lock on its directory's `lock` file, which the kernel
 * lets go of however the process ends.
 */
#include "tui/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/mem.h"
#include "tui/lang.h"

enum {
    SLOTS_MAX = 64,     /* clients of one person at once */
    TOKEN_MAX = 255,    /* bytes taken from a token file */
    PART_MAX = 3 * 255, /* a name with every byte escaped */
};

struct state {
    char *dir;    /* of server and nick */
    char *outbox; /* path in the slot */
    int lock;     /* descriptor that holds the slot */
    char token[TOKEN_MAX];
    size_t token_len;
};

static char *format(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* A string of any length; owner frees. */
static char *format(const char *format, ...)
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

/*
 * A name as one component of a path: what could mean something to a file
 * system becomes %XX.
 *   out      PART_MAX + 1 bytes
 */
static void escape(const char *name, char *out)
{
    size_t len = 0;

    for (const char *p = name; *p && len + 3 <= PART_MAX; p++) {
        unsigned char c = (unsigned char)*p;
        bool plain = c > ' ' && c != '/' && c != '%' && c != 0x7f &&
                     (c != '.' || p != name);

        if (plain)
            out[len++] = *p;
        else
            len += (size_t)snprintf(out + len, 4, "%%%02X", c);
    }
    out[len] = '\0';
}

/* Make a directory and all above it, for the owner only. */
static int make_dirs(char *path)
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

/* $XDG_STATE_HOME/chat; owner frees; NULL when there is no home. */
static char *base_dir(void)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

    if (state && *state == '/')
        return format("%s/chat", state);
    return home && *home ? format("%s/.local/state/chat", home) : NULL;
}

/*
 * Try to hold slot n.
 *   returns  1 when it is ours; 0 when another process has it; -1 with errno
 */
static int take_slot(struct state *state, unsigned n)
{
    char *dir = format("%s/slot-%u", state->dir, n);
    char *lock = format("%s/lock", dir);
    int got = make_dirs(dir);

    if (got == 0) {
        state->lock = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (state->lock >= 0 && flock(state->lock, LOCK_EX | LOCK_NB) == 0)
            got = 1;
        else if (state->lock < 0 || errno != EWOULDBLOCK)
            got = -1;
    }
    if (got == 1)
        state->outbox = format("%s/outbox", dir);
    else if (state->lock >= 0)
        close(state->lock);
    if (got != 1)
        state->lock = -1;
    free(lock);
    free(dir);
    return got;
}

static void read_token(struct state *state)
{
    char *path = format("%s/token", state->dir);
    FILE *file = fopen(path, "re");

    if (file) {
        state->token_len = fread(state->token, 1, sizeof state->token, file);
        fclose(file);
    }
    free(path);
}

struct state *state_open(const char *server, const char *nick, char *error,
                         size_t cap)
{
    struct state *state = mem_new(1, sizeof *state);
    char host[PART_MAX + 1], name[PART_MAX + 1];
    char *base = base_dir();
    int got = -1;

    state->lock = -1;
    if (!base) {
        snprintf(error, cap, "%s", _("neither HOME nor XDG_STATE_HOME is set"));
        free(state);
        return NULL;
    }
    escape(server, host);
    escape(nick, name);
    state->dir = format("%s/%s/%s", base, host, name);
    free(base);
    for (unsigned n = 1; n <= SLOTS_MAX; n++) {
        got = take_slot(state, n);
        if (got != 0)
            break;
    }
    if (got == 1) {
        read_token(state);
        return state;
    }
    if (got == 0)
        snprintf(error, cap, _("%s: %d clients are running already"),
                 state->dir, SLOTS_MAX);
    else
        snprintf(error, cap, "%s: %s", state->dir, strerror(errno));
    state_close(state);
    return NULL;
}

void state_close(struct state *state)
{
    if (!state)
        return;
    if (state->lock >= 0)
        close(state->lock);
    free(state->outbox);
    free(state->dir);
    free(state);
}

const char *state_outbox(const struct state *state)
{
    return state->outbox;
}

struct str state_token(const struct state *state)
{
    return str_bytes(state->token, state->token_len);
}

/* The whole file, and on disk before it has its name. */
static int write_file(const char *path, struct str bytes)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool good;

    if (fd < 0)
        return -1;
    good = write(fd, bytes.ptr, bytes.len) == (ssize_t)bytes.len &&
           fdatasync(fd) == 0;
    return close(fd) == 0 && good ? 0 : -1;
}

int state_keep_token(struct state *state, struct str token)
{
    char *path, *fresh;
    int err;

    if (!state || token.len == 0 || token.len > TOKEN_MAX ||
        str_eq(token, state_token(state)))
        return 0;
    memcpy(state->token, token.ptr, token.len);
    state->token_len = token.len;
    path = format("%s/token", state->dir);
    fresh = format("%s.%ld", path, (long)getpid());
    err = write_file(fresh, token);
    if (err == 0)
        err = rename(fresh, path);
    if (err)
        unlink(fresh);
    free(fresh);
    free(path);
    return err;
}
