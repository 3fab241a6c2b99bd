/* SPDX-License-Identifier: MIT
 *
 * What the kernel has: datagrams that nobody repeats, to show what the relay
 * and the machine add; and TCP without Nagle's algorithm (RFC 896).
 */
#include <stdlib.h>
#include <sys/socket.h>

#include "shared/mem.h"
#include "tests/link/flow.h"

enum { TAKE_MAX = 64 * 1024 };

/* The end that receives knows whose it is. */
struct ear {
    struct lab_end end; /* first */
    void *of;
};

/* ---- datagrams ---- */

struct control {
    struct lab_end a;
    struct ear b;
    struct flow *flow;
};

static void control_idle(struct lab_end *end, struct now now)
{
    (void)end, (void)now; /* nothing comes this way */
}

static void control_hear(struct lab_end *end, struct now now)
{
    struct control *control = ((struct ear *)end)->of;
    char text[FLOW_BYTES_MAX];
    ssize_t n;

    while ((n = recv(end->fd, text, sizeof text, 0)) > 0)
        flow_take(control->flow, str_bytes(text, (size_t)n), now);
}

static void *control_open(struct flow *flow)
{
    struct control *control = mem_new(1, sizeof *control);

    control->flow = flow;
    control->a.turn = control_idle;
    control->b.end.turn = control_hear;
    control->b.of = control;
    lab_pair(flow->lab, LAB_DATAGRAM, flow->link, &control->a, &control->b.end);
    return control;
}

static bool control_ready(const void *state)
{
    (void)state;
    return true;
}

static void control_say(void *state, struct str text, struct now now)
{
    struct control *control = state;

    (void)now;
    (void)!send(control->a.fd, text.ptr, text.len, 0);
}

static void control_close(void *state)
{
    struct control *control = state;

    lab_close(control->flow->lab, &control->a);
    lab_close(control->flow->lab, &control->b.end);
    free(control);
}

const struct peer PEER_CONTROL = {
    .name = "plain UDP, no repair",
    .unordered = true,
    .open = control_open,
    .ready = control_ready,
    .say = control_say,
    .close = control_close,
};

/* ---- TCP ---- */

struct tcp {
    struct lab_end a; /* first */
    struct ear b;
    struct flow *flow;
    bool connected;
    /* What the kernel has not taken yet: len bytes from `from` on. */
    char *queue;
    size_t from, len, cap;
    char *heard; /* TAKE_MAX */
    size_t n_heard;
};

static void tcp_write(struct tcp *tcp)
{
    while (tcp->len && tcp->connected) {
        ssize_t n =
            send(tcp->a.fd, tcp->queue + tcp->from, tcp->len, MSG_NOSIGNAL);

        if (n <= 0)
            return;
        tcp->from += (size_t)n;
        tcp->len -= (size_t)n;
    }
}

static void tcp_turn(struct lab_end *end, struct now now)
{
    struct tcp *tcp = (struct tcp *)end;
    int error = 0;
    socklen_t len = sizeof error;

    getsockopt(end->fd, SOL_SOCKET, SO_ERROR, &error, &len);
    if (error)
        lab_die("a connection broke");
    do
        tcp_write(tcp);
    while (tcp->connected && tcp->len == 0 && flow_refill(tcp->flow, 0, now));
}

static void tcp_hear(struct lab_end *end, struct now now)
{
    struct tcp *tcp = ((struct ear *)end)->of;
    size_t bytes = tcp->flow->traffic.bytes, at = 0;
    ssize_t n;

    tcp->connected = true;
    while ((n = recv(end->fd, tcp->heard + tcp->n_heard,
                     TAKE_MAX - tcp->n_heard, 0)) > 0) {
        tcp->n_heard += (size_t)n;
        for (at = 0; tcp->n_heard - at >= bytes; at += bytes)
            flow_take(tcp->flow, str_bytes(tcp->heard + at, bytes), now);
        tcp->n_heard -= at;
        memmove(tcp->heard, tcp->heard + at, tcp->n_heard);
    }
}

static void *tcp_open(struct flow *flow)
{
    struct tcp *tcp = mem_new(1, sizeof *tcp);

    tcp->flow = flow;
    tcp->heard = mem_new(1, TAKE_MAX);
    tcp->a.turn = tcp_turn;
    tcp->b.end.turn = tcp_hear;
    tcp->b.of = tcp;
    lab_pair(flow->lab, LAB_STREAM, flow->link, &tcp->a, &tcp->b.end);
    return tcp;
}

static bool tcp_ready(const void *state)
{
    return ((const struct tcp *)state)->connected;
}

static void tcp_say(void *state, struct str text, struct now now)
{
    struct tcp *tcp = state;
    void *queue = tcp->queue;

    if (tcp->len == 0)
        tcp->from = 0;
    mem_grow(&queue, &tcp->cap, tcp->from + tcp->len + text.len, 1);
    tcp->queue = queue;
    memcpy(tcp->queue + tcp->from + tcp->len, text.ptr, text.len);
    tcp->len += text.len;
    if (tcp->flow->traffic.greedy)
        lab_wake(tcp->flow->lab, &tcp->a, now.mono_us);
    else
        tcp_write(tcp);
}

static void tcp_close(void *state)
{
    struct tcp *tcp = state;

    lab_close(tcp->flow->lab, &tcp->a);
    lab_close(tcp->flow->lab, &tcp->b.end);
    free(tcp->queue);
    free(tcp->heard);
    free(tcp);
}

const struct peer PEER_TCP = {
    .name = "kernel TCP",
    .open = tcp_open,
    .ready = tcp_ready,
    .say = tcp_say,
    .close = tcp_close,
};
