/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include "shared/error.h"
#include "shared/mention.h"
#include "shared/rng.h"
#include "tests/scene.h"
#include "tui/presence.h"

static const char *last_text(const struct history *h)
{
    return h->n > 0 ? h->lines[h->n - 1].text : "";
}

static void test_model_takes_rooms_and_lines(void **state)
{
    (void)state;
    struct model *m = scene_model(0);

    scene_say(m, 1, SCENE_ANA, "ana", "hello");

    struct room *room = model_room_named(m, S("#ROOM"));
    assert_non_null(room);
    assert_ptr_equal(room, model_room(m, SCENE_ROOM));
    assert_true(room->joined);
    assert_int_equal(room->history.n, 1);
    assert_string_equal(room->topic, "a topic");
    model_free(m);
}

static void test_model_ignores_rooms_it_is_not_in(void **state)
{
    (void)state;
    struct model *m = scene_model(0);
    struct msg_event ev = scene_event(1, event_MESSAGE, 2, "ana", "x");
    ev.room = 99;

    scene_apply(m, ev);

    assert_int_equal(m->n_rooms, 1);
    assert_int_equal(m->rooms[0]->history.n, 0);
    model_free(m);
}

static void test_model_counts_what_is_not_seen(void **state)
{
    (void)state;
    struct model *m = scene_model(0);
    model_room_add(m, S("#other"));
    model_switch(m, 1);

    scene_say(m, 1, SCENE_ANA, "ana", "hello");
    scene_say(m, 2, SCENE_ANA, "ana", "me, are you there?");
    scene_say(m, 3, SCENE_ME, "me", "from my other window");
    scene_apply(m, scene_event(4, event_JOIN, SCENE_LI, "li", ""));

    struct room *room = m->rooms[0];
    assert_int_equal(room->unread, 2);
    assert_int_equal(room->mentions, 1);
    assert_int_equal(room->first_unread, 1);
    assert_true(m->bell);
    model_switch(m, 0);
    assert_int_equal(room->unread, 0);
    assert_int_equal(room->mentions, 0);
    assert_int_equal(room->marked, 2);
    assert_int_equal(room->first_unread, 1);
    model_switch(m, 1);
    assert_int_equal(room->first_unread, 0);
    model_free(m);
}

static void test_model_counts_nothing_while_looking(void **state)
{
    (void)state;
    struct model *m = scene_model(0);

    scene_say(m, 1, SCENE_ANA, "ana", "hello me");
    assert_int_equal(m->rooms[0]->unread, 0);
    m->looking = false;
    scene_say(m, 2, SCENE_ANA, "ana", "still there?");

    assert_int_equal(m->rooms[0]->unread, 1);
    assert_int_equal(m->rooms[0]->first_unread, 2);
    model_free(m);
}

static void test_model_old_lines_are_no_news(void **state)
{
    (void)state;
    struct model *m = scene_model(3);
    model_room_add(m, S("#other"));
    model_switch(m, 1);

    for (uint64_t seq = 1; seq <= 3; seq++)
        scene_say(m, seq, SCENE_ANA, "ana", "me");

    assert_int_equal(m->rooms[0]->unread, 0);
    assert_false(m->bell);
    assert_true(m->rooms[0]->history.lines[0].mention);
    scene_say(m, 4, SCENE_ANA, "ana", "new");
    assert_int_equal(m->rooms[0]->unread, 1);
    model_free(m);
}

static void test_model_marks_what_was_missed_offline(void **state)
{
    (void)state;
    struct model *m = scene_model(0);
    scene_say(m, 1, SCENE_ANA, "ana", "before");

    m->link = LINK_GREETING;
    scene_sync(m, SCENE_ROOM, room_PUBLIC, "#room", 3);
    scene_say(m, 2, SCENE_ANA, "ana", "while you were gone");
    scene_say(m, 3, SCENE_ANA, "ana", "this too");
    m->link = LINK_ONLINE;
    scene_say(m, 4, SCENE_ANA, "ana", "and this live");

    assert_int_equal(m->rooms[0]->first_unread, 2);
    assert_int_equal(m->rooms[0]->marked, 2);

    m->link = LINK_GREETING; /* nothing was missed: the mark stays */
    scene_sync(m, SCENE_ROOM, room_PUBLIC, "#room", 4);
    assert_int_equal(m->rooms[0]->first_unread, 2);
    scene_sync(m, SCENE_ROOM, room_PUBLIC, "#room", 5);
    scene_say(m, 5, SCENE_ANA, "ana", "while you were gone again");
    assert_int_equal(m->rooms[0]->first_unread, 5);
    assert_int_equal(m->rooms[0]->marked, 1);
    model_free(m);
}

