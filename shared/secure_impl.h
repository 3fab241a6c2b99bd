/* SPDX-License-Identifier: MIT
 *
 * What the files of the encryption share: secure.c (connections),
 * secure_wire.c (their bytes), secure_base.c (what they have in common),
 * secure_ticket.c (cookies and tickets), secure_pem.c (keys).  Nobody else
 * includes this.
 */
#ifndef SHARED_SECURE_IMPL_H
#define SHARED_SECURE_IMPL_H

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>

#include "shared/bounds.h"
#include "shared/outq.h"
#include "shared/secure.h"

enum {
    COOKIE_LEN = 16,
    SECRET_LEN = 32,
    TICKET_NAME = 16,
    FROM_MAX = 64 /* bytes of a peer's address */
};

/* A secret that is replaced by time, the last one still being good. */
struct secret {
    uint8_t name[TICKET_NAME], cipher[SECRET_LEN], mac[SECRET_LEN];
};

struct secrets {
    struct secret now, last;
    uint64_t since_us; /* NEVER: none yet */
    uint64_t period_us;
};

struct secure_base {
    bool server;
    SSL_CTX *stream, *datagram;
    BIO_METHOD *wire;
    EVP_MAC_CTX *hmac;
    BIO_ADDR *nobody; /* where OpenSSL writes an address that we know better */
    struct fingerprint key;
    struct secrets cookies, tickets;
    SSL_SESSION *sessions[2]; /* client: to resume, by `datagram` */
    struct secure *standby;   /* server: answers hellos of strangers */
};

struct secure {
    struct secure_base *base;
    SSL *ssl;
    bool datagram, read_closed;
    bool settled; /* OpenSSL has no more records of before it was open */
    enum secure_state state;
    const char *error;
    struct now now; /* of the call at hand */
    uint64_t deadline_us;

    struct str fed;  /* not consumed, borrowed */
    uint8_t *kept;   /* the same, owned; NULL: nothing kept */
    struct outq out; /* sealed */
    uint8_t *direct; /* where the next datagram goes; NULL: to `out` */
    size_t direct_len, direct_cap;

    uint8_t from[FROM_MAX]; /* server, hello: whom the cookie is for */
    size_t from_len;
};

/* Bring secrets up to date. */
void secrets_turn(struct secrets *, struct now);

/* Have a context make and take cookies and tickets; what cookies come from. */
void secure_ticket_use(SSL_CTX *);
EVP_MAC_CTX *secure_ticket_hmac(void);

/* A connection of a context; `ssl` says which end it is. */
struct secure *secure_make(struct secure_base *, bool datagram, struct now);

/* The connection that a callback of OpenSSL is about. */
struct secure *secure_of(const SSL *);

/* A ticket came: the next connection may resume with it.  Takes the session. */
int secure_on_session(SSL *, SSL_SESSION *);

/* SHA-256 of the key in a certificate; false when it has none that we know. */
bool secure_pem_fingerprint(const X509 *, struct fingerprint *);

/* A pass phrase would have to be asked for, where nobody may be. */
int secure_no_phrase(char *out, int cap, int writing, void *arg);

/* The bytes between the wire and OpenSSL. */
BIO_METHOD *secure_wire(void);

/* The reason at the top of OpenSSL's queue, which is emptied. */
const char *secure_reason(const char *otherwise);

#endif
