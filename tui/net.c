/* SPDX-License-Identifier: MIT
 *
 * EDGE libuv: sockets for the client's links; see net.h.
 *
 * A socket belongs to a link from client_opened to client_buried.  Streams are
 * written with one request in flight at most, whose bytes lie in the link's
 * queue; so a link is buried only when its handle is closed.
 */
#include "tui/net.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <uv.h>

#include "shared/link.h"
#include "shared/mem.h"
#include "tui/client.h"
#include "tui/lang.h"
#include "tui/net_impl.h"

enum {
    READ_BYTES = 64 * 1024,
    SPANS = 64, /* of one write */
    LATER_MS = 3600 * 1000,
    LISTEN_ON_US = 60 * 1000 * 1000, /* to a socket that was replaced */
};

struct now net_now(struct uv_loop_s *loop)
{
    struct timespec wall;

    uv_update_time(loop);
    clock_gettime(CLOCK_REALTIME, &wall);
    return (struct now){ uv_hrtime() / 1000,
                         (uint64_t)wall.tv_sec * 1000 +
                             (uint64_t)wall.tv_nsec / 1000000 };
}

void net_random(void *out, size_t len)
{
    if (uv_random(NULL, NULL, out, len, 0, NULL) != 0) {
        fprintf(stderr, "chat-tui: %s\n",
                _("the system gives no random numbers"));
        abort();
    }
}

/* ---- birth and death ---- */

struct net *net_new(struct uv_loop_s *loop, struct client *client,
                    const struct address *address)
{
    struct net *net = mem_new(1, sizeof *net);

    net->loop = loop;
    net->client = client;
    net->address = address;
    net->buffer = mem_new(1, READ_BYTES);
    net->handles = 1;
    uv_timer_init(loop, &net->timer);
    net->timer.data = net;
    return net;
}

void net_on_input(struct net *net, void (*call)(void *), void *arg)
{
    net->on_input = call;
    net->on_input_arg = arg;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct net *net = handle->data;

    net->handles--;
}

void net_close(struct net *net)
{
    if (!net)
        return;
    net->closing = true;
    dial_cancel(net, TRANSPORT_TCP);
    dial_cancel(net, TRANSPORT_UDP);
    for (struct sock *sock = net->socks; sock; sock = sock->next)
        sock_close(sock);
    uv_close((uv_handle_t *)&net->timer, on_timer_closed);
    while (net->handles > 0)
        uv_run(net->loop, UV_RUN_ONCE);
    free(net->buffer);
    free(net);
}

/* ---- a socket ---- */

/* The newest of a link, which is where its output goes. */
static struct sock *sock_of(const struct net *net, const struct link *link)
{
    struct sock *sock = net->socks;

    while (sock && sock->link != link)
        sock = sock->next;
    return sock;
}

static void on_closed(uv_handle_t *handle)
{
    struct sock *sock = handle->data;
    struct net *net = sock->net;
    struct sock **at = &net->socks;

    while (*at != sock)
        at = &(*at)->next;
    *at = sock->next;
    if (sock->link && !net->closing && !sock_of(net, sock->link))
        client_buried(net->client, sock->link);
    free(sock);
    net->handles--;
}

struct sock *sock_new(struct net *net, enum transport transport)
{
    struct sock *sock = mem_new(1, sizeof *sock);

    sock->net = net;
    sock->transport = transport;
    sock->close_us = NEVER;
    sock->handle.any.data = sock;
    sock->next = net->socks;
    net->socks = sock;
    net->handles++;
    return sock;
}

void sock_close(struct sock *sock)
{
    if (!uv_is_closing(&sock->handle.any))
        uv_close(&sock->handle.any, on_closed);
}

