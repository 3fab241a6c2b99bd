/* SPDX-License-Identifier: MIT
 *
 * Rules about how long lines of some rooms are kept: "#name=DAYS ...", names
 * in any case, 0 days are for ever.
 */
#ifndef SERVER_KEEP_H
#define SERVER_KEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/str.h"

/* Whether rules are well formed; NULL and blanks are none. */
bool keep_is_valid(const char *rules);

/* The rule for a room, by its folded name; false: there is none. */
bool keep_find(const char *rules, struct str folded, uint64_t *days);

#endif
