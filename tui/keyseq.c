/* SPDX-License-Identifier: MIT
 *
 * Escape sequences of terminals; see keyseq.h.  Grammar: ECMA-48, 5.4; keys:
 * "XTerm Control Sequences", PC-style function keys.
 */
#include "tui/keyseq.h"

#include <assert.h>
#include <stdint.h>

#include "shared/text.h"

enum { ESC = 0x1b, DEL = 0x7f };

enum { SS3_MAX = 8, PARAMS_MAX = 4, PARAM_LIMIT = 0x10ffff };

/* A control sequence, taken apart. */
struct csi {
    char prefix; /* one of "<=>?", or 0 */
    char middle; /* the last intermediate byte, or 0 */
    char final;
    unsigned n; /* parameters given */
    unsigned v[PARAMS_MAX];
};

static uint8_t at(struct str s, size_t i)
{
    assert(s.ptr && i < s.len);
    return (uint8_t)s.ptr[i];
}

static enum keyseq named(struct key *key, uint32_t code, unsigned mods)
{
    *key = (struct key){ .type = KT_NAMED, .code = code, .mods = mods };
    return SEQ_KEY;
}

static enum keyseq character(struct key *key, uint32_t code, unsigned mods)
{
    *key = (struct key){ .type = KT_CHAR, .code = code, .mods = mods };
    *key = key_normal(*key);
    return SEQ_KEY;
}

static enum keyseq report(struct key *key, enum key_report what)
{
    *key = (struct key){ .type = KT_REPORT, .code = what };
    return SEQ_KEY;
}

/* A code below 0x20 or DEL: the key that sends it. */
static enum keyseq control(struct key *key, uint32_t code, unsigned mods)
{
    return character(key, code == DEL ? '?' : code | 0x40, mods | MOD_CTRL);
}

/* The modifiers that xterm encodes as 1 + bits. */
static unsigned xterm_mods(unsigned param)
{
    unsigned bits = param ? param - 1 : 0, mods = 0;

    if (bits & 1)
        mods |= MOD_SHIFT;
    if (bits & (2 | 8)) /* Alt, Meta */
        mods |= MOD_ALT;
    if (bits & 4)
        mods |= MOD_CTRL;
    return mods;
}

/* The key of a final letter of CSI and SS3; 0 when there is none. */
static uint32_t letter_key(char final)
{
    switch (final) {
    case 'A': return K_UP;
    case 'B': return K_DOWN;
    case 'C': return K_RIGHT;
    case 'D': return K_LEFT;
    case 'F': return K_END;
    case 'H': return K_HOME;
    case 'P': return K_F1;
    case 'Q': return K_F1 + 1;
    case 'R': return K_F1 + 2;
    case 'S': return K_F1 + 3;
    default: return 0;
    }
}

/* CSI number ~; rxvt and the Linux console send Shift+F1 as 25 and so on. */
static enum keyseq numbered(struct key *key, unsigned number, unsigned mods)
{
    static const uint8_t KEYS[] = {
        [1] = K_HOME,    [2] = K_INS,     [3] = K_DEL,      [4] = K_END,
        [5] = K_PGUP,    [6] = K_PGDN,    [7] = K_HOME,     [8] = K_END,
        [11] = K_F1,     [12] = K_F1 + 1, [13] = K_F1 + 2,  [14] = K_F1 + 3,
        [15] = K_F1 + 4, [17] = K_F1 + 5, [18] = K_F1 + 6,  [19] = K_F1 + 7,
        [20] = K_F1 + 8, [21] = K_F1 + 9, [23] = K_F1 + 10, [24] = K_F1 + 11,
        [25] = K_F1,     [26] = K_F1 + 1, [28] = K_F1 + 2,  [29] = K_F1 + 3,
        [31] = K_F1 + 4, [32] = K_F1 + 5, [33] = K_F1 + 6,  [34] = K_F1 + 7,
    };

    if (number >= sizeof(KEYS) || KEYS[number] == 0)
        return SEQ_NONE;
    return named(key, KEYS[number], number > 24 ? mods | MOD_SHIFT : mods);
}

/* A key given by its code point (CSI u of kitty, modifyOtherKeys of xterm). */
static enum keyseq coded(struct key *key, unsigned code, unsigned mods)
{
    if (code == '\r' || code == '\t' || code == ESC || code == DEL) {
        control(key, code, 0);
        key->mods = mods;
        return SEQ_KEY;
    }
    if (code < ' ' || (code > DEL && code < 0xa0) ||
        (code >= 0xd800 && code < 0xf900) || code > PARAM_LIMIT)
        return SEQ_NONE; /* private use: keypad and lock keys of kitty */
    return character(key, code, mods);
}

/* Answers carry a prefix, and so do mouse reports. */
static enum keyseq prefixed(const struct csi *csi, struct key *key)
{
    if (csi->prefix == '<' || csi->prefix == '=')
        return SEQ_NONE;
    if (csi->final == 'y' && csi->middle == '$') {
        report(key, REPORT_MODE);
        key->args[0] = csi->v[0];
        key->args[1] = csi->v[1];
        return SEQ_KEY;
    }
    return report(key, REPORT_OTHER);
}