/* ---- inward ---- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct sock *sock = handle->data;

    (void)suggested;
    *buf = uv_buf_init(sock->net->buffer, READ_BYTES);
}

static void feed(struct sock *sock, struct str bytes)
{
    struct net *net = sock->net;
    struct now now = net_now(net->loop);

    if (!client_feed(net->client, sock->link, bytes, now))
        sock->deaf = true;
    if (net->on_input)
        net->on_input(net->on_input_arg);
}

static void lose(struct sock *sock, int error)
{
    const char *why = error == UV_EOF ? _("the server closed the connection")
                                      : lang_error(uv_strerror(error));

    sock->deaf = true;
    sock->broken = true;
    client_lost(sock->net->client, sock->link, why, net_now(sock->net->loop));
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct sock *sock = stream->data;

    if (len > 0 && !sock->deaf)
        feed(sock, str_bytes(buf->base, (size_t)len));
    else if (len < 0)
        lose(sock, (int)len);
    if (sock->deaf)
        uv_read_stop(stream);
}

static bool same_address(const struct sockaddr *a, const struct sockaddr *b)
{
    if (a->sa_family != b->sa_family)
        return false;
    if (a->sa_family == AF_INET) {
        const struct sockaddr_in *x = (const void *)a, *y = (const void *)b;

        return x->sin_port == y->sin_port &&
               x->sin_addr.s_addr == y->sin_addr.s_addr;
    }
    if (a->sa_family == AF_INET6) {
        const struct sockaddr_in6 *x = (const void *)a, *y = (const void *)b;

        return x->sin6_port == y->sin6_port &&
               memcmp(&x->sin6_addr, &y->sin6_addr, sizeof x->sin6_addr) == 0;
    }
    return false;
}

/* Datagrams from anybody else are none of ours. */
static void on_datagram(uv_udp_t *udp, ssize_t len, const uv_buf_t *buf,
                        const struct sockaddr *from, unsigned flags)
{
    struct sock *sock = udp->data;

    (void)flags;
    if (len > 0 && from && !sock->deaf &&
        same_address(from, (const struct sockaddr *)&sock->peer))
        feed(sock, str_bytes(buf->base, (size_t)len));
}

/* A link for a socket that is connected; false: nobody wants it any more. */
bool sock_open(struct sock *sock)
{
    struct net *net = sock->net;

    sock->link =
        client_opened(net->client, sock->transport, net_now(net->loop));
    if (!sock->link) {
        sock_close(sock);
        return false;
    }
    sock_read(sock);
    return true;
}

void sock_read(struct sock *sock)
{
    if (sock->transport == TRANSPORT_UDP)
        uv_udp_recv_start(&sock->handle.udp, on_alloc, on_datagram);
    else
        uv_read_start(&sock->handle.stream, on_alloc, on_read);
}

/* ---- outward ---- */

static void on_written(uv_write_t *request, int status)
{
    struct sock *sock = request->data;

    sock->writing = false;
    if (status < 0 && status != UV_ECANCELED && !sock->deaf)
        lose(sock, status);
    else if (status == 0 && sock->link)
        link_sent(sock->link, sock->in_flight, net_now(sock->net->loop));
}

/* Views of what there is to write; returns their number and bytes. */
static unsigned gather(const struct sock *sock, uv_buf_t *bufs, size_t *bytes)
{
    struct str spans[SPANS];
    size_t n = link_spans(sock->link, spans, SPANS);

    *bytes = 0;
    for (size_t i = 0; i < n; i++) {
        bufs[i] = uv_buf_init((char *)(uintptr_t)spans[i].ptr,
                              (unsigned)spans[i].len);
        *bytes += spans[i].len;
    }
    return (unsigned)n;
}

/* All that the kernel takes now, then a request for the rest. */
static void flush_stream(struct sock *sock, struct now now)
{
    uv_buf_t bufs[SPANS];
    size_t bytes;
    unsigned n;

    while (!sock->writing && !sock->broken &&
           (n = gather(sock, bufs, &bytes)) > 0) {
        int sent = uv_try_write(&sock->handle.stream, bufs, n);

        if (sent >= 0) {
            link_sent(sock->link, (size_t)sent, now);
            continue;
        }
        if (sent != UV_EAGAIN) {
            lose(sock, sent);
            return;
        }
        sock->in_flight = bytes;
        sock->write.data = sock;
        sock->writing = uv_write(&sock->write, &sock->handle.stream, bufs, n,
                                 on_written) == 0;
    }
}

