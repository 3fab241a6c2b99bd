/* SPDX-License-Identifier: MIT
 *
 * Somebody's events; see errand.h.
 */
#include "server/errand.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/event.h"
#include "server/store.h"
#include "server/world.h"
#include "shared/kind.h"
#include "shared/mem.h"

enum {
    SLICE = 2048,        /* events looked at for theirs at once */
    TEXT_CAP = 4096 + 64 /* of an order, behind the nick: seconds, a reason */
};

static const struct str NOBODY = { "erased", 6 };

/* ---- reading ---- */

static void drop_answer(struct errand *errand)
{
    for (size_t i = 0; i < errand->answer.n; i++)
        event_unref(errand->answer.events[i]);
    free(errand->answer.events);
    errand->answer = (struct store_answer){ 0 };
    errand->there = false;
}

bool errand_begin(struct world *w, uint64_t account)
{
    struct errand *errand = &w->errand;
    const struct room *room;
    size_t at = 0;

    if (errand->account)
        return false;
    errand->account = account;
    errand->serial++;
    errand->rooms = mem_new(w->rooms.n + 1, sizeof *errand->rooms);
    while ((room = map_each(&w->rooms, &at)))
        errand->rooms[errand->n++] = room->id;
    return true;
}

void errand_end(struct world *w)
{
    struct errand *errand = &w->errand;

    drop_answer(errand);
    free(errand->rooms);
    *errand = (struct errand){ .serial = errand->serial };
}

static void next_room(struct errand *errand)
{
    errand->at++;
    errand->lo = 0;
}

static void ask(struct world *w, struct errand *errand, uint64_t room)
{
    struct store_query q = { .kind = QUERY_OF,
                             .session = errand->serial,
                             .account = errand->account,
                             .room = room,
                             .lo = errand->lo,
                             .hi = errand->lo + SLICE - 1,
                             .bytes = SIZE_MAX };

    errand->waits = store_ask(w->store, &q);
}

enum errand_state errand_look(struct world *w)
{
    struct errand *errand = &w->errand;
    const struct room *room;

    if (errand->there)
        return errand->answer.error ? ERRAND_FAILED : ERRAND_SLICE;
    for (; !errand->waits && errand->at < errand->n; next_room(errand)) {
        room = world_room(w, errand->rooms[errand->at]);
        if (!room)
            continue;
        if (errand->lo == 0)
            errand->lo = store_first(w->store, room->id);
        if (errand->lo == 0 || errand->lo > room->head_stored)
            continue;
        ask(w, errand, room->id);
        return ERRAND_WAITS;
    }
    return errand->waits ? ERRAND_WAITS : ERRAND_DONE;
}

void errand_next(struct world *w)
{
    drop_answer(&w->errand);
    w->errand.lo += SLICE;
}

void errand_again(struct world *w)
{
    drop_answer(&w->errand);
}

void errand_answered(struct world *w, const struct store_answer *answer)
{
    struct errand *errand = &w->errand;

    if (!errand->account || answer->query.session != errand->serial)
        return; /* nobody wants to know any more */
    errand->waits = false;
    errand->there = true;
    errand->answer = *answer;
    errand->answer.events = mem_new(answer->n + 1, sizeof *answer->events);
    for (size_t i = 0; i < answer->n; i++)
        errand->answer.events[i] = event_ref(answer->events[i]);
}

/* ---- taking away ---- */

bool errand_is_open(const struct errand *errand, const struct event *event)
{
    struct msg_event body = event_body(event);

    if (event->account == errand->account)
        return !str_eq(body.nick, NOBODY) || body.text.len > 0;
    return !str_eq(str_word(&body.text), NOBODY); /* whom it is about */
}

/* Who did it has gone; returns what the others are told, or NULL. */
static struct event *leave_nothing(struct msg_event *body, struct room *room,
                                   struct now now)
{
    struct msg_event told = { .kind = event_REDACT,
                              .account = body->account,
                              .nick = NOBODY,
                              .ref = body->seq };
    struct event *event = NULL;

    if (kind_is_talk(body->kind)) {
        event = room_event(room, &told, now);
        body->as_of = event->seq;
        body->by = NOBODY;
    }
    body->nick = NOBODY;
    body->text = body->reacts = str_of(NULL);
    body->edited = body->pinned = 0;
    return event;
}

bool errand_erase(struct world *w, const struct event *event, struct now now)
{
    struct room *room = world_room(w, event->room);
    struct msg_event body = event_body(event);
    char text[NAME_MAX_BYTES + TEXT_CAP];
    struct store_op op = { .effect = EFFECT_ERASE,
                           .account = event->account,
                           .room = event->room };

    if (!room)
        return true;
    if (touched_has(&w->touched, room->id, event->seq) ||
        !store_has_room(w->store, 2))
        return false;
    if (event->account == w->errand.account) {
        op.event = leave_nothing(&body, room, now);
    } else {
        str_word(&body.text);
        snprintf(text, sizeof text, "%.*s%s%.*s", STR_ARG(NOBODY),
                 body.text.len ? " " : "", STR_ARG(body.text));
        body.text = str_of(text);
    }
    op.target = event_new(&body);
    touched_add(&w->touched, room->id, event->seq);
    world_put(w, &op);
    return true;
}

/* "WHOM BY-WHOM WHY" without the name; owner frees. NULL: it is not in it. */
static char *without(const struct sanction *one, struct str nick)
{
    struct str words[2] = { sanction_word(one, 0), sanction_word(one, 1) };
    size_t cap = strlen(one->note) + 2 * NOBODY.len + 3;
    char *note;

    if (!str_eq(words[0], nick) && !str_eq(words[1], nick))
        return NULL;
    for (int i = 0; i < 2; i++)
        words[i] = str_eq(words[i], nick) ? NOBODY : words[i];
    note = mem_new(cap, 1);
    snprintf(note, cap, "%.*s %.*s %.*s", STR_ARG(words[0]), STR_ARG(words[1]),
             STR_ARG(sanction_word(one, 2)));
    return note;
}

static bool unnote(struct world *w, uint64_t room, const struct sanctions *list,
                   struct str nick)
{
    bool any = false;

    for (size_t i = 0; i < list->n && store_has_room(w->store, 1); i++) {
        const struct sanction *one = &list->all[i];
        struct store_op op = { .effect = EFFECT_SANCTION,
                               .kind = one->kind,
                               .room = room,
                               .ts = one->until };

        op.note = without(one, nick);
        if (!op.note)
            continue;
        op.text = mem_str(str_of(one->who.who));
        world_put(w, &op);
        any = true;
    }
    return any || !store_has_room(w->store, 1);
}

bool errand_unnote(struct world *w, struct str nick)
{
    const struct room *room;
    size_t at = 0;
    bool any = unnote(w, 0, &w->sanctions, nick);

    while ((room = map_each(&w->rooms, &at)))
        any = unnote(w, room->id, &room->rules.sanctions, nick) || any;
    return any;
}

bool errand_unname(struct world *w, uint64_t account)
{
    struct store_op op = { .effect = EFFECT_UNNAME, .account = account };
    const struct room *room;
    bool any = false;
    size_t at = 0;

    while ((room = map_each(&w->rooms, &at))) {
        for (int i = 0; room->kind == room_DIRECT && i < 2; i++) {
            if (room->sides[i].account != account ||
                str_is(NOBODY, room->sides[i].nick))
                continue;
            any = true;
            if (!store_has_room(w->store, 1))
                return true;
            op.room = room->id;
            op.text = mem_str(NOBODY);
            world_put(w, &op);
        }
    }
    return any;
}
