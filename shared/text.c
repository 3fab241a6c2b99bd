/* SPDX-License-Identifier: MIT
 *
 * UTF-8, the sanitiser and the rules for names; see text.h.  Nearly all text
 * is clean, and much of it ASCII, so looking comes before copying and eight
 * plain bytes are looked at in one step.
 */
#include "shared/text.h"

#include <stdlib.h>

#include <utf8proc.h>

#include "shared/bounds.h"
#include "shared/mem.h"

enum { REPLACEMENT = 0xFFFD, WIDE_HASH = 0xFF03 };

/* ---- UTF-8 ---- */

static bool is_tail(char c)
{
    return ((uint8_t)c & 0xC0) == 0x80;
}

/*
 * What a lead byte announces: bytes in all (0: it leads nothing) and the range
 * of the second byte, which rules out overlong forms, surrogates and what lies
 * above U+10FFFF.
 */
static size_t lead(uint8_t c, uint8_t *low, uint8_t *high)
{
    *low = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;
    *high = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
    if (c < 0xC2 || c > 0xF4)
        return 0;
    return c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
}

size_t text_step(struct str s, uint32_t *cp)
{
    uint8_t first = (uint8_t)s.ptr[0], low, high;
    size_t want, used = 1;
    uint32_t value;

    *cp = first;
    if (first < 0x80)
        return 1;
    *cp = REPLACEMENT;
    want = lead(first, &low, &high);
    if (want == 0 || s.len < 2 || (uint8_t)s.ptr[1] < low ||
        (uint8_t)s.ptr[1] > high)
        return 1;
    value = first & (0x7Fu >> want);
    while (used < want && used < s.len && is_tail(s.ptr[used]))
        value = value << 6 | ((uint8_t)s.ptr[used++] & 0x3F);
    if (used == want)
        *cp = value;
    return used;
}

size_t text_put(uint32_t cp, char *out)
{
    static const uint8_t LEAD[] = { 0, 0, 0xC0, 0xE0, 0xF0 };
    size_t len = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;

    for (size_t i = len; i-- > 1; cp >>= 6)
        out[i] = (char)(0x80 | (cp & 0x3F));
    out[0] = (char)(LEAD[len] | cp);
    return len;
}

struct str text_cut(struct str s, size_t max)
{
    size_t len = max;

    if (s.len <= max)
        return s;
    while (len > 0 && max - len < 3 && is_tail(s.ptr[len]))
        len--;
    return str_bytes(s.ptr, is_tail(s.ptr[len]) ? max : len);
}

size_t text_lines(struct str s)
{
    size_t n = s.len > 0;

    for (size_t i = 0; i < s.len; i++)
        n += s.ptr[i] == '\n';
    return n;
}

/* ---- the sanitiser ---- */

/* A Chinese character of U+4000..U+9FFF at byte `at`. */
static bool is_han(struct str s, size_t at)
{
    return s.len - at >= 3 && (uint8_t)s.ptr[at] >= 0xE4 &&
           (uint8_t)s.ptr[at] <= 0xE9 && is_tail(s.ptr[at + 1]) &&
           is_tail(s.ptr[at + 2]);
}

/*
 * Bytes at the front of s that are clean at first sight: printable ASCII, by
 * steps of eight, and Chinese.
 */
static size_t plain(struct str s)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
    size_t at = 0;

    while (at < s.len) {
        uint64_t x = high, del;

        if (s.len - at >= sizeof x)
            memcpy(&x, s.ptr + at, sizeof x);
        del = x ^ (ones * 0x7F);
        if (!((x | (x - ones * 0x20) | (del - ones)) & high))
            at += sizeof x;
        else if (s.ptr[at] >= 0x20 && s.ptr[at] < 0x7F)
            at++;
        else if (is_han(s, at))
            at += 3;
        else
            break;
    }
    return at;
}

