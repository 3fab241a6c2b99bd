/* SPDX-License-Identifier: MIT */
#include "shared/wire.h"

#include "shared/error.h"
#include "shared/rng.h"
#include "shared/text.h"
#include "tests/test.h"

static struct wire_scratch scratch;

static uint64_t next(void *rng)
{
    return rng_next(rng);
}

/* A random message as a frame; strings of *msg lie in the arena. */
static struct str random_frame(struct rng *rng, struct msg *msg, uint8_t *out)
{
    static char arena[4096];
    size_t size;

    wire_random(msg, next, rng, arena, sizeof arena);
    msg->flags = (unsigned)rng_below(rng, 8);
    size = wire_size(msg);
    assert_int_equal(wire_encode(msg, out), size);
    return str_bytes(out, size);
}

/* What a message says, flags and bytes of bin fields included. */
static char *dumped(const struct msg *msg)
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);

    assert_non_null(to);
    wire_dump(msg, to);
    fprintf(to, " flags=%u", msg->flags);
    fclose(to);
    return text;
}

static void expect_same(const struct msg *a, const struct msg *b)
{
    static uint8_t x[FRAME_MAX], y[FRAME_MAX];
    size_t n = wire_encode(a, x), m = wire_encode(b, y);

    if (n != m || memcmp(x, y, n) != 0) {
        char *s = dumped(a), *t = dumped(b);

        print_error("%s\n%s\n", s, t);
        free(s);
        free(t);
        fail();
    }
}

/* A frame around a body written by hand. */
static struct str frame_around(unsigned kind, struct str body)
{
    static char out[FRAME_MAX + 16];

    memset(out, 0, FRAME_HEAD);
    out[0] = (char)(body.len >> 24);
    out[1] = (char)(body.len >> 16);
    out[2] = (char)(body.len >> 8);
    out[3] = (char)body.len;
    out[4] = (char)(kind >> 8);
    out[5] = (char)kind;
    if (body.len)
        memcpy(out + FRAME_HEAD, body.ptr, body.len);
    return str_bytes(out, FRAME_HEAD + body.len);
}

static int decode(struct msg *msg, unsigned kind, struct str body)
{
    return wire_decode(msg, frame_around(kind, body), &scratch);
}

static void test_wire_round_trips_random_messages(void **state)
{
    uint64_t seed = test_seed(31);
    struct rng rng = { seed };
    static uint8_t bytes[FRAME_MAX];

    (void)state;
    for (int i = 0; i < 20000; i++) {
        struct msg in, out;
        struct str frame = random_frame(&rng, &in, bytes);

        assert_int_equal(wire_decode(&out, frame, &scratch), 0);
        expect_same(&in, &out);
    }
}

static void test_wire_random_covers_every_kind(void **state)
{
    struct rng rng = { 1 };
    bool seen[256] = { false };
    static uint8_t bytes[FRAME_MAX];

    (void)state;
    for (int i = 0; i < 5000; i++) {
        struct msg msg;

        random_frame(&rng, &msg, bytes);
        assert_true(msg.kind < 256);
        seen[msg.kind] = true;
    }
    for (size_t i = 0; i < WIRE_ROWS_LEN; i++)
        assert_true(seen[WIRE_ROWS[i].kind]);
}

static void test_wire_refuses_every_truncation(void **state)
{
    struct rng rng = { test_seed(32) };
    static uint8_t bytes[FRAME_MAX];

    (void)state;
    for (int i = 0; i < 500; i++) {
        struct msg msg;
        struct str frame = random_frame(&rng, &msg, bytes);

        for (size_t len = 0; len < frame.len; len++)
            assert_int_equal(
                wire_decode(&msg, str_bytes(frame.ptr, len), &scratch),
                -ERROR_BAD_FRAME);
    }
}

/* As above, but the head tells the truth: only the fields are cut. */
static void test_wire_reads_no_byte_behind_a_cut_body(void **state)
{
    struct rng rng = { test_seed(33) };
    static uint8_t bytes[FRAME_MAX];

    (void)state;
    for (int i = 0; i < 500; i++) {
        struct msg msg, cut;
        struct str frame = random_frame(&rng, &msg, bytes);

        for (size_t len = 0; len < frame.len - FRAME_HEAD; len++) {
            struct str body = { frame.ptr + FRAME_HEAD, len };
            struct str whole = frame_around(msg.kind, body);
            char *exact = malloc(whole.len); /* so that ASan watches its end */
            int err;

            assert_non_null(exact);
            memcpy(exact, whole.ptr, whole.len);
            err = wire_decode(&cut, str_bytes(exact, whole.len), &scratch);
            assert_true(err == 0 || err == -ERROR_BAD_FRAME);
            free(exact);
        }
    }
}

