/* SPDX-License-Identifier: MIT
 *
 * Connections of the operator; see net_edge.h.  What they say and get is the
 * inquiry's business.
 */
#define _GNU_SOURCE /* struct ucred */
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/inquiry.h"
#include "server/net_edge.h"
#include "shared/mem.h"

struct inquirer {
    union { /* first: a handle is its inquirer */
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    };
    struct list node; /* in net->inquirers */
    struct listener *at;
    struct inquiry *inquiry;
    uv_write_t write;
    uv_shutdown_t shutdown;
    size_t writing; /* bytes of the write in flight */
    bool is_shut, is_closing;
};

static struct inquirer *of_node(struct list *node)
{
    return (void *)((char *)node - offsetof(struct inquirer, node));
}

/* ---- closing ---- */

static void on_closed(uv_handle_t *handle)
{
    struct inquirer *inquirer = (struct inquirer *)handle;

    inquiry_free(inquirer->inquiry);
    free(inquirer);
}

static void close_one(struct inquirer *inquirer)
{
    if (inquirer->is_closing)
        return;
    inquirer->is_closing = true;
    inquirer->at->inquiries--;
    list_remove(&inquirer->node);
    uv_close(&inquirer->handle, on_closed);
}

void inquirers_close(struct net *net)
{
    while (!list_is_empty(&net->inquirers))
        close_one(of_node(net->inquirers.next));
}

/* ---- out ---- */

static void flush(struct inquirer *inquirer);

static void on_written(uv_write_t *request, int status)
{
    struct inquirer *inquirer = request->data;
    size_t n = inquirer->writing;

    inquirer->writing = 0;
    if (inquirer->is_closing)
        return;
    if (status) {
        close_one(inquirer);
        return;
    }
    inquiry_sent(inquirer->inquiry, n, net_now(inquirer->at->net));
    flush(inquirer);
}

static void on_shut(uv_shutdown_t *request, int status)
{
    (void)request, (void)status; /* the other side's end comes as EOF */
}

/* Some of what is to be written; false: it cannot be. */
static bool write_some(struct inquirer *inquirer)
{
    enum { PIECE_MAX = 256 * 1024 };

    struct str out = inquiry_output(inquirer->inquiry);
    uv_buf_t buf = { .len = out.len < PIECE_MAX ? out.len : PIECE_MAX };

    memcpy(&buf.base, &out.ptr, sizeof buf.base);
    inquirer->writing = buf.len;
    inquirer->write.data = inquirer;
    return uv_write(&inquirer->write, &inquirer->stream, &buf, 1, on_written) ==
           0;
}

static void flush(struct inquirer *inquirer)
{
    const struct inquiry *inquiry = inquirer->inquiry;
    bool good = true;

    if (inquirer->is_closing)
        return;
    if (inquiry_is_over(inquiry)) {
        close_one(inquirer);
        return;
    }
    if (inquirer->writing)
        return;
    if (inquiry_output(inquiry).len) {
        good = write_some(inquirer);
    } else if (inquiry_is_said(inquiry) && !inquirer->is_shut) {
        inquirer->is_shut = true;
        good =
            uv_shutdown(&inquirer->shutdown, &inquirer->stream, on_shut) == 0;
    }
    if (!good)
        close_one(inquirer);
}

/* ---- in ---- */

static void on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *buf)
{
    struct inquirer *inquirer = (struct inquirer *)handle;

    (void)wanted;
    *buf = uv_buf_init(inquirer->at->net->buffer, READ_MAX);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct inquirer *inquirer = (struct inquirer *)stream;
    struct net *net = inquirer->at->net;
    size_t memory;

    if (uv_resident_set_memory(&memory) == 0)
        net->service->memory = memory;
    if (n > 0)
        inquiry_feed(inquirer->inquiry, str_bytes(buf->base, (size_t)n),
                     net_now(net));
    else if (n < 0)
        inquiry_eof(inquirer->inquiry);
    if (n < 0)
        uv_read_stop(stream);
    flush(inquirer);
}

/* ---- taking ---- */

/* Who is at the other end of a Unix socket; false: nobody knows. */
static bool find_asker(int fd, struct asker *asker)
{
    struct ucred peer;
    socklen_t len = sizeof peer;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len))
        return false;
    *asker = (struct asker){ .uid = peer.uid,
                             .pid = (uint32_t)peer.pid,
                             .own = geteuid() };
    return true;
}

/* Give it its socket; 0, or a negative error of libuv. */
static int open_handle(struct inquirer *inquirer, bool is_local, int fd)
{
    uv_loop_t *loop = &inquirer->at->net->loop;
    int err;

    if (is_local) {
        uv_pipe_init(loop, &inquirer->pipe, 0);
        err = uv_pipe_open(&inquirer->pipe, fd);
    } else {
        uv_tcp_init(loop, &inquirer->tcp);
        err = uv_tcp_open(&inquirer->tcp, fd);
    }
    if (err)
        close(fd);
    return err ? err : uv_read_start(&inquirer->stream, on_alloc, on_read);
}

void inquiry_take(struct listener *at, int fd, const struct sockaddr *from)
{
    struct net *net = at->net;
    bool is_local = at == &net->control;
    struct inquirer *inquirer;
    struct asker asker = { 0 };

    (void)from;
    if (is_local && !find_asker(fd, &asker)) {
        close(fd);
        return;
    }
    inquirer = mem_new(1, sizeof *inquirer);
    inquirer->at = at;
    inquirer->inquiry = inquiry_new(is_local ? INQUIRY_CONTROL : INQUIRY_HTTP,
                                    net->service, &asker, net_now(net));
    at->inquiries++;
    list_init(&inquirer->node);
    list_append(&net->inquirers, &inquirer->node);
    if (open_handle(inquirer, is_local, fd))
        close_one(inquirer);
    else
        flush(inquirer);
}

/* ---- time ---- */

uint64_t inquirers_turn(struct net *net)
{
    struct now now = net_now(net);
    uint64_t next = NEVER;
    struct list *node, *after;

    for (node = net->inquirers.next; node != &net->inquirers; node = after) {
        struct inquirer *inquirer = of_node(node);

        after = node->next;
        if (inquiry_wake(inquirer->inquiry) <= now.mono_us) {
            inquiry_turn(inquirer->inquiry, now);
            flush(inquirer);
        }
        if (!inquirer->is_closing)
            next = time_min(next, inquiry_wake(inquirer->inquiry));
    }
    return next;
}
