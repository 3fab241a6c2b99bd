/* SPDX-License-Identifier: MIT */
#include "shared/mention.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shared/bounds.h"
#include "shared/mem.h"
#include "shared/text.h"

/* Folding a character makes it at most this many times longer. */
enum { FOLD_GROWTH = 12 };

/* A character of a script that puts spaces between its words. */
static bool is_word(uint32_t cp)
{
    if (cp < 0x80)
        return (cp >= '0' && cp <= '9') || (cp >= 'a' && cp <= 'z') ||
               (cp >= 'A' && cp <= 'Z') || cp == '_';
    return cp == 0xb5 || (cp >= 0xc0 && cp <= 0x0e00) ||
           (cp >= 0x1200 && cp < 0x1780) || (cp >= 0x1e00 && cp < 0x2000);
}

/* The character before byte `at`; 0 at the start. */
static uint32_t char_before(struct str s, size_t at)
{
    uint32_t cp = 0;

    if (at == 0)
        return 0;
    do
        at--;
    while (at > 0 && ((unsigned char)s.ptr[at] & 0xc0) == 0x80);
    text_step(str_from(s, at), &cp);
    return cp;
}

/* The character at byte `at`; 0 at the end. */
static uint32_t char_at(struct str s, size_t at)
{
    uint32_t cp = 0;

    if (at < s.len)
        text_step(str_from(s, at), &cp);
    return cp;
}

static bool stands_alone(struct str text, size_t at, struct str nick)
{
    size_t end = at + nick.len;

    if (is_word(char_at(nick, 0)) && is_word(char_before(text, at)))
        return false;
    return !is_word(char_before(nick, nick.len)) ||
           !is_word(char_at(text, end));
}

static bool find(struct str text, struct str nick)
{
    for (size_t i = 0; i + nick.len <= text.len; i++)
        if (memcmp(text.ptr + i, nick.ptr, nick.len) == 0 &&
            stands_alone(text, i, nick))
            return true;
    return false;
}

bool mention_is(struct str text, struct str nick)
{
    char fold_nick[FOLD_GROWTH * NAME_MAX_BYTES];
    size_t nick_len = text_fold(nick, fold_nick, sizeof fold_nick);

    if (nick_len == 0 || text.len == 0)
        return false;
    size_t cap = FOLD_GROWTH * text.len + 16;
    char *fold = mem_new(cap, 1);
    size_t len = text_fold(text, fold, cap);
    bool found = find(str_bytes(fold, len), str_bytes(fold_nick, nick_len));
    free(fold);
    return found;
}