static void test_model_direct_lines_ring(void **state)
{
    (void)state;
    struct model *m = scene_model(0);
    struct msg_event ev = scene_event(1, event_MESSAGE, 2, "ana", "psst");
    ev.room = 8;

    scene_sync(m, 8, room_DIRECT, "ana", 1);
    scene_apply(m, ev);

    struct room *room = model_room_named(m, S("@ana"));
    assert_non_null(room);
    assert_int_equal(room->unread, 1);
    assert_int_equal(room->mentions, 1);
    assert_true(m->bell);
    model_free(m);
}

/* A room with somebody, and what they are called. */
static void sync_with(struct model *m, uint64_t id, const char *nick,
                      uint64_t peer)
{
    struct msg msg = { .kind = KIND_SYNC_ROOM };

    msg.sync_room.room = id;
    msg.sync_room.kind = room_DIRECT;
    msg.sync_room.name = str_of(nick);
    msg.sync_room.peer = peer;
    model_apply(m, &msg, scene_at(1));
}

static void whisper(struct model *m, uint64_t room, uint64_t who,
                    const char *text)
{
    struct msg_event ev = scene_event(1, event_MESSAGE, who, "bob", text);

    ev.room = room;
    scene_apply(m, ev);
}

/*
 * Carl is called bob now, and the bob there was is no more: two rooms, and each
 * can be meant.
 */
static void test_model_keeps_two_of_one_name_apart(void **state)
{
    (void)state;
    struct model *m = scene_model(0);

    for (unsigned again = 0; again < 2; again++) {
        sync_with(m, 10, "bob", 5);
        sync_with(m, 15, "bob", 9);
        assert_int_equal(m->n_rooms, 3);
        assert_string_equal(model_room(m, 10)->name, "@bob:2");
        assert_string_equal(model_room(m, 15)->name, "@bob");
    }
    whisper(m, 10, 5, "hello, it is me");
    assert_int_equal(model_room(m, 10)->history.n, 1);
    assert_int_equal(model_room(m, 15)->history.n, 0);
    assert_ptr_equal(model_room_named(m, S("@bob:2")), model_room(m, 10));

    sync_with(m, 20, "bob", 9); /* the same two, in a room made anew */
    assert_int_equal(m->n_rooms, 3);
    assert_null(model_room(m, 15));
    assert_int_equal(model_room(m, 20)->peer, 9);
    model_free(m);
}

static void test_model_takes_a_new_name_from_who_had_it(void **state)
{
    (void)state;
    struct model *m = scene_model(0);
    struct msg_event ev = scene_event(1, event_NICK, 5, "carl", "bob");

    sync_with(m, 15, "bob", 9);
    sync_with(m, 10, "carl", 5);
    ev.room = 10;
    scene_apply(m, ev);

    assert_string_equal(model_room(m, 10)->name, "@bob");
    assert_string_equal(model_room(m, 15)->name, "@bob:2");
    sync_with(m, 15, "robert", 9);
    assert_string_equal(model_room(m, 15)->name, "@robert");
    model_free(m);
}

static void test_model_follows_people(void **state)
{
    (void)state;
    struct model *m = scene_model(0);
    struct room *room = m->rooms[0];

    scene_apply(m, scene_event(1, event_JOIN, SCENE_ANA, "ana", ""));
    scene_apply(m, scene_event(2, event_JOIN, SCENE_LI, "李伟", ""));
    scene_apply(m, scene_event(3, event_NICK, SCENE_ANA, "ana", "anna"));
    scene_apply(m, scene_event(4, event_TOPIC, SCENE_ANA, "anna", "news"));
    scene_apply(m, scene_event(5, event_PART, SCENE_LI, "李伟", "bye"));
    scene_say(m, 6, SCENE_ANA, "anna", "so");

    assert_int_equal(room->n_members, 1);
    assert_int_equal(room->member_count, 1);
    assert_int_equal(member_find(room, SCENE_ANA)->spoke, 6);
    assert_string_equal(model_person(m, SCENE_ANA)->nick, "anna");
    assert_non_null(model_person_named(m, S("ANNA")));
    assert_string_equal(room->topic, "news");
    model_free(m);
}

