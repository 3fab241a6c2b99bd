/* SPDX-License-Identifier: MIT
 *
 * A town: one server and its guests, real clients all of them, in one process
 * with one seed and a clock of its own.  Streams and datagrams travel between
 * addresses: a guest may change its own, be cut off, blocked, slow or lossy,
 * and an address that was left is dead.  Encryption is real as well.
 *
 * Who includes this plays the edge of every guest: guest_turn for each, then
 * town_turn, town_step us later again.
 */
#ifndef TESTS_TOWN_H
#define TESTS_TOWN_H

#include "tests/test.h"

#include <stdbool.h>
#include <sysexits.h>

#include "shared/link.h"
#include "shared/mem.h"
#include "shared/rng.h"
#include "shared/secure.h"

#include "tests/clock.h"
#include "tests/dice.h"

/* Both programs have rooms and members; the server's go by other names here. */
#define room   hub_room
#define member hub_member
#include "server/address.h"
#include "server/admit.h"
#include "server/endpoint.h"
#include "server/event.h"
#include "server/hub.h"
#include "server/revive.h"
#include "server/session.h"
#include "server/store.h"
#include "tests/vault.h"
#undef room
#undef member

#include "tui/client.h"

enum {
    TOWN_PACKETS = 8192,
    TOWN_GIVE_UP_US = 10000000 /* a connection that nobody answers */
};

struct town;

/* What becomes of a stream that is begun. */
enum door { DOOR_OPEN, DOOR_SHUT /* refused */, DOOR_DEAD /* no answer */ };

/* Somebody with a client, and the way from there to the server. */
struct guest {
    struct town *town;
    struct client *client;
    void (*heard)(struct guest *); /* after every client_feed; or NULL */
    uint32_t network;              /* its address but for the port */
    bool asleep;                   /* its machine: nothing moves there */
    uint64_t slept_us;             /* its clock is behind by so much */
    enum door door;                /* DEAD: open streams are stuck as well */
    uint64_t door_us;              /* until a stream is connected */
    bool no_udp;                   /* neither way */
    bool no_udp_down;              /* nothing comes back */
    uint16_t no_port;              /* nothing from or to this one */
    uint64_t delay_us, jitter_us;  /* of a datagram, one way */
    unsigned loss, twice;          /* per cent; per mille */
    unsigned fails;                /* per mille of connections */
    unsigned opened[2];            /* connections ever, by transport */
    uint64_t opened_us[2];         /* when the last one was */
    unsigned rebinds;
    uint64_t rebound_us;
};

/* A datagram socket of a guest; the newest of a link is the one it uses. */
struct guest_sock {
    struct guest *guest;
    struct link *link;
    uint16_t port;
};

/* A stream, from both ends. */
struct wire {
    struct guest *guest;
    struct link *link;   /* the client's end; NULL: closed there */
    struct session *s;   /* the server's end; NULL: closed there */
    uint64_t eof_at;     /* when the server hears that the client's is closed */
    uint64_t begin_at;   /* when it is connected */
    uint64_t fail_at;    /* nobody answers: when the client gives up */
    uint64_t deaf_until; /* the client does not read before */
    bool dead;           /* its guest has moved: nothing passes any more */
};

struct town_packet {
    uint64_t at;
    struct address from, to; /* of the guest; the other is the server */
    bool up;
    size_t len;
    uint8_t bytes[DATAGRAM_MAX];
};

struct town {
    uint64_t seed;
    struct rng rng;
    struct now now;
    uint64_t step_us;
    struct world_config config;
    bool secure; /* the server has a key */
    struct secure_pem pem;
    struct secure_base *base; /* the server's */
    struct hub *hub;
    struct disk *disk; /* of the server, outlives it; NULL: it has none */
    struct endpoint *endpoint;
    struct guest_sock *socks; /* oldest first */
    size_t n_socks, cap_socks;
    struct wire **wires; /* owned */
    size_t n_wires, cap_wires;
    struct town_packet *packets[TOWN_PACKETS];
    size_t n_packets;
    uint16_t last_port;
    bool rough;    /* streams are cut anywhere, and stop now and then */
    unsigned echo; /* per mille of datagrams that an eavesdropper sends again */
};

