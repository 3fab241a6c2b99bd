/* SPDX-License-Identifier: MIT
 *
 * A room of some sort, somebody in it as something, and what is done there.
 */
#ifndef TESTS_FORUM_H
#define TESTS_FORUM_H

#include "tests/server.h"

#include "server/permit.h"

/* ---- a room, and somebody in it ---- */

enum sort { OPEN, INVITE, SECRET, DIRECT, SORTS };

struct stand {
    struct rig *rig;
    struct peer *owner, *target, *outside, *subject;
    uint64_t room;
    uint64_t said; /* a message of the target's */
};

/* What an ordered command came to: 0, or its error. */
static inline unsigned order(struct peer *p, struct msg *msg)
{
    struct msg answer;

    forget(p);
    say(p, msg);
    settle(p->rig);
    if (take(p, KIND_SEND_ACK, &answer))
        return 0;
    return (unsigned)must(p, KIND_ERROR).error.code;
}

static inline unsigned try_part(struct peer *p, uint64_t room)
{
    struct msg msg = { .kind = KIND_PART };

    msg.part = (struct msg_part){ .room = room, .cseq = ++p->cseq };
    return order(p, &msg);
}

static inline unsigned set_access(struct peer *p, uint64_t room,
                                  unsigned access)
{
    struct msg msg = { .kind = KIND_ROOM_MODE };

    msg.room_mode.room = room;
    msg.room_mode.cseq = ++p->cseq;
    msg.room_mode.set = mode_ACCESS;
    msg.room_mode.access = access;
    return order(p, &msg);
}

static inline unsigned sanction(struct peer *p, uint64_t room, const char *nick,
                                unsigned kind, uint64_t ttl_s)
{
    struct msg msg = { .kind = KIND_SANCTION };

    msg.sanction.room = room;
    msg.sanction.cseq = ++p->cseq;
    msg.sanction.nick = str_of(nick);
    msg.sanction.kind = kind;
    msg.sanction.ttl_s = ttl_s;
    msg.sanction.text = S("because");
    return order(p, &msg);
}

static inline unsigned lift(struct peer *p, uint64_t room, const char *nick,
                            bool mute)
{
    struct msg msg = { .kind = KIND_LIFT };

    msg.lift.room = room;
    msg.lift.cseq = ++p->cseq;
    msg.lift.nick = str_of(nick);
    msg.lift.mute = mute;
    return order(p, &msg);
}

static inline unsigned set_role(struct peer *p, uint64_t room, const char *nick,
                                unsigned role)
{
    struct msg msg = { .kind = KIND_ROLE };

    msg.role.room = room;
    msg.role.cseq = ++p->cseq;
    msg.role.nick = str_of(nick);
    msg.role.role = role;
    return order(p, &msg);
}

static inline unsigned kick(struct peer *p, uint64_t room, const char *nick)
{
    struct msg msg = { .kind = KIND_KICK };

    msg.kick.room = room;
    msg.kick.cseq = ++p->cseq;
    msg.kick.nick = str_of(nick);
    msg.kick.text = S("out with you");
    return order(p, &msg);
}

static inline unsigned invite(struct peer *p, uint64_t room, const char *nick)
{
    struct msg msg = { .kind = KIND_INVITE };

    msg.invite.room = room;
    msg.invite.cseq = ++p->cseq;
    msg.invite.nick = str_of(nick);
    return order(p, &msg);
}

static inline unsigned try_join(struct peer *p, const char *name,
                                const char *key)
{
    struct msg msg = { .kind = KIND_JOIN };

    msg.join.name = str_of(name);
    msg.join.cseq = ++p->cseq;
    msg.join.key = str_of(key);
    return order(p, &msg);
}

/* The subject becomes what it is to be. */
static inline void make(struct stand *t, enum standing standing)
{
    struct account *account = world_account(t->rig->w, t->subject->account);

    if (standing >= AS_MUTED && standing <= AS_OWNER)
        join(t->subject, "#room");
    switch (standing) {
    case AS_BANNED:
        assert_int_equal(
            sanction(t->owner, t->room, "sub", sanction_ACCOUNT, 0), 0);
        break;
    case AS_MUTED:
        assert_int_equal(sanction(t->owner, t->room, "sub", sanction_MUTE, 0),
                         0);
        break;
    case AS_MODERATOR:
        assert_int_equal(set_role(t->owner, t->room, "sub", role_MODERATOR), 0);
        break;
    case AS_OWNER:
        assert_int_equal(set_role(t->owner, t->room, "sub", role_OWNER), 0);
        break;
    case AS_ADMIN: account->rank = RANK_ADMIN; break;
    case AS_OUTSIDER:
    case AS_MEMBER:
    case STANDINGS: break;
    }
    assert_int_equal(
        permit_standing(world_room(t->rig->w, t->room), account, t->rig->now),
        standing);
}

/* The target says something. */
static inline void speak(struct stand *t)
{
    forget(t->target);
    say_text(t->target, t->room, "hello there");
    settle(t->rig);
    t->said = must(t->target, KIND_SEND_ACK).send_ack.seq;
    forget(t->subject);
}

