/* SPDX-License-Identifier: MIT
 *
 * The server as its clients see it: greeting, rooms, talking, history.
 */
#include "tests/server.h"

#include "server/verbs.h"

/* ---- the table ---- */

static void test_hub_has_a_verb_for_every_client_message(void **state)
{
    (void)state;
    for (size_t i = 0; i < WIRE_ROWS_LEN; i++) {
        bool from_client = WIRE_ROWS[i].from & FROM_CLIENT;

        if (verbs_has((unsigned)WIRE_ROWS[i].kind) != from_client)
            fail_msg("%s", WIRE_ROWS[i].name);
    }
}

/* ---- greeting ---- */

static void test_hub_greets_in_one_flight(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct peer *p = peer_new(rig, TRANSPORT_TCP);
    struct limits told;
    struct msg msg;

    (void)state;
    say_hello(p, 7);
    say_auth(p, "ann", str_of(NULL));
    say_sync(p);
    settle(rig);

    msg = must(p, KIND_WELCOME);
    assert_int_equal(msg.welcome.version, PROTOCOL_VERSION);
    assert_int_equal(msg.request, 1);
    assert_true(msg.welcome.epoch != 0);
    limits_init(&told);
    told.value[LIMIT_SEND_RATE] = 99;
    limits_unpack(&told, msg.welcome.limits);
    assert_int_equal(told.value[LIMIT_SEND_RATE], 0);
    msg = must(p, KIND_AUTH_OK);
    assert_true(str_is(msg.auth_ok.nick, "ann"));
    assert_int_equal(msg.auth_ok.last_cseq, 0);
    assert_int_equal(msg.auth_ok.resumed, 0);
    msg = must(p, KIND_SYNC_DONE);
    assert_int_equal(msg.sync_done.rooms, 0);
    assert_int_equal(p->n, 0);
    rig_free(rig);
}

static void test_hub_refuses_a_version_it_does_not_speak(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct peer *p = peer_new(rig, TRANSPORT_TCP);
    struct msg msg = { .kind = KIND_HELLO };

    (void)state;
    msg.hello.vmin = PROTOCOL_VERSION + 1;
    msg.hello.vmax = PROTOCOL_VERSION + 3;
    msg.hello.device = 1;
    say(p, &msg);
    settle(rig);

    msg = must(p, KIND_ERROR);
    assert_int_equal(msg.error.code, ERROR_VERSION);
    must(p, KIND_BYE);
    rig_free(rig);
}

static void test_hub_closes_on_anything_before_hello(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct peer *p = peer_new(rig, TRANSPORT_TCP);
    struct msg msg;

    (void)state;
    say_text(p, 1, "hi");
    settle(rig);

    msg = must(p, KIND_ERROR);
    assert_int_equal(msg.error.code, ERROR_BAD_STATE);
    assert_int_equal(msg.error.cseq, 0); /* it was not used up */
    msg = must(p, KIND_BYE);
    assert_int_equal(msg.bye.code, ERROR_AUTH_REQUIRED);
    pass(rig, 3000);
    assert_null(p->s);
    rig_free(rig);
}

