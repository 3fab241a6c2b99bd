/* SPDX-License-Identifier: MIT
 *
 * Rules about how long lines are kept; see keep.h.
 */
#include "server/keep.h"

#include <stdlib.h>
#include <string.h>

#include "shared/bounds.h"
#include "shared/text.h"

enum { DAYS_MAX = 36500, DIGITS_MAX = 5 };

/* Take the next "#NAME=DAYS" off the front; false: there is none. */
static bool next_rule(const char **text, struct str *name, uint64_t *days)
{
    const char *from = *text + strspn(*text, " ");
    const char *end = from + strcspn(from, " "), *eq = end;

    while (eq > from && *eq != '=')
        eq--;
    *text = end;
    *name = str_bytes(from, (size_t)(eq - from));
    if (eq < from + 2 || *from != '#' ||
        strspn(eq + 1, "0123456789") != (size_t)(end - eq - 1) ||
        end - eq < 2 || end - eq > 1 + DIGITS_MAX)
        return false;
    *days = strtoul(eq + 1, NULL, 10);
    return *days <= DAYS_MAX;
}

bool keep_is_valid(const char *rules)
{
    struct str name;
    uint64_t days;

    while (rules && rules[strspn(rules, " ")])
        if (!next_rule(&rules, &name, &days))
            return false;
    return true;
}

bool keep_find(const char *rules, struct str folded, uint64_t *days)
{
    char bytes[NAME_MAX_BYTES];
    struct str name;

    while (rules && next_rule(&rules, &name, days))
        if (str_eq(str_bytes(bytes, text_fold(name, bytes, sizeof bytes)),
                   folded))
            return true;
    return false;
}
