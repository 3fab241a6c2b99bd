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
#ifndef SERVER_KEYFILE_H
#define SERVER_KEYFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/now.h"
#include "shared/secure.h"

struct keyfile_config {
    const char *data;       /* a directory; NULL: the default; ":memory:" */
    const char *cert, *key; /* the operator's files; both NULL or empty: none */
};

/* What tells one state of a file from another. */
struct keyfile_stamp {
    uint64_t device, inode, size, changed_ns;
};

struct keyfile {
    char *dir;        /* of the server's own; NULL: none */
    char *key, *cert; /* paths; NULL: in memory only */
    struct keyfile_stamp read[2], seen[2];
    char why[512]; /* what went wrong last: a sentence */
};

/*
 * Find out where; touches no file.
 *   returns  0, or an exit code of sysexits and a sentence in `why`
 */
int keyfile_init(struct keyfile *, const struct keyfile_config *);
void keyfile_fini(struct keyfile *);

/* Whether there is a key to be read; the operator's there has to be. */
bool keyfile_exists(const struct keyfile *);

/*
 * Read key and certificates; a key that others can read is refused.  All that
 * is in the result is owned by the caller in any case: secure_pem_free.
 *   returns  as above; EX_NOINPUT: there is no key (yet)
 */
int keyfile_read(struct keyfile *, struct secure_pem *);

/*
 * The same, and what the server has to make itself is made.
 *   name     for the certificate
 */
int keyfile_need(struct keyfile *, struct secure_pem *, const char *name,
                 struct now);

/*
 * Whether the files are no longer those that were read, and have come to rest:
 * two calls, some seconds apart, saw them alike.
 */
bool keyfile_changed(struct keyfile *);

#endif
