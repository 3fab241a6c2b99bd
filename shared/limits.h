/* SPDX-License-Identifier: MIT
 *
 * The limits of limits.def as an array of numbers, one per row.  The server
 * fills it from its configuration, WELCOME carries it, the client obeys it.
 */
#ifndef SHARED_LIMITS_H
#define SHARED_LIMITS_H

#include <stddef.h>
#include <stdint.h>

#include "shared/str.h"

enum limit {

#define LIMIT(NAME, code, def, min, max, key, unit, doc) LIMIT_##NAME,
#include "shared/limits.def"
    LIMIT_COUNT
};

struct limits {
    uint64_t value[LIMIT_COUNT]; /* index: enum limit */
};

struct limit_row {
    const char *key, *unit, *doc;
    uint64_t def, min, max;
    unsigned code;
};

extern const struct limit_row LIMIT_ROWS[LIMIT_COUNT];

/* All defaults. */
void limits_init(struct limits *);

/*
 * Pack into records of messages.def (record limit).
 *   out      LIMITS_PACKED bytes
 *   returns  bytes written
 */
size_t limits_pack(const struct limits *, uint8_t *out);

/*
 * Take what WELCOME says; codes not known and values out of range are
 * skipped, so that a hostile server cannot make a client busy-loop.
 */
void limits_unpack(struct limits *, struct str packed);

enum { LIMITS_PACKED = LIMIT_COUNT * 10 };

#endif
