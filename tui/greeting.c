/* SPDX-License-Identifier: MIT
 *
 * Who we are, where we were, what we missed: HELLO, AUTH and SYNC leave in one
 * flight, so that a connection costs one round trip.  What the server does not
 * like about it (a token that is no more, a name that is taken) is said again
 * with another one on the same connection.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "shared/mem.h"
#include "shared/text.h"
#include "tui/client_impl.h"
#include "tui/lang.h"
#include "tui/tail.h"

enum {
    NICK_TRIES = 20,       /* nick-2 .. nick-20 */
    RETRY_MAX_MS = 600000, /* what a server may ask for */
    REASON_BYTES = 390,    /* shown of why it ends */
    DUEL_US = 10000000,    /* kept our place for so long: no duel */
    DUEL_ROUNDS = 3,
};

/* ---- out ---- */

void greeting_hail(struct client *c, struct conn *conn, struct now now)
{
    struct msg msg = { .kind = KIND_HELLO };

    if (conn->hailed)
        return;
    conn->hailed = true;
    msg.hello.vmin = msg.hello.vmax = PROTOCOL_VERSION;
    msg.hello.device = outbox_device(c->outbox);
    msg.hello.client = str_of("chat-tui " VERSION);
    msg.hello.lang = str_of(c->config.lang);
    conn_say(c, conn, &msg, now);
}

static void say_auth(struct client *c, struct conn *conn, struct now now)
{
    const struct entry *first = outbox_at(c->outbox, 0);
    struct msg msg = { .kind = KIND_AUTH, .request = client_request(c) };

    conn->auth = msg.request;
    msg.auth.nick = str_of(c->nick);
    msg.auth.token = str_bytes(c->token, c->token_len);
    if (c->config.secret && *c->config.secret) {
        msg.auth.method = str_of("password");
        msg.auth.secret = str_of(c->config.secret);
    }
    msg.auth.code = str_of(c->code);
    msg.auth.label = str_of(c->config.label);
    msg.auth.cseq = first ? first->cseq : outbox_next(c->outbox);
    if (c->heard_ms && conn == &c->main) {
        msg.auth.away_ms =
            now.wall_ms > c->heard_ms ? now.wall_ms - c->heard_ms : 0;
        msg.auth.cause = c->slept ? reason_ASLEEP : reason_LINK;
    }
    conn_say(c, conn, &msg, now);
}

/* Append a cursor to the packed ones. */
static void add_cursor(struct str *packed, uint64_t room, uint64_t seq)
{
    struct rec_cursor rec = { room, seq };
    uint8_t *end = (uint8_t *)(uintptr_t)packed->ptr + packed->len;

    packed->len += rec_pack(RECORD_cursor, &rec, end);
}

static void say_sync(struct client *c, struct conn *conn, struct now now)
{
    struct model *m = c->model;
    uint8_t *room_for = mem_new(m->n_rooms + 1, rec_size(RECORD_cursor));
    struct msg msg = { .kind = KIND_SYNC, .request = client_request(c) };
    struct str packed = str_bytes(room_for, 0);
    uint64_t room, seq;

    for (size_t i = 0; i < m->n_rooms && !c->config.silent; i++)
        if (m->rooms[i]->id && m->rooms[i]->history.last)
            add_cursor(&packed, m->rooms[i]->id, m->rooms[i]->history.last);
    if (c->config.follow && tail_cursor(c->config.follow, &room, &seq) && seq)
        add_cursor(&packed, room, seq);
    conn->sync = msg.request;
    msg.sync.cursors = packed;
    msg.sync.epoch = m->epoch;
    msg.sync.tail = c->config.tail;
    conn_say(c, conn, &msg, now);
    free(room_for);
}

static void say_who(struct client *c, struct conn *conn, struct now now)
{
    say_auth(c, conn, now);
    if (conn->link)
        say_sync(c, conn, now);
}

void greeting_say(struct client *c, struct conn *conn, struct now now)
{
    greeting_hail(c, conn, now);
    if (conn->link)
        say_who(c, conn, now);
}

/* ---- the terms ---- */

/* A full bucket of this size. */
static struct pace pace(uint64_t burst, uint64_t per_s)
{
    return (struct pace){ .rate = { burst, per_s } };
}

static void set_pace(struct client *c)
{
    const uint64_t *limit = c->model->limits.value;
    uint64_t burst = limit[LIMIT_SEND_BURST];

    /* One less than is allowed: bunching on the way is not our doing. */
    c->commands = pace(burst > 2 ? burst - 1 : burst, limit[LIMIT_SEND_RATE]);
    c->bytes = pace(limit[LIMIT_INPUT_BURST] / 4 * 3, limit[LIMIT_INPUT_RATE]);
    c->queries =
        pace((limit[LIMIT_QUERY_BURST] + 1) / 2, limit[LIMIT_QUERY_RATE]);
}

