/* SPDX-License-Identifier: MIT
 *
 * A server with nobody on it, an operator, and what the console answers.
 */
#ifndef TESTS_DESK_H
#define TESTS_DESK_H

#include "tests/server.h"

#include "server/control.h"
#include "server/service.h"

struct desk {
    struct rig *rig;
    struct service service;
    struct asker asker;
    char program[16], *argv[2];
    FILE *log_to;
    char *log;
    size_t log_len;
    char *answer; /* the last, as a string */
};

/* The server that there is now is the operator's. */
static inline void desk_open(struct desk *d)
{
    d->rig->w->env.log.to = d->log_to;
    d->rig->w->env.log.level = LEVEL_INFO; /* as the settings say */
    d->service.hub = d->rig->hub;
}

static inline int desk_on(void **state, struct rig *rig)
{
    struct desk *d = calloc(1, sizeof *d);
    struct option_error error;

    assert_non_null(d);
    d->rig = rig;
    d->log_to = open_memstream(&d->log, &d->log_len);
    desk_open(d);
    strcpy(d->program, "chat-server");
    d->argv[0] = d->program;
    assert_int_equal(config_load(&d->service.settings, 1, d->argv, &error), 0);
    d->service.began = d->rig->now;
    d->service.argc = 1;
    d->service.argv = d->argv;
    d->service.stop_us = NEVER;
    strcpy(d->service.places, "tcp=127.0.0.1:8555");
    d->asker = (struct asker){ .uid = 7, .pid = 99, .own = 7 };
    *state = d;
    return 0;
}

static inline int desk_new(void **state)
{
    return desk_on(state, rig_new(NULL));
}

/* The same, and it can be restarted. */
static inline int desk_new_durable(void **state)
{
    return desk_on(state, rig_new_durable(NULL));
}

static inline void desk_restart(struct desk *d)
{
    rig_restart(d->rig);
    desk_open(d);
}

static inline int desk_free(void **state)
{
    struct desk *d = *state;
    keys_close(&d->service.keys);
    config_free(&d->service.settings);
    rig_free(d->rig);
    fclose(d->log_to);
    free(d->log);
    free(d->answer);
    free(d);
    return 0;
}

/* All that is said to a line, as a string; owner frees. */
static inline char *hear(struct desk *d, struct control *c)
{
    char *said = NULL, *part;
    size_t all = 0, len;

    while (!control_is_done(c)) {
        part = control_part(c, d->rig->now, &len);
        said = mem_resize(said, all + len + 1, 1);
        memcpy(said + all, part, len);
        said[all += len] = '\0';
        free(part);
        if (!control_is_done(c))
            pass(d->rig, 5);
    }
    return said;
}

static inline const char *ask(struct desk *d, const char *line)
{
    char question[2048];
    struct control *c;

    snprintf(question, sizeof question, "%s\n", line);
    c = control_new(&d->service, &d->asker, str_of(question));
    free(d->answer);
    d->answer = hear(d, c);
    control_free(c);
    return d->answer;
}

static inline void check_says(struct desk *d, const char *line,
                              const char *what)
{
    if (!strstr(ask(d, line), what))
        fail_msg("%s: no \"%s\" in \"%s\"", line, what, d->answer);
}

/* How the answer ends. */
static inline void check_code(const struct desk *d, int code)
{
    char end[16];

    snprintf(end, sizeof end, "=%d\n", code);
    if (strlen(d->answer) < strlen(end) ||
        strcmp(d->answer + strlen(d->answer) - strlen(end), end) != 0)
        fail_msg("no %d ends \"%s\"", code, d->answer);
}

static inline bool logged(struct desk *d, const char *what)
{
    fflush(d->log_to);
    return strstr(d->log, what) != NULL;
}

#define DESK_TEST(name)                                                        \
    cmocka_unit_test_setup_teardown(name, desk_new, desk_free)

#endif
