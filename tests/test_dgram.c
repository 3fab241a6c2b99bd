/* SPDX-License-Identifier: MIT
 *
 * The datagram machine step by step, and against peers that lie.  What whole
 * paths do to it is test_dgram_sim's business.
 */
#include "tests/test.h"

#include "shared/error.h"
#include "shared/frame.h"
#include "shared/packet.h"
#include "shared/sendq.h"
#include "tests/dgram_pair.h"

static void say(struct dgram *dgram, uint64_t stream, enum dgram_class class,
                const char *text)
{
    char bytes[64] = "............";
    struct frame *frame;

    snprintf(bytes + FRAME_HEAD, sizeof bytes - FRAME_HEAD, "%s", text);
    frame = frame_copy(str_of(bytes));
    assert_int_equal(dgram_send(dgram, stream, class, frame), 0);
    frame_unref(frame);
}

static void say_state(struct dgram *dgram, uint64_t key, bool beat,
                      const char *text)
{
    char bytes[64] = "............";
    struct frame *frame;

    snprintf(bytes + FRAME_HEAD, sizeof bytes - FRAME_HEAD, "%s", text);
    frame = frame_copy(str_of(bytes));
    dgram_state(dgram, key, beat, frame);
    frame_unref(frame);
}

/* All that is delivered, joined by spaces. */
static const char *heard(struct dgram *dgram)
{
    static char all[4096];
    struct str message;
    size_t len = 0;

    all[0] = 0;
    while (dgram_next(dgram, &message))
        len += (size_t)snprintf(all + len, sizeof all - len, "%s%.*s",
                                len ? " " : "",
                                STR_ARG(str_from(message, FRAME_HEAD)));
    return all;
}

/* Carry all packets over; returns how many. */
static int carry(struct dgram *from, struct dgram *to, struct now now)
{
    uint8_t packet[PACKET_MAX];
    size_t len;
    int n = 0;

    for (; (len = dgram_output(from, packet, now)); n++)
        assert_int_equal(dgram_input(to, packet, len, now), 0);
    return n;
}

/* Make packets and lose them. */
static int lose(struct dgram *from, struct now now)
{
    uint8_t packet[PACKET_MAX];
    int n = 0;

    while (dgram_output(from, packet, now))
        n++;
    return n;
}

/* Both ends take turns, 10 ms a step, for a while. */
static void settle(struct pair *pair, unsigned steps)
{
    for (unsigned i = 0; i < steps; i++) {
        pair->now.mono_us += 10 * MS;
        dgram_tick(pair->client, pair->now);
        dgram_tick(pair->server, pair->now);
        carry(pair->client, pair->server, pair->now);
        carry(pair->server, pair->client, pair->now);
    }
}

/* ---- forging ---- */

struct forge {
    uint8_t bytes[PACKET_MAX];
    struct packet packet;
};

static struct forge *forge(struct forge *f, uint32_t pn)
{
    packet_begin(&f->packet, f->bytes, PACKET_MAX,
                 (struct packet_head){ 0, pn });
    return f;
}

static void forge_piece(struct forge *f, uint32_t stream, uint32_t seq,
                        uint32_t total, unsigned index)
{
    static char zeros[FRAME_MAX];
    struct part part = { .type = total > FRAG_SIZE ? PART_FRAG : PART_MSG,
                         .piece = { .stream = stream,
                                    .seq = seq,
                                    .total = total,
                                    .index = index,
                                    .bytes = packet_piece(
                                        str_bytes(zeros, total), index) } };

    assert_true(packet_put(&f->packet, &part));
}

static void forge_ack(struct forge *f, uint32_t lo, uint32_t hi)
{
    struct part part = { .type = PART_ACK,
                         .ack = { .n = 1, .ranges = { { lo, hi } } } };

    assert_true(packet_put(&f->packet, &part));
}

static int feed(struct dgram *dgram, struct forge *f, struct now now)
{
    return dgram_input(dgram, f->bytes, f->packet.len, now);
}

static struct dgram_stats stats_of(const struct dgram *dgram)
{
    struct dgram_stats stats;

