/* SPDX-License-Identifier: MIT
 *
 * Words of a line; see words.h.
 */
#include "server/words.h"

#include <stdbool.h>
#include <stdlib.h>

#include "shared/mem.h"
#include "shared/text.h"

/* What stands behind a backslash, and what it means. */
static const char ESCAPED[] = "\"\\nt", MEANT[] = "\"\\\n\t";

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Where a line is read, and its words are written. */
struct scan {
    struct str in;
    char *out;
};

static const char *take_quoted(struct scan *scan)
{
    for (scan->in = str_from(scan->in, 1); scan->in.len;) {
        char c = *scan->in.ptr;

        scan->in = str_from(scan->in, 1);
        if (c == '"')
            return scan->in.len && !is_blank(*scan->in.ptr)
                       ? "a blank is missing behind a quote"
                       : NULL;
        if (c == '\\') {
            const char *at = scan->in.len ? strchr(ESCAPED, *scan->in.ptr) : 0;

            if (!at || !*at)
                return "a backslash is followed by none of \" \\ n t";
            scan->in = str_from(scan->in, 1);
            c = MEANT[at - ESCAPED];
        }
        *scan->out++ = c;
    }
    return "a quote is not closed";
}

static const char *take_bare(struct scan *scan)
{
    while (scan->in.len && !is_blank(*scan->in.ptr)) {
        if (*scan->in.ptr == '"')
            return "a quote stands within a word";
        *scan->out++ = *scan->in.ptr;
        scan->in = str_from(scan->in, 1);
    }
    return NULL;
}

static void skip_blanks(struct scan *scan)
{
    while (scan->in.len && is_blank(*scan->in.ptr))
        scan->in = str_from(scan->in, 1);
}

int words_parse(struct words *words, struct str line, const char **error)
{
    struct scan scan = { line, NULL };

    *words = (struct words){ .bytes = mem_new(line.len + 1, 1) };
    scan.out = words->bytes;
    *error = NULL;
    if (!text_is_clean(line, TEXT_LINES) ||
        (line.len && memchr(line.ptr, '\n', line.len)))
        *error = "it is not UTF-8, or holds control characters";
    for (skip_blanks(&scan); !*error && scan.in.len; skip_blanks(&scan)) {
        char *from = scan.out;

        if (words->n == WORDS_MAX) {
            *error = "it has too many words";
            break;
        }
        *error = *scan.in.ptr == '"' ? take_quoted(&scan) : take_bare(&scan);
        words->word[words->n++] = str_bytes(from, (size_t)(scan.out - from));
    }
    return *error ? -1 : 0;
}

void words_free(struct words *words)
{
    free(words->bytes);
    *words = (struct words){ .bytes = NULL };
}

/* ---- the other way ---- */

static bool needs_quotes(struct str word)
{
    for (size_t i = 0; i < word.len; i++) {
        if (is_blank(word.ptr[i]) || strchr(MEANT, word.ptr[i]))
            return true;
    }
    return word.len == 0;
}

size_t words_quote(struct str word, char *out, size_t cap)
{
    size_t len = 0;

    if (2 * word.len + 2 > cap)
        return 0;
    if (!needs_quotes(word)) {
        memcpy(out, word.ptr, word.len);
        return word.len;
    }
    out[len++] = '"';
    for (size_t i = 0; i < word.len; i++) {
        const char *at = strchr(MEANT, word.ptr[i]);

        out[len] = word.ptr[i];
        if (at && *at) {
            out[len++] = '\\';
            out[len] = ESCAPED[at - MEANT];
        }
        len++;
    }
    out[len++] = '"';
    return len;
}
