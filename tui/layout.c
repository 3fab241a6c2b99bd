/* SPDX-License-Identifier: MIT */
#include "tui/layout.h"

#include "shared/width.h"
#include "tui/edit.h"
#include "tui/model.h"
#include "tui/ui.h"
#include "tui/wrap.h"

enum {
    TINY_COLS = 20, /* below: one sentence */
    TINY_ROWS = 4,
    INLINE_COLS = 60, /* below: names before the text */
    TOPIC_ROWS = 10,  /* below: no topic row */
    ROOMY_ROWS = 16,  /* from here on the input has two rows at rest */
    SIDES_COLS = 100, /* from here on side panes come by themselves */
    ROOMS_COLS = 17,  /* with border */
    MEMBERS_COLS = 19,
    MESSAGES_COLS = 40, /* never narrower for the sake of a side pane */
    INPUT_ROWS = 6
};

static bool is_shown(enum pane_mode mode, int cols)
{
    return mode == PANE_ON || (mode == PANE_AUTO && cols >= SIDES_COLS);
}

/* Rows the draft takes, as far as it matters. */
static int draft_rows(const struct edit *edit, const struct ui *ui, int width)
{
    if (ui->mode != UI_CHAT || edit->searching)
        return 1;
    struct str rest = edit_text(edit);
    bool more = true;
    int rows = 0;
    while (more && rows < INPUT_ROWS) {
        wrap_next_edit(&rest, (size_t)width, &ui->rule, &more);
        rows++;
    }
    return rows;
}

static int prompt_cols(const struct model *m, const struct ui *ui, int cols)
{
    const struct room *room = model_here(m);
    bool marked = room && station_mark(&room->station) != ' ';
    int width = (int)width_of(str_of(m->nick), &ui->rule) + 2 + marked;

    return width < cols / 3 ? width : cols / 3;
}

static void place_input(struct layout *l, const struct ui *ui,
                        const struct edit *edit)
{
    int most = l->rows / 3 < INPUT_ROWS ? l->rows / 3 : INPUT_ROWS;
    int rest = l->rows >= ROOMY_ROWS ? 2 : 1;
    int need = draft_rows(edit, ui, l->cols - l->prompt);

    l->input_rows = need < most ? need : most;
    if (l->input_rows < rest)
        l->input_rows = rest;
    l->input = l->rows - l->input_rows;
    l->status = l->input - 1;
}

struct layout layout_of(const struct model *m, const struct ui *ui,
                        const struct edit *edit, int cols, int rows)
{
    struct layout l = {
        .cols = cols, .rows = rows, .width = cols, .height = rows
    };

    l.status = l.input = -1;
    l.tiny = cols < TINY_COLS || rows < TINY_ROWS;
    l.inlined = cols < INLINE_COLS || ui->bare;
    if (l.tiny || ui->bare)
        return l;
    l.prompt = prompt_cols(m, ui, cols);
    place_input(&l, ui, edit);
    l.topic = rows >= TOPIC_ROWS;
    if (is_shown(ui->rooms, cols) && l.width - ROOMS_COLS >= MESSAGES_COLS)
        l.rooms = ROOMS_COLS;
    l.width -= l.rooms;
    if (is_shown(ui->members, cols) && l.width - MEMBERS_COLS >= MESSAGES_COLS)
        l.members = MEMBERS_COLS;
    l.width -= l.members;
    l.left = l.rooms;
    l.top = l.topic;
    l.height = l.status - l.top;
    return l;
}
