/* SPDX-License-Identifier: MIT
 *
 * Commands about rooms and people.
 */
#include <stdio.h>
#include <stdlib.h>

#include "shared/bounds.h"
#include "shared/text.h"
#include "shared/wire.h"
#include "tui/chat.h"
#include "tui/client.h"
#include "tui/command_impl.h"
#include "tui/lang.h"
#include "tui/manner.h"
#include "tui/model.h"
#include "tui/presence.h"
#include "tui/switcher.h"
#include "tui/ui.h"

enum { NAME_CAP = NAME_MAX_BYTES + 2, TYPED_BYTES = 3 * NAME_MAX_BYTES };

/* ---- rooms ---- */

/*
 * The stored form of a room's name: "#room" as typed or without its '#',
 * "@nick" for two.  False, and a notice, when it is none.
 */
static bool room_name(struct chat *chat, struct str typed, char *out,
                      struct now now)
{
    char with[TYPED_BYTES + 2];
    const uint64_t *limits = chat->model->limits.value;
    size_t len;

    typed = text_cut(typed, TYPED_BYTES);
    out[0] = '@';
    if (typed.len > 0 && typed.ptr[0] == '@') {
        len = text_name(str_from(typed, 1), NAME_NICK,
                        (size_t)limits[LIMIT_NICK_BYTES], out + 1);
        len += len > 0;
    } else {
        len =
            text_name(typed, NAME_ROOM, (size_t)limits[LIMIT_ROOM_BYTES], out);
        if (len == 0) {
            snprintf(with, sizeof with, "#%.*s", STR_ARG(typed));
            len = text_name(str_of(with), NAME_ROOM,
                            (size_t)limits[LIMIT_ROOM_BYTES], out);
        }
    }
    out[len] = '\0';
    if (len == 0)
        model_notice(chat->model, NULL, now, _("%.*s is no name for a room"),
                     STR_ARG(typed));
    return len > 0;
}

static void go(struct chat *chat, const struct room *room)
{
    for (size_t i = 0; i < chat->model->n_rooms; i++)
        if (chat->model->rooms[i] == room)
            chat_go(chat, i);
}

/* Enter a room and go to it; NULL when it cannot be. */
static struct room *enter(struct chat *chat, struct str typed, struct str key,
                          struct now now)
{
    char name[NAME_CAP];

    if (!room_name(chat, typed, name, now))
        return NULL;
    client_enter(chat->client, str_of(name), key, now);
    struct room *room = model_room_named(chat->model, str_of(name));
    if (room)
        go(chat, room);
    return room;
}

void command_join(struct chat *chat, const struct args *args, struct now now)
{
    enter(chat, args->v[0], args->n > 1 ? args->v[1] : str_of(NULL), now);
}

void command_part(struct chat *chat, const struct args *args, struct now now)
{
    char name[NAME_CAP];
    struct room *room = model_current(chat->model);
    struct str why = args->n > 1 ? args->v[1] : str_of(NULL);

    if (args->n > 0) {
        if (!room_name(chat, args->v[0], name, now))
            return;
        room = model_room_named(chat->model, str_of(name));
    }
    if (!room) {
        model_notice(chat->model, NULL, now, _("you are not in that room"));
        return;
    }
    chat_part(chat, room, why, now);
}

void command_rooms(struct chat *chat, const struct args *args, struct now now)
{
    (void)args;
    if (can_ask(chat, now))
        client_rooms(chat->client, now);
}

void command_topic(struct chat *chat, const struct args *args, struct now now)
{
    struct room *room = talking_room(chat, now);
    if (!room)
        return;
    if (args->n > 0) {
        bool clear = str_is(args->v[0], "-");
        client_topic(chat->client, str_of(room->name),
                     clear ? str_of(NULL) : args->v[0], now);
    } else if (room->topic[0]) {
        model_notice(chat->model, room, now, _("topic: %s"), room->topic);
    } else {
        model_notice(chat->model, room, now, _("there is no topic"));
    }
}

void command_switch(struct chat *chat, const struct args *args, struct now now)
{
    struct model *m = chat->model;
    uint64_t number;
    size_t index;

    if (number_of(args->v[0], ROOMS_MAX, &number)) {
        if (number >= 1 && number <= m->n_rooms) {
            chat_go(chat, (size_t)number - 1);
            return;
        }
    } else if (switcher_find(m, args->v[0], &index, 1) > 0) {
        chat_go(chat, index);
        return;
    }
    model_notice(m, NULL, now, _("no room fits %.*s"), STR_ARG(args->v[0]));
}

/* ---- people ---- */

/* "here", "idle": the word for a state. */
static const char *state_word(unsigned state)
{
    switch (state) {
    case presence_HERE: return _("here");
    case presence_IDLE: return _("idle");
    case presence_FROZEN: return _("here, but the window is frozen");
    case presence_LATE: return _("silent, a heartbeat is overdue");
    case presence_GONE: return _("gone");
    default: return _("not known");
    }
}

