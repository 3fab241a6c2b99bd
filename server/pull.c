/* SPDX-License-Identifier: MIT
 *
 * Taking frames out of a session's link; see pull.h.
 */
#include "server/pull.h"

#include "server/login.h"
#include "server/verbs.h"
#include "server/world.h"
#include "shared/frame.h"

static void close_with(struct world *w, struct session *s, enum err code,
                       struct now now)
{
    struct farewell farewell = { .code = code, .reason = reason_CLOSED };

    w->env.metrics.bad_frames++;
    login_close(w, s, &farewell, now);
}

static void hold(struct session *s, uint64_t until)
{
    if (s->held_until_us == 0)
        s->env->metrics.held++;
    s->held_until_us = until;
    link_hold(s->link);
    session_wake(s);
}

static void release(struct session *s, struct now now)
{
    if (s->held_until_us == 0)
        return;
    s->held_until_us = 0;
    s->forgiven_us = now.mono_us;
    session_wake(s);
}

static struct rate input_rate(const struct session *s)
{
    return (struct rate){ limit(s->env, LIMIT_INPUT_BURST),
                          limit(s->env, LIMIT_INPUT_RATE) };
}

/* Answer one frame; returns as verbs_run. */
static uint64_t dispatch(struct world *w, struct session *s, struct str frame,
                         struct now now)
{
    struct msg msg;
    int err = wire_decode(&msg, frame, &w->scratch);

    if (err == -ERROR_UNSUPPORTED) {
        verbs_unknown(s, &msg);
        return 0;
    }
    if (err) {
        close_with(w, s, (enum err) - err, now);
        return 0;
    }
    return verbs_run(w, s, &msg, now);
}

/* The next frame: the parked one, or one from the link, which is copied only
 * if it has to be parked.  Returns as link_next. */
static int next_frame(struct session *s, struct frame **parked,
                      struct str *frame, struct now now)
{
    *parked = s->parked;
    s->parked = NULL;
    if (!*parked)
        return link_next(s->link, frame, now);
    *frame = frame_str(*parked);
    return 1;
}

/* Take and answer one frame; false: nothing more can be done now. */
static bool step(struct world *w, struct session *s, struct now now)
{
    uint64_t when = bucket_when(&s->bytes, input_rate(s), 0, now);
    struct frame *parked;
    struct str frame;
    int got;

    if (when) {
        hold(s, when);
        return false;
    }
    got = next_frame(s, &parked, &frame, now);
    if (got < 0 && got != -ERROR_SECURITY) /* else nothing can be said */
        close_with(w, s, (enum err) - got, now);
    if (got <= 0)
        return false;
    when = dispatch(w, s, frame, now);
    if (when) {
        s->parked = parked ? parked : frame_copy(frame);
        hold(s, when);
        return false;
    }
    s->env->metrics.frames_in++;
    frame_unref(parked);
    return true;
}

void pull_frames(struct world *w, struct session *s, struct now now)
{
    struct str frame;

    release(s, now);
    while (s->state < SESSION_CLOSING && step(w, s, now))
        continue;
    while (s->state == SESSION_CLOSING &&
           link_transport(s->link) == TRANSPORT_UDP &&
           link_next(s->link, &frame, now) > 0)
        continue; /* only acks matter now */
}

void pull_charge(struct session *s, size_t bytes, struct now now)
{
    bucket_spend(&s->bytes, input_rate(s), bytes, now);
}