static enum keyseq tilde(const struct csi *csi, struct key *key)
{
    if (csi->n == 1 && csi->v[0] == 200)
        return SEQ_PASTE;
    if (csi->v[0] == 27 && csi->n >= 3)
        return coded(key, csi->v[2], xterm_mods(csi->v[1]));
    return numbered(key, csi->v[0], xterm_mods(csi->v[1]));
}

static enum keyseq letter(const struct csi *csi, struct key *key)
{
    uint32_t code = letter_key(csi->final);

    if (csi->final == 'R' && csi->n == 2) {
        report(key, REPORT_CURSOR);
        key->args[0] = csi->v[0];
        key->args[1] = csi->v[1];
        return SEQ_KEY;
    }
    if (code == 0)
        return SEQ_NONE;
    return named(key, code, xterm_mods(csi->v[1]));
}

static enum keyseq csi_meaning(const struct csi *csi, struct key *key)
{
    if (csi->prefix)
        return prefixed(csi, key);
    switch (csi->final) {
    case '~': return tilde(csi, key);
    case '^': return numbered(key, csi->v[0], MOD_CTRL); /* rxvt */
    case '@': return numbered(key, csi->v[0], MOD_CTRL | MOD_SHIFT);
    case 'a':
    case 'b':
    case 'c':
    case 'd':
        if (csi->n > 0)
            return report(key, REPORT_OTHER);
        return named(key, K_UP + (uint32_t)(csi->final - 'a'), MOD_SHIFT);
    case 'u': return coded(key, csi->v[0], xterm_mods(csi->v[1]));
    case 'Z': return named(key, K_TAB, MOD_SHIFT);
    case 'I':
    case 'O':
        *key = (struct key){ .type = KT_FOCUS, .code = csi->final == 'I' };
        return SEQ_KEY;
    case 'n':
    case 't': return report(key, REPORT_OTHER);
    default: return letter(csi, key);
    }
}

/* Parameters of bytes from..to-1; sub-parameters (after a colon) are left. */
static void csi_params(struct csi *csi, struct str s, size_t from, size_t to)
{
    unsigned i = 0;
    bool sub = false;

    for (; from < to && i < PARAMS_MAX; from++) {
        uint8_t c = at(s, from);

        csi->n = i + 1;
        if (c == ';') {
            i++;
            sub = false;
        } else if (c == ':') {
            sub = true;
        } else if (c <= '9' && !sub) {
            csi->v[i] = csi->v[i] * 10 + (c - '0');
            if (csi->v[i] > PARAM_LIMIT)
                csi->v[i] = PARAM_LIMIT;
        }
    }
}

/* What to do with a sequence that has not ended. */
static enum keyseq unfinished(struct str s, bool last, size_t *used)
{
    if (s.len >= KEYSEQ_MAX) {
        *used = s.len;
        return SEQ_LONG;
    }
    if (!last)
        return SEQ_MORE;
    *used = s.len;
    return SEQ_NONE;
}

/* CSI ... final. */
static enum keyseq scan_general(struct str s, bool last, size_t *used,
                                struct key *key)
{
    struct csi csi = { 0 };
    size_t i = 2, from;

    if (at(s, i) >= '<' && at(s, i) <= '?')
        csi.prefix = s.ptr[i++];
    from = i;
    while (i < s.len && at(s, i) >= '0' && at(s, i) <= '?')
        i++;
    csi_params(&csi, s, from, i);
    if (i < s.len && i < KEYSEQ_MAX && s.ptr[i] == '$' && !csi.prefix &&
        csi.n == 1) { /* rxvt ends a key with it */
        *used = i + 1;
        return numbered(key, csi.v[0], MOD_SHIFT);
    }
    for (; i < s.len && at(s, i) >= ' ' && at(s, i) <= '?'; i++)
        csi.middle = s.ptr[i];
    if (i == s.len)
        return unfinished(s, last, used);
    *used = i;
    csi.final = s.ptr[i];
    if (at(s, i) < '@' || at(s, i) >= DEL)
        return SEQ_NONE; /* broken off: the byte is something of its own */
    *used = i + 1;
    return i < KEYSEQ_MAX ? csi_meaning(&csi, key) : SEQ_NONE;
}

/* ESC [ and at least one more byte. */
static enum keyseq scan_csi(struct str s, bool last, size_t *used,
                            struct key *key)
{
    enum { X10_MOUSE = 6 };

    if (s.ptr[2] == '[') { /* Linux console: ESC [ [ A..E are F1..F5 */
        if (s.len == 3)
            return unfinished(s, last, used);
        *used = 3;
        if (s.ptr[3] < 'A' || s.ptr[3] > 'E')
            return SEQ_NONE;
        *used = 4;
        return named(key, K_F1 + (uint32_t)(s.ptr[3] - 'A'), 0);
    }
    if (s.ptr[2] == 'M') { /* button and place, one byte each */
        if (s.len < X10_MOUSE)
            return unfinished(s, last, used);
        *used = X10_MOUSE;
        return SEQ_NONE;
    }
    return scan_general(s, last, used, key);
}

