/* SPDX-License-Identifier: MIT
 *
 * Dormant sessions; see doze.h.
 */
#include "server/doze.h"

#include "server/login.h"
#include "server/presence.h"
#include "server/world.h"

bool doze_may_begin(const struct session *s)
{
    return s->state == SESSION_READY && s->live && !s->parked &&
           link_transport(s->link) == TRANSPORT_UDP &&
           link_is_secure(s->link) && limit(s->env, LIMIT_DORMANT) > 0;
}

void doze_begin(struct world *w, struct session *s, struct now now)
{
    s->dozer = s->account->id;
    s->partings = s->account->partings;
    if (!s->lagging)
        s->lag_mark = w->env.published;
    s->dozed_us = now.mono_us - presence_silence(s, now);
    login_leave(w, s, reason_TIMEOUT, now);
    link_rest(s->link);
    s->close_by_us = now.mono_us + limit(&w->env, LIMIT_DORMANT) * 1000000;
    session_enter(s, SESSION_DORMANT);
    LOG(&w->env.log, SESSION_DORMANT, log_num("session", s->id));
}

/* Its account and its place in it, if both are as they were. */
static struct account *find_account(struct world *w, struct session *s)
{
    struct account *account = world_account(w, s->dozer);
    struct device *device =
        account ? account_device(account, s->device_id) : NULL;

    if (!device || device->session || account->dying ||
        (account_is_bound(account) && !account_opens(account, s)) ||
        account->partings != s->partings ||
        account->n_sessions >= limit(&w->env, LIMIT_PER_ACCOUNT))
        return NULL;
    s->device = device;
    return account;
}

bool doze_end(struct world *w, struct session *s, struct now now)
{
    struct account *account = find_account(w, s);
    uint64_t away_ms = (now.mono_us - s->dozed_us) / 1000;
    bool was_gone;

    if (!account)
        return false;
    was_gone = account->n_sessions == 0;
    account_attach(account, s);
    session_enter(s, SESSION_READY);
    s->reason = reason_NONE;
    s->live = s->lagging = true;
    w->env.metrics.lagging++;
    s->forgiven_us = now.mono_us;
    s->device->used = s->id;
    LOG(&w->env.log, SESSION_AWAKE, log_num("session", s->id),
        log_num("away_ms", away_ms));
    if (was_gone)
        presence_back(w, account, reason_ASLEEP, away_ms, now);
    else
        presence_update(w, account, now);
    return true;
}
