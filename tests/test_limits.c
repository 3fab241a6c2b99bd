/* SPDX-License-Identifier: MIT */
#include "shared/limits.h"

#include "shared/wire.h"
#include "tests/test.h"

static size_t pack_one(uint64_t code, uint64_t value, uint8_t *out)
{
    struct rec_limit rec = { code, value };

    return rec_pack(RECORD_limit, &rec, out);
}

static void test_limits_rows_are_sound(void **state)
{
    (void)state;
    for (size_t i = 0; i < LIMIT_COUNT; i++) {
        const struct limit_row *row = &LIMIT_ROWS[i];

        assert_true(row->min <= row->def && row->def <= row->max);
        assert_true(row->code > 0 && row->code <= UINT16_MAX);
        for (size_t j = 0; j < i; j++) {
            assert_int_not_equal(row->code, LIMIT_ROWS[j].code);
            assert_string_not_equal(row->key, LIMIT_ROWS[j].key);
        }
    }
}

/* No limit lets a message grow beyond what a frame can carry. */
static void test_limits_keep_texts_within_a_frame(void **state)
{
    (void)state;
    assert_true(LIMIT_ROWS[LIMIT_TEXT_BYTES].max + 1024 < BODY_MAX);
    assert_true(LIMIT_ROWS[LIMIT_NICK_BYTES].max <= NAME_MAX_BYTES);
    assert_true(LIMIT_ROWS[LIMIT_ROOM_BYTES].max <= NAME_MAX_BYTES);
}

static void test_limits_round_trip(void **state)
{
    uint8_t packed[LIMITS_PACKED];
    struct limits in, out;
    size_t len;

    (void)state;
    limits_init(&in);
    limits_init(&out);
    for (size_t i = 0; i < LIMIT_COUNT; i++)
        in.value[i] = LIMIT_ROWS[i].max;
    len = limits_pack(&in, packed);
    assert_int_equal(len, LIMITS_PACKED);
    limits_unpack(&out, str_bytes(packed, len));
    assert_memory_equal(&in, &out, sizeof in);
}

static void test_limits_unpack_skips_what_is_out_of_range(void **state)
{
    const struct limit_row *row = &LIMIT_ROWS[LIMIT_HEARTBEAT];
    uint8_t packed[64];
    struct limits limits, before;
    size_t len;

    (void)state;
    limits_init(&limits);
    before = limits;
    len = pack_one(row->code, row->min - 1, packed);
    len += pack_one(row->code, row->max + 1, packed + len);
    len += pack_one(row->code, UINT64_MAX, packed + len);
    len += pack_one(65535, 1, packed + len);
    limits_unpack(&limits, str_bytes(packed, len));
    assert_memory_equal(&limits, &before, sizeof limits);
}

static void test_limits_unpack_ignores_a_cut_record(void **state)
{
    const struct limit_row *row = &LIMIT_ROWS[LIMIT_HEARTBEAT];
    uint8_t packed[64];
    struct limits limits;
    size_t len = pack_one(row->code, row->max, packed);

    (void)state;
    limits_init(&limits);
    limits_unpack(&limits, str_bytes(packed, len - 1));
    limits_unpack(&limits, str_of(NULL));
    assert_int_equal(limits.value[LIMIT_HEARTBEAT], row->def);
    limits_unpack(&limits, str_bytes(packed, len));
    assert_int_equal(limits.value[LIMIT_HEARTBEAT], row->max);
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_limits_rows_are_sound),
    cmocka_unit_test(test_limits_keep_texts_within_a_frame),
    cmocka_unit_test(test_limits_round_trip),
    cmocka_unit_test(test_limits_unpack_skips_what_is_out_of_range),
    cmocka_unit_test(test_limits_unpack_ignores_a_cut_record),
};

int main(void)
{
    return RUN(TESTS);
}
