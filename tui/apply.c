/* SPDX-License-Identifier: MIT
 *
 * What each message from the server does to the model: a table of handlers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/bounds.h"
#include "shared/kind.h"
#include "shared/mem.h"
#include "shared/mention.h"
#include "shared/text.h"
#include "shared/wire.h"
#include "tui/amend.h"
#include "tui/lang.h"
#include "tui/model.h"
#include "tui/page.h"
#include "tui/presence.h"
#include "tui/roll.h"
#include "tui/unread.h"

enum {
    TOPIC_BYTES = 4096,
    ANNOUNCE_BYTES = 1536,
    TYPING_US = 6 * 1000 * 1000, /* a TYPING holds this long by itself */
    READ_US = 2 * 1000 * 1000,   /* first we are told what we have not read */
    COMING_US = 5 * 1000 * 1000  /* announced events may take this long */
};

static void set_text(char **field, struct str text, size_t max)
{
    free(*field);
    *field = mem_str(text_cut(text, max));
}

/* ---- events ---- */

/* Highest seq that has come in, gap or not. */
static uint64_t newest(const struct history *h)
{
    for (size_t i = h->n; i > 0; i--)
        if (h->lines[i - 1].seq)
            return h->lines[i - 1].seq;
    return 0;
}

static void rename_direct(struct model *m, uint64_t account, struct str nick)
{
    char name[NAME_MAX_BYTES + 2];
    int len = snprintf(name, sizeof name, "@%.*s",
                       STR_ARG(text_cut(nick, NAME_MAX_BYTES - 1)));

    for (size_t i = 0; len > 1 && i < m->n_rooms; i++)
        if (m->rooms[i]->kind == room_DIRECT && m->rooms[i]->peer == account)
            model_room_call(m, m->rooms[i], str_of(name));
}

static void on_rename(struct model *m, const struct msg_event *ev)
{
    if (ev->text.len == 0)
        return;
    model_person_add(m, ev->account, ev->text);
    if (ev->account == m->account)
        set_text(&m->nick, ev->text, NAME_MAX_BYTES);
    else
        rename_direct(m, ev->account, ev->text);
}

/* Somebody was thrown out; a ban may be of somebody who was not in. */
static void on_removal(struct model *m, struct room *room,
                       const struct msg_event *ev)
{
    if (member_find(room, ev->ref))
        room->member_count -= room->member_count > 0;
    member_drop(room, ev->ref);
    if (ev->ref == m->account)
        room->joined = room->wanted = false;
}

/*
 * What an event that is the newest of its room changes besides the lines.  One
 * that SYNC_ROOM brings along changes nothing: how the room is now was said.
 */
static void on_change(struct model *m, struct room *room,
                      const struct msg_event *ev, struct now now)
{
    struct member *member;
    bool own = ev->account == m->account;

    switch (ev->kind) {
    case event_JOIN:
        model_person_add(m, ev->account, ev->nick);
        if (!member_find(room, ev->account))
            room->member_count++;
        member_add(room, ev->account);
        break;
    case event_PART:
        room->member_count -= room->member_count > 0;
        member_drop(room, ev->account);
        if (own && room->kind != room_DIRECT)
            room->joined = room->wanted = false;
        break;
    case event_KICK:
    case event_BAN: on_removal(m, room, ev); break;
    case event_MUTE:
    case event_UNMUTE:
    case event_ROLE:
    case event_MODE: station_event(m, room, ev, now); break;
    case event_UNBAN:
    case event_INVITE: break;
    case event_TOPIC: set_text(&room->topic, ev->text, TOPIC_BYTES); break;
    case event_NICK: on_rename(m, ev); break;
    case event_REDACT:
    case event_PIN:
    case event_REACT: model_person_add(m, ev->account, ev->nick); break;
    default:
        model_person_add(m, ev->account, ev->nick);
        member = member_add(room, ev->account);
        if (member) {
            member->spoke = ev->seq;
            member->typing_until = 0;
        }
        break;
    }
}

/* A line has become another one: does it speak of us now? */
static void on_amended(struct model *m, struct room *room, uint64_t seq)
{
    size_t i = history_find(&room->history, seq);
    struct line *line = i == SIZE_MAX ? NULL : &room->history.lines[i];

    if (line && kind_is_talk(line->event) && !line->own)
        line->mention =
            !line->by && mention_is(str_of(line->text), str_of(m->nick));
}

