/* SPDX-License-Identifier: MIT
 *
 * Error codes of the protocol, from errors.def.
 */
#ifndef SHARED_ERROR_H
#define SHARED_ERROR_H

#include <stdbool.h>
#include <stddef.h>

enum err {
    ERR_NONE = 0,

#define ERROR(NAME, code, after, text) ERROR_##NAME = (code),
#include "shared/errors.def"
};

/* What a peer does after an error. */
enum err_after { AFTER_RETRY, AFTER_FINAL, AFTER_CLOSE };

struct err_row {
    enum err code;
    enum err_after after;
    const char *name;
    const char *text; /* English; for people through gettext */
};

extern const struct err_row ERR_ROWS[];
extern const size_t ERR_ROWS_LEN;

/* The row of a code; NULL when it is not known. */
const struct err_row *err_row(unsigned code);

/* "NAME_TAKEN", or "?" */
const char *err_name(unsigned code);

/* The sentence for people, or "unknown error". */
const char *err_text(unsigned code);

/* Whether the same command may be tried again with the same cseq. */
bool err_is_retry(unsigned code);

/* It is about who asks: 200..299. */
bool err_is_auth(unsigned code);

#endif
