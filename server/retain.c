/* SPDX-License-Identifier: MIT
 *
 * What the store is to forget; see retain.h.
 */
#include "server/retain.h"

#include <stdlib.h>
#include <string.h>

#include "server/event.h"
#include "server/keep.h"
#include "server/store.h"
#include "server/world.h"
#include "shared/mem.h"

enum { SLICE = 256 }; /* events at once */

static const uint64_t AGAIN_US = 20000; /* between slices */
static const uint64_t NEXT_US = 100000; /* between rooms with nothing old */
static const uint64_t DAY_MS = 86400000;

void retain_fini(struct retain *retain)
{
    free(retain->rules);
    free(retain->doomed);
}

/* ---- rules ---- */

void retain_set_rules(struct world *w, const char *rules)
{
    free(w->retain.rules);
    w->retain.rules = rules ? mem_str(str_of(rules)) : NULL;
}

uint64_t retain_days(const struct world *w, const struct room *room)
{
    uint64_t days;

    if (keep_find(w->retain.rules, str_of(room->folded), &days))
        return days;
    return limit(&w->env, LIMIT_KEEP);
}

/* ---- rooms that are no more ---- */

void retain_doom(struct world *w, uint64_t room, uint64_t first, uint64_t head)
{
    struct retain *retain = &w->retain;
    void *doomed = retain->doomed;

    mem_grow(&doomed, &retain->cap_doomed, retain->n_doomed + 1,
             sizeof *retain->doomed);
    retain->doomed = doomed;
    retain->doomed[retain->n_doomed++] =
        (struct retain_doomed){ room, first, head };
}

/* A slice of one; the first one is what makes it known to the store. */
static void forget_doomed(struct world *w)
{
    const struct retain_doomed *doomed =
        &w->retain.doomed[w->retain.n_doomed - 1];
    struct store_op op = { .effect = EFFECT_DROP, .room = doomed->room };

    op.seq = time_min(doomed->seq + SLICE, doomed->head);
    store_put(w->store, &op);
    w->retain.waits = true;
}

void retain_dropped(struct world *w, const struct store_op *op, bool done)
{
    struct retain *retain = &w->retain;

    retain->waits = false;
    for (size_t i = 0; i < retain->n_doomed && done; i++) {
        struct retain_doomed *doomed = &retain->doomed[i];

        if (doomed->room != op->room)
            continue;
        doomed->seq = op->seq;
        if (op->seq >= doomed->head)
            *doomed = retain->doomed[--retain->n_doomed];
        return;
    }
}

/* ---- lines that are old ---- */

/* What is older is to go, ms since 1970; 0: nothing is. */
static uint64_t oldest_kept(const struct world *w, const struct room *room,
                            struct now now)
{
    uint64_t age_ms = retain_days(w, room) * DAY_MS;

    return age_ms && now.wall_ms > age_ms ? now.wall_ms - age_ms : 0;
}

/* Whether some lines of a room may be old; the last one always stays. */
static bool may_be_old(const struct world *w, const struct room *room,
                       struct now now)
{
    uint64_t first = store_first(w->store, room->id);
    uint64_t oldest = oldest_kept(w, room, now);
    const struct event *event;

    if (oldest == 0 || first == 0 || first >= room->head_stored)
        return false;
    event = store_recent(w->store, room->id, first);
    return !event || event->ts < oldest;
}

/* The next room to look at; NULL: that was all of them. */
static const struct room *next_room(struct world *w, struct now now)
{
    const struct room *room = NULL;

    if (w->retain.rules || limit(&w->env, LIMIT_KEEP))
        while ((room = map_each(&w->rooms, &w->retain.at)))
            if (may_be_old(w, room, now))
                return room;
    w->retain.at = 0;
    return NULL;
}

static void ask_age(struct world *w, const struct room *room, struct now now)
{
    uint64_t first = store_first(w->store, room->id);
    struct store_query q = {
        .kind = QUERY_AGED,
        .room = room->id,
        .lo = first,
        .hi = time_min(first + SLICE, room->head_stored) - 1,
        .ts = oldest_kept(w, room, now),
    };

    w->retain.waits = store_ask(w->store, &q);
}

void retain_answered(struct world *w, const struct store_answer *answer)
{
    struct store_op op = { .effect = EFFECT_TRIM,
                           .room = answer->query.room,
                           .seq = answer->seq };

    w->retain.waits = false;
    if (!answer->seq || !world_room(w, op.room) || !store_has_room(w->store, 1))
        return;
    store_put(w->store, &op);
    if (answer->seq == answer->query.hi && w->retain.at > 0)
        w->retain.at--; /* there may be more: the same room again */
}

uint64_t retain_turn(struct world *w, struct now now)
{
    const struct room *room;

    if (w->retain.waits || !store_has_room(w->store, 1))
        return now.mono_us + NEXT_US;
    if (w->retain.n_doomed) {
        forget_doomed(w);
        return now.mono_us + AGAIN_US;
    }
    room = next_room(w, now);
    if (!room)
        return NEVER;
    ask_age(w, room, now);
    return now.mono_us + NEXT_US;
}
