/* SPDX-License-Identifier: MIT
 *
 * How many cells a piece of text takes: the one width function, over grapheme
 * clusters, for wrap, cursor, columns and truncation.  Tables from utf8proc.
 */
#ifndef SHARED_WIDTH_H
#define SHARED_WIDTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/str.h"

enum { CLUSTER_MAX = 22 }; /* bytes of the longest reduced cluster */

/* What the terminal does where terminals differ. */
struct width_rule {
    bool ambiguous_wide; /* East Asian Ambiguous takes 2 cells */
    bool full_emoji; /* ZWJ, VS16, flags, skin tones drawn as one, 2 cells */
};

/*
 * The first grapheme cluster of s: Unicode annex 29, but every character that
 * needs a cell of its own begins one, which holds for Indic vowel signs.
 *   s        clean text, at least one byte
 *   cols     its width: 0..2 (0 only for a lone combining mark or format char)
 *   returns  its bytes, at least 1
 */
size_t width_cluster(struct str s, const struct width_rule *, unsigned *cols);

/* Cells of a text without LF; TAB counts 1. */
size_t width_of(struct str s, const struct width_rule *);

/* The longest prefix of whole clusters that fits into max cells. */
struct str width_cut(struct str s, size_t max, const struct width_rule *);

/* Byte where the cluster before `at` begins; 0 at the start. */
size_t width_before(struct str s, size_t at);

/*
 * The form of a cluster that every terminal draws alike: with full_emoji off,
 * ZWJ sequences, skin tones and VS16 are reduced to their base, flags to two
 * letters; characters newer than the C library become U+FFFD.  Its width by
 * wcwidth(3) is then that of width_cluster, unless a width_rule is set.
 *   out      cap bytes, at least CLUSTER_MAX
 *   returns  bytes written
 */
size_t width_reduce(struct str cluster, const struct width_rule *, char *out,
                    size_t cap);

#endif