static void test_wire_skips_unknown_fields(void **state)
{
    struct msg msg;

    (void)state;
    assert_int_equal(decode(&msg, KIND_SEND,
                            S("\x7f\x03xyz"          /* tag 127 */
                              "\x01\x01\x07"         /* room 7 */
                              "\xff\xff\x7f\x02\0\1" /* a three-byte tag */
                              "\x03\x02hi"           /* text */
                              "\x00\x01x")),         /* tag 0 */
                     0);
    assert_int_equal(msg.send.room, 7);
    assert_true(str_is(msg.send.text, "hi"));
}

static void test_wire_takes_the_last_of_duplicates(void **state)
{
    struct msg msg;

    (void)state;
    assert_int_equal(decode(&msg, KIND_SEND,
                            S("\x01\x01\x07\x03\x02hi"
                              "\x01\x01\x08\x03\x02ho\x03\x00")),
                     0);
    assert_int_equal(msg.send.room, 8);
    assert_int_equal(msg.send.text.len, 0);
}

static void test_wire_cleans_many_duplicates_within_scratch(void **state)
{
    const struct str UNCLEAN = S("\x03\x02\xff\xff");
    static char body[BODY_MAX];
    struct msg msg;
    size_t len = 0;

    (void)state;
    for (; len < sizeof body; len += UNCLEAN.len)
        memcpy(body + len, UNCLEAN.ptr, UNCLEAN.len);
    assert_int_equal(decode(&msg, KIND_SEND, str_bytes(body, len)), 0);
    assert_true(str_is(msg.send.text, "\uFFFD\uFFFD"));
    assert_true(scratch.len <= sizeof scratch.bytes);
}

static void test_wire_cleans_the_longest_text(void **state)
{
    const struct str HEAD = S("\x03\xfc\xff\x03"); /* text, 65532 bytes */
    static char body[BODY_MAX];
    struct msg msg;

    (void)state;
    memset(body, 0xff, sizeof body);
    memcpy(body, HEAD.ptr, HEAD.len);
    assert_int_equal(decode(&msg, KIND_SEND, str_bytes(body, sizeof body)), 0);
    assert_int_equal(msg.send.text.len, 3 * (BODY_MAX - 4));
}

static void test_wire_refuses_what_does_not_add_up(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } CASES[] = {
        { "\x01", 1 },         /* a tag alone */
        { "\x01\x02\x07", 3 }, /* longer than the body */
        { "\x01\x09"
          "123456789",
          11 },                            /* number above 8 bytes */
        { "\x81\x00\x01\x07", 4 },         /* overlong tag */
        { "\x01\x81\x00\x07", 4 },         /* overlong length */
        { "\x01\x80\x80\x80\x80\x01", 6 }, /* varint above 4 bytes */
        { "\xff\xff\xff\xff\xff\xff", 6 }, /* no end */
        { "\x01\xff\xff\xff\x7f\x01", 6 }, /* 256 MiB announced */
    };
    struct msg msg;

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct str body = { CASES[i].bytes, CASES[i].len };

        assert_int_equal(decode(&msg, KIND_SEND, body), -ERROR_BAD_FRAME);
        assert_int_equal(decode(&msg, 65000, body),
                         i == 2 ? -ERROR_UNSUPPORTED : -ERROR_BAD_FRAME);
    }
}

static void test_wire_refuses_a_head_that_lies(void **state)
{
    struct str frame = frame_around(KIND_SEND, S("\x01\x01\x07"));
    struct msg msg;

    (void)state;
    assert_int_equal(
        wire_decode(&msg, str_bytes(frame.ptr, frame.len + 1), &scratch),
        -ERROR_BAD_FRAME);
    assert_int_equal(wire_decode(&msg, S(""), &scratch), -ERROR_BAD_FRAME);
    frame = frame_around(KIND_SEND, str_of(NULL));
    assert_int_equal(wire_decode(&msg, frame, &scratch), 0);
}

