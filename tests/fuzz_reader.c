/* SPDX-License-Identifier: MIT
 *
 * A stream from a stranger, in pieces: the first bytes of the input say how
 * long the pieces are.  The frames must not depend on that.
 */
#include <stdint.h>
#include <stdlib.h>

#include "shared/bounds.h"
#include "shared/error.h"
#include "shared/mem.h"
#include "shared/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PIECES = 8, SMALL_BODY = 1000 };

struct sum {
    uint64_t hash;
    size_t frames;
    int end; /* 0, or the error */
};

/* Pull what there is into the sum. */
static void pull(struct reader *r, struct sum *sum)
{
    struct str frame;

    while ((sum->end = reader_next(r, &frame)) == 1) {
        if (frame.len < FRAME_HEAD || frame.len > FRAME_HEAD + SMALL_BODY)
            abort();
        sum->frames++;
        for (size_t i = 0; i < frame.len; i++)
            sum->hash = (sum->hash ^ (uint8_t)frame.ptr[i]) * 0x100000001b3u;
    }
}

/* Each piece in memory of its own, gone when its time is over. */
static struct sum read_all(struct str stream, const uint8_t *lengths)
{
    struct sum sum = { 0 };
    struct reader r;

    reader_init(&r, SMALL_BODY);
    for (size_t i = 0; stream.len && sum.end >= 0; i++) {
        size_t n = lengths ? lengths[i % PIECES] : stream.len;
        char *piece;

        n = n == 0 ? 1 : n;
        n = n < stream.len ? n : stream.len;
        piece = mem_str(str_bytes(stream.ptr, n));
        reader_feed(&r, str_bytes(piece, n));
        if (lengths && lengths[i % PIECES] % 7 == 0)
            reader_keep(&r);
        pull(&r, &sum);
        free(piece);
        stream = str_from(stream, n);
    }
    reader_fini(&r);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str stream;
    struct sum whole, chopped;

    if (size < PIECES)
        return 0;
    stream = str_bytes(data + PIECES, size - PIECES);
    whole = read_all(stream, NULL);
    chopped = read_all(stream, data);
    if (whole.hash != chopped.hash || whole.frames != chopped.frames ||
        whole.end != chopped.end)
        abort();
    return 0;
}
