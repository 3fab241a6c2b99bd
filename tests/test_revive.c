/* SPDX-License-Identifier: MIT
 *
 * The server on a disk: what its clients find after it was restarted, after an
 * older state was put back, while the disk is full; and what is forgotten.
 */
#include "tests/server.h"

#include "server/errand.h"

static const uint64_t DAY_MS = 86400000;

/* ---- helpers ---- */

/* The client of a peer of before, over a new connection. */
static struct peer *come_back(const struct peer *old, uint64_t device)
{
    struct peer *p = peer_new(old->rig, TRANSPORT_TCP);

    p->cseq = old->cseq;
    say_hello(p, device);
    say_auth(p, "", str_bytes(old->token, TOKEN_LEN));
    say_sync(p);
    settle(p->rig);
    must(p, KIND_WELCOME);
    return p;
}

static struct msg back(struct peer *p)
{
    struct msg msg = must(p, KIND_AUTH_OK);

    p->account = msg.auth_ok.account;
    memcpy(p->token, msg.auth_ok.token.ptr, TOKEN_LEN);
    must(p, KIND_SYNC_DONE);
    return msg;
}

/* Say something and have it stored. */
static uint64_t tell(struct peer *p, uint64_t room, const char *text)
{
    struct msg msg;

    say_text(p, room, text);
    settle(p->rig);
    msg = must(p, KIND_SEND_ACK);
    assert_int_equal(msg.send_ack.cseq, p->cseq);
    return msg.send_ack.seq;
}

static void ask_page(struct peer *p, uint64_t room, unsigned mode, uint64_t seq)
{
    struct msg msg = { .kind = KIND_HIST };

    msg.hist.room = room;
    msg.hist.mode = mode;
    msg.hist.seq = seq;
    msg.hist.limit = 50;
    forget(p);
    say(p, &msg);
    settle(p->rig);
}

static void set_topic(struct peer *p, uint64_t room, const char *topic)
{
    struct msg msg = { .kind = KIND_ROOM_SET };

    msg.room_set.room = room;
    msg.room_set.cseq = ++p->cseq;
    msg.room_set.topic = str_of(topic);
    say(p, &msg);
    settle(p->rig);
    must(p, KIND_SEND_ACK);
}

static void part(struct peer *p, uint64_t room)
{
    struct msg msg = { .kind = KIND_PART };

    msg.part.room = room;
    msg.part.cseq = ++p->cseq;
    say(p, &msg);
    settle(p->rig);
    must(p, KIND_SEND_ACK);
}

static void set_nick(struct peer *p, const char *nick)
{
    struct msg msg = { .kind = KIND_NICK };

    msg.nick.nick = str_of(nick);
    say(p, &msg);
    settle(p->rig);
    must(p, KIND_OK);
}

static void nick_is_taken(struct rig *rig, const char *nick)
{
    struct peer *p = peer_new(rig, TRANSPORT_TCP);

    say_hello(p, rng_next(&rig->rng) | 1);
    say_auth(p, nick, str_of(NULL));
    settle(rig);
    assert_int_equal(must(p, KIND_ERROR).error.code, ERROR_NAME_TAKEN);
    cut(p);
}

/* ---- a restart ---- */

