/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include "shared/bounds.h"
#include "shared/dgram.h"
#include "shared/error.h"
#include "shared/packet.h"
#include "shared/rng.h"

static uint8_t bytes[PACKET_MAX];

static struct packet begin(size_t cap)
{
    struct packet packet;

    packet_begin(&packet, bytes, cap, (struct packet_head){ PACKET_NOW, 9 });
    return packet;
}

/* Write one part, read it back. */
static struct part round_trip(const struct part *part)
{
    struct packet packet = begin(PACKET_MAX);
    struct packet_head head;
    struct part got, end;
    struct str rest;

    assert_true(packet_put(&packet, part));
    rest = str_bytes(bytes, packet.len);
    assert_int_equal(packet_head(&rest, &head), 0);
    assert_int_equal(head.flags, PACKET_NOW);
    assert_int_equal(head.pn, 9);
    assert_int_equal(packet_part(&rest, &got), 1);
    assert_int_equal(packet_part(&rest, &end), 0);
    assert_int_equal(got.type, part->type);
    return got;
}

/* Whether a packet of these bytes after a good head can be read to its end. */
static bool readable(struct str parts)
{
    struct packet packet = begin(PACKET_MAX);
    struct packet_head head;
    struct part part;
    struct str rest;
    int got;

    memcpy(bytes + packet.len, parts.ptr, parts.len);
    rest = str_bytes(bytes, packet.len + parts.len);
    assert_int_equal(packet_head(&rest, &head), 0);
    while ((got = packet_part(&rest, &part)) == 1)
        ;
    assert_true(got == 0 || got == -ERROR_BAD_FRAME);
    return got == 0;
}

static void test_packet_keeps_a_message(void **state)
{
    struct part part = { .type = PART_MSG,
                         .piece = { .stream = 1023,
                                    .seq = UINT32_MAX,
                                    .total = 5,
                                    .bytes = S("hello") } };
    struct part got = round_trip(&part);

    (void)state;
    assert_int_equal(got.piece.stream, 1023);
    assert_int_equal(got.piece.seq, UINT32_MAX);
    assert_int_equal(got.piece.total, 5);
    assert_int_equal(got.piece.index, 0);
    assert_true(str_is(got.piece.bytes, "hello"));
}

static void test_packet_keeps_every_piece_of_the_longest_message(void **state)
{
    static char message[FRAME_MAX];
    size_t sum = 0;

    (void)state;
    for (unsigned i = 0; i < packet_pieces(FRAME_MAX); i++) {
        struct part part = { .type = PART_FRAG,
                             .piece = { .stream = 1023,
                                        .seq = UINT32_MAX,
                                        .total = FRAME_MAX,
                                        .index = i } };

        part.piece.bytes = packet_piece(str_bytes(message, FRAME_MAX), i);
        assert_int_equal(round_trip(&part).piece.bytes.len,
                         part.piece.bytes.len);
        sum += part.piece.bytes.len;
    }
    assert_int_equal(sum, FRAME_MAX);
    assert_int_equal(packet_pieces(0), 1);
    assert_int_equal(packet_pieces(FRAG_SIZE), 1);
    assert_int_equal(packet_pieces(FRAG_SIZE + 1), 2);
}

static void test_packet_keeps_states_and_numbers(void **state)
{
    struct part part = { .type = PART_BEAT,
                         .state = { 0x0102030405060708, 77, S("x") } };
    struct part got = round_trip(&part);

    (void)state;
    assert_true(got.state.key == 0x0102030405060708);
    assert_int_equal(got.state.version, 77);
    assert_true(str_is(got.state.bytes, "x"));
    part = (struct part){ .type = PART_CREDIT, .credit = INT64_MAX };
    assert_true(round_trip(&part).credit == INT64_MAX);
    part = (struct part){ .type = PART_CLOSE, .code = 508 };
    assert_int_equal(round_trip(&part).code, 508);
}

static void test_packet_keeps_any_ack(void **state)
{
    uint64_t seed = test_seed(1);
    struct rng rng = { seed };

    (void)state;
    for (int i = 0; i < 2000; i++) {
        struct part part = { .type = PART_ACK };
        uint32_t at = (uint32_t)rng_next(&rng);
        struct part got;

        part.ack.n = 1 + (unsigned)rng_below(&rng, RANGES_SENT);
        part.ack.delay_us = (uint32_t)rng_below(&rng, 1000000);
        for (unsigned k = 0; k < part.ack.n; k++) {
            part.ack.ranges[k].hi = at;
            at -= (uint32_t)rng_below(&rng, i % 2 ? 2 : 300);
            part.ack.ranges[k].lo = at;
            at -= 2 + (uint32_t)rng_below(&rng, i % 3 ? 2 : 300);
        }
        got = round_trip(&part);
        assert_true(got.ack.n >= 1 && got.ack.n <= part.ack.n);
        assert_true(got.ack.n == part.ack.n || i % 2 == 0 || i % 3 == 0);
        assert_int_equal(got.ack.delay_us, part.ack.delay_us / 125 * 125);
        assert_memory_equal(got.ack.ranges, part.ack.ranges,
                            got.ack.n * sizeof *got.ack.ranges);
    }
}

