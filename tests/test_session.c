/* SPDX-License-Identifier: MIT
 *
 * Sessions: resume by token and cursors, replacement, exactly once, names that
 * outlive connections and those that do not.
 */
#include "tests/server.h"

#include "shared/limits.h"

static struct msg ask_token(struct rig *rig, const char *nick, struct str token)
{
    struct peer *p = peer_new(rig, TRANSPORT_TCP);
    struct msg msg;

    say_hello(p, rng_next(&rig->rng) | 1);
    say_auth(p, nick, token);
    settle(rig);
    if (!take(p, KIND_AUTH_OK, &msg))
        msg = must(p, KIND_ERROR);
    cut(p);
    return msg;
}

/* ---- resume ---- */

static void test_session_goes_on_with_its_token(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct peer *ann = enter(rig, "ann"), *again;
    uint64_t device = ann->s->device_id, room = join(ann, "#lobby");
    struct msg msg;

    (void)state;
    cut(ann);
    pass(rig, 3600 * 1000); /* nobody wanted the name */
    again = peer_new(rig, TRANSPORT_UDP);
    say_hello(again, device);
    say_auth(again, "whatever", str_bytes(ann->token, TOKEN_LEN));
    say_sync(again);
    settle(rig);

    msg = must(again, KIND_AUTH_OK);
    assert_int_equal(msg.auth_ok.account, ann->account);
    assert_int_equal(msg.auth_ok.resumed, 1);
    assert_true(str_is(msg.auth_ok.nick, "ann"));
    assert_int_equal(msg.auth_ok.last_cseq, 1);
    msg = must(again, KIND_SYNC_ROOM);
    assert_int_equal(msg.sync_room.room, room);
    rig_free(rig);
}

static void test_session_takes_a_nick_when_the_token_is_not_known(void **state)
{
    static const char STRANGE[TOKEN_LEN] = "not one of ours";
    struct rig *rig = rig_new(NULL);
    struct msg msg;

    (void)state;
    msg = ask_token(rig, "ann", str_bytes(STRANGE, TOKEN_LEN));
    assert_int_equal(msg.kind, KIND_AUTH_OK);
    assert_int_equal(msg.auth_ok.resumed, 0);
    msg = ask_token(rig, "", str_bytes(STRANGE, TOKEN_LEN));
    assert_int_equal(msg.kind, KIND_ERROR);
    assert_int_equal(msg.error.code, ERROR_RESUME_INVALID);
    msg = ask_token(rig, "bob", str_bytes(STRANGE, 5));
    assert_int_equal(msg.kind, KIND_AUTH_OK);
    rig_free(rig);
}

static void test_session_replaces_an_older_link_of_its_device(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct peer *ann = enter(rig, "ann"), *bob = enter(rig, "bob"), *again;
    uint64_t room = join(ann, "#lobby");
    struct msg msg;

    (void)state;
    join(bob, "#lobby");
    again = resume(ann, TRANSPORT_UDP);
    msg = must(ann, KIND_BYE);
    assert_int_equal(msg.bye.code, ERROR_REPLACED);
    forget(again);
    forget(ann);
    say_text(bob, room, "hi");
    settle(rig);
    must(again, KIND_EVENT);
    must_not(ann, KIND_EVENT);
    must_not(bob, KIND_PRESENCE);
    pass(rig, 5000);
    assert_null(ann->s);
    assert_non_null(again->s);
    rig_free(rig);
}

static void test_session_lets_the_maker_of_a_name_ask_twice(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct peer *first = peer_new(rig, TRANSPORT_UDP), *second;
    struct msg msg;

    (void)state;
    first->deaf = true; /* AUTH_OK is lost */
    say_hello(first, 77);
    say_auth(first, "ann", str_of(NULL));
    settle(rig);
    assert_int_equal(ask_token(rig, "ann", str_of(NULL)).error.code,
                     ERROR_NAME_TAKEN);

    second = enter_as(rig, TRANSPORT_TCP, "ann", 77, str_of(NULL));
    join(second, "#lobby"); /* from here on others can know the device */
    first = peer_new(rig, TRANSPORT_TCP);
    say_hello(first, 77);
    say_auth(first, "ann", str_of(NULL));
    settle(rig);
    msg = must(first, KIND_ERROR);
    assert_int_equal(msg.error.code, ERROR_NAME_TAKEN);
    rig_free(rig);
}

/* ---- cursors ---- */

static void sync_from(struct peer *p, uint64_t room, uint64_t seq,
                      uint64_t epoch)
{
    struct rec_cursor rec = { room, seq };
    struct msg msg = { .kind = KIND_SYNC };
    uint8_t packed[16];

    msg.sync.cursors = str_bytes(packed, rec_pack(RECORD_cursor, &rec, packed));
    msg.sync.epoch = epoch;
    msg.sync.tail = 3;
    say(p, &msg);
    settle(p->rig);
}

