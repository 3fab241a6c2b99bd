/* SPDX-License-Identifier: MIT
 *
 * Replacements that can be taken back; see undo.h.
 */
#include "tui/undo.h"

#include <assert.h>
#include <stdlib.h>

#include "shared/mem.h"

void undo_init(struct undo *u)
{
    *u = (struct undo){ 0 };
}

static void forget(struct undo *u, struct step *step)
{
    u->bytes -= step->was_len + step->is_len;
    free(step->was);
    free(step->is);
}

void undo_fini(struct undo *u)
{
    for (size_t i = 0; i < u->n; i++)
        forget(u, &u->steps[i]);
    free(u->steps);
    undo_init(u);
}

static void forget_oldest(struct undo *u)
{
    forget(u, &u->steps[0]);
    u->n--;
    u->at--;
    memmove(u->steps, u->steps + 1, u->n * sizeof *u->steps);
}

/* Make the last step's text longer; true when it did. */
static bool extend(struct undo *u, size_t at, struct str is)
{
    struct step *last = u->at ? &u->steps[u->at - 1] : NULL;

    if (!last || last->at + last->is_len != at)
        return false;
    last->is = mem_resize(last->is, last->is_len + is.len, 1);
    if (is.len)
        memcpy(last->is + last->is_len, is.ptr, is.len);
    last->is_len += is.len;
    u->bytes += is.len;
    return true;
}

void undo_note(struct undo *u, const struct change *c, bool join)
{
    size_t size = c->was.len + c->is.len;

    assert(size <= UNDO_BYTES);
    while (u->n > u->at)
        forget(u, &u->steps[--u->n]);
    while (u->n && (u->n == UNDO_MAX || u->bytes + size > UNDO_BYTES))
        forget_oldest(u);
    if (join && c->was.len == 0 && extend(u, c->at, c->is))
        return;
    if (!u->steps)
        u->steps = mem_new(UNDO_MAX, sizeof *u->steps);
    u->steps[u->n++] = (struct step){ .at = c->at,
                                      .cursor = c->cursor,
                                      .was = mem_str(c->was),
                                      .is = mem_str(c->is),
                                      .was_len = c->was.len,
                                      .is_len = c->is.len };
    u->at = u->n;
    u->bytes += size;
}

const struct step *undo_back(struct undo *u)
{
    return u->at ? &u->steps[--u->at] : NULL;
}

const struct step *undo_again(struct undo *u)
{
    return u->at < u->n ? &u->steps[u->at++] : NULL;
}
