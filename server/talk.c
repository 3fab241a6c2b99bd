/* SPDX-License-Identifier: MIT
 *
 * What becomes part of a room's log: SEND, ROOM_SET, JOIN, PART, NICK.  Each
 * is checked against what will be once everything on its way is stored, gets
 * its number, and goes to the store; what follows from it happens in settle.c.
 */
#include "server/call.h"
#include "server/permit.h"
#include "server/prove.h"
#include "server/store.h"
#include "server/world.h"
#include "shared/mem.h"
#include "shared/text.h"

/* The member that the caller is, or will be, of a room. */
struct member *talk_member(const struct call *c, uint64_t id)
{
    const struct room *room = world_room(c->w, id);
    struct member *m = room ? room_member(room, c->s->account->id) : NULL;

    return m && m->will ? m : NULL;
}

/* An event by the caller. */
struct event *talk_event(const struct call *c, struct room *room, unsigned kind,
                         struct str text, uint64_t ref)
{
    struct msg_event draft = {
        .kind = kind,
        .account = c->s->account->id,
        .nick = account_nick(c->s->account),
        .text = text,
        .device = c->s->device->id,
        .cseq = c->cseq,
        .ref = ref,
    };

    return room_event(room, &draft, c->now);
}

/* ---- SEND ---- */

enum err talk_check_text(struct call *c, struct str text)
{
    const struct env *env = &c->w->env;

    c->subject = str_of("text");
    if (text.len == 0)
        return ERROR_BAD_FIELD;
    if (text.len > limit(env, LIMIT_TEXT_BYTES) ||
        text_lines(text) > limit(env, LIMIT_TEXT_LINES))
        return ERROR_TOO_LARGE;
    return ERR_NONE;
}

static enum err check_send(struct call *c, const struct room *room)
{
    const struct msg_send *send = &c->msg->send;
    enum err error = talk_check_text(c, send->text);

    if (error)
        return error;
    if (room->head >= ROOM_LINES_MAX)
        return ERROR_LIMIT;
    c->subject = str_of("kind");
    if (send->kind > event_NOTICE)
        return ERROR_BAD_FIELD;
    c->subject = str_of("ref");
    return send->ref > room->head ? ERROR_BAD_FIELD : ERR_NONE;
}

/* A direct room opens again for the other side when it had left. */
static enum err reach_other(struct call *c, struct room *room,
                            enum effect *effect)
{
    struct side *other = room_other(room, c->s->account->id);
    struct account *account = world_account(c->w, other->account);
    struct member *m;

    c->subject = str_of(other->nick);
    if (!account || account->dying)
        return ERROR_NO_SUCH_ACCOUNT;
    m = room_admit(room, account);
    *effect = m->will ? EFFECT_NONE : EFFECT_OPEN;
    m->will = true;
    return ERR_NONE;
}

/* Whether they may speak, and now. */
static enum err check_voice(struct call *c, struct member *m)
{
    const struct account *me = m->account;
    uint64_t slow_us = m->room->rules.slow_s * 1000000;

    if (!call_may(c, m->room, ACT_SAY))
        return ERROR_MUTED;
    if (slow_us == 0 || permit(m->room, me, ACT_HURRY, c->now))
        return ERR_NONE;
    if (m->said_us && c->now.mono_us - m->said_us < slow_us) {
        c->retry_us = m->said_us + slow_us;
        return ERROR_RATE;
    }
    return ERR_NONE;
}

enum err on_send(struct call *c)
{
    const struct msg_send *send = &c->msg->send;
    struct store_op op = { .effect = EFFECT_NONE };
    struct member *m = talk_member(c, send->room);
    unsigned kind = send->kind ? (unsigned)send->kind : event_MESSAGE;
    enum err error;

    if (!m)
        return ERROR_NOT_MEMBER;
    error = check_voice(c, m);
    if (!error)
        error = check_send(c, m->room);
    if (!error && m->room->kind == room_DIRECT)
        error = reach_other(c, m->room, &op.effect);
    if (error)
        return error;
    op.room = m->room->id;
    m->said_us = c->now.mono_us;
    op.event = talk_event(c, m->room, kind, send->text, send->ref);
    call_put(c, &op);
    return ERR_NONE;
}

/* ---- ROOM_SET ---- */

enum err on_room_set(struct call *c)
{
    struct str topic = c->msg->room_set.topic;
    struct member *m = talk_member(c, c->msg->room_set.room);
    struct store_op op = { .effect = EFFECT_TOPIC };

