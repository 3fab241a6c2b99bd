/* SPDX-License-Identifier: MIT
 *
 * The servers whose keys the person trusts: the file known_servers, a line per
 * server, to be read and edited by people as well.
 *
 *      example.org:8555 SHA256:BASE64    this key and no other
 *      [2001:db8::1]:8555 ca             any that an authority vouches for
 *      # a comment
 *
 * The first line of a server counts; upper and lower case are the same.  Lines
 * that say something else are kept as they are.  Two clients may write at once.
 */
#ifndef TUI_KNOWN_H
#define TUI_KNOWN_H

#include <stddef.h>

#include "shared/secure.h"
#include "shared/str.h"

struct known;

enum known_kind {
    KNOWN_NOT,    /* nothing */
    KNOWN_KEY,    /* one key */
    KNOWN_CA,     /* an authority vouched for it */
    KNOWN_GARBLED /* something that cannot be understood */
};

/* What is said of a server. */
struct known_entry {
    enum known_kind kind;
    struct fingerprint key; /* KNOWN_KEY */
    size_t line;            /* of the file, from 1; 0: in no file */
};

enum {
    KNOWN_FILE_MAX = 1024 * 1024, /* bytes */
    KNOWN_LINE_MAX = 1024         /* longer ones are garbled */
};

/* The file in a directory; it and the directory need not exist. */
struct known *known_new(const char *dir);
void known_free(struct known *); /* NULL is allowed */

const char *known_path(const struct known *);

/*
 * What the file says now.
 *   server   "host:port", as address_text has it for TCP
 *   returns  0, or -1 with errno when it cannot be read
 */
int known_find(const struct known *, const char *server, struct known_entry *);

/*
 * Write down what is known of a server, unless the file has something.
 *   entry    kind and key; becomes what the file says, when it has something
 *   returns  0, or -1 with errno: nothing was written
 */
int known_add(struct known *, const char *server, struct known_entry *entry);

/* Take every line of a server out; how many, or -1 with errno. */
int known_forget(struct known *, const char *server);

/* What a text says of a server; pure. */
struct known_entry known_look(struct str text, const char *server);

#endif
