/* SPDX-License-Identifier: MIT */
#include "tui/find.h"

#include <stdint.h>

#include "shared/wire.h"
#include "tui/amend.h"
#include "tui/chat.h"
#include "tui/layout.h"
#include "tui/model.h"
#include "tui/pane.h"
#include "tui/ui.h"

static struct layout layout(const struct chat *chat)
{
    return layout_of(chat->model, chat->ui, chat->edit, chat->ui->cols,
                     chat->ui->rows);
}

/* ---- where lines are missing between far and near ---- */

/* Index of the last line of the far part; SIZE_MAX: there is none. */
static size_t far_end(const struct history *h)
{
    return h->far_last ? history_find(h, h->far_last) : SIZE_MAX;
}

static bool is_far(const struct chat *chat)
{
    const struct history *h = model_shown(chat->model);
    uint64_t line = chat->ui->anchor.line;
    size_t at = line ? history_index(h, line) : SIZE_MAX;
    size_t end = far_end(h);

    return at != SIZE_MAX && end != SIZE_MAX && at <= end;
}

/* Nobody is carried over the gap: what fills it would push away what is read.
 */
static void stay_far(struct chat *chat)
{
    const struct history *h = model_shown(chat->model);

    if (!is_far(chat))
        chat->ui->anchor = (struct anchor){ h->lines[far_end(h)].id, 0 };
}

/* ---- lines ---- */

static void reveal(struct chat *chat, size_t index)
{
    struct layout l = layout(chat);
    size_t end = far_end(model_shown(chat->model));

    pane_reveal(chat->model, chat->ui, &l, index);
    if (end != SIZE_MAX && index <= end)
        stay_far(chat);
}

bool find_needle(struct chat *chat, bool again)
{
    const struct history *h = model_shown(chat->model);
    struct ui_query *q = &chat->ui->query;
    size_t from = again && q->hit ? history_index(h, q->hit) : h->n;
    size_t found = history_search(h, (struct str){ q->text, q->len },
                                  from == SIZE_MAX ? h->n : from);

    chat->ui->dirty = true;
    q->failed = q->len > 0 && found == SIZE_MAX;
    if (found == SIZE_MAX)
        return false;
    q->hit = h->lines[found].id;
    reveal(chat, found);
    return true;
}

void find_line(struct chat *chat, size_t index)
{
    ui_enter(chat->ui, UI_FIND);
    chat->ui->query.hit = model_shown(chat->model)->lines[index].id;
    reveal(chat, index);
}

bool find_unread(struct chat *chat)
{
    const struct room *room = model_here(chat->model);
    uint64_t mark = room ? room->first_unread : 0;

    for (size_t i = 0; mark && i < room->history.n; i++) {
        if (room->history.lines[i].seq < mark)
            continue;
        reveal(chat, i);
        return true;
    }
    return false;
}

/* The line mentions are looked for from: the one at the middle. */
static size_t middle(const struct chat *chat)
{
    const struct history *h = model_shown(chat->model);
    const struct ui *ui = chat->ui;

    if (ui->query.hit) {
        size_t i = history_index(h, ui->query.hit);
        if (i != SIZE_MAX)
            return i;
    }
    return h->n;
}

bool find_mention(struct chat *chat, bool older)
{
    const struct history *h = model_shown(chat->model);
    size_t i = middle(chat);

    for (;;) {
        if (older ? i == 0 : i + 1 >= h->n)
            return false;
        i = older ? i - 1 : i + 1;
        if (h->lines[i].mention)
            break;
    }
    chat->ui->query.hit = h->lines[i].id;
    reveal(chat, i);
    return true;
}

static bool can_be_picked(const struct line *line)
{
    return line->seq && !line->by && amend_is_talk(line);
}

/* Where picking goes on: at the one picked, else below what is in sight. */
static size_t pick_from(const struct ui *ui, const struct history *h)
{
    size_t i = SIZE_MAX;

    if (ui->pick)
        i = history_index(h, ui->pick);
    else if (ui->anchor.line && (i = history_index(h, ui->anchor.line)) < h->n)
        i++;
    return i == SIZE_MAX ? h->n : i;
}

bool find_pick(struct chat *chat, bool older)
{
    const struct history *h = model_shown(chat->model);
    size_t i = pick_from(chat->ui, h);

    do {
        if (older ? i == 0 : i >= h->n)
            return false;
        i = older ? i - 1 : i + 1;
    } while (i < h->n && !can_be_picked(&h->lines[i]));
    if (i == h->n) {
        ui_follow(chat->ui);
        return true;
    }
    chat->ui->pick = h->lines[i].id;
    chat->ui->dirty = true;
    reveal(chat, i);
    return true;
}

int find_page(const struct chat *chat)
{
    int height = layout(chat).height;

    return height > 3 ? height - 2 : 1;
}

bool find_scroll(struct chat *chat, int rows)
{
    struct layout l = layout(chat);
    struct anchor before = chat->ui->anchor;
    bool far = is_far(chat);
    bool moved = pane_scroll(chat->model, chat->ui, &l, rows);

    if (!far)
        return moved;
    stay_far(chat);
    return before.line != chat->ui->anchor.line ||
           before.below != chat->ui->anchor.below;
}

bool find_top(struct chat *chat)
{
    struct layout l = layout(chat);

    return pane_at_top(chat->model, chat->ui, &l);
}