void greeting_welcome(struct client *c, struct conn *conn,
                      const struct msg_welcome *welcome, struct now now)
{
    struct model *m = c->model;

    if (conn->phase != CONN_GREETING)
        return;
    if (welcome->version != PROTOCOL_VERSION || welcome->epoch == 0) {
        client_die(c, EX_PROTOCOL,
                   _("the server speaks another version of the protocol"));
        conn_drop(c, conn, c->why, now);
        return;
    }
    limits_init(&m->limits);
    limits_unpack(&m->limits, welcome->limits);
    set_pace(c);
    m->clock_skew_ms = (int64_t)(welcome->time - now.wall_ms);
    if (m->epoch && m->epoch != welcome->epoch) {
        model_epoch(m, welcome->epoch, now);
        if (c->config.follow)
            tail_epoch(c->config.follow);
    }
    m->epoch = welcome->epoch;
    link_beat(conn->link, (uint32_t)m->limits.value[LIMIT_HEARTBEAT], now);
}

/* ---- the name ---- */

void greeting_auth_ok(struct client *c, struct conn *conn,
                      const struct msg_auth_ok *ok)
{
    struct model *m = c->model;

    if (conn->phase != CONN_GREETING)
        return;
    conn->authed = true;
    conn->resumed = ok->resumed;
    c->bound = ok->bound;
    *c->code = '\0';
    enrol_done(c);
    if (ok->token.len && ok->token.len <= sizeof c->token) {
        memcpy(c->token, ok->token.ptr, ok->token.len);
        c->token_len = ok->token.len;
    }
    outbox_advance(c->outbox, ok->last_cseq + 1);
    m->account = ok->account;
    if (ok->nick.len) {
        free(m->nick);
        m->nick = mem_str(ok->nick);
        snprintf(c->nick, sizeof c->nick, "%.*s", STR_ARG(ok->nick));
    }
    m->dirty = true;
}

/* The wanted name with a number behind it, within the limit. */
static void next_name(struct client *c)
{
    char number[8];
    uint64_t max = c->model->limits.value[LIMIT_NICK_BYTES];
    int digits;
    struct str base;

    c->nick_try = c->nick_try ? c->nick_try + 1 : 2;
    digits = snprintf(number, sizeof number, "-%u", c->nick_try);
    base = text_cut(str_of(c->config.nick), max - (uint64_t)digits);
    snprintf(c->nick, sizeof c->nick, "%.*s%s", STR_ARG(base), number);
}

/* The name is somebody's for good, who may be the person here. */
static bool is_bound(const struct msg_error *error)
{
    return error->text.len && !str_is(error->text, err_text(ERROR_NAME_TAKEN));
}

static void say_other_name(const struct client *c, bool bound, struct now now)
{
    const char *wanted = c->config.nick, *got = c->nick;

    if (bound)
        model_notice(c->model, NULL, now,
                     _("The name %s belongs to another key: you are %s.  If "
                       "it is yours, type /devices add where you have it, and "
                       "/devices code CODE here."),
                     wanted, got);
    else if (c->config.nick_given)
        model_notice(c->model, NULL, now,
                     _("The name %s is taken: you are %s.  /nick chooses "
                       "another one."),
                     wanted, got);
    else
        model_notice(c->model, NULL, now, _("%s is taken, you are %s"), wanted,
                     got);
}

static void on_name_taken(struct client *c, struct conn *conn, bool bound,
                          struct now now)
{
    if (c->config.nick_strict || c->nick_try >= NICK_TRIES) {
        client_die(c, EX_NOPERM,
                   bound ? _("the name %s belongs to another key; --code "
                             "takes a code of /devices add, -n another name")
                         : _("somebody is called %s already; choose another "
                             "name with -n"),
                   c->nick);
        conn_drop(c, conn, c->why, now);
        return;
    }
    next_name(c);
    say_other_name(c, bound, now);
    say_who(c, conn, now);
}

void greeting_error(struct client *c, struct conn *conn,
                    const struct msg_error *error, struct now now)
{
    const char *why = lang_text(err_text((unsigned)error->code));

    if (conn->phase != CONN_GREETING)
        return;
    if (error->code == ERROR_RESUME_INVALID && c->token_len) {
        c->token_len = 0;
        say_who(c, conn, now);
    } else if (error->code == ERROR_NAME_TAKEN) {
        on_name_taken(c, conn, is_bound(error), now);
    } else if (enrol_refused(c, error, now)) {
        say_who(c, conn, now);
    } else if (error->code == ERROR_NAME_INVALID) {
        client_die(c, EX_USAGE, _("%s: not a usable name; choose one with -n"),
                   c->nick);
        conn_drop(c, conn, c->why, now);
    } else if (error->code == ERROR_VERSION) {
        client_die(c, EX_PROTOCOL, _("the server says: %s"), why);
        conn_drop(c, conn, c->why, now);
    } else if (c->fatal) {
        conn_drop(c, conn, c->why, now);
    } else if (err_is_retry((unsigned)error->code)) {
        conn_drop(c, conn, why, now);
        if (c->main.phase == CONN_NONE && !c->leaving)
            conn_back_off(c, error->retry_ms, now);
    } else if (conn == &c->main && !c->was_online) {
        client_die(c, EX_NOPERM, _("the server says: %s"), why);
        conn_drop(c, conn, c->why, now);
    } else {
        conn_drop(c, conn, why, now);
    }
}

