/* SPDX-License-Identifier: MIT */
#include "shared/error.h"

#include "tests/test.h"

static void test_error_codes_and_names_are_unique(void **state)
{
    (void)state;
    for (size_t i = 0; i < ERR_ROWS_LEN; i++) {
        assert_true(ERR_ROWS[i].code > 0);
        for (size_t j = 0; j < i; j++) {
            assert_int_not_equal(ERR_ROWS[i].code, ERR_ROWS[j].code);
            assert_string_not_equal(ERR_ROWS[i].name, ERR_ROWS[j].name);
            assert_string_not_equal(ERR_ROWS[i].text, ERR_ROWS[j].text);
        }
    }
}

static void test_error_is_found_by_its_code(void **state)
{
    (void)state;
    for (size_t i = 0; i < ERR_ROWS_LEN; i++) {
        const struct err_row *row = &ERR_ROWS[i];

        assert_ptr_equal(err_row(row->code), row);
        assert_string_equal(err_name(row->code), row->name);
        assert_string_equal(err_text(row->code), row->text);
        assert_int_equal(err_is_retry(row->code), row->after == AFTER_RETRY);
    }
}

static void test_error_codes_of_others_have_a_text_too(void **state)
{
    (void)state;
    assert_null(err_row(0));
    assert_null(err_row(65535));
    assert_string_equal(err_name(65535), "?");
    assert_string_equal(err_text(65535), "unknown error");
    assert_false(err_is_retry(65535));
}

/* They end a sentence of ours: "cannot join: TEXT". */
static void test_error_texts_are_phrases(void **state)
{
    (void)state;
    for (size_t i = 0; i < ERR_ROWS_LEN; i++) {
        const char *text = ERR_ROWS[i].text;

        assert_true(strlen(text) > 3);
        assert_true(text[0] >= 'a' && text[0] <= 'z');
        assert_true(text[strlen(text) - 1] != '.');
    }
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_error_codes_and_names_are_unique),
    cmocka_unit_test(test_error_is_found_by_its_code),
    cmocka_unit_test(test_error_codes_of_others_have_a_text_too),
    cmocka_unit_test(test_error_texts_are_phrases),
};

int main(void)
{
    return RUN(TESTS);
}
