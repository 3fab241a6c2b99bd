/* SPDX-License-Identifier: MIT
 *
 * Clients over encrypted UDP who fall silent and come back: a closed laptop, a
 * long tunnel.
 */
#include "tests/post.h"

enum { SECOND = 1000 };

struct bedroom {
    struct post *post;
    struct caller *ana, *ben; /* ben stays awake */
    struct session *s;        /* ana's */
    uint64_t room;
};

static struct bedroom *move_in(const struct limits *limits)
{
    struct bedroom *b = mem_new(1, sizeof *b);

    b->post = post_new(limits, CLEAR_LOCAL);
    b->ana = enter_at(b->post, at(HOME, 1), "ana");
    b->s = newest(b->post);
    b->ben = enter_at(b->post, at(HOME, 2), "ben");
    b->room = join_at(b->ana, "#room");
    join_at(b->ben, "#room");
    wait(b->post, 6 * SECOND);
    forget(&b->ana->peer);
    forget(&b->ben->peer);
    return b;
}

static void move_out(struct bedroom *b)
{
    post_free(b->post);
    free(b);
}

static void fall_asleep(struct caller *c)
{
    c->mute = c->deaf = true;
}

/* Opens the lid, at an address; its heartbeat is the first to go. */
static void wake_up(struct caller *c, struct address where)
{
    c->at = where;
    c->mute = c->deaf = false;
    link_beat(c->peer.link, 5000, c->post->rig->now);
}

/* The newest that was told of an account; state 0: nothing. */
static struct rec_presence told_of(struct caller *c, uint64_t account)
{
    struct rec_presence row, found = { 0 };
    struct msg msg;

    while (take(&c->peer, KIND_PRESENCE, &msg))
        while (rec_next(RECORD_presence, &msg.presence.rows, &row))
            if (row.account == account)
                found = row;
    return found;
}

static void say_lines(struct bedroom *b, unsigned from, unsigned n)
{
    char text[16];

    for (unsigned i = from; i < from + n; i++) {
        snprintf(text, sizeof text, "%u", i);
        say_text(&b->ben->peer, b->room, text);
    }
    wait(b->post, 100);
}

/* The lines from..from+n-1 have come, each once, in order; heads may have been
 * told in their stead, then they are asked for. */
static void check_lines(struct bedroom *b, uint64_t seq, unsigned from,
                        unsigned n)
{
    struct msg msg = { .kind = KIND_HIST };

    must(&b->ana->peer, KIND_SYNC_ROOM);
    forget(&b->ana->peer);
    msg.hist.room = b->room;
    msg.hist.mode = hist_AFTER;
    msg.hist.seq = seq;
    say(&b->ana->peer, &msg);
    wait(b->post, 100);
    for (unsigned i = from; i < from + n; i++) {
        msg = must(&b->ana->peer, KIND_EVENT);
        assert_int_equal(strtoul(msg.event.text.ptr, NULL, 10), i);
    }
    must_not(&b->ana->peer, KIND_EVENT);
}

/* ---- falling asleep, waking up ---- */

static void test_doze_comes_back_without_a_handshake(void **state)
{
    struct bedroom *b = move_in(NULL);
    struct metrics *m = metrics(b->post);
    struct rec_presence row;
    uint64_t head = world_room(b->post->rig->w, b->room)->head_stored;

    (void)state;
    fall_asleep(b->ana);
    wait(b->post, 9 * SECOND);
    assert_int_equal(b->s->state, SESSION_READY);
    wait(b->post, 8 * SECOND);
    assert_int_equal(b->s->state, SESSION_DORMANT);
    assert_int_equal(m->dormant, 1);
    row = told_of(b->ben, b->ana->peer.account);
    assert_int_equal(row.state, presence_GONE);
    assert_int_equal(row.reason, reason_TIMEOUT);
    say_lines(b, 0, 10);
    wait(b->post, 240 * SECOND);
    assert_int_equal(sessions(b->post), 2);
    assert_true(hub_deadline(b->post->rig->hub) > b->post->rig->now.mono_us);

    forget(&b->ben->peer);
    wake_up(b->ana, at(AWAY, 77));
    calm(b->post); /* one round trip, no time passes */
    assert_int_equal(b->s->state, SESSION_READY);
    assert_true(is_at(b->s, at(AWAY, 77)));
    assert_int_equal(m->handshakes, 2);
    assert_int_equal(m->dormant, 0);
    wait(b->post, 1 * SECOND);
    row = told_of(b->ben, b->ana->peer.account);
    assert_int_equal(row.state, presence_HERE);
    assert_int_equal(row.reason, reason_ASLEEP);
    assert_in_range(row.away_s, 250, 265);
    check_lines(b, head, 0, 10);
    say_lines(b, 10, 3); /* and pushed again from here on */
    for (unsigned i = 10; i < 13; i++)
        must(&b->ana->peer, KIND_EVENT);
    move_out(b);
}