    dgram_stats(dgram, &stats);
    return stats;
}

/* ---- delivery ---- */

static void test_dgram_packs_small_messages_into_one_packet(void **state)
{
    struct pair pair = pair_of(false);

    (void)state;
    say(pair.client, 0, DGRAM_OWN, "a");
    say(pair.client, 16, DGRAM_FANOUT, "b");
    say(pair.client, 17, DGRAM_FANOUT, "c");
    assert_int_equal(carry(pair.client, pair.server, pair.now), 1);

    assert_string_equal(heard(pair.server), "a b c");
    pair_free(&pair);
}

static void test_dgram_sends_low_streams_first_and_bulk_last(void **state)
{
    struct pair pair = pair_of(false);

    (void)state;
    say(pair.client, 3, DGRAM_BULK, "bulk");
    say(pair.client, 20, DGRAM_FANOUT, "t1");
    say(pair.client, 20, DGRAM_FANOUT, "t2");
    say(pair.client, 18, DGRAM_FANOUT, "e1");
    say(pair.client, 1, DGRAM_OWN, "command");
    say(pair.client, 0, DGRAM_OWN, "control");
    carry(pair.client, pair.server, pair.now);

    assert_string_equal(heard(pair.server), "control command t1 e1 t2 bulk");
    pair_free(&pair);
}

static void test_dgram_streams_do_not_wait_for_each_other(void **state)
{
    struct pair pair = pair_of(false);

    (void)state;
    say(pair.client, 16, DGRAM_BULK, "a1");
    lose(pair.client, pair.now);
    say(pair.client, 16, DGRAM_BULK, "a2");
    say(pair.client, 17, DGRAM_BULK, "b1");
    carry(pair.client, pair.server, pair.now);

    assert_string_equal(heard(pair.server), "b1");
    settle(&pair, 200);
    assert_string_equal(heard(pair.server), "a1 a2");
    pair_free(&pair);
}

static void test_dgram_folds_streams_without_mixing_order(void **state)
{
    struct pair pair = pair_of(false);

    (void)state;
    for (uint64_t i = 0; i < 3000; i++) {
        say(pair.client, UINT64_MAX - i, DGRAM_FANOUT, "x");
        settle(&pair, 1);
        assert_string_equal(heard(pair.server), "x");
    }
    for (uint64_t i = 0; i < 3; i++) /* three rooms, one stream */
        say(pair.client, 17 + 1008 * i, DGRAM_FANOUT,
            i == 0   ? "a"
            : i == 1 ? "b"
                     : "c");
    carry(pair.client, pair.server, pair.now);

    assert_string_equal(heard(pair.server), "a b c");
    pair_free(&pair);
}

static void test_dgram_ignores_a_packet_that_comes_again(void **state)
{
    struct pair pair = pair_of(false);
    uint8_t packet[PACKET_MAX];
    size_t len;

    (void)state;
    say(pair.client, 0, DGRAM_OWN, "once");
    len = dgram_output(pair.client, packet, pair.now);
    for (int i = 0; i < 3; i++)
        assert_int_equal(dgram_input(pair.server, packet, len, pair.now), 0);

    assert_string_equal(heard(pair.server), "once");
    assert_int_equal(stats_of(pair.server).duplicates, 2);
    pair_free(&pair);
}

static void test_dgram_refuses_more_than_its_queue(void **state)
{
    struct dgram_config config = { .queue_max = 10000, .message_max = 100 };
    struct now now = { SECOND, 0 };
    struct dgram *dgram = dgram_new(&config, now);
    struct frame *frame = frame_copy(S("twelve bytes"));
    int sent = 0;

    (void)state;
    while (dgram_send(dgram, 0, DGRAM_BULK, frame) == 0)
        sent++;
    assert_int_equal(dgram_send(dgram, 0, DGRAM_BULK, frame), -ERROR_BUSY);
    assert_in_range(sent, 20, 200);
    assert_int_equal(frame->refs, sent + 1);
    dgram_free(dgram);
    assert_int_equal(frame->refs, 1);
    frame_unref(frame);
}

