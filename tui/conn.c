/* SPDX-License-Identifier: MIT
 *
 * The client's connections: opening, the switch from one to the next, losing
 * them, waiting, trying again.
 *
 * There is the main connection and, during a switch of transport, the side
 * one.  Whatever ends goes to the dead, which the edge buries; nothing is freed
 * under the feet of the edge.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "shared/mem.h"
#include "shared/text.h"
#include "tui/client_impl.h"
#include "tui/lang.h"

enum {
    GREET_TCP_US = 10000000, /* until all rooms are told */
    GREET_UDP_US = 5000000,  /* a blocked path shows as silence */
    OPEN_US = 30000000,      /* the edge gives up before */
    BACK_OFF_MS = 500,       /* first wait, doubled with each failure */
    BACK_OFF_MAX_MS = 60000,
    STEADY_US = 10000000,        /* online this long: short waits again */
    QUEUE_MAX = 4 * 1024 * 1024, /* bytes of a link's output */
};

const char *conn_label(enum transport transport)
{
    return transport == TRANSPORT_UDP ? "UDP" : "TCP";
}

/* ---- what the model shows of it ---- */

void conn_show(struct client *c, enum link_state state)
{
    if (c->model->link == state)
        return;
    c->model->link = state;
    c->model->dirty = true;
}

static void show_trouble(struct client *c, const char *why)
{
    free(c->model->trouble);
    c->model->trouble = why ? mem_str(str_of(why)) : NULL;
    c->model->dirty = true;
}

/* ---- waiting ---- */

void conn_back_off(struct client *c, uint64_t min_ms, struct now now)
{
    uint64_t span = BACK_OFF_MAX_MS;

    if (c->failures < 7)
        span = (uint64_t)BACK_OFF_MS << c->failures;
    if (c->failures < UINT16_MAX)
        c->failures++;
    c->model->retry_at =
        now.mono_us + (min_ms + rng_below(&c->rng, span + 1)) * 1000;
    conn_show(c, LINK_OFFLINE);
}

void conn_try_at_once(struct client *c, struct now now)
{
    c->failures = 0;
    c->model->retry_at = now.mono_us;
    conn_show(c, LINK_OFFLINE);
}

/* ---- connections ---- */

struct conn *conn_of(struct client *c, const struct link *link)
{
    if (link && link == c->main.link)
        return &c->main;
    return link && link == c->side.link ? &c->side : NULL;
}

/* Forget it; its link, if any, is the edge's to bury. */
static void clear(struct client *c, struct conn *conn)
{
    void *grown = c->dead;

    if (conn->link) {
        mem_grow(&grown, &c->cap_dead, c->n_dead + 1, sizeof *c->dead);
        c->dead = grown;
        c->dead[c->n_dead++] = (struct dead){ conn->link, false };
    }
    free(conn->told);
    *conn = (struct conn){ .deadline = NEVER };
}

void conn_promote(struct client *c)
{
    clear(c, &c->main);
    c->main = c->side;
    c->main.by_itself = false;
    c->main.want_us = 0;
    c->side = (struct conn){ .deadline = NEVER };
    c->model->transport = c->main.transport;
    delivery_rewind(c);
}

/* The switch came to nothing; all stays as it was. */
void conn_drop_side(struct client *c, const char *why, struct now now)
{
    enum transport wanted = c->side.transport;

    bool by_itself = c->side.by_itself;

    if (c->side.phase == CONN_NONE)
        return;
    clear(c, &c->side);
    if (by_itself)
        return;
    c->config.pick = c->old_pick;
    if (why)
        model_notice(c->model, NULL, now,
                     _("no switch to %s, staying on %s: %s"),
                     conn_label(wanted), conn_label(c->main.transport), why);
}

void conn_drop_main(struct client *c, const char *why, struct now now)
{
    bool was_up = c->main.phase == CONN_READY;

    if (c->side.phase != CONN_NONE) { /* another one is under way: go on */
        snprintf(c->first_why, sizeof c->first_why, "%s", why);
        conn_promote(c);
        c->main.follows = was_up;
        conn_show(c, c->main.phase == CONN_GREETING ? LINK_GREETING
                                                    : LINK_CONNECTING);
        if (c->main.phase == CONN_PROVED)
            conn_greet(c, &c->main, now);
        return;
    }
    clear(c, &c->main);
    delivery_rewind(c);
    show_trouble(c, why);
    if (c->leaving || c->paused || c->fatal) {
        c->model->retry_at = NEVER;
        conn_show(c, LINK_OFFLINE);
        return;
    }
    if (was_up) {
        model_notice(c->model, NULL, now, _("connection lost: %s"), why);
        if (now.mono_us - c->online_us > STEADY_US)
            c->failures = 0;
    }
    conn_back_off(c, 0, now);
    c->online_us = 0;
}

