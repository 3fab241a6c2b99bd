/* SPDX-License-Identifier: MIT
 *
 * The operator's console, sans-I/O: a line of words in (words.h), lines out.
 *
 *      --json sessions            the question; --json is optional
 *       {"session":7,...          a space, and a line of the answer
 *      !kick: ...                 a line that says what is wrong
 *      =0                         the end, with an exit code of sysexits
 *
 * What may be asked stands in controls.def.  A long answer comes in parts, so
 * that nobody else waits while it is made.
 */
#ifndef SERVER_CONTROL_H
#define SERVER_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/now.h"
#include "shared/str.h"

struct control;
struct control_call;
struct service;

enum { CONTROL_LINE_MAX = 64 * 1024 }; /* bytes of a question, LF included */

/* Who asks, as the system says. */
struct asker {
    uint32_t uid, pid;
    uint32_t own; /* the server's own uid */
};

/* Bytes of the question, LF included; 0: it is not whole yet. */
size_t control_line(struct str bytes);

/*
 * Begin with a question, of whoever asks: only the server's user and root may.
 *   line     with its LF; borrowed; without: it is too long
 */
struct control *control_new(struct service *, const struct asker *,
                            struct str line);
void control_free(struct control *);

/* Whether somebody may ask at all; if not, any question is refused. */
bool control_admits(const struct asker *);

/*
 * Do it, or go on with it.
 *   returns  what is to be sent next, *len bytes; owner frees
 */
char *control_part(struct control *, struct now, size_t *len);

/* When to go on with it, mono_us; 0: at once. */
uint64_t control_wake(const struct control *);

/* That was the last part. */
bool control_is_done(const struct control *);

/* ---- commands: rows of controls.def ---- */

/*
 * Do it; called again for the next part as long as it sets call->more.
 *   returns  0, or an exit code of sysexits after answer_fail
 */
typedef int control_run(struct control_call *);

struct control_row {
    const char *name, *args, *doc;
    size_t min, max; /* arguments */
    control_run *run;
};

extern const struct control_row CONTROL_ROWS[];
extern const size_t CONTROL_ROWS_LEN;

#endif
