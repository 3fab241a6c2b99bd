/* SPDX-License-Identifier: MIT
 *
 * Presence: what others see when somebody comes, idles, freezes, is late, is
 * cut off, sleeps or leaves, and that they see nothing when nothing changed.
 */
#include "tests/server.h"

/* The rows of the PRESENCE in the inbox; 0 when there is none. */
static size_t rows(struct peer *p, struct rec_presence *out, size_t max)
{
    struct msg msg;
    struct str packed;
    size_t n = 0;

    if (!take(p, KIND_PRESENCE, &msg))
        return 0;
    packed = msg.presence.rows;
    while (n < max && rec_next(RECORD_presence, &packed, &out[n]))
        n++;
    assert_int_equal(packed.len, 0);
    assert_true(n > 0);
    return n;
}

/* The one row there must be, about `who`. */
static struct rec_presence row_about(struct peer *p, const struct peer *who)
{
    struct rec_presence row = { 0 };

    if (rows(p, &row, 1) != 1 || row.account != who->account)
        fail_msg("no row about %llu", (unsigned long long)who->account);
    must_not(p, KIND_PRESENCE);
    return row;
}

struct pair {
    struct rig *rig;
    struct peer *ann, *bob;
    uint64_t room;
};

/* Two in a room, both beating; what had to be told has been. */
static struct pair pair_new(const struct limits *limits)
{
    struct pair pair = { .rig = rig_new(limits) };
    struct msg ping = { .kind = KIND_PING };

    ping.ping.rtt_us = 1000;
    pair.ann = enter(pair.rig, "ann");
    pair.bob = enter(pair.rig, "bob");
    pair.room = join(pair.ann, "#lobby");
    join(pair.bob, "#lobby");
    say(pair.ann, &ping);
    say(pair.bob, &ping);
    link_beat(pair.ann->link, 5000, pair.rig->now);
    link_beat(pair.bob->link, 5000, pair.rig->now);
    pass(pair.rig, 20000);
    forget(pair.ann);
    forget(pair.bob);
    return pair;
}

static void beat_with(struct peer *p, uint32_t idle_s, uint32_t frozen_s)
{
    link_set_local(p->link, (struct link_local){ idle_s, frozen_s });
    pass(p->rig, 6000);
}

static void test_presence_is_silent_while_nothing_changes(void **state)
{
    struct pair t = pair_new(NULL);

    (void)state;
    pass(t.rig, 120000);
    must_not(t.bob, KIND_PRESENCE);
    must_not(t.ann, KIND_PRESENCE);
    rig_free(t.rig);
}

static void test_presence_tells_a_newcomer_to_the_room(void **state)
{
    struct pair t = pair_new(NULL);
    struct peer *eve = enter(t.rig, "eve");
    struct rec_presence row;

    (void)state;
    pass(t.rig, 1000);
    must_not(t.ann, KIND_PRESENCE); /* they share no room yet */
    join(eve, "#lobby");
    pass(t.rig, 600);
    row = row_about(t.ann, eve);
    assert_int_equal(row.state, presence_HERE);
    rig_free(t.rig);
}

static void test_presence_tells_idle_and_back(void **state)
{
    struct pair t = pair_new(NULL);
    struct rec_presence row;

    (void)state;
    beat_with(t.ann, 400, 0);
    row = row_about(t.bob, t.ann);
    assert_int_equal(row.state, presence_IDLE);
    assert_int_equal(row.reason, reason_NONE);
    assert_true(row.since <= t.rig->now.wall_ms - 400000);
    assert_true(row.since >= t.rig->now.wall_ms - 408000);

    beat_with(t.ann, 1, 0);
    row = row_about(t.bob, t.ann);
    assert_int_equal(row.state, presence_HERE);
    rig_free(t.rig);
}

static void test_presence_tells_a_frozen_screen(void **state)
{
    struct pair t = pair_new(NULL);
    struct rec_presence row;

    (void)state;
    beat_with(t.ann, 0, 10);
    row = row_about(t.bob, t.ann);
    assert_int_equal(row.state, presence_FROZEN);
    rig_free(t.rig);
}

static void test_presence_tells_late_then_gone_with_the_time(void **state)
{
    struct pair t = pair_new(NULL);
    uint64_t silent_since;
    struct rec_presence row;

    (void)state;
    link_beat(t.ann->link, 0, t.rig->now);
    silent_since = link_peer(t.ann->s->link).heard_us;
    while (t.rig->now.mono_us < silent_since + 7400000)
        pass(t.rig, 10);
    must_not(t.bob, KIND_PRESENCE);
    pass(t.rig, 700);
    row = row_about(t.bob, t.ann);
    assert_int_equal(row.state, presence_LATE);

    pass(t.rig, 7500);
    row = row_about(t.bob, t.ann);
    assert_int_equal(row.state, presence_GONE);
    assert_int_equal(row.reason, reason_TIMEOUT);
    assert_true(row.since < t.rig->now.wall_ms - 14000);
    assert_int_equal(t.rig->w->env.metrics.timeouts, 1);
    rig_free(t.rig);
}

