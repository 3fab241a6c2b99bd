/* SPDX-License-Identifier: MIT
 *
 * Who may begin a handshake, sans-I/O: it costs the server more than it costs
 * whoever asks.  Three gates, in the order of what they cost:
 *
 *      a hello (datagrams)    rates, in all and per prefix; beyond: silence
 *      a half-open handshake  how many, in all, per address and per prefix
 *      processor time         a rate; who comes above it waits
 *
 * An address is given in the form of address_gate: 4 bytes of IPv4 or the /64
 * of IPv6; its prefix is the /24 or the /48.  None, as for loopback, is counted
 * in all only.  Numbers are those of limits.def, every time anew.
 *
 * Memory does not grow with what arrives: the rates per prefix stand in a table
 * of fixed size, where strangers may share a bucket; the rest is held to its
 * limits.
 */
#ifndef SERVER_ADMIT_H
#define SERVER_ADMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "server/waiting.h"
#include "shared/link.h"
#include "shared/now.h"
#include "shared/str.h"

struct admit;
struct env;

/* env is borrowed: its limits and counters. */
struct admit *admit_new(struct env *, const uint64_t secret[2]);
void admit_free(struct admit *);

/*
 * A stranger's hello has come, and nobody has looked at its cookie yet, which
 * costs something as well.  Those with one and those without do not take each
 * other's rate: who asks for cookies does not shut out who has one.
 *   returns  whether it may be looked at, and answered if it has to be
 */
bool admit_hello(struct admit *, bool has_cookie, struct str gate, struct now);

enum admission {
    ADMIT_NOW,   /* go on, and call admit_end when it is over */
    ADMIT_LATER, /* the processor is busy: admit_defer, or ask at admit_when */
    ADMIT_NOT    /* too many are under way: forget it, say nothing */
};

/*
 * A handshake would begin: after a good cookie, or a stream was accepted.
 * Those over streams and those over datagrams do not take places or processor
 * time from each other.
 */
enum admission admit_begin(struct admit *, enum transport, struct str gate,
                           struct now);

/* One that had begun has finished, failed or taken too long: LIMIT_HANDSHAKE.
 */
void admit_end(struct admit *, enum transport, struct str gate);

/* When the next may begin as far as the processor goes, mono_us; 0: now. */
uint64_t admit_when(struct admit *, enum transport, struct now);

/* ---- datagrams that wait ---- */

/* Keep one that was told LATER; the strings are copied. */
void admit_defer(struct admit *, const struct opening *, struct now);

/*
 * The next whose turn has come; it counts as begun, as after ADMIT_NOW.  Its
 * cookie was good when it came and wants to be looked at again.
 *   opening  good until the next call
 *   returns  false when there is none now
 */
bool admit_next(struct admit *, struct opening *, struct now);

/* When admit_next has something to do, mono_us; NEVER. */
uint64_t admit_deadline(struct admit *, struct now);

#endif
