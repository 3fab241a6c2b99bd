/* SPDX-License-Identifier: MIT
 *
 * Records of sent packets; see flight.h.  The slot at `base` is never empty
 * while base != next, so walks begin at something real.
 */
#include "shared/flight.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/now.h"

enum { FIRST_CAP = 16 };

void flight_init(struct flight *flight, uint32_t first_pn)
{
    *flight = (struct flight){
        .first = first_pn,
        .base = first_pn,
        .next = first_pn,
    };
}

void sent_free(struct sent *sent)
{
    if (!sent)
        return;
    for (unsigned i = 0; i < sent->n; i++)
        parcel_unref(sent->pieces[i].parcel);
    free(sent);
}

void flight_fini(struct flight *flight)
{
    struct sent *sent;

    while ((sent = flight_take_oldest(flight)))
        sent_free(sent);
}

static unsigned is_original(const struct sent *sent)
{
    return sent->flags & SENT_COPY ? 0 : 1;
}

static struct sent **slot(const struct flight *flight, uint32_t pn)
{
    return &flight->ring[pn & (flight->cap - 1)];
}

static bool kept(const struct flight *flight, uint32_t pn)
{
    return pn - flight->base < flight->next - flight->base;
}

bool flight_knows(const struct flight *flight, uint32_t pn)
{
    return pn - flight->first < flight->total;
}

bool flight_full(const struct flight *flight)
{
    return flight->next - flight->base >= FLIGHT_SPAN;
}

/* Nothing below next is kept: let the ring go. */
static void reset(struct flight *flight)
{
    flight->base = flight->next;
    free(flight->ring);
    flight->ring = NULL;
    flight->cap = 0;
}

static void grow(struct flight *flight)
{
    struct flight old = *flight;

    flight->cap = old.cap ? old.cap * 2 : FIRST_CAP;
    flight->ring = mem_new(flight->cap, sizeof(struct sent *));
    for (uint32_t pn = old.base; pn != old.next; pn++)
        *slot(flight, pn) = *slot(&old, pn);
    free(old.ring);
}

/* Use up a number; its slot, if there is a ring, is left empty. */
static void advance(struct flight *flight)
{
    if (!flight->ring) {
        flight->base = ++flight->next;
        flight->total++;
        return;
    }
    assert(!flight_full(flight));
    if (flight->next - flight->base == flight->cap)
        grow(flight);
    *slot(flight, flight->next++) = NULL;
    flight->total++;
}

void flight_skip(struct flight *flight)
{
    advance(flight);
}

void flight_add(struct flight *flight, const struct sent *head,
                const struct piece *pieces)
{
    struct sent *sent = mem_new(1, sizeof *sent + head->n * sizeof *pieces);

    *sent = *head;
    sent->pn = flight->next;
    sent->pieces = (struct piece *)(void *)(sent + 1);
    for (unsigned i = 0; i < head->n; i++) {
        sent->pieces[i] = pieces[i];
        parcel_ref(pieces[i].parcel);
    }
    if (!flight->ring)
        grow(flight);
    advance(flight);
    *slot(flight, sent->pn) = sent;
    flight->bytes += sent->bytes;
    flight->packets++;
    flight->thin = (uint16_t)(flight->thin + is_original(sent));
    flight->thin_bytes += is_original(sent) * sent->bytes;
}

const struct sent *flight_at(const struct flight *flight, uint32_t pn)
{
    return kept(flight, pn) ? *slot(flight, pn) : NULL;
}

uint32_t flight_overlap(const struct flight *flight, const struct range *range,
                        uint32_t *pn)
{
    uint32_t lo = range->lo, hi = range->hi;

    if (range_before(lo, flight->base))
        lo = flight->base;
    if (!range_before(hi, flight->next))
        hi = flight->next - 1;
    *pn = hi;
    return range_before(hi, lo) ? 0 : hi - lo + 1;
}

struct sent *flight_take(struct flight *flight, uint32_t pn)
{
    struct sent *sent;

    if (!kept(flight, pn))
        return NULL;
    sent = *slot(flight, pn);
    if (!sent)
        return NULL;
    *slot(flight, pn) = NULL;
    flight->bytes -= sent->bytes;
    flight->packets--;
    flight->thin = (uint16_t)(flight->thin - is_original(sent));
    flight->thin_bytes -= is_original(sent) * sent->bytes;
    while (flight->base != flight->next && !*slot(flight, flight->base))
        flight->base++;
    if (flight->base == flight->next)
        reset(flight);
    return sent;
}

struct sent *flight_take_oldest(struct flight *flight)
{
    return flight_take(flight, flight->base);
}

struct sent *flight_take_lost(struct flight *flight, uint32_t newest,
                              uint64_t before_us, uint64_t *next_us)
{
    for (uint32_t pn = flight->base;
         pn != flight->next && range_before(pn, newest); pn++) {
        const struct sent *sent = *slot(flight, pn);

        if (!sent)
            continue;
        if (newest - pn >= REORDER_MAX || sent->at_us <= before_us)
            return flight_take(flight, pn);
        *next_us = sent->at_us;
        return NULL; /* sent in order: the ones after it are younger */
    }
    *next_us = NEVER;
    return NULL;
}
