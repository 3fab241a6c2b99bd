/* SPDX-License-Identifier: MIT
 *
 * Keys and certificates, as text, and their fingerprints; a part of secure.h.
 */
#ifndef SHARED_SECURE_PEM_H
#define SHARED_SECURE_PEM_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/now.h"
#include "shared/str.h"

enum {
    FINGERPRINT_LEN = 32,  /* bytes */
    FINGERPRINT_TEXT = 51, /* "SHA256:", 43 of base64, NUL: as ssh shows it */
    PEM_MAX = 64 * 1024    /* bytes of a key or a chain that is read */
};

/* SHA-256 of a key's SubjectPublicKeyInfo (RFC 7469, section 2.4). */
struct fingerprint {
    uint8_t bytes[FINGERPRINT_LEN];
};

bool fingerprint_equal(const struct fingerprint *, const struct fingerprint *);

/* As people compare it: "SHA256:...". */
void fingerprint_text(const struct fingerprint *, char out[FINGERPRINT_TEXT]);

/* The other way; false when it is none. */
bool fingerprint_parse(struct fingerprint *, struct str text);

/* A private key and the certificates for it, in PEM; owned strings. */
struct secure_pem {
    char *key, *chain;
};

/*
 * Make a P-256 key and a certificate for it that is its own authority.
 *   name     goes into the certificate; 1..64 bytes
 *   returns  false when the system has no randomness
 */
bool secure_pem_make(struct secure_pem *, const char *name, struct now);

/*
 * A new certificate, the same way, for the key that is in it.
 *   returns  false when that is no key; then all stays as it was
 */
bool secure_pem_certify(struct secure_pem *, const char *name, struct now);

void secure_pem_free(struct secure_pem *);

#endif
