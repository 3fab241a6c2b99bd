/* SPDX-License-Identifier: MIT
 *
 * The full screen: terminal, keys, network and model brought together, one
 * loop, one paint a turn at most.
 */
#ifndef TUI_APP_H
#define TUI_APP_H

struct chat;

/*
 * Run until the person leaves, the terminal goes away or the session ends for
 * good; the terminal is restored when it returns.
 *   chat     client, model, ui, net and settings are there; edit is made here
 *   error    gets what to print on standard error, empty when all is well
 *   returns  an exit code of sysexits(3)
 */
int app_run(struct chat *, char *error, unsigned cap);

#endif
