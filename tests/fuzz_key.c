/* SPDX-License-Identifier: MIT
 *
 * Bytes from a terminal: whatever they are, the keys are keys, pastes are clean
 * text, and it does not matter into which pieces the bytes were cut.
 * First byte of the input: the size of the pieces, and whether bursts count.
 */
#include <stdint.h>
#include <stdlib.h>

#include "shared/text.h"
#include "tui/keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

/* A checksum of the keys seen. */
struct sum {
    uint64_t hash;
};

static void sum_add(struct sum *sum, uint64_t value)
{
    sum->hash = (sum->hash ^ value) * UINT64_C(0x100000001b3);
}

static void check_name(const struct key *key)
{
    char name[KEY_NAME_MAX];
    struct key again;

    key_label(key, name);
    check(name[0] != '\0');
    if (key->code == 0xfffd)
        return; /* a bad byte; it cannot be bound */
    check(key_parse(str_of(name), &again));
    check(key_same(key, &again));
}

static void check_key(const struct key *key, struct sum *sum)
{
    if (key->type == KT_CHAR)
        check(key->code >= ' ' && !(key->code >= 0x7f && key->code < 0xa0) &&
              key->code < 0x110000);
    if (key->type == KT_CHAR || key->type == KT_NAMED)
        check_name(key);
    if (key->type == KT_PASTE) {
        check(key->paste.len > 0 && text_is_clean(key->paste, TEXT_LINES));
        for (size_t i = 0; i < key->paste.len; i++)
            sum_add(sum, (uint8_t)key->paste.ptr[i]);
    }
    sum_add(sum, (uint64_t)key->type);
    sum_add(sum, key->code);
    sum_add(sum, key->mods);
    sum_add(sum, key->args[0]);
    sum_add(sum, key->args[1]);
}

static void drain(struct keys *k, struct sum *sum)
{
    struct key key;

    while (keys_next(k, &key))
        check_key(&key, sum);
}

static uint64_t decode(struct str bytes, size_t piece, bool bursts)
{
    struct keys *k = keys_new(KEYS_ESC_MS, bursts);
    struct sum sum = { UINT64_C(0xcbf29ce484222325) };
    struct now now = { 0 };

    keys_learn(k, str_of("\033OA"), (struct key){ KT_NAMED, .code = K_UP });
    keys_learn(k, str_of("\033[9;9z"), (struct key){ KT_NAMED, .code = K_F12 });
    keys_expect_cursor(k);
    while (bytes.len > 0) {
        size_t n = piece < bytes.len ? piece : bytes.len;

        keys_feed(k, str_bytes(bytes.ptr, n), now);
        drain(k, &sum);
        bytes = str_from(bytes, n);
    }
    for (int i = 0; i < 8 && keys_deadline(k) != NEVER; i++) {
        now.mono_us = keys_deadline(k);
        keys_tick(k, now);
        drain(k, &sum);
    }
    check(keys_deadline(k) == NEVER);
    keys_free(k);
    return sum.hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str bytes = str_bytes(data + 1, size ? size - 1 : 0);

    if (size < 2 || bytes.len > KEYS_READ_MAX)
        return 0;
    check(decode(bytes, bytes.len, false) ==
          decode(bytes, 1 + data[0] / 2, false));
    if (data[0] & 1)
        (void)decode(bytes, 1 + data[0] / 2, true);
    return 0;
}