static void test_dgram_lets_frames_go_when_acked(void **state)
{
    struct pair pair = pair_of(false);
    struct frame *frame = frame_copy(S("twelve bytes"));

    (void)state;
    dgram_send(pair.client, 5, DGRAM_OWN, frame);
    assert_false(dgram_idle(pair.client));
    settle(&pair, 20);

    assert_int_equal(frame->refs, 1);
    assert_true(dgram_idle(pair.client));
    assert_true(dgram_deadline(pair.client) == NEVER);
    assert_true(dgram_deadline(pair.server) == NEVER);
    frame_unref(frame);
    pair_free(&pair);
}

/* ---- states ---- */

static void test_dgram_sends_only_the_newest_state(void **state)
{
    struct pair pair = pair_of(false);

    (void)state;
    say_state(pair.client, 7, false, "old");
    say_state(pair.client, 8, false, "other");
    say_state(pair.client, 7, false, "new");
    carry(pair.client, pair.server, pair.now);

    assert_string_equal(heard(pair.server), "other new");
    assert_true(dgram_deadline(pair.client) == NEVER);
    pair_free(&pair);
}

static void test_dgram_never_shows_an_older_state_after_a_newer(void **state)
{
    struct pair pair = pair_of(false);
    uint8_t old[PACKET_MAX];
    size_t len;

    (void)state;
    say_state(pair.client, 7, false, "old");
    len = dgram_output(pair.client, old, pair.now);
    say_state(pair.client, 7, false, "new");
    carry(pair.client, pair.server, pair.now);
    assert_string_equal(heard(pair.server), "new");
    assert_int_equal(dgram_input(pair.server, old, len, pair.now), 0);

    assert_string_equal(heard(pair.server), "");
    pair_free(&pair);
}

static void test_dgram_a_beat_is_acked_at_once_and_measures(void **state)
{
    struct pair pair = pair_of(false);

    (void)state;
    say_state(pair.client, 1, true, "beat");
    carry(pair.client, pair.server, pair.now);
    pair.now.mono_us += 30 * MS;
    assert_int_equal(carry(pair.server, pair.client, pair.now), 1);

    assert_int_equal(stats_of(pair.client).srtt_us, 30 * MS);
    pair_free(&pair);
}

static void test_dgram_repeats_a_lost_beat_but_not_for_ever(void **state)
{
    struct pair pair = pair_of(false);
    int packets = 0;

    (void)state;
    settle(&pair, 1);
    say_state(pair.client, 1, true, "beat");
    for (int i = 0; i < 10000; i++) {
        packets += lose(pair.client, pair.now);
        pair.now.mono_us += 10 * MS;
        dgram_tick(pair.client, pair.now);
    }

    assert_in_range(packets, 2, 8);
    assert_true(dgram_deadline(pair.client) == NEVER);
    assert_true(dgram_idle(pair.client));
    pair_free(&pair);
}

static void test_dgram_many_keys_stay_bounded(void **state)
{
    struct dgram *dgram = pair_end(true, false, (struct now){ SECOND, 0 });
    struct now now = { SECOND, 0 };
    struct forge f;
    struct str message;
    int n = 0;

    (void)state;
    for (uint32_t i = 0; i < 5000; i++) {
        struct part part = { .type = PART_STATE,
                             .state = { i, i + 1, S("0123456789") } };

        packet_put(&forge(&f, i)->packet, &part);
        assert_int_equal(feed(dgram, &f, now), 0);
        assert_true(stats_of(dgram).held <= 1000);
    }
    while (dgram_next(dgram, &message))
        n++;
    assert_int_equal(n, 64);
    dgram_free(dgram);
}

/* ---- loss ---- */

static void test_dgram_sends_again_what_later_acks_show_lost(void **state)
{
    struct pair pair = pair_of(false);

    (void)state;
    say(pair.client, 0, DGRAM_FANOUT, "hi");
    settle(&pair, 30);
    heard(pair.server);
    say(pair.client, 16, DGRAM_BULK, "a");
    lose(pair.client, pair.now);
    for (int i = 0; i < 3; i++) {
        say(pair.client, 17, DGRAM_BULK, "b");
        carry(pair.client, pair.server, pair.now);
    }
    carry(pair.server, pair.client, pair.now);
    carry(pair.client, pair.server, pair.now);

    assert_string_equal(heard(pair.server), "b b b a");
    assert_int_equal(stats_of(pair.client).lost, 1);
    pair_free(&pair);
}

