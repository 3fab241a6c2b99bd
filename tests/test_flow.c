/* SPDX-License-Identifier: MIT
 *
 * Flow: who says too much is not pulled from, who reads too little gets heads
 * instead of lines, and who comes too often stays outside.
 */
#include "tests/server.h"

/* ---- too much in ---- */

static size_t count_acks(struct peer *p)
{
    struct msg msg;
    size_t n = 0;

    while (take(p, KIND_SEND_ACK, &msg))
        n++;
    return n;
}

static struct limits slow_limits(void)
{
    struct limits limits = rig_limits();

    limits.value[LIMIT_SEND_BURST] = 5;
    limits.value[LIMIT_SEND_RATE] = 2;
    return limits;
}

static void holds(enum transport transport)
{
    struct limits limits = slow_limits();
    struct rig *rig = rig_new(&limits);
    struct peer *ann = enter_as(rig, transport, "ann", 1, str_of(NULL));
    uint64_t room = join(ann, "#lobby");

    for (int i = 0; i < 14; i++)
        say_text(ann, room, "x");
    settle(rig);
    assert_int_equal(count_acks(ann), 4); /* and the JOIN makes five */
    pass(rig, 2000);
    assert_int_equal(count_acks(ann), 4);
    pass(rig, 3100);
    assert_int_equal(count_acks(ann), 6);
    must_not(ann, KIND_ERROR);
    assert_int_equal(world_room(rig->w, room)->head, 15);
    rig_free(rig);
}

static void test_flow_makes_a_fast_talker_wait(void **state)
{
    (void)state;
    holds(TRANSPORT_TCP);
    holds(TRANSPORT_UDP);
}

/* Else it would be attended again and again until the turn ends. */
static void test_flow_is_not_due_before_it_is_flushed(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct peer *ann = enter_as(rig, TRANSPORT_UDP, "ann", 1, str_of(NULL));
    struct msg list = { .kind = KIND_ROOM_LIST };

    (void)state;
    settle(rig);
    say(ann, &list);
    assert_true(carry_up(ann));
    assert_true(hub_deadline(rig->hub) > rig->now.mono_us);
    settle(rig);
    must(ann, KIND_ROOM_INFO);
    rig_free(rig);
}

static void test_flow_stops_reading_a_stream_that_waits(void **state)
{
    struct limits limits = slow_limits();
    struct rig *rig = rig_new(&limits);
    struct peer *ann = enter(rig, "ann");
    uint64_t room = join(ann, "#lobby");

    (void)state;
    for (int i = 0; i < 5; i++)
        say_text(ann, room, "x");
    settle(rig);
    assert_false(session_wants_input(ann->s));
    assert_non_null(ann->s->parked);
    pass(rig, 600);
    assert_true(session_wants_input(ann->s));
    assert_null(ann->s->parked);
    rig_free(rig);
}

static void test_flow_does_not_call_waiting_silence(void **state)
{
    struct limits limits = slow_limits();
    struct rig *rig;
    struct peer *ann, *bob;
    uint64_t room;

    (void)state;
    limits.value[LIMIT_SEND_BURST] = 1;
    limits.value[LIMIT_SEND_RATE] = 1;
    rig = rig_new(&limits);
    ann = enter(rig, "ann");
    bob = enter(rig, "bob");
    room = join(ann, "#lobby");
    join(bob, "#lobby");
    link_beat(bob->link, 5000, rig->now);
    for (int i = 0; i < 40; i++)
        say_text(ann, room, "x"); /* and not a heartbeat more */
    pass(rig, 38000);
    assert_int_equal(count_acks(ann), 38);
    assert_int_equal(world_account(rig->w, ann->account)->is.state,
                     presence_HERE);
    pass(rig, 20000);
    assert_int_equal(world_account(rig->w, ann->account)->is.state,
                     presence_GONE);
    rig_free(rig);
}

