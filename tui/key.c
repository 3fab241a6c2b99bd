/* SPDX-License-Identifier: MIT
 *
 * Names of keys, and the one form of those that have several.
 */
#include "tui/key.h"

#include <stddef.h>
#include <stdio.h>

#include "shared/text.h"

static const char *const NAMES[] = {
    [K_ENTER] = "Enter", [K_TAB] = "Tab",     [K_BACKSPACE] = "Backspace",
    [K_ESC] = "Esc",     [K_UP] = "Up",       [K_DOWN] = "Down",
    [K_RIGHT] = "Right", [K_LEFT] = "Left",   [K_HOME] = "Home",
    [K_END] = "End",     [K_PGUP] = "PgUp",   [K_PGDN] = "PgDn",
    [K_INS] = "Ins",     [K_DEL] = "Del",     [K_F1] = "F1",
    [K_F1 + 1] = "F2",   [K_F1 + 2] = "F3",   [K_F1 + 3] = "F4",
    [K_F1 + 4] = "F5",   [K_F1 + 5] = "F6",   [K_F1 + 6] = "F7",
    [K_F1 + 7] = "F8",   [K_F1 + 8] = "F9",   [K_F1 + 9] = "F10",
    [K_F1 + 10] = "F11", [K_F1 + 11] = "F12",
};

enum { NAMES_LEN = sizeof(NAMES) / sizeof(NAMES[0]) };

/* Prefixes in the order in which they are printed. */
static const struct {
    char letter;
    unsigned mod;
} PREFIXES[] = { { 'C', MOD_CTRL }, { 'M', MOD_ALT }, { 'S', MOD_SHIFT } };

enum { PREFIXES_LEN = sizeof(PREFIXES) / sizeof(PREFIXES[0]) };

bool key_same(const struct key *a, const struct key *b)
{
    return a->type == b->type && a->code == b->code && a->mods == b->mods;
}

/* Ctrl with this character is what a key of its own sends. */
static bool named_by_ctrl(struct key *key)
{
    switch (key->code) {
    case 'i': key->code = K_TAB; break;
    case 'm': key->code = K_ENTER; break;
    case '[': key->code = K_ESC; break;
    case '?': key->code = K_BACKSPACE; break;
    default: return false;
    }
    key->type = KT_NAMED;
    key->mods &= ~(unsigned)MOD_CTRL;
    return true;
}

struct key key_normal(struct key key)
{
    if (key.type != KT_CHAR)
        return key;
    key.mods &= ~(unsigned)MOD_SHIFT;
    if (!(key.mods & MOD_CTRL))
        return key;
    if (key.code >= 'A' && key.code <= 'Z')
        key.code += 'a' - 'A';
    if (named_by_ctrl(&key))
        return key;
    if (key.code == '@')
        key.code = ' ';
    if (key.code == '/')
        key.code = '_';
    return key;
}

void key_label(const struct key *key, char *out)
{
    char text[8] = "";
    const char *name = text;
    size_t at = 0;

    out[0] = '\0';
    if (key->type == KT_NAMED && key->code < NAMES_LEN && NAMES[key->code])
        name = NAMES[key->code];
    else if (key->type == KT_CHAR && key->code == ' ')
        name = "Space";
    else if (key->type == KT_CHAR)
        text[text_put(key->code, text)] = '\0';
    else
        return;
    for (size_t i = 0; i < PREFIXES_LEN; i++) {
        if (!(key->mods & PREFIXES[i].mod))
            continue;
        out[at++] = PREFIXES[i].letter;
        out[at++] = '-';
    }
    snprintf(out + at, KEY_NAME_MAX - at, "%s", name);
}

/* The modifier that s begins with; 0 when it begins with the key itself. */
static unsigned prefix_of(struct str s)
{
    if (s.len <= 2 || s.ptr[1] != '-')
        return 0;
    for (size_t i = 0; i < PREFIXES_LEN; i++) {
        if (s.ptr[0] == PREFIXES[i].letter)
            return PREFIXES[i].mod;
    }
    return 0;
}

/* The key of a name without modifiers. */
static bool parse_bare(struct str name, struct key *key)
{
    for (uint32_t i = 1; i < NAMES_LEN; i++) {
        if (NAMES[i] && str_is(name, NAMES[i])) {
            key->type = KT_NAMED;
            key->code = i;
            return true;
        }
    }
    key->type = KT_CHAR;
    if (str_is(name, "Space")) {
        key->code = ' ';
        return true;
    }
    return name.len > 0 && text_step(name, &key->code) == name.len &&
           key->code > ' ' && key->code != 0xfffd &&
           !(key->code >= 0x7f && key->code < 0xa0);
}

bool key_parse(struct str name, struct key *out)
{
    struct key key = { .type = KT_CHAR };
    unsigned mod;

    while ((mod = prefix_of(name)) != 0) {
        if (key.mods & mod)
            return false;
        key.mods |= mod;
        name = str_from(name, 2);
    }
    if (!parse_bare(name, &key))
        return false;
    if (key.type == KT_CHAR && (key.mods & MOD_SHIFT))
        return false; /* no terminal tells S-a from A */
    *out = key_normal(key);
    return true;
}