static void test_revive_goes_on_where_it_was(void **state)
{
    struct rig *rig = rig_new_durable(NULL);
    struct peer *ann = enter_as(rig, TRANSPORT_TCP, "ann", 7, str_of(NULL));
    struct peer *bob = enter(rig, "bob");
    uint64_t room = join(ann, "#Lobby"), epoch = rig->w->epoch;
    uint64_t account = ann->account;
    struct msg msg;

    (void)state;
    join(bob, "#lobby");
    set_topic(ann, room, "tea at five");
    tell(ann, room, "one");
    tell(ann, room, "two");
    rig_restart(rig);

    assert_int_equal(rig->w->epoch, epoch);
    ann = come_back(ann, 7);
    msg = back(ann);
    assert_int_equal(msg.auth_ok.account, account);
    assert_int_equal(msg.auth_ok.resumed, 1);
    assert_int_equal(msg.auth_ok.last_cseq, 4);
    assert_true(str_is(msg.auth_ok.nick, "ann"));
    msg = must(ann, KIND_SYNC_ROOM);
    assert_int_equal(msg.sync_room.room, room);
    assert_true(str_is(msg.sync_room.name, "#Lobby"));
    assert_true(str_is(msg.sync_room.topic, "tea at five"));
    assert_int_equal(msg.sync_room.head, 5);
    assert_int_equal(msg.sync_room.first, 1);
    assert_int_equal(msg.sync_room.members, 2);
    assert_int_equal(msg.sync_room.from, 0); /* not at hand: ask */
    assert_int_equal(tell(ann, room, "three"), 6);
    nick_is_taken(rig, "BOB");
    rig_free(rig);
}

static void test_revive_has_the_same_events(void **state)
{
    struct rig *rig = rig_new_durable(NULL);
    struct peer *ann = enter_as(rig, TRANSPORT_TCP, "ann", 7, str_of(NULL));
    uint64_t room = join(ann, "#lobby");
    struct str before[4];
    struct frame *copies[4];
    struct msg msg;

    (void)state;
    tell(ann, room, "one\nand a half");
    tell(ann, room, "二");
    tell(ann, room, "three");
    ask_page(ann, room, hist_LATEST, 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(frame_kind(ann->inbox[i]), KIND_EVENT);
        copies[i] = frame_ref(ann->inbox[i]);
        before[i] = frame_str(copies[i]);
    }
    rig_restart(rig);
    ann = come_back(ann, 7);
    back(ann);
    ask_page(ann, room, hist_LATEST, 0);
    for (int i = 0; i < 4; i++) {
        assert_true(str_eq(frame_str(ann->inbox[i]), before[i]));
        frame_unref(copies[i]);
    }
    msg = must(ann, KIND_HIST_PAGE);
    assert_int_equal(msg.hist_page.first, 1);
    assert_int_equal(msg.hist_page.last, 4);
    rig_free(rig);
}

static void test_revive_answers_what_is_said_again(void **state)
{
    struct rig *rig = rig_new_durable(NULL);
    struct peer *ann = enter_as(rig, TRANSPORT_TCP, "ann", 7, str_of(NULL));
    uint64_t room = join(ann, "#lobby"), seq = tell(ann, room, "one");
    struct msg msg;

    (void)state;
    say_text(ann, room + 5, "nobody is there");
    settle(rig);
    assert_int_equal(must(ann, KIND_ERROR).error.code, ERROR_NOT_MEMBER);
    rig_restart(rig);
    ann = come_back(ann, 7);
    assert_int_equal(back(ann).auth_ok.last_cseq, 3);

    ann->cseq = 1;
    say_text(ann, room, "one");
    settle(rig);
    msg = must(ann, KIND_SEND_ACK);
    assert_int_equal(msg.send_ack.dup, 1);
    assert_int_equal(msg.send_ack.seq, seq);
    say_text(ann, room + 5, "nobody is there");
    settle(rig);
    msg = must(ann, KIND_ERROR);
    assert_int_equal(msg.error.code, ERROR_NOT_MEMBER);
    assert_int_equal(msg.error.cseq, 3);
    assert_int_equal(tell(ann, room, "two"), seq + 1);
    rig_free(rig);
}

static void test_revive_knows_people_and_their_rooms_of_two(void **state)
{
    struct rig *rig = rig_new_durable(NULL);
    struct peer *ann = enter_as(rig, TRANSPORT_TCP, "ann", 7, str_of(NULL));
    struct peer *bob = enter_as(rig, TRANSPORT_TCP, "bob", 8, str_of(NULL));
    uint64_t room = join(ann, "@bob");
    struct msg msg;

    (void)state;
    tell(ann, room, "between us");
    set_nick(bob, "李伟");
    rig_restart(rig);
    ann = come_back(ann, 7);
    back(ann);
    msg = must(ann, KIND_SYNC_ROOM);
    assert_int_equal(msg.sync_room.kind, room_DIRECT);
    assert_true(str_is(msg.sync_room.name, "@李伟"));
    assert_int_equal(msg.sync_room.peer, bob->account);
    bob = come_back(bob, 8);
    assert_true(str_is(back(bob).auth_ok.nick, "李伟"));
    enter(rig, "bob"); /* free again */
    tell(ann, room, "still there?");
    assert_int_equal(must(bob, KIND_EVENT).event.room, room);
    assert_int_equal(join(ann, "@李伟"), room);
    rig_free(rig);
}

