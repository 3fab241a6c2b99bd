/* SPDX-License-Identifier: MIT
 *
 * Heartbeats, the only thing a link says by itself; see link.h.
 */
#include "shared/error.h"
#include "shared/link_impl.h"

/* A heartbeat's period varies by this part of it, so that a thousand clients
 * that came back together do not beat together. */
enum { BEAT_JITTER_DIV = 16 };

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

int link_take_beat(struct link *link, struct str frame, struct now now)
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

void link_tick_beat(struct link *link, struct now now)
{
    bool stuck = !link->dgram && link->beat.waiting && link_queued(link) > 0;

    if (now.mono_us < link->beat.at_us)
        return;
    if (!stuck) /* else the last one has not even left */
        say_ping(link, now);
    schedule_beat(link, now);
}
