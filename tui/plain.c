/* SPDX-License-Identifier: MIT
 *
 * Plain lines; see plain.h.  Events are shown in order of seq and only up to
 * where nothing is missing: what was printed cannot be taken back, so a gap is
 * waited for.
 */
#include "tui/plain.h"

#include <stdlib.h>
#include <time.h>

#include "shared/mem.h"
#include "shared/text.h"
#include "shared/wire.h"
#include "tui/model.h"
#include "tui/phrase.h"

/* How far one history has been shown. */
struct shown {
    uint64_t seq;  /* events up to here */
    uint64_t cseq; /* own lines up to here */
    uint64_t id;   /* notices up to here */
    uint64_t old;  /* lines up to this id are of an earlier history */
    unsigned serial;
};

struct shown_room {
    const struct room *room; /* who it is, never looked into */
    struct shown shown;
};

struct plain {
    struct shown news;
    struct shown_room *rooms;
    size_t n, cap;
};

/* ---- one saying ---- */

/* Past the strict filter, whatever was decoded. */
static void add_strict(struct bytes *out, struct str s)
{
    char *clean = mem_new(3 * s.len + 1, 1);

    bytes_add(out, str_bytes(clean, text_strict(s, clean, 3 * s.len + 1)));
    free(clean);
}

static void add_utc(struct bytes *out, uint64_t wall_ms)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    char text[32] = "-";
    struct tm tm;

    if (wall_ms / 1000 <= INT32_MAX * 60LL && gmtime_r(&seconds, &tm))
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    bytes_add(out, str_of(text));
}

void plain_text(struct bytes *out, const struct saying *saying)
{
    static const char *const BEFORE[] = {
        [event_MESSAGE] = " <", [event_ACTION] = " * ", [event_NOTICE] = " -"
    };
    static const char *const BEHIND[] = {
        [event_MESSAGE] = "> ", [event_ACTION] = " ", [event_NOTICE] = "- "
    };
    unsigned kind = saying->kind <= event_NOTICE && saying->kind
                        ? saying->kind
                        : event_MESSAGE;

    add_utc(out, saying->ts);
    bytes_add(out, str_of(" "));
    add_strict(out, saying->room);
    bytes_add(out, str_of(BEFORE[kind]));
    add_strict(out, saying->nick);
    bytes_add(out, str_of(BEHIND[kind]));
    if (saying->by.len) {
        bytes_add(out, str_of("(taken back by "));
        add_strict(out, saying->by);
        bytes_add(out, str_of(saying->text.len ? ": " : ""));
    }
    add_strict(out, saying->text);
    if (saying->by.len)
        bytes_add(out, str_of(")"));
    bytes_add(out, str_of("\n"));
}

/* ---- JSON ---- */

static void add_json_string(struct bytes *out, struct str s)
{
    size_t from = 0;

    bytes_add(out, str_of("\""));
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];

        if (c >= ' ' && c != '"' && c != '\\' && c != 0x7f)
            continue;
        bytes_add(out, str_bytes(s.ptr + from, i - from));
        from = i + 1;
        if (c == '"' || c == '\\')
            bytes_format(out, "\\%c", c);
        else
            bytes_format(out, "\\u%04x", c);
    }
    bytes_add(out, str_from(s, from));
    bytes_add(out, str_of("\""));
}

/* What it answers or changes, and what has become of it; when there is. */
static void add_json_about(struct bytes *out, const struct saying *saying)
{
    if (saying->ref)
        bytes_format(out, ",\"ref\":%llu", (unsigned long long)saying->ref);
    if (saying->edited)
        bytes_format(out, ",\"edited\":%llu",
                     (unsigned long long)saying->edited);
    if (saying->by.len) {
        bytes_add(out, str_of(",\"by\":"));
        add_json_string(out, saying->by);
    }
}

void plain_json(struct bytes *out, const struct saying *saying)
{
    static const char *const KINDS[] = {
        [event_MESSAGE] = "message", [event_ACTION] = "action",
        [event_NOTICE] = "notice",   [event_EDIT] = "edit",
        [event_REDACT] = "redact",   [event_REACT] = "react"
    };
    const char *kind =
        saying->kind < sizeof KINDS / sizeof *KINDS ? KINDS[saying->kind] : 0;

    bytes_add(out, str_of("{\"room\":"));
    add_json_string(out, saying->room);
    bytes_format(out, ",\"seq\":%llu,\"ts\":%llu,\"time\":\"",
                 (unsigned long long)saying->seq,
                 (unsigned long long)saying->ts);
    add_utc(out, saying->ts);
    bytes_format(out, "\",\"kind\":\"%s\",\"account\":%llu,\"nick\":",
                 kind ? kind : "?", (unsigned long long)saying->account);
    add_json_string(out, saying->nick);
    add_json_about(out, saying);
    bytes_add(out, str_of(",\"text\":"));
    add_json_string(out, saying->text);
    bytes_add(out, str_of("}\n"));
}