static void test_flow_may_hold_longer_than_silence_lasts(void **state)
{
    struct limits limits = rig_limits();
    struct rig *rig;
    struct peer *ann;
    static char text[8001];
    uint64_t room;

    (void)state;
    limits.value[LIMIT_INPUT_BURST] = 4096;
    limits.value[LIMIT_INPUT_RATE] = 100;
    rig = rig_new(&limits);
    ann = enter(rig, "ann");
    room = join(ann, "#lobby");
    memset(text, 'x', 8000);
    say_text(ann, room, text);
    pass(rig, 30000); /* twice what a silent client is given */
    assert_int_equal(count_acks(ann), 0);
    assert_non_null(ann->s);
    assert_int_equal(world_account(rig->w, ann->account)->is.state,
                     presence_HERE);
    pass(rig, 12000);
    assert_int_equal(count_acks(ann), 1);
    rig_free(rig);
}

static void test_flow_limits_bytes_too(void **state)
{
    struct limits limits = rig_limits();
    struct rig *rig;
    struct peer *ann;
    static char text[4001];
    uint64_t room;

    (void)state;
    limits.value[LIMIT_INPUT_BURST] = 8000;
    limits.value[LIMIT_INPUT_RATE] = 4000;
    rig = rig_new(&limits);
    ann = enter(rig, "ann");
    room = join(ann, "#lobby");
    memset(text, 'x', 4000);
    for (int i = 0; i < 8; i++)
        say_text(ann, room, text);
    settle(rig);
    assert_in_range(count_acks(ann), 1, 3);
    pass(rig, 6500);
    assert_int_equal(world_room(rig->w, room)->head, 9);
    rig_free(rig);
}

static void test_flow_asks_for_one_page_at_a_time(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct peer *ann = enter(rig, "ann");
    struct msg msg = { .kind = KIND_HIST };

    (void)state;
    msg.hist.room = join(ann, "#lobby");
    msg.hist.mode = hist_LATEST;
    store_pause(rig->w->store, true);
    for (int i = 0; i < 50; i++)
        say(ann, &msg);
    settle(rig);
    assert_true(ann->s->asking);
    assert_false(session_wants_input(ann->s));
    store_pause(rig->w->store, false);
    settle(rig);
    for (int i = 0; i < 50; i++)
        must(ann, KIND_HIST_PAGE);
    rig_free(rig);
}

/* ---- too little out ---- */

struct slow {
    struct rig *rig;
    struct peer *talker, *reader;
    uint64_t room;
};

/* A reader that takes nothing while much is said. */
static struct slow slow_new(unsigned lines)
{
    struct limits limits = rig_limits();
    struct slow t = { 0 };
    static char text[1001];

    memset(text, 'x', 1000);
    limits.value[LIMIT_QUEUE_SOFT] = 16384;
    limits.value[LIMIT_QUEUE_HARD] = 65536;
    limits.value[LIMIT_GONE] = 600000; /* it is deaf, not dead */
    limits.value[LIMIT_LATE] = 300000;
    t.rig = rig_new(&limits);
    t.talker = enter(t.rig, "ann");
    t.reader = enter(t.rig, "bob");
    t.room = join(t.talker, "#lobby");
    join(t.reader, "#lobby");
    forget(t.reader);
    t.reader->deaf = true;
    for (unsigned i = 0; i < lines; i++)
        say_text(t.talker, t.room, text);
    settle(t.rig);
    return t;
}

static void test_flow_keeps_only_heads_for_a_slow_reader(void **state)
{
    struct slow t = slow_new(200);
    struct msg msg;
    size_t n = 0;

    (void)state;
    assert_true(t.reader->s->lagging);
    assert_true(link_queued(t.reader->s->link) < 16384 + 2000);
    assert_int_equal(count_acks(t.talker), 200);

    t.reader->deaf = false;
    session_wake(t.reader->s);
    settle(t.rig);
    while (take(t.reader, KIND_EVENT, &msg))
        n++;
    assert_in_range(n, 10, 20);
    msg = must(t.reader, KIND_SYNC_ROOM);
    assert_int_equal(msg.sync_room.head, 202);
    assert_int_equal(msg.sync_room.from, 0);
    assert_false(t.reader->s->lagging);
    say_text(t.talker, t.room, "live again");
    settle(t.rig);
    assert_int_equal(must(t.reader, KIND_EVENT).event.seq, 203);
    rig_free(t.rig);
}

