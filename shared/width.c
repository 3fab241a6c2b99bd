/* SPDX-License-Identifier: MIT
 *
 * Grapheme clusters and their cells; see width.h.
 *
 * A cell of a terminal holds one character that takes space and the marks on
 * it.  So clusters are those of Unicode annex 29, but a character that takes
 * space begins a new one (the vowel signs of Devanagari do) unless it belongs
 * to an emoji: after a joiner, a skin tone, the second half of a flag.
 */
#include "shared/width.h"

#include <assert.h>

#include <utf8proc.h>

#include "shared/bounds.h"
#include "shared/text.h"

enum {
    ZWJ = 0x200D,
    VS16 = 0xFE0F,
    REPLACEMENT = 0xFFFD,
    FLAG_A = 0x1F1E6, /* regional indicators, a pair makes a flag */
    FLAG_Z = 0x1F1FF,
    TONE_1 = 0x1F3FB,
    TONE_5 = 0x1F3FF,
};

struct range {
    uint32_t first, last;
};

static const struct range AMBIGUOUS_RANGES[] = {
#define AMBIGUOUS
#define R(first, last) { first, last },
#include "shared/width.def"
};

static const struct range RECENT_RANGES[] = {
#define RECENT
#define R(first, last) { first, last },
#include "shared/width.def"
};

static const struct range SIGN_RANGES[] = {
#define SIGNS
#define R(first, last) { first, last },
#include "shared/width.def"
};

#define IN(ranges, cp) in(ranges, sizeof(ranges) / sizeof *(ranges), cp)

static bool in(const struct range *ranges, size_t n, uint32_t cp)
{
    size_t low = 0;

    while (low < n) {
        size_t mid = low + (n - low) / 2;

        if (cp < ranges[mid].first)
            n = mid;
        else if (cp > ranges[mid].last)
            low = mid + 1;
        else
            return true;
    }
    return false;
}

static bool is_flag(uint32_t cp)
{
    return cp >= FLAG_A && cp <= FLAG_Z;
}

static bool is_tone(uint32_t cp)
{
    return cp >= TONE_1 && cp <= TONE_5;
}

/* Ideographs, kana and Hangul syllables: 2 cells, and never joined. */
static bool is_plain_wide(uint32_t cp)
{
    return (cp >= 0x4E00 && cp <= 0x9FFF) || (cp >= 0xAC00 && cp <= 0xD7A3) ||
           (cp >= 0x3041 && cp <= 0x3096) || (cp >= 0x30A1 && cp <= 0x30FA) ||
           (cp >= 0x3400 && cp <= 0x4DBF);
}

static bool is_plain_ascii(char c)
{
    return c >= 0x20 && c < 0x7F;
}

/* Not to be shown as it is: a control, or nothing the C library knows. */
static bool is_unknown(uint32_t cp)
{
    utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)cp);

    return category == UTF8PROC_CATEGORY_CN ||
           category == UTF8PROC_CATEGORY_CC ||
           category == UTF8PROC_CATEGORY_CS || IN(RECENT_RANGES, cp);
}

/* Cells of one code point by itself: 0, 1 or 2, as wcwidth(3) would say. */
static unsigned cells(uint32_t cp)
{
    int width;

    if (cp < 0x300)
        return 1; /* controls are drawn as a sign, TAB as a space */
    if (is_plain_wide(cp))
        return 2;
    if ((cp >= 0x1160 && cp <= 0x11FF) || (cp >= 0xD7B0 && cp <= 0xD7FB))
        return 0; /* vowels and finals of Hangul join the initial */
    if ((cp >= 0x4DC0 && cp <= 0x4DFF) || (cp >= 0x3248 && cp <= 0x324F))
        return 2;
    width = utf8proc_charwidth((utf8proc_int32_t)cp);
    if (width == 0 &&
        (utf8proc_category((utf8proc_int32_t)cp) == UTF8PROC_CATEGORY_MC ||
         IN(SIGN_RANGES, cp)))
        return 1;
    return width > 0 ? (unsigned)width : 0;
}

/* ---- clusters ---- */

struct cluster {
    size_t len;
    uint32_t base; /* the character that takes the space */
    bool emoji;    /* a sequence that new terminals draw in 2 cells */
    bool flag;     /* two regional indicators */
};

/* Whether a character begins a cluster wherever it stands but after a ZWJ. */
static bool begins(uint32_t cp)
{
    return cells(cp) > 0 && !is_tone(cp) && !is_flag(cp);
}

/*
 * Whether `next` goes on with the cluster of `base` that ends in `prev`.  Only
 * emoji have more than one character that takes space.
 */
static bool joins(uint32_t base, uint32_t prev, uint32_t next,
                  utf8proc_int32_t *state)
{
    if ((prev != ZWJ && begins(next)) || (is_flag(next) && !is_flag(prev)))
        return false;
    if (utf8proc_grapheme_break_stateful((utf8proc_int32_t)prev,
                                         (utf8proc_int32_t)next, state))
        return false;
    return !is_tone(next) || (base >= 0x261D && !is_plain_wide(base));
}

static struct cluster first_cluster(struct str s)
{
    struct cluster c = { 0 };
    utf8proc_int32_t state = 0;
    bool known = true;
    uint32_t prev;

