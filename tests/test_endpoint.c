/* SPDX-License-Identifier: MIT
 *
 * The datagrams of a socket: strangers, forgers, eavesdroppers, and clients who
 * move about.  Those who fall asleep are in test_doze.c.
 */
#include "tests/post.h"

#include <malloc.h>

/* ---- strangers ---- */

static void test_endpoint_keeps_nothing_of_strangers(void **state)
{
    struct post *post = post_new(NULL, CLEAR_LOCAL);
    uint8_t bytes[DATAGRAM_MAX];
    struct caller *c;

    (void)state;
    assert_true(
        deliver(post, str_bytes(bytes, hello(post, bytes)), at(AWAY, 1)) > 0);
    assert_int_equal(sessions(post), 0);
    assert_int_equal(metrics(post)->cookies, 1);

    c = enter_at(post, at(HOME, 1), "ana"); /* through the same cookie */
    assert_int_equal(sessions(post), 1);
    assert_int_equal(metrics(post)->cookies, 2);
    assert_int_equal(metrics(post)->handshakes, 1);
    assert_int_equal(metrics(post)->half_open, 0);
    assert_true(lives(c));
    post_free(post);
}

static void test_endpoint_does_not_grow_with_hellos(void **state)
{
    struct post *post = post_new(NULL, CLEAR_LOCAL);
    uint8_t bytes[DATAGRAM_MAX], reply[DATAGRAM_MAX];
    size_t len = hello(post, bytes), before = 0;
    struct rig *rig = post->rig;

    (void)state;
    for (uint32_t i = 0; i < 101000; i++) {
        struct address from = at((uint32_t)rng_next(&rig->rng), 9);
        struct arrival a = { .datagram = str_bytes(bytes, len),
                             .from = &from,
                             .reply = reply };

        if (i == 1000)
            before = mallinfo2().uordblks;
        rig->now.mono_us += 40;
        endpoint_input(post->endpoint, &a, rig->now);
        assert_null(a.fresh);
    }

    assert_int_equal(mallinfo2().uordblks, before);
    assert_int_equal(sessions(post), 0);
    assert_in_range(metrics(post)->cookies, 80000, 90000); /* 20,000 a second */
    post_free(post);
}

/* A cookie is for one address, and not for ever. */
static void test_endpoint_wants_the_cookie_of_that_address(void **state)
{
    struct post *post = post_new(NULL, CLEAR_LOCAL);
    struct caller *c = call(post, at(HOME, 1), true);

    (void)state;
    c->tap = c->mute = true;
    speak(c);
    deliver(post, str_bytes(c->tapped[0], c->lens[0]), c->at); /* the cookie */
    speak(c);
    assert_int_equal(c->n_tapped, 2);
    assert_true(deliver(post, str_bytes(c->tapped[1], c->lens[1]),
                        at(HOME, 2)) > 0); /* another address: another cookie */
    assert_int_equal(sessions(post), 0);
    post->rig->now.mono_us += 130 * 1000000; /* two lives of a secret */
    assert_true(deliver(post, str_bytes(c->tapped[1], c->lens[1]), c->at) > 0);

    assert_int_equal(sessions(post), 0);
    post_free(post);
}

/* Anything, from anywhere: what goes back is never more, and nothing is kept
 * (see also deliver). */
