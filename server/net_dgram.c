/* SPDX-License-Identifier: MIT
 *
 * UDP; see net_edge.h.  One socket for all; which session a datagram is for,
 * the endpoint knows.
 */
#include <stdlib.h>

#include "server/net_edge.h"
#include "shared/mem.h"

enum {
    SOCKET_BUFFER = 4 * 1024 * 1024, /* asked of the system, bytes */
    WAITING_MAX = 256 /* datagrams that wait for the socket; more are lost */
};

/* ---- out ---- */

struct parcel_out {
    uv_udp_send_t request; /* first: a request is its parcel */
    uint8_t bytes[DATAGRAM_MAX];
};

static void on_sent(uv_udp_send_t *request, int status)
{
    (void)status; /* lost is lost: the link sends it again */
    free(request);
}

/* The socket is full: queue a copy, or lose it, as a router would. */
static void send_later(struct net *net, const uint8_t *bytes, size_t len,
                       const struct address *to)
{
    uv_udp_t *udp = &net->udp;
    struct parcel_out *out;
    uv_buf_t buf;

    if (uv_udp_get_send_queue_count(udp) >= WAITING_MAX)
        return;
    out = mem_new(1, sizeof *out);
    memcpy(out->bytes, bytes, len);
    buf = uv_buf_init((char *)out->bytes, (unsigned)len);
    if (uv_udp_send(&out->request, udp, &buf, 1, &to->any, on_sent))
        free(out);
}

void udp_flush(struct conn *conn)
{
    struct net *net = conn->net;
    struct session *s = conn->session;
    struct now now = net_now(net);
    struct address to = address_at(link_place(s->link));
    uint8_t bytes[DATAGRAM_MAX];
    size_t len;

    while ((len = link_datagram(s->link, bytes, now))) {
        uv_buf_t buf = uv_buf_init((char *)bytes, (unsigned)len);

        if (net->has_udp &&
            uv_udp_try_send(&net->udp, &buf, 1, &to.any) == UV_EAGAIN)
            send_later(net, bytes, len, &to);
    }
    hub_flushed(net->hub, s, now);
}

/* What goes back at once to who is not known. */
static void answer(struct net *net, const uint8_t *bytes, size_t len,
                   const struct address *to)
{
    uv_buf_t buf;

    memcpy(net->buffer, bytes, len);
    buf = uv_buf_init(net->buffer, (unsigned)len);
    uv_udp_try_send(&net->udp, &buf, 1, &to->any);
}

/* ---- sessions ---- */

static void adopt(struct net *net, struct session *s)
{
    struct conn *conn = mem_new(1, sizeof *conn);

    conn->net = net;
    conn->session = s;
    conn->is_udp = true;
    s->edge = conn;
}

void udp_close(struct conn *conn)
{
    endpoint_forget(conn->net->endpoint, conn->session);
    hub_bury(conn->net->hub, conn->session, net_now(conn->net));
    free(conn);
}

uint64_t udp_turn(struct net *net)
{
    struct session *s;

    while (net->endpoint && (s = endpoint_next(net->endpoint, net_now(net))))
        adopt(net, s);
    return net->endpoint ? endpoint_deadline(net->endpoint, net_now(net))
                         : NEVER;
}

/* ---- in ---- */

static void on_datagram(uv_udp_t *udp, ssize_t n, const uv_buf_t *buf,
                        const struct sockaddr *addr, unsigned flags)
{
    struct net *net = udp->data;
    uint8_t reply[DATAGRAM_MAX];
    struct address from;
    struct arrival a = { .from = &from, .reply = reply };

    if (n <= 0 || !addr || flags & UV_UDP_PARTIAL)
        return;
    from = address_of(addr);
    a.datagram = str_bytes(buf->base, (size_t)n);
    endpoint_input(net->endpoint, &a, net_now(net));
    if (a.fresh)
        adopt(net, a.fresh);
    if (a.len)
        answer(net, reply, a.len, &from);
}

static void on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *buf)
{
    struct net *net = handle->data;

    (void)wanted;
    *buf = uv_buf_init(net->buffer, READ_MAX);
}

/* ---- listening ---- */

/* Bound to its address, or the one that was handed over; a libuv error. */
static int bind_udp(struct net *net)
{
    int fd = net_inherited(net, INHERITED_UDP);

    return fd >= 0 ? uv_udp_open(&net->udp, fd)
                   : uv_udp_bind(&net->udp, &net->config.udp->any, 0);
}

int udp_listen(struct net *net, char *error, size_t cap)
{
    char text[ADDRESS_TEXT] = "as handed over";
    int size = SOCKET_BUFFER, err;

    struct endpoint_config config = {
        .hub = net->hub,
        .secure = net->config.secure,
        .clear = net->config.clear,
    };

    net_random(NULL, (uint8_t *)config.secret, sizeof config.secret);
    net->endpoint = endpoint_new(&config);
    uv_udp_init(&net->loop, &net->udp);
    net->has_udp = true;
    net->udp.data = net;
    err = bind_udp(net);
    if (!err)
        err = uv_udp_recv_start(&net->udp, on_alloc, on_datagram);
    if (err) {
        if (net->config.udp)
            address_text(net->config.udp, text);
        return net_refused("udp", text, err, error, cap);
    }
    uv_recv_buffer_size((uv_handle_t *)&net->udp, &size);
    size = SOCKET_BUFFER;
    uv_send_buffer_size((uv_handle_t *)&net->udp, &size);
    return 0;
}
