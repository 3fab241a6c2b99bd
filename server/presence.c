/* SPDX-License-Identifier: MIT
 *
 * How people are; see presence.h.  A change is one row; a recipient gets the
 * rows of a batch in one frame.  Cost of a change: a visit to everybody who
 * shares a small room with the account, once, however many rooms they share.
 */
#include "server/presence.h"

#include <stdlib.h>

#include "server/world.h"
#include "shared/frame.h"
#include "shared/mem.h"

enum {
    ROWS_MAX = 128,      /* rows in a frame */
    ROW_SIZE = 26,       /* bytes of a packed row */
    MOVED_MIN_MS = 5,    /* a round trip that moved by less is the same */
    MOVED_MIN_LOSS = 20, /* per thousand, likewise */
    MOVED_PART = 4,      /* and so is one that moved by less than a quarter */
    RTT_EVERY_US = 5000000
};

/* ---- judging ---- */

uint64_t presence_silence(const struct session *s, struct now now)
{
    uint64_t heard = link_peer(s->link).heard_us;

    if (s->held_until_us)
        return 0;
    if (heard < s->forgiven_us)
        heard = s->forgiven_us;
    return now.mono_us > heard ? now.mono_us - heard : 0;
}

uint64_t presence_deadline(const struct session *s)
{
    uint64_t heard = link_peer(s->link).heard_us;
    uint64_t late = limit(s->env, LIMIT_LATE) * 1000;
    uint64_t gone = limit(s->env, LIMIT_GONE) * 1000;

    if (s->held_until_us || !s->account)
        return NEVER;
    if (heard < s->forgiven_us)
        heard = s->forgiven_us;
    if (s->shown_late)
        return heard + gone;
    return heard + (late < gone ? late : gone);
}

/* One session's state; `idle` counts as away as well. */
static unsigned judge(const struct session *s, bool away, struct now now)
{
    struct link_peer peer = link_peer(s->link);

    if (presence_silence(s, now) >= limit(s->env, LIMIT_LATE) * 1000)
        return presence_LATE;
    if (peer.frozen_s >= limit(s->env, LIMIT_FROZEN))
        return presence_FROZEN;
    if (away || peer.idle_s >= limit(s->env, LIMIT_IDLE))
        return presence_IDLE;
    return presence_HERE;
}

static struct session *best_session(struct account *account, unsigned *state,
                                    struct now now)
{
    struct session *best = NULL;

    *state = presence_GONE;
    for (size_t i = 0; i < account->n_sessions; i++) {
        struct session *s = account->sessions[i];
        unsigned is = judge(s, account->away, now);

        s->shown_late = is == presence_LATE;
        if (is > *state) {
            *state = is;
            best = s;
        }
    }
    return best;
}

/* Since when it has been so, as far as can be known. */
static uint64_t since(const struct session *s, const struct account *account,
                      unsigned state, struct now now)
{
    struct link_peer peer = link_peer(s->link);
    uint64_t ago = 0;

    if (state == presence_LATE)
        ago = presence_silence(s, now) / 1000;
    else if (state == presence_FROZEN)
        ago = (uint64_t)peer.frozen_s * 1000;
    else if (state == presence_IDLE && !account->away)
        ago = (uint64_t)peer.idle_s * 1000;
    return ago < now.wall_ms ? now.wall_ms - ago : 0;
}

/* ---- deciding what is worth telling ---- */

static bool moved(uint64_t from, uint64_t to, uint64_t least)
{
    uint64_t by = from < to ? to - from : from - to;

    if (from == 0)
        return to > 0; /* a first measurement */
    return by >= least && by * MOVED_PART >= from;
}

static bool is_worth_telling(const struct account *account, struct now now)
{
    const struct rec_presence *is = &account->is, *told = &account->told;

    if (account->news || is->state != told->state || is->reason != told->reason)
        return true;
    if (is->state == presence_GONE ||
        now.mono_us - account->told_us < RTT_EVERY_US)
        return false;
    return moved(told->rtt_ms, is->rtt_ms, MOVED_MIN_MS) ||
           moved(told->loss + 1, is->loss + 1, MOVED_MIN_LOSS);
}

static void consider(struct world *w, struct account *account, struct now now)
{
    void *changed = w->changed;

    if (account->changed || !is_worth_telling(account, now))
        return;
    account->changed = true;
    mem_grow(&changed, &w->cap_changed, w->n_changed + 1, sizeof *w->changed);
    w->changed = changed;
    w->changed[w->n_changed++] = account->id;
    if (w->tell_at_us == NEVER)
        w->tell_at_us =
            now.mono_us + limit(&w->env, LIMIT_PRESENCE_BATCH) * 1000;
}

static void set_path(struct rec_presence *is, const struct session *s)
{
    struct link_peer peer = link_peer(s->link);
    uint64_t us = peer.peer_rtt_us ? peer.peer_rtt_us : peer.rtt_us;
    uint64_t loss = peer.peer_loss > peer.loss ? peer.peer_loss : peer.loss;

    if (us) /* else not measured yet on a new link: the old value stays */
        is->rtt_ms = time_min((us + 999) / 1000, UINT16_MAX);
    is->loss = time_min(loss, 1000);
}

