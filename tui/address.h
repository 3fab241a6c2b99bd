/* SPDX-License-Identifier: MIT
 *
 * Where a server is, as a person writes it:
 *     HOST[:PORT]         one port for both transports
 *     HOST:TCP/UDP        one for each
 *     [::1]:PORT          an IPv6 address
 * or the path of a Unix socket.  Pure: no name is looked up here.
 */
#ifndef TUI_ADDRESS_H
#define TUI_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/link.h"

enum { HOST_MAX = 253 }; /* bytes of a name, RFC 1035 */

struct address {
    char host[HOST_MAX + 1];
    uint16_t tcp, udp; /* ports */
    char path[108];    /* Unix socket; "" when it is reached by host */
};

/*
 * Read "HOST[:PORT[/PORT]]".
 *   returns  0, or -1 when it is no address
 */
int address_parse(struct address *, const char *text);

/* Take a Unix socket instead; -1 when the path is too long for one. */
int address_unix(struct address *, const char *path);

/* Whether nobody else can listen in: loopback, or a Unix socket. */
bool address_is_local(const struct address *);

/* "host:port" of a transport, or the path; for people and for file names. */
void address_text(const struct address *, enum transport, char *out,
                  size_t cap);

#endif
