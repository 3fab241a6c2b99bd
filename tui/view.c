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

/*
 * A line of text from row y on; rows after its first are indented by `next`.
 *   returns  the row after it
 */
static int draw_line(struct canvas *c, const struct ui *ui,
                     const struct layout *l, struct str text, int y,
                     size_t next)
{
    char line[ROW_BYTES];
    size_t width = (size_t)(l->width - 2), hang = 0;
    struct str row;

    do {
        if (!wrap_next(&text, width - hang, &ui->rule, &row))
            row = str_of("");
        size_t len = wrap_expand(row, &ui->rule, line, sizeof line);
        canvas_text(c, span(y++, l->left + 1 + (int)hang, l->left + l->width),
                    STYLE_text, str_bytes(line, len));
        hang = next;
    } while (text.len > 0);
    return y;
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

/* The last line ran over. */
static void clear_below(struct canvas *c, const struct layout *l, int from,
                        int to)
{
    for (int row = from; row < to; row++)
        canvas_fill(c, span(row, l->left, l->left + l->width), STYLE_text, ' ');
}

static void draw_page(struct canvas *c, const struct ui *ui,
                      const struct layout *l)
{
    struct str rest = page_text(ui);
    bool framed = l->height >= 4; /* title and hint have room */
    int left = l->left + 1, right = l->left + l->width;
    int y = l->top + framed, bottom = l->top + l->height - framed;

    while (y < bottom && rest.len > 0) {
        struct str line = take_line(&rest);
        y = draw_line(c, ui, l, line, y,
                      page_hang(line, (size_t)(l->width - 2)));
    }
    clear_below(c, l, bottom, y);
    if (!framed)
        return;
    canvas_text(c, span(l->top, left, right), STYLE_unread, str_of(ui->title));
    canvas_text(c, span(bottom, left, right), STYLE_notice,
                str_of(rest.len || y > bottom
                           ? _("-- PgDn for more, Esc to leave --")
                           : _("-- Esc to leave --")));
}

/* ---- a question about the server's key ---- */

static void draw_question(struct canvas *c, const struct model *m,
                          const struct ui *ui, const struct layout *l)
{
    struct str rest = str_of(m->question.text);
    bool roomy = l->height >= ROOMY_ROWS;
    int bottom = l->top + l->height, y = l->top + roomy;

    while (y < bottom && rest.len > 0)
        y = draw_line(c, ui, l, take_line(&rest), y, 0) + roomy;
    clear_below(c, l, bottom, y);
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
 * The countdown changes by the second; ages in the member pane by the minute,
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
    if (ui->members != PANE_OFF && m->n_people > 0)
        return now.mono_us + (60 - now.wall_ms / 1000 % 60) * SECOND_US;
    return NEVER;
}
