/* SPDX-License-Identifier: MIT */
#include "tui/enter.h"

#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "tui/client_impl.h"
#include "tui/lang.h"

/* The room that was entered by a name; NULL when only SYNC_ROOM can tell. */
static struct room *room_entered(struct model *m, const char *name, uint64_t id)
{
    struct room *known = model_room(m, id);
    struct room *room = model_room_named(m, str_of(name));

    if (known && known != room && known->kind == room_DIRECT)
        model_room_call(m, known, str_of(name));
    if (known || !room || room->id == 0)
        return known ? known : room;
    if (room->kind == room_DIRECT)
        return NULL;       /* with somebody else of that name, it may be */
    model_room_left(room); /* it is made anew, and counts from the start */
    return room;
}

/* We are in the room of that name; over datagrams SYNC_ROOM may come later. */
void enter_done(struct client *c, const char *name, uint64_t id)
{
    struct room *room = id ? room_entered(c->model, name, id) : NULL;

    if (!room)
        return;
    room->id = id;
    room->joined = true;
    room->wanted = !request_is_queued(c, room, ENTRY_PART);
}

/* In a room of two no event says so. */
void enter_left(struct client *c, const struct entry *entry)
{
    struct room *room = delivery_room(c, entry);

    if (!room)
        return;
    room->joined = false;
    room->wanted = request_is_queued(c, room, ENTRY_JOIN);
}

/* ---- again, past the outbox ---- */

static bool is_coming(const struct client *c, const struct room *room)
{
    for (size_t i = 0; i < c->n_rejoins; i++)
        if (strcmp(c->rejoins[i].room, room->name) == 0)
            return true;
    return false;
}

/*
 * Enter the rooms we want to be in and the server does not know us in.  These
 * carry no cseq: those of the outbox are promised to commands already, and
 * entering twice is no harm.
 */
void enter_again(struct client *c)
{
    c->rejoin_us = 0;
    for (size_t i = 0; i < c->model->n_rooms; i++) {
        const struct room *room = c->model->rooms[i];
        void *grown = c->rejoins;

        if (!room->wanted || room->joined || is_coming(c, room) ||
            request_is_queued(c, room, ENTRY_JOIN))
            continue;
        mem_grow(&grown, &c->cap_rejoins, c->n_rejoins + 1, sizeof *c->rejoins);
        c->rejoins = grown;
        c->rejoins[c->n_rejoins++] =
            (struct rejoin){ 0, mem_str(str_of(room->name)) };
    }
}

void enter_say(struct client *c, struct now now)
{
    for (size_t i = 0; i < c->n_rejoins && c->main.link; i++) {
        struct msg msg = { .kind = KIND_JOIN };

        if (c->rejoins[i].request)
            continue;
        msg.request = c->rejoins[i].request = client_request(c);
        msg.join.name = str_of(c->rejoins[i].room);
        conn_say(c, &c->main, &msg, now);
    }
}

void enter_forget(struct client *c)
{
    while (c->n_rejoins)
        free(c->rejoins[--c->n_rejoins].room);
}

static void drop_rejoin(struct client *c, size_t i)
{
    free(c->rejoins[i].room);
    c->rejoins[i] = c->rejoins[--c->n_rejoins];
}

void enter_settle(struct client *c)
{
    for (size_t i = c->n_rejoins; i-- > 0;) {
        const struct room *room =
            model_room_named(c->model, str_of(c->rejoins[i].room));

        if (!room || room->joined)
            drop_rejoin(c, i);
    }
}

/* Refused: for good, or until a bit later. */
static void rejoin_failed(struct client *c, size_t i,
                          const struct msg_error *error, struct now now)
{
    if (err_is_retry((unsigned)error->code)) {
        c->rejoins[i].request = 0;
        c->rejoin_us = delivery_retry_at(error->retry_ms, now);
        return;
    }
    model_notice(c->model, NULL, now, "%s: %s", c->rejoins[i].room,
                 lang_text(err_text((unsigned)error->code)));
    drop_rejoin(c, i);
}

bool enter_answered(struct client *c, const struct msg *msg, struct now now)
{
    size_t i = 0;

    while (i < c->n_rejoins && c->rejoins[i].request != msg->request)
        i++;
    if (i == c->n_rejoins || msg->request == 0)
        return false;
    if (msg->kind == KIND_SEND_ACK)
        enter_done(c, c->rejoins[i].room, msg->send_ack.room);
    if (msg->kind == KIND_ERROR)
        rejoin_failed(c, i, &msg->error, now);
    enter_settle(c);
    return true;
}