static void test_hub_closes_on_garbage(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct peer *p = peer_new(rig, TRANSPORT_TCP);

    (void)state;
    hub_feed(rig->hub, p->s, S("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), rig->now);
    settle(rig);
    must(p, KIND_BYE);
    hub_feed(rig->hub, p->s, S("more of it"), rig->now);
    pass(rig, 3000);
    assert_null(p->s);
    rig_free(rig);
}

static void test_hub_answers_unknown_kinds_only_when_critical(void **state)
{
    static const char QUIET[] = "\0\0\0\0\x7f\xff\0\0\0\0\0\x09";
    static const char CRITICAL[] = "\0\0\0\0\x7f\xff\0\1\0\0\0\x09";
    struct rig *rig = rig_new(NULL);
    struct peer *p = enter(rig, "ann");
    struct msg msg;

    (void)state;
    hub_feed(rig->hub, p->s, str_bytes(QUIET, 12), rig->now);
    settle(rig);
    assert_int_equal(p->n, 0);

    hub_feed(rig->hub, p->s, str_bytes(CRITICAL, 12), rig->now);
    settle(rig);
    msg = must(p, KIND_ERROR);
    assert_int_equal(msg.error.code, ERROR_UNSUPPORTED);
    assert_int_equal(msg.request, 9);
    rig_free(rig);
}

static void test_hub_closes_who_does_not_greet(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct peer *p = peer_new(rig, TRANSPORT_TCP);

    (void)state;
    say_hello(p, 1);
    pass(rig, 14000);
    assert_non_null(p->s);
    assert_int_equal(rig->w->env.metrics.pending, 1);
    pass(rig, 1100);
    must(p, KIND_BYE);
    assert_int_equal(rig->w->env.metrics.pending, 0);
    pass(rig, 3000);
    assert_null(p->s);
    rig_free(rig);
}

/* ---- names ---- */

static void refuse_nick(struct rig *rig, const char *nick, enum err code)
{
    struct peer *p = peer_new(rig, TRANSPORT_TCP);
    struct msg msg;

    say_hello(p, rng_next(&rig->rng) | 1);
    say_auth(p, nick, str_of(NULL));
    settle(rig);
    msg = must(p, KIND_ERROR);
    if (msg.error.code != code)
        fail_msg("%s: %s", nick, err_name((unsigned)msg.error.code));
    cut(p);
}

static void test_hub_refuses_bad_and_taken_nicks(void **state)
{
    struct rig *rig = rig_new(NULL);

    (void)state;
    enter(rig, "Ann");
    refuse_nick(rig, "ann", ERROR_NAME_TAKEN);
    refuse_nick(rig, "ＡＮＮ", ERROR_NAME_TAKEN);
    refuse_nick(rig, "", ERROR_NAME_INVALID);
    refuse_nick(rig, "#room", ERROR_NAME_INVALID);
    refuse_nick(rig, "a b", ERROR_NAME_INVALID);
    refuse_nick(rig, "0123456789012345678901234567890123", ERROR_NAME_INVALID);
    enter(rig, "李伟");
    rig_free(rig);
}

static void test_hub_lets_a_second_try_follow_a_taken_nick(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct peer *p = peer_new(rig, TRANSPORT_TCP);

    (void)state;
    enter(rig, "ann");
    say_hello(p, 5);
    say_auth(p, "ann", str_of(NULL));
    say_sync(p);
    settle(rig);
    must(p, KIND_ERROR); /* NAME_TAKEN */
    must(p, KIND_ERROR); /* SYNC: not now */

    say_auth(p, "ann_", str_of(NULL));
    settle(rig);
    authed(p);
    rig_free(rig);
}

static void test_hub_tells_a_change_of_nick(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct peer *ann = enter(rig, "ann"), *bob = enter(rig, "bob");
    struct msg msg = { .kind = KIND_NICK };
    uint64_t room = join(ann, "#lobby");

    (void)state;
    join(bob, "#lobby");
    forget(ann);
    msg.nick.nick = S("Anna");
    say(ann, &msg);
    settle(rig);

    msg = must(ann, KIND_OK);
    assert_true(str_is(msg.ok.text, "Anna"));
    msg = must(bob, KIND_EVENT);
    assert_int_equal(msg.event.kind, event_NICK);
    assert_true(str_is(msg.event.nick, "ann"));
    assert_true(str_is(msg.event.text, "Anna"));
    say_text(ann, room, "me");
    settle(rig);
    msg = must(bob, KIND_EVENT);
    assert_true(str_is(msg.event.nick, "Anna"));
    refuse_nick(rig, "anna", ERROR_NAME_TAKEN);
    enter(rig, "ann"); /* free again */
    rig_free(rig);
}

static void test_hub_respells_a_nick(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct peer *ann = enter(rig, "ann");
    struct msg msg = { .kind = KIND_NICK };

    (void)state;
    msg.nick.nick = S("ANN");
    say(ann, &msg);
    settle(rig);
    must(ann, KIND_OK);
    refuse_nick(rig, "ann", ERROR_NAME_TAKEN);
    msg = (struct msg){ .kind = KIND_NICK };
    msg.nick.nick = S("zoe");
    say(ann, &msg);
    settle(rig);
    enter(rig, "ann");
    rig_free(rig);
}

static void test_hub_keeps_the_old_nick_when_the_store_fails(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct peer *ann = enter(rig, "ann");
    struct msg msg = { .kind = KIND_NICK };

    (void)state;
    join(ann, "#lobby");
    store_fail(rig->w->store, 1);
    msg.nick.nick = S("zoe");
    say(ann, &msg);
    settle(rig);
    msg = must(ann, KIND_ERROR);
    assert_int_equal(msg.error.code, ERROR_STORE);
    refuse_nick(rig, "ann", ERROR_NAME_TAKEN);
    enter(rig, "zoe");
    rig_free(rig);
}

/* ---- rooms ---- */

static void test_hub_gives_a_joiner_the_room_then_its_events(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct peer *ann = enter(rig, "ann"), *bob = enter(rig, "bob");
    struct msg msg;
    uint64_t room = join(ann, "#Lobby");

    (void)state;
    say_text(ann, room, "one");
    settle(rig);
    forget(ann);
    say_join(bob, "#lobby"); /* the same room in another spelling */
    settle(rig);

    msg = must(bob, KIND_SEND_ACK);
    assert_int_equal(msg.send_ack.room, room);
    assert_int_equal(msg.send_ack.seq, 3);
    msg = must(bob, KIND_SYNC_ROOM);
    assert_true(str_is(msg.sync_room.name, "#Lobby"));
    assert_int_equal(msg.sync_room.head, 3);
    assert_int_equal(msg.sync_room.from, 1);
    assert_int_equal(msg.sync_room.members, 2);
    for (uint64_t seq = 1; seq <= 3; seq++) {
        msg = must(bob, KIND_EVENT);
        assert_int_equal(msg.event.seq, seq);
    }
    assert_int_equal(msg.event.kind, event_JOIN);
    must_not(bob, KIND_EVENT);
    msg = must(ann, KIND_EVENT);
    assert_int_equal(msg.event.seq, 3);
    rig_free(rig);
}

static void test_hub_answers_a_second_join_with_the_room(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct peer *ann = enter(rig, "ann");
    struct msg msg;
    uint64_t room = join(ann, "#lobby");

    (void)state;
    say_join(ann, "#lobby");
    settle(rig);
    msg = must(ann, KIND_SEND_ACK);
    assert_int_equal(msg.send_ack.seq, 0);
    assert_int_equal(msg.send_ack.room, room);
    msg = must(ann, KIND_SYNC_ROOM);
    assert_int_equal(msg.sync_room.head, 1);
    rig_free(rig);
}

static void test_hub_says_one_line_to_everybody_in_the_same_bytes(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct peer *peers[5];
    uint64_t room = 0;
    struct msg msg;

    (void)state;
    for (int i = 0; i < 5; i++) {
        char nick[8];

        snprintf(nick, sizeof nick, "p%d", i);
        peers[i] = enter(rig, nick);
        room = join(peers[i], "#lobby");
    }
    for (int i = 0; i < 5; i++)
        forget(peers[i]);
    say_text(peers[2], room, "hello 世界");
    settle(rig);

    msg = must(peers[2], KIND_SEND_ACK);
    assert_int_equal(msg.send_ack.seq, 6);
    assert_int_equal(msg.send_ack.ts, rig->now.wall_ms);
    for (int i = 1; i < 5; i++) {
        assert_int_equal(peers[i]->n, 1);
        assert_true(str_eq(frame_str(peers[i]->inbox[0]),
                           frame_str(peers[0]->inbox[0])));
    }
    msg = must(peers[0], KIND_EVENT);
    assert_true(str_is(msg.event.text, "hello 世界"));
    assert_int_equal(msg.event.cseq, peers[2]->cseq);
    rig_free(rig);
}

static void refuse_text(struct peer *p, uint64_t room, const char *text,
                        enum err code)
{
    struct msg msg;

    say_text(p, room, text);
    settle(p->rig);
    msg = must(p, KIND_ERROR);
    assert_int_equal(msg.error.code, code);
    assert_int_equal(msg.error.cseq, p->cseq);
}

static void test_hub_uses_up_the_number_of_a_refused_line(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct peer *ann = enter(rig, "ann"), *bob = enter(rig, "bob");
    uint64_t room = join(ann, "#lobby"), other = join(bob, "#other");
    static char lines[300], large[9000];
    struct msg msg;

    (void)state;
    memset(lines, '\n', 299);
    memset(large, 'x', 8999);
    refuse_text(ann, other, "hi", ERROR_NOT_MEMBER);
    refuse_text(ann, 12345, "hi", ERROR_NOT_MEMBER);
    refuse_text(ann, room, "", ERROR_BAD_FIELD);
    refuse_text(ann, room, lines, ERROR_TOO_LARGE);
    refuse_text(ann, room, large, ERROR_TOO_LARGE);
    say_text(ann, room, "ok");
    settle(rig);
    msg = must(ann, KIND_SEND_ACK);
    assert_int_equal(msg.send_ack.cseq, ann->cseq);
    assert_int_equal(msg.send_ack.seq, 2);
    rig_free(rig);
}

static void test_hub_parts_for_all_devices(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct peer *ann = enter(rig, "ann"), *bob = enter(rig, "bob");
    uint64_t room = join(ann, "#lobby");
    struct peer *phone =
        enter_as(rig, TRANSPORT_TCP, "", 99, str_bytes(ann->token, TOKEN_LEN));
    struct msg msg = { .kind = KIND_PART };

    (void)state;
    join(bob, "#lobby");
    forget(bob);
    forget(phone);
    forget(ann);
    msg.part.room = room;
    msg.part.cseq = ++ann->cseq;
    msg.part.text = S("later");
    say(ann, &msg);
    settle(rig);

    must(ann, KIND_SEND_ACK);
    must(ann, KIND_EVENT);
    msg = must(phone, KIND_EVENT);
    assert_int_equal(msg.event.kind, event_PART);
    assert_true(str_is(msg.event.text, "later"));
    must(bob, KIND_EVENT);
    say_text(bob, room, "gone?");
    settle(rig);
    must_not(ann, KIND_EVENT);
    must_not(phone, KIND_EVENT);
    refuse_text(ann, room, "me", ERROR_NOT_MEMBER);
    rig_free(rig);
}

static void test_hub_sets_and_clears_a_topic(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct peer *ann = enter(rig, "ann"), *bob = enter(rig, "bob");
    uint64_t room = join(ann, "#lobby");
    struct msg msg = { .kind = KIND_ROOM_SET };

    (void)state;
    msg.room_set.room = room;
    msg.room_set.cseq = ++ann->cseq;
    msg.room_set.topic = S("tea");
    say(ann, &msg);
    settle(rig);
    msg = must(ann, KIND_EVENT);
    assert_int_equal(msg.event.kind, event_TOPIC);
    say_join(bob, "#lobby");
    settle(rig);
    msg = must(bob, KIND_SYNC_ROOM);
    assert_true(str_is(msg.sync_room.topic, "tea"));
    rig_free(rig);
}

/* ---- direct rooms ---- */

static void test_hub_opens_a_direct_room_for_both(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct peer *ann = enter(rig, "ann"), *bob = enter(rig, "bob");
    struct msg msg;
    uint64_t room = join(ann, "@BOB");

    (void)state;
    msg = must(bob, KIND_SYNC_ROOM);
    assert_int_equal(msg.sync_room.room, room);
    assert_int_equal(msg.sync_room.kind, room_DIRECT);
    assert_true(str_is(msg.sync_room.name, "@ann"));
    assert_int_equal(msg.sync_room.peer, ann->account);
    say_text(bob, room, "psst");
    settle(rig);
    msg = must(ann, KIND_EVENT);
    assert_int_equal(msg.event.seq, 1); /* no JOINs before it */
    assert_int_equal(join(bob, "@ann"), room);
    rig_free(rig);
}

static void test_hub_opens_a_direct_room_again_at_a_message(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct peer *ann = enter(rig, "ann"), *bob = enter(rig, "bob");
    struct msg msg = { .kind = KIND_PART };
    uint64_t room = join(ann, "@bob");

    (void)state;
    forget(bob);
    msg.part.room = room;
    msg.part.cseq = ++bob->cseq;
    say(bob, &msg);
    settle(rig);
    must(bob, KIND_SEND_ACK);
    say_text(ann, room, "still there?");
    settle(rig);

    msg = must(bob, KIND_SYNC_ROOM);
    assert_int_equal(msg.sync_room.from, 1);
    msg = must(bob, KIND_EVENT);
    assert_true(str_is(msg.event.text, "still there?"));
    must_not(bob, KIND_EVENT);
    rig_free(rig);
}

static void test_hub_knows_nobody_of_that_name(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct peer *ann = enter(rig, "ann");
    struct msg msg;

    (void)state;
    say_join(ann, "@nobody");
    say_join(ann, "@ann");
    say_join(ann, "lobby");
    say_join(ann, "#");
    settle(rig);
    msg = must(ann, KIND_ERROR);
    assert_int_equal(msg.error.code, ERROR_NO_SUCH_ACCOUNT);
    assert_int_equal(msg.error.cseq, 1);
    msg = must(ann, KIND_ERROR);
    assert_int_equal(msg.error.code, ERROR_FORBIDDEN);
    msg = must(ann, KIND_ERROR);
    assert_int_equal(msg.error.code, ERROR_NAME_INVALID);
    msg = must(ann, KIND_ERROR);
    assert_int_equal(msg.error.code, ERROR_NAME_INVALID);
    rig_free(rig);
}

/* ---- pages ---- */

/* Ask for history; checks the page and the seqs before it. */
static void check_page(struct peer *p, struct msg_hist hist, uint64_t first,
                       uint64_t last, bool before, bool after)
{
    struct msg msg = { .kind = KIND_HIST, .hist = hist }, event;

    say(p, &msg);
    settle(p->rig);
    for (uint64_t seq = first; first && seq <= last; seq++) {
        event = must(p, KIND_EVENT);
        assert_int_equal(event.event.seq, seq);
    }
    must_not(p, KIND_EVENT);
    msg = must(p, KIND_HIST_PAGE);
    assert_int_equal(msg.request, p->request);
    assert_int_equal(msg.hist_page.first, first);
    assert_int_equal(msg.hist_page.last, last);
    assert_int_equal(msg.hist_page.before, before);
    assert_int_equal(msg.hist_page.after, after);
}

static void test_hub_pages_through_history(void **state)
{
    struct limits limits = rig_limits();
    struct rig *rig;
    struct peer *ann;
    uint64_t room;

    (void)state;
    limits.value[LIMIT_ROOM_EVENTS] = 100;
    rig = rig_new(&limits);
    ann = enter(rig, "ann");
    room = join(ann, "#lobby");
    for (int i = 2; i <= 120; i++)
        say_text(ann, room, "x");
    settle(rig);
    forget(ann); /* 1..120 said, 21..120 kept */

    check_page(ann, (struct msg_hist){ room, hist_LATEST, 0, 10, 0, 0 }, 111,
               120, true, false);
    check_page(ann, (struct msg_hist){ room, hist_BEFORE, 31, 50, 0, 0 }, 21,
               30, false, true);
    check_page(ann, (struct msg_hist){ room, hist_AFTER, 100, 5, 0, 0 }, 101,
               105, true, true);
    check_page(ann, (struct msg_hist){ room, hist_AFTER, 120, 5, 0, 0 }, 0, 0,
               true, false);
    check_page(ann, (struct msg_hist){ room, hist_AROUND, 50, 10, 0, 0 }, 45,
               54, true, true);
    check_page(ann, (struct msg_hist){ room, hist_BETWEEN, 50, 90, 54, 0 }, 51,
               53, true, true);
    check_page(ann, (struct msg_hist){ room, hist_BEFORE, 5, 10, 0, 0 }, 0, 0,
               false, true);
    check_page(ann, (struct msg_hist){ room, hist_BEFORE, 0, 10, 0, 0 }, 0, 0,
               false, true);
    check_page(ann, (struct msg_hist){ room, hist_BEFORE, UINT64_MAX, 2, 0, 0 },
               119, 120, true, false);
    check_page(ann, (struct msg_hist){ room, hist_AFTER, UINT64_MAX, 2, 0, 0 },
               0, 0, true, false);
    rig_free(rig);
}

/* Who asks for what was deleted gets what is left behind it. */
static void test_hub_pages_over_what_was_deleted(void **state)
{
    struct limits limits = rig_limits();
    struct msg_hist after = { .mode = hist_AFTER, .seq = 5, .limit = 10 };
    struct msg_hist between = { .mode = hist_BETWEEN, .limit = 10 };
    struct rig *rig;
    struct peer *ann;

    (void)state;
    limits.value[LIMIT_ROOM_EVENTS] = 100;
    rig = rig_new(&limits);
    ann = enter(rig, "ann");
    after.room = between.room = join(ann, "#lobby");
    for (int i = 2; i <= 120; i++)
        say_text(ann, after.room, "x");
    settle(rig);
    forget(ann); /* 1..120 said, 21..120 kept */

    check_page(ann, after, 21, 30, false, true);
    between.seq = 2;
    between.until = 25;
    check_page(ann, between, 21, 24, false, true);
    between.until = 20;
    check_page(ann, between, 0, 0, false, true);
    rig_free(rig);
}

static void test_hub_shows_history_only_to_members(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct peer *ann = enter(rig, "ann"), *bob = enter(rig, "bob");
    struct msg msg = { .kind = KIND_HIST };

    (void)state;
    msg.hist.room = join(ann, "#lobby");
    msg.hist.mode = hist_LATEST;
    say(bob, &msg);
    settle(rig);
    msg = must(bob, KIND_ERROR);
    assert_int_equal(msg.error.code, ERROR_NOT_MEMBER);
    rig_free(rig);
}

static void test_hub_lists_members_in_pages(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct peer *p = NULL;
    struct msg msg = { .kind = KIND_MEMBERS };
    uint64_t room = 0, seen = 0, last = 0;

    (void)state;
    for (int i = 0; i < 7; i++) {
        char nick[8];

        snprintf(nick, sizeof nick, "p%d", i);
        p = enter(rig, nick);
        room = join(p, "#lobby");
    }
    for (bool more = true; more;) {
        msg = (struct msg){ .kind = KIND_MEMBERS };
        msg.members.room = room;
        msg.members.after = last;
        msg.members.limit = 3;
        say(p, &msg);
        settle(rig);
        for (;;) {
            msg = must(p, KIND_MEMBER);
            assert_int_equal(msg.request, p->request);
            if (msg.member.account == 0)
                break;
            assert_true(msg.member.account > last);
            assert_int_equal(msg.member.state, presence_HERE);
            last = msg.member.account;
            seen++;
        }
        more = msg.member.more;
    }
    assert_int_equal(seen, 7);
    rig_free(rig);
}

static void test_hub_lists_rooms_in_order(void **state)
{
    static const char *const NAMES[] = { "#b", "#D", "#a", "#c" };
    static const char *const ORDER[] = { "#a", "#b", "#c", "#D" };
    struct rig *rig = rig_new(NULL);
    struct peer *ann = enter(rig, "ann");
    struct msg msg = { .kind = KIND_ROOM_LIST };

    (void)state;
    enter(rig, "bob");
    for (int i = 0; i < 4; i++)
        join(ann, NAMES[i]);
    join(ann, "@bob"); /* not listed */
    msg.room_list.limit = 3;
    say(ann, &msg);
    msg.room_list.after = S("#C");
    say(ann, &msg);
    settle(rig);
    for (int i = 0; i < 3; i++) {
        msg = must(ann, KIND_ROOM_INFO);
        assert_true(str_is(msg.room_info.name, ORDER[i]));
    }
    msg = must(ann, KIND_ROOM_INFO);
    assert_int_equal(msg.room_info.name.len, 0);
    assert_int_equal(msg.room_info.more, 1);
    msg = must(ann, KIND_ROOM_INFO);
    assert_true(str_is(msg.room_info.name, "#D"));
    msg = must(ann, KIND_ROOM_INFO);
    assert_int_equal(msg.room_info.more, 0);
    rig_free(rig);
}

/* ---- leaving ---- */

/* However much was asked, the edge gets its turn between. */
static void test_hub_answers_some_in_a_turn(void **state)
{
    enum { ASKED = 1000 };
    struct rig *rig = rig_new(NULL);
    struct peer *ann = enter(rig, "ann");
    struct store_query q = { .kind = QUERY_PAGE, .lo = 1, .hi = 1 };
    size_t turns = 0;

    (void)state;
    q.room = join(ann, "#lobby");
    for (int i = 0; i < ASKED; i++)
        assert_true(store_ask(rig->w->store, &q));
    for (; store_is_ready(rig->w->store); turns++) {
        hub_turn(rig->hub, rig->now);
        assert_in_range(turns, 0, ASKED);
    }
    assert_in_range(turns, ASKED / 128, ASKED);
    settle(rig);
    rig_free(rig);
}

static void test_hub_says_goodbye_with_a_spread(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct peer *ann = enter(rig, "ann"), *bob = enter(rig, "bob");
    enum err why;
    struct hub_peer late = { .transport = TRANSPORT_TCP };
    struct msg msg;

    (void)state;
    hub_shutdown(rig->hub, rig->now);
    settle(rig);
    msg = must(ann, KIND_BYE);
    assert_int_equal(msg.bye.code, ERROR_SHUTTING_DOWN);
    assert_int_equal(msg.bye.cause, reason_RESTART);
    assert_true(msg.bye.retry_ms < 2000);
    must(bob, KIND_BYE);
    assert_null(hub_open(rig->hub, &late, &why, rig->now));
    assert_int_equal(why, ERROR_SHUTTING_DOWN);
    pass(rig, 3100);
    assert_null(ann->s);
    assert_true(hub_idle_since(rig->hub) != NEVER);
    rig_free(rig);
}

static void test_hub_knows_when_nobody_is_there(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct peer *ann;

    (void)state;
    assert_int_equal(hub_idle_since(rig->hub), 1000000);
    ann = enter(rig, "ann");
    assert_true(hub_idle_since(rig->hub) == NEVER);
    pass(rig, 100);
    cut(ann);
    assert_int_equal(hub_idle_since(rig->hub), 1100000);
    rig_free(rig);
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_hub_has_a_verb_for_every_client_message),
    cmocka_unit_test(test_hub_greets_in_one_flight),
    cmocka_unit_test(test_hub_refuses_a_version_it_does_not_speak),
    cmocka_unit_test(test_hub_closes_on_anything_before_hello),
    cmocka_unit_test(test_hub_closes_on_garbage),
    cmocka_unit_test(test_hub_answers_unknown_kinds_only_when_critical),
    cmocka_unit_test(test_hub_closes_who_does_not_greet),
    cmocka_unit_test(test_hub_refuses_bad_and_taken_nicks),
    cmocka_unit_test(test_hub_lets_a_second_try_follow_a_taken_nick),
    cmocka_unit_test(test_hub_tells_a_change_of_nick),
    cmocka_unit_test(test_hub_respells_a_nick),
    cmocka_unit_test(test_hub_keeps_the_old_nick_when_the_store_fails),
    cmocka_unit_test(test_hub_gives_a_joiner_the_room_then_its_events),
    cmocka_unit_test(test_hub_answers_a_second_join_with_the_room),
    cmocka_unit_test(test_hub_says_one_line_to_everybody_in_the_same_bytes),
    cmocka_unit_test(test_hub_uses_up_the_number_of_a_refused_line),
    cmocka_unit_test(test_hub_parts_for_all_devices),
    cmocka_unit_test(test_hub_sets_and_clears_a_topic),
    cmocka_unit_test(test_hub_opens_a_direct_room_for_both),
    cmocka_unit_test(test_hub_opens_a_direct_room_again_at_a_message),
    cmocka_unit_test(test_hub_knows_nobody_of_that_name),
    cmocka_unit_test(test_hub_pages_through_history),
    cmocka_unit_test(test_hub_pages_over_what_was_deleted),
    cmocka_unit_test(test_hub_shows_history_only_to_members),
    cmocka_unit_test(test_hub_lists_members_in_pages),
    cmocka_unit_test(test_hub_lists_rooms_in_order),
    cmocka_unit_test(test_hub_answers_some_in_a_turn),
    cmocka_unit_test(test_hub_says_goodbye_with_a_spread),
    cmocka_unit_test(test_hub_knows_when_nobody_is_there),
};

int main(void)
{
    return RUN(TESTS);
}
