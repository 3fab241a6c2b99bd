/* SPDX-License-Identifier: MIT
 *
 * Somebody; see account.h.
 */
#include "server/account.h"

#include <assert.h>
#include <stdlib.h>

#include "server/session.h"
#include "shared/mem.h"

void name_set(struct name *name, struct str shown, struct str folded)
{
    name_clear(name);
    name->shown = mem_str(shown);
    name->folded = mem_str(folded);
}

void name_clear(struct name *name)
{
    free(name->shown);
    free(name->folded);
    *name = (struct name){ NULL, NULL };
}

struct account *account_new(uint64_t id, struct str nick, struct str folded)
{
    struct account *account = mem_new(1, sizeof *account);

    list_init(&account->absent);
    list_init(&account->uncounted);
    account->id = id;
    name_set(&account->nick, nick, folded);
    account->is.account = account->told.account = id;
    account->is.state = account->told.state = presence_GONE;
    return account;
}

void account_free(struct account *account)
{
    assert(account->n_rooms == 0 && account->n_sessions == 0);
    list_remove(&account->absent);
    list_remove(&account->uncounted);
    for (size_t i = 0; i < account->n_devices; i++)
        free(account->devices[i]);
    name_clear(&account->nick);
    name_clear(&account->nick_next);
    credentials_free(&account->credentials);
    free(account->secret);
    free(account->devices);
    free(account->sessions);
    free(account->rooms);
    free(account->away_text);
    free(account);
}

bool account_is_bound(const struct account *account)
{
    return account->credentials.n_good > 0 || account->secret;
}

bool account_opens(const struct account *account, const struct session *s)
{
    const struct credential *key =
        s->has_key ? credential_of(&account->credentials, &s->key) : NULL;

    return key && !key->revoked;
}

bool account_is_kept(const struct account *account)
{
    return account_is_bound(account) && account->recorded;
}

struct str account_nick(const struct account *account)
{
    return str_of(account->nick_next.shown ? account->nick_next.shown
                                           : account->nick.shown);
}

/* ---- devices ---- */

struct device *account_device(const struct account *account, uint64_t id)
{
    for (size_t i = 0; i < account->n_devices; i++) {
        if (account->devices[i]->id == id)
            return account->devices[i];
    }
    return NULL;
}

/* The one used longest ago that nothing depends on. */
static struct device **oldest_idle(const struct account *account)
{
    struct device **oldest = NULL;

    for (size_t i = 0; i < account->n_devices; i++) {
        struct device *device = account->devices[i];

        if (!device->session && device->taken == device->stored &&
            (!oldest || device->used < (*oldest)->used))
            oldest = &account->devices[i];
    }
    return oldest;
}

struct device *account_spare_device(const struct account *account)
{
    struct device **slot =
        account->n_devices < DEVICES_MAX ? NULL : oldest_idle(account);

    return slot ? *slot : NULL;
}

struct device *account_add_device(struct account *account, uint64_t id,
                                  uint64_t stored, uint64_t *evicted)
{
    void *devices = account->devices;
    struct device **slot;

    *evicted = 0;
    if (account->n_devices < DEVICES_MAX) {
        mem_grow(&devices, &account->cap_devices, account->n_devices + 1,
                 sizeof *account->devices);
        account->devices = devices;
        slot = &account->devices[account->n_devices++];
    } else {
        slot = oldest_idle(account);
        if (!slot)
            return NULL;
        *evicted = (*slot)->id;
        free(*slot);
    }
    *slot = mem_new(1, sizeof **slot);
    (*slot)->id = id;
    (*slot)->account = account;
    (*slot)->stored = (*slot)->taken = stored;
    return *slot;
}

/* ---- sessions ---- */

void account_attach(struct account *account, struct session *s)
{
    void *sessions = account->sessions;

    assert(!s->account && !s->device->session && !account->dying);
    mem_grow(&sessions, &account->cap_sessions, account->n_sessions + 1,
             sizeof *account->sessions);
    account->sessions = sessions;
    account->sessions[account->n_sessions++] = s;
    s->account = account;
    s->device->session = s;
    list_remove(&account->absent);
}

void account_detach(struct account *account, struct session *s)
{
    size_t i = 0;

    assert(s->account == account);
    while (account->sessions[i] != s)
        i++;
    account->sessions[i] = account->sessions[--account->n_sessions];
    if (s->device->session == s)
        s->device->session = NULL;
    s->account = NULL;
    s->device = NULL;
    s->live = false;
}

void account_set_away(struct account *account, bool away, struct str text)
{
    free(account->away_text);
    account->away_text = away && text.len ? mem_str(text) : NULL;
    account->away = away;
}
