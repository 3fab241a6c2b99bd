/* SPDX-License-Identifier: MIT
 *
 * A hash table from bytes to pointers: open addressing, linear probing, a
 * secret key in the hash so that nobody can choose names or ids that collide.
 * Keys are borrowed: they lie in the value they lead to.
 */
#ifndef SERVER_MAP_H
#define SERVER_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "shared/str.h"

struct map_slot {
    uint64_t hash;
    struct str key; /* ptr NULL: the slot is free */
    void *value;
};

struct map {
    struct map_slot *slots; /* cap of them, a power of two; NULL at first */
    size_t n, cap;
    uint64_t secret[2];
};

/* Of bytes; who does not know the secret cannot choose what collides. */
uint64_t map_hash(const uint64_t secret[2], struct str key);

void map_init(struct map *, const uint64_t secret[2]);
void map_fini(struct map *); /* frees the table, not the values */

/* The value of a key, or NULL. */
void *map_get(const struct map *, struct str key);

/* Add a key that is not there yet. */
void map_put(struct map *, struct str key, void *value);

/* Take a key out; returns its value, NULL when it was not there. */
void *map_take(struct map *, struct str key);

/* Walk: *at begins at 0; NULL ends. The map must not change meanwhile. */
void *map_each(const struct map *, size_t *at);

/* A number as a key: a view of it, so it must live as long as the entry. */
static inline struct str map_num(const uint64_t *num)
{
    return str_bytes(num, sizeof *num);
}

#endif
