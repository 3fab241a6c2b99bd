/* SPDX-License-Identifier: MIT
 *
 * The whole of it in one process with one seed: the server, and real clients
 * over bad paths, encrypted in a part of the seeds.  Streams are chopped
 * anywhere and cut; datagrams are lost, doubled and out of order, and sent
 * again by somebody who listens; connections fail; the transport is switched
 * in the middle of talk; clients get other ports and go to other networks, are
 * cut off from UDP or from TCP, and fall asleep; commits fail; clients are
 * killed, and come back with what their outbox has on disk.  In the end every
 * line is in the room once, every author's lines are in the order they were
 * said, and every reader has all of them, once and in that order: in the
 * model, and as printed.
 *
 *     SEED=0x2a build/tests/test_sim      runs that seed alone
 */
#include "tests/town.h"

#include <unistd.h>

#include "shared/frame.h"
#include "shared/wire.h"
#include "tui/chat.h"
#include "tui/model.h"
#include "tui/outbox.h"
#include "tui/plain.h"
#include "tui/tail.h"
#include "tui/ui.h"

enum {
    SEEDS = 150,
    RESTART_SEEDS = 25,
    POWER_SEEDS = 50,
    SECURE_EVERY = 2, /* of so many seeds one is encrypted */
    PEOPLE = 5,
    FOLLOWER = PEOPLE - 1, /* reads only: --tail */
    MORTAL = PEOPLE - 2,   /* is killed now and then */
    LINES = 40,            /* said by each of the others */
    LINES_ALL = LINES * (PEOPLE - 1),
    TROUBLE_US = 41000000, /* then the paths heal */
    END_US = 600000000,
};

static const char ROOM[] = "#room";

struct sim;

/* Somebody with a client. */
struct person_at {
    struct guest guest; /* first: a guest is its person */
    struct sim *sim;
    size_t number;
    char nick[8], path[96]; /* of the outbox; "" in memory */
    struct model *model;
    struct outbox *outbox;
    struct secure_base *base; /* NULL: it speaks clear text */
    struct tail *tail;        /* FOLLOWER only */
    struct ui ui;
    struct chat chat;
    struct plain *plain;
    struct bytes printed;
    char token[TOKEN_LEN];
    size_t token_len;
    size_t said;
    uint64_t say_at, asleep_until, no_udp_until, no_tcp_until;
};

struct sim {
    struct town town;
    struct person_at people[PEOPLE];
    char dir[32];
    uint64_t ended[PEOPLE]; /* seq of the last line of each */
    unsigned loss;          /* per cent */
    unsigned echo;          /* per mille, see town.h */
    unsigned restarts;      /* of the server still to come */
};

static bool in_trouble(const struct sim *sim)
{
    return sim->town.now.mono_us < TROUBLE_US;
}

/* ---- people ---- */

static void heard(struct guest *guest)
{
    struct person_at *p = (struct person_at *)guest;

    plain_update(p->plain, p->model, &p->printed);
}

static void wake(struct person_at *p)
{
    struct sim *sim = p->sim;
    bool follows = p->number == FOLLOWER;
    struct client_config config = {
        .nick = p->nick,
        .seed = rng_next(&sim->town.rng),
        .token = str_bytes(p->token, p->token_len),
        .pick = (enum pick)rng_below(&sim->town.rng, 3),
        .tail = 1000,
        .secure = p->base,
    };
    char error[256] = "";

    p->model = model_new();
    p->outbox = outbox_open(*p->path ? p->path : NULL, rng_next(&sim->town.rng),
                            error, sizeof error);
    if (!p->outbox)
        fail_msg("%s", error);
    if (follows)
        config.follow = p->tail = tail_new(ROOM, false, UINT64_MAX);
    config.silent = follows;
    p->guest.client = client_new(&config, p->model, p->outbox);
    p->guest.heard = heard;
    ui_init(&p->ui);
    p->chat = (struct chat){ .client = p->guest.client,
                             .model = p->model,
                             .ui = &p->ui };
    p->plain = plain_new();
    client_join(p->guest.client, str_of(ROOM), guest_now(&p->guest));
}