static void test_presence_tells_a_cut_link_at_once(void **state)
{
    struct pair t = pair_new(NULL);
    struct rec_presence row;

    (void)state;
    cut(t.ann);
    pass(t.rig, 600);
    row = row_about(t.bob, t.ann);
    assert_int_equal(row.state, presence_GONE);
    assert_int_equal(row.reason, reason_CLOSED);
    must_not(t.bob, KIND_EVENT); /* going offline is not leaving */
    rig_free(t.rig);
}

static void leave_with(unsigned cause, unsigned reason)
{
    struct pair t = pair_new(NULL);
    struct msg msg = { .kind = KIND_BYE };
    struct rec_presence row;

    msg.bye.cause = cause;
    say(t.ann, &msg);
    pass(t.rig, 600);
    row = row_about(t.bob, t.ann);
    assert_int_equal(row.state, presence_GONE);
    assert_int_equal(row.reason, reason);
    rig_free(t.rig);
}

static void test_presence_tells_quitting_from_detaching(void **state)
{
    (void)state;
    leave_with(reason_QUIT, reason_QUIT);
    leave_with(reason_DETACHED, reason_DETACHED);
    leave_with(77, reason_QUIT);
}

static void test_presence_shows_nothing_of_a_quick_return(void **state)
{
    struct pair t = pair_new(NULL);
    uint64_t device = t.ann->s->device_id;
    struct peer *again;

    (void)state;
    again = resume(t.ann, TRANSPORT_UDP); /* the old link still there */
    must(t.ann, KIND_BYE);
    pass(t.rig, 700);
    must_not(t.bob, KIND_PRESENCE);
    assert_int_equal(again->account, t.ann->account);

    cut(again);
    pass(t.rig, 100);
    enter_as(t.rig, TRANSPORT_TCP, "", device,
             str_bytes(t.ann->token, TOKEN_LEN));
    pass(t.rig, 700);
    must_not(t.bob, KIND_PRESENCE);
    must_not(t.bob, KIND_EVENT);
    rig_free(t.rig);
}

static void test_presence_says_why_somebody_was_away(void **state)
{
    struct pair t = pair_new(NULL);
    struct peer *again = peer_new(t.rig, TRANSPORT_TCP);
    struct msg msg = { .kind = KIND_AUTH };
    struct rec_presence row;
    uint64_t device = t.ann->s->device_id;

    (void)state;
    cut(t.ann);
    pass(t.rig, 5000);
    assert_int_equal(row_about(t.bob, t.ann).state, presence_GONE);

    say_hello(again, device);
    msg.auth.token = str_bytes(t.ann->token, TOKEN_LEN);
    msg.auth.cause = reason_ASLEEP;
    msg.auth.away_ms = 65000;
    say(again, &msg);
    pass(t.rig, 600);
    row = row_about(t.bob, t.ann);
    assert_int_equal(row.state, presence_HERE);
    assert_int_equal(row.reason, reason_ASLEEP);
    assert_int_equal(row.away_s, 65);
    rig_free(t.rig);
}

static void test_presence_is_the_best_of_two_devices(void **state)
{
    struct pair t = pair_new(NULL);
    struct peer *phone = enter_as(t.rig, TRANSPORT_TCP, "", 4242,
                                  str_bytes(t.ann->token, TOKEN_LEN));

    (void)state;
    link_beat(phone->link, 5000, t.rig->now);
    cut(t.ann);
    pass(t.rig, 6000);
    must_not(t.bob, KIND_PRESENCE);
    beat_with(phone, 0, 10);
    assert_int_equal(row_about(t.bob, t.ann).state, presence_FROZEN);
    rig_free(t.rig);
}

static void test_presence_tells_away_with_its_text(void **state)
{
    struct pair t = pair_new(NULL);
    struct msg msg = { .kind = KIND_STATUS };
    struct rec_presence row;

    (void)state;
    msg.status.away = 1;
    msg.status.text = S("lunch");
    say(t.ann, &msg);
    pass(t.rig, 600);
    must(t.ann, KIND_OK);
    row = row_about(t.bob, t.ann);
    assert_int_equal(row.state, presence_IDLE);
    assert_int_equal(row.reason, reason_AWAY);
    msg = (struct msg){ .kind = KIND_MEMBERS };
    msg.members.room = t.room;
    say(t.bob, &msg);
    settle(t.rig);
    msg = must(t.bob, KIND_MEMBER);
    assert_true(str_is(msg.member.text, "lunch"));
    assert_int_equal(msg.member.reason, reason_AWAY);

    msg = (struct msg){ .kind = KIND_STATUS };
    say(t.ann, &msg);
    pass(t.rig, 600);
    assert_int_equal(row_about(t.bob, t.ann).state, presence_HERE);
    rig_free(t.rig);
}