static void test_packet_refuses_what_does_not_fit(void **state)
{
    struct packet packet = begin(PACKET_HEAD + 20);
    struct part part = { .type = PART_MSG,
                         .piece = { .total = 17,
                                    .bytes = S("0123456789abcdefg") } };

    (void)state;
    assert_false(packet_put(&packet, &part));
    assert_int_equal(packet.len, PACKET_HEAD);
    part.piece.total = 16;
    part.piece.bytes.len = 16;
    assert_true(packet_put(&packet, &part));
    assert_int_equal(packet.len, packet.cap);
}

static void test_packet_pads_to_the_end(void **state)
{
    struct packet packet = begin(300);
    struct packet_head head;
    struct part part;
    struct str rest;

    (void)state;
    packet_pad(&packet);
    assert_int_equal(packet.len, 300);
    rest = str_bytes(bytes, packet.len);
    assert_int_equal(packet_head(&rest, &head), 0);
    assert_int_equal(packet_part(&rest, &part), 1);
    assert_int_equal(part.type, PART_PAD);
    assert_int_equal(packet_part(&rest, &part), 0);
}

static void test_packet_refuses_broken_parts(void **state)
{
    const struct str BROKEN[] = {
        S("\x08"),                   /* kept for later */
        S("\xff"),                   /* no such part */
        S("\x00\x01"),               /* padding with something in it */
        S("\x01\0\0\0"),             /* ACK cut short */
        S("\x01\0\0\0\x05\0\x20\0"), /* 33 ranges */
        S("\x01\0\0\0\x05\0\x01\0"), /* a range is missing */
        S("\x02\x80\x08\0\x01x"),    /* stream 1024 */
        S("\x02\x80\0\0\x01x"),      /* varint longer than needed */
        S("\x02\x10\0\x02x"),        /* message cut short */
        S("\x02\x10\xff\xff\xff\xff\x10\x01x"), /* seq above 32 bits */
        S("\x02\x10\0\x91\x08"),       /* whole message above FRAG_SIZE */
        S("\x03\x10\0\x90\x08\0x"),    /* fragment of a short message */
        S("\x03\x10\0\x91\x08\x02x"),  /* piece beyond the end */
        S("\x03\x10\0\x91\x08\x01"),   /* piece cut short */
        S("\x03\x10\0\x81\x88\x04\0"), /* longer than 64 pieces */
        S("\x04\0\0\0\0\0\0\0\0\0\0\0\0\x01"),             /* state cut short */
        S("\x06\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), /* 10-byte varint */
        S("\x07\x80\x80\x04"), /* code above 16 bits */
    };

    (void)state;
    for (size_t i = 0; i < sizeof BROKEN / sizeof *BROKEN; i++)
        if (readable(BROKEN[i]))
            fail_msg("number %zu was readable", i);
    assert_true(readable(S("\x03\x10\0\x91\x08\x01x")));
    assert_true(readable(S("\x02\x10\0\x01x\x06\x05\x00\x00")));
}

static void test_packet_refuses_a_wrong_head(void **state)
{
    struct packet_head head;
    struct str rest = S("\x40\0\0\0");

    (void)state;
    assert_int_equal(packet_head(&rest, &head), -ERROR_BAD_FRAME);
    rest = S("\x00\0\0\0\x01");
    assert_int_equal(packet_head(&rest, &head), -ERROR_BAD_FRAME);
    rest = S("\x42\0\0\0\x01");
    assert_int_equal(packet_head(&rest, &head), -ERROR_BAD_FRAME);
    rest = S("\x40\0\0\x01\x01");
    assert_int_equal(packet_head(&rest, &head), 0);
    assert_int_equal(head.pn, 257);
}

/* Every truncation of a packet is refused or reads as fewer parts. */
static void test_packet_survives_truncation(void **state)
{
    struct packet packet = begin(PACKET_MAX);
    struct part ack = { .type = PART_ACK,
                        .ack = { .n = 2, .ranges = { { 8, 9 }, { 3, 4 } } } };
    struct part msg = {
        .type = PART_MSG,
        .piece = { .stream = 300, .seq = 1, .total = 3, .bytes = S("abc") }
    };
    uint8_t *copy;

    (void)state;
    packet_put(&packet, &ack);
    packet_put(&packet, &msg);
    for (size_t len = 0; len <= packet.len; len++) {
        struct packet_head head;
        struct part part;
        struct str rest;

        copy =
            malloc(len + 1); /* exact, so that a sanitizer sees reads beyond */
        memcpy(copy, bytes, len);
        copy = realloc(copy, len ? len : 1);
        rest = str_bytes(copy, len);
        if (packet_head(&rest, &head) == 0)
            while (packet_part(&rest, &part) == 1)
                ;
        free(copy);
    }
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_packet_keeps_a_message),
    cmocka_unit_test(test_packet_keeps_every_piece_of_the_longest_message),
    cmocka_unit_test(test_packet_keeps_states_and_numbers),
    cmocka_unit_test(test_packet_keeps_any_ack),
    cmocka_unit_test(test_packet_refuses_what_does_not_fit),
    cmocka_unit_test(test_packet_pads_to_the_end),
    cmocka_unit_test(test_packet_refuses_broken_parts),
    cmocka_unit_test(test_packet_refuses_a_wrong_head),
    cmocka_unit_test(test_packet_survives_truncation),
};

int main(void)
{
    return RUN(TESTS);
}
