/* SPDX-License-Identifier: MIT
 *
 * Text from a stranger: cleaned, measured, reduced, wrapped, made a name.
 */
#include <stdint.h>
#include <stdlib.h>

#include "shared/bounds.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/width.h"
#include "tui/wrap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void measure(struct str s, const struct width_rule *rule)
{
    bool clean = text_is_clean(s, TEXT_LINES);
    size_t at = 0, all = 0;

    while (at < s.len) {
        char out[CLUSTER_MAX];
        unsigned cols;
        size_t used = width_cluster(str_from(s, at), rule, &cols);

        check(used > 0 && used <= s.len - at && cols <= 2);
        check(width_reduce(str_bytes(s.ptr + at, used), rule, out,
                           sizeof out) <= sizeof out);
        at += used;
        all += cols;
        check(!clean || width_before(s, at) == at - used);
    }
    check(width_of(s, rule) == all);
    check(width_cut(s, all, rule).len == s.len);
}

static void wrap(struct str s, size_t width, const struct width_rule *rule)
{
    struct str rest = s, row;
    size_t rows = 0;
    bool more = true;

    while (wrap_next(&rest, width, rule, &row))
        check(++rows <= s.len);
    rest = s;
    for (rows = 0; more; rows++) {
        wrap_next_edit(&rest, width, rule, &more);
        check(rows <= 2 * s.len + 1);
    }
    check(rest.len == 0);
    check(wrap_place(s, s.len, width, rule).row == rows - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str raw = str_bytes(data + 1, size ? size - 1 : 0), clean;
    struct width_rule rule;
    char name[NAME_MAX_BYTES], *out;

    if (size == 0 || size > 1024)
        return 0;
    rule = (struct width_rule){ data[0] & 1, data[0] & 2 };
    out = mem_new(3 * raw.len + 1, 1);
    for (unsigned kind = TEXT_LINE; kind <= TEXT_LINES; kind++) {
        clean.ptr = out;
        clean.len = text_clean(raw, (enum text_kind)kind, out, 3 * raw.len + 1);
        check(text_is_clean(clean, (enum text_kind)kind));
        measure(clean, &rule);
        wrap(clean, 1 + data[0] / 4 % 20, &rule);
    }
    measure(raw, &rule);
    check(text_name(raw, NAME_NICK, 32, name) <= 32);
    check(text_name(raw, NAME_ROOM, 64, name) <= 64);
    check(text_fold(raw, name, sizeof name) <= sizeof name);
    free(out);
    return 0;
}
