/* SPDX-License-Identifier: MIT
 *
 * First datagrams of handshakes that wait for their turn, the longest waiting
 * first, one per sender.  Each takes its bytes and some 200 more for as long
 * as it is here: the 4096 of the default limit at most 6 MiB.
 */
#ifndef SERVER_WAITING_H
#define SERVER_WAITING_H

#include <stddef.h>
#include <stdint.h>

#include "server/list.h"
#include "server/map.h"
#include "shared/now.h"
#include "shared/str.h"

/* Somebody's first datagram. */
struct opening {
    struct str from; /* the address to answer to; the bytes are the owner's */
    struct str gate; /* what limits count by: 4 or 8 bytes, or none */
    struct str datagram;
};

struct waiting_entry;

struct waiting {
    struct list queue;           /* struct waiting_entry, owned */
    struct map senders;          /* the same by `from` */
    struct waiting_entry *taken; /* what waiting_take gave last; owned */
};

void waiting_init(struct waiting *, const uint64_t secret[2]);
void waiting_fini(struct waiting *);

/*
 * Copy one to the end.  Of a sender that has one here the datagram is replaced
 * and the place stays; above max, which is at least 1, the first goes.
 *   returns  how many went
 */
size_t waiting_put(struct waiting *, const struct opening *, size_t max,
                   struct now);

/* When the first was put, mono_us; NEVER: there is none. */
uint64_t waiting_since(const struct waiting *);

/* Take the first out, which is there; good until the next call of this. */
struct opening waiting_take(struct waiting *);

#endif