    if (!m)
        return ERROR_NOT_MEMBER;
    if (m->room->kind != room_PUBLIC ||
        !call_may(c, m->room,
                  m->room->rules.topic_locked ? ACT_TOPIC_LOCKED : ACT_TOPIC))
        return ERROR_FORBIDDEN;
    c->subject = str_of("topic");
    if (topic.len > limit(&c->w->env, LIMIT_TOPIC_BYTES))
        return ERROR_TOO_LARGE;
    op.room = m->room->id;
    op.event = talk_event(c, m->room, event_TOPIC, topic, 0);
    op.text = mem_str(topic);
    call_put(c, &op);
    return ERR_NONE;
}

/* ---- JOIN ---- */

/* In a direct room whose other side is no more. */
static bool is_left_alone(const struct call *c, const struct member *m)
{
    return m->room->kind == room_DIRECT &&
           !world_account(c->w, room_other(m->room, m->account->id)->account);
}

static bool has_too_many(const struct call *c, const struct account *account,
                         unsigned kind)
{
    uint64_t n = 0;

    for (size_t i = 0; i < account->n_rooms; i++)
        n += account->rooms[i]->will && account->rooms[i]->room->kind == kind &&
             !is_left_alone(c, account->rooms[i]);
    return n >= limit(&c->w->env, LIMIT_ROOMS_JOINED);
}

/* An admin may own more, as rooms of the house are. */
bool talk_owns_enough(struct call *c, const struct account *account)
{
    uint64_t n = 0;

    for (size_t i = 0; i < account->n_rooms; i++)
        n += account->rooms[i]->will && account->rooms[i]->role == role_OWNER;
    if (account->rank == RANK_ADMIN || n < limit(&c->w->env, LIMIT_ROOMS_OWNED))
        return false;
    c->subject = str_of(LIMIT_ROWS[LIMIT_ROOMS_OWNED].key);
    c->why = "too many rooms of one owner: one has to be left first";
    return true;
}

static bool will_be_in(const struct room *room, const struct account *account)
{
    const struct member *m = room_member(room, account->id);

    return m && m->will;
}

static void show_room(struct call *c, const struct room *room)
{
    struct store_op op = { .effect = EFFECT_SHOW, .room = room->id };

    call_put(c, &op);
}

/* A direct room with the owner of a nick; both are in it from now on. */
static enum err join_direct(struct call *c, struct str nick)
{
    struct account *me = c->s->account;
    struct account *other = world_account_named(c->w, nick);
    struct store_op op = { .effect = EFFECT_OPEN };
    struct room *room;

    if (!other)
        return ERROR_NO_SUCH_ACCOUNT;
    if (other == me)
        return ERROR_FORBIDDEN;
    room = world_direct(c->w, me, other);
    if (!room)
        return ERROR_LIMIT;
    if (will_be_in(room, me) && will_be_in(room, other)) {
        show_room(c, room);
        return ERR_NONE;
    }
    if ((!will_be_in(room, me) && has_too_many(c, me, room_DIRECT)) ||
        (!will_be_in(room, other) && has_too_many(c, other, room_DIRECT))) {
        world_note_empty(c->w, room);
        return ERROR_LIMIT;
    }
    room_admit(room, me)->will = true;
    room_admit(room, other)->will = true;
    world_note_empty(c->w, room);
    op.room = room->id;
    call_put(c, &op);
    return ERR_NONE;
}

/* Whether somebody is kept out by where they are. */
static bool is_kept_out(const struct call *c, const struct room *room)
{
    struct str gate = str_bytes(c->s->gate, c->s->gate_len);

    return permit_standing(room, c->s->account, c->now) == AS_BANNED ||
           sanction_find_address(&room->rules.sanctions, gate, c->now);
}

/* Whether a room that there is opens to the caller. */
static enum err check_door(const struct call *c, const struct room *room)
{
    const struct account *me = c->s->account;
    const struct rules *rules = &room->rules;
    bool invited = room_is_guest(room, me->id);

    if (room->n_members >= limit(&c->w->env, LIMIT_ROOM_MEMBERS))
        return ERROR_ROOM_FULL;
    if (permit(room, me, ACT_ENTER_CLOSED, c->now))
        return ERR_NONE;
    if (is_kept_out(c, room))
        return ERROR_BANNED;
    if (rules->access != access_OPEN && !invited)
        return ERROR_INVITE_ONLY;
    if (rules->key && !invited && !str_is(c->msg->join.key, rules->key))
        return ERROR_BAD_KEY;
    if (rules->most && room->n_members >= rules->most)
        return ERROR_ROOM_FULL;
    return ERR_NONE;
}

/* Nobody is there who will stay. */
static bool is_deserted(const struct room *room)
{
    for (size_t i = 0; i < room->n_members; i++)
        if (room->members[i]->will)
            return false;
    return true;
}

static enum err join_public(struct call *c, struct str name)
{
    struct account *me = c->s->account;
    struct store_op op = { .effect = EFFECT_ENTER };
    struct room *room = world_room_named(c->w, name);
    struct member *m;
    enum err error;
    bool founds = !room || is_deserted(room);

