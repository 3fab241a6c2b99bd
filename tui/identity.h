/* SPDX-License-Identifier: MIT
 *
 * The client's own key, by which servers know it again: client-key.pem, one
 * for all of them, made at the first start.  Key and certificate in one file,
 * for the owner only.
 */
#ifndef TUI_IDENTITY_H
#define TUI_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/now.h"
#include "shared/secure.h"

/*
 * Read the key of a directory, or make it when there is none.  Of two clients
 * that start at once both get the same.
 *   pem      gets it; secure_pem_free
 *   error    gets a sentence for people
 *   returns  false when there is none to be used
 */
bool identity_load(const char *dir, struct secure_pem *pem, struct now,
                   char *error, size_t cap);

#endif