void conn_drop(struct client *c, struct conn *conn, const char *why,
               struct now now)
{
    if (conn == &c->side)
        conn_drop_side(c, why, now);
    else
        conn_drop_main(c, why, now);
}

void conn_say(struct client *c, struct conn *conn, const struct msg *msg,
              struct now now)
{
    if (conn->link && link_say(conn->link, msg, true) < 0)
        conn_drop(c, conn, _("the link is stuck"), now);
}

void conn_ready(struct client *c, struct conn *conn, struct now now)
{
    bool side = conn == &c->side, again = c->was_online;
    bool switched = side || conn->follows;

    conn->phase = CONN_READY;
    conn->deadline = NEVER;
    if (side)
        conn_promote(c);
    c->old_pick = c->config.pick;
    c->slept = false;
    race_won(c, c->main.transport, now);
    c->was_online = true;
    c->online_us = now.mono_us;
    c->model->transport = c->main.transport;
    c->model->retry_at = 0;
    show_trouble(c, NULL);
    conn_show(c, LINK_ONLINE);
    if (switched)
        model_notice(c->model, NULL, now, _("now over %s"),
                     conn_label(c->main.transport));
    else if (again)
        model_notice(c->model, NULL, now, _("connected again over %s"),
                     conn_label(c->main.transport));
}

/* ---- the edge ---- */

void conn_want_side(struct client *c, enum transport transport, bool by_itself,
                    uint64_t at_us)
{
    c->side = (struct conn){ .phase = CONN_WANTED,
                             .transport = transport,
                             .want_us = at_us,
                             .by_itself = by_itself,
                             .deadline = NEVER };
}

/* The main connection is to be made: over what? */
static void begin_main(struct client *c, struct now now)
{
    c->main.phase = CONN_WANTED;
    c->main.want_us = 0;
    if (c->config.pick == PICK_AUTO)
        race_begin(c, now);
    else
        c->main.transport =
            c->config.pick == PICK_UDP ? TRANSPORT_UDP : TRANSPORT_TCP;
    c->model->transport = c->main.transport;
    c->model->path_why = PATH_FINE;
    conn_show(c, LINK_CONNECTING);
}

static bool is_wanted(const struct conn *conn, struct now now)
{
    return conn->phase == CONN_WANTED && now.mono_us >= conn->want_us;
}

bool client_want(struct client *c, enum transport *transport, struct now now)
{
    struct conn *conn;

    if (c->fatal || c->leaving)
        return false;
    if (c->main.phase == CONN_NONE && !c->paused &&
        now.mono_us >= c->model->retry_at)
        begin_main(c, now);
    conn = is_wanted(&c->main, now) ? &c->main : &c->side;
    if (!is_wanted(conn, now))
        return false;
    conn->phase = CONN_OPENING;
    conn->deadline = now.mono_us + OPEN_US;
    *transport = conn->transport;
    return true;
}

/* The connection that the edge is opening over a transport. */
static struct conn *opening(struct client *c, enum transport transport)
{
    if (c->main.phase == CONN_OPENING && c->main.transport == transport)
        return &c->main;
    return c->side.phase == CONN_OPENING && c->side.transport == transport
               ? &c->side
               : NULL;
}

void conn_greet(struct client *c, struct conn *conn, struct now now)
{
    conn->phase = CONN_GREETING;
    conn->deadline =
        now.mono_us +
        (conn->transport == TRANSPORT_UDP ? GREET_UDP_US : GREET_TCP_US);
    if (conn == &c->main) {
        c->model->transport = conn->transport;
        conn_show(c, LINK_GREETING);
    }
    greeting_say(c, conn, now);
}

/* Encryption, as far as there is any. */
static struct secure *make_secure(struct client *c, enum transport transport,
                                  struct now now)
{
    if (!c->config.secure)
        return NULL;
    return secure_new(c->config.secure, transport == TRANSPORT_UDP,
                      c->config.host, now);
}

struct link *client_opened(struct client *c, enum transport transport,
                           struct now now)
{
    struct conn *conn = opening(c, transport);
    struct link_config config = {
        .transport = transport,
        .secure = conn ? make_secure(c, transport, now) : NULL,
        .id = rng_next(&c->rng),
        .seed = rng_next(&c->rng),
        .body_max = BODY_MAX,
        .queue_max = QUEUE_MAX,
    };
    struct link *link;

