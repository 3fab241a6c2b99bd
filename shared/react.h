/* SPDX-License-Identifier: MIT
 *
 * The reactions to a message as one text: a line "COUNT KEY" for each sign, in
 * the order in which they came.  Server and client change it by the same rule.
 */
#ifndef SHARED_REACT_H
#define SHARED_REACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/str.h"

/*
 * The next line off the front.
 *   returns  false: there is none; one that makes no sense ends the text
 */
bool react_next(struct str *list, struct str *key, uint64_t *count);

/* How many have reacted by a sign. */
uint64_t react_count(struct str list, struct str key);

/* How many signs there are. */
size_t react_kinds(struct str list);

/*
 * One more has reacted by a sign, or one fewer; a sign nobody is left of goes.
 *   key      not empty, one line
 *   out      list.len + key.len + 24 bytes are always enough
 *   returns  bytes written
 */
size_t react_change(struct str list, struct str key, bool remove, char *out,
                    size_t cap);

#endif
