/* SPDX-License-Identifier: MIT
 *
 * STATUS and TYPING: what people let others know about themselves.  Neither
 * touches the store.
 */
#include "server/call.h"
#include "server/permit.h"
#include "server/presence.h"
#include "server/world.h"
#include "shared/frame.h"

/* Of one client, at most one notice of typing in this time. */
static const uint64_t TYPING_US = 1000000;

enum err on_status(struct call *c)
{
    const struct msg_status *status = &c->msg->status;
    struct account *account = c->s->account;

    c->subject = str_of("text");
    if (status->text.len > limit(&c->w->env, LIMIT_REASON_BYTES))
        return ERROR_TOO_LARGE;
    account_set_away(account, status->away != 0, status->text);
    presence_update(c->w, account, c->now);
    call_ok(c, "");
    return ERR_NONE;
}

/* Whether this notice is passed on; a stop only after a start. */
static bool is_due(struct session *s, bool active, struct now now)
{
    if (active ? s->typing_us && now.mono_us - s->typing_us < TYPING_US
               : !s->typing)
        return false;
    s->typing = active;
    if (active)
        s->typing_us = now.mono_us;
    return true;
}

static void relay(struct env *env, const struct room *room,
                  const struct account *from, struct frame *frame)
{
    uint64_t key =
        room->id << 32 ^ from->id; /* one state per room and person */

    for (size_t i = 0; i < room->n_members; i++) {
        const struct account *to = room->members[i]->account;

        for (size_t j = 0; to != from && j < to->n_sessions; j++) {
            struct session *s = to->sessions[j];

            if (!s->live || s->lagging)
                continue;
            session_push(s, frame, LANE_STATE, key, false);
            env->metrics.typing++;
        }
    }
}

enum err on_typing(struct call *c)
{
    const struct member *m = NULL;
    struct msg msg = { .kind = KIND_TYPING, .flags = FLAG_EPHEMERAL };
    const struct room *room = world_room(c->w, c->msg->typing.room);
    struct frame *frame;

    if (room)
        m = room_member(room, c->s->account->id);
    if (!m || !m->in || !call_may(c, room, ACT_SAY) ||
        !room_is_small(room, &c->w->env) ||
        !is_due(c->s, c->msg->typing.active != 0, c->now))
        return ERR_NONE; /* a hint: not worth an answer */
    msg.typing.room = room->id;
    msg.typing.account = c->s->account->id;
    msg.typing.active = c->msg->typing.active != 0;
    frame = frame_of(&msg);
    relay(&c->w->env, room, c->s->account, frame);
    frame_unref(frame);
    return ERR_NONE;
}
