/* SPDX-License-Identifier: MIT
 *
 * The outbox on its way: commands leave in order of cseq, many at a time, as
 * fast as the server allows; an answer takes one off the front; a retryable
 * error or a lost connection sends all that is unanswered again.
 */
#include <stdio.h>
#include <stdlib.h>

#include "shared/mem.h"
#include "shared/text.h"
#include "tui/client_impl.h"
#include "tui/lang.h"
#include "tui/page.h"
#include "tui/tail.h"

enum {
    WINDOW = 256,         /* commands on their way at most */
    BACKLOG = 256 * 1024, /* bytes of unwritten output: wait */
    RETRY_MS = 1000,      /* when the server does not say */
    RETRY_MAX_MS = 60000,
    SLOW_MAX_MS = 86400 * 1000, /* as ROOM_MODE has it */
    COMMAND_HEAD = 64,          /* bytes of a command besides its text, about */
};

/* All that is unanswered goes again, from the front. */
static void rewind_flight(struct client *c)
{
    for (size_t i = 0; i < c->flying; i++)
        outbox_at(c->outbox, i)->sent = false;
    c->flying = 0;
    c->flight = (c->flight + 1) % FLIGHT_BIT;
}

/* What was asked for will not come. */
static void forget_pages(struct model *m, struct now now)
{
    if (m->hits.coming) {
        hits_fail(&m->hits);
        model_notice(m, NULL, now,
                     _("the connection was lost before the search was "
                       "answered"));
    }
    for (size_t i = 0; i < m->n_rooms; i++) {
        struct room *room = m->rooms[i];

        if (room->request)
            room->wait_us = 0;
        room->request = 0;
        page_forget(room);
    }
}

void delivery_rewind(struct client *c)
{
    rewind_flight(c);
    c->resend_us = 0;
    c->tail_request = c->password_request = 0;
    forget_pages(c->model, c->last);
    if (c->config.follow)
        tail_lost(c->config.follow);
    enter_forget(c);
}

/* When to try again after an error, mono_us. */
uint64_t delivery_retry_at(uint64_t retry_ms, struct now now)
{
    if (retry_ms == 0)
        retry_ms = RETRY_MS;
    return now.mono_us + time_min(retry_ms, RETRY_MAX_MS) * 1000;
}

/*
 * In a room of two the other side is meant, whatever it is called by now; in a
 * new history the name is all that is left of it.
 */
struct room *delivery_room(struct client *c, const struct entry *entry)
{
    struct model *m = c->model;

    if (entry->peer == 0 || entry->epoch != m->epoch)
        return model_room_named(m, str_of(entry->room));
    for (size_t i = 0; i < m->n_rooms; i++)
        if (m->rooms[i]->kind == room_DIRECT &&
            m->rooms[i]->peer == entry->peer)
            return m->rooms[i];
    return NULL;
}

/* ---- out ---- */

/* Whether a JOIN of that room is on its way. */
static bool is_entering(struct client *c, const char *room)
{
    for (size_t i = 0; i < c->flying; i++) {
        const struct entry *entry = outbox_at(c->outbox, i);

        if (entry->kind == ENTRY_JOIN && strcmp(entry->room, room) == 0)
            return true;
    }
    return false;
}

/*
 * The message of an entry.  What it is about is nothing in another history:
 * a reply is then said all the same, a change is refused.
 *   room     its id; 0 when we have not been in it: the server refuses, and
 *            that uses up the cseq, so that what stands behind it can go on
 */
static void fill(const struct entry *entry, uint64_t room, uint64_t epoch,
                 struct msg *msg)
{
    struct str text = str_of(entry->text);
    uint64_t ref = entry->epoch == epoch ? entry->ref : 0;

    switch (entry->kind) {
    case ENTRY_SEND:
        msg->kind = KIND_SEND;
        msg->send =
            (struct msg_send){ room, entry->cseq, text, entry->event, ref };
        break;
    case ENTRY_JOIN:
        msg->kind = KIND_JOIN;
        msg->join = (struct msg_join){ str_of(entry->room), entry->cseq, text };
        break;
    case ENTRY_PART:
        msg->kind = KIND_PART;
        msg->part = (struct msg_part){ room, entry->cseq, text };
        break;
    case ENTRY_TOPIC:
        msg->kind = KIND_ROOM_SET;
        msg->room_set = (struct msg_room_set){ room, entry->cseq, text };
        break;
    case ENTRY_ORDER: order_fill(entry, room, msg); break;
    case ENTRY_EDIT:
        msg->kind = KIND_EDIT;
        msg->edit = (struct msg_edit){ room, entry->cseq, text, ref };
        break;
    case ENTRY_REDACT:
        msg->kind = KIND_REDACT;
        msg->redact = (struct msg_redact){ room, entry->cseq, text, ref };
        break;
    case ENTRY_REACT:
        msg->kind = KIND_REACT;
        msg->react = (struct msg_react){ room, entry->cseq, str_from(text, 1),
                                         ref, text.len && *text.ptr == '-' };
        break;
    case ENTRY_PIN:
        msg->kind = KIND_PIN;
        msg->pin = (struct msg_pin){ room, entry->cseq, ref,
                                     text.len && *text.ptr == '-' };
        break;
    case ENTRY_KINDS: break;
    }
}

