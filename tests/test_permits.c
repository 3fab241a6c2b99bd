/* SPDX-License-Identifier: MIT
 *
 * Who may do what: every message of a client, from everybody that one can be
 * in a room, in every kind of room.
 */
#include "tests/server.h"

#include "server/permit.h"

/* ---- a room, and somebody in it ---- */

enum sort { OPEN, INVITE, SECRET, DIRECT, SORTS };

static const char *const SORT_NAMES[] = { "open", "invite", "secret",
                                          "direct" };

struct stand {
    struct rig *rig;
    struct peer *owner, *target, *outside, *subject;
    uint64_t room;
    uint64_t said; /* a message of the target's */
};

/* What an ordered command came to: 0, or its error. */
static unsigned order(struct peer *p, struct msg *msg)
{
    struct msg answer;

    forget(p);
    say(p, msg);
    settle(p->rig);
    if (take(p, KIND_SEND_ACK, &answer))
        return 0;
    return (unsigned)must(p, KIND_ERROR).error.code;
}

static unsigned try_part(struct peer *p, uint64_t room)
{
    struct msg msg = { .kind = KIND_PART };

    msg.part = (struct msg_part){ .room = room, .cseq = ++p->cseq };
    return order(p, &msg);
}

static unsigned set_access(struct peer *p, uint64_t room, unsigned access)
{
    struct msg msg = { .kind = KIND_ROOM_MODE };

    msg.room_mode.room = room;
    msg.room_mode.cseq = ++p->cseq;
    msg.room_mode.set = mode_ACCESS;
    msg.room_mode.access = access;
    return order(p, &msg);
}

