/* SPDX-License-Identifier: MIT
 *
 * Reactions to a message; see react.h.
 */
#include "shared/react.h"

#include <inttypes.h>
#include <stdio.h>

static struct str take_line(struct str *list)
{
    size_t end = 0;
    struct str line;

    while (end < list->len && list->ptr[end] != '\n')
        end++;
    line = str_bytes(list->ptr, end);
    *list = str_from(*list, end + 1);
    return line;
}

bool react_next(struct str *list, struct str *key, uint64_t *count)
{
    struct str line = take_line(list);
    size_t i = 0;

    *count = 0;
    while (i < line.len && i < 18 && line.ptr[i] >= '0' && line.ptr[i] <= '9')
        *count = *count * 10 + (uint64_t)(line.ptr[i++] - '0');
    *key = str_from(line, i + 1);
    return *count > 0 && line.ptr[i] == ' ' && key->len > 0;
}

uint64_t react_count(struct str list, struct str key)
{
    struct str at;
    uint64_t n;

    while (react_next(&list, &at, &n))
        if (str_eq(at, key))
            return n;
    return 0;
}

size_t react_kinds(struct str list)
{
    struct str at;
    uint64_t n;
    size_t kinds = 0;

    while (react_next(&list, &at, &n))
        kinds++;
    return kinds;
}

/* Add a line; one that does not fit is left out. */
static size_t put(char *out, size_t cap, size_t len, struct str key, uint64_t n)
{
    int more;

    if (n == 0)
        return len;
    more = snprintf(out + len, cap - len, "%s%" PRIu64 " %.*s", len ? "\n" : "",
                    n, STR_ARG(key));
    return more > 0 && (size_t)more < cap - len ? len + (size_t)more : len;
}

size_t react_change(struct str list, struct str key, bool remove, char *out,
                    size_t cap)
{
    struct str at;
    uint64_t n;
    size_t len = 0;
    bool known = false;

    while (react_next(&list, &at, &n)) {
        bool same = str_eq(at, key);

        known = known || same;
        if (same)
            n = remove ? n - 1 : n + 1;
        len = put(out, cap, len, at, n);
    }
    return known || remove ? len : put(out, cap, len, key, 1);
}
