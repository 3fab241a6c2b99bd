/* SPDX-License-Identifier: MIT
 *
 * What the connections of one end have in common: contexts, and the answer to
 * strangers; see secure.h.
 */
#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "shared/mem.h"
#include "shared/secure_impl.h"

enum {
    CHAIN_MAX = 16 * 1024, /* bytes of certificates taken from a peer */
    TICKETS = 1            /* sent after a handshake */
};

static const uint64_t COOKIE_US = UINT64_C(60) * 1000000;
static const uint64_t TICKET_US = UINT64_C(3600) * 1000000;

/* Authenticated encryption and fresh keys only. */
static const char SUITES_TLS[] = "TLS_AES_128_GCM_SHA256:"
                                 "TLS_CHACHA20_POLY1305_SHA256:"
                                 "TLS_AES_256_GCM_SHA384";
static const char SUITES_DTLS[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-RSA-AES256-GCM-SHA384";

/* P-256 as well: without it a P-256 certificate is refused over DTLS. */
static const char GROUPS[] = "X25519:P-256";

static const unsigned char SESSION_ID_CONTEXT[] = "chat";

const char *secure_reason(const char *otherwise)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());

    ERR_clear_error();
    return reason ? reason : otherwise;
}

/* ---- contexts ---- */

int secure_on_session(SSL *ssl, SSL_SESSION *session)
{
    struct secure *s = secure_of(ssl);
    SSL_SESSION **place = &s->base->sessions[s->datagram];

    SSL_SESSION_free(*place);
    *place = session;
    return 1; /* ours now */
}

/* Judged later, by whoever knows what the person trusts. */
static int on_verify(X509_STORE_CTX *store, void *arg)
{
    SSL *ssl =
        X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());

    (void)arg;
    if (!SSL_is_server(ssl))
        X509_verify_cert(store);
    return 1;
}

static void set_server(SSL_CTX *ctx)
{
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(ctx, TICKETS);
    SSL_CTX_set_session_id_context(ctx, SESSION_ID_CONTEXT,
                                   sizeof SESSION_ID_CONTEXT - 1);
    secure_ticket_use(ctx);
    SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE |
                                 SSL_OP_PRIORITIZE_CHACHA);
}

static void set_client(SSL_CTX *ctx)
{
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT |
                                            SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ctx, secure_on_session);
}

static SSL_CTX *make_context(bool server, bool datagram)
{
    int version = datagram ? DTLS1_2_VERSION : TLS1_3_VERSION;
    SSL_CTX *ctx = SSL_CTX_new(datagram ? DTLS_method() : TLS_method());

    if (!ctx || !SSL_CTX_set_min_proto_version(ctx, version) ||
        !SSL_CTX_set_max_proto_version(ctx, version) ||
        !SSL_CTX_set_cipher_list(ctx, SUITES_DTLS) ||
        !SSL_CTX_set_ciphersuites(ctx, SUITES_TLS) ||
        !SSL_CTX_ctrl(ctx, SSL_CTRL_SET_GROUPS_LIST, 0,
                      (void *)(uintptr_t)GROUPS)) {
        SSL_CTX_free(ctx);
        return NULL;
    }
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_NO_QUERY_MTU | SSL_OP_COOKIE_EXCHANGE);
    if (!server || !datagram)
        SSL_CTX_clear_options(ctx, SSL_OP_COOKIE_EXCHANGE);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_max_cert_list(ctx, CHAIN_MAX);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(ctx, on_verify, NULL);
    if (server)
        set_server(ctx);
    else
        set_client(ctx);
    return ctx;
}

/* ---- the own key ---- */

static BIO *open_text(struct str text)
{
    return BIO_new_mem_buf(text.ptr, (int)text.len);
}

static bool use_key(SSL_CTX *ctx, struct str text)
{
    BIO *bio = open_text(text);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, secure_no_phrase, NULL);
    bool good = key && SSL_CTX_use_PrivateKey(ctx, key) == 1 &&
                SSL_CTX_check_private_key(ctx) == 1;

    EVP_PKEY_free(key);
    BIO_free(bio);
    return good;
}

/* The leaf first, then what leads from it to an authority. */
static bool use_chain(SSL_CTX *ctx, struct str text)
{
    BIO *bio = open_text(text);
    X509 *cert = PEM_read_bio_X509(bio, NULL, secure_no_phrase, NULL);
    bool good = cert && SSL_CTX_use_certificate(ctx, cert) == 1;

    X509_free(cert);
    while (good &&
           (cert = PEM_read_bio_X509(bio, NULL, secure_no_phrase, NULL))) {
        good = SSL_CTX_add1_chain_cert(ctx, cert) == 1;
        X509_free(cert);
    }
    ERR_clear_error(); /* the end of the text is one */
    BIO_free(bio);
    return good;
}

static bool use_identity(SSL_CTX *ctx, struct str key, struct str chain,
                         char *error, size_t cap)
{
    const char *what = "certificate", *why;

    ERR_clear_error();
    if (use_chain(ctx, chain)) {
        what = "key";
        if (use_key(ctx, key))
            return true;
    }
    why = secure_reason("not PEM");
    snprintf(error, cap, "the %s cannot be used: %s", what, why);
    return false;
}

