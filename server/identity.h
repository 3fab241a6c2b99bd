/* SPDX-License-Identifier: MIT
 *
 * EDGE files: where the server's private key and its certificates lie.
 *
 *      the operator's     two files that the configuration names; read only
 *      the server's own   key.pem (0600) and cert.pem in the data directory,
 *                         made at the first start and never written over
 *
 * The key is what clients remember.  It is whole on disk before it has its
 * name, and a certificate that is missing is made for the key that is there.
 */
#ifndef SERVER_IDENTITY_H
#define SERVER_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/now.h"
#include "shared/secure.h"

struct identity_config {
    const char *data;       /* a directory; NULL: the default; ":memory:" */
    const char *cert, *key; /* the operator's files; both NULL or empty: none */
};

/* What tells one state of a file from another. */
struct identity_stamp {
    uint64_t device, inode, size, changed_ns;
};

struct identity {
    char *dir;        /* of the server's own; NULL: none */
    char *key, *cert; /* paths; NULL: in memory only */
    struct identity_stamp read[2], seen[2];
};

/*
 * Find out where; touches no file.
 *   error    gets a sentence, cap bytes
 *   returns  0, or an exit code of sysexits
 */
int identity_init(struct identity *, const struct identity_config *,
                  char *error, size_t cap);
void identity_fini(struct identity *);

/*
 * Read key and certificates; a key that others can read is refused.  All that
 * is in the result is owned by the caller in any case: secure_pem_free.
 *   returns  as above; EX_NOINPUT: there is no key (yet)
 */
int identity_read(struct identity *, struct secure_pem *, char *error,
                  size_t cap);

/*
 * The same, and what the server has to make itself is made.
 *   name     for the certificate
 */
int identity_need(struct identity *, struct secure_pem *, const char *name,
                  struct now, char *error, size_t cap);

/*
 * Whether the files are no longer those that were read, and have come to rest:
 * two calls, some seconds apart, saw them alike.
 */
bool identity_changed(struct identity *);

#endif
