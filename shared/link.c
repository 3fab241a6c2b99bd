/* SPDX-License-Identifier: MIT
 *
 * One end of a connection; see link.h.  A link is a stream (reader, outq) or a
 * datagram machine (dgram) behind one face, plus the heartbeat, which is the
 * only thing it says by itself.
 *
 * The place of encryption: every byte from outside enters through link_feed,
 * every byte to the outside leaves through link_spans or link_datagram.  A
 * record filter sits in these three and nowhere else.
 */
#include "shared/link.h"

#include <assert.h>
#include <stdlib.h>

#include "shared/dgram.h"
#include "shared/error.h"
#include "shared/frame.h"
#include "shared/mem.h"
#include "shared/outq.h"
#include "shared/packet.h"
#include "shared/reader.h"
#include "shared/rng.h"

/* Streams of the datagram machine; low ones go first. */
enum {
    STREAM_CONTROL,
    STREAM_COMMAND,
    STREAM_PRESENCE,
    STREAM_BULK,
    STREAM_ROOM = 16 /* plus the room's id */
};

/* The greeting is through, or lost for good, within so many packets. */
enum { OPENING_PACKETS = 64 };

/* A heartbeat's period varies by this part of it, so that a thousand clients
 * that came back together do not beat together. */
enum { BEAT_JITTER_DIV = 16 };

struct heartbeat {
    uint64_t at_us; /* next one; NEVER while off */
    uint32_t period_us;
    uint64_t id, sent_us; /* of the last PING */
    bool waiting;         /* for its PONG */
    struct link_local local;
};

struct link {
    struct link_config config;
    struct reader reader; /* stream */
    struct outq outq;     /* stream */
    struct dgram *dgram;  /* datagram; NULL on a stream */
    struct rng rng;
    struct heartbeat beat;
    struct link_peer peer;
    uint64_t progress_us; /* NEVER while nothing is queued */
    size_t queued_before; /* when progress was looked at last */
};

struct link *link_new(const struct link_config *config, struct now now)
{
    struct link *link = mem_new(1, sizeof *link);
    struct dgram_config dgram = {
        .server = config->server,
        .seed = config->seed,
        .queue_max = config->queue_max,
        .message_max = FRAME_HEAD + config->body_max,
    };

    link->config = *config;
    link->rng.state = config->seed;
    link->beat.at_us = NEVER;
    link->progress_us = NEVER;
    link->peer.heard_us = now.mono_us;
    reader_init(&link->reader, config->body_max);
    outq_init(&link->outq);
    if (config->transport == TRANSPORT_UDP)
        link->dgram = dgram_new(&dgram, now);
    return link;
}

void link_free(struct link *link)
{
    if (!link)
        return;
    dgram_free(link->dgram);
    reader_fini(&link->reader);
    outq_fini(&link->outq);
    free(link);
}

enum transport link_transport(const struct link *link)
{
    return link->config.transport;
}

const char *transport_name(enum transport transport)
{
    return transport == TRANSPORT_UDP ? "udp" : "tcp";
}

/* ---- the envelope of a datagram ---- */

bool link_datagram_id(struct str datagram, uint64_t *id)
{
    const uint8_t *p = (const uint8_t *)datagram.ptr;
    uint64_t n = 0;

    if (datagram.len <= 1 + DATAGRAM_ID_LEN || p[0] != DATAGRAM_FROM_CLIENT)
        return false;
    for (size_t i = 1; i <= DATAGRAM_ID_LEN; i++)
        n = n << 8 | p[i];
    *id = n;
    return true;
}

bool link_datagram_opens(struct str datagram)
{
    struct str rest = str_from(datagram, 1 + DATAGRAM_ID_LEN);
    struct packet_head head;
    struct part part;

    if (packet_head(&rest, &head) || head.pn >= OPENING_PACKETS)
        return false;
    while (packet_part(&rest, &part) > 0) {
        if ((part.type == PART_MSG || part.type == PART_FRAG) &&
            part.piece.stream == STREAM_CONTROL)
            return true;
    }
    return false;
}

/* The packet inside a datagram for this end; empty when it is not for us. */
static struct str unwrap(const struct link *link, struct str datagram)
{
    uint64_t id;

    if (link->config.server) {
        if (!link_datagram_id(datagram, &id) || id != link->config.id)
            return str_of(NULL);
        return str_from(datagram, 1 + DATAGRAM_ID_LEN);
    }
    if (!datagram.len || (uint8_t)datagram.ptr[0] != DATAGRAM_FROM_SERVER)
        return str_of(NULL);
    return str_from(datagram, 1);
}

/* Write the envelope; returns its bytes. */
static size_t wrap(const struct link *link, uint8_t *out)
{
    if (link->config.server) {
        out[0] = DATAGRAM_FROM_SERVER;
        return 1;
    }
    out[0] = DATAGRAM_FROM_CLIENT;
    for (unsigned i = 0; i < DATAGRAM_ID_LEN; i++)
        out[1 + i] = (uint8_t)(link->config.id >> (56 - 8 * i));
    return 1 + DATAGRAM_ID_LEN;
}

