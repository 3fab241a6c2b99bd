/* SPDX-License-Identifier: MIT
 *
 * What becomes of a message: EDIT, REDACT, REACT, PIN.  Each is an event of
 * its own, and makes the message another one that stands in its place from then
 * on.
 *
 * A message that is not at hand is read first, and one that a change is on its
 * way for is waited for; meanwhile the command is parked, and it is judged
 * when its turn comes again.
 */
#include "server/call.h"
#include "server/event.h"
#include "server/permit.h"
#include "server/store.h"
#include "server/world.h"
#include "shared/kind.h"
#include "shared/mem.h"
#include "shared/react.h"

enum {
    REACTS_BYTES = 2048, /* of all reactions to a message */
    SIGN_BYTES = REACT_MAX + 2
};

/* The message a command is about. */
struct aim {
    struct member *m;
    struct str key;        /* of a reaction, else empty */
    struct msg_event body; /* as it is; views into `event` */
    struct event *event;   /* borrowed; NULL: not known yet */
    bool reacted;          /* the caller, by `key` */
};

/* ---- who may ---- */

/* Take back what somebody else has said. */
static bool may_redact(const struct call *c, const struct member *m)
{
    return call_may(c, m->room, ACT_REDACT);
}

/* Pin something in a room. */
static bool may_pin(const struct call *c, const struct member *m)
{
    return call_may(c, m->room, ACT_PIN);
}

/* ---- finding the message ---- */

/* Have it read; the command is parked until the answer is there. */
static enum err ask(struct call *c, const struct aim *a, uint64_t seq)
{
    struct store_query q = { .kind = QUERY_TARGET,
                             .session = c->s->id,
                             .request = c->msg->request,
                             .account = c->s->account->id,
                             .room = a->m->room->id,
                             .lo = seq,
                             .hi = seq,
                             .bytes = SIZE_MAX };

    if (a->key.len)
        memcpy(q.key, a->key.ptr, a->key.len);
    if (!store_ask(c->w->store, &q))
        return ERROR_BUSY;
    c->s->asking = true;
    c->wait_us = NEVER;
    return ERR_NONE;
}

/* From what was read for it, or read it. */
static enum err look_up(struct call *c, struct aim *a, uint64_t seq)
{
    struct sought *sought = &c->s->sought;
    uint64_t room = a->m->room->id;

    if (!sought->known || sought->room != room || sought->seq != seq ||
        sought->changes != store_changes(c->w->store, room)) {
        session_seek(c->s, NULL);
        return ask(c, a, seq);
    }
    sought->known = false; /* it may be asked for once more */
    if (sought->error)
        return ERROR_STORE;
    if (!sought->event)
        return ERROR_NO_SUCH_MESSAGE;
    a->event = sought->event;
    a->reacted = sought->reacted;
    return ERR_NONE;
}

/* Whether the caller has reacted by that sign cannot be told from here. */
static bool is_open(const struct aim *a, const struct event *event)
{
    struct msg_event body;

    if (!a->key.len)
        return false;
    body = event_body(event);
    return react_count(body.reacts, a->key) > 0;
}

static enum err find(struct call *c, struct aim *a, uint64_t room, uint64_t seq)
{
    enum err error;

    a->m = talk_member(c, room);
    if (!a->m)
        return ERROR_NOT_MEMBER;
    c->subject = str_of("ref");
    if (seq == 0 || seq > a->m->room->head)
        return ERROR_NO_SUCH_MESSAGE;
    if (seq > a->m->room->head_stored ||
        touched_has(&c->w->touched, room, seq)) {
        c->wait_us = c->now.mono_us + CALL_WAIT_US;
        return ERR_NONE;
    }
    a->event = store_recent(c->w->store, room, seq);
    if (!a->event || is_open(a, a->event)) {
        a->event = NULL;
        error = look_up(c, a, seq);
        if (error || !a->event)
            return error;
    }
    a->body = event_body(a->event);
    if (!kind_is_talk(a->body.kind) || a->body.by.len)
        return ERROR_NO_SUCH_MESSAGE;
    return ERR_NONE;
}

/* ---- changing it ---- */

static bool is_in_time(const struct call *c, const struct aim *a)
{
    uint64_t window = limit(&c->w->env, LIMIT_EDIT_WINDOW) * 1000;

    return window && c->now.wall_ms < a->body.ts + window;
}

/* The caller's own, and not too old. */
static enum err check_own(const struct call *c, const struct aim *a)
{
    if (a->body.account != c->s->account->id)
        return ERROR_FORBIDDEN;
    return is_in_time(c, a) ? ERR_NONE : ERROR_WINDOW_EXPIRED;
}

/* Put the event, and the message as it becomes by it. */
static void put(struct call *c, struct aim *a, struct store_op *op)
{
    uint64_t seq = a->body.seq;

    op->room = a->m->room->id;
    a->body.as_of = op->event->seq;
    op->target = event_new(&a->body);
    touched_add(&c->w->touched, op->room, seq);
    call_put(c, op);
    session_seek(c->s, NULL);
}

