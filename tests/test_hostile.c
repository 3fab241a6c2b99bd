/* SPDX-License-Identifier: MIT
 *
 * Clients that say anything: well-formed messages with wild values, in any
 * order, at any rate, commits failing meanwhile.  The server stays up, keeps
 * its bounds, and goes on serving two people who behave.
 */
#include "tests/server.h"

enum { HOSTILE = 6, STEPS = 4000, SEEDS = 12 };

static uint64_t next_random(void *ctx)
{
    return rng_next(ctx);
}

/* Numbers that mean something more often than not. */
static uint64_t some_number(struct rng *rng)
{
    static const uint64_t EDGES[] = { 0, 1, 2, 255, UINT32_MAX, UINT64_MAX };

    if (rng_below(rng, 4) == 0)
        return EDGES[rng_below(rng, sizeof EDGES / sizeof *EDGES)];
    return rng_below(rng, 12);
}

static struct str some_name(struct rng *rng)
{
    static const char *const NAMES[] = { "#a",   "#b",   "#tea", "@h0", "@h1",
                                         "@ann", "@bob", "h7",   "zoe", "#",
                                         "@",    "",     "x y",  "ann" };

    return str_of(NAMES[rng_below(rng, sizeof NAMES / sizeof *NAMES)]);
}

/* Aim a random message: names that exist, the number that is next. */
static void aim(struct peer *p, struct msg *msg)
{
    struct rng *rng = &p->rig->rng;
    uint64_t cseq = rng_below(rng, 5) ? p->cseq + 1 : some_number(rng);

    switch ((unsigned)msg->kind) {
    case KIND_SEND:
        msg->send.room = some_number(rng);
        msg->send.cseq = cseq;
        msg->send.kind = some_number(rng);
        msg->send.ref = some_number(rng);
        break;
    case KIND_JOIN:
        msg->join.name = some_name(rng);
        msg->join.cseq = cseq;
        break;
    case KIND_PART:
        msg->part.room = some_number(rng);
        msg->part.cseq = cseq;
        break;
    case KIND_ROOM_SET:
        msg->room_set.room = some_number(rng);
        msg->room_set.cseq = cseq;
        break;
    case KIND_HIST:
        msg->hist.room = some_number(rng);
        msg->hist.mode = some_number(rng);
        msg->hist.seq = some_number(rng);
        msg->hist.until = some_number(rng);
        break;
    case KIND_MEMBERS:
        msg->members.room = some_number(rng);
        msg->members.after = some_number(rng);
        break;
    case KIND_TYPING: msg->typing.room = some_number(rng); break;
    case KIND_NICK: msg->nick.nick = some_name(rng); break;
    case KIND_AUTH:
        msg->auth.nick = some_name(rng);
        msg->auth.method = str_of(NULL);
        if (rng_below(rng, 2))
            msg->auth.token = str_bytes(p->token, TOKEN_LEN);
        break;
    case KIND_HELLO:
        msg->hello.vmin = 1;
        msg->hello.device = some_number(rng);
        break;
    default: break;
    }
}

static void say_anything(struct peer *p)
{
    struct rng *rng = &p->rig->rng;
    char arena[2048];
    struct msg msg;

    do {
        wire_random(&msg, next_random, rng, arena, sizeof arena);
    } while (msg.kind == KIND_BYE && rng_below(rng, 20));
    if (rng_below(rng, 3))
        aim(p, &msg);
    msg.flags = rng_below(rng, 4) ? 0 : (unsigned)rng_below(rng, 8);
    link_say(p->link, &msg, true);
}

/* What comes back tells which number is next. */
static void listen_to(struct peer *p)
{
    struct msg msg;

    for (size_t i = 0; i < p->n; i++) {
        wire_decode(&msg, frame_str(p->inbox[i]), &p->rig->scratch);
        if (msg.kind == KIND_SEND_ACK && msg.send_ack.cseq > p->cseq)
            p->cseq = msg.send_ack.cseq;
        else if (msg.kind == KIND_ERROR && msg.error.cseq > p->cseq &&
                 !err_is_retry((unsigned)msg.error.code))
            p->cseq = msg.error.cseq;
        else if (msg.kind == KIND_AUTH_OK)
            p->cseq = msg.auth_ok.last_cseq;
    }
    forget(p);
}

