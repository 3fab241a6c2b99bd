/* SPDX-License-Identifier: MIT
 *
 * Files that outlive the program; see state.h.
 *
 * A slot is held by a lock on its directory's `lock` file, which the kernel
 * lets go of however the process ends.
 */
#include "tui/state.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/mem.h"
#include "tui/files.h"
#include "tui/lang.h"

enum {
    SLOTS_MAX = 64,     /* clients of one person at once */
    TOKEN_MAX = 255,    /* bytes taken from a token file */
    PART_MAX = 3 * 255, /* a name with every byte escaped */
};

struct state {
    char *dir;    /* of server and nick */
    char *outbox; /* paths in the slot */
    char *own_token;
    int lock; /* descriptor that holds the slot */
    char token[TOKEN_MAX];
    size_t token_len;
};

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

/*
 * Try to hold slot n.
 *   returns  1 when it is ours; 0 when another process has it; -1 with errno
 */
static int take_slot(struct state *state, unsigned n)
{
    char *dir = files_path("%s/slot-%u", state->dir, n);
    char *lock = files_path("%s/lock", dir);
    int got = files_make_dirs(dir);

    if (got == 0) {
        state->lock = files_lock(lock, false);
        if (state->lock >= 0)
            got = 1;
        else if (errno != EWOULDBLOCK)
            got = -1;
    }
    if (got == 1) {
        state->outbox = files_path("%s/outbox", dir);
        state->own_token = files_path("%s/token", dir);
    }
    free(lock);
    free(dir);
    return got;
}

/* The slot's own, else the one of all guests' clients. */
static void read_token(struct state *state)
{
    char *path = files_path("%s/token", state->dir);
    size_t len;
    char *text = files_read(state->own_token, sizeof state->token, &len, NULL);

    if (!text)
        text = files_read(path, sizeof state->token, &len, NULL);
    if (text) {
        memcpy(state->token, text, len);
        state->token_len = len;
    }
    free(text);
    free(path);
}

struct state *state_open(const char *server, const char *nick, char *error,
                         size_t cap)
{
    struct state *state = mem_new(1, sizeof *state);
    char host[PART_MAX + 1], name[PART_MAX + 1];
    char *base = files_base();
    int got = -1;

    state->lock = -1;
    if (!base) {
        snprintf(error, cap, "%s", _("neither HOME nor XDG_STATE_HOME is set"));
        free(state);
        return NULL;
    }
    escape(server, host);
    escape(nick, name);
    state->dir = files_path("%s/%s/%s", base, host, name);
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
    files_unlock(state->lock);
    free(state->own_token);
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

int state_keep_token(struct state *state, struct str token, bool bound)
{
    char *path;
    int err;

    if (!state || token.len == 0 || token.len > TOKEN_MAX ||
        str_eq(token, state_token(state)))
        return 0;
    memcpy(state->token, token.ptr, token.len);
    state->token_len = token.len;
    path = files_path("%s/token", state->dir);
    err = files_replace(bound ? state->own_token : path, token);
    free(path);
    return err;
}
