/* SPDX-License-Identifier: MIT
 *
 * Keeping order in a room: ROOM_MODE, KICK, SANCTION, LIFT, ROLE, INVITE.  Each
 * becomes an event with its actor and reason, stored together with what it
 * changes; what follows from that happens in decree.c.
 */
#include <inttypes.h>
#include <stdio.h>

#include "server/call.h"
#include "server/permit.h"
#include "server/store.h"
#include "server/world.h"
#include "shared/mem.h"
#include "shared/text.h"

enum {
    TEXT_CAP = NAME_MAX_BYTES + 4096 + 64, /* a nick, a number, a reason */
    LIFTED_AT_ONCE = 20                    /* sanctions that are over */
};

/* A command: the room, the person meant, and what it becomes. */
struct order {
    struct room *room;
    struct account *about;
    struct store_op op;
    unsigned event;
    char text[TEXT_CAP]; /* of the event */
};

/* ---- what is common ---- */

/* The room, if the caller may do such a thing there. */
static enum err find_room(struct call *c, uint64_t id, enum act act,
                          struct order *o)
{
    const struct account *me = c->s->account;
    const struct member *m;

    o->room = world_room(c->w, id);
    m = o->room ? room_member(o->room, me->id) : NULL;
    if (!o->room || (!(m && m->will) && me->rank != RANK_ADMIN))
        return ERROR_NOT_MEMBER;
    return call_may(c, o->room, act) ? ERR_NONE : ERROR_FORBIDDEN;
}

/* Somebody by nick, over whom the caller may do it. */
static enum err find_about(struct call *c, struct str nick, struct order *o)
{
    c->subject = nick;
    o->about = world_account_named(c->w, nick);
    if (!o->about)
        return ERROR_NO_SUCH_ACCOUNT;
    if (!permit_over(o->room, c->s->account, o->about, c->now))
        return ERROR_FORBIDDEN;
    return ERR_NONE;
}

static enum err check_reason(struct call *c, struct str why)
{
    if (why.len <= limit(&c->w->env, LIMIT_REASON_BYTES))
        return ERR_NONE;
    c->subject = str_of("text");
    return ERROR_TOO_LARGE;
}

/* The room's member that somebody will be; NULL: they will not be one. */
static struct member *member_to_be(const struct room *room,
                                   const struct account *account)
{
    struct member *m = room_member(room, account->id);

    return m && m->will ? m : NULL;
}

/* The same of who has to be in the room. */
static enum err find_member(struct call *c, struct str nick, struct order *o,
                            struct member **m)
{
    enum err error = find_about(c, nick, o);

    *m = error ? NULL : member_to_be(o->room, o->about);
    if (error || *m)
        return error;
    c->why = "they are not in this room";
    return ERROR_NO_SUCH_ACCOUNT;
}

/* Number it, encode it, give it to the store. */
static void put(struct call *c, struct order *o)
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

static void say_whom(struct order *o, struct str why)
{
    snprintf(o->text, sizeof o->text, "%.*s%s%.*s",
             STR_ARG(account_nick(o->about)), why.len ? " " : "", STR_ARG(why));
}

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
    enum err error = find_room(c, mode->room, ACT_MODE, &o);
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
    put(c, &o);
    return ERR_NONE;
}

/* ---- KICK ---- */

enum err on_kick(struct call *c)
{
    const struct msg_kick *kick = &c->msg->kick;
    struct order o = { .event = event_KICK, .op = { .effect = EFFECT_KICK } };
    enum err error = find_room(c, kick->room, ACT_KICK, &o);
    struct member *m;

    if (!error)
        error = check_reason(c, kick->text);
    if (!error)
        error = find_member(c, kick->nick, &o, &m);
    if (error)
        return error;
    m->will = false;
    say_whom(&o, kick->text);
    put(c, &o);
    return ERR_NONE;
}

/* ---- SANCTION ---- */

/* By what somebody is known. */
struct marks {
    struct sanction_who who[KEYS_MAX];
    size_t n;
};

static void add_mark(struct marks *marks, struct sanction_who who)
{
    for (size_t i = 0; i < marks->n; i++) {
        if (strcmp(marks->who[i].who, who.who) == 0)
            return;
    }
    if (*who.who && marks->n < KEYS_MAX)
        marks->who[marks->n++] = who;
}

static void find_marks(const struct account *about, unsigned kind,
                       struct marks *marks)
{
    const struct credentials *keys = &about->credentials;

