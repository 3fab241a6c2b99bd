/* SPDX-License-Identifier: MIT
 *
 * Words, and the kill ring of the input line; see edit.h.
 */
#include "tui/edit.h"

#include <stdlib.h>

#include <utf8proc.h>

#include "shared/mem.h"
#include "shared/text.h"
#include "shared/width.h"
#include "tui/edit_impl.h"

/* ---- words ---- */

/*
 * A word is a run of one class.  Chinese and Japanese have no spaces, so a run
 * of them counts as words of a few characters.
 */
enum class {
    CLASS_SPACE,
    CLASS_LETTER,
    CLASS_PUNCT,
    CLASS_SYMBOL,
    CLASS_HAN,
    CLASS_HIRAGANA,
    CLASS_KATAKANA
};

enum { SHORT_WORD = 4 }; /* characters at most, but letters and spaces */

static bool is_ascii_letter(uint32_t cp)
{
    return (cp >= '0' && cp <= '9') || (cp >= 'A' && cp <= 'Z') ||
           (cp >= 'a' && cp <= 'z') || cp == '_' || cp == '\'';
}

static enum class category_class(uint32_t cp) {
    utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)cp);

    if (category >= UTF8PROC_CATEGORY_PC &&
        category <= UTF8PROC_CATEGORY_PO) return cp == 0x2019
        ? CLASS_LETTER
        : CLASS_PUNCT; /* apostrophe */
    if (category >= UTF8PROC_CATEGORY_SM &&
        category <= UTF8PROC_CATEGORY_SO) return CLASS_SYMBOL;
    if (category >= UTF8PROC_CATEGORY_ZS &&
        category <= UTF8PROC_CATEGORY_ZP) return CLASS_SPACE;
    return CLASS_LETTER;
}

static enum class class_at(const struct edit *e, size_t at) {
    uint32_t cp;

    text_step(str_from(edit_text(e), at), &cp);
    if (cp <= ' ') return CLASS_SPACE;
    if (cp < 0x80) return is_ascii_letter(cp) ? CLASS_LETTER : CLASS_PUNCT;
    if (cp >= 0x3041 && cp <= 0x309F) return CLASS_HIRAGANA;
    if ((cp >= 0x30A1 && cp <= 0x30FF) ||
        (cp >= 0xFF66 && cp <= 0xFF9F)) return CLASS_KATAKANA;
    if ((cp >= 0x3400 && cp <= 0x9FFF) || (cp >= 0xF900 && cp <= 0xFAFF) ||
        (cp >= 0x20000 && cp <= 0x3FFFF) || cp == 0x3005) return CLASS_HAN;
    return category_class(cp);
}

static bool is_short(enum class class)
{
    return class != CLASS_SPACE && class != CLASS_LETTER &&
           class != CLASS_KATAKANA;
}

static size_t before(const struct edit *e, size_t at)
{
    return width_before(edit_text(e), at);
}

static size_t after(const struct edit *e, size_t at)
{
    const struct width_rule any = { false, false };
    unsigned cols;

    return at + width_cluster(str_from(edit_text(e), at), &any, &cols);
}

size_t edit_word_start(const struct edit *e, size_t at)
{
    enum class class;

    while (at > 0 && class_at(e, before(e, at)) == CLASS_SPACE)
        at = before(e, at);
    if (at == 0)
        return 0;
    class = class_at(e, before(e, at));
    for (size_t n = 0; at > 0 && (n < SHORT_WORD || !is_short(class)); n++) {
        size_t from = before(e, at);

        if (class_at(e, from) != class)
            break;
        at = from;
    }
    return at;
}

size_t edit_word_end(const struct edit *e, size_t at)
{
    enum class class;

    while (at < e->len && class_at(e, at) == CLASS_SPACE)
        at = after(e, at);
    if (at >= e->len)
        return e->len;
    class = class_at(e, at);
    for (size_t n = 0; at < e->len && (n < SHORT_WORD || !is_short(class));
         n++) {
        if (class_at(e, at) != class)
            break;
        at = after(e, at);
    }
    return at;
}

bool edit_word_left(struct edit *e)
{
    return edit_go(e, edit_word_start(e, e->cursor));
}

bool edit_word_right(struct edit *e)
{
    return edit_go(e, edit_word_end(e, e->cursor));
}

/* ---- kill ---- */

/* A new newest entry; takes the string over. */
static void keep(struct edit *e, char *text)
{
    if (e->kill_n == EDIT_KILLS)
        free(e->kills[--e->kill_n]);
    memmove(e->kills + 1, e->kills, e->kill_n * sizeof *e->kills);
    e->kills[0] = text;
    e->kill_n++;
}

/* Put what is killed right after another kill to the same entry. */
static void join(struct edit *e, struct str killed, bool in_front)
{
    struct str old = str_of(e->kills[0]);
    struct str a = in_front ? killed : old, b = in_front ? old : killed;
    char *both = mem_new(a.len + b.len + 1, 1);

    memcpy(both, a.ptr, a.len);
    memcpy(both + a.len, b.ptr, b.len);
    free(e->kills[0]);
    e->kills[0] = both;
}

static bool kill_range(struct edit *e, size_t from, size_t to)
{
    struct str killed = str_bytes(e->text + from, to - from);

    if (from == to)
        return false;
    if (e->secret)
        mem_wipe(e->text + from, to - from);
    else if (e->last == ACT_KILL && e->kill_n > 0)
        join(e, killed, to == e->cursor);
    else
        keep(e, mem_str(killed));
    edit_splice(e, from, to, str_of(NULL), ACT_KILL);
    return true;
}

bool edit_kill_word_left(struct edit *e)
{
    return kill_range(e, edit_word_start(e, e->cursor), e->cursor);
}

bool edit_kill_word_right(struct edit *e)
{
    return kill_range(e, e->cursor, edit_word_end(e, e->cursor));
}

bool edit_kill_home(struct edit *e)
{
    size_t from = edit_line_start(e, e->cursor);

    return kill_range(e, from == e->cursor && from ? from - 1 : from,
                      e->cursor);
}

bool edit_kill_end(struct edit *e)
{
    size_t to = edit_line_end(e, e->cursor);

    return kill_range(e, e->cursor,
                      to == e->cursor && to < e->len ? to + 1 : to);
}

bool edit_kill_all(struct edit *e)
{
    e->last = ACT_OTHER; /* an entry of its own */
    return kill_range(e, 0, e->len);
}

/* ---- yank ---- */

/* Put kill number i over bytes from..to. */
static bool yank(struct edit *e, size_t from, size_t to, size_t i)
{
    struct str text = edit_fit(e, from, to, str_of(e->kills[i]));

    edit_splice(e, from, to, text, ACT_YANK);
    e->yank_from = from;
    e->yank_to = from + text.len;
    e->yank_at = i;
    return true;
}

bool edit_yank(struct edit *e)
{
    return e->kill_n > 0 && yank(e, e->cursor, e->cursor, 0);
}

bool edit_yank_next(struct edit *e)
{
    if (e->last != ACT_YANK || e->kill_n < 2)
        return false;
    return yank(e, e->yank_from, e->yank_to, (e->yank_at + 1) % e->kill_n);
}
