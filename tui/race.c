/* SPDX-License-Identifier: MIT
 *
 * Which way to take when the choice is ours (--transport auto): UDP, because
 * it copes best with loss and moving about, or TCP, because it goes where UDP
 * is blocked.
 *
 * Both are tried, TCP a little later; the first that has been shown to work
 * both ways is taken.  UDP that falls silent gets a fresh socket, then TCP
 * beside it.  While on TCP, UDP is tried now and then, by a whole handshake:
 * three round trips that a firewall would not let pass.
 */
#include "shared/mem.h"
#include "tui/client_impl.h"
#include "tui/lang.h"

enum {
    MS = 1000,
    SECOND = 1000 * MS,
    HEAD_START_US = 300 * MS,  /* that UDP has over TCP */
    BENEFIT_US = 3000 * MS,    /* UDP that has answered gets so long */
    USUAL_BEAT_US = 5000 * MS, /* with it, silence of 6 s ... */
    REBIND_US = 1000 * MS,
    REBIND_EVERY_US = 4000 * MS,
    FALL_BACK_US = 3000 * MS, /* ... and of 8 s is too much */
    FALL_BACK_EVERY_US = 2000 * MS,
    WAKE_US = 3000 * MS,
    PROBE_US = 30 * SECOND,        /* from try to try */
    PROBE_AFTER_US = 120 * SECOND, /* it had come back, and died again */
};

static bool is_auto(const struct client *c)
{
    return c->config.pick == PICK_AUTO;
}

void race_begin(struct client *c, struct now now)
{
    c->race.shunned = false;
    c->main.transport = TRANSPORT_UDP;
    c->first_why[0] = '\0';
    conn_want_side(c, TRANSPORT_TCP, true, now.mono_us + HEAD_START_US);
}

/* Whether anything has come back over a connection that is not proved yet. */
static bool has_answered(const struct conn *conn)
{
    return conn->link && link_peer(conn->link).heard_us > conn->opened_us;
}

/* UDP lives, but is not through: TCP can wait. */
static bool is_promising(const struct client *c, struct now now)
{
    return c->main.transport == TRANSPORT_UDP && has_answered(&c->main) &&
           now.mono_us - c->main.opened_us < BENEFIT_US;
}

void race_proved(struct client *c, struct conn *conn, struct now now)
{
    if (conn == &c->main && c->side.by_itself)
        conn_drop_side(c, NULL, now);
    if (conn == &c->main || c->main.phase == CONN_READY) {
        conn_greet(c, conn, now);
        return;
    }
    if (is_promising(c, now)) {
        conn->deadline = c->main.opened_us + BENEFIT_US;
        return;
    }
    conn_promote(c);
    conn_greet(c, &c->main, now);
}

void race_shun(struct client *c, struct now now)
{
    c->race.shunned = true;
    c->race.probe_us = NEVER;
    conn_drop_side(c, NULL, now);
}

void race_won(struct client *c, enum transport transport, struct now now)
{
    struct race *race = &c->race;
    bool relapse = race->died && race->returned_us &&
                   now.mono_us - race->returned_us < PROBE_AFTER_US;
    bool was_tcp = race->probe_us != NEVER;

    race->probe_us = NEVER;
    race->woken_us = 0;
    c->model->path_why = PATH_FINE;
    if (transport == TRANSPORT_UDP) {
        race->returned_us = was_tcp ? now.mono_us : 0;
        race->died = false;
    } else if (is_auto(c)) {
        c->model->path_why = race->died ? PATH_DIED : PATH_BLOCKED;
        race->probe_us = now.mono_us + (relapse ? PROBE_AFTER_US : PROBE_US);
    }
}

/* ---- silence ---- */

/* Silence of a heartbeat and so much more; longer beats allow for more. */
static uint64_t beyond(const struct client *c, uint64_t more_us)
{
    uint64_t beat_us = c->model->limits.value[LIMIT_HEARTBEAT] * MS;

    if (beat_us > USUAL_BEAT_US)
        more_us = more_us * beat_us / USUAL_BEAT_US;
    return beat_us + more_us;
}

static bool can_rebind(const struct client *c)
{
    return c->main.phase == CONN_READY && c->main.transport == TRANSPORT_UDP &&
           link_is_secure(c->main.link);
}

