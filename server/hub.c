/* SPDX-License-Identifier: MIT
 *
 * The door; see hub.h.
 */
#include "server/hub.h"

#include <assert.h>
#include <stdlib.h>

#include "server/hub_impl.h"
#include "server/presence.h"
#include "server/pull.h"
#include "server/query.h"
#include "server/reading.h"
#include "server/search.h"
#include "server/seek.h"
#include "server/settle.h"
#include "server/store.h"
#include "server/sync.h"
#include "shared/frame.h"
#include "shared/mem.h"

enum {
    ROUNDS_MAX = 8,          /* of one turn, before the edge gets its own */
    ANSWERS_MAX = 16,        /* of the store, in one round */
    CLOSE_LINGER_US = 200000 /* for the CLOSE of a datagram link to go out */
};

static const uint64_t REAP_US = 1000000; /* between looks at absent people */

struct hub *hub_new(const struct world_config *config, struct now now)
{
    struct hub *hub = mem_new(1, sizeof *hub);

    hub->w = world_new(config);
    hub->admit = admit_new(&hub->w->env, hub->w->sessions.secret);
    list_init(&hub->strangers);
    list_init(&hub->dozers);
    map_init(&hub->beds, hub->w->sessions.secret);
    hub->idle_since_us = now.mono_us;
    hub->reap_at_us = now.mono_us;
    return hub;
}

void hub_free(struct hub *hub)
{
    assert(hub->w->sessions.n == 0);
    admit_free(hub->admit);
    map_fini(&hub->beds);
    world_free(hub->w);
    free(hub);
}

struct admit *hub_admission(struct hub *hub)
{
    return hub->admit;
}

struct world *hub_world(struct hub *hub)
{
    return hub->w;
}

/* ---- deadlines ---- */

/* How long the handshake or the greeting may take, us. */
static uint64_t patience(const struct session *s)
{
    return limit(s->env, s->shaking ? LIMIT_HANDSHAKE : LIMIT_GREETING) * 1000;
}

void hub_arm(struct session *s, struct now now)
{
    const struct env *env = s->env;
    bool flushes = s->dirty && link_transport(s->link) == TRANSPORT_UDP;
    uint64_t at = flushes ? NEVER : link_deadline(s->link); /* armed then */

    if (s->state < SESSION_READY)
        at = time_min(at, s->opened_us + patience(s));
    if (s->state == SESSION_CLOSING || s->state == SESSION_DORMANT)
        at = time_min(at, s->close_by_us);
    if (s->held_until_us)
        at = time_min(at, s->held_until_us);
    if (s->state == SESSION_READY)
        at = time_min(at, presence_deadline(s));
    if (link_queued(s->link) && s->state != SESSION_DORMANT)
        at = time_min(at, now.mono_us + limit(env, LIMIT_STALL) * 1000);
    if (at != NEVER)
        session_arm(s, at);
}

void hub_drained(struct session *s, struct now now)
{
    size_t queued = link_queued(s->link);

    if ((s->lagging && queued < limit(s->env, LIMIT_QUEUE_SOFT) / 4) ||
        (s->held_until_us == NEVER && session_keeps_up(s) && !s->asking) ||
        (s->state == SESSION_CLOSING && queued == 0 && !s->close_said))
        session_arm(s, now.mono_us);
}

void hub_flushed(struct hub *hub, struct session *s, struct now now)
{
    (void)hub;
    hub_drained(s, now);
    if (s->state != SESSION_DEAD && link_deadline(s->link) != NEVER)
        session_arm(s, link_deadline(s->link));
}

static bool has_stalled(const struct session *s, struct now now)
{
    uint64_t progress = link_progress(s->link);

    return progress != NEVER && now.mono_us > progress &&
           now.mono_us - progress >= limit(s->env, LIMIT_STALL) * 1000;
}

/* Why a session must be closed now; code 0: it need not.  Who is away is not
 * slow, however long nothing has been taken. */
static struct farewell verdict(const struct session *s, struct now now)
{
    const struct env *env = s->env;
    struct farewell f = { .code = ERR_NONE, .reason = reason_CLOSED };
    bool greeted = s->state >= SESSION_READY;
    bool silent =
        greeted && presence_silence(s, now) >= limit(env, LIMIT_GONE) * 1000;

    if (!greeted && now.mono_us - s->opened_us >= patience(s)) {
        f.code = ERROR_AUTH_REQUIRED;
    } else if (silent && !s->overrun) {
        f.code = ERROR_PING_TIMEOUT;
        f.reason = reason_TIMEOUT;
    } else if (s->overrun || has_stalled(s, now)) {
        f.code = ERROR_SLOW_CONSUMER;
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
        hub_die(hub, s, reason_NONE, now);
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

    if (farewell.code == ERROR_PING_TIMEOUT && doze_may_begin(s)) {
        hub->w->env.metrics.timeouts++;
        doze_begin(hub->w, s, now);
        hub_lie_down(hub, s);
        return;
    }
    if (farewell.code && s->shaking) {
        hub_die(hub, s, farewell.reason, now); /* it could not be told */
        return;
    }
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
    else if (s->state != SESSION_DORMANT)
        attend_open(hub, s, now);
    else if (now.mono_us >= s->close_by_us)
        hub_die(hub, s, reason_NONE, now);
    if (s->state != SESSION_DEAD && link_is_over(s->link))
        hub_broken(hub, s, -ERROR_SECURITY, now);
    hub_look_after(hub, s, now);
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

static bool serve_search(struct hub *hub)
{
    struct search *search = hub->w->search;
    struct index_answer answer;
    bool any = false;

    if (!search)
        return false;
    search_turn(search);
    while (search_answered(search, &answer)) {
        seek_answered(hub->w, &answer);
        index_thank(&answer);
        any = true;
    }
    return any;
}

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
    for (int i = 0; i < ANSWERS_MAX && store_answered(store, &answer); i++) {
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
        hub->more = serve_search(hub) || hub->more;
    }
    reading_turn(w);
    if (w->tell_at_us <= now.mono_us)
        presence_tell(w, now);
    if (hub->reap_at_us <= now.mono_us)
        hub->reap_at_us = time_min(world_reap(w, now), now.mono_us + REAP_US);
}

uint64_t hub_deadline(const struct hub *hub)
{
    const struct timer *timer = heap_first(&hub->w->env.deadlines);

    if (hub->more || store_is_ready(hub->w->store) ||
        (hub->w->search && search_is_ready(hub->w->search)))
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

size_t hub_announce(struct hub *hub, struct str text, uint64_t down_s,
                    struct now now)
{
    struct msg msg = { .kind = KIND_ANNOUNCE };
    struct frame *frame;
    struct session *s;
    size_t at = 0, n = 0;

    msg.announce.text = text;
    msg.announce.down_s = down_s;
    msg.announce.ts = now.wall_ms;
    frame = frame_of(&msg);
    while ((s = map_each(&hub->w->sessions, &at))) {
        if (s->state != SESSION_READY)
            continue;
        session_send(s, frame, LANE_CONTROL, 0, false);
        n++;
    }
    frame_unref(frame);
    return n;
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

        if (s->state == SESSION_DORMANT)
            hub_die(hub, s, reason_RESTART, now); /* it would not hear it */
        else if (s->state < SESSION_CLOSING)
            login_close(w, s, &farewell, now);
    }
}

void hub_abandon(struct hub *hub, struct now now)
{
    struct session *s;
    size_t at = 0;

    while ((s = map_each(&hub->w->sessions, &at))) {
        if (s->state != SESSION_DEAD)
            hub_die(hub, s, reason_CLOSED, now);
    }
}
