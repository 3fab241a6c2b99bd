/* SPDX-License-Identifier: MIT
 *
 * A connection through OpenSSL; see secure.h.
 */
#include "shared/secure.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/time.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "shared/error.h"
#include "shared/mem.h"
#include "shared/secure_impl.h"

enum {
    TIMER_FIRST_US = 250 * 1000, /* DTLS: a flight is sent again after it */
    TIMER_MOST_US = 4000 * 1000,
    RECORD_SEQ = 3 /* offset of epoch and sequence in a record */
};

struct secure *secure_of(const SSL *ssl)
{
    return SSL_get_app_data(ssl);
}

/* ---- birth and death ---- */

static unsigned on_timer(SSL *ssl, unsigned us)
{
    (void)ssl;
    if (us == 0)
        return TIMER_FIRST_US;
    return 2 * us < TIMER_MOST_US ? 2 * us : TIMER_MOST_US;
}

struct secure *secure_make(struct secure_base *base, bool datagram,
                           struct now now)
{
    struct secure *s = mem_new(1, sizeof *s);
    BIO *bio = BIO_new(base->wire);

    s->base = base;
    s->datagram = datagram;
    s->now = now;
    s->deadline_us = NEVER;
    s->error = "";
    outq_init(&s->out);
    s->ssl = SSL_new(datagram ? base->datagram : base->stream);
    if (!s->ssl || !bio)
        mem_fail();
    BIO_set_data(bio, s);
    SSL_set_bio(s->ssl, bio, bio);
    SSL_set_app_data(s->ssl, s);
    if (datagram) {
        SSL_set_mtu(s->ssl, DATAGRAM_MAX);
        DTLS_set_timer_cb(s->ssl, on_timer);
    }
    if (base->server)
        SSL_set_accept_state(s->ssl);
    else
        SSL_set_connect_state(s->ssl);
    return s;
}

/* Whom the certificate must be for. */
static void set_name(struct secure *s, const char *name)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(s->ssl);

    X509_VERIFY_PARAM_set_time(param, (time_t)(s->now.wall_ms / 1000));
    X509_VERIFY_PARAM_set_hostflags(param,
                                    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1)
        return;
    ERR_clear_error();
    X509_VERIFY_PARAM_set1_host(param, name, 0);
    /* As SSL_set_tlsext_host_name does, which drops a const aloud. */
    SSL_ctrl(s->ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             (void *)(uintptr_t)name);
}