static void test_endpoint_never_amplifies(void **state)
{
    struct post *post = post_new(NULL, CLEAR_LOCAL);
    struct rng rng = { test_seed(0xa3f) };
    uint8_t good[DATAGRAM_MAX], bytes[2 * DATAGRAM_MAX];
    size_t len = hello(post, good);

    (void)state;
    for (int i = 0; i < 60000; i++) {
        bool whole = rng_below(&rng, 2);
        size_t n = whole ? len : rng_below(&rng, sizeof bytes);

        post->rig->now.mono_us += 1000;
        for (size_t j = 0; j < n; j++)
            bytes[j] = j < len ? good[j] : (uint8_t)rng_next(&rng);
        for (uint64_t j = rng_below(&rng, whole ? 3 : 6); j > 0 && n > 0; j--)
            bytes[rng_below(&rng, n)] = (uint8_t)rng_next(&rng);
        if (n > 12 && rng_below(&rng, 2)) { /* a length that fits */
            bytes[11] = (uint8_t)((n - 13) >> 8);
            bytes[12] = (uint8_t)(n - 13);
        }
        if (n > 0 && rng_below(&rng, 4) == 0)
            bytes[0] = (uint8_t)(0xC0 + rng_below(&rng, 3));
        deliver(post, str_bytes(bytes, n), at(AWAY, 7));
    }

    assert_true(metrics(post)->cookies > 1000);
    assert_int_equal(sessions(post), 0);
    post_free(post);
}

/* Whichever of the first datagrams are lost, either way: the call comes about,
 * and goes on under its id. */
static void test_endpoint_repairs_a_beginning(void **state)
{
    (void)state;
    for (unsigned a = 1; a <= 16; a++) {
        for (unsigned b = a; b <= 16; b++) {
            struct post *post = post_new(NULL, CLEAR_LOCAL);
            struct caller *c = call(post, at(HOME, 1), true);

            post->lost[0] = a;
            post->lost[1] = b;
            say_hello(&c->peer, 7);
            say_auth(&c->peer, "ana", str_of(NULL));
            say_sync(&c->peer);
            wait(post, 4000);
            authed(&c->peer);
            must(&c->peer, KIND_SYNC_DONE);
            assert_int_equal(sessions(post), 1);
            c->at = at(HOME, 2); /* only its id tells who it is */
            assert_true(lives(c));
            post_free(post);
        }
    }
}

/* ---- forged and repeated datagrams ---- */

static struct caller *tapped_talk(struct post *post)
{
    struct caller *c = enter_at(post, at(HOME, 1), "ana");

    wait(post, 1000);
    c->tap = true;
    for (int i = 0; i < 20; i++) {
        link_beat(c->peer.link, 5000, post->rig->now);
        wait(post, 100);
    }
    assert_true(c->n_tapped >= 20);
    c->tap = false;
    return c;
}

static void test_endpoint_is_deaf_to_other_ids(void **state)
{
    struct post *post = post_new(NULL, CLEAR_LOCAL);
    struct caller *c = tapped_talk(post);
    struct rng rng = { test_seed(1) };
    uint8_t bytes[DATAGRAM_MAX];
    size_t len = c->lens[5];
    uint64_t bytes_in = metrics(post)->bytes_in;

    (void)state;
    memcpy(bytes, c->tapped[5], len);
    assert_int_equal(bytes[0], DATAGRAM_SEALED);
    for (int i = 0; i < 1000000; i++) {
        uint64_t flip = rng_below(&rng, 8) ? (uint64_t)1 << rng_below(&rng, 64)
                                           : rng_next(&rng) | 1;

        for (unsigned j = 0; j < 8; j++)
            bytes[1 + j] = c->tapped[5][1 + j] ^ (uint8_t)(flip >> 8 * j);
        assert_int_equal(deliver(post, str_bytes(bytes, len), at(FOE, 1)), 0);
    }
    calm(post);

    assert_int_equal(sent_to(post, at(FOE, 1)), 0);
    assert_int_equal(metrics(post)->bytes_in, bytes_in);
    assert_int_equal(metrics(post)->moves, 0);
    assert_int_equal(sessions(post), 1);
    assert_true(lives(c));
    post_free(post);
}

/* What a session has said, said again from elsewhere: as it was, in another
 * order, with a bit changed. */