/* Another socket, and a heartbeat through it at once. */
static void rebind(struct client *c, struct now now)
{
    c->race.rebound_us = now.mono_us;
    c->race.rebind = true;
    link_beat(c->main.link, (uint32_t)c->model->limits.value[LIMIT_HEARTBEAT],
              now);
}

struct link *client_rebind(struct client *c)
{
    bool wanted = c->race.rebind && can_rebind(c);

    c->race.rebind = false;
    return wanted ? c->main.link : NULL;
}

/* Whether TCP may be tried beside a UDP that has fallen silent. */
static bool may_fall_back(const struct client *c)
{
    return is_auto(c) && c->main.phase == CONN_READY &&
           c->main.transport == TRANSPORT_UDP && c->side.phase == CONN_NONE &&
           !c->race.shunned && !c->leaving;
}

/* UDP is back; what has begun to greet over TCP has taken its place already. */
static void on_return(struct client *c, struct now now)
{
    if (!c->race.died || (c->side.by_itself && c->side.phase >= CONN_GREETING))
        return;
    c->race.died = false;
    if (c->side.by_itself)
        conn_drop_side(c, NULL, now);
}

void race_silence(struct client *c, uint64_t silent, struct now now)
{
    struct race *race = &c->race;

    if (c->main.transport != TRANSPORT_UDP)
        return;
    if (silent < beyond(c, REBIND_US)) {
        on_return(c, now);
        return;
    }
    if (can_rebind(c) && now.mono_us - race->rebound_us >= REBIND_EVERY_US)
        rebind(c, now);
    if (may_fall_back(c) && silent >= beyond(c, FALL_BACK_US) &&
        now.mono_us - race->fell_us >= FALL_BACK_EVERY_US) {
        race->died = true;
        race->fell_us = now.mono_us;
        conn_want_side(c, TRANSPORT_TCP, true, now.mono_us);
    }
}

bool race_wake(struct client *c, struct now now)
{
    if (!can_rebind(c))
        return false;
    c->race.woken_us = now.mono_us;
    rebind(c, now);
    return true;
}

/* ---- time ---- */

static void check_wake(struct client *c, struct now now)
{
    struct race *race = &c->race;

    if (!race->woken_us)
        return;
    if (!can_rebind(c) || link_peer(c->main.link).heard_us > race->woken_us) {
        race->woken_us = 0;
    } else if (now.mono_us - race->woken_us >= WAKE_US) {
        race->woken_us = 0;
        conn_drop_side(c, NULL, now);
        conn_drop_main(c, _("the machine was asleep"), now);
        if (c->main.phase == CONN_NONE && !c->leaving)
            conn_try_at_once(c, now);
    }
}

static void check_promise(struct client *c, struct now now)
{
    if (c->side.phase == CONN_PROVED && now.mono_us >= c->side.deadline) {
        conn_promote(c);
        conn_greet(c, &c->main, now);
    }
}

static void check_probe(struct client *c, struct now now)
{
    struct race *race = &c->race;

    if (now.mono_us < race->probe_us)
        return;
    race->probe_us = now.mono_us + PROBE_US;
    if (is_auto(c) && c->main.phase == CONN_READY &&
        c->main.transport == TRANSPORT_TCP && c->side.phase == CONN_NONE &&
        !c->leaving)
        conn_want_side(c, TRANSPORT_UDP, true, now.mono_us);
}

void race_tick(struct client *c, struct now now)
{
    check_wake(c, now);
    check_promise(c, now);
    check_probe(c, now);
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

uint64_t race_deadline(const struct client *c)
{
    const struct race *race = &c->race;
    uint64_t at = c->main.phase == CONN_READY ? race->probe_us : NEVER;
    uint64_t heard =
        c->main.phase == CONN_READY ? link_peer(c->main.link).heard_us : 0;

    if (race->woken_us)
        at = time_min(at, race->woken_us + WAKE_US);
    if (can_rebind(c))
        at = time_min(at, later(heard + beyond(c, REBIND_US),
                                race->rebound_us + REBIND_EVERY_US));
    if (may_fall_back(c))
        at = time_min(at, later(heard + beyond(c, FALL_BACK_US),
                                race->fell_us + FALL_BACK_EVERY_US));
    return at;
}