void secure_free(struct secure *s)
{
    if (!s)
        return;
    /* A session that was not shut down would not be resumed. */
    SSL_set_shutdown(s->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(s->ssl);
    outq_fini(&s->out);
    free(s->kept);
    free(s);
}

/* ---- the handshake ---- */

/* OpenSSL wants its queue of errors empty before a call.  It nearly always is,
 * and to look costs a tenth of what it costs to empty it. */
static void clear_errors(void)
{
    if (ERR_peek_error())
        ERR_clear_error();
}

static void over(struct secure *s, const char *why)
{
    s->state = SECURE_OVER;
    s->error = why;
    s->deadline_us = NEVER;
    ERR_clear_error();
}

static void arm(struct secure *s)
{
    struct timeval left;

    s->deadline_us = NEVER;
    if (s->datagram && DTLSv1_get_timeout(s->ssl, &left))
        s->deadline_us = s->now.mono_us + (uint64_t)left.tv_sec * 1000000 +
                         (uint64_t)left.tv_usec;
}

/* What came out of a call; true: it may be called again when there is more. */
static bool may_go_on(struct secure *s, int result)
{
    int why = SSL_get_error(s->ssl, result);

    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
        return true;
    if (why == SSL_ERROR_ZERO_RETURN)
        over(s, "closed");
    else
        over(s, secure_reason("broken off"));
    return false;
}

static void shake(struct secure *s)
{
    int result;

    ERR_clear_error();
    result = SSL_do_handshake(s->ssl);
    if (result != 1) {
        if (may_go_on(s, result))
            arm(s);
        return;
    }
    if (s->datagram && SSL_get_extms_support(s->ssl) != 1) {
        over(s, "no extended master secret"); /* RFC 7627 */
        return;
    }
    s->state = SECURE_OPEN;
    /* DTLS does not say that a connection which was resumed got a ticket. */
    if (s->datagram && !s->base->server && SSL_session_reused(s->ssl))
        secure_on_session(s->ssl, SSL_get1_session(s->ssl));
    arm(s);
}

struct secure *secure_new(struct secure_base *base, bool datagram,
                          const char *name, struct now now)
{
    struct secure *s = secure_make(base, datagram, now);

    if (name)
        set_name(s, name);
    if (!base->server && base->sessions[datagram]) {
        SSL_set_session(s->ssl, base->sessions[datagram]);
        SSL_SESSION_free(base->sessions[datagram]); /* once: RFC 8446, C.4 */
        base->sessions[datagram] = NULL;
    }
    if (!base->server)
        shake(s); /* the first flight is ours */
    return s;
}

enum secure_state secure_state(const struct secure *s)
{
    return s->state;
}

const char *secure_error(const struct secure *s)
{
    return s->error;
}

/* ---- inward ---- */

/* The least payload of an encrypted record: nonce and tag. */
static size_t least_payload(const struct secure *s)
{
    const SSL_CIPHER *suite = SSL_get_current_cipher(s->ssl);

    return suite && SSL_CIPHER_get_cipher_nid(suite) == NID_chacha20_poly1305
               ? 16
               : 24;
}

/*
 * Whether a datagram is whole records.  OpenSSL ends the connection over an
 * encrypted record that is too short for its tag, and anybody can send one.
 */
static bool is_whole(const struct secure *s, struct str datagram)
{
    while (datagram.len > 0) {
        const uint8_t *p = (const uint8_t *)datagram.ptr;
        size_t len;

        if (datagram.len < RECORD_HEAD)
            return false;
        len = (size_t)p[11] << 8 | p[12];
        if (p[0] < SSL3_RT_CHANGE_CIPHER_SPEC ||
            p[0] > SSL3_RT_APPLICATION_DATA || len == 0 ||
            len > datagram.len - RECORD_HEAD ||
            ((p[3] || p[4]) && len < least_payload(s)))
            return false;
        datagram = str_from(datagram, RECORD_HEAD + len);
    }
    return true;
}

void secure_feed(struct secure *s, struct str bytes)
{
    uint8_t *joined;

    if (s->datagram && !is_whole(s, bytes))
        return;
    if (!s->kept) {
        s->fed = bytes;
        return;
    }
    joined = mem_new(1, s->fed.len + bytes.len);
    memcpy(joined, s->fed.ptr, s->fed.len);
    memcpy(joined + s->fed.len, bytes.ptr, bytes.len);
    s->fed = str_bytes(joined, s->fed.len + bytes.len);
    free(s->kept);
    s->kept = joined;
}

/* All has been consumed. */
static void forget_fed(struct secure *s)
{
    free(s->kept);
    s->kept = NULL;
    s->fed = str_of(NULL);
}

int secure_read(struct secure *s, uint8_t *out, size_t cap, struct now now)
{
    int n;

    s->now = now;
    if (s->state == SECURE_SHAKING)
        shake(s);
    if (s->state == SECURE_OVER)
        return -ERROR_SECURITY;
    if (s->state == SECURE_SHAKING) {
        forget_fed(s);
        return 0;
    }
    if (!s->settled || s->fed.len > 0 || SSL_has_pending(s->ssl)) {
        clear_errors();
        n = SSL_read(s->ssl, out, (int)cap);
        if (n > 0)
            return n;
        if (!may_go_on(s, n))
            return -ERROR_SECURITY;
        s->settled = true;
    }
    arm(s);
    forget_fed(s);
    return 0;
}

void secure_keep(struct secure *s)
{
    if (s->kept || s->fed.len == 0)
        return;
    s->kept = mem_new(1, s->fed.len);
    memcpy(s->kept, s->fed.ptr, s->fed.len);
    s->fed.ptr = (const char *)s->kept;
}

size_t secure_pending(const struct secure *s)
{
    return s->fed.len + (size_t)SSL_pending(s->ssl);
}

/* ---- outward ---- */

/* DTLS does not make its write buffer again by itself. */
static bool write_record(struct secure *s, struct str bytes)
{
    clear_errors();
    if (s->datagram)
        SSL_alloc_buffers(s->ssl);
    if (SSL_write(s->ssl, bytes.ptr, (int)bytes.len) > 0)
        return true;
    over(s, secure_reason("cannot be written to"));
    return false;
}

void secure_write(struct secure *s, struct str bytes)
{
    assert(s->state == SECURE_OPEN && bytes.len <= RECORD_MAX);
    write_record(s, bytes);
}

size_t secure_spans(const struct secure *s, struct str *spans, size_t max)
{
    return outq_spans(&s->out, spans, max);
}

void secure_sent(struct secure *s, size_t n)
{
    outq_drop(&s->out, n);
}

size_t secure_queued(const struct secure *s)
{
    return s->out.bytes;
}

size_t secure_datagram(struct secure *s, uint8_t *out, size_t cap)
{
    struct str span;

    if (outq_spans(&s->out, &span, 1) == 0)
        return 0;
    if (span.len <= cap)
        memcpy(out, span.ptr, span.len);
    outq_drop(&s->out, span.len);
    return span.len <= cap ? span.len : 0;
}

size_t secure_seal(struct secure *s, struct str packet, uint8_t *out,
                   size_t cap)
{
    if (s->state != SECURE_OPEN)
        return 0;
    s->direct = out;
    s->direct_cap = cap;
    s->direct_len = 0;
    write_record(s, packet);
    s->direct = NULL;
    return s->direct_len;
}

void secure_close(struct secure *s)
{
    if (s->state != SECURE_OPEN)
        return;
    ERR_clear_error();
    if (s->datagram)
        SSL_alloc_buffers(s->ssl);
    SSL_shutdown(s->ssl);
    ERR_clear_error();
}

/* ---- time ---- */

uint64_t secure_deadline(const struct secure *s)
{
    return s->deadline_us;
}

void secure_tick(struct secure *s, struct now now)
{
    s->now = now;
    if (s->state == SECURE_OVER || now.mono_us < s->deadline_us)
        return;
    ERR_clear_error();
    if (DTLSv1_handle_timeout(s->ssl) < 0)
        over(s, secure_reason("no answer"));
    else
        arm(s);
}

void secure_rest(struct secure *s)
{
    if (s->datagram && s->state == SECURE_OPEN && !SSL_pending(s->ssl))
        SSL_free_buffers(s->ssl);
}

/* ---- the peer ---- */

static enum vouched vouched(const SSL *ssl)
{
    switch (SSL_get_verify_result(ssl)) {
    case X509_V_OK: return VOUCHED;
    case X509_V_ERR_CERT_NOT_YET_VALID:
    case X509_V_ERR_CERT_HAS_EXPIRED: return VOUCHED_EXPIRED;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return VOUCHED_OTHERWISE;
    default: return VOUCHED_NOT;
    }
}

/* The key that the peer proved, now or when it got its ticket. */
static bool peer_key(const SSL *ssl, struct fingerprint *key)
{
    const X509 *cert = SSL_get0_peer_certificate(ssl);
    void *kept;
    size_t len;

    if (cert)
        return secure_pem_fingerprint(cert, key);
    SSL_SESSION_get0_ticket_appdata(SSL_get_session(ssl), &kept, &len);
    if (len != sizeof *key)
        return false;
    memcpy(key, kept, sizeof *key);
    return true;
}

struct secure_peer secure_peer(const struct secure *s)
{
    const X509 *cert = SSL_get0_peer_certificate(s->ssl);
    struct secure_peer peer = {
        .vouched = cert ? vouched(s->ssl) : VOUCHED_NOT,
        .resumed = SSL_session_reused(s->ssl),
        .version = SSL_get_version(s->ssl),
        .suite = SSL_get_cipher_name(s->ssl),
    };

    peer.has_key = peer_key(s->ssl, &peer.key);
    return peer;
}

uint64_t secure_record(struct str datagram)
{
    const uint8_t *p = (const uint8_t *)datagram.ptr;
    uint64_t number = 0;

    if (datagram.len <= RECORD_HEAD || p[0] != SSL3_RT_APPLICATION_DATA ||
        datagram.len != RECORD_HEAD + ((size_t)p[11] << 8 | p[12]))
        return 0;
    for (int i = 0; i < 8; i++)
        number = number << 8 | p[RECORD_SEQ + i];
    return number;
}
