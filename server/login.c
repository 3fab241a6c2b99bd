/* SPDX-License-Identifier: MIT
 *
 * HELLO, AUTH, BYE; see login.h.
 */
#include "server/login.h"

#include "server/call.h"
#include "server/presence.h"
#include "server/prove.h"
#include "server/secret.h"
#include "server/store.h"
#include "server/world.h"
#include "shared/frame.h"

/* A closing session may drain its output for this long. */
static const uint64_t DRAIN_US = 3000000;

/* ---- HELLO ---- */

/* What its client has proved in the handshake. */
static void know_key(struct session *s)
{
    struct secure_peer peer;

    if (!link_peer_secure(s->link, &peer))
        return;
    s->has_key = peer.has_key;
    s->key = peer.key;
}

enum err on_hello(struct call *c)
{
    const struct msg_hello *hello = &c->msg->hello;
    struct msg msg = { .kind = KIND_WELCOME, .request = c->msg->request };
    uint8_t limits[LIMITS_PACKED];

    if (hello->vmin > PROTOCOL_VERSION || hello->vmax < PROTOCOL_VERSION)
        return ERROR_VERSION;
    c->subject = str_of("device");
    if (hello->device == 0)
        return ERROR_BAD_FIELD;
    c->s->device_id = hello->device;
    know_key(c->s);
    msg.welcome.version = PROTOCOL_VERSION;
    msg.welcome.epoch = c->w->epoch;
    msg.welcome.time = c->now.wall_ms;
    msg.welcome.server = str_of(c->w->config.name);
    msg.welcome.limits =
        str_bytes(limits, limits_pack(&c->w->env.limits, limits));
    msg.welcome.methods = str_of("password guest");
    session_enter(c->s, SESSION_GREETED);
    session_say(c->s, &msg, true);
    LOG(&c->w->env.log, SESSION_HELLO, log_num("session", c->s->id),
        log_str("client", hello->client));
    return ERR_NONE;
}

/* ---- AUTH ---- */

/* Room has been made for another program. */
static void retire(struct call *c, const struct account *account,
                   uint64_t device)
{
    struct store_op op = { .effect = EFFECT_RETIRE,
                           .account = account->id,
                           .device = device };

    world_put(c->w, &op);
}

static void make_place(struct world *w, const struct account *account)
{
    const struct device *spare = account_spare_device(account);

    if (spare)
        world_forget_device(w, spare);
}

/*
 * The row of this client's program, at what is stored of it.  Who has had
 * answers to later commands than that had them before an older state of the
 * store was put back: its counter goes on where the client is.
 */
static struct device *find_device(struct call *c, struct account *account)
{
    uint64_t answered = c->msg->auth.cseq ? c->msg->auth.cseq - 1 : 0, evicted;
    struct device *device = account_device(account, c->s->device_id);
    const struct store_device *stored;

    if (!device) {
        make_place(c->w, account);
        stored = store_device(c->w->store, account->id, c->s->device_id);
        device =
            account_add_device(account, c->s->device_id,
                               stored ? stored->last_cseq : answered, &evicted);
        if (device && evicted)
            retire(c, account, evicted);
    }
    if (device && device->taken == device->stored && answered > device->stored)
        device->taken = device->stored = answered;
    return device;
}

/* The same program over an older link: that one is done with. */
static void replace(struct call *c, struct session *old)
{
    struct msg bye = { .kind = KIND_BYE };

    bye.bye.code = ERROR_REPLACED;
    bye.bye.text = str_of(err_text(ERROR_REPLACED));
    session_say(old, &bye, false);
    account_detach(old->account, old);
    login_drain(c->w, old, reason_NONE, c->now);
}

/* What it comes back with: a guest has one token for all its programs. */
static struct str token_for(struct call *c, uint8_t room_for[TOKEN_LEN])
{
    struct account *account = c->s->account;
    struct str shown = c->msg->auth.token;

    if (!account_is_bound(account))
        return str_bytes(account->token, sizeof account->token);
    if (world_device_of(c->w, shown) != c->s->device)
        shown = str_of(NULL);
    world_give_token(c->w, c->s->device, shown, room_for);
    return str_bytes(room_for, TOKEN_LEN);
}