static void test_dgram_probes_with_what_is_missing(void **state)
{
    struct pair pair = pair_of(false);

    (void)state;
    say(pair.client, 0, DGRAM_FANOUT, "hi");
    settle(&pair, 30);
    heard(pair.server);
    say(pair.client, 16, DGRAM_BULK, "tail");
    lose(pair.client, pair.now);
    pair.now.mono_us = dgram_deadline(pair.client);
    dgram_tick(pair.client, pair.now);
    assert_int_equal(carry(pair.client, pair.server, pair.now), 1);

    assert_string_equal(heard(pair.server), "tail");
    pair_free(&pair);
}

static void test_dgram_copies_what_a_person_waits_for(void **state)
{
    struct pair pair = pair_of(false);
    uint64_t sent_us;

    (void)state;
    for (int i = 0; i < 5; i++) { /* 50 ms a round trip */
        say(pair.client, 0, DGRAM_OWN, "hi");
        carry(pair.client, pair.server, pair.now);
        pair.now.mono_us += 50 * MS;
        dgram_tick(pair.server, pair.now);
        carry(pair.server, pair.client, pair.now);
        pair.now.mono_us += SECOND;
    }
    heard(pair.server);
    say(pair.client, 1, DGRAM_OWN, "typed");
    lose(pair.client, pair.now);
    sent_us = pair.now.mono_us;
    pair.now.mono_us = dgram_deadline(pair.client);
    dgram_tick(pair.client, pair.now);
    assert_int_equal(carry(pair.client, pair.server, pair.now), 1);

    assert_int_equal(pair.now.mono_us - sent_us, 10 * MS);
    assert_string_equal(heard(pair.server), "typed");
    pair_free(&pair);
}

/* A line into a room that is lost at first: what comes 10 ms later. */
static const char *heard_after_10_ms(struct pair *pair, const char *text)
{
    say(pair->client, 16, DGRAM_FANOUT, text);
    lose(pair->client, pair->now);
    pair->now.mono_us += 10 * MS;
    dgram_tick(pair->client, pair->now);
    carry(pair->client, pair->server, pair->now);
    return heard(pair->server);
}

static void test_dgram_copies_a_rooms_messages_where_there_is_loss(void **state)
{
    struct pair pair = pair_of(false);

    (void)state;
    for (int i = 0; i < 5; i++) { /* 50 ms a round trip */
        say(pair.client, 0, DGRAM_FANOUT, "hi");
        carry(pair.client, pair.server, pair.now);
        pair.now.mono_us += 50 * MS;
        dgram_tick(pair.server, pair.now);
        carry(pair.server, pair.client, pair.now);
        pair.now.mono_us += SECOND;
    }
    heard(pair.server);
    assert_string_equal(heard_after_10_ms(&pair, "first"), "");
    settle(&pair, 50);
    assert_string_equal(heard(pair.server), "first");
    assert_int_equal(stats_of(pair.client).lost, 1);

    assert_string_equal(heard_after_10_ms(&pair, "second"), "second");
    pair_free(&pair);
}

static void test_dgram_probes_ever_more_rarely(void **state)
{
    struct pair pair = pair_of(false);
    uint64_t start = pair.now.mono_us;
    int packets = 0;

    (void)state;
    say(pair.client, 16, DGRAM_FANOUT, "a");
    while (pair.now.mono_us < start + 600 * (uint64_t)SECOND) {
        packets += lose(pair.client, pair.now);
        assert_true(dgram_deadline(pair.client) > pair.now.mono_us);
        pair.now.mono_us = dgram_deadline(pair.client);
        dgram_tick(pair.client, pair.now);
    }

    assert_in_range(packets, 60, 250);
    pair_free(&pair);
}

