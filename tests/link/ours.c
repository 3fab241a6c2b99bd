/* SPDX-License-Identifier: MIT
 *
 * Our links, driven as the edges of the programs drive them: SEND messages of a
 * person one way, what the transport itself answers the other.
 */
#include <stdlib.h>
#include <sys/socket.h>

#include "shared/bounds.h"
#include "shared/error.h"
#include "shared/frame.h"
#include "shared/link.h"
#include "shared/mem.h"
#include "shared/wire.h"
#include "tests/link/flow.h"

enum { READ_MAX = 64 * 1024, SPANS = 16, QUEUE_MAX = 64 * 1024 * 1024 };

struct side {
    struct lab_end end; /* first */
    struct ours *of;
    struct link *link;
};

struct ours {
    struct side side[2]; /* client, server */
    struct flow *flow;
    bool stream, connected;
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

    if (side->end.listening)
        return;
    if (ours->stream) {
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

static void turn(struct lab_end *end, struct now now)
{
    struct side *side = (struct side *)end;
    struct ours *ours = side->of;
    static char bytes[READ_MAX];
    ssize_t n;

    while ((n = recv(end->fd, bytes, sizeof bytes, 0)) > 0) {
        if (link_feed(side->link, str_bytes(bytes, (size_t)n), now))
            lab_die("an honest peer was refused");
        take_frames(side, now);
    }
    if (side == &ours->side[1])
        ours->connected = true;
    else if (ours->connected)
        flow_refill(ours->flow, link_queued(side->link), now);
    if (link_deadline(side->link) <= now.mono_us)
        link_tick(side->link, now);
    flush(side, now);
}

/* ---- the peer ---- */

static void *open_over(struct flow *flow, enum transport transport)
{
    struct ours *ours = mem_new(1, sizeof *ours);

    ours->flow = flow;
    ours->stream = transport == TRANSPORT_TCP;
    for (unsigned i = 0; i < 2; i++) {
        struct link_config config = { .transport = transport,
                                      .server = i == 1,
                                      .id = 1 + flow->link,
                                      .seed = rng_next(&flow->rng),
                                      .body_max = BODY_MAX,
                                      .queue_max = QUEUE_MAX };

        ours->side[i].of = ours;
        ours->side[i].end.turn = turn;
        ours->side[i].link = link_new(&config, lab_now());
    }
    lab_pair(flow->lab, ours->stream ? LAB_STREAM : LAB_DATAGRAM, flow->link,
             &ours->side[0].end, &ours->side[1].end);
    return ours;
}

static void *open_udp(struct flow *flow)
{
    struct ours *ours = open_over(flow, TRANSPORT_UDP);

    ours->connected = true;
    return ours;
}

static void *open_tcp(struct flow *flow)
{
    return open_over(flow, TRANSPORT_TCP);
}

static bool is_ready(const void *state)
{
    return ((const struct ours *)state)->connected;
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
