/* SPDX-License-Identifier: MIT
 *
 * The table of verbs and what is common to them; see verbs.h.
 *
 * An ordered command carries cseq, its device's counter.  The next one is
 * taken, an older one is a duplicate, a later one is refused: so a command that
 * failed for a while can never be overtaken by its successor.  Whatever becomes
 * of a command that was taken, the store confirms it before it is answered,
 * refusals included: an answer once given stays true.
 */
#include "server/verbs.h"

#include "server/call.h"
#include "server/login.h"
#include "server/store.h"
#include "server/world.h"
#include "shared/frame.h"
#include "shared/mem.h"

enum cost {
    COST_FREE,
    COST_SEND,
    COST_QUERY, /* answered: the next one waits for that */
    COST_READ   /* at the same rate, beside them */
};

enum {
    IN_NEW = 1u << SESSION_NEW,
    IN_GREETED = 1u << SESSION_GREETED,
    IN_READY = 1u << SESSION_READY,
    IN_ANY = IN_NEW | IN_GREETED | IN_READY
};

struct verb {
    unsigned states; /* in which it is legal */
    enum cost cost;
    size_t cseq; /* where its counter lies; 0: it has none */
    enum err (*run)(struct call *);
};

static const struct verb VERBS[] = {
    [KIND_HELLO] = { IN_NEW, COST_FREE, 0, on_hello },
    [KIND_AUTH] = { IN_GREETED, COST_FREE, 0, on_auth },
    [KIND_BYE] = { IN_ANY, COST_FREE, 0, on_bye },
    [KIND_SYNC] = { IN_READY, COST_QUERY, 0, on_sync },
    [KIND_SEND] = { IN_READY, COST_SEND, offsetof(struct msg, send.cseq),
                    on_send },
    [KIND_EDIT] = { IN_READY, COST_SEND, offsetof(struct msg, edit.cseq),
                    on_edit },
    [KIND_REDACT] = { IN_READY, COST_SEND, offsetof(struct msg, redact.cseq),
                      on_redact },
    [KIND_REACT] = { IN_READY, COST_SEND, offsetof(struct msg, react.cseq),
                     on_react },
    [KIND_PIN] = { IN_READY, COST_SEND, offsetof(struct msg, pin.cseq),
                   on_pin },
    [KIND_HIST] = { IN_READY, COST_QUERY, 0, on_hist },
    [KIND_VERSIONS] = { IN_READY, COST_QUERY, 0, on_versions },
    [KIND_SEARCH] = { IN_READY, COST_QUERY, 0, on_search },
    [KIND_READ] = { IN_READY, COST_READ, 0, on_read },
    [KIND_ROOM_SET] = { IN_READY, COST_SEND,
                        offsetof(struct msg, room_set.cseq), on_room_set },
    [KIND_JOIN] = { IN_READY, COST_SEND, offsetof(struct msg, join.cseq),
                    on_join },
    [KIND_PART] = { IN_READY, COST_SEND, offsetof(struct msg, part.cseq),
                    on_part },
    [KIND_ROOM_MODE] = { IN_READY, COST_SEND,
                         offsetof(struct msg, room_mode.cseq), on_room_mode },
    [KIND_KICK] = { IN_READY, COST_SEND, offsetof(struct msg, kick.cseq),
                    on_kick },
    [KIND_SANCTION] = { IN_READY, COST_SEND,
                        offsetof(struct msg, sanction.cseq), on_sanction },
    [KIND_LIFT] = { IN_READY, COST_SEND, offsetof(struct msg, lift.cseq),
                    on_lift },
    [KIND_ROLE] = { IN_READY, COST_SEND, offsetof(struct msg, role.cseq),
                    on_role },
    [KIND_INVITE] = { IN_READY, COST_SEND, offsetof(struct msg, invite.cseq),
                      on_invite },
    [KIND_SANCTIONS] = { IN_READY, COST_QUERY, 0, on_sanctions },
    [KIND_ROOM_LIST] = { IN_READY, COST_QUERY, 0, on_room_list },
    [KIND_MEMBERS] = { IN_READY, COST_QUERY, 0, on_members },
    [KIND_TYPING] = { IN_READY, COST_FREE, 0, on_typing },
    [KIND_STATUS] = { IN_READY, COST_SEND, 0, on_status },
    [KIND_DEVICES] = { IN_READY, COST_QUERY, 0, on_devices },
    [KIND_PASSWORD] = { IN_READY, COST_QUERY, 0, on_password },
    [KIND_NICK] = { IN_READY, COST_SEND, 0, on_nick },
};

