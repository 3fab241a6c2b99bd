/* SPDX-License-Identifier: MIT
 *
 * EDGE libuv: the modes without a screen; see pipe.h.
 *
 * Neither end may ever make the loop wait, or the heartbeats would stop.  When
 * a reader stalls, no more is produced; when the outbox is full, no more is
 * read.
 */
#include "tui/pipe.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include <uv.h>

#include "shared/error.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/wire.h"
#include "tui/client.h"
#include "tui/command.h"
#include "tui/inlet.h"
#include "tui/lang.h"
#include "tui/model.h"
#include "tui/net.h"
#include "tui/outlet.h"
#include "tui/plain.h"
#include "tui/secret.h"
#include "tui/settings.h"
#include "tui/setup.h"
#include "tui/state.h"
#include "tui/tail.h"

enum {
    OUT_MAX = 1024 * 1024,  /* bytes not written: produce no more */
    DRAIN_US = 1000000,     /* to say goodbye */
    PATIENCE_US = 60000000, /* --send gives up after so long offline */
    PROGRESS_US = 1000000,  /* --send says how far it is, on a terminal */
    LOOK_MS = 1000,         /* --send: a look at the clock so often */
    DRAIN_MS = 20,          /* the same while goodbye is on its way */
    LATER_MS = 3600 * 1000,
};

struct pipe {
    struct setup *setup;
    struct chat *chat;
    enum mode mode;
    uv_prepare_t prepare;
    uv_timer_t timer;
    uv_signal_t signals[3];
    struct inlet in;
    struct outlet out;
    struct bytes text;   /* --line: to be written */
    struct plain *plain; /* --line */

    uint64_t sent;       /* lines given to the outbox */
    uint64_t offline_us; /* since when; 0: online */
    uint64_t progress_us;
    bool progress; /* something was said about it */
    bool was_online;
    char *secret;      /* --line: a new password, typed once; owned, or NULL */
    bool hidden;       /* --line: what is typed is not shown */
    bool asked;        /* --set-password: the server has been */
    uint64_t typed_us; /* when the last line came */
    bool leaving;
    uint64_t leave_us; /* goodbye must be said by then */
    int code;
    char *error;
    size_t cap;
};

/* ---- leaving ---- */

static void leave(struct pipe *p, struct now now)
{
    if (p->leaving)
        return;
    p->leaving = true;
    p->leave_us = now.mono_us + DRAIN_US;
    client_bye(p->chat->client, reason_QUIT, str_of(NULL), now);
}