static void say_auth_ok(struct call *c, bool resumed)
{
    const struct account *account = c->s->account;
    struct msg msg = { .kind = KIND_AUTH_OK, .request = c->msg->request };
    uint8_t token[TOKEN_LEN];

    msg.auth_ok.account = account->id;
    msg.auth_ok.nick = account_nick(account);
    msg.auth_ok.token = token_for(c, token);
    msg.auth_ok.last_cseq = c->s->device->stored;
    msg.auth_ok.session = c->s->id;
    msg.auth_ok.resumed = resumed;
    msg.auth_ok.bound = account_is_bound(account);
    msg.auth_ok.ttl_s = limit(&c->w->env, LIMIT_ACCOUNT_KEEP);
    session_say(c->s, &msg, true);
    c->w->env.metrics.resumes += resumed;
    LOG(&c->w->env.log, SESSION_AUTH, log_num("session", c->s->id),
        log_num("account", account->id), log_str("nick", account_nick(account)),
        log_num("device", c->s->device_id), log_num("resumed", resumed));
}

enum err on_auth(struct call *c)
{
    const struct msg_auth *auth = &c->msg->auth;
    struct account *account;
    struct device *device;
    bool resumed, was_gone;
    enum err error;

    if (auth->method.len && !str_is(auth->method, "guest") &&
        !str_is(auth->method, "password"))
        return ERROR_AUTH_FAILED;
    error = prove(c, &account, &resumed);
    secret_end(c);
    if (error)
        return error;
    device = find_device(c, account);
    if (!device ||
        (!device->session &&
         account->n_sessions >= limit(&c->w->env, LIMIT_PER_ACCOUNT)))
        return ERROR_LIMIT;
    was_gone = account->n_sessions == 0;
    if (device->session)
        replace(c, device->session);
    device->used = c->s->id; /* ids grow with time */
    c->s->device = device;
    account_attach(account, c->s);
    session_enter(c->s, SESSION_READY);
    prove_settle(c, account);
    say_auth_ok(c, resumed);
    if (was_gone)
        presence_back(c->w, account, (unsigned)time_min(auth->cause, 255),
                      auth->away_ms, c->now);
    else
        presence_update(c->w, account, c->now);
    return ERR_NONE;
}

/* ---- leaving ---- */

void login_leave(struct world *w, struct session *s, unsigned reason,
                 struct now now)
{
    struct account *account = s->account;
    uint64_t silent = presence_silence(s, now);

    if (s->reason == reason_NONE)
        s->reason = reason;
    if (s->lagging) {
        s->lagging = false;
        w->env.metrics.lagging--;
    }
    if (!account)
        return;
    account_detach(account, s);
    if (account->n_sessions) {
        presence_update(w, account, now);
        return;
    }
    world_absent(w, account, now);
    presence_gone(w, account, reason, silent, now);
}

void login_drain(struct world *w, struct session *s, unsigned reason,
                 struct now now)
{
    login_leave(w, s, reason, now);
    frame_unref(s->parked);
    s->parked = NULL;
    s->held_until_us = 0;
    s->close_by_us = now.mono_us + DRAIN_US;
    session_enter(s, SESSION_CLOSING);
    session_arm(s, s->close_by_us);
}

void login_close(struct world *w, struct session *s,
                 const struct farewell *farewell, struct now now)
{
    struct msg msg = { .kind = KIND_BYE };

    msg.bye.code = farewell->code;
    msg.bye.retry_ms = farewell->retry_ms;
    msg.bye.cause = farewell->cause;
    msg.bye.text =
        farewell->text.len ? farewell->text : str_of(err_text(farewell->code));
    session_say(s, &msg, false);
    LOG(&w->env.log, SESSION_BYE, log_num("session", s->id),
        log_str("code", str_of(err_name(farewell->code))));
    login_drain(w, s, farewell->reason, now);
}

enum err on_bye(struct call *c)
{
    uint64_t cause = c->msg->bye.cause;

    login_drain(c->w, c->s,
                cause == reason_DETACHED ? reason_DETACHED : reason_QUIT,
                c->now);
    return ERR_NONE;
}
