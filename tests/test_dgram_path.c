/* SPDX-License-Identifier: MIT
 *
 * The datagram machine and the path: challenges and their answers, what a
 * connection is called, little said to who may not be there, and sleep.
 */
#include "tests/test.h"

#include "shared/frame.h"
#include "shared/packet.h"
#include "tests/dgram_pair.h"

static void say(struct dgram *dgram, size_t len)
{
    char bytes[4096] = { 0 };
    struct frame *frame = frame_copy(str_bytes(bytes, FRAME_HEAD + len));

    assert_int_equal(dgram_send(dgram, 1, DGRAM_OWN, frame), 0);
    frame_unref(frame);
}

static void beat(struct dgram *dgram)
{
    struct frame *frame = frame_copy(S("....beat...."));

    dgram_state(dgram, 1, true, frame);
    frame_unref(frame);
}

static int heard(struct dgram *dgram)
{
    struct str message;
    int n = 0;

    while (dgram_next(dgram, &message))
        n++;
    return n;
}

/* Carry over what there is, or lose it; returns bytes. */
static size_t carry(struct dgram *from, struct dgram *to, struct now now)
{
    uint8_t packet[PACKET_MAX];
    size_t len, all = 0;

    for (; (len = dgram_output(from, packet, now)); all += len)
        if (to)
            assert_int_equal(dgram_input(to, packet, len, now), 0);
    return all;
}

static void step(struct pair *pair, uint64_t us)
{
    pair->now.mono_us += us;
    dgram_tick(pair->client, pair->now);
    dgram_tick(pair->server, pair->now);
}

static void settle(struct pair *pair, unsigned steps)
{
    for (unsigned i = 0; i < steps; i++) {
        step(pair, 10 * MS);
        carry(pair->client, pair->server, pair->now);
        carry(pair->server, pair->client, pair->now);
    }
}

/* ---- challenges ---- */

static void test_dgram_path_answers_a_challenge_at_once(void **state)
{
    struct pair pair = pair_of(true);
    uint64_t token = 0;

    (void)state;
    settle(&pair, 5);
    assert_false(dgram_response(pair.server, &token));
    dgram_challenge(pair.server, 0x123456789abcdef0);
    carry(pair.server, pair.client, pair.now);
    carry(pair.client, pair.server, pair.now); /* no time has passed */

    assert_true(dgram_response(pair.server, &token));
    assert_true(token == 0x123456789abcdef0);
    assert_false(dgram_response(pair.server, &token)); /* once */
    pair_free(&pair);
}

/* It is for the owner to ask again: an answer must be a fresh one. */
static void test_dgram_path_does_not_repeat_a_challenge(void **state)
{
    struct pair pair = pair_of(true);
    uint64_t token = 0;

    (void)state;
    settle(&pair, 5);
    dgram_challenge(pair.server, 1);
    assert_true(carry(pair.server, NULL, pair.now) > 0); /* lost */
    settle(&pair, 2000);
    assert_false(dgram_response(pair.server, &token));
    dgram_challenge(pair.server, 2);
    dgram_challenge(pair.server, 3); /* the newest counts */
    settle(&pair, 2);

    assert_true(dgram_response(pair.server, &token));
    assert_true(token == 3);
    pair_free(&pair);
}

static void test_dgram_path_gives_the_newest_answer(void **state)
{
    struct pair pair = pair_of(true);
    uint8_t bytes[PACKET_MAX];
    struct packet packet;
    struct part part = { .type = PART_PATH_RESPONSE };
    uint64_t token = 0;

    (void)state;
    for (uint32_t pn = 0; pn < 3; pn++) { /* nobody asked: the owner judges */
        packet_begin(&packet, bytes, sizeof bytes,
                     (struct packet_head){ 0, pn });
        part.token = 70 + pn;
        assert_true(packet_put(&packet, &part));
        assert_int_equal(dgram_input(pair.server, bytes, packet.len, pair.now),
                         0);
    }
    assert_true(dgram_response(pair.server, &token));
    assert_true(token == 72);
    pair_free(&pair);
}

/* ---- unproved places ---- */