static unsigned sanction(struct peer *p, uint64_t room, const char *nick,
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

static unsigned lift(struct peer *p, uint64_t room, const char *nick, bool mute)
{
    struct msg msg = { .kind = KIND_LIFT };

    msg.lift.room = room;
    msg.lift.cseq = ++p->cseq;
    msg.lift.nick = str_of(nick);
    msg.lift.mute = mute;
    return order(p, &msg);
}

static unsigned set_role(struct peer *p, uint64_t room, const char *nick,
                         unsigned role)
{
    struct msg msg = { .kind = KIND_ROLE };

    msg.role.room = room;
    msg.role.cseq = ++p->cseq;
    msg.role.nick = str_of(nick);
    msg.role.role = role;
    return order(p, &msg);
}

static unsigned kick(struct peer *p, uint64_t room, const char *nick)
{
    struct msg msg = { .kind = KIND_KICK };

    msg.kick.room = room;
    msg.kick.cseq = ++p->cseq;
    msg.kick.nick = str_of(nick);
    msg.kick.text = S("out with you");
    return order(p, &msg);
}

static unsigned invite(struct peer *p, uint64_t room, const char *nick)
{
    struct msg msg = { .kind = KIND_INVITE };

    msg.invite.room = room;
    msg.invite.cseq = ++p->cseq;
    msg.invite.nick = str_of(nick);
    return order(p, &msg);
}

static unsigned try_join(struct peer *p, const char *name, const char *key)
{
    struct msg msg = { .kind = KIND_JOIN };

    msg.join.name = str_of(name);
    msg.join.cseq = ++p->cseq;
    msg.join.key = str_of(key);
    return order(p, &msg);
}

/* The subject becomes what it is to be. */
static void make(struct stand *t, enum standing standing)
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
static void speak(struct stand *t)
{
    forget(t->target);
    say_text(t->target, t->room, "hello there");
    settle(t->rig);
    t->said = must(t->target, KIND_SEND_ACK).send_ack.seq;
    forget(t->subject);
}

static void make_direct(struct stand *t, enum standing standing)
{
    struct peer *other = standing == AS_MEMBER ? t->subject : t->owner;
    struct msg msg;

    say_join(other, "@tar");
    settle(t->rig);
    msg = must(other, KIND_SEND_ACK);
    t->room = msg.send_ack.room;
    speak(t);
}

static void set_up(struct stand *t, enum sort sort, enum standing standing)
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

static void fill(struct msg *msg, const struct stand *t, uint64_t room,
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
static char sign_of(struct stand *t, unsigned kind)
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

static char attempt(struct stand *t, unsigned kind, uint64_t room)
{
    struct msg msg = { .kind = (enum kind)kind };

    fill(&msg, t, room, t->subject->cseq + 1);
    forget(t->subject);
    forget(t->target);
    say(t->subject, &msg);
    settle(t->rig);
    return sign_of(t, kind);
}

/*
 * What is expected: + done, F FORBIDDEN, N NOT_MEMBER, M MUTED, B BANNED,
 * I INVITE_ONLY, ? NO_SUCH_ROOM, . not passed on.  Standings: outsider, banned,
 * muted, member, moderator, owner, admin; in a direct room: outsider, member.
 */
static const struct expected {
    unsigned kind;
    const char *signs[SORTS];
} EXPECTED[] = {
    /*                   open       invite     secret     direct */
    { KIND_SEND, { "NNM+++N", "NNM+++N", "NNM+++N", "N+" } },
    { KIND_EDIT, { "NNMFFFN", "NNMFFFN", "NNMFFFN", "NF" } }, /* another's */
    { KIND_REDACT, { "NNFF++N", "NNFF++N", "NNFF++N", "NF" } },
    { KIND_PIN, { "NNF+++N", "NNF+++N", "NNF+++N", "N+" } },
    { KIND_REACT, { "NNM+++N", "NNM+++N", "NNM+++N", "N+" } },
    { KIND_READ, { "NN++++N", "NN++++N", "NN++++N", "N+" } },
    { KIND_HIST, { "NN++++N", "NN++++N", "NN++++N", "N+" } },
    { KIND_ROOM_SET, { "NNF+++N", "NNF+++N", "NNF+++N", "NF" } },
    { KIND_JOIN, { "+B+++++", "IB+++++", "??+++++", "++" } },
    { KIND_PART, { "NN++++N", "NN++++N", "NN++++N", "N+" } },
    { KIND_ROOM_MODE, { "NNFFF++", "NNFFF++", "NNFFF++", "NF" } },
    { KIND_KICK, { "NNFF+++", "NNFF+++", "NNFF+++", "NF" } },
    { KIND_SANCTION, { "NNFF+++", "NNFF+++", "NNFF+++", "NF" } },
    { KIND_LIFT, { "NNFF+++", "NNFF+++", "NNFF+++", "NF" } },
    { KIND_ROLE, { "NNFFF++", "NNFFF++", "NNFFF++", "NF" } },
    { KIND_INVITE, { "NNF++++", "NNFF+++", "NNFF+++", "NF" } },
    { KIND_SANCTIONS, { "NNFF+++", "NNFF+++", "NNFF+++", "NF" } },
    { KIND_VERSIONS, { "NNFF++N", "NNFF++N", "NNFF++N", "NF" } },
    { KIND_MEMBERS, { "NN++++N", "NN++++N", "NN++++N", "N+" } },
    { KIND_TYPING, { "...+++.", "...+++.", "...+++.", ".+" } },
};

static const enum standing DIRECT_STANDINGS[] = { AS_OUTSIDER, AS_MEMBER };

static unsigned check_row(const struct expected *row, enum sort sort)
{
    const char *signs = row->signs[sort];
    unsigned wrong = 0;

    assert_int_equal(strlen(signs), sort == DIRECT ? 2 : STANDINGS);
    for (size_t i = 0; signs[i]; i++) {
        enum standing as =
            sort == DIRECT ? DIRECT_STANDINGS[i] : (enum standing)i;
        struct stand t;
        char got;

        set_up(&t, sort, as);
        got = attempt(&t, row->kind, t.room);
        if (got != signs[i]) {
            print_error("%s by %s, %s room: %c, not %c\n", wire_name(row->kind),
                        STANDING_NAMES[as], SORT_NAMES[sort], got, signs[i]);
            wrong++;
        }
        rig_free(t.rig);
    }
    return wrong;
}

static void test_permits_are_what_the_table_says(void **state)
{
    unsigned wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof EXPECTED / sizeof *EXPECTED; i++)
        for (unsigned sort = 0; sort < SORTS; sort++)
            wrong += check_row(&EXPECTED[i], (enum sort)sort);
    assert_int_equal(wrong, 0);
}

/* These are about nobody's room: whoever is in may say them. */
static const unsigned OF_NO_ROOM[] = {
    KIND_HELLO, KIND_AUTH,    KIND_BYE,       KIND_PING,
    KIND_PONG,  KIND_SYNC,    KIND_ROOM_LIST, KIND_STATUS,
    KIND_NICK,  KIND_DEVICES, KIND_PASSWORD,  KIND_SEARCH, /* test_search */
};

static bool is_in_a_table(unsigned kind)
{
    for (size_t i = 0; i < sizeof EXPECTED / sizeof *EXPECTED; i++)
        if (EXPECTED[i].kind == kind)
            return true;
    for (size_t i = 0; i < sizeof OF_NO_ROOM / sizeof *OF_NO_ROOM; i++)
        if (OF_NO_ROOM[i] == kind)
            return true;
    return false;
}

static void test_permits_leave_no_message_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < WIRE_ROWS_LEN; i++)
        if (WIRE_ROWS[i].from & FROM_CLIENT &&
            !is_in_a_table((unsigned)WIRE_ROWS[i].kind))
            fail_msg("%s", WIRE_ROWS[i].name);
}

