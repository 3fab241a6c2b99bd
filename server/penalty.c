/* SPDX-License-Identifier: MIT
 *
 * Who is kept out of a room or silent in it: SANCTION, LIFT, SANCTIONS.
 */
#include "server/order.h"

#include <inttypes.h>
#include <stdio.h>

#include "server/store.h"
#include "server/world.h"
#include "shared/mem.h"

enum { LIFTED_AT_ONCE = 20 }; /* that are over */

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
    char note[ORDER_TEXT];

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
    struct member *m = order_member_to_be(o->room, o->about);

    if (m && o->op.kind != sanction_MUTE)
        m->will = false;
    for (size_t i = marks->n; i-- > 0;) {
        o->op.text = mem_str(str_of(marks->who[i].who));
        o->op.note = note_of(c, o, why);
        if (i > 0) {
            struct store_op op = o->op;

            op.room = o->room->id;
            op.more = true;
            world_put(c->w, &op);
        }
    }
    order_put(c, o);
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
    error = order_room(c, sanction->room, mute ? ACT_MUTE : ACT_BAN, &o);
    if (!error)
        error = order_reason(c, sanction->text);
    if (!error)
        error = order_about(c, sanction->nick, &o);
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
            op.more = true;
            world_put(c->w, &op);
        }
        last = &all->all[i];
    }
    if (!last)
        return false;
    o->op.kind = last->kind;
    o->op.text = mem_str(str_of(last->who.who));
    order_put(c, o);
    return true;
}

enum err on_lift(struct call *c)
{
    const struct msg_lift *lift = &c->msg->lift;
    bool mute = lift->mute != 0;
    struct order o = { .event = mute ? event_UNMUTE : event_UNBAN,
                       .op = { .effect = EFFECT_LIFT } };
    enum err error = order_room(c, lift->room, mute ? ACT_MUTE : ACT_BAN, &o);

    if (!error)
        error = order_reason(c, lift->text);
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
    enum err error = order_room(c, c->msg->sanctions.room, ACT_BAN, &o);

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
