/* SPDX-License-Identifier: MIT */
#include "tui/station.h"

#include <string.h>

#include "shared/str.h"
#include "shared/wire.h"
#include "tui/model.h"

enum { DIGITS_MAX = 12 };

static const uint64_t FOR_EVER = 1; /* of muted: until it is lifted */

/* ---- what is said of it ---- */

/* By our clock, which does not jump. */
static uint64_t muted_us(struct model *m, uint64_t until, struct now now)
{
    uint64_t wall_ms = model_wall(m, now);

    if (until == FOR_EVER)
        return NEVER;
    if (until <= wall_ms)
        return 0;
    until = now.mono_us + time_min(until - wall_ms, INT32_MAX) * 1000;
    m->muted_us = time_min(m->muted_us, until);
    return until;
}

struct station station_of(struct model *m, uint64_t role, uint64_t muted,
                          struct now now)
{
    return (struct station){ (unsigned)role, muted_us(m, muted, now) };
}

void station_sync(struct model *m, struct room *room,
                  const struct msg_sync_room *sync, struct now now)
{
    room->manner = (struct manner){ .access = (unsigned)sync->access,
                                    .locked = sync->locked,
                                    .keyed = sync->keyed,
                                    .slow_s = sync->slow_s,
                                    .most = sync->most };
    room->station = station_of(m, sync->role, sync->muted, now);
}

static uint64_t number(struct str digits)
{
    uint64_t n = 0;

    for (size_t i = 0; i < digits.len && i < DIGITS_MAX; i++)
        if (digits.ptr[i] >= '0' && digits.ptr[i] <= '9')
            n = n * 10 + (uint64_t)(digits.ptr[i] - '0');
    return n;
}

/* Of "NAME=VALUE". */
static bool is_of(struct str word, const char *name, struct str *value)
{
    if (!str_starts(word, str_of(name)))
        return false;
    *value = str_from(word, strlen(name));
    return true;
}

/* "access=invite slow=10" */
static void change(struct manner *manner, struct str text)
{
    struct str value;

    while (text.len) {
        struct str word = str_word(&text);

        if (is_of(word, "access=", &value))
            manner->access = str_is(value, "invite")   ? access_INVITE
                             : str_is(value, "secret") ? access_SECRET
                                                       : access_OPEN;
        else if (is_of(word, "topic=", &value))
            manner->locked = str_is(value, "moderators");
        else if (is_of(word, "slow=", &value))
            manner->slow_s = number(value);
        else if (is_of(word, "most=", &value))
            manner->most = number(value);
        else if (is_of(word, "key=", &value))
            manner->keyed = str_is(value, "set");
    }
}

/* What an event makes of whom it is about; the text begins with their nick. */
static void restation(struct model *m, struct station *station,
                      const struct msg_event *ev, struct now now)
{
    struct str text = ev->text;
    uint64_t seconds;

    str_word(&text);
    if (ev->kind == event_ROLE) {
        station->role = str_is(text, "owner")       ? role_OWNER
                        : str_is(text, "moderator") ? role_MODERATOR
                                                    : role_MEMBER;
    } else if (ev->kind == event_MUTE) {
        seconds = number(str_word(&text));
        station->muted_us =
            muted_us(m, seconds ? ev->ts + seconds * 1000 : FOR_EVER, now);
    } else {
        station->muted_us = 0;
    }
}

void station_event(struct model *m, struct room *room,
                   const struct msg_event *ev, struct now now)
{
    struct member *member = ev->ref ? member_find(room, ev->ref) : NULL;

    if (ev->kind == event_MODE) {
        change(&room->manner, ev->text);
        return;
    }
    if (member)
        restation(m, &member->station, ev, now);
    if (ev->ref && ev->ref == m->account)
        restation(m, &room->station, ev, now);
}

static void expire(struct model *m, struct station *station, struct now now)
{
    if (station->muted_us <= now.mono_us)
        station->muted_us = 0;
    else
        m->muted_us = time_min(m->muted_us, station->muted_us);
}

void station_tick(struct model *m, struct room *room, struct now now)
{
    expire(m, &room->station, now);
    for (size_t i = 0; i < room->n_members; i++)
        expire(m, &room->members[i].station, now);
    m->muted_us = m->muted_us ? m->muted_us : NEVER;
}

/* ---- as what somebody is there ---- */

bool station_is_mute(const struct station *station)
{
    return station->muted_us && station->role < role_MODERATOR;
}

char station_mark(const struct station *station)
{
    if (station->role >= role_MODERATOR)
        return station->role == role_OWNER ? '&' : '@';
    return station->muted_us ? '!' : ' ';
}
