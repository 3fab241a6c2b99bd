/* SPDX-License-Identifier: MIT
 *
 * Two honest callers and a server, encrypted or not; the input says which
 * datagram arrives next, which is lost or doubled, when time passes, and when a
 * caller moves.  Whatever it says: nothing breaks, what was said is stored once
 * and answered once, in order; and when the paths are whole again all of it is.
 */
#include "server/room.h"
#include "tests/relay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STEPS = 1500, HEAL_STEPS = 400, HEAL_US = 50000 };

enum step {
    STEP_SAY,
    STEP_SAY_LONG,
    STEP_BEAT,
    STEP_WAIT,
    STEP_ARRIVE,
    STEP_ARRIVE_ALL,
    STEP_TWICE,
    STEP_LOSE,
    STEP_MOVE,
    STEP_COUNT
};

static void arrive_all(struct relay *r)
{
    for (unsigned n = r->n; n > 0 && r->n > 0; n--) {
        struct flying first = r->air[0];

        memmove(&r->air[0], &r->air[1], --r->n * sizeof r->air[0]);
        arrive(r, &first);
    }
}

/* Something happens to one of the datagrams in the air. */
static void handle(struct relay *r, enum step step)
{
    struct flying flying;
    unsigned i;

    if (r->n == 0)
        return;
    i = next_byte(r) % r->n;
    flying = r->air[i];
    if (step != STEP_TWICE)
        land(r, i);
    if (step != STEP_LOSE)
        arrive(r, &flying);
}

static void play(struct relay *r)
{
    uint8_t what = next_byte(r);
    unsigned who = what >> 7;
    enum step step = (enum step)((what & 0x7f) % STEP_COUNT);

    switch (step) {
    case STEP_SAY: relay_say(r, who, next_byte(r)); break;
    case STEP_SAY_LONG: relay_say(r, who, 16u * next_byte(r)); break;
    case STEP_BEAT: link_beat(r->callers[who].link, 5000, r->now); break;
    case STEP_WAIT: relay_wait(r, 1u << next_byte(r) % 26); break;
    case STEP_ARRIVE:
    case STEP_TWICE:
    case STEP_LOSE: handle(r, step); break;
    case STEP_ARRIVE_ALL: arrive_all(r); break;
    case STEP_MOVE:
        if (r->secure)
            r->callers[who].place = next_byte(r) % PLACES;
        break;
    case STEP_COUNT: break;
    }
    relay_turn(r);
}

/* Nobody can go on without a session: it was silent or away for too long. */
static bool has_session(const struct relay *r, unsigned who)
{
    const struct world *w = hub_world(r->hub);
    struct session *s;
    size_t at = 0;

    while ((s = map_each(&w->sessions, &at)))
        if (s->device_id == 1 + who && s->state == SESSION_READY)
            return true;
    return false;
}

static bool is_done(const struct relay *r)
{
    for (unsigned i = 0; i < CALLERS; i++)
        if (r->callers[i].acked != r->callers[i].cseq)
            return false;
    return true;
}

static void heal(struct relay *r)
{
    for (int i = 0; i < HEAL_STEPS && !is_done(r); i++) {
        if (i % 40 == 0)
            for (unsigned who = 0; who < CALLERS; who++)
                link_beat(r->callers[who].link, 5000, r->now);
        relay_turn(r);
        arrive_all(r);
        relay_wait(r, HEAL_US);
    }
}

static void check(const struct relay *r)
{
    const struct world *w = hub_world(r->hub);
    const struct room *room = world_room_named(w, str_of("#room"));
    uint64_t said = 0;

    for (unsigned i = 0; i < CALLERS; i++) {
        const struct caller *c = &r->callers[i];

        must(!(c->met && c->over) && c->acked <= c->cseq);
        if (has_session(r, i))
            must(c->acked == c->cseq);
        said += c->cseq;
    }
    must(!room || room->head_stored <= said);
    /* In clear text an early datagram that is very late begins a session. */
    must(!r->secure || w->env.metrics.bad_frames == 0);
    must(w->env.metrics.insecure == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct relay r;

    r = (struct relay){ .data = data, .left = size };
    relay_begin(&r, next_byte(&r) & 1);
    for (unsigned i = 0; i < CALLERS; i++)
        relay_greet(&r, i);
    relay_turn(&r);
    for (int i = 0; i < STEPS && r.left; i++)
        play(&r);
    heal(&r);
    check(&r);
    relay_end(&r);
    return 0;
}
