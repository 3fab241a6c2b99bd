/* SPDX-License-Identifier: MIT
 *
 * Events at hand; see recent.h.
 */
#include "server/recent.h"

#include <assert.h>
#include <stdlib.h>

#include "server/event.h"
#include "shared/frame.h"
#include "shared/mem.h"
#include "shared/wire.h"

enum {
    FILL_MAX = 256,  /* a ring is filled backward up to so many */
    EVENT_COST = 128 /* bytes an event takes besides its frame */
};

void recent_init(struct recent *recent, const uint64_t secret[2])
{
    *recent = (struct recent){ .most = UINT64_MAX, .most_all = UINT64_MAX };
    map_init(&recent->logs, secret);
    list_init(&recent->used);
}

static size_t cost_of(const struct event *event)
{
    return event->frame->len + EVENT_COST;
}

/* The i-th event of a ring. */
static struct event **slot(const struct recent_log *log, size_t i)
{
    return &log->ring[(log->head + i) % log->cap];
}

/* The oldest of a ring goes. */
static void forget_one(struct recent *recent, struct recent_log *log)
{
    struct event *event = *slot(log, 0);

    recent->bytes -= cost_of(event);
    log->head = (log->head + 1) % log->cap;
    log->n--;
    event_unref(event);
}

static void forget_all(struct recent *recent, struct recent_log *log)
{
    while (log->n)
        forget_one(recent, log);
    free(log->ring);
    log->ring = NULL;
    log->head = log->cap = 0;
    list_remove(&log->used);
}

static void log_free(struct recent *recent, struct recent_log *log)
{
    forget_all(recent, log);
    free(log);
}

void recent_fini(struct recent *recent)
{
    struct recent_log *log;
    size_t at = 0;

    while ((log = map_each(&recent->logs, &at)))
        log_free(recent, log);
    map_fini(&recent->logs);
}

/* ---- finding ---- */

static struct recent_log *find(const struct recent *recent, uint64_t room)
{
    return map_get(&recent->logs, map_num(&room));
}

const struct recent_log *recent_log(const struct recent *recent, uint64_t room)
{
    return find(recent, room);
}

struct event *recent_at(const struct recent *recent, uint64_t room,
                        uint64_t seq)
{
    const struct recent_log *log = find(recent, room);

    if (!log || seq > log->last || log->last - seq >= log->n)
        return NULL;
    return *slot(log, log->n - 1 - (size_t)(log->last - seq));
}

static struct recent_log *need(struct recent *recent, uint64_t room)
{
    struct recent_log *log = find(recent, room);

    if (log)
        return log;
    log = mem_new(1, sizeof *log);
    list_init(&log->used);
    log->room = room;
    map_put(&recent->logs, map_num(&log->room), log);
    return log;
}

void recent_note(struct recent *recent, uint64_t room, uint64_t first,
                 uint64_t last)
{
    struct recent_log *log = need(recent, room);

    forget_all(recent, log);
    log->first = first;
    log->last = last;
}

/* ---- keeping ---- */

static void grow(struct recent_log *log)
{
    size_t cap = log->cap ? log->cap * 2 : 16;
    struct event **ring = mem_new(cap, sizeof *ring);

    for (size_t i = 0; i < log->n; i++)
        ring[i] = *slot(log, i);
    free(log->ring);
    log->ring = ring;
    log->cap = cap;
    log->head = 0;
}

/* Take one at the end of a ring or in front of it. */
static void hold(struct recent *recent, struct recent_log *log,
                 struct event *event, bool front)
{
    if (log->n == log->cap)
        grow(log);
    if (front) {
        log->head = (log->head + log->cap - 1) % log->cap;
        *slot(log, 0) = event_ref(event);
    } else {
        *slot(log, log->n) = event_ref(event);
    }
    log->n++;
    recent->bytes += cost_of(event);
    list_append(&recent->used, &log->used);
}

/* Get below the bounds again; the newest event of a room in use stays. */
static void shrink(struct recent *recent, struct recent_log *log)
{
    while (log->n > 1 && log->n > recent->most)
        forget_one(recent, log);
    while (recent->bytes > recent->most_all) {
        struct recent_log *oldest = (struct recent_log *)recent->used.next;

        if (oldest != log)
            forget_all(recent, oldest);
        else if (log->n > 1)
            forget_one(recent, log);
        else
            break;
    }
}

void recent_append(struct recent *recent, struct event *event)
{
    struct recent_log *log = need(recent, event->room);

    assert(event->seq == log->last + 1 || log->last == 0);
    if (log->last == 0)
        log->first = event->seq;
    log->last = event->seq;
    hold(recent, log, event, false);
    shrink(recent, log);
}

void recent_fill(struct recent *recent, struct event *const *events, size_t n)
{
    struct recent_log *log = n ? find(recent, events[0]->room) : NULL;

    for (size_t i = n; log && i > 0 && log->n < FILL_MAX; i--) {
        struct event *event = events[i - 1];

        if (log->n >= recent->most)
            break;
        if (event->seq == log->last - log->n && event->seq >= log->first)
            hold(recent, log, event, true);
    }
    if (log && log->n)
        shrink(recent, log);
}

static void replace(struct recent *recent, struct event **at,
                    struct event *event)
{
    recent->bytes -= cost_of(*at);
    event_unref(*at);
    *at = event_ref(event);
    recent->bytes += cost_of(event);
}

static void blank_edits(struct recent *recent, struct recent_log *log,
                        uint64_t ref)
{
    for (size_t i = 0; i < log->n; i++) {
        struct event **at = slot(log, i), *event;
        struct msg_event body;

        if ((*at)->kind != event_EDIT || (*at)->ref != ref)
            continue;
        body = event_body(*at);
        body.text = str_of(NULL);
        event = event_new(&body);
        replace(recent, at, event);
        event_unref(event);
    }
}

void recent_change(struct recent *recent, struct event *event, bool blank)
{
    struct recent_log *log = find(recent, event->room);

    if (!log)
        return;
    log->changes++;
    if (recent_at(recent, event->room, event->seq))
        replace(recent,
                slot(log, log->n - 1 - (size_t)(log->last - event->seq)),
                event);
    if (blank)
        blank_edits(recent, log, event->seq);
    if (log->n)
        shrink(recent, log);
}

void recent_unname_taker(struct recent *recent, uint64_t room, uint64_t seq,
                         struct str nick)
{
    struct event *old = recent_at(recent, room, seq), *event;
    struct recent_log *log = find(recent, room);
    struct msg_event body;

    if (!log)
        return;
    log->changes++;
    if (!old)
        return;
    body = event_body(old);
    if (body.by.len == 0)
        return;
    body.by = nick;
    event = event_new(&body);
    replace(recent, slot(log, log->n - 1 - (size_t)(log->last - seq)), event);
    event_unref(event);
}

void recent_trim(struct recent *recent, uint64_t room, uint64_t seq)
{
    struct recent_log *log = find(recent, room);

    if (!log || log->last == 0 || seq < log->first)
        return;
    assert(seq < log->last);
    log->first = seq + 1;
    while (log->last - log->n + 1 < log->first)
        forget_one(recent, log);
}

void recent_drop(struct recent *recent, uint64_t room)
{
    struct recent_log *log = map_take(&recent->logs, map_num(&room));

    if (log)
        log_free(recent, log);
}
