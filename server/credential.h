/* SPDX-License-Identifier: MIT
 *
 * What somebody proves with that an account is theirs: keys of client
 * programs, a few for each account.  A key that was revoked stays known as
 * such, so that whoever has it finds no way back in.
 */
#ifndef SERVER_CREDENTIAL_H
#define SERVER_CREDENTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/secure_pem.h"
#include "shared/str.h"

struct account;

enum {
    KEYS_MAX = 64,  /* of one account, revoked ones among them */
    LABEL_MAX = 64, /* bytes of what a key is called */
    KEY_HEX = 2 * FINGERPRINT_LEN + 1 /* bytes as text, with the end */
};

struct credential {
    struct fingerprint key;
    uint64_t added, seen; /* ms since 1970 */
    bool revoked;
    char label[LABEL_MAX + 1]; /* the machine's name, as its client said */
};

/* All that an account has; of it, n_good keys open it. */
struct credentials {
    struct credential *keys; /* owned */
    size_t n, cap, n_good;
};

void credentials_free(struct credentials *);

/* NULL: the key has never been one of these. */
struct credential *credential_of(const struct credentials *,
                                 const struct fingerprint *key);

/*
 * Add a key, or take it up again.
 *   returns  NULL when there are KEYS_MAX, none of them revoked
 */
struct credential *credential_add(struct credentials *,
                                  const struct fingerprint *key,
                                  struct str label);

void credential_revoke(struct credentials *, struct credential *);

/* A key as it is stored, hexadecimal; and back: false: it is none. */
void credential_text(const struct fingerprint *, char out[KEY_HEX]);
bool credential_parse(struct fingerprint *, struct str text);

#endif
