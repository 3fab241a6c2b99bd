/* SPDX-License-Identifier: MIT
 *
 * A view of bytes: it points into somebody else's memory and owns nothing.
 * Not terminated.  Who keeps one longer than a call says so in its header.
 */
#ifndef SHARED_STR_H
#define SHARED_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *ptr; /* may be NULL when len is 0 */
    size_t len;
};

/* printf("%.*s", STR_ARG(s)) */
#define STR_ARG(s) (int)(s).len, (s).ptr ? (s).ptr : ""

static inline struct str str_of(const char *cstr)
{
    return (struct str){ cstr, cstr ? strlen(cstr) : 0 };
}

static inline struct str str_bytes(const void *ptr, size_t len)
{
    return (struct str){ ptr, len };
}

static inline bool str_eq(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool str_is(struct str a, const char *cstr)
{
    return str_eq(a, str_of(cstr));
}

static inline bool str_starts(struct str a, struct str prefix)
{
    return a.len >= prefix.len && str_eq(str_bytes(a.ptr, prefix.len), prefix);
}

/* The part of s from byte `from` on; empty when there is none. */
static inline struct str str_from(struct str s, size_t from)
{
    if (from >= s.len)
        return (struct str){ NULL, 0 };
    return (struct str){ s.ptr + from, s.len - from };
}

/* The first word, off the front up to a blank, which goes as well. */
static inline struct str str_word(struct str *rest)
{
    const char *end =
        rest->len ? (const char *)memchr(rest->ptr, ' ', rest->len) : NULL;
    struct str word = { rest->ptr,
                        end ? (size_t)(end - rest->ptr) : rest->len };

    *rest = str_from(*rest, word.len + 1);
    return word;
}

#endif
