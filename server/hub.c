/* SPDX-License-Identifier: MIT
 *
 * The door; see hub.h.
 */
#include "server/hub.h"

#include <assert.h>
#include <stdlib.h>

#include "server/login.h"
#include "server/presence.h"
#include "server/pull.h"
#include "server/query.h"
#include "server/settle.h"
#include "server/store.h"
#include "server/sync.h"
#include "shared/mem.h"

enum {
    ROUNDS_MAX = 8,          /* of one turn, before the edge gets its own */
    CLOSE_LINGER_US = 200000 /* for the CLOSE of a datagram link to go out */
};

static const uint64_t REAP_US = 1000000; /* between looks at absent people */

struct hub {
    struct world *w;
    struct list strangers; /* greeting over UDP, longest first */
    size_t dirty_at;       /* how far hub_dirty has come */
    uint64_t reap_at_us, idle_since_us;
    bool more; /* the last turn left something to do at once */
    bool closing;
};

struct hub *hub_new(const struct world_config *config, struct now now)
{
    struct hub *hub = mem_new(1, sizeof *hub);

    hub->w = world_new(config);
    list_init(&hub->strangers);
    hub->idle_since_us = now.mono_us;
    hub->reap_at_us = now.mono_us;
    return hub;
}

void hub_free(struct hub *hub)
{
    assert(hub->w->sessions.n == 0);
    world_free(hub->w);
    free(hub);
}

struct world *hub_world(struct hub *hub)
{
    return hub->w;
}

/* ---- opening ---- */

static void die(struct hub *hub, struct session *s, unsigned reason,
                struct now now)
{
    login_leave(hub->w, s, reason, now);
    LOG(&hub->w->env.log, "session.end", log_num("session", s->id),
        log_str("peer", str_of(s->peer)),
        log_str("reason", str_of(wire_value_name("reason", s->reason))));
    session_enter(s, SESSION_DEAD);
}

/*
 * Whether one more may greet.  Over UDP anybody can pretend to be many: there
 * the longest waiting makes place, who is real needs but a round trip.  Such a
 * flood costs those who come over a stream nothing.
 */
static bool may_greet(struct hub *hub, enum transport transport, struct now now)
{
    const struct metrics *metrics = &hub->w->env.metrics;
    uint64_t most = limit(&hub->w->env, LIMIT_PENDING);

    if (transport == TRANSPORT_TCP)
        return metrics->pending - metrics->strangers < most;
    if (metrics->strangers >= most)
        die(hub, session_of_stranger(hub->strangers.next), reason_NONE, now);
    return true;
}

static enum err may_open(struct hub *hub, const struct hub_peer *peer,
                         struct now now)
{
    const struct env *env = &hub->w->env;

    if (hub->closing)
        return ERROR_SHUTTING_DOWN;
    if (hub->w->sessions.n >= limit(env, LIMIT_SESSIONS) ||
        !may_greet(hub, peer->transport, now))
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
                  .seed = rng_next(&w->env.rng),
                  .body_max = BODY_MAX,
                  .queue_max = limit(&w->env, LIMIT_QUEUE_HARD) + FRAME_MAX },
        .peer = peer->name,
        .gate = peer->gate,
        .id = ++w->last_session,
    };
    struct session *s = session_new(&w->env, &config, now);

    map_put(&w->sessions, map_num(&s->id), s);
    if (peer->transport == TRANSPORT_UDP) {
        s->datagram_id = peer->id;
        map_put(&w->datagrams, map_num(&s->datagram_id), s);
    }
    w->env.metrics.sessions = w->sessions.n;
    w->env.metrics.opened++;
    return s;
}

static void arm(struct session *, struct now);

struct session *hub_open(struct hub *hub, const struct hub_peer *peer,
                         enum err *why, struct now now)
{
    struct session *s;

