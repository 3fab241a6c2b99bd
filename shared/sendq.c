/* SPDX-License-Identifier: MIT
 *
 * The queue of what to send; see sendq.h.  A stream with messages has a lane;
 * a lane with pieces never sent is in one of the ready lists, unless it waits
 * for room, then it comes back when one of its messages is acked.
 */
#include "shared/sendq.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "shared/bounds.h"
#include "shared/frame.h"
#include "shared/mem.h"

static_assert(SENDQ_STREAM >= FRAME_MAX + SENDQ_PRICE,
              "the longest message fits a stream's room");

struct sendq_stream {
    struct lane *lane; /* NULL while idle */
    uint32_t next_seq;
    uint16_t number;
};

struct lane {
    struct parcel *head, *tail; /* not acked, by seq */
    struct parcel *fresh;       /* first one with pieces never sent */
    struct lane *next;          /* in a ready list */
    uint64_t begun;             /* prices of all its messages begun */
    uint16_t number;
    bool ready;
};

static uint64_t price(const struct parcel *parcel)
{
    return parcel->frame->len + SENDQ_PRICE;
}

void sendq_init(struct sendq *q)
{
    *q = (struct sendq){ .credit = SENDQ_CREDIT };
}

/* ---- lists ---- */

static void lane_append(struct lane_list *list, struct lane *lane)
{
    lane->next = NULL;
    if (list->tail)
        list->tail->next = lane;
    else
        list->head = lane;
    list->tail = lane;
}

/* Take a lane out; `before` is its predecessor, NULL when it is the head. */
static void lane_remove(struct lane_list *list, struct lane *before,
                        struct lane *lane)
{
    if (before)
        before->next = lane->next;
    else
        list->head = lane->next;
    if (list->tail == lane)
        list->tail = before;
    lane->ready = false;
}

static enum sendq_rank rank_of(const struct lane *lane)
{
    if (lane->fresh->class == DGRAM_BULK)
        return RANK_BULK;
    return lane->number < SENDQ_RANKED ? RANK_FIRST : RANK_ROOM;
}

static void make_ready(struct sendq *q, struct lane *lane)
{
    if (lane->ready || !lane->fresh)
        return;
    lane->ready = true;
    lane_append(&q->ready[rank_of(lane)], lane);
}

static void list_again(struct sendq *q, struct parcel *parcel)
{
    struct sendq_list *list = &q->again[parcel->class == DGRAM_BULK];

    if (parcel->listed)
        return;
    parcel->listed = true;
    parcel->again = NULL;
    if (list->tail)
        list->tail->again = parcel_ref(parcel);
    else
        list->head = parcel_ref(parcel);
    list->tail = parcel;
}

static void unlist(struct sendq_list *list)
{
    struct parcel *parcel = list->head;

    list->head = parcel->again;
    if (!list->head)
        list->tail = NULL;
    parcel->listed = false;
    parcel_unref(parcel);
}

/* ---- streams ---- */

static uint16_t fold(uint64_t stream)
{
    if (stream < STREAM_MAX)
        return (uint16_t)stream;
    return (uint16_t)(SENDQ_RANKED +
                      (stream - SENDQ_RANKED) % (STREAM_MAX - SENDQ_RANKED));
}

