/* SPDX-License-Identifier: MIT
 *
 * Keyed hash table; see map.h.  The hash is SipHash-1-3.  Deletion moves the
 * rest of a probe run back, so there are no tombstones and a table that has
 * seen a million clients is as fast as a new one.
 */
#include "server/map.h"

#include <assert.h>
#include <stdlib.h>

#include "shared/mem.h"

enum { CAP_MIN = 16 };

/* ---- SipHash-1-3 ---- */

struct sip {
    uint64_t v0, v1, v2, v3;
};

static uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static void sip_round(struct sip *s)
{
    s->v0 += s->v1;
    s->v1 = rotate(s->v1, 13) ^ s->v0;
    s->v0 = rotate(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = rotate(s->v1, 17) ^ s->v2;
    s->v2 = rotate(s->v2, 32);
}

static uint64_t load(const uint8_t *p, size_t len)
{
    uint64_t word = 0;

    for (size_t i = 0; i < len; i++)
        word |= (uint64_t)p[i] << (8 * i);
    return word;
}

uint64_t map_hash(const uint64_t secret[2], struct str key)
{
    struct sip s = { secret[0] ^ 0x736f6d6570736575u,
                     secret[1] ^ 0x646f72616e646f6du,
                     secret[0] ^ 0x6c7967656e657261u,
                     secret[1] ^ 0x7465646279746573u };
    const uint8_t *p = (const uint8_t *)key.ptr;
    size_t left = key.len;

    for (;;) {
        uint64_t word =
            left >= 8 ? load(p, 8) : load(p, left) | (uint64_t)key.len << 56;

        s.v3 ^= word;
        sip_round(&s);
        s.v0 ^= word;
        if (left < 8)
            break;
        p += 8;
        left -= 8;
    }
    s.v2 ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(&s);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

/* ---- the table ---- */

void map_init(struct map *map, const uint64_t secret[2])
{
    *map = (struct map){ .secret = { secret[0], secret[1] } };
}

void map_fini(struct map *map)
{
    free(map->slots);
    map->slots = NULL;
    map->n = map->cap = 0;
}

/* The slot of a key, or the free one where it would go. */
static size_t probe(const struct map *map, uint64_t hash, struct str key)
{
    size_t i = hash & (map->cap - 1);

    while (map->slots[i].key.ptr) {
        if (map->slots[i].hash == hash && str_eq(map->slots[i].key, key))
            break;
        i = (i + 1) & (map->cap - 1);
    }
    return i;
}

static void grow(struct map *map)
{
    struct map old = *map;

    map->cap = old.cap ? old.cap * 2 : CAP_MIN;
    map->slots = mem_new(map->cap, sizeof *map->slots);
    for (size_t i = 0; i < old.cap; i++) {
        const struct map_slot *slot = &old.slots[i];

        if (slot->key.ptr)
            map->slots[probe(map, slot->hash, slot->key)] = *slot;
    }
    free(old.slots);
}

void *map_get(const struct map *map, struct str key)
{
    if (map->n == 0)
        return NULL;
    return map->slots[probe(map, map_hash(map->secret, key), key)].value;
}

void map_put(struct map *map, struct str key, void *value)
{
    uint64_t hash = map_hash(map->secret, key);
    size_t i;

    assert(key.ptr && value);
    if (map->n + map->n / 2 >= map->cap)
        grow(map);
    i = probe(map, hash, key);
    assert(!map->slots[i].key.ptr);
    map->slots[i] = (struct map_slot){ hash, key, value };
    map->n++;
}

/* Close the hole at i: whatever probed past it moves back. */
static void close_hole(struct map *map, size_t i)
{
    size_t mask = map->cap - 1;

    for (size_t j = (i + 1) & mask; map->slots[j].key.ptr; j = (j + 1) & mask) {
        size_t home = map->slots[j].hash & mask;

        if (((j - home) & mask) < ((j - i) & mask))
            continue; /* its run begins behind the hole */
        map->slots[i] = map->slots[j];
        i = j;
    }
    map->slots[i] = (struct map_slot){ 0 };
}

void *map_take(struct map *map, struct str key)
{
    void *value;
    size_t i;

    if (map->n == 0)
        return NULL;
    i = probe(map, map_hash(map->secret, key), key);
    value = map->slots[i].value;
    if (!value)
        return NULL;
    close_hole(map, i);
    map->n--;
    return value;
}

void *map_each(const struct map *map, size_t *at)
{
    while (*at < map->cap) {
        const struct map_slot *slot = &map->slots[(*at)++];

        if (slot->key.ptr)
            return slot->value;
    }
    return NULL;
}
