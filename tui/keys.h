/* SPDX-License-Identifier: MIT
 *
 * Bytes from a terminal in, keys out; sans-I/O, with the time passed in.  It
 * knows the fixed xterm set and what keys_learn adds.  A sequence it does not
 * know vanishes whole, so that its tail is never typed as text.
 */
#ifndef TUI_KEYS_H
#define TUI_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/now.h"
#include "shared/str.h"
#include "tui/key.h"

struct keys;

enum {
    KEYS_READ_MAX = 4096,     /* most bytes of one keys_feed */
    KEYS_PASTE_MAX = 1 << 20, /* a longer paste is cut; bytes */
    KEYS_PASTE_MS = 10000,    /* quiet after which a paste without end ends */
    KEYS_BURST_MS = 50,       /* the same for one recognised by its speed */
    KEYS_ESC_MS = 40,         /* wait for the rest of a sequence */
    KEYS_ESC_MUX_MS = 100     /* the same inside tmux and screen */
};

/*
 *   esc_ms   how long an ESC may wait for what follows
 *   bursts   take more than one line end in one read for a paste; for
 *            terminals that do not bracket pastes
 */
struct keys *keys_new(unsigned esc_ms, bool bursts);
void keys_free(struct keys *); /* NULL is allowed */

/*
 * Another sequence for a key, as terminfo says.
 *   seq      1..15 bytes, not beginning with a printable character; others
 *            and those beyond a table of 64 are ignored
 */
void keys_learn(struct keys *, struct str seq, struct key);

/*
 * The terminal has been asked for its cursor position: the next answer of that
 * form is one, and not F3 with a modifier, which looks the same.
 */
void keys_expect_cursor(struct keys *);

/*
 * Take what one read returned; call keys_next until it is false before the
 * next one.
 *   bytes    at most KEYS_READ_MAX
 */
void keys_feed(struct keys *, struct str bytes, struct now);

/*
 * The next key.  A paste in it is good until the next call of anything here.
 *   returns  false when there is none
 */
bool keys_next(struct keys *, struct key *);

/*
 * When waiting for more bytes ends, mono_us; then keys_tick, and keys_next.
 */
uint64_t keys_deadline(const struct keys *);
void keys_tick(struct keys *, struct now);

#endif
