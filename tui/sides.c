/* SPDX-License-Identifier: MIT */
#include "tui/sides.h"

#include <stdio.h>
#include <stdlib.h>

#include "shared/wire.h"
#include "tui/canvas.h"
#include "tui/lang.h"
#include "tui/layout.h"
#include "tui/model.h"
#include "tui/presence.h"
#include "tui/ui.h"

enum { ENTRY_BYTES = 320 };

static void draw_border(struct canvas *c, const struct layout *l, int col)
{
    for (int y = 0; y < l->status; y++)
        canvas_fill(c, y, col, col + 1, STYLE_rule, '|');
}

/* Text on the left, a note against the right edge; the note wins. */
static void draw_entry(struct canvas *c, const struct ui *ui, int y, int left,
                       int right, enum style style, const char *text,
                       const char *note)
{
    int at = right - (int)width_of(str_of(note), &ui->rule);

    if (at < left)
        at = left;
    canvas_text(c, y, left, note[0] ? at - 1 : right, style, str_of(text));
    canvas_text(c, y, at, right, style, str_of(note));
}

static enum style room_style(const struct model *m, size_t i)
{
    if (i == m->current)
        return STYLE_room_current;
    if (m->rooms[i]->mentions)
        return STYLE_mention;
    return m->rooms[i]->unread ? STYLE_unread : STYLE_room;
}

static void draw_room(struct canvas *c, const struct model *m,
                      const struct ui *ui, const struct layout *l, size_t i,
                      int y)
{
    char text[ENTRY_BYTES], note[32] = "";
    const struct room *room = m->rooms[i];
    bool here = i == m->current;

    snprintf(text, sizeof text, "%c%zu %s", here ? '[' : ' ', i + 1,
             room->name);
    if (here)
        snprintf(note, sizeof note, "]");
    else if (room->unread)
        snprintf(note, sizeof note, "%u%s", room->unread,
                 room->mentions ? "!" : "");
    draw_entry(c, ui, y, 0, l->rooms - 1, room_style(m, i), text, note);
}

void sides_rooms(const struct model *m, const struct ui *ui,
                 const struct layout *l, struct canvas *c)
{
    size_t area = (size_t)(l->status - 1);
    size_t first = m->current >= area ? m->current - area + 1 : 0;

    if (l->rooms == 0 || l->status < 2)
        return;
    canvas_text(c, 0, 1, l->rooms - 1, STYLE_rule, str_of(_("rooms")));
    for (size_t i = first; i < m->n_rooms && i - first < area; i++)
        draw_room(c, m, ui, l, i, 1 + (int)(i - first));
    draw_border(c, l, l->rooms - 1);
}

/* ---- members ---- */

static enum style state_style(unsigned state)
{
    switch (state) {
    case presence_HERE: return STYLE_here;
    case presence_IDLE: return STYLE_idle;
    case presence_FROZEN: return STYLE_frozen;
    case presence_LATE: return STYLE_late;
    default: return STYLE_gone;
    }
}

static void draw_member(struct canvas *c, const struct model *m,
                        const struct ui *ui, const struct layout *l,
                        const struct person *p, int y, struct now now)
{
    char text[ENTRY_BYTES], note[64];
    int left = l->cols - l->members + 2;

    presence_detail(p, model_wall(m, now), note, sizeof note);
    snprintf(text, sizeof text, "%c %s", presence_glyph(p->state), p->nick);
    draw_entry(c, ui, y, left, l->cols, state_style(p->state), text, note);
}

void sides_members(const struct model *m, const struct ui *ui,
                   const struct layout *l, struct canvas *c, struct now now)
{
    const struct room *room = model_here(m);
    int left = l->cols - l->members;
    char head[64] = "";

    if (l->members == 0)
        return;
    draw_border(c, l, left);
    if (!room)
        return;
    snprintf(head, sizeof head, _("members %llu"),
             (unsigned long long)room->member_count);
    canvas_text(c, 0, left + 2, l->cols, STYLE_rule, str_of(head));
    size_t n;
    const struct person **all = presence_roll(m, room, &n);
    for (size_t i = 0; i < n && 1 + (int)i < l->status; i++)
        draw_member(c, m, ui, l, all[i], 1 + (int)i, now);
    free(all);
}