/* Whether the pace allows an entry now; else pump_us is when. */
static bool may_send(struct client *c, const struct entry *entry,
                     struct now now)
{
    uint64_t bytes = strlen(entry->text) + COMMAND_HEAD;
    uint64_t at = bucket_when(&c->commands.bucket, c->commands.rate, 1, now);
    uint64_t at_bytes =
        bucket_when(&c->bytes.bucket, c->bytes.rate, bytes, now);

    c->pump_us = at > at_bytes ? at : at_bytes;
    if (c->pump_us > now.mono_us)
        return false;
    c->pump_us = NEVER;
    bucket_spend(&c->commands.bucket, c->commands.rate, 1, now);
    bucket_spend(&c->bytes.bucket, c->bytes.rate, bytes, now);
    return true;
}

/* Give one entry to the link; false: it has to wait. */
static bool send_entry(struct client *c, struct entry *entry, struct now now)
{
    const struct room *room = delivery_room(c, entry);
    uint64_t id = room && room->joined ? room->id : 0;
    struct msg msg = { .request = FLIGHT_BIT | c->flight };
    bool again = entry->where && entry->then == c->model->epoch;

    if (id == 0 && entry->kind != ENTRY_JOIN && is_entering(c, entry->room))
        return false;
    if (!may_send(c, entry, now))
        return false;
    if (id == 0 && again)
        id = entry->where; /* if it is stored there, that is to be found */
    fill(entry, id, c->model->epoch, &msg);
    if (link_say(c->main.link, &msg, true) < 0)
        return false; /* the datagram queue is full: next turn */
    entry->sent = true;
    entry->where = id;
    entry->then = c->model->epoch;
    if (entry->kind == ENTRY_SEND && !c->config.silent)
        model_line_sent(c->model, entry->cseq);
    return true;
}

/* ---- a turn ---- */

/* Whether the time for that has come; else pump_us is when. */
static bool is_time(struct client *c, uint64_t at, struct now now)
{
    if (now.mono_us >= at)
        return true;
    c->pump_us = at;
    return false;
}

void delivery_pump(struct client *c, struct now now)
{
    c->pump_us = NEVER;
    if (c->main.phase != CONN_READY || c->leaving)
        return;
    if (c->n_rejoins) {
        if (is_time(c, c->rejoin_us, now))
            enter_say(c, now);
        return;
    }
    if (c->disk_trouble || !is_time(c, c->resend_us, now))
        return;
    while (c->flying < WINDOW && link_queued(c->main.link) < BACKLOG) {
        struct entry *entry = outbox_at(c->outbox, c->flying);

        if (!entry || !send_entry(c, entry, now))
            return;
        c->flying++;
    }
}

/* ---- answers ---- */

/* One is through; what is through at the front leaves the outbox. */
static void done(struct client *c, struct entry *entry)
{
    uint64_t through = 0;
    size_t n = 0;

    entry->answered = true;
    while ((entry = outbox_at(c->outbox, n)) && entry->answered) {
        through = entry->cseq;
        n++;
    }
    if (n == 0)
        return;
    outbox_done(c->outbox, through);
    c->flying -= n < c->flying ? n : c->flying;
    c->model->queued = outbox_len(c->outbox);
    if (c->model->queued == 0)
        c->model->held_us = 0;
    c->model->dirty = true;
}

static void note_refusal(struct client *c, const struct entry *entry,
                         const char *why)
{
    if (c->refused++ == 0)
        snprintf(c->refusal, sizeof c->refusal, "%s: %s", entry->room, why);
}

/*
 * A line that was taken before has a place, or was refused.  With neither it is
 * too long ago for the server: nobody is to believe that it is stored, unless
 * it stands here.
 */
static bool is_forgotten(const struct client *c, const struct entry *entry,
                         const struct msg_send_ack *ack)
{
    return entry->kind == ENTRY_SEND && ack->dup && ack->seq == 0 &&
           !model_line_is_here(c->model, entry->cseq);
}

static void forgotten(struct client *c, const struct entry *entry,
                      struct now now)
{
    note_refusal(c, entry, _("it is not known whether a line was stored"));
    if (!c->config.silent)
        model_line_forgotten(c->model, entry->cseq, now);
}

