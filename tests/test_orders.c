/* SPDX-License-Identifier: MIT
 *
 * What follows from orders in a room: who is thrown out, kept out, silent or
 * slow, what ends by itself, what outlives a restart, and what a commit that
 * fails leaves as it was.
 */
#include "tests/forum.h"

#include "server/sanction.h"

/* ---- what follows ---- */

static void test_orders_keep_the_higher_from_the_lower(void **state)
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

static void test_orders_tell_who_is_thrown_out(void **state)
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

static void test_orders_end_with_their_time(void **state)
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

static void test_orders_ban_by_key_and_address(void **state)
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
static void test_orders_tell_who_is_banned_by_many_keys(void **state)
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
static void test_orders_forget_what_is_over(void **state)
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

static void test_orders_open_to_an_invitation(void **state)
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

static void test_orders_hide_secret_rooms(void **state)
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
static void test_orders_hide_secret_rooms_from_repeats(void **state)
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

static void test_orders_follow_the_mode(void **state)
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

static void test_orders_slow_people_down(void **state)
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

static void test_orders_mute_on_the_whole_server(void **state)
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

static void test_orders_outlive_a_restart(void **state)
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

static void test_orders_count_rooms_owned(void **state)
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
    assert_int_equal(try_part(own, b), 0);
    assert_int_equal(try_join(own, "#e", ""), 0);
    check_owns_enough(own, "#f");

    /* An empty room is whose who comes next; admins may have it all. */
    assert_int_equal(try_part(sub, b), 0);
    check_owns_enough(own, "#b");
    world_account(rig->w, own->account)->rank = RANK_ADMIN;
    assert_int_equal(try_join(own, "#b", ""), 0);
    assert_int_equal(try_join(own, "#f", ""), 0);
    rig_free(rig);
}

static void test_orders_fall_back_when_not_stored(void **state)
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
static void test_orders_of_who_comes_back_at_once(void **state)
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

/* Who is to go asks to come in before that is stored. */
static void test_orders_keep_out_who_comes_at_once(void **state)
{
    struct stand t;
    struct msg msg = { .kind = KIND_SANCTION };

    (void)state;
    for (int member = 0; member < 2; member++) {
        set_up(&t, OPEN, member ? AS_MODERATOR : AS_OUTSIDER);
        forget(t.subject);
        msg.sanction = (struct msg_sanction){ .room = t.room,
                                              .cseq = ++t.owner->cseq,
                                              .nick = S("sub"),
                                              .kind = sanction_ACCOUNT };
        say(t.owner, &msg);
        carry_up(t.owner);
        say_join(t.subject, "#room");
        carry_up(t.subject);
        settle(t.rig);
        pass(t.rig, 10);
        must(t.owner, KIND_SEND_ACK);
        assert_int_equal(must(t.subject, KIND_ERROR).error.code, ERROR_BANNED);
        assert_null(
            room_member(world_room(t.rig->w, t.room), t.subject->account));
        rig_free(t.rig);
    }
}

/* Nor may they write it into a reason. */
static void test_orders_mute_reasons_as_well(void **state)
{
    struct stand t;
    struct msg msg = { .kind = KIND_REDACT };
    uint64_t said;

    (void)state;
    set_up(&t, OPEN, AS_MEMBER);
    say_text(t.subject, t.room, "well");
    settle(t.rig);
    said = must(t.subject, KIND_SEND_ACK).send_ack.seq;
    assert_int_equal(sanction(t.owner, t.room, "sub", sanction_MUTE, 0), 0);
    for (int part = 0; part < 2; part++) {
        struct str why = S("listen, all of you");

        if (part)
            msg.part = (struct msg_part){ t.room, ++t.subject->cseq, why };
        else
            msg.redact = (struct msg_redact){ .room = t.room,
                                              .cseq = ++t.subject->cseq,
                                              .ref = said,
                                              .text = why };
        msg.kind = part ? KIND_PART : KIND_REDACT;
        forget(t.owner);
        assert_int_equal(order(t.subject, &msg), 0);
        msg = must(t.owner, KIND_EVENT);
        assert_int_equal(msg.event.kind, part ? event_PART : event_REDACT);
        assert_int_equal(msg.event.text.len, 0);
    }
    rig_free(t.rig);
}

static void test_orders_take_the_role_of_who_comes_at_once(void **state)
{
    struct stand t;
    struct msg msg = { .kind = KIND_KICK };
    const struct member *m;

    (void)state;
    set_up(&t, OPEN, AS_MODERATOR);
    forget(t.subject);
    msg.kick = (struct msg_kick){ t.room, ++t.owner->cseq, S("sub"), S("") };
    say(t.owner, &msg);
    carry_up(t.owner);
    say_join(t.subject, "#room");
    carry_up(t.subject);
    settle(t.rig);
    must(t.subject, KIND_SEND_ACK);
    m = room_member(world_room(t.rig->w, t.room), t.subject->account);
    assert_true(m->in);
    assert_int_equal(m->role, role_MEMBER);
    rig_free(t.rig);
}

/* A ban that could not be stored bars nobody. */
static void test_orders_open_again_when_not_stored(void **state)
{
    struct stand t;

    (void)state;
    set_up(&t, OPEN, AS_OUTSIDER);
    store_fail(t.rig->w->store, 1);
    assert_int_equal(sanction(t.owner, t.room, "sub", sanction_ACCOUNT, 0),
                     ERROR_STORE);
    assert_int_equal(try_join(t.subject, "#room", ""), 0);
    rig_free(t.rig);
}

/* The last one leaves while somebody comes: there is an owner again. */
static void test_orders_go_on_with_an_owner(void **state)
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
static void test_orders_keep_a_room_that_is_told_something(void **state)
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
    cmocka_unit_test(test_orders_keep_the_higher_from_the_lower),
    cmocka_unit_test(test_orders_tell_who_is_thrown_out),
    cmocka_unit_test(test_orders_end_with_their_time),
    cmocka_unit_test(test_orders_ban_by_key_and_address),
    cmocka_unit_test(test_orders_tell_who_is_banned_by_many_keys),
    cmocka_unit_test(test_orders_forget_what_is_over),
    cmocka_unit_test(test_orders_open_to_an_invitation),
    cmocka_unit_test(test_orders_hide_secret_rooms),
    cmocka_unit_test(test_orders_hide_secret_rooms_from_repeats),
    cmocka_unit_test(test_orders_follow_the_mode),
    cmocka_unit_test(test_orders_slow_people_down),
    cmocka_unit_test(test_orders_mute_on_the_whole_server),
    cmocka_unit_test(test_orders_outlive_a_restart),
    cmocka_unit_test(test_orders_count_rooms_owned),
    cmocka_unit_test(test_orders_fall_back_when_not_stored),
    cmocka_unit_test(test_orders_of_who_comes_back_at_once),
    cmocka_unit_test(test_orders_keep_out_who_comes_at_once),
    cmocka_unit_test(test_orders_mute_reasons_as_well),
    cmocka_unit_test(test_orders_take_the_role_of_who_comes_at_once),
    cmocka_unit_test(test_orders_open_again_when_not_stored),
    cmocka_unit_test(test_orders_go_on_with_an_owner),
    cmocka_unit_test(test_orders_keep_a_room_that_is_told_something),
};

int main(void)
{
    return RUN(TESTS);
}
