/* SPDX-License-Identifier: MIT
 *
 * Outgoing messages; see parcel.h.
 */
#include "shared/parcel.h"

#include <assert.h>
#include <stdlib.h>

#include "shared/frame.h"
#include "shared/mem.h"

struct parcel *parcel_new(struct frame *frame, uint16_t stream, uint32_t seq,
                          enum dgram_class class)
{
    struct parcel *parcel = mem_new(1, sizeof *parcel);
    unsigned pieces = packet_pieces(frame->len);

    assert(pieces >= 1 && pieces <= FRAG_PIECES);
    parcel->frame = frame_ref(frame);
    parcel->unacked = UINT64_MAX >> (FRAG_PIECES - pieces);
    parcel->seq = seq;
    parcel->stream = stream;
    parcel->class = (uint8_t) class;
    parcel->pieces = (uint8_t)pieces;
    parcel->refs = 1;
    return parcel;
}

struct parcel *parcel_ref(struct parcel *parcel)
{
    assert(parcel->refs > 0);
    parcel->refs++;
    return parcel;
}

void parcel_unref(struct parcel *parcel)
{
    if (!parcel || --parcel->refs > 0)
        return;
    frame_unref(parcel->frame);
    free(parcel);
}

bool parcel_done(const struct parcel *parcel)
{
    return parcel->unacked == 0;
}

bool parcel_wants(const struct parcel *parcel, unsigned index)
{
    return index < parcel->fresh && (parcel->unacked >> index & 1);
}

bool parcel_awaits(const struct parcel *parcel, unsigned index, uint32_t pn)
{
    return parcel_wants(parcel, index) &&
           (parcel->pieces > 1 || parcel->round_pn == pn);
}

struct part parcel_part(const struct parcel *parcel, unsigned index)
{
    struct str message = frame_str(parcel->frame);

    return (struct part){
        .type = parcel->pieces > 1 ? PART_FRAG : PART_MSG,
        .piece = { .stream = parcel->stream,
                   .seq = parcel->seq,
                   .total = (uint32_t)message.len,
                   .index = index,
                   .bytes = packet_piece(message, index) },
    };
}