#define CHECK(town, cond)                                                      \
    do {                                                                       \
        if (!(cond))                                                           \
            fail_msg("SEED=0x%llx at %llu ms: %s",                             \
                     (unsigned long long)(town)->seed,                         \
                     (unsigned long long)((town)->now.mono_us / 1000), #cond); \
    } while (0)

static inline bool chance(struct town *town, unsigned per_mille)
{
    return rng_below(&town->rng, 1000) < per_mille;
}

static inline void town_random(void *ctx, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)rng_next(ctx);
}

static inline struct address town_address(uint32_t network, uint16_t port)
{
    struct address address = { 0 };

    address.v4.sin_family = AF_INET;
    address.v4.sin_addr.s_addr = htonl(network);
    address.v4.sin_port = htons(port);
    return address;
}

/* ---- guests and their addresses ---- */

/* While the machine sleeps its monotonic clock stands still. */
static inline struct now guest_now(const struct guest *guest)
{
    struct now now = guest->town->now;

    now.mono_us -= guest->slept_us;
    return now;
}

static inline uint16_t town_port(struct town *town)
{
    town->last_port = town->last_port < 65535 ? town->last_port + 1 : 1024;
    return town->last_port;
}

/* An address in 127.0.0.0/8 that nobody has had. */
static inline uint32_t town_network(struct town *town)
{
    return 0x7f000000u | (uint32_t)(rng_next(&town->rng) & 0xffffff);
}

/* What stands between them gives its datagrams other ports. */
static inline void guest_rebound(struct guest *guest)
{
    struct town *town = guest->town;

    for (size_t i = 0; i < town->n_socks; i++)
        if (town->socks[i].guest == guest)
            town->socks[i].port = town_port(town);
}

/* It is in another network: no stream survives that. */
static inline void guest_moves(struct guest *guest)
{
    struct town *town = guest->town;

    guest->network = town_network(town);
    guest_rebound(guest);
    for (size_t i = 0; i < town->n_wires; i++)
        if (town->wires[i]->guest == guest)
            town->wires[i]->dead = true;
}

/* ---- datagrams ---- */

static inline struct guest_sock *sock_of(struct town *town,
                                         const struct link *link)
{
    for (size_t i = town->n_socks; i-- > 0;)
        if (town->socks[i].link == link)
            return &town->socks[i];
    return NULL;
}

static inline struct guest_sock *sock_at(struct town *town,
                                         const struct address *at)
{
    for (size_t i = 0; i < town->n_socks; i++) {
        struct guest_sock *sock = &town->socks[i];
        struct address its = town_address(sock->guest->network, sock->port);

        if (address_equal(&its, at))
            return sock;
    }
    return NULL;
}

static inline void add_sock(struct guest *guest, struct link *link)
{
    struct town *town = guest->town;
    void *grown = town->socks;

    mem_grow(&grown, &town->cap_socks, town->n_socks + 1, sizeof *town->socks);
    town->socks = grown;
    town->socks[town->n_socks++] =
        (struct guest_sock){ guest, link, town_port(town) };
}

static inline void drop_socks(struct town *town, const struct link *link)
{
    size_t kept = 0;

    for (size_t i = 0; i < town->n_socks; i++)
        if (town->socks[i].link != link)
            town->socks[kept++] = town->socks[i];
    town->n_socks = kept;
}

static inline void put_packet(struct town *town, bool up, struct address guest,
                              uint64_t delay, struct str bytes)
{
    struct town_packet *packet = mem_new(1, sizeof *packet);

    CHECK(town, town->n_packets < TOWN_PACKETS && bytes.len <= DATAGRAM_MAX);
    packet->up = up;
    packet->from = packet->to = guest;
    packet->at = town->now.mono_us + delay;
    packet->len = bytes.len;
    memcpy(packet->bytes, bytes.ptr, bytes.len);
    town->packets[town->n_packets++] = packet;
}

