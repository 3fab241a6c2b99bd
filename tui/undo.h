/* SPDX-License-Identifier: MIT
 *
 * What was done to a text, as a bounded list of replacements that can be taken
 * back and done again.  It holds no text of its own but these.
 */
#ifndef TUI_UNDO_H
#define TUI_UNDO_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/str.h"

/* The oldest step goes when one of these is reached. */
enum { UNDO_MAX = 256, UNDO_BYTES = 1024 * 1024 };

/* A change that was made; owns its texts. */
struct step {
    size_t at, cursor;
    char *was, *is; /* owned */
    size_t was_len, is_len;
};

struct undo {
    struct step *steps; /* owned; UNDO_MAX once there is one */
    size_t n, at;       /* [0, at) can be undone, [at, n) redone */
    size_t bytes;       /* of all was and is */
};

void undo_init(struct undo *);
void undo_fini(struct undo *);

/* At byte `at` stands `was` and comes `is`; the cursor is at `cursor`. */
struct change {
    size_t at, cursor;
    struct str was, is;
};

/*
 * Note a change; what could be redone is forgotten.
 *   join     it goes on where the last step ended: one step with it
 */
void undo_note(struct undo *, const struct change *, bool join);

/* The step to take back, or to do again; NULL when there is none. */
const struct step *undo_back(struct undo *);
const struct step *undo_again(struct undo *);

#endif
