/* SPDX-License-Identifier: MIT
 *
 * The datagrams of one socket, sans-I/O: which session each is for, who may
 * begin a new one, and who has moved.  A session is found by the connection id
 * that its client puts before its records, wherever they come from; until the
 * client knows its id, by the address.  Strangers are answered without
 * anything being kept of them (RFC 6347, section 4.2.1).
 */
#ifndef SERVER_ENDPOINT_H
#define SERVER_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/clear.h"
#include "shared/now.h"
#include "shared/str.h"

struct address;
struct endpoint;
struct hub;
struct secure_base;
struct session;

struct endpoint_config {
    struct hub *hub;
    struct secure_base *secure; /* NULL: clear text is all there is */
    enum net_clear clear;       /* who may speak clear text */
    uint64_t secret[2];         /* for tables whose keys others choose */
};

struct endpoint *endpoint_new(const struct endpoint_config *);
void endpoint_free(struct endpoint *);

/* A datagram, and what comes of it. */
struct arrival {
    struct str datagram;
    const struct address *from;
    uint8_t *reply; /* DATAGRAM_MAX bytes: what goes back there at once */
    size_t len;     /* of the reply; set */
    struct session *fresh; /* that it began, the edge's from here on, or NULL;
                              set */
};

void endpoint_input(struct endpoint *, struct arrival *, struct now);

/*
 * The next of those whose handshake had to wait: call until it returns NULL.
 */
struct session *endpoint_next(struct endpoint *, struct now);

/* When endpoint_next has something to do, mono_us; NEVER. */
uint64_t endpoint_deadline(struct endpoint *, struct now);

/* A session is about to be buried. */
void endpoint_forget(struct endpoint *, struct session *);

#endif