/* What SYNC answers: `from`, and that events go from there to the head. */
static void check_sync(struct peer *p, uint64_t room, uint64_t seq,
                       uint64_t epoch, uint64_t from)
{
    struct msg msg;

    sync_from(p, room, seq, epoch);
    msg = must(p, KIND_SYNC_ROOM);
    assert_int_equal(msg.sync_room.from, from);
    for (uint64_t next = from; from && next <= msg.sync_room.head; next++)
        assert_int_equal(must(p, KIND_EVENT).event.seq, next);
    must_not(p, KIND_EVENT);
    must(p, KIND_SYNC_DONE);
}

static void test_session_gets_what_it_missed(void **state)
{
    struct limits limits = rig_limits();
    struct rig *rig;
    struct peer *ann;
    uint64_t room, epoch;

    (void)state;
    limits.value[LIMIT_TAIL_MAX] = 10;
    limits.value[LIMIT_ROOM_EVENTS] = 16;
    rig = rig_new(&limits);
    epoch = rig->w->epoch;
    ann = enter(rig, "ann");
    room = join(ann, "#lobby");
    for (int i = 2; i <= 30; i++)
        say_text(ann, room, "x");
    settle(rig);
    forget(ann); /* 1..30 said, 15..30 kept */

    check_sync(ann, room, 25, epoch, 26);
    check_sync(ann, room, 30, epoch, 31);     /* nothing missed */
    check_sync(ann, room, 20, epoch, 21);     /* just not too much */
    check_sync(ann, room, 19, epoch, 0);      /* too much: ask */
    check_sync(ann, room, 31, epoch, 0);      /* from the future */
    check_sync(ann, room, 25, epoch + 1, 28); /* another history: a tail */
    check_sync(ann, room + 1, 5, epoch, 28);  /* not its room */
    rig_free(rig);
}

static void test_session_is_not_pushed_to_before_it_asked(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct peer *ann = enter(rig, "ann"), *bob = enter(rig, "bob"), *again;
    uint64_t room = join(ann, "#lobby"), device = ann->s->device_id;

    (void)state;
    join(bob, "#lobby");
    cut(ann);
    again = peer_new(rig, TRANSPORT_TCP);
    say_hello(again, device);
    say_auth(again, "", str_bytes(ann->token, TOKEN_LEN));
    settle(rig);
    say_text(bob, room, "early");
    settle(rig);
    must_not(again, KIND_EVENT);
    check_sync(again, room, 1, rig->w->epoch, 2);
    say_text(bob, room, "live");
    settle(rig);
    assert_int_equal(must(again, KIND_EVENT).event.seq, 4);
    rig_free(rig);
}

/* ---- exactly once ---- */

static void say_numbered(struct peer *p, uint64_t room, uint64_t cseq,
                         const char *text)
{
    p->cseq = cseq - 1;
    say_text(p, room, text);
    settle(p->rig);
}

static void test_session_answers_a_repeated_line_with_its_place(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct peer *ann = enter(rig, "ann");
    uint64_t room = join(ann, "#lobby");
    struct msg msg;

    (void)state;
    for (uint64_t cseq = 2; cseq <= 6; cseq++)
        say_numbered(ann, room, cseq, "x");
    forget(ann);
    say_numbered(ann, room, 4, "x");
    msg = must(ann, KIND_SEND_ACK);
    assert_int_equal(msg.send_ack.cseq, 4);
    assert_int_equal(msg.send_ack.seq, 4);
    assert_int_equal(msg.send_ack.dup, 1);
    must_not(ann, KIND_EVENT);
    rig_free(rig);
}

static void test_session_repeats_a_refusal(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct peer *ann = enter(rig, "ann");
    uint64_t room = join(ann, "#lobby");
    struct msg msg;

    (void)state;
    say_numbered(ann, room, 2, "");
    must(ann, KIND_ERROR);
    say_numbered(ann, room, 3, "x");
    forget(ann);
    say_numbered(ann, room, 2, "");
    msg = must(ann, KIND_ERROR);
    assert_int_equal(msg.error.code, ERROR_BAD_FIELD);
    assert_int_equal(msg.error.cseq, 2);
    rig_free(rig);
}

static void test_session_refuses_a_number_too_far(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct peer *ann = enter(rig, "ann");
    uint64_t room = join(ann, "#lobby");
    struct msg msg;

    (void)state;
    say_numbered(ann, room, 3, "x");
    msg = must(ann, KIND_ERROR);
    assert_int_equal(msg.error.code, ERROR_BAD_CSEQ);
    assert_true(msg.error.retry_ms > 0);
    say_numbered(ann, room, 2, "x");
    must(ann, KIND_SEND_ACK);
    rig_free(rig);
}

