/* SPDX-License-Identifier: MIT
 *
 * Codes; see codes.h.
 */
#include "server/codes.h"

#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"

/* Without letters that look like digits, or like each other. */
static const char LETTERS[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

struct device_code {
    uint64_t account, until_us;
    char hash[SECURE_HASH_TEXT];
};

void codes_init(struct codes *codes, const uint64_t secret[2])
{
    map_init(&codes->by_account, secret);
    map_init(&codes->invites, secret);
}

static void free_all(struct map *map)
{
    size_t at = 0;
    void *value;

    while ((value = map_each(map, &at)))
        free(value);
    map_fini(map);
}

void codes_fini(struct codes *codes)
{
    free_all(&codes->by_account);
    free_all(&codes->invites);
}

/* ---- as text ---- */

void code_text(const uint8_t random[CODE_LEN], char out[CODE_TEXT])
{
    for (size_t i = 0; i < CODE_LEN; i++)
        out[i + (i >= CODE_LEN / 2)] = LETTERS[random[i] % 32];
    out[CODE_LEN / 2] = '-';
    out[CODE_TEXT - 1] = '\0';
}

static char letter_of(char c)
{
    if (c >= 'a' && c <= 'z')
        c = (char)(c - 'a' + 'A');
    if (c == 'O')
        c = '0';
    if (c == 'I' || c == 'L')
        c = '1';
    return c;
}

void code_hash(struct str typed, char out[SECURE_HASH_TEXT])
{
    char code[CODE_LEN + 1]; /* one more than is good, so it is not */
    size_t n = 0;

    for (size_t i = 0; i < typed.len && n < sizeof code; i++) {
        if (typed.ptr[i] != '-' && typed.ptr[i] != ' ')
            code[n++] = letter_of(typed.ptr[i]);
    }
    secure_hash(str_bytes(code, n), out);
}

/* ---- for a key ---- */

static void forget(struct codes *codes, struct device_code *code)
{
    map_take(&codes->by_account, map_num(&code->account));
    free(code);
}

static void forget_old(struct codes *codes, struct now now)
{
    struct device_code *code, *old;
    size_t at = 0;

    do {
        old = NULL;
        while ((code = map_each(&codes->by_account, &at)))
            if (code->until_us <= now.mono_us)
                old = code;
        if (old)
            forget(codes, old);
        at = 0;
    } while (old);
}

bool codes_open(struct codes *codes, uint64_t account, const char *text,
                uint64_t until_us, struct now now)
{
    struct device_code *code = map_get(&codes->by_account, map_num(&account));

    if (code)
        forget(codes, code);
    if (codes->by_account.n >= CODES_MAX)
        forget_old(codes, now);
    if (codes->by_account.n >= CODES_MAX)
        return false;
    code = mem_new(1, sizeof *code);
    code->account = account;
    code->until_us = until_us;
    code_hash(str_of(text), code->hash);
    map_put(&codes->by_account, map_num(&code->account), code);
    return true;
}

bool codes_take(struct codes *codes, uint64_t account, struct str typed,
                struct now now)
{
    struct device_code *code = map_get(&codes->by_account, map_num(&account));
    char hash[SECURE_HASH_TEXT];
    bool good;

    code_hash(typed, hash);
    good =
        code && code->until_us > now.mono_us && strcmp(code->hash, hash) == 0;
    if (good)
        forget(codes, code);
    return good;
}

/* ---- invitations ---- */

static void drop_invite(struct codes *codes, struct invite *invite)
{
    map_take(&codes->invites, str_of(invite->hash));
    free(invite);
}

bool codes_invite(struct codes *codes, const char *hash, uint64_t until,
                  uint64_t uses, struct now now)
{
    struct invite *invite = map_get(&codes->invites, str_of(hash));

    if (uses == 0 || until <= now.wall_ms)
        return true;
    if (!invite && codes->invites.n >= INVITES_MAX)
        return false;
    if (!invite) {
        invite = mem_new(1, sizeof *invite);
        memcpy(invite->hash, hash, SECURE_HASH_TEXT - 1);
        map_put(&codes->invites, str_of(invite->hash), invite);
    }
    invite->until = until;
    invite->uses = uses;
    return true;
}

struct invite *codes_invitation(const struct codes *codes, struct str typed,
                                struct now now)
{
    char hash[SECURE_HASH_TEXT];
    struct invite *invite;

    code_hash(typed, hash);
    invite = map_get(&codes->invites, str_of(hash));
    return invite && invite->until > now.wall_ms ? invite : NULL;
}

void codes_spend(struct codes *codes, struct invite *invite)
{
    if (--invite->uses == 0)
        drop_invite(codes, invite);
}
