/* SPDX-License-Identifier: MIT
 *
 * SEARCH; see seek.h.
 */
#include "server/seek.h"

#include <stdlib.h>

#include "server/call.h"
#include "server/event.h"
#include "server/search.h"
#include "server/store.h"
#include "server/world.h"
#include "shared/mem.h"

static const uint64_t RETRY_MS = 1000; /* after what could not be read */

static struct index_room part_of(const struct world *w, const struct room *room)
{
    return (struct index_room){ room->id, store_first(w->store, room->id),
                                room->head_stored, room->ts };
}

void seek_note(struct world *w, const struct room *room)
{
    struct index_room part = part_of(w, room);

    if (w->search)
        search_note(w->search, &part);
}

void seek_forget(struct world *w, uint64_t room)
{
    struct index_room none = { .room = room };

    if (w->search)
        search_note(w->search, &none);
}

/* ---- asking ---- */

static void add(struct index_query *q, size_t *cap, const struct world *w,
                const struct room *room)
{
    void *rooms = q->rooms;

    mem_grow(&rooms, cap, q->n_rooms + 1, sizeof *q->rooms);
    q->rooms = rooms;
    q->rooms[q->n_rooms++] = part_of(w, room);
}

/* The room that is named, or all of one's own. */
static enum err add_rooms(const struct call *c, struct index_query *q)
{
    const struct account *me = c->s->account;
    uint64_t wanted = c->msg->search.room;
    size_t cap = 0;

    for (size_t i = 0; i < me->n_rooms; i++) {
        const struct room *room = me->rooms[i]->room;

        if (me->rooms[i]->in && (!wanted || room->id == wanted))
            add(q, &cap, c->w, room);
    }
    return wanted && !q->n_rooms ? ERROR_NOT_MEMBER : ERR_NONE;
}

static enum err read_query(struct call *c, struct index_query *q)
{
    const struct msg_search *ask = &c->msg->search;
    uint64_t most = limit(&c->w->env, LIMIT_SEARCH_HITS);
    struct str cursor = ask->cursor;
    const struct account *who;
    struct rec_place place;

    c->subject = str_of("text");
    if (!terms_read(&q->terms, ask->text) ||
        (!q->terms.n && !ask->from.len && !ask->pinned))
        return ERROR_BAD_FIELD;
    if (ask->from.len) {
        c->subject = ask->from;
        who = world_account_named(c->w, ask->from);
        if (!who)
            return ERROR_NO_SUCH_ACCOUNT;
        q->who = who->id;
    }
    if (rec_next(RECORD_place, &cursor, &place))
        q->from = (struct index_place){ place.ts, place.room, place.seq };
    q->pinned = ask->pinned != 0;
    q->after = ask->after;
    q->before = ask->before;
    q->limit = (size_t)time_min(ask->limit ? ask->limit : most, most);
    c->subject = str_of(NULL);
    return ERR_NONE;
}

enum err on_search(struct call *c)
{
    struct index_query q = { .session = c->s->id, .request = c->msg->request };
    enum err error;

    if (!c->w->search)
        return ERROR_UNSUPPORTED;
    error = read_query(c, &q);
    if (!error)
        error = add_rooms(c, &q);
    if (error)
        return error;
    c->s->asking = search_ask(c->w->search, &q);
    return c->s->asking ? ERR_NONE : ERROR_BUSY;
}

/* ---- answering ---- */

static void say_hit(struct session *s, uint32_t request,
                    const struct event *event)
{
    struct msg_event body = event_body(event);
    struct msg msg = { .kind = KIND_SEARCH_PAGE, .request = request };

    msg.search_page.room = body.room;
    msg.search_page.seq = body.seq;
    msg.search_page.ts = body.ts;
    msg.search_page.kind = body.kind;
    msg.search_page.account = body.account;
    msg.search_page.nick = body.nick;
    msg.search_page.text = body.text;
    session_say(s, &msg, true);
}

static void say_end(struct session *s, const struct index_answer *answer,
                    size_t n)
{
    struct msg msg = { .kind = KIND_SEARCH_PAGE,
                       .request = answer->query.request };
    uint8_t cursor[32];

    msg.search_page.more = answer->more || n < answer->n;
    if (n > 0) {
        const struct event *last = answer->events[n - 1];
        struct rec_place place = { last->ts, last->room, last->seq };

        msg.search_page.cursor =
            str_bytes(cursor, rec_pack(RECORD_place, &place, cursor));
    }
    session_say(s, &msg, true);
}

static void say_failure(struct session *s, const struct index_answer *answer)
{
    struct complaint complaint = { .code = ERROR_STORE,
                                   .request = answer->query.request,
                                   .retry_ms = RETRY_MS };

    session_complain(s, &complaint);
}

/* They may have left the room since, or been made to. */
static bool may_see(const struct world *w, const struct session *s,
                    uint64_t room_id)
{
    const struct room *room = world_room(w, room_id);
    const struct member *m = room ? room_member(room, s->account->id) : NULL;

    return m && m->in;
}

void seek_answered(struct world *w, const struct index_answer *answer)
{
    struct session *s = map_get(&w->sessions, map_num(&answer->query.session));
    size_t n = 0;

    if (!s || s->state != SESSION_READY)
        return;
    s->asking = false;
    session_arm(s, 0); /* what waited for it may go on */
    if (answer->failed) {
        say_failure(s, answer);
        return;
    }
    for (; n < answer->n && session_keeps_up(s); n++)
        if (may_see(w, s, answer->events[n]->room))
            say_hit(s, answer->query.request, answer->events[n]);
    say_end(s, answer, n);
}