static void fall_asleep(struct person_at *p)
{
    client_free(p->guest.client);
    outbox_close(p->outbox);
    model_free(p->model);
    tail_free(p->tail);
    ui_fini(&p->ui);
    plain_free(p->plain);
    bytes_fini(&p->printed);
    p->tail = NULL;
}

/* Its sockets close; nothing is said over them. */
static void let_go(struct person_at *p)
{
    guest_bury(&p->guest);
    cancel_wires(&p->guest);
    close_ours(&p->sim->town, client_link(p->guest.client));
    close_ours(&p->sim->town, client_side_link(p->guest.client));
}

/* As kill -9 would, between two turns. */
static void kill_client(struct person_at *p)
{
    struct str token = client_token(p->guest.client);

    if (token.len) {
        memcpy(p->token, token.ptr, token.len);
        p->token_len = token.len;
    }
    let_go(p);
    fall_asleep(p);
    wake(p);
}

static void say_next(struct person_at *p)
{
    struct town *town = p->guest.town;
    char text[512];

    if (p->number == FOLLOWER || p->said == LINES ||
        town->now.mono_us < p->say_at)
        return;
    p->say_at = town->now.mono_us + rng_below(&town->rng, 1200000);
    snprintf(text, sizeof text, "%zu:%zu %*s", p->number, p->said++,
             (int)rng_below(&town->rng, 480), "x");
    client_say(p->guest.client, str_of(ROOM), event_MESSAGE, str_of(text),
               guest_now(&p->guest));
}

/* What the person or their program does. */
static void act_up(struct person_at *p)
{
    struct town *town = p->guest.town;
    struct client *client = p->guest.client;
    struct link *link = client_link(client);

    if (link && chance(town, 2))
        client_lost(client, link, "cut", guest_now(&p->guest));
    if (chance(town, 3))
        client_pick(client, (enum pick)rng_below(&town->rng, 3),
                    guest_now(&p->guest));
    if (chance(town, 1))
        client_reconnect(client, guest_now(&p->guest));
    if (p->number == MORTAL && chance(town, 1))
        kill_client(p);
}

static uint64_t some_time(struct town *town, uint64_t most_ms)
{
    return town->now.mono_us + rng_below(&town->rng, most_ms) * 1000;
}

/* What the network does to them. */
static void make_trouble(struct person_at *p)
{
    struct town *town = p->guest.town;

    if (chance(town, 2))
        guest_rebound(&p->guest);
    if (chance(town, 1))
        guest_moves(&p->guest);
    if (chance(town, 1))
        p->no_udp_until = some_time(town, 12000);
    if (chance(town, 1))
        p->no_tcp_until = some_time(town, 8000);
    if (rng_below(&town->rng, 4000) == 0)
        p->asleep_until = some_time(town, 30000);
}

/* The ways as they are now. */
static void set_ways(struct person_at *p)
{
    struct sim *sim = p->sim;
    struct guest *guest = &p->guest;
    uint64_t now = sim->town.now.mono_us;
    bool trouble = in_trouble(sim);

    guest->no_udp = trouble && now < p->no_udp_until;
    guest->door = trouble && now < p->no_tcp_until ? DOOR_DEAD : DOOR_OPEN;
    guest->asleep = trouble && now < p->asleep_until;
    guest->loss = trouble ? sim->loss : 0;
    guest->twice = trouble ? 50 : 0;
    guest->fails = trouble ? 200 : 0;
}

static void check_fate(struct person_at *p)
{
    const char *why;
    int code;

    if (client_fatal(p->guest.client, &code, &why))
        fail_msg("SEED=0x%llx: %s", (unsigned long long)p->sim->town.seed, why);
}

