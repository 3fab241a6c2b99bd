/* SPDX-License-Identifier: MIT
 *
 * The decoder: what has been read and not understood yet, pastes, and waiting
 * for the rest.  Single sequences are keyseq's.
 */
#include "tui/keys.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/text.h"
#include "tui/keyseq.h"

enum {
    LEARNED_MAX = 64,
    LEARNED_LEN = 15,
    SEQ_MS = 500, /* wait for a sequence that has begun beyond its ESC */
};

enum { ESC = 0x1b, BEL = 0x07, CAN = 0x18 };

/* What the bytes at hand are taken for. */
enum state {
    PLAIN,
    PASTE,       /* up to ESC [ 201 ~ */
    BURST,       /* a paste without marks, up to an ESC or a pause */
    SKIP_STRING, /* a control string */
    SKIP_CSI     /* the rest of an endless sequence */
};

struct learned {
    char seq[LEARNED_LEN];
    uint8_t len;
    struct key key;
};

struct keys {
    char buf[KEYSEQ_MAX + KEYS_READ_MAX];
    size_t from, to; /* not understood yet */
    enum state state;
    unsigned esc_ms;
    bool bursts;
    bool last;      /* the wait is over: make do with what is here */
    unsigned asked; /* cursor reports to come */
    uint64_t fed_us;
    struct learned learned[LEARNED_MAX];
    size_t n_learned;
    char *paste; /* owned */
    size_t len, cap;
    bool was_cr; /* the last byte of the paste was a CR */
};

struct keys *keys_new(unsigned esc_ms, bool bursts)
{
    struct keys *k = mem_new(1, sizeof *k);

    k->esc_ms = esc_ms;
    k->bursts = bursts;
    return k;
}

void keys_free(struct keys *k)
{
    if (!k)
        return;
    free(k->paste);
    free(k);
}

static bool is_control(char c)
{
    return (uint8_t)c < 0x20 || c == 0x7f;
}

void keys_learn(struct keys *k, struct str seq, struct key key)
{
    struct learned *l = &k->learned[k->n_learned];

    if (seq.len == 0 || seq.len > LEARNED_LEN || !is_control(seq.ptr[0]) ||
        k->n_learned == LEARNED_MAX)
        return;
    memcpy(l->seq, seq.ptr, seq.len);
    l->len = (uint8_t)seq.len;
    l->key = key_normal(key);
    k->n_learned++;
}

void keys_expect_cursor(struct keys *k)
{
    k->asked++;
}

static struct str rest(const struct keys *k)
{
    return str_bytes(k->buf + k->from, k->to - k->from);
}

/* More than one line end and no sequence: nobody types as fast as that. */
static bool is_burst(struct str s)
{
    size_t ends = 0;

    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == ESC)
            return false;
        if (s.ptr[i] == '\r' || (s.ptr[i] == '\n' && i && s.ptr[i - 1] != '\r'))
            ends++;
    }
    return ends > 1;
}

static void paste_begin(struct keys *k, enum state state)
{
    k->state = state;
    k->len = 0;
    k->was_cr = false;
}

void keys_feed(struct keys *k, struct str bytes, struct now now)
{
    size_t left = k->to - k->from;

    assert(bytes.len <= KEYS_READ_MAX);
    assert(left <= KEYSEQ_MAX);
    if (k->state == PLAIN) { /* the last paste has been seen */
        free(k->paste);
        k->paste = NULL;
        k->cap = 0;
    }
    memmove(k->buf, k->buf + k->from, left);
    if (bytes.len)
        memcpy(k->buf + left, bytes.ptr, bytes.len);
    k->from = 0;
    k->to = left + bytes.len;
    k->fed_us = now.mono_us;
    k->last = false;
    if (k->state == PLAIN && k->bursts && is_burst(rest(k)))
        paste_begin(k, BURST);
}

static void paste_put(struct keys *k, char c)
{
    bool after_cr = k->was_cr;

    k->was_cr = c == '\r';
    if (c == '\n' && after_cr)
        return;
    if (c == '\r')
        c = '\n';
    if ((is_control(c) && c != '\n' && c != '\t') || k->len == KEYS_PASTE_MAX)
        return;
    if (k->len == k->cap) {
        k->cap = k->cap ? k->cap * 2 : KEYS_READ_MAX;
        k->paste = mem_resize(k->paste, k->cap, 1);
    }
    k->paste[k->len++] = c;
}

/* Hand out what was pasted, as clean text; false when it was nothing. */
static bool paste_end(struct keys *k, struct key *key)
{
    size_t cap = k->len * 3;
    char *clean;

    k->state = PLAIN;
    if (k->len == 0)
        return false;
    clean = mem_new(cap, 1);
    k->len = text_clean(str_bytes(k->paste, k->len), TEXT_LINES, clean, cap);
    free(k->paste);
    k->paste = clean;
    k->cap = cap;
    *key = (struct key){ .type = KT_PASTE, .paste = { k->paste, k->len } };
    return true;
}

/* How many bytes of the mark that ends a paste s begins with, as far as it
 * goes; -1 when it is something else. */
static int end_mark(struct str s)
{
    static const char MARK[] = "\033[201~";
    size_t n = s.len < sizeof MARK - 1 ? s.len : sizeof MARK - 1;

    return memcmp(s.ptr, MARK, n) == 0 ? (int)n : -1;
}

