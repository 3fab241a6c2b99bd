/* SPDX-License-Identifier: MIT
 *
 * EDGE libuv, standard input and output: the modes without a screen (--line,
 * --send, --tail).
 */
#ifndef TUI_PIPE_H
#define TUI_PIPE_H

#include <stddef.h>

struct setup;

/*
 * Run until the input ends and all is stored (--send, --line), the reader goes
 * away (--tail), a signal comes, or the session ends for good.
 *   error    gets what to print on standard error, empty when all is well
 *   returns  an exit code of sysexits(3)
 */
int pipe_run(struct setup *, char *error, size_t cap);

#endif
