/* SPDX-License-Identifier: MIT */
#include "tui/presence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shared/mem.h"
#include "shared/wire.h"
#include "tui/lang.h"
#include "tui/model.h"

enum { SENTENCE_BYTES = 512, AGE_BYTES = 24 };

/* Seconds. */
static const uint64_t MINUTE = 60, HOUR = 3600, DAY = 86400;

static const uint64_t RECENT_MS = 5000; /* so old a change is still news */

char presence_glyph(unsigned state)
{
    static const char GLYPHS[] = { [presence_GONE] = '-',
                                   [presence_LATE] = '?',
                                   [presence_FROZEN] = '*',
                                   [presence_IDLE] = '~',
                                   [presence_HERE] = '+' };

    if (state >= sizeof GLYPHS || !GLYPHS[state])
        return ' ';
    return GLYPHS[state];
}

void presence_age(uint64_t seconds, char *out, size_t cap)
{
    unsigned long long s = seconds;

    if (s < 2 * MINUTE)
        snprintf(out, cap, _("%llu s"), s);
    else if (s < 2 * HOUR)
        snprintf(out, cap, _("%llu min"), s / MINUTE);
    else if (s < 2 * DAY)
        snprintf(out, cap, _("%llu h"), s / HOUR);
    else
        snprintf(out, cap, _("%llu d"), s / DAY);
}

/* An age in few cells, changing seldom: "", "9m", "3h", "2d". */
static void short_age(uint64_t seconds, char *out, size_t cap)
{
    unsigned long long s = seconds;

    if (s < MINUTE)
        snprintf(out, cap, "%s", "");
    else if (s < 2 * HOUR)
        snprintf(out, cap, "%llum", s / MINUTE);
    else if (s < 2 * DAY)
        snprintf(out, cap, "%lluh", s / HOUR);
    else
        snprintf(out, cap, "%llud", s / DAY);
}

/* Since when: the time of day, or how many days ago. */
static void since_text(uint64_t since, uint64_t wall_ms, char *out, size_t cap)
{
    time_t t = (time_t)(since / 1000);
    struct tm tm;

    if (since == 0 || since > wall_ms + 1000 * DAY || !localtime_r(&t, &tm))
        snprintf(out, cap, "%s", "");
    else if (wall_ms > since && wall_ms - since > 1000 * DAY)
        short_age((wall_ms - since) / 1000, out, cap);
    else
        strftime(out, cap, "%H:%M", &tm);
}

unsigned presence_bucket(uint32_t ms)
{
    unsigned step = 1;

    while (step < 10000) {
        for (unsigned i = 1; i <= 5; i += i == 1 ? 1 : 3)
            if (ms <= i * step)
                return i * step;
        step *= 10;
    }
    return step;
}

void presence_detail(const struct person *p, uint64_t wall_ms, char *out,
                     size_t cap)
{
    char age[AGE_BYTES];
    uint64_t s =
        p->since && wall_ms > p->since ? (wall_ms - p->since) / 1000 : 0;

    short_age(s, age, sizeof age);
    if (p->state == presence_HERE && p->rtt_ms)
        snprintf(out, cap, "%ums", presence_bucket(p->rtt_ms));
    else if (p->state == presence_IDLE)
        snprintf(out, cap,
                 p->reason == reason_AWAY ? _("away %s") : _("idle %s"), age);
    else if (p->state == presence_FROZEN)
        snprintf(out, cap, "%s", _("frozen"));
    else if (p->state == presence_LATE)
        snprintf(out, cap, "%s", _("late"));
    else if (p->state == presence_GONE) {
        since_text(p->since, wall_ms, age, sizeof age);
        snprintf(out, cap, _("off %s"), age);
    } else
        snprintf(out, cap, "%s", "");
}

/* Those who are here first, then by name. */
static int compare(const void *a, const void *b)
{
    const struct person *x = ((const struct seat *)a)->person;
    const struct person *y = ((const struct seat *)b)->person;

    if (x->state != y->state)
        return x->state > y->state ? -1 : 1;
    return strcmp(x->nick, y->nick);
}