static void test_model_history_pages_change_no_members(void **state)
{
    (void)state;
    struct model *m = scene_model(9);
    scene_apply(m, scene_event(10, event_JOIN, SCENE_ANA, "ana", ""));

    scene_apply(m, scene_event(4, event_PART, SCENE_ANA, "ana", ""));
    scene_apply(m, scene_event(5, event_TOPIC, SCENE_ANA, "ana", "old"));

    assert_non_null(member_find(m->rooms[0], SCENE_ANA));
    assert_string_equal(m->rooms[0]->topic, "a topic");
    model_free(m);
}

/* What SYNC_ROOM says is newer than the events it brings along. */
static void test_model_a_tail_changes_nothing_that_is(void **state)
{
    (void)state;
    struct model *m = scene_model(0);
    struct room *room = m->rooms[0];
    struct msg_event kick =
        scene_event(1, event_KICK, SCENE_ANA, "ana", "wrong room");
    struct msg end = { .kind = KIND_MEMBER };

    kick.ref = SCENE_ME;
    end.member.room = SCENE_ROOM;
    scene_sync(m, SCENE_ROOM, room_PUBLIC, "#room", 7);
    scene_member(m, SCENE_LI, "li", presence_HERE);
    room->member_count = 2;
    scene_apply(m, kick);
    scene_apply(m, scene_event(2, event_JOIN, SCENE_ME, "me", ""));
    scene_apply(m, scene_event(3, event_PART, SCENE_ME, "me", ""));
    scene_apply(m, scene_event(4, event_JOIN, SCENE_ME, "me", ""));
    scene_apply(m, scene_event(5, event_NICK, SCENE_ME, "me", "myself"));
    scene_apply(m, scene_event(6, event_TOPIC, SCENE_ANA, "ana", "old"));
    scene_say(m, 7, SCENE_LI, "lily", "under another name");
    assert_true(room->joined);
    assert_true(room->wanted);
    assert_int_equal(room->member_count, 2);
    assert_string_equal(m->nick, "me");
    assert_string_equal(room->topic, "a topic");
    assert_string_equal(model_person(m, SCENE_LI)->nick, "li");

    model_apply(m, &end, scene_at(0));
    assert_int_equal(member_find(room, SCENE_LI)->spoke, 7);
    scene_apply(m, scene_event(8, event_PART, SCENE_ME, "me", ""));
    assert_false(room->joined);
    assert_false(room->wanted);
    model_free(m);
}

static void test_model_member_pages_replace_the_list(void **state)
{
    (void)state;
    struct model *m = scene_model(0);
    struct msg end = { .kind = KIND_MEMBER };
    end.member.room = SCENE_ROOM;
    scene_member(m, SCENE_ANA, "ana", presence_HERE);
    scene_member(m, SCENE_LI, "li", presence_HERE);
    model_apply(m, &end, scene_at(0));
    assert_int_equal(m->rooms[0]->n_members, 2);

    scene_sync(m, SCENE_ROOM, room_PUBLIC, "#room", 0);
    scene_member(m, SCENE_LI, "li", presence_HERE);
    model_apply(m, &end, scene_at(0));

    assert_int_equal(m->rooms[0]->n_members, 1);
    assert_null(member_find(m->rooms[0], SCENE_ANA));
    model_free(m);
}