static void test_dgram_path_says_little_to_an_unproved_place(void **state)
{
    struct pair pair = pair_of(true);
    struct dgram_stats stats;
    uint64_t in, out;

    (void)state;
    settle(&pair, 20);
    for (int i = 0; i < 20; i++)
        say(pair.server, 1000);
    dgram_stats(pair.server, &stats);
    in = stats.bytes_in;
    out = stats.bytes_out;
    dgram_move(pair.server, false, pair.now);
    assert_int_equal(carry(pair.server, NULL, pair.now), 0); /* nothing came */
    assert_true(dgram_deadline(pair.server) != 0);

    for (int i = 0; i < 50; i++) { /* it is heard, and hears nothing */
        beat(pair.client);
        step(&pair, 100 * MS);
        carry(pair.client, pair.server, pair.now);
        dgram_challenge(pair.server, (uint64_t)i);
        carry(pair.server, NULL, pair.now);
        dgram_stats(pair.server, &stats);
        assert_true(stats.bytes_out - out <= 3 * (stats.bytes_in - in));
    }
    assert_true(stats.bytes_out > out);

    dgram_prove(pair.server);
    settle(&pair, 200);
    assert_int_equal(heard(pair.client), 20);
    pair_free(&pair);
}

/* An ACK shows that the peer lives, not that it is there. */
static void test_dgram_path_is_not_proved_by_an_ack(void **state)
{
    struct pair pair = pair_of(true);
    struct dgram_stats stats;
    uint64_t in, out;

    (void)state;
    settle(&pair, 20);
    dgram_stats(pair.server, &stats);
    in = stats.bytes_in;
    dgram_move(pair.server, false, pair.now);
    out = stats.bytes_out;
    for (int i = 0; i < 30; i++) {
        say(pair.server, 1000);
        beat(pair.client);
        settle(&pair, 10);
        dgram_stats(pair.server, &stats);
        assert_true(stats.bytes_out - out <= 3 * (stats.bytes_in - in));
    }
    assert_true(heard(pair.client) < 30);
    pair_free(&pair);
}

static void test_dgram_path_forgets_another_network(void **state)
{
    struct pair pair = pair_of(true);
    struct dgram_stats before, port, network;

    (void)state;
    for (int i = 0; i < 10; i++) {
        say(pair.server, 100);
        settle(&pair, 10);
    }
    dgram_stats(pair.server, &before);
    assert_true(before.srtt_us > 0);
    dgram_move(pair.server, false, pair.now);
    dgram_stats(pair.server, &port);
    assert_int_equal(port.srtt_us, before.srtt_us);
    dgram_move(pair.server, true, pair.now);
    dgram_stats(pair.server, &network);
    assert_int_equal(network.srtt_us, 0);

    dgram_prove(pair.server);
    say(pair.server, 100);
    settle(&pair, 100);
    assert_int_equal(heard(pair.client), 11);
    pair_free(&pair);
}

/* Copies that were planned for the old place must not be touched any more. */
static void test_dgram_path_moves_in_the_middle_of_loss(void **state)
{
    struct pair pair = pair_of(true);
    uint8_t packet[PACKET_MAX];
    unsigned sent = 0, n = 0, got = 0;
    size_t len;

    (void)state;
    settle(&pair, 20);
    for (int i = 0; i < 400; i++) {
        if (i % 4 == 0) {
            say(pair.server, 200);
            sent++;
        }
        if (i % 37 == 36) {
            dgram_move(pair.server, i % 2, pair.now);
            dgram_prove(pair.server);
        }
        step(&pair, 10 * MS);
        carry(pair.client, pair.server, pair.now);
        while ((len = dgram_output(pair.server, packet, pair.now)))
            if (n++ % 5)
                dgram_input(pair.client, packet, len, pair.now);
        got += (unsigned)heard(pair.client);
    }
    settle(&pair, 300);
    got += (unsigned)heard(pair.client);

    assert_int_equal(got, sent);
    pair_free(&pair);
}

/* ---- what it is called ---- */

static uint64_t told(struct pair *pair)
{
    uint64_t id = 0;

    return dgram_told_id(pair->client, &id) ? id : 0;
}

