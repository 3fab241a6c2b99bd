/* SPDX-License-Identifier: MIT
 *
 * The rule that holds the protocol together: a client that has applied the
 * events knows the same as one that fetches afresh.  Random scenarios of lines,
 * edits, what is taken back and reactions, on servers that have little at hand
 * and are restarted now and then.  Compared are the lines as they are shown:
 *     live    applied each event when it came
 *     late    fetched in the middle, then events, all of it in any order
 *     fresh   fetched at the end
 * SEED=0x... does one scenario again.
 */
#include "tests/server.h"

#include "tui/amend.h"
#include "tui/history.h"

enum { SCENARIOS = 1000, PEOPLE = 3, STEPS = 40, HELD_MAX = 4096, LINES = 500 };

/* Messages kept for later, in any order. */
struct bag {
    struct frame *frames[HELD_MAX];
    size_t n;
};

struct scene {
    uint64_t seed;
    struct rng dice;
    struct rig *rig;
    struct peer *people[PEOPLE];
    uint64_t room;
    uint64_t head; /* the highest seq that somebody was told */
    uint64_t next_line;
    struct history live;
    struct bag late;
    bool is_late; /* has fetched its page */
};

#define CHECK(s, cond)                                                         \
    do {                                                                       \
        if (!(cond))                                                           \
            fail_msg("SEED=0x%llx: %s", (unsigned long long)(s)->seed, #cond); \
    } while (0)

static uint64_t roll(struct scene *s, uint64_t n)
{
    return rng_below(&s->dice, n);
}

/* ---- what the watcher gets ---- */

static void put(struct history *h, const struct msg_event *event)
{
    history_event(h, event, 0);
}

static void keep(struct scene *s, struct peer *p)
{
    for (size_t i = 0; i < p->n; i++) {
        assert_true(s->late.n < HELD_MAX);
        if (frame_kind(p->inbox[i]) == KIND_EVENT)
            s->late.frames[s->late.n++] = frame_copy(frame_str(p->inbox[i]));
    }
}

/* The last of the people watches: all that it hears is applied. */
static void hear(struct scene *s)
{
    struct peer *p = s->people[PEOPLE - 1];
    struct msg msg;

    if (s->is_late)
        keep(s, p);
    while (take(p, KIND_EVENT, &msg)) {
        put(&s->live, &msg.event);
        if (msg.event.seq > s->head)
            s->head = msg.event.seq;
    }
    for (size_t i = 0; i < PEOPLE; i++)
        forget(s->people[i]);
}

/* A page of everything, without what is heard besides. */
static void fetch_all(struct scene *s)
{
    struct msg msg = { .kind = KIND_HIST };

    hear(s);
    msg.hist.room = s->room;
    msg.hist.mode = hist_AFTER;
    msg.hist.limit = LINES;
    say(s->people[PEOPLE - 1], &msg);
    settle(s->rig);
    must(s->people[PEOPLE - 1], KIND_HIST_PAGE);
}

/* ---- what people do ---- */

static void do_say(struct scene *s, struct peer *p)
{
    struct msg msg = { .kind = KIND_SEND };
    char text[64];

    snprintf(text, sizeof text, "line %llu",
             (unsigned long long)s->next_line++);
    msg.send.room = s->room;
    msg.send.cseq = ++p->cseq;
    msg.send.text = str_of(text);
    msg.send.ref = roll(s, 4) ? 0 : roll(s, s->head + 1);
    say(p, &msg);
}

static void do_edit(struct scene *s, struct peer *p)
{
    struct msg msg = { .kind = KIND_EDIT };
    char text[64];

    snprintf(text, sizeof text, "edit %llu",
             (unsigned long long)s->next_line++);
    msg.edit.room = s->room;
    msg.edit.cseq = ++p->cseq;
    msg.edit.text = str_of(text);
    msg.edit.ref = roll(s, s->head + 2);
    say(p, &msg);
}

static void do_redact(struct scene *s, struct peer *p)
{
    struct msg msg = { .kind = KIND_REDACT };

    msg.redact.room = s->room;
    msg.redact.cseq = ++p->cseq;
    msg.redact.text = roll(s, 2) ? S("why") : S("");
    msg.redact.ref = roll(s, s->head + 2);
    say(p, &msg);
}

static void do_react(struct scene *s, struct peer *p)
{
    static const char *const KEYS[] = { "+1", "👍", "ok then", "a", "b" };
    struct msg msg = { .kind = KIND_REACT };

    msg.react.room = s->room;
    msg.react.cseq = ++p->cseq;
    msg.react.key = str_of(KEYS[roll(s, sizeof KEYS / sizeof *KEYS)]);
    msg.react.remove = roll(s, 3) == 0;
    msg.react.ref = roll(s, s->head + 2);
    say(p, &msg);
}

static void do_pin(struct scene *s, struct peer *p)
{
    struct msg msg = { .kind = KIND_PIN };

    msg.pin.room = s->room;
    msg.pin.cseq = ++p->cseq;
    msg.pin.remove = roll(s, 2);
    msg.pin.ref = roll(s, s->head + 2);
    say(p, &msg);
}

static void do_topic(struct scene *s, struct peer *p)
{
    struct msg msg = { .kind = KIND_ROOM_SET };

    msg.room_set.room = s->room;
    msg.room_set.cseq = ++p->cseq;
    msg.room_set.topic = S("topic");
    say(p, &msg);
}

static void act(struct scene *s)
{
    struct peer *p = s->people[roll(s, PEOPLE)];
    uint64_t what = roll(s, 100);

    if (what < 30)
        do_say(s, p);
    else if (what < 55)
        do_edit(s, p);
    else if (what < 65)
        do_redact(s, p);
    else if (what < 90)
        do_react(s, p);
    else if (what < 97)
        do_pin(s, p);
    else
        do_topic(s, p);
}

/* ---- coming and going ---- */

static void come(struct scene *s, size_t i)
{
    static const char *const NICKS[PEOPLE] = { "ann", "bob", "eve" };
    struct peer *old = s->people[i];

    s->people[i] =
        enter_as(s->rig, TRANSPORT_TCP, NICKS[i], i + 1,
                 old ? str_bytes(old->token, TOKEN_LEN) : str_of(NULL));
}

/* All are told what they have missed: nothing, as all was stored. */
static void restart(struct scene *s)
{
    hear(s);
    rig_restart(s->rig);
    for (size_t i = 0; i < PEOPLE; i++)
        come(s, i);
    hear(s);
}

static void begin(struct scene *s, uint64_t seed)
{
    struct limits limits = rig_limits();

    memset(s, 0, sizeof *s);
    s->seed = s->dice.state = seed;
    limits.value[LIMIT_ROOM_EVENTS] = roll(s, 2) ? 16 : 10000;
    limits.value[LIMIT_REACT_KINDS] = roll(s, 2) ? 2 : 20;
    s->rig = rig_new_durable(&limits);
    history_init(&s->live, LINES);
    for (size_t i = 0; i < PEOPLE; i++) {
        come(s, i);
        s->room = join(s->people[i], "#a");
    }
    fetch_all(s);
    hear(s);
}

static void end(struct scene *s)
{
    history_fini(&s->live);
    for (size_t i = 0; i < s->late.n; i++)
        frame_unref(s->late.frames[i]);
    rig_free(s->rig);
}

/* ---- comparing ---- */

static bool same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool is_same(const struct line *a, const struct line *b)
{
    return a->seq == b->seq && a->event == b->event && a->ts == b->ts &&
           a->account == b->account && a->ref == b->ref &&
           a->edited == b->edited && a->pinned == b->pinned &&
           same_text(a->nick, b->nick) && same_text(a->text, b->text) &&
           same_text(a->by, b->by) && same_text(a->reacts, b->reacts);
}

static const struct line *next_shown(const struct history *h, size_t *at)
{
    while (*at < h->n && amend_is_hidden(&h->lines[*at]))
        ++*at;
    return *at < h->n ? &h->lines[(*at)++] : NULL;
}

static void tell(const char *who, const struct line *line)
{
    if (line)
        print_error("%s: %llu <%s> %s (edited %llu, by %s, %s)\n", who,
                    (unsigned long long)line->seq, line->nick, line->text,
                    (unsigned long long)line->edited, line->by ? line->by : "-",
                    line->reacts ? line->reacts : "");
    else
        print_error("%s: nothing\n", who);
}

static void compare(struct scene *s, const char *who, const struct history *a,
                    const struct history *fresh)
{
    const struct line *x, *y;
    size_t i = 0, j = 0;

    do {
        x = next_shown(a, &i);
        y = next_shown(fresh, &j);
        if ((x && y && is_same(x, y)) || (!x && !y))
            continue;
        tell(who, x);
        tell("fresh", y);
        CHECK(s, false);
    } while (x && y);
}

/* Nothing of what was taken back is left in a client. */
static void check_gone(struct scene *s, const struct history *h)
{
    for (size_t i = 0; i < h->n; i++) {
        size_t at = h->lines[i].event == event_EDIT
                        ? history_find(h, h->lines[i].ref)
                        : SIZE_MAX;

        CHECK(s, at == SIZE_MAX || !h->lines[at].by || !*h->lines[i].text);
    }
}

static void compare_late(struct scene *s, const struct history *fresh)
{
    struct wire_scratch *scratch = &s->rig->scratch;
    struct history late;
    struct msg msg;

    history_init(&late, LINES);
    for (size_t n = s->late.n; n > 0; n--) {
        size_t i = roll(s, n);
        struct frame *frame = s->late.frames[i];

        assert_int_equal(wire_decode(&msg, frame_str(frame), scratch), 0);
        put(&late, &msg.event);
        s->late.frames[i] = s->late.frames[n - 1];
        s->late.frames[n - 1] = frame;
    }
    compare(s, "late", &late, fresh);
    check_gone(s, &late);
    history_fini(&late);
}

static void one_scenario(uint64_t seed)
{
    struct scene *s = malloc(sizeof *s);
    struct history fresh;
    struct msg msg;
    size_t turn;

    assert_non_null(s);
    begin(s, seed);
    turn = roll(s, STEPS);
    for (size_t i = 0; i < STEPS; i++) {
        for (size_t n = roll(s, 4); n > 0; n--)
            act(s);
        pass(s->rig, roll(s, 2) ? 0 : 5);
        if (i == turn) {
            pass(s->rig, 10);
            fetch_all(s);
            s->is_late = true;
        }
        hear(s);
        if (roll(s, 25) == 0) {
            pass(s->rig, 100);
            restart(s);
        }
    }
    pass(s->rig, 200);
    fetch_all(s);
    history_init(&fresh, LINES);
    while (take(s->people[PEOPLE - 1], KIND_EVENT, &msg))
        put(&fresh, &msg.event);
    CHECK(s, s->live.first == 1 && s->live.last == s->head);
    compare(s, "live", &s->live, &fresh);
    check_gone(s, &s->live);
    compare_late(s, &fresh);
    history_fini(&fresh);
    end(s);
    free(s);
}

static void test_snapshot_is_what_the_events_make(void **state)
{
    uint64_t seed = test_number("SEED", 0);
    uint64_t n = test_number("SCENARIOS", SCENARIOS);

    (void)state;
    if (seed) {
        one_scenario(seed);
        return;
    }
    for (uint64_t i = 1; i <= n; i++)
        one_scenario(i * 0x9e3779b97f4a7c15u);
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_snapshot_is_what_the_events_make),
};

int main(void)
{
    return RUN(TESTS);
}
