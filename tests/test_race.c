/* SPDX-License-Identifier: MIT
 *
 * Which way a client takes, and when it changes its mind: a real one and a real
 * server over ways that are blocked, slow, cut and mended.  Somebody else in
 * the room watches all the while: nobody may be seen leaving, and no line may
 * be lost or doubled.
 */
#include "tests/town.h"

#include "tui/model.h"
#include "tui/outbox.h"

enum { SECOND = 1000, SAY_EVERY_US = 700000 }; /* milliseconds */

struct actor {
    struct guest guest;
    struct model *model;
    struct outbox *outbox;
    struct secure_base *base;
};

struct play {
    struct town town;
    struct actor amy, ben; /* ben looks on, over a way without trouble */
    unsigned said;
    bool talks, seen_gone;
    uint64_t say_at;
};

static const char ROOM[] = "#room";

/* ---- actors ---- */

static void enter(struct play *p, struct actor *a, const char *nick,
                  enum pick pick, bool once)
{
    struct client_config config = {
        .nick = nick,
        .seed = rng_next(&p->town.rng),
        .pick = pick,
        .once = once,
        .home = ROOM,
        .datagram = "chat.lan:9555",
    };

    a->guest.town = &p->town;
    a->guest.network = town_network(&p->town);
    a->guest.delay_us = a->guest.delay_us ? a->guest.delay_us : 20000;
    a->guest.door_us = a->guest.door_us ? a->guest.door_us : 40000;
    if (p->town.secure)
        config.secure = a->base = guest_secure(&p->town);
    a->model = model_new();
    a->outbox = outbox_open(NULL, rng_next(&p->town.rng), NULL, 0);
    a->guest.client = client_new(&config, a->model, a->outbox);
}

static void leave(struct play *p, struct actor *a)
{
    guest_bury(&a->guest);
    close_ours(&p->town, client_link(a->guest.client));
    close_ours(&p->town, client_side_link(a->guest.client));
}

static void forget(struct actor *a)
{
    client_free(a->guest.client);
    outbox_close(a->outbox);
    model_free(a->model);
    secure_base_free(a->base);
}

/* ---- the play ---- */

static struct play *raise(bool secure)
{
    struct play *p = mem_new(1, sizeof *p);

    town_init(&p->town, test_seed(0x7ace), secure);
    limits_init(&p->town.config.limits);
    town_begin(&p->town);
    enter(p, &p->ben, "ben", PICK_TCP, false);
    return p;
}

static void start(struct play *p, enum pick pick, bool once)
{
    enter(p, &p->amy, "amy", pick, once);
}

static void strike(struct play *p)
{
    leave(p, &p->amy);
    leave(p, &p->ben);
    town_fini(&p->town);
    forget(&p->amy);
    forget(&p->ben);
    free(p);
}

static void say(struct play *p)
{
    char text[32];

    if (!p->talks || p->town.now.mono_us < p->say_at)
        return;
    p->say_at = p->town.now.mono_us + SAY_EVERY_US;
    snprintf(text, sizeof text, "line %u", p->said++);
    client_say(p->amy.guest.client, S("#room"), event_MESSAGE, str_of(text),
               guest_now(&p->amy.guest));
}

static void watch(struct play *p)
{
    uint64_t account = p->amy.model ? p->amy.model->account : 0;
    const struct person *amy =
        account ? model_who(p->ben.model, account) : NULL;

    p->seen_gone |= amy && amy->state == presence_GONE;
}

static void turn(struct play *p)
{
    if (p->amy.guest.client && !p->amy.guest.asleep) {
        say(p);
        guest_turn(&p->amy.guest);
    }
    guest_turn(&p->ben.guest);
    town_turn(&p->town);
    watch(p);
}

static void pass(struct play *p, uint64_t ms)
{
    for (uint64_t i = 0; i < ms / 5; i++)
        turn(p);
}

static uint64_t ms_of(const struct play *p)
{
    return p->town.now.mono_us / 1000;
}

static bool is_on(const struct play *p, enum transport transport)
{
    return p->amy.model->link == LINK_ONLINE &&
           p->amy.model->transport == transport;
}

/* Until she is online that way; returns how long it took, ms. */
static uint64_t until_on(struct play *p, enum transport transport,
                         uint64_t most_ms)
{
    uint64_t since = ms_of(p);

    while (!is_on(p, transport) && ms_of(p) - since < most_ms)
        turn(p);
    if (!is_on(p, transport))
        fail_msg("not on %s after %llu ms: %s", transport_name(transport),
                 (unsigned long long)most_ms,
                 p->amy.model->trouble ? p->amy.model->trouble : "-");
    return ms_of(p) - since;
}

