/* SPDX-License-Identifier: MIT
 *
 * EDGE: terminfo, by way of ncurses; see terminfo.h.
 */
#include "tui/terminfo.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NCURSES_NOMACROS
#include <curses.h>
#include <term.h>

#include "tui/keys.h"

/* tigetstr would not change the name, but asks for a pointer that could. */
const char *terminfo_string(const char *name)
{
    const char *value = tigetstr((NCURSES_CONST char *)name);

    return (intptr_t)value == -1 ? NULL : value;
}

bool terminfo_has_title(void)
{
    return tigetflag("XT") == 1;
}

bool terminfo_brackets(void)
{
    if (getenv("STY") && !getenv("TMUX"))
        return false; /* GNU screen does not hand the mode on */
    return terminfo_string("BE") || terminfo_has_title();
}

void terminfo_learn(struct keys *keys)
{
    static const struct {
        const char *name;
        uint32_t code;
        unsigned mods;
    } KEYS[] = {
        { "kcuu1", K_UP, 0 },         { "kcud1", K_DOWN, 0 },
        { "kcuf1", K_RIGHT, 0 },      { "kcub1", K_LEFT, 0 },
        { "khome", K_HOME, 0 },       { "kend", K_END, 0 },
        { "kpp", K_PGUP, 0 },         { "knp", K_PGDN, 0 },
        { "kich1", K_INS, 0 },        { "kdch1", K_DEL, 0 },
        { "kcbt", K_TAB, MOD_SHIFT }, { "kent", K_ENTER, 0 },
        { "kbs", K_BACKSPACE, 0 },    { "kf1", K_F1, 0 },
        { "kf2", K_F1 + 1, 0 },       { "kf3", K_F1 + 2, 0 },
        { "kf4", K_F1 + 3, 0 },       { "kf5", K_F1 + 4, 0 },
        { "kf6", K_F1 + 5, 0 },       { "kf7", K_F1 + 6, 0 },
        { "kf8", K_F1 + 7, 0 },       { "kf9", K_F1 + 8, 0 },
        { "kf10", K_F1 + 9, 0 },      { "kf11", K_F1 + 10, 0 },
        { "kf12", K_F12, 0 },
    };

    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++) {
        struct key key = { KT_NAMED, .code = KEYS[i].code,
                           .mods = KEYS[i].mods };
        const char *seq = terminfo_string(KEYS[i].name);

        /* Old terminals have arrows that are Ctrl+letters for us. */
        if (seq && (seq[0] == '\033' || KEYS[i].code == K_BACKSPACE))
            keys_learn(keys, str_of(seq), key);
    }
}

/* Capabilities with padding are left out: nobody will wait for it. */
size_t terminfo_restore(char *out, size_t cap)
{
    static const char *const NAMES[] = { "sgr0", "cnorm", "rmcup" };
    size_t len = 0;

    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        const char *value = terminfo_string(NAMES[i]);
        size_t n = value ? strlen(value) : 0;

        if (n == 0 || strstr(value, "$<") || len + n >= cap)
            continue;
        snprintf(out + len, cap - len, "%s", value);
        len += n;
    }
    return len;
}

/* Write a capability, but for its padding; NULL is nothing. */
static void put(FILE *out, const char *value)
{
    while (value && *value) {
        const char *pad = strstr(value, "$<");
        const char *end = pad ? strchr(pad, '>') : NULL;

        if (!end) {
            (void)fputs(value, out);
            return;
        }
        (void)fwrite(value, 1, (size_t)(pad - value), out);
        value = end + 1;
    }
}

void terminfo_move(FILE *out, int row, int col)
{
    const char *cup = terminfo_string("cup");

    if (cup)
        put(out, tiparm(cup, row, col));
}

void terminfo_region(FILE *out, int rows)
{
    const char *csr = terminfo_string("csr");

    if (csr)
        put(out, tiparm(csr, 0, rows - 1));
}

void terminfo_ink(FILE *out, struct ink ink)
{
    static const struct {
        unsigned attr;
        const char *name;
    } ATTRS[] = { { INK_BOLD, "bold" },
                  { INK_DIM, "dim" },
                  { INK_REVERSE, "rev" },
                  { INK_UNDERLINE, "smul" } };

    const char *setaf = terminfo_string("setaf");

    put(out, terminfo_string("sgr0"));
    for (size_t i = 0; i < sizeof ATTRS / sizeof *ATTRS; i++) {
        if (ink.attrs & ATTRS[i].attr)
            put(out, terminfo_string(ATTRS[i].name));
    }
    if (setaf && ink.colour >= 0)
        put(out, tiparm(setaf, ink.colour));
}

/* Asked before newterm, which leaks what it cannot start. */
static bool is_known(const char *term)
{
    int why;

    if (setupterm(term, STDOUT_FILENO, &why) != OK)
        return false;
    (void)del_curterm(cur_term);
    return true;
}

/* Terminals that behave like xterm, by their names. */
static bool is_xterm_like(const char *term)
{
    static const char *const NAMES[] = {
        "xterm", "kitty", "foot",    "alacritty", "ghostty", "wezterm",
        "tmux",  "st-",   "konsole", "vte",       "contour", "rio",
    };

    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        if (strstr(term, NAMES[i]))
            return true;
    }
    return false;
}

const char *terminfo_type(const char *term)
{
    static const char XTERM[] = "xterm-256color";

    if (is_known(term))
        return term;
    return is_xterm_like(term) && is_known(XTERM) ? XTERM : NULL;
}
