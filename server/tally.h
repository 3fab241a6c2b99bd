/* SPDX-License-Identifier: MIT
 *
 * How many of something each key has.  A key without any takes no memory.
 */
#ifndef SERVER_TALLY_H
#define SERVER_TALLY_H

#include <stdint.h>

#include "server/map.h"
#include "shared/str.h"

enum { TALLY_KEY_MAX = 16 }; /* bytes of a key */

struct tally {
    struct map counts; /* struct tally_count, owned */
};

void tally_init(struct tally *, const uint64_t secret[2]);
void tally_fini(struct tally *);

uint64_t tally_of(const struct tally *, struct str key);

/* One more of a key; 1..TALLY_KEY_MAX bytes, copied. */
void tally_add(struct tally *, struct str key);

/* One less of a key that has some. */
void tally_drop(struct tally *, struct str key);

#endif
