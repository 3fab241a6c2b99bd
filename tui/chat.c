/* SPDX-License-Identifier: MIT */
#include "tui/chat.h"

#include <stdlib.h>

#include "shared/mem.h"
#include "shared/text.h"
#include "shared/wire.h"
#include "tui/about.h"
#include "tui/client.h"
#include "tui/edit.h"
#include "tui/found.h"
#include "tui/going.h"
#include "tui/lang.h"
#include "tui/manner.h"
#include "tui/model.h"
#include "tui/ui.h"

enum {
    ASK_EVERY_US = 250 * 1000,    /* the server counts queries */
    READ_EVERY_US = 3000 * 1000,  /* each is a row on a disk */
    ANSWER_US = 10 * 1000 * 1000, /* then it may be asked again */
    MANNER_BYTES = 1024,
    NEAR_LINES = 50 /* before a gap: time to fill it */
};

/* ---- saying ---- */

static bool is_blank(char ch)
{
    return ch == ' ' || ch == '\n' || ch == '\t';
}

static struct str trim(struct str s)
{
    while (s.len > 0 && is_blank(s.ptr[s.len - 1]))
        s.len--;
    while (s.len > 0 && s.ptr[0] == '\n')
        s = str_from(s, 1);
    return s;
}

/*
 * How much of a text makes the first message: within the limits, cut at a line
 * end if there is one, else at a space, else between characters.
 */
static size_t first_part(struct str text, size_t max_bytes, size_t max_lines)
{
    size_t line_end = 0, space = 0, lines = 1;
    size_t most = text_cut(text, max_bytes).len;

    for (size_t i = 0; i < text.len && i <= most; i++) {
        if (text.ptr[i] == '\n') {
            line_end = i;
            if (++lines > max_lines)
                return i;
        } else if (text.ptr[i] == ' ') {
            space = i;
        }
    }
    if (text.len <= most)
        return text.len;
    return line_end ? line_end : space ? space : most;
}

/* What answers a line does so with its first message. */
static unsigned say_all(struct chat *chat, struct about about, unsigned kind,
                        struct str text, struct now now)
{
    const uint64_t *limits = chat->model->limits.value;
    char *clean = mem_new(3 * text.len + 1, 1);
    size_t len = text_clean(text, TEXT_LINES, clean, 3 * text.len + 1);
    struct str rest = trim(str_bytes(clean, len));
    unsigned said = 0;

    while (rest.len > 0) {
        size_t part = first_part(rest, (size_t)limits[LIMIT_TEXT_BYTES],
                                 (size_t)limits[LIMIT_TEXT_LINES]);
        struct str message = trim(str_bytes(rest.ptr, part));
        if (message.len > 0) {
            client_reply(chat->client, &about, kind, message, now);
            about.ref = 0; /* the first of them is the answer */
            said++;
        }
        rest = str_from(rest, part > 0 ? part : 1);
        if (rest.len > 0 && rest.ptr[0] == ' ')
            rest = str_from(rest, 1); /* where it was cut */
        rest = trim(rest);
    }
    free(clean);
    if (said)
        ui_follow(chat->ui);
    return said;
}

unsigned chat_say(struct chat *chat, struct room *room, unsigned kind,
                  struct str text, struct now now)
{
    struct about about = { str_of(room->name), 0 };

    return say_all(chat, about, kind, text, now);
}

unsigned chat_reply(struct chat *chat, struct room *room, uint64_t ref,
                    struct str text, struct now now)
{
    struct about about = { str_of(room->name), ref };

    return say_all(chat, about, event_MESSAGE, text, now);
}

void chat_edit(struct chat *chat, struct room *room, uint64_t ref,
               struct str text, struct now now)
{
    const uint64_t *limits = chat->model->limits.value;
    struct about about = { str_of(room->name), ref };
    char *clean = mem_new(3 * text.len + 1, 1);
    size_t len = text_clean(text, TEXT_LINES, clean, 3 * text.len + 1);
    struct str fresh = trim(str_bytes(clean, len));

    if (fresh.len > limits[LIMIT_TEXT_BYTES] ||
        text_lines(fresh) > limits[LIMIT_TEXT_LINES])
        model_notice(chat->model, room, now,
                     _("not changed: it is too long for one message"));
    else if (fresh.len)
        client_edit(chat->client, &about, fresh, now);
    free(clean);
}

void chat_page(struct chat *chat, const char *title, struct str text,
               struct now now)
{
    if (chat->ui->full) {
        ui_show(chat->ui, title, text);
        return;
    }
    while (text.len > 0) {
        size_t end = 0;
        while (end < text.len && text.ptr[end] != '\n')
            end++;
        model_notice(chat->model, NULL, now, "%.*s",
                     STR_ARG(str_bytes(text.ptr, end)));
        text = str_from(text, end + 1);
    }
}