static void test_model_asks_for_all_member_pages(void **state)
{
    (void)state;
    struct model *m = scene_model(0);
    struct room *room = m->rooms[0];
    struct msg end = { .kind = KIND_MEMBER };
    end.member = (struct msg_member){ .room = SCENE_ROOM, .more = 1 };

    room->members_known = true;
    scene_member(m, SCENE_ANA, "ana", presence_HERE);
    model_apply(m, &end, scene_at(0));
    assert_false(room->members_known);
    assert_int_equal(room->members_after, SCENE_ANA);
    /* A server that repeats itself is asked no more. */
    room->members_known = true;
    model_apply(m, &end, scene_at(0));
    assert_true(room->members_known);
    scene_member(m, SCENE_LI, "li", presence_HERE);
    end.member.more = 0;
    model_apply(m, &end, scene_at(0));

    assert_int_equal(room->n_members, 2);
    assert_int_equal(room->members_after, 0);
    model_free(m);
}

/* ---- presence ---- */

static struct model *with_ana(void)
{
    struct model *m = scene_model(0);

    scene_member(m, SCENE_ANA, "ana", presence_HERE);
    return m;
}

static void change(struct model *m, unsigned presence, unsigned reason,
                   unsigned away_s)
{
    scene_presence(m,
                   (struct rec_presence){ .account = SCENE_ANA,
                                          .state = presence,
                                          .reason = reason,
                                          .since = SCENE_START,
                                          .away_s = away_s },
                   scene_at(60));
}

static void test_model_tells_who_went_and_why(void **state)
{
    (void)state;

    static const struct {
        unsigned reason;
        const char *text;
    } CASES[] = {
        { reason_QUIT, "ana quit" },
        { reason_DETACHED, "ana: terminal closed" },
        { reason_CLOSED, "ana: connection closed" },
        { reason_TIMEOUT, "ana: no heartbeat, timed out" },
        { 77, "ana is gone" },
    };

    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct model *m = with_ana();
        change(m, presence_GONE, CASES[i].reason, 0);
        assert_string_equal(last_text(&m->rooms[0]->history), CASES[i].text);
        model_free(m);
    }
}

static void test_model_tells_who_is_back(void **state)
{
    (void)state;
    struct model *m = with_ana();
    struct history *h = &m->rooms[0]->history;

    change(m, presence_GONE, reason_TIMEOUT, 0);
    change(m, presence_HERE, reason_LINK, 40);
    assert_int_equal(h->n, 1); /* in the place of the other */
    assert_string_equal(last_text(h), "ana is back, link was down 40 s");

    scene_say(m, 1, SCENE_ANA, "ana", "hello again");
    change(m, presence_GONE, reason_TIMEOUT, 0);
    change(m, presence_IDLE, reason_ASLEEP, 540);
    assert_string_equal(last_text(h), "ana is back, was asleep 9 min");
    assert_int_equal(h->n, 3);
    model_free(m);
}

static void test_model_is_quiet_about_small_changes(void **state)
{
    (void)state;
    struct model *m = with_ana();

    change(m, presence_LATE, reason_NONE, 0);
    change(m, presence_FROZEN, reason_NONE, 0);
    change(m, presence_IDLE, reason_AWAY, 0);
    change(m, presence_HERE, reason_NONE, 0);

    assert_int_equal(m->rooms[0]->history.n, 0);
    assert_int_equal(model_person(m, SCENE_ANA)->state, presence_HERE);
    model_free(m);
}

/* Why they were away is of no interest once they are not. */
static void test_model_forgets_why_they_were_away(void **state)
{
    (void)state;
    struct model *m = with_ana();
    struct person *ana = model_person(m, SCENE_ANA);

    ana->away = strdup("lunch");
    change(m, presence_IDLE, reason_AWAY, 0);
    assert_string_equal(ana->away, "lunch");
    change(m, presence_HERE, reason_NONE, 0);
    assert_null(ana->away);
    model_free(m);
}

static void test_model_says_ages_shortly(void **state)
{
    (void)state;
    char out[32];

    presence_age(40, out, sizeof out);
    assert_string_equal(out, "40 s");
    presence_age(540, out, sizeof out);
    assert_string_equal(out, "9 min");
    presence_age(10800, out, sizeof out);
    assert_string_equal(out, "3 h");
    presence_age(UINT64_MAX, out, sizeof out);
    assert_non_null(strstr(out, " d"));
    assert_int_equal(presence_bucket(0), 1);
    assert_int_equal(presence_bucket(11), 20);
    assert_int_equal(presence_bucket(20), 20);
    assert_int_equal(presence_bucket(21), 50);
    assert_true(presence_bucket(UINT32_MAX) >= 10000);
}

