/* SPDX-License-Identifier: MIT
 *
 * The input line: text, motion, insertion, undo; see edit.h.  Every change of
 * the text goes through edit_splice.
 */
#include "tui/edit.h"

#include <assert.h>
#include <stdlib.h>

#include "shared/mem.h"
#include "shared/text.h"
#include "shared/width.h"
#include "tui/edit_impl.h"

/* Where clusters end does not depend on the terminal. */
static const struct width_rule ANY = { false, false };

void edit_init(struct edit *e)
{
    *e = (struct edit){ .cap = 64, .found = SIZE_MAX };
    e->text = mem_new(e->cap, 1);
    undo_init(&e->undo);
    recall_init(&e->recall);
}

void edit_fini(struct edit *e)
{
    for (size_t i = 0; i < e->kill_n; i++)
        free(e->kills[i]);
    free(e->text);
    free(e->draft);
    undo_fini(&e->undo);
    recall_fini(&e->recall);
    *e = (struct edit){ 0 };
}

struct str edit_text(const struct edit *e)
{
    return str_bytes(e->text, e->len);
}

/* ---- change ---- */

/* The end of the cluster that byte `at` stands in; `at` if between two. */
static size_t settle(const struct edit *e, size_t at)
{
    struct str text = edit_text(e);
    size_t from = width_before(text, at);
    unsigned cols;

    if (at == 0 || at >= e->len)
        return at;
    from += width_cluster(str_from(text, from), &ANY, &cols);
    return from > at ? from : at;
}

bool edit_go(struct edit *e, size_t at)
{
    size_t was = e->cursor;

    e->cursor = settle(e, at);
    e->serial++;
    e->last = ACT_OTHER;
    return e->cursor != was;
}

/* Replace bytes without noting it. */
static void replace(struct edit *e, size_t from, size_t to, struct str with)
{
    size_t len = e->len - (to - from) + with.len;
    void *text = e->text;

    assert(from <= to && to <= e->len && len <= EDIT_MAX);
    mem_grow(&text, &e->cap, len, 1);
    e->text = text;
    if (e->len > to)
        memmove(e->text + from + with.len, e->text + to, e->len - to);
    if (with.len)
        memcpy(e->text + from, with.ptr, with.len);
    e->len = len;
}

void edit_splice(struct edit *e, size_t from, size_t to, struct str with,
                 enum edit_act act)
{
    const struct change change = { from, e->cursor,
                                   str_bytes(e->text + from, to - from), with };
    bool join = act == ACT_TYPE && e->last == ACT_TYPE;

    if (join && from > 0 && e->text[from - 1] == ' ' && !str_is(with, " "))
        join = false; /* each word typed is one step */
    if (!e->secret)
        undo_note(&e->undo, &change, join);
    replace(e, from, to, with);
    edit_go(e, from + with.len);
    e->last = act;
}

struct str edit_fit(const struct edit *e, size_t from, size_t to,
                    struct str text)
{
    return text_cut(text, EDIT_MAX - (e->len - (to - from)));
}

/* Replace by what a person or a program gave: cleaned, and cut to size. */
static bool put(struct edit *e, size_t from, size_t to, struct str text,
                enum edit_act act)
{
    struct str given = text_cut(text, EDIT_MAX), fits;
    size_t cap = 3 * given.len + 1;
    char *clean = mem_new(cap, 1);

    fits = str_bytes(clean, text_clean(given, TEXT_LINES, clean, cap));
    text.len -= given.len;
    given = fits;
    fits = edit_fit(e, from, to, given);
    if (fits.len || to > from)
        edit_splice(e, from, to, fits, act);
    free(clean);
    return text.len == 0 && fits.len == given.len;
}

bool edit_insert(struct edit *e, struct str text)
{
    unsigned cols;
    bool one = text.len > 0 && width_cluster(text, &ANY, &cols) == text.len;

    return put(e, e->cursor, e->cursor, text, one ? ACT_TYPE : ACT_OTHER);
}

bool edit_replace(struct edit *e, size_t from, size_t to, struct str text)
{
    return put(e, from, to, text, ACT_OTHER);
}

