/* SPDX-License-Identifier: MIT
 *
 * Counts by key; see tally.h.
 */
#include "server/tally.h"

#include <assert.h>
#include <stdlib.h>

#include "shared/mem.h"

struct tally_count {
    uint64_t n;
    char key[TALLY_KEY_MAX];
};

void tally_init(struct tally *tally, const uint64_t secret[2])
{
    map_init(&tally->counts, secret);
}

void tally_fini(struct tally *tally)
{
    size_t at = 0;
    void *count;

    while ((count = map_each(&tally->counts, &at)))
        free(count);
    map_fini(&tally->counts);
}

uint64_t tally_of(const struct tally *tally, struct str key)
{
    const struct tally_count *count = map_get(&tally->counts, key);

    return count ? count->n : 0;
}

void tally_add(struct tally *tally, struct str key)
{
    struct tally_count *count = map_get(&tally->counts, key);

    if (!count) {
        assert(key.len > 0 && key.len <= TALLY_KEY_MAX);
        count = mem_new(1, sizeof *count);
        memcpy(count->key, key.ptr, key.len);
        map_put(&tally->counts, str_bytes(count->key, key.len), count);
    }
    count->n++;
}

void tally_drop(struct tally *tally, struct str key)
{
    struct tally_count *count = map_get(&tally->counts, key);

    assert(count);
    if (--count->n == 0)
        free(map_take(&tally->counts, key));
}