/* ---- what is new in the model ---- */

struct plain *plain_new(void)
{
    return mem_new(1, sizeof(struct plain));
}

void plain_free(struct plain *p)
{
    if (!p)
        return;
    free(p->rooms);
    free(p);
}

/* News become the first room's history: what was shown is not shown again. */
static struct shown inherit(struct plain *p, const struct model *m)
{
    struct shown news = p->news;

    if (m->news.ids >= news.id)
        return (struct shown){ 0 };
    p->news = (struct shown){ 0 };
    return news;
}

static struct shown *shown_of(struct plain *p, const struct model *m,
                              const struct room *room)
{
    void *grown = p->rooms;

    for (size_t i = 0; i < p->n; i++)
        if (p->rooms[i].room == room)
            return &p->rooms[i].shown;
    mem_grow(&grown, &p->cap, p->n + 1, sizeof *p->rooms);
    p->rooms = grown;
    p->rooms[p->n] = (struct shown_room){ room, inherit(p, m) };
    return &p->rooms[p->n++].shown;
}

/* HH:MM where the person is. */
static void add_clock(struct bytes *out, uint64_t wall_ms)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    char text[8] = "--:--";
    struct tm tm;

    if (localtime_r(&seconds, &tm))
        strftime(text, sizeof text, "%H:%M", &tm);
    bytes_add(out, str_of(text));
}

/* The line that is answered. */
static void add_quote(struct bytes *out, const struct history *h,
                      const struct line *line)
{
    char text[PHRASE_BYTES];
    size_t at = history_find(h, line->ref), len;

    if (!line->ref || line->by || line->event > event_NOTICE)
        return;
    len = phrase_quote(at == SIZE_MAX ? NULL : &h->lines[at], text);
    bytes_add(out, str_of("["));
    add_strict(out, str_bytes(text, len));
    bytes_add(out, str_of("] "));
}

/* A line of history; one with many lines is continued further in. */
static void add_line(struct bytes *out, const char *room,
                     const struct history *h, const struct line *line)
{
    struct phrase phrase;
    struct str rest;
    bool first = true;

    phrase_inline(&phrase, line);
    add_clock(out, line->ts);
    bytes_add(out, str_of(" "));
    if (*room) {
        add_strict(out, str_of(room));
        bytes_add(out, str_of(" "));
    }
    add_strict(out, phrase.prefix);
    add_quote(out, h, line);
    for (rest = phrase.body; first || rest.len; first = false) {
        size_t end = 0;

        while (end < rest.len && rest.ptr[end] != '\n')
            end++;
        if (!first)
            bytes_add(out, str_of("    "));
        add_strict(out, str_bytes(rest.ptr, end));
        bytes_add(out, str_of("\n"));
        rest = str_from(rest, end + 1);
    }
}

/*
 * Whether a line is to be printed now.  In a new history an old line that was
 * told again has a number again; an own one that had to wait is news.
 */
static bool is_news(const struct shown *shown, const struct history *h,
                    const struct line *line, uint64_t device)
{
    bool waited = line->device == device && line->cseq > shown->cseq;

    if (line->kind == LINE_NOTICE)
        return line->id > shown->id;
    return line->seq > shown->seq && line->seq <= h->last &&
           (line->id > shown->old || waited);
}

static void update(struct shown *shown, const struct history *h,
                   const char *room, uint64_t device, struct bytes *out)
{
    uint64_t cseq = shown->cseq;

    if (h->serial == shown->serial && h->ids == shown->id)
        return;
    if (h->ids < shown->id)
        *shown = (struct shown){ 0 }; /* another room at the same place */
    if (h->last < shown->seq) {
        shown->seq = 0;
        shown->old = shown->id;
    }
    for (size_t i = 0; i < h->n; i++) {
        const struct line *line = &h->lines[i];

        if (!is_news(shown, h, line, device))
            continue;
        add_line(out, room, h, line);
        if (line->device == device && line->cseq > cseq)
            cseq = line->cseq;
    }
    shown->seq = h->last;
    shown->cseq = cseq;
    shown->id = h->ids;
    shown->serial = h->serial;
}

void plain_update(struct plain *p, const struct model *m, struct bytes *out)
{
    for (size_t i = 0; i < m->n_rooms; i++)
        update(shown_of(p, m, m->rooms[i]), &m->rooms[i]->history,
               m->rooms[i]->name, m->device, out);
    update(&p->news, &m->news, "", m->device, out);
}
