/* SPDX-License-Identifier: MIT
 *
 * The terminal as it was found, put back when the program dies: by a fatal
 * signal, by abort, by exit from anywhere.  A signal handler needs the one
 * file-scope struct of the client.
 */
#ifndef TUI_RESCUE_H
#define TUI_RESCUE_H

#include <termios.h>

#include "shared/str.h"

/*
 * From now on: restore on SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT
 * and exit(3); then the signal does what it would have done.
 *   fd       stays open until rescue_disarm
 */
void rescue_arm(int fd, const struct termios *cooked);
void rescue_disarm(void);

/*
 * What leaves full screen on this terminal, instead of the sequence of xterm;
 * modes are switched off and colours reset in any case.  Cut to 256 bytes.
 */
void rescue_set(struct str bytes);

/* Restore now: one tcsetattr, one write; safe in a signal handler. */
void rescue_restore(void);

#endif
