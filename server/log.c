/* SPDX-License-Identifier: MIT
 *
 * Lines for people (text) and for programs (JSON); see log.h.  Both quote and
 * escape strings alike: after the strict filter only two characters are left
 * that could end a string.
 */
#include "server/log.h"

#include <assert.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <time.h>

#include "shared/text.h"

enum {
    LINE_MAX_BYTES = 4096, /* a longer line is cut between fields */
    VALUE_MAX = 256        /* bytes of a string shown */
};

static const struct {
    const char *name;
    enum log_level level;
} EVENTS[LOG_EVENTS] = {

#define LOG_EVENT(NAME, name, LEVEL) { name, LEVEL_##LEVEL },
#include "server/log_events.def"
};

const char *const LOG_LEVEL_NAMES[LEVELS] = { "debug", "info", "warning",
                                              "error" };

/* The same as journald has them; sd-daemon(3). */
static const char *const PREFIXES[LEVELS] = { "<7>", "<6>", "<4>", "<3>" };

struct line {
    char bytes[LINE_MAX_BYTES];
    size_t len;
};

static void add(struct line *line, const char *text, size_t len)
{
    if (len > sizeof line->bytes - line->len)
        return;
    memcpy(line->bytes + line->len, text, len);
    line->len += len;
}

static void add_str(struct line *line, const char *text)
{
    add(line, text, strlen(text));
}

static void add_quoted(struct line *line, struct str text)
{
    char clean[3 * VALUE_MAX];
    size_t len = text_strict(text_cut(text, VALUE_MAX), clean, sizeof clean);

    add(line, "\"", 1);
    for (size_t i = 0; i < len; i++) {
        if (clean[i] == '"' || clean[i] == '\\')
            add(line, "\\", 1);
        add(line, &clean[i], 1);
    }
    add(line, "\"", 1);
}

void log_time(uint64_t wall_ms, char out[LOG_TIME])
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm tm;
    size_t len = 0;

    if (gmtime_r(&seconds, &tm))
        len = strftime(out, LOG_TIME, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out + len, LOG_TIME - len, ".%03uZ", (unsigned)(wall_ms % 1000));
}

static void add_time(struct line *line, uint64_t wall_ms)
{
    char text[LOG_TIME];

    log_time(wall_ms, text);
    add_str(line, text);
}

static void add_value(struct line *line, const struct log_field *field)
{
    char num[24];

    if (!field->is_num) {
        add_quoted(line, field->text);
        return;
    }
    snprintf(num, sizeof num, "%" PRIu64, field->num);
    add_str(line, num);
}

/* What a line is made of. */
struct entry {
    enum log_event event;
    const struct log_field *fields;
    size_t n;
    uint64_t wall_ms;
    bool bare; /* text: without time and level */
};

static void head(struct line *line, bool json, const struct entry *entry)
{
    const char *level = LOG_LEVEL_NAMES[EVENTS[entry->event].level];
    const char *name = EVENTS[entry->event].name;

    add_str(line, json ? "{\"time\":\"" : "");
    if (json || !entry->bare) {
        add_time(line, entry->wall_ms);
        add_str(line, json ? "\",\"level\":\"" : " ");
        add_str(line, level);
        add_str(line, json ? "\",\"event\":\"" : " ");
    }
    add_str(line, name);
    add_str(line, json ? "\"" : "");
}

/* Whether a line can be written without waiting. */
static bool is_ready(const struct log *log)
{
    struct pollfd fd = { .fd = fileno(log->to), .events = POLLOUT };

    static_assert((int)LINE_MAX_BYTES <= PIPE_BUF, "a line fits a ready pipe");
    if (fd.fd < 0)
        return true; /* memory */
    return poll(&fd, 1, 0) == 1 && fd.revents & POLLOUT;
}

static void write_line(FILE *to, bool json, const char *prefix,
                       const struct entry *entry)
{
    struct line line = { .len = 0 };

    add_str(&line, prefix);
    head(&line, json, entry);
    for (size_t i = 0; i < entry->n && line.len < LINE_MAX_BYTES / 2; i++) {
        add_str(&line, json ? ",\"" : " ");
        add_str(&line, entry->fields[i].key);
        add_str(&line, json ? "\":" : "=");
        add_value(&line, &entry->fields[i]);
    }
    add_str(&line, json ? "}\n" : "\n");
    fwrite(line.bytes, 1, line.len, to);
}

void log_copy(struct log *log, FILE *to, enum log_format format)
{
    log->copy = to;
    log->copy_format = format;
}

static void write_copy(const struct log *log, const struct entry *entry)
{
    struct entry copy = *entry;

    copy.bare = true;
    write_line(log->copy, log->copy_format == LOG_AS_JSON, "", &copy);
}

static void write_own(const struct log *log, const struct entry *entry)
{
    write_line(log->to, log->format == LOG_AS_JSON,
               log->journal ? PREFIXES[EVENTS[entry->event].level] : "", entry);
}

void log_line(struct log *log, enum log_event event,
              const struct log_field *fields, size_t n)
{
    struct entry entry = { event, fields, n, log->wall_ms, false };
    struct log_field lost = log_num("lines", log->dropped);
    struct entry dropped = { LOG_LOG_DROPPED, &lost, 1, log->wall_ms, false };

    if (log->copy)
        write_copy(log, &entry);
    if (!log->to || EVENTS[event].level < log->level)
        return;
    if (log->dropped && is_ready(log)) {
        log->dropped = 0;
        write_own(log, &dropped);
    }
    if (is_ready(log))
        write_own(log, &entry);
    else
        log->dropped++;
}

enum log_level log_level_of(struct str name)
{
    unsigned level = 0;

    while (level < LEVELS && !str_is(name, LOG_LEVEL_NAMES[level]))
        level++;
    return (enum log_level)level;
}

void log_set_level(struct log *log, enum log_level level, struct log_field by)
{
    enum log_level from = log->level;

    if (level == from)
        return;
    log->level = level < from ? level : from;
    LOG(log, LOG_LEVEL, log_str("from", str_of(LOG_LEVEL_NAMES[from])),
        log_str("to", str_of(LOG_LEVEL_NAMES[level])), by);
    log->level = level;
}
