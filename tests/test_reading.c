/* SPDX-License-Identifier: MIT
 *
 * How far people have read: one place for all their devices, which only moves
 * on and outlives the server; what lies behind it is counted.
 */
#include "tests/server.h"

struct pair {
    struct rig *rig;
    struct peer *ann, *other, *bob; /* other: ann's second device */
    uint64_t room;
};

static void line(struct peer *p, uint64_t room, const char *text)
{
    say_text(p, room, text);
    settle(p->rig);
    must(p, KIND_SEND_ACK);
}

static int set_up(void **state)
{
    struct pair *t = calloc(1, sizeof *t);

    t->rig = rig_new_durable(NULL);
    t->ann = enter_as(t->rig, TRANSPORT_TCP, "ann", 1, str_of(NULL));
    t->bob = enter_as(t->rig, TRANSPORT_TCP, "bob", 2, str_of(NULL));
    t->room = join(t->ann, "#a");
    join(t->bob, "#a"); /* events 1 and 2 */
    t->other = enter_as(t->rig, TRANSPORT_TCP, "", 3,
                        str_bytes(t->ann->token, TOKEN_LEN));
    *state = t;
    return 0;
}

static int tear_down(void **state)
{
    struct pair *t = *state;

    rig_free(t->rig);
    free(t);
    return 0;
}

static void say_read(struct peer *p, uint64_t room, uint64_t seq)
{
    struct msg msg = { .kind = KIND_READ };

    msg.read.room = room;
    msg.read.seq = seq;
    say(p, &msg);
    settle(p->rig);
}

static void hears(struct peer *p, uint64_t seq, uint64_t unread,
                  uint64_t mentions)
{
    struct msg msg = must(p, KIND_READ);

    assert_int_equal(msg.read.seq, seq);
    assert_int_equal(msg.read.unread, unread);
    assert_int_equal(msg.read.mentions, mentions);
    assert_int_equal(msg.read.more, 0);
    must_not(p, KIND_READ);
}

static void test_reading_is_told_to_other_devices(void **state)
{
    struct pair *t = *state;

    line(t->bob, t->room, "hello ann");     /* 3 */
    line(t->bob, t->room, "nobody there?"); /* 4 */
    line(t->ann, t->room, "I am");          /* 5 */
    say_read(t->ann, t->room, 3);
    hears(t->other, 3, 1, 0);
    must_not(t->ann, KIND_READ);
    must_not(t->bob, KIND_READ);
    say_read(t->ann, t->room, 5);
    hears(t->other, 5, 0, 0);
    say_read(t->other, t->room, 4); /* not back */
    must_not(t->ann, KIND_READ);
    say_read(t->other, t->room, 99); /* nor to what is not there */
    must_not(t->ann, KIND_READ);
}

static void test_reading_counts_for_who_comes_back(void **state)
{
    struct pair *t = *state;
    struct msg msg;

    say_read(t->ann, t->room, 2);
    forget(t->other);
    for (int i = 0; i < 2; i++) {
        struct peer *p;

        line(t->bob, t->room, "one");
        line(t->bob, t->room, "two, Ann, and anna");
        line(t->ann, t->room, "three");
        p = enter_as(t->rig, TRANSPORT_TCP, "", 3,
                     str_bytes(t->ann->token, TOKEN_LEN));
        msg = must(p, KIND_SYNC_ROOM);
        assert_int_equal(msg.sync_room.read, 2);
        hears(p, 2, 2 + 2 * (uint64_t)i, 1 + (uint64_t)i);
        rig_restart(t->rig);
        t->ann = enter_as(t->rig, TRANSPORT_TCP, "", 1,
                          str_bytes(p->token, TOKEN_LEN));
        t->bob = enter_as(t->rig, TRANSPORT_TCP, "", 2,
                          str_bytes(t->bob->token, TOKEN_LEN));
    }
}

static void test_reading_is_for_members(void **state)
{
    struct pair *t = *state;
    struct peer *eve = enter_as(t->rig, TRANSPORT_TCP, "eve", 9, str_of(NULL));
    struct msg msg;

    say_read(eve, t->room, 1);
    msg = must(eve, KIND_ERROR);
    assert_int_equal(msg.error.code, ERROR_NOT_MEMBER);
    say_read(eve, 99, 1);
    msg = must(eve, KIND_ERROR);
    assert_int_equal(msg.error.code, ERROR_NOT_MEMBER);
}

