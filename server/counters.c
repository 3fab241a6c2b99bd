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

static void drop(struct row *row)
{
    if (row)
        free(row->device.refused);
    free(row);
}

void counters_init(struct counters *counters, const uint64_t secret[2])
{
    map_init(&counters->devices, secret);
}

void counters_fini(struct counters *counters)
{
    size_t at = 0;
    struct row *row;

    while ((row = map_each(&counters->devices, &at)))
        drop(row);
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

static bool is_remembered(const struct store_device *d, uint64_t cseq)
{
    return cseq <= d->last_cseq && d->last_cseq - cseq < REFUSED_MAX;
}

unsigned store_refused(const struct store_device *d, uint64_t cseq)
{
    if (!d || !d->refused || !is_remembered(d, cseq))
        return 0;
    return d->refused[cseq % REFUSED_MAX];
}

/* What was REFUSED_MAX commands ago makes room. */
static void move_to(struct store_device *d, uint64_t cseq)
{
    uint64_t n = cseq - d->last_cseq;

    for (uint64_t i = 0; d->refused && i < n && i < REFUSED_MAX; i++)
        d->refused[(cseq - i) % REFUSED_MAX] = 0;
    d->last_cseq = cseq;
}

void counters_note(struct counters *counters, uint64_t account, uint64_t device,
                   uint64_t cseq, unsigned error)
{
    struct row *row = find(counters, account, device);
    struct store_device *d;

    if (!row)
        row = add(counters, account, device);
    d = &row->device;
    if (cseq > d->last_cseq)
        move_to(d, cseq);
    if (!error || !is_remembered(d, cseq))
        return;
    if (!d->refused)
        d->refused = mem_new(REFUSED_MAX, sizeof *d->refused);
    d->refused[cseq % REFUSED_MAX] = (uint16_t)error;
}

void counters_drop(struct counters *counters, uint64_t account, uint64_t device)
{
    uint64_t key[2] = { account, device };

    drop(map_take(&counters->devices, str_bytes(key, sizeof key)));
}
