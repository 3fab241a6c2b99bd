/* SPDX-License-Identifier: MIT
 *
 * One end of a connection; see link.h.  A link is a stream (reader, outq) or a
 * datagram machine (dgram) behind one face.
 */
#include "shared/link.h"

#include <assert.h>
#include <stdlib.h>

#include "shared/error.h"
#include "shared/frame.h"
#include "shared/link_impl.h"
#include "shared/mem.h"

/* Streams of the datagram machine; low ones go first. */
enum {
    STREAM_CONTROL,
    STREAM_COMMAND,
    STREAM_PRESENCE,
    STREAM_BULK,
    STREAM_ROOM = 16 /* plus the room's id */
};

struct link *link_new(const struct link_config *config, struct now now)
{
    struct link *link = mem_new(1, sizeof *link);
    struct dgram_config dgram = {
        .server = config->server,
        .proven = config->secure != NULL,
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
    path_init(&link->path, config->from);
    if (config->transport == TRANSPORT_UDP)
        link->dgram = dgram_new(&dgram, now);
    return link;
}

void link_free(struct link *link)
{
    if (!link)
        return;
    dgram_free(link->dgram);
    secure_free(link->config.secure);
    free(link->plain);
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

/* ---- inward ---- */

int link_feed(struct link *link, struct str bytes, struct now now)
{
    if (link->dgram)
        return link_take_datagram(link, bytes, link_place(link), now);
    return link_take_bytes(link, bytes, now);
}

int link_feed_from(struct link *link, struct str datagram, struct str from,
                   struct now now)
{
    return link_take_datagram(link, datagram, from, now);
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

/* The next frame of a stream; its records are opened one by one. */
static int next_frame(struct link *link, struct str *frame, struct now now)
{
    int got;

    do {
        got = reader_next(&link->reader, frame);
        if (got)
            return got;
        got = link_refill(link, now);
    } while (got > 0);
    return got;
}

int link_next(struct link *link, struct str *frame, struct now now)
{
    for (;;) {
        int got = link->dgram ? next_message(link, frame)
                              : next_frame(link, frame, now);
        int beat;

        if (got <= 0)
            return got;
        beat = link_take_beat(link, *frame, now);
        if (beat <= 0)
            return beat ? beat : 1;
    }
}

void link_hold(struct link *link)
{
    if (link->dgram)
        return;
    reader_keep(&link->reader);
    if (link->config.secure)
        secure_keep(link->config.secure);
}

size_t link_pending(const struct link *link)
{
    struct dgram_stats stats;

    if (link->dgram) {
        dgram_stats(link->dgram, &stats);
        return stats.held;
    }
    return reader_pending(&link->reader) +
           (link->config.secure ? secure_pending(link->config.secure) : 0);
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

size_t link_queued(const struct link *link)
{
    struct dgram_stats stats;

    if (link->dgram) {
        dgram_stats(link->dgram, &stats);
        return stats.queued;
    }
    return link->outq.bytes +
           (link->config.secure ? secure_queued(link->config.secure) : 0);
}

uint64_t link_progress(const struct link *link)
{
    return link->progress_us;
}

void link_close(struct link *link, unsigned code, struct now now)
{
    if (link->dgram)
        dgram_close(link->dgram, code, now);
    else if (link->config.secure)
        secure_close(link->config.secure);
}

/* ---- time ---- */

uint64_t link_deadline(const struct link *link)
{
    uint64_t at = link->beat.at_us;

    if (!link->dgram)
        return at;
    if (link->config.secure)
        at = time_min(at, secure_deadline(link->config.secure));
    if (link_is_open(link))
        at = time_min(at, dgram_deadline(link->dgram));
    return time_min(at, link->path.try_us);
}

static void note_progress(struct link *link, struct now now)
{
    size_t queued = link_queued(link);

    if (queued == 0 || link->resting)
        link->progress_us = NEVER;
    else if (queued < link->queued_before || link->progress_us == NEVER)
        link->progress_us = now.mono_us;
    link->queued_before = queued;
}

void link_tick(struct link *link, struct now now)
{
    if (link->dgram && link->config.secure)
        secure_tick(link->config.secure, now);
    if (link->dgram) {
        link_tick_path(link, now);
        dgram_tick(link->dgram, now);
    }
    note_progress(link, now);
    link_tick_beat(link, now);
}

void link_rest(struct link *link)
{
    link->beat.at_us = link->progress_us = NEVER;
    link->resting = link->dgram != NULL;
    if (link->dgram)
        dgram_rest(link->dgram);
    if (link->config.secure)
        secure_rest(link->config.secure);
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
