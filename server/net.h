/* SPDX-License-Identifier: MIT
 *
 * EDGE: libuv.  Listens, carries bytes between sockets and the hub, writes
 * each session with output once per turn, keeps one timer, takes signals, and
 * lets the operator's questions in.
 */
#ifndef SERVER_NET_H
#define SERVER_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/clear.h"
#include "shared/now.h"

struct address;
struct net;
struct secure_base;
struct service;

struct net_config {
    struct service *service;                   /* borrowed */
    const struct address *tcp, *udp, *metrics; /* NULL: not there */
    const char *unix_path;                     /* NULL: not there */
    const char *control; /* the operator's socket; NULL: none */
    bool control_named;  /* it has to be there */
    size_t streams_max;  /* connections over TCP and Unix sockets at once */
    struct secure_base *secure; /* NULL: clear text only; borrowed */
    enum net_clear clear;       /* who else may speak clear text */
};

struct net *net_new(const struct net_config *);
void net_free(struct net *);

/*
 * Listen everywhere.
 *   error    gets a sentence, cap bytes
 *   returns  0, or an exit code of sysexits
 */
int net_listen(struct net *, char *error, size_t cap);

/* Print the one line that says where: "ready tcp=... udp=... unix=...". */
void net_announce(struct net *);

/*
 * Until SIGTERM, SIGINT, the service's stop_us, or idle exit; returns when
 * everything is said.
 */
void net_run(struct net *);

/* Have a turn soon. From any thread, until net_free. */
void net_wake(struct net *);

/* What time it is; for what happens before the loop runs. */
struct now net_clock(void);

/* Whose login name on this machine it is; false: nobody's. */
bool net_login(const char *name, uint32_t *uid);

/* Random bytes from the system, for the world's config; ctx is not used. */
void net_random(void *ctx, uint8_t *out, size_t len);

#endif
