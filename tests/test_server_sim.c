/* SPDX-License-Identifier: MIT
 *
 * A hub and raw clients over bad paths, in one process with one seed: streams
 * chopped anywhere and cut, datagrams lost, doubled and out of order, commits
 * that fail or take their time, readers that stop, switches of transport in
 * the middle of talk.  Whatever happens, in the end every line is in its room
 * once, every author's lines are in the order they were said, and every reader
 * has had every event once, in order.
 */
#include "tests/test.h"

#include "server/event.h"
#include "server/hub.h"
#include "server/session.h"
#include "server/store.h"
#include "shared/error.h"
#include "shared/frame.h"
#include "shared/link.h"
#include "shared/mem.h"
#include "shared/rng.h"
#include "shared/wire.h"

enum {
    SEEDS = 120,
    CLIENTS = 5,
    ROOMS = 2,
    LINES = 25, /* each client says */
    COMMANDS = LINES + ROOMS,
    EVENTS_MAX = 1024,  /* of a room */
    PACKETS_MAX = 4096, /* datagrams on their way */
    CONNS_MAX = 4096,   /* ever made in a run */
    STEP_US = 5000,
    TROUBLE_US = 40000000, /* then the paths heal */
    END_US = 400000000,
    AUTH_WAIT_US = 8000000,
    SILENT_US = 15000000
};

static const char *const ROOM_NAMES[ROOMS] = { "#tea", "#coffee" };

struct sim;
struct client;

/* One connection, from both ends. */
struct conn {
    struct client *client; /* NULL: the client has let go of it */
    struct link *link;     /* the client's end */
    struct session *s;     /* the server's end; NULL: closed there */
    uint64_t eof_at;       /* when the server learns of the client's going */
    uint64_t deaf_until;   /* the client does not read before */
    bool udp;
};

struct packet_on_way {
    struct conn *conn;
    uint64_t at;
    bool up;
    size_t len;
    uint8_t bytes[DATAGRAM_MAX];
};

struct command {
    uint64_t cseq;
    size_t room;
    char text[512]; /* empty: JOIN */
};

struct view {
    uint64_t id, head, last; /* last: applied without a gap */
    bool asking;
    uint64_t texts[EVENTS_MAX]; /* a hash of each event's text, by seq */
};

struct client {
    struct sim *sim;
    size_t number;
    struct conn *conn; /* the present one; NULL: none */
    struct conn *next; /* to be the present one once it is in */
    uint64_t device, token_len;
    uint8_t token[TOKEN_LEN];
    uint64_t retry_at, opened_at, resend_at, say_at;
    bool in;
    struct command outbox[COMMANDS]; /* not known to be stored */
    size_t n_outbox, n_said;
    uint64_t cseq;
    struct view views[ROOMS];
};

struct sim {
    uint64_t seed;
    struct rng rng;
    struct hub *hub;
    struct now now;
    struct client clients[CLIENTS];
    struct conn *conns[CONNS_MAX];
    size_t n_conns;
    struct packet_on_way *packets[PACKETS_MAX];
    size_t n_packets;
    struct wire_scratch scratch;
    uint64_t epoch;
    unsigned loss; /* per cent */
    uint64_t paused_until;
};

