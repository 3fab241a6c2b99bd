/* SPDX-License-Identifier: MIT
 *
 * Taking connections over TCP and Unix sockets; see net_edge.h.  Who cannot be
 * taken now waits in the kernel's queue: the listener is not looked at until a
 * connection ends or a time has come.  That is why it is polled and not given
 * to uv_listen, which takes connections to turn them away when descriptors run
 * out, and has no way to leave off while they stay short.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "server/admit.h"
#include "server/net_edge.h"
#include "shared/mem.h"

enum {
    BACKLOG = 4096,
    UNIX_MODE = 0666, /* who comes is known: SO_PEERCRED */
    CONTROL_MODE = 0600,
    TURN_MAX = 64 /* connections taken before others have their turn */
};

static const uint64_t SHORT_US = 1000000; /* the system lacks something */
static const uint64_t SAY_US = 60000000;  /* between lines about that */

/* ---- holding ---- */

static void on_ready(uv_poll_t *poll, int status, int events);

static void hold(struct listener *at, uint64_t until_us)
{
    at->is_held = true;
    at->until_us = until_us;
    uv_poll_stop(&at->poll);
}

static void go_on(struct listener *at)
{
    at->is_held = false;
    uv_poll_start(&at->poll, UV_READABLE, on_ready);
}

/* Now and then, not for each that has to wait. */
static void say_full(struct net *net, const char *why)
{
    uint64_t now = net_now(net).mono_us;

    if (net->said_full_us && now - net->said_full_us < SAY_US)
        return;
    net->said_full_us = now;
    LOG(&hub_world(net->hub)->env.log, LISTEN_FULL, log_str("why", str_of(why)),
        log_num("connections", net->streams));
}

/* Whether it has to wait until a connection ends. */
static bool is_full(const struct listener *at)
{
    if (at->take == inquiry_take)
        return at->inquiries >= INQUIRIES_MAX;
    return at->net->streams >= at->net->config.streams_max;
}

/* Whether one more may be taken now; else its listener is held. */
static bool may_take(struct listener *at)
{
    struct net *net = at->net;

    if (is_full(at) && at->take == inquiry_take) {
        hold(at, NEVER);
    } else if (is_full(at)) {
        say_full(net, "no descriptors are left");
        hold(at, NEVER);
    } else if (at == &net->tcp && net->config.secure) {
        uint64_t when =
            admit_when(hub_admission(net->hub), TRANSPORT_TCP, net_now(net));

        if (when)
            hold(at, when);
    }
    return !at->is_held;
}

static uint64_t look_after(struct listener *at)
{
    if (!at->is_open || !at->is_held)
        return NEVER;
    if (at->until_us <= net_now(at->net).mono_us ||
        (at->until_us == NEVER && !is_full(at))) {
        go_on(at);
        return NEVER;
    }
    return at->until_us;
}

uint64_t listen_turn(struct net *net)
{
    return time_min(
        time_min(look_after(&net->tcp), look_after(&net->local)),
        time_min(look_after(&net->control), look_after(&net->metrics)));
}

/* ---- taking ---- */

static struct conn *new_conn(struct listener *at)
{
    struct conn *conn = mem_new(1, sizeof *conn);

    conn->net = at->net;
    conn->net->streams++;
    return conn;
}

/* Whether it may begin a handshake, if there is to be one. */
static bool may_shake(struct net *net, struct hub_peer *peer)
{
    struct secure_base *base = net->config.secure;
    struct now now = net_now(net);

    if (!base)
        return true;
    if (admit_begin(hub_admission(net->hub), TRANSPORT_TCP, peer->gate, now))
        return false;
    peer->secure = secure_new(base, false, NULL, now);
    return true;
}

static void take_tcp(struct listener *at, int fd, const struct sockaddr *from)
{
    struct conn *conn = new_conn(at);
    struct hub_peer peer = { .transport = TRANSPORT_TCP };
    char text[ADDRESS_TEXT];

    uv_tcp_init(&conn->net->loop, &conn->tcp);
    if (uv_tcp_open(&conn->tcp, fd)) {
        close(fd);
        stream_close(conn);
        return;
    }
    uv_tcp_nodelay(&conn->tcp, 1);
    conn->peer = address_of(from);
    address_text(&conn->peer, text);
    peer.name = str_of(text);
    peer.gate = address_gate(&conn->peer);
    peer.clear = clear_is_good(conn->net->config.clear,
                               address_is_loopback(&conn->peer));
    if (may_shake(conn->net, &peer))
        stream_begin(conn, &peer);
    else
        stream_close(conn);
}

static void take_unix(struct listener *at, int fd, const struct sockaddr *from)
{
    struct conn *conn = new_conn(at);
    struct hub_peer peer = { .transport = TRANSPORT_TCP,
                             .name = str_of("unix"),
                             .clear = true };
    struct local local;

    (void)from;
    if (net_peer(fd, &local))
        peer.local = &local;
    uv_pipe_init(&conn->net->loop, &conn->pipe, 0);
    if (uv_pipe_open(&conn->pipe, fd)) {
        close(fd);
        stream_close(conn);
        return;
    }
    stream_begin(conn, &peer);
}

/* What accept(2) says when it is not the connection's own trouble. */
static bool is_shortage(int err)
{
    return err == EMFILE || err == ENFILE || err == ENOBUFS || err == ENOMEM;
}

