/* SPDX-License-Identifier: MIT
 *
 * UDP; see net_edge.h.  One socket for all; a datagram finds its session by
 * the connection id it carries, and only from the address it began from.
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
static void send_later(struct conn *conn, const uint8_t *bytes, size_t len)
{
    uv_udp_t *udp = &conn->net->udp;
    struct parcel_out *out;
    uv_buf_t buf;

    if (uv_udp_get_send_queue_count(udp) >= WAITING_MAX)
        return;
    out = mem_new(1, sizeof *out);
    memcpy(out->bytes, bytes, len);
    buf = uv_buf_init((char *)out->bytes, (unsigned)len);
    if (uv_udp_send(&out->request, udp, &buf, 1, &conn->peer.any, on_sent))
        free(out);
}

void dgram_flush(struct conn *conn)
{
    struct net *net = conn->net;
    struct session *s = conn->session;
    struct now now = net_now(net);
    uint8_t bytes[DATAGRAM_MAX];
    size_t len;

    while ((len = link_datagram(s->link, bytes, now))) {
        uv_buf_t buf = uv_buf_init((char *)bytes, (unsigned)len);

        if (net->has_udp &&
            uv_udp_try_send(&net->udp, &buf, 1, &conn->peer.any) == UV_EAGAIN)
            send_later(conn, bytes, len);
    }
    hub_flushed(net->hub, s, now);
}

/* ---- in ---- */

static struct session *admit(struct net *net, uint64_t id,
                             const struct address *from)
{
    struct hub_peer peer = { .transport = TRANSPORT_UDP, .id = id };
    char text[ADDRESS_TEXT];
    struct conn *conn;
    struct session *s;
    enum err why;

    address_text(from, text);
    peer.name = str_of(text);
    peer.gate = address_gate(from);
    s = hub_open(net->hub, &peer, &why, net_now(net));
    if (!s)
        return NULL; /* no answer: it may not have been from there */
    conn = mem_new(1, sizeof *conn);
    conn->net = net;
    conn->session = s;
    conn->peer = *from;
    conn->is_udp = true;
    s->edge = conn;
    return s;
}

static void on_datagram(uv_udp_t *udp, ssize_t n, const uv_buf_t *buf,
                        const struct sockaddr *addr, unsigned flags)
{
    struct net *net = udp->data;
    struct address from;
    struct session *s;
    struct str bytes;
    uint64_t id;

    if (n <= 0 || !addr || flags & UV_UDP_PARTIAL)
        return;
    bytes = str_bytes(buf->base, (size_t)n);
    if (!link_datagram_id(bytes, &id))
        return;
    from = address_of(addr);
    s = hub_datagram(net->hub, id);
    if (!s && link_datagram_opens(bytes))
        s = admit(net, id, &from);
    if (!s || !s->edge ||
        !address_equal(&((struct conn *)s->edge)->peer, &from))
        return;
    hub_feed(net->hub, s, bytes, net_now(net));
}

static void on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *buf)
{
    struct net *net = handle->data;

    (void)wanted;
    *buf = uv_buf_init(net->buffer, READ_MAX);
}

/* ---- listening ---- */

int dgram_listen(struct net *net, char *error, size_t cap)
{
    const struct address *at = net->config.udp;
    char text[ADDRESS_TEXT];
    int size = SOCKET_BUFFER, err;

    uv_udp_init(&net->loop, &net->udp);
    net->has_udp = true;
    net->udp.data = net;
    err = uv_udp_bind(&net->udp, &at->any, 0);
    if (!err)
        err = uv_udp_recv_start(&net->udp, on_alloc, on_datagram);
    if (err) {
        address_text(at, text);
        return net_refused("udp", text, err, error, cap);
    }
    uv_recv_buffer_size((uv_handle_t *)&net->udp, &size);
    size = SOCKET_BUFFER;
    uv_send_buffer_size((uv_handle_t *)&net->udp, &size);
    return 0;
}