/* In marks for eyes, in words for ears. */
static void list_seat(FILE *out, const struct chat *chat,
                      const struct seat *seat, struct now now)
{
    const struct person *p = seat->person;
    const char *role = manner_word(&seat->member->station);
    char detail[64];

    presence_detail(p, model_wall(chat->model, now), detail, sizeof detail);
    if (chat->ui->full)
        fprintf(out, "%c%c%s  %s%s%s\n", presence_glyph(p->state),
                station_mark(&seat->member->station), p->nick, role,
                *role && *detail ? ", " : "", detail);
    else
        fprintf(out, "%s: %s%s%s%s%s\n", p->nick, state_word(p->state),
                *role ? ", " : "", role, *detail ? ", " : "", detail);
}

void command_names(struct chat *chat, const struct args *args, struct now now)
{
    (void)args;
    const struct room *room = talking_room(chat, now);
    char *text = NULL;
    size_t len = 0, n;
    FILE *out = room ? open_memstream(&text, &len) : NULL;
    if (!out)
        return;
    struct seat *all = presence_roll(chat->model, room, &n);
    for (size_t i = 0; i < n; i++)
        list_seat(out, chat, &all[i], now);
    if (room->member_count > n)
        fprintf(out, _("and %llu more\n"),
                (unsigned long long)room->member_count - n);
    free(all);
    fclose(out);
    chat_page(chat, room->name, str_bytes(text, len), now);
    free(text);
}

/* The direct room with somebody; NULL when the name is none. */
static struct room *direct(struct chat *chat, struct str nick, struct now now)
{
    char name[3 * NAME_MAX_BYTES];
    bool at = nick.len > 0 && nick.ptr[0] == '@';

    snprintf(name, sizeof name, "%s%.*s", at ? "" : "@",
             STR_ARG(text_cut(nick, sizeof name - 2)));
    return enter(chat, str_of(name), str_of(NULL), now);
}

void command_msg(struct chat *chat, const struct args *args, struct now now)
{
    struct room *room = direct(chat, args->v[0], now);

    if (room)
        chat_say(chat, room, event_MESSAGE, args->v[1], now);
}

void command_query(struct chat *chat, const struct args *args, struct now now)
{
    struct room *room = direct(chat, args->v[0], now);

    if (room && args->n > 1)
        chat_say(chat, room, event_MESSAGE, args->v[1], now);
}

void command_me(struct chat *chat, const struct args *args, struct now now)
{
    struct room *room = speaking_room(chat, now);

    if (room)
        chat_say(chat, room, event_ACTION, args->v[0], now);
}

void command_nick(struct chat *chat, const struct args *args, struct now now)
{
    char nick[NAME_CAP];
    size_t max = (size_t)chat->model->limits.value[LIMIT_NICK_BYTES];
    size_t len = text_name(args->v[0], NAME_NICK, max, nick);

    if (len > 0)
        client_nick(chat->client, str_bytes(nick, len), now);
    else
        model_notice(chat->model, NULL, now, _("%.*s is no usable name"),
                     STR_ARG(text_cut(args->v[0], NAME_MAX_BYTES)));
}

void command_away(struct chat *chat, const struct args *args, struct now now)
{
    client_away(chat->client, true, args->n ? args->v[0] : str_of(NULL), now);
    model_notice(chat->model, NULL, now,
                 _("you are shown as away; /back ends it"));
}

void command_back(struct chat *chat, const struct args *args, struct now now)
{
    (void)args;
    client_away(chat->client, false, str_of(NULL), now);
    model_notice(chat->model, NULL, now, _("you are shown as here"));
}

void command_whois(struct chat *chat, const struct args *args, struct now now)
{
    struct model *m = chat->model;
    struct str nick = args->v[0];
    char age[32], away[512] = "";

    if (nick.len > 0 && nick.ptr[0] == '@')
        nick = str_from(nick, 1);
    const struct person *p = model_person_named(m, nick);
    if (!p) {
        model_notice(m, NULL, now, _("nobody here is called %.*s"),
                     STR_ARG(text_cut(nick, NAME_MAX_BYTES)));
        return;
    }
    uint64_t wall_ms = model_wall(m, now);
    uint64_t ms = p->since && wall_ms > p->since ? wall_ms - p->since : 0;
    presence_age(ms / 1000, age, sizeof age);
    if (p->away)
        snprintf(away, sizeof away, " (%s)", p->away);
    model_notice(m, NULL, now, _("%s is %s%s for %s; %u ms, %u.%u%% lost"),
                 p->nick, state_word(p->state), away, age, (unsigned)p->rtt_ms,
                 (unsigned)p->loss / 10, (unsigned)p->loss % 10);
}
