/* SPDX-License-Identifier: MIT
 *
 * HIST, VERSIONS, MEMBERS, ROOM_LIST, and the place of a command sent twice;
 * see query.h.  Pages end early rather than fill a slow reader's queue.
 */
#include "server/query.h"

#include "server/call.h"
#include "server/event.h"
#include "server/permit.h"
#include "server/reading.h"
#include "server/store.h"
#include "server/world.h"
#include "shared/kind.h"
#include "shared/text.h"

static const uint64_t RETRY_MS = 1000; /* after what could not be read */

static uint64_t page_size(const struct call *c, uint64_t wanted)
{
    const struct env *env = &c->w->env;

    return time_min(wanted ? wanted : limit(env, LIMIT_PAGE),
                    limit(env, LIMIT_PAGE_MAX));
}

static struct room *find_room(const struct call *c, uint64_t id)
{
    struct room *room = world_room(c->w, id);
    const struct member *m = room ? room_member(room, c->s->account->id) : NULL;

    return m && m->in ? room : NULL;
}

/* ---- HIST ---- */

/* The seqs meant; lo > hi when there are none. */
static enum err range_of(const struct msg_hist *hist, uint64_t n, uint64_t head,
                         struct store_query *q)
{
    uint64_t seq = time_min(hist->seq, head + 1), from;

    switch (hist->mode) {
    case hist_LATEST:
    case hist_BEFORE:
        q->backward = true;
        q->hi = hist->mode == hist_LATEST ? head : seq - (seq > 0);
        q->lo = q->hi >= n ? q->hi - n + 1 : 1;
        return ERR_NONE;
    case hist_AFTER:
        q->lo = seq + 1;
        q->hi = seq + n;
        return ERR_NONE;
    case hist_AROUND:
        from = seq > n / 2 ? seq - n / 2 : 1;
        q->lo = from;
        q->hi = from + n - 1;
        return ERR_NONE;
    case hist_SINCE:
        q->kind = QUERY_SINCE;
        q->lo = 1;
        q->hi = head;
        q->ts = hist->ts;
        q->most = n;
        return ERR_NONE;
    case hist_BETWEEN:
        q->lo = seq + 1;
        q->hi = time_min(seq + n, hist->until - (hist->until > 0));
        return ERR_NONE;
    default: return ERROR_BAD_FIELD;
    }
}

/* What was deleted is passed over: the page begins with what is left. */
static void skip_deleted(struct msg_hist *hist, uint64_t first)
{
    bool on = hist->mode == hist_AFTER || hist->mode == hist_BETWEEN;

    if (on && first && hist->seq < first - 1)
        hist->seq = first - 1;
}

enum err on_hist(struct call *c)
{
    struct msg_hist hist = c->msg->hist;
    const struct room *room = find_room(c, hist.room);
    struct store_query q = { .session = c->s->id,
                             .request = c->msg->request,
                             .bytes = limit(&c->w->env, LIMIT_QUEUE_SOFT) };

    if (!room)
        return ERROR_NOT_MEMBER;
    skip_deleted(&hist, store_first(c->w->store, room->id));
    c->subject = str_of("mode");
    if (range_of(&hist, page_size(c, hist.limit), room->head_stored, &q))
        return ERROR_BAD_FIELD;
    q.room = room->id;
    c->s->asking = store_ask(c->w->store, &q);
    return c->s->asking ? ERR_NONE : ERROR_BUSY;
}

static void send_page(struct world *w, struct session *s,
                      const struct store_answer *answer)
{
    const struct room *room = world_room(w, answer->query.room);
    uint64_t oldest = store_first(w->store, answer->query.room);
    uint64_t lo = answer->query.lo, hi = answer->query.hi;
    struct msg msg = { .kind = KIND_HIST_PAGE,
                       .request = answer->query.request };

    for (size_t i = 0; i < answer->n; i++)
        session_send(s, answer->events[i]->frame, LANE_BULK, 0, false);
    if (answer->n) {
        msg.hist_page.first = lo = answer->events[0]->seq;
        msg.hist_page.last = hi = answer->events[answer->n - 1]->seq;
    }
    msg.hist_page.room = answer->query.room;
    msg.hist_page.before = oldest && oldest < lo;
    msg.hist_page.after = room && room->head_stored > hi;
    session_say(s, &msg, true);
}