/* What had been sent to it and not answered when it fell silent. */
static void test_doze_is_no_stall(void **state)
{
    struct bedroom *b = move_in(NULL);
    uint64_t head = world_room(b->post->rig->w, b->room)->head_stored;

    (void)state;
    fall_asleep(b->ana);
    say_lines(b, 0, 40);
    assert_true(link_queued(b->s->link) > 0);
    wait(b->post, 300 * SECOND);
    assert_int_equal(b->s->state, SESSION_DORMANT);
    say_lines(b, 40, 5);
    wake_up(b->ana, at(HOME, 1));
    wait(b->post, 5 * SECOND);

    assert_int_equal(b->s->state, SESSION_READY);
    assert_int_equal(metrics(b->post)->slow, 0);
    for (unsigned i = 0; i < 40; i++)
        must(&b->ana->peer, KIND_EVENT);
    check_lines(b, head + 40, 40, 5);
    move_out(b);
}

/* The server itself stood still: silence and a queue are found at once. */
static void test_doze_begins_after_a_leap_in_time(void **state)
{
    struct bedroom *b = move_in(NULL);

    (void)state;
    fall_asleep(b->ana);
    say_lines(b, 0, 5);
    b->post->rig->now.mono_us += 60 * 1000000;
    calm(b->post);

    assert_int_equal(b->s->state, SESSION_DORMANT);
    assert_int_equal(metrics(b->post)->slow, 0);
    move_out(b);
}

static void test_doze_ends(void **state)
{
    struct limits limits = rig_limits();
    struct bedroom *b;

    (void)state;
    limits.value[LIMIT_DORMANT] = 100;
    b = move_in(&limits);
    fall_asleep(b->ana);
    wait(b->post, 112 * SECOND);
    assert_int_equal(sessions(b->post), 2);
    wait(b->post, 8 * SECOND);
    assert_int_equal(sessions(b->post), 1);
    assert_int_equal(metrics(b->post)->dormant, 0);

    wake_up(b->ana, at(HOME, 1)); /* nobody knows it any more */
    wait(b->post, 1 * SECOND);
    assert_int_equal(sessions(b->post), 1);
    move_out(b);
}

static void test_doze_can_be_switched_off(void **state)
{
    struct limits limits = rig_limits();
    struct bedroom *b;

    (void)state;
    limits.value[LIMIT_DORMANT] = 0;
    b = move_in(&limits);
    fall_asleep(b->ana);
    wait(b->post, 30 * SECOND);

    assert_int_equal(sessions(b->post), 1);
    move_out(b);
}

/* ---- what does not wake it ---- */

