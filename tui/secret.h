/* SPDX-License-Identifier: MIT
 *
 * EDGE terminal: a password, asked for before anything else is on the screen.
 */
#ifndef TUI_SECRET_H
#define TUI_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Ask on the terminal, whatever the standard streams are; nothing typed is
 * shown.
 *   out      cap bytes, with the end
 *   returns  false, with errno: there is no terminal, or it is too long
 */
bool secret_ask(const char *prompt, char *out, size_t cap);

/*
 * A new one: asked for twice on a terminal when standard input is one, else the
 * next line of standard input.
 *   returns  as secret_ask; errno EINVAL: the two differ, or there is none
 */
bool secret_choose(const char *prompt, const char *again, char *out,
                   size_t cap);

/* Whether what is typed on standard input is shown, if that is a terminal. */
void secret_echo(bool shown);

#endif
