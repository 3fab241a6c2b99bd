/* SPDX-License-Identifier: MIT
 *
 * The accounts of the world: names, tokens, who is absent, who is forgotten.
 * Declared in world.h.  An account that is forgotten loses its name and token
 * at once, then leaves its rooms through the store like anybody else, and is
 * freed when the last of that is stored.
 */
#include "server/world.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "server/store.h"
#include "shared/mem.h"
#include "shared/secure_hash.h"
#include "shared/text.h"

static const char TAKEN_OVER[] = "absent, the name went to somebody else";
static const char ABSENT[] = "absent for too long";

/* Between two tries to leave a room when the store did not take it. */
static const uint64_t RETRY_US = 1000000;

struct account *world_account(const struct world *w, uint64_t id)
{
    return map_get(&w->accounts, map_num(&id));
}

struct account *world_account_named(const struct world *w, struct str nick)
{
    char folded[NAME_MAX_BYTES];
    size_t len = text_fold(nick, folded, sizeof folded);

    return len ? map_get(&w->names, str_bytes(folded, len)) : NULL;
}

struct account *world_account_of(const struct world *w, struct str token)
{
    char hash[SECURE_HASH_TEXT];
    struct account *account;

    if (token.len != TOKEN_LEN)
        return NULL;
    secure_hash(token, hash);
    account = map_get(&w->tokens, str_of(hash));
    if (account)
        memcpy(account->token, token.ptr, TOKEN_LEN);
    return account;
}

/* ---- who proves what ---- */

struct device *world_device_of(const struct world *w, struct str token)
{
    char hash[SECURE_HASH_TEXT];

    if (token.len != TOKEN_LEN)
        return NULL;
    secure_hash(token, hash);
    return map_get(&w->resumes, str_of(hash));
}

/* Put a hash where another stood; empty: nothing. */
static void replace_hash(struct world *w, struct device *device,
                         char place[SECURE_HASH_TEXT], const char *hash)
{
    if (*place)
        map_take(&w->resumes, str_of(place));
    memmove(place, hash, strlen(hash) + 1);
    if (*place)
        map_put(&w->resumes, str_of(place), device);
}

void world_forget_device(struct world *w, const struct device *device)
{
    if (*device->resume.used)
        map_take(&w->resumes, str_of(device->resume.used));
    if (*device->resume.next)
        map_take(&w->resumes, str_of(device->resume.next));
}

void world_take_tokens(struct world *w, struct device *device, struct str used,
                       struct str next)
{
    char hash[SECURE_HASH_TEXT];

    snprintf(hash, sizeof hash, "%.*s", STR_ARG(used));
    if (!map_get(&w->resumes, used))
        replace_hash(w, device, device->resume.used, hash);
    snprintf(hash, sizeof hash, "%.*s", STR_ARG(next));
    if (!map_get(&w->resumes, next))
        replace_hash(w, device, device->resume.next, hash);
}

static void put_resume(struct world *w, const struct device *device)
{
    struct store_op op = { .effect = EFFECT_RESUME,
                           .account = device->account->id,
                           .device = device->id };

    if (!device->account->recorded || !store_has_room(w->store, 2))
        return; /* it comes back by its key */
    op.text = mem_str(str_of(device->resume.used));
    op.note = mem_str(str_of(device->resume.next));
    world_put(w, &op);
}

void world_give_token(struct world *w, struct device *device, struct str shown,
                      uint8_t *out)
{
    char hash[SECURE_HASH_TEXT] = "";

    if (shown.len)
        secure_hash(shown, hash);
    if (strcmp(hash, device->resume.used) != 0) {
        replace_hash(w, device, device->resume.next, "");
        replace_hash(w, device, device->resume.used, hash);
    }
    w->config.random(w->config.random_ctx, out, TOKEN_LEN);
    secure_hash(str_bytes(out, TOKEN_LEN), hash);
    replace_hash(w, device, device->resume.next, hash);
    put_resume(w, device);
}

static void take_token(struct world *w, struct account *account)
{
    if (*account->token_hash)
        map_take(&w->tokens, str_of(account->token_hash));
    *account->token_hash = '\0';
}

/* From a guest to somebody. */
static void become_bound(struct world *w, struct account *account)
{
    take_token(w, account);
    account->unproved = account->recorded;
    account->rank = w->n_bound++ ? account->rank : RANK_ADMIN;
    if (account->rank == RANK_ADMIN)
        LOG(&w->env.log, ACCOUNT_ADMIN, log_num("account", account->id),
            log_str("why", str_of("the first on a new server")));
}

bool world_bind(struct world *w, struct account *account,
                const struct fingerprint *key, struct str label, struct now now)
{
    bool was_bound = account_is_bound(account);
    struct credential *one = credential_add(&account->credentials, key, label);
    char print[FINGERPRINT_TEXT];

    if (!one)
        return false;
    one->added = one->seen = now.wall_ms;
    if (!was_bound)
        become_bound(w, account);
    fingerprint_text(key, print);
    LOG(&w->env.log, ACCOUNT_KEY, log_num("account", account->id),
        log_str("nick", account_nick(account)), log_str("key", str_of(print)));
    world_put_key(w, account, one);
    return true;
}