struct seat *presence_roll(const struct model *m, const struct room *room,
                           size_t *n)
{
    struct seat *all = mem_new(room->n_members + 1, sizeof *all);

    *n = 0;
    for (size_t i = 0; i < room->n_members; i++) {
        const struct person *p = model_who(m, room->members[i].account);
        if (p)
            all[(*n)++] = (struct seat){ p, &room->members[i] };
    }
    qsort(all, *n, sizeof *all, compare);
    return all;
}

/* Why somebody is gone; false when the room need not be told. */
static bool gone_sentence(const struct person *p, char *out, size_t cap)
{
    switch (p->reason) {
    case reason_RESTART: return false;
    case reason_QUIT: snprintf(out, cap, _("%s quit"), p->nick); break;
    case reason_DETACHED:
        snprintf(out, cap, _("%s: terminal closed"), p->nick);
        break;
    case reason_CLOSED:
        snprintf(out, cap, _("%s: connection closed"), p->nick);
        break;
    case reason_TIMEOUT:
        snprintf(out, cap, _("%s: no heartbeat, timed out"), p->nick);
        break;
    default: snprintf(out, cap, _("%s is gone"), p->nick); break;
    }
    return true;
}

static void back_sentence(const struct person *p, uint64_t away_s, char *out,
                          size_t cap)
{
    char age[AGE_BYTES];

    presence_age(away_s, age, sizeof age);
    if (p->reason == reason_ASLEEP)
        snprintf(out, cap, _("%s is back, was asleep %s"), p->nick, age);
    else if (p->reason == reason_LINK && away_s)
        snprintf(out, cap, _("%s is back, link was down %s"), p->nick, age);
    else if (away_s)
        snprintf(out, cap, _("%s is back after %s"), p->nick, age);
    else
        snprintf(out, cap, _("%s is back"), p->nick);
}

/* A sentence about somebody in every room shared with them. */
static void tell(struct model *m, uint64_t account, const char *sentence,
                 struct now now)
{
    uint64_t wall_ms = model_wall(m, now);

    for (size_t i = 0; i < m->n_rooms; i++) {
        struct room *room = m->rooms[i];
        struct history *h = &room->history;
        if (!member_find(room, account))
            continue;
        size_t end = history_end(h);
        struct line *last = end > 0 ? &h->lines[end - 1] : NULL;
        if (last && last->kind == LINE_NOTICE && last->account == account) {
            history_rewrite(h, last, str_of(sentence), wall_ms);
            continue;
        }
        struct line *line = history_notice(h, str_of(sentence), wall_ms);
        if (line)
            line->account = account;
    }
}

/* Whether that is news for people; before: the state they knew, or 0. */
static bool is_news(const struct model *m, const struct person *p,
                    unsigned before, struct now now)
{
    bool gone = p->state == presence_GONE;

    if (p->account == m->account)
        return false;
    if (before)
        return gone != (before == presence_GONE);
    /* Came and went between two batches; or is shown for the first time. */
    return gone && p->since + RECENT_MS > model_wall(m, now);
}

void presence_apply(struct model *m, const struct rec_presence *row,
                    struct now now)
{
    struct person *p = model_person(m, row->account);
    if (!p)
        return;
    unsigned before = p->state;
    p->state = (unsigned)row->state;
    p->reason = (unsigned)row->reason;
    p->rtt_ms = (uint32_t)row->rtt_ms;
    p->loss = (uint32_t)row->loss;
    p->since = row->since;
    if (p->state != presence_IDLE || p->reason != reason_AWAY) {
        free(p->away);
        p->away = NULL;
    }
    m->dirty = true;

    if (!is_news(m, p, before, now))
        return;
    char sentence[SENTENCE_BYTES];
    if (p->state != presence_GONE)
        back_sentence(p, row->away_s, sentence, sizeof sentence);
    else if (!gone_sentence(p, sentence, sizeof sentence))
        return;
    tell(m, p->account, sentence, now);
}