/* ---- going from room to room ---- */

static void keep_draft(struct chat *chat)
{
    struct room *room = model_current(chat->model);
    if (!room || !chat->edit)
        return;
    if (chat->edit->secret)
        free(edit_end_secret(chat->edit)); /* it was not meant for a room */
    struct str draft = edit_text(chat->edit);
    free(room->draft);
    room->draft = draft.len ? mem_str(draft) : NULL;
    room->draft_pick = draft.len ? chat->ui->pick : 0;
}

static void take_draft(struct chat *chat)
{
    struct room *room = model_current(chat->model);

    if (chat->edit)
        edit_set(chat->edit, str_of(room && room->draft ? room->draft : ""));
    chat->ui->pasted = false;
    ui_follow(chat->ui);
    chat->ui->pick = room ? room->draft_pick : 0;
}

void chat_go(struct chat *chat, size_t index)
{
    if (index >= chat->model->n_rooms || index == chat->model->current)
        return;
    keep_draft(chat);
    model_switch(chat->model, index);
    take_draft(chat);
}

static void drop(struct chat *chat, struct room *room)
{
    bool shown = room == model_current(chat->model);

    model_room_drop(chat->model, room);
    if (shown)
        take_draft(chat);
}

void chat_part(struct chat *chat, struct room *room, struct str why,
               struct now now)
{
    client_part(chat->client, str_of(room->name), why, now);
    room->leaving = true;
    if (room == model_current(chat->model))
        chat_go(chat, chat->model->previous);
}

/* Rooms that were left go, when every command for them is through. */
static void drop_left(struct chat *chat)
{
    struct model *m = chat->model;

    for (size_t i = m->n_rooms; i > 0 && m->queued == 0; i--) {
        struct room *room = m->rooms[i - 1];
        room->leaving = room->leaving && !room->wanted;
        if (room->leaving)
            drop(chat, room);
    }
}

/* ---- what has been read ---- */

/* The room whose newest line is in sight and not known to be read; NULL. */
static struct room *just_read(const struct chat *chat)
{
    struct room *room = model_current(chat->model);

    if (chat->model->link != LINK_ONLINE || !chat->model->looking ||
        chat->ui->anchor.line || !room || !room->joined ||
        room->history.last <= room->read)
        return NULL;
    return room;
}

static void tell_upto(struct chat *chat, struct room *room, uint64_t seq,
                      struct now now)
{
    struct about about = { str_of(room->name), seq };

    client_read(chat->client, &about, now);
    room->read = seq;
    room->read_us = now.mono_us + READ_EVERY_US;
}

/* Now and then, for other devices of the person; of rooms left at once. */
static void tell_read(struct chat *chat, struct now now)
{
    struct model *m = chat->model;
    struct room *room = just_read(chat);

    if (room && now.mono_us >= room->read_us)
        tell_upto(chat, room, room->history.last, now);
    for (size_t i = 0; i < m->n_rooms && m->link == LINK_ONLINE; i++) {
        room = m->rooms[i];
        if (i != m->current && room->joined && room->history.read > room->read)
            tell_upto(chat, room, room->history.read, now);
    }
}

/* ---- leaving ---- */

void chat_quit(struct chat *chat, unsigned reason, struct str text,
               struct now now)
{
    struct room *room = just_read(chat);

    tell_read(chat, now);
    if (room && room->history.last > room->read)
        tell_upto(chat, room, room->history.last, now);
    client_bye(chat->client, reason, text, now);
    chat->quit = true;
}

/* ---- asking for what is missing ---- */

enum want { WANT_NOTHING, WANT_EVENTS, WANT_GAP, WANT_LEAP, WANT_MEMBERS };

/* Whether somebody reads on towards what is missing between the two parts. */
static bool reads_on(const struct chat *chat, const struct room *room)
{
    const struct history *h = &room->history;
    size_t at = history_index(h, chat->ui->anchor.line);
    size_t near = history_find(h, h->first);

    return room == model_current(chat->model) && chat->ui->anchor.line &&
           at != SIZE_MAX && near != SIZE_MAX && at < near &&
           at + NEAR_LINES >= near;
}

/* A narrow one fills itself at once. */
static bool wants_leap(const struct chat *chat, const struct room *room)
{
    uint64_t after, before;

    return history_leap_gap(&room->history, &after, &before) &&
           (before - after <= chat->model->limits.value[LIMIT_PAGE_MAX] ||
            reads_on(chat, room));
}

