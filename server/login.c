/* SPDX-License-Identifier: MIT
 *
 * HELLO, AUTH, BYE; see login.h.
 */
#include "server/login.h"

#include <stdio.h>

#include "server/call.h"
#include "server/presence.h"
#include "server/store.h"
#include "server/world.h"
#include "shared/frame.h"
#include "shared/mem.h"
#include "shared/text.h"

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
    msg.welcome.methods = str_of("guest");
    session_enter(c->s, SESSION_GREETED);
    session_say(c->s, &msg, true);
    LOG(&c->w->env.log, "session.hello", log_num("session", c->s->id),
        log_str("client", hello->client));
    return ERR_NONE;
}

/* ---- AUTH ---- */

/*
 * Whether the client made this account a moment ago and never got the answer:
 * its device id is still a secret between the two of us.
 */
static bool is_maker(const struct call *c, const struct account *account)
{
    return account && !account_is_bound(account) && !account->has_acted &&
           account->n_devices == 1 &&
           account->devices[0]->id == c->s->device_id;
}

/* Somebody tried to be somebody: the operator is told who and why not. */
static void note_refused(const struct call *c, const char *why)
{
    char print[FINGERPRINT_TEXT] = "";

    c->w->env.metrics.auth_refused++;
    if (c->s->has_key)
        fingerprint_text(&c->s->key, print);
    LOG(&c->w->env.log, "auth.refused", log_num("session", c->s->id),
        log_str("peer", str_of(c->s->peer)), log_str("nick", c->msg->auth.nick),
        log_str("key", str_of(print)), log_str("why", str_of(why)));
}

/* The key of this client, if it is one of the account's. */
static struct credential *own_key(const struct call *c,
                                  const struct account *account)
{
    return c->s->has_key ? credential_of(&account->credentials, &c->s->key)
                         : NULL;
}

/* By its token: NULL, and the reason in the log, when that is of no use. */
static struct account *account_of_token(struct call *c)
{
    struct str token = c->msg->auth.token;
    struct account *guest = world_account_of(c->w, token);
    const struct device *device = world_device_of(c->w, token);

    if (guest || token.len == 0)
        return guest;
    if (!device)
        note_refused(c, "a resume token that is not, or no longer, good");
    else if (device->id != c->s->device_id ||
             !account_opens(device->account, c->s))
        note_refused(c, "the resume token of another device or key");
    else
        return device->account;
    return NULL;
}

/* Somebody else's name, for good. */
static enum err refuse_name(struct call *c, const struct account *owner)
{
    const struct credential *key = own_key(c, owner);

    note_refused(c, key ? "a key that was revoked"
                        : "the name belongs to another key");
    c->why = "this name belongs to another key: on a machine that has it "
             "/devices add gives a code for this one";
    return ERROR_NAME_TAKEN;
}

/* ---- users of this machine ---- */

/* Whether somebody over a Unix socket asks for their own login name. */
static bool is_own_login(const struct call *c, struct str nick)
{
    return c->s->local && str_is(nick, c->s->local->login);
}

/* Over a Unix socket nobody gets the login name of somebody else. */
static bool is_anothers_login(const struct call *c, struct str nick)
{
    char name[NAME_MAX_BYTES + 1];
    uint32_t uid;

    if (!c->s->local || !c->w->config.login)
        return false;
    snprintf(name, sizeof name, "%.*s", STR_ARG(nick));
    return c->w->config.login(name, &uid) && uid != c->s->local->uid;
}

/* What a key is called when it is added. */
static struct str label_of(const struct call *c)
{
    return c->s->local ? str_of("user of the server's machine")
                       : c->msg->auth.label;
}

/* ---- codes ---- */

static struct guess guess_of(const struct call *c, const struct account *about)
{
    return (struct guess){ about ? about->id : 0,
                           str_bytes(c->s->gate, c->s->gate_len) };
}

/* Not now: too many wrong ones came lately. */
static bool is_throttled(struct call *c, const struct account *about)
{
    struct guess guess = guess_of(c, about);

    c->retry_us =
        throttle_when(&c->w->throttle, &guess, &c->w->env.limits, c->now);
    if (c->retry_us)
        note_refused(c, "too many wrong ones came before");
    return c->retry_us != 0;
}

static enum err refuse_code(struct call *c, const struct account *about)
{
    struct guess guess = guess_of(c, about);

    throttle_note(&c->w->throttle, &guess, c->now);
    note_refused(c, "a wrong code");
    c->why = "this code is not, or no longer, good";
    return ERROR_AUTH_FAILED;
}

