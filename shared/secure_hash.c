/* SPDX-License-Identifier: MIT
 *
 * What is kept of a secret; see secure_hash.h.
 */
#include "shared/secure_hash.h"

#include <openssl/evp.h>

#include "shared/mem.h"

void secure_hash(struct str secret, char out[SECURE_HASH_TEXT])
{
    static const char DIGITS[] = "0123456789abcdef";
    unsigned char bytes[32];

    if (!EVP_Digest(secret.ptr, secret.len, bytes, NULL, EVP_sha256(), NULL))
        mem_fail();
    for (size_t i = 0; i < sizeof bytes; i++) {
        out[2 * i] = DIGITS[bytes[i] >> 4];
        out[2 * i + 1] = DIGITS[bytes[i] & 15];
    }
    out[2 * sizeof bytes] = '\0';
}