/* ---- VERSIONS ---- */

/* Those who may read anybody's, and everybody their own. */
enum err on_versions(struct call *c)
{
    const struct msg_versions *ask = &c->msg->versions;
    const struct account *me = c->s->account;
    const struct room *room = find_room(c, ask->room);
    struct store_query q = { .kind = QUERY_VERSIONS,
                             .session = c->s->id,
                             .request = c->msg->request,
                             .room = ask->room,
                             .lo = ask->ref,
                             .hi = ask->ref,
                             .bytes = limit(&c->w->env, LIMIT_QUEUE_SOFT) };

    if (!room)
        return ERROR_NOT_MEMBER;
    c->subject = str_of("ref");
    if (ask->ref == 0 || ask->ref > room->head_stored)
        return ERROR_NO_SUCH_MESSAGE;
    if (!call_may(c, room, ACT_VERSIONS))
        q.account = me->id;
    c->s->asking = store_ask(c->w->store, &q);
    return c->s->asking ? ERR_NONE : ERROR_BUSY;
}

/* Nothing is left of what was taken back; the rest is no message. */
static enum err check_versions(const struct store_answer *answer)
{
    struct msg_event body;

    if (answer->n == 0)
        return ERROR_NO_SUCH_MESSAGE;
    body = event_body(answer->events[0]);
    if (!kind_is_talk(body.kind) || body.by.len)
        return ERROR_NO_SUCH_MESSAGE;
    if (answer->query.account && answer->query.account != body.account)
        return ERROR_FORBIDDEN;
    return ERR_NONE;
}

static void send_versions(struct session *s, const struct store_answer *answer)
{
    struct complaint refusal = { .code = check_versions(answer),
                                 .request = answer->query.request };
    struct msg msg = { .kind = KIND_VERSION, .request = answer->query.request };

    if (refusal.code) {
        session_complain(s, &refusal);
        return;
    }
    msg.version.room = answer->query.room;
    msg.version.ref = answer->query.lo;
    for (size_t i = 1; i < answer->n; i++) {
        struct msg_event was = event_body(answer->events[i]);

        msg.version.seq = was.seq;
        msg.version.ts = was.ts;
        msg.version.text = was.text;
        session_say(s, &msg, true);
    }
    msg.version.seq = msg.version.ts = 0;
    msg.version.text = str_of(NULL);
    msg.version.more = answer->more;
    session_say(s, &msg, true);
}

/* ---- a command that had been stored before ---- */

/*
 * A JOIN names its room.  Who has not been in it learns neither whether there
 * is one nor its number.
 */
static uint64_t place_room(const struct session *s, const struct room *room,
                           const struct store_answer *answer)
{
    bool is_known = answer->n || (room && room_member(room, s->account->id));

    return is_known ? answer->query.room : 0;
}

static void send_place(const struct world *w, struct session *s,
                       const struct store_answer *answer)
{
    const struct room *room = world_room(w, answer->query.room);
    struct msg msg = { .kind = KIND_SEND_ACK,
                       .request = answer->query.request };

    msg.send_ack.cseq = answer->query.cseq;
    msg.send_ack.room = place_room(s, room, answer);
    msg.send_ack.dup = 1;
    if (answer->n) {
        msg.send_ack.seq = answer->events[0]->seq;
        msg.send_ack.ts = answer->events[0]->ts;
    }
    session_say(s, &msg, true);
}

/* ---- a message that a command is about ---- */

static void keep_found(const struct world *w, struct session *s,
                       const struct store_answer *answer)
{
    const struct store_query *q = &answer->query;
    struct sought found = { .room = q->room,
                            .seq = q->lo,
                            .changes = store_changes(w->store, q->room),
                            .known = true,
                            .reacted = answer->reacted,
                            .error = answer->error };

    if (answer->n)
        found.event = event_ref(answer->events[0]);
    session_seek(s, &found);
}

/* ---- what comes back ---- */

static void send_failure(struct session *s, const struct store_answer *answer)
{
    struct complaint complaint = { .code = ERROR_STORE,
                                   .request = answer->query.request,
                                   .cseq = answer->query.cseq,
                                   .retry_ms = RETRY_MS };

    session_complain(s, &complaint);
}