/* A code of /devices add: this key is one of the account's from now on. */
static enum err add_key(struct call *c, struct account *account)
{
    struct str code = c->msg->auth.code;

    if (is_throttled(c, account))
        return ERROR_AUTH_THROTTLED;
    if (!c->s->has_key || !codes_take(&c->w->codes, account->id, code, c->now))
        return refuse_code(c, account);
    return world_bind(c->w, account, &c->s->key, label_of(c), c->now)
               ? ERR_NONE
               : ERROR_LIMIT;
}

/* One use of an invitation less. */
static void spend(struct call *c, struct invite *invite)
{
    struct store_op op = { .effect = EFFECT_INVITE,
                           .ts = invite->until,
                           .kind = (unsigned)invite->uses - 1 };

    op.text = mem_str(str_of(invite->hash));
    if (op.kind == 0)
        op.ts = c->now.wall_ms; /* and all that have ended */
    codes_spend(&c->w->codes, invite);
    world_put(c->w, &op);
}

static enum err use_invitation(struct call *c)
{
    struct invite *invite =
        codes_invitation(&c->w->codes, c->msg->auth.code, c->now);

    if (is_throttled(c, NULL))
        return ERROR_AUTH_THROTTLED;
    if (!invite || !c->s->has_key ||
        c->w->policy.registration == REGISTRATION_CLOSED)
        return refuse_code(c, NULL);
    if (!store_has_room(c->w->store, 1))
        return ERROR_BUSY;
    spend(c, invite);
    c->s->invited = true;
    return ERR_NONE;
}

/* Whether a newcomer may be more than a guest. */
static bool may_register(const struct call *c)
{
    return c->s->has_key &&
           (c->s->invited || is_own_login(c, c->msg->auth.nick) ||
            c->w->policy.registration == REGISTRATION_OPEN);
}

static enum err make_account(struct call *c, struct str nick,
                             struct account **account)
{
    enum err error = ERR_NONE;

    if (c->msg->auth.code.len && !may_register(c))
        error = use_invitation(c);
    if (error)
        return error;
    if (c->w->policy.no_guests && !may_register(c)) {
        note_refused(c, "no guests, and registration is not open");
        return ERROR_REG_CLOSED;
    }
    *account = world_add_account(c->w, nick, &error, c->now);
    return *account ? ERR_NONE : error;
}

/* The account that a client may have, made if need be. */
static enum err find_account(struct call *c, struct account **account,
                             bool *resumed)
{
    const struct msg_auth *auth = &c->msg->auth;
    char nick[NAME_MAX_BYTES];
    size_t len;

    *account = account_of_token(c);
    *resumed = *account != NULL;
    if (*account)
        return ERR_NONE;
    if (auth->nick.len == 0)
        return auth->token.len ? ERROR_RESUME_INVALID : ERROR_NAME_INVALID;
    c->subject = auth->nick;
    len = text_name(auth->nick, NAME_NICK, limit(&c->w->env, LIMIT_NICK_BYTES),
                    nick);
    if (len == 0)
        return ERROR_NAME_INVALID;
    if (is_anothers_login(c, str_bytes(nick, len))) {
        note_refused(c, "the login name of another user");
        c->why = "this is the login name of another user of this machine";
        return ERROR_NAME_TAKEN;
    }
    *account = world_account_named(c->w, str_bytes(nick, len));
    if (*account && (account_opens(*account, c->s) || is_maker(c, *account)))
        return ERR_NONE;
    if (*account && account_is_kept(*account))
        return auth->code.len ? add_key(c, *account) : refuse_name(c, *account);
    return make_account(c, str_bytes(nick, len), account);
}

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

/* What its key means from now on. */
static void settle_proof(struct call *c, struct account *account)
{
    struct credential *key = own_key(c, account);

    if (key && !key->revoked) {
        key->seen = c->now.wall_ms;
        world_put_key(c->w, account, key);
    } else if (!account_is_bound(account) && may_register(c)) {
        world_bind(c->w, account, &c->s->key, label_of(c), c->now);
    }
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
    LOG(&c->w->env.log, "session.auth", log_num("session", c->s->id),
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

    if (auth->method.len && !str_is(auth->method, "guest"))
        return ERROR_AUTH_FAILED;
    error = find_account(c, &account, &resumed);
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
    settle_proof(c, account);
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
    LOG(&w->env.log, "session.bye", log_num("session", s->id),
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
