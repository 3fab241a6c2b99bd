/* SPDX-License-Identifier: MIT
 *
 * Blocks stand on one another, from the anchor at the bottom upwards.
 */
#include "tui/pane.h"

#include <stdint.h>
#include <stdio.h>

#include "tui/block.h"
#include "tui/canvas.h"
#include "tui/lang.h"
#include "tui/layout.h"
#include "tui/model.h"
#include "tui/ui.h"

enum { TEXT_BYTES = 128 };

/* Where the bottom of the pane is: block `i`, `below` rows of it unseen. */
struct bottom {
    size_t i;
    int below;
    bool follows; /* the newest */
};

static struct bottom bottom_of(const struct pane *p)
{
    const struct anchor *a = &p->ui->anchor;
    struct bottom b = { .i = p->h->n, .follows = true };

    if (a->line == 0)
        return b;
    size_t i = history_index(p->h, a->line);
    if (i == SIZE_MAX)
        i = 0; /* it fell off the old end: so the oldest is shown */
    int rows = block_rows(p, i);
    b.i = i;
    b.below = (int)a->below < rows ? (int)a->below : rows - 1;
    if (b.below < 0)
        b.below = 0;
    b.follows = false;
    return b;
}

/* Rows for blocks: one is the "more below" row when not following. */
static int block_area(const struct pane *p, bool follows)
{
    return follows || p->l->height < 2 ? p->l->height : p->l->height - 1;
}

static void draw_more(struct canvas *c, const struct pane *p,
                      const struct bottom *b)
{
    char text[TEXT_BYTES];
    int y = p->l->top + p->l->height - 1;
    int right = p->l->left + p->l->width - 1;
    unsigned long more = (unsigned long)(p->h->n - b->i - (b->below == 0));

    if (p->l->height < 2)
        return;
    snprintf(text, sizeof text,
             ngettext("-- %lu more below --", "-- %lu more below --", more),
             more);
    int at = right - (int)width_of(str_of(text), &p->ui->rule);
    canvas_fill(c, span(y, p->l->left, right + 1), STYLE_text, ' ');
    canvas_text(c, span(y, at > p->l->left ? at : p->l->left, right),
                STYLE_unread, str_of(text));
}

void pane_draw(const struct model *m, const struct ui *ui,
               const struct layout *l, struct canvas *c)
{
    struct pane p = pane_of(m, ui, l);
    struct bottom b = bottom_of(&p);
    int y = l->top + block_area(&p, b.follows) + b.below;

    for (size_t i = b.i + 1; i > 0 && y > l->top; i--) {
        y -= block_rows(&p, i - 1);
        block_draw(&p, c, i - 1, y);
    }
    if (!b.follows)
        draw_more(c, &p, &b);
}

/* Rows from the very top down to the bottom, counted up to `enough`. */
static int rows_above(const struct pane *p, const struct bottom *b, int enough)
{
    int rows = -b->below;

    for (size_t i = b->i + 1; i > 0 && rows < enough; i--)
        rows += block_rows(p, i - 1);
    return rows;
}

/* Move the bottom up; it may overshoot the top. */
static void move_up(const struct pane *p, struct bottom *b, int rows)
{
    b->below += rows;
    for (;;) {
        int block = block_rows(p, b->i);
        if (b->below < block || b->i == 0)
            return;
        b->below -= block;
        b->i--;
    }
}

/* Move it down; at the end it follows. */
static void move_down(const struct pane *p, struct bottom *b, int rows)
{
    b->below -= rows;
    while (b->below < 0 && b->i < p->h->n) {
        b->i++;
        b->below += block_rows(p, b->i);
    }
    if (b->below < 0)
        b->below = 0;
    if (b->i >= p->h->n ||
        (b->i + 1 == p->h->n && b->below == 0 && block_rows(p, p->h->n) == 0)) {
        *b = (struct bottom){ .i = p->h->n, .follows = true };
    }
}

static bool set_anchor(struct ui *ui, const struct pane *p,
                       const struct bottom *b)
{
    struct anchor before = ui->anchor;

    if (b->follows || b->i >= p->h->n)
        ui->anchor = (struct anchor){ 0 };
    else
        ui->anchor = (struct anchor){ .line = p->h->lines[b->i].id,
                                      .below = (size_t)b->below };
    ui->dirty = true;
    return before.line != ui->anchor.line || before.below != ui->anchor.below;
}

bool pane_scroll(const struct model *m, struct ui *ui, const struct layout *l,
                 int rows)
{
    struct pane p = pane_of(m, ui, l);
    struct bottom b = bottom_of(&p);

    if (rows > 0) {
        move_down(&p, &b, rows);
        return set_anchor(ui, &p, &b);
    }
    if (b.follows &&
        (rows == 0 || rows_above(&p, &b, l->height + 1) <= l->height))
        return false;
    int area = block_area(&p, false);
    move_up(&p, &b, b.follows ? -rows + l->height - area : -rows);
    b.follows = false;
    int have = rows_above(&p, &b, area);
    if (have < area)
        move_down(&p, &b, area - have);
    return set_anchor(ui, &p, &b);
}

void pane_reveal(const struct model *m, struct ui *ui, const struct layout *l,
                 size_t index)
{
    struct pane p = pane_of(m, ui, l);
    struct bottom b = { .i = index };

    move_down(&p, &b, l->height / 2);
    set_anchor(ui, &p, &b);
    pane_scroll(m, ui, l, 0);
}

bool pane_at_top(const struct model *m, const struct ui *ui,
                 const struct layout *l)
{
    struct pane p = pane_of(m, ui, l);
    struct bottom b = bottom_of(&p);
    int area = block_area(&p, b.follows);

    return rows_above(&p, &b, area + 1) <= area;
}
