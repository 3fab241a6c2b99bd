/* SPDX-License-Identifier: MIT
 *
 * A line of words, as chatctl sends it and a person can type it: words between
 * blanks; one in double quotes may hold anything, with \" \\ \n \t for what
 * cannot stand there.
 */
#ifndef SERVER_WORDS_H
#define SERVER_WORDS_H

#include <stddef.h>

#include "shared/str.h"

enum { WORDS_MAX = 64 };

struct words {
    char *bytes; /* of all of them; owned */
    struct str word[WORDS_MAX];
    size_t n;
};

/*
 * Take a line apart.
 *   line     without its LF
 *   error    gets a sentence when it cannot be; static
 *   returns  0 or -1; words_free in any case
 */
int words_parse(struct words *, struct str line, const char **error);
void words_free(struct words *);

/*
 * The other way: one word, in quotes if it needs them.
 *   out      cap bytes; 2 * len + 2 are always enough
 *   returns  bytes written; 0 when it does not fit
 */
size_t words_quote(struct str word, char *out, size_t cap);

#endif
