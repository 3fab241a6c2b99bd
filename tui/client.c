/* SPDX-License-Identifier: MIT
 *
 * The client as a whole: birth and death, the way of each message to its
 * handler, time.
 */
#include "tui/client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "shared/mem.h"
#include "tui/client_impl.h"
#include "tui/lang.h"
#include "tui/tail.h"

enum {
    ASLEEP_MS = 20000,    /* wall clock ahead of ours by this: suspended */
    RTT_NOISE_US = 10000, /* an idle session must not paint for less */
};

/* ---- birth and death ---- */

struct client *client_new(const struct client_config *config,
                          struct model *model, struct outbox *outbox)
{
    struct client *c = mem_new(1, sizeof *c);

    c->config = *config;
    c->model = model;
    c->outbox = outbox;
    c->rng.state = config->seed;
    c->old_pick = config->pick;
    c->main.deadline = c->side.deadline = c->race.probe_us = NEVER;
    c->pump_us = NEVER;
    c->scratch = mem_new(1, sizeof *c->scratch);
    snprintf(c->nick, sizeof c->nick, "%s", config->nick);
    if (config->token.len <= sizeof c->token && config->token.len) {
        memcpy(c->token, config->token.ptr, config->token.len);
        c->token_len = config->token.len;
    }
    c->config.nick = mem_str(str_of(c->nick));
    if (config->code)
        snprintf(c->code, sizeof c->code, "%s", config->code);
    c->config.token = str_of(NULL);
    model->device = outbox_device(outbox);
    model->queued = outbox_len(outbox);
    free(model->nick);
    model->nick = mem_str(str_of(c->nick));
    return c;
}

void client_free(struct client *c)
{
    if (!c)
        return;
    link_free(c->main.link);
    link_free(c->side.link);
    for (size_t i = 0; i < c->n_dead; i++)
        link_free(c->dead[i].link);
    free(c->dead);
    free(c->main.told);
    free(c->side.told);
    enter_forget(c);
    free(c->rejoins);
    free(c->away);
    free((void *)(uintptr_t)c->config.nick);
    free(c->scratch);
    free(c);
}

uint32_t client_request(struct client *c)
{
    c->request = c->request % (FLIGHT_BIT - 1) + 1;
    return c->request;
}

void client_die(struct client *c, int code, const char *format, ...)
{
    va_list args;

    if (c->fatal)
        return;
    c->fatal = code;
    va_start(args, format);
    vsnprintf(c->why, sizeof c->why, format, args);
    va_end(args);
}

/* ---- messages ---- */

/* What the model, or the follower, takes in. */
static void apply(struct client *c, const struct msg *msg, struct now now)
{
    bool event = msg->kind == KIND_EVENT || msg->kind == KIND_MEMBER ||
                 msg->kind == KIND_PRESENCE || msg->kind == KIND_HIST_PAGE;

    if (c->config.follow)
        tail_apply(c->config.follow, msg);
    if (!c->config.silent || !event)
        model_apply(c->model, msg, now);
}

static void on_error(struct client *c, struct conn *conn, const struct msg *msg,
                     struct now now)
{
    bool greeting = msg->request == conn->auth || msg->request == conn->sync;

    if (msg->request && greeting)
        greeting_error(c, conn, &msg->error, now);
    else if (conn->phase == CONN_GREETING)
        return; /* about an earlier try of this greeting */
    else if (msg->error.cseq || msg->request & FLIGHT_BIT)
        delivery_error(c, msg, now);
    else
        request_answered(c, msg, now);
}

static void handle(struct client *c, struct conn *conn, const struct msg *msg,
                   struct now now)
{
    switch ((unsigned)msg->kind) {
    case KIND_WELCOME: greeting_welcome(c, conn, &msg->welcome, now); break;
    case KIND_AUTH_OK: greeting_auth_ok(c, conn, &msg->auth_ok); break;
    case KIND_SYNC_ROOM:
        apply(c, msg, now);
        greeting_sync_room(c, conn, msg, now);
        break;
    case KIND_SYNC_DONE:
        greeting_sync_done(c, conn, &msg->sync_done, now);
        break;
    case KIND_BYE: greeting_bye(c, conn, &msg->bye, now); break;
    case KIND_SEND_ACK:
        if (!enter_answered(c, msg, now))
            delivery_ack(c, &msg->send_ack, now);
        break;
    case KIND_DEVICE: enrol_device(c, &msg->device, now); break;
    case KIND_CODE: enrol_code(c, &msg->code, now); break;
    case KIND_SANCTIONED: order_sanctioned(c, &msg->sanctioned, now); break;
    case KIND_VERSION: order_version(c, &msg->version, now); break;
    case KIND_INVITED: order_invited(c, &msg->invited, now); break;
    case KIND_OK: request_answered(c, msg, now); break;
    case KIND_ERROR: on_error(c, conn, msg, now); break;
    case KIND_HIST_PAGE:
        apply(c, msg, now);
        request_answered(c, msg, now);
        break;
    default: apply(c, msg, now); break;
    }
}