/* ---- what we missed ---- */

static bool was_told(const struct conn *conn, uint64_t room)
{
    for (size_t i = 0; i < conn->n_told; i++)
        if (conn->told[i] == room)
            return true;
    return false;
}

/* Rooms that the server did not tell of: we are in them no more. */
static void forget_rooms(struct client *c, const struct conn *conn)
{
    for (size_t i = 0; i < c->model->n_rooms; i++) {
        struct room *room = c->model->rooms[i];

        if (room->id && !was_told(conn, room->id))
            model_room_left(room);
    }
}

/* The room to begin with, for who is in none. */
static void go_home(struct client *c, struct now now)
{
    for (size_t i = 0; i < c->model->n_rooms; i++)
        if (c->model->rooms[i]->joined || c->model->rooms[i]->wanted)
            return;
    if (c->config.home)
        client_join(c, str_of(c->config.home), now);
}

/* Over datagrams a room may be told of after SYNC_DONE: wait for all. */
static void finish(struct client *c, struct conn *conn, struct now now)
{
    bool first = !c->was_online;

    if (conn->phase != CONN_GREETING || !conn->done || !conn->authed ||
        conn->n_told < conn->rooms)
        return;
    forget_rooms(c, conn);
    conn_ready(c, conn, now);
    enter_again(c);
    request_away(c, now);
    request_nick(c, now);
    request_reads(c, now);
    if (first)
        go_home(c, now);
}

void greeting_sync_room(struct client *c, struct conn *conn,
                        const struct msg *msg, struct now now)
{
    struct room *room = model_room(c->model, msg->sync_room.room);
    void *grown = conn->told;

    if (room)
        room->wanted = !request_is_queued(c, room, ENTRY_PART);
    enter_settle(c);
    if (conn->phase != CONN_GREETING || was_told(conn, msg->sync_room.room) ||
        conn->n_told >= ROOMS_MAX)
        return;
    mem_grow(&grown, &conn->cap_told, conn->n_told + 1, sizeof *conn->told);
    conn->told = grown;
    conn->told[conn->n_told++] = msg->sync_room.room;
    finish(c, conn, now);
}

void greeting_sync_done(struct client *c, struct conn *conn,
                        const struct msg_sync_done *done, struct now now)
{
    if (conn->phase != CONN_GREETING)
        return;
    conn->done = true;
    conn->rooms = time_min(done->rooms, ROOMS_MAX);
    finish(c, conn, now);
}

/* ---- goodbye ---- */

/*
 * Our place was taken: by an earlier try of ours that was late on its way, or
 * by a copy of us with the same files.  The two would take it from each other
 * for ever, so after a few times this one lets go.
 */
static bool is_duel(struct client *c, struct now now)
{
    if (now.mono_us - c->online_us > DUEL_US)
        c->replaced = 0;
    return ++c->replaced >= DUEL_ROUNDS;
}

/* Thrown out: it is for the person to say that we go back, if we may. */
static void kicked(struct client *c, const struct msg_bye *bye, struct now now)
{
    const char *what = lang_text(err_text((unsigned)bye->code));
    struct str reason = text_cut(bye->text, REASON_BYTES);
    char why[2 * REASON_BYTES];

    snprintf(why, sizeof why, "%s", what);
    if (reason.len && !str_is(reason, err_text((unsigned)bye->code)))
        snprintf(why, sizeof why, "%s (%.*s)", what, STR_ARG(reason));
    conn_pause(c, what, now);
    if (c->config.once)
        client_die(c, EX_NOPERM, "%s", why);
    else if (bye->code == ERROR_BANNED)
        model_notice(c->model, NULL, now, "%s", why);
    else
        model_notice(c->model, NULL, now, _("%s; /reconnect goes back"), why);
}

void greeting_bye(struct client *c, struct conn *conn,
                  const struct msg_bye *bye, struct now now)
{
    const char *text = bye->code ? lang_text(err_text((unsigned)bye->code))
                                 : _("the server said goodbye");
    bool replaced = bye->code == ERROR_REPLACED && conn == &c->main &&
                    c->side.phase == CONN_NONE && is_duel(c, now);

    if (bye->code == ERROR_KICKED || bye->code == ERROR_BANNED ||
        bye->code == ERROR_ACCOUNT_DISABLED) {
        kicked(c, bye, now);
        return;
    }
    if (replaced)
        c->paused = true;
    if (bye->code == ERROR_VERSION)
        client_die(c, EX_PROTOCOL, _("the server says: %s"), text);
    if (conn == &c->main && conn->phase == CONN_GREETING && c->config.once &&
        !c->was_online)
        client_die(c, EX_UNAVAILABLE, _("the server says: %s"), text);
    conn_drop(c, conn, text, now);
    if (replaced)
        model_notice(c->model, NULL, now,
                     _("this session went on elsewhere; /reconnect takes it "
                       "back"));
    else if (c->main.phase == CONN_NONE && !c->leaving && !c->fatal &&
             bye->retry_ms)
        conn_back_off(c, time_min(bye->retry_ms, RETRY_MAX_MS), now);
}