/* One hostile client's next deed; a new connection when it has none. */
static struct peer *act(struct rig *rig, struct peer *p, size_t number)
{
    char nick[8];

    if (p && p->s) {
        say_anything(p);
        if (rng_below(&rig->rng, 200) == 0)
            cut(p);
        return p;
    }
    p = peer_new(rig, rng_below(&rig->rng, 2) ? TRANSPORT_TCP : TRANSPORT_UDP);
    snprintf(nick, sizeof nick, "h%zu", number);
    say_hello(p, number + 1);
    say_auth(p, nick, str_of(NULL));
    say_sync(p);
    return p;
}

static void check_bounds(const struct rig *rig)
{
    const struct world *w = rig->w;

    assert_true(w->accounts.n <= limit(&w->env, LIMIT_ACCOUNTS));
    assert_true(w->rooms.n <= limit(&w->env, LIMIT_ROOMS));
    for (size_t i = 0; i < rig->n_peers; i++) {
        const struct peer *p = rig->peers[i];

        if (p->s)
            assert_true(link_queued(p->s->link) <=
                        limit(&w->env, LIMIT_QUEUE_HARD) + FRAME_MAX);
    }
}

static void check_service(struct peer *ann, struct peer *bob, uint64_t room)
{
    struct msg msg;

    forget(ann);
    forget(bob);
    say_text(ann, room, "are you there?");
    settle(ann->rig);
    must(ann, KIND_SEND_ACK);
    for (;;) {
        msg = must(bob, KIND_EVENT);
        if (msg.event.account == ann->account)
            break;
    }
    assert_true(str_is(msg.event.text, "are you there?"));
}

static void run(uint64_t seed)
{
    struct limits limits = rig_limits();
    struct rig *rig;
    struct peer *ann, *bob, *hostile[HOSTILE] = { NULL };
    uint64_t room;

    limits.value[LIMIT_ROOMS] = 8;
    limits.value[LIMIT_ACCOUNTS] = 20;
    limits.value[LIMIT_RESUME] = 20;
    limits.value[LIMIT_ROOM_EVENTS] = 50;
    limits.value[LIMIT_STORE_QUEUE] = 10;
    rig = rig_new(&limits);
    rig->rng.state = seed;
    ann = enter(rig, "ann");
    bob = enter(rig, "bob");
    room = join(ann, "#tea");
    join(bob, "#tea");
    link_beat(ann->link, 5000, rig->now);
    link_beat(bob->link, 5000, rig->now);
    for (int step = 0; step < STEPS && rig->n_peers < PEERS_MAX - 1; step++) {
        size_t i = rng_below(&rig->rng, HOSTILE);

        hostile[i] = act(rig, hostile[i], i);
        if (rng_below(&rig->rng, 50) == 0)
            store_fail(rig->w->store, 1 + (unsigned)rng_below(&rig->rng, 3));
        store_pause(rig->w->store, rng_below(&rig->rng, 4) == 0);
        if (rng_below(&rig->rng, 4) == 0)
            pass(rig, rng_below(&rig->rng, 300));
        for (size_t j = 0; j < HOSTILE; j++) {
            if (hostile[j])
                listen_to(hostile[j]);
        }
        forget(ann);
        forget(bob);
        check_bounds(rig);
    }
    store_pause(rig->w->store, false);
    store_fail(rig->w->store, 0);
    settle(rig);
    check_service(ann, bob, room);
    rig_free(rig);
}

static void test_hostile_clients_change_nothing_for_others(void **state)
{
    uint64_t only = test_seed(0);

    (void)state;
    for (uint64_t seed = only ? only : 1; seed <= (only ? only : SEEDS);
         seed++) {
        print_message("SEED=%llu\n", (unsigned long long)seed);
        run(seed);
    }
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_hostile_clients_change_nothing_for_others),
};

int main(void)
{
    return RUN(TESTS);
}