static void test_flow_tells_heads_only_of_rooms_that_changed(void **state)
{
    struct slow t = slow_new(0);
    uint64_t quiet = join(t.talker, "#quiet"), other;
    static char text[8001];
    struct msg msg;

    (void)state;
    memset(text, 'x', 8000);
    t.reader->deaf = false;
    join(t.reader, "#quiet");
    other = join(t.reader, "#other");
    join(t.talker, "#other");
    forget(t.reader);
    t.reader->deaf = true;
    for (int i = 0; i < 4; i++) /* the last one is the first not queued */
        say_text(t.talker, t.room, text);
    settle(t.rig);
    assert_true(t.reader->s->lagging);

    t.reader->deaf = false;
    session_wake(t.reader->s);
    settle(t.rig);
    msg = must(t.reader, KIND_SYNC_ROOM);
    assert_int_equal(msg.sync_room.room, t.room);
    must_not(t.reader, KIND_SYNC_ROOM);
    assert_true(quiet && other);
    rig_free(t.rig);
}

static void test_flow_gives_a_laggard_a_fresh_picture_of_people(void **state)
{
    struct slow t = slow_new(100);
    struct msg msg;

    (void)state;
    cut(t.talker);
    pass(t.rig, 1000);
    t.reader->deaf = false;
    session_wake(t.reader->s);
    settle(t.rig);
    msg = must(t.reader, KIND_PRESENCE);
    assert_int_equal(msg.presence.rows.len, rec_size(RECORD_presence));
    rig_free(t.rig);
}

static void test_flow_holds_the_requests_of_a_slow_reader(void **state)
{
    struct slow t = slow_new(200);
    struct msg msg = { .kind = KIND_HIST };

    (void)state;
    msg.hist.room = t.room;
    msg.hist.mode = hist_AFTER;
    for (int i = 0; i < 20; i++)
        say(t.reader, &msg);
    settle(t.rig);
    assert_false(session_wants_input(t.reader->s));
    assert_true(link_queued(t.reader->s->link) < 16384 + 2000);

    t.reader->deaf = false;
    session_wake(t.reader->s);
    settle(t.rig);
    for (int i = 0; i < 20; i++)
        must(t.reader, KIND_HIST_PAGE);
    rig_free(t.rig);
}

static void test_flow_cuts_a_page_to_what_a_reader_may_be_sent(void **state)
{
    struct slow t = slow_new(100);
    struct msg msg = { .kind = KIND_HIST };
    size_t n = 0;

    (void)state;
    forget(t.talker);
    msg.hist.room = t.room;
    msg.hist.mode = hist_BEFORE;
    msg.hist.seq = 90;
    msg.hist.limit = 80;
    say(t.talker, &msg);
    settle(t.rig);
    while (take(t.talker, KIND_EVENT, &msg))
        n++;
    assert_in_range(n, 10, 16);
    msg = must(t.talker, KIND_HIST_PAGE);
    assert_int_equal(msg.hist_page.last, 89); /* the end next to the anchor */
    assert_int_equal(msg.hist_page.first, 90 - n);
    assert_int_equal(msg.hist_page.before, 1);
    rig_free(t.rig);
}

static void test_flow_closes_a_reader_without_progress(void **state)
{
    struct slow t = slow_new(100);

    (void)state;
    link_beat(t.talker->link, 5000, t.rig->now);
    pass(t.rig, 70000);
    assert_null(t.reader->s);
    assert_non_null(t.talker->s);
    assert_int_equal(t.rig->w->env.metrics.slow, 1);
    assert_int_equal(t.rig->w->env.metrics.lagging, 0);
    rig_free(t.rig);
}

/* ---- too often ---- */