    if (!conn)
        return NULL;
    conn->link = link_new(&config, now);
    conn->phase = CONN_SHAKING;
    conn->opened_us = now.mono_us;
    conn->deadline = now.mono_us +
                     (transport == TRANSPORT_UDP ? GREET_UDP_US : GREET_TCP_US);
    link_set_local(conn->link, c->local);
    link = conn->link;
    meeting_check(c, conn, now); /* clear text needs no handshake */
    return link;
}

/* A try came to nothing; when the first one must succeed this was the end. */
static void give_up(struct client *c, const struct conn *conn, int code,
                    const char *why)
{
    if (conn != &c->main || !c->config.once || c->was_online ||
        c->side.phase != CONN_NONE)
        return;
    if (*c->first_why)
        client_die(c, code, "%s; %s", c->first_why, why);
    else
        client_die(c, code, "%s", why);
}

void client_failed(struct client *c, enum transport transport, int code,
                   const char *why, struct now now)
{
    struct conn *conn = opening(c, transport);

    if (!conn)
        return;
    if (conn == &c->side && conn->by_itself)
        snprintf(c->first_why, sizeof c->first_why, "%s", why);
    give_up(c, conn, code, why);
    conn_drop(c, conn, why, now);
}

void client_lost(struct client *c, struct link *link, const char *why,
                 struct now now)
{
    struct conn *conn = conn_of(c, link);

    if (!conn)
        return;
    if (conn == &c->side && conn->by_itself)
        snprintf(c->first_why, sizeof c->first_why, "%s", why);
    give_up(c, conn, EX_UNAVAILABLE, why);
    conn_drop(c, conn, why, now);
}

struct link *client_dead(struct client *c)
{
    for (size_t i = 0; i < c->n_dead; i++) {
        if (c->dead[i].handed)
            continue;
        c->dead[i].handed = true;
        return c->dead[i].link;
    }
    return NULL;
}

void client_buried(struct client *c, struct link *link)
{
    for (size_t i = 0; i < c->n_dead; i++) {
        if (c->dead[i].link != link)
            continue;
        c->dead[i] = c->dead[--c->n_dead];
        link_free(link);
        return;
    }
}

/* ---- what the person says about connections ---- */

void client_pick(struct client *c, enum pick pick, struct now now)
{
    enum transport want = pick == PICK_UDP ? TRANSPORT_UDP : TRANSPORT_TCP;

    conn_drop_side(c, NULL, now);
    c->old_pick = c->config.pick;
    c->config.pick = pick;
    c->race.probe_us = pick == PICK_AUTO ? now.mono_us : NEVER;
    if (pick == PICK_AUTO || c->leaving || c->paused)
        return;
    if (c->main.phase == CONN_READY) {
        if (c->main.transport == want)
            return;
        conn_want_side(c, want, false, 0);
    } else if (c->main.phase == CONN_NONE || c->main.transport != want) {
        clear(c, &c->main);
        delivery_rewind(c);
        conn_try_at_once(c, now);
    }
}

enum pick client_picked(const struct client *c)
{
    return c->config.pick;
}

void client_reconnect(struct client *c, struct now now)
{
    if (c->leaving)
        return;
    c->paused = false;
    conn_drop_side(c, NULL, now);
    clear(c, &c->main);
    delivery_rewind(c);
    conn_try_at_once(c, now);
}

void conn_pause(struct client *c, const char *why, struct now now)
{
    c->paused = true;
    conn_drop_side(c, NULL, now);
    conn_drop_main(c, why, now);
}

static void say_bye(struct client *c, unsigned reason, struct str text,
                    struct now now)
{
    struct msg bye = { .kind = KIND_BYE };

    bye.bye.cause = reason;
    bye.bye.text = text_cut(text, c->model->limits.value[LIMIT_REASON_BYTES]);
    if (c->main.link)
        conn_say(c, &c->main, &bye, now);
}

void client_disconnect(struct client *c, struct now now)
{
    if (c->leaving)
        return;
    c->paused = true;
    conn_drop_side(c, NULL, now);
    say_bye(c, reason_QUIT, str_of(NULL), now);
    conn_drop_main(c, _("disconnected; /reconnect comes back"), now);
}

void client_bye(struct client *c, unsigned reason, struct str text,
                struct now now)
{
    if (c->leaving)
        return;
    conn_drop_side(c, NULL, now);
    c->leaving = true;
    say_bye(c, reason, text, now);
}