/* A room that is not, and one that is not for you, are the same to you. */
static void test_permits_answer_alike(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof EXPECTED / sizeof *EXPECTED; i++) {
        unsigned kind = EXPECTED[i].kind;
        struct msg there, not_there;
        struct stand t;

        if (kind == KIND_JOIN || kind == KIND_TYPING)
            continue; /* by name; never answered */
        set_up(&t, SECRET, AS_OUTSIDER);
        for (int known = 0; known < 2; known++) {
            struct msg msg = { .kind = (enum kind)kind };

            fill(&msg, &t, known ? t.room : 999, t.subject->cseq + 1);
            if (kind < KIND_ROOM_LIST || kind == KIND_ROLE ||
                kind == KIND_INVITE)
                t.subject->cseq += kind != KIND_HIST;
            say(t.subject, &msg);
            settle(t.rig);
            *(known ? &there : &not_there) = must(t.subject, KIND_ERROR);
        }
        assert_int_equal(there.error.code, not_there.error.code);
        assert_true(str_eq(there.error.text, not_there.error.text));
        assert_true(str_eq(there.error.subject, not_there.error.subject));
        rig_free(t.rig);
    }
}

/* ---- what follows ---- */

static void test_permits_keep_the_higher_from_the_lower(void **state)
{
    struct stand t;

    (void)state;
    set_up(&t, OPEN, AS_MODERATOR);
    assert_int_equal(kick(t.subject, t.room, "own"), ERROR_FORBIDDEN);
    assert_int_equal(sanction(t.subject, t.room, "own", sanction_ACCOUNT, 0),
                     ERROR_FORBIDDEN);
    assert_int_equal(set_role(t.owner, t.room, "tar", role_MODERATOR), 0);
    assert_int_equal(kick(t.subject, t.room, "tar"), ERROR_FORBIDDEN);
    assert_int_equal(kick(t.owner, t.room, "tar"), 0);
    assert_int_equal(set_role(t.owner, t.room, "own", role_MEMBER), 0);
    assert_int_equal(kick(t.owner, t.room, "sub"), ERROR_FORBIDDEN);
    rig_free(t.rig);
}

static void test_permits_tell_who_is_thrown_out(void **state)
{
    struct stand t;
    struct msg msg;

    (void)state;
    set_up(&t, OPEN, AS_MEMBER);
    assert_int_equal(kick(t.owner, t.room, "sub"), 0);
    msg = must(t.subject, KIND_EVENT);
    assert_int_equal(msg.event.kind, event_KICK);
    assert_int_equal(msg.event.ref, t.subject->account);
    assert_int_equal(msg.event.account, t.owner->account);
    assert_true(str_is(msg.event.text, "sub out with you"));
    say_text(t.owner, t.room, "gone");
    settle(t.rig);
    must_not(t.subject, KIND_EVENT);
    assert_int_equal(try_join(t.subject, "#room", ""), 0); /* and back */
    rig_free(t.rig);
}

