/* SPDX-License-Identifier: MIT
 *
 * Commands that do something; see control.h.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <sysexits.h>

#include "server/control_impl.h"
#include "shared/mem.h"
#include "shared/now.h"
#include "shared/text.h"

enum { ANNOUNCE_MAX = 1024 }; /* bytes: people are to read it at once */

static const uint64_t SHUTDOWN_MAX_S = UINT64_C(7) * 24 * 3600;

static enum log_format form_of(const struct answer *answer)
{
    return answer->json ? LOG_AS_JSON : LOG_AS_TEXT;
}

int control_reload(struct control_call *call)
{
    struct log *log = &hub_world(call->service->hub)->env.log;
    int code;

    log_copy(log, call->answer->out, form_of(call->answer));
    code = service_reload(call->service, call->now);
    log_copy(log, NULL, LOG_AS_TEXT);
    if (code)
        answer_fail(call->answer, code,
                    "reload: what was refused stays as it "
                    "was");
    return code;
}

int control_check(struct control_call *call)
{
    struct log log = { .wall_ms = call->now.wall_ms };
    int code;

    if (call->n && str_is(call->args[0], "store"))
        return control_check_store(call);
    if (call->n)
        return answer_fail(call->answer, EX_USAGE,
                           "check: %.*s: there is only store to be checked",
                           STR_ARG(text_cut(call->args[0], 64)));
    log_copy(&log, call->answer->out, form_of(call->answer));
    code = service_check(call->service, &log);
    if (code)
        answer_fail(call->answer, code, "check: a reload would be refused");
    return code;
}

static const struct column LEVEL[] = { { "level", UNIT_NONE } };

int control_log_level(struct control_call *call)
{
    struct log *log = &hub_world(call->service->hub)->env.log;
    enum log_level level = call->n ? log_level_of(call->args[0]) : log->level;

    if (level == LEVELS)
        return answer_fail(call->answer, EX_USAGE,
                           "log-level: %.*s: neither debug, info, warning nor "
                           "error",
                           STR_ARG(text_cut(call->args[0], 64)));
    log_set_level(log, level, log_num("uid", call->asker->uid));
    sheet_begin(&call->sheet, call->answer, LEVEL, 1);
    sheet_str(&call->sheet, str_of(LOG_LEVEL_NAMES[level]));
    sheet_facts(&call->sheet);
    return 0;
}

/* ---- people ---- */

/* Words as the text they were; owner frees. */
static char *join(const struct str *words, size_t n)
{
    size_t len = 1;
    char *text, *to;

    for (size_t i = 0; i < n; i++)
        len += words[i].len + 1;
    text = to = mem_new(len, 1);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            *to++ = ' ';
        memcpy(to, words[i].ptr, words[i].len);
        to += words[i].len;
    }
    return text;
}

/* The same, clean and at most max bytes; owner frees. */
static char *join_clean(const struct control_call *call, size_t from,
                        enum text_kind kind, size_t max)
{
    char *raw = join(call->args + from, call->n - from);
    size_t len = strlen(raw);
    char *clean = mem_new(3 * len + 1, 1);
    struct str cut = { clean, text_clean(str_of(raw), kind, clean, 3 * len) };

    clean[text_cut(cut, max).len] = '\0';
    free(raw);
    return clean;
}

bool control_number(struct str text, uint64_t max, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned)text.ptr[i] - '0';

        if (digit > 9 || *out > max)
            return false;
        *out = *out * 10 + digit;
    }
    return text.len > 0 && *out <= max;
}

static bool is_digits(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    }
    return text.len > 0;
}

enum control_time control_time(struct str word, uint64_t *seconds)
{
    uint64_t unit = word.len ? time_unit_s(word.ptr[word.len - 1]) : 0, n;
    uint64_t each = unit ? unit : 1;

    word.len -= unit != 0;
    if (!is_digits(word))
        return TIME_NONE;
    if (!control_number(word, TIME_MAX_DAYS * time_unit_s('d') / each, &n))
        return TIME_TOO_LONG;
    *seconds = n * each;
    return TIME_GIVEN;
}

char *control_join(const struct control_call *call, size_t from, enum limit max)
{
    const struct env *env = &hub_world(call->service->hub)->env;

    return from < call->n ? join_clean(call, from, TEXT_LINE, limit(env, max))
                          : mem_str(str_of(NULL));
}