static void test_presence_is_not_told_in_large_rooms(void **state)
{
    struct limits limits = rig_limits();
    struct pair t;
    struct msg msg = { .kind = KIND_TYPING };

    (void)state;
    limits.value[LIMIT_LARGE_ROOM] = 2;
    t = pair_new(&limits);
    join(enter(t.rig, "eve"), "#lobby");
    pass(t.rig, 600);
    forget(t.bob);
    msg.typing.room = t.room;
    msg.typing.active = 1;
    say(t.ann, &msg);
    cut(t.ann);
    pass(t.rig, 600);
    must_not(t.bob, KIND_PRESENCE);
    must_not(t.bob, KIND_TYPING);
    rig_free(t.rig);
}

static void test_presence_goes_in_one_frame_per_batch(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct peer *ann = enter(rig, "ann"), *peers[20];
    struct rec_presence got[32];

    (void)state;
    join(ann, "#lobby");
    join(ann, "#other");
    for (int i = 0; i < 20; i++) {
        char nick[8];

        snprintf(nick, sizeof nick, "p%d", i);
        peers[i] = enter(rig, nick);
        join(peers[i], "#lobby");
        join(peers[i], "#other"); /* shared twice, told once */
    }
    pass(rig, 1000);
    forget(ann);
    for (int i = 0; i < 20; i++)
        cut(peers[i]);
    pass(rig, 1000);
    assert_int_equal(rows(ann, got, 32), 20);
    must_not(ann, KIND_PRESENCE);
    rig_free(rig);
}

static void test_presence_relays_typing_sparingly(void **state)
{
    struct pair t = pair_new(NULL);
    struct msg msg = { .kind = KIND_TYPING };

    (void)state;
    msg.typing.room = t.room;
    msg.typing.active = 1;
    for (int i = 0; i < 20; i++) {
        say(t.ann, &msg);
        pass(t.rig, 100);
    }
    msg.typing.active = 0;
    say(t.ann, &msg);
    say(t.ann, &msg);
    settle(t.rig);
    msg = must(t.bob, KIND_TYPING);
    assert_int_equal(msg.typing.account, t.ann->account);
    assert_int_equal(msg.typing.active, 1);
    msg = must(t.bob, KIND_TYPING);
    assert_int_equal(msg.typing.active, 1);
    msg = must(t.bob, KIND_TYPING);
    assert_int_equal(msg.typing.active, 0);
    must_not(t.bob, KIND_TYPING);
    must_not(t.ann, KIND_TYPING);
    rig_free(t.rig);
}

static void test_presence_tells_a_slower_path_but_not_every_wobble(void **state)
{
    struct pair t = pair_new(NULL);
    struct msg msg = { .kind = KIND_PING };
    struct rec_presence row;

    (void)state;
    msg.ping.rtt_us = 40000;
    say(t.ann, &msg);
    pass(t.rig, 5600);
    row = row_about(t.bob, t.ann);
    assert_int_equal(row.rtt_ms, 40);
    link_beat(t.ann->link, 0, t.rig->now);
    for (int i = 0; i < 10; i++) {
        msg.ping.rtt_us = 40000 + 900 * (uint64_t)i; /* under a quarter */
        say(t.ann, &msg);
        pass(t.rig, 1000);
    }
    must_not(t.bob, KIND_PRESENCE);
    msg.ping.rtt_us = 90000;
    say(t.ann, &msg);
    pass(t.rig, 600);
    assert_int_equal(row_about(t.bob, t.ann).rtt_ms, 90);
    rig_free(t.rig);
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_presence_is_silent_while_nothing_changes),
    cmocka_unit_test(test_presence_tells_a_newcomer_to_the_room),
    cmocka_unit_test(test_presence_tells_idle_and_back),
    cmocka_unit_test(test_presence_tells_a_frozen_screen),
    cmocka_unit_test(test_presence_tells_late_then_gone_with_the_time),
    cmocka_unit_test(test_presence_tells_a_cut_link_at_once),
    cmocka_unit_test(test_presence_tells_quitting_from_detaching),
    cmocka_unit_test(test_presence_shows_nothing_of_a_quick_return),
    cmocka_unit_test(test_presence_says_why_somebody_was_away),
    cmocka_unit_test(test_presence_is_the_best_of_two_devices),
    cmocka_unit_test(test_presence_tells_away_with_its_text),
    cmocka_unit_test(test_presence_is_not_told_in_large_rooms),
    cmocka_unit_test(test_presence_goes_in_one_frame_per_batch),
    cmocka_unit_test(test_presence_relays_typing_sparingly),
    cmocka_unit_test(test_presence_tells_a_slower_path_but_not_every_wobble),
};

int main(void)
{
    return RUN(TESTS);
}
