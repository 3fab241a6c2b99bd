/* SPDX-License-Identifier: MIT
 *
 * Keys of an account; see credential.h.
 */
#include "server/credential.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/hex.h"
#include "shared/mem.h"
#include "shared/text.h"

void credentials_free(struct credentials *all)
{
    free(all->keys);
    *all = (struct credentials){ 0 };
}

struct credential *credential_of(const struct credentials *all,
                                 const struct fingerprint *key)
{
    for (size_t i = 0; i < all->n; i++) {
        if (fingerprint_equal(&all->keys[i].key, key))
            return &all->keys[i];
    }
    return NULL;
}

/* Where one more can stand: at the end, or where the oldest revoked one is. */
static struct credential *place(struct credentials *all)
{
    struct credential *oldest = NULL;
    void *keys = all->keys;

    if (all->n < KEYS_MAX) {
        mem_grow(&keys, &all->cap, all->n + 1, sizeof *all->keys);
        all->keys = keys;
        return &all->keys[all->n++];
    }
    assert(all->keys);
    for (size_t i = 0; i < all->n; i++) {
        struct credential *one = &all->keys[i];

        if (one->revoked && (!oldest || one->seen < oldest->seen))
            oldest = one;
    }
    return oldest;
}

struct credential *credential_add(struct credentials *all,
                                  const struct fingerprint *key,
                                  struct str label)
{
    struct credential *one = credential_of(all, key);

    if (one && !one->revoked)
        return one;
    if (!one)
        one = place(all);
    if (!one)
        return NULL;
    *one = (struct credential){ .key = *key };
    snprintf(one->label, sizeof one->label, "%.*s",
             STR_ARG(text_cut(label, LABEL_MAX)));
    all->n_good++;
    return one;
}

void credential_revoke(struct credentials *all, struct credential *one)
{
    all->n_good -= !one->revoked;
    one->revoked = true;
}

/* ---- as text ---- */

void credential_text(const struct fingerprint *key, char out[KEY_HEX])
{
    hex_text(str_bytes(key->bytes, sizeof key->bytes), out);
}

bool credential_parse(struct fingerprint *key, struct str text)
{
    return hex_parse(text, key->bytes, sizeof key->bytes);
}
