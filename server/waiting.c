/* SPDX-License-Identifier: MIT
 *
 * First datagrams that wait; see waiting.h.
 */
#include "server/waiting.h"

#include <assert.h>
#include <stdlib.h>

#include "shared/mem.h"

struct waiting_entry {
    struct list node; /* first: a node is its entry */
    uint64_t since_us;
    struct opening opening; /* views of `bytes` */
    char *bytes;
};

void waiting_init(struct waiting *waiting, const uint64_t secret[2])
{
    list_init(&waiting->queue);
    map_init(&waiting->senders, secret);
    waiting->taken = NULL;
}

static void entry_free(struct waiting_entry *entry)
{
    if (entry)
        free(entry->bytes);
    free(entry);
}

void waiting_fini(struct waiting *waiting)
{
    while (!list_is_empty(&waiting->queue))
        (void)waiting_take(waiting);
    entry_free(waiting->taken);
    map_fini(&waiting->senders);
}

/* Copy one string to *at; returns the copy. */
static struct str copy(char **at, struct str from)
{
    char *to = *at;

    if (from.len)
        memcpy(to, from.ptr, from.len);
    *at += from.len;
    return str_bytes(to, from.len);
}

static void fill(struct waiting_entry *entry, const struct opening *opening)
{
    char *at = mem_new(
        opening->from.len + opening->gate.len + opening->datagram.len, 1);

    entry->bytes = at;
    entry->opening.from = copy(&at, opening->from);
    entry->opening.gate = copy(&at, opening->gate);
    entry->opening.datagram = copy(&at, opening->datagram);
}

size_t waiting_put(struct waiting *waiting, const struct opening *opening,
                   size_t max, struct now now)
{
    struct waiting_entry *entry = map_take(&waiting->senders, opening->from);
    size_t went = 0;

    if (entry) {
        free(entry->bytes);
    } else {
        for (; waiting->senders.n >= max; went++)
            (void)waiting_take(waiting);
        entry = mem_new(1, sizeof *entry);
        list_init(&entry->node);
        list_append(&waiting->queue, &entry->node);
        entry->since_us = now.mono_us;
    }
    fill(entry, opening);
    map_put(&waiting->senders, entry->opening.from, entry);
    return went;
}

uint64_t waiting_since(const struct waiting *waiting)
{
    if (list_is_empty(&waiting->queue))
        return NEVER;
    return ((const struct waiting_entry *)waiting->queue.next)->since_us;
}

struct opening waiting_take(struct waiting *waiting)
{
    assert(!list_is_empty(&waiting->queue));
    entry_free(waiting->taken);
    waiting->taken = (struct waiting_entry *)waiting->queue.next;
    list_remove(&waiting->taken->node);
    map_take(&waiting->senders, waiting->taken->opening.from);
    return waiting->taken->opening;
}
