/* SPDX-License-Identifier: MIT */
#include "tui/view.h"

#include <stdio.h>

#include "tui/bars.h"
#include "tui/canvas.h"
#include "tui/lang.h"
#include "tui/layout.h"
#include "tui/model.h"
#include "tui/pane.h"
#include "tui/sides.h"
#include "tui/switcher.h"
#include "tui/ui.h"
#include "tui/wrap.h"

enum { SECOND_US = 1000 * 1000, ROW_BYTES = 4096, ROOMY_ROWS = 14 };

/* Too small to chat in: say so, as far as there is room. */
static void draw_tiny(struct canvas *c, const struct model *m)
{
    char text[128];
    unsigned unread = 0;

    for (size_t i = 0; i < m->n_rooms; i++)
        unread += m->rooms[i]->unread;
    if (unread)
        snprintf(text, sizeof text, _("%u new; window too small"), unread);
    else
        snprintf(text, sizeof text, "%s", _("window too small"));
    canvas_text(c, span(0, 0, c->cols), STYLE_text, str_of(text));
}

/* ---- a page of text ---- */

/* The page from its first line shown on. */
static struct str page_text(const struct ui *ui)
{
    struct str rest = str_of(ui->page);

    for (size_t skip = ui->page_top; skip > 0 && rest.len > 0;) {
        skip -= rest.ptr[0] == '\n';
        rest = str_from(rest, 1);
    }
    return rest;
}

/*
 * Indent of the rows that go on with a line: below its second column, which
 * stands behind the first two blanks in a row.
 */
static size_t page_hang(struct str rest, size_t width)
{
    size_t i = 0;

    while (i < rest.len && rest.ptr[i] == ' ')
        i++;
    while (i + 2 < rest.len && rest.ptr[i] != '\n' &&
           !str_starts(str_from(rest, i), str_of("  ")))
        i++;
    while (i < rest.len && rest.ptr[i] == ' ')
        i++;
    return i < rest.len && rest.ptr[i] != '\n' && i < width / 2 ? i : 0;
}

/* Where text over the messages goes on: row y. */
struct place {
    struct canvas *c;
    const struct ui *ui;
    const struct layout *l;
    int y;
};

static char lower(char ch)
{
    if (ch >= 'A' && ch <= 'Z')
        ch = (char)(ch - 'A' + 'a');
    return ch;
}

static bool stands_at(struct str text, size_t at, struct str word)
{
    for (size_t i = 0; i < word.len; i++)
        if (at + i >= text.len || lower(text.ptr[at + i]) != lower(word.ptr[i]))
            return false;
    return word.len > 0;
}

/* Draw again, as found, each place where a word stands in a row. */
static void mark_word(const struct place *p, struct span at, struct str row,
                      struct str word)
{
    for (size_t i = 0; i < row.len; i++) {
        if (!stands_at(row, i, word))
            continue;
        int col = (int)width_of(str_bytes(row.ptr, i), &p->ui->rule);

        canvas_text(p->c, span(at.row, at.col + col, at.limit), STYLE_found,
                    str_bytes(row.ptr + i, word.len));
        i += word.len - 1;
    }
}

/* The words looked for; quotes are none of them. */
static void mark_words(const struct place *p, struct span at, struct str row)
{
    struct str rest = str_of(p->ui->words);

    while (rest.len > 0) {
        struct str word = { rest.ptr, 0 };

        while (word.len < rest.len && rest.ptr[word.len] != ' ' &&
               rest.ptr[word.len] != '"')
            word.len++;
        mark_word(p, at, row, word);
        rest = str_from(rest, word.len + 1);
    }
}

/* A line of text; rows after its first are indented by `next`. */
static void draw_line(struct place *p, struct str text, size_t next)
{
    char line[ROW_BYTES];
    int left = p->l->left + 1, right = p->l->left + p->l->width;
    size_t width = (size_t)(p->l->width - 2), hang = 0;
    struct str row;

    do {
        if (!wrap_next(&text, width - hang, &p->ui->rule, &row))
            row = str_of("");
        size_t len = wrap_expand(row, &p->ui->rule, line, sizeof line);
        struct span at = span(p->y++, left + (int)hang, right);
        canvas_text(p->c, at, STYLE_text, str_bytes(line, len));
        mark_words(p, at, str_bytes(line, len));
        hang = next;
    } while (text.len > 0);
}

static struct str take_line(struct str *rest)
{
    struct str line = *rest;

    for (size_t i = 0; i < rest->len; i++)
        if (rest->ptr[i] == '\n') {
            line.len = i;
            break;
        }
    *rest = str_from(*rest, line.len + 1);
    return line;
}

