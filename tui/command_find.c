/* SPDX-License-Identifier: MIT
 *
 * Searching what was said, at the server, and going there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shared/bounds.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/wire.h"
#include "tui/chat.h"
#include "tui/client.h"
#include "tui/command_impl.h"
#include "tui/going.h"
#include "tui/hits.h"
#include "tui/lang.h"
#include "tui/model.h"
#include "tui/ui.h"

enum { DATE_BYTES = 24, DAY_MS = 24 * 3600 * 1000, HOUR_MS = 3600 * 1000 };

/* ---- what is asked for ---- */

/* The number before the next '-', which is taken off the front with it. */
static bool take_number(struct str *text, uint64_t least, uint64_t most,
                        int *out)
{
    struct str digits = { text->ptr, 0 };
    uint64_t n;

    while (digits.len < text->len && text->ptr[digits.len] != '-')
        digits.len++;
    *text = str_from(*text, digits.len + 1);
    if (!number_of(digits, most, &n) || n < least)
        return false;
    *out = (int)n;
    return true;
}

/* "2026-08-24", the start of that day here. */
static bool read_day(struct str text, uint64_t *ms)
{
    struct tm tm = { .tm_isdst = -1 };
    time_t t;

    if (!take_number(&text, 1970, 9999, &tm.tm_year) ||
        !take_number(&text, 1, 12, &tm.tm_mon) ||
        !take_number(&text, 1, 31, &tm.tm_mday) || text.len)
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon--;
    t = mktime(&tm);
    *ms = (uint64_t)t * 1000;
    return t > 0;
}

/* "3d", "12h": so long ago. */
static bool read_age(struct str text, uint64_t wall_ms, uint64_t *ms)
{
    uint64_t n, unit;

    if (text.len < 2)
        return false;
    unit = text.ptr[text.len - 1] == 'd'   ? DAY_MS
           : text.ptr[text.len - 1] == 'h' ? HOUR_MS
                                           : 0;
    text.len--;
    if (!unit || !number_of(text, 100000, &n) || n * unit >= wall_ms)
        return false;
    *ms = wall_ms - n * unit;
    return true;
}

static bool read_date(const struct chat *chat, struct str text, uint64_t *ms,
                      struct now now)
{
    char plain[DATE_BYTES];

    narrow(text, plain, sizeof plain);
    return read_day(str_of(plain), ms) ||
           read_age(str_of(plain), model_wall(chat->model, now), ms);
}

/* A date, and maybe a time of that day: "2026-08-24 14:30". */
static bool read_time(const struct chat *chat, struct str text, uint64_t *ms,
                      struct now now)
{
    char plain[DATE_BYTES];
    uint64_t hours, minutes;
    size_t len;

    narrow(text, plain, sizeof plain);
    len = strlen(plain);
    if (len < 6 || plain[len - 3] != ':' || plain[len - 6] != ' ')
        return read_date(chat, text, ms, now);
    if (!number_of(str_bytes(plain + len - 5, 2), 23, &hours) ||
        !number_of(str_bytes(plain + len - 2, 2), 59, &minutes) ||
        !read_day(str_bytes(plain, len - 6), ms))
        return false;
    *ms += hours * HOUR_MS + minutes * 60 * 1000;
    return true;
}

static bool after_colon(struct str word, const char *name, struct str *value)
{
    if (!str_starts(word, str_of(name)))
        return false;
    *value = str_from(word, strlen(name));
    return true;
}

/* "in:" a room by its name; what is left of it when its '#' was left out. */
static bool read_room(struct chat *chat, struct str name, uint64_t *id)
{
    char with[NAME_MAX_BYTES + 2];
    const struct room *room = model_room_named(chat->model, name);

    snprintf(with, sizeof with, "#%.*s",
             STR_ARG(text_cut(name, NAME_MAX_BYTES)));
    if (!room)
        room = model_room_named(chat->model, str_of(with));
    *id = room ? room->id : 0;
    return *id != 0;
}

