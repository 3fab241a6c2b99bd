/* SPDX-License-Identifier: MIT
 *
 * What a server gives away to get it back: cookies and tickets, made with
 * secrets that are replaced by time; see secure_impl.h.
 */
#include <openssl/core_names.h>
#include <openssl/rand.h>

#include "shared/mem.h"
#include "shared/secure_impl.h"

enum { SESSION_PEER = 3 }; /* tag of the certificate in a session's DER */

/* ---- secrets ---- */

static void make_secret(struct secret *secret)
{
    RAND_bytes(secret->name, sizeof secret->name);
    RAND_bytes(secret->cipher, sizeof secret->cipher);
    RAND_bytes(secret->mac, sizeof secret->mac);
}

void secrets_turn(struct secrets *secrets, struct now now)
{
    if (secrets->since_us != NEVER &&
        now.mono_us - secrets->since_us < secrets->period_us)
        return;
    if (secrets->since_us == NEVER ||
        now.mono_us - secrets->since_us >= 2 * secrets->period_us)
        make_secret(&secrets->last); /* the last one is too old as well */
    else
        secrets->last = secrets->now;
    make_secret(&secrets->now);
    secrets->since_us = now.mono_us;
}

/* ---- cookies ---- */

/* Made once: to look for HMAC and for SHA-256 takes longer than a cookie. */
EVP_MAC_CTX *secure_ticket_hmac(void)
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
                                         (char[]){ "SHA256" }, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *ctx = hmac ? EVP_MAC_CTX_new(hmac) : NULL;

    EVP_MAC_free(hmac);
    if (!ctx || !EVP_MAC_CTX_set_params(ctx, params))
        mem_fail();
    return ctx;
}

static bool make_cookie(const struct secure *s, const struct secret *secret,
                        uint8_t out[COOKIE_LEN])
{
    EVP_MAC_CTX *ctx = s->base->hmac;
    uint8_t full[32] = { 0 };
    size_t len;
    bool good = EVP_MAC_init(ctx, secret->mac, sizeof secret->mac, NULL) &&
                EVP_MAC_update(ctx, s->from, s->from_len) &&
                EVP_MAC_final(ctx, full, &len, sizeof full);

    memcpy(out, full, COOKIE_LEN);
    return good;
}

static int on_make_cookie(SSL *ssl, unsigned char *cookie, unsigned *len)
{
    const struct secure *s = secure_of(ssl);

    *len = COOKIE_LEN;
    return make_cookie(s, &s->base->cookies.now, cookie);
}

static int on_check_cookie(SSL *ssl, const unsigned char *cookie, unsigned len)
{
    const struct secure *s = secure_of(ssl);
    const struct secret *secrets[] = { &s->base->cookies.now,
                                       &s->base->cookies.last };
    uint8_t want[COOKIE_LEN];

    for (unsigned i = 0; i < 2 && len == COOKIE_LEN; i++)
        if (make_cookie(s, secrets[i], want) &&
            CRYPTO_memcmp(want, cookie, COOKIE_LEN) == 0)
            return 1;
    return 0;
}

/* ---- tickets ---- */

static int use_secret(const struct secret *secret, unsigned char *iv,
                      EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int encrypt)
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY,
                                          (void *)(uintptr_t)secret->mac,
                                          sizeof secret->mac),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
                                         (char[]){ "SHA256" }, 0),
        OSSL_PARAM_construct_end(),
    };

    return EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, secret->cipher,
                             iv, encrypt) == 1 &&
           EVP_MAC_CTX_set_params(mac, params) == 1;
}

/*
 *   returns  1: done; 2: done, and the client gets another ticket; 0: not ours.
 *            Over TLS each is for once; over DTLS all can see them anyway, and
 *            another one made with the same secret would last no longer.
 */
/* NOLINTNEXTLINE(readability-function-size): as OpenSSL calls it */
static int on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv,
                     EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int encrypt)
{
    struct secure *s = secure_of(ssl);
    struct secrets *tickets = &s->base->tickets;

    secrets_turn(tickets, s->now);
    if (encrypt) {
        memcpy(name, tickets->now.name, TICKET_NAME);
        if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1 ||
            !use_secret(&tickets->now, iv, cipher, mac, 1))
            return -1;
        return 1;
    }
    if (memcmp(name, tickets->now.name, TICKET_NAME) == 0)
        return use_secret(&tickets->now, iv, cipher, mac, 0) ? 1 + !s->datagram
                                                             : -1;
    if (memcmp(name, tickets->last.name, TICKET_NAME) == 0)
        return use_secret(&tickets->last, iv, cipher, mac, 0) ? 2 : -1;
    return 0;
}

/*
 * Take the peer's certificate out of a session, which OpenSSL can do only by
 * way of the session's DER: what is decoded into a session replaces all of it.
 */
static bool drop_peer(SSL_SESSION *session)
{
    uint8_t *der = NULL, *head;
    int len = i2d_SSL_SESSION(session, &der), class, tag;
    const uint8_t *p = der, *end = der + len, *body;
    long part;
    bool good;

    ASN1_get_object(&p, &part, &tag, &class, len);
    for (body = p; p < end; p += part) {
        uint8_t *start = der + (p - der);

        ASN1_get_object(&p, &part, &tag, &class, end - p);
        if (tag == SESSION_PEER && class == V_ASN1_CONTEXT_SPECIFIC) {
            memmove(start, p + part, (size_t)(end - p - part));
            end -= p + part - start;
            break;
        }
    }
    len = ASN1_object_size(1, (int)(end - body), V_ASN1_SEQUENCE);
    p = head = der + (end - der) - len;
    ASN1_put_object(&head, 1, (int)(end - body), V_ASN1_SEQUENCE,
                    V_ASN1_UNIVERSAL);
    good = d2i_SSL_SESSION(&session, &p, len) == session;
    OPENSSL_free(der);
    return good;
}

/*
 * A ticket is made of the session.  The client's certificate would be decoded
 * when it is made and whenever it is used, and that costs more than all the
 * rest: the fingerprint is enough.
 */
static int on_new_ticket(SSL *ssl, void *arg)
{
    SSL_SESSION *session = SSL_get_session(ssl);
    const X509 *cert = SSL_get0_peer_certificate(ssl);
    struct fingerprint key;

    (void)arg;
    return !cert ||
           (secure_pem_fingerprint(cert, &key) &&
            SSL_SESSION_set1_ticket_appdata(session, &key, sizeof key) == 1 &&
            drop_peer(session));
}

void secure_ticket_use(SSL_CTX *ctx)
{
    SSL_CTX_set_cookie_generate_cb(ctx, on_make_cookie);
    SSL_CTX_set_cookie_verify_cb(ctx, on_check_cookie);
    SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, on_ticket);
    SSL_CTX_set_session_ticket_cb(ctx, on_new_ticket, NULL, NULL);
}
