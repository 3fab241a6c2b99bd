/* SPDX-License-Identifier: MIT
 *
 * DEVICES: the keys that open an account, one more, one less.
 */
#include "server/call.h"
#include "server/login.h"
#include "server/store.h"
#include "server/world.h"
#include "shared/mem.h"

static void say_key(struct call *c, size_t i)
{
    const struct credential *one = &c->s->account->credentials.keys[i];
    struct msg msg = { .kind = KIND_DEVICE, .request = c->msg->request };

    msg.device.number = i + 1;
    msg.device.key = str_bytes(one->key.bytes, sizeof one->key.bytes);
    msg.device.label = str_of(one->label);
    msg.device.added = one->added;
    msg.device.seen = one->seen;
    msg.device.revoked = one->revoked;
    msg.device.own = c->s->has_key && fingerprint_equal(&one->key, &c->s->key);
    session_say(c->s, &msg, true);
}

static enum err tell_keys(struct call *c)
{
    struct msg end = { .kind = KIND_DEVICE, .request = c->msg->request };

    for (size_t i = 0; i < c->s->account->credentials.n; i++)
        say_key(c, i);
    session_say(c->s, &end, true);
    return ERR_NONE;
}

static enum err give_code(struct call *c)
{
    uint64_t life_s = limit(&c->w->env, LIMIT_CODE_LIFE);
    struct msg msg = { .kind = KIND_CODE, .request = c->msg->request };
    uint8_t random[CODE_LEN];
    char code[CODE_TEXT];

    c->w->config.random(c->w->config.random_ctx, random, sizeof random);
    code_text(random, code);
    if (!codes_open(&c->w->codes, c->s->account->id, code,
                    c->now.mono_us + life_s * 1000000, c->now))
        return ERROR_BUSY;
    LOG(&c->w->env.log, ACCOUNT_CODE, log_num("account", c->s->account->id),
        log_num("session", c->s->id));
    msg.code.code = str_of(code);
    msg.code.ttl_s = life_s;
    session_say(c->s, &msg, true);
    return ERR_NONE;
}

/* ---- revoking ---- */

/* Who is in by this key is out at once. */
static void end_sessions(struct call *c, const struct fingerprint *key)
{
    struct account *account = c->s->account;
    struct farewell farewell = { .code = ERROR_ACCOUNT_DISABLED,
                                 .reason = reason_CLOSED,
                                 .text = str_of("this device was revoked") };

    for (size_t i = account->n_sessions; i-- > 0;) {
        struct session *s = account->sessions[i];

        if (s->has_key && fingerprint_equal(&s->key, key))
            login_close(c->w, s, &farewell, c->now);
    }
}

static void put_revoked(struct call *c, const struct credential *one)
{
    char print[KEY_HEX];
    struct store_op op = { .effect = EFFECT_KEY,
                           .account = c->s->account->id,
                           .kind = 1,
                           .ts = one->seen,
                           .session = c->s->id,
                           .request = c->msg->request };

    credential_text(&one->key, print);
    op.text = mem_str(str_of(print));
    op.note = mem_str(str_of(one->label));
    world_put(c->w, &op);
}

static enum err revoke(struct call *c)
{
    struct credentials *all = &c->s->account->credentials;
    uint64_t number = c->msg->devices.number;
    char print[FINGERPRINT_TEXT];
    struct credential *one;

    c->subject = str_of("number");
    if (number < 1 || number > all->n || all->keys[number - 1].revoked)
        return ERROR_BAD_FIELD;
    if (all->n_good < 2 && !c->s->account->secret) {
        c->why = "it is the only one: nobody could come in any more";
        return ERROR_FORBIDDEN;
    }
    if (!store_has_room(c->w->store, 2))
        return ERROR_BUSY;
    one = &all->keys[number - 1];
    credential_revoke(all, one);
    fingerprint_text(&one->key, print);
    LOG(&c->w->env.log, ACCOUNT_REVOKE, log_num("account", c->s->account->id),
        log_num("session", c->s->id), log_str("key", str_of(print)));
    put_revoked(c, one);
    end_sessions(c, &one->key);
    return ERR_NONE;
}

enum err on_devices(struct call *c)
{
    if (!account_is_bound(c->s->account)) {
        c->why = "you are a guest here: no key of yours is kept";
        return ERROR_FORBIDDEN;
    }
    switch (c->msg->devices.act) {
    case devices_LIST: return tell_keys(c);
    case devices_ADD: return give_code(c);
    case devices_REVOKE: return revoke(c);
    default: c->subject = str_of("act"); return ERROR_BAD_FIELD;
    }
}