/* Until a connection is begun that way; returns how long it took, ms. */
static uint64_t until_begun(struct play *p, enum transport transport,
                            uint64_t most_ms)
{
    unsigned before = p->amy.guest.opened[transport];
    uint64_t since = ms_of(p);

    while (p->amy.guest.opened[transport] == before &&
           ms_of(p) - since < most_ms)
        turn(p);
    return ms_of(p) - since;
}

/* Everything said is in the room, once, in order; and in the end ben has it. */
static void check_lines(struct play *p)
{
    const struct room *room;
    unsigned next = 0, number;

    p->talks = false;
    for (int i = 0; i < 4000 && !client_is_done(p->amy.guest.client); i++)
        turn(p);
    pass(p, 2 * SECOND);
    assert_true(client_is_done(p->amy.guest.client));
    room = model_room_named(p->ben.model, S("#room"));
    assert_non_null(room);
    for (size_t i = 0; i < room->history.n; i++) {
        const struct line *line = &room->history.lines[i];

        if (line->kind != LINE_EVENT ||
            sscanf(line->text, "line %u", &number) != 1)
            continue;
        assert_int_equal(number, next);
        next++;
    }
    assert_int_equal(next, p->said);
}

/* How many lines of her own client she has been shown. */
static size_t notices(const struct play *p)
{
    const struct history *h = model_shown(p->amy.model);
    size_t n = 0;

    for (size_t i = 0; i < h->n; i++)
        n += h->lines[i].kind == LINE_NOTICE;
    return n;
}

static bool was_told(const struct play *p, const char *what)
{
    const struct history *h = model_shown(p->amy.model);

    for (size_t i = 0; i < h->n; i++)
        if (h->lines[i].kind == LINE_NOTICE && strstr(h->lines[i].text, what))
            return true;
    return false;
}

/* Both in the room, over UDP, and talking. */
static struct play *talk(bool secure)
{
    struct play *p = raise(secure);

    pass(p, 1 * SECOND);
    start(p, PICK_AUTO, false);
    until_on(p, TRANSPORT_UDP, 2 * SECOND);
    p->talks = true;
    pass(p, 3 * SECOND);
    return p;
}

/* ---- the race ---- */

static void check_udp_answers(bool secure)
{
    struct play *p = raise(secure);

    start(p, PICK_AUTO, false);
    until_on(p, TRANSPORT_UDP, 1 * SECOND);
    pass(p, 5 * SECOND);

    assert_int_equal(p->amy.guest.opened[TRANSPORT_TCP], 0);
    assert_int_equal(p->amy.guest.opened[TRANSPORT_UDP], 1);
    assert_int_equal(p->amy.model->path_why, PATH_FINE);
    strike(p);
}

static void check_udp_blocked(bool secure, bool only_down)
{
    struct play *p = raise(secure);

    p->amy.guest.no_udp = !only_down;
    p->amy.guest.no_udp_down = only_down;
    start(p, PICK_AUTO, false);
    assert_in_range(until_begun(p, TRANSPORT_TCP, 1 * SECOND), 300, 310);
    assert_int_equal(p->amy.guest.opened[TRANSPORT_UDP], 1);

    assert_in_range(until_on(p, TRANSPORT_TCP, 1 * SECOND), 0, 200);
    assert_int_equal(p->amy.model->path_why, PATH_BLOCKED);
    pass(p, 10 * SECOND);
    assert_true(is_on(p, TRANSPORT_TCP));
    assert_false(p->seen_gone);
    assert_int_equal(p->amy.guest.opened[TRANSPORT_TCP], 1);
    strike(p);
}

/* It lives, but three round trips of 0.8 s take their time: TCP, which is
 * there before, waits for it. */
static void test_race_waits_for_a_slow_udp(void **state)
{
    struct play *p = raise(true);

    (void)state;
    p->amy.guest.delay_us = 400000;
    p->amy.guest.door_us = 1200000;
    start(p, PICK_AUTO, false);
    assert_in_range(until_begun(p, TRANSPORT_TCP, 1 * SECOND), 300, 310);
    pass(p, 1900);
    assert_null(p->amy.model->trouble);
    assert_non_null(client_side_link(p->amy.guest.client)); /* proved, waits */
    assert_true(link_is_open(client_side_link(p->amy.guest.client)));
    until_on(p, TRANSPORT_UDP, 3 * SECOND);

    assert_null(client_side_link(p->amy.guest.client));
    strike(p);
}