static void test_model_typing_ends_by_itself(void **state)
{
    (void)state;
    struct model *m = with_ana();
    struct msg msg = { .kind = KIND_TYPING };
    msg.typing = (struct msg_typing){ SCENE_ROOM, SCENE_ANA, 1 };

    model_apply(m, &msg, scene_at(1));
    const struct member *member = member_find(m->rooms[0], SCENE_ANA);
    assert_true(member->typing_until > scene_at(1).mono_us);
    assert_true(model_deadline(m) != NEVER);
    model_tick(m, scene_at(60));

    assert_int_equal(member->typing_until, 0);
    assert_int_equal(model_deadline(m), NEVER);
    model_free(m);
}

/* ---- own lines ---- */

static void test_model_own_lines_climb_the_ladder(void **state)
{
    (void)state;
    struct model *m = scene_model(0);
    struct history *h = &m->rooms[0]->history;
    scene_queue(h, 1, S("a"));
    scene_queue(h, 2, S("b"));

    model_line_sent(m, 1);
    assert_int_equal(h->lines[0].state, LINE_SENT);
    assert_int_equal(h->lines[1].state, LINE_QUEUED);
    model_line_stored(m, 1, SCENE_ROOM, 1, SCENE_START);
    assert_int_equal(h->lines[0].state, LINE_STORED);
    model_line_failed(m, 2, ERROR_TOO_LARGE, S(""), scene_at(1));

    assert_int_equal(h->lines[1].state, LINE_FAILED);
    assert_string_equal(last_text(h), "not sent: larger than the limit");
    model_free(m);
}

static void test_model_ack_and_event_in_any_order(void **state)
{
    (void)state;
    for (int ack_first = 0; ack_first < 2; ack_first++) {
        struct model *m = scene_model(0);
        struct history *h = &m->rooms[0]->history;
        struct msg_event ev =
            scene_event(1, event_MESSAGE, SCENE_ME, "me", "a");
        ev.device = m->device;
        ev.cseq = 1;
        scene_queue(h, 1, S("a"));

        if (ack_first)
            model_line_stored(m, 1, SCENE_ROOM, 1, SCENE_START);
        scene_apply(m, ev);
        if (!ack_first)
            model_line_stored(m, 1, SCENE_ROOM, 1, SCENE_START);

        assert_int_equal(h->n, 1);
        assert_int_equal(h->lines[0].seq, 1);
        assert_int_equal(h->lines[0].state, LINE_STORED);
        model_free(m);
    }
}

static void test_model_epoch_starts_anew(void **state)
{
    (void)state;
    struct model *m = with_ana();
    struct history *h = &m->rooms[0]->history;
    scene_say(m, 1, SCENE_ANA, "ana", "old");
    scene_queue(h, 1, S("mine"));

    hits_begin(&m->hits, &(struct msg_search){ .text = S("old") });
    model_epoch(m, 2, scene_at(5));

    assert_null(m->hits.text);
    assert_int_equal(m->rooms[0]->id, 0);
    assert_false(m->rooms[0]->joined);
    assert_int_equal(h->last, 0);
    assert_int_equal(h->n, 3);
    assert_int_equal(m->n_people, 0);
    m->account = SCENE_ME;
    scene_sync(m, SCENE_ROOM, room_PUBLIC, "#room", 0);
    scene_say(m, 1, SCENE_ANA, "ana", "new");
    assert_int_equal(h->last, 1);
    assert_int_equal(m->n_rooms, 1);
    model_free(m);
}

/* ---- rooms and notices ---- */

static void test_model_keeps_notices_for_the_first_room(void **state)
{
    (void)state;
    struct model *m = model_new();

    model_notice(m, NULL, scene_at(0), "connecting to %s", "somewhere");
    assert_int_equal(model_shown(m)->n, 1);
    struct room *room = model_room_add(m, S("#a"));

    assert_int_equal(room->history.n, 1);
    assert_int_equal(m->news.n, 0);
    model_room_drop(m, room);
    assert_int_equal(m->n_rooms, 0);
    assert_null(model_current(m));
    model_notice(m, NULL, scene_at(0), "still alive");
    assert_int_equal(model_shown(m)->n, 1);
    model_free(m);
}