static void test_permits_end_with_their_time(void **state)
{
    struct stand t;

    (void)state;
    set_up(&t, OPEN, AS_MEMBER);
    assert_int_equal(sanction(t.owner, t.room, "sub", sanction_ACCOUNT, 60), 0);
    assert_int_equal(try_join(t.subject, "#room", ""), ERROR_BANNED);
    pass(t.rig, 61000);
    t.subject = enter_as(t.rig, TRANSPORT_TCP, "", 991,
                         str_bytes(t.subject->token, TOKEN_LEN));
    assert_int_equal(try_join(t.subject, "#room", ""), 0);
    rig_free(t.rig);
}

static void test_permits_ban_by_key_and_address(void **state)
{
    struct stand t;
    struct account *account;
    struct fingerprint key = { { 9 } };

    (void)state;
    set_up(&t, OPEN, AS_MEMBER);
    account = world_account(t.rig->w, t.subject->account);
    assert_int_equal(sanction(t.owner, t.room, "sub", sanction_KEY, 0),
                     ERROR_NO_SUCH_ACCOUNT);
    assert_int_equal(sanction(t.owner, t.room, "sub", sanction_ADDRESS, 0),
                     ERROR_NO_SUCH_ACCOUNT);
    world_bind(t.rig->w, account, &key, S("box"), t.rig->now);
    account->rank = RANK_USER;
    assert_int_equal(sanction(t.owner, t.room, "sub", sanction_KEY, 0), 0);
    assert_int_equal(try_join(t.subject, "#room", ""), ERROR_BANNED);
    assert_int_equal(lift(t.owner, t.room, "SUB", false), 0);
    assert_int_equal(lift(t.owner, t.room, "sub", false),
                     ERROR_NO_SUCH_ACCOUNT);
    assert_int_equal(try_join(t.subject, "#room", ""), 0);

    free(t.subject->s->gate);
    t.subject->s->gate = mem_str(S("\x0a\x01\x02\x03"));
    t.subject->s->gate_len = 4;
    assert_int_equal(sanction(t.owner, t.room, "sub", sanction_ADDRESS, 0), 0);
    assert_int_equal(try_join(t.subject, "#room", ""), ERROR_BANNED);
    t.subject->s->gate_len = 0; /* it was never counted */
    rig_free(t.rig);
}

/* By all keys there are, and who it is about sees it as everybody does. */
static void test_permits_tell_who_is_banned_by_many_keys(void **state)
{
    struct stand t;
    struct account *account;
    struct fingerprint keys[2] = { { { 9 } }, { { 8 } } };
    const struct sanctions *all;
    struct msg msg;
    size_t before;

    (void)state;
    set_up(&t, OPEN, AS_MEMBER);
    account = world_account(t.rig->w, t.subject->account);
    all = &world_room(t.rig->w, t.room)->rules.sanctions;
    for (int i = 0; i < 2; i++)
        world_bind(t.rig->w, account, &keys[i], S("box"), t.rig->now);
    account->rank = RANK_USER;
    forget(t.subject);
    before = all->n;
    assert_int_equal(sanction(t.owner, t.room, "sub", sanction_KEY, 0), 0);
    msg = must(t.subject, KIND_EVENT);
    assert_int_equal(msg.event.kind, event_BAN);
    assert_int_equal(all->n, before + 2);
    assert_int_equal(try_join(t.subject, "#room", ""), ERROR_BANNED);
    rig_free(t.rig);
}

/* What is over makes place, here and in the store. */
static void test_permits_forget_what_is_over(void **state)
{
    struct limits limits = rig_limits();
    struct rig *rig;
    struct peer *own, *bad;
    const struct sanctions *all;
    uint64_t room;

    (void)state;
    limits.value[LIMIT_SANCTIONS] = 2;
    rig = rig_on(vault_new(1), &limits);
    own = enter_as(rig, TRANSPORT_TCP, "own", 1, S(""));
    bad = enter_as(rig, TRANSPORT_TCP, "bad", 2, S(""));
    enter_as(rig, TRANSPORT_TCP, "foe", 3, S(""));
    room = join(own, "#room");
    join(bad, "#room");
    all = &world_room(rig->w, room)->rules.sanctions;
    assert_int_equal(sanction(own, room, "bad", sanction_MUTE, 1), 0);
    assert_int_equal(sanction(own, room, "bad", sanction_MUTE, 2), 0);
    assert_int_equal(sanction(own, room, "foe", sanction_ACCOUNT, 2), 0);
    assert_int_equal(sanction(own, room, "bad", sanction_ACCOUNT, 0),
                     ERROR_LIMIT);
    pass(rig, 3000);
    assert_int_equal(sanction(own, room, "bad", sanction_ACCOUNT, 0), 0);
    assert_int_equal(all->n, 1);
    rig_restart(rig);
    assert_int_equal(world_room(rig->w, room)->rules.sanctions.n, 1);
    rig_free(rig);
}