static void test_race_waits_no_longer_than_3_seconds(void **state)
{
    struct play *p = raise(true);
    uint64_t took;

    (void)state;
    p->amy.guest.delay_us = 700000;
    p->amy.guest.door_us = 1500000;
    start(p, PICK_AUTO, false);
    took = until_on(p, TRANSPORT_TCP, 4 * SECOND);

    assert_in_range(took, 3000, 3100);
    strike(p);
}

static void check_both_fail(bool secure, enum door door, const char *udp,
                            const char *tcp)
{
    struct play *p = raise(secure);
    const char *why = "";
    int code = 0;

    p->amy.guest.no_udp = true;
    p->amy.guest.door = door;
    start(p, PICK_AUTO, true);
    while (!client_fatal(p->amy.guest.client, &code, &why) &&
           ms_of(p) < 30 * SECOND)
        turn(p);

    assert_int_equal(code, EX_UNAVAILABLE);
    if (!strstr(why, udp) || !strstr(why, tcp))
        fail_msg("%s", why);
    strike(p);
}

/* ---- in the middle of a session ---- */

static void check_silence(bool secure)
{
    struct play *p = talk(secure);
    uint64_t since;

    p->amy.guest.no_udp = true;
    since = p->town.now.mono_us;
    until_begun(p, TRANSPORT_TCP, 12 * SECOND);
    assert_in_range(p->amy.guest.opened_us[TRANSPORT_TCP] - since, 7500000,
                    8200000);
    assert_int_equal(p->amy.guest.rebinds, secure);
    if (secure)
        assert_in_range(p->amy.guest.rebound_us - since, 5500000, 6200000);
    until_on(p, TRANSPORT_TCP, 2 * SECOND);
    assert_in_range(p->town.now.mono_us - since, 0, 15000000);

    assert_int_equal(p->amy.model->path_why, PATH_DIED);
    assert_true(was_told(p, "now over TCP"));
    check_lines(p);
    assert_false(p->seen_gone);
    strike(p);
}

/* The box between them has forgotten her port; another one will do. */
static void test_race_goes_on_through_a_fresh_socket(void **state)
{
    struct play *p = talk(true);
    size_t before = notices(p);
    uint64_t handshakes = hub_world(p->town.hub)->env.metrics.handshakes;

    (void)state;
    p->amy.guest.no_port = p->town.last_port;
    pass(p, 12 * SECOND);

    assert_int_equal(p->amy.guest.rebinds, 1);
    assert_int_equal(p->amy.guest.opened[TRANSPORT_TCP], 0);
    assert_int_equal(p->amy.guest.opened[TRANSPORT_UDP], 1);
    assert_int_equal(hub_world(p->town.hub)->env.metrics.handshakes,
                     handshakes);
    assert_int_equal(notices(p), before);
    check_lines(p);
    assert_false(p->seen_gone);
    strike(p);
}

static void check_return(bool secure)
{
    struct play *p = talk(secure);
    size_t before = notices(p);

    p->amy.guest.no_udp = true;
    p->amy.guest.door = DOOR_DEAD;
    pass(p, 10 * SECOND);
    assert_int_equal(p->amy.guest.opened[TRANSPORT_TCP], 1);
    p->amy.guest.no_udp = false;
    pass(p, 20 * SECOND);

    assert_true(is_on(p, TRANSPORT_UDP));
    assert_int_equal(p->amy.guest.opened[TRANSPORT_TCP], 1);
    assert_int_equal(p->amy.guest.opened[TRANSPORT_UDP], 1);
    assert_int_equal(notices(p), before);
    assert_int_equal(p->amy.model->path_why, PATH_FINE);
    check_lines(p);
    assert_false(p->seen_gone);
    strike(p);
}

/* Back in the very moment in which the session goes over to TCP. */
static void check_late_return(bool secure, unsigned turns)
{
    struct play *p = talk(secure);

    p->amy.guest.no_udp = true;
    until_begun(p, TRANSPORT_TCP, 12 * SECOND);
    for (unsigned i = 0; i < turns; i++)
        turn(p);
    p->amy.guest.no_udp = false;
    pass(p, 20 * SECOND);

    assert_int_equal(p->amy.model->link, LINK_ONLINE);
    check_lines(p);
    assert_false(p->seen_gone);
    strike(p);
}