static void test_model_drop_keeps_the_current_room(void **state)
{
    (void)state;
    struct model *m = model_new();
    model_room_add(m, S("#a"));
    model_room_add(m, S("#b"));
    model_room_add(m, S("#c"));
    model_switch(m, 2);

    model_room_drop(m, m->rooms[0]);
    assert_string_equal(model_current(m)->name, "#c");
    model_room_drop(m, model_current(m));

    assert_string_equal(model_current(m)->name, "#b");
    model_free(m);
}

static void test_model_notices_are_clean(void **state)
{
    (void)state;
    struct model *m = model_new();

    model_notice(m, NULL, scene_at(0), "bad \033]0;x\007 %s", "\xff");

    for (const char *at = last_text(model_shown(m)); *at; at++)
        assert_true((unsigned char)*at >= ' ');
    model_free(m);
}

static void test_model_is_bounded(void **state)
{
    (void)state;
    struct model *m = scene_model(0);
    char name[32];

    for (unsigned i = 0; i < 2 * ROOMS_MAX; i++) {
        snprintf(name, sizeof name, "#r%u", i);
        scene_sync(m, 100 + i, room_PUBLIC, name, 0);
    }
    for (unsigned i = 0; i < 2 * PEOPLE_MAX; i++) {
        snprintf(name, sizeof name, "p%u", i);
        scene_member(m, 1000 + i, name, presence_HERE);
    }

    assert_int_equal(m->n_rooms, ROOMS_MAX);
    assert_int_equal(m->n_people, PEOPLE_MAX);
    assert_int_equal(m->rooms[0]->n_members, MEMBERS_MAX);
    model_free(m);
}

/* ---- mentions ---- */

static void test_model_knows_a_mention(void **state)
{
    (void)state;
    assert_true(mention_is(S("bob: hi"), S("bob")));
    assert_true(mention_is(S("hi BOB"), S("bob")));
    assert_true(mention_is(S("@bob!"), S("bob")));
    assert_true(mention_is(S("你好bob吗"), S("bob")));
    assert_true(mention_is(S("李伟你好"), S("李伟")));
    assert_true(mention_is(S("请李伟看一下"), S("李伟")));
    assert_true(mention_is(S("bobby and bob"), S("bob")));
    assert_true(mention_is(S("Grüße an JÜRGEN."), S("jürgen")));
    assert_false(mention_is(S("bobby"), S("bob")));
    assert_false(mention_is(S("kebob"), S("bob")));
    assert_false(mention_is(S("bob_2"), S("bob")));
    assert_false(mention_is(S(""), S("bob")));
    assert_false(mention_is(S("anything"), S("")));
    assert_false(mention_is(S("bo"), S("bob")));
}

/* ---- any message at all ---- */

static uint64_t next_random(void *ctx)
{
    return rng_next(ctx);
}

static void test_model_survives_any_messages(void **state)
{
    (void)state;
    uint64_t seed = test_seed(1);
    struct rng rng = { seed };
    struct model *m = scene_model(0);
    char arena[4096];
    print_message("SEED=%ju\n", (uintmax_t)seed);

    for (int i = 0; i < 20000; i++) {
        struct msg msg;
        wire_random(&msg, next_random, &rng, arena, sizeof arena);
        if (msg.kind == KIND_EVENT && rng_below(&rng, 2)) {
            msg.event.room = SCENE_ROOM;
            msg.event.seq = rng_below(&rng, 200);
            msg.event.kind = rng_below(&rng, 9);
            msg.event.account = rng_below(&rng, 6);
        }
        if (msg.kind == KIND_MEMBER || msg.kind == KIND_SYNC_ROOM)
            msg.member.room = rng_below(&rng, 20); /* the first field of both */
        model_apply(m, &msg, scene_at((unsigned)i));
        model_tick(m, scene_at((unsigned)i));
        assert_true(m->n_rooms == 0 || m->current < m->n_rooms);
    }
    model_free(m);
}

