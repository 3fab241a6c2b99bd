/* SPDX-License-Identifier: MIT
 *
 * Text from strangers: UTF-8 step by step, the sanitiser, the rules for names.
 * What comes from a peer is cleaned once, at decode, on both sides; after that
 * it holds only valid UTF-8, no C0 or C1 control (but LF and TAB in
 * TEXT_LINES), no bidi control, no line or paragraph separator, no tag
 * character, and at most MARKS_MAX combining marks in a row.
 */
#ifndef SHARED_TEXT_H
#define SHARED_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/str.h"

enum text_kind {
    TEXT_LINE, /* one line: LF and TAB become a space */
    TEXT_LINES /* LF and TAB stay; CR LF and CR become LF */
};

/*
 * One code point off the front.
 *   s        at least one byte
 *   cp       the code point; U+FFFD for a byte that starts nothing valid
 *   returns  bytes used, at least 1 (maximal-subpart rule of Unicode 3.9)
 */
size_t text_step(struct str s, uint32_t *cp);

/* Write a code point as UTF-8; `out` has 4 bytes; returns bytes written. */
size_t text_put(uint32_t cp, char *out);

/* Whether text_clean would change nothing. */
bool text_is_clean(struct str s, enum text_kind kind);

/*
 * Clean s into out.
 *   out      cap bytes; 3 * s.len are always enough
 *   returns  bytes written; whole characters only, cut at cap
 * Bad bytes become U+FFFD, controls their visible form (^[ for ESC, U+FFFD for
 * C1), bidi controls, separators and tags vanish.
 */
size_t text_clean(struct str s, enum text_kind kind, char *out, size_t cap);

/*
 * The stricter filter for what goes past the screen library to a terminal or a
 * log: as TEXT_LINE, and nothing below 0x20 or in 0x7f..0x9f may be left even
 * if the input was not cleaned before.  Same shape as text_clean.
 */
size_t text_strict(struct str s, char *out, size_t cap);

/*
 * The longest prefix of s of at most max bytes that ends between characters.
 */
struct str text_cut(struct str s, size_t max);

/* Number of LF-separated lines; 0 for empty text. */
size_t text_lines(struct str s);

enum name_kind { NAME_NICK, NAME_ROOM };

/*
 * Bring a name to its stored form: NFC, clean, no space, no control, not empty.
 * A room begins with '#' ('＃' is taken for it) and has at least one more
 * character; a nick has none of "#@,:!*?" and does not begin with '/' or '-'.
 *   out      cap bytes, NAME_MAX_BYTES is always enough
 *   max      longest result, bytes
 *   returns  bytes written; 0 when it is no name
 */
size_t text_name(struct str s, enum name_kind kind, size_t max, char *out);

/*
 * The key two names are compared by: case folded, NFKC.
 *   out      cap bytes
 *   returns  bytes written, at most cap; 0 when it does not fit
 */
size_t text_fold(struct str s, char *out, size_t cap);

#endif