static void test_race_does_not_storm_a_closed_door(void **state)
{
    struct play *p = talk(true);

    (void)state;
    p->amy.guest.no_udp = true;
    p->amy.guest.door = DOOR_SHUT;
    pass(p, 14 * SECOND);

    assert_in_range(p->amy.guest.opened[TRANSPORT_TCP], 2, 4);
    p->amy.guest.no_udp = false;
    p->amy.guest.door = DOOR_OPEN;
    until_on(p, TRANSPORT_UDP, 20 * SECOND);
    check_lines(p);
    strike(p);
}

/* ---- the way back ---- */

static void check_probes(bool secure)
{
    struct play *p = raise(secure);

    pass(p, 1 * SECOND);
    p->amy.guest.no_udp = true;
    start(p, PICK_AUTO, false);
    until_on(p, TRANSPORT_TCP, 2 * SECOND);
    pass(p, 2 * SECOND);
    p->talks = true;
    assert_in_range(until_begun(p, TRANSPORT_UDP, 60 * SECOND), 27900, 28200);
    assert_in_range(until_begun(p, TRANSPORT_UDP, 60 * SECOND), 29900, 30100);
    assert_true(is_on(p, TRANSPORT_TCP));
    assert_int_equal(p->amy.guest.opened[TRANSPORT_TCP], 1);
    p->amy.guest.no_udp = false;
    assert_in_range(until_on(p, TRANSPORT_UDP, 60 * SECOND), 0, 30500);

    assert_true(was_told(p, "now over UDP"));
    assert_int_equal(p->amy.model->path_why, PATH_FINE);
    check_lines(p);
    assert_false(p->seen_gone);
    strike(p);
}

static void check_relapse(bool secure)
{
    struct play *p = talk(secure);

    p->amy.guest.no_udp = true;
    until_on(p, TRANSPORT_TCP, 15 * SECOND);
    assert_in_range(until_begun(p, TRANSPORT_UDP, 60 * SECOND), 29000, 30100);
    p->amy.guest.no_udp = false;
    until_on(p, TRANSPORT_UDP, 60 * SECOND);
    pass(p, 20 * SECOND);
    p->amy.guest.no_udp = true; /* for the second time */
    until_on(p, TRANSPORT_TCP, 15 * SECOND);
    assert_in_range(until_begun(p, TRANSPORT_UDP, 200 * SECOND), 119000,
                    120100);
    assert_in_range(until_begun(p, TRANSPORT_UDP, 200 * SECOND), 29900, 30100);

    check_lines(p);
    assert_false(p->seen_gone);
    strike(p);
}

/* ---- what the person says ---- */

static void check_pins(bool secure)
{
    struct play *p = talk(secure);
    struct client *amy = p->amy.guest.client;

    client_pick(amy, PICK_TCP, guest_now(&p->amy.guest));
    until_on(p, TRANSPORT_TCP, 2 * SECOND);
    pass(p, 200 * SECOND);
    assert_int_equal(p->amy.guest.opened[TRANSPORT_UDP], 1); /* no probe */
    assert_int_equal(p->amy.model->path_why, PATH_FINE);

    p->amy.guest.no_udp = true;
    client_pick(amy, PICK_UDP, guest_now(&p->amy.guest));
    pass(p, 10 * SECOND);
    assert_true(is_on(p, TRANSPORT_TCP));
    assert_true(was_told(p, "staying on TCP"));
    assert_int_equal(client_picked(amy), PICK_TCP);

    p->amy.guest.no_udp = false;
    client_pick(amy, PICK_AUTO, guest_now(&p->amy.guest));
    assert_in_range(until_on(p, TRANSPORT_UDP, 2 * SECOND), 0, 1000);
    client_pick(amy, PICK_UDP, guest_now(&p->amy.guest));
    p->amy.guest.no_udp = true; /* pinned: TCP is not what was asked for */
    p->talks = false;
    pass(p, 14 * SECOND);
    assert_int_equal(p->amy.guest.opened[TRANSPORT_TCP], 1);
    p->amy.guest.no_udp = false;
    until_on(p, TRANSPORT_UDP, 20 * SECOND);
    check_lines(p);
    strike(p);
}

/* ---- sleep ---- */

static void sleep_for(struct play *p, uint64_t ms)
{
    uint64_t before = p->town.now.mono_us;

    p->amy.guest.asleep = true;
    for (uint64_t i = 0; i < ms / 5; i++)
        turn(p);
    p->amy.guest.asleep = false;
    p->amy.guest.slept_us += p->town.now.mono_us - before;
}

