/* SPDX-License-Identifier: MIT
 *
 * The whole of it in one process with one seed: the server's hub, and real
 * clients over bad paths.  Streams are chopped anywhere and cut; datagrams are
 * lost, doubled and out of order; connections fail; the transport is switched
 * in the middle of talk; commits fail; clients are killed, and come back with
 * what their outbox has on disk.  In the end every line is in the room once,
 * every author's lines are in the order they were said, and every reader has
 * all of them, once and in that order: in the model, and as printed.
 *
 *     SEED=0x2a build/tests/test_sim      runs that seed alone
 */
#include "tests/test.h"

#include <stdbool.h>
#include <sysexits.h>
#include <unistd.h>

#include "shared/frame.h"
#include "shared/link.h"
#include "shared/mem.h"
#include "shared/rng.h"
#include "shared/wire.h"

/* Both programs have rooms and members; the server's go by other names here. */
#define room   hub_room
#define member hub_member
#include "server/event.h"
#include "server/hub.h"
#include "server/session.h"
#include "server/store.h"
#undef room
#undef member

#include "tui/chat.h"
#include "tui/client.h"
#include "tui/model.h"
#include "tui/outbox.h"
#include "tui/plain.h"
#include "tui/tail.h"
#include "tui/ui.h"

enum {
    SEEDS = 100,
    RESTART_SEEDS = 25,
    PEOPLE = 5,
    FOLLOWER = PEOPLE - 1, /* reads only: --tail */
    MORTAL = PEOPLE - 2,   /* is killed now and then */
    LINES = 40,            /* said by each of the others */
    LINES_ALL = LINES * (PEOPLE - 1),
    CONNS_MAX = 4096,
    PACKETS_MAX = 4096,
    STEP_US = 5000,
    TROUBLE_US = 40000000, /* then the paths heal */
    END_US = 600000000,
};

static const char ROOM[] = "#room";

struct sim;

/* One connection, from both ends. */
struct conn {
    struct person_at *at;
    struct link *link; /* the client's end; NULL: closed there */
    struct session *s; /* the server's end; NULL: closed there */
    uint64_t eof_at;   /* when the server hears that the client's is closed */
    uint64_t deaf_until;
    bool udp;
};

struct packet_on_way {
    struct conn *conn;
    uint64_t at;
    bool up;
    size_t len;
    uint8_t bytes[DATAGRAM_MAX];
};

/* Somebody with a client. */
struct person_at {
    struct sim *sim;
    size_t number;
    char nick[8], path[96]; /* of the outbox; "" in memory */
    struct model *model;
    struct outbox *outbox;
    struct client *client;
    struct tail *tail; /* FOLLOWER only */
    struct ui ui;
    struct chat chat;
    struct plain *plain;
    struct bytes printed;
    char token[TOKEN_LEN];
    size_t token_len;
    size_t said;
    uint64_t say_at;
};

struct sim {
    uint64_t seed;
    struct rng rng;
    struct world_config config;
    struct hub *hub;
    struct now now;
    struct person_at people[PEOPLE];
    struct conn *conns[CONNS_MAX];
    size_t n_conns;
    struct packet_on_way *packets[PACKETS_MAX];
    size_t n_packets;
    char dir[32];
    unsigned loss;     /* per cent */
    unsigned restarts; /* of the server still to come */
};

