/* SPDX-License-Identifier: MIT
 *
 * EDGE OpenSSL: encryption as a filter, sans-I/O.  TLS 1.3 over a stream (RFC
 * 8446), DTLS 1.2 over datagrams (RFC 6347); what comes from the wire goes in,
 * plain bytes come out, and the other way.  Only secure*.c know OpenSSL.
 *
 * Both ends prove a key: the server always, a client when it has one.  Whether
 * the key is the right one is for the owner to judge before it says a word.
 */
#ifndef SHARED_SECURE_H
#define SHARED_SECURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/now.h"
#include "shared/secure_pem.h"
#include "shared/str.h"

struct secure;
struct secure_base;

/* ---- what the connections of one end have in common ---- */

struct secure_config {
    bool server;
    struct str key, chain; /* PEM; a client may have none */
    struct str roots;      /* client: authorities in PEM; empty: the system's */
};

/*
 *   error    gets a sentence, cap bytes
 *   returns  NULL when key or certificates cannot be used
 */
struct secure_base *secure_base_new(const struct secure_config *, char *error,
                                    size_t cap);
void secure_base_free(struct secure_base *);

/*
 * Another key and chain for connections that begin from now on.
 *   returns  false with a sentence; then all stays as it was
 */
bool secure_base_renew(struct secure_base *, struct str key, struct str chain,
                       char *error, size_t cap);

/* Of the own key; all zero when there is none. */
struct fingerprint secure_base_fingerprint(const struct secure_base *);

/* When the own certificate expires, seconds since 1970; 0: there is none. */
uint64_t secure_base_expires(const struct secure_base *);

/* ---- a connection ---- */

/*
 * A stream of either end, or a client's datagrams.
 *   name     client: host name or address that a certificate must be for, and
 *            that is asked for (RFC 6066, section 3); NULL on a server
 */
struct secure *secure_new(struct secure_base *, bool datagram, const char *name,
                          struct now);
void secure_free(struct secure *);

/*
 * A server's datagrams: nothing is kept of an address that has not shown that
 * it gets our answers (RFC 6347, section 4.2.1).
 *   from     the address it came from: what the cookie is made for
 *   reply    DATAGRAM_MAX bytes; gets *len, never more than came
 *   returns  HELLO_GOOD when secure_accept may be called
 */
enum hello { HELLO_BAD, HELLO_COOKIE, HELLO_GOOD };

enum hello secure_hello(struct secure_base *, struct str datagram,
                        struct str from, uint8_t *reply, size_t *len,
                        struct now);

/* The connection of the last HELLO_GOOD; its datagram is to be fed to it. */
struct secure *secure_accept(struct secure_base *, struct now);

enum secure_state {
    SECURE_SHAKING, /* the handshake is under way */
    SECURE_OPEN,    /* both ends are proved */
    SECURE_OVER     /* failed, or closed by the peer */
};

enum secure_state secure_state(const struct secure *);

/* Why it is over, in English, for a log; never NULL. */
const char *secure_error(const struct secure *);

/* ---- inward ---- */

/* Bytes of the stream, or one datagram; borrowed until secure_read returned 0
 * or secure_keep was called. */
void secure_feed(struct secure *, struct str bytes);

/*
 * Plain bytes: the next of the stream, or one datagram's.
 *   returns  how many; 0 when there are none; -ERROR_SECURITY when it is over
 */
int secure_read(struct secure *, uint8_t *out, size_t cap, struct now);

/* Stream: keep what has not been read, to go on later.  Bytes kept. */
void secure_keep(struct secure *);
size_t secure_pending(const struct secure *);

/* ---- outward ---- */

enum {
    RECORD_MAX = 16 * 1024, /* plain bytes of one record of a stream */
    RECORD_HEAD = 13        /* DTLS: bytes before the payload */
};

/* Stream: seal at most RECORD_MAX bytes; SECURE_OPEN only. */
void secure_write(struct secure *, struct str bytes);

/* Stream: views of what is sealed, in order; and that n bytes went out. */
size_t secure_spans(const struct secure *, struct str *spans, size_t max);
void secure_sent(struct secure *, size_t n);

/* Sealed and not sent, bytes. */
size_t secure_queued(const struct secure *);

/*
 * Datagram: the next one of the handshake; 0 when there is none.
 *   out      cap bytes, at least DATAGRAM_MAX
 */
size_t secure_datagram(struct secure *, uint8_t *out, size_t cap);

/* Datagram: seal one packet; returns the bytes of `out`, or 0: it is lost. */
size_t secure_seal(struct secure *, struct str packet, uint8_t *out,
                   size_t cap);

/* Say that nothing more follows (close_notify). */
void secure_close(struct secure *);

/* ---- time ---- */

/* Datagram: when secure_tick must be called at the latest; NEVER if not. */
uint64_t secure_deadline(const struct secure *);
void secure_tick(struct secure *, struct now);

/* Nothing is under way: give back buffers that come again when needed. */
void secure_rest(struct secure *);

/* ---- the peer ---- */

/* What an authority says of the peer's certificate. */
enum vouched {
    VOUCHED,          /* good: it leads to a root, for this name, now */
    VOUCHED_NOT,      /* no authority that we know vouches for it */
    VOUCHED_EXPIRED,  /* not valid at this time */
    VOUCHED_OTHERWISE /* for another name */
};

struct secure_peer {
    bool has_key;
    struct fingerprint key;
    enum vouched vouched;        /* client only */
    bool resumed;                /* by a ticket: the key was proved earlier */
    const char *version, *suite; /* static */
};

/* Good while SECURE_OPEN. */
struct secure_peer secure_peer(const struct secure *);

/*
 * The number of a DTLS record, epoch and sequence, from its clear head: what
 * comes later has a higher one.  0 when it is not one record of an open
 * connection, and nothing else: a second one could be older than its head says.
 */
uint64_t secure_record(struct str datagram);

#endif
