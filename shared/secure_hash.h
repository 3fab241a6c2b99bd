/* SPDX-License-Identifier: MIT
 *
 * EDGE OpenSSL: what is kept of a secret that has only to be recognized.  It
 * must be one that nobody can guess, as random bytes of a token are; a password
 * needs more than this.
 */
#ifndef SHARED_SECURE_HASH_H
#define SHARED_SECURE_HASH_H

#include "shared/str.h"

enum { SECURE_HASH_TEXT = 65 }; /* bytes, with the end */

/* SHA-256 in hexadecimal. */
void secure_hash(struct str secret, char out[SECURE_HASH_TEXT]);

#endif
