/* SPDX-License-Identifier: MIT
 *
 * Counters of devices; see counters.h.
 */
#include "server/counters.h"

#include <stdlib.h>

#include "shared/mem.h"

struct row {
    uint64_t key[2]; /* account, device */
    struct store_device device;
};

void counters_init(struct counters *counters, const uint64_t secret[2])
{
    map_init(&counters->devices, secret);
}

void counters_fini(struct counters *counters)
{
    size_t at = 0;
    void *row;

    while ((row = map_each(&counters->devices, &at)))
        free(row);
    map_fini(&counters->devices);
}

static struct row *find(const struct counters *counters, uint64_t account,
                        uint64_t device)
{
    uint64_t key[2] = { account, device };

    return map_get(&counters->devices, str_bytes(key, sizeof key));
}

const struct store_device *counters_find(const struct counters *counters,
                                         uint64_t account, uint64_t device)
{
    const struct row *row = find(counters, account, device);

    return row ? &row->device : NULL;
}

static struct row *add(struct counters *counters, uint64_t account,
                       uint64_t device)
{
    struct row *row = mem_new(1, sizeof *row);

    row->key[0] = account;
    row->key[1] = device;
    map_put(&counters->devices, str_bytes(row->key, sizeof row->key), row);
    return row;
}

void counters_note(struct counters *counters, uint64_t account, uint64_t device,
                   uint64_t cseq, unsigned error)
{
    struct row *row = find(counters, account, device);
    size_t i = cseq % REFUSED_MAX;

    if (!row)
        row = add(counters, account, device);
    if (cseq > row->device.last_cseq)
        row->device.last_cseq = cseq;
    if (error) {
        row->device.refused[i].cseq = cseq;
        row->device.refused[i].error = error;
    }
}

void counters_drop(struct counters *counters, uint64_t account, uint64_t device)
{
    uint64_t key[2] = { account, device };

    free(map_take(&counters->devices, str_bytes(key, sizeof key)));
}