/* Why encryption came to nothing, for people. */
static const char *broken(struct client *c, const struct conn *conn)
{
    if (link_peer_is_clear(conn->link))
        return _("the server does not encrypt; --tls off accepts that");
    if (conn->phase != CONN_SHAKING)
        return _("the server closed the connection");
    snprintf(c->broken, sizeof c->broken,
             _("no encrypted connection over %s: %s"),
             conn_label(conn->transport), link_error(conn->link));
    return c->broken;
}

/* Returns 1, or a negative error code. */
static int take_frame(struct client *c, struct conn *conn, struct str frame,
                      struct now now)
{
    struct msg msg;
    int err = wire_decode(&msg, frame, c->scratch);

    if (err == 0)
        handle(c, conn, &msg, now);
    return err == 0 || err == -ERROR_UNSUPPORTED ? 1 : err;
}

bool client_feed(struct client *c, struct link *link, struct str bytes,
                 struct now now)
{
    struct conn *conn = conn_of(c, link);
    struct str frame;
    int got = conn ? link_feed(link, bytes, now) : -ERROR_BAD_STATE;

    if (got == 0)
        c->heard_ms = now.wall_ms;
    while (got >= 0 && (got = link_next(link, &frame, now)) > 0) {
        meeting_check(c, conn, now); /* first of all: who says it? */
        conn = conn_of(c, link);     /* it may have ended, or become main */
        if (conn && conn->phase >= CONN_GREETING)
            got = take_frame(c, conn, frame, now);
        conn = conn_of(c, link);
        if (!conn)
            return false;
    }
    if (conn && got == 0)
        meeting_check(c, conn, now);
    conn = conn_of(c, link);
    if (conn && (link_is_over(link) || got == -ERROR_SECURITY))
        client_lost(c, link, broken(c, conn), now);
    else if (conn && got == 0 && link_closed(link))
        client_lost(c, link, _("the server closed the connection"), now);
    else if (conn && got < 0)
        client_lost(c, link, _("the server sent something unreadable"), now);
    return conn_of(c, link) != NULL;
}

/* ---- time ---- */

/* How long the server may be silent, microseconds. */
static uint64_t limit_us(const struct client *c, enum limit limit)
{
    return c->model->limits.value[limit] * 1000;
}

/* The machine was suspended: the server has given us up, so begin anew. */
static void check_sleep(struct client *c, struct now now)
{
    uint64_t wall = now.wall_ms - c->last.wall_ms;
    uint64_t mono = (now.mono_us - c->last.mono_us) / 1000;
    bool jumped = c->last.wall_ms && now.wall_ms > c->last.wall_ms &&
                  wall > mono + ASLEEP_MS;

    c->last = now;
    if (!jumped)
        return;
    c->slept = true;
    if (c->main.phase == CONN_READY && !race_wake(c, now)) {
        conn_drop_side(c, NULL, now);
        conn_drop_main(c, _("the machine was asleep"), now);
    }
    if (c->main.phase == CONN_NONE && !c->paused && !c->leaving)
        conn_try_at_once(c, now);
}

/* Silence: suspicious first, then over. */
static void check_silence(struct client *c, struct now now)
{
    struct link_peer peer;
    uint64_t silent;

    if (c->main.phase != CONN_READY)
        return;
    peer = link_peer(c->main.link);
    silent = now.mono_us - peer.heard_us;
    if (silent >= limit_us(c, LIMIT_GONE)) {
        conn_drop_main(c, _("nothing heard from the server"), now);
        if (c->main.phase == CONN_NONE && !c->leaving)
            conn_try_at_once(c, now);
        return;
    }
    conn_show(c,
              silent >= limit_us(c, LIMIT_LATE) ? LINK_SUSPECT : LINK_ONLINE);
    race_silence(c, silent, now);
}

