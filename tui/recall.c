/* SPDX-License-Identifier: MIT
 *
 * A bounded ring of lines; see recall.h.
 */
#include "tui/recall.h"

#include <stdlib.h>

#include "shared/mem.h"

void recall_init(struct recall *r)
{
    *r = (struct recall){ 0 };
}

static char **slot(const struct recall *r, size_t age)
{
    return &r->ring[(r->first + r->n - 1 - age) % RECALL_MAX];
}

/* Forget the oldest. */
static void drop(struct recall *r)
{
    char **oldest = slot(r, r->n - 1);

    r->bytes -= strlen(*oldest);
    free(*oldest);
    *oldest = NULL;
    r->first = (r->first + 1) % RECALL_MAX;
    r->n--;
}

void recall_fini(struct recall *r)
{
    while (r->n)
        drop(r);
    free(r->ring);
    recall_init(r);
}

void recall_add(struct recall *r, struct str line)
{
    if (line.len == 0 || line.len > RECALL_BYTES ||
        str_eq(line, recall_get(r, 0)))
        return;
    if (!r->ring)
        r->ring = mem_new(RECALL_MAX, sizeof *r->ring);
    while (r->n == RECALL_MAX || r->bytes + line.len > RECALL_BYTES)
        drop(r);
    r->n++;
    r->bytes += line.len;
    *slot(r, 0) = mem_str(line);
}

struct str recall_get(const struct recall *r, size_t age)
{
    return str_of(age < r->n ? *slot(r, age) : NULL);
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c);
}

/* Whether s begins with the needle, ASCII case ignored. */
static bool begins(struct str s, struct str needle)
{
    size_t i = 0;

    if (s.len < needle.len)
        return false;
    while (i < needle.len && lower(s.ptr[i]) == lower(needle.ptr[i]))
        i++;
    return i == needle.len;
}

size_t recall_search(const struct recall *r, struct str needle, size_t age,
                     size_t *at)
{
    for (; age < r->n; age++) {
        struct str line = recall_get(r, age);

        for (size_t i = 0; i + needle.len <= line.len; i++) {
            if (!begins(str_from(line, i), needle))
                continue;
            if (at)
                *at = i;
            return age;
        }
    }
    return SIZE_MAX;
}