/* Where a stream is, or belongs. */
static size_t position(const struct sendq *q, uint16_t number)
{
    size_t lo = 0, hi = q->n;

    while (lo < hi) {
        size_t mid = (lo + hi) / 2;

        if (q->streams[mid].number < number)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static struct sendq_stream *stream_of(struct sendq *q, uint16_t number)
{
    size_t i = position(q, number);
    struct sendq_stream *stream;

    if (i < q->n && q->streams[i].number == number)
        return &q->streams[i];
    mem_grow((void **)&q->streams, &q->cap, q->n + 1, sizeof *q->streams);
    stream = &q->streams[i];
    memmove(stream + 1, stream, (q->n - i) * sizeof *stream);
    *stream = (struct sendq_stream){ .number = number };
    q->n++;
    return stream;
}

static struct lane *lane_of(struct sendq_stream *stream)
{
    if (!stream->lane) {
        stream->lane = mem_new(1, sizeof *stream->lane);
        stream->lane->number = stream->number;
    }
    return stream->lane;
}

void sendq_push(struct sendq *q, uint64_t number, enum dgram_class class,
                struct frame *frame)
{
    struct sendq_stream *stream = stream_of(q, fold(number));
    struct lane *lane = lane_of(stream);
    struct parcel *parcel =
        parcel_new(frame, stream->number, stream->next_seq++, class);

    parcel->lane = lane;
    parcel->prev = lane->tail;
    if (lane->tail)
        lane->tail->next = parcel;
    else
        lane->head = parcel;
    lane->tail = parcel;
    if (!lane->fresh)
        lane->fresh = parcel;
    q->bytes += frame->len;
    q->messages++;
    q->own += class == DGRAM_OWN;
    make_ready(q, lane);
}

/* ---- choosing ---- */

/* The stream's own bound; the connection's is the caller's. */
static bool has_room(const struct lane *lane)
{
    const struct parcel *parcel = lane->fresh;

    if (parcel->fresh > 0 || lane->head == parcel)
        return true;
    return lane->begun + price(parcel) <= lane->head->start + SENDQ_STREAM;
}

/* Find among ready lanes; ones without room leave the list on the way. */
static struct lane *choose(struct sendq *q, enum sendq_rank rank)
{
    struct lane_list *list = &q->ready[rank];
    struct lane *before = NULL, *lane = list->head, *best = NULL;

    while (lane) {
        struct lane *next = lane->next;

        if (!has_room(lane)) {
            lane_remove(list, before, lane);
        } else {
            if (lane->fresh->fresh > 0 ||
                q->begun + price(lane->fresh) <= q->credit)
                if (!best || lane->number < best->number)
                    best = lane;
            before = lane;
        }
        lane = best && rank != RANK_FIRST ? NULL : next;
    }
    return best;
}

/* The next lost piece of a list; drops what has been acked meanwhile. */
static struct piece next_lost(struct sendq_list *list)
{
    while (list->head) {
        struct parcel *parcel = list->head;
        unsigned index = 0;

        for (uint64_t lost = parcel->lost; lost; lost >>= 1, index++)
            if (lost & 1)
                return (struct piece){ parcel, index };
        unlist(list);
    }
    return (struct piece){ 0 };
}

static struct piece next_fresh(struct sendq *q, enum sendq_rank rank)
{
    struct lane *lane = choose(q, rank);

    if (!lane)
        return (struct piece){ 0 };
    return (struct piece){ lane->fresh, lane->fresh->fresh };
}

struct piece sendq_peek(struct sendq *q)
{
    struct piece piece = next_lost(&q->again[false]);

    if (!piece.parcel)
        piece = next_fresh(q, RANK_FIRST);
    if (!piece.parcel)
        piece = next_fresh(q, RANK_ROOM);
    if (!piece.parcel)
        piece = next_lost(&q->again[true]);
    if (!piece.parcel)
        piece = next_fresh(q, RANK_BULK);
    return piece;
}

/* A lane had its turn: to the end of its list, or out of it. */
static void rotate(struct sendq *q, struct lane *lane, enum sendq_rank rank)
{
    struct lane_list *list = &q->ready[rank];
    struct lane *before = NULL;

    for (struct lane *at = list->head; at != lane; at = at->next)
        before = at;
    lane_remove(list, before, lane);
    make_ready(q, lane);
}

void sendq_take(struct sendq *q, struct piece piece)
{
    struct parcel *parcel = piece.parcel;
    struct lane *lane = parcel->lane;
    enum sendq_rank rank;

    if (piece.index < parcel->fresh) {
        parcel->lost &= ~((uint64_t)1 << piece.index);
        return;
    }
    assert(lane->fresh == parcel && piece.index == parcel->fresh);
    rank = rank_of(lane);
    if (parcel->fresh++ == 0) {
        parcel->start = lane->begun;
        lane->begun += price(parcel);
        q->begun += price(parcel);
        q->sent++;
    }
    if (parcel->fresh == parcel->pieces)
        lane->fresh = parcel->next;
    rotate(q, lane, rank);
}

/* ---- what became of it ---- */

static void retire_lane(struct sendq *q, struct lane *lane)
{
    stream_of(q, lane->number)->lane = NULL;
    free(lane);
}

static void finish(struct sendq *q, struct parcel *parcel)
{
    struct lane *lane = parcel->lane;

    if (parcel->prev)
        parcel->prev->next = parcel->next;
    else
        lane->head = parcel->next;
    if (parcel->next)
        parcel->next->prev = parcel->prev;
    else
        lane->tail = parcel->prev;
    q->bytes -= parcel->frame->len;
    q->messages--;
    q->sent--;
    q->own -= parcel->class == DGRAM_OWN;
    frame_unref(parcel->frame);
    parcel->frame = NULL;
    parcel->lane = NULL;
    if (lane->head)
        make_ready(q, lane);
    else
        retire_lane(q, lane);
    parcel_unref(parcel);
}

bool sendq_acked(struct sendq *q, struct piece piece)
{
    struct parcel *parcel = piece.parcel;
    uint64_t bit = (uint64_t)1 << piece.index;

    if (!(parcel->unacked & bit))
        return false;
    parcel->unacked &= ~bit;
    parcel->lost &= ~bit;
    if (!parcel_done(parcel))
        return false;
    finish(q, parcel);
    return true;
}

void sendq_lost(struct sendq *q, struct piece piece)
{
    if (!parcel_wants(piece.parcel, piece.index))
        return;
    piece.parcel->lost |= (uint64_t)1 << piece.index;
    list_again(q, piece.parcel);
}

void sendq_credit(struct sendq *q, uint64_t credit)
{
    if (credit > q->credit)
        q->credit = credit;
}

size_t sendq_weight(const struct sendq *q)
{
    return q->bytes + q->messages * (sizeof(struct parcel) + SENDQ_PRICE);
}

void sendq_fini(struct sendq *q)
{
    for (unsigned i = 0; i < 2; i++)
        while (q->again[i].head)
            unlist(&q->again[i]);
    for (size_t i = 0; i < q->n; i++) {
        struct lane *lane = q->streams[i].lane;

        while (lane && lane->head) {
            struct parcel *parcel = lane->head;

            lane->head = parcel->next;
            parcel_unref(parcel);
        }
        free(lane);
    }
    free(q->streams);
    sendq_init(q);
}