static void test_endpoint_follows_no_echo(void **state)
{
    struct post *post = post_new(NULL, CLEAR_LOCAL);
    struct caller *c = tapped_talk(post);
    struct session *s = newest(post);
    struct rng rng = { test_seed(2) };
    uint8_t bytes[DATAGRAM_MAX];

    (void)state;
    for (int i = 0; i < 40000; i++) {
        size_t n = rng_below(&rng, c->n_tapped), len = c->lens[n];

        memcpy(bytes, c->tapped[n], len);
        if (i % 2)
            bytes[9 + rng_below(&rng, len - 9)] ^=
                (uint8_t)(1u << rng_below(&rng, 8));
        if (i % 8 == 7) /* a number higher than any */
            memset(bytes + 9 + 5, 0xff, 6);
        deliver(post, str_bytes(bytes, len), at(FOE, 1));
        if (i % 1000 == 0)
            calm(post);
    }
    calm(post);

    assert_int_equal(sent_to(post, at(FOE, 1)), 0);
    assert_int_equal(metrics(post)->moves, 0);
    assert_true(is_at(s, at(HOME, 1)));
    assert_true(lives(c));
    c->at = at(HOME, 2); /* it can still move itself */
    assert_true(lives(c));
    assert_true(is_at(s, at(HOME, 2)));
    post_free(post);
}

/* Records that are late, from elsewhere: authentic, but not the newest. */
static void test_endpoint_follows_no_latecomer(void **state)
{
    struct post *post = post_new(NULL, CLEAR_LOCAL);
    struct caller *c = enter_at(post, at(HOME, 1), "ana");
    struct session *s = newest(post);
    uint8_t glued[2 * DATAGRAM_MAX];
    size_t len;

    (void)state;
    wait(post, 1000);
    c->tap = c->mute = true; /* held up on the way */
    for (int i = 0; i < 3; i++) {
        link_beat(c->peer.link, 5000, post->rig->now);
        wait(post, 50);
    }
    c->tap = c->mute = false;
    assert_true(lives(c)); /* newer ones have come */
    deliver(post, str_bytes(c->tapped[0], c->lens[0]), at(FOE, 1));
    calm(post);
    assert_true(is_at(s, at(HOME, 1)));

    /* Behind a head with a number that is higher than any. */
    len = c->lens[1];
    memcpy(glued, c->tapped[1], len);
    memset(glued + 9 + 5, 0xff, 6);
    memcpy(glued + len, c->tapped[1] + 9, len - 9);
    deliver(post, str_bytes(glued, 2 * len - 9), at(FOE, 1));
    calm(post);
    assert_true(is_at(s, at(HOME, 1)));
    assert_int_equal(sent_to(post, at(FOE, 1)), 0);
    assert_int_equal(metrics(post)->moves, 0);

    c->at = at(AWAY, 2);
    assert_true(lives(c));
    assert_true(is_at(s, at(AWAY, 2)));
    post_free(post);
}

/* Whoever knows the id can make noise; it costs the session nothing. */
static void test_endpoint_charges_nobody_for_noise(void **state)
{
    struct limits limits = rig_limits();
    struct post *post;
    struct caller *c;
    uint8_t bytes[DATAGRAM_MAX];
    uint64_t room;

    (void)state;
    limits.value[LIMIT_INPUT_RATE] = 16384;
    limits.value[LIMIT_INPUT_BURST] = 65536;
    post = post_new(&limits, CLEAR_LOCAL);
    c = tapped_talk(post);
    room = join_at(c, "#room");
    memcpy(bytes, c->tapped[5], 9);
    memset(bytes + 9, 0x17, sizeof bytes - 9);
    for (int i = 0; i < 2000; i++)
        deliver(post, str_bytes(bytes, sizeof bytes), at(FOE, 1));
    say_text(&c->peer, room, "heard?");
    calm(post);

    assert_int_equal(metrics(post)->held, 0);
    wait(post, 50);
    must(&c->peer, KIND_SEND_ACK);
    assert_int_equal(sent_to(post, at(FOE, 1)), 0);
    post_free(post);
}

/* ---- who moves ---- */

