/* SPDX-License-Identifier: MIT
 *
 * The console: from a line to a row of controls.def, and from an answer to
 * lines; see control.h.
 */
#include "server/control.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sysexits.h>

#include "server/control_impl.h"
#include "server/store.h"
#include "server/words.h"
#include "shared/mem.h"
#include "shared/text.h"

enum { LOOK_US = 2000 }; /* between two looks at what is being stored */

const struct control_row CONTROL_ROWS[] = {
#define CONTROL(name, run, args, min, max, doc)                                \
    { name, args, doc, min, max, run },
#include "server/controls.def"
};
const size_t CONTROL_ROWS_LEN = sizeof CONTROL_ROWS / sizeof *CONTROL_ROWS;

struct control {
    struct control_call call;
    struct asker asker;
    struct words words;
    struct answer answer;
    const struct control_row *row; /* NULL: it is refused already */
    uint64_t put; /* by it, the last that was; to be stored; 0: nothing */
    bool done;
};

bool control_admits(const struct asker *asker)
{
    return asker->uid == asker->own || asker->uid == 0;
}

size_t control_line(struct str bytes)
{
    const char *end = bytes.len ? memchr(bytes.ptr, '\n', bytes.len) : NULL;

    return end ? (size_t)(end - bytes.ptr) + 1 : 0;
}

static struct world *world_of(const struct control *c)
{
    return hub_world(c->call.service->hub);
}

static struct log *log_of(const struct control *c)
{
    return &world_of(c)->env.log;
}

/* ---- the question ---- */

static int refuse(struct control *c)
{
    LOG(log_of(c), CONTROL_REFUSED, log_num("uid", c->asker.uid),
        log_num("pid", c->asker.pid));
    return answer_fail(&c->answer, EX_NOPERM,
                       "only the server's user (uid %" PRIu32
                       ") and root may ask; you are uid %" PRIu32,
                       c->asker.own, c->asker.uid);
}

static const struct control_row *find(struct str name)
{
    for (size_t i = 0; i < CONTROL_ROWS_LEN; i++) {
        if (str_is(name, CONTROL_ROWS[i].name))
            return &CONTROL_ROWS[i];
    }
    return NULL;
}

/* The command that the words are; 0, or why not. */
static int understand(struct control *c)
{
    const struct str *words = c->words.word;
    size_t n = c->words.n, at = n && str_is(words[0], "--json");
    const struct control_row *row;

    c->answer.json = at > 0;
    if (at == n)
        return answer_fail(&c->answer, EX_USAGE, "a command is missing");
    row = find(words[at]);
    if (!row)
        return answer_fail(&c->answer, EX_USAGE,
                           "%.*s: this server has no such command",
                           STR_ARG(text_cut(words[at], 64)));
    c->call.args = words + at + 1;
    c->call.n = n - at - 1;
    if (c->call.n < row->min || c->call.n > row->max)
        return answer_fail(&c->answer, EX_USAGE, "%s: usage: %s%s%s", row->name,
                           row->name, *row->args ? " " : "", row->args);
    c->row = row;
    return 0;
}

static int parse(struct control *c, struct str line)
{
    const char *why;

    if (!control_admits(&c->asker))
        return refuse(c);
    if (control_line(line) == 0)
        return answer_fail(&c->answer, EX_DATAERR,
                           "the question is longer than %d bytes",
                           CONTROL_LINE_MAX);
    if (words_parse(&c->words, str_bytes(line.ptr, line.len - 1), &why))
        return answer_fail(&c->answer, EX_DATAERR, "the question is bad: %s",
                           why);
    return understand(c);
}

struct control *control_new(struct service *service, const struct asker *asker,
                            struct str line)
{
    struct control *c = mem_new(1, sizeof *c);

    c->asker = *asker;
    c->call.service = service;
    c->call.asker = &c->asker;
    c->call.answer = &c->answer;
    answer_begin(&c->answer, false);
    c->answer.code = parse(c, line);
    return c;
}

void control_free(struct control *c)
{
    if (!c)
        return;
    control_store_end(&c->call);
    control_person_end(&c->call);
    control_walk_end(&c->call.walk);
    sheet_end(&c->call.sheet);
    answer_end(&c->answer);
    words_free(&c->words);
    free(c);
}

/* ---- the answer ---- */

static void put(char **to, char head, struct str text)
{
    *(*to)++ = head;
    if (text.len)
        *to = (char *)memcpy(*to, text.ptr, text.len) + text.len;
    *(*to)++ = '\n';
}

static size_t count_lines(struct str text)
{
    size_t n = 0;

    for (size_t i = 0; i < text.len; i++)
        n += text.ptr[i] == '\n';
    return n;
}

/* The lines of the output as they are sent. */
static void put_lines(char **to, struct str text)
{
    while (text.len) {
        const char *end = memchr(text.ptr, '\n', text.len);
        size_t n = end ? (size_t)(end - text.ptr) : text.len;

        put(to, ' ', str_bytes(text.ptr, n));
        text = str_from(text, n + 1);
    }
}

static void put_end(char **to, const struct answer *answer)
{
    char code[16];

    if (*answer->why)
        put(to, '!', str_of(answer->why));
    snprintf(code, sizeof code, "%d", answer->code);
    put(to, '=', str_of(code));
}

/* The next part of the command. */
static void go_on(struct control *c)
{
    const struct store *store = world_of(c)->store;
    uint64_t before = store_last_put(store);

    c->answer.code = c->row->run(&c->call);
    c->call.part++;
    if (!c->call.more && store_last_put(store) > before)
        c->put = store_last_put(store);
}

/* What it has put is stored before it is answered. */
static void wait_for_store(struct control *c)
{
    switch (store_fate(world_of(c)->store, c->put)) {
    case FATE_OPEN:
        c->call.more = true;
        c->call.wake_us = c->call.now.mono_us + LOOK_US;
        break;
    case FATE_LOST:
        c->answer.code =
            answer_fail(&c->answer, EX_IOERR,
                        "%s: it could not be stored, and ends with the next "
                        "start: do it again once the disk is well",
                        c->row->name);
        break;
    case FATE_STORED: break;
    }
}

static void run(struct control *c, struct now now)
{
    c->call.now = now;
    c->call.more = false;
    c->call.wake_us = 0;
    if (!c->put)
        go_on(c);
    if (c->put)
        wait_for_store(c);
    if (!c->call.more)
        LOG(log_of(c), CONTROL_RUN, log_str("command", str_of(c->row->name)),
            log_num("uid", c->asker.uid), log_num("pid", c->asker.pid),
            log_num("exit", (uint64_t)c->answer.code));
}

char *control_part(struct control *c, struct now now, size_t *len)
{
    char *out, *to, *text;
    struct str lines;

    if (c->row)
        run(c, now);
    c->done = !c->call.more;
    *len = 0;
    text = c->put && c->call.more ? NULL : answer_take(&c->answer, len);
    if (c->put && c->answer.code)
        *len = 0; /* a code that is good for nothing, say */
    lines = str_bytes(text, *len);
    out = to = mem_new(*len + count_lines(lines) + ANSWER_WHY + 32, 1);
    put_lines(&to, lines);
    if (c->done)
        put_end(&to, &c->answer);
    free(text);
    *len = (size_t)(to - out);
    return out;
}

uint64_t control_wake(const struct control *c)
{
    return c->call.wake_us;
}

bool control_is_done(const struct control *c)
{
    return c->done;
}
