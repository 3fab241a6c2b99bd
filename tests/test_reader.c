/* SPDX-License-Identifier: MIT */
#include "shared/reader.h"

#include "shared/bounds.h"
#include "shared/error.h"
#include "shared/rng.h"
#include "tests/test.h"

enum { STREAM_MAX = 64 * 1024 };

/* A frame whose body repeats its number; returns its length. */
static size_t put_frame(uint8_t *out, size_t body, uint8_t number)
{
    memset(out, 0, FRAME_HEAD);
    out[0] = (uint8_t)(body >> 24);
    out[1] = (uint8_t)(body >> 16);
    out[2] = (uint8_t)(body >> 8);
    out[3] = (uint8_t)body;
    out[5] = number;
    memset(out + FRAME_HEAD, number, body);
    return FRAME_HEAD + body;
}

/* Many frames of random sizes; returns how many. */
static size_t put_stream(struct rng *rng, uint8_t *out, size_t *len)
{
    size_t n = 0;

    *len = 0;
    while (*len + FRAME_HEAD + 2000 < STREAM_MAX) {
        size_t body =
            rng_below(rng, 8) ? rng_below(rng, 60) : rng_below(rng, 2000);

        *len += put_frame(out + *len, body, (uint8_t)n++);
    }
    return n;
}

static void expect_frame(struct str frame, size_t number)
{
    assert_true(frame.len >= FRAME_HEAD);
    assert_int_equal((uint8_t)frame.ptr[5], (uint8_t)number);
    for (size_t i = FRAME_HEAD; i < frame.len; i++)
        assert_int_equal((uint8_t)frame.ptr[i], (uint8_t)number);
}

/* Bytes in memory of their own, so that ASan sees a borrowed one used late. */
static uint8_t *own(const uint8_t *bytes, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);

    assert_non_null(copy);
    memcpy(copy, bytes, len);
    return copy;
}

/* Feed a piece and count the frames it completes. */
static size_t feed(struct reader *r, const uint8_t *bytes, size_t len,
                   size_t number)
{
    uint8_t *copy = own(bytes, len);
    struct str frame;
    size_t n = 0;

    reader_feed(r, str_bytes(copy, len));
    while (reader_next(r, &frame) == 1)
        expect_frame(frame, number + n++);
    free(copy);
    return n;
}

static void test_reader_takes_one_byte_at_a_time(void **state)
{
    static uint8_t stream[STREAM_MAX];
    struct rng rng = { test_seed(41) };
    struct reader r;
    size_t len, want = put_stream(&rng, stream, &len), got = 0;

    (void)state;
    reader_init(&r, BODY_MAX);
    for (size_t i = 0; i < len; i++)
        got += feed(&r, stream + i, 1, got);
    assert_int_equal(got, want);
    assert_int_equal(reader_pending(&r), 0);
    assert_null(r.carry);
    reader_fini(&r);
}

static void test_reader_takes_any_chopping(void **state)
{
    static uint8_t stream[STREAM_MAX];
    struct rng rng = { test_seed(42) };

    (void)state;
    for (int round = 0; round < 100; round++) {
        size_t len, want = put_stream(&rng, stream, &len), got = 0;
        size_t most = 1 + rng_below(&rng, 5000);
        struct reader r;

        reader_init(&r, BODY_MAX);
        for (size_t at = 0, n; at < len; at += n) {
            n = rng_below(&rng, most);
            n = n < len - at ? n : len - at;
            got += feed(&r, stream + at, n, got);
        }
        assert_int_equal(got, want);
        assert_int_equal(reader_pending(&r), 0);
        reader_fini(&r);
    }
}

static void test_reader_hands_out_in_place(void **state)
{
    uint8_t bytes[200];
    size_t len = put_frame(bytes, 5, 0);
    struct reader r;
    struct str frame;

    (void)state;
    len += put_frame(bytes + len, 7, 1);
    reader_init(&r, BODY_MAX);
    reader_feed(&r, str_bytes(bytes, len));
    assert_int_equal(reader_next(&r, &frame), 1);
    assert_ptr_equal(frame.ptr, bytes);
    assert_int_equal(reader_next(&r, &frame), 1);
    assert_ptr_equal(frame.ptr, bytes + 17);
    assert_int_equal(reader_next(&r, &frame), 0);
    assert_null(r.carry);
    reader_fini(&r);
}