/* ESC O and at least one more byte: cursor keys, F1..F4, keypad. */
static enum keyseq scan_ss3(struct str s, bool last, size_t *used,
                            struct key *key)
{
    struct csi csi = { 0 };
    size_t i = 2;
    uint32_t code;
    char final;

    while (i < s.len && i < SS3_MAX - 1 && at(s, i) >= '0' && at(s, i) <= ';')
        i++;
    if (i == s.len)
        return unfinished(s, last, used);
    csi_params(&csi, s, 2, i);
    final = s.ptr[i];
    *used = at(s, i) < ' ' ? i : i + 1;
    code = letter_key(final);
    if (code) /* the last parameter: old terminals send ESC O 5 A */
        return named(key, code, xterm_mods(csi.v[csi.n > 1]));
    if (final >= 'a' && final <= 'd') /* rxvt */
        return named(key, K_UP + (uint32_t)(final - 'a'), MOD_CTRL);
    if (final == 'M')
        return named(key, K_ENTER, 0);
    if (final >= 'j' && final <= 'y')
        return character(key, (uint32_t) final - 0x40, 0);
    return SEQ_NONE;
}

/* Whether s is the beginning of a character that has not come whole. */
static bool is_partial(struct str s)
{
    uint8_t lead = at(s, 0);
    size_t want = lead >= 0xf5   ? 1
                  : lead >= 0xf0 ? 4
                  : lead >= 0xe0 ? 3
                  : lead >= 0xc2 ? 2
                                 : 1;

    if (s.len >= want)
        return false;
    for (size_t i = 1; i < s.len; i++) {
        if ((at(s, i) & 0xc0) != 0x80)
            return false;
    }
    return true;
}

/* One character or control. */
static enum keyseq scan_plain(struct str s, bool last, size_t *used,
                              struct key *key)
{
    uint32_t code;

    if (at(s, 0) < ' ' || at(s, 0) == DEL) {
        *used = 1;
        return control(key, at(s, 0), 0);
    }
    if (!last && is_partial(s))
        return SEQ_MORE;
    *used = text_step(s, &code);
    if (code > DEL && code < 0xa0)
        return SEQ_NONE;
    return character(key, code, 0);
}

/* Whether ESC and this byte begin a control string, seen from the byte after:
 * M-] and M-P are keys too. */
static bool is_string(uint8_t kind, uint8_t next)
{
    bool digit = next >= '0' && next <= '9';

    if (kind == ']')
        return digit;
    return kind == 'P' &&
           (digit || next == '>' || next == '!' || next == '$' || next == '+');
}

/* ESC and what is no sequence: Alt with a key. */
static enum keyseq scan_alt(struct str s, bool last, size_t *used,
                            struct key *key)
{
    enum keyseq what = scan_plain(str_from(s, 1), last, used, key);

    if (what == SEQ_MORE)
        return what;
    *used += 1;
    if (what == SEQ_KEY)
        key->mods |= MOD_ALT;
    return what;
}

/*
 * ESC ESC [ or ESC ESC O: Alt with a key, as PuTTY and rxvt say it.  Before
 * what is no key, such as the answer to a question, the first is a key itself.
 */
static enum keyseq scan_double(struct str s, bool last, size_t *used,
                               struct key *key)
{
    enum keyseq what = SEQ_MORE;

    if (s.len > 3)
        what = s.ptr[2] == '[' ? scan_csi(str_from(s, 1), last, used, key)
                               : scan_ss3(str_from(s, 1), last, used, key);
    if (what == SEQ_MORE && !last)
        return what;
    if (what == SEQ_MORE || (what == SEQ_KEY && key->type != KT_NAMED)) {
        *used = 1;
        return named(key, K_ESC, 0);
    }
    *used += 1;
    if (what == SEQ_KEY)
        key->mods |= MOD_ALT;
    return what;
}

/* ESC and one byte, when more could follow and make a sequence of it. */
static bool is_intro(uint8_t next)
{
    return next == '[' || next == 'O' || next == ']' || next == 'P' ||
           next == ESC;
}

enum keyseq keyseq_scan(struct str s, bool last, size_t *used, struct key *key)
{
    assert(s.len > 0);
    *used = 0;
    if (at(s, 0) != ESC)
        return scan_plain(s, last, used, key);
    if (!last && (s.len == 1 || (s.len == 2 && is_intro(at(s, 1)))))
        return SEQ_MORE;
    if (s.len == 1 || at(s, 1) == ESC) {
        if (s.len > 2 && (s.ptr[2] == '[' || s.ptr[2] == 'O'))
            return scan_double(s, last, used, key);
        *used = 1;
        return named(key, K_ESC, 0);
    }
    if (s.len > 2 && at(s, 1) == '[')
        return scan_csi(s, last, used, key);
    if (s.len > 2 && at(s, 1) == 'O')
        return scan_ss3(s, last, used, key);
    if (s.len > 2 && is_string(at(s, 1), at(s, 2))) {
        *used = 2;
        return SEQ_STRING;
    }
    return scan_alt(s, last, used, key);
}