/* How far ann has read. */
static uint64_t read_by_ann(const struct pair *t)
{
    return room_member(world_room(t->rig->w, t->room), t->ann->s->account->id)
        ->read;
}

/* READ of 1, 2, 3... at once, as nobody should. */
static void read_all_ways(struct pair *t, uint64_t upto)
{
    for (uint64_t seq = 1; seq <= upto; seq++) {
        struct msg msg = { .kind = KIND_READ };

        msg.read.room = t->room;
        msg.read.seq = seq;
        say(t->ann, &msg);
    }
    settle(t->rig);
}

/* However many positions come together, the last one is told, to all. */
static void test_reading_is_told_once_of_many(void **state)
{
    struct pair *t = *state;
    struct peer *third = enter_as(t->rig, TRANSPORT_TCP, "", 4,
                                  str_bytes(t->ann->token, TOKEN_LEN));

    for (int i = 0; i < 100; i++)
        line(t->bob, t->room, "on and on");
    read_all_ways(t, 90);
    hears(t->other, 90, 12, 0);
    hears(third, 90, 12, 0);
    must_not(t->ann, KIND_READ);
}

/* Who reads faster than the rate waits, and that is all that happens. */
static void test_reading_has_its_cost(void **state)
{
    struct pair *t = *state;
    uint64_t *limits = t->rig->w->env.limits.value;

    for (int i = 0; i < 20; i++)
        line(t->bob, t->room, "on and on");
    limits[LIMIT_QUERY_BURST] = 4;
    limits[LIMIT_QUERY_RATE] = 2;
    read_all_ways(t, 20);
    assert_int_equal(read_by_ann(t), 4);
    pass(t->rig, 4000);
    assert_int_equal(read_by_ann(t), 12);
    pass(t->rig, 4000);
    assert_int_equal(read_by_ann(t), 20);
    line(t->ann, t->room, "here I am"); /* 23 */
    must_not(t->ann, KIND_ERROR);
    pass(t->rig, 1000);
    forget(t->other);
    say_read(t->ann, t->room, 23);
    hears(t->other, 23, 0, 0);
}

/* What one turn of the loop says to a peer of a kind. */
static size_t heard_in_a_turn(struct peer *p, enum kind kind)
{
    struct session *s;
    struct msg msg;
    size_t n = 0;

    hub_turn(p->rig->hub, p->rig->now);
    while ((s = hub_dirty(p->rig->hub)))
        while (carry_down(s->edge))
            continue;
    while (take(p, kind, &msg))
        n++;
    return n;
}

static void test_reading_is_counted_some_at_a_time(void **state)
{
    enum { ROOMS = 30 };
    struct pair *t = *state;
    size_t n, all = 0;

    t->rig->w->env.limits.value[LIMIT_ROOMS_OWNED] = ROOMS + 1;
    for (int i = 0; i < ROOMS; i++) {
        char name[16];
        uint64_t room;

        snprintf(name, sizeof name, "#%d", i);
        room = join(t->ann, name);
        join(t->bob, name);
        say_read(t->ann, room, 1);
        line(t->bob, room, "hello");
    }
    forget(t->other);
    say_sync(t->other);
    while (carry_up(t->other))
        continue;
    for (int i = 0; i < 100; i++) {
        n = heard_in_a_turn(t->other, KIND_READ);
        assert_in_range(n, 0, 4);
        all += n;
    }
    assert_int_equal(all, ROOMS);
    settle(t->rig);
}

#define IN_PAIR(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static const struct CMUnitTest TESTS[] = {
    IN_PAIR(test_reading_is_told_to_other_devices),
    IN_PAIR(test_reading_counts_for_who_comes_back),
    IN_PAIR(test_reading_is_for_members),
    IN_PAIR(test_reading_is_told_once_of_many),
    IN_PAIR(test_reading_has_its_cost),
    IN_PAIR(test_reading_is_counted_some_at_a_time),
};

int main(void)
{
    return RUN(TESTS);
}