/* ---- heartbeats ---- */

static void say_ping(struct link *link, struct now now)
{
    struct heartbeat *beat = &link->beat;
    struct msg msg = { .kind = KIND_PING, .flags = FLAG_EPHEMERAL };

    beat->waiting = true;
    beat->sent_us = now.mono_us;
    msg.ping.id = ++beat->id;
    msg.ping.rtt_us = link->peer.rtt_us;
    msg.ping.loss = link->peer.loss;
    msg.ping.idle_s = beat->local.idle_s;
    msg.ping.frozen_s = beat->local.frozen_s;
    link_say(link, &msg, true);
}

static void schedule_beat(struct link *link, struct now now)
{
    uint32_t jitter = link->beat.period_us / BEAT_JITTER_DIV;

    link->beat.at_us = now.mono_us + link->beat.period_us - jitter / 2 +
                       rng_below(&link->rng, jitter + 1);
}

void link_beat(struct link *link, uint32_t period_ms, struct now now)
{
    link->beat.period_us = period_ms * 1000;
    if (period_ms == 0) {
        link->beat.at_us = NEVER;
        return;
    }
    say_ping(link, now); /* at once: it is the first round-trip sample */
    schedule_beat(link, now);
}

void link_set_local(struct link *link, struct link_local local)
{
    link->beat.local = local;
}

static void on_ping(struct link *link, const struct msg_ping *ping)
{
    struct msg pong = { .kind = KIND_PONG, .flags = FLAG_EPHEMERAL };

    link->peer.beats++;
    link->peer.peer_rtt_us = (uint32_t)time_min(ping->rtt_us, UINT32_MAX);
    link->peer.peer_loss = (uint32_t)time_min(ping->loss, 1000);
    link->peer.idle_s = (uint32_t)time_min(ping->idle_s, UINT32_MAX);
    link->peer.frozen_s = (uint32_t)time_min(ping->frozen_s, UINT32_MAX);
    pong.pong.id = ping->id;
    pong.pong.loss = link->peer.loss;
    link_say(link, &pong, true);
}

static void on_pong(struct link *link, const struct msg_pong *pong,
                    struct now now)
{
    uint32_t sample;

    if (!link->beat.waiting || pong->id != link->beat.id)
        return;
    link->beat.waiting = false;
    link->peer.peer_loss = (uint32_t)time_min(pong->loss, 1000);
    sample = (uint32_t)time_min(now.mono_us - link->beat.sent_us, UINT32_MAX);
    if (link->dgram)
        return; /* measured better there */
    /* Samples are seconds apart, so an old one soon counts for little. */
    link->peer.rtt_us =
        link->peer.rtt_us ? link->peer.rtt_us / 2 + sample / 2 : sample;
}

/*
 * Take a heartbeat out of the flow.
 *   returns  1 when it was one; 0 when not; a negative error code
 */
static int take_heartbeat(struct link *link, struct str frame, struct now now)
{
    unsigned kind = wire_head((const uint8_t *)frame.ptr).kind;
    struct msg msg;
    int err;

    if (kind != KIND_PING && kind != KIND_PONG)
        return 0;
    err = wire_decode(&msg, frame, NULL);
    if (err)
        return err;
    if (kind == KIND_PING)
        on_ping(link, &msg.ping);
    else
        on_pong(link, &msg.pong, now);
    return 1;
}

/* ---- inward ---- */

static int feed_datagram(struct link *link, struct str datagram, struct now now)
{
    struct str packet = unwrap(link, datagram);
    struct dgram_stats stats;
    int err;

    if (packet.len == 0)
        return 0;
    err =
        dgram_input(link->dgram, (const uint8_t *)packet.ptr, packet.len, now);
    if (err)
        return err;
    link->peer.heard_us = now.mono_us;
    dgram_stats(link->dgram, &stats);
    link->peer.rtt_us = stats.srtt_us;
    link->peer.loss = stats.loss;
    return 0;
}

int link_feed(struct link *link, struct str bytes, struct now now)
{
    if (link->dgram)
        return feed_datagram(link, bytes, now);
    reader_feed(&link->reader, bytes);
    link->peer.heard_us = now.mono_us;
    return 0;
}

/* The next frame of the datagram machine, checked as the reader checks. */
static int next_message(struct link *link, struct str *frame)
{
    struct wire_head head;

    if (!dgram_next(link->dgram, frame))
        return 0;
    if (frame->len < FRAME_HEAD)
        return -ERROR_BAD_FRAME;
    head = wire_head((const uint8_t *)frame->ptr);
    if (head.len > link->config.body_max)
        return -ERROR_TOO_LARGE;
    return head.len == frame->len - FRAME_HEAD ? 1 : -ERROR_BAD_FRAME;
}

