/* SPDX-License-Identifier: MIT
 *
 * How a room is and who is what in it, as it is told and as it changes; and in
 * words.
 */
#include "tests/test.h"

#include "tests/scene.h"
#include "tui/manner.h"
#include "tui/presence.h"

static struct room *room_of(struct model *m)
{
    return model_room(m, SCENE_ROOM);
}

static void sync_as(struct model *m, struct msg_sync_room room)
{
    struct msg msg = { .kind = KIND_SYNC_ROOM };

    room.room = SCENE_ROOM;
    room.kind = room_PUBLIC;
    room.name = S("#room");
    msg.sync_room = room;
    model_apply(m, &msg, scene_at(0));
}

static void member_as(struct model *m, uint64_t account, const char *nick,
                      unsigned role, uint64_t muted)
{
    struct msg msg = { .kind = KIND_MEMBER };

    msg.member = (struct msg_member){ .room = SCENE_ROOM,
                                      .account = account,
                                      .nick = str_of(nick),
                                      .state = presence_HERE,
                                      .role = role,
                                      .muted = muted };
    model_apply(m, &msg, scene_at(0));
}

static char mark_of(struct model *m, uint64_t account)
{
    return station_mark(&member_find(room_of(m), account)->station);
}

/* An event of somebody about somebody. */
static void decree(struct model *m, uint64_t seq, unsigned kind, uint64_t about,
                   const char *text)
{
    struct msg_event ev = scene_event(seq, kind, SCENE_LI, "li", text);

    ev.ref = about;
    scene_apply(m, ev);
}

static void test_station_of_members(void **state)
{
    (void)state;
    struct model *m = scene_model(0);

    member_as(m, SCENE_ME, "me", role_MEMBER, 0);
    member_as(m, SCENE_ANA, "ana", role_MODERATOR, 0);
    member_as(m, SCENE_LI, "li", role_OWNER, 1);
    member_as(m, 4, "bob", role_MEMBER, 1);
    member_as(m, 5, "mei", role_MEMBER, SCENE_START + 60000);
    member_as(m, 6, "sara", role_MEMBER, SCENE_START - 1);

    assert_int_equal(mark_of(m, SCENE_ME), ' ');
    assert_int_equal(mark_of(m, SCENE_ANA), '@');
    assert_int_equal(mark_of(m, SCENE_LI), '&'); /* a mute binds no owner */
    assert_int_equal(mark_of(m, 4), '!');
    assert_int_equal(mark_of(m, 5), '!');
    assert_int_equal(mark_of(m, 6), ' '); /* it is over */
    assert_false(station_is_mute(&member_find(room_of(m), SCENE_LI)->station));
    model_free(m);
}

static void test_station_changes_with_events(void **state)
{
    (void)state;
    struct model *m = scene_model(0);
    member_as(m, SCENE_ME, "me", role_MEMBER, 0);
    member_as(m, SCENE_ANA, "ana", role_MEMBER, 0);

    decree(m, 1, event_ROLE, SCENE_ANA, "ana moderator");
    assert_int_equal(mark_of(m, SCENE_ANA), '@');
    assert_int_equal(station_mark(&room_of(m)->station), ' ');
    decree(m, 2, event_ROLE, SCENE_ME, "me owner");
    assert_int_equal(mark_of(m, SCENE_ME), '&');
    assert_int_equal(station_mark(&room_of(m)->station), '&');
    decree(m, 3, event_ROLE, SCENE_ME, "me member");
    decree(m, 4, event_MUTE, SCENE_ME, "me 0 too loud");
    assert_true(station_is_mute(&room_of(m)->station));
    assert_int_equal(mark_of(m, SCENE_ME), '!');
    decree(m, 5, event_UNMUTE, SCENE_ME, "me");
    assert_false(station_is_mute(&room_of(m)->station));
    decree(m, 6, event_MUTE, 99, "nobody 0"); /* who is not here */
    scene_apply(m, scene_event(7, event_PART, SCENE_ANA, "ana", ""));
    scene_apply(m, scene_event(8, event_JOIN, SCENE_ANA, "ana", ""));
    assert_int_equal(mark_of(m, SCENE_ANA), ' ');
    model_free(m);
}