static bool can_open(struct rig *rig, struct str gate, enum err *why)
{
    struct hub_peer from = { .transport = TRANSPORT_TCP,
                             .gate = gate,
                             .clear = true };
    struct link_config config = { .body_max = BODY_MAX };
    struct session *s = hub_open(rig->hub, &from, why, rig->now);
    struct peer *p;

    if (!s)
        return false;
    p = calloc(1, sizeof *p);
    assert_non_null(p);
    p->rig = rig;
    p->s = s;
    p->link = link_new(&config, rig->now);
    s->edge = rig->peers[rig->n_peers++] = p;
    return true;
}

static void test_flow_counts_connections_by_address(void **state)
{
    struct limits limits = rig_limits();
    struct rig *rig;
    enum err why;

    (void)state;
    limits.value[LIMIT_PER_ADDRESS] = 3;
    limits.value[LIMIT_NEW_PER_ADDRESS] = 5;
    rig = rig_new(&limits);
    for (int i = 0; i < 3; i++)
        assert_true(can_open(rig, S("\1\2\3\4"), &why));
    assert_false(can_open(rig, S("\1\2\3\4"), &why));
    assert_int_equal(why, ERROR_LIMIT);
    assert_true(can_open(rig, S("\1\2\3\5"), &why));
    for (int i = 0; i < 10; i++)
        assert_true(can_open(rig, str_of(NULL), &why)); /* loopback */

    cut(rig->peers[0]);
    cut(rig->peers[1]);
    assert_true(can_open(rig, S("\1\2\3\4"), &why));
    assert_true(can_open(rig, S("\1\2\3\4"), &why));
    cut(rig->peers[2]);
    assert_false(can_open(rig, S("\1\2\3\4"), &why)); /* the sixth lately */
    rig->now.mono_us += 601u * 1000000;
    assert_true(can_open(rig, S("\1\2\3\4"), &why));
    rig_free(rig);
}

static void test_flow_limits_those_who_have_not_said_who_they_are(void **state)
{
    struct limits limits = rig_limits();
    struct rig *rig;
    enum err why;

    (void)state;
    limits.value[LIMIT_PENDING] = 2;
    rig = rig_new(&limits);
    assert_true(can_open(rig, str_of(NULL), &why));
    enter(rig, "ann"); /* counts no longer */
    assert_true(can_open(rig, str_of(NULL), &why));
    assert_false(can_open(rig, str_of(NULL), &why));
    assert_int_equal(why, ERROR_BUSY);
    rig_free(rig);
}

static void test_flow_lets_forged_datagrams_push_out_each_other(void **state)
{
    struct limits limits = rig_limits();
    struct rig *rig;
    struct peer *real;

    (void)state;
    limits.value[LIMIT_PENDING] = 5;
    rig = rig_new(&limits);
    for (int i = 0; i < 4; i++)
        peer_new(rig, TRANSPORT_UDP);
    real = peer_new(rig, TRANSPORT_UDP);
    for (int i = 0; i < 4; i++)
        peer_new(rig, TRANSPORT_UDP);
    say_hello(real, 1); /* not yet pushed out */
    say_auth(real, "ann", str_of(NULL));
    settle(rig);
    authed(real);
    for (int i = 0; i < 20; i++)
        peer_new(rig, TRANSPORT_UDP);
    settle(rig);
    assert_non_null(real->s);
    assert_int_equal(rig->w->env.metrics.strangers, 5);
    enter(rig, "bob"); /* a stream is not kept out by them */
    rig_free(rig);
}

