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
#include "shared/text.h"
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
    struct sanction_who who = { "" };

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

struct sanction_who sanction_network(struct str gate, unsigned bits)
{
    uint8_t bytes[FINGERPRINT_LEN] = { 0 };
    struct sanction_who who;
    size_t len = gate.len < sizeof bytes ? gate.len : sizeof bytes, end;

    for (size_t i = 0; i < len; i++) {
        unsigned kept = bits > 8 * i ? bits - 8 * (unsigned)i : 0;
        unsigned cleared = kept < 8 ? 0xffU >> kept : 0;
        unsigned byte = (uint8_t)gate.ptr[i];

        bytes[i] = (uint8_t)(byte & ~cleared);
    }
    who = sanction_address(str_bytes(bytes, len));
    end = strlen(who.who);
    if (bits < 8 * len)
        snprintf(who.who + end, sizeof who.who - end, "/%u", bits);
    return who;
}

/* The network of so many bits that it is in has the same text. */
bool sanction_covers(const char *who, struct str gate)
{
    const char *slash = strchr(who, '/');
    unsigned bits =
        slash ? (unsigned)strtoul(slash + 1, NULL, 10) : 8 * (unsigned)gate.len;

    return strcmp(sanction_network(gate, bits).who, who) == 0;
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

const struct sanction *sanction_find_address(const struct sanctions *list,
                                             struct str gate, struct now now)
{
    for (size_t i = 0; i < list->n && gate.len; i++) {
        const struct sanction *one = &list->all[i];

        if (one->kind == sanction_ADDRESS &&
            sanction_covers(one->who.who, gate) && !is_over(one, now))
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

    for (unsigned i = 0; i < n; i++)
        str_word(&rest);
    return n < 2 ? str_word(&rest) : rest;
}

bool sanction_is_of(const struct sanction *one, struct str nick)
{
    char a[NAME_MAX_BYTES], b[NAME_MAX_BYTES];
    struct str whom = sanction_word(one, 0);

    return str_eq(str_bytes(a, text_fold(whom, a, sizeof a)),
                  str_bytes(b, text_fold(nick, b, sizeof b)));
}