static void test_session_takes_up_where_its_client_counts(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct peer *ann = peer_new(rig, TRANSPORT_TCP);

    (void)state;
    ann->cseq = 41; /* from a server that is no more */
    say_hello(ann, 9);
    say_auth(ann, "ann", str_of(NULL));
    settle(rig);
    assert_int_equal(must(ann, KIND_AUTH_OK).auth_ok.last_cseq, 41);
    rig_free(rig);
}

static void test_session_answers_over_the_new_link_what_came_by_the_old(
    void **state)
{
    struct rig *rig = rig_new(NULL);
    struct peer *ann = enter(rig, "ann"), *again;
    uint64_t room = join(ann, "#lobby");

    (void)state;
    store_pause(rig->w->store, true);
    say_text(ann, room, "x");
    settle(rig);
    again = resume(ann, TRANSPORT_TCP);
    assert_int_equal(again->cseq, 1); /* not stored yet */
    say_numbered(again, room, 2, "x");
    must_not(again, KIND_SEND_ACK);

    store_pause(rig->w->store, false);
    settle(rig);
    assert_int_equal(must(again, KIND_SEND_ACK).send_ack.seq, 2);
    must_not(again, KIND_SEND_ACK);
    assert_int_equal(world_room(rig->w, room)->head, 2);
    rig_free(rig);
}

static void test_session_fails_a_batch_with_all_behind_it(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct peer *ann = enter(rig, "ann"), *bob = enter(rig, "bob");
    uint64_t room = join(ann, "#lobby");
    struct msg msg;

    (void)state;
    join(bob, "#lobby");
    forget(ann);
    forget(bob);
    store_pause(rig->w->store, true);
    store_fail(rig->w->store, 1);
    say_text(ann, room, "first batch");
    settle(rig);
    say_text(ann, room, "second");
    say_text(bob, room, "bob's");
    settle(rig);
    store_pause(rig->w->store, false);
    settle(rig);

    msg = must(ann, KIND_ERROR);
    assert_int_equal(msg.error.code, ERROR_STORE);
    assert_int_equal(msg.error.cseq, 2);
    assert_int_equal(must(ann, KIND_ERROR).error.cseq, 3);
    assert_int_equal(must(bob, KIND_ERROR).error.cseq, 2);
    must_not(bob, KIND_EVENT);
    assert_int_equal(world_room(rig->w, room)->head, 2);

    say_numbered(ann, room, 2, "first batch");
    assert_int_equal(must(bob, KIND_EVENT).event.seq, 3);
    rig_free(rig);
}

static void test_session_joins_again_after_a_failed_join(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct peer *ann = enter(rig, "ann");

    (void)state;
    store_fail(rig->w->store, 1);
    say_join(ann, "#lobby");
    settle(rig);
    must(ann, KIND_ERROR);
    must_not(ann, KIND_SYNC_ROOM);
    assert_int_equal(world_account(rig->w, ann->account)->n_rooms, 0);
    ann->cseq = 0;
    assert_true(join(ann, "#lobby") != 0);
    rig_free(rig);
}

/* ---- names of the absent ---- */

static void test_session_loses_its_name_when_absent_too_long(void **state)
{
    struct limits limits = rig_limits();
    struct rig *rig;
    struct peer *ann, *bob;
    struct msg msg;

    (void)state;
    limits.value[LIMIT_RESUME] = 60;
    rig = rig_new(&limits);
    ann = enter(rig, "ann");
    bob = enter(rig, "bob");
    link_beat(bob->link, 5000, rig->now);
    join(ann, "#lobby");
    join(bob, "#lobby");
    cut(ann);
    pass(rig, 59000);
    assert_int_equal(ask_token(rig, "ann", str_of(NULL)).error.code,
                     ERROR_NAME_TAKEN);
    pass(rig, 1100);
    forget(bob);

    msg = ask_token(rig, "ann", str_of(NULL));
    assert_int_equal(msg.kind, KIND_AUTH_OK);
    assert_true(msg.auth_ok.account != ann->account);
    msg = must(bob, KIND_EVENT);
    assert_int_equal(msg.event.kind, event_PART);
    assert_int_equal(msg.event.account, ann->account);
    assert_true(msg.event.text.len > 0);
    pass(rig, 2000);
    assert_null(world_account(rig->w, ann->account));
    assert_int_equal(
        ask_token(rig, "", str_bytes(ann->token, TOKEN_LEN)).error.code,
        ERROR_RESUME_INVALID);
    rig_free(rig);
}

