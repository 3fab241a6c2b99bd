/* SPDX-License-Identifier: MIT */
#include "tui/model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/bounds.h"
#include "shared/error.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/wire.h"
#include "tui/lang.h"

enum { NOTICE_BYTES = 2048 };

struct model *model_new(void)
{
    struct model *m = mem_new(1, sizeof *m);

    history_init(&m->news, LINES_MAX);
    limits_init(&m->limits);
    m->nick = mem_str(str_of(""));
    m->server = mem_str(str_of(""));
    m->looking = true;
    m->dirty = true;
    m->typing_us = m->muted_us = NEVER;
    return m;
}

static void room_free(struct room *room)
{
    free(room->name);
    free(room->topic);
    free(room->draft);
    free(room->members);
    history_fini(&room->history);
    free(room);
}

static void drop_people(struct model *m)
{
    for (size_t i = 0; i < m->n_people; i++) {
        free(m->people[i].nick);
        free(m->people[i].away);
    }
    m->n_people = 0;
}

void model_free(struct model *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->n_rooms; i++)
        room_free(m->rooms[i]);
    free(m->rooms);
    drop_people(m);
    free(m->people);
    history_fini(&m->news);
    free(m->nick);
    free(m->server);
    free(m->trouble);
    question_close(&m->question, true);
    hits_fini(&m->hits);
    free(m);
}

/* ---- rooms ---- */

struct room *model_room(struct model *m, uint64_t id)
{
    for (size_t i = 0; id && i < m->n_rooms; i++)
        if (m->rooms[i]->id == id)
            return m->rooms[i];
    return NULL;
}

/* Whether two names are one to people: case and width do not count. */
static bool same_name(struct str a, struct str b)
{
    char fold_a[4 * NAME_MAX_BYTES], fold_b[4 * NAME_MAX_BYTES];

    if (str_eq(a, b))
        return true;
    size_t len_a = text_fold(a, fold_a, sizeof fold_a);
    size_t len_b = text_fold(b, fold_b, sizeof fold_b);
    return len_a && str_eq(str_bytes(fold_a, len_a), str_bytes(fold_b, len_b));
}

struct room *model_room_named(struct model *m, struct str name)
{
    for (size_t i = 0; i < m->n_rooms; i++)
        if (same_name(str_of(m->rooms[i]->name), name))
            return m->rooms[i];
    return NULL;
}

struct room *model_current(struct model *m)
{
    return m->n_rooms > 0 ? m->rooms[m->current] : NULL;
}

struct room *model_room_add(struct model *m, struct str name)
{
    struct room *room = model_room_named(m, name);
    if (room || m->n_rooms >= ROOMS_MAX)
        return room;
    room = mem_new(1, sizeof *room);
    room->name = mem_str(text_cut(name, NAME_MAX_BYTES));
    room->topic = mem_str(str_of(""));
    if (m->n_rooms == 0) {
        room->history = m->news;
        history_init(&m->news, LINES_MAX);
        m->current = m->previous = 0;
    } else {
        history_init(&room->history, LINES_MAX);
    }
    void *rooms = m->rooms;
    mem_grow(&rooms, &m->cap_rooms, m->n_rooms + 1, sizeof(void *));
    m->rooms = rooms;
    m->rooms[m->n_rooms++] = room;
    m->dirty = true;
    return room;
}

/* Give a name up to another one; by the new one nothing can be entered. */
static void yield_name(struct model *m, struct room *room)
{
    enum { DIGITS = 8 };
    struct str base = text_cut(str_of(room->name), NAME_MAX_BYTES - DIGITS);
    char name[NAME_MAX_BYTES + 1];
    unsigned n = 2;

    do
        snprintf(name, sizeof name, "%.*s:%u", STR_ARG(base), n++);
    while (model_room_named(m, str_of(name)));
    free(room->name);
    room->name = mem_str(str_of(name));
    room->wanted = room->wanted && room->joined;
}

void model_room_call(struct model *m, struct room *room, struct str name)
{
    struct room *known = model_room_named(m, name);

    if (known && known != room)
        yield_name(m, known);
    free(room->name);
    room->name = mem_str(text_cut(name, NAME_MAX_BYTES));
    m->dirty = true;
}

struct room *model_room_add_namesake(struct model *m, struct str name)
{
    struct room *known = model_room_named(m, name);

    if (known && m->n_rooms < ROOMS_MAX)
        yield_name(m, known);
    else if (known)
        return NULL;
    return model_room_add(m, name);
}

/* An index into the rooms, after room `gone` was taken out. */
static size_t index_without(size_t i, size_t gone, size_t n)
{
    if (i > gone || i >= n)
        return i > 0 ? i - 1 : 0;
    return i;
}