static void test_dgram_backs_off_after_two_repeats_by_half(void **state)
{
    static const unsigned FACTORS[] = { 100, 100, 100, 150, 225, 337 };
    struct pair pair = pair_of(false);
    uint64_t base = 0;

    (void)state;
    say(pair.client, 16, DGRAM_FANOUT, "a");
    settle(&pair, 30);
    say(pair.client, 16, DGRAM_FANOUT, "b");
    for (size_t i = 0; i < sizeof FACTORS / sizeof *FACTORS; i++) {
        uint64_t waited;

        assert_true(lose(pair.client, pair.now) > 0);
        waited = dgram_deadline(pair.client) - pair.now.mono_us;
        base = i == 0 ? waited : base;
        assert_in_range(waited * 100 / base, FACTORS[i] - 1, FACTORS[i] + 1);
        pair.now.mono_us += waited;
        dgram_tick(pair.client, pair.now);
    }
    pair_free(&pair);
}

/* Whether the next packet acks number pn. */
static bool acks(struct dgram *dgram, uint32_t pn, struct now now)
{
    uint8_t packet[PACKET_MAX];
    struct str rest = str_bytes(packet, dgram_output(dgram, packet, now));
    struct packet_head head;
    struct part part;
    bool found = false;

    if (rest.len == 0 || packet_head(&rest, &head))
        return false;
    while (packet_part(&rest, &part) == 1)
        for (unsigned i = 0; part.type == PART_ACK && i < part.ack.n; i++)
            found |= !range_before(pn, part.ack.ranges[i].lo) &&
                     !range_before(part.ack.ranges[i].hi, pn);
    return found;
}

/* Newer ones have been acked, and the peer knows it: still it is told. */
static void test_dgram_acks_a_packet_that_comes_very_late(void **state)
{
    struct pair pair = pair_of(false);
    uint8_t late[PACKET_MAX];
    size_t len;

    (void)state;
    settle(&pair, 1);
    say(pair.client, 16, DGRAM_BULK, "late");
    len = dgram_output(pair.client, late, pair.now);
    say(pair.client, 17, DGRAM_BULK, "newer");
    carry(pair.client, pair.server, pair.now);
    for (int i = 0; i < 5; i++) { /* until the client only acks */
        say(pair.server, 16, DGRAM_BULK, "answer");
        carry(pair.server, pair.client, pair.now);
        pair.now.mono_us += 20 * MS;
        carry(pair.client, pair.server, pair.now);
    }
    assert_false(acks(pair.server, 0, pair.now));

    assert_int_equal(dgram_input(pair.server, late, len, pair.now), 0);
    assert_true(acks(pair.server, 0, pair.now));
    pair_free(&pair);
}

/* ---- hostile peers ---- */

static void test_dgram_refuses_acks_of_what_was_not_sent(void **state)
{
    static const uint32_t LIES[][2] = { { 1, 1 }, { 0, 1 }, { UINT32_MAX, 0 } };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct pair pair = pair_of(false);
        struct forge f;

        say(pair.client, 0, DGRAM_OWN, "a");
        lose(pair.client, pair.now);
        forge_ack(forge(&f, 0), LIES[i][0], LIES[i][1]);
        assert_int_equal(feed(pair.client, &f, pair.now), -ERROR_BAD_FRAME);
        pair_free(&pair);
    }
}

static void test_dgram_bounds_a_peer_that_never_acks(void **state)
{
    struct pair pair = pair_of(false);
    struct frame *frame = frame_copy(S("twelve bytes"));

    (void)state;
    for (int i = 0; i < 100000; i++) {
        dgram_send(pair.client, 16 + (uint64_t)i % 3, DGRAM_FANOUT, frame);
        lose(pair.client, pair.now);
        pair.now.mono_us += 10 * MS;
        dgram_tick(pair.client, pair.now);
    }
    assert_true(stats_of(pair.client).queued < 1 << 20);
    assert_true(stats_of(pair.client).flight < 1 << 20);
    assert_true(frame->refs < 20000);
    pair_free(&pair);
    assert_int_equal(frame->refs, 1);
    frame_unref(frame);
}