static void act(struct person_at *p)
{
    struct sim *sim = p->sim;

    if (in_trouble(sim) && !p->guest.asleep)
        make_trouble(p);
    set_ways(p);
    if (p->guest.asleep) {
        p->guest.slept_us += sim->town.step_us;
        return;
    }
    say_next(p);
    if (in_trouble(sim))
        act_up(p);
    if (!p->tail)
        chat_turn(&p->chat, guest_now(&p->guest));
    guest_turn(&p->guest);
    plain_update(p->plain, p->model, &p->printed);
    check_fate(p);
}

/* ---- a run ---- */

static void trouble_server(struct sim *sim)
{
    struct town *town = &sim->town;
    struct store *store = hub_world(town->hub)->store;

    if (in_trouble(sim) && chance(town, 3))
        store_fail(store, 1 + (unsigned)rng_below(&town->rng, 3));
    if (!in_trouble(sim))
        store_fail(store, 0);
    if (sim->restarts && town->now.mono_us > 10000000 && chance(town, 1)) {
        sim->restarts--;
        town_restart(town);
    }
}

static const struct room *room_at(const struct person_at *p)
{
    return model_room_named(p->model, str_of(ROOM));
}

static const struct hub_room *hub_room_of(const struct sim *sim)
{
    return world_room_named(hub_world(sim->town.hub), str_of(ROOM));
}

static bool is_done(const struct sim *sim)
{
    const struct hub_room *theirs = hub_room_of(sim);
    uint64_t id, seq;

    for (size_t i = 0; i < PEOPLE; i++) {
        const struct person_at *p = &sim->people[i];
        const struct room *ours = room_at(p);
        bool reads = p->tail != NULL;

        if (!theirs || !ours || !client_is_done(p->guest.client) ||
            (!reads && p->said < LINES) ||
            p->model->epoch != hub_world(sim->town.hub)->epoch)
            return false;
        if (!reads && ours->history.last != theirs->head_stored)
            return false;
        if (reads &&
            (!tail_cursor(p->tail, &id, &seq) || seq != theirs->head_stored))
            return false;
    }
    return sim->restarts == 0;
}

static void step(struct sim *sim)
{
    sim->town.rough = in_trouble(sim);
    sim->town.echo = in_trouble(sim) ? sim->echo : 0;
    trouble_server(sim);
    for (size_t i = 0; i < PEOPLE; i++)
        act(&sim->people[i]);
    town_turn(&sim->town);
}

/* ---- what must be true in the end ---- */

/* "author:number" of a line; false when it is none of ours. */
static bool parse(struct str text, size_t *author, size_t *number)
{
    char head[32];

    snprintf(head, sizeof head, "%.*s", STR_ARG(text));
    return sscanf(head, "%zu:%zu ", author, number) == 2 && *author < PEOPLE &&
           *number < LINES;
}

/* The log of the room: each line once, each author's in order. */
static void check_log(struct sim *sim, bool all)
{
    const struct store *store = hub_world(sim->town.hub)->store;
    const struct hub_room *hub_room = hub_room_of(sim);
    size_t next[PEOPLE] = { 0 }, lines = 0, author, number;
    struct wire_scratch *scratch = mem_new(1, sizeof *scratch);

    for (uint64_t seq = 1; seq <= hub_room->head_stored; seq++) {
        struct event *event = store_recent(store, hub_room->id, seq);
        struct msg msg;

        CHECK(&sim->town, event);
        wire_decode(&msg, frame_str(event->frame), scratch);
        if (msg.event.kind != event_MESSAGE)
            continue;
        CHECK(&sim->town, parse(msg.event.text, &author, &number));
        CHECK(&sim->town,
              all ? number == next[author] : number >= next[author]);
        next[author] = number + 1;
        sim->ended[author] = seq;
        lines++;
    }
    if (all)
        CHECK(&sim->town, lines == LINES_ALL);
    free(scratch);
}