void model_room_drop(struct model *m, struct room *room)
{
    size_t i = 0;

    while (i < m->n_rooms && m->rooms[i] != room)
        i++;
    if (i == m->n_rooms)
        return;
    bool shown = i == m->current;
    room_free(room);
    m->n_rooms--;
    memmove(&m->rooms[i], &m->rooms[i + 1], (m->n_rooms - i) * sizeof(void *));
    m->previous = index_without(m->previous, i, m->n_rooms);
    m->current = index_without(m->current, i, m->n_rooms);
    if (shown)
        model_switch(m, m->previous);
    m->dirty = true;
}

void model_switch(struct model *m, size_t index)
{
    if (index >= m->n_rooms)
        return;
    struct room *left = m->rooms[m->current];
    if (index != m->current) {
        left->history.read = left->history.last;
        left->first_unread = 0;
        left->marked = 0;
        m->previous = m->current;
        m->current = index;
    }
    struct room *room = m->rooms[index];
    if (room->unread)
        room->marked = room->unread;
    room->unread = room->mentions = 0;
    m->dirty = true;
}

struct history *model_history(struct model *m)
{
    return m->n_rooms > 0 ? &m->rooms[m->current]->history : &m->news;
}

const struct room *model_here(const struct model *m)
{
    return m->n_rooms > 0 ? m->rooms[m->current] : NULL;
}

const struct history *model_shown(const struct model *m)
{
    return m->n_rooms > 0 ? &m->rooms[m->current]->history : &m->news;
}

/* ---- people: a vector sorted by account ---- */

/* Index of a person; n_people when not known. */
static size_t person_index(const struct model *m, uint64_t account)
{
    size_t i =
        member_search(m->people, m->n_people, sizeof *m->people, account);

    return i < m->n_people && m->people[i].account == account ? i : m->n_people;
}

struct person *model_person(struct model *m, uint64_t account)
{
    size_t i = person_index(m, account);

    return i < m->n_people ? &m->people[i] : NULL;
}

const struct person *model_who(const struct model *m, uint64_t account)
{
    size_t i = person_index(m, account);

    return i < m->n_people ? &m->people[i] : NULL;
}

struct person *model_person_named(struct model *m, struct str nick)
{
    for (size_t i = 0; i < m->n_people; i++)
        if (same_name(str_of(m->people[i].nick), nick))
            return &m->people[i];
    return NULL;
}

static void name_person(struct person *person, struct str nick)
{
    nick = text_cut(nick, NAME_MAX_BYTES);
    if (nick.len == 0 || str_is(nick, person->nick))
        return;
    free(person->nick);
    person->nick = mem_str(nick);
}

struct person *model_person_add(struct model *m, uint64_t account,
                                struct str nick)
{
    struct person *known = model_person(m, account);
    if (known) {
        name_person(known, nick);
        return known;
    }
    if (account == 0 || nick.len == 0 || m->n_people >= PEOPLE_MAX)
        return NULL;
    size_t i =
        member_search(m->people, m->n_people, sizeof *m->people, account);
    void *people = m->people;
    mem_grow(&people, &m->cap_people, m->n_people + 1, sizeof *m->people);
    m->people = people;
    memmove(&m->people[i + 1], &m->people[i],
            (m->n_people - i) * sizeof *m->people);
    m->n_people++;
    m->people[i] =
        (struct person){ .account = account,
                         .nick = mem_str(text_cut(nick, NAME_MAX_BYTES)) };
    return &m->people[i];
}

/* ---- notices ---- */

uint64_t model_wall(const struct model *m, struct now now)
{
    return now.wall_ms + (uint64_t)m->clock_skew_ms;
}

void model_notice(struct model *m, struct room *room, struct now now,
                  const char *format, ...)
{
    char raw[NOTICE_BYTES], clean[3 * NOTICE_BYTES];
    va_list args;

    va_start(args, format);
    int len = vsnprintf(raw, sizeof raw, format, args);
    va_end(args);
    if (len < 0)
        return;
    size_t n = text_clean(str_of(raw), TEXT_LINES, clean, sizeof clean);
    history_notice(room ? &room->history : model_history(m),
                   str_bytes(clean, n), model_wall(m, now));
    m->dirty = true;
}

void model_ask(struct model *m, const char *text, const struct fingerprint *key,
               struct now now)
{
    question_open(&m->question, text, key, now);
    model_notice(m, NULL, now, "%s\n%s", text,
                 _("/trust yes keeps it and connects, /trust no does not."));
}

/* ---- own lines ---- */

