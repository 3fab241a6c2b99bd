/* SPDX-License-Identifier: MIT
 *
 * Bytes as hexadecimal digits, two for each, in lower case.
 */
#ifndef SHARED_HEX_H
#define SHARED_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/str.h"

/* out: 2 * bytes.len + 1, with the end. */
void hex_text(struct str bytes, char *out);

/* Exactly len bytes; false: the text is something else. */
bool hex_parse(struct str text, uint8_t *out, size_t len);

#endif