static void test_revive_knows_nothing_of_who_did_nothing(void **state)
{
    struct rig *rig = rig_new_durable(NULL);
    struct peer *ann = enter_as(rig, TRANSPORT_TCP, "ann", 7, str_of(NULL));

    (void)state;
    rig_restart(rig);
    assert_int_equal(rig->w->accounts.n, 0);
    ann = come_back(ann, 7);
    assert_int_equal(must(ann, KIND_ERROR).error.code, ERROR_RESUME_INVALID);
    rig_free(rig);
}

static void test_revive_leaves_those_out_who_left(void **state)
{
    struct rig *rig = rig_new_durable(NULL);
    struct peer *ann = enter_as(rig, TRANSPORT_TCP, "ann", 7, str_of(NULL));
    struct peer *bob = enter(rig, "bob");
    uint64_t room = join(ann, "#lobby"), tea = join(ann, "#tea");

    (void)state;
    join(bob, "#lobby");
    part(ann, room);
    rig_restart(rig);
    ann = come_back(ann, 7);
    back(ann);
    assert_int_equal(must(ann, KIND_SYNC_ROOM).sync_room.room, tea);
    must_not(ann, KIND_SYNC_ROOM);
    assert_int_equal(world_room(rig->w, room)->n_in, 1);
    rig_free(rig);
}

/* Who was forgotten is not there again; who takes the name is. */
static void test_revive_forgets_who_was_forgotten(void **state)
{
    struct limits limits = rig_limits();
    struct rig *rig;
    struct peer *ann, *other;
    uint64_t room, account;

    (void)state;
    limits.value[LIMIT_RESUME] = 10;
    rig = rig_new_durable(&limits);
    ann = enter_as(rig, TRANSPORT_TCP, "ann", 7, str_of(NULL));
    room = join(ann, "#lobby");
    cut(ann);
    pass(rig, 11000);
    other = enter_as(rig, TRANSPORT_TCP, "Ann", 9, str_of(NULL));
    join(other, "#lobby");
    account = other->account;
    pass(rig, 3000);
    assert_null(world_account(rig->w, ann->account));
    rig_restart(rig);
    assert_int_equal(rig->w->accounts.n, 1);
    assert_int_equal(world_account_named(rig->w, S("ANN"))->id, account);
    assert_int_equal(world_room(rig->w, room)->n_in, 1);
    ann = come_back(ann, 7);
    assert_int_equal(must(ann, KIND_ERROR).error.code, ERROR_RESUME_INVALID);
    rig_free(rig);
}

/* The same when the server ends in the middle of it. */
static void test_revive_gives_a_name_to_who_took_it_last(void **state)
{
    struct limits limits = rig_limits();
    struct rig *rig;
    struct peer *ann, *other;

    (void)state;
    limits.value[LIMIT_RESUME] = 10;
    rig = rig_new_durable(&limits);
    ann = enter_as(rig, TRANSPORT_TCP, "ann", 7, str_of(NULL));
    join(ann, "#lobby");
    cut(ann);
    pass(rig, 11000);
    other = enter_as(rig, TRANSPORT_TCP, "ann", 9, str_of(NULL));
    join(other, "#lobby");
    rig_restart(rig);
    assert_int_equal(world_account_named(rig->w, S("ann"))->id, other->account);
    pass(rig, 3000);
    rig_restart(rig);
    assert_int_equal(rig->w->accounts.n, 1);
    assert_int_equal(world_room_named(rig->w, S("#lobby"))->n_in, 1);
    rig_free(rig);
}

