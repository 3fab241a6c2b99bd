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

/* The side connection takes the place of the main one. */
static void promote(struct client *c)
{
    clear(c, &c->main);
    c->main = c->side;
    c->side = (struct conn){ .deadline = NEVER };
    c->model->transport = c->main.transport;
    delivery_rewind(c);
}

/* The switch came to nothing; all stays as it was. */
void conn_drop_side(struct client *c, const char *why, struct now now)
{
    enum transport wanted = c->side.transport;

    if (c->side.phase == CONN_NONE)
        return;
    clear(c, &c->side);
    c->config.pick = c->old_pick;
    if (why)
        model_notice(c->model, NULL, now,
                     _("no switch to %s, staying on %s: %s"),
                     conn_label(wanted), conn_label(c->main.transport), why);
}

/* Whether the other transport should be tried before any waiting. */
static bool flip(struct client *c)
{
    if (c->config.pick != PICK_AUTO)
        return false;
    c->next = c->next == TRANSPORT_TCP ? TRANSPORT_UDP : TRANSPORT_TCP;
    c->flipped = !c->flipped;
    return c->flipped;
}

void conn_drop_main(struct client *c, const char *why, struct now now)
{
    bool was_up = c->main.phase == CONN_READY;

    if (c->side.phase != CONN_NONE) { /* the switch was under way: go on */
        promote(c);
        conn_show(c, c->main.phase == CONN_GREETING ? LINK_GREETING
                                                    : LINK_CONNECTING);
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
        conn_back_off(c, 0, now);
    } else if (flip(c)) {
        c->model->retry_at = now.mono_us;
        conn_show(c, LINK_OFFLINE);
    } else {
        conn_back_off(c, 0, now);
    }
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
    bool switched = conn == &c->side, again = c->was_online;

    conn->phase = CONN_READY;
    conn->deadline = NEVER;
    if (switched)
        promote(c);
    c->next = c->main.transport;
    c->old_pick = c->config.pick;
    c->flipped = c->slept = false;
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

/* What to try now. */
static enum transport choose(const struct client *c)
{
    if (c->config.pick == PICK_AUTO)
        return c->next;
    return c->config.pick == PICK_UDP ? TRANSPORT_UDP : TRANSPORT_TCP;
}

bool client_want(struct client *c, enum transport *transport, struct now now)
{
    struct conn *conn = NULL;

    if (c->fatal || c->leaving)
        return false;
    if (c->main.phase == CONN_NONE && !c->paused &&
        now.mono_us >= c->model->retry_at) {
        conn = &c->main;
        conn->transport = choose(c);
        c->model->transport = conn->transport;
        conn_show(c, LINK_CONNECTING);
    } else if (c->side.phase == CONN_WANTED) {
        conn = &c->side;
    }
    if (!conn)
        return false;
    conn->phase = CONN_OPENING;
    conn->deadline = now.mono_us + OPEN_US;
    *transport = conn->transport;
    return true;
}

/* The connection that the edge is opening. */
static struct conn *opening(struct client *c)
{
    if (c->main.phase == CONN_OPENING)
        return &c->main;
    return c->side.phase == CONN_OPENING ? &c->side : NULL;
}

struct link *client_opened(struct client *c, enum transport transport,
                           struct now now)
{
    struct conn *conn = opening(c);
    struct link_config config = {
        .transport = transport,
        .id = rng_next(&c->rng),
        .seed = rng_next(&c->rng),
        .body_max = BODY_MAX,
        .queue_max = QUEUE_MAX,
    };

    if (!conn || conn->transport != transport)
        return NULL;
    conn->link = link_new(&config, now);
    conn->phase = CONN_GREETING;
    conn->deadline = now.mono_us +
                     (transport == TRANSPORT_UDP ? GREET_UDP_US : GREET_TCP_US);
    link_set_local(conn->link, c->local);
    if (conn == &c->main)
        conn_show(c, LINK_GREETING);
    greeting_say(c, conn, now);
    return conn->link;
}

/* A try came to nothing; when the first one must succeed this was the end. */
static void give_up(struct client *c, const struct conn *conn, int code,
                    const char *why)
{
    bool last = c->config.pick != PICK_AUTO || c->flipped;

    if (conn != &c->main || !c->config.once || c->was_online || !last)
        return;
    if (c->flipped && c->model->trouble)
        client_die(c, code, "%s; %s", c->model->trouble, why);
    else
        client_die(c, code, "%s", why);
}

void client_failed(struct client *c, int code, const char *why, struct now now)
{
    struct conn *conn = opening(c);

    if (!conn)
        return;
    give_up(c, conn, code, why);
    conn_drop(c, conn, why, now);
}

void client_lost(struct client *c, struct link *link, const char *why,
                 struct now now)
{
    struct conn *conn = conn_of(c, link);

    if (!conn)
        return;
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
    if (pick == PICK_AUTO || c->leaving || c->paused)
        return;
    if (c->main.phase == CONN_READY) {
        if (c->main.transport == want)
            return;
        c->side = (struct conn){ .phase = CONN_WANTED,
                                 .transport = want,
                                 .deadline = NEVER };
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
    c->flipped = false;
    conn_try_at_once(c, now);
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