static void test_permits_open_to_an_invitation(void **state)
{
    struct stand t;
    struct msg msg;

    (void)state;
    set_up(&t, SECRET, AS_OUTSIDER);
    assert_int_equal(try_join(t.subject, "#room", ""), ERROR_NO_SUCH_ROOM);
    assert_int_equal(invite(t.owner, t.room, "sub"), 0);
    msg = must(t.subject, KIND_INVITED);
    assert_true(str_is(msg.invited.name, "#room"));
    assert_true(str_is(msg.invited.nick, "own"));
    assert_int_equal(invite(t.owner, t.room, "sub"), ERROR_EXISTS);
    assert_int_equal(try_join(t.subject, "#room", ""), 0);
    assert_int_equal(kick(t.owner, t.room, "sub"), 0);
    assert_int_equal(try_join(t.subject, "#room", ""), ERROR_NO_SUCH_ROOM);
    rig_free(t.rig);
}

static void test_permits_hide_secret_rooms(void **state)
{
    struct stand t;
    struct msg msg = { .kind = KIND_ROOM_LIST };

    (void)state;
    set_up(&t, SECRET, AS_OUTSIDER);
    say(t.subject, &msg);
    msg = (struct msg){ .kind = KIND_ROOM_LIST };
    say(t.target, &msg);
    settle(t.rig);
    assert_int_equal(must(t.subject, KIND_ROOM_INFO).room_info.name.len, 0);
    assert_true(str_is(must(t.target, KIND_ROOM_INFO).room_info.name, "#room"));
    rig_free(t.rig);
}

/* Nor is the answer to a JOIN with a number that was used up any different. */
static void test_permits_hide_secret_rooms_from_repeats(void **state)
{
    struct stand t;
    struct msg msg;

    (void)state;
    set_up(&t, SECRET, AS_OUTSIDER);
    join(t.subject, "#own");
    for (int i = 0; i < 2; i++) {
        t.subject->cseq--;
        forget(t.subject);
        say_join(t.subject, i ? "#none" : "#room");
        settle(t.rig);
        msg = must(t.subject, KIND_SEND_ACK);
        assert_true(msg.send_ack.dup);
        assert_int_equal(msg.send_ack.room, 0);
    }
    rig_free(t.rig);
}

static void set_mode(struct peer *p, uint64_t room, unsigned set, uint64_t n,
                     const char *key)
{
    struct msg msg = { .kind = KIND_ROOM_MODE };

    msg.room_mode.room = room;
    msg.room_mode.cseq = ++p->cseq;
    msg.room_mode.set = set;
    msg.room_mode.locked = msg.room_mode.slow_s = msg.room_mode.most = n;
    msg.room_mode.key = str_of(key);
    assert_int_equal(order(p, &msg), 0);
}

static void test_permits_follow_the_mode(void **state)
{
    struct stand t;
    struct msg msg = { .kind = KIND_ROOM_SET };

    (void)state;
    set_up(&t, OPEN, AS_MEMBER);
    set_mode(t.owner, t.room, mode_KEY, 0, "sesame");
    assert_int_equal(try_join(t.outside, "#room", ""), ERROR_BAD_KEY);
    assert_int_equal(try_join(t.outside, "#room", "sesame"), 0);
    set_mode(t.owner, t.room, mode_MOST | mode_KEY, 4, "");
    assert_int_equal(kick(t.owner, t.room, "out"), 0);
    assert_int_equal(try_join(t.outside, "#room", ""), 0);
    set_mode(t.owner, t.room, mode_MOST, 3, NULL);
    assert_int_equal(kick(t.owner, t.room, "out"), 0);
    assert_int_equal(try_join(t.outside, "#room", ""), ERROR_ROOM_FULL);

    set_mode(t.owner, t.room, mode_LOCKED, 1, NULL);
    msg.room_set = (struct msg_room_set){ t.room, ++t.subject->cseq, S("x") };
    assert_int_equal(order(t.subject, &msg), ERROR_FORBIDDEN);
    rig_free(t.rig);
}

