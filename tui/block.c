/* SPDX-License-Identifier: MIT */
#include "tui/block.h"

#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "shared/wire.h"
#include "tui/amend.h"
#include "tui/canvas.h"
#include "tui/lang.h"
#include "tui/layout.h"
#include "tui/model.h"
#include "tui/phrase.h"
#include "tui/settings.h"
#include "tui/ui.h"
#include "tui/wrap.h"

enum {
    NICK_COLS = 10,
    NICK_COLS_WIDE = 14,
    WIDE_COLS = 84,  /* from here on the name column is the wider one */
    TEXT_COLS = 100, /* longer rows are hard to read */
    INLINE_HANG = 2, /* indent of the rows after the first */
    RULE_BYTES = 128,
    ROW_BYTES = 4096
};

static int stamp_cols(const struct ui *ui)
{
    if (ui->timestamps == STAMP_OFF)
        return 0;
    return ui->timestamps == STAMP_LONG ? 9 : 6;
}

struct pane pane_of(const struct model *m, const struct ui *ui,
                    const struct layout *l)
{
    struct pane p = { .h = model_shown(m),
                      .room = model_here(m),
                      .ui = ui,
                      .l = l,
                      .online = m->link == LINK_ONLINE };

    if (l->inlined) {
        p.text = !ui->bare;
    } else {
        p.time_cols = stamp_cols(ui);
        p.nick_cols = l->width >= WIDE_COLS ? NICK_COLS_WIDE : NICK_COLS;
        p.text = 1 + p.time_cols + 1 + p.nick_cols + 2;
    }
    p.width = l->width - p.text - !l->inlined; /* a margin on the right */
    if (p.width > TEXT_COLS && !ui->bare)
        p.width = TEXT_COLS;
    if (p.width < 1)
        p.width = 1;
    return p;
}

/* ---- what stands before a line ---- */

static bool local_time(uint64_t ts, struct tm *tm)
{
    time_t t = (time_t)(ts / 1000);

    /* Year 9999: what is beyond is no time but an attack on the column. */
    return ts < 253402300800000u && localtime_r(&t, tm);
}

static bool is_new_day(const struct history *h, size_t i)
{
    struct tm a, b;

    if (!local_time(h->lines[i].ts, &b))
        return false;
    if (i == 0 || !local_time(h->lines[i - 1].ts, &a))
        return true;
    return a.tm_yday != b.tm_yday || a.tm_year != b.tm_year;
}

/* Whether line i is the first one that was not read. */
static bool is_first_unread(const struct pane *p, size_t i)
{
    uint64_t mark = p->room ? p->room->first_unread : 0;

    if (mark == 0 || p->h->lines[i].seq < mark)
        return false;
    while (i > 0) {
        i--;
        if (p->h->lines[i].seq)
            return p->h->lines[i].seq < mark;
    }
    return true;
}

static bool is_hidden(const struct pane *p, const struct line *line)
{
    if (amend_is_hidden(line))
        return true; /* it shows at the line it is about */
    return p->ui->quiet && line->kind == LINE_EVENT &&
           (line->event == event_JOIN || line->event == event_PART);
}

/* "---- 2026-08-24 Mon ----" over the width of the pane. */
static void draw_rule(struct canvas *c, const struct pane *p, int y,
                      enum style style, const char *text)
{
    char ch = style == STYLE_unread ? '=' : '-';
    const struct layout *l = p->l;
    int right = l->left + l->width;
    int cols = (int)width_of(str_of(text), &p->ui->rule);
    int at = l->left + (l->width - cols) / 2;

    if (y < l->top || y >= l->top + l->height)
        return;
    canvas_fill(c, span(y, l->left + 1, right - 1), style, ch);
    canvas_text(c, span(y, at > l->left ? at : l->left, right), style,
                str_of(text));
}

static void draw_gap(struct canvas *c, const struct pane *p, int y,
                     unsigned long long missing, bool fetching)
{
    char text[RULE_BYTES];

    if (y < p->l->top || y >= p->l->top + p->l->height)
        return;
    if (fetching)
        snprintf(text, sizeof text,
                 ngettext("-- %llu message missing, fetching --",
                          "-- %llu messages missing, fetching --",
                          (unsigned long)missing),
                 missing);
    else
        snprintf(text, sizeof text,
                 ngettext("-- %llu message missing --",
                          "-- %llu messages missing --",
                          (unsigned long)missing),
                 missing);
    canvas_text(c, span(y, p->l->left + 1, p->l->left + p->l->width), STYLE_gap,
                str_of(text));
}

