/* SPDX-License-Identifier: MIT
 *
 * The operator's console, sans-I/O: a line of words in (words.h), lines out.
 *
 *      --json sessions            the question; --json is optional
 *       {"session":7,...          a space, and a line of the answer
 *      !kick: ...                 a line that says what is wrong
 *      =0                         the end, with an exit code of sysexits
 *
 * What may be asked stands in controls.def.
 */
#ifndef SERVER_CONTROL_H
#define SERVER_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/now.h"
#include "shared/str.h"

struct answer;
struct service;

enum { CONTROL_LINE_MAX = 64 * 1024 }; /* bytes of a question, LF included */

/* Who asks, as the system says. */
struct asker {
    uint32_t uid, pid;
    uint32_t own; /* the server's own uid */
};

/* The server's user and root, nobody else. */
bool control_admits(const struct asker *);

/* What somebody else is told; as control_answer. */
char *control_refuse(struct service *, const struct asker *, size_t *len);

/* Bytes of the question, LF included; 0: it is not whole yet. */
size_t control_line(struct str bytes);

/*
 * Do what the question says.
 *   line     with its LF; without: it is too long
 *   returns  what is to be sent, *len bytes; owner frees
 */
char *control_answer(struct service *, struct str line, const struct asker *,
                     struct now, size_t *len);

/* ---- commands: rows of controls.def ---- */

struct control_call {
    struct service *service;
    const struct asker *asker;
    const struct str *args;
    size_t n;
    struct answer *answer;
    struct now now;
};

/* Do it; returns 0, or an exit code of sysexits after answer_fail. */
typedef int control_run(struct control_call *);

struct control_row {
    const char *name, *args, *doc;
    size_t min, max; /* arguments */
    control_run *run;
};

extern const struct control_row CONTROL_ROWS[];
extern const size_t CONTROL_ROWS_LEN;

#define CONTROL(name, run, args, min, max, doc) control_run run;
#include "server/controls.def"

#endif