/* Take one; false: there is none, or none can be had now. */
static bool take(struct listener *at)
{
    struct sockaddr_storage from;
    socklen_t len = sizeof from;
    int fd = accept(at->fd, (struct sockaddr *)&from, &len), err = errno;

    if (fd < 0) {
        if (is_shortage(err)) {
            say_full(at->net, uv_strerror(-err));
            hold(at, net_now(at->net).mono_us + SHORT_US);
        }
        return !at->is_held && err != EAGAIN && err != EWOULDBLOCK;
    }
    at->take(at, fd, (struct sockaddr *)&from);
    return true;
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct listener *at = (struct listener *)poll;

    (void)status, (void)events; /* whatever it is, accept says it too */
    for (int i = 0; i < TURN_MAX; i++) {
        if (!may_take(at) || !take(at))
            break;
    }
}

/* ---- listening ---- */

/* Returns 0 or a negative errno; then the descriptor is closed. */
static int open_listener(struct listener *at, int fd)
{
    int err = listen(fd, BACKLOG) ? -errno : 0;

    if (!err)
        err = uv_poll_init(&at->net->loop, &at->poll, fd);
    if (err) {
        close(fd);
        return err;
    }
    at->fd = fd;
    at->is_open = true;
    go_on(at);
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    close(((struct listener *)handle)->fd);
}

static void close_listener(struct listener *at)
{
    if (at->is_open)
        uv_close((uv_handle_t *)&at->poll, on_closed);
    at->is_open = false;
}

void listen_stop(struct net *net)
{
    if (net->local.is_open && !net->local.is_inherited)
        unlink(net->config.unix_path);
    if (net->control.is_open)
        unlink(net->config.control);
    close_listener(&net->tcp);
    close_listener(&net->local);
    close_listener(&net->control);
    close_listener(&net->metrics);
}

/* A socket bound to an address; a negative errno when there is none. */
static int bound_socket(const struct sockaddr *to, socklen_t len)
{
    int fd = socket(to->sa_family, SOCK_STREAM, 0), on = 1, off = 0, err;

    if (fd < 0)
        return -errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (to->sa_family == AF_INET6) /* [::] takes IPv4 as well */
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd, to, len) == 0)
        return fd;
    err = -errno;
    close(fd);
    return err;
}

/* A socket that was handed over is not looked at more closely than to be able
 * to take connections from it. */
static int adopt(struct listener *at, int fd, char *error, size_t cap)
{
    int flags = fcntl(fd, F_GETFL), err;

    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
        err = -errno;
    else
        err = open_listener(at, fd);
    at->is_inherited = true;
    return err ? net_refused(at->name, "as handed over", err, error, cap) : 0;
}

static int listen_at(struct listener *at, const struct address *to, char *error,
                     size_t cap)
{
    int fd = bound_socket(&to->any, address_len(to));
    int err = fd < 0 ? fd : open_listener(at, fd);
    char text[ADDRESS_TEXT];

    if (!err)
        return 0;
    address_text(to, text);
    return net_refused(at->name, text, err, error, cap);
}

int listen_tcp(struct net *net, char *error, size_t cap)
{
    net->tcp = (struct listener){ .net = net, .name = "tcp", .take = take_tcp };
    if (net_inherited(net, INHERITED_TCP) >= 0)
        return adopt(&net->tcp, net_inherited(net, INHERITED_TCP), error, cap);
    return listen_at(&net->tcp, net->config.tcp, error, cap);
}

int listen_metrics(struct net *net, char *error, size_t cap)
{
    net->metrics = (struct listener){ .net = net,
                                      .name = "metrics",
                                      .take = inquiry_take };
    return listen_at(&net->metrics, net->config.metrics, error, cap);
}

/* Whether a server answers on a Unix socket. */
static bool answers(const struct sockaddr_un *at)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    bool yes;

    if (fd < 0)
        return false;
    yes = connect(fd, (const struct sockaddr *)at, sizeof *at) == 0;
    close(fd);
    return yes;
}

/* A socket left behind by a server that was killed goes. */
static int remove_stale(const struct sockaddr_un *at)
{
    struct stat st;

    if (stat(at->sun_path, &st))
        return 0;
    if (!S_ISSOCK(st.st_mode))
        return UV_EEXIST;
    if (answers(at))
        return UV_EADDRINUSE;
    return unlink(at->sun_path) ? -errno : 0;
}

/* Whom `mode` does not allow, the system does not let come as far as asking. */
static int open_unix(struct listener *at, const char *path, mode_t mode)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    mode_t mask;
    int err, fd;

    if (strlen(path) >= sizeof to.sun_path)
        return UV_ENAMETOOLONG;
    memcpy(to.sun_path, path, strlen(path));
    err = remove_stale(&to);
    if (err)
        return err;
    mask = umask(0777 & ~mode);
    fd = bound_socket((const struct sockaddr *)&to, sizeof to);
    umask(mask);
    return fd < 0 ? fd : open_listener(at, fd);
}

int listen_unix(struct net *net, char *error, size_t cap)
{
    const char *path = net->config.unix_path;
    int err;

    net->local =
        (struct listener){ .net = net, .name = "unix", .take = take_unix };
    if (net_inherited(net, INHERITED_UNIX) >= 0)
        return adopt(&net->local, net_inherited(net, INHERITED_UNIX), error,
                     cap);
    err = open_unix(&net->local, path, UNIX_MODE);
    return err ? net_refused("unix", path, err, error, cap) : 0;
}

int listen_control(struct net *net, char *error, size_t cap)
{
    const char *path = net->config.control;
    int err;

    net->control = (struct listener){ .net = net,
                                      .name = "control",
                                      .take = inquiry_take };
    err = open_unix(&net->control, path, CONTROL_MODE);
    return err ? net_refused("control", path, err, error, cap) : 0;
}
