/* SPDX-License-Identifier: MIT
 *
 * What the person asks for.  What must not be lost goes through the outbox;
 * what is of this moment only (lists, older lines, typing) goes straight to
 * the link, and is dropped when there is none.
 */
#include <stdio.h>
#include <stdlib.h>

#include "shared/mem.h"
#include "shared/text.h"
#include "tui/about.h"
#include "tui/client_impl.h"
#include "tui/lang.h"
#include "tui/page.h"
#include "tui/tail.h"

enum { PILE = 1000 }; /* commands waiting in the outbox before pushing back */

static bool is_online(const struct client *c)
{
    return c->main.phase == CONN_READY && !c->leaving;
}

/* ---- through the outbox ---- */

/*
 * About a line of the room, or a room of two: seqs and accounts mean something
 * in this history only.
 */
/* NOLINTNEXTLINE(readability-function-size): a command is six things */
uint64_t request_queue(struct client *c, enum entry_kind kind, unsigned event,
                       const struct about *about, struct str text,
                       struct now now)
{
    const struct room *room = model_room_named(c->model, about->room);
    uint64_t peer = room && room->kind == room_DIRECT ? room->peer : 0;
    struct entry draft = {
        .kind = kind,
        .event = event,
        .room = mem_str(text_cut(about->room, NAME_MAX_BYTES)),
        .text = mem_str(text_cut(text, BODY_MAX - FRAME_HEAD)),
        .ts = now.wall_ms,
        .ref = about->ref,
        .peer = peer,
        .epoch = about->ref || peer ? c->model->epoch : 0,
    };
    uint64_t cseq = outbox_put(c->outbox, &draft);

    free(draft.room);
    free(draft.text);
    c->model->queued = outbox_len(c->outbox);
    c->model->dirty = true;
    return cseq;
}

static void queue(struct client *c, enum entry_kind kind, const char *room,
                  struct str text, struct now now)
{
    struct about about = { str_of(room), 0 };

    request_queue(c, kind, 0, &about, text, now);
}

void client_edit(struct client *c, const struct about *about, struct str text,
                 struct now now)
{
    request_queue(c, ENTRY_EDIT, 0, about, text, now);
}

void client_redact(struct client *c, const struct about *about, struct str why,
                   struct now now)
{
    uint64_t max = c->model->limits.value[LIMIT_REASON_BYTES];

    request_queue(c, ENTRY_REDACT, 0, about, text_cut(why, max), now);
}

void client_react(struct client *c, const struct about *about, struct str key,
                  bool remove, struct now now)
{
    char sign[64];

    snprintf(sign, sizeof sign, "%c%.*s", remove ? '-' : '+',
             STR_ARG(text_cut(key, sizeof sign - 2)));
    request_queue(c, ENTRY_REACT, 0, about, str_of(sign), now);
}

void client_pin(struct client *c, const struct about *about, bool remove,
                struct now now)
{
    request_queue(c, ENTRY_PIN, 0, about, str_of(remove ? "-" : "+"), now);
}

uint64_t client_say(struct client *c, struct str room, unsigned kind,
                    struct str text, struct now now)
{
    struct about about = { room, 0 };

    return client_reply(c, &about, kind, text, now);
}

uint64_t client_reply(struct client *c, const struct about *about,
                      unsigned kind, struct str text, struct now now)
{
    struct room *where = model_room_named(c->model, about->room);
    uint64_t cseq = request_queue(c, ENTRY_SEND, kind, about, text, now);

    struct msg_event line = { .kind = kind,
                              .nick = str_of(c->model->nick),
                              .text = text,
                              .device = c->model->device,
                              .cseq = cseq,
                              .ref = about->ref,
                              .ts = model_wall(c->model, now) };

    if (where && !c->config.silent)
        history_queue(&where->history, &line);
    return cseq;
}

bool client_has_room(const struct client *c)
{
    return outbox_len(c->outbox) < PILE;
}

bool client_is_done(const struct client *c)
{
    bool setting = c->password_request && !c->password_answer;

    return outbox_len(c->outbox) == 0 && c->n_rejoins == 0 && !setting;
}

uint64_t client_refused(const struct client *c, const char **why)
{
    *why = c->refusal;
    return c->refused;
}

bool request_is_queued(struct client *c, const struct room *room,
                       enum entry_kind kind)
{
    for (size_t i = outbox_len(c->outbox); i-- > 0;) {
        const struct entry *entry = outbox_at(c->outbox, i);

        if ((entry->kind == ENTRY_JOIN || entry->kind == ENTRY_PART) &&
            delivery_room(c, entry) == room)
            return entry->kind == kind;
    }
    return false;
}