static inline uint64_t delay_of(struct guest *guest)
{
    return guest->delay_us +
           (guest->jitter_us ? rng_below(&guest->town->rng, guest->jitter_us)
                             : 0);
}

/* On its way, unless it is lost; now and then twice. */
static inline void travel(struct guest *guest, bool up, struct address address,
                          struct str bytes)
{
    struct town *town = guest->town;

    if (guest->no_udp || (!up && (guest->no_udp_down || guest->asleep)) ||
        address.v4.sin_port == htons(guest->no_port))
        return;
    for (int i = 0; i < 2; i++) {
        if (rng_below(&town->rng, 100) >= guest->loss)
            put_packet(town, up, address, delay_of(guest), bytes);
        if (!chance(town, guest->twice))
            break;
    }
}

/* Somebody on the way has heard it, and says it again from elsewhere, as it
 * was or changed. */
static inline void echo(struct town *town, struct str bytes)
{
    uint8_t copy[DATAGRAM_MAX];

    memcpy(copy, bytes.ptr, bytes.len);
    if (chance(town, 500))
        copy[rng_below(&town->rng, bytes.len)] ^=
            (uint8_t)(1u << rng_below(&town->rng, 8));
    put_packet(town, true, town_address(town_network(town), 1),
               rng_below(&town->rng, 3000000), str_bytes(copy, bytes.len));
}

static inline void send_up(struct guest_sock *sock)
{
    struct guest *guest = sock->guest;
    struct town *town = guest->town;
    uint8_t bytes[DATAGRAM_MAX];
    size_t len;

    while ((len = link_datagram(sock->link, bytes, guest_now(guest)))) {
        travel(guest, true, town_address(guest->network, sock->port),
               str_bytes(bytes, len));
        if (chance(town, town->echo))
            echo(town, str_bytes(bytes, len));
    }
}

static inline void send_down(struct town *town, struct address to,
                             struct str bytes)
{
    struct guest_sock *sock = sock_at(town, &to);

    if (sock)
        travel(sock->guest, false, to, bytes);
}

static inline void flush_session(struct town *town, struct session *s)
{
    uint8_t bytes[DATAGRAM_MAX];
    size_t len;

    while ((len = link_datagram(s->link, bytes, town->now)))
        send_down(town, address_at(link_place(s->link)), str_bytes(bytes, len));
    hub_flushed(town->hub, s, town->now);
}

static inline void guest_bury(struct guest *guest);

static inline void guest_hear(struct guest *guest, struct link *link,
                              struct str bytes)
{
    client_feed(guest->client, link, bytes, guest_now(guest));
    guest_bury(guest);
    if (guest->heard)
        guest->heard(guest);
}

static inline void arrive(struct town *town, const struct town_packet *packet)
{
    struct str bytes = str_bytes(packet->bytes, packet->len);
    struct guest_sock *sock;
    uint8_t reply[DATAGRAM_MAX];
    struct arrival a = { .datagram = bytes,
                         .from = &packet->from,
                         .reply = reply };

    if (!packet->up) {
        sock = sock_at(town, &packet->to);
        if (sock && !sock->guest->asleep)
            guest_hear(sock->guest, sock->link, bytes);
        return;
    }
    endpoint_input(town->endpoint, &a, town->now);
    CHECK(town, a.len <= packet->len);
    if (a.fresh)
        a.fresh->edge = town;
    if (a.len)
        send_down(town, packet->from, str_bytes(reply, a.len));
}

static inline void carry_packets(struct town *town)
{
    size_t kept = 0, n = town->n_packets;

    for (size_t i = 0; i < n; i++) {
        struct town_packet *packet = town->packets[i];

        if (packet->at > town->now.mono_us) {
            town->packets[kept++] = packet;
            continue;
        }
        arrive(town, packet);
        free(packet);
    }
    for (size_t i = n; i < town->n_packets; i++) /* sent meanwhile */
        town->packets[kept++] = town->packets[i];
    town->n_packets = kept;
}