/* It is so already: stored as a command that changed nothing. */
static void put_nothing(struct call *c, const struct room *room)
{
    struct store_op op = { .effect = EFFECT_NONE, .room = room->id };

    call_put(c, &op);
    session_seek(c->s, NULL);
}

enum err on_edit(struct call *c)
{
    const struct msg_edit *edit = &c->msg->edit;
    struct store_op op = { .effect = EFFECT_EDIT };
    struct aim a = { 0 };
    enum err error = find(c, &a, edit->room, edit->ref);

    if (error || !a.event)
        return error;
    error = call_may(c, a.m->room, ACT_SAY) ? check_own(c, &a) : ERROR_MUTED;
    if (!error)
        error = talk_check_text(c, edit->text);
    if (error)
        return error;
    op.event = talk_event(c, a.m->room, event_EDIT, edit->text, edit->ref);
    a.body.text = edit->text;
    a.body.edited = op.event->seq;
    put(c, &a, &op);
    return ERR_NONE;
}

/* The reason takes the place of what was said. */
enum err on_redact(struct call *c)
{
    const struct msg_redact *redact = &c->msg->redact;
    struct store_op op = { .effect = EFFECT_REDACT };
    struct str why = redact->text;
    struct aim a = { 0 };
    enum err error = find(c, &a, redact->room, redact->ref);

    if (error || !a.event)
        return error;
    error = check_own(c, &a);
    if (error && !may_redact(c, a.m))
        return error;
    c->subject = str_of("text");
    if (why.len > limit(&c->w->env, LIMIT_REASON_BYTES))
        return ERROR_TOO_LARGE;
    if (!call_may(c, a.m->room, ACT_SAY))
        why = str_of(NULL); /* who may not talk may take back, no more */
    op.event = talk_event(c, a.m->room, event_REDACT, why, redact->ref);
    a.body.text = why;
    a.body.by = account_nick(c->s->account);
    a.body.reacts = str_of(NULL);
    a.body.edited = a.body.pinned = 0;
    put(c, &a, &op);
    return ERR_NONE;
}

/* ---- REACT ---- */

static enum err check_key(struct call *c, struct str key)
{
    uint64_t most = limit(&c->w->env, LIMIT_REACT_BYTES);

    c->subject = str_of("key");
    if (key.len == 0)
        return ERROR_BAD_FIELD;
    return key.len > time_min(most, REACT_MAX) ? ERROR_TOO_LARGE : ERR_NONE;
}

static enum err check_kinds(struct call *c, const struct aim *a)
{
    c->subject = str_of("key");
    if (c->msg->react.remove || react_count(a->body.reacts, a->key) ||
        react_kinds(a->body.reacts) < limit(&c->w->env, LIMIT_REACT_KINDS))
        return ERR_NONE;
    return ERROR_LIMIT;
}

static void put_reaction(struct call *c, struct aim *a)
{
    struct store_op op = { .effect = EFFECT_REACT };
    bool remove = c->msg->react.remove;
    char sign[SIGN_BYTES], reacts[REACTS_BYTES];
    struct str said = str_bytes(sign, a->key.len + 1);
    size_t len;

    sign[0] = remove ? '-' : '+';
    memcpy(sign + 1, a->key.ptr, a->key.len);
    len = react_change(a->body.reacts, a->key, remove, reacts, sizeof reacts);
    a->body.reacts = str_bytes(reacts, len);
    op.text = mem_str(said);
    op.event = talk_event(c, a->m->room, event_REACT, said, a->body.seq);
    put(c, a, &op);
    a->body.reacts = str_of(NULL); /* it was a view of ours */
}

/* Done twice it changes nothing, and is answered all the same. */
enum err on_react(struct call *c)
{
    const struct msg_react *react = &c->msg->react;
    struct aim a = { .key = react->key };
    enum err error = check_key(c, react->key);

    if (!error)
        error = find(c, &a, react->room, react->ref);
    if (error || !a.event)
        return error;
    if (!call_may(c, a.m->room, ACT_SAY))
        return ERROR_MUTED;
    error = check_kinds(c, &a);
    if (error)
        return error;
    if (a.reacted == !react->remove)
        put_nothing(c, a.m->room);
    else
        put_reaction(c, &a);
    return ERR_NONE;
}

/* ---- PIN ---- */

enum err on_pin(struct call *c)
{
    const struct msg_pin *pin = &c->msg->pin;
    struct store_op op = { .effect = EFFECT_PIN };
    struct aim a = { 0 };
    enum err error = find(c, &a, pin->room, pin->ref);

    if (error || !a.event)
        return error;
    if (!may_pin(c, a.m))
        return ERROR_FORBIDDEN;
    if (!a.body.pinned == !!pin->remove) {
        put_nothing(c, a.m->room);
        return ERR_NONE;
    }
    op.event = talk_event(c, a.m->room, event_PIN,
                          str_of(pin->remove ? "-" : "+"), pin->ref);
    a.body.pinned = pin->remove ? 0 : op.event->seq;
    put(c, &a, &op);
    return ERR_NONE;
}