    marks->n = 0;
    if (kind == sanction_ACCOUNT || kind == sanction_MUTE)
        add_mark(marks, sanction_account(about->id));
    for (size_t i = 0; kind == sanction_KEY && i < keys->n; i++)
        add_mark(marks, sanction_key(&keys->keys[i].key));
    for (size_t i = 0; kind == sanction_ADDRESS && i < about->n_sessions; i++) {
        const struct session *s = about->sessions[i];

        add_mark(marks, sanction_address(str_bytes(s->gate, s->gate_len)));
    }
}

/* Forget some of those whose time is over, here and in the store. */
static void lift_what_is_over(struct call *c, struct room *room)
{
    const struct sanction *one;
    size_t at = 0;

    for (size_t n = 0; n < LIFTED_AT_ONCE; n++) {
        struct store_op op = { .effect = EFFECT_LIFT, .room = room->id };

        one = sanctions_over(&room->rules.sanctions, &at, c->now);
        if (!one)
            return;
        op.kind = one->kind;
        op.text = mem_str(str_of(one->who.who));
        world_put(c->w, &op);
    }
}

/* How many there would be more. */
static size_t count_new(const struct call *c, const struct order *o,
                        const struct marks *marks)
{
    size_t n = 0;

    for (size_t i = 0; i < marks->n; i++)
        n += !sanction_find(&o->room->rules.sanctions, o->op.kind,
                            marks->who[i].who, c->now);
    return n;
}

static enum err check_sanction(struct call *c, const struct order *o,
                               const struct marks *marks)
{
    const struct msg_sanction *sanction = &c->msg->sanction;

    if (o->about == c->s->account)
        return ERROR_FORBIDDEN;
    if (marks->n == 0) {
        c->why = "nothing of that kind is known of them";
        return ERROR_NO_SUCH_ACCOUNT;
    }
    if (sanction->ttl_s > UINT32_MAX)
        return ERROR_BAD_FIELD;
    if (!store_has_room(c->w->store, marks->n + LIFTED_AT_ONCE + 1))
        return ERROR_BUSY;
    lift_what_is_over(c, o->room);
    return sanctions_in_force(&o->room->rules.sanctions, c->now) +
                       count_new(c, o, marks) >
                   limit(&c->w->env, LIMIT_SANCTIONS)
               ? ERROR_LIMIT
               : ERR_NONE;
}

/* What is kept of it: whom, by whom, why. */
static char *note_of(const struct call *c, const struct order *o,
                     struct str why)
{
    char note[TEXT_CAP];

    snprintf(note, sizeof note, "%.*s %.*s %.*s",
             STR_ARG(account_nick(o->about)),
             STR_ARG(account_nick(c->s->account)), STR_ARG(why));
    return mem_str(str_of(note));
}

/*
 * One for each mark.  The last to be put carries the event: with that the
 * person goes, having seen it.
 */
static void put_sanctions(struct call *c, struct order *o,
                          const struct marks *marks, struct str why)
{
    struct member *m = member_to_be(o->room, o->about);

    if (m && o->op.kind != sanction_MUTE)
        m->will = false;
    for (size_t i = marks->n; i-- > 0;) {
        o->op.text = mem_str(str_of(marks->who[i].who));
        o->op.note = note_of(c, o, why);
        if (i > 0) {
            struct store_op op = o->op;

            op.room = o->room->id;
            world_put(c->w, &op);
        }
    }
    put(c, o);
}

enum err on_sanction(struct call *c)
{
    const struct msg_sanction *sanction = &c->msg->sanction;
    bool mute = sanction->kind == sanction_MUTE;
    struct order o = { .event = mute ? event_MUTE : event_BAN,
                       .op = { .effect = EFFECT_SANCTION,
                               .kind = (unsigned)sanction->kind } };
    struct marks marks;
    enum err error;

    c->subject = str_of("kind");
    if (sanction->kind < sanction_ACCOUNT || sanction->kind > sanction_MUTE)
        return ERROR_BAD_FIELD;
    error = find_room(c, sanction->room, mute ? ACT_MUTE : ACT_BAN, &o);
    if (!error)
        error = check_reason(c, sanction->text);
    if (!error)
        error = find_about(c, sanction->nick, &o);
    if (error)
        return error;
    find_marks(o.about, o.op.kind, &marks);
    error = check_sanction(c, &o, &marks);
    if (error)
        return error;
    if (sanction->ttl_s)
        o.op.ts = c->now.wall_ms + sanction->ttl_s * 1000;
    snprintf(o.text, sizeof o.text, "%.*s %" PRIu64 "%s%.*s",
             STR_ARG(account_nick(o.about)), sanction->ttl_s,
             sanction->text.len ? " " : "", STR_ARG(sanction->text));
    put_sanctions(c, &o, &marks, sanction->text);
    return ERR_NONE;
}

