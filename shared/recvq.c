/* SPDX-License-Identifier: MIT
 *
 * Reassembly and order; see recvq.h.  The usual message, whole and next in
 * order, goes straight to the list of those to be taken.
 */
#include "shared/recvq.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "shared/error.h"
#include "shared/mem.h"
#include "shared/sendq.h"

enum {
    TELL = SENDQ_CREDIT / 4, /* so much taken is worth a CREDIT */
    AHEAD_MAX = SENDQ_STREAM / SENDQ_PRICE
};

struct inmsg {
    struct inmsg *next; /* in the list to be taken */
    uint64_t missing;   /* a bit for each piece */
    uint32_t seq, len;
    uint8_t bytes[];
};

struct recvq_stream {
    struct inmsg **held; /* out of order or not whole, by seq; owned */
    uint32_t next_seq;
    uint32_t price; /* of those held */
    uint16_t number, n, cap;
};

void recvq_init(struct recvq *q, uint32_t message_max)
{
    *q = (struct recvq){ .credit = SENDQ_CREDIT, .message_max = message_max };
}

static uint32_t price(const struct inmsg *msg)
{
    return msg->len + SENDQ_PRICE;
}

static struct recvq_stream *stream_of(struct recvq *q, uint32_t number)
{
    struct recvq_stream *stream;
    size_t lo = 0, hi = q->n;

    while (lo < hi) {
        size_t mid = (lo + hi) / 2;

        if (q->streams[mid].number < number)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo < q->n && q->streams[lo].number == number)
        return &q->streams[lo];
    mem_grow((void **)&q->streams, &q->cap, q->n + 1, sizeof *q->streams);
    stream = &q->streams[lo];
    memmove(stream + 1, stream, (q->n - lo) * sizeof *stream);
    *stream = (struct recvq_stream){ .number = (uint16_t)number };
    q->n++;
    return stream;
}

/* Where in held a seq is, or belongs: looks from the newest end. */
static unsigned position(const struct recvq_stream *stream, uint32_t seq)
{
    unsigned lo = 0, hi = stream->n;

    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;

        if (stream->held[mid]->seq - stream->next_seq < seq - stream->next_seq)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* A new message, charged for; NULL when the peer had no right to send it. */
static struct inmsg *charge(struct recvq *q, const struct part_piece *piece)
{
    struct inmsg *msg;

    if (q->arrived + piece->total + SENDQ_PRICE > q->credit)
        return NULL;
    msg = mem_new(1, sizeof *msg + piece->total);
    msg->seq = piece->seq;
    msg->len = piece->total;
    msg->missing = UINT64_MAX >> (FRAG_PIECES - packet_pieces(piece->total));
    q->arrived += price(msg);
    q->bytes += msg->len;
    return msg;
}

static void append(struct recvq *q, struct inmsg *msg)
{
    if (q->tail)
        q->tail->next = msg;
    else
        q->head = msg;
    q->tail = msg;
}

static void hold(struct recvq_stream *stream, unsigned at, struct inmsg *msg)
{
    if (stream->n == stream->cap) {
        stream->cap = stream->cap ? (uint16_t)(stream->cap * 2) : 4;
        stream->held =
            mem_resize(stream->held, stream->cap, sizeof(struct inmsg *));
    }
    memmove(&stream->held[at + 1], &stream->held[at],
            (stream->n - at) * sizeof(struct inmsg *));
    stream->held[at] = msg;
    stream->n++;
    stream->price += price(msg);
}

/* Move what is whole and in order from a stream to the list. */
static void release(struct recvq *q, struct recvq_stream *stream)
{
    unsigned n = 0;

    while (n < stream->n && stream->held[n]->missing == 0 &&
           stream->held[n]->seq == stream->next_seq) {
        stream->price -= price(stream->held[n]);
        stream->next_seq++;
        append(q, stream->held[n++]);
    }
    stream->n = (uint16_t)(stream->n - n);
    if (stream->n > 0) {
        memmove(stream->held, &stream->held[n],
                stream->n * sizeof(struct inmsg *));
        return;
    }
    free(stream->held);
    stream->held = NULL;
    stream->cap = 0;
}

static int fill(struct inmsg *msg, const struct part_piece *piece)
{
    uint64_t bit = (uint64_t)1 << piece->index;

    if (msg->len != piece->total)
        return -ERROR_BAD_FRAME;
    if (msg->missing & bit && piece->bytes.len)
        memcpy(msg->bytes + (size_t)piece->index * FRAG_SIZE, piece->bytes.ptr,
               piece->bytes.len);
    msg->missing &= ~bit;
    return 0;
}

/* The message of that seq among those held, or NULL. */
static struct inmsg *held(const struct recvq_stream *stream, unsigned at,
                          uint32_t seq)
{
    if (at == stream->n)
        return NULL;
    assert(stream->held);
    return stream->held[at]->seq == seq ? stream->held[at] : NULL;
}

static int add_held(struct recvq *q, struct recvq_stream *stream,
                    const struct part_piece *piece)
{
    unsigned at = position(stream, piece->seq);
    struct inmsg *msg = held(stream, at, piece->seq);
    int err;

    if (!msg) {
        msg = charge(q, piece);
        if (!msg)
            return -ERROR_LIMIT;
        hold(stream, at, msg);
        if (stream->price > SENDQ_STREAM)
            return -ERROR_LIMIT;
    }
    err = fill(msg, piece);
    if (!err)
        release(q, stream);
    return err;
}

int recvq_add(struct recvq *q, const struct part_piece *piece)
{
    struct recvq_stream *stream = stream_of(q, piece->stream);
    struct inmsg *msg;

    if (piece->total > q->message_max)
        return -ERROR_TOO_LARGE;
    if (range_before(piece->seq, stream->next_seq))
        return 0;
    if (piece->seq - stream->next_seq > AHEAD_MAX)
        return -ERROR_LIMIT;
    if (stream->n > 0 || piece->seq != stream->next_seq ||
        piece->bytes.len < piece->total)
        return add_held(q, stream, piece);
    msg = charge(q, piece);
    if (!msg)
        return -ERROR_LIMIT;
    stream->next_seq++;
    append(q, msg);
    return fill(msg, piece);
}

bool recvq_take(struct recvq *q, struct str *message)
{
    struct inmsg *msg = q->head;

    free(q->taken);
    q->taken = msg;
    if (!msg)
        return false;
    q->head = msg->next;
    if (!q->head)
        q->tail = NULL;
    q->left += price(msg);
    q->bytes -= msg->len;
    *message = str_bytes(msg->bytes, msg->len);
    return true;
}

bool recvq_should_tell(const struct recvq *q)
{
    return q->left + SENDQ_CREDIT - q->credit >= TELL;
}

uint64_t recvq_tell(struct recvq *q)
{
    q->credit = q->left + SENDQ_CREDIT;
    return q->credit;
}

void recvq_fini(struct recvq *q)
{
    free(q->taken);
    while (q->head) {
        struct inmsg *msg = q->head;

        q->head = msg->next;
        free(msg);
    }
    for (size_t i = 0; i < q->n; i++) {
        for (unsigned k = 0; k < q->streams[i].n; k++)
            free(q->streams[i].held[k]);
        free(q->streams[i].held);
    }
    free(q->streams);
    recvq_init(q, q->message_max);
}