static void test_revive_gives_no_room_an_id_again(void **state)
{
    struct limits limits = rig_limits();
    struct rig *rig;
    struct peer *ann;
    uint64_t room, last;

    (void)state;
    limits.value[LIMIT_ROOMS] = 1;
    rig = rig_new_durable(&limits);
    ann = enter_as(rig, TRANSPORT_TCP, "ann", 7, str_of(NULL));
    room = join(ann, "#one");
    for (int i = 0; i < 600; i++)
        tell(ann, room, "much is said");
    part(ann, room);
    last = join(ann, "#two"); /* #one makes place */
    part(ann, last);
    pass(rig, 5000); /* slice by slice */
    assert_int_equal(rig->w->retain.n_doomed, 0);
    rig_restart(rig);
    assert_null(world_room(rig->w, room));
    assert_int_equal(rig->w->retain.n_doomed, 0);
    assert_int_equal(rig->w->last_room, last);
    ann = come_back(ann, 7);
    back(ann);
    assert_int_equal(join(ann, "#three"), last + 1);
    rig_restart(rig); /* at once: #two is not gone yet, and is there again */
    assert_non_null(world_room_named(rig->w, S("#two")));
    assert_int_equal(rig->w->rooms.n, 2);
    assert_int_equal(rig->w->last_room, last + 1);
    rig_free(rig);
}

/* Who is an admin no more stays that, though it could not be stored at once. */
static void test_revive_does_not_bring_back_a_rank(void **state)
{
    struct rig *rig = rig_new_durable(NULL);
    struct peer *ann = enter_as(rig, TRANSPORT_TCP, "ann", 7, str_of(NULL));
    uint64_t room = join(ann, "#lobby");
    struct account *account = world_account(rig->w, ann->account);
    struct store_op op = { .effect = EFFECT_RANK, .account = account->id };

    (void)state;
    op.kind = account->rank = RANK_ADMIN;
    world_put(rig->w, &op);
    settle(rig);
    op.kind = account->rank = RANK_USER;
    store_fail(rig->w->store, 1);
    world_put(rig->w, &op);
    settle(rig);
    tell(ann, room, "anything");
    rig_restart(rig);
    assert_int_equal(world_account_named(rig->w, S("ann"))->rank, RANK_USER);
    rig_free(rig);
}

/* The name of who was erased goes with the commit, whenever that succeeds. */
static void test_revive_does_not_bring_back_a_name(void **state)
{
    struct rig *rig = rig_new_durable(NULL);
    struct peer *ann = enter_as(rig, TRANSPORT_TCP, "ann", 7, str_of(NULL));
    struct peer *bob = enter_as(rig, TRANSPORT_TCP, "bob", 8, str_of(NULL));
    uint64_t room = join(ann, "@bob"), account = bob->account;

    (void)state;
    store_fail(rig->w->store, 1);
    assert_true(errand_unname(rig->w, account));
    settle(rig);
    assert_true(errand_unname(rig->w, account)); /* it could not be stored */
    settle(rig);
    assert_false(errand_unname(rig->w, account));
    rig_restart(rig);
    assert_string_equal(
        room_other(world_room(rig->w, room), ann->account)->nick, "erased");
    rig_free(rig);
}

/* The same among those who are kept out, and who did that. */
static void test_revive_does_not_bring_back_a_note(void **state)
{
    struct rig *rig = rig_new_durable(NULL);
    struct peer *ann = enter_as(rig, TRANSPORT_TCP, "ann", 7, str_of(NULL));
    uint64_t room = join(ann, "#lobby");
    struct store_op op = { .effect = EFFECT_SANCTION,
                           .kind = sanction_ACCOUNT,
                           .room = room };

    (void)state;
    op.text = mem_str(S("99"));
    op.note = mem_str(S("bob ann rude"));
    world_put(rig->w, &op);
    settle(rig);
    store_fail(rig->w->store, 1);
    assert_true(errand_unnote(rig->w, S("bob")));
    settle(rig);
    assert_true(errand_unnote(rig->w, S("bob"))); /* it could not be stored */
    settle(rig);
    assert_false(errand_unnote(rig->w, S("bob")));
    rig_restart(rig);
    assert_string_equal(world_room(rig->w, room)->rules.sanctions.all[0].note,
                        "erased ann rude");
    rig_free(rig);
}

