/* SPDX-License-Identifier: MIT */
#include "shared/frame.h"

#include "shared/wire.h"
#include "tests/test.h"

static void test_frame_holds_the_encoded_message(void **state)
{
    struct msg msg = { .kind = KIND_SEND, .request = 5 };
    static struct wire_scratch scratch;
    struct frame *frame;
    struct msg back;

    (void)state;
    msg.send.text = S("hi");
    frame = frame_of(&msg);
    assert_int_equal(frame->len, wire_size(&msg));
    assert_int_equal(frame_kind(frame), KIND_SEND);
    assert_int_equal(wire_decode(&back, frame_str(frame), &scratch), 0);
    assert_int_equal(back.request, 5);
    assert_true(str_is(back.send.text, "hi"));
    frame_unref(frame);
}

static void test_frame_copy_is_independent(void **state)
{
    struct msg msg = { .kind = KIND_PING };
    struct frame *a = frame_of(&msg), *b = frame_copy(frame_str(a));

    (void)state;
    frame_unref(a);
    assert_int_equal(frame_kind(b), KIND_PING);
    assert_int_equal(b->refs, 1);
    frame_unref(b);
}

static void test_frame_lives_until_the_last_reference(void **state)
{
    struct msg msg = { .kind = KIND_PONG };
    struct frame *frame = frame_of(&msg);

    (void)state;
    assert_ptr_equal(frame_ref(frame), frame);
    frame_ref(frame);
    assert_int_equal(frame->refs, 3);
    frame_unref(frame);
    frame_unref(frame);
    assert_int_equal(frame_kind(frame), KIND_PONG); /* ASan watches */
    frame_unref(frame);
    frame_unref(NULL);
}

static void test_frame_holds_the_longest_body(void **state)
{
    static char text[BODY_MAX - 4]; /* tag and a length of three bytes */
    struct msg msg = { .kind = KIND_SEND };
    struct frame *frame;

    (void)state;
    memset(text, 'x', sizeof text);
    msg.send.text = str_bytes(text, sizeof text);
    frame = frame_of(&msg);
    assert_int_equal(frame->len, FRAME_MAX);
    frame_unref(frame);
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_frame_holds_the_encoded_message),
    cmocka_unit_test(test_frame_copy_is_independent),
    cmocka_unit_test(test_frame_lives_until_the_last_reference),
    cmocka_unit_test(test_frame_holds_the_longest_body),
};

int main(void)
{
    return RUN(TESTS);
}
