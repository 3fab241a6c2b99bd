/* SPDX-License-Identifier: MIT
 *
 * Text on its way out: grows at its end, is taken from its front.
 */
#ifndef TUI_BYTES_H
#define TUI_BYTES_H

#include <stddef.h>

#include "shared/str.h"

/* All zero is empty. */
struct bytes {
    char *ptr;         /* owned */
    size_t taken, len; /* what is there: taken .. len */
    size_t cap;
};

void bytes_fini(struct bytes *);
void bytes_add(struct bytes *, struct str);
void bytes_format(struct bytes *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What is there; good until the next change. */
struct str bytes_str(const struct bytes *);

/* The first n of it are done with. */
void bytes_take(struct bytes *, size_t n);

#endif