static void test_revive_pushes_what_has_been_read_once(void **state)
{
    struct rig *rig = rig_new_durable(NULL);
    struct peer *ann = enter_as(rig, TRANSPORT_TCP, "ann", 7, str_of(NULL));
    struct peer *bob;
    uint64_t room = join(ann, "#lobby");
    struct msg msg;

    (void)state;
    for (int i = 0; i < 80; i++)
        tell(ann, room, "a line");
    rig_restart(rig);
    bob = enter(rig, "bob");
    say_join(bob, "#lobby");
    settle(rig);
    msg = must(bob, KIND_SYNC_ROOM);
    assert_int_equal(msg.sync_room.from, 0);
    ask_page(bob, room, hist_LATEST, 0);
    assert_int_equal(must(bob, KIND_HIST_PAGE).hist_page.first, 33);
    bob = enter(rig, "carl");
    say_join(bob, "#lobby");
    settle(rig);
    msg = must(bob, KIND_SYNC_ROOM);
    assert_int_equal(msg.sync_room.from, 34); /* the last 50 */
    rig_free(rig);
}

/* ---- an older state ---- */

static void test_revive_lets_a_client_go_on_that_is_ahead(void **state)
{
    struct rig *rig = rig_new_durable(NULL);
    struct peer *ann = enter_as(rig, TRANSPORT_TCP, "ann", 7, str_of(NULL));
    uint64_t room = join(ann, "#lobby");
    struct disk *older;

    (void)state;
    tell(ann, room, "in the backup");
    older = vault_cut(rig->disk, 0);
    tell(ann, room, "after it");
    tell(ann, room, "and more");
    rig_end(rig);
    vault_free(rig->disk);
    rig->disk = older;
    disk_begin(older, "vault");
    rig_begin(rig);
    ann = come_back(ann, 7);
    assert_int_equal(back(ann).auth_ok.last_cseq, 4);
    assert_int_equal(tell(ann, room, "in a new history"), 3);
    rig_free(rig);
}

/* ---- a disk that is full ---- */

static void test_revive_refuses_and_recovers(void **state)
{
    struct rig *rig = rig_new_durable(NULL);
    struct peer *ann = enter_as(rig, TRANSPORT_TCP, "ann", 7, str_of(NULL));
    struct peer *bob = enter_as(rig, TRANSPORT_TCP, "bob", 8, str_of(NULL));
    uint64_t room = join(ann, "#lobby");
    struct metrics *metrics = &rig->w->env.metrics;
    struct disk *disk = rig->disk;
    struct msg msg;

    (void)state;
    join(bob, "#lobby");
    tell(ann, room, "before");
    forget(bob);
    disk->fail_code = SQLITE_FULL;
    disk->fail_n = UINT64_MAX / 2;
    disk->fail_at[DISK_WRITE] = disk->counts[DISK_WRITE] + 1;

    for (int i = 0; i < 3; i++) {
        say_text(ann, room, "is it there?");
        settle(rig);
        msg = must(ann, KIND_ERROR);
        assert_int_equal(msg.error.code, ERROR_STORE);
        assert_int_equal(msg.error.cseq, ann->cseq);
        assert_true(msg.error.retry_ms > 0);
        must_not(ann, KIND_SEND_ACK);
        ann->cseq--; /* the same again */
    }
    assert_int_equal(metrics->store_trouble, 1);
    assert_int_equal(metrics->commit_failures, 3);
    assert_string_equal(rig->w->trouble, "database or disk is full");
    must_not(bob, KIND_EVENT);
    ask_page(bob, room, hist_LATEST, 0);
    assert_int_equal(must(bob, KIND_HIST_PAGE).hist_page.last, 3);

    disk->fail_at[DISK_WRITE] = 0;
    forget(bob);
    assert_int_equal(tell(ann, room, "is it there?"), 4);
    assert_int_equal(must(bob, KIND_EVENT).event.seq, 4);
    assert_int_equal(metrics->store_trouble, 0);
    assert_null(rig->w->trouble);
    rig_restart(rig);
    assert_int_equal(world_room(rig->w, room)->head, 4);
    rig_free(rig);
}

