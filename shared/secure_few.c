/* SPDX-License-Identifier: MIT
 *
 * OpenSSL with few algorithms; see secure_impl.h.
 *
 * Before 3.2, OpenSSL walks through all that it has whenever it takes the key
 * out of a certificate, and that costs twice what it costs to verify with the
 * key.  So a provider of ours passes on what the default provider has, but of
 * the long lists only what a server needs.  It has the default provider's
 * context, since that is what the functions passed on expect.
 */
#include <openssl/core_dispatch.h>
#include <openssl/provider.h>

#include "shared/secure_impl.h"

enum { FEW_MAX = 8 };

/* Keys of certificates and of key exchange, ciphers of records and tickets. */
static const char *const NEEDED[] = {
    "EC",   "RSA",         "RSA-PSS",     "ED25519",           "X25519",
    "HMAC", "AES-128-GCM", "AES-256-GCM", "ChaCha20-Poly1305", "AES-256-CBC",
};

/* Asked for its algorithms, a provider has no argument that could lead to
 * them, and OpenSSL keeps pointers into the lists. */
static struct {
    OSSL_PROVIDER *whole;
    OSSL_ALGORITHM ciphers[FEW_MAX + 1], keys[FEW_MAX + 1],
        decoders[FEW_MAX + 1];
} picked;

static bool is_needed(const OSSL_ALGORITHM *algorithm)
{
    const char *names = algorithm->algorithm_names;
    size_t len = strcspn(names, ":");

    for (size_t i = 0; i < sizeof NEEDED / sizeof *NEEDED; i++)
        if (strlen(NEEDED[i]) == len && memcmp(names, NEEDED[i], len) == 0)
            return true;
    return false;
}

static void pick(int operation, const char *structure, OSSL_ALGORITHM *out)
{
    int no_cache, n = 0;
    const OSSL_ALGORITHM *all =
        OSSL_PROVIDER_query_operation(picked.whole, operation, &no_cache);

    for (; all && all->algorithm_names && n < FEW_MAX; all++)
        if (is_needed(all) && strstr(all->property_definition, structure))
            out[n++] = *all;
}

static const OSSL_ALGORITHM *on_query(void *ctx, int operation, int *no_cache)
{
    (void)ctx;
    *no_cache = 0;
    switch (operation) {
    case OSSL_OP_CIPHER: return picked.ciphers;
    case OSSL_OP_KEYMGMT: return picked.keys;
    case OSSL_OP_DECODER: return picked.decoders;
    default:
        return OSSL_PROVIDER_query_operation(picked.whole, operation, no_cache);
    }
}

static int on_capabilities(void *ctx, const char *capability,
                           OSSL_CALLBACK *each, void *arg)
{
    (void)ctx;
    return OSSL_PROVIDER_get_capabilities(picked.whole, capability, each, arg);
}

static const OSSL_DISPATCH CALLS[] = {
    { OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))on_query },
    { OSSL_FUNC_PROVIDER_GET_CAPABILITIES, (void (*)(void))on_capabilities },
    { 0, NULL },
};

static int on_load(const OSSL_CORE_HANDLE *core, const OSSL_DISPATCH *in,
                   const OSSL_DISPATCH **out, void **ctx)
{
    (void)core, (void)in;
    if (!picked.whole) {
        picked.whole = OSSL_PROVIDER_load(NULL, "default");
        if (!picked.whole)
            return 0;
        pick(OSSL_OP_CIPHER, "", picked.ciphers);
        pick(OSSL_OP_KEYMGMT, "", picked.keys);
        pick(OSSL_OP_DECODER, "input=der,structure=SubjectPublicKeyInfo",
             picked.decoders);
    }
    *out = CALLS;
    *ctx = OSSL_PROVIDER_get0_provider_ctx(picked.whole);
    return 1;
}

void secure_few_open(struct few *few)
{
    *few = (struct few){ NULL, NULL };
    if (OPENSSL_version_major() > 3 || getenv("PLAIN") ||
        OPENSSL_version_minor() >= 2)
        return;
    few->library = OSSL_LIB_CTX_new();
    if (few->library &&
        OSSL_PROVIDER_add_builtin(few->library, "chat", on_load) == 1)
        few->provider = OSSL_PROVIDER_load(few->library, "chat");
    if (!few->provider)
        secure_few_close(few);
}

void secure_few_close(struct few *few)
{
    if (few->provider)
        OSSL_PROVIDER_unload(few->provider);
    OSSL_LIB_CTX_free(few->library);
    *few = (struct few){ NULL, NULL };
}
