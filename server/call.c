/* SPDX-License-Identifier: MIT
 *
 * What the functions of call.h share.
 */
#include "server/call.h"

#include <assert.h>

#include "server/store.h"
#include "server/world.h"

void call_ok(struct call *c, const char *text)
{
    struct msg msg = { .kind = KIND_OK, .request = c->msg->request };

    msg.ok.text = str_of(text);
    session_say(c->s, &msg, true);
}

bool call_may(const struct call *c, const struct room *room, enum act act)
{
    const struct account *me = c->s->account;

    return permit(room, me, act, c->now) &&
           (permit_as(AS_MUTED, act) ||
            !sanction_find(&c->w->sanctions, sanction_MUTE,
                           sanction_account(me->id).who, c->now));
}

void call_put(struct call *c, struct store_op *op)
{
    op->account = c->s->account->id;
    op->request = c->msg->request;
    if (c->cseq) {
        assert(c->cseq == c->s->device->taken + 1);
        op->device = c->s->device->id;
        op->cseq = c->cseq;
        c->s->device->taken = c->cseq;
    } else {
        op->session = c->s->id;
    }
    world_put(c->w, op);
}