void world_put_key(struct world *w, struct account *account,
                   const struct credential *one)
{
    char print[KEY_HEX];
    struct store_op op = { .effect = EFFECT_KEY,
                           .account = account->id,
                           .kind = one->revoked,
                           .ts = one->seen };

    if (!account->recorded)
        return; /* with the rest of the account */
    if (!store_has_room(w->store, 1)) {
        account->unproved = true;
        return;
    }
    credential_text(&one->key, print);
    op.text = mem_str(str_of(print));
    op.note = mem_str(str_of(one->label));
    world_put(w, &op);
}

/* ---- forgetting ---- */

/* Leave one room; false when the store has no place now. */
static bool leave(struct world *w, struct member *m, struct now now)
{
    struct msg_event draft = { .kind = event_PART,
                               .account = m->account->id,
                               .nick = account_nick(m->account),
                               .text = str_of(m->account->away_text) };
    struct store_op op = { .effect = EFFECT_LEAVE,
                           .account = m->account->id,
                           .room = m->room->id };

    if (!store_has_room(w->store, 1))
        return false;
    if (m->room->kind == room_PUBLIC)
        op.event = room_event(m->room, &draft, now);
    m->will = false;
    world_put(w, &op);
    return true;
}

static void leave_rooms(struct world *w, struct account *account,
                        struct now now)
{
    for (size_t i = 0; i < account->n_rooms; i++) {
        struct member *m = account->rooms[i];

        if (m->will && !leave(w, m, now))
            return;
    }
}

static bool can_forget(const struct account *account)
{
    return account->n_sessions == 0 && account->on_way == 0 && !account->dying;
}

static void forget(struct world *w, struct account *account, const char *why,
                   struct now now)
{
    assert(can_forget(account) && !account->nick_next.shown);
    LOG(&w->env.log, ACCOUNT_FORGET, log_num("account", account->id),
        log_str("nick", str_of(account->nick.shown)),
        log_str("why", str_of(why)));
    map_take(&w->names, str_of(account->nick.folded));
    take_token(w, account);
    for (size_t i = 0; i < account->n_devices; i++)
        world_forget_device(w, account->devices[i]);
    w->n_bound -= account_is_bound(account);
    account_set_away(account, true, str_of(why)); /* the reason of its PARTs */
    account->dying = true;
    list_append(&w->dying, &account->absent);
    leave_rooms(w, account, now);
}

/* The store forgets it; what it says when it cannot is tried again. */
static void erase(struct world *w, const struct account *account)
{
    struct store_op op = { .effect = EFFECT_RETIRE, .account = account->id };

    if (!store_has_room(w->store, account->n_devices + 1))
        return;
    for (size_t i = 0; i < account->n_devices; i++) {
        op.device = account->devices[i]->id;
        world_put(w, &op);
    }
    op.device = 0;
    op.effect = EFFECT_FORGET;
    world_put(w, &op);
}

void world_dismiss(struct world *w, struct account *account, struct now now)
{
    if (can_forget(account) && !account->nick_next.shown)
        forget(w, account, "erased", now);
}

static void bury(struct world *w, struct account *account)
{
    map_take(&w->accounts, map_num(&account->id));
    account_free(account);
    w->env.metrics.accounts = w->accounts.n;
}

static bool absent_for(const struct world *w, const struct account *account,
                       enum limit seconds, struct now now)
{
    return can_forget(account) && !account_is_kept(account) &&
           now.mono_us - account->absent_us >=
               limit(&w->env, seconds) * 1000000;
}

/* The account absent longest, if that is long enough for `seconds`. */
static struct account *longest_absent(const struct world *w, enum limit seconds,
                                      struct now now)
{
    struct account *account = (struct account *)w->absent.next;

    while (!list_is_empty(&w->absent) && account_is_kept(account)) {
        list_remove(&account->absent); /* it was recorded meanwhile */
        account = (struct account *)w->absent.next;
    }
    if (list_is_empty(&w->absent) || !absent_for(w, account, seconds, now))
        return NULL;
    return account;
}

uint64_t world_reap(struct world *w, struct now now)
{
    uint64_t next = NEVER;
    struct account *account;
    struct list *node, *after;

    next = time_min(next, retain_turn(w, now));
    while ((account = longest_absent(w, LIMIT_ACCOUNT_KEEP, now)))
        forget(w, account, ABSENT, now);
    for (node = w->dying.next; node != &w->dying; node = after) {
        after = node->next;
        account = (struct account *)node;
        leave_rooms(w, account, now);
        if (account->n_rooms || account->on_way)
            continue;
        if (account->recorded)
            erase(w, account);
        else
            bury(w, account);
    }
    if (!list_is_empty(&w->dying))
        next = now.mono_us + RETRY_US;
    if (!list_is_empty(&w->absent)) {
        account = (struct account *)w->absent.next;
        next = time_min(next, account->absent_us +
                                  limit(&w->env, LIMIT_ACCOUNT_KEEP) * 1000000);
    }
    return next > now.mono_us ? next : now.mono_us + RETRY_US;
}

