/* SPDX-License-Identifier: MIT
 *
 * READ; see reading.h.
 */
#include "server/reading.h"

#include "server/call.h"
#include "server/event.h"
#include "server/store.h"
#include "server/world.h"
#include "shared/kind.h"
#include "shared/mention.h"

enum { COUNT_BYTES = 1 << 18 /* of events that are counted at most */ };

static void say(struct session *s, const struct msg_read *body)
{
    struct msg msg = { .kind = KIND_READ };

    msg.read = *body;
    session_say(s, &msg, true);
}

/* Have the events behind it counted; when too much is asked, nobody is told. */
void reading_tell(struct world *w, struct session *s, const struct member *m)
{
    struct msg_read all = { m->room->id, m->read, m->read, 0, 0, 0 };
    struct store_query q = { .kind = QUERY_UNREAD,
                             .room = m->room->id,
                             .lo = m->read + 1,
                             .hi = m->room->head_stored,
                             .bytes = COUNT_BYTES,
                             .account = m->account->id,
                             .session = s->id };

    if (m->read && m->read >= m->room->head_stored)
        say(s, &all);
    else if (m->read)
        store_ask(w->store, &q);
}

void reading_moved(struct world *w, const struct member *m, uint64_t session)
{
    const struct account *account = m->account;

    for (size_t i = 0; i < account->n_sessions; i++)
        if (account->sessions[i]->live && account->sessions[i]->id != session)
            reading_tell(w, account->sessions[i], m);
}

static void count(struct msg_read *body, const struct account *me,
                  const struct event *event)
{
    struct msg_event said = event_body(event);

    body->upto = said.seq;
    if (!kind_is_talk(said.kind) || said.account == me->id || said.by.len)
        return;
    body->unread++;
    body->mentions += mention_is(said.text, account_nick(me));
}

void reading_counted(struct world *w, const struct store_answer *answer)
{
    const struct store_query *q = &answer->query;
    struct session *s = map_get(&w->sessions, map_num(&q->session));
    const struct room *room = world_room(w, q->room);
    const struct member *m =
        s && s->account && room ? room_member(room, s->account->id) : NULL;
    struct msg_read body = { .room = q->room };

    if (!m || !m->in || answer->error || s->state != SESSION_READY)
        return;
    body.seq = body.upto = m->read;
    for (size_t i = 0; i < answer->n; i++)
        if (answer->events[i]->seq > m->read)
            count(&body, s->account, answer->events[i]);
    body.more = body.upto < room->head_stored;
    say(s, &body);
}

/* Not further than there is anything, and not back. */
enum err on_read(struct call *c)
{
    const struct msg_read *read = &c->msg->read;
    const struct room *room = world_room(c->w, read->room);
    struct member *m = room ? room_member(room, c->s->account->id) : NULL;
    struct store_op op = { .effect = EFFECT_READ,
                           .account = c->s->account->id,
                           .room = read->room,
                           .seq = read->seq,
                           .session = c->s->id };

    if (!m || !m->in)
        return ERROR_NOT_MEMBER;
    if (read->seq <= m->read || read->seq > room->head_stored ||
        !store_has_room(c->w->store, 1))
        return ERR_NONE; /* it will be said again with the next */
    m->read = read->seq;
    world_put(c->w, &op);
    return ERR_NONE;
}