    c.len = text_step(s, &c.base);
    prev = c.base;
    while (c.len < s.len) {
        uint32_t next;
        size_t used = text_step(str_from(s, c.len), &next);

        if (!joins(c.base, prev, next, &state))
            break;
        c.flag |= is_flag(next);
        c.emoji |= next == VS16 || cells(next) > 0;
        known &= !is_unknown(next);
        c.len += used;
        prev = next;
    }
    if (c.emoji)
        c.emoji = known && !is_unknown(c.base) && c.len <= CLUSTER_MAX;
    return c;
}

/* What stands for a character that cannot be shown. */
static uint32_t shown(uint32_t base)
{
    if (base == '\t' || base == '\n')
        return ' ';
    return is_unknown(base) ? REPLACEMENT : base;
}

static unsigned cluster_cols(const struct cluster *c,
                             const struct width_rule *rule)
{
    unsigned cols;

    if (c->flag || (c->emoji && rule->full_emoji))
        return 2;
    cols = cells(c->base);
    if (cols == 0 || is_plain_wide(c->base))
        return cols;
    cols = cells(shown(c->base));
    if (cols == 1 && rule->ambiguous_wide &&
        IN(AMBIGUOUS_RANGES, shown(c->base)))
        return 2;
    return cols;
}

size_t width_cluster(struct str s, const struct width_rule *rule,
                     unsigned *cols)
{
    struct cluster c;

    assert(s.len > 0);
    if (is_plain_ascii(s.ptr[0]) && (s.len == 1 || is_plain_ascii(s.ptr[1]))) {
        *cols = 1;
        return 1;
    }
    c = first_cluster(s);
    *cols = cluster_cols(&c, rule);
    return c.len;
}

size_t width_of(struct str s, const struct width_rule *rule)
{
    size_t width = 0;

    while (s.len) {
        unsigned cols;

        s = str_from(s, width_cluster(s, rule, &cols));
        width += cols;
    }
    return width;
}

struct str width_cut(struct str s, size_t max, const struct width_rule *rule)
{
    size_t at = 0;

    while (at < s.len) {
        unsigned cols;
        size_t used = width_cluster(str_from(s, at), rule, &cols);

        if (cols > max)
            break;
        max -= cols;
        at += used;
    }
    return str_bytes(s.ptr, at);
}

/* ---- backwards ---- */

/* Where the character before `at` begins. */
static size_t step_back(struct str s, size_t at, uint32_t *cp)
{
    size_t from = at > 4 ? at - 4 : 0, used;

    for (; from < at; from += used) {
        used = text_step(str_bytes(s.ptr + from, at - from), cp);
        if (from + used == at && ((uint8_t)s.ptr[from] & 0xC0) != 0x80)
            return from;
    }
    *cp = REPLACEMENT;
    return at - 1;
}

/*
 * Boundaries can only be told going forward, so go back to where one is sure
 * and come forward again.
 */
size_t width_before(struct str s, size_t at)
{
    const struct width_rule any = { false, false };
    size_t from = at, before = at;
    bool sure = false;

    while (from > 0) {
        uint32_t cp;
        size_t back = step_back(s, from, &cp);

        if (sure && cp != ZWJ)
            break;
        sure = begins(cp);
        from = back;
    }
    while (from < at) {
        unsigned cols;

        before = from;
        from += width_cluster(str_from(s, from), &any, &cols);
    }
    return before;
}

/* ---- the form that is drawn ---- */

/* Marks that terminals agree on: no joiner, no variation selector. */
static bool is_drawn_mark(uint32_t cp)
{
    return cells(cp) == 0 && !is_unknown(cp) && cp != ZWJ &&
           !(cp >= 0xFE00 && cp <= 0xFE0F) &&
           !(cp >= 0xE0100 && cp <= 0xE01EF) &&
           utf8proc_category((utf8proc_int32_t)cp) != UTF8PROC_CATEGORY_CF;
}

/* Regional indicators as the letters they stand for: "DE", 2 cells. */
static size_t put_flag(struct str s, char *out)
{
    size_t len = 0;

    while (s.len && len < 2) {
        uint32_t cp;

        s = str_from(s, text_step(s, &cp));
        if (is_flag(cp))
            out[len++] = (char)('A' + (cp - FLAG_A));
    }
    return len;
}

static size_t put_base(struct str s, char *out)
{
    unsigned marks = 0;
    size_t len;
    uint32_t cp;

    s = str_from(s, text_step(s, &cp));
    if (cells(cp) == 0)
        return 0;
    len = text_put(shown(cp), out);
    while (s.len && marks < MARKS_MAX) {
        s = str_from(s, text_step(s, &cp));
        if (is_drawn_mark(cp)) {
            len += text_put(cp, out + len);
            marks++;
        }
    }
    return len;
}

size_t width_reduce(struct str cluster, const struct width_rule *rule,
                    char *out, size_t cap)
{
    struct cluster c = first_cluster(cluster);

    assert(cap >= CLUSTER_MAX);
    if (c.emoji && rule->full_emoji) {
        memcpy(out, cluster.ptr, c.len);
        return c.len;
    }
    cluster.len = c.len;
    return is_flag(c.base) ? put_flag(cluster, out) : put_base(cluster, out);
}
