/* SPDX-License-Identifier: MIT
 *
 * What encryption needs, opened together: the own key, authorities, known
 * servers, and who judges by them.
 */
#ifndef TUI_GUARD_H
#define TUI_GUARD_H

#include <stddef.h>

#include "shared/now.h"

struct known;
struct secure_base;
struct settings;
struct trust;

/* All NULL when nothing is to be encrypted. */
struct guard {
    struct secure_base *secure;
    struct trust *trust;
    struct known *known; /* NULL when there is no home */
    char *notice;        /* what the person should know, or NULL */
};

/*
 * Encryption as the settings ask for it: none with --tls off, and none over a
 * Unix socket, which only this machine can reach.
 *   returns  0, or the exit code of sysexits with a sentence
 */
int guard_open(struct guard *, const struct settings *, struct now, char *text,
               size_t cap);
void guard_close(struct guard *);

#endif