static void test_permits_slow_people_down(void **state)
{
    struct stand t;
    struct msg msg;

    (void)state;
    set_up(&t, OPEN, AS_MEMBER);
    set_mode(t.owner, t.room, mode_SLOW, 5, NULL);
    say_text(t.subject, t.room, "one");
    settle(t.rig);
    must(t.subject, KIND_SEND_ACK);
    say_text(t.subject, t.room, "two");
    settle(t.rig);
    msg = must(t.subject, KIND_ERROR);
    assert_int_equal(msg.error.code, ERROR_RATE);
    assert_in_range(msg.error.retry_ms, 4900, 5001);
    t.subject->cseq--; /* it was not used up */
    pass(t.rig, 5000);
    say_text(t.subject, t.room, "two");
    settle(t.rig);
    must(t.subject, KIND_SEND_ACK);
    assert_int_equal(try_part(t.subject, t.room), 0);
    join(t.subject, "#room"); /* as if they had just spoken */
    say_text(t.subject, t.room, "three");
    settle(t.rig);
    assert_int_equal(must(t.subject, KIND_ERROR).error.code, ERROR_RATE);
    say_text(t.owner, t.room, "one");
    say_text(t.owner, t.room, "two"); /* who keeps order may hurry */
    settle(t.rig);
    must(t.owner, KIND_SEND_ACK);
    must(t.owner, KIND_SEND_ACK);
    rig_free(t.rig);
}

static void test_permits_mute_on_the_whole_server(void **state)
{
    static const unsigned SILENT[] = { KIND_ROOM_SET, KIND_PIN, KIND_INVITE,
                                       KIND_KICK };
    struct stand t;

    (void)state;
    set_up(&t, OPEN, AS_MODERATOR);
    sanction_set(&t.rig->w->sanctions, sanction_MUTE,
                 str_of(sanction_account(t.subject->account).who), 0, S("x"));
    assert_int_equal(attempt(&t, KIND_SEND, t.room), 'M');
    for (size_t i = 0; i < sizeof SILENT / sizeof *SILENT; i++) {
        t.subject->cseq++; /* the refusal before took a number */
        assert_int_equal(attempt(&t, SILENT[i], t.room), 'F');
    }
    rig_free(t.rig);
}

/* ---- a restart, a disk that fails ---- */

static struct peer *again(struct peer *p, uint64_t device)
{
    return enter_as(p->rig, TRANSPORT_TCP, "", device,
                    str_bytes(p->token, TOKEN_LEN));
}

static void test_permits_outlive_a_restart(void **state)
{
    struct rig *rig = rig_new_durable(NULL);
    struct peer *own = enter_as(rig, TRANSPORT_TCP, "own", 1, S(""));
    struct peer *mod = enter_as(rig, TRANSPORT_TCP, "mod", 2, S(""));
    struct peer *bad = enter_as(rig, TRANSPORT_TCP, "bad", 3, S(""));
    struct peer *out = enter_as(rig, TRANSPORT_TCP, "out", 4, S(""));
    uint64_t room = join(own, "#room");
    struct msg msg;

    (void)state;
    join(mod, "#room");
    join(bad, "#room");
    assert_int_equal(set_role(own, room, "mod", role_MODERATOR), 0);
    assert_int_equal(sanction(own, room, "bad", sanction_ACCOUNT, 0), 0);
    set_mode(own, room, mode_SLOW | mode_KEY, 7, "sesame");
    assert_int_equal(set_access(own, room, access_SECRET), 0);
    assert_int_equal(invite(own, room, "out"), 0);
    rig_restart(rig);

    own = again(own, 1);
    msg = must(own, KIND_SYNC_ROOM);
    assert_int_equal(msg.sync_room.role, role_OWNER);
    assert_int_equal(msg.sync_room.access, access_SECRET);
    assert_int_equal(msg.sync_room.slow_s, 7);
    assert_int_equal(msg.sync_room.keyed, 1);
    mod = again(mod, 2);
    assert_int_equal(must(mod, KIND_SYNC_ROOM).sync_room.role, role_MODERATOR);
    bad = again(bad, 3);
    assert_int_equal(try_join(bad, "#room", "sesame"), ERROR_NO_SUCH_ROOM);
    out = again(out, 4);
    assert_int_equal(try_join(out, "#room", ""), 0);
    assert_int_equal(lift(mod, room, "bad", false), 0);
    assert_int_equal(set_access(own, room, access_OPEN), 0);
    rig_restart(rig);
    bad = again(bad, 3);
    assert_int_equal(try_join(bad, "#room", "sesame"), 0);
    rig_free(rig);
}

