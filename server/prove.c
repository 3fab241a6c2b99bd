/* SPDX-License-Identifier: MIT
 *
 * Who somebody is; see prove.h.
 */
#include "server/prove.h"

#include <assert.h>
#include <stdio.h>

#include "server/call.h"
#include "server/secret.h"
#include "server/store.h"
#include "server/world.h"
#include "shared/mem.h"
#include "shared/text.h"

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
void prove_refused(const struct call *c, const char *why)
{
    char print[FINGERPRINT_TEXT] = "";

    c->w->env.metrics.auth_refused++;
    if (c->s->has_key)
        fingerprint_text(&c->s->key, print);
    LOG(&c->w->env.log, AUTH_REFUSED, log_num("session", c->s->id),
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
        prove_refused(c, "a resume token that is not, or no longer, good");
    else if (device->id != c->s->device_id ||
             !account_opens(device->account, c->s))
        prove_refused(c, "the resume token of another device or key");
    else
        return device->account;
    return NULL;
}

/* Somebody else's name, for good. */
static enum err refuse_name(struct call *c, const struct account *owner)
{
    const struct credential *key = own_key(c, owner);

    prove_refused(c, key ? "a key that was revoked"
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

enum err prove_login(struct call *c, struct str nick)
{
    char name[NAME_MAX_BYTES + 1];
    uint32_t uid;

    if (!c->s->local || !c->w->config.login)
        return ERR_NONE;
    snprintf(name, sizeof name, "%.*s", STR_ARG(nick));
    if (!c->w->config.login(name, &uid) || uid == c->s->local->uid)
        return ERR_NONE;
    prove_refused(c, "the login name of another user");
    c->why = "this is the login name of another user of this machine";
    return ERROR_NAME_TAKEN;
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
        prove_refused(c, "too many wrong ones came before");
    return c->retry_us != 0;
}

static enum err refuse_code(struct call *c, const struct account *about)
{
    struct guess guess = guess_of(c, about);

    throttle_note(&c->w->throttle, &guess, c->now);
    prove_refused(c, "a wrong code");
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
        prove_refused(c, "no guests, and registration is not open");
        return ERROR_REG_CLOSED;
    }
    *account = world_add_account(c->w, nick, &error, c->now);
    return *account ? ERR_NONE : error;
}

/* The account that a client may have by name, made if need be. */
static enum err find_account(struct call *c, struct account **account)
{
    const struct msg_auth *auth = &c->msg->auth;
    char nick[NAME_MAX_BYTES];
    enum err error;
    size_t len;

    if (auth->nick.len == 0)
        return auth->token.len ? ERROR_RESUME_INVALID : ERROR_NAME_INVALID;
    c->subject = auth->nick;
    len = text_name(auth->nick, NAME_NICK, limit(&c->w->env, LIMIT_NICK_BYTES),
                    nick);
    if (len == 0)
        return ERROR_NAME_INVALID;
    error = prove_login(c, str_bytes(nick, len));
    if (error)
        return error;
    *account = world_account_named(c->w, str_bytes(nick, len));
    if (*account && (account_opens(*account, c->s) || is_maker(c, *account)))
        return ERR_NONE;
    if (*account && account_is_kept(*account))
        return auth->code.len ? add_key(c, *account) : refuse_name(c, *account);
    return make_account(c, str_bytes(nick, len), account);
}

/* ---- kept out of the whole server ---- */

static bool is_kept_out(const struct call *c, unsigned kind,
                        struct sanction_who who)
{
    return *who.who &&
           sanction_find(&c->w->sanctions, kind, who.who, c->now) != NULL;
}

/* By what can be seen before it is known who comes. */
static bool is_unwelcome(const struct call *c)
{
    const struct session *s = c->s;
    struct str gate = str_bytes(s->gate, s->gate_len);

    return (s->has_key &&
            is_kept_out(c, sanction_KEY, sanction_key(&s->key))) ||
           sanction_find_address(&c->w->sanctions, gate, c->now);
}

static enum err refuse_banned(struct call *c)
{
    prove_refused(c, "banned by the operator");
    return ERROR_BANNED;
}

/* A guest who has been invited since is one no more: prove_settle binds. */
static enum err rise(struct call *c, const struct account *account)
{
    if (!c->msg->auth.code.len || account_is_bound(account) || may_register(c))
        return ERR_NONE;
    return use_invitation(c);
}

enum err prove(struct call *c, struct account **account, bool *resumed)
{
    enum err error = ERR_NONE;

    if (c->w->sanctions.n && is_unwelcome(c))
        return refuse_banned(c);
    *resumed = false;
    if (secret_is_asked(c)) {
        error = secret_prove(c, account);
    } else {
        *account = account_of_token(c);
        *resumed = *account != NULL;
        error = *resumed ? rise(c, *account) : find_account(c, account);
    }
    if (error)
        return error;
    assert(*account);
    if (is_kept_out(c, sanction_ACCOUNT, sanction_account((*account)->id)))
        return refuse_banned(c);
    return ERR_NONE;
}

/* What its key means from now on. */
void prove_settle(struct call *c, struct account *account)
{
    struct credential *key = own_key(c, account);

    if (key && !key->revoked) {
        key->seen = c->now.wall_ms;
        world_put_key(c->w, account, key);
    } else if (c->s->has_key && !key &&
               (secret_is_asked(c) ||
                (!account_is_bound(account) && may_register(c)))) {
        world_bind(c->w, account, &c->s->key, label_of(c), c->now);
    }
}
