/* SPDX-License-Identifier: MIT
 *
 * An entry of a room's log; see event.h.
 */
#include "server/event.h"

#include <assert.h>
#include <stdlib.h>

#include "shared/frame.h"
#include "shared/mem.h"
#include "shared/wire.h"

struct event *event_new(const struct msg_event *body)
{
    struct event *event = mem_new(1, sizeof *event);
    struct msg msg = { .kind = KIND_EVENT, .event = *body };

    assert(body->room && body->seq);
    event->refs = 1;
    event->kind = (unsigned)body->kind;
    event->room = body->room;
    event->seq = body->seq;
    event->ts = body->ts;
    event->account = body->account;
    event->device = body->device;
    event->cseq = body->cseq;
    event->ref = body->ref;
    event->frame = frame_of(&msg);
    return event;
}

struct msg_event event_body(const struct event *event)
{
    struct msg msg;
    int err = wire_decode(&msg, frame_str(event->frame), NULL);

    assert(!err); /* we have encoded it ourselves, and what we take is clean */
    (void)err;
    return msg.event;
}

struct event *event_ref(struct event *event)
{
    assert(event->refs > 0 && event->refs < UINT32_MAX);
    event->refs++;
    return event;
}

void event_unref(struct event *event)
{
    if (!event)
        return;
    assert(event->refs > 0);
    if (--event->refs > 0)
        return;
    frame_unref(event->frame);
    free(event);
}