static unsigned part(struct peer *p, uint64_t room)
{
    struct msg msg = { .kind = KIND_PART };

    msg.part.room = room;
    msg.part.cseq = ++p->cseq;
    return order(p, &msg);
}

/* The error names the limit, and what there is to do. */
static void check_owns_enough(struct peer *p, const char *name)
{
    struct msg msg = { .kind = KIND_JOIN };
    char subject[32], text[128];

    msg.join.name = str_of(name);
    msg.join.cseq = ++p->cseq;
    forget(p);
    say(p, &msg);
    settle(p->rig);
    msg = must(p, KIND_ERROR);
    assert_int_equal(msg.error.code, ERROR_LIMIT);
    snprintf(subject, sizeof subject, "%.*s", STR_ARG(msg.error.subject));
    snprintf(text, sizeof text, "%.*s", STR_ARG(msg.error.text));
    assert_string_equal(subject, "rooms-owned");
    assert_non_null(strstr(text, "one has to be left first"));
}

static void test_permits_count_rooms_owned(void **state)
{
    struct limits limits = rig_limits();
    struct rig *rig;
    struct peer *own, *sub;
    uint64_t a, b;

    (void)state;
    limits.value[LIMIT_ROOMS_OWNED] = 2;
    rig = rig_new_durable(&limits);
    own = enter_as(rig, TRANSPORT_TCP, "own", 1, S(""));
    sub = enter_as(rig, TRANSPORT_TCP, "sub", 2, S(""));
    a = join(own, "#a");
    b = join(own, "#b");
    check_owns_enough(own, "#c");
    assert_null(world_room_named(rig->w, S("#c")));
    join(sub, "#c");
    assert_int_equal(try_join(own, "#c", ""), 0); /* it is not theirs */
    rig_restart(rig);
    own = again(own, 1);
    sub = again(sub, 2);
    check_owns_enough(own, "#d");

    /* One is somebody else's now, and no more than they may have. */
    assert_int_equal(try_join(sub, "#a", ""), 0);
    assert_int_equal(try_join(sub, "#b", ""), 0);
    assert_int_equal(set_role(own, a, "sub", role_OWNER), 0);
    assert_int_equal(set_role(own, b, "sub", role_OWNER), ERROR_LIMIT);
    assert_int_equal(set_role(own, a, "own", role_MEMBER), 0);
    assert_int_equal(try_join(own, "#d", ""), 0);
    check_owns_enough(own, "#e");
    assert_int_equal(part(own, b), 0);
    assert_int_equal(try_join(own, "#e", ""), 0);
    check_owns_enough(own, "#f");

    /* An empty room is whose who comes next; admins may have it all. */
    assert_int_equal(part(sub, b), 0);
    check_owns_enough(own, "#b");
    world_account(rig->w, own->account)->rank = RANK_ADMIN;
    assert_int_equal(try_join(own, "#b", ""), 0);
    assert_int_equal(try_join(own, "#f", ""), 0);
    rig_free(rig);
}

static void test_permits_fall_back_when_not_stored(void **state)
{
    struct stand t;
    struct msg msg = { .kind = KIND_KICK };

    (void)state;
    set_up(&t, OPEN, AS_MEMBER);
    store_fail(t.rig->w->store, 1);
    msg.kick = (struct msg_kick){ t.room, ++t.owner->cseq, S("sub"), S("") };
    assert_int_equal(order(t.owner, &msg), ERROR_STORE);
    t.owner->cseq--;
    assert_int_equal(attempt(&t, KIND_SEND, t.room), '+'); /* still in */
    assert_int_equal(kick(t.owner, t.room, "sub"), 0);
    rig_free(t.rig);
}

