/* SPDX-License-Identifier: MIT */
#include "shared/outq.h"

#include "shared/bounds.h"
#include "shared/frame.h"
#include "shared/rng.h"
#include "tests/test.h"

/* A frame of FRAME_HEAD + body bytes, all the same. */
static struct frame *frame_filled(size_t body, int fill)
{
    char bytes[FRAME_HEAD + 256];

    memset(bytes, fill, sizeof bytes);
    return frame_copy(str_bytes(bytes, FRAME_HEAD + body));
}

static void test_outq_starts_empty(void **state)
{
    struct outq q;
    struct str spans[4];

    (void)state;
    outq_init(&q);
    assert_int_equal(outq_spans(&q, spans, 4), 0);
    outq_drop(&q, 0);
    assert_int_equal(q.bytes, 0);
    outq_fini(&q);
}

static void test_outq_releases_each_frame_once(void **state)
{
    struct frame *frame = frame_filled(8, 'x');
    struct outq q;

    (void)state;
    outq_init(&q);
    for (int i = 0; i < 100; i++)
        outq_push(&q, frame);
    assert_int_equal(frame->refs, 101);
    assert_int_equal(q.bytes, 100 * 20);
    for (uint32_t i = 1; i <= 100; i++) {
        outq_drop(&q, 20);
        assert_int_equal(frame->refs, 101 - i);
    }
    assert_null(q.ring); /* an idle queue holds no memory */
    frame_unref(frame);
    outq_fini(&q);
}

static void test_outq_fini_releases_what_is_left(void **state)
{
    struct frame *frame = frame_filled(0, 'x');
    struct outq q;

    (void)state;
    outq_init(&q);
    for (int i = 0; i < 9; i++)
        outq_push(&q, frame);
    outq_drop(&q, 3 * FRAME_HEAD + 5);
    assert_int_equal(frame->refs, 1 + 6);
    outq_fini(&q);
    assert_int_equal(frame->refs, 1);
    outq_fini(&q);
    frame_unref(frame);
}

static void test_outq_keeps_a_frame_written_in_part(void **state)
{
    struct frame *frame = frame_filled(8, 'x');
    struct outq q;
    struct str spans[2];

    (void)state;
    outq_init(&q);
    outq_push(&q, frame);
    outq_drop(&q, 19);
    assert_int_equal(frame->refs, 2);
    assert_int_equal(outq_spans(&q, spans, 2), 1);
    assert_ptr_equal(spans[0].ptr, (char *)frame->bytes + 19);
    assert_int_equal(spans[0].len, 1);
    outq_drop(&q, 1);
    assert_int_equal(frame->refs, 1);
    frame_unref(frame);
    outq_fini(&q);
}

static void test_outq_fills_no_more_spans_than_asked(void **state)
{
    struct frame *frame = frame_filled(0, 'x');
    struct outq q;
    struct str spans[3] = { { 0 } };

    (void)state;
    outq_init(&q);
    for (int i = 0; i < 5; i++)
        outq_push(&q, frame);
    assert_int_equal(outq_spans(&q, spans, 0), 0);
    assert_int_equal(outq_spans(&q, spans, 2), 2);
    assert_null(spans[2].ptr);
    frame_unref(frame);
    outq_fini(&q);
}

/* Write some of the queue to the sink, as a socket would. */
static size_t drain(struct outq *q, struct rng *rng, char *sink)
{
    struct str spans[4];
    size_t n = outq_spans(q, spans, 4), all = 0, wrote = 0, want;

    for (size_t i = 0; i < n; i++)
        all += spans[i].len;
    want = rng_below(rng, all + 1);
    for (size_t i = 0; i < n && wrote < want; i++) {
        size_t part = spans[i].len < want - wrote ? spans[i].len : want - wrote;

        memcpy(sink + wrote, spans[i].ptr, part);
        wrote += part;
    }
    outq_drop(q, wrote);
    return wrote;
}

static void test_outq_writes_every_byte_in_order(void **state)
{
    enum { CAP = 400000 };

    static char sent[CAP], got[CAP];
    struct rng rng = { test_seed(51) };
    size_t in = 0, out = 0;
    struct outq q;

    (void)state;
    outq_init(&q);
    for (int i = 0; i < 2000; i++) {
        for (uint64_t n = rng_below(&rng, 4); n > 0; n--) {
            struct frame *frame = frame_filled(rng_below(&rng, 100), i);
            struct str s = frame_str(frame);

            assert_true(in + s.len <= CAP);
            memcpy(sent + in, s.ptr, s.len);
            in += s.len;
            outq_push(&q, frame);
            frame_unref(frame);
        }
        out += drain(&q, &rng, got + out);
        assert_int_equal(q.bytes, in - out);
    }
    while (q.bytes)
        out += drain(&q, &rng, got + out);
    assert_int_equal(in, out);
    assert_memory_equal(sent, got, in);
    outq_fini(&q);
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_outq_starts_empty),
    cmocka_unit_test(test_outq_releases_each_frame_once),
    cmocka_unit_test(test_outq_fini_releases_what_is_left),
    cmocka_unit_test(test_outq_keeps_a_frame_written_in_part),
    cmocka_unit_test(test_outq_fills_no_more_spans_than_asked),
    cmocka_unit_test(test_outq_writes_every_byte_in_order),
};

int main(void)
{
    return RUN(TESTS);
}