/* What vanishes: it would reorder, break or hide the text around it. */
static bool is_banned(uint32_t cp)
{
    return cp == 0x061C || cp == 0x200E || cp == 0x200F || /* bidi marks */
           (cp >= 0x2028 && cp <= 0x202E) || /* separators, overrides */
           (cp >= 0x2066 && cp <= 0x206F) || /* isolates, old controls */
           (cp >= 0xFFF9 && cp <= 0xFFFB) || /* hidden annotations */
           (cp >= 0xE0000 && cp <= 0xE007F); /* tags */
}

/*
 * Takes no cell of its own but loads the one before.  Invisible format
 * characters count as well: a thousand of them is the same nuisance.
 */
static bool is_mark(uint32_t cp)
{
    utf8proc_category_t category;

    if (cp < 0x300 || (cp >= 0x3400 && cp <= 0x9FFF))
        return false;
    category = utf8proc_category((utf8proc_int32_t)cp);
    return category == UTF8PROC_CATEGORY_MN ||
           category == UTF8PROC_CATEGORY_MC ||
           category == UTF8PROC_CATEGORY_ME || category == UTF8PROC_CATEGORY_CF;
}

static bool is_control(uint32_t cp)
{
    return cp < 0x20 || (cp >= 0x7F && cp < 0xA0);
}

/* Whether a control may stay as it is. */
static bool is_kept(uint32_t cp, enum text_kind kind)
{
    return kind == TEXT_LINES && (cp == '\n' || cp == '\t');
}

bool text_is_clean(struct str s, enum text_kind kind)
{
    unsigned marks = 0;

    for (;;) {
        size_t n = plain(s), used;
        uint32_t cp;

        s = str_from(s, n);
        if (n)
            marks = 0;
        if (s.len == 0)
            return true;
        used = text_step(s, &cp);
        if (cp == REPLACEMENT && !(used == 3 && (uint8_t)s.ptr[0] == 0xEF))
            return false; /* stands for bytes that are not UTF-8 */
        if ((is_control(cp) && !is_kept(cp, kind)) || is_banned(cp))
            return false;
        marks = is_mark(cp) ? marks + 1 : 0;
        if (marks > MARKS_MAX)
            return false;
        s = str_from(s, used);
    }
}

/* The visible form of a control: ^[ for ESC; returns bytes, at most 3. */
static size_t put_control(uint32_t cp, enum text_kind kind, char *out)
{
    if (cp == '\r' || cp == '\n' || cp == '\t') {
        out[0] = (char)(kind == TEXT_LINE ? ' ' : cp == '\t' ? '\t' : '\n');
        return 1;
    }
    if (cp >= 0x80)
        return text_put(REPLACEMENT, out);
    out[0] = '^';
    out[1] = (char)(cp ^ 0x40);
    return 2;
}

/* The clean form of the character at the front of s, *used bytes of it. */
static size_t clean_one(struct str s, enum text_kind kind, unsigned *marks,
                        size_t *used, char *out)
{
    uint32_t cp;

    *used = text_step(s, &cp);
    if (is_banned(cp))
        return 0;
    if (is_mark(cp))
        return ++*marks > MARKS_MAX ? 0 : text_put(cp, out);
    *marks = 0;
    if (!is_control(cp))
        return text_put(cp, out);
    if (cp == '\r' && s.len > 1 && s.ptr[1] == '\n')
        *used = 2;
    return put_control(cp, kind, out);
}

size_t text_clean(struct str s, enum text_kind kind, char *out, size_t cap)
{
    unsigned marks = 0;
    size_t len = 0;

    while (s.len) {
        size_t n = plain(s), used;
        char one[4];

        if (n > cap - len)
            n = text_cut(s, cap - len).len;
        if (n) {
            memcpy(out + len, s.ptr, n);
            len += n;
            s = str_from(s, n);
            marks = 0;
            continue;
        }
        n = clean_one(s, kind, &marks, &used, one);
        if (n > cap - len)
            break;
        memcpy(out + len, one, n);
        len += n;
        s = str_from(s, used);
    }
    return len;
}