/* What a model holds is what the log says, without a gap. */
static void check_model(struct sim *sim, const struct person_at *p)
{
    const struct history *h = &room_at(p)->history;
    const struct store *store = hub_world(sim->town.hub)->store;
    const struct hub_room *hub_room = hub_room_of(sim);
    uint64_t seq = h->first;

    for (size_t i = 0; i < h->n; i++) {
        const struct line *line = &h->lines[i];
        const struct event *event;

        if (line->kind != LINE_EVENT || line->seq == 0)
            continue;
        CHECK(&sim->town, line->seq == seq);
        event = store_recent(store, hub_room->id, seq++);
        CHECK(&sim->town, line->cseq == event->cseq);
        CHECK(&sim->town, line->device == event->device);
        CHECK(&sim->town, line->state == LINE_STORED);
    }
    CHECK(&sim->town, seq == hub_room->head_stored + 1);
}

/* How much of the talk must have been printed. */
enum share {
    SHARE_ONCE, /* no line twice */
    SHARE_REST, /* none missing after the first ones, before we came */
    SHARE_ALL   /* and these are there too */
};

/* The text behind "<nick> " or "nick: ". */
static const char *body_of(const char *line)
{
    const char *at = strstr(line, "> ");

    at = at ? at : strstr(line, ": ");
    return at ? at + 2 : line;
}

/* Who came when an author had said all need not have been told of it. */
static bool has_all(const struct sim *sim, size_t author, size_t next,
                    uint64_t first)
{
    return next == LINES || author == FOLLOWER ||
           (next == 0 && sim->ended[author] < first);
}

/* first: seq of the first event that the reader has had */
static void check_print(struct sim *sim, struct str out, enum share share,
                        uint64_t first)
{
    size_t next[PEOPLE] = { 0 }, author, number;
    bool seen[PEOPLE][LINES] = { { false } };

    for (size_t i = 0; i < out.len; i++) {
        const char *end = memchr(out.ptr + i, '\n', out.len - i);
        char line[1024];

        snprintf(line, sizeof line, "%.*s", (int)(end - out.ptr - (long)i),
                 out.ptr + i);
        i = (size_t)(end - out.ptr);
        if (!parse(str_of(body_of(line)), &author, &number))
            continue;
        CHECK(&sim->town, !seen[author][number]);
        if (share == SHARE_ALL || (share == SHARE_REST && next[author]))
            CHECK(&sim->town, number == next[author]);
        seen[author][number] = true;
        next[author] = number + 1;
    }
    for (size_t i = 0; i < PEOPLE && share != SHARE_ONCE; i++)
        CHECK(&sim->town, has_all(sim, i, next[i], first));
}

static void check_all(struct sim *sim, bool same_epoch)
{
    check_log(sim, same_epoch);
    for (size_t i = 0; i < PEOPLE; i++) {
        struct person_at *p = &sim->people[i];

        if (p->tail)
            check_print(sim, tail_output(p->tail),
                        same_epoch ? SHARE_ALL : SHARE_ONCE, 0);
        else
            check_model(sim, p);
        if (!p->tail && i != MORTAL)
            check_print(sim, bytes_str(&p->printed),
                        same_epoch ? SHARE_REST : SHARE_ONCE,
                        room_at(p)->history.first);
    }
}

/* ---- beginning and end ---- */

static struct limits sim_limits(struct sim *sim)
{
    struct limits limits;
    struct rng *rng = &sim->town.rng;
    uint64_t *v = limits.value;

    limits_init(&limits);
    v[LIMIT_QUEUE_SOFT] = 4096 + rng_below(rng, 65536);
    v[LIMIT_TAIL_MAX] = 1 + rng_below(rng, 40);
    v[LIMIT_PAGE_MAX] = 1 + rng_below(rng, 60);
    v[LIMIT_SEND_BURST] = 2 + rng_below(rng, 10);
    v[LIMIT_SEND_RATE] = chance(&sim->town, 500) ? 0 : 4;
    return limits;
}

static void move_in(struct sim *sim, size_t number)
{
    struct person_at *p = &sim->people[number];
    struct town *town = &sim->town;

    p->sim = sim;
    p->number = number;
    p->guest.town = town;
    p->guest.network = town_network(town);
    p->guest.delay_us = 2000;
    p->guest.jitter_us = 60000;
    if (town->secure && chance(town, 900))
        p->base = guest_secure(town);
    snprintf(p->nick, sizeof p->nick, "p%zu", number);
    if (number == MORTAL)
        snprintf(p->path, sizeof p->path, "%s/outbox", sim->dir);
    wake(p);
}