static void on_event(struct model *m, const struct msg *msg, struct now now)
{
    struct msg_event ev = msg->event;
    struct room *room = model_room(m, ev.room);
    if (!room)
        return;
    ev.nick = text_cut(ev.nick, NAME_MAX_BYTES);
    bool fresh = ev.seq > newest(&room->history);
    struct line *line = history_event(&room->history, &ev, m->account);
    m->dirty = true;
    if (fresh && ev.seq > room->state_as_of)
        on_change(m, room, &ev, now);
    if (room->history.last >= room->history.head)
        room->wait_us = 0;
    if (line && amend_is_change(line))
        on_amended(m, room, line->ref);
    if (!line || line->own || line->by || !kind_is_talk(ev.kind))
        return;
    if (fresh && ev.seq > room->counts_from)
        unread_news(m, room, line);
    else
        line->mention = mention_is(str_of(line->text), str_of(m->nick));
}

/* The gap that was asked for still begins there: it cannot be filled. */
static void check_gap(struct room *room)
{
    struct history *h = &room->history;
    uint64_t after, before;

    if (history_gap(h, &after, &before) && after == room->asked)
        history_give_up(h);
    if (history_leap_gap(h, &after, &before) && after == room->asked)
        history_join(h);
}

static void on_hist_page(struct model *m, const struct msg *msg, struct now now)
{
    (void)now;
    const struct msg_hist_page *page = &msg->hist_page;
    struct room *room = model_room(m, page->room);
    if (!room)
        return;
    struct history *h = &room->history;
    bool going = msg->request && msg->request == m->goal.request;
    bool outdated = page_is_outdated(room);
    page_through(room, msg->request);
    if (!going && msg->request != room->request)
        return; /* it is asked again already */
    bool older = !outdated && (going || !room->asked);
    if (!going && room->asked)
        check_gap(room);
    if (older && page->before == 0 &&
        (page->first == 0 || page->first <= history_oldest(h)))
        h->start = true;
    m->dirty = true;
    if (going)
        return;
    if (page->first == 0 && h->first == 0)
        h->head = 0; /* what there was is no more: nothing to ask for */
    room->request = 0;
    room->asked = 0;
    room->wait_us = 0;
}

/* ---- rooms ---- */

/* "@nick" for a direct room, else the name as it is. */
static void room_name(const struct msg_sync_room *sync, char *out, size_t cap)
{
    struct str name = text_cut(sync->name, NAME_MAX_BYTES - 1);
    bool at = sync->kind == room_DIRECT && !(name.len && name.ptr[0] == '@');

    snprintf(out, cap, "%s%.*s", at ? "@" : "", STR_ARG(name));
}

/* The room of two with that person. */
static struct room *room_with(struct model *m, uint64_t peer)
{
    for (size_t i = 0; peer && i < m->n_rooms; i++)
        if (m->rooms[i]->kind == room_DIRECT && m->rooms[i]->peer == peer)
            return m->rooms[i];
    return NULL;
}

/*
 * The room held for one of another number: the same two people, or the same
 * name.  But two people may have had one name after each other, and a room with
 * each of them is another one.
 */
static struct room *held_for(struct model *m, const struct msg_sync_room *sync,
                             struct str name)
{
    bool direct = sync->kind == room_DIRECT;
    struct room *with = direct ? room_with(m, sync->peer) : NULL;
    struct room *named = model_room_named(m, name);
    struct room *room = with ? with : named;

    if (direct && room && room != with && (room->id || room->peer))
        return NULL;
    if (room && room->id)
        model_room_left(room);
    return room;
}

/* Whether it has had to leave that name to another one. */
static bool is_numbered(struct model *m, const struct room *room,
                        const char *name)
{
    size_t len = strlen(name);
    const struct room *named = model_room_named(m, str_of(name));

    return named && named != room && strncmp(room->name, name, len) == 0 &&
           room->name[len] == ':';
}

static struct room *synced_room(struct model *m,
                                const struct msg_sync_room *sync)
{
    char name[NAME_MAX_BYTES + 2];
    struct room *room = model_room(m, sync->room);
    bool valid = sync->room && sync->name.len;

    room_name(sync, name, sizeof name);
    if (!room && valid)
        room = held_for(m, sync, str_of(name));
    if (!room && valid)
        return model_room_add_namesake(m, str_of(name));
    if (room && !is_numbered(m, room, name))
        model_room_call(m, room, str_of(name));
    return room;
}

/* So much was missed that what is held would be pushed out anyway. */
static void leave_behind(struct model *m, struct room *room, uint64_t head,
                         struct now now)
{
    struct history *h = &room->history;

    if (h->last == 0 || head <= h->last + LINES_MAX / 2)
        return;
    unsigned long long missed = head - h->last;
    history_reset(h);
    model_notice(m, room, now, _("%llu events were missed here"), missed);
}