/* The session waits for it before it says anything else. */
static bool is_asking(enum query_kind kind)
{
    return kind == QUERY_PAGE || kind == QUERY_SINCE || kind == QUERY_TARGET ||
           kind == QUERY_VERSIONS;
}

void query_answered(struct world *w, const struct store_answer *answer)
{
    struct session *s;

    if (answer->query.kind == QUERY_AGED)
        retain_answered(w, answer);
    if (answer->query.kind == QUERY_UNREAD) {
        reading_counted(w, answer);
        return;
    }
    if (answer->query.kind == QUERY_OF) {
        errand_answered(w, answer);
        return;
    }
    s = map_get(&w->sessions, map_num(&answer->query.session));
    if (!s || s->state != SESSION_READY)
        return;
    if (is_asking(answer->query.kind)) {
        s->asking = false;
        session_arm(s, 0); /* what waited for it may go on */
    }
    if (answer->query.kind == QUERY_TARGET)
        keep_found(w, s, answer);
    else if (answer->error)
        send_failure(s, answer);
    else if (answer->query.kind == QUERY_PLACE)
        send_place(w, s, answer);
    else if (answer->query.kind == QUERY_VERSIONS)
        send_versions(s, answer);
    else
        send_page(w, s, answer);
}

/* ---- MEMBERS ---- */

static void say_member(struct call *c, const struct member *m)
{
    const struct room *room = m->room;
    const struct account *account = m->account;
    struct msg msg = { .kind = KIND_MEMBER, .request = c->msg->request };

    msg.member.room = room->id;
    msg.member.account = account->id;
    msg.member.nick = str_of(account->nick.shown);
    msg.member.state = account->is.state;
    msg.member.reason = account->is.reason;
    msg.member.rtt_ms = account->is.rtt_ms;
    msg.member.loss = account->is.loss;
    msg.member.since = account->is.since;
    msg.member.text = str_of(account->away_text);
    msg.member.role = m->role;
    msg.member.muted = room_muted_until(room, account->id);
    session_say(c->s, &msg, true);
}

enum err on_members(struct call *c)
{
    const struct msg_members *ask = &c->msg->members;
    const struct room *room = find_room(c, ask->room);
    uint64_t left = page_size(c, ask->limit);
    struct msg end = { .kind = KIND_MEMBER, .request = c->msg->request };
    size_t i;

    if (!room)
        return ERROR_NOT_MEMBER;
    i = room_member_after(room, ask->after);
    for (; i < room->n_members && left && session_keeps_up(c->s); i++) {
        if (!room->members[i]->in)
            continue;
        say_member(c, room->members[i]);
        left--;
    }
    end.member.room = room->id;
    end.member.more = i < room->n_members;
    session_say(c->s, &end, true);
    return ERR_NONE;
}

/* ---- ROOM_LIST ---- */

static void say_room(struct call *c, const struct room *room)
{
    struct msg msg = { .kind = KIND_ROOM_INFO, .request = c->msg->request };

    msg.room_info.name = str_of(room->name);
    msg.room_info.members = room->n_in;
    msg.room_info.topic = str_of(room->topic);
    session_say(c->s, &msg, true);
}

/* Who is not in a secret room does not hear of it. */
static bool is_listed(const struct call *c, const struct room *room)
{
    return !room_is_secret(room) || room_member(room, c->s->account->id);
}

enum err on_room_list(struct call *c)
{
    const struct msg_room_list *ask = &c->msg->room_list;
    const struct world *w = c->w;
    uint64_t left = page_size(c, ask->limit);
    struct msg end = { .kind = KIND_ROOM_INFO, .request = c->msg->request };
    char folded[NAME_MAX_BYTES];
    size_t len = 0, i = 0;

    if (ask->after.len)
        len = text_fold(ask->after, folded, sizeof folded);
    if (len)
        i = world_directory_after(w, str_bytes(folded, len));
    for (; i < w->n_directory && left && session_keeps_up(c->s); i++) {
        if (w->directory[i]->n_in == 0 || !is_listed(c, w->directory[i]))
            continue;
        say_room(c, w->directory[i]);
        left--;
    }
    end.room_info.more = i < w->n_directory;
    session_say(c->s, &end, true);
    return ERR_NONE;
}
