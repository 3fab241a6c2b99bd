/* SPDX-License-Identifier: MIT
 *
 * What follows from orders; see decree.h.
 */
#include "server/decree.h"

#include <stdlib.h>

#include "server/store.h"
#include "server/world.h"
#include "shared/mem.h"

/* Whoever it is about, as a member; NULL: they are none. */
static struct member *member_about(struct world *w, const struct store_op *op)
{
    const struct room *room = world_room(w, op->room);

    return room && op->about ? room_member(room, op->about) : NULL;
}

static void leave(struct world *w, struct member *m)
{
    struct room *room = m->room;

    room_set_guest(room, m->account->id, false);
    room_settle(m, false);
    world_note_empty(w, room);
}

static void set_mode(struct room *room, const struct store_op *op)
{
    struct rules *rules = &room->rules;

    free(rules->key);
    rules->access = op->kind & 0xff;
    rules->topic_locked = op->kind >> 8;
    rules->slow_s = op->seq;
    rules->most = op->ts;
    rules->key = op->text && *op->text ? mem_str(str_of(op->text)) : NULL;
}

static void invite(struct world *w, struct room *room,
                   const struct store_op *op)
{
    struct account *about = world_account(w, op->about);
    const struct account *actor = world_account(w, op->account);
    struct msg msg = { .kind = KIND_INVITED };

    room_set_guest(room, op->about, true);
    msg.invited.name = str_of(room->name);
    msg.invited.nick = actor ? account_nick(actor) : str_of("?");
    for (size_t i = 0; about && i < about->n_sessions; i++)
        session_say(about->sessions[i], &msg, false);
}

static struct sanctions *sanctions_of(struct world *w,
                                      const struct store_op *op)
{
    struct room *room = op->room ? world_room(w, op->room) : NULL;

    if (op->room)
        return room ? &room->rules.sanctions : NULL;
    return &w->sanctions;
}

static void barred(struct world *w, const struct store_op *op)
{
    struct room *room = world_bars(op) ? world_room(w, op->room) : NULL;

    if (room)
        room->barring--;
}

static void sanction(struct world *w, const struct store_op *op)
{
    struct sanctions *list = sanctions_of(w, op);
    struct member *m = member_about(w, op);

    if (list)
        sanction_set(list, op->kind, str_of(op->text), op->ts,
                     str_of(op->note));
    if (m && op->kind != sanction_MUTE)
        leave(w, m);
}

void decree_stored(struct world *w, const struct store_op *op, struct now now)
{
    struct room *room = op->room ? world_room(w, op->room) : NULL;
    struct member *m = member_about(w, op);
    struct sanctions *list = sanctions_of(w, op);

    (void)now;
    switch ((unsigned)op->effect) {
    case EFFECT_MODE:
        if (room)
            set_mode(room, op);
        break;
    case EFFECT_ROLE:
        if (m)
            m->role = op->kind;
        break;
    case EFFECT_KICK:
        if (m)
            leave(w, m);
        break;
    case EFFECT_GUEST:
        if (room)
            invite(w, room, op);
        break;
    case EFFECT_SANCTION:
        barred(w, op);
        sanction(w, op);
        break;
    case EFFECT_LIFT:
        if (list)
            sanction_lift(list, op->kind, str_of(op->text));
        break;
    default: break;
    }
}

void decree_failed(struct world *w, const struct store_op *op)
{
    struct member *m = member_about(w, op);

    barred(w, op);
    if (m && (op->effect == EFFECT_KICK || op->effect == EFFECT_SANCTION))
        room_revert(m);
}
