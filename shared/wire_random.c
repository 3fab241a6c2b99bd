/* SPDX-License-Identifier: MIT
 *
 * Random valid messages, for tests and fuzzers; see wire.h.
 */
#include "shared/wire_impl.h"

static struct str random_text(uint64_t seed, char *arena, size_t cap)
{
    static const char *const PIECES[] = { "hi", "早上好", "é", "👍", " ", "x" };
    size_t len = 0;

    for (size_t n = seed % 9; n > 0; n--, seed /= 7) {
        struct str piece =
            str_of(PIECES[seed % (sizeof PIECES / sizeof *PIECES)]);

        if (len + piece.len > cap)
            break;
        memcpy(arena + len, piece.ptr, piece.len);
        len += piece.len;
    }
    return str_bytes(arena, len);
}

void wire_random(struct msg *msg, uint64_t (*next)(void *), void *ctx,
                 char *arena, size_t cap)
{
    const struct wire_row *row = &WIRE_ROWS[next(ctx) % WIRE_ROWS_LEN];

    *msg = (struct msg){ .kind = row->kind };
    msg->request = (uint32_t)next(ctx);
    for (size_t i = 0; i < row->n; i++) {
        const struct wire_field *f = &row->fields[i];
        uint64_t n = next(ctx);
        struct str s;

        if (f->type == TYPE_num) {
            *num_at(msg, f) = n >> (next(ctx) % 64);
            continue;
        }
        s = random_text(n, arena, cap);
        *str_at(msg, f) = s;
        arena += s.len;
        cap -= s.len;
    }
}