/* ---- streams ---- */

static inline struct secure *town_secure(struct town *town)
{
    return town->base ? secure_new(town->base, false, NULL, town->now) : NULL;
}

static inline void begin_stream(struct wire *wire)
{
    struct town *town = wire->guest->town;
    struct hub_peer peer = { .transport = TRANSPORT_TCP,
                             .secure = town_secure(town),
                             .clear = true };
    enum err why;

    if (peer.secure && admit_begin(hub_admission(town->hub), TRANSPORT_TCP,
                                   peer.gate, town->now) != ADMIT_NOW) {
        secure_free(peer.secure);
        return;
    }
    wire->s = hub_open(town->hub, &peer, &why, town->now);
    if (wire->s)
        wire->s->edge = wire;
}

static inline void add_wire(struct guest *guest)
{
    struct town *town = guest->town;
    struct wire *wire = mem_new(1, sizeof *wire);
    void *grown = town->wires;

    mem_grow(&grown, &town->cap_wires, town->n_wires + 1, sizeof *town->wires);
    town->wires = grown;
    town->wires[town->n_wires++] = wire;
    wire->guest = guest;
    wire->eof_at = wire->begin_at = wire->fail_at = NEVER;
    if (guest->door == DOOR_DEAD)
        wire->fail_at = town->now.mono_us + TOWN_GIVE_UP_US;
    else
        wire->begin_at = town->now.mono_us + guest->door_us;
}

static inline void connect_wire(struct wire *wire)
{
    struct guest *guest = wire->guest;

    wire->begin_at = NEVER;
    wire->link = client_opened(guest->client, TRANSPORT_TCP, guest_now(guest));
    if (wire->link)
        begin_stream(wire);
}

static inline bool is_pending(const struct wire *wire)
{
    return wire->begin_at != NEVER || wire->fail_at != NEVER;
}

/* A newer try of the same client takes the place of one under way. */
static inline void cancel_wires(const struct guest *guest)
{
    struct town *town = guest->town;

    for (size_t i = 0; i < town->n_wires; i++)
        if (town->wires[i]->guest == guest)
            town->wires[i]->begin_at = town->wires[i]->fail_at = NEVER;
}

/* Some bytes of a span. */
static inline struct str chop(struct town *town, struct str span)
{
    size_t n = 1 + rng_below(&town->rng, chance(town, 300) ? 20 : 4000);

    return town->rough && n < span.len ? str_bytes(span.ptr, n) : span;
}

static inline bool stream_up(struct town *town, struct wire *wire)
{
    struct str span;

    if (!wire->link || !wire->s || !session_wants_input(wire->s) ||
        link_spans(wire->link, &span, 1) == 0)
        return false;
    span = chop(town, span);
    hub_feed(town->hub, wire->s, span, town->now);
    link_sent(wire->link, span.len, guest_now(wire->guest));
    return true;
}

static inline bool stream_down(struct town *town, struct wire *wire)
{
    struct str span;

    if (!wire->link || !wire->s || town->now.mono_us < wire->deaf_until ||
        link_spans(wire->s->link, &span, 1) == 0)
        return false;
    span = chop(town, span);
    guest_hear(wire->guest, wire->link, span);
    link_sent(wire->s->link, span.len, town->now);
    hub_flushed(town->hub, wire->s, town->now);
    return true;
}

static inline void carry_stream(struct town *town, struct wire *wire)
{
    if (wire->dead || wire->guest->asleep || wire->guest->door == DOOR_DEAD)
        return;
    while ((!town->rough || chance(town, 700)) && stream_up(town, wire) &&
           !town->rough)
        continue;
    while ((!town->rough || chance(town, 700)) && stream_down(town, wire) &&
           !town->rough)
        continue;
    if (town->rough && chance(town, 2))
        wire->deaf_until = town->now.mono_us + rng_below(&town->rng, 3000000);
}

