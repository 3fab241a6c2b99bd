/* SPDX-License-Identifier: MIT
 *
 * Packets to bytes and back; see packet.h.
 */
#include "shared/packet.h"

#include <assert.h>

#include "shared/bounds.h"
#include "shared/dgram.h"
#include "shared/error.h"

enum {
    VERSION_BITS = 0x40, /* version 1 */
    DELAY_UNIT = 125,    /* microseconds: 1/8 ms */
    VARINT_MAX = 9       /* bytes: 63 bits */
};

static_assert((uint64_t)FRAG_SIZE * FRAG_PIECES >= FRAME_MAX,
              "the longest message has a bit for each piece");
static_assert(PACKET_HEAD + ACK_ROOM + 1 + 2 + 5 + 3 + 1 + FRAG_SIZE <=
                  PACKET_MAX,
              "a piece and an ACK fit one packet");

/* ---- varints ---- */

static size_t varint_put(uint64_t n, uint8_t *out)
{
    size_t len = 0;

    for (; n >= 0x80; n >>= 7)
        out[len++] = (uint8_t)(n | 0x80);
    out[len++] = (uint8_t)n;
    return len;
}

static size_t varint_len(uint64_t n)
{
    size_t len = 1;

    for (; n >= 0x80; n >>= 7)
        len++;
    return len;
}

/* Take a varint of at most `max` off the front; shortest form only. */
static bool varint(struct str *s, uint64_t max, uint64_t *out)
{
    uint64_t n = 0;

    for (size_t i = 0; i < s->len && i < VARINT_MAX; i++) {
        uint8_t byte = (uint8_t)s->ptr[i];

        n |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            *out = n;
            *s = str_from(*s, i + 1);
            return (byte || i == 0) && n <= max;
        }
    }
    return false;
}

static bool varint32(struct str *s, uint32_t max, uint32_t *out)
{
    uint64_t n;

    if (!varint(s, max, &n))
        return false;
    *out = (uint32_t)n;
    return true;
}

static void u32_put(uint32_t n, uint8_t *out)
{
    for (unsigned i = 0; i < 4; i++)
        out[i] = (uint8_t)(n >> (24 - 8 * i));
}

static bool u32(struct str *s, uint32_t *out)
{
    uint32_t n = 0;

    if (s->len < 4)
        return false;
    for (unsigned i = 0; i < 4; i++)
        n = n << 8 | (uint8_t)s->ptr[i];
    *out = n;
    *s = str_from(*s, 4);
    return true;
}

static bool u64(struct str *s, uint64_t *out)
{
    uint32_t high, low;

    if (!u32(s, &high) || !u32(s, &low))
        return false;
    *out = (uint64_t)high << 32 | low;
    return true;
}

static bool bytes(struct str *s, size_t len, struct str *out)
{
    if (len > s->len)
        return false;
    *out = str_bytes(s->ptr, len);
    *s = str_from(*s, len);
    return true;
}

/* ---- pieces ---- */

unsigned packet_pieces(uint32_t total)
{
    return total <= FRAG_SIZE ? 1 : (total + FRAG_SIZE - 1) / FRAG_SIZE;
}

struct str packet_piece(struct str message, unsigned index)
{
    size_t at = (size_t)index * FRAG_SIZE;
    struct str piece = str_from(message, at);

    if (piece.len > FRAG_SIZE)
        piece.len = FRAG_SIZE;
    return piece;
}

/* ---- reading ---- */

int packet_head(struct str *rest, struct packet_head *head)
{
    if (rest->len < PACKET_HEAD)
        return -ERROR_BAD_FRAME;
    head->flags = (uint8_t)rest->ptr[0] ^ VERSION_BITS;
    *rest = str_from(*rest, 1);
    if ((head->flags & ~(unsigned)PACKET_NOW) || !u32(rest, &head->pn))
        return -ERROR_BAD_FRAME;
    return 0;
}

/* The range below `above` that the next two varints describe. */
static bool take_range(struct str *s, uint32_t above, struct range *range)
{
    uint32_t gap, len;

    if (!varint32(s, INT32_MAX, &gap) || !varint32(s, INT32_MAX, &len))
        return false;
    range->hi = above - gap - 2;
    range->lo = range->hi - len;
    return true;
}

