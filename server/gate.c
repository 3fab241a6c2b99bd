/* SPDX-License-Identifier: MIT
 *
 * Connections per address; see gate.h.  New ones are counted in windows of
 * ten minutes; the end of a window forgets every address without a connection,
 * and a window that saw very many addresses ends early, so memory is bounded.
 */
#include "server/gate.h"

#include <stdlib.h>

#include "shared/limits.h"
#include "shared/mem.h"

static const uint64_t WINDOW_US = UINT64_C(600) * 1000000;

enum { ADDRESSES_MAX = 65536 }; /* beside those with a connection */

struct gate_address {
    uint64_t live, fresh;
    size_t len;
    char bytes[16];
};

void gate_init(struct gate *gate, const uint64_t secret[2])
{
    *gate = (struct gate){ 0 };
    map_init(&gate->addresses, secret);
}

void gate_fini(struct gate *gate)
{
    size_t at = 0;
    void *address;

    while ((address = map_each(&gate->addresses, &at)))
        free(address);
    map_fini(&gate->addresses);
}

static void put(struct map *map, struct gate_address *address)
{
    map_put(map, str_bytes(address->bytes, address->len), address);
}

static void next_window(struct gate *gate, struct now now)
{
    struct map kept;
    struct gate_address *address;
    size_t at = 0;

    map_init(&kept, gate->addresses.secret);
    while ((address = map_each(&gate->addresses, &at))) {
        address->fresh = 0;
        if (address->live)
            put(&kept, address);
        else
            free(address);
    }
    map_fini(&gate->addresses);
    gate->addresses = kept;
    gate->since_us = now.mono_us;
}

static struct gate_address *find_or_add(struct gate *gate, struct str key)
{
    struct gate_address *address = map_get(&gate->addresses, key);

    if (address)
        return address;
    address = mem_new(1, sizeof *address);
    address->len =
        key.len < sizeof address->bytes ? key.len : sizeof address->bytes;
    memcpy(address->bytes, key.ptr, address->len);
    put(&gate->addresses, address);
    return address;
}

bool gate_enter(struct gate *gate, struct str key, const struct limits *limits,
                struct now now)
{
    struct gate_address *address;

    if (key.len == 0)
        return true;
    if (now.mono_us - gate->since_us >= WINDOW_US ||
        gate->addresses.n >= ADDRESSES_MAX + limits->value[LIMIT_SESSIONS])
        next_window(gate, now);
    address = find_or_add(gate, key);
    if (address->live >= limits->value[LIMIT_PER_ADDRESS] ||
        address->fresh >= limits->value[LIMIT_NEW_PER_ADDRESS])
        return false;
    address->live++;
    address->fresh++;
    return true;
}

void gate_leave(struct gate *gate, struct str key)
{
    struct gate_address *address;

    if (key.len == 0)
        return;
    address = map_get(&gate->addresses, key);
    if (address && address->live)
        address->live--;
}