/* ---- LIFT ---- */

/* Put what lifts each of them; the last carries the event. False: none. */
static bool put_lifts(struct call *c, struct order *o, struct str nick,
                      bool mute)
{
    const struct sanctions *all = &o->room->rules.sanctions;
    const struct sanction *last = NULL;

    for (size_t i = 0; i < all->n; i++) {
        struct store_op op = { .effect = EFFECT_LIFT, .room = o->room->id };

        if ((all->all[i].kind == sanction_MUTE) != mute ||
            !sanction_is_of(&all->all[i], nick))
            continue;
        if (last) {
            op.kind = last->kind;
            op.text = mem_str(str_of(last->who.who));
            world_put(c->w, &op);
        }
        last = &all->all[i];
    }
    if (!last)
        return false;
    o->op.kind = last->kind;
    o->op.text = mem_str(str_of(last->who.who));
    put(c, o);
    return true;
}

enum err on_lift(struct call *c)
{
    const struct msg_lift *lift = &c->msg->lift;
    bool mute = lift->mute != 0;
    struct order o = { .event = mute ? event_UNMUTE : event_UNBAN,
                       .op = { .effect = EFFECT_LIFT } };
    enum err error = find_room(c, lift->room, mute ? ACT_MUTE : ACT_BAN, &o);

    if (!error)
        error = check_reason(c, lift->text);
    if (error)
        return error;
    c->subject = lift->nick;
    if (lift->nick.len == 0 || lift->nick.len > NAME_MAX_BYTES)
        return ERROR_NAME_INVALID;
    if (!store_has_room(c->w->store, o.room->rules.sanctions.n + 1))
        return ERROR_BUSY;
    o.about = world_account_named(c->w, lift->nick);
    snprintf(o.text, sizeof o.text, "%.*s%s%.*s", STR_ARG(lift->nick),
             lift->text.len ? " " : "", STR_ARG(lift->text));
    return put_lifts(c, &o, lift->nick, mute) ? ERR_NONE
                                              : ERROR_NO_SUCH_ACCOUNT;
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
    error = find_room(c, role->room, ACT_ROLE, &o);
    if (!error)
        error = find_member(c, role->nick, &o, &m);
    if (error)
        return error;
    if (m->role == role->role)
        return ERROR_EXISTS;
    if (role->role == role_OWNER && talk_owns_enough(c, o.about))
        return ERROR_LIMIT;
    o.op.kind = (unsigned)role->role;
    say_whom(&o, str_of(ROLE_WORDS[role->role]));
    put(c, &o);
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
        find_room(c, invite->room, open ? ACT_INVITE : ACT_INVITE_CLOSED, &o);

    if (error)
        return error;
    c->subject = invite->nick;
    o.about = world_account_named(c->w, invite->nick);
    if (!o.about)
        return ERROR_NO_SUCH_ACCOUNT;
    if (member_to_be(o.room, o.about) || room_is_guest(o.room, o.about->id))
        return ERROR_EXISTS;
    if (permit_standing(o.room, o.about, c->now) == AS_BANNED)
        return ERROR_BANNED;
    if (o.room->rules.n_guests >= limit(&c->w->env, LIMIT_SANCTIONS))
        return ERROR_LIMIT;
    say_whom(&o, str_of(NULL));
    put(c, &o);
    return ERR_NONE;
}

/* ---- SANCTIONS ---- */

static void say_sanction(struct call *c, const struct room *room,
                         const struct sanction *one)
{
    struct msg msg = { .kind = KIND_SANCTIONED, .request = c->msg->request };

    msg.sanctioned.room = room->id;
    msg.sanctioned.nick = sanction_word(one, 0);
    msg.sanctioned.kind = one->kind;
    msg.sanctioned.until = one->until;
    msg.sanctioned.by = sanction_word(one, 1);
    msg.sanctioned.text = sanction_word(one, 2);
    session_say(c->s, &msg, true);
}

enum err on_sanctions(struct call *c)
{
    struct msg end = { .kind = KIND_SANCTIONED, .request = c->msg->request };
    struct order o = { 0 };
    enum err error = find_room(c, c->msg->sanctions.room, ACT_BAN, &o);

    if (error)
        return error;
    for (size_t i = 0; i < o.room->rules.sanctions.n; i++) {
        const struct sanction *one = &o.room->rules.sanctions.all[i];

        if (!one->until || one->until > c->now.wall_ms)
            say_sanction(c, o.room, one);
    }
    end.sanctioned.room = o.room->id;
    session_say(c->s, &end, true);
    return ERR_NONE;
}