/* Packet numbers of one ACK span less than half the circle. */
static bool take_ack(struct str *s, struct part_ack *ack)
{
    uint32_t newest, delay, count, len;

    if (!u32(s, &newest) || !varint32(s, UINT32_MAX / DELAY_UNIT, &delay) ||
        !varint32(s, RANGES_SENT - 1, &count) || !varint32(s, INT32_MAX, &len))
        return false;
    ack->delay_us = delay * DELAY_UNIT;
    ack->ranges[0] = (struct range){ newest - len, newest };
    for (ack->n = 1; ack->n <= count; ack->n++) {
        struct range *range = &ack->ranges[ack->n];

        if (!take_range(s, range[-1].lo, range) ||
            !range_before(range->hi, range[-1].lo) ||
            range_before(range->hi, range->lo) ||
            !range_before(range->lo, newest))
            return false;
    }
    return true;
}

static bool take_msg(struct str *s, struct part_piece *piece)
{
    piece->index = 0;
    return varint32(s, STREAM_MAX - 1, &piece->stream) &&
           varint32(s, UINT32_MAX, &piece->seq) &&
           varint32(s, FRAG_SIZE, &piece->total) &&
           bytes(s, piece->total, &piece->bytes);
}

static bool take_frag(struct str *s, struct part_piece *piece)
{
    uint32_t index;
    size_t at;

    if (!varint32(s, STREAM_MAX - 1, &piece->stream) ||
        !varint32(s, UINT32_MAX, &piece->seq) ||
        !varint32(s, FRAG_SIZE * FRAG_PIECES, &piece->total) ||
        !varint32(s, FRAG_PIECES - 1, &index))
        return false;
    at = (size_t)index * FRAG_SIZE;
    if (piece->total <= FRAG_SIZE || at >= piece->total)
        return false;
    piece->index = index;
    return bytes(s,
                 piece->total - at < FRAG_SIZE ? piece->total - at : FRAG_SIZE,
                 &piece->bytes);
}

static bool take_state(struct str *s, struct part_state *state)
{
    uint32_t len;

    if (!u64(s, &state->key) || !u32(s, &state->version) ||
        !varint32(s, PACKET_MAX, &len))
        return false;
    return bytes(s, len, &state->bytes);
}

static bool take_pad(struct str *s)
{
    for (size_t i = 0; i < s->len; i++)
        if (s->ptr[i])
            return false;
    *s = str_from(*s, s->len);
    return true;
}

static bool take(struct str *rest, struct part *part)
{
    uint8_t type = (uint8_t)rest->ptr[0];

    *rest = str_from(*rest, 1);
    if (type > PART_NEW_CID)
        return false;
    part->type = (enum part_type)type;
    switch (part->type) {
    case PART_PAD: return take_pad(rest);
    case PART_ACK: return take_ack(rest, &part->ack);
    case PART_MSG: return take_msg(rest, &part->piece);
    case PART_FRAG: return take_frag(rest, &part->piece);
    case PART_STATE:
    case PART_BEAT: return take_state(rest, &part->state);
    case PART_CREDIT: return varint(rest, INT64_MAX, &part->credit);
    case PART_CLOSE: return varint32(rest, UINT16_MAX, &part->code);
    case PART_PATH_CHALLENGE:
    case PART_PATH_RESPONSE: return u64(rest, &part->token);
    case PART_NEW_CID:
        return varint32(rest, UINT32_MAX, &part->cid.generation) &&
               u64(rest, &part->cid.id);
    }
    return false;
}

int packet_part(struct str *rest, struct part *part)
{
    if (rest->len == 0)
        return 0;
    return take(rest, part) ? 1 : -ERROR_BAD_FRAME;
}

bool part_elicits(enum part_type type)
{
    return type == PART_MSG || type == PART_FRAG || type == PART_BEAT ||
           type == PART_CREDIT || type == PART_PATH_CHALLENGE ||
           type == PART_NEW_CID;
}

/* ---- writing ---- */

void packet_begin(struct packet *packet, uint8_t *out, size_t cap,
                  struct packet_head head)
{
    assert(cap >= PACKET_HEAD);
    *packet = (struct packet){ out, PACKET_HEAD, cap };
    out[0] = (uint8_t)(VERSION_BITS | head.flags);
    u32_put(head.pn, out + 1);
}

static void put(struct packet *packet, uint64_t n)
{
    packet->len += varint_put(n, packet->bytes + packet->len);
}

static void put_u32(struct packet *packet, uint32_t n)
{
    u32_put(n, packet->bytes + packet->len);
    packet->len += 4;
}

static void put_u64(struct packet *packet, uint64_t n)
{
    put_u32(packet, (uint32_t)(n >> 32));
    put_u32(packet, (uint32_t)n);
}

