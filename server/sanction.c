/* SPDX-License-Identifier: MIT
 *
 * Who is kept out or silent; see sanction.h.
 */
#include "server/sanction.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/hex.h"
#include "shared/mem.h"
#include "shared/wire.h"

void sanctions_free(struct sanctions *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->all[i].note);
    free(list->all);
    *list = (struct sanctions){ 0 };
}

struct sanction_who sanction_account(uint64_t id)
{
    struct sanction_who who;

    snprintf(who.who, sizeof who.who, "%" PRIu64, id);
    return who;
}

struct sanction_who sanction_key(const struct fingerprint *key)
{
    struct sanction_who who;

    credential_text(key, who.who);
    return who;
}

struct sanction_who sanction_address(struct str gate)
{
    struct sanction_who who = { "" };

    if (gate.len > FINGERPRINT_LEN)
        gate.len = FINGERPRINT_LEN;
    hex_text(gate, who.who);
    return who;
}

static bool is_over(const struct sanction *one, struct now now)
{
    return one->until && one->until <= now.wall_ms;
}

static struct sanction *find(const struct sanctions *list, unsigned kind,
                             struct str who)
{
    for (size_t i = 0; i < list->n; i++) {
        if (list->all[i].kind == kind && str_is(who, list->all[i].who.who))
            return &list->all[i];
    }
    return NULL;
}

const struct sanction *sanction_find(const struct sanctions *list,
                                     unsigned kind, const char *who,
                                     struct now now)
{
    const struct sanction *one = find(list, kind, str_of(who));

    return one && !is_over(one, now) ? one : NULL;
}

size_t sanctions_in_force(const struct sanctions *list, struct now now)
{
    size_t n = 0;

    for (size_t i = 0; i < list->n; i++)
        n += !is_over(&list->all[i], now);
    return n;
}

const struct sanction *sanctions_over(const struct sanctions *list, size_t *at,
                                      struct now now)
{
    while (*at < list->n) {
        const struct sanction *one = &list->all[(*at)++];

        if (is_over(one, now))
            return one;
    }
    return NULL;
}

bool sanctions_have_key(const struct sanctions *list,
                        const struct credentials *keys, struct now now)
{
    for (size_t i = 0; i < keys->n && list->n; i++) {
        struct sanction_who who = sanction_key(&keys->keys[i].key);

        if (sanction_find(list, sanction_KEY, who.who, now))
            return true;
    }
    return false;
}

void sanction_set(struct sanctions *list, unsigned kind, struct str who,
                  uint64_t until, struct str note)
{
    struct sanction *one = find(list, kind, who);
    void *all = list->all;

    if (who.len >= sizeof one->who.who)
        return;
    if (!one) {
        mem_grow(&all, &list->cap, list->n + 1, sizeof *list->all);
        list->all = all;
        one = &list->all[list->n++];
        *one = (struct sanction){ .kind = kind };
        memcpy(one->who.who, who.ptr, who.len);
    }
    free(one->note);
    one->note = mem_str(note);
    one->until = until;
}

void sanction_lift(struct sanctions *list, unsigned kind, struct str who)
{
    struct sanction *one = find(list, kind, who);

    if (!one)
        return;
    free(one->note);
    *one = list->all[--list->n];
}

struct str sanction_word(const struct sanction *one, unsigned n)
{
    struct str rest = str_of(one->note);

    for (unsigned i = 0; rest.len && i <= n; i++) {
        const char *end = memchr(rest.ptr, ' ', rest.len);
        size_t len = end ? (size_t)(end - rest.ptr) : rest.len;

        if (i == n)
            return n < 2 ? str_bytes(rest.ptr, len) : rest;
        rest = str_from(rest, end ? len + 1 : len);
    }
    return str_of(NULL);
}