void presence_update(struct world *w, struct account *account, struct now now)
{
    struct rec_presence *is = &account->is;
    unsigned state;
    struct session *s = best_session(account, &state, now);

    if (!s)
        return; /* presence_gone has said it */
    if (state != is->state) {
        is->since = since(s, account, state, now);
        is->reason = reason_NONE;
        is->away_s = 0;
    }
    is->state = state;
    if (state == presence_IDLE)
        is->reason = account->away ? reason_AWAY : reason_NONE;
    set_path(is, s);
    consider(w, account, now);
}

void presence_gone(struct world *w, struct account *account, unsigned reason,
                   uint64_t silent, struct now now)
{
    uint64_t ago = reason == reason_TIMEOUT ? silent / 1000 : 0;

    account->is = (struct rec_presence){
        .account = account->id,
        .state = presence_GONE,
        .reason = reason,
        .since = ago < now.wall_ms ? now.wall_ms - ago : 0,
    };
    consider(w, account, now);
}

void presence_back(struct world *w, struct account *account, unsigned cause,
                   uint64_t away_ms, struct now now)
{
    presence_update(w, account, now);
    if (cause != reason_ASLEEP && cause != reason_LINK)
        return;
    account->is.reason = cause;
    account->is.away_s = time_min(away_ms / 1000, UINT32_MAX);
    consider(w, account, now);
}

void presence_news(struct world *w, struct account *account, struct now now)
{
    account->news = true;
    consider(w, account, now);
}

/* ---- telling ---- */

static void flush_rows(struct session *s)
{
    struct msg msg = { .kind = KIND_PRESENCE, .flags = FLAG_EPHEMERAL };
    struct frame *frame;

    msg.presence.rows = str_bytes(s->rows, s->n_rows * ROW_SIZE);
    msg.presence.serial = ++s->serial;
    frame = frame_of(&msg);
    session_push(s, frame, LANE_PRESENCE, 0, false);
    frame_unref(frame);
    free(s->rows);
    s->rows = NULL;
    s->n_rows = 0;
}

/* Sessions with rows to flush. */
struct mail {
    struct session **to;
    size_t n, cap;
};

static void add_row(struct mail *mail, struct session *s,
                    const struct rec_presence *row)
{
    void *to = mail->to;

    if (!s->rows) {
        s->rows = mem_new(ROWS_MAX, ROW_SIZE);
        mem_grow(&to, &mail->cap, mail->n + 1, sizeof *mail->to);
        mail->to = to;
        mail->to[mail->n++] = s;
    }
    rec_pack(RECORD_presence, row, s->rows + s->n_rows * ROW_SIZE);
    s->env->metrics.presence_rows++;
    if (++s->n_rows == ROWS_MAX)
        flush_rows(s);
}

static void flush_mail(struct mail *mail)
{
    for (size_t i = 0; i < mail->n; i++) {
        if (mail->to[i]->n_rows)
            flush_rows(mail->to[i]);
    }
    free(mail->to);
}

struct crowd {
    struct account **who;
    size_t n, cap;
};

/* Everybody who shares a small room with the account, once, but itself. */
static void gather(struct world *w, struct account *account,
                   struct crowd *crowd)
{
    crowd->n = 0;
    account->visit = ++w->visit;
    for (size_t i = 0; i < account->n_rooms; i++) {
        const struct room *room = account->rooms[i]->room;

        if (!account->rooms[i]->in || !room_is_small(room, &w->env))
            continue;
        for (size_t j = 0; j < room->n_members; j++) {
            struct account *other = room->members[j]->account;
            void *who = crowd->who;

            if (other->visit == w->visit || !room->members[j]->in)
                continue;
            other->visit = w->visit;
            mem_grow(&who, &crowd->cap, crowd->n + 1, sizeof *crowd->who);
            crowd->who = who;
            crowd->who[crowd->n++] = other;
        }
    }
}

static void tell_crowd(const struct crowd *crowd, struct mail *mail,
                       const struct rec_presence *row)
{
    for (size_t i = 0; i < crowd->n; i++) {
        struct account *to = crowd->who[i];

        for (size_t j = 0; j < to->n_sessions; j++) {
            if (to->sessions[j]->live && !to->sessions[j]->lagging)
                add_row(mail, to->sessions[j], row);
        }
    }
}

/* The account whose change is still one; it counts as told from here on. */
static struct account *take_changed(struct world *w, uint64_t id,
                                    struct now now)
{
    struct account *account = world_account(w, id);

    if (!account)
        return NULL;
    account->changed = false;
    if (!is_worth_telling(account, now))
        return NULL;
    account->told = account->is;
    account->told_us = now.mono_us;
    account->news = false;
    return account;
}

void presence_tell(struct world *w, struct now now)
{
    struct crowd crowd = { 0 };
    struct mail mail = { 0 };

    w->tell_at_us = NEVER;
    for (size_t i = 0; i < w->n_changed; i++) {
        struct account *account = take_changed(w, w->changed[i], now);

        if (!account)
            continue;
        gather(w, account, &crowd);
        tell_crowd(&crowd, &mail, &account->is);
    }
    w->n_changed = 0;
    free(crowd.who);
    flush_mail(&mail);
}

void presence_picture(struct world *w, struct session *s)
{
    struct crowd crowd = { 0 };
    struct mail mail = { 0 };

    gather(w, s->account, &crowd);
    for (size_t i = 0; i < crowd.n; i++)
        add_row(&mail, s, &crowd.who[i]->is);
    free(crowd.who);
    flush_mail(&mail);
}