/* A datagram that the kernel does not take is lost like any other. */
static void flush_datagrams(struct sock *sock, struct now now)
{
    uint8_t out[DATAGRAM_MAX];
    size_t len;

    while (!sock->broken && (len = link_datagram(sock->link, out, now)) > 0) {
        uv_buf_t buf = uv_buf_init((char *)out, (unsigned)len);
        int sent = uv_udp_try_send(&sock->handle.udp, &buf, 1,
                                   (const struct sockaddr *)&sock->peer);

        /* Once it works, a network that is away for a while is just silent. */
        if (!link_is_open(sock->link) &&
            (sent == UV_ENETUNREACH || sent == UV_EHOSTUNREACH ||
             sent == UV_EACCES || sent == UV_EPERM))
            lose(sock, sent);
    }
}

static void flush(struct sock *sock, struct now now)
{
    if (!sock->link || uv_is_closing(&sock->handle.any))
        return;
    if (sock->transport == TRANSPORT_UDP)
        flush_datagrams(sock, now);
    else
        flush_stream(sock, now);
}

/* ---- the end of a turn ---- */

/* All sockets of a link; the last one that is closed buries it. */
static void close_all(struct net *net, const struct link *link)
{
    for (struct sock *sock = net->socks; sock; sock = sock->next) {
        if (sock->link != link)
            continue;
        sock->deaf = true;
        sock_close(sock);
    }
}

/* What a dead link still has to say goes out, as far as it goes at once. */
static void bury(struct net *net, struct now now)
{
    struct link *link;

    while ((link = client_dead(net->client))) {
        struct sock *sock = sock_of(net, link);

        if (!sock) {
            client_buried(net->client, link);
            continue;
        }
        sock->deaf = true;
        flush(sock, now);
        if (!sock->broken) {
            link_close(link, 0, now);
            flush(sock, now);
        }
        close_all(net, link);
    }
}

/*
 * Nothing comes through a socket any more.  It may be the network that has
 * changed: go on through another one, and listen to the old one for a while.
 */
static void rebind(struct net *net, struct now now)
{
    struct link *link = client_rebind(net->client);
    struct sock *old = link ? sock_of(net, link) : NULL;
    struct sock *fresh = old ? dial_again(old) : NULL;

    if (!fresh)
        return;
    fresh->link = link;
    sock_read(fresh);
    old->close_us = now.mono_us + LISTEN_ON_US;
}

static void close_old(struct net *net, struct now now)
{
    for (struct sock *sock = net->socks; sock; sock = sock->next)
        if (now.mono_us >= sock->close_us)
            sock_close(sock);
}

static void on_timer(uv_timer_t *timer)
{
    (void)timer; /* it woke the loop; net_turn does the rest */
}

static void set_timer(struct net *net, struct now now)
{
    uint64_t at = client_deadline(net->client), ms = LATER_MS;

    if (at <= now.mono_us)
        ms = 0;
    else if (at - now.mono_us < (uint64_t)LATER_MS * 1000)
        ms = (at - now.mono_us + 999) / 1000;
    uv_timer_start(&net->timer, on_timer, ms, 0);
}

void net_turn(struct net *net, struct now now)
{
    enum transport transport;

    if (net->closing)
        return;
    client_tick(net->client, now);
    bury(net, now);
    while (client_want(net->client, &transport, now)) {
        dial_cancel(net, transport);
        dial(net, transport);
    }
    rebind(net, now);
    close_old(net, now);
    for (struct sock *sock = net->socks; sock; sock = sock->next)
        if (sock->link && sock == sock_of(net, sock->link))
            flush(sock, now);
    bury(net, now);
    set_timer(net, now);
}

bool net_drained(const struct net *net)
{
    const struct link *link = client_link(net->client);
    const struct sock *sock = link ? sock_of(net, link) : NULL;

    return !sock || sock->broken || link_queued(link) == 0;
}