static inline void end_stream(struct town *town, struct wire *wire)
{
    bool heard =
        !wire->dead && !wire->guest->asleep && wire->guest->door != DOOR_DEAD;

    wire->s->edge = NULL;
    hub_bury(town->hub, wire->s, town->now);
    wire->s = NULL;
    if (wire->link && heard) {
        client_lost(wire->guest->client, wire->link, "end of file",
                    guest_now(wire->guest));
        guest_bury(wire->guest);
    }
}

static inline void tend_stream(struct town *town, struct wire *wire)
{
    bool cut =
        wire->dead || wire->guest->asleep || wire->guest->door == DOOR_DEAD;

    if (town->now.mono_us >= wire->begin_at)
        connect_wire(wire);
    carry_stream(town, wire);
    if (wire->s && town->now.mono_us >= wire->eof_at && !cut)
        hub_eof(town->hub, wire->s, town->now);
    if (wire->s && wire->s->state == SESSION_DEAD)
        end_stream(town, wire);
    if (town->now.mono_us < wire->fail_at)
        return;
    wire->fail_at = NEVER;
    client_failed(wire->guest->client, TRANSPORT_TCP, EX_UNAVAILABLE,
                  "TCP: connection timed out", guest_now(wire->guest));
    guest_bury(wire->guest);
}

static inline void carry_streams(struct town *town)
{
    size_t kept = 0;

    for (size_t i = 0; i < town->n_wires; i++)
        tend_stream(town, town->wires[i]);
    for (size_t i = 0; i < town->n_wires; i++) {
        struct wire *wire = town->wires[i];

        if (wire->link || wire->s || is_pending(wire))
            town->wires[kept++] = wire;
        else
            free(wire);
    }
    town->n_wires = kept;
}

/* ---- the edge of a guest ---- */

/* Its end of a link is closed; a stream's other end hears of it later. */
static inline void close_ours(struct town *town, const struct link *link)
{
    if (!link)
        return;
    for (size_t i = 0; i < town->n_wires; i++) {
        if (town->wires[i]->link != link)
            continue;
        town->wires[i]->link = NULL;
        town->wires[i]->eof_at =
            town->now.mono_us +
            (town->rough ? rng_below(&town->rng, 1000000) : 0);
    }
    drop_socks(town, link);
}

static inline void guest_bury(struct guest *guest)
{
    struct town *town = guest->town;
    struct link *dead;

    while ((dead = client_dead(guest->client))) {
        struct guest_sock *sock = sock_of(town, dead);

        if (sock) {
            send_up(sock);
            link_close(dead, 0, guest_now(guest));
            send_up(sock);
        }
        close_ours(town, dead);
        client_buried(guest->client, dead);
    }
}

static inline void guest_open(struct guest *guest, enum transport transport)
{
    struct now now = guest_now(guest);
    struct link *link;

    guest->opened[transport]++;
    guest->opened_us[transport] = guest->town->now.mono_us;
    if (chance(guest->town, guest->fails)) {
        client_failed(guest->client, transport, EX_UNAVAILABLE, "failed", now);
        return;
    }
    if (transport == TRANSPORT_UDP) {
        link = client_opened(guest->client, transport, now);
        if (link)
            add_sock(guest, link);
        return;
    }
    cancel_wires(guest);
    if (guest->door == DOOR_SHUT)
        client_failed(guest->client, transport, EX_UNAVAILABLE,
                      "TCP: connection refused", now);
    else
        add_wire(guest);
}

static inline void guest_turn(struct guest *guest)
{
    struct now now = guest_now(guest);
    enum transport transport;
    struct link *link;

    client_tick(guest->client, now);
    guest_bury(guest);
    while (client_want(guest->client, &transport, now)) {
        guest_open(guest, transport);
        guest_bury(guest);
    }
    link = client_rebind(guest->client);
    if (!link)
        return;
    guest->rebinds++;
    guest->rebound_us = guest->town->now.mono_us;
    add_sock(guest, link);
}

/* ---- the server ---- */

