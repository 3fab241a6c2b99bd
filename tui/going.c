/* SPDX-License-Identifier: MIT */
#include "tui/going.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tui/amend.h"
#include "tui/chat.h"
#include "tui/client.h"
#include "tui/find.h"
#include "tui/lang.h"
#include "tui/model.h"
#include "tui/page.h"
#include "tui/phrase.h"
#include "tui/ui.h"

enum {
    WAIT_US = 15 * 1000 * 1000, /* for the page around it */
    AROUND = 5                  /* lines of it, line by line */
};

/* ---- there ---- */

static void print_line(FILE *out, const struct line *line, bool meant)
{
    struct phrase phrase;
    time_t t = (time_t)(line->ts / 1000);
    char when[32] = "-";
    struct tm tm;

    if (line->ts < 253402300800000u && localtime_r(&t, &tm))
        strftime(when, sizeof when, "%Y-%m-%d %H:%M", &tm);
    phrase_inline(&phrase, line);
    fprintf(out, "%c %s %.*s%.*s\n", meant ? '>' : ' ', when,
            STR_ARG(phrase.prefix), STR_ARG(phrase.body));
}

/* Line by line there is nothing to scroll: it is printed, and what is near. */
static void print_around(struct chat *chat, size_t index, struct now now)
{
    const struct history *h = model_shown(chat->model);
    char *text = NULL;
    size_t len = 0, from = index > AROUND ? index - AROUND : 0;
    FILE *out = open_memstream(&text, &len);

    if (!out)
        return;
    for (size_t i = from; i < h->n && i <= index + AROUND; i++)
        if (h->lines[i].seq && !amend_is_hidden(&h->lines[i]))
            print_line(out, &h->lines[i], i == index);
    fclose(out);
    chat_page(chat, "", str_bytes(text, len), now);
    free(text);
}

static void arrive(struct chat *chat, size_t index, struct now now)
{
    if (chat->ui->full)
        find_line(chat, index);
    else
        print_around(chat, index, now);
}

/* ---- on the way ---- */

static void leap(struct room *room)
{
    history_leap(&room->history);
    page_outdate(room);
}

static void ask(struct chat *chat, const struct room *room, struct now now)
{
    struct goal *goal = &chat->model->goal;

    goal->until_us = now.mono_us + WAIT_US;
    goal->come = goal->failed = false;
    client_goal(chat->client, str_of(room->name), now);
}

static void go(struct chat *chat, struct room *room, const struct goal *goal,
               struct now now)
{
    struct model *m = chat->model;
    struct history *h = &room->history;
    size_t i = goal_index(goal, h);

    for (size_t at = 0; at < m->n_rooms; at++)
        if (m->rooms[at] == room)
            chat_go(chat, at);
    m->goal = (struct goal){ 0 };
    if (i != SIZE_MAX) {
        arrive(chat, i, now);
        return;
    }
    if (!room->joined || m->link != LINK_ONLINE) {
        model_notice(m, room, now,
                     _("that line is not held here, and there is no connection "
                       "to fetch it over"));
        return;
    }
    m->goal = *goal;
    m->goal.until_us = now.mono_us + WAIT_US;
    if (goal_is_coming(goal, h))
        return;
    leap(room);
    ask(chat, room, now);
}

void going_to(struct chat *chat, struct room *room, uint64_t seq,
              struct now now)
{
    struct goal goal = { .room = room->id, .seq = seq };

    go(chat, room, &goal, now);
}

void going_since(struct chat *chat, struct room *room, uint64_t ts,
                 struct now now)
{
    struct goal goal = { .room = room->id, .ts = ts };

    go(chat, room, &goal, now);
}

/* Pages end early where lines are long: then from the line itself on. */
static bool ask_again(struct chat *chat, struct room *room, struct now now)
{
    struct goal *goal = &chat->model->goal;

    if (!goal->seq || goal->again || goal->failed)
        return false;
    goal->again = true;
    leap(room);
    ask(chat, room, now);
    return true;
}

static void check(struct chat *chat, struct room *room, struct now now)
{
    struct goal *goal = &chat->model->goal;
    size_t i = goal->come ? goal_nearest(goal, &room->history)
                          : goal_index(goal, &room->history);
    bool over = goal->come || goal->failed || now.mono_us >= goal->until_us;

    if (i != SIZE_MAX) {
        *goal = (struct goal){ 0 };
        arrive(chat, i, now);
    } else if (over && !ask_again(chat, room, now)) {
        if (!goal->failed) /* else the server has said why */
            model_notice(chat->model, room, now,
                         _("that line could not be fetched"));
        *goal = (struct goal){ 0 };
    }
}

/* Who follows the newest needs nothing of what is far. */
static void land(struct chat *chat, struct room *room)
{
    if (chat->ui->anchor.line || !room->history.leapt)
        return;
    history_land(&room->history);
    page_outdate(room);
}

void going_turn(struct chat *chat, struct now now)
{
    struct room *room = model_current(chat->model);

    if (!room)
        return;
    if (chat->model->goal.room && chat->model->goal.room == room->id)
        check(chat, room, now);
    else
        chat->model->goal = (struct goal){ 0 };
    if (!chat->model->goal.room)
        land(chat, room);
}

uint64_t going_deadline(const struct chat *chat)
{
    const struct goal *goal = &chat->model->goal;

    return goal->room ? goal->until_us : NEVER;
}
