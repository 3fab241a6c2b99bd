/* SPDX-License-Identifier: MIT
 *
 * Text into rows; see wrap.h.  A small part of Unicode annex 14: what chat in
 * Latin, Chinese and Japanese needs, in one pass and without a table.
 */
#include "tui/wrap.h"

#include "shared/text.h"

enum { LF = '\n', TAB = '\t', WIDE_SPACE = 0x3000, ZERO_SPACE = 0x200B };

/* One cluster where it stands in a row. */
struct piece {
    uint32_t cp; /* its first character */
    size_t len;
    size_t cols;
};

static struct piece piece_at(struct str s, size_t col,
                             const struct width_rule *rule)
{
    struct piece p;
    unsigned cols;

    text_step(s, &p.cp);
    p.len = width_cluster(s, rule, &cols);
    p.cols = p.cp == TAB ? WRAP_TAB - col % WRAP_TAB : cols;
    return p;
}

/* A blank; but one that carries a mark is ink. */
static bool is_space(const struct piece *p)
{
    return ((p->cp == ' ' || p->cp == TAB) && p->len == 1) ||
           (p->cp == WIDE_SPACE && p->len == 3);
}

static bool is_one_of(uint32_t cp, const char *set)
{
    char utf8[5] = { 0 };

    if (cp == 0 || (cp >= 0x3400 && cp <= 0x9FFF))
        return false;
    text_put(cp, utf8);
    return strstr(set, utf8) != NULL;
}

/* Closing marks, and what else may not begin a row. */
static bool is_no_start(uint32_t cp)
{
    return is_one_of(
        cp, "!%),.:;?]}\"'»›”’…‥—–·・‐゠"
            "、。〃々〉》」』】〕〗〙〛〜〞〟ー"
            "！％），．：；？］｝｠｡｣､･～￠°′″℃"
            "ぁぃぅぇぉっゃゅょゎゕゖゝゞァィゥェォッャュョヮヵヶヽヾ");
}

/* Opening marks may not end a row. */
static bool is_no_end(uint32_t cp)
{
    return is_one_of(cp, "([{\"'«‹“‘〈《「『【〔〖〘〚〝（［｛｟｢＄￥￡");
}

/* Whether a row may end between two characters without a space. */
static bool may_break(const struct piece *prev, const struct piece *next)
{
    if (prev->cp == ZERO_SPACE)
        return true;
    if (prev->cols != 2 && next->cols != 2)
        return false;
    return !is_no_start(next->cp) && !is_no_end(prev->cp);
}

/* A row while it is being filled. */
struct fill {
    size_t at, col;   /* where the next piece goes */
    size_t fits;      /* all so far but spaces over the edge */
    size_t end, next; /* the last good break: end of row, start of the next */
    bool inked;       /* spaces before any ink are no place to break */
    struct piece prev;
};

/* Note that the row may end before or after the piece p. */
static void note_break(struct fill *f, const struct piece *p)
{
    if (!f->inked)
        return;
    if (is_space(p)) {
        if (!is_space(&f->prev))
            f->end = f->at;
        f->next = f->at + p->len;
    } else if (p->cols && !is_space(&f->prev) && may_break(&f->prev, p)) {
        f->end = f->next = f->at;
    }
}

static void add(struct fill *f, const struct piece *p, size_t width)
{
    f->at += p->len;
    f->col += p->cols;
    if (!is_space(p) || f->col <= width)
        f->fits = f->at;
    if (!is_space(p))
        f->inked = true;
    if (p->cols || p->cp == ZERO_SPACE || is_space(&f->prev))
        f->prev = *p; /* else it is part of what it stands on */
}

bool wrap_next(struct str *rest, size_t width, const struct width_rule *rule,
               struct str *row)
{
    struct fill f = { .prev = { .cp = ' ', .len = 1 } };
    struct str s = *rest;

    if (s.len == 0)
        return false;
    while (f.at < s.len && s.ptr[f.at] != LF) {
        struct piece p = piece_at(str_from(s, f.at), f.col, rule);

        note_break(&f, &p);
        if (!is_space(&p) && f.col && f.col + p.cols > width) {
            *row = str_bytes(s.ptr, f.next ? f.end : f.fits);
            *rest = str_from(s, f.next ? f.next : f.at);
            return true;
        }
        add(&f, &p, width);
    }
    *row = str_bytes(s.ptr, f.fits);
    *rest = str_from(s, f.at + 1);
    return true;
}

size_t wrap_rows(struct str text, size_t first, size_t width,
                 const struct width_rule *rule)
{
    struct str row;
    size_t n = 0;

    while (wrap_next(&text, n ? width : first, rule, &row))
        n++;
    return n;
}

size_t wrap_expand(struct str row, const struct width_rule *rule, char *out,
                   size_t cap)
{
    size_t len = 0, col = 0;

    while (row.len) {
        struct piece p = piece_at(row, col, rule);
        size_t need = p.cp == TAB ? p.cols : p.len;

        if (need > cap - len)
            break;
        if (p.cp == TAB)
            memset(out + len, ' ', need);
        else
            memcpy(out + len, row.ptr, need);
        len += need;
        col += p.cols;
        row = str_from(row, p.len);
    }
    return len;
}

/* ---- the input line ---- */

/* As piece_at, but a TAB is no wider than the row. */
static struct piece edit_piece_at(struct str s, size_t col, size_t width,
                                  const struct width_rule *rule)
{
    struct piece p = piece_at(s, col, rule);

    if (p.cp == TAB && p.cols > width)
        p.cols = width;
    return p;
}

struct str wrap_next_edit(struct str *rest, size_t width,
                          const struct width_rule *rule, bool *more)
{
    struct str s = *rest;
    size_t at = 0, col = 0;

    width = width ? width : 1;
    while (at < s.len && s.ptr[at] != LF) {
        struct piece p = edit_piece_at(str_from(s, at), col, width, rule);

        if (col && p.cols && col + p.cols > width)
            break;
        at += p.len;
        col += p.cols;
    }
    *more = at < s.len || col >= width;
    *rest =
        str_from(s, at < s.len && s.ptr[at] == LF && col < width ? at + 1 : at);
    return str_bytes(s.ptr, at);
}

struct wrap_place wrap_place(struct str text, size_t at, size_t width,
                             const struct width_rule *rule)
{
    struct wrap_place place = { 0, 0 };
    struct str rest = text, row;
    bool more = true;

    for (size_t n = 0; more && text.len - rest.len <= at; n++) {
        size_t from = text.len - rest.len;

        row = wrap_next_edit(&rest, width, rule, &more);
        place = (struct wrap_place){ n, 0 };
        row.len = at - from < row.len ? at - from : row.len;
        while (row.len) {
            struct piece p = edit_piece_at(row, place.col, width, rule);

            place.col += p.cols;
            row = str_from(row, p.len);
        }
    }
    return place;
}
