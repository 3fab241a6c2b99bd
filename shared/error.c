/* SPDX-License-Identifier: MIT
 *
 * Lookups in the table of errors.def.
 */
#include "shared/error.h"

const struct err_row ERR_ROWS[] = {
#define ERROR(NAME, code, after, text)                                         \
    { ERROR_##NAME, AFTER_##after, #NAME, text },
#include "shared/errors.def"
};

const size_t ERR_ROWS_LEN = sizeof ERR_ROWS / sizeof *ERR_ROWS;

const struct err_row *err_row(unsigned code)
{
    for (size_t i = 0; i < ERR_ROWS_LEN; i++) {
        if ((unsigned)ERR_ROWS[i].code == code)
            return &ERR_ROWS[i];
    }
    return NULL;
}

const char *err_name(unsigned code)
{
    const struct err_row *row = err_row(code);

    return row ? row->name : "?";
}

const char *err_text(unsigned code)
{
    const struct err_row *row = err_row(code);

    return row ? row->text : "unknown error";
}

bool err_is_retry(unsigned code)
{
    const struct err_row *row = err_row(code);

    return row && row->after == AFTER_RETRY;
}

bool err_is_auth(unsigned code)
{
    return code / 100 == 2;
}