#define CHECK(sim, cond)                                                       \
    do {                                                                       \
        if (!(cond))                                                           \
            fail_msg("SEED=0x%llx at %llu ms: %s",                             \
                     (unsigned long long)(sim)->seed,                          \
                     (unsigned long long)((sim)->now.mono_us / 1000), #cond);  \
    } while (0)

static bool chance(struct sim *sim, unsigned per_mille)
{
    return rng_below(&sim->rng, 1000) < per_mille;
}

static bool in_trouble(const struct sim *sim)
{
    return sim->now.mono_us < TROUBLE_US;
}

/* ---- people ---- */

static void wake(struct person_at *p)
{
    struct sim *sim = p->sim;
    bool follows = p->number == FOLLOWER;
    struct client_config config = {
        .nick = p->nick,
        .seed = rng_next(&sim->rng),
        .token = str_bytes(p->token, p->token_len),
        .pick = (enum pick)rng_below(&sim->rng, 3),
        .tail = 1000,
    };
    char error[256] = "";

    p->model = model_new();
    p->outbox = outbox_open(*p->path ? p->path : NULL, rng_next(&sim->rng),
                            error, sizeof error);
    if (!p->outbox)
        fail_msg("%s", error);
    if (follows)
        config.follow = p->tail = tail_new(ROOM, false, UINT64_MAX);
    config.silent = follows;
    p->client = client_new(&config, p->model, p->outbox);
    ui_init(&p->ui);
    p->chat =
        (struct chat){ .client = p->client, .model = p->model, .ui = &p->ui };
    p->plain = plain_new();
    client_join(p->client, str_of(ROOM), sim->now);
}

static void fall_asleep(struct person_at *p)
{
    client_free(p->client);
    outbox_close(p->outbox);
    model_free(p->model);
    tail_free(p->tail);
    ui_fini(&p->ui);
    plain_free(p->plain);
    bytes_fini(&p->printed);
    p->tail = NULL;
}

/* Its end of a connection is closed; a stream's other end hears of it later. */
static void close_ours(struct sim *sim, struct link *link)
{
    for (size_t i = 0; i < sim->n_conns; i++) {
        struct conn *conn = sim->conns[i];

        if (conn->link != link)
            continue;
        conn->link = NULL;
        if (!conn->udp)
            conn->eof_at = sim->now.mono_us + rng_below(&sim->rng, 1000000);
    }
}

static void bury(struct person_at *p)
{
    struct link *dead;

    while ((dead = client_dead(p->client))) {
        close_ours(p->sim, dead);
        client_buried(p->client, dead);
    }
}

/* As kill -9 would, between two turns. */
static void kill_client(struct person_at *p)
{
    struct str token = client_token(p->client);

    if (token.len) {
        memcpy(p->token, token.ptr, token.len);
        p->token_len = token.len;
    }
    bury(p);
    if (client_link(p->client))
        close_ours(p->sim, client_link(p->client));
    if (client_side_link(p->client))
        close_ours(p->sim, client_side_link(p->client));
    fall_asleep(p);
    wake(p);
}

static void open_conn(struct person_at *p, enum transport transport)
{
    struct sim *sim = p->sim;
    struct hub_peer peer = { .transport = transport,
                             .id = rng_next(&sim->rng) };
    struct conn *conn;
    enum err why;

    if (in_trouble(sim) && chance(sim, 200)) {
        client_failed(p->client, EX_UNAVAILABLE, "refused", sim->now);
        return;
    }
    conn = mem_new(1, sizeof *conn);
    CHECK(sim, sim->n_conns < CONNS_MAX);
    sim->conns[sim->n_conns++] = conn;
    conn->at = p;
    conn->udp = transport == TRANSPORT_UDP;
    conn->eof_at = NEVER;
    conn->link = client_opened(p->client, transport, sim->now);
    CHECK(sim, conn->link);
    if (conn->udp)
        return; /* its first datagram opens the server's end */
    conn->s = hub_open(sim->hub, &peer, &why, sim->now);
    CHECK(sim, conn->s);
    conn->s->edge = conn;
}

static void say_next(struct person_at *p)
{
    struct sim *sim = p->sim;
    char text[512];

    if (p->number == FOLLOWER || p->said == LINES ||
        sim->now.mono_us < p->say_at)
        return;
    p->say_at = sim->now.mono_us + rng_below(&sim->rng, 1200000);
    snprintf(text, sizeof text, "%zu:%zu %*s", p->number, p->said++,
             (int)rng_below(&sim->rng, 480), "x");
    client_say(p->client, str_of(ROOM), event_MESSAGE, str_of(text), sim->now);
}

static void make_trouble(struct person_at *p)
{
    struct sim *sim = p->sim;
    struct link *link = client_link(p->client);

    if (link && chance(sim, 2))
        client_lost(p->client, link, "cut", sim->now);
    if (chance(sim, 3))
        client_pick(p->client, (enum pick)rng_below(&sim->rng, 2), sim->now);
    if (chance(sim, 1))
        client_reconnect(p->client, sim->now);
    if (p->number == MORTAL && chance(sim, 1))
        kill_client(p);
}

static void check_fate(struct person_at *p)
{
    const char *why;
    int code;

    if (client_fatal(p->client, &code, &why))
        fail_msg("SEED=0x%llx: %s", (unsigned long long)p->sim->seed, why);
}

static void act(struct person_at *p)
{
    struct sim *sim = p->sim;
    enum transport transport;

    say_next(p);
    client_tick(p->client, sim->now);
    if (in_trouble(sim))
        make_trouble(p);
    if (!p->tail)
        chat_turn(&p->chat, sim->now);
    bury(p);
    if (client_want(p->client, &transport, sim->now))
        open_conn(p, transport);
    bury(p);
    plain_update(p->plain, p->model, &p->printed);
    check_fate(p);
}

/* ---- the paths ---- */

static void put_packet(struct sim *sim, struct conn *conn, bool up,
                       struct str bytes)
{
    struct packet_on_way *packet;

    if (in_trouble(sim) && rng_below(&sim->rng, 100) < sim->loss)
        return;
    CHECK(sim, sim->n_packets < PACKETS_MAX);
    packet = mem_new(1, sizeof *packet);
    packet->conn = conn;
    packet->up = up;
    packet->at = sim->now.mono_us + 2000 + rng_below(&sim->rng, 60000);
    packet->len = bytes.len;
    memcpy(packet->bytes, bytes.ptr, bytes.len);
    sim->packets[sim->n_packets++] = packet;
}

static void send_packet(struct sim *sim, struct conn *conn, bool up,
                        struct str bytes)
{
    put_packet(sim, conn, up, bytes);
    if (in_trouble(sim) && chance(sim, 50))
        put_packet(sim, conn, up, bytes);
}

static void hear(struct conn *conn, struct str bytes)
{
    struct sim *sim = conn->at->sim;
    struct person_at *p = conn->at;

    client_feed(p->client, conn->link, bytes, sim->now);
    bury(p);
    plain_update(p->plain, p->model, &p->printed);
}

static void arrive_up(struct sim *sim, struct conn *conn, struct str bytes)
{
    struct hub_peer peer = { .transport = TRANSPORT_UDP };
    enum err why;

    if (!conn->s && link_datagram_opens(bytes) &&
        link_datagram_id(bytes, &peer.id) && !hub_datagram(sim->hub, peer.id)) {
        conn->s = hub_open(sim->hub, &peer, &why, sim->now);
        CHECK(sim, conn->s);
        conn->s->edge = conn;
    }
    if (conn->s)
        hub_feed(sim->hub, conn->s, bytes, sim->now);
}

static void carry_packets(struct sim *sim)
{
    size_t kept = 0, n = sim->n_packets;

    for (size_t i = 0; i < n; i++) {
        struct packet_on_way *packet = sim->packets[i];
        struct conn *conn = packet->conn;
        struct str bytes = str_bytes(packet->bytes, packet->len);

        if (packet->at > sim->now.mono_us) {
            sim->packets[kept++] = packet;
            continue;
        }
        if (packet->up)
            arrive_up(sim, conn, bytes);
        else if (conn->link)
            hear(conn, bytes);
        free(packet);
    }
    sim->n_packets = kept;
}

/* Some bytes of a span, cut anywhere. */
static struct str chop(struct sim *sim, struct str span)
{
    size_t most = in_trouble(sim) && chance(sim, 300) ? 20 : 4000;
    size_t n = 1 + rng_below(&sim->rng, most);

    return str_bytes(span.ptr, n < span.len ? n : span.len);
}

static void carry_stream(struct sim *sim, struct conn *conn)
{
    struct str span;

    if (conn->link && conn->s && chance(sim, 700) &&
        session_wants_input(conn->s) && link_spans(conn->link, &span, 1)) {
        span = chop(sim, span);
        hub_feed(sim->hub, conn->s, span, sim->now);
        link_sent(conn->link, span.len, sim->now);
    }
    if (conn->link && conn->s && chance(sim, 700) &&
        sim->now.mono_us >= conn->deaf_until &&
        link_spans(conn->s->link, &span, 1)) {
        span = chop(sim, span);
        hear(conn, span);
        link_sent(conn->s->link, span.len, sim->now);
        hub_flushed(sim->hub, conn->s, sim->now);
    }
    if (in_trouble(sim) && chance(sim, 2))
        conn->deaf_until = sim->now.mono_us + rng_below(&sim->rng, 3000000);
}

static void carry_datagrams(struct sim *sim, struct conn *conn)
{
    uint8_t bytes[DATAGRAM_MAX];
    size_t len;

    while (conn->link && (len = link_datagram(conn->link, bytes, sim->now)))
        send_packet(sim, conn, true, str_bytes(bytes, len));
    if (!conn->s)
        return;
    while ((len = link_datagram(conn->s->link, bytes, sim->now)))
        send_packet(sim, conn, false, str_bytes(bytes, len));
    hub_flushed(sim->hub, conn->s, sim->now);
}

static void close_theirs(struct sim *sim, struct conn *conn)
{
    struct client *client = conn->at->client;

    conn->s->edge = NULL;
    hub_bury(sim->hub, conn->s, sim->now);
    conn->s = NULL;
    if (conn->link && !conn->udp) {
        client_lost(client, conn->link, "end of file", sim->now);
        bury(conn->at);
    }
}

static void carry(struct sim *sim)
{
    size_t kept = 0;

    carry_packets(sim);
    for (size_t i = 0; i < sim->n_conns; i++) {
        struct conn *conn = sim->conns[i];

        if (conn->udp)
            carry_datagrams(sim, conn);
        else
            carry_stream(sim, conn);
        if (conn->s && sim->now.mono_us >= conn->eof_at)
            hub_eof(sim->hub, conn->s, sim->now);
        if (conn->s && conn->s->state == SESSION_DEAD)
            close_theirs(sim, conn);
        sim->conns[kept++] = conn;
    }
    sim->n_conns = kept;
}

/* ---- a run ---- */

static void make_hub(struct sim *sim)
{
    sim->hub = hub_new(&sim->config, sim->now);
}

static void end_hub(struct sim *sim)
{
    hub_abandon(sim->hub, sim->now);
    for (size_t i = 0; i < sim->n_conns; i++) {
        struct conn *conn = sim->conns[i];

        if (!conn->s)
            continue;
        hub_bury(sim->hub, conn->s, sim->now);
        conn->s = NULL;
        if (conn->link && !conn->udp)
            client_lost(conn->at->client, conn->link, "reset", sim->now);
        bury(conn->at);
    }
    while (hub_dirty(sim->hub))
        continue;
    hub_free(sim->hub);
}

static void trouble_server(struct sim *sim)
{
    struct store *store = hub_world(sim->hub)->store;

    if (in_trouble(sim) && chance(sim, 3))
        store_fail(store, 1 + (unsigned)rng_below(&sim->rng, 3));
    if (!in_trouble(sim))
        store_fail(store, 0);
    if (sim->restarts && sim->now.mono_us > 10000000 && chance(sim, 1)) {
        sim->restarts--;
        end_hub(sim);
        make_hub(sim);
    }
}

static const struct room *room_at(const struct person_at *p)
{
    return model_room_named(p->model, str_of(ROOM));
}

static const struct hub_room *hub_room_of(const struct sim *sim)
{
    return world_room_named(hub_world(sim->hub), str_of(ROOM));
}

static bool is_done(const struct sim *sim)
{
    const struct hub_room *theirs = hub_room_of(sim);
    uint64_t id, seq;

    for (size_t i = 0; i < PEOPLE; i++) {
        const struct person_at *p = &sim->people[i];
        const struct room *ours = room_at(p);
        bool reads = p->tail != NULL;

        if (!theirs || !ours || !client_is_done(p->client) ||
            (!reads && p->said < LINES) ||
            p->model->epoch != hub_world(sim->hub)->epoch)
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
    sim->now.mono_us += STEP_US;
    sim->now.wall_ms += STEP_US / 1000;
    trouble_server(sim);
    for (size_t i = 0; i < PEOPLE; i++)
        act(&sim->people[i]);
    carry(sim);
    hub_turn(sim->hub, sim->now);
    while (hub_dirty(sim->hub))
        continue; /* carry looks at everybody */
}

/* ---- what must be true in the end ---- */

/* "author:number" of a line; false when it is none of ours. */
static bool parse(const char *text, size_t *author, size_t *number)
{
    return sscanf(text, "%zu:%zu ", author, number) == 2 && *author < PEOPLE &&
           *number < LINES;
}

/* The log of the room: each line once, each author's in order. */
static void check_log(struct sim *sim, bool all)
{
    const struct store *store = hub_world(sim->hub)->store;
    const struct hub_room *hub_room = hub_room_of(sim);
    size_t next[PEOPLE] = { 0 }, lines = 0, author, number;
    struct wire_scratch *scratch = mem_new(1, sizeof *scratch);

    for (uint64_t seq = 1; seq <= hub_room->head_stored; seq++) {
        struct event *event = store_recent(store, hub_room->id, seq);
        struct msg msg;

        CHECK(sim, event);
        wire_decode(&msg, frame_str(event->frame), scratch);
        if (msg.event.kind != event_MESSAGE)
            continue;
        CHECK(sim, parse(msg.event.text.ptr, &author, &number));
        CHECK(sim, all ? number == next[author] : number >= next[author]);
        next[author] = number + 1;
        lines++;
    }
    if (all)
        CHECK(sim, lines == LINES_ALL);
    free(scratch);
}

/* What a model holds is what the log says, without a gap. */
static void check_model(struct sim *sim, const struct person_at *p)
{
    const struct history *h = &room_at(p)->history;
    const struct store *store = hub_world(sim->hub)->store;
    const struct hub_room *hub_room = hub_room_of(sim);
    uint64_t seq = h->first;

    for (size_t i = 0; i < h->n; i++) {
        const struct line *line = &h->lines[i];
        const struct event *event;

        if (line->kind != LINE_EVENT || line->seq == 0)
            continue;
        CHECK(sim, line->seq == seq);
        event = store_recent(store, hub_room->id, seq++);
        CHECK(sim, line->cseq == event->cseq);
        CHECK(sim, line->device == event->device);
        CHECK(sim, line->state == LINE_STORED);
    }
    CHECK(sim, seq == hub_room->head_stored + 1);
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

static void check_print(struct sim *sim, struct str out, enum share share)
{
    size_t next[PEOPLE] = { 0 }, author, number;
    bool seen[PEOPLE][LINES] = { { false } };

    for (size_t i = 0; i < out.len; i++) {
        const char *end = memchr(out.ptr + i, '\n', out.len - i);
        char line[1024];

        snprintf(line, sizeof line, "%.*s", (int)(end - out.ptr - (long)i),
                 out.ptr + i);
        i = (size_t)(end - out.ptr);
        if (!parse(body_of(line), &author, &number))
            continue;
        CHECK(sim, !seen[author][number]);
        if (share == SHARE_ALL || (share == SHARE_REST && next[author]))
            CHECK(sim, number == next[author]);
        seen[author][number] = true;
        next[author] = number + 1;
    }
    for (size_t i = 0; i < PEOPLE && share != SHARE_ONCE; i++)
        CHECK(sim, next[i] == LINES || i == FOLLOWER);
}

static void check_all(struct sim *sim, bool same_epoch)
{
    check_log(sim, same_epoch);
    for (size_t i = 0; i < PEOPLE; i++) {
        struct person_at *p = &sim->people[i];

        if (p->tail)
            check_print(sim, tail_output(p->tail),
                        same_epoch ? SHARE_ALL : SHARE_ONCE);
        else
            check_model(sim, p);
        if (!p->tail && i != MORTAL)
            check_print(sim, bytes_str(&p->printed),
                        same_epoch ? SHARE_REST : SHARE_ONCE);
    }
}

/* ---- beginning and end ---- */

static void sim_random(void *ctx, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)rng_next(ctx);
}

static struct limits sim_limits(struct sim *sim)
{
    struct limits limits;
    uint64_t *v = limits.value;

    limits_init(&limits);
    v[LIMIT_QUEUE_SOFT] = 4096 + rng_below(&sim->rng, 65536);
    v[LIMIT_TAIL_MAX] = 1 + rng_below(&sim->rng, 40);
    v[LIMIT_PAGE_MAX] = 1 + rng_below(&sim->rng, 60);
    v[LIMIT_SEND_BURST] = 2 + rng_below(&sim->rng, 10);
    v[LIMIT_SEND_RATE] = chance(sim, 500) ? 0 : 4;
    return limits;
}

static struct sim *sim_new(uint64_t seed, unsigned restarts)
{
    struct sim *sim = mem_new(1, sizeof *sim);

    sim->seed = sim->rng.state = seed;
    sim->restarts = restarts;
    sim->now = (struct now){ 1, 1700000000000 };
    sim->loss = test_loss(rng_below(&sim->rng, 25));
    sim->config = (struct world_config){ .name = "sim",
                                         .random = sim_random,
                                         .random_ctx = &sim->rng };
    sim->config.limits = sim_limits(sim);
    if (getenv("SIM_LOG"))
        sim->config.log.to = stderr;
    strcpy(sim->dir, "/tmp/chat-sim.XXXXXX");
    assert_non_null(mkdtemp(sim->dir));
    make_hub(sim);
    for (size_t i = 0; i < PEOPLE; i++) {
        struct person_at *p = &sim->people[i];

        p->sim = sim;
        p->number = i;
        snprintf(p->nick, sizeof p->nick, "p%zu", i);
        if (i == MORTAL)
            snprintf(p->path, sizeof p->path, "%s/outbox", sim->dir);
        wake(p);
    }
    return sim;
}

static void sim_free(struct sim *sim)
{
    for (size_t i = 0; i < PEOPLE; i++) {
        struct person_at *p = &sim->people[i];

        bury(p);
        if (client_link(p->client))
            close_ours(sim, client_link(p->client));
        if (client_side_link(p->client))
            close_ours(sim, client_side_link(p->client));
    }
    end_hub(sim);
    for (size_t i = 0; i < PEOPLE; i++)
        fall_asleep(&sim->people[i]);
    for (size_t i = 0; i < sim->n_conns; i++)
        free(sim->conns[i]);
    for (size_t i = 0; i < sim->n_packets; i++)
        free(sim->packets[i]);
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

static void run(uint64_t seed, unsigned restarts)
{
    struct sim *sim = sim_new(seed, restarts);

    while (!is_done(sim) && sim->now.mono_us < END_US)
        step(sim);
    if (!is_done(sim))
        explain(sim);
    CHECK(sim, is_done(sim));
    check_all(sim, restarts == 0);
    sim_free(sim);
}

static void run_seeds(uint64_t n, unsigned restarts)
{
    uint64_t only = test_seed(0);

    if (only)
        run(only, restarts);
    for (uint64_t seed = 1; !only && seed <= n; seed++)
        run(seed, restarts);
}

static void test_sim_loses_and_doubles_nothing(void **state)
{
    (void)state;
    run_seeds(SEEDS, 0);
}

/* The server forgets all: what was not stored is stored in the new history,
 * and nobody is shown a line twice. */
static void test_sim_survives_new_histories(void **state)
{
    (void)state;
    run_seeds(RESTART_SEEDS, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sim_loses_and_doubles_nothing),
        cmocka_unit_test(test_sim_survives_new_histories),
    };

    return RUN(tests);
}
