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

#endif