void delivery_ack(struct client *c, const struct msg_send_ack *ack,
                  struct now now)
{
    struct entry *entry = outbox_find(c->outbox, ack->cseq);

    if (!entry || entry->answered)
        return; /* answered before, over another link */
    if (is_forgotten(c, entry, ack))
        forgotten(c, entry, now);
    else if (entry->kind == ENTRY_SEND && !c->config.silent)
        model_line_stored(c->model, ack->cseq, ack->room, ack->seq, ack->ts);
    if (entry->kind == ENTRY_JOIN)
        enter_done(c, entry->room, ack->room);
    if (entry->kind == ENTRY_PART)
        enter_left(c, entry);
    done(c, entry);
}

/* Slow mode lets the line through later: the first one that waits says so. */
static void held(struct client *c, const struct entry *entry, uint64_t retry_ms,
                 struct now now)
{
    struct room *room = delivery_room(c, entry);
    bool told = c->model->held_us != 0;

    if (!room || !room->manner.slow_s || entry->kind != ENTRY_SEND)
        return;
    c->model->held_us = now.mono_us + time_min(retry_ms, SLOW_MAX_MS) * 1000;
    c->model->dirty = true;
    if (!told)
        model_notice(c->model, room, now,
                     _("slow mode, a line every %llu s: this one goes in "
                       "%llu s"),
                     (unsigned long long)room->manner.slow_s,
                     (unsigned long long)(retry_ms + 999) / 1000);
}

/* Send all that is unanswered again, after a while. */
static void resend(struct client *c, uint64_t retry_ms, struct now now)
{
    rewind_flight(c);
    c->pump_us = c->resend_us = delivery_retry_at(retry_ms, now);
}

/* What a limit means that one does not meet every day. */
static const char *why_not(const struct msg_error *error)
{
    if (error->code == ERROR_LIMIT &&
        str_is(error->subject, LIMIT_ROWS[LIMIT_ROOMS_OWNED].key))
        return _("too many rooms of one owner: one has to be left first");
    return lang_text(err_text((unsigned)error->code));
}

/* The server will never take it: say so, and go on behind it. */
static void refused(struct client *c, const struct entry *entry,
                    const struct msg_error *error, struct now now)
{
    struct room *room = delivery_room(c, entry);
    const char *why = why_not(error);

    note_refusal(c, entry, why);
    if (entry->kind == ENTRY_SEND) {
        if (!c->config.silent)
            model_line_failed(c->model, entry->cseq, (unsigned)error->code,
                              error->subject, now);
        return;
    }
    if (entry->kind == ENTRY_JOIN && room && !room->joined)
        room->wanted = false;
    model_notice(c->model, room, now, "%s: %s", entry->room, why);
}

/*
 * Another device of ours has left a room of two, which no event says: it is
 * entered again, and what was refused is said once more, under a number that is
 * not used up.
 */
static bool say_anew(struct client *c, const struct entry *entry,
                     const struct msg_error *error)
{
    struct room *room = delivery_room(c, entry);
    struct entry draft = *entry;

    if (error->code != ERROR_NOT_MEMBER || entry->kind != ENTRY_SEND ||
        entry->anew || !entry->where || !room || room->kind != room_DIRECT ||
        !room->wanted)
        return false;
    if (room->joined) {
        room->joined = false;
        enter_again(c);
    }
    draft.anew = true;
    draft.where = 0;
    model_line_anew(c->model, draft.cseq, outbox_put(c->outbox, &draft));
    return true;
}

/*
 * Whether an answer is to what was sent last.  What is on its way to the disk
 * is not taken a second time: if that fails, an older request may be named.
 */
static bool is_of_flight(const struct client *c, const struct msg *msg)
{
    return msg->request == (FLIGHT_BIT | c->flight);
}

void delivery_error(struct client *c, const struct msg *msg, struct now now)
{
    const struct msg_error *error = &msg->error;
    struct entry *entry = outbox_find(c->outbox, error->cseq);

    if (!entry || entry->answered)
        return;
    if (!err_is_retry((unsigned)error->code)) {
        if (!say_anew(c, entry, error))
            refused(c, entry, error, now);
        done(c, outbox_find(c->outbox, error->cseq));
        return;
    }
    if (!entry->sent || (error->code != ERROR_STORE && !is_of_flight(c, msg)))
        return; /* it goes again as it is, or has gone and is answered anew */
    if (error->code == ERROR_BAD_CSEQ && entry == outbox_at(c->outbox, 0))
        conn_drop(c, &c->main, _("the server lost count of our commands"), now);
    else
        resend(c, error->retry_ms, now);
    if (error->code == ERROR_RATE)
        held(c, entry, error->retry_ms, now);
}