/* An owner who leaves and comes back in one breath. */
static void test_permits_of_who_comes_back_at_once(void **state)
{
    struct stand t;
    struct msg msg = { .kind = KIND_PART };
    const struct member *m;

    (void)state;
    set_up(&t, OPEN, AS_MEMBER);
    m = room_member(world_room(t.rig->w, t.room), t.owner->account);
    for (int i = 0; i < 2; i++) {
        if (i == 0)
            store_fail(t.rig->w->store, 1);
        msg.part = (struct msg_part){ .room = t.room, .cseq = ++t.owner->cseq };
        say(t.owner, &msg);
        say_join(t.owner, "#room");
        settle(t.rig);
        if (i == 0)
            t.owner->cseq -= 2;
        assert_true(m->in);
        assert_int_equal(m->role, i ? role_MEMBER : role_OWNER);
    }
    rig_free(t.rig);
}

/* The last one leaves while somebody comes: there is an owner again. */
static void test_permits_go_on_with_an_owner(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct peer *ann = enter(rig, "ann"), *bob = enter(rig, "bob");
    uint64_t room = join(ann, "#room");
    struct msg msg = { .kind = KIND_PART };

    (void)state;
    msg.part = (struct msg_part){ .room = room, .cseq = ++ann->cseq };
    say(ann, &msg);
    carry_up(ann);
    say_join(bob, "#room");
    carry_up(bob);
    settle(rig);
    assert_int_equal(room_member(world_room(rig->w, room), bob->account)->role,
                     role_OWNER);
    rig_free(rig);
}

/* A room that an order is on its way to does not make place for another. */
static void test_permits_keep_a_room_that_is_told_something(void **state)
{
    struct limits limits = rig_limits();
    struct rig *rig;
    struct peer *ann, *bob;
    struct msg msg = { .kind = KIND_ROOM_MODE };
    uint64_t room;

    (void)state;
    limits.value[LIMIT_ROOMS] = 1;
    rig = rig_new(&limits);
    ann = enter(rig, "ann");
    bob = enter(rig, "bob");
    room = join(ann, "#a");
    assert_int_equal(try_part(ann, room), 0);
    world_account(rig->w, ann->account)->rank = RANK_ADMIN;
    msg.room_mode.room = room;
    msg.room_mode.cseq = ++ann->cseq;
    msg.room_mode.set = mode_LOCKED;
    msg.room_mode.locked = 1;
    say(ann, &msg);
    carry_up(ann);
    say_join(bob, "#b");
    carry_up(bob);
    settle(rig);
    must(ann, KIND_SEND_ACK);
    assert_int_equal(must(bob, KIND_ERROR).error.code, ERROR_LIMIT);
    assert_non_null(world_room(rig->w, room));
    rig_free(rig);
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_permits_are_what_the_table_says),
    cmocka_unit_test(test_permits_leave_no_message_out),
    cmocka_unit_test(test_permits_answer_alike),
    cmocka_unit_test(test_permits_keep_the_higher_from_the_lower),
    cmocka_unit_test(test_permits_tell_who_is_thrown_out),
    cmocka_unit_test(test_permits_end_with_their_time),
    cmocka_unit_test(test_permits_ban_by_key_and_address),
    cmocka_unit_test(test_permits_tell_who_is_banned_by_many_keys),
    cmocka_unit_test(test_permits_forget_what_is_over),
    cmocka_unit_test(test_permits_open_to_an_invitation),
    cmocka_unit_test(test_permits_hide_secret_rooms),
    cmocka_unit_test(test_permits_hide_secret_rooms_from_repeats),
    cmocka_unit_test(test_permits_follow_the_mode),
    cmocka_unit_test(test_permits_slow_people_down),
    cmocka_unit_test(test_permits_mute_on_the_whole_server),
    cmocka_unit_test(test_permits_outlive_a_restart),
    cmocka_unit_test(test_permits_count_rooms_owned),
    cmocka_unit_test(test_permits_fall_back_when_not_stored),
    cmocka_unit_test(test_permits_of_who_comes_back_at_once),
    cmocka_unit_test(test_permits_go_on_with_an_owner),
    cmocka_unit_test(test_permits_keep_a_room_that_is_told_something),
};

int main(void)
{
    return RUN(TESTS);
}