/* Take the bytes at hand into the paste; true when that ended it. */
static bool paste_take(struct keys *k)
{
    enum { MARK_LEN = 6 };

    for (; k->from < k->to; k->from++) {
        int mark = -1;

        if (k->buf[k->from] == ESC && k->state == BURST)
            return true;
        if (k->buf[k->from] == ESC)
            mark = end_mark(rest(k));
        if (mark == MARK_LEN) {
            k->from += MARK_LEN;
            return true;
        }
        if (mark > 0 && !k->last)
            return false;
        paste_put(k, k->buf[k->from]);
    }
    return k->last;
}

/* Skip to the end of a control string: BEL, ESC \, CAN. */
static void skip_string(struct keys *k)
{
    for (; k->from < k->to; k->from++) {
        char c = k->buf[k->from];

        if (c == ESC && k->to - k->from == 1 && !k->last)
            return;
        if (c != ESC && c != BEL && c != CAN)
            continue;
        k->state = PLAIN;
        if (c != ESC)
            k->from += 1;
        else if (k->to - k->from > 1 && k->buf[k->from + 1] == '\\')
            k->from += 2;
        return;
    }
}

/* Skip to the final byte of a sequence, or to what breaks it off. */
static void skip_csi(struct keys *k)
{
    for (; k->from < k->to; k->from++) {
        uint8_t c = (uint8_t)k->buf[k->from];

        if (c >= ' ' && c < '@')
            continue;
        k->state = PLAIN;
        if (c >= '@' && c < 0x7f)
            k->from++;
        return;
    }
}

/* Look a sequence of terminfo up. */
static enum keyseq learned_scan(struct keys *k, size_t *used, struct key *key)
{
    struct str s = rest(k);
    enum keyseq what = SEQ_NONE;

    *used = 0;
    if (!is_control(s.ptr[0]))
        return SEQ_NONE;
    for (size_t i = 0; i < k->n_learned; i++) {
        const struct learned *l = &k->learned[i];
        size_t n = s.len < l->len ? s.len : l->len;

        if (memcmp(s.ptr, l->seq, n) != 0)
            continue;
        if (s.len < l->len && !k->last)
            return SEQ_MORE;
        if (s.len >= l->len && l->len > *used) {
            *used = l->len;
            *key = l->key;
            what = SEQ_KEY;
        }
    }
    return what;
}

/* A cursor report nobody asked for is F3 with a modifier, if it can be. */
static void settle_cursor(struct keys *k, struct key *key)
{
    if (key->type != KT_REPORT || key->code != REPORT_CURSOR)
        return;
    if (k->asked) {
        k->asked--;
        return;
    }
    if (key->args[0] != 1 || key->args[1] < 2 || key->args[1] > 16)
        return;
    key->type = KT_NAMED;
    key->code = K_F1 + 2;
    key->mods = ((key->args[1] - 1) & 1 ? MOD_SHIFT : 0) |
                ((key->args[1] - 1) & 10 ? MOD_ALT : 0) |
                ((key->args[1] - 1) & 4 ? MOD_CTRL : 0);
    key->args[0] = key->args[1] = 0;
}

/* One step over plain input; what it was. */
static enum keyseq plain_next(struct keys *k, struct key *key)
{
    size_t used;
    enum keyseq what = learned_scan(k, &used, key);

    if (what == SEQ_NONE)
        what = keyseq_scan(rest(k), k->last, &used, key);
    k->from += used;
    if (what == SEQ_KEY)
        settle_cursor(k, key);
    else if (what == SEQ_PASTE)
        paste_begin(k, PASTE);
    else if (what == SEQ_STRING)
        k->state = SKIP_STRING;
    else if (what == SEQ_LONG)
        k->state = SKIP_CSI;
    return what;
}

/* One step; `stuck` when nothing more can be done with the bytes at hand. */
static bool step(struct keys *k, struct key *key, bool *stuck)
{
    enum keyseq what;

    switch (k->state) {
    case PASTE:
    case BURST: *stuck = !paste_take(k); return !*stuck && paste_end(k, key);
    case SKIP_STRING:
        skip_string(k);
        *stuck = k->state == SKIP_STRING;
        return false;
    case SKIP_CSI:
        skip_csi(k);
        *stuck = k->state == SKIP_CSI;
        return false;
    case PLAIN: break;
    }
    *stuck = k->from == k->to;
    if (*stuck)
        return false;
    what = plain_next(k, key);
    *stuck = what == SEQ_MORE;
    return what == SEQ_KEY;
}

bool keys_next(struct keys *k, struct key *key)
{
    bool stuck = false;

    while (!stuck) {
        if (step(k, key, &stuck))
            return true;
    }
    k->last = false;
    return false;
}

/* How long to wait for more bytes, in ms; 0 for ever. */
static unsigned patience(const struct keys *k)
{
    struct str s = rest(k);

    switch (k->state) {
    case PASTE: return KEYS_PASTE_MS;
    case BURST: return KEYS_BURST_MS;
    case SKIP_STRING:
    case SKIP_CSI: return SEQ_MS;
    case PLAIN: break;
    }
    if (s.len == 0 || !is_control(s.ptr[0]))
        return 0; /* half a character can wait */
    return s.len > 1 && (s.ptr[1] == '[' || s.ptr[1] == 'O') ? SEQ_MS
                                                             : k->esc_ms;
}

uint64_t keys_deadline(const struct keys *k)
{
    unsigned ms = patience(k);

    return ms ? k->fed_us + ms * UINT64_C(1000) : NEVER;
}

void keys_tick(struct keys *k, struct now now)
{
    if (now.mono_us < keys_deadline(k))
        return;
    if (k->state == SKIP_STRING || k->state == SKIP_CSI) {
        k->state = PLAIN;
        k->from = k->to;
    }
    k->last = true;
}
