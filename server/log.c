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

/* 2026-11-23T21:57:03.125Z */
static void add_time(struct line *line, uint64_t wall_ms)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    char text[64], millis[16];
    struct tm tm;

    if (!gmtime_r(&seconds, &tm))
        return;
    add(line, text, strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm));
    snprintf(millis, sizeof millis, ".%03uZ", (unsigned)(wall_ms % 1000));
    add_str(line, millis);
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

static void head(struct line *line, const struct log *log, const char *event)
{
    bool json = log->format == LOG_AS_JSON;

    add_str(line, json ? "{\"time\":\"" : "");
    add_time(line, log->wall_ms);
    add_str(line, json ? "\",\"event\":\"" : " ");
    add_str(line, event);
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

static void write_line(struct log *log, const char *event,
                       const struct log_field *fields, size_t n)
{
    bool json = log->format == LOG_AS_JSON;
    struct line line = { .len = 0 };

    head(&line, log, event);
    for (size_t i = 0; i < n && line.len < LINE_MAX_BYTES / 2; i++) {
        add_str(&line, json ? ",\"" : " ");
        add_str(&line, fields[i].key);
        add_str(&line, json ? "\":" : "=");
        add_value(&line, &fields[i]);
    }
    add_str(&line, json ? "}\n" : "\n");
    fwrite(line.bytes, 1, line.len, log->to);
}

void log_line(struct log *log, const char *event,
              const struct log_field *fields, size_t n)
{
    struct log_field lost = log_num("lines", log->dropped);

    if (!log->to)
        return;
    if (log->dropped && is_ready(log)) {
        log->dropped = 0;
        write_line(log, "log.dropped", &lost, 1);
    }
    if (is_ready(log))
        write_line(log, event, fields, n);
    else
        log->dropped++;
}