/* Whom the first argument means. */
struct target {
    uint64_t session, account; /* one of them; 0: the other */
};

/* A number is a session; @ before it makes it a nick. */
static bool find_target(const struct control_call *call, struct target *target)
{
    const struct world *w = hub_world(call->service->hub);
    struct str name = call->args[0];
    const struct account *account;

    *target = (struct target){ 0, 0 };
    if (control_number(name, UINT64_MAX / 16, &target->session))
        return map_get(&w->sessions, map_num(&target->session)) != NULL;
    target->session = 0;
    account = world_account_named(w, control_nick(name));
    target->account = account ? account->id : 0;
    return account != NULL;
}

static bool is_target(const struct target *target, const struct session *s)
{
    if (target->session)
        return s->id == target->session;
    return session_is_of(s, target->account);
}

bool control_end_session(const struct control_call *call, struct session *s,
                         enum err code, struct str reason)
{
    struct hub *hub = call->service->hub;

    if (!hub_kick(hub, s, code, reason, call->now))
        return false;
    LOG(&hub_world(hub)->env.log, SESSION_KICK, log_num("session", s->id),
        log_num("uid", call->asker->uid));
    return true;
}

/* Returns how many sessions it was. */
static uint64_t kick(const struct control_call *call,
                     const struct target *target, struct str reason)
{
    struct world *w = hub_world(call->service->hub);
    struct session *s;
    uint64_t n = 0;
    size_t at = 0;

    while ((s = map_each(&w->sessions, &at)))
        n += is_target(target, s) &&
             control_end_session(call, s, ERROR_KICKED, reason);
    return n;
}

static const struct column COUNT[] = { { "sessions", UNIT_NONE } };

/* To how many sessions it was done. */
static void say_count(struct control_call *call, uint64_t n)
{
    sheet_begin(&call->sheet, call->answer, COUNT, 1);
    sheet_num(&call->sheet, n);
    sheet_facts(&call->sheet);
}

int control_kick(struct control_call *call)
{
    const struct env *env = &hub_world(call->service->hub)->env;
    struct target target;
    char *reason;
    uint64_t n;

    if (!find_target(call, &target))
        return answer_fail(call->answer, EX_NOUSER,
                           "kick: %.*s: nobody has that name or number",
                           STR_ARG(text_cut(call->args[0], 64)));
    reason = join_clean(call, 1, TEXT_LINE, limit(env, LIMIT_REASON_BYTES));
    n = kick(call, &target, str_of(reason));
    free(reason);
    if (n == 0)
        return answer_fail(call->answer, EX_UNAVAILABLE,
                           "kick: %.*s: is not connected",
                           STR_ARG(text_cut(call->args[0], 64)));
    say_count(call, n);
    return 0;
}

int control_announce(struct control_call *call)
{
    struct hub *hub = call->service->hub;
    char *text = join_clean(call, 0, TEXT_LINES, ANNOUNCE_MAX + 1);
    int code = 0;

    if (!*text)
        code = answer_fail(call->answer, EX_USAGE, "announce: what?");
    else if (strlen(text) > ANNOUNCE_MAX)
        code = answer_fail(call->answer, EX_USAGE,
                           "announce: longer than %d bytes", ANNOUNCE_MAX);
    else
        say_count(call, hub_announce(hub, str_of(text), 0, call->now));
    free(text);
    return code;
}

/* ---- the end ---- */

int control_shutdown(struct control_call *call)
{
    struct service *service = call->service;
    uint64_t seconds = 0;

    if (call->n && str_is(call->args[0], "off")) {
        service->stop_us = NEVER;
        return 0;
    }
    if (call->n && !control_number(call->args[0], SHUTDOWN_MAX_S, &seconds))
        return answer_fail(call->answer, EX_USAGE,
                           "shutdown: %.*s: neither a number of seconds from 0 "
                           "to %" PRIu64 " nor off",
                           STR_ARG(text_cut(call->args[0], 64)),
                           SHUTDOWN_MAX_S);
    if (seconds)
        say_count(call,
                  hub_announce(service->hub, str_of(NULL), seconds, call->now));
    service->stop_us = call->now.mono_us + seconds * 1000000;
    return 0;
}