static void test_wire_tells_unknown_kinds_apart(void **state)
{
    struct str frame = frame_around(65000, S("\x01\x01\x07"));
    char bytes[32];
    struct msg msg;

    (void)state;
    memcpy(bytes, frame.ptr, frame.len);
    bytes[7] = FLAG_CRITICAL;
    bytes[11] = 9;
    assert_int_equal(wire_decode(&msg, str_bytes(bytes, frame.len), &scratch),
                     -ERROR_UNSUPPORTED);
    assert_int_equal(msg.flags, FLAG_CRITICAL);
    assert_int_equal(msg.request, 9);
    assert_int_equal(msg.kind, KIND_NONE);
    assert_null(wire_row(0));
    assert_string_equal(wire_name(65000), "?");
}

static void test_wire_hands_out_clean_text_only(void **state)
{
    struct msg msg;

    (void)state;
    assert_int_equal(decode(&msg, KIND_EVENT,
                            S("\x06\x05"
                              "a\x1b\nb\xff"
                              "\x07\x06"
                              "x\r\ny\xc2\x9b")),
                     0);
    assert_true(str_is(msg.event.nick, "a^[ b\uFFFD"));
    assert_true(str_is(msg.event.text, "x\ny\uFFFD"));
}

static void test_wire_views_clean_text_in_place(void **state)
{
    struct str frame = frame_around(KIND_SEND, S("\x03\x02hi"));
    struct msg msg;

    (void)state;
    assert_int_equal(wire_decode(&msg, frame, &scratch), 0);
    assert_ptr_equal(msg.send.text.ptr, frame.ptr + FRAME_HEAD + 2);
}

static void test_wire_sends_no_zero(void **state)
{
    struct msg msg = { .kind = KIND_SEND };

    (void)state;
    assert_int_equal(wire_size(&msg), FRAME_HEAD);
    msg.send.room = 256;
    assert_int_equal(wire_size(&msg), FRAME_HEAD + 4);
}

static void test_wire_needs_no_scratch_without_text(void **state)
{
    struct msg msg;

    (void)state;
    assert_int_equal(wire_decode(&msg,
                                 frame_around(KIND_PING, S("\x01\x01\x07"
                                                           "\x63\x01\xff")),
                                 NULL),
                     0);
    assert_int_equal(msg.ping.id, 7);
}

/* Rooms and states travel by the number in their first field. */
static void test_wire_key_is_the_first_field(void **state)
{
    struct msg msg = { .kind = KIND_EVENT };

    (void)state;
    msg.event.room = 7;
    assert_int_equal(wire_key(&msg), 7);
    for (size_t i = 0; i < WIRE_ROWS_LEN; i++) {
        const struct wire_row *row = &WIRE_ROWS[i];

        if (row->lane == LANE_ROOM || row->lane == LANE_STATE)
            assert_int_equal(row->fields[0].type, TYPE_num);
    }
}

static void test_wire_survives_flipped_bits(void **state)
{
    struct rng rng = { test_seed(34) };
    static uint8_t bytes[FRAME_MAX];

    (void)state;
    for (int i = 0; i < 50000; i++) {
        struct msg msg;
        struct str frame = random_frame(&rng, &msg, bytes);
        int err;

        for (uint64_t n = rng_below(&rng, 4); n > 0; n--)
            bytes[rng_below(&rng, frame.len)] ^=
                (uint8_t)(1u << rng_below(&rng, 8));
        err = wire_decode(&msg, frame, &scratch);
        assert_true(err == 0 || err == -ERROR_BAD_FRAME ||
                    err == -ERROR_UNSUPPORTED);
    }
}

static void test_wire_dump_stays_on_one_line(void **state)
{
    struct msg msg = { .kind = KIND_SEND, .request = 3 };
    char *text;

    (void)state;
    msg.send.room = 7;
    msg.send.text = S("a\"b\\c\nd\te");
    text = dumped(&msg);
    assert_string_equal(text, "SEND request=3 room=7 "
                              "text=\"a\\\"b\\\\c\\nd\\te\" flags=0");
    free(text);
}

static void test_wire_dump_prints_no_token(void **state)
{
    struct msg msg = { .kind = KIND_AUTH };
    char *text;

    (void)state;
    msg.auth.token = S("secret");
    text = dumped(&msg);
    assert_string_equal(text, "AUTH token=<6> flags=0");
    free(text);
}

