/* SPDX-License-Identifier: MIT
 *
 * Escape sequences that terminals send: one off the front of some bytes.  The
 * fixed set of xterm and what the Linux console, rxvt and PuTTY do otherwise.
 */
#ifndef TUI_KEYSEQ_H
#define TUI_KEYSEQ_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/str.h"
#include "tui/key.h"

enum { KEYSEQ_MAX = 64 }; /* no sequence that means anything is longer */

enum keyseq {
    SEQ_MORE,   /* not whole yet; `used` is 0 */
    SEQ_KEY,    /* a key or a report */
    SEQ_NONE,   /* whole, and means nothing here */
    SEQ_PASTE,  /* a paste begins behind it */
    SEQ_STRING, /* a control string begins: skip to its end */
    SEQ_LONG    /* longer than KEYSEQ_MAX: skip to its final byte */
};

/*
 * The first key, character or sequence of some bytes.
 *   bytes    at least one
 *   last     no more bytes will come: never answer SEQ_MORE
 *   used     gets how many bytes it took
 *   key      set for SEQ_KEY
 */
enum keyseq keyseq_scan(struct str bytes, bool last, size_t *used,
                        struct key *key);

#endif