static void test_session_of_a_guest_is_forgotten_in_the_end(void **state)
{
    struct limits limits = rig_limits();
    struct rig *rig;
    struct peer *ann, *bob;

    (void)state;
    limits.value[LIMIT_ACCOUNT_KEEP] = 1000;
    rig = rig_new(&limits);
    ann = enter(rig, "ann");
    bob = enter(rig, "bob");
    link_beat(bob->link, 5000, rig->now);
    join(ann, "#lobby");
    join(bob, "#lobby");
    join(ann, "@bob");
    cut(ann);
    forget(bob);
    store_fail(rig->w->store, 1); /* the first try to part it */
    pass(rig, 1010000);
    assert_int_equal(must(bob, KIND_EVENT).event.kind, event_PART);
    assert_null(world_account(rig->w, ann->account));
    assert_int_equal(rig->w->env.metrics.accounts, 1);
    rig_free(rig);
}

static void test_session_reclaims_the_longest_absent_when_full(void **state)
{
    struct limits limits = rig_limits();
    struct rig *rig;

    (void)state;
    limits.value[LIMIT_ACCOUNTS] = 2;
    limits.value[LIMIT_RESUME] = 10;
    rig = rig_new(&limits);
    ask_token(rig, "ann", str_of(NULL));
    pass(rig, 5000);
    ask_token(rig, "bob", str_of(NULL));
    assert_int_equal(ask_token(rig, "eve", str_of(NULL)).error.code,
                     ERROR_LIMIT);
    pass(rig, 6000);
    assert_int_equal(ask_token(rig, "eve", str_of(NULL)).kind, KIND_AUTH_OK);
    assert_null(world_account_named(rig->w, S("ann")));
    assert_non_null(world_account_named(rig->w, S("bob")));
    rig_free(rig);
}

/* ---- devices ---- */

static void test_session_remembers_only_so_many_devices(void **state)
{
    struct limits limits = rig_limits();
    struct rig *rig;
    struct peer *ann;
    const struct account *account;

    (void)state;
    rig = rig_new(&limits);
    ann = enter_as(rig, TRANSPORT_TCP, "ann", 1, str_of(NULL));
    join(ann, "#lobby");
    for (uint64_t device = 2; device < DEVICES_MAX + 20; device++)
        cut(enter_as(rig, TRANSPORT_TCP, "", device,
                     str_bytes(ann->token, TOKEN_LEN)));
    account = world_account(rig->w, ann->account);
    assert_int_equal(account->n_devices, DEVICES_MAX);
    assert_non_null(account_device(account, 1)); /* it is connected */
    assert_null(account_device(account, 2));
    rig_free(rig);
}

static void test_session_limits_those_of_one_account(void **state)
{
    struct limits limits = rig_limits();
    struct rig *rig;
    struct peer *ann;

    (void)state;
    limits.value[LIMIT_PER_ACCOUNT] = 2;
    rig = rig_new(&limits);
    ann = enter_as(rig, TRANSPORT_TCP, "ann", 1, str_of(NULL));
    enter_as(rig, TRANSPORT_TCP, "", 2, str_bytes(ann->token, TOKEN_LEN));
    assert_int_equal(
        ask_token(rig, "", str_bytes(ann->token, TOKEN_LEN)).error.code,
        ERROR_LIMIT);
    resume(ann, TRANSPORT_TCP); /* replacing one is no third */
    rig_free(rig);
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_session_goes_on_with_its_token),
    cmocka_unit_test(test_session_takes_a_nick_when_the_token_is_not_known),
    cmocka_unit_test(test_session_replaces_an_older_link_of_its_device),
    cmocka_unit_test(test_session_lets_the_maker_of_a_name_ask_twice),
    cmocka_unit_test(test_session_gets_what_it_missed),
    cmocka_unit_test(test_session_is_not_pushed_to_before_it_asked),
    cmocka_unit_test(test_session_answers_a_repeated_line_with_its_place),
    cmocka_unit_test(test_session_repeats_a_refusal),
    cmocka_unit_test(test_session_refuses_a_number_too_far),
    cmocka_unit_test(test_session_takes_up_where_its_client_counts),
    cmocka_unit_test(
        test_session_answers_over_the_new_link_what_came_by_the_old),
    cmocka_unit_test(test_session_fails_a_batch_with_all_behind_it),
    cmocka_unit_test(test_session_joins_again_after_a_failed_join),
    cmocka_unit_test(test_session_loses_its_name_when_absent_too_long),
    cmocka_unit_test(test_session_of_a_guest_is_forgotten_in_the_end),
    cmocka_unit_test(test_session_reclaims_the_longest_absent_when_full),
    cmocka_unit_test(test_session_remembers_only_so_many_devices),
    cmocka_unit_test(test_session_limits_those_of_one_account),
};

int main(void)
{
    return RUN(TESTS);
}