void client_join(struct client *c, struct str name, struct now now)
{
    client_enter(c, name, str_of(NULL), now);
}

void client_enter(struct client *c, struct str name, struct str key,
                  struct now now)
{
    struct room *room = model_room_add(c->model, name);

    if (!room) {
        model_notice(c->model, NULL, now, _("you are in too many rooms"));
        return;
    }
    room->wanted = true;
    if (request_is_queued(c, room, ENTRY_PART) ||
        (!room->joined && !request_is_queued(c, room, ENTRY_JOIN)))
        queue(c, ENTRY_JOIN, room->name, key, now);
}

void client_part(struct client *c, struct str name, struct str why,
                 struct now now)
{
    struct room *room = model_room_named(c->model, name);
    uint64_t max = c->model->limits.value[LIMIT_REASON_BYTES];

    if (!room)
        return;
    room->wanted = false;
    if (request_is_queued(c, room, ENTRY_JOIN) ||
        (room->joined && !request_is_queued(c, room, ENTRY_PART)))
        queue(c, ENTRY_PART, room->name, text_cut(why, max), now);
}

void client_topic(struct client *c, struct str room, struct str topic,
                  struct now now)
{
    struct about about = { room, 0 };

    request_queue(c, ENTRY_TOPIC, 0, &about, topic, now);
}

/* ---- straight to the link ---- */

/* A token brings the old name back, so a new one is asked for when online. */
void request_nick(struct client *c, struct now now)
{
    struct msg msg = { .kind = KIND_NICK };

    if (str_is(str_of(c->next_nick), c->model->nick))
        *c->next_nick = '\0';
    if (!is_online(c) || !*c->next_nick)
        return;
    msg.request = c->nick_request = client_request(c);
    msg.nick.nick = str_of(c->next_nick);
    conn_say(c, &c->main, &msg, now);
}

void client_nick(struct client *c, struct str nick, struct now now)
{
    snprintf(c->next_nick, sizeof c->next_nick, "%.*s",
             STR_ARG(text_cut(nick, NAME_MAX_BYTES)));
    if (is_online(c)) {
        request_nick(c, now);
        return;
    }
    snprintf(c->nick, sizeof c->nick, "%s", c->next_nick);
    model_notice(c->model, NULL, now, _("you will be %s when connected again"),
                 c->nick);
}

/* The session knows it no more after a new greeting. */
void request_away(struct client *c, struct now now)
{
    struct msg msg = { .kind = KIND_STATUS };

    if (!is_online(c) || !c->away)
        return;
    msg.request = client_request(c);
    msg.status.away = 1;
    msg.status.text = str_of(c->away);
    conn_say(c, &c->main, &msg, now);
}

void client_away(struct client *c, bool away, struct str text, struct now now)
{
    struct msg msg = { .kind = KIND_STATUS };

    free(c->away);
    text = text_cut(text, c->model->limits.value[LIMIT_REASON_BYTES]);
    c->away = away ? mem_str(text) : NULL;
    c->model->away = away;
    c->model->dirty = true;
    if (away) {
        request_away(c, now);
        return;
    }
    msg.request = client_request(c);
    if (is_online(c))
        conn_say(c, &c->main, &msg, now);
}

/* The id of a room by name; 0 while nothing can be asked about it. */
static uint64_t room_id(struct client *c, struct str name)
{
    const struct room *room = model_room_named(c->model, name);

    return room && room->joined && is_online(c) ? room->id : 0;
}

void client_typing(struct client *c, struct str room, bool active,
                   struct now now)
{
    struct msg msg = { .kind = KIND_TYPING, .flags = FLAG_EPHEMERAL };

    msg.typing.room = room_id(c, room);
    msg.typing.active = active;
    if (msg.typing.room)
        conn_say(c, &c->main, &msg, now);
}

/* NOLINTNEXTLINE(readability-function-size): so is a request for a page */
void client_history(struct client *c, struct str room, unsigned mode,
                    uint64_t seq, unsigned limit, struct now now)
{
    struct msg msg = { .kind = KIND_HIST, .request = client_request(c) };

    struct room *known = model_room_named(c->model, room);

    msg.hist.room = room_id(c, room);
    msg.hist.mode = mode;
    msg.hist.seq = seq;
    msg.hist.limit = limit;
    if (!msg.hist.room)
        return;
    known->request = msg.request;
    page_asked(known, msg.request);
    conn_say(c, &c->main, &msg, now);
}

