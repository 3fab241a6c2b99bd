/* SPDX-License-Identifier: MIT
 *
 * What keys do: the table keys.def, and what they mean while a page, a search
 * or a question has them.
 */
#ifndef TUI_KEYMAP_H
#define TUI_KEYMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "shared/now.h"

struct chat;
struct key;

struct edit;

struct key_row {
    const char *key; /* its name, key.h */
    void (*run)(struct chat *, const struct key *, struct now);
    bool (*edit)(struct edit *); /* one of the two is NULL */
    const char *help;            /* "": another key for the row above */
};

extern const struct key_row KEYMAP[];
extern const size_t KEYMAP_LEN;

/* Do what a key or a paste means now. */
void keymap_press(struct chat *, const struct key *, struct now);

/* All keys with their help. */
void keymap_help(FILE *);

#endif
