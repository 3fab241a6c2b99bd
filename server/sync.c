/* SPDX-License-Identifier: MIT
 *
 * Bringing a session up to date; see sync.h.
 */
#include "server/sync.h"

#include <stdio.h>
#include <stdlib.h>

#include "server/call.h"
#include "server/event.h"
#include "server/presence.h"
#include "server/reading.h"
#include "server/store.h"
#include "server/world.h"
#include "shared/frame.h"
#include "shared/mem.h"

/* What SYNC_ROOM says; `name` is room for a direct room's. */
static void describe(const struct world *w, const struct session *s,
                     struct room *room, struct msg *msg,
                     char name[NAME_MAX_BYTES + 2])
{
    struct msg_sync_room *body = &msg->sync_room;
    const struct member *m = room_member(room, s->account->id);

    *msg = (struct msg){ .kind = KIND_SYNC_ROOM };
    body->room = room->id;
    body->kind = room->kind;
    body->name = str_of(room->name);
    body->head = room->head_stored;
    body->first = store_first(w->store, room->id);
    body->members = room->n_in;
    body->topic = str_of(room->topic);
    body->role = m ? m->role : 0;
    body->access = room->rules.access;
    body->locked = room->rules.topic_locked;
    body->slow_s = room->rules.slow_s;
    body->most = room->rules.most;
    body->keyed = room->rules.key != NULL;
    body->muted = room_muted_until(room, s->account->id);
    if (room->kind == room_DIRECT) {
        const struct side *other = room_other(room, s->account->id);

        snprintf(name, NAME_MAX_BYTES + 2, "@%s", other->nick);
        body->name = str_of(name);
        body->peer = other->account;
    }
}

static void tell(struct world *w, struct session *s, struct room *room,
                 uint64_t from)
{
    const struct member *m = room_member(room, s->account->id);
    char name[NAME_MAX_BYTES + 2];
    struct msg msg;

    describe(w, s, room, &msg, name);
    msg.sync_room.from = from;
    msg.sync_room.read = m ? m->read : 0;
    session_say(s, &msg, true);
    if (m)
        reading_tell(w, s, m);
    for (uint64_t seq = from; from && seq <= room->head_stored; seq++) {
        struct event *event = store_recent(w->store, room->id, seq);

        session_send(s, event->frame, LANE_ROOM, room->id, false);
    }
}

/* The lowest seq from which all up to the head may be queued now. */
static uint64_t fitting(const struct world *w, const struct session *s,
                        const struct room *room, uint64_t most)
{
    uint64_t soft = limit(&w->env, LIMIT_QUEUE_SOFT);
    uint64_t bytes = link_queued(s->link);
    uint64_t seq = room->head_stored + 1;

    for (uint64_t n = 0; n < most && seq > 1; n++) {
        const struct event *event = store_recent(w->store, room->id, seq - 1);

        if (!event || (bytes += event->frame->len) > soft)
            break;
        seq--;
    }
    return seq;
}

void sync_room_from(struct world *w, struct session *s, struct room *room,
                    uint64_t cursor)
{
    uint64_t missing;

    if (cursor > room->head_stored) {
        tell(w, s, room, 0);
        return;
    }
    missing = room->head_stored - cursor;
    if (missing > limit(&w->env, LIMIT_TAIL_MAX) ||
        fitting(w, s, room, missing) != cursor + 1)
        tell(w, s, room, 0);
    else
        tell(w, s, room, cursor + 1);
}

/* Whether the last `most` events of a room, or all there are, are at hand. */
static bool is_at_hand(const struct world *w, const struct room *room,
                       uint64_t most)
{
    uint64_t first = store_first(w->store, room->id);
    uint64_t kept = first ? room->head_stored - first + 1 : 0;
    uint64_t n = time_min(most, kept);

    return n == 0 ||
           store_recent(w->store, room->id, room->head_stored - n + 1);
}

void sync_room_tail(struct world *w, struct session *s, struct room *room,
                    uint64_t tail)
{
    uint64_t most = time_min(tail, limit(&w->env, LIMIT_TAIL_MAX));
    uint64_t from = fitting(w, s, room, most);

    if (from > room->head_stored || !is_at_hand(w, room, most))
        from = 0;
    tell(w, s, room, from);
}

void sync_account(struct world *w, struct account *account, struct room *room)
{
    for (size_t i = 0; i < account->n_sessions; i++) {
        struct session *s = account->sessions[i];

        if (s->live)
            sync_room_tail(w, s, room, s->tail);
    }
}

void sync_laggard(struct world *w, struct session *s)
{
    const struct account *account = s->account;

    s->lagging = false;
    w->env.metrics.lagging--;
    if (!account || !s->live)
        return;
    for (size_t i = 0; i < account->n_rooms; i++) {
        struct room *room = account->rooms[i]->room;

        if (account->rooms[i]->in && room->changed > s->lag_mark)
            tell(w, s, room, 0);
    }
    presence_picture(w, s);
}

/* ---- SYNC ---- */

enum { NO_CURSOR = 0 }; /* else the seq plus one */

/* For every room of the account the cursor that the client has, plus one. */
static uint64_t *read_cursors(const struct account *account, struct str packed)
{
    uint64_t *cursors = mem_new(account->n_rooms, sizeof *cursors);
    struct rec_cursor rec;

    while (rec_next(RECORD_cursor, &packed, &rec)) {
        size_t i = account_room(account, rec.room);

        if (i < account->n_rooms && rec.seq < UINT64_MAX)
            cursors[i] = rec.seq + 1;
    }
    return cursors;
}

enum err on_sync(struct call *c)
{
    const struct msg_sync *sync = &c->msg->sync;
    const struct account *account = c->s->account;
    bool known = sync->epoch == c->w->epoch;
    uint64_t *cursors =
        read_cursors(account, known ? sync->cursors : str_of(NULL));
    struct msg done = { .kind = KIND_SYNC_DONE, .request = c->msg->request };

    c->s->live = true; /* before heads are read: nothing falls between */
    c->s->tail = sync->tail ? sync->tail : limit(&c->w->env, LIMIT_PAGE);
    for (size_t i = 0; i < account->n_rooms; i++) {
        struct room *room = account->rooms[i]->room;

        if (!account->rooms[i]->in)
            continue;
        done.sync_done.rooms++;
        if (cursors[i] == NO_CURSOR)
            sync_room_tail(c->w, c->s, room, c->s->tail);
        else
            sync_room_from(c->w, c->s, room, cursors[i] - 1);
    }
    free(cursors);
    session_say(c->s, &done, true);
    return ERR_NONE;
}
