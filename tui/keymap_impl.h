/* SPDX-License-Identifier: MIT
 *
 * Inside of the keymap: the functions of keys.def.  For keymap.c and keymap_*.c
 * only.
 */
#ifndef TUI_KEYMAP_IMPL_H
#define TUI_KEYMAP_IMPL_H

#include <stdbool.h>

#include "tui/keymap.h"
#include "tui/lang.h"

#define KEY(name, function, help)                                              \
    void function(struct chat *, const struct key *, struct now);
#include "tui/keys.def"

/* A key while ui->mode, or a recall search, has it; false when none has. */
bool keymap_mode(struct chat *, const struct key *, struct now);

/* Send what stands in the line, whatever it holds. */
void act_send_now(struct chat *, struct now);

#endif