static void test_doze_is_deep(void **state)
{
    struct bedroom *b = move_in(NULL);
    struct caller *ana = b->ana;
    uint8_t bytes[DATAGRAM_MAX];

    (void)state;
    ana->tap = true;
    link_beat(ana->peer.link, 5000, b->post->rig->now);
    wait(b->post, 100);
    ana->tap = false;
    fall_asleep(ana);
    wait(b->post, 30 * SECOND);
    assert_int_equal(b->s->state, SESSION_DORMANT);
    forget(&b->ben->peer);
    for (int i = 0; i < 1000; i++) {
        size_t len = ana->lens[0];

        memcpy(bytes, ana->tapped[0], len);
        if (i % 2)
            bytes[10 + (size_t)i % (len - 10)] ^= 1;
        deliver(b->post, str_bytes(bytes, len), at(FOE, 1));
    }
    wait(b->post, 2 * SECOND);

    assert_int_equal(b->s->state, SESSION_DORMANT);
    assert_int_equal(sent_to(b->post, at(FOE, 1)), 0);
    assert_int_equal(told_of(b->ben, ana->peer.account).state, 0);
    wake_up(ana, at(HOME, 1));
    wait(b->post, 1 * SECOND);
    assert_int_equal(b->s->state, SESSION_READY);
    move_out(b);
}

/* Its last word was on the way for a long time: nobody is told that it is back
 * for the blink of an eye. */
static void test_doze_is_not_disturbed_by_a_goodbye(void **state)
{
    struct bedroom *b = move_in(NULL);

    (void)state;
    fall_asleep(b->ana);
    wait(b->post, 30 * SECOND);
    assert_int_equal(b->s->state, SESSION_DORMANT);
    forget(&b->ben->peer);
    b->ana->mute = false;
    link_close(b->ana->peer.link, 0, b->post->rig->now);
    calm(b->post);
    vanish(b->ana);
    wait(b->post, 2 * SECOND);

    assert_int_equal(sessions(b->post), 1);
    assert_int_equal(metrics(b->post)->dormant, 0);
    assert_int_equal(told_of(b->ben, b->ana->peer.account).state, 0);
    move_out(b);
}

/* ---- what happened meanwhile ---- */

/* Another device of hers. */
static struct caller *second_device(struct bedroom *b, uint64_t device)
{
    struct caller *c = call(b->post, at(AWAY, 5), true);

    say_hello(&c->peer, device);
    say_auth(&c->peer, "", str_bytes(b->ana->peer.token, TOKEN_LEN));
    say_sync(&c->peer);
    wait(b->post, 200);
    must(&c->peer, KIND_WELCOME);
    authed(&c->peer);
    link_beat(c->peer.link, 5000, b->post->rig->now);
    wait(b->post, 200);
    return c;
}

static void test_doze_begins_anew_when_a_room_was_left(void **state)
{
    struct bedroom *b = move_in(NULL);
    struct msg msg = { .kind = KIND_PART };
    struct caller *other;

    (void)state;
    fall_asleep(b->ana);
    wait(b->post, 30 * SECOND);
    other = second_device(b, 4711);
    msg.part.room = b->room;
    msg.part.cseq = ++other->peer.cseq;
    say(&other->peer, &msg);
    wait(b->post, 200);
    must(&other->peer, KIND_SEND_ACK);

    wake_up(b->ana, at(HOME, 1));
    wait(b->post, 200);
    msg = must(&b->ana->peer, KIND_BYE);
    assert_int_equal(msg.bye.code, ERROR_RESUME_INVALID);
    wait(b->post, 5 * SECOND);
    assert_int_equal(sessions(b->post), 2); /* ben, and the other device */
    move_out(b);
}

/* Nor does it wake up as somebody who is being forgotten. */
static void test_doze_ends_with_its_account(void **state)
{
    struct bedroom *b = move_in(NULL);
    struct world *w = b->post->rig->w;
    struct msg msg = { .kind = KIND_PART };

    (void)state;
    msg.part.room = b->room;
    msg.part.cseq = ++b->ana->peer.cseq;
    say(&b->ana->peer, &msg);
    wait(b->post, 200);
    must(&b->ana->peer, KIND_SEND_ACK);
    fall_asleep(b->ana);
    wait(b->post, 30 * SECOND);
    world_dismiss(w, world_account(w, b->s->dozer), b->post->rig->now);
    wake_up(b->ana, at(HOME, 1));
    wait(b->post, 200);
    msg = must(&b->ana->peer, KIND_BYE);
    assert_int_equal(msg.bye.code, ERROR_RESUME_INVALID);
    wait(b->post, 5 * SECOND);
    assert_null(world_account_named(w, S("ana")));
    move_out(b);
}

