/* SPDX-License-Identifier: MIT
 *
 * Passwords: AUTH by one, and PASSWORD, which sets it.  Both wait until it has
 * been hashed; the message stays with its session meanwhile.
 */
#include "server/secret.h"

#include <stdlib.h>
#include <string.h>

#include "server/call.h"
#include "server/hasher.h"
#include "server/prove.h"
#include "server/store.h"
#include "server/world.h"
#include "shared/mem.h"

enum { SECRET_MIN = 8, SECRET_MAX = 256 };

static const uint64_t LOOK_US = 10000; /* until it is looked again */

static struct hash_cost cost_of(const struct world *w)
{
    return (struct hash_cost){
        .memory_kib = (uint32_t)limit(&w->env, LIMIT_PASSWORD_MEMORY),
        .passes = (uint32_t)limit(&w->env, LIMIT_PASSWORD_PASSES),
    };
}

void secret_end(struct call *c)
{
    hasher_end(c->w->hasher, c->s->proof);
    c->s->proof = NULL;
}

/* When to look at what is under way; 0: it is done, or is not at all. */
static uint64_t wait_for(struct call *c)
{
    if (c->s->proof && hasher_look(c->w->hasher, c->s->proof) == HASH_WAITS)
        return c->now.mono_us + LOOK_US;
    return 0;
}

/* ---- AUTH ---- */

static struct guess guess_of(const struct call *c,
                             const struct account *account)
{
    return (struct guess){ account ? account->id : 0,
                           str_bytes(c->s->gate, c->s->gate_len) };
}

bool secret_is_asked(const struct call *c)
{
    return str_is(c->msg->auth.method, "password");
}

/*
 * Begin, unless there were too many tries.  This one counts as wrong until it
 * is known to be right: who tries many at once gains nothing.
 */
uint64_t before_auth(struct call *c)
{
    const struct account *account;
    struct str encoded = str_of(NULL);
    struct guess guess;

    if (!secret_is_asked(c) || c->s->proof)
        return wait_for(c);
    account = world_account_named(c->w, c->msg->auth.nick);
    guess = guess_of(c, account);
    if (c->msg->auth.secret.len > SECRET_MAX ||
        throttle_when(&c->w->throttle, &guess, &c->w->env.limits, c->now))
        return 0;
    if (account && account->secret)
        encoded = str_of(account->secret);
    c->s->proof =
        hasher_check(c->w->hasher, c->msg->auth.secret, cost_of(c->w), encoded);
    if (c->s->proof)
        throttle_note(&c->w->throttle, &guess, c->now);
    return wait_for(c);
}

/*
 * The password that it was compared with is still that of whoever has the
 * name: as each has a salt of its own, it is the same account as well.
 */
static bool is_proved(const struct call *c, const struct account *named)
{
    return named && named->secret &&
           hasher_look(c->w->hasher, c->s->proof) == HASH_GOOD &&
           strcmp(hasher_encoded(c->s->proof), named->secret) == 0;
}

enum err secret_prove(struct call *c, struct account **account)
{
    struct account *named = world_account_named(c->w, c->msg->auth.nick);
    struct guess guess = guess_of(c, named);

    if (!c->s->proof) {
        c->retry_us =
            throttle_when(&c->w->throttle, &guess, &c->w->env.limits, c->now);
        if (!c->retry_us)
            return c->msg->auth.secret.len > SECRET_MAX ? ERROR_AUTH_FAILED
                                                        : ERROR_BUSY;
        prove_refused(c, "too many wrong ones came before");
        return ERROR_AUTH_THROTTLED;
    }
    if (!is_proved(c, named)) {
        prove_refused(c, "a wrong password");
        return ERROR_AUTH_FAILED;
    }
    throttle_forget(&c->w->throttle, &guess);
    *account = named;
    return ERR_NONE;
}

/* ---- PASSWORD ---- */

/* Whether a session of the account is about to set one. */
static bool is_at_it(const struct account *account)
{
    for (size_t i = 0; i < account->n_sessions; i++)
        if (account->sessions[i]->proof)
            return true;
    return false;
}

uint64_t before_password(struct call *c)
{
    struct str secret = c->msg->password.secret;
    uint8_t salt[HASHER_SALT];

    if (c->s->proof || !account_is_bound(c->s->account) ||
        secret.len < SECRET_MIN || secret.len > SECRET_MAX)
        return wait_for(c);
    if (is_at_it(c->s->account))
        return c->now.mono_us + LOOK_US;
    c->w->config.random(c->w->config.random_ctx, salt, sizeof salt);
    c->s->proof = hasher_make(c->w->hasher, secret, cost_of(c->w), salt);
    return wait_for(c);
}

static void put(struct call *c, const char *encoded)
{
    struct account *me = c->s->account;
    struct store_op op = { .effect = EFFECT_SECRET,
                           .account = me->id,
                           .session = c->s->id,
                           .request = c->msg->request };

    free(me->secret);
    me->secret = *encoded ? mem_str(str_of(encoded)) : NULL;
    op.text = mem_str(str_of(encoded));
    LOG(&c->w->env.log, ACCOUNT_PASSWORD, log_num("account", me->id),
        log_num("session", c->s->id), log_num("set", *encoded != '\0'));
    world_put(c->w, &op);
}

enum err on_password(struct call *c)
{
    const struct account *me = c->s->account;
    size_t len = c->msg->password.secret.len;
    enum err error = ERR_NONE;

    if (!account_is_bound(me))
        c->why = "you are a guest here: no name is kept";
    if (!account_is_bound(me) || (len == 0 && me->credentials.n_good == 0))
        error = ERROR_FORBIDDEN;
    else if (len && (len < SECRET_MIN || len > SECRET_MAX))
        error = ERROR_WEAK_SECRET;
    else if ((len && !c->s->proof) || !store_has_room(c->w->store, 2))
        error = ERROR_BUSY;
    else if (len && hasher_look(c->w->hasher, c->s->proof) != HASH_GOOD)
        error = ERROR_INTERNAL;
    if (!error)
        put(c, len ? hasher_encoded(c->s->proof) : "");
    secret_end(c);
    return error;
}