static const uint64_t RETRY_MS = 1000; /* after BUSY and the like */

static const struct verb *find(unsigned kind)
{
    if (kind >= sizeof VERBS / sizeof *VERBS || !VERBS[kind].run)
        return NULL;
    return &VERBS[kind];
}

bool verbs_has(unsigned kind)
{
    return find(kind) || kind == KIND_PING || kind == KIND_PONG; /* link's */
}

/* ---- answering ---- */

static uint64_t retry_ms(const struct call *c)
{
    if (c->retry_us > c->now.mono_us)
        return (c->retry_us - c->now.mono_us) / 1000 + 1;
    return RETRY_MS;
}

static void note(const struct call *c, enum err error)
{
    LOG(&c->w->env.log, COMMAND_REFUSED, log_num("session", c->s->id),
        log_str("command", str_of(wire_name(c->msg->kind))),
        log_str("code", str_of(err_name(error))));
}

static void complain(struct call *c, enum err error)
{
    struct complaint complaint = {
        .code = error,
        .request = c->msg->request,
        .cseq = c->cseq,
        .retry_ms = err_is_retry(error) ? retry_ms(c) : 0,
        .subject = c->subject,
        .text = c->why,
    };

    note(c, error);
    c->w->env.metrics.auth_failures += err_is_auth(error);
    session_complain(c->s, &complaint);
}

static bool is_fatal(enum err error)
{
    const struct err_row *row = err_row(error);

    return row && row->after == AFTER_CLOSE;
}

/* ---- ordered commands ---- */

/* The room a command is about, 0 when there is none. */
static uint64_t room_of(const struct call *c)
{
    const struct room *room;

    if (c->msg->kind != KIND_JOIN)
        return wire_key(c->msg);
    room = world_room_named(c->w, c->msg->join.name);
    return room ? room->id : 0;
}

/* What a refused command was refused with; 0: it was not, or too long ago. */
static unsigned refused_with(const struct call *c)
{
    return store_refused(
        store_device(c->w->store, c->s->account->id, c->s->device->id),
        c->cseq);
}

/* It had been stored: give the same answer again. */
static enum err repeat(struct call *c)
{
    unsigned refusal = refused_with(c);
    struct store_query q = { .kind = QUERY_PLACE,
                             .session = c->s->id,
                             .request = c->msg->request,
                             .account = c->s->account->id,
                             .device = c->s->device->id,
                             .cseq = c->cseq };

    c->w->env.metrics.repeats++;
    if (refusal) {
        struct complaint complaint = { .code = (enum err)refusal,
                                       .request = c->msg->request,
                                       .cseq = c->cseq };

        session_complain(c->s, &complaint);
        return ERR_NONE;
    }
    q.room = room_of(c);
    return store_ask(c->w->store, &q) ? ERR_NONE : ERROR_BUSY;
}

/* Refused for good: the counter moves, and the store must know. */
static void refuse(struct call *c, enum err error)
{
    struct store_op op = { .error = error };

    op.text = mem_str(c->subject);
    op.note = c->why ? mem_str(str_of(c->why)) : NULL;
    note(c, error);
    call_put(c, &op);
}

/*
 * JOIN may come without a number, as entering twice is no harm: after a new
 * epoch a client has to be in its rooms before the lines that it still has to
 * send, and these keep their numbers.
 */
static enum err run_uncounted(struct call *c, const struct verb *verb)
{
    if (c->msg->kind != KIND_JOIN)
        return ERROR_BAD_FIELD;
    return store_has_room(c->w->store, 1) ? verb->run(c) : ERROR_BUSY;
}