static void test_wire_rows_are_sound(void **state)
{
    (void)state;
    for (size_t i = 0; i < WIRE_ROWS_LEN; i++) {
        const struct wire_row *row = &WIRE_ROWS[i];

        assert_ptr_equal(wire_row(row->kind), row); /* no code twice */
        assert_true(row->kind > 0 && row->kind <= UINT16_MAX);
        for (size_t j = 0; j < row->n; j++) {
            assert_true(row->fields[j].tag > 0);
            for (size_t k = 0; k < j; k++)
                assert_int_not_equal(row->fields[j].tag, row->fields[k].tag);
        }
    }
}

static void test_wire_values_have_names(void **state)
{
    (void)state;
    assert_string_equal(wire_value_name("presence", presence_HERE), "HERE");
    assert_string_equal(wire_value_name("presence", 99), "?");
    assert_string_equal(wire_value_name("nothing", 1), "?");
    for (size_t i = 0; i < WIRE_VALUES_LEN; i++)
        assert_string_equal(
            wire_value_name(WIRE_VALUES[i].set, WIRE_VALUES[i].code),
            WIRE_VALUES[i].name);
}

static void test_wire_records_round_trip(void **state)
{
    const struct rec_presence in = { 1ull << 60, 5, 7, 65535, 1000, 99, 3600 };
    struct rec_presence out;
    uint8_t bytes[64];
    struct str packed;

    (void)state;
    assert_int_equal(rec_size(RECORD_presence), 26);
    assert_int_equal(rec_pack(RECORD_presence, &in, bytes), 26);
    packed = str_bytes(bytes, 26);
    assert_true(rec_next(RECORD_presence, &packed, &out));
    assert_memory_equal(&in, &out, sizeof in);
    assert_false(rec_next(RECORD_presence, &packed, &out));
    packed = str_bytes(bytes, 25);
    assert_false(rec_next(RECORD_presence, &packed, &out));
}

/* A change of the protocol must show in review; see golden/schema.txt. */
static void test_wire_schema_is_the_golden_one(void **state)
{
    char *now = NULL, golden[32768];
    size_t len = 0, n;
    FILE *to = open_memstream(&now, &len);
    const char *root = getenv("SRCDIR");
    char path[512];
    FILE *from;

    (void)state;
    snprintf(path, sizeof path, "%s/tests/golden/schema.txt",
             root ? root : ".");
    from = fopen(path, "r");
    assert_non_null(to);
    wire_dump_schema(to);
    fclose(to);
    if (!from)
        fail_msg("no %s: run this at the top of the tree", path);
    n = fread(golden, 1, sizeof golden - 1, from);
    fclose(from);
    golden[n] = '\0';
    assert_string_equal(now, golden);
    free(now);
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_wire_round_trips_random_messages),
    cmocka_unit_test(test_wire_random_covers_every_kind),
    cmocka_unit_test(test_wire_refuses_every_truncation),
    cmocka_unit_test(test_wire_reads_no_byte_behind_a_cut_body),
    cmocka_unit_test(test_wire_skips_unknown_fields),
    cmocka_unit_test(test_wire_takes_the_last_of_duplicates),
    cmocka_unit_test(test_wire_cleans_many_duplicates_within_scratch),
    cmocka_unit_test(test_wire_cleans_the_longest_text),
    cmocka_unit_test(test_wire_refuses_what_does_not_add_up),
    cmocka_unit_test(test_wire_refuses_a_head_that_lies),
    cmocka_unit_test(test_wire_tells_unknown_kinds_apart),
    cmocka_unit_test(test_wire_hands_out_clean_text_only),
    cmocka_unit_test(test_wire_views_clean_text_in_place),
    cmocka_unit_test(test_wire_sends_no_zero),
    cmocka_unit_test(test_wire_needs_no_scratch_without_text),
    cmocka_unit_test(test_wire_key_is_the_first_field),
    cmocka_unit_test(test_wire_survives_flipped_bits),
    cmocka_unit_test(test_wire_dump_stays_on_one_line),
    cmocka_unit_test(test_wire_dump_prints_no_token),
    cmocka_unit_test(test_wire_rows_are_sound),
    cmocka_unit_test(test_wire_values_have_names),
    cmocka_unit_test(test_wire_records_round_trip),
    cmocka_unit_test(test_wire_schema_is_the_golden_one),
};

int main(void)
{
    return RUN(TESTS);
}
