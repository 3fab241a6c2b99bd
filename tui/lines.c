/* SPDX-License-Identifier: MIT */
#include "tui/lines.h"

void lines_fini(struct lines *lines)
{
    bytes_fini(&lines->in);
}

void lines_feed(struct lines *lines, struct str s)
{
    bytes_add(&lines->in, s);
}

void lines_end(struct lines *lines)
{
    lines->ended = true;
}

/* Where the next line ends; false when that is not known yet. */
static bool find_end(struct lines *lines, struct str all, size_t *end)
{
    const char *lf = NULL;

    if (lines->seen < all.len)
        lf = memchr(all.ptr + lines->seen, '\n', all.len - lines->seen);
    *end = lf ? (size_t)(lf - all.ptr) : all.len;
    lines->seen = *end;
    return lf || (lines->ended && all.len);
}

bool lines_next(struct lines *lines, struct str *line)
{
    struct str all = bytes_str(&lines->in);
    size_t end;

    if (!find_end(lines, all, &end))
        return false;
    *line = str_bytes(all.ptr, end);
    if (end && all.ptr[end - 1] == '\r')
        line->len--;
    /* The bytes stay where they are until something is added. */
    bytes_take(&lines->in, end < all.len ? end + 1 : end);
    lines->seen = 0;
    lines->number++;
    return true;
}

size_t lines_held(const struct lines *lines)
{
    return bytes_str(&lines->in).len;
}