int link_next(struct link *link, struct str *frame, struct now now)
{
    for (;;) {
        int got = link->dgram ? next_message(link, frame)
                              : reader_next(&link->reader, frame);
        int beat;

        if (got <= 0)
            return got;
        beat = take_heartbeat(link, *frame, now);
        if (beat <= 0)
            return beat ? beat : 1;
    }
}

void link_hold(struct link *link)
{
    if (!link->dgram)
        reader_keep(&link->reader);
}

size_t link_pending(const struct link *link)
{
    struct dgram_stats stats;

    if (!link->dgram)
        return reader_pending(&link->reader);
    dgram_stats(link->dgram, &stats);
    return stats.held;
}

bool link_closed(const struct link *link)
{
    unsigned code;

    return link->dgram && dgram_closed(link->dgram, &code);
}

/* ---- outward ---- */

static uint64_t stream_of(enum lane lane, uint64_t key)
{
    assert(lane != LANE_STATE); /* a state has no stream */
    switch (lane) {
    case LANE_STATE:
    case LANE_CONTROL: return STREAM_CONTROL;
    case LANE_COMMAND: return STREAM_COMMAND;
    case LANE_PRESENCE: return STREAM_PRESENCE;
    case LANE_BULK: return STREAM_BULK;
    case LANE_ROOM: return STREAM_ROOM + key;
    }
    return STREAM_CONTROL;
}

static enum dgram_class class_of(enum lane lane, bool own)
{
    if (lane == LANE_BULK)
        return DGRAM_BULK;
    return own || lane == LANE_CONTROL ? DGRAM_OWN : DGRAM_FANOUT;
}

static int send_datagram(struct link *link, struct frame *frame, enum lane lane,
                         uint64_t key, bool own)
{
    unsigned kind = frame_kind(frame);

    if (lane != LANE_STATE)
        return dgram_send(link->dgram, stream_of(lane, key),
                          class_of(lane, own), frame);
    dgram_state(link->dgram, (uint64_t)kind << 56 ^ key, kind == KIND_PING,
                frame);
    return 0;
}

int link_send(struct link *link, struct frame *frame, enum lane lane,
              uint64_t key, bool own)
{
    if (link->dgram)
        return send_datagram(link, frame, lane, key, own);
    outq_push(&link->outq, frame);
    return 0;
}

int link_say(struct link *link, const struct msg *msg, bool own)
{
    enum lane lane = wire_row(msg->kind)->lane;
    bool beat = msg->kind == KIND_PING || msg->kind == KIND_PONG;
    bool keyed = (lane == LANE_ROOM || lane == LANE_STATE) && !beat;
    struct frame *frame = frame_of(msg);
    int err = link_send(link, frame, lane, keyed ? wire_key(msg) : 0, own);

    frame_unref(frame);
    return err;
}

size_t link_spans(const struct link *link, struct str *spans, size_t max)
{
    return outq_spans(&link->outq, spans, max);
}

void link_sent(struct link *link, size_t n, struct now now)
{
    outq_drop(&link->outq, n);
    link->progress_us = link->outq.bytes ? now.mono_us : NEVER;
    link->queued_before = link->outq.bytes;
}

size_t link_datagram(struct link *link, uint8_t *out, struct now now)
{
    static_assert(1 + DATAGRAM_ID_LEN + PACKET_MAX <= DATAGRAM_MAX,
                  "a packet fits a datagram");
    size_t head = wrap(link, out);
    size_t len = dgram_output(link->dgram, out + head, now);

    return len ? head + len : 0;
}

size_t link_queued(const struct link *link)
{
    struct dgram_stats stats;

    if (!link->dgram)
        return link->outq.bytes;
    dgram_stats(link->dgram, &stats);
    return stats.queued;
}

uint64_t link_progress(const struct link *link)
{
    return link->progress_us;
}

void link_close(struct link *link, unsigned code, struct now now)
{
    if (link->dgram)
        dgram_close(link->dgram, code, now);
}

/* ---- time ---- */

uint64_t link_deadline(const struct link *link)
{
    uint64_t at = link->beat.at_us;

    return link->dgram ? time_min(at, dgram_deadline(link->dgram)) : at;
}

static void note_progress(struct link *link, struct now now)
{
    size_t queued = link_queued(link);

    if (queued == 0)
        link->progress_us = NEVER;
    else if (queued < link->queued_before || link->progress_us == NEVER)
        link->progress_us = now.mono_us;
    link->queued_before = queued;
}

void link_tick(struct link *link, struct now now)
{
    bool stuck = !link->dgram && link->beat.waiting && link->outq.bytes;

    if (link->dgram)
        dgram_tick(link->dgram, now);
    note_progress(link, now);
    if (now.mono_us < link->beat.at_us)
        return;
    if (!stuck) /* else the last one has not even left */
        say_ping(link, now);
    schedule_beat(link, now);
}

/* ---- what is known ---- */

struct link_peer link_peer(const struct link *link)
{
    return link->peer;
}

bool link_dgram_stats(const struct link *link, struct dgram_stats *stats)
{
    if (!link->dgram)
        return false;
    dgram_stats(link->dgram, stats);
    return true;
}