static void test_endpoint_follows_a_newer_record(void **state)
{
    struct post *post = post_new(NULL, CLEAR_LOCAL);
    struct caller *c = enter_at(post, at(HOME, 1), "ana");
    struct session *s = newest(post);
    uint64_t before;

    (void)state;
    wait(post, 1000);
    c->at = at(HOME, 2);
    assert_true(lives(c));
    assert_true(is_at(s, at(HOME, 2)));
    assert_int_equal(metrics(post)->moves, 1);
    assert_int_equal(metrics(post)->handshakes, 1);
    assert_int_equal(s->ids[1], 0); /* the network is the same */
    before = sent_to(post, at(HOME, 1));
    wait(post, 60000); /* it was proved: nobody goes back */

    assert_true(is_at(s, at(HOME, 2)));
    assert_int_equal(sent_to(post, at(HOME, 1)), before);
    assert_true(lives(c));
    post_free(post);
}

/* What was said there is not proved while nothing answers from there. */
static void test_endpoint_sends_little_to_an_unproved_place(void **state)
{
    struct post *post = post_new(NULL, CLEAR_LOCAL);
    struct caller *c = enter_at(post, at(HOME, 1), "ana");
    struct caller *talker = enter_at(post, at(HOME, 9), "ben");
    struct session *s = NULL;
    uint64_t room = join_at(c, "#room");
    struct place_at *place;
    char text[500];

    (void)state;
    join_at(talker, "#room");
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    s = map_get(&post->rig->w->sessions, map_num(&(uint64_t){ 1 }));
    assert_true(is_at(s, at(HOME, 1)));
    c->tap = c->mute = true;
    link_beat(c->peer.link, 5000, post->rig->now);
    speak(c);
    assert_int_equal(c->n_tapped, 1);

    /* It comes from elsewhere, and is all that ever does. */
    place = watch(post, at(AWAY, 1));
    place->unproven = true;
    deliver(post, str_bytes(c->tapped[0], c->lens[0]), at(AWAY, 1));
    calm(post);
    assert_true(is_at(s, at(AWAY, 1)));
    assert_true(place->out > 0); /* the challenge */
    for (int i = 0; i < 40; i++) {
        say_text(&talker->peer, room, text);
        wait(post, 10);
    }
    assert_true(place->out <= 3 * place->in);
    wait(post, 5000);

    /* Nobody answers three times: the old place counts again. */
    assert_true(is_at(s, at(HOME, 1)));
    c->mute = false;
    wait(post, 3000);
    assert_true(lives(c));
    post_free(post);
}

static void test_endpoint_gives_another_id_in_another_network(void **state)
{
    struct post *post = post_new(NULL, CLEAR_LOCAL);
    struct caller *c = enter_at(post, at(HOME, 1), "ana");
    struct session *s = newest(post);
    uint64_t old = s->ids[0], bytes_in;

    (void)state;
    wait(post, 1000);
    c->tap = c->mute = true; /* still on its way, under the old id */
    link_beat(c->peer.link, 5000, post->rig->now);
    wait(post, 20);
    c->mute = false;
    c->deaf = true; /* the new id is lost on the way */
    c->at = at(AWAY, 1);
    link_beat(c->peer.link, 5000, post->rig->now);
    calm(post);
    assert_true(s->ids[1] != 0);
    assert_true(s->ids[0] == old);
    bytes_in = metrics(post)->bytes_in;
    deliver(post, str_bytes(c->tapped[0], c->lens[0]), at(HOME, 1));
    assert_true(metrics(post)->bytes_in > bytes_in); /* both ids are good */

    c->deaf = false;
    wait(post, 2000);
    assert_true(lives(c));
    assert_true(s->ids[0] != old); /* the new one was used: only that is */
    assert_int_equal(s->ids[1], 0);
    bytes_in = metrics(post)->bytes_in;
    deliver(post, str_bytes(c->tapped[0], c->lens[0]), at(HOME, 1));
    assert_int_equal(metrics(post)->bytes_in, bytes_in);
    assert_int_equal(metrics(post)->handshakes, 1);
    post_free(post);
}