void client_goal(struct client *c, struct str room, struct now now)
{
    struct msg msg = { .kind = KIND_HIST, .request = client_request(c) };
    struct goal *goal = &c->model->goal;
    struct room *known = model_room_named(c->model, room);

    msg.hist.room = room_id(c, room);
    msg.hist.mode = goal->again ? hist_AFTER
                    : goal->seq ? hist_AROUND
                                : hist_SINCE;
    msg.hist.seq = goal->again ? goal->seq - 1 : goal->seq;
    msg.hist.ts = goal->ts;
    goal->request = msg.request;
    if (!msg.hist.room)
        return;
    page_asked(known, msg.request);
    conn_say(c, &c->main, &msg, now);
}

void client_members(struct client *c, struct str room, struct now now)
{
    struct msg msg = { .kind = KIND_MEMBERS, .request = client_request(c) };
    const struct room *known = model_room_named(c->model, room);

    msg.members.room = room_id(c, room);
    msg.members.after = known ? known->members_after : 0;
    if (msg.members.room)
        conn_say(c, &c->main, &msg, now);
}

void client_read(struct client *c, const struct about *about, struct now now)
{
    struct msg msg = { .kind = KIND_READ };

    msg.read.room = room_id(c, about->room);
    msg.read.seq = about->ref;
    if (msg.read.room)
        conn_say(c, &c->main, &msg, now);
}

void request_reads(struct client *c, struct now now)
{
    struct msg msg = { .kind = KIND_READ };

    for (size_t i = 0; i < c->model->n_rooms; i++) {
        struct room *room = c->model->rooms[i];

        msg.read.room = room->id;
        msg.read.seq = room->unheard;
        if (room->unheard)
            conn_say(c, &c->main, &msg, now);
        room->unheard = 0;
    }
}

void client_search(struct client *c, struct now now)
{
    struct msg msg = { .kind = KIND_SEARCH, .request = client_request(c) };

    if (!is_online(c))
        return;
    msg.search = hits_ask(&c->model->hits);
    hits_await(&c->model->hits, msg.request);
    conn_say(c, &c->main, &msg, now);
}

void client_rooms(struct client *c, struct now now)
{
    struct msg msg = { .kind = KIND_ROOM_LIST, .request = client_request(c) };

    if (is_online(c))
        conn_say(c, &c->main, &msg, now);
}

/* ---- the follower ---- */

void request_tail(struct client *c, struct now now)
{
    struct msg msg = { .kind = KIND_HIST };

    c->tail_us = 0;
    if (!c->config.follow || c->tail_request || !is_online(c) ||
        !tail_want(c->config.follow, &msg))
        return;
    c->tail_us = bucket_when(&c->queries.bucket, c->queries.rate, 1, now);
    if (c->tail_us)
        return;
    bucket_spend(&c->queries.bucket, c->queries.rate, 1, now);
    msg.request = c->tail_request = client_request(c);
    conn_say(c, &c->main, &msg, now);
}

/* ---- answers ---- */

static void nick_answered(struct client *c, bool good)
{
    c->nick_request = 0;
    if (good)
        snprintf(c->nick, sizeof c->nick, "%s", c->next_nick);
    *c->next_nick = '\0';
    if (!good)
        return;
    free(c->model->nick);
    c->model->nick = mem_str(str_of(c->nick));
    c->model->dirty = true;
}

static void show_error(struct client *c, const struct msg_error *error,
                       struct now now)
{
    const char *why = lang_text(err_text((unsigned)error->code));

    if (error->subject.len)
        model_notice(c->model, NULL, now, "%.*s: %s", STR_ARG(error->subject),
                     why);
    else
        model_notice(c->model, NULL, now, _("the server says: %s"), why);
}

void request_answered(struct client *c, const struct msg *msg, struct now now)
{
    bool error = msg->kind == KIND_ERROR;

    if (msg->request && msg->request == c->tail_request) {
        c->tail_request = 0;
        if (error) /* asked too fast, most likely */
            bucket_spend(&c->queries.bucket, c->queries.rate,
                         c->queries.rate.burst, now);
        return;
    }
    if (enter_answered(c, msg, now))
        return;
    if (msg->request && msg->request == c->nick_request) {
        nick_answered(c, !error);
        if (!error)
            return; /* the event says it in every room */
    }
    if (msg->request && msg->request == c->password_request)
        c->password_answer = error ? (unsigned)msg->error.code : PASSWORD_SET;
    if (error && msg->request == c->model->hits.request)
        hits_fail(&c->model->hits);
    if (msg->request && msg->request == c->model->goal.request) {
        c->model->goal.come = !error;
        c->model->goal.failed = error;
    }
    if (error)
        page_refused(c->model, msg->request);
    if (error)
        show_error(c, &msg->error, now);
    else if (msg->kind == KIND_OK && msg->ok.text.len)
        model_notice(c->model, NULL, now, "%.*s", STR_ARG(msg->ok.text));
}