static enum want room_wants(const struct chat *chat, const struct room *room)
{
    const struct history *h = &room->history;
    uint64_t after, before;

    if (!room->joined || room->id == 0)
        return WANT_NOTHING;
    if (h->first == 0 && h->head > 0)
        return WANT_EVENTS;
    if (history_gap(h, &after, &before))
        return WANT_GAP;
    if (wants_leap(chat, room))
        return WANT_LEAP;
    return room->members_known ? WANT_NOTHING : WANT_MEMBERS;
}

static void ask_gap(struct chat *chat, struct room *room, bool leap,
                    struct now now)
{
    uint64_t after = 0, before = 0;
    uint64_t max = chat->model->limits.value[LIMIT_PAGE_MAX];

    if (leap)
        history_leap_gap(&room->history, &after, &before);
    else
        history_gap(&room->history, &after, &before);
    room->asked = after;
    client_history(chat->client, str_of(room->name), hist_AFTER, after,
                   (unsigned)time_min(before - after - 1, max), now);
}

static void ask(struct chat *chat, struct room *room, enum want want,
                struct now now)
{
    switch (want) {
    case WANT_NOTHING: return;
    case WANT_MEMBERS:
        room->members_known = true;
        client_members(chat->client, str_of(room->name), now);
        return;
    case WANT_EVENTS:
        client_history(chat->client, str_of(room->name), hist_LATEST, 0, 0,
                       now);
        break;
    case WANT_GAP: ask_gap(chat, room, false, now); break;
    case WANT_LEAP: ask_gap(chat, room, true, now); break;
    }
    room->wait_us = now.mono_us + ANSWER_US;
}

/* The room that wants something soonest, the current one first; and when. */
static struct room *neediest(const struct chat *chat, uint64_t *when)
{
    const struct model *m = chat->model;
    struct room *found = NULL;

    *when = NEVER;
    for (size_t i = 0; i < m->n_rooms; i++) {
        struct room *room = m->rooms[(m->current + i) % m->n_rooms];
        enum want want = room_wants(chat, room);
        uint64_t at = want == WANT_MEMBERS ? 0 : room->wait_us;
        if (want != WANT_NOTHING && at < *when) {
            *when = at;
            found = room;
        }
    }
    return found;
}

/* ---- what a full screen would show ---- */

static void introduce(struct chat *chat, struct room *room, struct now now)
{
    char text[MANNER_BYTES];

    manner_short(&room->manner, text, sizeof text);
    if (!*text && station_mark(&room->station) == ' ')
        return;
    manner_long(room, now, text, sizeof text);
    model_notice(chat->model, room, now, "%s", text);
}

/* Line by line a room that was entered is described once. */
static void introduce_new(struct chat *chat, struct now now)
{
    struct model *m = chat->model;

    for (size_t i = 0; i < m->n_rooms && !chat->ui->full; i++) {
        struct room *room = m->rooms[i];

        bool known = room->joined && room->station.role;

        if (known && !room->introduced)
            introduce(chat, room, now);
        room->introduced = known;
    }
}

uint64_t chat_deadline(const struct chat *chat)
{
    const struct room *read = just_read(chat);
    uint64_t when, at = read ? read->read_us : NEVER;

    at = time_min(at, going_deadline(chat));

    if (chat->model->link != LINK_ONLINE || !neediest(chat, &when))
        return at;
    return time_min(at, when > chat->ask_us ? when : chat->ask_us);
}

void chat_turn(struct chat *chat, struct now now)
{
    uint64_t when;

    drop_left(chat);
    introduce_new(chat, now);
    going_turn(chat, now);
    if (chat->model->hits.fresh)
        found_show(chat, now);
    tell_read(chat, now);
    if (chat->model->link != LINK_ONLINE || now.mono_us < chat->ask_us)
        return;
    struct room *room = neediest(chat, &when);
    if (!room || when > now.mono_us)
        return;
    ask(chat, room, room_wants(chat, room), now);
    chat->ask_us = now.mono_us + ASK_EVERY_US;
}

const char *chat_older(struct chat *chat, struct room *room, unsigned lines,
                       struct now now)
{
    const struct history *h = &room->history;

    if (h->start)
        return _("there is nothing older than what is here");
    if (!room->joined || chat->model->link != LINK_ONLINE)
        return _("not connected: older lines are at the server");
    if (history_is_full(h))
        return _("no more lines are held here; /clear makes room");
    if (h->first == 0 || now.mono_us < room->wait_us)
        return _("lines are on their way");
    room->asked = 0;
    room->wait_us = now.mono_us + ANSWER_US;
    client_history(chat->client, str_of(room->name), hist_BEFORE,
                   history_oldest(h), lines, now);
    return NULL;
}
