/* SPDX-License-Identifier: MIT
 *
 * Streams over TCP and Unix sockets; see net_edge.h.  Output leaves straight
 * from the shared frames; what the kernel does not take at once becomes one
 * write in flight, during which the queue goes on holding the frames.
 */
#include <stdlib.h>

#include "server/net_edge.h"

/* ---- closing ---- */

static void on_closed(uv_handle_t *handle)
{
    struct conn *conn = (struct conn *)handle;

    if (conn->session)
        hub_bury(conn->net->hub, conn->session, net_now(conn->net));
    conn->net->streams--;
    free(conn);
}

static bool write_once(struct conn *conn);

void stream_close(struct conn *conn)
{
    if (conn->is_closing)
        return;
    if (conn->session && !conn->writing)
        write_once(conn); /* encryption has said why it failed */
    conn->is_closing = true;
    uv_close(&conn->handle, on_closed);
}

static void on_shut(uv_shutdown_t *request, int status)
{
    (void)request, (void)status; /* the other side's end comes as EOF */
}

/* ---- reading ---- */

static void on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *buf)
{
    struct conn *conn = (struct conn *)handle;

    (void)wanted;
    *buf = uv_buf_init(conn->net->buffer, READ_MAX);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf);

/* Read exactly while the hub wants input. */
static void sync_reading(struct conn *conn)
{
    bool wants = session_wants_input(conn->session);

    if (wants == conn->is_reading || conn->is_closing)
        return;
    conn->is_reading = wants;
    if (!wants)
        uv_read_stop(&conn->stream);
    else if (uv_read_start(&conn->stream, on_alloc, on_read))
        hub_eof(conn->net->hub, conn->session, net_now(conn->net));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct conn *conn = (struct conn *)stream;
    struct net *net = conn->net;

    if (n > 0)
        hub_feed(net->hub, conn->session, str_bytes(buf->base, (size_t)n),
                 net_now(net));
    else if (n < 0)
        hub_eof(net->hub, conn->session, net_now(net));
    sync_reading(conn);
}

/* ---- writing ---- */

static void sent(struct conn *conn, size_t n)
{
    struct now now = net_now(conn->net);

    link_sent(conn->session->link, n, now);
    hub_flushed(conn->net->hub, conn->session, now);
}

static void on_written(uv_write_t *request, int status)
{
    struct conn *conn = request->data;
    size_t n = conn->writing;

    conn->writing = 0;
    if (conn->is_closing)
        return;
    if (status) {
        hub_eof(conn->net->hub, conn->session, net_now(conn->net));
        return;
    }
    sent(conn, n);
    session_wake(conn->session);
}

/* What to write next; returns how many buffers. */
static unsigned gather(const struct conn *conn, uv_buf_t *bufs, size_t *bytes)
{
    struct str spans[SPANS_MAX];
    size_t n = link_spans(conn->session->link, spans, SPANS_MAX);

    *bytes = 0;
    for (size_t i = 0; i < n; i++) {
        bufs[i].len = spans[i].len;
        memcpy(&bufs[i].base, &spans[i].ptr, sizeof bufs[i].base);
        *bytes += spans[i].len;
    }
    return (unsigned)n;
}

/* Write what the kernel takes at once.  Small frames are cheaper copied into
 * one piece than named one by one; a single or large one goes as it is. */
static int try_write(struct conn *conn, const uv_buf_t *bufs, unsigned n,
                     size_t bytes)
{
    char *to = conn->net->buffer;
    uv_buf_t one = uv_buf_init(to, (unsigned)bytes);

    if (n == 1 || bytes > READ_MAX)
        return uv_try_write(&conn->stream, bufs, n);
    for (unsigned i = 0; i < n; i++) {
        memcpy(to, bufs[i].base, bufs[i].len);
        to += bufs[i].len;
    }
    return uv_try_write(&conn->stream, &one, 1);
}

/* Write once; false: nothing more can be written now. */
static bool write_once(struct conn *conn)
{
    uv_buf_t bufs[SPANS_MAX];
    size_t bytes;
    unsigned n = gather(conn, bufs, &bytes);
    int done;

    if (n == 0)
        return false;
    done = try_write(conn, bufs, n, bytes);
    if (done > 0) {
        sent(conn, (size_t)done);
        return true;
    }
    if (done == UV_EAGAIN) {
        conn->writing = bytes;
        conn->write.data = conn;
        done = uv_write(&conn->write, &conn->stream, bufs, n, on_written);
    }
    if (done < 0) {
        conn->writing = 0;
        hub_eof(conn->net->hub, conn->session, net_now(conn->net));
    }
    return false;
}

void stream_flush(struct conn *conn)
{
    struct session *s = conn->session;

    if (conn->is_closing)
        return;
    sync_reading(conn);
    while (!conn->writing && s->state != SESSION_DEAD && write_once(conn))
        continue;
    if (s->state == SESSION_CLOSING && !conn->writing && !conn->is_shut &&
        link_queued(s->link) == 0) {
        conn->is_shut = true;
        link_close(s->link, 0, net_now(conn->net));
        write_once(conn);
        if (uv_shutdown(&conn->shutdown, &conn->stream, on_shut))
            hub_eof(conn->net->hub, s, net_now(conn->net));
    }
}

/* ---- beginning ---- */

/* Too many: say so if it can be said at once, and let go. */
static void refuse(struct conn *conn, enum err why)
{
    uint8_t bytes[512];
    size_t len = hub_refusal(why, bytes, sizeof bytes);
    uv_buf_t buf = uv_buf_init((char *)bytes, (unsigned)len);

    if (!conn->net->config.secure)
        uv_try_write(&conn->stream, &buf, 1);
    stream_close(conn);
}

void stream_begin(struct conn *conn, const struct hub_peer *peer)
{
    struct net *net = conn->net;
    enum err why;
    struct session *s = hub_open(net->hub, peer, &why, net_now(net));

    conn->session = s;
    if (!s) {
        refuse(conn, why);
        return;
    }
    s->edge = conn;
    sync_reading(conn);
}
