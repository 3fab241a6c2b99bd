/* SPDX-License-Identifier: MIT
 *
 * EDGE libuv, standard input and output; see pipe.h.
 *
 * Neither end may ever make the loop wait, or the heartbeats would stop: input
 * is read when poll says so, output goes through a description of its own that
 * does not block, so that the shell's is left as it was.  When a reader stalls,
 * no more is produced; when the outbox is full, no more is read.
 */
#include "tui/pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>
#include <uv.h>

#include "shared/mem.h"
#include "shared/text.h"
#include "shared/wire.h"
#include "tui/client.h"
#include "tui/command.h"
#include "tui/lang.h"
#include "tui/lines.h"
#include "tui/model.h"
#include "tui/net.h"
#include "tui/plain.h"
#include "tui/settings.h"
#include "tui/setup.h"
#include "tui/state.h"
#include "tui/tail.h"

enum {
    READ_BYTES = 64 * 1024,
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
    uv_idle_t idle; /* runs while a file waits to be read */
    uv_timer_t timer;
    uv_signal_t signals[3];
    uv_poll_t in, out;
    bool in_file; /* input cannot be polled: a file */
    bool in_polling, out_polling;
    bool in_done, out_broken;
    int out_fd;
    bool out_file;
    struct lines lines;
    struct bytes text;   /* --line: to be written */
    struct plain *plain; /* --line */
    char *buffer;        /* READ_BYTES */