static void test_dgram_bounds_one_packet_gaps_for_ever(void **state)
{
    struct pair pair = pair_of(false);
    uint8_t packet[PACKET_MAX];
    struct forge f;
    size_t bytes = 0;

    (void)state;
    for (uint32_t pn = 0; pn < 20000; pn += 2) {
        forge_piece(forge(&f, pn), 16, pn / 2, 20, 0);
        assert_int_equal(feed(pair.client, &f, pair.now), 0);
        heard(pair.client);
        for (size_t len; (len = dgram_output(pair.client, packet, pair.now));)
            bytes += len;
        pair.now.mono_us += MS;
    }
    assert_true(bytes < 1100000);
    pair_free(&pair);
}

static void test_dgram_ends_a_peer_that_exceeds_its_credit(void **state)
{
    struct dgram *dgram = pair_end(true, false, (struct now){ SECOND, 0 });
    struct now now = { SECOND, 0 };
    struct forge f;
    uint32_t pn = 0;
    int err = 0;

    (void)state;
    for (; !err && pn < 1000; pn++) { /* in order, but nobody takes them */
        forge_piece(forge(&f, pn), 16 + pn % 7, pn / 7, 1000, 0);
        err = feed(dgram, &f, now);
    }
    assert_int_equal(err, -ERROR_LIMIT);
    assert_in_range(stats_of(dgram).held, 200 * 1024, SENDQ_CREDIT);
    dgram_free(dgram);
}

static void test_dgram_ends_a_peer_that_piles_up_one_stream(void **state)
{
    struct dgram *dgram = pair_end(true, false, (struct now){ SECOND, 0 });
    struct now now = { SECOND, 0 };
    struct forge f;
    uint32_t pn = 0;
    int err = 0;

    (void)state;
    for (; !err && pn < 1000; pn++) { /* the first one never comes */
        forge_piece(forge(&f, pn), 16, 1 + pn, 1000, 0);
        err = feed(dgram, &f, now);
    }
    assert_int_equal(err, -ERROR_LIMIT);
    assert_in_range(stats_of(dgram).held, 100 * 1024, SENDQ_STREAM);
    dgram_free(dgram);
}

static void test_dgram_charges_a_fragmented_message_in_full(void **state)
{
    struct dgram *dgram = pair_end(true, false, (struct now){ SECOND, 0 });
    struct now now = { SECOND, 0 };
    struct forge f;
    uint32_t pn = 0;
    int err = 0;

    (void)state;
    for (; !err && pn < 100; pn++) { /* only first pieces */
        forge_piece(forge(&f, pn), 16 + pn, 0, FRAME_MAX, 0);
        err = feed(dgram, &f, now);
    }
    assert_int_equal(err, -ERROR_LIMIT);
    assert_int_equal(pn, SENDQ_CREDIT / (FRAME_MAX + SENDQ_PRICE) + 1);
    dgram_free(dgram);
}

static void test_dgram_refuses_what_does_not_add_up(void **state)
{
    struct now now = { SECOND, 0 };
    struct dgram *dgram = pair_end(true, false, now);
    struct forge f;

    (void)state;
    forge_piece(forge(&f, 0), 16, 0, 5000, 0);
    assert_int_equal(feed(dgram, &f, now), 0);
    forge_piece(forge(&f, 1), 16, 0, 6000, 1);
    assert_int_equal(feed(dgram, &f, now), -ERROR_BAD_FRAME);
    forge_piece(forge(&f, 2), 16, 100000, 20, 0);
    assert_int_equal(feed(dgram, &f, now), -ERROR_LIMIT);
    forge(&f, 0x40000000);
    assert_int_equal(feed(dgram, &f, now), -ERROR_BAD_FRAME);
    dgram_free(dgram);
}

static void test_dgram_refuses_a_message_above_its_limit(void **state)
{
    struct dgram_config config = { .message_max = 2000, .queue_max = 1 };
    struct now now = { SECOND, 0 };
    struct dgram *dgram = dgram_new(&config, now);
    struct forge f;

    (void)state;
    forge_piece(forge(&f, 0), 16, 0, 2001, 0);
    assert_int_equal(feed(dgram, &f, now), -ERROR_TOO_LARGE);
    dgram_free(dgram);
}