static void test_station_mutes_end_by_themselves(void **state)
{
    (void)state;
    struct model *m = scene_model(0);
    member_as(m, SCENE_ME, "me", role_MEMBER, 0);

    decree(m, 10, event_MUTE, SCENE_ME, "me 20 so"); /* said at 10 s */
    assert_true(station_is_mute(&room_of(m)->station));
    assert_int_equal(model_deadline(m), scene_at(30).mono_us);
    model_tick(m, scene_at(29));
    assert_int_equal(mark_of(m, SCENE_ME), '!');
    m->dirty = false;
    model_tick(m, scene_at(30));
    assert_false(station_is_mute(&room_of(m)->station));
    assert_int_equal(mark_of(m, SCENE_ME), ' ');
    assert_true(m->dirty);
    assert_true(model_deadline(m) == NEVER);
    model_free(m);
}

/* Old news: the mute is over by the time it is read. */
static void test_station_knows_how_old_a_mute_is(void **state)
{
    (void)state;
    struct model *m = scene_model(0);
    struct msg msg = { .kind = KIND_EVENT };

    msg.event = scene_event(1, event_MUTE, SCENE_LI, "li", "me 20");
    msg.event.ref = SCENE_ME;
    model_apply(m, &msg, scene_at(500));
    assert_false(station_is_mute(&room_of(m)->station));
    model_free(m);
}

static void shorts(struct model *m, const char *want)
{
    char text[128];

    manner_short(&room_of(m)->manner, text, sizeof text);
    assert_string_equal(text, want);
}

static void test_station_manner_in_words(void **state)
{
    (void)state;
    struct model *m = scene_model(0);
    char text[512];

    shorts(m, "");
    sync_as(m, (struct msg_sync_room){ .access = access_INVITE,
                                       .slow_s = 10,
                                       .role = role_MODERATOR });
    shorts(m, "invite-only, slow 10s");
    manner_long(room_of(m), scene_at(0), text, sizeof text);
    assert_string_equal(text,
                        "only who was invited may enter; everybody sets the "
                        "topic; 10 s between two lines of somebody\n"
                        "you are a moderator here");
    decree(m, 1, event_MODE, 0, "access=open topic=moderators slow=0 key=set");
    shorts(m, "key, topic locked");
    decree(m, 2, event_MODE, 0, "key=none most=20 something=new");
    shorts(m, "topic locked, max 20");
    decree(m, 3, event_MODE, 0, "access=secret topic=members most=0");
    shorts(m, "secret");
    model_free(m);
}

static void test_station_words_for_who_may_only_listen(void **state)
{
    (void)state;
    struct model *m = scene_model(0);
    char text[128];

    sync_as(m, (struct msg_sync_room){ .role = role_MEMBER, .muted = 1 });
    manner_mute(room_of(m), scene_at(0), text, sizeof text);
    assert_string_equal(text, "you may only listen here");
    sync_as(m, (struct msg_sync_room){ .role = role_MEMBER,
                                       .muted = SCENE_START + 600000 });
    manner_mute(room_of(m), scene_at(0), text, sizeof text);
    assert_string_equal(text, "you may only listen here for another 10 min");
    sync_as(m, (struct msg_sync_room){ .role = role_OWNER, .muted = 1 });
    manner_long(room_of(m), scene_at(0), text, sizeof text);
    assert_null(strstr(text, "listen"));
    model_free(m);
}

/* However little room there is for the words. */
static void test_station_words_are_cut(void **state)
{
    (void)state;
    struct model *m = scene_model(0);
    char text[512];

    sync_as(m, (struct msg_sync_room){ .access = access_SECRET,
                                       .slow_s = UINT64_MAX,
                                       .most = UINT64_MAX,
                                       .locked = 1,
                                       .keyed = 1,
                                       .role = role_OWNER });
    for (size_t cap = 1; cap < sizeof text; cap++) {
        memset(text, 'x', sizeof text);
        manner_short(&room_of(m)->manner, text, cap);
        assert_true(strlen(text) < cap);
        assert_int_equal(text[cap], 'x');
        memset(text, 'x', sizeof text);
        manner_long(room_of(m), scene_at(0), text, cap);
        assert_true(strlen(text) < cap);
        assert_int_equal(text[cap], 'x');
    }
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_station_of_members),
        cmocka_unit_test(test_station_changes_with_events),
        cmocka_unit_test(test_station_mutes_end_by_themselves),
        cmocka_unit_test(test_station_knows_how_old_a_mute_is),
        cmocka_unit_test(test_station_manner_in_words),
        cmocka_unit_test(test_station_words_for_who_may_only_listen),
        cmocka_unit_test(test_station_words_are_cut),
    };

    return RUN(tests);
}
