/* SPDX-License-Identifier: MIT
 *
 * READ; see reading.h.
 */
#include "server/reading.h"

#include <string.h>

#include "server/call.h"
#include "server/event.h"
#include "server/store.h"
#include "server/world.h"
#include "shared/kind.h"
#include "shared/mem.h"
#include "shared/mention.h"

enum {
    COUNT_BYTES = 1 << 18, /* of events that are counted at most */
    COUNTS_MAX = 4         /* under way; each may take milliseconds */
};

static void say(struct session *s, const struct msg_read *body)
{
    struct msg msg = { .kind = KIND_READ };

    msg.read = *body;
    session_say(s, &msg, true);
}

/* ---- who waits ---- */

/* The place of a room among those of which a session waits to be told. */
static size_t find(const struct session *s, uint64_t room)
{
    size_t i = 0;

    while (i < s->n_unread && s->unread[i] != room)
        i++;
    return i;
}

static void add(struct session *s, uint64_t room)
{
    void *unread = s->unread;

    mem_grow(&unread, &s->cap_unread, s->n_unread + 1, sizeof *s->unread);
    s->unread = unread;
    s->unread[s->n_unread++] = room;
}

static bool take_out(struct session *s, uint64_t room)
{
    size_t at = find(s, room);

    if (at == s->n_unread)
        return false;
    memmove(s->unread + at, s->unread + at + 1,
            (--s->n_unread - at) * sizeof *s->unread);
    return true;
}

/* The room whose turn it is; 0: nobody waits. */
static uint64_t next_of(const struct account *account)
{
    for (size_t i = 0; i < account->n_sessions; i++)
        if (account->sessions[i]->n_unread)
            return account->sessions[i]->unread[0];
    return 0;
}

static void wait_for_turn(struct world *w, struct account *account)
{
    if (!account->counting && list_is_empty(&account->uncounted) &&
        next_of(account))
        list_append(&w->uncounted, &account->uncounted);
}

void reading_tell(struct world *w, struct session *s, const struct member *m)
{
    struct msg_read all = { m->room->id, m->read, m->read, 0, 0, 0 };

    if (!m->read || find(s, m->room->id) < s->n_unread)
        return;
    if (m->read >= m->room->head_stored) {
        say(s, &all);
        return;
    }
    add(s, m->room->id);
    wait_for_turn(w, s->account);
}

/* Tell all sessions that wait for it; NULL: it is not known. */
static void tell(struct world *w, struct account *account, uint64_t room,
                 const struct msg_read *body)
{
    for (size_t i = 0; i < account->n_sessions; i++)
        if (take_out(account->sessions[i], room) && body)
            say(account->sessions[i], body);
    wait_for_turn(w, account);
}

/* ---- counting ---- */

static const struct member *member_of(const struct world *w,
                                      const struct account *account,
                                      uint64_t room_id)
{
    const struct room *room = world_room(w, room_id);
    const struct member *m = room ? room_member(room, account->id) : NULL;

    return m && m->in ? m : NULL;
}

/* Have the events behind it counted; when too much is asked, nobody is told. */
static void ask(struct world *w, struct account *account, uint64_t room)
{
    const struct member *m = member_of(w, account, room);
    struct store_query q = { .kind = QUERY_UNREAD,
                             .room = room,
                             .bytes = COUNT_BYTES,
                             .account = account->id };

    if (m) {
        q.lo = m->read + 1;
        q.hi = m->room->head_stored;
        account->counting = store_ask(w->store, &q);
    }
    w->counting += account->counting;
    if (!account->counting)
        tell(w, account, room, NULL);
}

static struct account *account_of(struct list *node)
{
    return (void *)((char *)node - offsetof(struct account, uncounted));
}

void reading_turn(struct world *w)
{
    while (w->counting < COUNTS_MAX && !list_is_empty(&w->uncounted)) {
        struct account *account = account_of(w->uncounted.next);
        uint64_t room = next_of(account);

        list_remove(&account->uncounted);
        if (room)
            ask(w, account, room);
    }
}

static void count(struct msg_read *body, const struct account *me,
                  const struct event *event)
{
    struct msg_event said;

    body->upto = event->seq;
    if (!kind_is_talk(event->kind) || event->account == me->id)
        return;
    said = event_body(event);
    if (said.by.len)
        return;
    body->unread++;
    body->mentions += mention_is(said.text, account_nick(me));
}

void reading_counted(struct world *w, const struct store_answer *answer)
{
    uint64_t room = answer->query.room;
    struct account *account = world_account(w, answer->query.account);
    const struct member *m = account ? member_of(w, account, room) : NULL;
    struct msg_read body = { .room = room };

    w->counting--;
    if (!account)
        return;
    account->counting = false;
    if (!m || answer->error) {
        tell(w, account, room, NULL);
        return;
    }
    body.seq = body.upto = m->read;
    for (size_t i = 0; i < answer->n; i++)
        if (answer->events[i]->seq > m->read)
            count(&body, account, answer->events[i]);
    body.more = body.upto < m->room->head_stored;
    tell(w, account, room, &body);
}

/* ---- READ ---- */

void reading_moved(struct world *w, const struct member *m, uint64_t session)
{
    const struct account *account = m->account;

    for (size_t i = 0; i < account->n_sessions; i++)
        if (account->sessions[i]->live && account->sessions[i]->id != session)
            reading_tell(w, account->sessions[i], m);
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