static void test_endpoint_ends_who_moves_too_often(void **state)
{
    struct post *post = post_new(NULL, CLEAR_LOCAL);
    struct caller *c = enter_at(post, at(HOME, 1), "ana");

    (void)state;
    for (uint16_t i = 0; i < 30; i++) { /* six a minute, for five minutes */
        c->at = at(HOME, (uint16_t)(100 + i));
        assert_true(lives(c));
        wait(post, 9700);
    }
    wait(post, 60000);
    for (uint16_t i = 0; i < 10; i++) {
        c->at = at(HOME, (uint16_t)(200 + i));
        assert_true(lives(c));
    }
    assert_int_equal(sessions(post), 1);
    c->at = at(HOME, 300);
    link_beat(c->peer.link, 5000, post->rig->now);
    calm(post);

    assert_int_equal(sessions(post), 0);
    post_free(post);
}

/* An address is forged easily: nobody loses a session to a hello. */
static void test_endpoint_does_not_take_a_hello_for_its_owner(void **state)
{
    struct post *post = post_new(NULL, CLEAR_LOCAL);
    struct caller *c = call(post, at(HOME, 1), true), *d;
    uint8_t bytes[DATAGRAM_MAX];
    struct session *s;

    (void)state;
    wait(post, 50); /* the id may have been told, but was not used yet */
    s = newest(post);
    assert_true(link_is_open(s->link));
    deliver(post, str_bytes(bytes, hello(post, bytes)), at(HOME, 1));
    calm(post);
    say_hello(&c->peer, 7);
    say_auth(&c->peer, "ana", str_of(NULL));
    say_sync(&c->peer);
    wait(post, 100);
    authed(&c->peer);
    for (int i = 0; i < 100; i++)
        deliver(post, str_bytes(bytes, hello(post, bytes)), at(HOME, 1));
    assert_true(lives(c));
    assert_int_equal(sessions(post), 1);

    /* Even one that is finished, from the same address, beside it. */
    c->deaf = true;
    d = call(post, at(HOME, 1), true);
    say_hello(&d->peer, 8);
    say_auth(&d->peer, "ben", str_of(NULL));
    say_sync(&d->peer);
    wait(post, 200);
    authed(&d->peer);
    assert_int_equal(sessions(post), 2);
    d->deaf = true;
    c->deaf = false;
    assert_true(lives(c));
    post_free(post);
}

/* ---- admission ---- */

/* A handshake with a good cookie, of which nothing more is heard. */
static void half_open(struct post *post, struct address from)
{
    struct caller *c = call(post, from, true);

    c->deaf = true;
    c->tap = c->mute = true;
    speak(c);
    c->deaf = false;
    deliver(post, str_bytes(c->tapped[0], c->lens[0]), from);
    speak(c);
    vanish(c);
    assert_int_equal(c->n_tapped, 2);
    deliver(post, str_bytes(c->tapped[1], c->lens[1]), from);
}

static void test_endpoint_bounds_the_half_open(void **state)
{
    struct limits limits = rig_limits();
    struct post *post;
    struct caller *c;

    (void)state;
    limits.value[LIMIT_HALF_OPEN_ADDRESS] = 4;
    limits.value[LIMIT_HALF_OPEN_PREFIX] = 6;
    limits.value[LIMIT_HALF_OPEN] = 8;
    limits.value[LIMIT_NEW_PER_ADDRESS] = 1000;
    post = post_new(&limits, CLEAR_LOCAL);
    for (uint16_t i = 0; i < 10; i++)
        half_open(post, at(HOME, (uint16_t)(1 + i)));
    assert_int_equal(sessions(post), 4); /* of an address */
    for (uint16_t i = 0; i < 10; i++)
        half_open(post, at(HOME + 1, (uint16_t)(1 + i)));
    assert_int_equal(sessions(post), 6); /* of its network */
    for (uint32_t i = 0; i < 10; i++)
        half_open(post, at(AWAY + 0x100 * i, 1));
    assert_int_equal(sessions(post), 8); /* in all */
    assert_int_equal(metrics(post)->half_open, 8);

    wait(post, 9900);
    assert_int_equal(sessions(post), 8);
    wait(post, 3500); /* 10 s, and what a dead session has to say */
    assert_int_equal(sessions(post), 0);
    assert_int_equal(metrics(post)->half_open, 0);
    c = enter_at(post, at(HOME, 1), "ana");
    assert_true(lives(c));
    post_free(post);
}

