/* SPDX-License-Identifier: MIT
 *
 * Keys and certificates; see secure_pem.h.
 */
#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "shared/mem.h"
#include "shared/secure_impl.h"

/* What has no end (RFC 5280, section 4.1.2.5): people compare the key. */
static const char NEVER_EXPIRES[] = "99991231235959Z";

/* A clock that is behind must not call a new certificate one of tomorrow. */
static const long BEFORE_S = -24L * 3600;

/* ---- fingerprints ---- */

bool fingerprint_equal(const struct fingerprint *a, const struct fingerprint *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static const char PREFIX[] = "SHA256:";

void fingerprint_text(const struct fingerprint *print,
                      char out[FINGERPRINT_TEXT])
{
    unsigned char base64[4 * ((FINGERPRINT_LEN + 2) / 3) + 1];

    EVP_EncodeBlock(base64, print->bytes, FINGERPRINT_LEN);
    snprintf(out, FINGERPRINT_TEXT, "%s%.43s", PREFIX, (const char *)base64);
}

bool fingerprint_parse(struct fingerprint *print, struct str text)
{
    unsigned char base64[44], bytes[33];
    size_t prefix = sizeof PREFIX - 1;
    char again[FINGERPRINT_TEXT];

    if (text.len != FINGERPRINT_TEXT - 1 || !str_starts(text, str_of(PREFIX)))
        return false;
    memcpy(base64, text.ptr + prefix, text.len - prefix);
    base64[43] = '=';
    if (EVP_DecodeBlock(bytes, base64, sizeof base64) < 0)
        return false;
    memcpy(print->bytes, bytes, FINGERPRINT_LEN);
    fingerprint_text(print, again); /* one form only */
    return str_is(text, again);
}

bool secure_pem_fingerprint(const X509 *cert, struct fingerprint *print)
{
    uint8_t *der = NULL;
    X509_PUBKEY *key = X509_get_X509_PUBKEY(cert);
    int len = i2d_X509_PUBKEY(key, &der);
    bool good = len > 0 && EVP_Digest(der, (size_t)len, print->bytes, NULL,
                                      EVP_sha256(), NULL) == 1;

    OPENSSL_free(der);
    return good;
}

/* ---- making ---- */

static bool add_extension(X509 *cert, int nid, const char *value)
{
    X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    bool good = ext && X509_add_ext(cert, ext, -1) == 1;

    X509_EXTENSION_free(ext);
    return good;
}

static bool set_names(X509 *cert, const char *name)
{
    X509_NAME *subject = X509_get_subject_name(cert);
    const unsigned char *bytes = (const unsigned char *)name;

    return X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, bytes, -1,
                                      -1, 0) == 1 &&
           X509_set_issuer_name(cert, subject) == 1;
}

static bool set_serial(X509 *cert)
{
    unsigned char bytes[16];
    ASN1_INTEGER *serial = X509_get_serialNumber(cert);
    BIGNUM *number;
    bool good = RAND_bytes(bytes, sizeof bytes) == 1;

    bytes[0] &= 0x7f;
    bytes[0] |= 0x40;
    number = BN_bin2bn(bytes, sizeof bytes, NULL);
    good = good && number && BN_to_ASN1_INTEGER(number, serial);
    BN_free(number);
    return good;
}

static X509 *make_certificate(EVP_PKEY *key, const char *name, struct now now)
{
    time_t wall = (time_t)(now.wall_ms / 1000);
    X509 *cert = X509_new();

    if (cert && X509_set_version(cert, X509_VERSION_3) == 1 &&
        set_serial(cert) && set_names(cert, name) &&
        X509_time_adj_ex(X509_getm_notBefore(cert), 0, BEFORE_S, &wall) &&
        ASN1_TIME_set_string_X509(X509_getm_notAfter(cert), NEVER_EXPIRES) &&
        X509_set_pubkey(cert, key) == 1 &&
        add_extension(cert, NID_basic_constraints, "critical,CA:FALSE") &&
        add_extension(cert, NID_key_usage, "critical,digitalSignature") &&
        X509_sign(cert, key, EVP_sha256()) > 0)
        return cert;
    X509_free(cert);
    return NULL;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): as OpenSSL calls it */
int secure_no_phrase(char *out, int cap, int writing, void *arg)
{
    (void)out, (void)cap, (void)writing, (void)arg;
    return -1;
}

/* What was written into a memory BIO, as a string. */
static char *take_text(BIO *bio)
{
    char *bytes;
    long len = BIO_get_mem_data(bio, &bytes);

    return mem_str(str_bytes(bytes, (size_t)len));
}

static bool write_key(struct secure_pem *pem, EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    bool good = bio && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0,
                                                     NULL, NULL) == 1;

    if (good)
        pem->key = take_text(bio);
    BIO_free(bio);
    return good;
}

static bool write_chain(struct secure_pem *pem, EVP_PKEY *key, const char *name,
                        struct now now)
{
    X509 *cert = make_certificate(key, name, now);
    BIO *bio = BIO_new(BIO_s_mem());
    bool good = cert && bio && PEM_write_bio_X509(bio, cert) == 1;

    if (good) {
        free(pem->chain);
        pem->chain = take_text(bio);
    }
    BIO_free(bio);
    X509_free(cert);
    return good;
}

bool secure_pem_make(struct secure_pem *pem, const char *name, struct now now)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    bool good;

    *pem = (struct secure_pem){ NULL, NULL };
    good = key && write_key(pem, key) && write_chain(pem, key, name, now);
    if (!good)
        secure_pem_free(pem);
    EVP_PKEY_free(key);
    return good;
}

bool secure_pem_certify(struct secure_pem *pem, const char *name,
                        struct now now)
{
    BIO *bio = BIO_new_mem_buf(pem->key, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, secure_no_phrase, NULL);
    bool good = key && write_chain(pem, key, name, now);

    ERR_clear_error();
    EVP_PKEY_free(key);
    BIO_free(bio);
    return good;
}

void secure_pem_free(struct secure_pem *pem)
{
    if (pem->key)
        OPENSSL_cleanse(pem->key, strlen(pem->key));
    free(pem->key);
    free(pem->chain);
    *pem = (struct secure_pem){ NULL, NULL };
}