#define CHECK(sim, cond)                                                       \
    do {                                                                       \
        if (!(cond))                                                           \
            fail_msg("SEED=%llu at %llu ms: %s",                               \
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

/* ---- the client ---- */

static void say(struct conn *conn, const struct msg *msg)
{
    link_say(conn->link, msg, true);
}

static void say_command(struct client *c, const struct command *command)
{
    struct msg msg = { .kind = KIND_JOIN };

    if (command->text[0] == '\0') {
        msg.join.name = str_of(ROOM_NAMES[command->room]);
        msg.join.cseq = command->cseq;
    } else {
        msg.kind = KIND_SEND;
        msg.send.room = c->views[command->room].id;
        msg.send.cseq = command->cseq;
        msg.send.text = str_of(command->text);
    }
    say(c->conn, &msg);
}

/* Lines need their room's id, which the JOIN before them brings. */
static bool may_be_said(const struct client *c, const struct command *command)
{
    return command->text[0] == '\0' || c->views[command->room].id;
}

static void resend(struct client *c)
{
    c->resend_at = NEVER;
    for (size_t i = 0; i < c->n_outbox; i++) {
        if (!may_be_said(c, &c->outbox[i]))
            break;
        say_command(c, &c->outbox[i]);
    }
}

static void say_sync(struct client *c, struct conn *conn)
{
    struct msg msg = { .kind = KIND_SYNC };
    uint8_t cursors[ROOMS * 16];
    size_t len = 0;

    for (size_t i = 0; i < ROOMS; i++) {
        struct rec_cursor rec = { c->views[i].id, c->views[i].last };

        if (rec.room)
            len += rec_pack(RECORD_cursor, &rec, cursors + len);
    }
    msg.sync.cursors = str_bytes(cursors, len);
    msg.sync.epoch = c->sim->epoch;
    say(conn, &msg);
}

static void connect_client(struct client *c)
{
    struct sim *sim = c->sim;
    struct conn *conn = mem_new(1, sizeof *conn);
    bool udp = chance(sim, 500);
    struct link_config config = {
        .transport = udp ? TRANSPORT_UDP : TRANSPORT_TCP,
        .id = rng_next(&sim->rng),
        .seed = rng_next(&sim->rng),
        .body_max = BODY_MAX,
        .queue_max = 1 << 24,
    };
    struct hub_peer peer = { .transport = config.transport,
                             .id = config.id,
                             .clear = true };
    struct msg hello = { .kind = KIND_HELLO }, auth = { .kind = KIND_AUTH };
    char nick[16];
    enum err why;

    CHECK(sim, sim->n_conns < CONNS_MAX);
    sim->conns[sim->n_conns++] = conn;
    conn->client = c;
    conn->udp = udp;
    conn->eof_at = NEVER;
    conn->link = link_new(&config, sim->now);
    conn->s = hub_open(sim->hub, &peer, &why, sim->now);
    CHECK(sim, conn->s != NULL);
    conn->s->edge = conn;
    c->next = conn;
    c->opened_at = sim->now.mono_us;
    hello.hello.vmin = hello.hello.vmax = PROTOCOL_VERSION;
    hello.hello.device = c->device;
    say(conn, &hello);
    snprintf(nick, sizeof nick, "c%zu", c->number);
    auth.auth.nick = str_of(nick);
    auth.auth.token = str_bytes(c->token, c->token_len);
    auth.auth.cseq = c->n_outbox ? c->outbox[0].cseq : c->cseq + 1;
    say(conn, &auth);
    say_sync(c, conn);
}

/* The client lets go; a stream's other end hears of it some time later. */
static void let_go(struct client *c, struct conn *conn)
{
    struct sim *sim = c->sim;

    conn->client = NULL;
    if (!conn->udp)
        conn->eof_at = sim->now.mono_us + rng_below(&sim->rng, 2000000);
    if (c->conn == conn) {
        c->conn = NULL;
        c->in = false;
        for (size_t i = 0; i < ROOMS; i++)
            c->views[i].asking = false;
    }
    if (c->next == conn)
        c->next = NULL;
    c->retry_at = sim->now.mono_us + rng_below(&sim->rng, 1000000);
}

static void ask(struct client *c, struct view *view)
{
    struct msg msg = { .kind = KIND_HIST };

    if (view->asking || view->last >= view->head || !c->conn)
        return;
    view->asking = true;
    msg.hist.room = view->id;
    msg.hist.mode = hist_AFTER;
    msg.hist.seq = view->last;
    say(c->conn, &msg);
}

static struct view *view_of(struct client *c, uint64_t room)
{
    for (size_t i = 0; i < ROOMS; i++) {
        if (c->views[i].id == room)
            return &c->views[i];
    }
    return NULL;
}

static uint64_t hash(struct str s)
{
    uint64_t h = 14695981039346656037u;

    for (size_t i = 0; i < s.len; i++)
        h = (h ^ (uint8_t)s.ptr[i]) * 1099511628211u;
    return h;
}

static void on_event(struct client *c, const struct msg_event *event)
{
    struct view *view = view_of(c, event->room);

    CHECK(c->sim, view && event->seq < EVENTS_MAX);
    if (event->seq > view->head)
        view->head = event->seq;
    if (event->seq == view->last + 1) {
        view->last++;
        view->texts[event->seq] = hash(event->text);
    } else if (event->seq > view->last) {
        ask(c, view);
    } else { /* seen: it must have been the same */
        CHECK(c->sim, view->texts[event->seq] == hash(event->text));
    }
}

static void on_sync_room(struct client *c, const struct msg_sync_room *room)
{
    for (size_t i = 0; i < ROOMS; i++) {
        struct view *view = &c->views[i];

        if (!str_is(room->name, ROOM_NAMES[i]))
            continue;
        CHECK(c->sim, view->id == 0 || view->id == room->room);
        if (view->id == 0)
            c->resend_at = c->sim->now.mono_us;
        view->id = room->room;
        if (room->head > view->head)
            view->head = room->head;
        if (room->from == 0 || room->from > view->last + 1)
            ask(c, view);
    }
}

static void stored(struct client *c, uint64_t upto, uint64_t from)
{
    size_t kept = 0;

    for (size_t i = 0; i < c->n_outbox; i++) {
        if (c->outbox[i].cseq < from || c->outbox[i].cseq > upto)
            c->outbox[kept++] = c->outbox[i];
    }
    c->n_outbox = kept;
}

static void on_auth_ok(struct client *c, struct conn *conn,
                       const struct msg_auth_ok *ok)
{
    if (c->token_len)
        CHECK(c->sim, ok->resumed);
    memcpy(c->token, ok->token.ptr, TOKEN_LEN);
    c->token_len = TOKEN_LEN;
    if (c->conn && c->conn != conn)
        let_go(c, c->conn);
    c->conn = conn;
    c->next = NULL;
    c->in = true;
    if (chance(c->sim, 500)) /* else it says again what was stored */
        stored(c, ok->last_cseq, 1);
    link_beat(conn->link, 5000, c->sim->now);
    resend(c);
}

static void on_error(struct client *c, const struct msg_error *error)
{
    if (!err_is_retry((unsigned)error->code))
        print_error("client %zu: %s, cseq %llu\n", c->number,
                    err_name((unsigned)error->code),
                    (unsigned long long)error->cseq);
    CHECK(c->sim, err_is_retry((unsigned)error->code));
    CHECK(c->sim, error->cseq); /* of a command: it goes again, with the rest */
    c->resend_at = c->sim->now.mono_us + 100000;
}

static void on_page(struct client *c, uint64_t room)
{
    struct view *view = view_of(c, room);

    CHECK(c->sim, view != NULL);
    if (!view)
        return;
    view->asking = false;
    ask(c, view);
}

static void on_message(struct client *c, struct conn *conn,
                       const struct msg *msg)
{
    if (msg->kind == KIND_WELCOME)
        c->sim->epoch = msg->welcome.epoch;
    else if (msg->kind == KIND_AUTH_OK)
        on_auth_ok(c, conn, &msg->auth_ok);
    else if (msg->kind == KIND_SYNC_ROOM)
        on_sync_room(c, &msg->sync_room);
    else if (msg->kind == KIND_EVENT)
        on_event(c, &msg->event);
    else if (msg->kind == KIND_SEND_ACK)
        stored(c, msg->send_ack.cseq, msg->send_ack.cseq);
    else if (msg->kind == KIND_ERROR)
        on_error(c, &msg->error);
    else if (msg->kind == KIND_HIST_PAGE)
        on_page(c, msg->hist_page.room);
    else if (msg->kind == KIND_BYE)
        let_go(c, conn);
}

static void take_frames(struct sim *sim, struct conn *conn)
{
    struct str frame;
    struct msg msg;

    while (link_next(conn->link, &frame, sim->now) > 0) {
        CHECK(sim, wire_decode(&msg, frame, &sim->scratch) == 0);
        if (conn->client)
            on_message(conn->client, conn, &msg);
    }
}

/* Say the next thing: first the rooms are joined, then lines. */
static void say_next(struct client *c)
{
    struct sim *sim = c->sim;
    struct command *command;

    if (c->n_said == COMMANDS || sim->now.mono_us < c->say_at)
        return;
    c->say_at = sim->now.mono_us + rng_below(&sim->rng, 1500000);
    command = &c->outbox[c->n_outbox++];
    *command = (struct command){ .cseq = ++c->cseq };
    command->room = c->n_said < ROOMS ? c->n_said : rng_below(&sim->rng, ROOMS);
    if (c->n_said >= ROOMS)
        snprintf(command->text, sizeof command->text, "%zu:%zu %*s", c->number,
                 c->n_said, (int)rng_below(&sim->rng, 480), "x");
    c->n_said++;
    if (c->in && c->resend_at == NEVER && may_be_said(c, command))
        say_command(c, command);
}

static void make_trouble(struct client *c)
{
    struct sim *sim = c->sim;

    if (c->conn && chance(sim, 2))
        let_go(c, c->conn);
    if (c->conn && !c->next && chance(sim, 2))
        connect_client(c); /* switch: the old link goes on meanwhile */
    if (c->conn && chance(sim, 3))
        c->conn->deaf_until = sim->now.mono_us + rng_below(&sim->rng, 5000000);
}

static void act(struct client *c)
{
    struct sim *sim = c->sim;
    uint64_t now = sim->now.mono_us;

    if (in_trouble(sim))
        make_trouble(c);
    if (c->conn && now - link_peer(c->conn->link).heard_us > SILENT_US &&
        now > c->conn->deaf_until)
        let_go(c, c->conn);
    if (c->next && now - c->opened_at > AUTH_WAIT_US)
        let_go(c, c->next);
    if (!c->conn && !c->next && now >= c->retry_at)
        connect_client(c);
    say_next(c);
    if (c->in && now >= c->resend_at)
        resend(c);
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

static void arrive(struct sim *sim, const struct packet_on_way *packet)
{
    struct conn *conn = packet->conn;
    struct str bytes = str_bytes(packet->bytes, packet->len);

    if (packet->up && conn->s) {
        hub_feed(sim->hub, conn->s, bytes, sim->now);
    } else if (!packet->up && conn->client &&
               sim->now.mono_us >= conn->deaf_until) {
        link_feed(conn->link, bytes, sim->now);
        take_frames(sim, conn);
    }
}

static void carry_packets(struct sim *sim)
{
    size_t kept = 0;

    for (size_t i = 0; i < sim->n_packets; i++) {
        struct packet_on_way *packet = sim->packets[i];

        if (packet->at > sim->now.mono_us) {
            sim->packets[kept++] = packet;
            continue;
        }
        sim->packets[i] = NULL;
        arrive(sim, packet);
        free(packet);
    }
    sim->n_packets = kept;
}

/* Some bytes of a span, cut anywhere. */
static struct str chop(struct sim *sim, struct str span)
{
    size_t most = chance(sim, 300) ? 20 : 4000;
    size_t n = 1 + rng_below(&sim->rng, most);

    return str_bytes(span.ptr, n < span.len ? n : span.len);
}

static void carry_stream(struct sim *sim, struct conn *conn)
{
    struct str span;

    if (conn->client && chance(sim, 700) && conn->s &&
        session_wants_input(conn->s) && link_spans(conn->link, &span, 1)) {
        span = chop(sim, span);
        hub_feed(sim->hub, conn->s, span, sim->now);
        link_sent(conn->link, span.len, sim->now);
    }
    if (conn->client && chance(sim, 700) && conn->s &&
        sim->now.mono_us >= conn->deaf_until &&
        link_spans(conn->s->link, &span, 1)) {
        span = chop(sim, span);
        link_feed(conn->link, span, sim->now);
        take_frames(sim, conn);
        link_sent(conn->s->link, span.len, sim->now);
        hub_flushed(sim->hub, conn->s, sim->now);
    }
}

static void carry_datagrams(struct sim *sim, struct conn *conn)
{
    uint8_t bytes[DATAGRAM_MAX];
    size_t len;

    while (conn->client && (len = link_datagram(conn->link, bytes, sim->now)))
        send_packet(sim, conn, true, str_bytes(bytes, len));
    if (!conn->s)
        return;
    while ((len = link_datagram(conn->s->link, bytes, sim->now)))
        send_packet(sim, conn, false, str_bytes(bytes, len));
    hub_flushed(sim->hub, conn->s, sim->now);
}

static void close_conn(struct sim *sim, struct conn *conn)
{
    conn->s->edge = NULL;
    hub_bury(sim->hub, conn->s, sim->now);
    conn->s = NULL;
    if (conn->client)
        let_go(conn->client, conn);
}

static void carry(struct sim *sim)
{
    carry_packets(sim);
    for (size_t i = 0; i < sim->n_conns; i++) {
        struct conn *conn = sim->conns[i];

        if (conn->client)
            link_tick(conn->link, sim->now);
        if (conn->udp)
            carry_datagrams(sim, conn);
        else
            carry_stream(sim, conn);
        if (conn->s && sim->now.mono_us >= conn->eof_at)
            hub_eof(sim->hub, conn->s, sim->now);
        if (conn->s && conn->s->state == SESSION_DEAD)
            close_conn(sim, conn);
    }
}

/* ---- a run ---- */

static void trouble_store(struct sim *sim)
{
    struct store *store = hub_world(sim->hub)->store;

    if (in_trouble(sim) && chance(sim, 5))
        store_fail(store, 1 + (unsigned)rng_below(&sim->rng, 3));
    if (in_trouble(sim) && chance(sim, 10))
        sim->paused_until = sim->now.mono_us + rng_below(&sim->rng, 600000);
    if (!in_trouble(sim))
        store_fail(store, 0);
    store_pause(store, sim->now.mono_us < sim->paused_until);
}

static bool is_done(const struct sim *sim)
{
    const struct world *w = hub_world(sim->hub);

    for (size_t i = 0; i < CLIENTS; i++) {
        const struct client *c = &sim->clients[i];

        if (c->n_said < COMMANDS || c->n_outbox)
            return false;
        for (size_t j = 0; j < ROOMS; j++) {
            const struct room *room = world_room(w, c->views[j].id);

            if (!room || c->views[j].last != room->head_stored)
                return false;
        }
    }
    return true;
}

static void step(struct sim *sim)
{
    sim->now.mono_us += STEP_US;
    sim->now.wall_ms += STEP_US / 1000;
    trouble_store(sim);
    for (size_t i = 0; i < CLIENTS; i++)
        act(&sim->clients[i]);
    carry(sim);
    hub_turn(sim->hub, sim->now);
    while (hub_dirty(sim->hub))
        continue; /* carry looks at everybody */
}

/* Each line once, and every author's in order. */
static void check_log(struct sim *sim, size_t n)
{
    struct world *w = hub_world(sim->hub);
    uint64_t id = sim->clients[0].views[n].id, last[CLIENTS] = { 0 };
    const struct room *room = world_room(w, id);

    for (uint64_t seq = 1; seq <= room->head_stored; seq++) {
        struct event *event = store_recent(w->store, id, seq);
        size_t author, number;
        char text[512];
        struct msg msg;

        wire_decode(&msg, frame_str(event->frame), &sim->scratch);
        for (size_t i = 0; i < CLIENTS; i++)
            CHECK(sim,
                  sim->clients[i].views[n].texts[seq] == hash(msg.event.text));
        if (event->kind != event_MESSAGE)
            continue;
        snprintf(text, sizeof text, "%.*s", STR_ARG(msg.event.text));
        CHECK(sim, sscanf(text, "%zu:%zu", &author, &number) == 2);
        CHECK(sim, author < CLIENTS && event->cseq > last[author]);
        last[author] = event->cseq;
    }
}

static void check_all(struct sim *sim)
{
    size_t n = 0;

    for (size_t i = 0; i < ROOMS; i++) {
        check_log(sim, i);
        n += sim->clients[0].views[i].head;
    }
    CHECK(sim, n == (size_t)CLIENTS * COMMANDS);
}

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
    v[LIMIT_QUEUE_SOFT] = 2048;
    v[LIMIT_QUEUE_HARD] = 64 * 1024;
    v[LIMIT_TAIL_MAX] = 1 + rng_below(&sim->rng, 40);
    v[LIMIT_PAGE] = 1 + rng_below(&sim->rng, 30);
    v[LIMIT_SEND_BURST] = 2 + rng_below(&sim->rng, 10);
    v[LIMIT_SEND_RATE] = chance(sim, 500) ? 0 : 4;
    v[LIMIT_STALL] = 10000;
    return limits;
}

static struct sim *sim_new(uint64_t seed)
{
    struct sim *sim = mem_new(1, sizeof *sim);
    struct world_config config = { .name = "sim",
                                   .random = sim_random,
                                   .random_ctx = &sim->rng };

    sim->seed = sim->rng.state = seed;
    sim->now = (struct now){ 1, 1700000000000 };
    sim->loss = test_loss(rng_below(&sim->rng, 30));
    config.limits = sim_limits(sim);
    if (getenv("SIM_LOG"))
        config.log.to = stderr;
    sim->hub = hub_new(&config, sim->now);
    for (size_t i = 0; i < CLIENTS; i++) {
        struct client *c = &sim->clients[i];

        c->sim = sim;
        c->number = i;
        c->device = rng_next(&sim->rng) | 1;
        c->resend_at = NEVER;
    }
    return sim;
}

static void sim_free(struct sim *sim)
{
    hub_abandon(sim->hub, sim->now);
    for (size_t i = 0; i < sim->n_conns; i++) {
        if (sim->conns[i]->s)
            hub_bury(sim->hub, sim->conns[i]->s, sim->now);
        link_free(sim->conns[i]->link);
        free(sim->conns[i]);
    }
    while (hub_dirty(sim->hub))
        continue;
    for (size_t i = 0; i < sim->n_packets; i++)
        free(sim->packets[i]);
    hub_free(sim->hub);
    free(sim);
}

/* What is left open when a run does not come to its end. */
static void explain(const struct sim *sim)
{
    for (size_t i = 0; i < CLIENTS; i++) {
        const struct client *c = &sim->clients[i];

        print_error("client %zu: in=%d udp=%d said=%zu outbox=%zu (%llu..)\n",
                    i, c->in, c->conn && c->conn->udp, c->n_said, c->n_outbox,
                    (unsigned long long)c->outbox[0].cseq);
        for (size_t j = 0; j < ROOMS; j++)
            print_error("    room %llu: %llu of %llu, asking=%d\n",
                        (unsigned long long)c->views[j].id,
                        (unsigned long long)c->views[j].last,
                        (unsigned long long)c->views[j].head,
                        c->views[j].asking);
    }
}

static void run(uint64_t seed)
{
    struct sim *sim = sim_new(seed);

    while (!is_done(sim) && sim->now.mono_us < END_US)
        step(sim);
    if (!is_done(sim))
        explain(sim);
    CHECK(sim, is_done(sim));
    check_all(sim);
    if (getenv("SIM_LOG"))
        metrics_page(&hub_world(sim->hub)->env.metrics, stderr);
    sim_free(sim);
}

static void test_sim_loses_and_doubles_nothing(void **state)
{
    uint64_t only = test_seed(0);

    (void)state;
    if (only)
        run(only);
    for (uint64_t seed = 1; !only && seed <= SEEDS; seed++)
        run(seed);
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_sim_loses_and_doubles_nothing),
};

int main(void)
{
    return RUN(TESTS);
}
