/* SPDX-License-Identifier: MIT
 *
 * Inside the network edge: what net.c (sockets that are open) and dial.c
 * (sockets on their way) share.  Nobody else includes this.
 */
#ifndef TUI_NET_IMPL_H
#define TUI_NET_IMPL_H

#include <uv.h>

#include "shared/link.h"
#include "tui/address.h"
#include "tui/net.h"

struct dial;

/* A socket and, once it is connected, its link. */
struct sock {
    struct net *net;
    struct sock *next;
    enum transport transport;
    struct link *link; /* the client's; NULL before it is connected */
    struct sockaddr_storage peer; /* datagram: where to */
    uint64_t close_us;            /* datagram: another took its place; NEVER */
    bool deaf;                    /* the client wants to hear no more of it */
    bool broken;                  /* nothing can be written any more */
    bool writing; /* a request is in flight, of in_flight bytes */
    size_t in_flight;
    uv_write_t write;

    union {
        uv_handle_t any;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
        uv_udp_t udp;
    } handle;
};

struct net {
    uv_loop_t *loop;
    struct client *client;
    const struct address *address;
    struct sock *socks;
    struct dial *dials[2]; /* under way, one of a transport at most */
    unsigned turn;         /* datagrams: which address to take this time */
    uv_timer_t timer;
    char *buffer; /* what is read goes here; READ_BYTES */
    void (*on_input)(void *);
    void *on_input_arg;
    size_t handles; /* open ones, this timer included */
    bool closing;
};

/* The handle inside must be initialised at once; data is set. */
struct sock *sock_new(struct net *, enum transport);
void sock_close(struct sock *);

/* It is connected: tell the client; false when nobody wants it any more. */
bool sock_open(struct sock *);

/* Take in what comes; for a socket that has its link. */
void sock_read(struct sock *);

/* Connect; ends in sock_open or client_failed, unless it is cancelled. */
void dial(struct net *, enum transport);
void dial_cancel(struct net *, enum transport);

/* A datagram socket to where another goes; NULL when there is none. */
struct sock *dial_again(const struct sock *);

#endif