static void on_sync_room(struct model *m, const struct msg *msg, struct now now)
{
    const struct msg_sync_room *sync = &msg->sync_room;
    struct room *room = synced_room(m, sync);
    if (!room)
        return;
    struct history *h = &room->history;
    bool greeting = m->link != LINK_ONLINE && m->link != LINK_SUSPECT;
    room->id = sync->room;
    room->kind = (unsigned)sync->kind;
    room->peer = sync->peer;
    room->member_count = sync->members;
    room->joined = room->wanted = true;
    room->state_as_of = sync->head;
    room->members_known = false;
    room->members_after = room->members_last = 0;
    room->page++;
    set_text(&room->topic, sync->topic, TOPIC_BYTES);
    station_sync(m, room, sync, now);
    bool returning = h->first;
    if (returning && sync->head > h->last && room->unread == 0)
        room->first_unread = room->marked = 0; /* what comes now is new */
    leave_behind(m, room, sync->head, now);
    if (returning)
        room->catch_up = sync->head;
    else if (greeting || sync->kind != room_DIRECT)
        room->counts_from = sync->head;
    room->unheard = sync->read < room->read ? room->read : 0;
    room->read = sync->read > room->read ? sync->read : room->read;
    room->read_us = now.mono_us + READ_US;
    if (h->head < sync->head)
        h->head = sync->head;
    if (sync->head == 0 || (h->first && sync->first >= history_oldest(h)))
        h->start = true;
    if (sync->from && sync->from <= sync->head)
        room->wait_us = now.mono_us + COMING_US;
    m->dirty = true;
}

static void on_room_info(struct model *m, const struct msg *msg, struct now now)
{
    const struct msg_room_info *info = &msg->room_info;
    unsigned long long members = info->members;

    if (info->name.len == 0) {
        if (info->more)
            model_notice(m, NULL, now, "%s", _("and more"));
        return;
    }
    model_notice(m, NULL, now, _("%.*s  %llu members  %.*s"),
                 STR_ARG(text_cut(info->name, NAME_MAX_BYTES)), members,
                 STR_ARG(text_cut(info->topic, NAME_MAX_BYTES)));
}

/* ---- people ---- */

static void on_read(struct model *m, const struct msg *msg, struct now now)
{
    unread_told(m, &msg->read, now);
}

static void on_presence(struct model *m, const struct msg *msg, struct now now)
{
    struct str rows = msg->presence.rows;
    struct rec_presence row;

    while (rec_next(RECORD_presence, &rows, &row))
        presence_apply(m, &row, now);
}

static void on_typing(struct model *m, const struct msg *msg, struct now now)
{
    const struct msg_typing *typing = &msg->typing;
    struct room *room = model_room(m, typing->room);
    struct member *member = room ? member_find(room, typing->account) : NULL;

    if (!member || typing->account == m->account)
        return;
    member->typing_until = typing->active ? now.mono_us + TYPING_US : 0;
    if (member->typing_until)
        m->typing_us = time_min(m->typing_us, member->typing_until);
    m->dirty = m->dirty || room == model_current(m);
}

/* ---- the operator ---- */

/* Belongs to no room: it stands where the person is looking. */
static void on_announce(struct model *m, const struct msg *msg, struct now now)
{
    const struct msg_announce *announce = &msg->announce;
    unsigned long long s = announce->down_s;

    if (announce->text.len)
        model_notice(m, NULL, now, _("the operator says: %.*s"),
                     STR_ARG(text_cut(announce->text, ANNOUNCE_BYTES)));
    if (s >= 120)
        model_notice(m, NULL, now, _("the server goes down in %llu min"),
                     s / 60);
    else if (s > 0)
        model_notice(m, NULL, now, _("the server goes down in %llu s"), s);
    m->bell = m->bell || announce->text.len || s;
}

static void on_search_page(struct model *m, const struct msg *msg,
                           struct now now)
{
    (void)now;
    hits_take(&m->hits, &msg->search_page, msg->request);
}

/* ---- dispatch ---- */

static const struct {
    enum kind kind;
    void (*apply)(struct model *, const struct msg *, struct now);
} HANDLERS[] = {
    { KIND_EVENT, on_event },
    { KIND_HIST_PAGE, on_hist_page },
    { KIND_SYNC_ROOM, on_sync_room },
    { KIND_ROOM_INFO, on_room_info },
    { KIND_MEMBER, roll_take },
    { KIND_PRESENCE, on_presence },
    { KIND_TYPING, on_typing },
    { KIND_ANNOUNCE, on_announce },
    { KIND_SEARCH_PAGE, on_search_page },
    { KIND_READ, on_read },
};

void model_apply(struct model *m, const struct msg *msg, struct now now)
{
    for (size_t i = 0; i < sizeof HANDLERS / sizeof HANDLERS[0]; i++)
        if (HANDLERS[i].kind == msg->kind)
            HANDLERS[i].apply(m, msg, now);
}