/* Who came while it was full is known as soon as it is not. */
static void test_revive_records_who_came_meanwhile(void **state)
{
    struct rig *rig = rig_new_durable(NULL);
    struct peer *ann = enter_as(rig, TRANSPORT_TCP, "ann", 7, str_of(NULL));
    struct peer *bob = enter(rig, "bob");

    (void)state;
    store_fail(rig->w->store, 1);
    say_join(ann, "#lobby");
    settle(rig);
    assert_int_equal(must(ann, KIND_ERROR).error.code, ERROR_STORE);
    ann->cseq--;
    join(ann, "#lobby");
    store_fail(rig->w->store, 1);
    say_join(ann, "@bob");
    settle(rig);
    assert_int_equal(must(ann, KIND_ERROR).error.code, ERROR_STORE);
    ann->cseq--;
    join(ann, "@bob");
    rig_restart(rig);
    assert_non_null(world_account_named(rig->w, S("ann")));
    assert_int_equal(world_account_named(rig->w, S("bob"))->id, bob->account);
    ann = come_back(ann, 7);
    assert_int_equal(back(ann).auth_ok.last_cseq, 2);
    assert_int_equal(rig->w->rooms.n, 2);
    rig_free(rig);
}

/* ---- what is forgotten ---- */

static void pass_days(struct rig *rig, unsigned days)
{
    rig->now.wall_ms += days * DAY_MS;
    pass(rig, 10000);
}

static void test_revive_forgets_old_lines(void **state)
{
    struct limits limits = rig_limits();
    struct rig *rig;
    struct peer *ann;
    uint64_t room, other;

    (void)state;
    limits.value[LIMIT_KEEP] = 30;
    rig = rig_new_durable(&limits);
    ann = enter_as(rig, TRANSPORT_TCP, "ann", 7, str_of(NULL));
    room = join(ann, "#lobby");
    other = join(ann, "#Kept");
    retain_set_rules(rig->w, "#logs=1 #kept=0");
    for (int i = 0; i < 700; i++)
        tell(ann, room, "old");
    tell(ann, other, "old");
    rig->now.wall_ms += 31 * DAY_MS;
    pass(rig, 100);
    /* its link is long dead by this clock: it comes back */
    ann = come_back(ann, 7);
    back(ann);
    tell(ann, room, "new");
    pass_days(rig, 0);
    assert_int_equal(store_first(rig->w->store, room), 702);
    assert_int_equal(store_first(rig->w->store, other), 1);
    rig_restart(rig);
    assert_int_equal(store_first(rig->w->store, room), 702);
    assert_int_equal(world_room(rig->w, room)->head, 702);
    assert_int_equal(store_first(rig->w->store, other), 1);
    pass_days(rig, 60); /* the last one stays, for its number */
    assert_int_equal(store_first(rig->w->store, room), 702);
    rig_free(rig);
}

static void test_revive_goes_by_the_rule_of_a_room(void **state)
{
    struct rig *rig = rig_new_durable(NULL);
    struct peer *ann = enter_as(rig, TRANSPORT_TCP, "ann", 7, str_of(NULL));
    uint64_t logs = join(ann, "#Logs"), other = join(ann, "#other");

    (void)state;
    tell(ann, logs, "one");
    tell(ann, logs, "two");
    tell(ann, other, "one");
    retain_set_rules(rig->w, "#a=2  #logs=1 #b=3");
    assert_int_equal(retain_days(rig->w, world_room(rig->w, logs)), 1);
    assert_int_equal(retain_days(rig->w, world_room(rig->w, other)), 0);
    pass_days(rig, 2);
    assert_int_equal(store_first(rig->w->store, logs), 3);
    assert_int_equal(store_first(rig->w->store, other), 1);
    rig_free(rig);
}