static void put_bytes(struct packet *packet, struct str s)
{
    if (s.len)
        memcpy(packet->bytes + packet->len, s.ptr, s.len);
    packet->len += s.len;
}

static size_t range_len(const struct range *range)
{
    return varint_len(range[-1].lo - range->hi - 2) +
           varint_len(range->hi - range->lo);
}

static bool put_ack(struct packet *packet, const struct part_ack *ack)
{
    size_t room = packet->cap - packet->len;
    uint32_t delay = ack->delay_us / DELAY_UNIT;
    uint32_t first = ack->ranges[0].hi - ack->ranges[0].lo;
    size_t len = 1 + 4 + varint_len(delay) + 1 + varint_len(first);
    unsigned n = 1;

    assert(ack->n >= 1 && ack->n <= RANGES_SENT);
    if (room > ACK_ROOM)
        room = ACK_ROOM;
    if (len > room)
        return false;
    for (; n < ack->n && len + range_len(&ack->ranges[n]) <= room; n++)
        len += range_len(&ack->ranges[n]);
    put(packet, PART_ACK);
    put_u32(packet, ack->ranges[0].hi);
    put(packet, delay);
    put(packet, n - 1);
    put(packet, first);
    for (unsigned i = 1; i < n; i++) {
        put(packet, ack->ranges[i - 1].lo - ack->ranges[i].hi - 2);
        put(packet, ack->ranges[i].hi - ack->ranges[i].lo);
    }
    return true;
}

static size_t piece_len(const struct part *part)
{
    const struct part_piece *piece = &part->piece;
    size_t head = 1 + varint_len(piece->stream) + varint_len(piece->seq) +
                  varint_len(piece->total);

    if (part->type == PART_FRAG)
        head += varint_len(piece->index);
    return head + piece->bytes.len;
}

static void put_piece(struct packet *packet, const struct part *part)
{
    const struct part_piece *piece = &part->piece;

    put(packet, part->type);
    put(packet, piece->stream);
    put(packet, piece->seq);
    put(packet, piece->total);
    if (part->type == PART_FRAG)
        put(packet, piece->index);
    put_bytes(packet, piece->bytes);
}

static void put_state(struct packet *packet, const struct part *part)
{
    const struct part_state *state = &part->state;

    put(packet, part->type);
    put_u64(packet, state->key);
    put_u32(packet, state->version);
    put(packet, state->bytes.len);
    put_bytes(packet, state->bytes);
}

/* Bytes of any part but an ACK. */
static size_t part_len(const struct part *part)
{
    switch (part->type) {
    case PART_MSG:
    case PART_FRAG: return piece_len(part);
    case PART_STATE:
    case PART_BEAT:
        return 1 + 8 + 4 + varint_len(part->state.bytes.len) +
               part->state.bytes.len;
    case PART_CREDIT: return 1 + varint_len(part->credit);
    case PART_CLOSE: return 1 + varint_len(part->code);
    case PART_PATH_CHALLENGE:
    case PART_PATH_RESPONSE: return 1 + 8;
    case PART_NEW_CID: return 1 + varint_len(part->cid.generation) + 8;
    case PART_ACK:
    case PART_PAD: break;
    }
    assert(false);
    return 0;
}

static void put_cid(struct packet *packet, const struct part *part)
{
    put(packet, part->type);
    put(packet, part->cid.generation);
    put_u64(packet, part->cid.id);
}

static void put_token(struct packet *packet, const struct part *part)
{
    put(packet, part->type);
    put_u64(packet, part->token);
}

static void put_number(struct packet *packet, enum part_type type, uint64_t n)
{
    put(packet, type);
    put(packet, n);
}

bool packet_put(struct packet *packet, const struct part *part)
{
    if (part->type == PART_ACK)
        return put_ack(packet, &part->ack);
    if (part_len(part) > packet->cap - packet->len)
        return false;
    switch (part->type) {
    case PART_MSG:
    case PART_FRAG: put_piece(packet, part); break;
    case PART_STATE:
    case PART_BEAT: put_state(packet, part); break;
    case PART_CREDIT: put_number(packet, part->type, part->credit); break;
    case PART_CLOSE: put_number(packet, part->type, part->code); break;
    case PART_PATH_CHALLENGE:
    case PART_PATH_RESPONSE: put_token(packet, part); break;
    case PART_NEW_CID: put_cid(packet, part); break;
    case PART_ACK:
    case PART_PAD: break;
    }
    return true;
}

void packet_pad(struct packet *packet)
{
    memset(packet->bytes + packet->len, 0, packet->cap - packet->len);
    packet->len = packet->cap;
}
