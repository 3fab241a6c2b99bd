/* SPDX-License-Identifier: MIT
 *
 * One key press, paste or report from the terminal, and its name in tables and
 * help: "a", "Space", "C-w", "M-Enter", "S-Tab", "F7", "PgUp", "C-M-Left".
 * The decoder that makes them out of bytes is keys.h.
 */
#ifndef TUI_KEY_H
#define TUI_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/str.h"

enum key_type {
    KT_CHAR,  /* code is a code point, no control */
    KT_NAMED, /* code is enum key_code */
    KT_PASTE, /* text in paste; every line end is LF */
    KT_FOCUS, /* code 1: the window got the focus, 0: lost it */
    KT_REPORT /* code is enum key_report; an answer of the terminal */
};

/*
 * Ctrl+letter is KT_CHAR with the small letter and MOD_CTRL.  Shift is kept
 * for KT_NAMED only.
 */
enum { MOD_SHIFT = 1, MOD_ALT = 2, MOD_CTRL = 4 };

enum key_code {
    K_ENTER = 1,
    K_TAB,
    K_BACKSPACE,
    K_ESC,
    K_UP,
    K_DOWN,
    K_RIGHT,
    K_LEFT,
    K_HOME,
    K_END,
    K_PGUP,
    K_PGDN,
    K_INS,
    K_DEL,
    K_F1,
    K_F12 = K_F1 + 11
};

enum key_report {
    REPORT_CURSOR, /* args: row, column, from 1 */
    REPORT_MODE,   /* args: private mode, state (1 or 3 set, 2 or 4 reset) */
    REPORT_OTHER   /* device attributes and the like */
};

struct key {
    enum key_type type;
    uint32_t code;
    unsigned mods;
    unsigned args[2]; /* of a KT_REPORT */
    struct str paste; /* of a KT_PASTE, borrowed from the decoder */
};

enum { KEY_NAME_MAX = 24 }; /* bytes of the longest name and its NUL */

/* Same type, code and mods. */
bool key_same(const struct key *, const struct key *);

/*
 * The one form of a key that has several: Ctrl+I is Tab, Ctrl+M Enter, Ctrl+[
 * Esc, Ctrl+? Backspace, Ctrl+@ Ctrl+Space, Ctrl+/ Ctrl+_; no Shift with
 * characters, no Ctrl with capitals.
 */
struct key key_normal(struct key);

/*
 * The name of a KT_CHAR or KT_NAMED key; "" for anything else.
 *   out      KEY_NAME_MAX bytes, gets a terminated string
 */
void key_label(const struct key *, char *out);

/*
 * The key of a name, in the form the decoder gives: "C-i" is Tab, "C-[" Esc,
 * "C-/" and "C-_" are one.
 *   returns  false when it is no name of a key
 */
bool key_parse(struct str name, struct key *);

#endif