static void run_ordered(struct call *c, const struct verb *verb)
{
    const struct device *device = c->s->device;
    enum err error;

    if (c->cseq == 0)
        error = run_uncounted(c, verb);
    else if (c->cseq <= device->stored)
        error = repeat(c);
    else if (c->cseq <= device->taken)
        return; /* on its way: its answer comes to this session */
    else if (c->cseq != device->taken + 1)
        error = ERROR_BAD_CSEQ;
    else if (!store_has_room(c->w->store, 1))
        error = ERROR_BUSY;
    else {
        error = verb->run(c);
        if (!error && c->wait_us)
            return;
        if (error && !err_is_retry(error)) {
            refuse(c, error);
            return;
        }
    }
    if (error)
        complain(c, error);
}

static void run_plain(struct call *c, const struct verb *verb)
{
    enum err error = verb->run(c);
    struct farewell farewell = { .code = error, .reason = reason_CLOSED };

    if (!error)
        return;
    complain(c, error);
    if (is_fatal(error))
        login_close(c->w, c->s, &farewell, c->now);
}

/* ---- the checks before ---- */

static struct rate rate_of(const struct env *env, enum limit burst)
{
    return (struct rate){ limit(env, burst), limit(env, burst + 1) };
}

static struct bucket *bucket_of(struct session *s, enum cost cost)
{
    switch (cost) {
    case COST_SEND: return &s->account->sends;
    case COST_READ: return &s->reads;
    case COST_QUERY:
    case COST_FREE: break;
    }
    return &s->queries;
}

/* When its cost can be paid; 0: it has been. */
static uint64_t pay(struct session *s, enum cost cost, struct now now)
{
    struct rate rate = rate_of(s->env, cost == COST_SEND ? LIMIT_SEND_BURST
                                                         : LIMIT_QUERY_BURST);
    struct bucket *bucket = bucket_of(s, cost);
    uint64_t when;

    _Static_assert(LIMIT_SEND_RATE == LIMIT_SEND_BURST + 1 &&
                       LIMIT_QUERY_RATE == LIMIT_QUERY_BURST + 1,
                   "a rate's row follows its burst's");
    if (cost == COST_FREE)
        return 0;
    if (cost != COST_READ && (!session_keeps_up(s) || s->asking))
        return NEVER; /* let it read its answers first */
    if (s->paid) {
        s->paid = false;
        return 0;
    }
    when = bucket_when(bucket, rate, 1, now);
    if (when == 0)
        bucket_spend(bucket, rate, 1, now);
    return when;
}

/* What has to be hashed first; returns when to come again, 0: now. */
static uint64_t wait_for_hash(struct call *c)
{
    switch ((unsigned)c->msg->kind) {
    case KIND_AUTH: return before_auth(c);
    case KIND_PASSWORD: return before_password(c);
    default: return 0;
    }
}

/* Out of order: the greeting is not done, or is done already. */
static void misplaced(struct call *c)
{
    struct farewell farewell = { .code = ERROR_AUTH_REQUIRED,
                                 .reason = reason_CLOSED };

    c->cseq = 0; /* not refused: it was never taken */
    complain(c, ERROR_BAD_STATE);
    if (c->s->state == SESSION_NEW)
        login_close(c->w, c->s, &farewell, c->now);
}

uint64_t verbs_run(struct world *w, struct session *s, const struct msg *msg,
                   struct now now)
{
    struct call c = { .w = w, .s = s, .msg = msg, .now = now };
    const struct verb *verb = find(msg->kind);
    uint64_t when;

    if (!verb) {
        verbs_unknown(s, msg);
        return 0;
    }
    if (!(verb->states & 1u << s->state)) {
        misplaced(&c);
        return 0;
    }
    when = pay(s, verb->cost, now);
    if (when)
        return when;
    when = wait_for_hash(&c);
    s->paid = when != 0;
    if (when)
        return when;
    if (!verb->cseq) {
        run_plain(&c, verb);
        return 0;
    }
    memcpy(&c.cseq, (const char *)msg + verb->cseq, sizeof c.cseq);
    run_ordered(&c, verb);
    s->paid = c.wait_us != 0;
    return c.wait_us;
}

void verbs_unknown(struct session *s, const struct msg *msg)
{
    struct complaint complaint = { .code = ERROR_UNSUPPORTED,
                                   .request = msg->request };

    if (msg->flags & FLAG_CRITICAL)
        session_complain(s, &complaint);
}
