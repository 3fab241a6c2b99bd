/* SPDX-License-Identifier: MIT
 *
 * Who somebody is: by a token, a key, the system's word, a code or a password.
 * Whoever is refused stands in the log.
 */
#ifndef SERVER_PROVE_H
#define SERVER_PROVE_H

#include <stdbool.h>

#include "shared/error.h"
#include "shared/str.h"

struct account;
struct call;

/* The account that the client of an AUTH may have, made if need be. */
enum err prove(struct call *, struct account **, bool *resumed);

/* It is in: what its key means from now on. */
void prove_settle(struct call *, struct account *);

/* Over a Unix socket nobody gets the login name of somebody else. */
enum err prove_login(struct call *, struct str nick);

/* Somebody tried to be somebody: the operator is told who, and why not. */
void prove_refused(const struct call *, const char *why);

#endif