/* One store for both contexts: the system's roots are many. */
static bool use_roots(struct secure_base *base, struct str text, char *error,
                      size_t cap)
{
    X509_STORE *store = SSL_CTX_get_cert_store(base->stream);
    BIO *bio;
    X509 *cert;
    unsigned n = 0;

    SSL_CTX_set1_cert_store(base->datagram, store);
    if (text.len == 0)
        return X509_STORE_set_default_paths(store) == 1;
    bio = open_text(text);
    while ((cert = PEM_read_bio_X509(bio, NULL, secure_no_phrase, NULL))) {
        n += X509_STORE_add_cert(store, cert) == 1;
        X509_free(cert);
    }
    BIO_free(bio);
    ERR_clear_error();
    if (n == 0)
        snprintf(error, cap, "no certificate of an authority is in it");
    return n > 0;
}

/* ---- life ---- */

/* Both contexts of a base, made anew. */
static bool make_contexts(struct secure_base *base, struct str key,
                          struct str chain, char *error, size_t cap)
{
    SSL_CTX *made[2];
    bool good = true;

    snprintf(error, cap, "the encryption library cannot be used");
    for (int i = 0; i < 2; i++) {
        made[i] = good ? make_context(base->server, i) : NULL;
        good = made[i] && (chain.len == 0 ||
                           use_identity(made[i], key, chain, error, cap));
    }
    if (good) {
        SSL_CTX_free(base->stream);
        SSL_CTX_free(base->datagram);
        base->stream = made[0];
        base->datagram = made[1];
        if (chain.len)
            secure_pem_fingerprint(SSL_CTX_get0_certificate(made[0]),
                                   &base->key);
    } else {
        SSL_CTX_free(made[0]);
        SSL_CTX_free(made[1]);
    }
    return good;
}

struct secure_base *secure_base_new(const struct secure_config *config,
                                    char *error, size_t cap)
{
    struct secure_base *base = mem_new(1, sizeof *base);

    base->server = config->server;
    base->cookies.since_us = base->tickets.since_us = NEVER;
    base->cookies.period_us = COOKIE_US;
    base->tickets.period_us = TICKET_US;
    base->wire = secure_wire();
    base->hmac = secure_ticket_hmac();
    base->nobody = BIO_ADDR_new();
    if (!make_contexts(base, config->key, config->chain, error, cap) ||
        (!config->server && !use_roots(base, config->roots, error, cap))) {
        secure_base_free(base);
        return NULL;
    }
    return base;
}

void secure_base_free(struct secure_base *base)
{
    if (!base)
        return;
    secure_free(base->standby);
    SSL_SESSION_free(base->sessions[0]);
    SSL_SESSION_free(base->sessions[1]);
    SSL_CTX_free(base->stream);
    SSL_CTX_free(base->datagram);
    EVP_MAC_CTX_free(base->hmac);
    BIO_ADDR_free(base->nobody);
    BIO_meth_free(base->wire);
    OPENSSL_cleanse(base, sizeof *base);
    free(base);
}

bool secure_base_renew(struct secure_base *base, struct str key,
                       struct str chain, char *error, size_t cap)
{
    if (!make_contexts(base, key, chain, error, cap))
        return false;
    secure_free(base->standby);
    base->standby = NULL;
    return true;
}

struct fingerprint secure_base_fingerprint(const struct secure_base *base)
{
    return base->key;
}

uint64_t secure_base_expires(const struct secure_base *base)
{
    const X509 *cert = SSL_CTX_get0_certificate(base->stream);
    ASN1_TIME *epoch = cert ? ASN1_TIME_set(NULL, 0) : NULL;
    int days = 0, seconds = 0;

    if (epoch)
        ASN1_TIME_diff(&days, &seconds, epoch, X509_get0_notAfter(cert));
    ASN1_TIME_free(epoch);
    return days < 0 ? 0 : (uint64_t)days * 86400 + (uint64_t)seconds;
}

/* ---- strangers ---- */

static void set_from(struct secure *s, struct str from)
{
    s->from_len = from.len < sizeof s->from ? from.len : sizeof s->from;
    memcpy(s->from, from.ptr, s->from_len);
}

/* NOLINTNEXTLINE(readability-function-size): a question and its answer */
enum hello secure_hello(struct secure_base *base, struct str datagram,
                        struct str from, uint8_t *reply, size_t *len,
                        struct now now)
{
    struct secure *s;
    int got;

    *len = 0;
    secrets_turn(&base->cookies, now);
    if (!base->standby)
        base->standby = secure_make(base, true, now);
    s = base->standby;
    s->now = now;
    set_from(s, from);
    secure_feed(s, datagram);
    if (s->fed.len == 0)
        return HELLO_BAD;
    s->direct = reply;
    s->direct_cap = datagram.len < DATAGRAM_MAX ? datagram.len : DATAGRAM_MAX;
    s->direct_len = 0;
    ERR_clear_error();
    got = DTLSv1_listen(s->ssl, base->nobody);
    ERR_clear_error();
    *len = s->direct_len;
    s->direct = NULL;
    if (got == 1)
        return HELLO_GOOD;
    s->fed = str_of(NULL);
    return *len ? HELLO_COOKIE : HELLO_BAD;
}

struct secure *secure_accept(struct secure_base *base, struct now now)
{
    struct secure *s = base->standby;

    base->standby = NULL;
    s->now = now;
    return s;
}