static void test_flow_limits_rooms(void **state)
{
    struct limits limits = rig_limits();
    struct rig *rig;
    struct peer *ann, *bob;
    struct msg msg = { .kind = KIND_PART };
    uint64_t room;

    (void)state;
    limits.value[LIMIT_ROOMS] = 3;
    limits.value[LIMIT_ROOMS_JOINED] = 2;
    limits.value[LIMIT_ROOM_MEMBERS] = 2;
    rig = rig_new(&limits);
    ann = enter(rig, "ann");
    bob = enter(rig, "bob");
    room = join(ann, "#a");
    join(ann, "#b");
    say_join(ann, "#c");
    settle(rig);
    assert_int_equal(must(ann, KIND_ERROR).error.code, ERROR_LIMIT);
    join(bob, "#a");
    join(bob, "#c");
    msg.part.room = room;
    msg.part.cseq = ++ann->cseq;
    say(ann, &msg);
    settle(rig);
    say_join(ann, "#d"); /* a fourth room, and none is empty */
    settle(rig);
    assert_int_equal(must(ann, KIND_ERROR).error.code, ERROR_LIMIT);
    msg.part.cseq = ++bob->cseq;
    say(bob, &msg);
    settle(rig);
    forget(ann);
    assert_true(join(ann, "#d") != room);
    assert_null(world_room(rig->w, room)); /* it made place */
    rig_free(rig);
}

static void test_flow_fills_a_room(void **state)
{
    struct limits limits = rig_limits();
    struct rig *rig;
    struct peer *eve;

    (void)state;
    limits.value[LIMIT_ROOM_MEMBERS] = 2;
    rig = rig_new(&limits);
    join(enter(rig, "ann"), "#a");
    join(enter(rig, "bob"), "#a");
    eve = enter(rig, "eve");
    say_join(eve, "#a");
    settle(rig);
    assert_int_equal(must(eve, KIND_ERROR).error.code, ERROR_ROOM_FULL);
    rig_free(rig);
}

static void test_flow_says_busy_when_the_store_is_full(void **state)
{
    struct limits limits = rig_limits();
    struct rig *rig;
    struct peer *ann;
    uint64_t room;
    struct msg msg;

    (void)state;
    limits.value[LIMIT_STORE_QUEUE] = 3;
    rig = rig_new(&limits);
    ann = enter(rig, "ann");
    room = join(ann, "#a");
    store_pause(rig->w->store, true);
    for (int i = 0; i < 5; i++)
        say_text(ann, room, "x");
    settle(rig);
    msg = must(ann, KIND_ERROR);
    assert_int_equal(msg.error.code, ERROR_BUSY);
    assert_int_equal(msg.error.cseq, 5);
    assert_true(msg.error.retry_ms > 0);
    assert_int_equal(must(ann, KIND_ERROR).error.code, ERROR_BAD_CSEQ);
    store_pause(rig->w->store, false);
    settle(rig);
    assert_int_equal(count_acks(ann), 3);
    assert_int_equal(world_room(rig->w, room)->head, 4);
    rig_free(rig);
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_flow_makes_a_fast_talker_wait),
    cmocka_unit_test(test_flow_is_not_due_before_it_is_flushed),
    cmocka_unit_test(test_flow_stops_reading_a_stream_that_waits),
    cmocka_unit_test(test_flow_does_not_call_waiting_silence),
    cmocka_unit_test(test_flow_may_hold_longer_than_silence_lasts),
    cmocka_unit_test(test_flow_limits_bytes_too),
    cmocka_unit_test(test_flow_asks_for_one_page_at_a_time),
    cmocka_unit_test(test_flow_keeps_only_heads_for_a_slow_reader),
    cmocka_unit_test(test_flow_tells_heads_only_of_rooms_that_changed),
    cmocka_unit_test(test_flow_gives_a_laggard_a_fresh_picture_of_people),
    cmocka_unit_test(test_flow_holds_the_requests_of_a_slow_reader),
    cmocka_unit_test(test_flow_cuts_a_page_to_what_a_reader_may_be_sent),
    cmocka_unit_test(test_flow_closes_a_reader_without_progress),
    cmocka_unit_test(test_flow_counts_connections_by_address),
    cmocka_unit_test(test_flow_limits_those_who_have_not_said_who_they_are),
    cmocka_unit_test(test_flow_lets_forged_datagrams_push_out_each_other),
    cmocka_unit_test(test_flow_limits_rooms),
    cmocka_unit_test(test_flow_fills_a_room),
    cmocka_unit_test(test_flow_says_busy_when_the_store_is_full),
};

int main(void)
{
    return RUN(TESTS);
}
