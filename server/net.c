/* SPDX-License-Identifier: MIT
 *
 * The loop and its turn; see net.h.
 */
#include "server/net.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <time.h>

#include "server/net_edge.h"
#include "shared/mem.h"

static const int SIGNAL_NUMBERS[SIGNALS] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1 };

static const uint64_t STOP_US = 3000000; /* to drain queues when stopping */

/* ---- time ---- */

static uint64_t clock_us(clockid_t clock)
{
    struct timespec ts;

    clock_gettime(clock, &ts);
    return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

struct now net_clock(void)
{
    return (struct now){ .mono_us = clock_us(CLOCK_MONOTONIC),
                         .wall_ms = clock_us(CLOCK_REALTIME) / 1000 };
}

struct now net_now(struct net *net)
{
    if (!net->now_is_fresh)
        net->now = net_clock();
    net->now_is_fresh = true;
    return net->now;
}

void net_random(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    if (uv_random(NULL, NULL, out, len, 0, NULL)) {
        fputs("chat-server: the system has no random bytes\n", stderr);
        abort();
    }
}

/* ---- the turn ---- */

static void bury(struct conn *conn)
{
    conn->session->edge = NULL;
    if (!conn->is_udp) {
        stream_close(conn);
        return;
    }
    udp_close(conn);
}

static void flush_dirty(struct net *net)
{
    struct session *s;

    while ((s = hub_dirty(net->hub))) {
        struct conn *conn = s->edge;

        if (!conn)
            continue; /* closing already */
        if (s->state == SESSION_DEAD)
            bury(conn);
        else if (conn->is_udp)
            udp_flush(conn);
        else
            stream_flush(conn);
    }
}

static void close_handle(bool *has, uv_handle_t *handle)
{
    if (*has)
        uv_close(handle, NULL);
    *has = false;
}

static void stop(struct net *net, const char *why)
{
    if (net->stopping)
        return;
    LOG(&hub_world(net->hub)->env.log, SERVER_STOP,
        log_str("why", str_of(why)));
    net->stopping = true;
    net->stop_by_us = net_now(net).mono_us + STOP_US;
    service_stop(net->service);
    listen_stop(net); /* UDP stays: goodbyes have to get through */
    hub_shutdown(net->hub, net_now(net));
}

/* Stop when it is time, or nobody has been here; returns when to look again. */
static uint64_t check_end(struct net *net)
{
    uint64_t since = hub_idle_since(net->hub);
    uint64_t patience = net->service->settings.idle_exit * 1000000;

    if (net->now.mono_us >= net->service->stop_us)
        stop(net, "chatctl shutdown");

    if (net->stopping) {
        if (since != NEVER)
            uv_stop(&net->loop);
        else if (net->now.mono_us >= net->stop_by_us)
            hub_abandon(net->hub, net->now);
        return net->stop_by_us;
    }
    if (since == NEVER || patience == 0)
        return net->service->stop_us;
    if (net->now.mono_us - since >= patience)
        stop(net, "idle-exit");
    return time_min(since + patience, net->service->stop_us);
}

static void on_timer(uv_timer_t *timer)
{
    (void)timer; /* it only wakes the loop: the turn does the work */
}

static void set_timer(struct net *net, uint64_t at)
{
    uint64_t now = clock_us(CLOCK_MONOTONIC);
    uint64_t ms = at > now ? (at - now + 999) / 1000 : 0;

    if (at == NEVER) {
        uv_timer_stop(&net->timer);
        return;
    }
    uv_update_time(&net->loop);
    uv_timer_start(&net->timer, on_timer, ms, 0);
}

static void on_prepare(uv_prepare_t *prepare)
{
    struct net *net = prepare->data;
    uint64_t at;

    net->now_is_fresh = false;
    hub_turn(net->hub, net_now(net));
    at = time_min(check_end(net), udp_turn(net));
    flush_dirty(net);
    at = time_min(at, inquirers_turn(net));
    at = time_min(at, listen_turn(net));
    at = time_min(at, service_look(net->service, net->now));
    set_timer(net, time_min(at, hub_deadline(net->hub)));
    net->now_is_fresh = false;
}

static void on_wake(uv_async_t *wake)
{
    (void)wake; /* as above */
}

void net_wake(struct net *net)
{
    uv_async_send(&net->wake);
}

/* ---- signals ---- */

static void log_metrics(const struct service *service, struct env *env)
{
    service_measure(service);
    metrics_log(&env->metrics, &env->log);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct net *net = handle->data;
    struct env *env = &hub_world(net->hub)->env;

    if (number == SIGHUP)
        service_reload(net->service, net_now(net));
    else if (number == SIGUSR1)
        log_metrics(net->service, env);
    else
        stop(net, number == SIGINT ? "SIGINT" : "SIGTERM");
}

/* ---- life ---- */

struct net *net_new(const struct net_config *config)
{
    struct net *net = mem_new(1, sizeof *net);

    net->config = *config;
    net->service = config->service;
    net->hub = config->service->hub;
    list_init(&net->inquirers);
    if (uv_loop_init(&net->loop)) {
        free(net);
        return NULL;
    }
    uv_prepare_init(&net->loop, &net->prepare);
    net->prepare.data = net;
    uv_prepare_start(&net->prepare, on_prepare);
    uv_timer_init(&net->loop, &net->timer);
    uv_async_init(&net->loop, &net->wake, on_wake);
    for (int i = 0; i < SIGNALS; i++) {
        uv_signal_init(&net->loop, &net->signals[i]);
        net->signals[i].data = net;
        uv_signal_start(&net->signals[i], on_signal, SIGNAL_NUMBERS[i]);
    }
    signal(SIGPIPE, SIG_IGN);
    return net;
}

void net_free(struct net *net)
{
    uv_prepare_stop(&net->prepare);
    hub_abandon(net->hub, net_now(net));
    flush_dirty(net);
    listen_stop(net);
    inquirers_close(net);
    close_handle(&net->has_udp, (uv_handle_t *)&net->udp);
    uv_close((uv_handle_t *)&net->prepare, NULL);
    uv_close((uv_handle_t *)&net->timer, NULL);
    uv_close((uv_handle_t *)&net->wake, NULL);
    for (int i = 0; i < SIGNALS; i++)
        uv_close((uv_handle_t *)&net->signals[i], NULL);
    while (uv_run(&net->loop, UV_RUN_DEFAULT))
        continue;
    uv_loop_close(&net->loop);
    endpoint_free(net->endpoint);
    free(net);
}

int net_refused(const char *what, const char *where, int uv_error, char *error,
                size_t cap)
{
    const char *hint = "";

    if (uv_error == UV_EADDRINUSE)
        hint = "; another server may be running, port 0 takes a free one";
    else if (uv_error == UV_EACCES && *where != '/')
        hint = "; ports below 1024 are for root";
    else if (uv_error == UV_EEXIST)
        hint = ", and it is no socket";
    else if (uv_error == UV_EADDRNOTAVAIL)
        hint = "; this machine does not have that address";
    snprintf(error, cap, "cannot listen on %s %s: %s%s", what, where,
             uv_strerror(uv_error), hint);
    return EX_UNAVAILABLE;
}

int net_inherited(const struct net *net, enum inherited which)
{
    return net->service->supervisor.sockets[which];
}

/* Nobody has asked for it: then the server does without. */
static int open_control(struct net *net, char *error, size_t cap)
{
    int err = listen_control(net, error, cap);

    if (!err || net->config.control_named)
        return err;
    LOG(&hub_world(net->hub)->env.log, CONTROL_NONE,
        log_str("why", str_of(error)));
    return 0;
}

int net_listen(struct net *net, char *error, size_t cap)
{
    int err = 0;

    if (net->config.tcp || net_inherited(net, INHERITED_TCP) >= 0)
        err = listen_tcp(net, error, cap);
    if (!err && (net->config.udp || net_inherited(net, INHERITED_UDP) >= 0))
        err = udp_listen(net, error, cap);
    if (!err &&
        (net->config.unix_path || net_inherited(net, INHERITED_UNIX) >= 0))
        err = listen_unix(net, error, cap);
    if (!err && net->config.metrics)
        err = listen_metrics(net, error, cap);
    if (!err && net->config.control)
        err = open_control(net, error, cap);
    return err;
}

/* Append "tcp=ADDR:PORT" to a line. */
static void announce(char *line, const char *what, const char *where)
{
    size_t len = strlen(line);

    snprintf(line + len, SERVICE_PLACES - len, "%s%s=%s", len ? " " : "", what,
             where);
}

static void announce_bound(char *line, const char *what,
                           const struct sockaddr_storage *bound)
{
    struct address address = address_of((const struct sockaddr *)bound);
    char text[ADDRESS_TEXT];

    address_text(&address, text);
    announce(line, what, text);
}

static void announce_listener(char *line, const char *what,
                              const struct listener *at)
{
    struct sockaddr_storage bound;
    socklen_t len = sizeof bound;

    if (at->is_open && !getsockname(at->fd, (struct sockaddr *)&bound, &len))
        announce_bound(line, what, &bound);
}

static void announce_unix(char *line, const struct listener *at)
{
    struct sockaddr_un bound = { .sun_family = AF_UNIX };
    socklen_t len = sizeof bound;

    if (at->is_open && !getsockname(at->fd, (struct sockaddr *)&bound, &len))
        announce(line, "unix", bound.sun_path);
}

/* One write for the line: who waits for it must not find half of it. */
void net_announce(struct net *net)
{
    char *places = net->service->places;
    struct sockaddr_storage bound;
    int len = sizeof bound;

    announce_listener(places, "tcp", &net->tcp);
    if (net->has_udp &&
        !uv_udp_getsockname(&net->udp, (struct sockaddr *)&bound, &len))
        announce_bound(places, "udp", &bound);
    announce_unix(places, &net->local);
    announce_listener(places, "metrics", &net->metrics);
    fprintf(stderr, "ready %s\n", places);
}

void net_run(struct net *net)
{
    uv_run(&net->loop, UV_RUN_DEFAULT);
}
