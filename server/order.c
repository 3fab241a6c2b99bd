/* SPDX-License-Identifier: MIT
 *
 * What orders have in common; see order.h.
 */
#include "server/order.h"

#include <stdio.h>

#include "server/permit.h"
#include "server/world.h"

enum err order_room(struct call *c, uint64_t id, enum act act, struct order *o)
{
    const struct account *me = c->s->account;
    const struct member *m;

    o->room = world_room(c->w, id);
    m = o->room ? room_member(o->room, me->id) : NULL;
    if (!o->room || (!(m && m->will) && me->rank != RANK_ADMIN))
        return ERROR_NOT_MEMBER;
    return call_may(c, o->room, act) ? ERR_NONE : ERROR_FORBIDDEN;
}

enum err order_about(struct call *c, struct str nick, struct order *o)
{
    c->subject = nick;
    o->about = world_account_named(c->w, nick);
    if (!o->about)
        return ERROR_NO_SUCH_ACCOUNT;
    if (!permit_over(o->room, c->s->account, o->about, c->now))
        return ERROR_FORBIDDEN;
    return ERR_NONE;
}

enum err order_reason(struct call *c, struct str why)
{
    if (why.len <= limit(&c->w->env, LIMIT_REASON_BYTES))
        return ERR_NONE;
    c->subject = str_of("text");
    return ERROR_TOO_LARGE;
}

struct member *order_member_to_be(const struct room *room,
                                  const struct account *account)
{
    struct member *m = room_member(room, account->id);

    return m && m->will ? m : NULL;
}

enum err order_member(struct call *c, struct str nick, struct order *o,
                      struct member **m)
{
    enum err error = order_about(c, nick, o);

    *m = error ? NULL : order_member_to_be(o->room, o->about);
    if (error || *m)
        return error;
    c->why = "they are not in this room";
    return ERROR_NO_SUCH_ACCOUNT;
}

void order_put(struct call *c, struct order *o)
{
    struct msg_event draft = {
        .kind = o->event,
        .account = c->s->account->id,
        .nick = account_nick(c->s->account),
        .text = str_of(o->text),
        .device = c->s->device->id,
        .cseq = c->cseq,
        .ref = o->about ? o->about->id : 0,
    };

    o->op.room = o->room->id;
    o->op.about = draft.ref;
    o->op.event = room_event(o->room, &draft, c->now);
    call_put(c, &o->op);
}

void order_say_whom(struct order *o, struct str why)
{
    snprintf(o->text, sizeof o->text, "%.*s%s%.*s",
             STR_ARG(account_nick(o->about)), why.len ? " " : "", STR_ARG(why));
}
