/* SPDX-License-Identifier: MIT
 *
 * Inside of the commands: the functions of commands.def, and what they share.
 * For command*.c only.
 */
#ifndef TUI_COMMAND_IMPL_H
#define TUI_COMMAND_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/now.h"
#include "shared/str.h"
#include "tui/command.h"

struct chat;
struct room;

#define COMMAND(name, usage, min, max, match, function, text)                  \
    void function(struct chat *, const struct args *, struct now);
#include "tui/commands.def"

/* The text with fullwidth letters, digits and signs made ASCII, terminated;
 * cut at cap. */
void narrow(struct str text, char *out, size_t cap);

/* The number a text is; false when it is none or above max. */
bool number_of(struct str text, uint64_t max, uint64_t *out);

/* The index of a word among "a|b|c"; SIZE_MAX when it is none of them. */
size_t choice_of(struct str text, const char *choices);

/* Find a text among the lines that are held. */
void search_here(struct chat *, struct str needle, struct now);

/* The current room if it can be talked in; else says why not, NULL. */
struct room *talking_room(struct chat *, struct now);

/* Whether the server can be asked; false, and a notice: not now. */
bool can_ask(struct chat *, struct now);

/* The same, if we are not muted there. */
struct room *speaking_room(struct chat *, struct now);

#endif
