/* SPDX-License-Identifier: MIT
 *
 * Whether a text names somebody: case folded, as a word of its own.  Scripts
 * without spaces have no word ends, so a neighbour in them never hides a name.
 */
#ifndef SHARED_MENTION_H
#define SHARED_MENTION_H

#include <stdbool.h>

#include "shared/str.h"

bool mention_is(struct str text, struct str nick);

#endif