/* What the operator says stands where the person looks. */
static void test_model_shows_what_the_operator_says(void **state)
{
    static const struct {
        const char *text;
        uint64_t down_s;
        const char *shown;
    } CASES[] = {
        { "tea\nis ready", 0, "the operator says: tea\nis ready" },
        { "", 119, "the server goes down in 119 s" },
        { "", 150, "the server goes down in 2 min" },
    };
    struct model *m = scene_model(0);

    (void)state;
    model_room_add(m, S("#other"));
    model_switch(m, 1);
    for (unsigned i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct msg msg = { .kind = KIND_ANNOUNCE };

        m->bell = false;
        msg.announce.text = str_of(CASES[i].text);
        msg.announce.down_s = CASES[i].down_s;
        model_apply(m, &msg, scene_at(i));
        assert_string_equal(last_text(&m->rooms[1]->history), CASES[i].shown);
        assert_true(m->bell);
    }
    assert_int_equal(m->rooms[0]->history.n, 0);
    model_free(m);
}

/* ---- how far one has read, on all devices ---- */

static void say_read(struct model *m, struct msg_read read)
{
    struct msg msg = { .kind = KIND_READ };

    read.room = SCENE_ROOM;
    msg.read = read;
    model_apply(m, &msg, scene_at(9));
}

static void test_model_takes_the_server_s_counts(void **state)
{
    struct model *m = scene_model(0);
    struct room *room = m->rooms[0];

    (void)state;
    model_room_add(m, S("#other"));
    model_switch(m, 1);
    for (uint64_t seq = 1; seq <= 4; seq++)
        scene_say(m, seq, SCENE_ANA, "ana", "me, hello");
    assert_int_equal(room->unread, 4);

    /* another device has read on; 4 came after the server had counted */
    say_read(m, (struct msg_read){
                    .seq = 1, .upto = 3, .unread = 2, .mentions = 1 });
    assert_int_equal(room->unread, 3);
    assert_int_equal(room->mentions, 2);
    assert_int_equal(room->first_unread, 2);
    say_read(m, (struct msg_read){ .seq = 4, .upto = 4 });
    assert_int_equal(room->unread, 0);
    assert_int_equal(room->first_unread, 0);
    say_read(m, (struct msg_read){ .seq = 2, .upto = 4, .unread = 2 });
    assert_int_equal(room->unread, 0); /* it never goes back */
    model_free(m);
}

/* A room that is looked at gets its mark, and no count. */
static void test_model_marks_what_was_not_read_before(void **state)
{
    struct model *m = scene_model(0);
    struct room *room = m->rooms[0];

    (void)state;
    scene_say(m, 1, SCENE_ANA, "ana", "read on the other device");
    scene_say(m, 2, SCENE_ANA, "ana", "not read");
    say_read(m, (struct msg_read){ .seq = 1, .upto = 2, .unread = 1 });
    assert_int_equal(room->unread, 0);
    assert_int_equal(room->first_unread, 2);
    assert_int_equal(room->marked, 1);
    model_free(m);
}

/* What was missed comes as a number first, and by and by as lines. */
static void test_model_counts_what_was_missed_once(void **state)
{
    (void)state;
    for (int shown = 0; shown < 2; shown++) {
        struct model *m = scene_model(0);
        struct room *room = m->rooms[0];

        scene_say(m, 1, SCENE_ANA, "ana", "before");
        model_room_add(m, S("#other"));
        model_switch(m, shown ? 0 : 1);
        room->unread = room->mentions = 0;
        room->first_unread = 0;
        m->link = LINK_GREETING;
        scene_sync(m, SCENE_ROOM, room_PUBLIC, "#room", 301);
        m->link = LINK_ONLINE;
        say_read(m, (struct msg_read){
                        .seq = 1, .upto = 300, .unread = 299, .mentions = 1 });
        for (uint64_t seq = 2; seq <= 302; seq++)
            scene_say(m, seq, SCENE_ANA, "ana", seq == 9 ? "me!" : "hello");

        assert_int_equal(room->unread, shown ? 0 : 301);
        assert_int_equal(room->mentions, shown ? 0 : 1);
        assert_int_equal(room->marked, shown ? 300 : 0);
        assert_int_equal(room->first_unread, 2);
        model_free(m);
    }
}

