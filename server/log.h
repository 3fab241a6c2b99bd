/* SPDX-License-Identifier: MIT
 *
 * One line per event.  A line names what happened and carries fields; texts of
 * strangers are filtered strictly, and what people say to each other or a token
 * is never given to it.
 */
#ifndef SERVER_LOG_H
#define SERVER_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "shared/str.h"

enum log_format { LOG_AS_TEXT, LOG_AS_JSON }; /* as --log text|json */

struct log {
    FILE *to; /* NULL: nothing is written */
    enum log_format format;
    uint64_t wall_ms; /* set once per turn by the edge */
    uint64_t dropped; /* lines that its reader was too slow for */
    FILE *copy;       /* in memory: gets each line as well; log_copy */
    enum log_format copy_format;
};

struct log_field {
    const char *key;
    struct str text;
    uint64_t num;
    bool is_num;
};

static inline struct log_field log_str(const char *key, struct str text)
{
    return (struct log_field){ .key = key, .text = text };
}

static inline struct log_field log_num(const char *key, uint64_t num)
{
    return (struct log_field){ .key = key, .num = num, .is_num = true };
}

/*
 * Write a line: its event, and n fields.  Never blocks: when whoever reads the
 * log has stopped, lines are dropped, and a line says how many.
 */
void log_line(struct log *, const char *event, const struct log_field *,
              size_t n);

/*
 * Copy lines for who caused them to happen, until NULL is given; as text they
 * come without the time.
 */
void log_copy(struct log *, FILE *to, enum log_format);

enum { LOG_TIME = 32 }; /* bytes of a time, NUL included */

/* 2026-11-23T21:57:03.125Z */
void log_time(uint64_t wall_ms, char out[LOG_TIME]);

/* LOG(log, "room.new", log_str("name", name), log_num("room", id)); */
#define LOG(log, event, ...)                                                   \
    log_line(log, event, (const struct log_field[]){ __VA_ARGS__ },            \
             sizeof((const struct log_field[]){ __VA_ARGS__ }) /               \
                 sizeof(struct log_field))

#endif