static void test_endpoint_lets_handshakes_wait(void **state)
{
    struct limits limits = rig_limits();
    struct post *post;

    (void)state;
    limits.value[LIMIT_HANDSHAKE_BURST] = 1;
    limits.value[LIMIT_HANDSHAKE_RATE] = 2;
    post = post_new(&limits, CLEAR_LOCAL);
    for (uint32_t i = 0; i < 4; i++)
        call(post, at(AWAY + 0x100 * i, 1), true);
    calm(post);
    assert_int_equal(metrics(post)->handshakes, 1);
    assert_int_equal(metrics(post)->deferred, 3);
    assert_true(endpoint_deadline(post->endpoint, post->rig->now) <=
                post->rig->now.mono_us + 500000);
    wait(post, 2000);

    assert_int_equal(metrics(post)->handshakes, 4);
    assert_int_equal(metrics(post)->half_open, 0);
    assert_true(endpoint_deadline(post->endpoint, post->rig->now) == NEVER);
    post_free(post);
}

/* ---- clear text ---- */

static void check_clear(enum net_clear clear, uint32_t network, bool good)
{
    struct post *post = post_new(NULL, clear);
    struct caller *c = call(post, at(network, 1), false);

    say_hello(&c->peer, 7);
    say_auth(&c->peer, "ana", str_of(NULL));
    say_sync(&c->peer);
    wait(post, 500);
    assert_int_equal(sessions(post), good);
    assert_int_equal(sent_to(post, c->at) > 0, good);
    if (good)
        authed(&c->peer);
    post_free(post);
}

static void test_endpoint_hears_clear_text_where_it_is_good(void **state)
{
    (void)state;
    check_clear(CLEAR_LOCAL, 0x7f000001, true);
    check_clear(CLEAR_LOCAL, HOME, false);
    check_clear(CLEAR_NEVER, 0x7f000001, false);
    check_clear(CLEAR_ALL, HOME, true);
}

/* It proves nothing, so it cannot move, and nobody can move it. */
static void test_endpoint_does_not_follow_clear_text(void **state)
{
    struct post *post = post_new(NULL, CLEAR_LOCAL);
    struct caller *c = call(post, at(0x7f000001, 1), false);
    struct session *s;

    (void)state;
    say_hello(&c->peer, 7);
    say_auth(&c->peer, "ana", str_of(NULL));
    say_sync(&c->peer);
    wait(post, 500);
    s = newest(post);
    c->at = at(0x7f000001, 2);
    link_beat(c->peer.link, 5000, post->rig->now);
    wait(post, 500);

    assert_true(is_at(s, at(0x7f000001, 1)));
    assert_int_equal(sent_to(post, at(0x7f000001, 2)), 0);
    post_free(post);
}

#define TEST(name) cmocka_unit_test(test_endpoint_##name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(keeps_nothing_of_strangers),
        TEST(does_not_grow_with_hellos),
        TEST(wants_the_cookie_of_that_address),
        TEST(never_amplifies),
        TEST(repairs_a_beginning),
        TEST(is_deaf_to_other_ids),
        TEST(follows_no_echo),
        TEST(follows_no_latecomer),
        TEST(charges_nobody_for_noise),
        TEST(follows_a_newer_record),
        TEST(sends_little_to_an_unproved_place),
        TEST(gives_another_id_in_another_network),
        TEST(ends_who_moves_too_often),
        TEST(does_not_take_a_hello_for_its_owner),
        TEST(bounds_the_half_open),
        TEST(lets_handshakes_wait),
        TEST(hears_clear_text_where_it_is_good),
        TEST(does_not_follow_clear_text),
    };

    return RUN(tests);
}
