/* SPDX-License-Identifier: MIT
 *
 * Newest-wins states; see latest.h.  Both tables are a handful of keys: they
 * are searched from end to end, LATEST_KEYS entries at the worst.
 */
#include "shared/latest.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "shared/frame.h"
#include "shared/mem.h"

enum { TRIES = 4 }; /* of a beat; the next one follows soon enough */

/* ---- out ---- */

struct state_out {
    uint64_t key;
    struct frame *frame;
    uint32_t version;
    uint32_t pn; /* it was last sent in */
    uint8_t tries;
    bool beat, unsent;
};

void latest_out_init(struct latest_out *out)
{
    *out = (struct latest_out){ 0 };
}

void latest_out_fini(struct latest_out *out)
{
    for (unsigned i = 0; i < out->n; i++)
        frame_unref(out->v[i].frame);
    free(out->v);
    latest_out_init(out);
}

static void remove_out(struct latest_out *out, unsigned i)
{
    frame_unref(out->v[i].frame);
    memmove(&out->v[i], &out->v[i + 1], (out->n - i - 1) * sizeof *out->v);
    out->n--;
}

void latest_put(struct latest_out *out, uint64_t key, bool beat,
                struct frame *frame)
{
    unsigned i = 0;

    assert(frame->len <= LATEST_BYTES);
    while (i < out->n && out->v[i].key != key)
        i++;
    if (i < out->n)
        remove_out(out, i);
    else if (out->n == LATEST_KEYS)
        remove_out(out, 0);
    if (out->n == out->cap) {
        out->cap = out->cap ? out->cap * 2 : 2;
        out->v = mem_resize(out->v, out->cap, sizeof *out->v);
    }
    out->v[out->n++] = (struct state_out){
        .key = key,
        .frame = frame_ref(frame),
        .version = ++out->version,
        .beat = beat,
        .unsent = true,
    };
}

/* Index of the next one to send; n when there is none. */
static unsigned next_unsent(const struct latest_out *out)
{
    unsigned i = 0;

    while (i < out->n && !out->v[i].unsent)
        i++;
    return i;
}

bool latest_peek(const struct latest_out *out, struct part *part)
{
    unsigned i = next_unsent(out);

    if (i == out->n)
        return false;
    *part = (struct part){
        .type = out->v[i].beat ? PART_BEAT : PART_STATE,
        .state = { .key = out->v[i].key,
                   .version = out->v[i].version,
                   .bytes = frame_str(out->v[i].frame) },
    };
    return true;
}

void latest_sent(struct latest_out *out, uint32_t pn)
{
    unsigned i = next_unsent(out);

    assert(i < out->n);
    if (!out->v[i].beat) {
        remove_out(out, i);
        return;
    }
    out->v[i].unsent = false;
    out->v[i].pn = pn;
    out->v[i].tries++;
}

void latest_acked(struct latest_out *out, uint32_t pn)
{
    for (unsigned i = out->n; i-- > 0;)
        if (!out->v[i].unsent && out->v[i].pn == pn)
            remove_out(out, i);
}

static void retry(struct latest_out *out, unsigned i)
{
    if (out->v[i].tries == TRIES)
        remove_out(out, i);
    else
        out->v[i].unsent = true;
}

void latest_retry(struct latest_out *out, uint32_t pn)
{
    for (unsigned i = out->n; i-- > 0;)
        if (!out->v[i].unsent && out->v[i].pn == pn)
            retry(out, i);
}

void latest_retry_all(struct latest_out *out)
{
    for (unsigned i = out->n; i-- > 0;)
        if (!out->v[i].unsent)
            retry(out, i);
}

bool latest_waits(const struct latest_out *out)
{
    for (unsigned i = 0; i < out->n; i++)
        if (out->v[i].beat)
            return true;
    return false;
}

/* ---- in ---- */

struct state_in {
    uint64_t key;
    uint8_t *bytes; /* waiting to be taken, owned; NULL: none */
    uint32_t len, version;
};

void latest_in_init(struct latest_in *in)
{
    *in = (struct latest_in){ 0 };
}

void latest_in_fini(struct latest_in *in)
{
    for (unsigned i = 0; i < in->n; i++)
        free(in->v[i].bytes);
    free(in->v);
    free(in->taken);
    latest_in_init(in);
}

/* The entry of the oldest version, among all or among those waiting. */
static struct state_in *oldest(struct latest_in *in, bool waiting)
{
    struct state_in *found = NULL;

    for (unsigned i = 0; i < in->n; i++) {
        struct state_in *at = &in->v[i];

        if (waiting && !at->bytes)
            continue;
        if (!found || range_before(at->version, found->version))
            found = at;
    }
    return found;
}

static void drop_bytes(struct latest_in *in, struct state_in *entry)
{
    if (!entry->bytes)
        return;
    free(entry->bytes);
    entry->bytes = NULL;
    in->bytes -= entry->len;
    in->waiting--;
}

/* A place for a new key. */
static struct state_in *admit(struct latest_in *in, uint64_t key)
{
    struct state_in *entry;

    if (in->n == LATEST_KEYS) {
        entry = oldest(in, false);
        in->floor = entry->version;
        drop_bytes(in, entry);
    } else {
        if (in->n == in->cap) {
            in->cap = in->cap ? in->cap * 2 : 2;
            in->v = mem_resize(in->v, in->cap, sizeof *in->v);
        }
        entry = &in->v[in->n++];
    }
    *entry = (struct state_in){ .key = key };
    return entry;
}

static struct state_in *find(struct latest_in *in, uint64_t key)
{
    for (unsigned i = 0; i < in->n; i++)
        if (in->v[i].key == key)
            return &in->v[i];
    return NULL;
}

void latest_add(struct latest_in *in, const struct part_state *state)
{
    struct state_in *entry = find(in, state->key);
    uint32_t last = entry ? entry->version : in->floor;

    if (!range_before(last, state->version) || state->bytes.len > LATEST_BYTES)
        return;
    if (!entry)
        entry = admit(in, state->key);
    drop_bytes(in, entry);
    entry->version = state->version;
    entry->len = (uint32_t)state->bytes.len;
    entry->bytes = mem_new(1, entry->len);
    if (entry->len)
        memcpy(entry->bytes, state->bytes.ptr, entry->len);
    in->bytes += entry->len;
    in->waiting++;
}

bool latest_take(struct latest_in *in, struct str *state)
{
    struct state_in *entry;

    free(in->taken);
    in->taken = NULL;
    if (in->waiting == 0)
        return false;
    entry = oldest(in, true);
    assert(entry);
    in->taken = entry->bytes;
    entry->bytes = NULL;
    in->bytes -= entry->len;
    in->waiting--;
    *state = str_bytes(in->taken, entry->len);
    return true;
}
