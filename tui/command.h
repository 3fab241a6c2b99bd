/* SPDX-License-Identifier: MIT
 *
 * What a line that was typed does: a command of commands.def, or something to
 * say.  Answers are notices in the room, so it serves line mode as well.
 */
#ifndef TUI_COMMAND_H
#define TUI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "shared/now.h"
#include "shared/str.h"

struct chat;

enum { ARGS_MAX = 4 };

/* Arguments of a command: words, the last one with all that follows. */
struct args {
    size_t n;
    struct str v[ARGS_MAX];
};

struct command_row {
    const char *name;
    const char *args;  /* "ROOM [TEXT]", for the usage line */
    unsigned min, max; /* how many */
    bool whole;        /* destructive: must be typed in full */
    void (*run)(struct chat *, const struct args *, struct now);
    const char *help;
};

extern const struct command_row COMMANDS[];
extern const size_t COMMANDS_LEN;

/* Another name of a command. */
struct alias_row {
    const char *name, *of;
};

extern const struct alias_row ALIASES[];
extern const size_t ALIASES_LEN;

/*
 * Do what a typed line says: "/name args" runs a command, "//x" says "/x",
 * QUIT alone quits, anything else is said in the current room.  A wrong
 * command is never said; a notice tells what is wrong.
 *   returns  false when nothing was done, so that the line can be corrected
 */
bool command_run(struct chat *, struct str line, struct now);

/* Whether command_run would take the line as a command, right or wrong. */
bool command_is(struct str line);

/*
 * The row of a name or alias or a unique prefix of one; no slash.
 *   several  gets true when more than one matches; may be NULL
 */
const struct command_row *command_find(struct str name, bool *several);

/* All commands with their help, for /help and --help. */
void command_help(FILE *);

#endif
