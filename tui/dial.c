/* SPDX-License-Identifier: MIT
 *
 * EDGE libuv: from a name to a connected socket.  A stream tries the addresses
 * in turn, families mixed, without waiting long for one before it starts the
 * next (happy eyeballs, RFC 8305); the first that answers is taken.  A datagram
 * socket is never connected, so that it survives a change of networks; each
 * try takes the next address.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "shared/mem.h"
#include "tui/client.h"
#include "tui/lang.h"
#include "tui/net_impl.h"

enum {
    ADDRESSES_MAX = 16,
    STAGGER_MS = 250,
    GIVE_UP_MS = 10000, /* for all addresses together */
};

struct dial {
    struct net *net; /* NULL: cancelled */
    enum transport transport;
    uv_getaddrinfo_t lookup;
    bool looking;
    struct sockaddr_storage to[ADDRESSES_MAX];
    size_t n, next;       /* next: to be tried */
    struct trial *trials; /* connections under way */
    size_t refs;          /* requests and handles that point here */
    uv_timer_t stagger;
    uint64_t started; /* ms of the loop */
    int error;        /* of the last address that failed */
};

/* One address being tried. */
struct trial {
    struct dial *dial;
    struct sock *sock;
    struct trial *next;
    uv_connect_t connect;
};

static void dial_unref(struct dial *d)
{
    if (--d->refs > 0)
        return;
    free(d);
}

static void on_stagger_closed(uv_handle_t *handle)
{
    struct dial *d = handle->data;

    dial_unref(d);
}

/* Nothing more comes of it; what is under way ends by itself. */
static void finish(struct dial *d)
{
    if (!d->net)
        return;
    for (struct trial *trial = d->trials; trial; trial = trial->next)
        sock_close(trial->sock);
    if (d->looking)
        uv_cancel((uv_req_t *)&d->lookup);
    d->net->dials[d->transport] = NULL;
    d->net = NULL;
    uv_close((uv_handle_t *)&d->stagger, on_stagger_closed);
}

void dial_cancel(struct net *net, enum transport transport)
{
    if (net->dials[transport])
        finish(net->dials[transport]);
}