/* ---- rooms of two ---- */

/* Guests who wrote to somebody and are forgotten do not use up her rooms. */
static void test_revive_does_not_count_rooms_of_who_is_no_more(void **state)
{
    struct limits limits = rig_limits();
    struct fingerprint key = { { 9 } };
    struct peer *ann, *p;
    struct rig *rig;

    (void)state;
    limits.value[LIMIT_ROOMS_JOINED] = 2;
    limits.value[LIMIT_ACCOUNT_KEEP] = 5;
    rig = rig_on(vault_new(1), &limits);
    ann = enter_as(rig, TRANSPORT_TCP, "ann", 1, S(""));
    world_bind(rig->w, world_account(rig->w, ann->account), &key, S("box"),
               rig->now);
    for (unsigned i = 0; i < 4; i++) {
        p = enter_as(rig, TRANSPORT_TCP, "bob", 10 + i, S(""));
        say_join(p, "@ann");
        settle(rig);
        must(p, KIND_SEND_ACK);
        cut(p);
        pass(rig, 12000);
    }
    rig_free(rig);
}

/* Renamed while it was not in it, a side is known by its new name. */
static void test_revive_names_a_side_as_it_is_called(void **state)
{
    struct rig *rig = rig_new_durable(NULL);
    struct peer *ann = enter(rig, "ann"), *bob = enter(rig, "bob");
    struct msg msg = { .kind = KIND_NICK };
    uint64_t room;

    (void)state;
    say_join(ann, "@bob");
    settle(rig);
    room = must(ann, KIND_SEND_ACK).send_ack.room;
    msg.part = (struct msg_part){ .room = room, .cseq = ++bob->cseq };
    msg.kind = KIND_PART;
    say(bob, &msg);
    settle(rig);
    msg = (struct msg){ .kind = KIND_NICK };
    msg.nick.nick = S("carl");
    say(bob, &msg);
    settle(rig);
    must(bob, KIND_OK);
    say_join(bob, "@ann");
    settle(rig);
    for (int i = 0; i < 2; i++) {
        assert_string_equal(
            room_other(world_room(rig->w, room), ann->account)->nick, "carl");
        if (i == 0)
            rig_restart(rig);
    }
    rig_free(rig);
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_revive_does_not_count_rooms_of_who_is_no_more),
    cmocka_unit_test(test_revive_names_a_side_as_it_is_called),
    cmocka_unit_test(test_revive_goes_on_where_it_was),
    cmocka_unit_test(test_revive_has_the_same_events),
    cmocka_unit_test(test_revive_answers_what_is_said_again),
    cmocka_unit_test(test_revive_knows_people_and_their_rooms_of_two),
    cmocka_unit_test(test_revive_knows_nothing_of_who_did_nothing),
    cmocka_unit_test(test_revive_leaves_those_out_who_left),
    cmocka_unit_test(test_revive_forgets_who_was_forgotten),
    cmocka_unit_test(test_revive_gives_a_name_to_who_took_it_last),
    cmocka_unit_test(test_revive_gives_no_room_an_id_again),
    cmocka_unit_test(test_revive_does_not_bring_back_a_name),
    cmocka_unit_test(test_revive_does_not_bring_back_a_rank),
    cmocka_unit_test(test_revive_does_not_bring_back_a_note),
    cmocka_unit_test(test_revive_pushes_what_has_been_read_once),
    cmocka_unit_test(test_revive_lets_a_client_go_on_that_is_ahead),
    cmocka_unit_test(test_revive_refuses_and_recovers),
    cmocka_unit_test(test_revive_records_who_came_meanwhile),
    cmocka_unit_test(test_revive_forgets_old_lines),
    cmocka_unit_test(test_revive_goes_by_the_rule_of_a_room),
};

int main(void)
{
    return RUN(TESTS);
}
