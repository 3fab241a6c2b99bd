/* SPDX-License-Identifier: MIT
 *
 * One line per event.  A line names what happened, a row of log_events.def, and
 * carries fields; texts of strangers are filtered strictly, and what people say
 * to each other or a token is never given to it.
 */
#ifndef SERVER_LOG_H
#define SERVER_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "shared/str.h"

enum log_format { LOG_AS_TEXT, LOG_AS_JSON }; /* as --log text|json */

/* How grave an event is, as --log-level has it; log_events.def. */
enum log_level { LEVEL_DEBUG, LEVEL_INFO, LEVEL_WARNING, LEVEL_ERROR, LEVELS };

enum log_event {

#define LOG_EVENT(NAME, name, LEVEL) LOG_##NAME,
#include "server/log_events.def"
    LOG_EVENTS
};

struct log {
    FILE *to; /* NULL: nothing is written */
    enum log_format format;
    enum log_level level; /* what is less grave is not told */
    bool journal;         /* journald reads it: lines begin with <N> */
    uint64_t wall_ms;     /* set once per turn by the edge */
    uint64_t dropped;     /* lines that its reader was too slow for */
    FILE *copy;           /* in memory: gets each line as well; log_copy */
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
void log_line(struct log *, enum log_event, const struct log_field *, size_t n);

extern const char *const LOG_LEVEL_NAMES[LEVELS];

/* The level of that name; LEVELS: there is none. */
enum log_level log_level_of(struct str name);

/*
 * Another level from now on; that is a line in any case.
 *   by       who wants it
 */
void log_set_level(struct log *, enum log_level, struct log_field by);

/*
 * Copy lines of every level for who caused them to happen, until NULL is given;
 * as text they come without time and level.
 */
void log_copy(struct log *, FILE *to, enum log_format);

enum { LOG_TIME = 32 }; /* bytes of a time, NUL included */

/* 2026-11-23T21:57:03.125Z */
void log_time(uint64_t wall_ms, char out[LOG_TIME]);

/* LOG(log, ROOM_NEW, log_str("name", name), log_num("room", id)); */
#define LOG(log, EVENT, ...)                                                   \
    log_line(log, LOG_##EVENT, (const struct log_field[]){ __VA_ARGS__ },      \
             sizeof((const struct log_field[]){ __VA_ARGS__ }) /               \
                 sizeof(struct log_field))

#endif
