/* SPDX-License-Identifier: MIT
 *
 * What follows from a batch; see settle.h.
 */
#include "server/settle.h"

#include <assert.h>

#include "server/decree.h"
#include "server/event.h"
#include "server/presence.h"
#include "server/reading.h"
#include "server/seek.h"
#include "server/store.h"
#include "server/sync.h"
#include "server/world.h"
#include "shared/frame.h"

static const uint64_t RETRY_MS = 1000; /* after a batch that failed */

/* One operation and what it is about; each may be gone, then it is NULL. */
struct deed {
    struct world *w;
    const struct store_op *op;
    struct account *account;
    struct device *device;
    struct session *asker;
    struct room *room;
    struct now now;
};

static struct deed look_up(struct world *w, const struct store_op *op,
                           struct now now)
{
    struct deed d = { .w = w, .op = op, .now = now };

    d.account = world_account(w, op->account);
    d.room = op->room ? world_room(w, op->room) : NULL;
    if (d.account && op->cseq)
        d.device = account_device(d.account, op->device);
    d.asker = d.device ? d.device->session
                       : map_get(&w->sessions, map_num(&op->session));
    if (d.account)
        d.account->on_way--;
    return d;
}

static struct member *member_of(const struct deed *d)
{
    return d->room && d->account ? room_member(d->room, d->account->id) : NULL;
}

/* ---- stored ---- */

static void publish(const struct deed *d)
{
    if (!d->op->event)
        return;
    d->w->env.metrics.events++;
    room_publish(d->room, d->op->event, &d->w->env);
    if (d->op->event->kind <= event_NOTICE || d->op->target)
        seek_note(d->w, d->room);
}

/* Let in: they get the room as it now is, others learn how they are. */
static void let_in(const struct deed *d, struct account *account)
{
    struct member *m = room_member(d->room, account->id);

    if (!m || m->in)
        return;
    if (d->op->effect == EFFECT_ENTER)
        m->role = (unsigned)d->op->kind;
    if (d->room->rules.slow_s) /* or it would be left by leaving */
        m->said_us = d->now.mono_us;
    room_settle(m, true);
    room_set_guest(d->room, account->id, false);
    sync_account(d->w, account, d->room);
    presence_news(d->w, account, d->now);
}

static void open_direct(const struct deed *d)
{
    assert(d->room->sides);
    room_touch(d->room, &d->w->env);
    for (int i = 0; i < 2; i++) {
        struct account *side = world_account(d->w, d->room->sides[i].account);

        if (!side)
            continue;
        room_name_side(d->room, side->id, account_nick(side));
        let_in(d, side);
    }
}

static void take_effect(const struct deed *d)
{
    struct member *m = member_of(d);

    switch (d->op->effect) {
    case EFFECT_NONE: break;
    case EFFECT_SHOW:
        if (d->asker && d->asker->live && m && m->in)
            sync_room_tail(d->w, d->asker, d->room, d->asker->tail);
        break;
    case EFFECT_ENTER: let_in(d, d->account); break;
    case EFFECT_LEAVE:
        if (m)
            room_settle(m, false);
        if (d->room)
            world_note_empty(d->w, d->room);
        break;
    case EFFECT_OPEN: open_direct(d); break;
    case EFFECT_TOPIC: room_set_topic(d->room, str_of(d->op->text)); break;
    case EFFECT_RENAME: world_renamed(d->w, d->account, true); break;
    case EFFECT_UNNAME:
        if (d->room)
            room_name_side(d->room, d->op->account, str_of(d->op->text));
        break;
    case EFFECT_FORGET:
        if (d->account)
            d->account->recorded = false;
        break;
    case EFFECT_DROP:
        retain_dropped(d->w, d->op, true);
        seek_forget(d->w, d->op->room);
        break;
    case EFFECT_TRIM:
        if (d->room)
            seek_note(d->w, d->room);
        break;
    case EFFECT_READ:
        if (m && m->in)
            reading_moved(d->w, m, d->op->session);
        break;
    case EFFECT_EDIT:
    case EFFECT_REDACT:
    case EFFECT_ERASE:
    case EFFECT_PIN:
    case EFFECT_REACT: break; /* those who see the event know */
    case EFFECT_MODE:
    case EFFECT_ROLE:
    case EFFECT_KICK:
    case EFFECT_SANCTION:
    case EFFECT_LIFT:
    case EFFECT_GUEST: decree_stored(d->w, d->op, d->now); break;
    case EFFECT_RECORD:
    case EFFECT_TOKEN:
    case EFFECT_RETIRE:
    case EFFECT_FOUND:
    case EFFECT_SIDE:
    case EFFECT_KEY:
    case EFFECT_RESUME:
    case EFFECT_SECRET:
    case EFFECT_RANK:
    case EFFECT_INVITE:
    case EFFECT_COUNT: break; /* of the store alone */
    }
}