/* The own line of a cseq that is not stored yet, and its room. */
static struct line *own_line(struct model *m, uint64_t cseq,
                             struct room **where)
{
    for (size_t i = 0; i < m->n_rooms; i++) {
        struct line *line = history_own(&m->rooms[i]->history, m->device, cseq);
        if (line) {
            *where = m->rooms[i];
            return line;
        }
    }
    return NULL;
}

void model_line_sent(struct model *m, uint64_t cseq)
{
    struct room *room;
    struct line *line = own_line(m, cseq, &room);

    if (line && line->state == LINE_QUEUED) {
        history_mark(&room->history, line, LINE_SENT);
        m->dirty = true;
    }
}

void model_line_anew(struct model *m, uint64_t cseq, uint64_t fresh)
{
    struct room *room;
    struct line *line = own_line(m, cseq, &room);

    if (!line)
        return;
    line->cseq = fresh;
    history_mark(&room->history, line, LINE_QUEUED);
    m->dirty = true;
}

/* The line gets its place when its EVENT comes; here only the mark changes. */
void model_line_stored(struct model *m, uint64_t cseq, uint64_t room_id,
                       uint64_t seq, uint64_t ts)
{
    struct room *room;
    struct line *line = own_line(m, cseq, &room);

    (void)seq, (void)room_id;
    if (!line)
        return;
    if (ts)
        line->ts = ts;
    history_mark(&room->history, line, LINE_STORED);
    m->dirty = true;
}

void model_line_failed(struct model *m, uint64_t cseq, unsigned code,
                       struct str text, struct now now)
{
    struct room *room;
    struct line *line = own_line(m, cseq, &room);

    if (!line)
        return;
    history_mark(&room->history, line, LINE_FAILED);
    const char *why = lang_text(err_text(code));
    if (text.len)
        model_notice(m, room, now, _("not sent: %s (%.*s)"), why,
                     STR_ARG(text_cut(text, NAME_MAX_BYTES)));
    else
        model_notice(m, room, now, _("not sent: %s"), why);
    m->dirty = true;
}

void model_line_forgotten(struct model *m, uint64_t cseq, struct now now)
{
    struct room *room = NULL;
    struct line *line = own_line(m, cseq, &room);

    if (line)
        history_mark(&room->history, line, LINE_FAILED);
    model_notice(m, room, now,
                 _("it is not known whether a line was stored: the server "
                   "does not remember it"));
}

static bool has_come(const struct line *line, uint64_t device, uint64_t cseq)
{
    return line->seq && line->own && line->device == device &&
           line->cseq == cseq;
}

bool model_line_is_here(const struct model *m, uint64_t cseq)
{
    for (size_t i = 0; i < m->n_rooms; i++) {
        const struct history *h = &m->rooms[i]->history;

        for (size_t at = h->n; at > 0; at--)
            if (has_come(&h->lines[at - 1], m->device, cseq))
                return true;
    }
    return false;
}

/* ---- time ---- */

void model_room_left(struct room *room)
{
    history_reset(&room->history);
    room->id = 0;
    room->joined = false;
    room->members_known = false;
    room->n_members = 0;
    room->member_count = 0;
    room->manner = (struct manner){ 0 };
    room->station = (struct station){ 0 };
    room->first_unread = room->counts_from = room->catch_up = 0;
    room->state_as_of = room->counted = 0;
    room->wait_us = room->asked = room->read = 0;
    room->request = room->page_asked = room->page_stale = 0;
}

void model_epoch(struct model *m, uint64_t epoch, struct now now)
{
    m->epoch = epoch;
    for (size_t i = 0; i < m->n_rooms; i++) {
        struct room *room = m->rooms[i];
        model_room_left(room);
        room->peer = 0;
        model_notice(m, room, now,
                     _("the server has begun a new history: what stands above "
                       "is kept here only"));
    }
    drop_people(m);
    m->account = 0;
    m->goal = (struct goal){ 0 };
    hits_fini(&m->hits);
    m->dirty = true;
}

uint64_t model_deadline(const struct model *m)
{
    return time_min(m->typing_us, m->muted_us);
}

static void end_typing(struct model *m, struct room *room, struct now now)
{
    for (size_t i = 0; i < room->n_members; i++) {
        uint64_t *until = &room->members[i].typing_until;
        if (*until && *until <= now.mono_us)
            *until = 0;
        else if (*until)
            m->typing_us = time_min(m->typing_us, *until);
    }
}

void model_tick(struct model *m, struct now now)
{
    if (now.mono_us < model_deadline(m))
        return;
    m->typing_us = m->muted_us = NEVER;
    for (size_t i = 0; i < m->n_rooms; i++) {
        end_typing(m, m->rooms[i], now);
        station_tick(m, m->rooms[i], now);
    }
    m->dirty = true;
}
