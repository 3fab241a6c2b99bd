/* SPDX-License-Identifier: MIT
 *
 * Our links, driven as the edges of the programs drive them: SEND messages of a
 * person one way, what the transport itself answers the other.
 */
#include <stdlib.h>
#include <sys/socket.h>

#include "shared/bounds.h"
#include "shared/frame.h"
#include "shared/link.h"
#include "shared/mem.h"
#include "shared/secure.h"
#include "shared/wire.h"
#include "tests/link/flow.h"

enum { READ_MAX = 64 * 1024, SPANS = 16, QUEUE_MAX = 64 * 1024 * 1024 };

struct side {
    struct lab_end end; /* first */
    struct ours *of;
    struct link *link;
};

struct ours {
    struct side side[2]; /* client, server; its link comes with a good hello */
    struct flow *flow;
    enum transport transport;
    uint64_t cseq;
};

/* ---- out ---- */

static void write_stream(struct side *side, struct now now)
{
    struct str span;

    while (link_spans(side->link, &span, 1)) {
        ssize_t n = send(side->end.fd, span.ptr, span.len, MSG_NOSIGNAL);

        if (n <= 0)
            return;
        link_sent(side->link, (size_t)n, now);
    }
}

static void flush(struct side *side, struct now now)
{
    struct ours *ours = side->of;
    uint8_t datagram[DATAGRAM_MAX];
    size_t len;

    if (side->end.listening || !side->link)
        return;
    if (ours->transport == TRANSPORT_TCP) {
        write_stream(side, now);
    } else {
        while ((len = link_datagram(side->link, datagram, now)))
            (void)!send(side->end.fd, datagram, len, 0);
    }
    lab_wake(ours->flow->lab, &side->end, link_deadline(side->link));
}

/* ---- in ---- */

static void take_frames(struct side *side, struct now now)
{
    struct str frame;
    struct msg msg;
    int got;

    while ((got = link_next(side->link, &frame, now)) > 0) {
        if (wire_decode(&msg, frame, NULL) || msg.kind != KIND_SEND)
            lab_die("a frame that was never sent");
        flow_take(side->of->flow, msg.send.text, now);
    }
    if (got < 0)
        lab_die("an honest peer was refused");
}

static void take(struct side *side, struct str bytes, struct now now)
{
    if (link_feed(side->link, bytes, now))
        lab_die("an honest peer was refused");
    take_frames(side, now);
}

static void make_link(struct side *side, struct secure *secure)
{
    struct flow *flow = side->of->flow;
    struct link_config config = { .transport = side->of->transport,
                                  .server = side == &side->of->side[1],
                                  .secure = secure,
                                  .from = str_of("there"),
                                  .id = 1 + flow->link,
                                  .seed = rng_next(&flow->rng),
                                  .body_max = BODY_MAX,
                                  .queue_max = QUEUE_MAX };

    side->link = link_new(&config, lab_now());
}

/* A server's socket without a link: whoever asks has to show a cookie. */
static void greet(struct side *side, struct str datagram, struct now now)
{
    struct secure_base *keys = side->of->flow->lab->keys[1];
    uint8_t reply[DATAGRAM_MAX];
    size_t len = 0;

    switch (secure_hello(keys, datagram, str_of("there"), reply, &len, now)) {
    case HELLO_BAD: break;
    case HELLO_COOKIE: (void)!send(side->end.fd, reply, len, 0); break;
    case HELLO_GOOD:
        make_link(side, secure_accept(keys, now));
        take(side, datagram, now);
        break;
    }
}

static void turn(struct lab_end *end, struct now now)
{
    struct side *side = (struct side *)end;
    struct ours *ours = side->of;
    static char bytes[READ_MAX];
    ssize_t n;

    while ((n = recv(end->fd, bytes, sizeof bytes, 0)) > 0) {
        if (side->link)
            take(side, str_bytes(bytes, (size_t)n), now);
        else
            greet(side, str_bytes(bytes, (size_t)n), now);
    }
    if (!side->link)
        return;
    if (side == &ours->side[0] && link_is_open(side->link))
        flow_refill(ours->flow, link_queued(side->link), now);
    if (link_deadline(side->link) <= now.mono_us)
        link_tick(side->link, now);
    flush(side, now);
}

/* ---- the peer ---- */

static void *open_over(struct flow *flow, enum transport transport)
{
    struct ours *ours = mem_new(1, sizeof *ours);
    bool udp = transport == TRANSPORT_UDP;
    struct now now = lab_now();

    ours->flow = flow;
    ours->transport = transport;
    for (unsigned i = 0; i < 2; i++) {
        ours->side[i].of = ours;
        ours->side[i].end.turn = turn;
    }
    make_link(&ours->side[0],
              secure_new(flow->lab->keys[0], udp, "bench", now));
    if (!udp)
        make_link(&ours->side[1],
                  secure_new(flow->lab->keys[1], false, NULL, now));
    lab_pair(flow->lab, udp ? LAB_DATAGRAM : LAB_STREAM, flow->link,
             &ours->side[0].end, &ours->side[1].end);
    lab_wake(flow->lab, &ours->side[0].end, now.mono_us);
    return ours;
}

static void *open_udp(struct flow *flow)
{
    return open_over(flow, TRANSPORT_UDP);
}

static void *open_tcp(struct flow *flow)
{
    return open_over(flow, TRANSPORT_TCP);
}

static bool is_ready(const void *state)
{
    const struct ours *ours = state;
    const struct link *server = ours->side[1].link;

    return link_is_open(ours->side[0].link) && server && link_is_open(server);
}

static void say(void *state, struct str text, struct now now)
{
    struct ours *ours = state;
    struct msg msg = { .kind = KIND_SEND };
    struct frame *frame;

    msg.send.room = 1;
    msg.send.cseq = ++ours->cseq;
    msg.send.text = text;
    frame = frame_of(&msg);
    if (link_send(ours->side[0].link, frame,
                  ours->flow->traffic.bulk ? LANE_BULK : LANE_COMMAND, 0,
                  !ours->flow->traffic.bulk))
        lab_die("our queue is full");
    frame_unref(frame);
    if (ours->flow->traffic.greedy) /* many go into one packet */
        lab_wake(ours->flow->lab, &ours->side[0].end, now.mono_us);
    else
        flush(&ours->side[0], now);
}

static void close_ours(void *state)
{
    struct ours *ours = state;

    for (unsigned i = 0; i < 2; i++) {
        lab_close(ours->flow->lab, &ours->side[i].end);
        link_free(ours->side[i].link);
    }
    free(ours);
}

const struct peer PEER_OURS_UDP = {
    .name = "ours, UDP",
    .open = open_udp,
    .ready = is_ready,
    .say = say,
    .close = close_ours,
};

const struct peer PEER_OURS_TCP = {
    .name = "ours, TCP",
    .open = open_tcp,
    .ready = is_ready,
    .say = say,
    .close = close_ours,
};