size_t text_strict(struct str s, char *out, size_t cap)
{
    return text_clean(s, TEXT_LINE, out, cap);
}

/* ---- names ---- */

enum { FOLD_STACK = 1024 }; /* code points; longer texts go to the heap */

/* Through utf8proc; returns bytes, 0 when it does not fit into cap. */
static size_t normal(struct str s, int how, char *out, size_t cap)
{
    const utf8proc_option_t options = (utf8proc_option_t)how;
    utf8proc_int32_t stack[FOLD_STACK + 1], *cps = stack;
    const utf8proc_uint8_t *bytes = (const utf8proc_uint8_t *)s.ptr;
    utf8proc_ssize_t len = (utf8proc_ssize_t)s.len, n;

    n = utf8proc_decompose(bytes, len, cps, FOLD_STACK, options);
    if (n > FOLD_STACK) {
        cps = mem_new((size_t)n + 1, sizeof *cps);
        n = utf8proc_decompose(bytes, len, cps, n, options);
    }
    if (n > 0) /* in place: UTF-8 is never longer than UTF-32 */
        n = utf8proc_reencode(cps, n, options);
    if (n > 0 && (size_t)n <= cap)
        memcpy(out, cps, (size_t)n);
    else
        n = 0;
    if (cps != stack)
        free(cps);
    return (size_t)n;
}

static bool is_ascii(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < 0x20 || s.ptr[i] >= 0x7F)
            return false;
    }
    return true;
}

size_t text_fold(struct str s, char *out, size_t cap)
{
    if (!is_ascii(s))
        return normal(s,
                      UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT |
                          UTF8PROC_CASEFOLD | UTF8PROC_IGNORE,
                      out, cap);
    if (s.len > cap)
        return 0;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];

        out[i] = (char)(c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c);
    }
    return s.len;
}

/* Blank on the screen, so no part of a name. */
static bool is_blank(uint32_t cp)
{
    return cp == ' ' || cp == 0x2800 || cp == REPLACEMENT ||
           utf8proc_category((utf8proc_int32_t)cp) == UTF8PROC_CATEGORY_ZS;
}

/*
 * Whether every character may stand in a name, the first may begin it, and
 * something is left to compare it by.
 */
static bool is_name(struct str s, const char *banned)
{
    char key[NAME_MAX_BYTES * 4];

    if (text_fold(s, key, sizeof key) == 0)
        return false;
    for (size_t at = 0, used; at < s.len; at += used) {
        uint32_t cp;

        used = text_step(str_from(s, at), &cp);
        if (is_blank(cp) || (cp < 0x80 && strchr(banned, (int)cp)))
            return false;
        if (at == 0 && is_mark(cp))
            return false;
    }
    return true;
}

static bool is_nick(struct str s)
{
    return s.ptr[0] != '/' && s.ptr[0] != '-' && is_name(s, "#@,:!*?");
}

static bool is_room(struct str s)
{
    return s.ptr[0] == '#' && is_name(str_from(s, 1), "");
}

size_t text_name(struct str s, enum name_kind kind, size_t max, char *out)
{
    char raw[NAME_MAX_BYTES];
    size_t len, used;
    uint32_t cp;

    if (s.len == 0 || s.len > sizeof raw || !text_is_clean(s, TEXT_LINE))
        return 0;
    used = text_step(s, &cp);
    if (kind == NAME_ROOM && cp == WIDE_HASH)
        cp = '#';
    len = text_put(cp, raw);
    memcpy(raw + len, s.ptr + used, s.len - used);
    s = str_bytes(raw, len + s.len - used);
    len = normal(s, UTF8PROC_STABLE | UTF8PROC_COMPOSE, out, NAME_MAX_BYTES);
    s = str_bytes(out, len);
    if (len == 0 || len > max || !text_is_clean(s, TEXT_LINE))
        return 0;
    return (kind == NAME_ROOM ? is_room(s) : is_nick(s)) ? len : 0;
}