    if (room && will_be_in(room, me)) {
        show_room(c, room);
        return ERR_NONE;
    }
    if (room && room->barring) { /* maybe them */
        c->wait_us = c->now.mono_us + CALL_WAIT_US;
        return ERR_NONE;
    }
    error = room ? check_door(c, room) : ERR_NONE;
    if (error)
        return room_is_secret(room) ? ERROR_NO_SUCH_ROOM : error;
    if (has_too_many(c, me, room_PUBLIC))
        return ERROR_LIMIT;
    if (founds && talk_owns_enough(c, me))
        return ERROR_LIMIT;
    if (!room)
        room = world_add_room(c->w, name);
    if (!room)
        return ERROR_LIMIT;
    op.kind = founds ? role_OWNER : role_MEMBER;
    m = room_admit(room, me);
    m->will = true;
    if (!m->in) /* who is leaving is what they are until that is stored */
        m->role = op.kind;
    world_note_empty(c->w, room);
    op.room = room->id;
    op.event = talk_event(c, room, event_JOIN, str_of(NULL), 0);
    call_put(c, &op);
    return ERR_NONE;
}

enum err on_join(struct call *c)
{
    struct str wanted = c->msg->join.name;
    char name[NAME_MAX_BYTES];
    size_t len;

    c->subject = wanted;
    if (str_starts(wanted, str_of("@")))
        return join_direct(c, str_from(wanted, 1));
    len =
        text_name(wanted, NAME_ROOM, limit(&c->w->env, LIMIT_ROOM_BYTES), name);
    if (len == 0)
        return ERROR_NAME_INVALID;
    return join_public(c, str_bytes(name, len));
}

/* ---- PART ---- */

enum err on_part(struct call *c)
{
    struct str why = c->msg->part.text;
    struct member *m = talk_member(c, c->msg->part.room);
    struct store_op op = { .effect = EFFECT_LEAVE };

    if (!m)
        return ERROR_NOT_MEMBER;
    c->subject = str_of("text");
    if (why.len > limit(&c->w->env, LIMIT_REASON_BYTES))
        return ERROR_TOO_LARGE;
    if (!call_may(c, m->room, ACT_SAY)) /* nor on the way out */
        why = str_of(NULL);
    m->will = false;
    op.room = m->room->id;
    if (m->room->kind == room_PUBLIC)
        op.event = talk_event(c, m->room, event_PART, why, 0);
    call_put(c, &op);
    return ERR_NONE;
}

/* ---- NICK ---- */

/* One event in every room; the last operation makes the name valid. */
static void put_rename(struct call *c, struct str old, struct str nick)
{
    const struct account *me = c->s->account;
    struct store_op last = { .effect = EFFECT_RENAME,
                             .account = me->id,
                             .session = c->s->id,
                             .request = c->msg->request,
                             .text = mem_str(nick) };

    for (size_t i = 0; i < me->n_rooms; i++) {
        struct room *room = me->rooms[i]->room;
        struct msg_event draft = { .kind = event_NICK,
                                   .account = me->id,
                                   .nick = old,
                                   .text = nick,
                                   .device = c->s->device->id };
        struct store_op op = { .account = me->id,
                               .room = room->id,
                               .more = true };

        if (!me->rooms[i]->will)
            continue;
        op.event = room_event(room, &draft, c->now);
        world_put(c->w, &op);
    }
    world_put(c->w, &last);
}

/* It is told in every room, so it costs as much as a line in each. */
static void charge_per_room(const struct call *c)
{
    struct rate rate = { limit(&c->w->env, LIMIT_SEND_BURST),
                         limit(&c->w->env, LIMIT_SEND_RATE) };
    struct account *me = c->s->account;

    bucket_spend(&me->sends, rate, me->n_rooms, c->now);
}

enum err on_nick(struct call *c)
{
    struct account *me = c->s->account;
    char nick[NAME_MAX_BYTES];
    size_t len;
    enum err error;

    c->subject = c->msg->nick.nick;
    len = text_name(c->msg->nick.nick, NAME_NICK,
                    limit(&c->w->env, LIMIT_NICK_BYTES), nick);
    if (len == 0)
        return ERROR_NAME_INVALID;
    if (me->nick_next.shown || !store_has_room(c->w->store, me->n_rooms + 1))
        return ERROR_BUSY;
    if (str_eq(str_bytes(nick, len), account_nick(me))) {
        call_ok(c, me->nick.shown);
        return ERR_NONE;
    }
    error = prove_login(c, str_bytes(nick, len));
    if (error)
        return error;
    error = world_rename(c->w, me, str_bytes(nick, len), c->now);
    if (error)
        return error;
    put_rename(c, str_of(me->nick.shown), str_bytes(nick, len));
    charge_per_room(c);
    return ERR_NONE;
}