/* What the last line wrote from row `from` on is too much. */
static void clear_below(const struct place *p, int from)
{
    for (int row = from; row < p->y; row++)
        canvas_fill(p->c, span(row, p->l->left, p->l->left + p->l->width),
                    STYLE_text, ' ');
}

static void draw_page(struct canvas *c, const struct ui *ui,
                      const struct layout *l)
{
    struct str rest = page_text(ui);
    bool framed = l->height >= 4; /* title and hint have room */
    int left = l->left + 1, right = l->left + l->width;
    int bottom = l->top + l->height - framed;
    struct place p = { c, ui, l, l->top + framed };

    while (p.y < bottom && rest.len > 0) {
        struct str line = take_line(&rest);
        draw_line(&p, line, page_hang(line, (size_t)(l->width - 2)));
    }
    clear_below(&p, bottom);
    if (!framed)
        return;
    canvas_text(c, span(l->top, left, right), STYLE_unread, str_of(ui->title));
    canvas_text(c, span(bottom, left, right), STYLE_notice,
                str_of(rest.len || p.y > bottom
                           ? _("-- PgDn for more, Esc to leave --")
                           : _("-- Esc to leave --")));
}

/* ---- a question about the server's key ---- */

static void draw_question(struct canvas *c, const struct model *m,
                          const struct ui *ui, const struct layout *l)
{
    struct str rest = str_of(m->question.text);
    bool roomy = l->height >= ROOMY_ROWS;
    int bottom = l->top + l->height;
    struct place p = { c, ui, l, l->top + roomy };

    for (; p.y < bottom && rest.len > 0; p.y += roomy)
        draw_line(&p, take_line(&rest), 0);
    clear_below(&p, bottom);
}

/* ---- the quick switcher ---- */

static void draw_choices(struct canvas *c, const struct model *m,
                         const struct ui *ui, const struct layout *l)
{
    char text[512];
    size_t rooms[ROOMS_MAX];
    struct str letters = str_bytes(ui->query.text, ui->query.len);
    size_t n = switcher_find(m, letters, rooms, ROOMS_MAX);
    size_t area = (size_t)l->height;
    size_t first = ui->query.choice >= area ? ui->query.choice - area + 1 : 0;

    for (size_t i = first; i < n && i - first < area; i++) {
        const struct room *room = m->rooms[rooms[i]];
        snprintf(text, sizeof text, " %zu %s  %s ", rooms[i] + 1, room->name,
                 room->mentions ? "!" : "");
        canvas_text(
            c, span(l->top + (int)(i - first), l->left + 1, l->left + l->width),
            i == ui->query.choice ? STYLE_found : STYLE_room, str_of(text));
    }
    if (n == 0)
        canvas_text(c, span(l->top, l->left + 1, l->left + l->width),
                    STYLE_error, str_of(_("no room fits")));
}

/* ---- all of it ---- */

void view_draw(const struct model *m, const struct ui *ui,
               const struct edit *edit, struct canvas *c, struct now now)
{
    struct ui asking = *ui;

    asking.bare = false;
    if (m->question.open)
        ui = &asking;
    struct layout l = layout_of(m, ui, edit, c->cols, c->rows);
    canvas_clear(c);
    if (l.tiny) {
        draw_tiny(c, m);
        return;
    }
    if (l.topic)
        bars_topic(m, ui, &l, c);
    if (m->question.open)
        draw_question(c, m, ui, &l);
    else if (ui->mode == UI_PAGE && !ui->bare)
        draw_page(c, ui, &l);
    else if (ui->mode == UI_SWITCH && !ui->bare)
        draw_choices(c, m, ui, &l);
    else
        pane_draw(m, ui, &l, c);
    sides_rooms(m, ui, &l, c);
    sides_members(m, ui, &l, c, now);
    bars_status(m, ui, &l, c, now);
    bars_input(m, ui, edit, &l, c);
}

/*
 * A countdown changes by the second; ages in the member pane by the minute,
 * which is worth a few bytes, but no more often.
 */
uint64_t view_deadline(const struct model *m, const struct ui *ui,
                       struct now now)
{
    if (m->link == LINK_OFFLINE && m->retry_at != NEVER &&
        m->retry_at > now.mono_us) {
        uint64_t left = m->retry_at - now.mono_us;
        return now.mono_us + (left - 1) % SECOND_US + 1;
    }
    if (m->queued && m->held_us > now.mono_us)
        return now.mono_us + (m->held_us - now.mono_us - 1) % SECOND_US + 1;
    if (ui->members != PANE_OFF && m->n_people > 0)
        return now.mono_us + (60 - now.wall_ms / 1000 % 60) * SECOND_US;
    return NEVER;
}
