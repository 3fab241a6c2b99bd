/* SPDX-License-Identifier: MIT */
#include "tui/find.h"

#include <stdint.h>

#include "shared/wire.h"
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

static void reveal(struct chat *chat, size_t index)
{
    struct layout l = layout(chat);

    pane_reveal(chat->model, chat->ui, &l, index);
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

bool find_seq(struct chat *chat, uint64_t seq)
{
    const struct history *h = model_shown(chat->model);
    size_t i = history_find(h, seq);

    if (i == SIZE_MAX)
        return false;
    if (!chat->ui->full)
        return true;
    ui_enter(chat->ui, UI_FIND);
    chat->ui->query.hit = h->lines[i].id;
    reveal(chat, i);
    return true;
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
    return line->kind == LINE_EVENT && line->seq && !line->by &&
           line->event <= event_NOTICE;
}

bool find_pick(struct chat *chat, bool older)
{
    const struct history *h = model_shown(chat->model);
    size_t at = chat->ui->pick ? history_index(h, chat->ui->pick) : h->n;
    size_t i = at == SIZE_MAX ? h->n : at;

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

    return pane_scroll(chat->model, chat->ui, &l, rows);
}

bool find_top(struct chat *chat)
{
    struct layout l = layout(chat);

    return pane_at_top(chat->model, chat->ui, &l);
}
