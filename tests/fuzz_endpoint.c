/* SPDX-License-Identifier: MIT
 *
 * Whatever comes to a server's socket, from wherever: bytes of the input as
 * they are, behind heads that make them look like records, packets or parts of
 * a session, and what real callers say, changed or said again by others.
 * Nothing breaks, no answer is longer than what it answers, and a caller whose
 * handshake is over never hears anything that it cannot read.
 */
#include "tests/relay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STEPS = 400, HEAD = 13, KEPT = 16, SESSIONS_MOST = 400 };

enum step {
    STEP_RAW,
    STEP_RECORD,
    STEP_CLEAR,
    STEP_SEALED,
    STEP_ARRIVE,
    STEP_CHANGE,
    STEP_AGAIN,
    STEP_SAY,
    STEP_WAIT,
    STEP_CALL,
    STEP_COUNT
};

struct attack {
    struct relay relay;
    struct flying kept[KEPT]; /* the last of callers, for STEP_AGAIN */
    unsigned n_kept;
};

static const struct flying *kept(const struct attack *a, uint8_t which)
{
    unsigned n = a->n_kept < KEPT ? a->n_kept : KEPT;

    return n ? &a->kept[which % n] : NULL;
}

/* A caller's place, or one that is nobody's. */
static struct address some_address(struct relay *r)
{
    uint8_t what = next_byte(r);
    struct address address =
        address_of_place(what / PLACES % (CALLERS + 1), what % PLACES);

    if (what & 0x80) /* not of this machine */
        address.v4.sin_addr.s_addr = htonl(0x0a000001u + what);
    return address;
}

/* Bytes of the input behind `len` that are there; returns how many. */
static size_t fill(struct relay *r, uint8_t *out, size_t len)
{
    size_t n = next_byte(r) * (size_t)(1 + next_byte(r) % 4);

    for (size_t i = 0; i < n && len < DATAGRAM_MAX; i++)
        out[len++] = next_byte(r);
    return len;
}

/* The head of a record, whose length is right most of the time. */
static size_t record(struct relay *r, uint8_t *out)
{
    size_t len;

    out[0] = (uint8_t)(20 + next_byte(r) % 5);
    out[1] = 0xfe;
    out[2] = next_byte(r) & 1 ? 0xfd : 0xff;
    for (unsigned i = 3; i < 11; i++)
        out[i] = 0;
    out[4] = next_byte(r) & 1;
    out[10] = next_byte(r);
    len = fill(r, out, HEAD);
    out[11] = (uint8_t)((len - HEAD) >> 8);
    out[12] = (uint8_t)(len - HEAD);
    if (next_byte(r) == 0xff)
        out[12] ^= next_byte(r);
    return len;
}

/* An envelope, with an id that somebody has or not. */
static size_t envelope(struct attack *a, uint8_t first, uint8_t *out)
{
    struct relay *r = &a->relay;
    uint64_t id = next_byte(r);
    const struct flying *model = id < KEPT ? kept(a, (uint8_t)id) : NULL;

    if (model)
        link_datagram_id(str_bytes(model->bytes, model->len), &id);
    out[0] = first;
    for (unsigned i = 0; i < 8; i++)
        out[1 + i] = (uint8_t)(id >> (56 - 8 * i));
    return 9;
}

static void inject(struct attack *a, enum step step)
{
    struct relay *r = &a->relay;
    struct address from = some_address(r);
    uint8_t bytes[DATAGRAM_MAX + HEAD];
    size_t len = 0;

    if (step == STEP_RAW) {
        len = fill(r, bytes, 0);
    } else if (step == STEP_RECORD) {
        len = record(r, bytes);
    } else if (step == STEP_CLEAR) {
        len = envelope(a, DATAGRAM_CLEAR, bytes);
        bytes[len++] = 0x40;
        for (unsigned i = 0; i < 3; i++)
            bytes[len++] = 0;
        len = fill(r, bytes, len);
    } else {
        len = envelope(a, DATAGRAM_SEALED, bytes);
        len += record(r, bytes + len);
    }
    arrive_up(r, str_bytes(bytes, len < DATAGRAM_MAX ? len : DATAGRAM_MAX),
              &from);
}

/* What a caller or the server has said arrives, as it is or changed. */
static void carry(struct attack *a, enum step step)
{
    struct relay *r = &a->relay;
    struct flying flying;
    unsigned i;

    if (r->n == 0)
        return;
    i = next_byte(r) % r->n;
    flying = r->air[i];
    land(r, i);
    if (flying.up)
        a->kept[a->n_kept++ % KEPT] = flying;
    if (flying.up && step == STEP_CHANGE) {
        flying.bytes[next_byte(r) * 5u % flying.len] ^=
            (uint8_t)(next_byte(r) | 1);
        flying.at = some_address(r);
    }
    arrive(r, &flying);
}

static void again(struct attack *a)
{
    struct relay *r = &a->relay;
    const struct flying *old = kept(a, next_byte(r));
    struct flying flying;

    if (!old)
        return;
    flying = *old;
    flying.at = some_address(r);
    arrive(r, &flying);
}

static void play(struct attack *a)
{
    struct relay *r = &a->relay;
    uint8_t what = next_byte(r);
    unsigned who = what >> 7;
    enum step step = (enum step)((what & 0x7f) % STEP_COUNT);

    switch (step) {
    case STEP_RAW:
    case STEP_RECORD:
    case STEP_CLEAR:
    case STEP_SEALED: inject(a, step); break;
    case STEP_ARRIVE:
    case STEP_CHANGE: carry(a, step); break;
    case STEP_AGAIN: again(a); break;
    case STEP_SAY: link_beat(r->callers[who].link, 5000, r->now); break;
    case STEP_WAIT: relay_wait(r, 1u << next_byte(r) % 30); break;
    case STEP_CALL: /* another one, from the same address */
        relay_call(r, who);
        relay_greet(r, who);
        break;
    case STEP_COUNT: break;
    }
    relay_turn(r);
    must(hub_world(r->hub)->sessions.n <= SESSIONS_MOST);
    for (unsigned i = 0; i < CALLERS; i++)
        must(!r->secure || !r->callers[i].met || !r->callers[i].over);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct attack a;
    struct relay *r = &a.relay;

    a = (struct attack){ .relay = { .data = data, .left = size } };
    relay_begin(r, next_byte(r) & 1);
    r->forged = !r->secure;
    for (unsigned i = 0; i < CALLERS; i++)
        relay_greet(r, i);
    relay_turn(r);
    for (int i = 0; i < STEPS && r->left; i++)
        play(&a);
    relay_end(r);
    return 0;
}
