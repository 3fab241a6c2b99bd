/* SPDX-License-Identifier: MIT
 *
 * Words of a search.  What is said and what is looked for go through the same
 * form: folded, and in scripts that put no blanks between words every character
 * stands alone, so that a word of one or two Chinese characters is found.
 */
#ifndef SERVER_TERMS_H
#define SERVER_TERMS_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/str.h"

enum {
    TERMS_MAX = 8,          /* words of a search */
    TERMS_BYTES = 1024,     /* of all of them, folded */
    TERMS_GROWTH = 16,      /* text may become so many times longer */
    TERMS_MATCH = 4 * 1024, /* bytes of the longest match expression */
};

/* A search taken apart; a word may be several in quotes. */
struct terms {
    char bytes[TERMS_BYTES]; /* the words, folded, one behind another */
    size_t ends[TERMS_MAX];
    size_t n;
};

static inline struct str terms_word(const struct terms *terms, size_t i)
{
    size_t from = i ? terms->ends[i - 1] : 0;

    return str_bytes(terms->bytes + from, terms->ends[i] - from);
}

/* false: too many words, too long ones, or none that could be found. */
bool terms_read(struct terms *, struct str text);

/*
 * The form that is indexed.
 *   out      TERMS_GROWTH * text.len + 16 bytes are always enough
 *   returns  bytes written
 */
size_t terms_spread(struct str text, char *out, size_t cap);

/*
 * The same for the words, as an expression of FTS5 on the column `text`:
 * every word in quotes, so nothing in it is syntax.
 *   returns  bytes written; 0: it does not fit
 */
size_t terms_match(const struct terms *, char *out, size_t cap);

/* Whether every word is in a text as it is. */
bool terms_are_in(const struct terms *, struct str text);

#endif
