/* SPDX-License-Identifier: MIT
 *
 * What the server proves itself with, over its whole life: read or made at the
 * start, read again when it is told to or when the files have changed.  A new
 * pair that is no good is refused, and the old one goes on.
 */
#ifndef SERVER_KEYS_H
#define SERVER_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/keyfile.h"
#include "shared/now.h"
#include "shared/secure.h"
#include "shared/secure_hash.h"

struct log;
struct settings;

struct keys {
    struct keyfile keyfile;
    struct secure_base *base;    /* NULL: nothing is encrypted */
    uint64_t look_us;            /* when to look at the files again */
    char used[SECURE_HASH_TEXT]; /* of key and certificate in use */
};

/* Returns 0, or an exit code and keyfile.why; keys_close in any case. */
int keys_open(struct keys *, const struct settings *, const char *name,
              struct now);
void keys_close(struct keys *);

/* When its certificate expires, seconds since 1970; 0: there is none. */
uint64_t keys_expire(const struct keys *);

/* A line of the log that says which key it is. */
void keys_announce(const struct keys *, struct log *);

/*
 * Take the files that the settings name now, from the next connection on.
 * Nothing is said when what is in them is in use already.
 *   returns  0, or an exit code of sysexits: the old ones go on
 */
int keys_reload(struct keys *, const struct settings *, struct log *);

/* Look whether the files have changed; returns when to look again, mono_us. */
uint64_t keys_look(struct keys *, struct log *, struct now);

/* Whether there is a key, or has to be: not one that the server has yet to
 * make. */
bool keys_exist(const struct settings *);

/*
 * The fingerprint of the key that there is, without making one.
 *   error    gets a sentence, cap bytes
 *   returns  0, or an exit code; EX_NOINPUT: there is none yet
 */
int keys_fingerprint(const struct settings *, char out[FINGERPRINT_TEXT],
                     char *error, size_t cap);

#endif
