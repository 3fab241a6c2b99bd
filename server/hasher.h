/* SPDX-License-Identifier: MIT
 *
 * EDGE threads, libargon2: passwords are hashed with Argon2id (RFC 9106), which
 * is slow on purpose; so a few threads do it, and only so many wait for them.
 * A password lives in memory no longer than that.
 */
#ifndef SERVER_HASHER_H
#define SERVER_HASHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/str.h"

enum {
    HASHER_THREADS = 2,
    HASHER_QUEUE = 64, /* jobs waiting or under way */
    HASHER_MAKES = 16, /* so many, and no new password is taken */
    HASHER_TEXT = 128, /* bytes of an encoded hash, with the end */
    HASHER_SALT = 16   /* bytes */
};

struct hasher;
struct hash_job;

enum hash_state { HASH_WAITS, HASH_GOOD, HASH_BAD };

/* Without threads it is done at once, for tests. */
struct hasher *hasher_new(bool threads);
void hasher_free(struct hasher *);

/* What a new hash costs; 64 MiB and 3 passes are good (OWASP, RFC 9106). */
struct hash_cost {
    uint32_t memory_kib, passes;
};

/*
 * Hash a new password; NULL: too many are waiting.  Most of the places are kept
 * for those who want to come in.
 *   salt     HASHER_SALT random bytes
 */
struct hash_job *hasher_make(struct hasher *, struct str password,
                             struct hash_cost, const uint8_t *salt);

/*
 * Compare one with what hasher_make gave.
 *   encoded  empty: with nothing, at the same cost, and it is BAD
 */
struct hash_job *hasher_check(struct hasher *, struct str password,
                              struct hash_cost, struct str encoded);

enum hash_state hasher_look(struct hasher *, struct hash_job *);

/* Of one that is GOOD: what was made, or compared; valid until hasher_end. */
const char *hasher_encoded(const struct hash_job *);

/* It is of no more interest; NULL is allowed. */
void hasher_end(struct hasher *, struct hash_job *);

#endif