/* A new text that has nothing to do with the one before. */
static void reset(struct edit *e, struct str text)
{
    undo_fini(&e->undo);
    replace(e, 0, e->len, text);
    free(e->draft);
    e->draft = NULL;
    e->age = 0;
    e->searching = false;
    edit_go(e, e->len);
}

void edit_set(struct edit *e, struct str text)
{
    reset(e, str_of(NULL));
    put(e, 0, 0, text, ACT_OTHER);
    undo_fini(&e->undo);
}

char *edit_take(struct edit *e)
{
    char *text = mem_str(edit_text(e));

    recall_add(&e->recall, edit_text(e));
    reset(e, str_of(NULL));
    return text;
}

void edit_begin_secret(struct edit *e)
{
    reset(e, str_of(NULL));
    e->secret = true;
}

char *edit_end_secret(struct edit *e)
{
    char *text = mem_str(edit_text(e));

    mem_wipe(e->text, e->len);
    reset(e, str_of(NULL));
    e->secret = false;
    return text;
}

bool edit_undo(struct edit *e)
{
    const struct step *step = e->secret ? NULL : undo_back(&e->undo);

    if (!step)
        return false;
    replace(e, step->at, step->at + step->is_len,
            str_bytes(step->was, step->was_len));
    edit_go(e, step->cursor);
    return true;
}

bool edit_redo(struct edit *e)
{
    const struct step *step = undo_again(&e->undo);

    if (!step)
        return false;
    replace(e, step->at, step->at + step->was_len,
            str_bytes(step->is, step->is_len));
    edit_go(e, step->at + step->is_len);
    return true;
}

/* ---- motion ---- */

/* Where the cluster at a byte ends. */
static size_t after(const struct edit *e, size_t at)
{
    unsigned cols;

    if (at >= e->len)
        return e->len;
    return at + width_cluster(str_from(edit_text(e), at), &ANY, &cols);
}

bool edit_left(struct edit *e)
{
    return edit_go(e, width_before(edit_text(e), e->cursor));
}

bool edit_right(struct edit *e)
{
    return edit_go(e, after(e, e->cursor));
}

size_t edit_line_start(const struct edit *e, size_t at)
{
    while (at > 0 && e->text[at - 1] != '\n')
        at--;
    return at;
}

size_t edit_line_end(const struct edit *e, size_t at)
{
    while (at < e->len && e->text[at] != '\n')
        at++;
    return at;
}

bool edit_home(struct edit *e)
{
    size_t start = edit_line_start(e, e->cursor);

    return edit_go(e, start == e->cursor ? 0 : start);
}

bool edit_end(struct edit *e)
{
    size_t end = edit_line_end(e, e->cursor);

    return edit_go(e, end == e->cursor ? e->len : end);
}

bool edit_first(struct edit *e)
{
    return edit_go(e, 0);
}

bool edit_last(struct edit *e)
{
    return edit_go(e, e->len);
}

/* ---- one cluster ---- */

bool edit_backspace(struct edit *e)
{
    size_t from = width_before(edit_text(e), e->cursor);

    if (from == e->cursor)
        return false;
    edit_splice(e, from, e->cursor, str_of(NULL), ACT_OTHER);
    return true;
}

bool edit_delete(struct edit *e)
{
    size_t to = after(e, e->cursor);

    if (to == e->cursor)
        return false;
    edit_splice(e, e->cursor, to, str_of(NULL), ACT_OTHER);
    return true;
}

/* At the end of a line the two clusters before the cursor change places. */
bool edit_transpose(struct edit *e)
{
    bool at_end = e->cursor == edit_line_end(e, e->cursor);
    size_t start = edit_line_start(e, e->cursor), mid, from, to;
    char *swapped;

    mid = at_end ? width_before(edit_text(e), e->cursor) : e->cursor;
    if (e->cursor == start || mid <= start)
        return false;
    from = width_before(edit_text(e), mid);
    to = after(e, mid);
    swapped = mem_new(to - from, 1);
    memcpy(swapped, e->text + mid, to - mid);
    memcpy(swapped + (to - mid), e->text + from, mid - from);
    edit_splice(e, from, to, str_bytes(swapped, to - from), ACT_OTHER);
    free(swapped);
    return true;
}
