/* SPDX-License-Identifier: MIT
 *
 * Words of a search; see terms.h.
 */
#include "server/terms.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/text.h"

/* A character that is a word by itself: Han, kana, Hangul, and their like. */
static bool stands_alone(uint32_t cp)
{
    return (cp >= 0x1100 && cp <= 0x11ff) || (cp >= 0x2e80 && cp <= 0x2fdf) ||
           (cp >= 0x3005 && cp <= 0x3007) || (cp >= 0x3021 && cp <= 0x3029) ||
           (cp >= 0x3040 && cp <= 0x318f) || (cp >= 0x31a0 && cp <= 0x31bf) ||
           (cp >= 0x31f0 && cp <= 0x31ff) || (cp >= 0x3400 && cp <= 0x4dbf) ||
           (cp >= 0x4e00 && cp <= 0x9fff) || (cp >= 0xa000 && cp <= 0xa4cf) ||
           (cp >= 0xac00 && cp <= 0xd7af) || (cp >= 0xf900 && cp <= 0xfaff) ||
           (cp >= 0x20000 && cp <= 0x3ffff) || (cp >= 0x0e00 && cp <= 0x0eff);
}

/* Blanks round each character that stands alone. */
static size_t spread(struct str folded, char *out, size_t cap)
{
    size_t len = 0;
    uint32_t cp;

    while (folded.len) {
        size_t n = text_step(folded, &cp);
        bool alone = stands_alone(cp);

        if (len + n + 2 > cap)
            break;
        if (alone)
            out[len++] = ' ';
        memcpy(out + len, folded.ptr, n);
        len += n;
        if (alone)
            out[len++] = ' ';
        folded = str_from(folded, n);
    }
    return len;
}

size_t terms_spread(struct str text, char *out, size_t cap)
{
    size_t room = TERMS_GROWTH * text.len + 16, len;
    char *fold = mem_new(room, 1);

    len = spread(str_bytes(fold, text_fold(text, fold, room)), out, cap);
    free(fold);
    return len;
}

/* ---- what is looked for ---- */

static bool is_blank(char ch)
{
    return ch == ' ' || ch == '\t' || ch == '\n';
}

/* A word, or what stands between two quotes, off the front. */
static struct str take_word(struct str *text)
{
    bool quoted;
    size_t end = 0;
    struct str word;

    while (text->len && is_blank(text->ptr[0]))
        *text = str_from(*text, 1);
    quoted = text->len && text->ptr[0] == '"';
    *text = str_from(*text, quoted);
    while (end < text->len &&
           (quoted ? text->ptr[end] != '"' : !is_blank(text->ptr[end])))
        end++;
    word = str_bytes(text->ptr, end);
    *text = str_from(*text, end + quoted);
    return word;
}

/* Something that the index knows: a letter or a digit of any script. */
static bool has_token(struct str s)
{
    for (uint32_t cp; s.len; s = str_from(s, text_step(s, &cp))) {
        unsigned char c = (unsigned char)s.ptr[0];

        if (c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'))
            return true;
    }
    return false;
}

static struct str trim(struct str s)
{
    while (s.len && is_blank(s.ptr[0]))
        s = str_from(s, 1);
    while (s.len && is_blank(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

bool terms_read(struct terms *terms, struct str text)
{
    size_t used = 0;

    terms->n = 0;
    while (text.len) {
        struct str word = trim(take_word(&text)), folded;

        if (word.len == 0)
            continue;
        if (terms->n == TERMS_MAX)
            return false;
        folded = str_bytes(
            terms->bytes + used,
            text_fold(word, terms->bytes + used, sizeof terms->bytes - used));
        if (!has_token(folded))
            return false;
        used += folded.len;
        terms->ends[terms->n++] = used;
    }
    return true;
}

static bool put(char *out, size_t cap, size_t *len, struct str s)
{
    if (*len + s.len > cap)
        return false;
    memcpy(out + *len, s.ptr, s.len);
    *len += s.len;
    return true;
}

/* One word in quotes; quotes within are blanks to the index. */
static bool put_word(char *out, size_t cap, size_t *len, struct str word)
{
    char form[3 * TERMS_BYTES];
    size_t n = spread(word, form, sizeof form);

    for (size_t i = 0; i < n; i++)
        if (form[i] == '"')
            form[i] = ' ';
    return put(out, cap, len, str_of(*len ? " AND text:\"" : "text:\"")) &&
           put(out, cap, len, str_bytes(form, n)) &&
           put(out, cap, len, str_of("\""));
}

size_t terms_match(const struct terms *terms, char *out, size_t cap)
{
    size_t len = 0;

    for (size_t i = 0; i < terms->n; i++)
        if (!put_word(out, cap, &len, terms_word(terms, i)))
            return 0;
    return len;
}

static bool contains(struct str text, struct str word)
{
    for (size_t i = 0; i + word.len <= text.len; i++)
        if (memcmp(text.ptr + i, word.ptr, word.len) == 0)
            return true;
    return false;
}

bool terms_are_in(const struct terms *terms, struct str text)
{
    size_t room = TERMS_GROWTH * text.len + 16;
    char *fold = mem_new(room, 1);
    struct str folded = str_bytes(fold, text_fold(text, fold, room));
    bool found = true;

    for (size_t i = 0; i < terms->n && found; i++)
        found = contains(folded, terms_word(terms, i));
    free(fold);
    return found;
}