/* A new history counts from the start, whatever was counted of the old one. */
static void test_model_counts_anew_in_a_new_history(void **state)
{
    (void)state;
    struct model *m = scene_model(0);
    struct room *room = m->rooms[0];

    model_room_add(m, S("#other"));
    model_switch(m, 1);
    say_read(m, (struct msg_read){ .seq = 1, .upto = 50, .unread = 2 });
    model_epoch(m, 2, scene_at(5));
    m->account = SCENE_ME;
    scene_sync(m, SCENE_ROOM, room_PUBLIC, "#room", 0);
    room->unread = 0;
    scene_say(m, 1, SCENE_ANA, "ana", "new");
    assert_int_equal(room->unread, 1);
    model_free(m);
}

static void test_model_sees_its_name_in_what_was_changed(void **state)
{
    struct model *m = scene_model(0);
    const struct history *h = &m->rooms[0]->history;
    struct msg_event ev;

    (void)state;
    scene_say(m, 1, SCENE_ANA, "ana", "hello you");
    assert_false(h->lines[0].mention);
    ev = scene_event(2, event_EDIT, SCENE_ANA, "ana", "hello me");
    ev.ref = 1;
    scene_apply(m, ev);
    assert_true(h->lines[0].mention);
    ev = scene_event(3, event_REDACT, SCENE_ANA, "ana", "not for me");
    ev.ref = 1;
    scene_apply(m, ev);
    assert_false(h->lines[0].mention);
    assert_string_equal(h->lines[0].by, "ana");
    assert_string_equal(h->lines[1].text, ""); /* nothing of it is left */
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model_takes_the_server_s_counts),
        cmocka_unit_test(test_model_marks_what_was_not_read_before),
        cmocka_unit_test(test_model_counts_what_was_missed_once),
        cmocka_unit_test(test_model_counts_anew_in_a_new_history),
        cmocka_unit_test(test_model_sees_its_name_in_what_was_changed),
        cmocka_unit_test(test_model_takes_rooms_and_lines),
        cmocka_unit_test(test_model_ignores_rooms_it_is_not_in),
        cmocka_unit_test(test_model_counts_what_is_not_seen),
        cmocka_unit_test(test_model_counts_nothing_while_looking),
        cmocka_unit_test(test_model_old_lines_are_no_news),
        cmocka_unit_test(test_model_marks_what_was_missed_offline),
        cmocka_unit_test(test_model_direct_lines_ring),
        cmocka_unit_test(test_model_keeps_two_of_one_name_apart),
        cmocka_unit_test(test_model_takes_a_new_name_from_who_had_it),
        cmocka_unit_test(test_model_follows_people),
        cmocka_unit_test(test_model_history_pages_change_no_members),
        cmocka_unit_test(test_model_a_tail_changes_nothing_that_is),
        cmocka_unit_test(test_model_member_pages_replace_the_list),
        cmocka_unit_test(test_model_asks_for_all_member_pages),
        cmocka_unit_test(test_model_tells_who_went_and_why),
        cmocka_unit_test(test_model_tells_who_is_back),
        cmocka_unit_test(test_model_is_quiet_about_small_changes),
        cmocka_unit_test(test_model_forgets_why_they_were_away),
        cmocka_unit_test(test_model_says_ages_shortly),
        cmocka_unit_test(test_model_shows_what_the_operator_says),
        cmocka_unit_test(test_model_typing_ends_by_itself),
        cmocka_unit_test(test_model_own_lines_climb_the_ladder),
        cmocka_unit_test(test_model_ack_and_event_in_any_order),
        cmocka_unit_test(test_model_epoch_starts_anew),
        cmocka_unit_test(test_model_keeps_notices_for_the_first_room),
        cmocka_unit_test(test_model_drop_keeps_the_current_room),
        cmocka_unit_test(test_model_notices_are_clean),
        cmocka_unit_test(test_model_is_bounded),
        cmocka_unit_test(test_model_knows_a_mention),
        cmocka_unit_test(test_model_survives_any_messages),
    };

    return RUN(tests);
}