static void test_dgram_path_tells_an_id_until_it_is_known(void **state)
{
    struct pair pair = pair_of(true);

    (void)state;
    assert_int_equal(told(&pair), 0);
    dgram_tell_id(pair.server, 77);
    for (int lost = 0, i = 0; lost < 5; i++) { /* again and again */
        assert_true(i < 1000);
        lost += carry(pair.server, NULL, pair.now) > 0;
        step(&pair, 50 * MS);
    }
    assert_int_equal(told(&pair), 0);
    settle(&pair, 500);
    assert_int_equal(told(&pair), 77);

    settle(&pair, 100);
    assert_true(dgram_deadline(pair.server) == NEVER); /* it is acked */
    pair_free(&pair);
}

static void put_cid(struct pair *pair, uint32_t pn, uint32_t generation,
                    uint64_t id)
{
    uint8_t bytes[PACKET_MAX];
    struct packet packet;
    struct part part = { .type = PART_NEW_CID, .cid = { generation, id } };

    packet_begin(&packet, bytes, sizeof bytes, (struct packet_head){ 0, pn });
    assert_true(packet_put(&packet, &part));
    assert_int_equal(dgram_input(pair->client, bytes, packet.len, pair->now),
                     0);
}

static void test_dgram_path_believes_the_newest_generation(void **state)
{
    struct pair pair = pair_of(true);

    (void)state;
    put_cid(&pair, 0, 2, 22);
    assert_int_equal(told(&pair), 22);
    put_cid(&pair, 1, 1, 11); /* late */
    assert_int_equal(told(&pair), 22);
    put_cid(&pair, 2, 2, 23); /* again, and not the same: the first counts */
    assert_int_equal(told(&pair), 22);
    put_cid(&pair, 3, 3, 33);
    assert_int_equal(told(&pair), 33);
    pair_free(&pair);
}

/* The second one is told although the first is still on its way. */
static void test_dgram_path_renames_before_the_first_name_is_known(void **state)
{
    struct pair pair = pair_of(true);
    uint8_t first[PACKET_MAX];
    size_t len;

    (void)state;
    dgram_tell_id(pair.server, 1);
    len = dgram_output(pair.server, first, pair.now);
    assert_true(len > 0);
    dgram_tell_id(pair.server, 2);
    carry(pair.server, NULL, pair.now); /* lost */
    assert_int_equal(dgram_input(pair.client, first, len, pair.now), 0);
    assert_int_equal(told(&pair), 1);
    settle(&pair, 300);

    assert_int_equal(told(&pair), 2);
    pair_free(&pair);
}

/* ---- sleep ---- */

static void test_dgram_path_rests_without_a_timer(void **state)
{
    struct pair pair = pair_of(true);

    (void)state;
    settle(&pair, 20);
    for (int i = 0; i < 3; i++)
        say(pair.server, 300);
    carry(pair.server, NULL, pair.now);
    dgram_rest(pair.server);
    assert_true(dgram_deadline(pair.server) == NEVER);
    say(pair.server, 300); /* queued, not said */
    pair.now.mono_us += 600 * SECOND;
    dgram_tick(pair.server, pair.now);
    assert_int_equal(carry(pair.server, NULL, pair.now), 0);
    assert_true(dgram_deadline(pair.server) == NEVER);

    beat(pair.client);
    carry(pair.client, pair.server, pair.now);
    assert_true(dgram_deadline(pair.server) != NEVER);
    settle(&pair, 100);
    assert_int_equal(heard(pair.client), 4);
    pair_free(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dgram_path_answers_a_challenge_at_once),
        cmocka_unit_test(test_dgram_path_does_not_repeat_a_challenge),
        cmocka_unit_test(test_dgram_path_gives_the_newest_answer),
        cmocka_unit_test(test_dgram_path_says_little_to_an_unproved_place),
        cmocka_unit_test(test_dgram_path_is_not_proved_by_an_ack),
        cmocka_unit_test(test_dgram_path_forgets_another_network),
        cmocka_unit_test(test_dgram_path_moves_in_the_middle_of_loss),
        cmocka_unit_test(test_dgram_path_tells_an_id_until_it_is_known),
        cmocka_unit_test(test_dgram_path_believes_the_newest_generation),
        cmocka_unit_test(
            test_dgram_path_renames_before_the_first_name_is_known),
        cmocka_unit_test(test_dgram_path_rests_without_a_timer),
    };

    return RUN(tests);
}
