/* SPDX-License-Identifier: MIT
 *
 * What the files of the edge share: net.c (loop, turn, signals), net_listen.c
 * (taking TCP and Unix sockets), net_stream.c (what goes through them),
 * net_dgram.c (UDP), net_inquiry.c (the operator).  Nobody else includes it.
 */
#ifndef SERVER_NET_EDGE_H
#define SERVER_NET_EDGE_H

#include <uv.h>

#include "server/address.h"
#include "server/endpoint.h"
#include "server/hub.h"
#include "server/list.h"
#include "server/net.h"
#include "server/service.h"
#include "server/session.h"

enum {
    READ_MAX = 64 * 1024, /* bytes of one read */
    SPANS_MAX = 64,       /* frames of one write */
    SIGNALS = 4,
    INQUIRIES_MAX = 8 /* of one listener at once */
};

/* A socket that connections are taken from. */
struct listener {
    uv_poll_t poll; /* first: a handle is its listener */
    struct net *net;
    const char *name;
    void (*take)(struct listener *, int fd, const struct sockaddr *from);
    int fd;
    size_t inquiries; /* that it has taken and that are not over */
    bool is_open;
    bool is_inherited; /* others go on with it: its path is theirs */
    bool is_held;      /* nobody is taken now: they wait in the kernel */
    uint64_t until_us; /* held: to be tried again then; NEVER: by an end */
};

struct net {
    uv_loop_t loop;
    uv_prepare_t prepare; /* runs just before the loop sleeps: the turn */
    uv_timer_t timer;
    uv_async_t wake; /* from other threads */
    uv_signal_t signals[SIGNALS];
    struct listener tcp, local, control, metrics;
    struct list inquirers;
    uv_udp_t udp;
    bool has_udp;          /* initialised, not yet closed */
    size_t streams;        /* connections with a descriptor of their own */
    uint64_t said_full_us; /* when it was logged that they are too many */
    struct net_config config;
    struct service *service;
    struct hub *hub;
    struct endpoint *endpoint;
    struct now now;
    bool now_is_fresh; /* read since the loop slept last */
    bool stopping;
    uint64_t stop_by_us;
    char buffer[READ_MAX]; /* of the read or write at hand, for that call */
};

/* The edge's side of a session. */
struct conn {
    union { /* first: a handle is its connection */
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    };
    struct net *net;
    struct session *session;
    struct address peer;
    uv_write_t write;
    uv_shutdown_t shutdown;
    size_t writing; /* bytes of the write in flight; 0: none is */
    bool is_udp, is_reading, is_shut, is_closing;
};

/* A listening socket that was handed over at the start; -1: none was. */
int net_inherited(const struct net *, enum inherited);

/* The time of this turn. */
struct now net_now(struct net *);

/* net_listen.c */
int listen_tcp(struct net *, char *error, size_t cap);
int listen_unix(struct net *, char *error, size_t cap);
int listen_control(struct net *, char *error, size_t cap);
int listen_metrics(struct net *, char *error, size_t cap);
void listen_stop(struct net *);

/* Go on taking connections where that is possible again; returns when to be
 * called at the latest, mono_us. */
uint64_t listen_turn(struct net *);

/* net_stream.c */
void stream_begin(struct conn *, const struct hub_peer *);
void stream_flush(struct conn *);
void stream_close(struct conn *);

/* net_dgram.c */
int udp_listen(struct net *, char *error, size_t cap);
void udp_flush(struct conn *);
void udp_close(struct conn *);
uint64_t udp_turn(struct net *);

/* net_inquiry.c */
void inquiry_take(struct listener *, int fd, const struct sockaddr *from);
void inquirers_close(struct net *);

/* Attend to those who take too long; returns when to be called again. */
uint64_t inquirers_turn(struct net *);

/* A sentence for an address that cannot be had; returns an exit code. */
int net_refused(const char *what, const char *where, int uv_error, char *error,
                size_t cap);

/* ---- net_peer.c ---- */

/* Whose process it is, as the system says; false: it does not. */
bool net_peer(int fd, struct local *);

#endif