/* A room that the other one went into, while this one was asleep, is told. */
static void test_doze_learns_of_a_new_room(void **state)
{
    struct bedroom *b = move_in(NULL);
    struct caller *other;
    struct msg msg;

    (void)state;
    fall_asleep(b->ana);
    wait(b->post, 30 * SECOND);
    other = second_device(b, 4711);
    join_at(other, "#new");
    wake_up(b->ana, at(HOME, 1));
    wait(b->post, 1 * SECOND);

    msg = must(&b->ana->peer, KIND_SYNC_ROOM);
    assert_true(str_is(msg.sync_room.name, "#new"));
    move_out(b);
}

/* The same program has come back by another way: its old session is of no use
 * any more.  One of another account that bears the same id stays. */
static void test_doze_gives_way_to_its_own_client(void **state)
{
    struct bedroom *b = move_in(NULL);
    struct caller *again, *thief;

    (void)state;
    fall_asleep(b->ana);
    wait(b->post, 30 * SECOND);
    thief = call(b->post, at(AWAY, 9), true);
    say_hello(&thief->peer, b->s->device_id);
    say_auth(&thief->peer, "eve", str_of(NULL));
    say_sync(&thief->peer);
    wait(b->post, 500);
    authed(&thief->peer);
    assert_int_equal(metrics(b->post)->dormant, 1);
    fall_asleep(thief);
    wait(b->post, 30 * SECOND);
    assert_int_equal(metrics(b->post)->dormant, 2);
    again = second_device(b, b->s->device_id);
    assert_int_equal(metrics(b->post)->dormant, 1);
    assert_int_equal(sessions(b->post), 3);

    wake_up(b->ana, at(HOME, 1)); /* nobody hears it */
    wait(b->post, 500);
    assert_true(lives(again));
    must_not(&again->peer, KIND_BYE);
    move_out(b);
}

/* ---- who goes first ---- */

static void test_doze_makes_room(void **state)
{
    struct limits limits = rig_limits();
    struct bedroom *b;
    struct caller *c;

    (void)state;
    limits.value[LIMIT_SESSIONS] = 3;
    b = move_in(&limits);
    c = enter_at(b->post, at(AWAY, 1), "cai");
    fall_asleep(c);
    wait(b->post, 5 * SECOND);
    fall_asleep(b->ana); /* later: it may stay longer */
    wait(b->post, 30 * SECOND);
    assert_int_equal(metrics(b->post)->dormant, 2);
    enter_at(b->post, at(AWAY, 2), "dan");

    assert_int_equal(sessions(b->post), 3);
    assert_int_equal(metrics(b->post)->dormant, 1);
    wake_up(b->ana, at(HOME, 1));
    wait(b->post, 1 * SECOND);
    assert_int_equal(b->s->state, SESSION_READY);
    wake_up(c, at(AWAY, 1));
    wait(b->post, 1 * SECOND);
    assert_int_equal(sessions(b->post), 3);
    move_out(b);
}

static void test_doze_does_not_hold_up_a_shutdown(void **state)
{
    struct bedroom *b = move_in(NULL);

    (void)state;
    fall_asleep(b->ana);
    wait(b->post, 30 * SECOND);
    hub_shutdown(b->post->rig->hub, b->post->rig->now);
    wait(b->post, 500); /* ben hears goodbye */
    must(&b->ben->peer, KIND_BYE);

    assert_int_equal(sessions(b->post), 0);
    move_out(b);
}

#define TEST(name) cmocka_unit_test(test_doze_##name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(comes_back_without_a_handshake),
        TEST(is_no_stall),
        TEST(begins_after_a_leap_in_time),
        TEST(ends),
        TEST(can_be_switched_off),
        TEST(is_deep),
        TEST(is_not_disturbed_by_a_goodbye),
        TEST(begins_anew_when_a_room_was_left),
        TEST(ends_with_its_account),
        TEST(learns_of_a_new_room),
        TEST(gives_way_to_its_own_client),
        TEST(makes_room),
        TEST(does_not_hold_up_a_shutdown),
    };

    return RUN(tests);
}