static void leave_with(struct pipe *p, struct now now, int code,
                       const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void leave_with(struct pipe *p, struct now now, int code,
                       const char *format, ...)
{
    va_list args;

    if (!p->leaving) {
        p->code = code;
        va_start(args, format);
        vsnprintf(p->error, p->cap, format, args);
        va_end(args);
    }
    leave(p, now);
}

/* ---- lines in ---- */

/* No more is read; what was read before is delivered, then this is said. */
static void fail_line(struct pipe *p)
{
    p->code = EX_DATAERR;
    snprintf(
        p->error, p->cap,
        _("line %llu is longer than the %llu bytes that the server "
          "takes; the lines before it are stored"),
        (unsigned long long)p->in.lines.number,
        (unsigned long long)p->chat->model->limits.value[LIMIT_TEXT_BYTES]);
}

/* --send: a line becomes a message. */
static void send_line(struct pipe *p, struct str line, struct now now)
{
    char *clean = mem_new(3 * line.len + 1, 1);
    struct str text = { clean,
                        text_clean(line, TEXT_LINE, clean, 3 * line.len) };

    if (text.len > p->chat->model->limits.value[LIMIT_TEXT_BYTES]) {
        fail_line(p);
    } else if (text.len) {
        client_say(p->chat->client, str_of(p->chat->settings->send),
                   event_MESSAGE, text, now);
        p->sent++;
    }
    free(clean);
}

/* ---- --line: a password ---- */

static void forget_secret(struct pipe *p)
{
    if (p->hidden)
        secret_echo(true);
    p->hidden = p->chat->asks_secret = false;
    if (p->secret)
        mem_wipe(p->secret, strlen(p->secret));
    free(p->secret);
    p->secret = NULL;
}

/* A person types it twice. */
static void take_secret(struct pipe *p, struct str line, struct now now)
{
    struct model *m = p->chat->model;

    if (line.len && p->in.terminal && !p->secret) {
        p->secret = mem_str(line);
        model_notice(m, NULL, now, "%s", _("once more:"));
        return;
    }
    if (line.len == 0)
        model_notice(m, NULL, now, "%s", _("the password stays as it is"));
    else if (p->secret && !str_is(line, p->secret))
        model_notice(m, NULL, now, "%s",
                     _("these are two different ones: the password stays as "
                       "it is"));
    else
        client_password(p->chat->client, line, now);
    forget_secret(p);
}

static void take_command(struct pipe *p, struct str line, struct now now)
{
    if (p->chat->asks_secret) {
        take_secret(p, line, now);
        return;
    }
    if (line.len)
        command_run(p->chat, line, now);
    p->hidden = p->chat->asks_secret && p->in.terminal;
    if (p->hidden)
        secret_echo(false);
}

static void take_lines(struct pipe *p, struct now now)
{
    struct str line;

    while (client_has_room(p->chat->client) && !p->leaving && p->code == 0 &&
           lines_next(&p->in.lines, &line)) {
        if (p->mode == MODE_SEND)
            send_line(p, line, now);
        else
            take_command(p, line, now);
        p->typed_us = now.mono_us;
    }
    if (p->code == 0 && inlet_is_endless(&p->in) &&
        client_has_room(p->chat->client)) {
        p->in.lines.number++;
        fail_line(p);
    }
}

/* Whether all that came in has been taken. */
static bool is_read(const struct pipe *p)
{
    return p->code || (p->in.ended && lines_held(&p->in.lines) == 0);
}

static bool wants_input(const struct pipe *p)
{
    if (p->in.ended || p->leaving || p->mode == MODE_TAIL ||
        p->mode == MODE_PASSWORD || p->code)
        return false;
    if (p->mode == MODE_SEND && p->chat->model->link < LINK_ONLINE)
        return false; /* what is not read yet is not lost */
    if (p->mode == MODE_LINE && !p->was_online && !p->in.terminal)
        return false;
    return client_has_room(p->chat->client) && !inlet_is_endless(&p->in) &&
           bytes_str(&p->text).len < OUT_MAX;
}

/* ---- text out ---- */

static struct str output(const struct pipe *p)
{
    return p->mode == MODE_TAIL ? tail_output(p->setup->tail)
                                : bytes_str(&p->text);
}

/* After every read of the network, so that no line is pushed out unseen. */
static void show(void *arg)
{
    struct pipe *p = arg;
    size_t n;

    if (p->mode == MODE_LINE && bytes_str(&p->text).len < OUT_MAX)
        plain_update(p->plain, p->chat->model, &p->text);
    n = outlet_write(&p->out, output(p));
    if (p->mode == MODE_TAIL)
        tail_taken(p->setup->tail, n);
    else
        bytes_take(&p->text, n);
}

/* ---- --send: how it goes ---- */

static void show_progress(struct pipe *p, struct now now)
{
    size_t waiting = p->chat->model->queued;

    if (p->mode != MODE_SEND || now.mono_us < p->progress_us ||
        !isatty(STDERR_FILENO))
        return;
    p->progress_us = now.mono_us + PROGRESS_US;
    p->progress = true;
    fputc('\r', stderr);
    fprintf(stderr, _("%llu lines read, %zu of them on their way   "),
            (unsigned long long)p->sent, waiting);
}

static void check_patience(struct pipe *p, struct now now)
{
    const struct model *m = p->chat->model;

    if (m->link >= LINK_ONLINE) {
        p->was_online = true;
        p->offline_us = 0;
        return;
    }
    if (p->offline_us == 0)
        p->offline_us = now.mono_us;
    if (p->mode == MODE_SEND && now.mono_us - p->offline_us >= PATIENCE_US)
        leave_with(p, now, EX_UNAVAILABLE,
                   _("%s cannot be reached any more (%s); %zu lines are kept "
                     "and go out with the next connection"),
                   m->server, m->trouble ? m->trouble : "", m->queued);
}

static void check_send(struct pipe *p, struct now now)
{
    const char *why;
    uint64_t refused = client_refused(p->chat->client, &why);

    if (refused && p->code == 0)
        leave_with(p, now, EX_NOPERM, _("not all lines were stored: %s"), why);
    else if (is_read(p) && client_is_done(p->chat->client))
        leave(p, now);
}

/* ---- --set-password ---- */

static void check_password(struct pipe *p, struct now now)
{
    const struct model *m = p->chat->model;
    unsigned answer = client_password_answer(p->chat->client);

    if (m->link == LINK_ONLINE && !p->asked) {
        client_password(p->chat->client, str_of(p->setup->fresh), now);
        p->asked = true;
    }
    if (answer == PASSWORD_SET)
        leave(p, now);
    else if (answer)
        leave_with(p, now, EX_NOPERM, _("the password was not set: %s"),
                   lang_text(err_text(answer)));
    else if (p->asked && m->link < LINK_ONLINE)
        leave_with(p, now, EX_UNAVAILABLE,
                   _("the connection was lost; the password may be set"));
}

/* ---- a turn ---- */

static void check_end(struct pipe *p, struct now now)
{
    const char *why;
    int code;

    if (client_fatal(p->chat->client, &code, &why))
        leave_with(p, now, code, "%s", why);
    if (p->out.broken || p->chat->quit)
        leave(p, now);
    if (p->mode == MODE_SEND)
        check_send(p, now);
    if (p->mode == MODE_PASSWORD)
        check_password(p, now);
    if (p->mode == MODE_LINE && is_read(p) && client_is_done(p->chat->client))
        leave(p, now);
    if (!p->leaving)
        return;
    net_turn(p->chat->net,
             now); /* goodbye goes out now, not on the next event */
    if (now.mono_us >= p->leave_us ||
        (net_drained(p->chat->net) && output(p).len == 0))
        uv_stop(p->chat->loop);
}

static void on_timer(uv_timer_t *timer)
{
    (void)timer; /* it woke the loop; the turn does the rest */
}

static void set_timer(struct pipe *p, struct now now)
{
    uint64_t at = p->mode == MODE_LINE ? chat_deadline(p->chat) : NEVER;
    uint64_t ms = p->mode == MODE_SEND ? LOOK_MS : LATER_MS;

    if (p->leaving)
        ms = DRAIN_MS;
    if (at <= now.mono_us)
        ms = 0;
    else if (at - now.mono_us < ms * 1000)
        ms = (at - now.mono_us + 999) / 1000;
    uv_timer_start(&p->timer, on_timer, ms, 0);
}

static void on_prepare(uv_prepare_t *prepare)
{
    struct pipe *p = prepare->data;
    struct chat *chat = p->chat;
    struct now now = net_now(chat->loop);
    struct link_local local = {
        (uint32_t)((now.mono_us - p->typed_us) / 1000000), 0
    };

    take_lines(p, now);
    if (p->mode == MODE_LINE) {
        chat_turn(chat, now);
        client_local(chat->client, local);
    }
    net_turn(chat->net, now);
    state_keep_token(chat->state, client_token(chat->client),
                     client_is_bound(chat->client));
    check_patience(p, now);
    show_progress(p, now);
    show(p);
    check_end(p, now);
    inlet_watch(&p->in, wants_input(p));
    outlet_watch(&p->out, output(p).len > 0);
    set_timer(p, now);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct pipe *p = handle->data;
    struct now now = net_now(p->chat->loop);
    size_t queued = p->chat->model->queued;

    if (p->mode == MODE_SEND)
        leave_with(p, now, 128 + number,
                   _("stopped by a signal; %zu lines are kept and go out with "
                     "the next connection"),
                   queued);
    else
        leave(p, now);
}

/* ---- opening and closing ---- */

static void open_handles(struct pipe *p)
{
    static const int NUMBERS[] = { SIGTERM, SIGINT, SIGHUP };
    uv_loop_t *loop = p->chat->loop;

    outlet_open(&p->out, loop);
    inlet_open(&p->in, loop);
    uv_prepare_init(loop, &p->prepare);
    uv_timer_init(loop, &p->timer);
    p->prepare.data = p->timer.data = p;
    for (size_t i = 0; i < 3; i++) {
        uv_signal_init(loop, &p->signals[i]);
        p->signals[i].data = p;
        uv_signal_start(&p->signals[i], on_signal, NUMBERS[i]);
    }
    uv_prepare_start(&p->prepare, on_prepare);
}

static void close_handles(struct pipe *p)
{
    uv_close((uv_handle_t *)&p->prepare, NULL);
    uv_close((uv_handle_t *)&p->timer, NULL);
    for (size_t i = 0; i < 3; i++)
        uv_close((uv_handle_t *)&p->signals[i], NULL);
    inlet_close(&p->in);
    outlet_close(&p->out);
    uv_run(p->chat->loop, UV_RUN_NOWAIT);
    inlet_fini(&p->in);
    outlet_fini(&p->out);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): written through p */
int pipe_run(struct setup *setup, char *error, size_t cap)
{
    struct pipe p = { .setup = setup,
                      .chat = &setup->chat,
                      .mode = setup->chat.settings->mode,
                      .error = error,
                      .cap = cap };
    struct now now = net_now(setup->chat.loop);

    p.plain = plain_new();
    p.typed_us = now.mono_us;
    p.progress_us = now.mono_us + PROGRESS_US;
    net_on_input(p.chat->net, show, &p);
    open_handles(&p);
    uv_run(p.chat->loop, UV_RUN_DEFAULT);
    if (p.progress)
        fputs("\n", stderr);
    close_handles(&p);
    net_on_input(p.chat->net, NULL, NULL);
    forget_secret(&p);
    plain_free(p.plain);
    bytes_fini(&p.text);
    return p.code;
}