    uint64_t sent;       /* lines given to the outbox */
    uint64_t offline_us; /* since when; 0: online */
    uint64_t progress_us;
    bool progress; /* something was said about it */
    bool was_online;
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

/* --send: a line becomes a message; too long a one ends it all. */
static void send_line(struct pipe *p, struct str line, struct now now)
{
    uint64_t max = p->chat->model->limits.value[LIMIT_TEXT_BYTES];
    char *clean = mem_new(3 * line.len + 1, 1);
    struct str text = { clean,
                        text_clean(line, TEXT_LINE, clean, 3 * line.len) };

    if (text.len > max) {
        p->in_done = true;
        p->code = EX_DATAERR;
        snprintf(p->error, p->cap,
                 _("line %llu is longer than the %llu bytes that the server "
                   "takes; the lines before it are stored"),
                 (unsigned long long)p->lines.number, (unsigned long long)max);
    } else if (text.len) {
        client_say(p->chat->client, str_of(p->chat->settings->send),
                   event_MESSAGE, text, now);
        p->sent++;
    }
    free(clean);
}

static void take_lines(struct pipe *p, struct now now)
{
    struct str line;

    while (client_has_room(p->chat->client) && !p->leaving && p->code == 0 &&
           lines_next(&p->lines, &line)) {
        if (p->mode == MODE_SEND)
            send_line(p, line, now);
        else if (line.len)
            command_run(p->chat, line, now);
        p->typed_us = now.mono_us;
    }
}

/* The longest line taken before it is known to be too long, bytes. */
static bool is_endless(const struct pipe *p)
{
    return lines_held(&p->lines) > READ_BYTES + BODY_MAX;
}

static void read_some(struct pipe *p)
{
    ssize_t len = read(STDIN_FILENO, p->buffer, READ_BYTES);

    if (len > 0) {
        lines_feed(&p->lines, str_bytes(p->buffer, (size_t)len));
        if (is_endless(p))
            lines_end(&p->lines); /* it will be found too long */
    } else if (len == 0 || (errno != EAGAIN && errno != EINTR)) {
        lines_end(&p->lines);
        p->in_done = true;
    }
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    read_some(poll->data);
}

static void on_idle(uv_idle_t *idle)
{
    read_some(idle->data);
}

/* Whether more input is wanted now. */
static bool wants_input(const struct pipe *p)
{
    if (p->in_done || p->leaving || p->mode == MODE_TAIL || p->code)
        return false;
    if (p->mode == MODE_SEND && p->chat->model->link < LINK_ONLINE)
        return false; /* what is not read yet is not lost */
    if (p->mode == MODE_LINE && !p->was_online && !isatty(STDIN_FILENO))
        return false;
    return client_has_room(p->chat->client) && !is_endless(p) &&
           bytes_str(&p->text).len < OUT_MAX;
}

static void watch_input(struct pipe *p)
{
    bool want = wants_input(p);

    if (want == p->in_polling)
        return;
    p->in_polling = want;
    if (p->in_file && want)
        uv_idle_start(&p->idle, on_idle);
    else if (p->in_file)
        uv_idle_stop(&p->idle);
    else if (want)
        uv_poll_start(&p->in, UV_READABLE | UV_DISCONNECT, on_readable);
    else
        uv_poll_stop(&p->in);
}

/* ---- text out ---- */

static struct str output(const struct pipe *p)
{
    return p->mode == MODE_TAIL ? tail_output(p->setup->tail)
                                : bytes_str(&p->text);
}

static void write_some(struct pipe *p)
{
    struct str s;

    while (!p->out_broken && (s = output(p)).len) {
        ssize_t n = write(p->out_fd, s.ptr, s.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            p->out_broken = errno != EAGAIN;
            return;
        }
        if (p->mode == MODE_TAIL)
            tail_taken(p->setup->tail, (size_t)n);
        else
            bytes_take(&p->text, (size_t)n);
    }
}

static void on_writable(uv_poll_t *poll, int status, int events)
{
    struct pipe *p = poll->data;

    if (status < 0 || events & UV_DISCONNECT)
        p->out_broken = true;
    write_some(p);
}

static void watch_output(struct pipe *p)
{
    bool want = output(p).len && !p->out_broken;

    if (p->out_file || want == p->out_polling)
        return;
    p->out_polling = want;
    uv_poll_start(&p->out, want ? UV_WRITABLE | UV_DISCONNECT : UV_DISCONNECT,
                  on_writable);
}

/* After every read of the network, so that no line is pushed out unseen. */
static void show(void *arg)
{
    struct pipe *p = arg;

    if (p->mode == MODE_LINE && bytes_str(&p->text).len < OUT_MAX)
        plain_update(p->plain, p->chat->model, &p->text);
    write_some(p);
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
    bool all = p->in_done && lines_held(&p->lines) == 0;

    if (refused && p->code == 0)
        leave_with(p, now, EX_NOPERM, _("not all lines were stored: %s"), why);
    else if ((all || p->code) && client_is_done(p->chat->client))
        leave(p, now);
}

/* ---- a turn ---- */

static void check_end(struct pipe *p, struct now now)
{
    const char *why;
    int code;

    if (client_fatal(p->chat->client, &code, &why))
        leave_with(p, now, code, "%s", why);
    if (p->out_broken || p->chat->quit)
        leave(p, now);
    if (p->mode == MODE_SEND)
        check_send(p, now);
    if (p->mode == MODE_LINE && p->in_done && lines_held(&p->lines) == 0 &&
        client_is_done(p->chat->client))
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
    state_keep_token(chat->state, client_token(chat->client));
    check_patience(p, now);
    show_progress(p, now);
    show(p);
    check_end(p, now);
    watch_input(p);
    watch_output(p);
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

/*
 * A description of standard output that does not block: the one we were given
 * belongs to the shell as well.
 */
static void open_output(struct pipe *p)
{
    struct stat st;

    p->out_fd = STDOUT_FILENO;
    p->out_file = fstat(STDOUT_FILENO, &st) < 0 || S_ISREG(st.st_mode);
    if (p->out_file)
        return;
    p->out_fd =
        open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (p->out_fd < 0) { /* a socket cannot be opened again */
        p->out_fd = STDOUT_FILENO;
        fcntl(STDOUT_FILENO, F_SETFL,
              fcntl(STDOUT_FILENO, F_GETFL) | O_NONBLOCK);
    }
    p->out_file = uv_poll_init(p->chat->loop, &p->out, p->out_fd) != 0;
}

/* libuv wants it not to block; read only when poll says so, it never does. */
static void open_input(struct pipe *p)
{
    int flags = fcntl(STDIN_FILENO, F_GETFL);

    p->in_file = uv_poll_init(p->chat->loop, &p->in, STDIN_FILENO) != 0;
    if (flags >= 0)
        fcntl(STDIN_FILENO, F_SETFL, flags);
}

static void open_handles(struct pipe *p)
{
    static const int NUMBERS[] = { SIGTERM, SIGINT, SIGHUP };
    uv_loop_t *loop = p->chat->loop;

    open_output(p);
    open_input(p);
    uv_prepare_init(loop, &p->prepare);
    uv_idle_init(loop, &p->idle);
    uv_timer_init(loop, &p->timer);
    p->prepare.data = p->idle.data = p->timer.data = p;
    p->in.data = p->out.data = p;
    for (size_t i = 0; i < 3; i++) {
        uv_signal_init(loop, &p->signals[i]);
        p->signals[i].data = p;
        uv_signal_start(&p->signals[i], on_signal, NUMBERS[i]);
    }
    if (!p->out_file) /* to hear that the reader has gone */
        uv_poll_start(&p->out, UV_DISCONNECT, on_writable);
    uv_prepare_start(&p->prepare, on_prepare);
}

static void close_handles(struct pipe *p)
{
    uv_close((uv_handle_t *)&p->prepare, NULL);
    uv_close((uv_handle_t *)&p->idle, NULL);
    uv_close((uv_handle_t *)&p->timer, NULL);
    for (size_t i = 0; i < 3; i++)
        uv_close((uv_handle_t *)&p->signals[i], NULL);
    if (!p->in_file)
        uv_close((uv_handle_t *)&p->in, NULL);
    if (!p->out_file)
        uv_close((uv_handle_t *)&p->out, NULL);
    uv_run(p->chat->loop, UV_RUN_NOWAIT);
    if (p->out_fd != STDOUT_FILENO)
        close(p->out_fd);
}

int pipe_run(struct setup *setup, char *error, size_t cap)
{
    struct pipe p = { .setup = setup,
                      .chat = &setup->chat,
                      .mode = setup->chat.settings->mode,
                      .error = error,
                      .cap = cap };
    struct now now = net_now(setup->chat.loop);

    p.buffer = mem_new(1, READ_BYTES);
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
    plain_free(p.plain);
    lines_fini(&p.lines);
    bytes_fini(&p.text);
    free(p.buffer);
    return p.code;
}