static void test_dgram_a_broken_packet_does_nothing(void **state)
{
    struct now now = { SECOND, 0 };
    struct dgram *dgram = pair_end(true, false, now);
    struct forge f;

    (void)state;
    forge_piece(forge(&f, 0), 16, 0, 20, 0);
    f.bytes[f.packet.len++] = 9; /* a part of another version */
    assert_int_equal(feed(dgram, &f, now), -ERROR_BAD_FRAME);

    assert_string_equal(heard(dgram), "");
    assert_int_equal(stats_of(dgram).held, 0);
    dgram_free(dgram);
}

static void test_dgram_amplifies_nothing_to_a_peer_not_proved(void **state)
{
    struct now now = { SECOND, 0 };
    struct dgram *dgram = pair_end(true, false, now);
    uint8_t packet[PACKET_MAX];
    uint64_t in = 0, out = 0;
    struct forge f;

    (void)state;
    for (int i = 0; i < 200; i++)
        say(dgram, 0, DGRAM_OWN, "a long welcome, much longer than a hello");
    for (uint32_t pn = 0; pn < 500; pn++) {
        forge_piece(forge(&f, pn), 16, pn, pn % 3 * 100, 0);
        if (pn % 10 == 0) {
            assert_int_equal(feed(dgram, &f, now), 0);
            in += f.packet.len;
        }
        dgram_tick(dgram, now);
        for (size_t len; (len = dgram_output(dgram, packet, now));)
            out += len;
        assert_true(out <= 3 * in);
        assert_true(dgram_deadline(dgram) > now.mono_us);
        now.mono_us += 100 * MS;
    }
    assert_true(out > in);
    dgram_free(dgram);
}

static void test_dgram_the_first_packet_of_a_client_leaves_room(void **state)
{
    struct pair pair = pair_of(false);
    uint8_t packet[PACKET_MAX];

    (void)state;
    say(pair.client, 0, DGRAM_OWN, "hello");
    assert_int_equal(dgram_output(pair.client, packet, pair.now), PACKET_MAX);
    settle(&pair, 30);
    say(pair.client, 0, DGRAM_OWN, "more");
    assert_true(dgram_output(pair.client, packet, pair.now) < 100);
    pair_free(&pair);
}

/* The client's ack of the server's first flight is lost: no deadlock. */
static void test_dgram_proof_of_a_client_is_not_lost(void **state)
{
    struct pair pair = pair_of(false);

    (void)state;
    say(pair.client, 0, DGRAM_OWN, "hello");
    carry(pair.client, pair.server, pair.now);
    for (int i = 0; i < 100; i++)
        say(pair.server, 0, DGRAM_OWN,
            "welcome, and here are fifty bytes of something..");
    carry(pair.server, pair.client, pair.now);
    assert_true(lose(pair.client, pair.now) > 0);
    settle(&pair, 300);

    assert_true(dgram_idle(pair.server));
    assert_true(stats_of(pair.client).held > 1200);
    pair_free(&pair);
}

/* ---- the end ---- */

static void test_dgram_close_is_told_and_ends_everything(void **state)
{
    struct pair pair = pair_of(false);
    unsigned code = 0;

    (void)state;
    say(pair.client, 0, DGRAM_OWN, "hello");
    settle(&pair, 30);
    say(pair.client, 0, DGRAM_OWN, "never sent");
    dgram_close(pair.client, 508, pair.now);
    assert_false(dgram_closed(pair.client, &code));
    assert_int_equal(carry(pair.client, pair.server, pair.now), 1);

    assert_true(dgram_closed(pair.server, &code));
    assert_int_equal(code, 508);
    say(pair.server, 0, DGRAM_OWN, "into the void");
    assert_int_equal(lose(pair.server, pair.now), 0);
    assert_true(dgram_deadline(pair.server) == NEVER);
    pair_free(&pair);
}