/* Figures for the status row; small changes are not worth a paint. */
static void note_path(struct client *c)
{
    struct link_peer peer = link_peer(c->main.link);
    uint32_t old = c->model->rtt_us;
    uint32_t change = peer.rtt_us > old ? peer.rtt_us - old : old - peer.rtt_us;

    bool far = change > old / 4 + RTT_NOISE_US || !old != !peer.rtt_us;

    if (far || peer.loss / 10 != c->model->loss / 10) {
        c->model->rtt_us = peer.rtt_us;
        c->model->loss = peer.loss;
        c->model->dirty = true;
    }
}

static void check_greeting(struct client *c, struct conn *conn, struct now now)
{
    const char *where =
        conn->transport == TRANSPORT_UDP ? c->config.datagram : NULL;
    char why[512], what[128];

    if (conn->phase == CONN_NONE || conn->phase == CONN_PROVED ||
        now.mono_us < conn->deadline)
        return;
    snprintf(what, sizeof what, _("no answer over %s"),
             conn_label(conn->transport));
    snprintf(why, sizeof why, "%s%s%s", where ? where : "", where ? ": " : "",
             what);
    if (conn->link)
        client_lost(c, conn->link, why, now);
    else
        conn_drop(c, conn, why, now);
}

/* What was typed must be on disk before it is sent. */
static void sync_disk(struct client *c, struct now now)
{
    if (outbox_sync(c->outbox) == 0) {
        c->disk_trouble = false;
        return;
    }
    const char *why = strerror(errno);
    if (c->config.once)
        client_die(c, EX_IOERR, _("lines cannot be kept on disk: %s"), why);
    else if (!c->disk_trouble)
        model_notice(c->model, NULL, now,
                     _("lines cannot be kept on disk, and wait until they "
                       "can: %s"),
                     why);
    c->disk_trouble = true;
}

void client_tick(struct client *c, struct now now)
{
    sync_disk(c, now);
    check_sleep(c, now);
    check_greeting(c, &c->main, now);
    check_greeting(c, &c->side, now);
    check_silence(c, now);
    race_tick(c, now);
    delivery_pump(c, now);
    request_tail(c, now);
    if (c->main.link) {
        link_tick(c->main.link, now);
        note_path(c);
    }
    if (c->side.link)
        link_tick(c->side.link, now);
    model_tick(c->model, now);
}

static uint64_t conn_deadline(const struct conn *conn)
{
    uint64_t at = conn->phase == CONN_NONE ? NEVER : conn->deadline;

    if (conn->phase == CONN_WANTED)
        return conn->want_us;
    return conn->link ? time_min(at, link_deadline(conn->link)) : at;
}

uint64_t client_deadline(const struct client *c)
{
    uint64_t at = time_min(conn_deadline(&c->main), conn_deadline(&c->side));

    at = time_min(at, time_min(model_deadline(c->model), race_deadline(c)));
    if (c->main.phase == CONN_NONE && !c->paused && !c->leaving && !c->fatal)
        at = time_min(at, c->model->retry_at);
    if (c->main.phase == CONN_READY) {
        uint64_t heard = link_peer(c->main.link).heard_us;

        at =
            time_min(at, time_min(c->pump_us, c->tail_us ? c->tail_us : NEVER));
        at = time_min(at, heard + limit_us(c, c->model->link == LINK_SUSPECT
                                                  ? LIMIT_GONE
                                                  : LIMIT_LATE));
    }
    return at;
}

void client_local(struct client *c, struct link_local local)
{
    c->local = local;
    if (c->main.link)
        link_set_local(c->main.link, local);
    if (c->side.link)
        link_set_local(c->side.link, local);
}

bool client_fatal(const struct client *c, int *code, const char **why)
{
    if (!c->fatal)
        return false;
    *code = c->fatal;
    *why = c->why;
    return true;
}

struct link *client_link(struct client *c)
{
    return c->main.link;
}

struct link *client_side_link(struct client *c)
{
    return c->side.link;
}

struct str client_token(const struct client *c)
{
    if (c->nick_try)
        return str_of(NULL);
    return str_bytes(c->token, c->token_len);
}

bool client_is_bound(const struct client *c)
{
    return c->bound;
}