    *why = may_open(hub, peer, now);
    if (*why) {
        hub->w->env.metrics.refused++;
        return NULL;
    }
    s = make_session(hub->w, peer, now);
    if (peer->transport == TRANSPORT_UDP) {
        list_append(&hub->strangers, &s->stranger);
        hub->w->env.metrics.strangers++;
    }
    hub->idle_since_us = NEVER;
    arm(s, now);
    LOG(&hub->w->env.log, "session.open", log_num("session", s->id),
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

struct session *hub_datagram(struct hub *hub, uint64_t id)
{
    return map_get(&hub->w->datagrams, map_num(&id));
}

/* ---- closing ---- */

void hub_eof(struct hub *hub, struct session *s, struct now now)
{
    if (s->state != SESSION_DEAD)
        die(hub, s, reason_CLOSED, now);
}

void hub_bury(struct hub *hub, struct session *s, struct now now)
{
    struct world *w = hub->w;

    if (s->state != SESSION_DEAD)
        die(hub, s, reason_CLOSED, now);
    for (size_t i = hub->dirty_at; s->dirty && i < w->env.n_dirty; i++) {
        if (w->env.dirty[i] == s) {
            w->env.dirty[i] = w->env.dirty[--w->env.n_dirty];
            s->dirty = false;
        }
    }
    map_take(&w->sessions, map_num(&s->id));
    if (link_transport(s->link) == TRANSPORT_UDP)
        map_take(&w->datagrams, map_num(&s->datagram_id));
    gate_leave(&w->gate, str_bytes(s->gate, s->gate_len));
    session_free(s);
    w->env.metrics.sessions = w->sessions.n;
    if (w->sessions.n == 0)
        hub->idle_since_us = now.mono_us;
}

/* ---- bytes in ---- */

/* After anything was done for a session. */
static void look_after(struct hub *hub, struct session *s, struct now now)
{
    bool udp = link_transport(s->link) == TRANSPORT_UDP;

    if (s->state == SESSION_DEAD)
        return;
    if (link_closed(s->link)) {
        die(hub, s, reason_CLOSED, now);
        return;
    }
    if (s->account)
        presence_update(hub->w, s->account, now);
    if (udp || link_queued(s->link))
        session_wake(s);
    arm(s, now);
}

void hub_feed(struct hub *hub, struct session *s, struct str bytes,
              struct now now)
{
    bool udp = link_transport(s->link) == TRANSPORT_UDP;
    int err;

    hub->w->env.metrics.bytes_in += bytes.len;
    if (s->state == SESSION_DEAD || (s->state == SESSION_CLOSING && !udp))
        return; /* a closing stream is read only to be seen ending */
    err = link_feed(s->link, bytes, now);
    if (err) {
        s->env->metrics.bad_frames++;
        die(hub, s, reason_CLOSED, now);
        return;
    }
    pull_charge(s, bytes.len, now);
    if (!s->held_until_us)
        pull_frames(hub->w, s, now);
    hub_flushed(hub, s, now);
    look_after(hub, s, now);
}

/* ---- deadlines ---- */

/* Set the next deadline anew. */
static void arm(struct session *s, struct now now)
{
    const struct env *env = s->env;
    uint64_t at = link_deadline(s->link);

    if (s->state < SESSION_READY)
        at = time_min(at, s->opened_us + limit(env, LIMIT_GREETING) * 1000);
    if (s->state == SESSION_CLOSING)
        at = time_min(at, s->close_by_us);
    if (s->held_until_us)
        at = time_min(at, s->held_until_us);
    if (s->state == SESSION_READY)
        at = time_min(at, presence_deadline(s));
    if (link_queued(s->link))
        at = time_min(at, now.mono_us + limit(env, LIMIT_STALL) * 1000);
    if (at != NEVER)
        session_arm(s, at);
}

void hub_flushed(struct hub *hub, struct session *s, struct now now)
{
    size_t queued = link_queued(s->link);

    (void)hub;
    if ((s->lagging && queued < limit(s->env, LIMIT_QUEUE_SOFT) / 4) ||
        (s->held_until_us == NEVER && session_keeps_up(s)) ||
        (s->state == SESSION_CLOSING && queued == 0))
        session_arm(s, now.mono_us);
    if (s->state != SESSION_DEAD && link_deadline(s->link) != NEVER)
        session_arm(s, link_deadline(s->link));
}

static bool has_stalled(const struct session *s, struct now now)
{
    uint64_t progress = link_progress(s->link);

    return progress != NEVER && now.mono_us > progress &&
           now.mono_us - progress >= limit(s->env, LIMIT_STALL) * 1000;
}

/* Why a session must be closed now; code 0: it need not. */
static struct farewell verdict(const struct session *s, struct now now)
{
    const struct env *env = s->env;
    struct farewell f = { .code = ERR_NONE, .reason = reason_CLOSED };

    if (s->overrun || has_stalled(s, now)) {
        f.code = ERROR_SLOW_CONSUMER;
    } else if (s->state < SESSION_READY) {
        if (now.mono_us - s->opened_us >= limit(env, LIMIT_GREETING) * 1000)
            f.code = ERROR_AUTH_REQUIRED;
    } else if (presence_silence(s, now) >= limit(env, LIMIT_GONE) * 1000) {
        f.code = ERROR_PING_TIMEOUT;
        f.reason = reason_TIMEOUT;
    }
    return f;
}

static void count_verdict(struct metrics *metrics, enum err code)
{
    metrics->slow += code == ERROR_SLOW_CONSUMER;
    metrics->timeouts += code == ERROR_PING_TIMEOUT;
}

/* A closing datagram link says CLOSE once its output is through. */
static void attend_closing(struct hub *hub, struct session *s, struct now now)
{
    if (now.mono_us >= s->close_by_us) {
        die(hub, s, reason_NONE, now);
        return;
    }
    if (s->close_said || link_queued(s->link) ||
        link_transport(s->link) != TRANSPORT_UDP)
        return;
    s->close_said = true;
    link_close(s->link, 0, now);
    s->close_by_us = now.mono_us + CLOSE_LINGER_US;
    session_wake(s);
}

static void attend_open(struct hub *hub, struct session *s, struct now now)
{
    struct farewell farewell = verdict(s, now);

    if (farewell.code) {
        count_verdict(&hub->w->env.metrics, farewell.code);
        login_close(hub->w, s, &farewell, now);
        return;
    }
    if (s->lagging &&
        link_queued(s->link) < limit(s->env, LIMIT_QUEUE_SOFT) / 4)
        sync_laggard(hub->w, s);
    if (s->held_until_us &&
        (s->held_until_us <= now.mono_us ||
         (s->held_until_us == NEVER && session_keeps_up(s) && !s->asking)))
        pull_frames(hub->w, s, now);
}

/* Its deadline has come. */
static void attend(struct hub *hub, struct session *s, struct now now)
{
    heap_set(&hub->w->env.deadlines, &s->timer, NEVER);
    if (s->state == SESSION_DEAD)
        return;
    link_tick(s->link, now);
    if (s->state == SESSION_CLOSING)
        attend_closing(hub, s, now);
    else
        attend_open(hub, s, now);
    look_after(hub, s, now);
}

static bool attend_due(struct hub *hub, struct now now)
{
    struct heap *heap = &hub->w->env.deadlines;
    struct timer *timer = heap_first(heap);
    bool any = false;

    for (size_t n = heap->n; n > 0 && timer && timer->at <= now.mono_us; n--) {
        attend(hub, (struct session *)timer, now);
        timer = heap_first(heap);
        any = true;
    }
    return any;
}

/* ---- the turn ---- */

static bool serve_store(struct hub *hub, struct now now)
{
    struct store *store = hub->w->store;
    struct store_batch batch;
    struct store_answer answer;
    bool any = false;

    store_commit(store);
    while (store_written(store, &batch)) {
        settle_batch(hub->w, &batch, now);
        store_release(store, &batch);
        store_commit(store);
        any = true;
    }
    while (store_answered(store, &answer)) {
        query_answered(hub->w, &answer);
        store_thank(store, &answer);
        any = true;
    }
    return any;
}

void hub_turn(struct hub *hub, struct now now)
{
    struct world *w = hub->w;

    w->env.log.wall_ms = now.wall_ms;
    hub->more = true;
    for (int i = 0; hub->more && i < ROUNDS_MAX; i++) {
        hub->more = attend_due(hub, now);
        hub->more = serve_store(hub, now) || hub->more;
    }
    if (w->tell_at_us <= now.mono_us)
        presence_tell(w, now);
    if (hub->reap_at_us <= now.mono_us)
        hub->reap_at_us = time_min(world_reap(w, now), now.mono_us + REAP_US);
}

uint64_t hub_deadline(const struct hub *hub)
{
    const struct timer *timer = heap_first(&hub->w->env.deadlines);

    if (hub->more || store_is_ready(hub->w->store))
        return 0;
    return time_min(timer ? timer->at : NEVER,
                    time_min(hub->w->tell_at_us, hub->reap_at_us));
}

struct session *hub_dirty(struct hub *hub)
{
    struct env *env = &hub->w->env;
    struct session *s;

    if (hub->dirty_at == env->n_dirty) {
        hub->dirty_at = env->n_dirty = 0;
        return NULL;
    }
    s = env->dirty[hub->dirty_at++];
    s->dirty = false;
    return s;
}

uint64_t hub_idle_since(const struct hub *hub)
{
    return hub->idle_since_us;
}

void hub_shutdown(struct hub *hub, struct now now)
{
    struct world *w = hub->w;
    uint64_t spread = 2 * (uint64_t)w->sessions.n;
    struct session *s;
    size_t at = 0;

    hub->closing = true;
    if (spread < 2000)
        spread = 2000;
    while ((s = map_each(&w->sessions, &at))) {
        struct farewell farewell = {
            .code = ERROR_SHUTTING_DOWN,
            .retry_ms = rng_below(&w->env.rng, spread),
            .cause = reason_RESTART,
            .reason = reason_RESTART,
        };

        if (s->state < SESSION_CLOSING)
            login_close(w, s, &farewell, now);
    }
}

void hub_abandon(struct hub *hub, struct now now)
{
    struct session *s;
    size_t at = 0;

    while ((s = map_each(&hub->w->sessions, &at))) {
        if (s->state != SESSION_DEAD)
            die(hub, s, reason_CLOSED, now);
    }
}
