/* SPDX-License-Identifier: MIT
 *
 * The table of limits.def, and its way over the wire.
 */
#include "shared/limits.h"

#include "shared/wire.h"

const struct limit_row LIMIT_ROWS[LIMIT_COUNT] = {
#define LIMIT(NAME, code, def, min, max, key, unit, doc)                       \
    [LIMIT_##NAME] = { key, unit, doc, def, min, max, code },
#include "shared/limits.def"
};

void limits_init(struct limits *limits)
{
    for (size_t i = 0; i < LIMIT_COUNT; i++)
        limits->value[i] = LIMIT_ROWS[i].def;
}

size_t limits_pack(const struct limits *limits, uint8_t *out)
{
    size_t len = 0;

    for (size_t i = 0; i < LIMIT_COUNT; i++) {
        struct rec_limit rec = { LIMIT_ROWS[i].code, limits->value[i] };

        len += rec_pack(RECORD_limit, &rec, out + len);
    }
    return len;
}

void limits_unpack(struct limits *limits, struct str packed)
{
    struct rec_limit rec;

    while (rec_next(RECORD_limit, &packed, &rec)) {
        for (size_t i = 0; i < LIMIT_COUNT; i++) {
            const struct limit_row *row = &LIMIT_ROWS[i];

            if (row->code == rec.code && rec.value >= row->min &&
                rec.value <= row->max)
                limits->value[i] = rec.value;
        }
    }
}