static inline void make_direct(struct stand *t, enum standing standing)
{
    struct peer *other = standing == AS_MEMBER ? t->subject : t->owner;
    struct msg msg;

    say_join(other, "@tar");
    settle(t->rig);
    msg = must(other, KIND_SEND_ACK);
    t->room = msg.send_ack.room;
    speak(t);
}

static inline void set_up(struct stand *t, enum sort sort,
                          enum standing standing)
{
    static const unsigned ACCESS[] = { access_OPEN, access_INVITE,
                                       access_SECRET };

    t->rig = rig_new(NULL);
    t->owner = enter(t->rig, "own");
    t->target = enter(t->rig, "tar");
    t->outside = enter(t->rig, "out");
    t->subject = enter(t->rig, "sub");
    if (sort == DIRECT) {
        make_direct(t, standing);
        return;
    }
    t->room = join(t->owner, "#room");
    join(t->target, "#room");
    speak(t);
    make(t, standing);
    assert_int_equal(sanction(t->owner, t->room, "tar", sanction_MUTE, 0), 0);
    if (sort != OPEN)
        assert_int_equal(set_access(t->owner, t->room, ACCESS[sort]), 0);
    forget(t->subject);
}

/* ---- what is tried ---- */

static inline void fill(struct msg *msg, const struct stand *t, uint64_t room,
                        uint64_t cseq)
{
    switch ((unsigned)msg->kind) {
    case KIND_SEND:
        msg->send = (struct msg_send){ .room = room, .cseq = cseq };
        msg->send.text = S("hello");
        break;
    case KIND_EDIT:
        msg->edit = (struct msg_edit){ room, cseq, S("hello!"), t->said };
        break;
    case KIND_REDACT:
        msg->redact = (struct msg_redact){ room, cseq, S("why"), t->said };
        break;
    case KIND_PIN: msg->pin = (struct msg_pin){ room, cseq, t->said, 0 }; break;
    case KIND_REACT:
        msg->react = (struct msg_react){ room, cseq, S("+1"), t->said, 0 };
        break;
    case KIND_READ:
        msg->read.room = room;
        msg->read.seq = t->said;
        break;
    case KIND_HIST:
        msg->hist = (struct msg_hist){ .room = room, .mode = hist_LATEST };
        break;
    case KIND_ROOM_SET:
        msg->room_set = (struct msg_room_set){ room, cseq, S("topic") };
        break;
    case KIND_JOIN:
        msg->join = (struct msg_join){ S("#room"), cseq, S("") };
        break;
    case KIND_PART: msg->part = (struct msg_part){ room, cseq, S("") }; break;
    case KIND_ROOM_MODE:
        msg->room_mode = (struct msg_room_mode){ .room = room, .cseq = cseq };
        msg->room_mode.set = mode_SLOW;
        msg->room_mode.slow_s = 5;
        break;
    case KIND_KICK:
        msg->kick = (struct msg_kick){ room, cseq, S("tar"), S("") };
        break;
    case KIND_SANCTION:
        msg->sanction = (struct msg_sanction){ .room = room, .cseq = cseq };
        msg->sanction.nick = S("tar");
        msg->sanction.kind = sanction_ACCOUNT;
        break;
    case KIND_LIFT:
        msg->lift = (struct msg_lift){ room, cseq, S("tar"), 1, S("") };
        break;
    case KIND_ROLE:
        msg->role = (struct msg_role){ room, cseq, S("tar"), role_MODERATOR };
        break;
    case KIND_INVITE:
        msg->invite = (struct msg_invite){ room, cseq, S("out") };
        break;
    case KIND_SANCTIONS: msg->sanctions.room = room; break;
    case KIND_VERSIONS:
        msg->versions = (struct msg_versions){ room, t->said };
        break;
    case KIND_MEMBERS: msg->members.room = room; break;
    case KIND_TYPING:
        msg->typing.room = room;
        msg->typing.active = 1;
        break;
    default: break;
    }
}

/* The sign of what came of it. */
static inline char sign_of(struct stand *t, unsigned kind)
{
    struct peer *p = t->subject;
    struct msg msg;

    if (kind == KIND_TYPING)
        return take(t->target, KIND_TYPING, &msg) ? '+' : '.';
    if (!take(p, KIND_ERROR, &msg))
        return p->n ? '+' : '0';
    switch (msg.error.code) {
    case ERROR_FORBIDDEN: return 'F';
    case ERROR_NOT_MEMBER: return 'N';
    case ERROR_MUTED: return 'M';
    case ERROR_BANNED: return 'B';
    case ERROR_INVITE_ONLY: return 'I';
    case ERROR_NO_SUCH_ROOM: return '?';
    default: return 'x';
    }
}

static inline char attempt(struct stand *t, unsigned kind, uint64_t room)
{
    struct msg msg = { .kind = (enum kind)kind };

    fill(&msg, t, room, t->subject->cseq + 1);
    forget(t->subject);
    forget(t->target);
    say(t->subject, &msg);
    settle(t->rig);
    return sign_of(t, kind);
}

#endif
