/* SPDX-License-Identifier: MIT
 *
 * How a room is and who is what in it: ROOM_MODE, KICK, ROLE, INVITE.
 */
#include "server/order.h"

#include <inttypes.h>
#include <stdio.h>

#include "server/store.h"
#include "server/world.h"
#include "shared/mem.h"

/* ---- ROOM_MODE ---- */

static const char *const ACCESS_WORDS[] = { [access_OPEN] = "open",
                                            [access_INVITE] = "invite",
                                            [access_SECRET] = "secret" };

static enum err check_mode(struct call *c)
{
    const struct msg_room_mode *mode = &c->msg->room_mode;

    enum { ALL = mode_ACCESS | mode_LOCKED | mode_SLOW | mode_MOST | mode_KEY };

    c->subject = str_of("set");
    if (mode->set == 0 || mode->set & ~(uint64_t)ALL)
        return ERROR_BAD_FIELD;
    c->subject = str_of("access");
    if (mode->set & mode_ACCESS &&
        (mode->access < access_OPEN || mode->access > access_SECRET))
        return ERROR_BAD_FIELD;
    c->subject = str_of("slow_s");
    if (mode->slow_s > 86400)
        return ERROR_BAD_FIELD;
    c->subject = str_of("most");
    if (mode->most > LIMIT_ROWS[LIMIT_ROOM_MEMBERS].max)
        return ERROR_BAD_FIELD;
    c->subject = str_of("key");
    return mode->key.len > NAME_MAX_BYTES ? ERROR_TOO_LARGE : ERR_NONE;
}

/* What it changes, in the event: but not the word itself. */
static void say_mode(const struct msg_room_mode *mode, struct order *o)
{
    char *at = o->text, *end = o->text + sizeof o->text;

    if (mode->set & mode_ACCESS)
        at += snprintf(at, (size_t)(end - at), " access=%s",
                       ACCESS_WORDS[mode->access]);
    if (mode->set & mode_LOCKED)
        at += snprintf(at, (size_t)(end - at), " topic=%s",
                       mode->locked ? "moderators" : "members");
    if (mode->set & mode_SLOW)
        at += snprintf(at, (size_t)(end - at), " slow=%" PRIu64, mode->slow_s);
    if (mode->set & mode_MOST)
        at += snprintf(at, (size_t)(end - at), " most=%" PRIu64, mode->most);
    if (mode->set & mode_KEY)
        snprintf(at, (size_t)(end - at), " key=%s",
                 mode->key.len ? "set" : "none");
    memmove(o->text, o->text + 1, strlen(o->text));
}

enum err on_room_mode(struct call *c)
{
    const struct msg_room_mode *mode = &c->msg->room_mode;
    struct order o = { .event = event_MODE, .op = { .effect = EFFECT_MODE } };
    enum err error = order_room(c, mode->room, ACT_MODE, &o);
    const struct rules *old = error ? NULL : &o.room->rules;
    uint64_t access, locked;

    if (!error)
        error = check_mode(c);
    if (error)
        return error;
    access = mode->set & mode_ACCESS ? mode->access : old->access;
    locked = mode->set & mode_LOCKED ? mode->locked != 0 : old->topic_locked;
    o.op.kind = (unsigned)(access | locked << 8);
    o.op.seq = mode->set & mode_SLOW ? mode->slow_s : old->slow_s;
    o.op.ts = mode->set & mode_MOST ? mode->most : old->most;
    o.op.text = mem_str(mode->set & mode_KEY ? mode->key : str_of(old->key));
    say_mode(mode, &o);
    order_put(c, &o);
    return ERR_NONE;
}

/* ---- KICK ---- */

enum err on_kick(struct call *c)
{
    const struct msg_kick *kick = &c->msg->kick;
    struct order o = { .event = event_KICK, .op = { .effect = EFFECT_KICK } };
    enum err error = order_room(c, kick->room, ACT_KICK, &o);
    struct member *m;

    if (!error)
        error = order_reason(c, kick->text);
    if (!error)
        error = order_member(c, kick->nick, &o, &m);
    if (error)
        return error;
    m->will = false;
    order_say_whom(&o, kick->text);
    order_put(c, &o);
    return ERR_NONE;
}

/* ---- ROLE ---- */

static const char *const ROLE_WORDS[] = { [role_MEMBER] = "member",
                                          [role_MODERATOR] = "moderator",
                                          [role_OWNER] = "owner" };

enum err on_role(struct call *c)
{
    const struct msg_role *role = &c->msg->role;
    struct order o = { .event = event_ROLE, .op = { .effect = EFFECT_ROLE } };
    struct member *m;
    enum err error;

    c->subject = str_of("role");
    if (role->role < role_MEMBER || role->role > role_OWNER)
        return ERROR_BAD_FIELD;
    error = order_room(c, role->room, ACT_ROLE, &o);
    if (!error)
        error = order_member(c, role->nick, &o, &m);
    if (error)
        return error;
    if (m->role == role->role)
        return ERROR_EXISTS;
    if (role->role == role_OWNER && talk_owns_enough(c, o.about))
        return ERROR_LIMIT;
    o.op.kind = (unsigned)role->role;
    order_say_whom(&o, str_of(ROLE_WORDS[role->role]));
    order_put(c, &o);
    return ERR_NONE;
}

/* ---- INVITE ---- */

enum err on_invite(struct call *c)
{
    const struct msg_invite *invite = &c->msg->invite;
    struct order o = { .event = event_INVITE,
                       .op = { .effect = EFFECT_GUEST } };
    const struct room *room = world_room(c->w, invite->room);
    bool open = room && room->rules.access == access_OPEN;
    enum err error =
        order_room(c, invite->room, open ? ACT_INVITE : ACT_INVITE_CLOSED, &o);

    if (error)
        return error;
    c->subject = invite->nick;
    o.about = world_account_named(c->w, invite->nick);
    if (!o.about)
        return ERROR_NO_SUCH_ACCOUNT;
    if (order_member_to_be(o.room, o.about) ||
        room_is_guest(o.room, o.about->id))
        return ERROR_EXISTS;
    if (permit_standing(o.room, o.about, c->now) == AS_BANNED)
        return ERROR_BANNED;
    if (o.room->rules.n_guests >= limit(&c->w->env, LIMIT_SANCTIONS))
        return ERROR_LIMIT;
    order_say_whom(&o, str_of(NULL));
    order_put(c, &o);
    return ERR_NONE;
}
