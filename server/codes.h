/* SPDX-License-Identifier: MIT
 *
 * Codes that people carry from one machine to another: short, good once, and
 * not for long.  One opens an account to a further key; an invitation lets
 * somebody new keep a name.
 */
#ifndef SERVER_CODES_H
#define SERVER_CODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/map.h"
#include "shared/now.h"
#include "shared/secure_hash.h"
#include "shared/str.h"

enum {
    CODE_LEN = 8,             /* characters that count: 40 bits */
    CODE_TEXT = CODE_LEN + 2, /* with a dash in the middle and the end */
    CODES_MAX = 1024,         /* for keys, at once */
    INVITES_MAX = 10000
};

/* An invitation; stored. */
struct invite {
    char hash[SECURE_HASH_TEXT];
    uint64_t until; /* ms since 1970 */
    uint64_t uses;  /* left */
};

struct device_code;

struct codes {
    struct map by_account; /* struct device_code, owned */
    struct map invites;    /* struct invite by hash, owned */
};

void codes_init(struct codes *, const uint64_t secret[2]);
void codes_fini(struct codes *);

/* A code of random bytes, as people read it: ABCD-EFGH. */
void code_text(const uint8_t random[CODE_LEN], char out[CODE_TEXT]);

/*
 * The hash of what was typed: case, blanks and dashes do not count, and O and I
 * are what they look like.
 */
void code_hash(struct str typed, char out[SECURE_HASH_TEXT]);

/*
 * The account takes a further key with this code until then, mono_us; its
 * earlier code is no more.
 *   returns  false: too many are waiting
 */
bool codes_open(struct codes *, uint64_t account, const char *code,
                uint64_t until_us, struct now);

/* Use the account's code up; false: it is not this one. */
bool codes_take(struct codes *, uint64_t account, struct str typed, struct now);

/* Add an invitation; false: there are INVITES_MAX. */
bool codes_invite(struct codes *, const char *hash, uint64_t until,
                  uint64_t uses, struct now);

/* The invitation that is typed, if it is still good. */
struct invite *codes_invitation(const struct codes *, struct str typed,
                                struct now);

/* One use less; the last one ends it. */
void codes_spend(struct codes *, struct invite *);

#endif