static inline void town_begin(struct town *town)
{
    struct endpoint_config config = { .clear = CLEAR_LOCAL };
    struct secure_config secure = { .server = true,
                                    .key = str_of(town->pem.key),
                                    .chain = str_of(town->pem.chain) };
    char error[256] = "";

    town->config.store = NULL;
    if (town->disk)
        town->config.store =
            vault_open(rng_next(&town->rng) | 1, &town->config.limits);
    town->hub = hub_new(&town->config, town->now);
    assert_true(revive_world(hub_world(town->hub), town->now));
    if (town->secure) {
        town->base = secure_base_new(&secure, error, sizeof error);
        if (!town->base)
            fail_msg("%s", error);
    }
    config.hub = town->hub;
    config.secure = town->base;
    town_random(&town->rng, (uint8_t *)config.secret, sizeof config.secret);
    town->endpoint = endpoint_new(&config);
}

static inline void flush_sessions(struct town *town)
{
    struct session *s;

    while ((s = endpoint_next(town->endpoint, town->now)))
        s->edge = town;
    while ((s = hub_dirty(town->hub))) {
        if (link_transport(s->link) == TRANSPORT_TCP)
            continue; /* carry_streams looks at all of them */
        flush_session(town, s);
        if (s->state != SESSION_DEAD)
            continue;
        endpoint_forget(town->endpoint, s);
        s->edge = NULL;
        hub_bury(town->hub, s, town->now);
    }
}

/* As kill -9 would: over UDP nobody hears of it. */
static inline void town_end(struct town *town)
{
    hub_abandon(town->hub, town->now);
    for (size_t i = 0; i < town->n_wires; i++)
        if (town->wires[i]->s)
            end_stream(town, town->wires[i]);
    flush_sessions(town);
    endpoint_free(town->endpoint);
    hub_free(town->hub);
    secure_base_free(town->base);
    town->base = NULL;
}

/* The machine goes down and comes up again. */
static inline void town_restart(struct town *town)
{
    struct disk *disk = town->disk;

    if (disk)
        town->disk = vault_cut(disk, (unsigned)rng_below(&town->rng, 1001));
    town_end(town);
    vault_free(disk);
    town_begin(town);
}

/* What all edges do in one turn, and some time passes. */
static inline void town_turn(struct town *town)
{
    carry_packets(town);
    for (size_t i = 0; i < town->n_socks; i++) {
        struct guest_sock *sock = &town->socks[i];

        if (sock_of(town, sock->link) == sock && !sock->guest->asleep)
            send_up(sock);
    }
    carry_streams(town);
    hub_turn(town->hub, town->now);
    flush_sessions(town);
    town->now.mono_us += town->step_us;
    town->now.wall_ms += town->step_us / 1000;
    clock_now = town->now;
}

static inline void town_init(struct town *town, uint64_t seed, bool secure)
{
    town->seed = town->rng.state = seed;
    town->secure = secure;
    town->now = (struct now){ 1000000, 1700000000000 };
    town->step_us = 5000;
    town->last_port = 40000;
    clock_now = town->now;
    town->config.name = "town";
    town->config.random = town_random;
    town->config.random_ctx = &town->rng;
    if (getenv("SIM_LOG"))
        town->config.log.to = stderr;
    dice_begin(seed);
    if (secure)
        assert_true(secure_pem_make(&town->pem, "town", town->now));
}

/* Guests must have let go of their links before, with close_ours. */
static inline void town_fini(struct town *town)
{
    town_end(town);
    vault_free(town->disk);
    for (size_t i = 0; i < town->n_wires; i++)
        free(town->wires[i]);
    for (size_t i = 0; i < town->n_packets; i++)
        free(town->packets[i]);
    free(town->wires);
    free(town->socks);
    secure_pem_free(&town->pem);
}

/* A guest's side of encryption: any key will do, so it has none. */
static inline struct secure_base *guest_secure(const struct town *town)
{
    struct secure_config config = { .roots = str_of(town->pem.chain) };
    char error[256] = "";
    struct secure_base *base = secure_base_new(&config, error, sizeof error);

    if (!base)
        fail_msg("%s", error);
    return base;
}

#endif
