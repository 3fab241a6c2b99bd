/* SPDX-License-Identifier: MIT
 *
 * Who comes and who goes; see hub.h.
 */
#include "server/hasher.h"
#include "server/hub_impl.h"
#include "server/world.h"

/* ---- sleeping ---- */

void hub_lie_down(struct hub *hub, struct session *s)
{
    list_append(&hub->dozers, &s->dozing);
    /* An id that somebody else has chosen too is not worth a place. */
    if (!map_get(&hub->beds, map_num(&s->device_id)))
        map_put(&hub->beds, map_num(&s->device_id), s);
}

void hub_get_up(struct hub *hub, struct session *s)
{
    if (map_get(&hub->beds, map_num(&s->device_id)) == s)
        map_take(&hub->beds, map_num(&s->device_id));
}

void hub_supersede(struct hub *hub, const struct session *fresh, struct now now)
{
    struct session *s = map_get(&hub->beds, map_num(&fresh->device_id));

    if (s && s->dozer == fresh->account->id)
        hub_die(hub, s, reason_NONE, now);
}

/* ---- dying ---- */

void hub_shaken(struct hub *hub, struct session *s)
{
    if (!s->shaking)
        return;
    s->shaking = false;
    admit_end(hub->admit, link_transport(s->link),
              str_bytes(s->gate, s->gate_len));
}

void hub_die(struct hub *hub, struct session *s, unsigned reason,
             struct now now)
{
    hub_shaken(hub, s);
    if (s->state == SESSION_DORMANT)
        hub_get_up(hub, s);
    login_leave(hub->w, s, reason, now);
    LOG(&hub->w->env.log, SESSION_END, log_num("session", s->id),
        log_str("peer", str_of(s->peer)),
        log_str("reason", str_of(wire_value_name("reason", s->reason))));
    session_enter(s, SESSION_DEAD);
}

/* ---- opening ---- */

/*
 * Whether one more may greet.  Over UDP anybody can pretend to be many: there
 * the longest waiting makes place, who is real needs but a round trip.  Such a
 * flood costs those who come over a stream nothing.
 */
static bool may_greet(struct hub *hub, const struct hub_peer *peer,
                      struct now now)
{
    const struct metrics *metrics = &hub->w->env.metrics;
    uint64_t most = limit(&hub->w->env, LIMIT_PENDING);
    uint64_t shaking = metrics->half_open; /* bounds of their own: admit.h */

    if (peer->transport == TRANSPORT_TCP || peer->secure)
        return metrics->pending < most + metrics->strangers + shaking;
    if (metrics->strangers >= most)
        hub_die(hub, session_of_stranger(hub->strangers.next), reason_NONE,
                now);
    return true;
}

/* Room for one more; those who are not there go first. */
static bool has_room(struct hub *hub, struct now now)
{
    struct list *oldest = hub->dozers.next;

    if (hub->w->sessions.n < limit(&hub->w->env, LIMIT_SESSIONS))
        return true;
    if (oldest == &hub->dozers)
        return false;
    hub_die(hub, session_of_dozer(oldest), reason_NONE, now);
    return true;
}

static enum err may_open(struct hub *hub, const struct hub_peer *peer,
                         struct now now)
{
    const struct env *env = &hub->w->env;

    if (hub->closing)
        return ERROR_SHUTTING_DOWN;
    if (!has_room(hub, now) || !may_greet(hub, peer, now))
        return ERROR_BUSY;
    if (!gate_enter(&hub->w->gate, peer->gate, &env->limits, now))
        return ERROR_LIMIT;
    return ERR_NONE;
}

static struct session *make_session(struct world *w,
                                    const struct hub_peer *peer, struct now now)
{
    struct session_config config = {
        .link = { .transport = peer->transport,
                  .server = true,
                  .id = peer->id,
                  .secure = peer->secure,
                  .from = peer->place,
                  .seed = rng_next(&w->env.rng),
                  .body_max = BODY_MAX,
                  .queue_max = limit(&w->env, LIMIT_QUEUE_HARD) + FRAME_MAX },
        .peer = peer->name,
        .gate = peer->gate,
        .id = ++w->last_session,
        .clear = peer->clear,
        .local = peer->local,
    };
    struct session *s = session_new(&w->env, &config, now);

    map_put(&w->sessions, map_num(&s->id), s);
    w->env.metrics.sessions = w->sessions.n;
    w->env.metrics.opened++;
    return s;
}

struct session *hub_open(struct hub *hub, const struct hub_peer *peer,
                         enum err *why, struct now now)
{
    struct session *s;

    *why = may_open(hub, peer, now);
    if (*why) {
        hub->w->env.metrics.refused++;
        if (peer->secure)
            admit_end(hub->admit, peer->transport, peer->gate);
        secure_free(peer->secure);
        return NULL;
    }
    s = make_session(hub->w, peer, now);
    if (peer->transport == TRANSPORT_UDP && !peer->secure) {
        list_append(&hub->strangers, &s->stranger);
        hub->w->env.metrics.strangers++;
    }
    hub->idle_since_us = NEVER;
    hub_arm(s, now);
    LOG(&hub->w->env.log, SESSION_OPEN, log_num("session", s->id),
        log_str("transport", str_of(session_transport(s))),
        log_str("peer", peer->name));
    return s;
}

size_t hub_refusal(enum err why, uint8_t *out, size_t cap)
{
    struct msg msg = { .kind = KIND_BYE };

    msg.bye.code = why;
    msg.bye.retry_ms = 10000;
    msg.bye.text = str_of(err_text(why));
    return wire_size(&msg) <= cap ? wire_encode(&msg, out) : 0;
}

/* ---- leaving ---- */

bool hub_kick(struct hub *hub, struct session *s, enum err code,
              struct str text, struct now now)
{
    struct farewell farewell = { .code = code,
                                 .reason = reason_CLOSED,
                                 .text = text };

    if (s->state >= SESSION_CLOSING)
        return false;
    if (s->shaking || s->state == SESSION_DORMANT)
        hub_die(hub, s, reason_CLOSED, now); /* it could not be told */
    else
        login_close(hub->w, s, &farewell, now);
    hub_look_after(hub, s, now);
    return true;
}

void hub_eof(struct hub *hub, struct session *s, struct now now)
{
    if (s->state != SESSION_DEAD)
        hub_die(hub, s, reason_CLOSED, now);
}

void hub_bury(struct hub *hub, struct session *s, struct now now)
{
    struct world *w = hub->w;

    if (s->state != SESSION_DEAD)
        hub_die(hub, s, reason_CLOSED, now);
    for (size_t i = hub->dirty_at; s->dirty && i < w->env.n_dirty; i++) {
        if (w->env.dirty[i] == s) {
            w->env.dirty[i] = w->env.dirty[--w->env.n_dirty];
            s->dirty = false;
        }
    }
    hasher_end(w->hasher, s->proof);
    map_take(&w->sessions, map_num(&s->id));
    gate_leave(&w->gate, str_bytes(s->gate, s->gate_len));
    session_free(s);
    w->env.metrics.sessions = w->sessions.n;
    if (w->sessions.n == 0)
        hub->idle_since_us = now.mono_us;
}
