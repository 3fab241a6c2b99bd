/* SPDX-License-Identifier: MIT
 *
 * A room; see room.h.
 */
#include "server/room.h"

#include <assert.h>
#include <stdlib.h>

#include "server/account.h"
#include "server/env.h"
#include "server/event.h"
#include "server/session.h"
#include "shared/mem.h"
#include "shared/wire.h"

struct room *room_new(uint64_t id, unsigned kind, struct str name,
                      struct str folded)
{
    struct room *room = mem_new(1, sizeof *room);

    list_init(&room->empty);
    room->id = id;
    room->kind = kind;
    room->rules.access = access_OPEN;
    room->name = mem_str(name);
    room->folded = mem_str(folded);
    return room;
}

void room_free(struct room *room)
{
    assert(room->n_members == 0);
    list_remove(&room->empty);
    free(room->name);
    free(room->folded);
    free(room->rules.key);
    free(room->rules.guests);
    sanctions_free(&room->rules.sanctions);
    free(room->topic);
    free(room->sides[0].nick);
    free(room->sides[1].nick);
    free(room->members);
    free(room);
}

/* ---- members ---- */

size_t room_member_after(const struct room *room, uint64_t account)
{
    size_t lo = 0, hi = room->n_members;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (room->members[mid]->account->id <= account)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

struct member *room_member(const struct room *room, uint64_t account)
{
    size_t i = room_member_after(room, account);

    if (i == 0 || room->members[i - 1]->account->id != account)
        return NULL;
    return room->members[i - 1];
}

/* The first room of the account whose id is not smaller. */
static size_t room_from(const struct account *account, uint64_t room)
{
    size_t lo = 0, hi = account->n_rooms;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (account->rooms[mid]->room->id < room)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

size_t account_room(const struct account *account, uint64_t room)
{
    size_t i = room_from(account, room);

    if (i < account->n_rooms && account->rooms[i]->room->id == room)
        return i;
    return account->n_rooms;
}

static void insert(struct member **vec, size_t n, size_t at, struct member *m)
{
    memmove(&vec[at + 1], &vec[at], (n - at) * sizeof *vec);
    vec[at] = m;
}

static void erase(struct member **vec, size_t n, size_t at)
{
    memmove(&vec[at], &vec[at + 1], (n - at - 1) * sizeof *vec);
}

struct member *room_admit(struct room *room, struct account *account)
{
    struct member *m = room_member(room, account->id);
    void *members = room->members, *rooms = account->rooms;

    if (m)
        return m;
    m = mem_new(1, sizeof *m);
    m->room = room;
    m->account = account;
    m->role = role_MEMBER;
    mem_grow(&members, &room->cap_members, room->n_members + 1, sizeof m);
    mem_grow(&rooms, &account->cap_rooms, account->n_rooms + 1, sizeof m);
    room->members = members;
    account->rooms = rooms;
    insert(room->members, room->n_members, room_member_after(room, account->id),
           m);
    insert(account->rooms, account->n_rooms, room_from(account, room->id), m);
    room->n_members++;
    account->n_rooms++;
    return m;
}

static void drop_if_out(struct member *m)
{
    struct room *room = m->room;
    struct account *account = m->account;

    if (m->in || m->will)
        return;
    erase(room->members, room->n_members,
          room_member_after(room, account->id) - 1);
    erase(account->rooms, account->n_rooms, room_from(account, room->id));
    room->n_members--;
    account->n_rooms--;
    free(m);
}

void room_settle(struct member *m, bool in)
{
    if (in && !m->in)
        m->room->n_in++;
    if (!in && m->in) {
        m->room->n_in--;
        m->account->partings++;
    }
    m->in = in;
    drop_if_out(m);
}

void room_revert(struct member *m)
{
    m->will = m->in;
    drop_if_out(m);
}

/* ---- rules ---- */

static uint64_t *guest(const struct room *room, uint64_t account)
{
    for (size_t i = 0; i < room->rules.n_guests; i++) {
        if (room->rules.guests[i] == account)
            return &room->rules.guests[i];
    }
    return NULL;
}

bool room_is_guest(const struct room *room, uint64_t account)
{
    return guest(room, account) != NULL;
}

void room_set_guest(struct room *room, uint64_t account, bool invited)
{
    struct rules *rules = &room->rules;
    uint64_t *at = guest(room, account);
    void *guests = rules->guests;

    if (at && !invited)
        *at = rules->guests[--rules->n_guests];
    if (at || !invited)
        return;
    mem_grow(&guests, &rules->cap_guests, rules->n_guests + 1, sizeof *at);
    rules->guests = guests;
    rules->guests[rules->n_guests++] = account;
}

bool room_is_secret(const struct room *room)
{
    return room->rules.access == access_SECRET;
}

uint64_t room_muted_until(const struct room *room, uint64_t account)
{
    struct now any = { 0 };
    const struct sanction *mute =
        sanction_find(&room->rules.sanctions, sanction_MUTE,
                      sanction_account(account).who, any);

    if (!mute)
        return 0;
    return mute->until ? mute->until : 1;
}

/* ---- events ---- */

struct event *room_event(struct room *room, struct msg_event *draft,
                         struct now now)
{
    if (now.wall_ms > room->ts)
        room->ts = now.wall_ms;
    draft->room = room->id;
    draft->seq = ++room->head;
    draft->ts = room->ts;
    return event_new(draft);
}

void room_fall_back(struct room *room)
{
    room->head = room->head_stored;
}

void room_touch(struct room *room, struct env *env)
{
    room->changed = ++env->published;
}

static void deliver(const struct account *to, struct event *event,
                    struct env *env)
{
    for (size_t i = 0; i < to->n_sessions; i++) {
        struct session *s = to->sessions[i];
        bool own = event->account == to->id && event->device == s->device->id;

        if (!s->live)
            continue;
        session_push(s, event->frame, LANE_ROOM, event->room, own);
        env->metrics.deliveries++;
    }
}

void room_publish(struct room *room, struct event *event, struct env *env)
{
    assert(event->seq == room->head_stored + 1);
    room->head_stored = event->seq;
    room_touch(room, env);
    for (size_t i = 0; i < room->n_members; i++) {
        if (room->members[i]->in)
            deliver(room->members[i]->account, event, env);
    }
}

void room_set_topic(struct room *room, struct str topic)
{
    free(room->topic);
    room->topic = topic.len ? mem_str(topic) : NULL;
}

struct side *room_other(struct room *room, uint64_t account)
{
    return &room->sides[room->sides[0].account == account ? 1 : 0];
}

void room_name_side(struct room *room, uint64_t account, struct str nick)
{
    for (int i = 0; i < 2; i++) {
        if (room->sides[i].account != account)
            continue;
        free(room->sides[i].nick);
        room->sides[i].nick = mem_str(nick);
    }
}

bool room_is_small(const struct room *room, const struct env *env)
{
    return room->n_in <= limit(env, LIMIT_LARGE_ROOM);
}
