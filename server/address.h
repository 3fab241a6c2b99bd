/* SPDX-License-Identifier: MIT
 *
 * Addresses to listen on and of peers: names into numbers and numbers into
 * text.  An edge: it asks the resolver.
 */
#ifndef SERVER_ADDRESS_H
#define SERVER_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "shared/path.h"
#include "shared/str.h"

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_storage storage;
    };
};

enum { ADDRESS_TEXT = 64 }; /* bytes of an address as text, NUL included */

/*
 * Parse and resolve "ADDR:PORT", "[V6]:PORT", "NAME:PORT", ":PORT" (any).
 *   error    gets a sentence, cap bytes
 *   returns  false when that is no address
 */
bool address_parse(struct address *, const char *text, char *error, size_t cap);

/* The address of a socket as the system gave it. */
struct address address_of(const struct sockaddr *);

/* Bytes of it that the system wants to see. */
socklen_t address_len(const struct address *);

bool address_is_loopback(const struct address *);
bool address_equal(const struct address *, const struct address *);

/*
 * A numeric address, or a network as "10.0.0.0/8": what address_gate would give
 * for it, and how many bits of that count; the others are cleared.
 *   gate     8 bytes
 *   returns  bytes of it; 0: it is neither
 */
size_t address_network(struct str text, uint8_t *gate, unsigned *bits);

/* And back, always in the same spelling. */
void address_network_text(struct str gate, unsigned bits,
                          char out[ADDRESS_TEXT]);

/* "127.0.0.1:8555" or "[::1]:8555" */
void address_text(const struct address *, char out[ADDRESS_TEXT]);

/* As path.h wants it: network, then port; and back. */
struct place address_place(const struct address *);
struct address address_at(struct str place);

/*
 * What the limits per address count by: 4 bytes, or the /64 of IPv6; empty for
 * loopback.  A view into the address.
 */
struct str address_gate(const struct address *);

#endif
