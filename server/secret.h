/* SPDX-License-Identifier: MIT
 *
 * Proving oneself by a password.
 */
#ifndef SERVER_SECRET_H
#define SERVER_SECRET_H

#include <stdbool.h>

#include "shared/error.h"

struct account;
struct call;

/* Whether an AUTH brings a password. */
bool secret_is_asked(const struct call *);

/*
 * What came of it, once it has been hashed.  Who does not exist is refused
 * with the same words, after the same work.
 */
enum err secret_prove(struct call *, struct account **);

/* What was hashed for it is of no more interest. */
void secret_end(struct call *);

#endif