static void test_race_wakes_up_where_it_was(void **state)
{
    struct play *p = talk(true);
    const struct person *amy;
    uint64_t handshakes = hub_world(p->town.hub)->env.metrics.handshakes;

    (void)state;
    sleep_for(p, 300 * SECOND);
    assert_true(p->seen_gone);
    guest_moves(&p->amy.guest); /* the lid is opened at home */
    pass(p, 1 * SECOND);

    assert_true(is_on(p, TRANSPORT_UDP));
    assert_int_equal(p->amy.guest.opened[TRANSPORT_UDP], 1);
    assert_int_equal(p->amy.guest.opened[TRANSPORT_TCP], 0);
    assert_int_equal(hub_world(p->town.hub)->env.metrics.handshakes,
                     handshakes);
    amy = model_who(p->ben.model, p->amy.model->account);
    assert_true(amy->state > presence_GONE);
    assert_int_equal(amy->reason, reason_ASLEEP);
    check_lines(p);
    strike(p);
}

static void test_race_begins_anew_after_a_long_sleep(void **state)
{
    struct play *p = talk(true);
    uint64_t took;

    (void)state;
    sleep_for(p, 700 * SECOND);
    turn(p); /* it looks at the clock */
    took = until_begun(p, TRANSPORT_UDP, 10 * SECOND);
    assert_in_range(took, 2900, 3100);
    until_on(p, TRANSPORT_UDP, 2 * SECOND);

    check_lines(p);
    strike(p);
}

static void test_race_in_clear_text_begins_anew_after_any_sleep(void **state)
{
    struct play *p = talk(false);

    (void)state;
    sleep_for(p, 40 * SECOND);
    pass(p, 1 * SECOND);

    assert_int_equal(p->amy.guest.opened[TRANSPORT_UDP], 2);
    assert_true(is_on(p, TRANSPORT_UDP));
    check_lines(p);
    strike(p);
}

/* ---- encrypted and in clear text ---- */

static bool is_secure(void **state)
{
    return *state != NULL;
}

static void test_race_takes_udp_that_answers(void **state)
{
    check_udp_answers(is_secure(state));
}

static void test_race_takes_tcp_when_udp_is_blocked(void **state)
{
    check_udp_blocked(is_secure(state), false);
}

static void test_race_takes_tcp_when_nothing_comes_back(void **state)
{
    check_udp_blocked(is_secure(state), true);
}

static void test_race_names_both_reasons(void **state)
{
    check_both_fail(is_secure(state), DOOR_SHUT,
                    "chat.lan:9555: no answer over UDP",
                    "TCP: connection refused");
    check_both_fail(is_secure(state), DOOR_DEAD,
                    "chat.lan:9555: no answer over UDP",
                    "TCP: connection timed out");
}

static void test_race_goes_over_to_tcp_in_mid_session(void **state)
{
    check_silence(is_secure(state));
}

static void test_race_forgets_tcp_when_udp_is_back(void **state)
{
    check_return(is_secure(state));
}

static void test_race_survives_a_return_in_the_last_moment(void **state)
{
    for (unsigned i = 0; i < 30; i++)
        check_late_return(is_secure(state), i);
}

static void test_race_comes_back_to_udp(void **state)
{
    check_probes(is_secure(state));
}

static void test_race_is_slower_after_a_relapse(void **state)
{
    check_relapse(is_secure(state));
}

static void test_race_obeys_the_person(void **state)
{
    check_pins(is_secure(state));
}

#define ONE(name) cmocka_unit_test(test_race_##name)
#define BOTH(name)                                                             \
    { "test_race_" #name "_in_clear", test_race_##name, NULL, NULL, NULL },    \
    {                                                                          \
        "test_race_" #name, test_race_##name, NULL, NULL, &yes                 \
    }

int main(void)
{
    bool yes = true;
    const struct CMUnitTest tests[] = {
        BOTH(takes_udp_that_answers),
        BOTH(takes_tcp_when_udp_is_blocked),
        BOTH(takes_tcp_when_nothing_comes_back),
        ONE(waits_for_a_slow_udp),
        ONE(waits_no_longer_than_3_seconds),
        BOTH(names_both_reasons),
        BOTH(goes_over_to_tcp_in_mid_session),
        ONE(goes_on_through_a_fresh_socket),
        BOTH(forgets_tcp_when_udp_is_back),
        BOTH(survives_a_return_in_the_last_moment),
        ONE(does_not_storm_a_closed_door),
        BOTH(comes_back_to_udp),
        BOTH(is_slower_after_a_relapse),
        BOTH(obeys_the_person),
        ONE(wakes_up_where_it_was),
        ONE(begins_anew_after_a_long_sleep),
        ONE(in_clear_text_begins_anew_after_any_sleep),
    };

    return RUN(tests);
}