static void test_reader_refuses_a_body_too_large(void **state)
{
    uint8_t bytes[200];
    struct str frame;
    struct reader r;

    (void)state;
    put_frame(bytes, 101, 0);
    for (size_t split = 0; split <= FRAME_HEAD; split++) {
        int got;

        reader_init(&r, 100);
        reader_feed(&r, str_bytes(bytes, split));
        got = reader_next(&r, &frame);
        if (got == 0) {
            reader_feed(&r, str_bytes(bytes + split, 50 - split));
            got = reader_next(&r, &frame);
        }
        assert_int_equal(got, -ERROR_TOO_LARGE);
        assert_int_equal(reader_next(&r, &frame), -ERROR_TOO_LARGE);
        assert_true(r.cap <= 64); /* the head is all that was kept */
        reader_fini(&r);
    }
}

static void test_reader_refuses_the_largest_head(void **state)
{
    static const uint8_t HEAD[FRAME_HEAD] = { 0xff, 0xff, 0xff, 0xff };
    struct str frame;
    struct reader r;

    (void)state;
    reader_init(&r, BODY_MAX);
    reader_feed(&r, str_bytes(HEAD, sizeof HEAD));
    assert_int_equal(reader_next(&r, &frame), -ERROR_TOO_LARGE);
    reader_fini(&r);
}

static void test_reader_takes_a_body_of_the_limit(void **state)
{
    static uint8_t bytes[FRAME_MAX];
    struct str frame;
    struct reader r;

    (void)state;
    put_frame(bytes, BODY_MAX, 3);
    reader_init(&r, BODY_MAX);
    reader_feed(&r, str_bytes(bytes, 100));
    assert_int_equal(reader_next(&r, &frame), 0);
    reader_feed(&r, str_bytes(bytes + 100, sizeof bytes - 100));
    assert_int_equal(reader_next(&r, &frame), 1);
    expect_frame(frame, 3);
    assert_int_equal(frame.len, FRAME_MAX);
    reader_fini(&r);
}

static void test_reader_goes_on_after_keep(void **state)
{
    uint8_t bytes[200];
    size_t len = 0;
    uint8_t *copy;
    struct str frame;
    struct reader r;

    (void)state;
    for (uint8_t i = 0; i < 4; i++)
        len += put_frame(bytes + len, 10, i);
    copy = own(bytes, len);
    reader_init(&r, BODY_MAX);
    reader_feed(&r, str_bytes(copy, len - 3));
    assert_int_equal(reader_next(&r, &frame), 1);
    expect_frame(frame, 0);
    reader_keep(&r);
    free(copy);
    assert_int_equal(reader_pending(&r), len - 3 - 22);
    assert_int_equal(reader_next(&r, &frame), 1);
    expect_frame(frame, 1);
    reader_keep(&r);
    assert_int_equal(feed(&r, bytes + len - 3, 3, 2), 2);
    assert_int_equal(reader_pending(&r), 0);
    reader_fini(&r);
}

static void test_reader_keeps_at_random(void **state)
{
    static uint8_t stream[STREAM_MAX];
    struct rng rng = { test_seed(43) };

    (void)state;
    for (int round = 0; round < 100; round++) {
        size_t len, want = put_stream(&rng, stream, &len), got = 0;
        struct reader r;

        reader_init(&r, BODY_MAX);
        for (size_t at = 0, n; at < len; at += n) {
            uint8_t *copy;
            struct str frame;

            n = rng_below(&rng, 3000);
            n = n < len - at ? n : len - at;
            copy = own(stream + at, n);
            reader_feed(&r, str_bytes(copy, n));
            while (rng_below(&rng, 10) && reader_next(&r, &frame) == 1)
                expect_frame(frame, got++);
            reader_keep(&r);
            free(copy);
        }
        got += feed(&r, stream, 0, got);
        assert_int_equal(got, want);
        reader_fini(&r);
    }
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_reader_takes_one_byte_at_a_time),
    cmocka_unit_test(test_reader_takes_any_chopping),
    cmocka_unit_test(test_reader_hands_out_in_place),
    cmocka_unit_test(test_reader_refuses_a_body_too_large),
    cmocka_unit_test(test_reader_refuses_the_largest_head),
    cmocka_unit_test(test_reader_takes_a_body_of_the_limit),
    cmocka_unit_test(test_reader_goes_on_after_keep),
    cmocka_unit_test(test_reader_keeps_at_random),
};

int main(void)
{
    return RUN(TESTS);
}