static void answer(const struct deed *d)
{
    const struct store_op *op = d->op;
    struct complaint refusal = { .code = (enum err)op->error,
                                 .request = op->request,
                                 .cseq = op->cseq,
                                 .subject = str_of(op->text),
                                 .text = op->note };
    struct msg msg = { .kind = KIND_SEND_ACK, .request = op->request };

    if (d->device)
        d->device->stored = op->cseq;
    if (!d->asker)
        return;
    if (op->error) {
        session_complain(d->asker, &refusal);
        return;
    }
    if (!op->cseq) {
        msg.kind = KIND_OK;
        msg.ok.text = str_of(op->effect == EFFECT_RENAME ? op->text : NULL);
    } else {
        msg.send_ack.cseq = op->cseq;
        msg.send_ack.room = op->room;
        msg.send_ack.seq = op->event ? op->event->seq : 0;
        msg.send_ack.ts = op->event ? op->event->ts : d->now.wall_ms;
    }
    session_say(d->asker, &msg, true);
}

/*
 * The author's answer goes first, so that a line is confirmed before it comes
 * back as an event.  What is published goes to those who were in, and a new
 * member finds it in the tail.
 */
static void come_true(const struct deed *d)
{
    answer(d);
    publish(d);
    take_effect(d);
}

/* ---- not stored ---- */

static void revert_members(const struct deed *d)
{
    struct member *m = member_of(d);

    room_fall_back(d->room);
    if (m)
        room_revert(m);
    for (int i = 0; i < 2 && d->room->kind == room_DIRECT; i++) {
        m = room_member(d->room, d->room->sides[i].account);
        if (m)
            room_revert(m);
    }
    world_note_empty(d->w, d->room);
}

static void revert(const struct deed *d)
{
    struct complaint failure = { .code = ERROR_STORE,
                                 .request = d->op->request,
                                 .cseq = d->op->cseq,
                                 .retry_ms = RETRY_MS };

    world_unrecord(d->w, d->op);
    if (d->op->effect == EFFECT_DROP)
        retain_dropped(d->w, d->op, false);
    if (d->room)
        revert_members(d);
    decree_failed(d->w, d->op);
    if (d->device)
        d->device->taken = d->device->stored;
    if (d->op->effect == EFFECT_RENAME)
        world_renamed(d->w, d->account, false);
    if (d->asker)
        session_complain(d->asker, &failure);
}

/* Whether batches fail, and why, is said when it changes. */
static void note_trouble(struct world *w, const struct store_batch *batch)
{
    const char *why = store_trouble(w->store);

    if (batch->error) {
        w->env.metrics.commit_failures++;
        why = why ? why : err_name((unsigned)-batch->error);
        if (w->trouble != why)
            LOG(&w->env.log, STORE_TROUBLE, log_str("why", str_of(why)),
                log_num("operations", batch->n));
    } else {
        why = NULL;
        if (w->trouble)
            LOG(&w->env.log, STORE_RECOVERED,
                log_str("from", str_of(w->trouble)));
    }
    w->trouble = why;
}

void settle_batch(struct world *w, const struct store_batch *batch,
                  struct now now)
{
    note_trouble(w, batch);
    store_measure(w->store, &w->env.metrics);
    for (size_t i = 0; i < batch->n; i++) {
        struct deed d = look_up(w, &batch->ops[i], now);

        if (d.op->target)
            touched_drop(&w->touched, d.op->room, d.op->target->seq);
        if (batch->error)
            revert(&d);
        else
            come_true(&d);
    }
}
