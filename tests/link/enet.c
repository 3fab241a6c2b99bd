/* SPDX-License-Identifier: MIT
 *
 * ENet, when it is there (Debian: libenet-dev): reliable packets on one
 * channel, flushed as they are handed over, its timers served every 2 ms, and
 * never giving up.
 */
#include "tests/link/flow.h"

#if __has_include(<enet/enet.h>)

#    include <enet/enet.h>
#    include <stdlib.h>

#    include "shared/mem.h"

enum {
    SERVE_US = 2000, /* while something is under way */
    IDLE_US = 50000,
    FOREVER_MS = 3600 * 1000
};

struct side {
    struct lab_end end; /* first */
    struct enet *of;
    ENetHost *host;
    ENetPeer *peer; /* NULL while not connected */
};

struct enet {
    struct side side[2];
    struct flow *flow;
    ENetPeer *asked;
};

static void take(struct side *side, ENetEvent *event, struct now now)
{
    struct flow *flow = side->of->flow;

    if (event->type == ENET_EVENT_TYPE_CONNECT) {
        side->peer = event->peer;
        enet_peer_timeout(event->peer, 0, FOREVER_MS, FOREVER_MS);
    } else if (event->type == ENET_EVENT_TYPE_RECEIVE) {
        flow_take(flow,
                  str_bytes(event->packet->data, event->packet->dataLength),
                  now);
        enet_packet_destroy(event->packet);
    } else if (event->type == ENET_EVENT_TYPE_DISCONNECT) {
        lab_die("ENet gave up");
    }
}

static void serve(struct lab_end *end, struct now now)
{
    struct side *side = (struct side *)end;
    struct flow *flow = side->of->flow;
    const ENetPeer *peer = side->peer;
    ENetEvent event;

    while (enet_host_service(side->host, &event, 0) > 0)
        take(side, &event, now);
    if (peer && side == &side->of->side[0])
        flow_refill(flow, (flow->sent - flow->taken) * flow->traffic.bytes,
                    now);
    lab_wake(flow->lab, end,
             now.mono_us +
                 (!peer || peer->reliableDataInTransit ? SERVE_US : IDLE_US));
}

static ENetAddress host_on(struct side *side, unsigned number)
{
    struct flow *flow = side->of->flow;
    ENetAddress at = { .host = lab_address(number, flow->link) };

    lab_enter(flow->lab, number);
    side->host = enet_host_create(&at, 1, 1, 0, 0);
    if (!side->host || enet_socket_get_address(side->host->socket, &at) < 0)
        lab_die("ENet");
    side->end.fd = side->host->socket;
    side->end.turn = serve;
    lab_watch(flow->lab, &side->end);
    lab_wake(flow->lab, &side->end, lab_now().mono_us);
    return at;
}

static void *open_enet(struct flow *flow)
{
    struct enet *enet = mem_new(1, sizeof *enet);
    ENetAddress at;

    enet->flow = flow;
    enet->side[0].of = enet->side[1].of = enet;
    host_on(&enet->side[0], 0);
    at = host_on(&enet->side[1], 1);
    enet->asked = enet_host_connect(enet->side[0].host, &at, 1, 0);
    enet_peer_timeout(enet->asked, 0, FOREVER_MS, FOREVER_MS);
    return enet;
}

static bool is_ready(const void *state)
{
    const struct enet *enet = state;

    return enet->side[0].peer && enet->side[1].peer;
}

static void say(void *state, struct str text, struct now now)
{
    struct enet *enet = state;
    struct side *side = &enet->side[0];

    enet_peer_send(
        side->peer, 0,
        enet_packet_create(text.ptr, text.len, ENET_PACKET_FLAG_RELIABLE));
    if (!enet->flow->traffic.greedy)
        enet_host_flush(side->host);
    lab_wake(enet->flow->lab, &side->end, now.mono_us + SERVE_US);
}

static void close_enet(void *state)
{
    struct enet *enet = state;

    for (unsigned i = 0; i < 2; i++) {
        lab_wake(enet->flow->lab, &enet->side[i].end, NEVER);
        enet_host_destroy(enet->side[i].host);
    }
    free(enet);
}

const struct peer PEER_ENET = {
    .name = "ENet",
    .open = open_enet,
    .ready = is_ready,
    .say = say,
    .close = close_enet,
};

#else

const struct peer PEER_ENET = { .name = "ENet" };

#endif
