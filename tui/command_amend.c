/* SPDX-License-Identifier: MIT
 *
 * Commands about a line that has been said: answer it, change it, take it
 * back, react to it.  Which line: ^3 is the third from the end, ^word the
 * newest one with that word; without it, or by ^ alone, the line that was
 * picked, or the newest one that makes sense.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/text.h"
#include "shared/wire.h"
#include "tui/about.h"
#include "tui/chat.h"
#include "tui/client.h"
#include "tui/command_impl.h"
#include "tui/edit.h"
#include "tui/going.h"
#include "tui/lang.h"
#include "tui/model.h"
#include "tui/ui.h"

/* Whose lines are counted. */
enum whose { ANYBODYS, OWN };

static bool is_meant(const struct line *line, enum whose whose)
{
    bool talk = line->kind == LINE_EVENT && line->event <= event_NOTICE;

    return talk && line->seq && !line->by && (whose == ANYBODYS || line->own);
}

/* The newest line that holds a text. */
static const struct line *with_text(const struct history *h, enum whose whose,
                                    struct str text)
{
    size_t i = history_search(h, text, h->n);

    while (i != SIZE_MAX && !is_meant(&h->lines[i], whose))
        i = history_search(h, text, i);
    return i == SIZE_MAX ? NULL : &h->lines[i];
}

/* The nth line from the end. */
static const struct line *nth(const struct history *h, enum whose whose,
                              uint64_t n)
{
    for (size_t i = h->n; i > 0 && n > 0; i--)
        if (is_meant(&h->lines[i - 1], whose) && --n == 0)
            return &h->lines[i - 1];
    return NULL;
}

/* The newest one; when anybody's will do, somebody else's first. */
static const struct line *newest(const struct history *h, enum whose whose)
{
    for (size_t i = h->n; i > 0 && whose == ANYBODYS; i--)
        if (is_meant(&h->lines[i - 1], whose) && !h->lines[i - 1].own)
            return &h->lines[i - 1];
    return nth(h, whose, 1);
}

/* The one picked on the screen, if it may be meant; else the newest one. */
static const struct line *picked(const struct chat *chat,
                                 const struct history *h, enum whose whose)
{
    uint64_t pick = chat->ui->pick;
    size_t i = pick ? history_index(h, pick) : SIZE_MAX;

    if (!pick)
        return newest(h, whose);
    return i < h->n && is_meant(&h->lines[i], whose) ? &h->lines[i] : NULL;
}

/* A line somebody means, and what the command says about it. */
struct choice {
    struct room *room;
    const struct line *line;
    struct str rest;
};

/* All arguments from the i-th on, as they were typed. */
static struct str from(const struct args *args, size_t i)
{
    if (i >= args->n)
        return str_of(NULL);
    struct str last = args->v[args->n - 1];
    return str_bytes(args->v[i].ptr,
                     (size_t)(last.ptr + last.len - args->v[i].ptr));
}

/* False, and a notice, when there is no such line. */
static bool choose(struct chat *chat, const struct args *args, enum whose whose,
                   struct choice *c, struct now now)
{
    uint64_t n;

    c->room = talking_room(chat, now);
    if (!c->room)
        return false;
    const struct history *h = &c->room->history;
    bool named = args->n && args->v[0].ptr[0] == '^';
    struct str which = named ? str_from(args->v[0], 1) : str_of(NULL);
    c->rest = from(args, named);
    if (!which.len)
        c->line = picked(chat, h, whose);
    else if (number_of(which, LINES_MAX, &n))
        c->line = nth(h, whose, n);
    else
        c->line = with_text(h, whose, which);
    if (!c->line)
        model_notice(chat->model, c->room, now,
                     whose == OWN ? _("there is no such line of yours here")
                                  : _("there is no such line here"));
    return c->line != NULL;
}

void command_reply(struct chat *chat, const struct args *args, struct now now)
{
    struct choice c;

    if (speaking_room(chat, now) && choose(chat, args, ANYBODYS, &c, now))
        chat_reply(chat, c.room, c.line->seq, c.rest, now);
}

/* The line goes where it can be changed, and is picked: it is the one meant,
 * whatever comes before Enter. */
