/* SPDX-License-Identifier: MIT
 *
 * What is kept of a secret; see secure_hash.h.
 */
#include "shared/secure_hash.h"
#include "shared/hex.h"

#include <openssl/evp.h>

#include "shared/mem.h"

void secure_hash(struct str secret, char out[SECURE_HASH_TEXT])
{
    unsigned char bytes[32];

    if (!EVP_Digest(secret.ptr, secret.len, bytes, NULL, EVP_sha256(), NULL))
        mem_fail();
    hex_text(str_bytes(bytes, sizeof bytes), out);
}