static void fail(struct dial *d, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The whole attempt has failed: for people, why. */
static void fail(struct dial *d, int code, const char *format, ...)
{
    struct net *net = d->net;
    char why[512];
    va_list args;

    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    finish(d);
    client_failed(net->client, d->transport, code, why, net_now(net->loop));
}

static void fail_all(struct dial *d)
{
    char where[HOST_MAX + 16];

    address_text(d->net->address, d->transport, where, sizeof where);
    fail(d, EX_UNAVAILABLE, "%s: %s", where,
         lang_error(uv_strerror(d->error ? d->error : UV_ETIMEDOUT)));
}

/* ---- streams ---- */

static void try_next(struct dial *d);

static void drop_trial(struct trial *trial)
{
    struct trial **at = &trial->dial->trials;

    while (*at != trial)
        at = &(*at)->next;
    *at = trial->next;
    dial_unref(trial->dial);
    free(trial);
}

static void on_connected(uv_connect_t *request, int status)
{
    struct trial *trial = request->data;
    struct dial *d = trial->dial;
    struct sock *sock = trial->sock;

    d->refs++; /* until the end of this function */
    drop_trial(trial);
    if (d->net && status == 0) {
        finish(d);
        sock_open(sock);
    } else {
        sock_close(sock);
        if (d->net) {
            d->error = status;
            try_next(d);
        }
    }
    dial_unref(d);
}

static struct trial *trial_new(struct dial *d, struct sock *sock)
{
    struct trial *trial = mem_new(1, sizeof *trial);

    trial->dial = d;
    trial->sock = sock;
    trial->connect.data = trial;
    trial->next = d->trials;
    d->trials = trial;
    d->refs++;
    return trial;
}

static void on_stagger(uv_timer_t *timer)
{
    struct dial *d = timer->data;

    if (uv_now(d->net->loop) - d->started >= GIVE_UP_MS)
        fail_all(d);
    else
        try_next(d);
}

/* Start the next address; when there is none and none is under way, fail. */
static void try_next(struct dial *d)
{
    uint64_t passed = uv_now(d->net->loop) - d->started;

    while (d->next < d->n) {
        const struct sockaddr *to = (const void *)&d->to[d->next++];
        struct sock *sock = sock_new(d->net, TRANSPORT_TCP);
        struct trial *trial;
        int err;

        uv_tcp_init(d->net->loop, &sock->handle.tcp);
        uv_tcp_nodelay(&sock->handle.tcp, 1);
        trial = trial_new(d, sock);
        err = uv_tcp_connect(&trial->connect, &sock->handle.tcp, to,
                             on_connected);
        if (err == 0) {
            uv_timer_start(&d->stagger, on_stagger, STAGGER_MS, 0);
            return;
        }
        d->error = err;
        drop_trial(trial);
        sock_close(sock);
    }
    if (!d->trials)
        fail_all(d);
    else
        uv_timer_start(&d->stagger, on_stagger,
                       passed < GIVE_UP_MS ? GIVE_UP_MS - passed : 0, 0);
}

static void dial_unix(struct dial *d)
{
    struct sock *sock = sock_new(d->net, TRANSPORT_TCP);

    uv_pipe_init(d->net->loop, &sock->handle.pipe, 0);
    d->error = 0;
    uv_pipe_connect(&trial_new(d, sock)->connect, &sock->handle.pipe,
                    d->net->address->path, on_connected);
}

/* ---- datagrams ---- */

/* A socket for datagrams to an address; NULL with *err when there is none. */
static struct sock *udp_to(struct net *net, const struct sockaddr_storage *to,
                           int *err)
{
    struct sock *sock = sock_new(net, TRANSPORT_UDP);
    struct sockaddr_storage any = { .ss_family = to->ss_family };

    uv_udp_init(net->loop, &sock->handle.udp);
    sock->peer = *to;
    *err = uv_udp_bind(&sock->handle.udp, (const struct sockaddr *)&any, 0);
    if (*err == 0)
        return sock;
    sock_close(sock);
    return NULL;
}

static void open_udp(struct dial *d)
{
    struct net *net = d->net;
    struct sock *sock = udp_to(net, &d->to[net->turn++ % d->n], &d->error);

    if (!sock) {
        fail_all(d);
        return;
    }
    finish(d);
    sock_open(sock);
}

struct sock *dial_again(const struct sock *sock)
{
    int err;

    return udp_to(sock->net, &sock->peer, &err);
}

/* ---- names ---- */

/* Take the addresses, one family after the other, in turns. */
static void take_addresses(struct dial *d, const struct addrinfo *all)
{
    const struct addrinfo *a = all, *b = all;
    int first = all ? all->ai_family : AF_UNSPEC;
    bool odd = false;

    while (d->n < ADDRESSES_MAX) {
        const struct addrinfo **from = odd ? &b : &a;

        while (*from && ((*from)->ai_family == first) == odd)
            *from = (*from)->ai_next;
        if (!*from && !(odd ? a : b))
            break;
        odd = !odd;
        if (!*from)
            continue;
        memcpy(&d->to[d->n++], (*from)->ai_addr, (*from)->ai_addrlen);
        *from = (*from)->ai_next;
    }
}

static void on_looked_up(uv_getaddrinfo_t *request, int status,
                         struct addrinfo *found)
{
    struct dial *d = request->data;

    d->looking = false;
    if (d->net && status == 0)
        take_addresses(d, found);
    uv_freeaddrinfo(found);
    if (!d->net) {
        dial_unref(d);
        return;
    }
    d->started = uv_now(d->net->loop);
    if (d->n == 0)
        fail(d, EX_NOHOST, _("%s: no such host: %s"), d->net->address->host,
             lang_error(uv_strerror(status ? status : UV_EAI_NONAME)));
    else if (d->transport == TRANSPORT_UDP)
        open_udp(d);
    else
        try_next(d);
    dial_unref(d);
}

static void look_up(struct dial *d)
{
    const struct address *address = d->net->address;
    bool udp = d->transport == TRANSPORT_UDP;
    struct addrinfo hints = { .ai_family = AF_UNSPEC,
                              .ai_socktype = udp ? SOCK_DGRAM : SOCK_STREAM };
    char port[8];
    int err;

    snprintf(port, sizeof port, "%u",
             (unsigned)(udp ? address->udp : address->tcp));
    d->lookup.data = d;
    d->refs++;
    err = uv_getaddrinfo(d->net->loop, &d->lookup, on_looked_up, address->host,
                         port, &hints);
    d->looking = err == 0;
    if (err == 0)
        return;
    d->refs--;
    fail(d, EX_NOHOST, _("%s: no such host: %s"), address->host,
         lang_error(uv_strerror(err)));
}

void dial(struct net *net, enum transport transport)
{
    struct dial *d = mem_new(1, sizeof *d);

    assert(!net->dials[transport]);
    net->dials[transport] = d;
    d->net = net;
    d->transport = transport;
    d->refs = 1; /* the timer's */
    d->started = uv_now(net->loop);
    uv_timer_init(net->loop, &d->stagger);
    d->stagger.data = d;
    if (!net->address->path[0])
        look_up(d);
    else if (transport == TRANSPORT_UDP)
        fail(d, EX_USAGE, _("a Unix socket carries no UDP"));
    else
        dial_unix(d);
}