static void load(struct chat *chat, const struct choice *c, struct now now)
{
    const char *before = c->line->text[0] == '^' ? "/edit ^ " : "/edit ";
    size_t cap = strlen(before) + strlen(c->line->text) + 1;

    if (!chat->edit) {
        model_notice(chat->model, c->room, now, _("usage: /edit [^LINE] TEXT"));
        return;
    }
    char *text = mem_new(cap, 1);
    snprintf(text, cap, "%s%s", before, c->line->text);
    edit_set(chat->edit, str_of(text));
    free(text);
    chat->ui->pick = c->line->id;
    chat->ui->dirty = true;
}

void command_edit(struct chat *chat, const struct args *args, struct now now)
{
    struct choice c;

    if (!choose(chat, args, OWN, &c, now))
        return;
    if (c.rest.len && speaking_room(chat, now)) {
        chat_edit(chat, c.room, c.line->seq, c.rest, now);
        chat->ui->pick = 0;
    } else if (!c.rest.len) {
        load(chat, &c, now);
    }
}

void command_delete(struct chat *chat, const struct args *args, struct now now)
{
    struct choice c;

    if (!choose(chat, args, OWN, &c, now))
        return;
    struct about about = { str_of(c.room->name), c.line->seq };
    client_redact(chat->client, &about, c.rest, now);
    chat->ui->pick = 0;
}

void command_react(struct chat *chat, const struct args *args, struct now now)
{
    struct choice c;

    if (!speaking_room(chat, now) || !choose(chat, args, ANYBODYS, &c, now))
        return;
    struct about about = { str_of(c.room->name), c.line->seq };
    bool remove = c.rest.len > 1 && c.rest.ptr[0] == '-';
    struct str key = str_from(c.rest, remove);
    if (key.len == 0 || key.len > chat->model->limits.value[LIMIT_REACT_BYTES])
        model_notice(chat->model, c.room, now,
                     _("usage: /react [^LINE] SIGN, or -SIGN to take it back"));
    else
        client_react(chat->client, &about, key, remove, now);
}

static void pin(struct chat *chat, const struct args *args, bool remove,
                struct now now)
{
    struct choice c;

    if (!choose(chat, args, ANYBODYS, &c, now))
        return;
    struct about about = { str_of(c.room->name), c.line->seq };
    client_pin(chat->client, &about, remove, now);
}

void command_pin(struct chat *chat, const struct args *args, struct now now)
{
    pin(chat, args, false, now);
}

void command_unpin(struct chat *chat, const struct args *args, struct now now)
{
    pin(chat, args, true, now);
}

/* ---- of what some lines have ---- */

static bool answers(const struct line *line)
{
    return line->ref;
}

static bool was_edited(const struct line *line)
{
    return line->edited;
}

/*
 * As choose; by itself the newest one that has it.  The line is NULL when the
 * one that is meant has not.
 */
static bool choose_with(struct chat *chat, const struct args *args,
                        bool (*has)(const struct line *), struct choice *c,
                        struct now now)
{
    *c = (struct choice){ .room = talking_room(chat, now) };
    if (!c->room)
        return false;
    if (args->n || chat->ui->pick) {
        if (!choose(chat, args, ANYBODYS, c, now))
            return false;
        c->line = has(c->line) ? c->line : NULL;
        return true;
    }
    const struct history *h = &c->room->history;
    for (size_t i = h->n; i > 0 && !c->line; i--)
        if (is_meant(&h->lines[i - 1], ANYBODYS) && has(&h->lines[i - 1]))
            c->line = &h->lines[i - 1];
    return true;
}

void command_origin(struct chat *chat, const struct args *args, struct now now)
{
    struct choice c;

    if (!choose_with(chat, args, answers, &c, now))
        return;
    if (c.line)
        going_to(chat, c.room, c.line->ref, now);
    else
        model_notice(chat->model, c.room, now, _("it answers no other line"));
}

void command_versions(struct chat *chat, const struct args *args,
                      struct now now)
{
    struct choice c;

    if (!choose_with(chat, args, was_edited, &c, now))
        return;
    if (!c.line) {
        model_notice(chat->model, c.room, now, _("it was not changed"));
        return;
    }
    struct about about = { str_of(c.room->name), c.line->seq };
    client_versions(chat->client, &about, now);
}