void world_absent(struct world *w, struct account *account, struct now now)
{
    account->absent_us = now.mono_us;
    if (!account_is_kept(account))
        list_append(&w->absent, &account->absent);
}

/* ---- making ---- */

static bool make_place(struct world *w, struct now now)
{
    struct account *oldest;

    if (w->accounts.n < limit(&w->env, LIMIT_ACCOUNTS))
        return true;
    oldest = longest_absent(w, LIMIT_RESUME, now);
    if (!oldest)
        return false;
    forget(w, oldest, ABSENT, now);
    return true;
}

/* Whether a name may be had; takes it from an owner absent too long. */
static bool free_name(struct world *w, struct str folded, struct now now)
{
    struct account *owner = map_get(&w->names, folded);

    if (!owner)
        return true;
    if (!absent_for(w, owner, LIMIT_RESUME, now))
        return false;
    forget(w, owner, TAKEN_OVER, now);
    return true;
}

static void add_account(struct world *w, struct account *account)
{
    map_put(&w->accounts, map_num(&account->id), account);
    map_put(&w->names, str_of(account->nick.folded), account);
    if (*account->token_hash)
        map_put(&w->tokens, str_of(account->token_hash), account);
    w->env.metrics.accounts = w->accounts.n;
}

struct account *world_add_account(struct world *w, struct str nick,
                                  enum err *error, struct now now)
{
    char bytes[NAME_MAX_BYTES];
    struct str folded = { bytes, text_fold(nick, bytes, sizeof bytes) };
    struct account *account;

    *error = ERROR_NAME_INVALID;
    if (folded.len == 0)
        return NULL;
    *error = ERROR_NAME_TAKEN;
    if (!free_name(w, folded, now))
        return NULL;
    *error = ERROR_LIMIT;
    if (!make_place(w, now))
        return NULL;
    account = account_new(++w->last_account, nick, folded);
    w->config.random(w->config.random_ctx, account->token, TOKEN_LEN);
    secure_hash(str_bytes(account->token, TOKEN_LEN), account->token_hash);
    add_account(w, account);
    LOG(&w->env.log, ACCOUNT_NEW, log_num("account", account->id),
        log_str("nick", nick));
    return account;
}

bool world_take_account(struct world *w, struct account *account,
                        struct now now)
{
    if (map_get(&w->names, str_of(account->nick.folded)) ||
        map_get(&w->tokens, str_of(account->token_hash)))
        return false;
    account->recorded = account->has_acted = true;
    add_account(w, account);
    world_absent(w, account, now);
    return true;
}

/* ---- renaming ---- */

enum err world_rename(struct world *w, struct account *account, struct str nick,
                      struct now now)
{
    char bytes[NAME_MAX_BYTES];
    struct str folded = { bytes, text_fold(nick, bytes, sizeof bytes) };

    assert(!account->nick_next.shown);
    if (folded.len == 0)
        return ERROR_NAME_INVALID;
    if (str_is(folded, account->nick.folded)) {
        name_set(&account->nick_next, nick, folded); /* another spelling */
        return ERR_NONE;
    }
    if (!free_name(w, folded, now))
        return ERROR_NAME_TAKEN;
    name_set(&account->nick_next, nick, folded);
    map_put(&w->names, str_of(account->nick_next.folded), account);
    return ERR_NONE;
}

static void rename_sides(const struct account *account)
{
    for (size_t i = 0; i < account->n_rooms; i++) {
        struct room *room = account->rooms[i]->room;
        struct side *side;

        if (room->kind != room_DIRECT)
            continue;
        side = &room->sides[room->sides[0].account == account->id ? 0 : 1];
        free(side->nick);
        side->nick = mem_str(str_of(account->nick.shown));
    }
}

void world_renamed(struct world *w, struct account *account, bool done)
{
    struct name *from = done ? &account->nick : &account->nick_next;
    bool respelt = strcmp(account->nick.folded, account->nick_next.folded) == 0;

    if (done || !respelt)
        map_take(&w->names, str_of(from->folded));
    if (!done) {
        name_clear(&account->nick_next);
        return;
    }
    if (!respelt)
        map_take(&w->names, str_of(account->nick_next.folded));
    name_clear(&account->nick);
    account->nick = account->nick_next;
    account->nick_next = (struct name){ NULL, NULL };
    map_put(&w->names, str_of(account->nick.folded), account);
    rename_sides(account);
}