static void draw_date(struct canvas *c, const struct pane *p, int y,
                      uint64_t ts)
{
    char date[RULE_BYTES / 2], text[RULE_BYTES];
    struct tm tm;

    if (!local_time(ts, &tm) ||
        strftime(date, sizeof date, "%Y-%m-%d %a", &tm) == 0)
        return;
    snprintf(text, sizeof text, " %s ", date);
    draw_rule(c, p, y, STYLE_rule, text);
}

static void draw_unread(struct canvas *c, const struct pane *p, int y)
{
    char text[RULE_BYTES];
    unsigned n = p->room->marked ? p->room->marked : p->room->unread;

    if (n)
        snprintf(text, sizeof text, _(" new (%u) "), n);
    else
        snprintf(text, sizeof text, "%s", _(" new "));
    draw_rule(c, p, y, STYLE_unread, text);
}

/* ---- a line ---- */

static void phrase(const struct pane *p, const struct line *line,
                   struct phrase *out)
{
    if (p->l->inlined)
        phrase_inline(out, line);
    else
        phrase_of(out, line);
}

/* Column, from the text column, where the text of the first row begins. */
static int first_col(const struct pane *p, const struct phrase *ph)
{
    int cols = (int)width_of(ph->prefix, &p->ui->rule);

    return cols < p->width ? cols : p->width - 1;
}

static int hang(const struct pane *p)
{
    return p->l->inlined && p->width > 2 * INLINE_HANG ? INLINE_HANG : 0;
}

/* Cells of a row as it is drawn: TABs are blanks then. */
static int row_cols(const struct pane *p, struct str row)
{
    char text[ROW_BYTES];
    size_t len = wrap_expand(row, &p->ui->rule, text, sizeof text);

    return (int)width_of(str_bytes(text, len), &p->ui->rule);
}

/* Where the text of a line ends: how many rows, and the column behind it. */
static int text_rows(const struct pane *p, const struct phrase *ph, int *end)
{
    int col = first_col(p, ph), rows = 0;
    struct str rest = ph->body, row;

    *end = col;
    while (wrap_next(&rest, (size_t)(p->width - col), &p->ui->rule, &row)) {
        *end = col + row_cols(p, row);
        col = hang(p);
        rows++;
    }
    return rows > 0 ? rows : 1;
}

static bool is_reply(const struct line *line)
{
    return line->ref && !line->by && amend_is_talk(line);
}

/* Rows of a line: of the one it answers, its own, and what stands behind it
 * when that does not fit into the last of them. */
static int line_rows(const struct pane *p, const struct line *line)
{
    char behind[PHRASE_BYTES];
    struct phrase ph;
    size_t len = phrase_behind(line, behind);
    int rows, end;

    phrase(p, line, &ph);
    if (len == 0 && !is_reply(line)) {
        rows = (int)wrap_rows(ph.body, (size_t)(p->width - first_col(p, &ph)),
                              (size_t)(p->width - hang(p)), &p->ui->rule);
        return rows > 0 ? rows : 1;
    }
    rows = is_reply(line) + text_rows(p, &ph, &end);
    end += (int)width_of(str_bytes(behind, len), &p->ui->rule);
    return rows + (len > 0 && end > p->width);
}

int block_rows(const struct pane *p, size_t i)
{
    int rows = history_missing(p->h, i) > 0;

    if (i == p->h->n)
        return rows;
    rows += is_new_day(p->h, i) + is_first_unread(p, i);
    if (!is_hidden(p, &p->h->lines[i]))
        rows += line_rows(p, &p->h->lines[i]);
    return rows;
}

static void draw_stamp(struct canvas *c, const struct pane *p, int y,
                       uint64_t ts)
{
    char text[16];
    struct tm tm;

    if (p->time_cols == 0 || !local_time(ts, &tm))
        return;
    if (p->ui->timestamps == STAMP_LONG)
        strftime(text, sizeof text, "%H:%M:%S", &tm);
    else
        strftime(text, sizeof text, "%H:%M", &tm);
    canvas_text(c, span(y, p->l->left + 1, p->l->left + p->l->width),
                STYLE_time, str_of(text));
}

/* The label, right-aligned in its column; too long a one is cut with a '~'. */
static void draw_label(struct canvas *c, const struct pane *p, int y,
                       const struct phrase *ph)
{
    const struct width_rule *rule = &p->ui->rule;
    int left = p->l->left + 1 + p->time_cols + 1;
    int cols = (int)width_of(ph->label, rule);

    if (cols <= p->nick_cols) {
        canvas_text(c, span(y, left + p->nick_cols - cols, left + p->nick_cols),
                    ph->label_style, ph->label);
        return;
    }
    struct str cut = width_cut(ph->label, (size_t)p->nick_cols - 1, rule);
    int end = canvas_text(c, span(y, left, left + p->nick_cols),
                          ph->label_style, cut);
    canvas_text(c, span(y, end, left + p->nick_cols), ph->label_style,
                str_of("~"));
}

