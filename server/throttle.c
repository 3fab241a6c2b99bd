/* SPDX-License-Identifier: MIT
 *
 * Wrong guesses; see throttle.h.  They are counted in windows that begin with
 * the first; the oldest windows make room for new ones, so memory is bounded.
 */
#include "server/throttle.h"

#include <stdlib.h>

#include "shared/limits.h"
#include "shared/mem.h"

static const uint64_t ACCOUNT_US = UINT64_C(1800) * 1000000;
static const uint64_t ADDRESS_US = UINT64_C(60) * 1000000;

enum { ENTRIES_MAX = 65536, KEY_MAX = 9 };

struct guesses {
    struct list node; /* first; in throttle.order */
    uint64_t since_us, n;
    char key[KEY_MAX]; /* what it is about, and its bytes */
    size_t len;
};

/* A key: 'a' and an account, or 'i' and an address. */
struct key {
    char bytes[KEY_MAX];
    size_t len; /* 0: not counted */
};

static struct key key_of(char kind, struct str bytes)
{
    struct key key = { { kind }, 0 };

    if (bytes.len == 0 || bytes.len >= KEY_MAX)
        return key;
    memcpy(key.bytes + 1, bytes.ptr, bytes.len);
    key.len = bytes.len + 1;
    return key;
}

static struct key account_key(const struct guess *guess)
{
    return key_of('a',
                  guess->account ? map_num(&guess->account) : str_bytes("", 0));
}

void throttle_init(struct throttle *t, const uint64_t secret[2])
{
    map_init(&t->entries, secret);
    list_init(&t->order);
}

static void drop(struct throttle *t, struct guesses *entry)
{
    map_take(&t->entries, str_bytes(entry->key, entry->len));
    list_remove(&entry->node);
    free(entry);
}

void throttle_fini(struct throttle *t)
{
    while (!list_is_empty(&t->order))
        drop(t, (struct guesses *)t->order.next);
    map_fini(&t->entries);
}

/* NULL: there is none, or it is not counted. */
static struct guesses *find(const struct throttle *t, struct key key)
{
    return key.len ? map_get(&t->entries, str_bytes(key.bytes, key.len)) : NULL;
}

static uint64_t when(const struct throttle *t, struct key key, uint64_t most,
                     uint64_t window_us, struct now now)
{
    const struct guesses *entry = find(t, key);

    if (!entry || entry->n < most || now.mono_us - entry->since_us >= window_us)
        return 0;
    return entry->since_us + window_us;
}

uint64_t throttle_when(const struct throttle *t, const struct guess *guess,
                       const struct limits *limits, struct now now)
{
    uint64_t account =
        when(t, account_key(guess), limits->value[LIMIT_AUTH_FAILURES],
             ACCOUNT_US, now);
    uint64_t address =
        when(t, key_of('i', guess->from),
             limits->value[LIMIT_AUTH_FAILURES_ADDRESS], ADDRESS_US, now);

    return account > address ? account : address;
}

static struct guesses *find_or_add(struct throttle *t, struct key key,
                                   struct now now)
{
    struct guesses *entry = map_get(&t->entries, str_bytes(key.bytes, key.len));

    if (entry)
        return entry;
    if (t->entries.n >= ENTRIES_MAX)
        drop(t, (struct guesses *)t->order.next);
    entry = mem_new(1, sizeof *entry);
    list_init(&entry->node);
    entry->since_us = now.mono_us;
    entry->len = key.len;
    memcpy(entry->key, key.bytes, key.len);
    map_put(&t->entries, str_bytes(entry->key, entry->len), entry);
    list_append(&t->order, &entry->node);
    return entry;
}

static void note(struct throttle *t, struct key key, uint64_t window_us,
                 struct now now)
{
    struct guesses *entry = key.len ? find_or_add(t, key, now) : NULL;

    if (!entry)
        return;
    if (now.mono_us - entry->since_us >= window_us) {
        entry->since_us = now.mono_us;
        entry->n = 0;
        list_append(&t->order, &entry->node);
    }
    entry->n++;
}

void throttle_note(struct throttle *t, const struct guess *guess,
                   struct now now)
{
    note(t, account_key(guess), ACCOUNT_US, now);
    note(t, key_of('i', guess->from), ADDRESS_US, now);
}

/* One less, and nothing when that was all. */
static void give_back(struct throttle *t, struct key key)
{
    struct guesses *entry = find(t, key);

    if (entry && --entry->n == 0)
        drop(t, entry);
}

/* Others may be guessed about from there as well: those tries remain. */
void throttle_forget(struct throttle *t, const struct guess *guess)
{
    struct guesses *entry = find(t, account_key(guess));

    if (entry)
        drop(t, entry);
    give_back(t, key_of('i', guess->from));
}
