/* SPDX-License-Identifier: MIT
 *
 * A frame from a stranger: decoded, and if it is one, the same after a way
 * there and back.
 */
#include <stdint.h>
#include <stdlib.h>

#include "shared/error.h"
#include "shared/text.h"
#include "shared/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct wire_scratch scratch, scratch2;
static uint8_t first[FRAME_MAX], second[FRAME_MAX];

static void check(bool ok)
{
    if (!ok)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct msg msg, back;
    size_t len;
    int err = wire_decode(&msg, str_bytes(data, size), &scratch);

    check(err == 0 || err == -ERROR_BAD_FRAME || err == -ERROR_UNSUPPORTED);
    check(scratch.len <= sizeof scratch.bytes);
    len = err ? 0 : wire_size(&msg);
    if (err || len > FRAME_MAX)
        return 0; /* cleaned text may be longer than what came */
    check(wire_encode(&msg, first) == len);
    check(wire_decode(&back, str_bytes(first, len), &scratch2) == 0);
    check(scratch2.len == 0); /* clean text stays as it is */
    check(wire_encode(&back, second) == len);
    check(memcmp(first, second, len) == 0);
    return 0;
}