/* Time, mark and name: what stands left of the first row. */
static void draw_margin(struct canvas *c, const struct pane *p, int y,
                        const struct line *line, const struct phrase *ph)
{
    int mark = p->l->inlined ? p->l->left : p->l->left + 1 + p->time_cols;

    if (ph->mark != ' ' && !p->ui->bare)
        canvas_text(c, span(y, mark, p->l->left + p->l->width), ph->mark_style,
                    str_bytes(&ph->mark, 1));
    if (p->l->inlined)
        return;
    draw_stamp(c, p, y, line->ts);
    draw_label(c, p, y, ph);
}

static void draw_row(struct canvas *c, const struct pane *p, struct span at,
                     enum style style, struct str row)
{
    char text[ROW_BYTES];
    size_t len = wrap_expand(row, &p->ui->rule, text, sizeof text);

    canvas_text(c, at, style, str_bytes(text, len));
}

/* The line that is answered, in one row. */
static void draw_quote(struct canvas *c, const struct pane *p, int y,
                       const struct line *line)
{
    char text[PHRASE_BYTES];
    size_t at = history_find(p->h, line->ref);
    size_t len = phrase_quote(at == SIZE_MAX ? NULL : &p->h->lines[at], text);
    int left = p->l->left + p->text;

    if (y < p->l->top || y >= p->l->top + p->l->height)
        return;
    canvas_text(
        c, span(y, left, left + p->width), STYLE_notice,
        width_cut(str_bytes(text, len), (size_t)p->width, &p->ui->rule));
}

/* Behind the text, which ends at `end` of row y, or below it. */
static void draw_behind(struct canvas *c, const struct pane *p, int y, int end,
                        const struct line *line)
{
    char text[PHRASE_BYTES];
    size_t len = phrase_behind(line, text);
    int left = p->l->left + p->text;
    int cols = (int)width_of(str_bytes(text, len), &p->ui->rule);

    if (len && end + cols > p->width) {
        y++;
        end = 0;
    }
    if (len && y >= p->l->top && y < p->l->top + p->l->height)
        canvas_text(c, span(y, left + end, left + p->width), STYLE_notice,
                    str_bytes(text, len));
}

/* Its text, from row y on; returns the row of its end, and the column. */
static int draw_text(struct canvas *c, const struct pane *p, int y,
                     const struct phrase *ph, int *end)
{
    int left = p->l->left + p->text, bottom = p->l->top + p->l->height;
    struct str rest = ph->body, row;
    int col = first_col(p, ph);

    *end = col;
    while (y < bottom &&
           wrap_next(&rest, (size_t)(p->width - col), &p->ui->rule, &row)) {
        if (y >= p->l->top)
            draw_row(c, p, span(y, left + col, left + p->width), ph->body_style,
                     row);
        *end = col + row_cols(p, row);
        col = hang(p);
        y++;
    }
    if (rest.len)
        return bottom; /* its end is not in sight */
    return ph->body.len ? y - 1 : y;
}

static void draw_line(struct canvas *c, const struct pane *p, int y,
                      const struct line *line)
{
    struct phrase ph;
    int left = p->l->left + p->text, end;

    phrase(p, line, &ph);
    if (p->ui->pick == line->id ||
        (p->ui->query.hit == line->id && p->ui->mode == UI_FIND))
        ph.body_style = STYLE_found;
    if (is_reply(line))
        draw_quote(c, p, y++, line);
    if (y >= p->l->top && y < p->l->top + p->l->height) {
        draw_margin(c, p, y, line, &ph);
        canvas_text(c, span(y, left, left + first_col(p, &ph)), ph.prefix_style,
                    ph.prefix);
    }
    y = draw_text(c, p, y, &ph, &end);
    draw_behind(c, p, y, end, line);
}

void block_draw(const struct pane *p, struct canvas *c, size_t i, int y)
{
    uint64_t missing = history_missing(p->h, i);
    const struct line *line = i < p->h->n ? &p->h->lines[i] : NULL;

    if (missing)
        draw_gap(c, p, y++, missing,
                 p->online && (!line || line->seq > p->h->lost));
    if (!line)
        return;
    if (is_new_day(p->h, i))
        draw_date(c, p, y++, line->ts);
    if (is_first_unread(p, i))
        draw_unread(c, p, y++);
    if (!is_hidden(p, line))
        draw_line(c, p, y, line);
}