static void test_dgram_close_is_said_a_few_times(void **state)
{
    struct pair pair = pair_of(false);
    int n = 0;

    (void)state;
    dgram_close(pair.client, 1, pair.now);
    while (dgram_deadline(pair.client) != NEVER) {
        pair.now.mono_us = dgram_deadline(pair.client);
        dgram_tick(pair.client, pair.now);
        n += lose(pair.client, pair.now);
    }
    assert_int_equal(n, 3);
    pair_free(&pair);
}

static void test_dgram_closes_before_numbers_run_out(void **state)
{
    struct dgram_config config = { .queue_max = 1 << 20,
                                   .message_max = 100,
                                   .first_pn = UINT32_MAX - 3,
                                   .packets_max = 50 };
    struct pair pair = pair_of(false);
    unsigned code = 0;

    (void)state;
    dgram_free(pair.client);
    pair.client = dgram_new(&config, pair.now);
    for (int i = 0; i < 200 && !dgram_closed(pair.client, &code); i++) {
        say(pair.client, 0, DGRAM_OWN, "x");
        settle(&pair, 1);
    }
    assert_true(dgram_closed(pair.client, &code));
    assert_int_equal(code, ERROR_LIMIT);
    assert_true(dgram_closed(pair.server, &code));
    pair_free(&pair);
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_dgram_packs_small_messages_into_one_packet),
    cmocka_unit_test(test_dgram_sends_low_streams_first_and_bulk_last),
    cmocka_unit_test(test_dgram_streams_do_not_wait_for_each_other),
    cmocka_unit_test(test_dgram_folds_streams_without_mixing_order),
    cmocka_unit_test(test_dgram_ignores_a_packet_that_comes_again),
    cmocka_unit_test(test_dgram_refuses_more_than_its_queue),
    cmocka_unit_test(test_dgram_lets_frames_go_when_acked),
    cmocka_unit_test(test_dgram_sends_only_the_newest_state),
    cmocka_unit_test(test_dgram_never_shows_an_older_state_after_a_newer),
    cmocka_unit_test(test_dgram_a_beat_is_acked_at_once_and_measures),
    cmocka_unit_test(test_dgram_repeats_a_lost_beat_but_not_for_ever),
    cmocka_unit_test(test_dgram_many_keys_stay_bounded),
    cmocka_unit_test(test_dgram_sends_again_what_later_acks_show_lost),
    cmocka_unit_test(test_dgram_probes_with_what_is_missing),
    cmocka_unit_test(test_dgram_copies_what_a_person_waits_for),
    cmocka_unit_test(test_dgram_copies_a_rooms_messages_where_there_is_loss),
    cmocka_unit_test(test_dgram_probes_ever_more_rarely),
    cmocka_unit_test(test_dgram_backs_off_after_two_repeats_by_half),
    cmocka_unit_test(test_dgram_acks_a_packet_that_comes_very_late),
    cmocka_unit_test(test_dgram_refuses_acks_of_what_was_not_sent),
    cmocka_unit_test(test_dgram_bounds_a_peer_that_never_acks),
    cmocka_unit_test(test_dgram_bounds_one_packet_gaps_for_ever),
    cmocka_unit_test(test_dgram_ends_a_peer_that_exceeds_its_credit),
    cmocka_unit_test(test_dgram_ends_a_peer_that_piles_up_one_stream),
    cmocka_unit_test(test_dgram_charges_a_fragmented_message_in_full),
    cmocka_unit_test(test_dgram_refuses_what_does_not_add_up),
    cmocka_unit_test(test_dgram_refuses_a_message_above_its_limit),
    cmocka_unit_test(test_dgram_a_broken_packet_does_nothing),
    cmocka_unit_test(test_dgram_amplifies_nothing_to_a_peer_not_proved),
    cmocka_unit_test(test_dgram_the_first_packet_of_a_client_leaves_room),
    cmocka_unit_test(test_dgram_proof_of_a_client_is_not_lost),
    cmocka_unit_test(test_dgram_close_is_told_and_ends_everything),
    cmocka_unit_test(test_dgram_close_is_said_a_few_times),
    cmocka_unit_test(test_dgram_closes_before_numbers_run_out),
};

int main(void)
{
    return RUN(TESTS);
}