/* One that names a bound; false: it is a word to look for.  bad: it is wrong */
static bool take_bound(struct chat *chat, struct str word,
                       struct msg_search *search, bool *bad, struct now now)
{
    struct str value;

    if (after_colon(word, "from:", &value))
        search->from = value;
    else if (after_colon(word, "in:", &value))
        *bad = !read_room(chat, value, &search->room);
    else if (after_colon(word, "after:", &value))
        *bad = !read_date(chat, value, &search->after, now);
    else if (after_colon(word, "before:", &value))
        *bad = !read_date(chat, value, &search->before, now);
    else
        return false;
    if (*bad)
        model_notice(chat->model, NULL, now, _("not understood: %.*s"),
                     STR_ARG(text_cut(word, NAME_MAX_BYTES)));
    return true;
}

/* Bounds stand anywhere; the other words are gathered in `words`. */
static bool read_search(struct chat *chat, struct str line,
                        struct msg_search *search, char *words, struct now now)
{
    bool bad = false;
    size_t len = 0;

    while (line.len && !bad) {
        struct str word = { line.ptr, 0 };

        while (word.len < line.len && line.ptr[word.len] != ' ')
            word.len++;
        line = str_from(line, word.len + 1);
        if (word.len == 0 || take_bound(chat, word, search, &bad, now))
            continue;
        if (len)
            words[len++] = ' ';
        memcpy(words + len, word.ptr, word.len);
        len += word.len;
    }
    search->text = str_bytes(words, len);
    return !bad;
}

static void begin(struct chat *chat, struct str line, struct now now)
{
    struct msg_search search = { 0 };
    char *words = mem_new(line.len + 1, 1);

    if (read_search(chat, line, &search, words, now)) {
        hits_begin(&chat->model->hits, &search);
        client_search(chat->client, now);
    }
    free(words);
}

void command_search(struct chat *chat, const struct args *args, struct now now)
{
    if (args->n && chat->model->link != LINK_ONLINE)
        search_here(chat, args->v[0], now);
    else if (args->n)
        begin(chat, args->v[0], now);
    else if (chat->model->hits.more)
        client_search(chat->client, now);
    else
        model_notice(chat->model, NULL, now,
                     _("usage: /search [from:NICK] [in:ROOM] [after:DATE] "
                       "[before:DATE] WORDS"));
}

void command_pins(struct chat *chat, const struct args *args, struct now now)
{
    const struct room *room = talking_room(chat, now);
    struct msg_search search = { .pinned = 1 };

    (void)args;
    if (!room || !can_ask(chat, now) || !room->id)
        return;
    search.room = room->id;
    hits_begin(&chat->model->hits, &search);
    client_search(chat->client, now);
}

/* ---- going there ---- */

/* One that a search has found; false: there is none of that number. */
static bool go_to_hit(struct chat *chat, struct str number, struct now now)
{
    struct model *m = chat->model;
    uint64_t n;

    if (!number_of(number, m->hits.n, &n) || n == 0)
        return false;
    const struct hit *hit = &m->hits.all[n - 1];
    struct room *room = model_room(m, hit->room);
    if (room)
        going_to(chat, room, hit->seq, now);
    else
        model_notice(m, NULL, now, _("you are not in that room"));
    return true;
}

void command_goto(struct chat *chat, const struct args *args, struct now now)
{
    struct room *room = model_current(chat->model);
    uint64_t n, ms;

    if (go_to_hit(chat, args->v[0], now))
        return;
    if (room && read_time(chat, args->v[0], &ms, now))
        going_since(chat, room, ms, now);
    else if (number_of(args->v[0], UINT32_MAX, &n))
        model_notice(chat->model, NULL, now,
                     _("there is no such line in the list"));
    else
        model_notice(chat->model, NULL, now, _("not understood: %.*s"),
                     STR_ARG(text_cut(args->v[0], NAME_MAX_BYTES)));
}
