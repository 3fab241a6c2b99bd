/* SPDX-License-Identifier: MIT
 *
 * Rooms: the two versions of membership and of the head, time that does not
 * fall, members in order.
 */
#include "tests/test.h"

#include "server/account.h"
#include "server/env.h"
#include "server/event.h"
#include "server/room.h"
#include "shared/rng.h"
#include "shared/wire.h"

enum { ACCOUNTS = 50 };

static struct account *new_account(uint64_t id)
{
    return account_new(id, S("nick"), S("nick"));
}

static struct room *new_room(uint64_t id)
{
    return room_new(id, room_PUBLIC, S("#a"), S("#a"));
}

static void test_room_lets_in_only_when_stored(void **state)
{
    struct room *room = new_room(1);
    struct account *account = new_account(7);
    struct member *m;

    (void)state;
    assert_null(room_member(room, 7));
    m = room_admit(room, account);
    m->will = true;
    assert_ptr_equal(room_admit(room, account), m);
    assert_int_equal(room->n_in, 0);
    room_settle(m, true);
    assert_int_equal(room->n_in, 1);
    assert_ptr_equal(room_member(room, 7), m);
    assert_int_equal(account_room(account, 1), 0);

    m->will = false;
    room_settle(m, false);
    assert_null(room_member(room, 7));
    assert_int_equal(account->n_rooms, 0);
    account_free(account);
    room_free(room);
}

static void test_room_reverts_to_what_is_stored(void **state)
{
    struct room *room = new_room(1);
    struct account *in = new_account(1), *coming = new_account(2);
    struct member *m;

    (void)state;
    m = room_admit(room, in);
    m->will = true;
    room_settle(m, true);
    m->will = false; /* is about to leave */
    room_revert(m);
    assert_true(room_member(room, 1)->will);
    m = room_admit(room, coming);
    m->will = true;
    room_revert(m);
    assert_null(room_member(room, 2));

    m = room_member(room, 1);
    m->will = false;
    room_settle(m, false);
    account_free(in);
    account_free(coming);
    room_free(room);
}

static void test_room_stays_for_who_leaves_and_comes_back_at_once(void **state)
{
    struct room *room = new_room(1);
    struct account *account = new_account(1);
    struct member *m = room_admit(room, account);

    (void)state;
    m->will = true;
    room_settle(m, true);
    m->will = false; /* PART on its way */
    m->will = true;  /* JOIN behind it */
    room_settle(m, false);
    assert_ptr_equal(room_member(room, 1), m);
    assert_int_equal(room->n_in, 0);
    room_settle(m, true);
    assert_int_equal(room->n_in, 1);
    m->will = false;
    room_settle(m, false);
    account_free(account);
    room_free(room);
}

static void test_room_keeps_members_in_order(void **state)
{
    struct rng rng = { test_seed(2) };
    struct account *accounts[ACCOUNTS];
    struct room *room = new_room(1), *other = new_room(2);
    bool in[ACCOUNTS] = { false };

    (void)state;
    for (size_t i = 0; i < ACCOUNTS; i++) {
        struct member *m;

        accounts[i] = new_account(10 * (i + 1));
        m = room_admit(other, accounts[i]); /* a second room to keep apart */
        m->will = true;
        room_settle(m, true);
    }
    for (int step = 0; step < 5000; step++) {
        size_t i = rng_below(&rng, ACCOUNTS), n = 0;
        struct member *m = room_admit(room, accounts[i]);

        in[i] = m->will = !in[i];
        room_settle(m, in[i]);
        for (size_t j = 0; j < ACCOUNTS; j++) {
            assert_int_equal(room_member(room, 10 * (j + 1)) != NULL, in[j]);
            n += in[j];
        }
        assert_int_equal(room->n_members, n);
        assert_int_equal(room_member_after(room, 0), 0);
        assert_int_equal(room_member_after(room, 10 * ACCOUNTS), n);
    }
    for (size_t i = 0; i < ACCOUNTS; i++) {
        while (accounts[i]->n_rooms) {
            accounts[i]->rooms[0]->will = false;
            room_settle(accounts[i]->rooms[0], false);
        }
        account_free(accounts[i]);
    }
    room_free(room);
    room_free(other);
}

static void test_room_gives_numbers_and_takes_them_back(void **state)
{
    struct room *room = new_room(3);
    struct env env = { 0 };
    struct msg_event draft = { .kind = event_MESSAGE, .text = S("hi") };
    struct event *one, *two;

    (void)state;
    one = room_event(room, &draft, (struct now){ 0, 5000 });
    two = room_event(room, &draft, (struct now){ 0, 4000 });
    assert_int_equal(one->seq, 1);
    assert_int_equal(two->seq, 2);
    assert_int_equal(two->ts, 5000); /* the clock was set back */
    assert_int_equal(two->room, 3);
    room_publish(room, one, &env);
    event_unref(two);
    room_fall_back(room);
    two = room_event(room, &draft, (struct now){ 0, 6000 });
    assert_int_equal(two->seq, 2);
    assert_int_equal(two->ts, 6000);
    event_unref(one);
    event_unref(two);
    room_free(room);
}

static void test_room_marks_every_change(void **state)
{
    struct room *a = new_room(1), *b = new_room(2);
    struct env env = { 0 };

    (void)state;
    room_touch(a, &env);
    room_touch(b, &env);
    assert_true(b->changed > a->changed);
    room_touch(a, &env);
    assert_true(a->changed > b->changed);
    room_free(a);
    room_free(b);
}

static void test_room_tells_until_when_somebody_is_silent(void **state)
{
    struct room *room = room_new(1, room_PUBLIC, str_of("#a"), str_of("#a"));

    (void)state;
    assert_int_equal(room_muted_until(room, 7), 0);
    sanction_set(&room->rules.sanctions, sanction_MUTE,
                 str_of(sanction_account(7).who), 0, str_of("x y z"));
    sanction_set(&room->rules.sanctions, sanction_MUTE,
                 str_of(sanction_account(8).who), 5000, str_of("x y z"));
    sanction_set(&room->rules.sanctions, sanction_ACCOUNT,
                 str_of(sanction_account(9).who), 0, str_of("x y z"));
    assert_int_equal(room_muted_until(room, 7), 1);
    assert_int_equal(room_muted_until(room, 8), 5000);
    assert_int_equal(room_muted_until(room, 9), 0);
    room_free(room);
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_room_lets_in_only_when_stored),
    cmocka_unit_test(test_room_reverts_to_what_is_stored),
    cmocka_unit_test(test_room_stays_for_who_leaves_and_comes_back_at_once),
    cmocka_unit_test(test_room_keeps_members_in_order),
    cmocka_unit_test(test_room_gives_numbers_and_takes_them_back),
    cmocka_unit_test(test_room_marks_every_change),
    cmocka_unit_test(test_room_tells_until_when_somebody_is_silent),
};

int main(void)
{
    return RUN(TESTS);
}
