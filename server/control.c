/* SPDX-License-Identifier: MIT
 *
 * The console: from a line to a row of controls.def, and from an answer to
 * lines; see control.h.
 */
#include "server/control.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sysexits.h>

#include "server/answer.h"
#include "server/hub.h"
#include "server/service.h"
#include "server/words.h"
#include "shared/mem.h"
#include "shared/text.h"

const struct control_row CONTROL_ROWS[] = {
#define CONTROL(name, run, args, min, max, doc)                                \
    { name, args, doc, min, max, run },
#include "server/controls.def"
};
const size_t CONTROL_ROWS_LEN = sizeof CONTROL_ROWS / sizeof *CONTROL_ROWS;

bool control_admits(const struct asker *asker)
{
    return asker->uid == asker->own || asker->uid == 0;
}

size_t control_line(struct str bytes)
{
    const char *end = bytes.len ? memchr(bytes.ptr, '\n', bytes.len) : NULL;

    return end ? (size_t)(end - bytes.ptr) + 1 : 0;
}

/* ---- the answer as it is sent ---- */

static void put(char **to, const char *head, struct str text)
{
    *to = (char *)memcpy(*to, head, 1) + 1;
    if (text.len)
        *to = (char *)memcpy(*to, text.ptr, text.len) + text.len;
    *(*to)++ = '\n';
}

static size_t count_lines(const struct answer *answer)
{
    size_t n = 1;

    for (size_t i = 0; i < answer->len; i++)
        n += answer->text[i] == '\n';
    return n;
}

/* Frees the answer. */
static char *as_sent(struct answer *answer, size_t *len)
{
    char *out, *to, code[16];
    struct str rest;

    answer_end(answer);
    rest = str_bytes(answer->text, answer->len);
    out = to = mem_new(rest.len + 2 * count_lines(answer) + ANSWER_WHY + 32, 1);
    while (rest.len) {
        const char *end = memchr(rest.ptr, '\n', rest.len);
        size_t n = end ? (size_t)(end - rest.ptr) : rest.len;

        put(&to, " ", str_bytes(rest.ptr, n));
        rest = str_from(rest, n + 1);
    }
    if (*answer->why)
        put(&to, "!", str_of(answer->why));
    snprintf(code, sizeof code, "%d", answer->code);
    put(&to, "=", str_of(code));
    *len = (size_t)(to - out);
    answer_free(answer);
    return out;
}

char *control_refuse(struct service *service, const struct asker *asker,
                     size_t *len)
{
    struct answer answer;

    LOG(&hub_world(service->hub)->env.log, "control.refused",
        log_num("uid", asker->uid), log_num("pid", asker->pid));
    answer_begin(&answer, false);
    answer.code = answer_fail(&answer, EX_NOPERM,
                              "only the server's user (uid %" PRIu32
                              ") and root may ask; you are uid %" PRIu32,
                              asker->own, asker->uid);
    return as_sent(&answer, len);
}

/* ---- the question ---- */

static const struct control_row *find(struct str name)
{
    for (size_t i = 0; i < CONTROL_ROWS_LEN; i++) {
        if (str_is(name, CONTROL_ROWS[i].name))
            return &CONTROL_ROWS[i];
    }
    return NULL;
}

static int run(struct control_call *call, struct str name)
{
    const struct control_row *row = find(name);
    struct log *log = &hub_world(call->service->hub)->env.log;
    int code;

    if (!row)
        return answer_fail(call->answer, EX_USAGE,
                           "%.*s: this server has no such command",
                           STR_ARG(text_cut(name, 64)));
    if (call->n < row->min || call->n > row->max)
        return answer_fail(call->answer, EX_USAGE, "%s: usage: %s%s%s",
                           row->name, row->name, *row->args ? " " : "",
                           row->args);
    code = row->run(call);
    LOG(log, "control.run", log_str("command", str_of(row->name)),
        log_num("uid", call->asker->uid), log_num("pid", call->asker->pid),
        log_num("exit", (uint64_t)code));
    return code;
}

/* Words, with the option in front of them taken off. */
static int ask(struct control_call *call, const struct words *words)
{
    size_t at = words->n && str_is(words->word[0], "--json");

    call->answer->json = at > 0;
    if (at == words->n)
        return answer_fail(call->answer, EX_USAGE, "a command is missing");
    call->args = words->word + at + 1;
    call->n = words->n - at - 1;
    return run(call, words->word[at]);
}

char *control_answer(struct service *service, struct str line,
                     const struct asker *asker, struct now now, size_t *len)
{
    struct answer answer;
    struct control_call call = {
        .service = service, .asker = asker, .answer = &answer, .now = now
    };
    struct words words;
    const char *why;

    answer_begin(&answer, false);
    if (control_line(line) == 0) {
        answer.code = answer_fail(&answer, EX_DATAERR,
                                  "the question is longer than %d bytes",
                                  CONTROL_LINE_MAX);
        return as_sent(&answer, len);
    }
    if (words_parse(&words, str_bytes(line.ptr, line.len - 1), &why))
        answer.code =
            answer_fail(&answer, EX_DATAERR, "the question is bad: %s", why);
    else
        answer.code = ask(&call, &words);
    words_free(&words);
    return as_sent(&answer, len);
}
