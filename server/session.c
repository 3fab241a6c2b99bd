/* SPDX-License-Identifier: MIT
 *
 * One connection; see session.h.
 */
#include "server/session.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "server/account.h"
#include "server/credential.h"
#include "server/env.h"
#include "server/event.h"
#include "shared/frame.h"
#include "shared/mem.h"
#include "shared/secure_hash.h"
#include "shared/wire.h"

/* Which states may follow which. */
static const unsigned NEXT[] = {
    [SESSION_NEW] =
        1u << SESSION_GREETED | 1u << SESSION_CLOSING | 1u << SESSION_DEAD,
    [SESSION_GREETED] =
        1u << SESSION_READY | 1u << SESSION_CLOSING | 1u << SESSION_DEAD,
    [SESSION_READY] =
        1u << SESSION_DORMANT | 1u << SESSION_CLOSING | 1u << SESSION_DEAD,
    [SESSION_DORMANT] =
        1u << SESSION_READY | 1u << SESSION_CLOSING | 1u << SESSION_DEAD,
    [SESSION_CLOSING] = 1u << SESSION_DEAD,
    [SESSION_DEAD] = 0,
};

/* Being a user of this machine counts like having a key. */
static void know_local(struct session *s, const struct local *local)
{
    char hash[SECURE_HASH_TEXT], text[32];

    if (!local)
        return;
    s->local = mem_new(1, sizeof *s->local);
    *s->local = *local;
    snprintf(text, sizeof text, "user %" PRIu32, local->uid);
    secure_hash(str_of(text), hash);
    s->has_key = credential_parse(&s->key, str_of(hash));
}

struct session *session_new(struct env *env, const struct session_config *cfg,
                            struct now now)
{
    struct session *s = mem_new(1, sizeof *s);

    list_init(&s->stranger);
    list_init(&s->dozing);
    s->env = env;
    s->id = cfg->id;
    s->clear = cfg->clear;
    s->shaking = cfg->link.secure != NULL;
    s->link = link_new(&cfg->link, now);
    s->peer = mem_str(cfg->peer);
    s->gate = mem_str(cfg->gate);
    s->gate_len = cfg->gate.len;
    know_local(s, cfg->local);
    s->opened_us = s->forgiven_us = now.mono_us;
    env->metrics.pending++;
    return s;
}

void session_free(struct session *s)
{
    assert(s->state == SESSION_DEAD && !s->account && !s->dirty);
    assert(!s->rows);
    heap_set(&s->env->deadlines, &s->timer, NEVER);
    link_free(s->link);
    frame_unref(s->parked);
    event_unref(s->sought.event);
    free(s->unread);
    free(s->peer);
    free(s->gate);
    free(s->local);
    free(s);
}

bool session_is_of(const struct session *s, uint64_t account)
{
    return s->account ? s->account->id == account
                      : s->state == SESSION_DORMANT && s->dozer == account;
}

void session_enter(struct session *s, enum session_state state)
{
    assert(NEXT[s->state] & 1u << state);
    if (s->state < SESSION_READY && state >= SESSION_READY) {
        s->env->metrics.pending--;
        s->env->metrics.strangers -= !list_is_empty(&s->stranger);
        list_remove(&s->stranger);
    }
    list_remove(&s->dozing);
    s->env->metrics.dormant += state == SESSION_DORMANT;
    s->env->metrics.dormant -= s->state == SESSION_DORMANT;
    s->state = state;
    session_wake(s);
}

struct session *session_of_stranger(struct list *node)
{
    return (void *)((char *)node - offsetof(struct session, stranger));
}

struct session *session_of_dozer(struct list *node)
{
    return (void *)((char *)node - offsetof(struct session, dozing));
}

void session_wake(struct session *s)
{
    struct env *env = s->env;
    void *dirty = env->dirty;

    if (s->dirty)
        return;
    mem_grow(&dirty, &env->cap_dirty, env->n_dirty + 1, sizeof *env->dirty);
    env->dirty = dirty;
    env->dirty[env->n_dirty++] = s;
    s->dirty = true;
}

void session_arm(struct session *s, uint64_t at)
{
    if (!s->timer.pos || at < s->timer.at)
        heap_set(&s->env->deadlines, &s->timer, at);
}

static void overrun(struct session *s)
{
    s->overrun = true;
    session_arm(s, 0);
}

void session_send(struct session *s, struct frame *frame, enum lane lane,
                  uint64_t key, bool own)
{
    if (s->state >= SESSION_CLOSING && lane != LANE_CONTROL)
        return;
    if (link_send(s->link, frame, lane, key, own) ||
        link_queued(s->link) > limit(s->env, LIMIT_QUEUE_HARD))
        overrun(s);
    session_wake(s);
}

void session_say(struct session *s, const struct msg *msg, bool own)
{
    struct frame *frame = frame_of(msg);
    enum lane lane = wire_row(msg->kind)->lane;

    session_send(s, frame, lane, lane == LANE_ROOM ? wire_key(msg) : 0, own);
    frame_unref(frame);
}

static void begin_to_lag(struct session *s)
{
    s->lagging = true;
    s->lag_mark = s->env->published - 1;
    s->env->metrics.lags++;
    s->env->metrics.lagging++;
    LOG(&s->env->log, SESSION_LAG, log_num("session", s->id),
        log_num("queued", link_queued(s->link)));
}

void session_push(struct session *s, struct frame *frame, enum lane lane,
                  uint64_t key, bool own)
{
    if (s->lagging)
        return;
    if (link_queued(s->link) > limit(s->env, LIMIT_QUEUE_SOFT) ||
        link_send(s->link, frame, lane, key, own)) {
        begin_to_lag(s);
        return;
    }
    session_wake(s);
}

void session_seek(struct session *s, const struct sought *found)
{
    event_unref(s->sought.event);
    s->sought = found ? *found : (struct sought){ 0 };
}

void session_complain(struct session *s, const struct complaint *c)
{
    struct msg msg = { .kind = KIND_ERROR, .request = c->request };

    s->env->metrics.errors++;
    msg.error.code = c->code;
    msg.error.cseq = c->cseq;
    msg.error.retry_ms = c->retry_ms;
    msg.error.subject = c->subject;
    msg.error.text = str_of(c->text ? c->text : err_text(c->code));
    session_say(s, &msg, true);
}

bool session_keeps_up(const struct session *s)
{
    return link_queued(s->link) <= limit(s->env, LIMIT_QUEUE_SOFT);
}

bool session_wants_input(const struct session *s)
{
    return s->state != SESSION_DEAD && s->held_until_us == 0;
}

const char *session_transport(const struct session *s)
{
    return transport_name(link_transport(s->link));
}
