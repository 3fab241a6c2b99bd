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

/* A side pane being drawn: columns left..right-1. */
struct side {
    struct canvas *c;
    const struct width_rule *rule;
    int left, right;
};

struct entry {
    enum style style;
    const char *text, *note; /* the note stands against the right edge */
};

static void draw_border(struct canvas *c, const struct layout *l, int col)
{
    for (int y = 0; y < l->status; y++)
        canvas_fill(c, span(y, col, col + 1), STYLE_rule, '|');
}

/* When both do not fit, the note wins. */
static void draw_entry(const struct side *side, int y,
                       const struct entry *entry)
{
    struct str text = str_of(entry->text), note = str_of(entry->note);
    int at = side->right - (int)width_of(note, side->rule);

    if (at < side->left)
        at = side->left;
    canvas_text(side->c, span(y, side->left, note.len ? at - 1 : side->right),
                entry->style, text);
    canvas_text(side->c, span(y, at, side->right), entry->style, note);
}

static enum style room_style(const struct model *m, size_t i)
{
    if (i == m->current)
        return STYLE_room_current;
    if (m->rooms[i]->mentions)
        return STYLE_mention;
    return m->rooms[i]->unread ? STYLE_unread : STYLE_room;
}

static void draw_room(const struct side *side, const struct model *m, size_t i,
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
    draw_entry(side, y, &(struct entry){ room_style(m, i), text, note });
}

void sides_rooms(const struct model *m, const struct ui *ui,
                 const struct layout *l, struct canvas *c)
{
    struct side side = { c, &ui->rule, 0, l->rooms - 1 };
    size_t area = (size_t)(l->status - 1);
    size_t first = m->current >= area ? m->current - area + 1 : 0;

    if (l->rooms == 0 || l->status < 2)
        return;
    canvas_text(c, span(0, 1, side.right), STYLE_rule, str_of(_("rooms")));
    for (size_t i = first; i < m->n_rooms && i - first < area; i++)
        draw_room(&side, m, i, 1 + (int)(i - first));
    draw_border(c, l, side.right);
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

static void draw_member(const struct side *side, const struct seat *seat,
                        uint64_t wall_ms, int y)
{
    const struct person *p = seat->person;
    char text[ENTRY_BYTES], note[64];

    presence_detail(p, wall_ms, note, sizeof note);
    snprintf(text, sizeof text, "%c%c%s", presence_glyph(p->state),
             station_mark(&seat->member->station), p->nick);
    draw_entry(side, y, &(struct entry){ state_style(p->state), text, note });
}

void sides_members(const struct model *m, const struct ui *ui,
                   const struct layout *l, struct canvas *c, struct now now)
{
    const struct room *room = model_here(m);
    struct side side = { c, &ui->rule, l->cols - l->members + 2, l->cols };
    char head[64];
    size_t n;

    if (l->members == 0)
        return;
    draw_border(c, l, l->cols - l->members);
    if (!room)
        return;
    snprintf(head, sizeof head, _("members %llu"),
             (unsigned long long)room->member_count);
    canvas_text(c, span(0, side.left, side.right), STYLE_rule, str_of(head));
    struct seat *all = presence_roll(m, room, &n);
    for (size_t i = 0; i < n && 1 + (int)i < l->status; i++)
        draw_member(&side, &all[i], model_wall(m, now), 1 + (int)i);
    free(all);
}