static struct sim *sim_new(uint64_t seed, unsigned restarts, bool durable)
{
    struct sim *sim = mem_new(1, sizeof *sim);

    town_init(&sim->town, seed, seed % SECURE_EVERY == 0);
    sim->restarts = restarts;
    sim->loss = test_loss(rng_below(&sim->town.rng, 25));
    sim->echo = chance(&sim->town, 500) ? 10 : 0;
    sim->town.config.limits = sim_limits(sim);
    strcpy(sim->dir, "/tmp/chat-sim.XXXXXX");
    assert_non_null(mkdtemp(sim->dir));
    if (durable)
        sim->town.disk = vault_new(seed);
    town_begin(&sim->town);
    for (size_t i = 0; i < PEOPLE; i++)
        move_in(sim, i);
    return sim;
}

static void sim_free(struct sim *sim)
{
    for (size_t i = 0; i < PEOPLE; i++)
        let_go(&sim->people[i]);
    town_fini(&sim->town);
    for (size_t i = 0; i < PEOPLE; i++) {
        fall_asleep(&sim->people[i]);
        secure_base_free(sim->people[i].base);
    }
    unlink(sim->people[MORTAL].path);
    rmdir(sim->dir);
    free(sim);
}

/* What is left open when a run does not come to its end. */
static void explain(const struct sim *sim)
{
    const struct hub_room *theirs = hub_room_of(sim);

    for (size_t i = 0; i < PEOPLE; i++) {
        const struct person_at *p = &sim->people[i];
        const struct room *ours = room_at(p);
        uint64_t id = 0, seq = ours ? ours->history.last : 0;

        if (p->tail)
            tail_cursor(p->tail, &id, &seq);
        print_error("%s: link=%d trouble=%s said=%zu outbox=%zu last=%llu of "
                    "%llu\n",
                    p->nick, (int)p->model->link,
                    p->model->trouble ? p->model->trouble : "-", p->said,
                    outbox_len(p->outbox), (unsigned long long)seq,
                    (unsigned long long)(theirs ? theirs->head_stored : 0));
    }
}

static void run(uint64_t seed, unsigned restarts, bool durable)
{
    struct sim *sim = sim_new(seed, restarts, durable);

    while (!is_done(sim) && sim->town.now.mono_us < END_US)
        step(sim);
    if (!is_done(sim))
        explain(sim);
    CHECK(&sim->town, is_done(sim));
    vault_show(hub_world(sim->town.hub)->store, hub_room_of(sim)->id,
               hub_room_of(sim)->head_stored);
    check_all(sim, restarts == 0 || durable);
    if (getenv("SIM_LOG"))
        metrics_page(&hub_world(sim->town.hub)->env.metrics, stderr);
    sim_free(sim);
}

static void run_seeds(uint64_t n, unsigned restarts, bool durable)
{
    uint64_t only = test_seed(0);

    if (only)
        run(only, restarts, durable);
    for (uint64_t seed = 1; !only && seed <= n; seed++)
        run(seed, restarts, durable);
}

static void test_sim_loses_and_doubles_nothing(void **state)
{
    (void)state;
    run_seeds(SEEDS, 0, false);
}

/* The server forgets all: what was not stored is stored in the new history,
 * and nobody is shown a line twice. */
static void test_sim_survives_new_histories(void **state)
{
    (void)state;
    run_seeds(RESTART_SEEDS, 2, false);
}

/* The power goes, and comes back: as if nothing had been. */
static void test_sim_survives_power_cuts(void **state)
{
    (void)state;
    run_seeds(POWER_SEEDS, 6, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sim_loses_and_doubles_nothing),
        cmocka_unit_test(test_sim_survives_new_histories),
        cmocka_unit_test(test_sim_survives_power_cuts),
    };

    return RUN(tests);
}
