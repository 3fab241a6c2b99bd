/* SPDX-License-Identifier: MIT
 *
 * Two datagram machines in a box: a virtual clock, a heap of packets in the
 * air, paths that lose, repeat, reorder and delay, all from one seed.  Included
 * by the tests and by the bench; a run is a pure function of its settings.
 */
#ifndef TESTS_DGRAM_SIM_H
#define TESTS_DGRAM_SIM_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/bounds.h"
#include "shared/dgram.h"
#include "shared/frame.h"
#include "shared/mem.h"
#include "shared/packet.h"
#include "shared/rng.h"

#define SIM_MS     UINT64_C(1000) /* us */
#define SIM_SECOND UINT64_C(1000000)

enum {
    SIM_MILLION = 1000000,
    SIM_STREAMS = 32,
    SIM_KEYS = 4,
    SIM_MESSAGE_LEAST = 24, /* bytes: what the receiver checks it by */
    SIM_OUTSIDE = 28 + 37,  /* IPv4 and UDP, a DTLS record: bytes a packet */
    SIM_ID = 9              /* and the connection id, from the client */
};

/* One direction. Chances are in a million packets. */
struct sim_path {
    uint64_t delay_us, jitter_us; /* added or taken away, uniformly */
    uint32_t lose, repeat, reorder;
    uint64_t held_us; /* reordered ones come so much later; 0: half a delay */
    uint64_t good_us, bad_us;    /* mean lengths; bad_us 0: no bursts */
    uint64_t dead_from, dead_to; /* nothing passes */
    uint64_t hole_from, hole_to; /* nothing above hole_bytes passes */
    size_t hole_bytes;
    uint64_t rate; /* bytes a second; 0: no limit */
    size_t buffer; /* bytes that wait for it */
    /* its state */
    bool bad;
    uint64_t turn_us, free_us; /* burst state changes; link is free */
};

/* What one end says. */
struct sim_talk {
    double per_second; /* messages; 0: none */
    unsigned burst;    /* at once; 0 is 1 */
    bool regular;      /* evenly spaced, not Poisson */
    uint64_t shake_us; /* regular, but for so much more or less, uniformly */
    unsigned streams;  /* numbers 16.. */
    uint32_t size;     /* bytes */
    uint32_t size_max; /* random up to it, when greater */
    enum dgram_class class;
    double states; /* per second, over SIM_KEYS keys */
    double beats;  /* per second */
    uint64_t from_us, until_us;
};

struct sim_end {
    struct dgram *dgram;
    struct sim_talk talk;
    struct sim_path out;
    uint64_t talk_us, state_us, beat_us; /* when it does so next */
    uint32_t sent[SIM_STREAMS], got[SIM_STREAMS];
    uint32_t state_sent[SIM_KEYS + 1], state_got[SIM_KEYS + 1];
    uint64_t refused, first_got_us; /* first delivery after mark_us */
    uint64_t mark_us;
    uint32_t *late; /* latency of each message taken, us */
    size_t late_n, late_cap;
    uint64_t air_in, air_out; /* bytes delivered to it, handed over by it */
    uint64_t wire_out;        /* the latter as IP packets */
    uint64_t packets_out;
    uint64_t skip_us; /* messages sent before are not in `late` */
    bool deaf;        /* it does not take what was delivered */
    bool strict;      /* it has only bulk to say: check the window */
};

/*
 * A flow that shares the client's way out: TCP as Reno has it, with nothing but
 * full segments to send and no loss but of what finds the queue full.
 */
struct sim_rival {
    double cwnd, ssthresh; /* segments; cwnd 0: there is no rival */
    unsigned flight;
    uint64_t came;        /* bytes */
    uint64_t recovery_us; /* losses of what was sent before are old news */
};

enum sim_to { SIM_CLIENT, SIM_SERVER, SIM_ACKED, SIM_LOST };

struct sim_flying {
    uint64_t at_us, serial, sent_us;
    enum sim_to to; /* an end, or what the rival hears of a segment */
    size_t len;
    uint8_t *bytes; /* NULL to the rival */
};

struct sim {
    struct now now;
    uint64_t start_us, serial, trace, steps;
    struct rng rng, talk_rng;
    struct sim_end end[2]; /* client, server */
    struct sim_rival rival;
    struct sim_flying *heap;
    size_t n, cap;
    const char *failed; /* what went wrong first, NULL while nothing did */
    bool stuck;         /* what went wrong is no end to it */
    int error;          /* of dgram_input */
};

static inline void sim_fail(struct sim *sim, const char *what)
{
    if (!sim->failed)
        sim->failed = what;
}

static inline bool sim_chance(struct sim *sim, uint32_t in_a_million)
{
    return in_a_million && rng_below(&sim->rng, SIM_MILLION) < in_a_million;
}

/* Exponentially distributed. */
static inline uint64_t sim_wait(struct rng *rng, double mean_us)
{
    double u = (double)(rng_next(rng) >> 11) / 9007199254740992.0;

    return (uint64_t)(-log(1.0 - u) * mean_us) + 1;
}

/* ---- packets in the air ---- */

static inline bool sim_sooner(const struct sim_flying *a,
                              const struct sim_flying *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->serial < b->serial;
}

static inline void sim_fly(struct sim *sim, struct sim_flying flying)
{
    size_t i = sim->n;

    mem_grow((void **)&sim->heap, &sim->cap, sim->n + 1, sizeof *sim->heap);
    flying.serial = sim->serial++;
    sim->n++;
    for (; i > 0 && sim_sooner(&flying, &sim->heap[(i - 1) / 2]);
         i = (i - 1) / 2)
        sim->heap[i] = sim->heap[(i - 1) / 2];
    sim->heap[i] = flying;
}

static inline struct sim_flying sim_land(struct sim *sim)
{
    struct sim_flying top = sim->heap[0], last = sim->heap[--sim->n];
    size_t i = 0;

    for (size_t k = 1; k < sim->n; i = k, k = 2 * i + 1) {
        if (k + 1 < sim->n && sim_sooner(&sim->heap[k + 1], &sim->heap[k]))
            k++;
        if (!sim_sooner(&sim->heap[k], &last))
            break;
        sim->heap[i] = sim->heap[k];
    }
    sim->heap[i] = last;
    return top;
}

static inline bool sim_in_burst(struct sim *sim, struct sim_path *path)
{
    while (path->bad_us && path->turn_us <= sim->now.mono_us) {
        path->bad = path->turn_us != 0 && !path->bad;
        path->turn_us += sim_wait(
            &sim->rng, (double)(path->bad ? path->bad_us : path->good_us));
    }
    return path->bad_us && path->bad;
}

static inline bool sim_swallows(struct sim *sim, struct sim_path *path,
                                size_t len)
{
    uint64_t at = sim->now.mono_us - sim->start_us;

    if (sim_in_burst(sim, path) || sim_chance(sim, path->lose))
        return true;
    if (at >= path->dead_from && at < path->dead_to)
        return true;
    return at >= path->hole_from && at < path->hole_to &&
           len > path->hole_bytes;
}

/* When a packet given to a link of limited rate has left it; 0: no room. */
static inline uint64_t sim_queue(struct sim *sim, struct sim_path *path,
                                 size_t len)
{
    uint64_t now = sim->now.mono_us;

    if (!path->rate)
        return now;
    if (path->free_us < now)
        path->free_us = now;
    if ((path->free_us - now) * path->rate / SIM_SECOND + len > path->buffer)
        return 0;
    path->free_us += len * SIM_SECOND / path->rate;
    return path->free_us;
}

static inline void sim_send(struct sim *sim, unsigned from,
                            const uint8_t *bytes, size_t len)
{
    struct sim_end *end = &sim->end[from];
    struct sim_path *path = &end->out;
    unsigned copies = 1 + sim_chance(sim, path->repeat);
    bool swallowed = sim_swallows(sim, path, len);
    size_t wire = len + SIM_OUTSIDE + (from == SIM_CLIENT ? SIM_ID : 0);
    uint64_t left = sim_queue(sim, path, wire);

    end->air_out += len;
    end->wire_out += wire;
    end->packets_out++;
    for (size_t i = 0; i < len; i++)
        sim->trace = (sim->trace ^ bytes[i]) * 0x100000001b3u;
    sim->trace = (sim->trace ^ sim->now.mono_us) * 0x100000001b3u;
    for (unsigned i = 0; i < copies && !swallowed && left; i++) {
        uint64_t delay = path->delay_us;

        if (path->jitter_us)
            delay +=
                rng_below(&sim->rng, 2 * path->jitter_us) - path->jitter_us;
        if (sim_chance(sim, path->reorder))
            delay += path->held_us ? path->held_us : path->delay_us / 2 + 1;
        sim_fly(sim, (struct sim_flying){
                         .at_us = left + delay,
                         .to = from == SIM_CLIENT ? SIM_SERVER : SIM_CLIENT,
                         .len = len,
                         .bytes = memcpy(mem_new(len, 1), bytes, len) });
    }
}

/* ---- the rival ---- */

static inline void sim_rival_send(struct sim *sim)
{
    enum { SEGMENT = 1500 };
    struct sim_path *path = &sim->end[SIM_CLIENT].out;
    uint64_t rtt = path->delay_us + sim->end[SIM_SERVER].out.delay_us;

    while (sim->rival.flight + 1 <= sim->rival.cwnd) {
        uint64_t left = sim_queue(sim, path, SEGMENT);
        uint64_t shake = rng_below(&sim->rng, rtt / 10); /* no lock-step */

        sim->rival.flight++;
        sim_fly(sim, (struct sim_flying){
                         .at_us = (left ? left : path->free_us) + rtt + shake,
                         .sent_us = sim->now.mono_us,
                         .to = left ? SIM_ACKED : SIM_LOST,
                         .len = SEGMENT });
    }
}

static inline void sim_rival_hear(struct sim *sim, struct sim_flying flying)
{
    struct sim_rival *rival = &sim->rival;

    rival->flight--;
    if (flying.to == SIM_ACKED) {
        rival->came += flying.len;
        rival->cwnd += rival->cwnd < rival->ssthresh ? 1 : 1 / rival->cwnd;
    } else if (flying.sent_us >= rival->recovery_us) {
        rival->recovery_us = sim->now.mono_us;
        rival->cwnd = rival->cwnd > 4 ? rival->cwnd / 2 : 2;
        rival->ssthresh = rival->cwnd;
    }
    sim_rival_send(sim);
}

/* From now on there is one. */
static inline void sim_rival_starts(struct sim *sim)
{
    sim->rival = (struct sim_rival){ .cwnd = 10, .ssthresh = 1e9 };
    sim_rival_send(sim);
}

/* ---- what the ends say and hear ---- */

static inline void sim_u64_put(uint64_t n, uint8_t *out)
{
    memcpy(out, &n, sizeof n);
}

static inline uint64_t sim_u64(const char *p)
{
    uint64_t n;

    memcpy(&n, p, sizeof n);
    return n;
}

/* The byte at i of message number n. */
static inline uint8_t sim_byte(uint64_t n, size_t i)
{
    return (uint8_t)(n * 131 + i * 7 + (i >> 8));
}

static inline struct frame *sim_frame(uint64_t tag, uint64_t index,
                                      uint64_t now_us, size_t len)
{
    struct frame *frame = mem_new(1, sizeof *frame + len);

    frame->refs = 1;
    frame->len = (uint32_t)len;
    sim_u64_put(tag, frame->bytes);
    sim_u64_put(index, frame->bytes + 8);
    sim_u64_put(now_us, frame->bytes + 16);
    for (size_t i = SIM_MESSAGE_LEAST; i < len; i++)
        frame->bytes[i] = sim_byte(index, i);
    return frame;
}

static inline void sim_say(struct sim *sim, unsigned who)
{
    struct sim_end *end = &sim->end[who];
    const struct sim_talk *talk = &end->talk;
    unsigned k = (unsigned)rng_below(&sim->talk_rng, talk->streams);
    uint32_t more = talk->size_max > talk->size
                        ? (uint32_t)rng_below(&sim->talk_rng,
                                              talk->size_max - talk->size + 1)
                        : 0;
    struct frame *frame =
        sim_frame(k, end->sent[k], sim->now.mono_us, talk->size + more);

    if (dgram_send(end->dgram, 16 + k, talk->class, frame) == 0)
        end->sent[k]++;
    else
        end->refused++;
    frame_unref(frame);
}

/* Tags above the streams are states; SIM_KEYS is the beat. */
static inline void sim_state(struct sim *sim, unsigned who, unsigned key)
{
    struct sim_end *end = &sim->end[who];
    struct frame *frame = sim_frame(SIM_STREAMS + key, ++end->state_sent[key],
                                    sim->now.mono_us, SIM_MESSAGE_LEAST);

    dgram_state(end->dgram, key, key == SIM_KEYS, frame);
    frame_unref(frame);
}

static inline void sim_keep(struct sim_end *end, uint64_t late)
{
    mem_grow((void **)&end->late, &end->late_cap, end->late_n + 1,
             sizeof *end->late);
    end->late[end->late_n++] = (uint32_t)late;
}

static inline void sim_hear_state(struct sim *sim, unsigned who, unsigned key,
                                  uint64_t index)
{
    struct sim_end *end = &sim->end[who];

    if (key > SIM_KEYS || index > sim->end[!who].state_sent[key])
        sim_fail(sim, "a state that was never sent");
    else if (index <= end->state_got[key])
        sim_fail(sim, "a state went backward");
    else
        end->state_got[key] = (uint32_t)index;
}

static inline void sim_hear(struct sim *sim, unsigned who, struct str message)
{
    struct sim_end *end = &sim->end[who];
    uint64_t tag, index, at;

    if (message.len < SIM_MESSAGE_LEAST) {
        sim_fail(sim, "a message that was never sent");
        return;
    }
    tag = sim_u64(message.ptr);
    index = sim_u64(message.ptr + 8);
    at = sim_u64(message.ptr + 16);
    for (size_t i = SIM_MESSAGE_LEAST; i < message.len; i++)
        if ((uint8_t)message.ptr[i] != sim_byte(index, i))
            sim_fail(sim, "a message came changed");
    if (tag >= SIM_STREAMS) {
        sim_hear_state(sim, who, (unsigned)(tag - SIM_STREAMS), index);
        return;
    }
    if (index >= sim->end[!who].sent[tag])
        sim_fail(sim, "a message that was never sent");
    if (index != end->got[tag])
        sim_fail(sim, index < end->got[tag] ? "a message came twice"
                                            : "a message came out of order");
    end->got[tag]++;
    if (end->mark_us && !end->first_got_us && sim->now.mono_us >= end->mark_us)
        end->first_got_us = sim->now.mono_us;
    if (at >= end->skip_us)
        sim_keep(end, sim->now.mono_us - at);
}

static inline void sim_drain(struct sim *sim, unsigned who)
{
    struct str message;

    while (!sim->end[who].deaf && dgram_next(sim->end[who].dgram, &message))
        sim_hear(sim, who, message);
}

/* ---- time ---- */

static inline uint64_t sim_gap(struct sim *sim, double per_second, bool regular)
{
    double mean = 1e6 / per_second;

    return regular ? (uint64_t)mean : sim_wait(&sim->talk_rng, mean);
}

static inline uint64_t sim_pause(struct sim *sim, const struct sim_talk *talk)
{
    uint64_t us = sim_gap(sim, talk->per_second, talk->regular);

    if (talk->shake_us)
        us += rng_below(&sim->talk_rng, 2 * talk->shake_us) - talk->shake_us;
    return us;
}

/* Do what end `who` wants to do by now. */
static inline void sim_act(struct sim *sim, unsigned who)
{
    struct sim_end *end = &sim->end[who];
    const struct sim_talk *talk = &end->talk;
    uint64_t now = sim->now.mono_us;

    while (end->talk_us <= now) {
        for (unsigned i = 0; i < (talk->burst ? talk->burst : 1); i++)
            sim_say(sim, who);
        end->talk_us += sim_pause(sim, talk);
        if (end->talk_us > sim->start_us + talk->until_us)
            end->talk_us = NEVER;
    }
    while (end->state_us <= now) {
        sim_state(sim, who, (unsigned)rng_below(&sim->talk_rng, SIM_KEYS));
        end->state_us += sim_gap(sim, talk->states, false);
        if (end->state_us > sim->start_us + talk->until_us)
            end->state_us = NEVER;
    }
    while (end->beat_us <= now) {
        sim_state(sim, who, SIM_KEYS);
        end->beat_us += sim_gap(sim, talk->beats, true);
        if (end->beat_us > sim->start_us + talk->until_us)
            end->beat_us = NEVER;
    }
}

/* An end that says only bulk goes beyond its window in probes only. */
static inline size_t sim_output(struct sim *sim, struct sim_end *end,
                                uint8_t *packet)
{
    struct dgram_stats before, after;
    size_t len;

    dgram_stats(end->dgram, &before);
    len = dgram_output(end->dgram, packet, sim->now);
    dgram_stats(end->dgram, &after);
    if (end->strict && len && !(packet[0] & PACKET_NOW) &&
        after.flight > before.flight && after.flight > after.cwnd)
        sim_fail(sim, "more in flight than the window and probes");
    return len;
}

static inline void sim_flush(struct sim *sim, unsigned who)
{
    uint8_t packet[PACKET_MAX];
    struct sim_end *end = &sim->end[who];
    unsigned n = 0;
    size_t len;

    while ((len = sim_output(sim, end, packet))) {
        sim_send(sim, who, packet, len);
        if (++n > 2000) {
            sim_fail(sim, "no end of packets");
            sim->stuck = true;
            return;
        }
    }
}

/* The end's turn: its time has come, or a packet did. */
static inline void sim_turn(struct sim *sim, unsigned who)
{
    struct sim_end *end = &sim->end[who];

    sim_act(sim, who);
    if (dgram_deadline(end->dgram) <= sim->now.mono_us)
        dgram_tick(end->dgram, sim->now);
    sim_drain(sim, who);
    sim_flush(sim, who);
}

static inline uint64_t sim_next(const struct sim *sim)
{
    uint64_t at = sim->n ? sim->heap[0].at_us : NEVER;

    for (unsigned i = 0; i < 2; i++) {
        const struct sim_end *end = &sim->end[i];

        at = time_min(at, dgram_deadline(end->dgram));
        at = time_min(at, time_min(end->talk_us, end->state_us));
        at = time_min(at, end->beat_us);
    }
    return at;
}

static inline void sim_arrive(struct sim *sim)
{
    struct sim_flying flying = sim_land(sim);
    struct sim_end *end = &sim->end[flying.to & 1];
    int err;

    if (!flying.bytes) {
        sim_rival_hear(sim, flying);
        return;
    }
    err = dgram_input(end->dgram, flying.bytes, flying.len, sim->now);
    end->air_in += flying.len;
    if (err && !sim->error) {
        sim->error = err;
        sim_fail(sim, "an honest packet was refused");
    }
    free(flying.bytes);
}

/* Go on until `until_us` after the start, or until nothing is left to do. */
static inline void sim_run(struct sim *sim, uint64_t until_us)
{
    uint64_t stop = sim->start_us + until_us, same = 0;

    while (!sim->failed) {
        uint64_t at = sim_next(sim);

        if (at == NEVER || at > stop)
            break;
        if (at > sim->now.mono_us) {
            sim->now.mono_us = at;
            same = 0;
        } else if (++same > 20000) {
            sim_fail(sim, "time stands still: a deadline that is not served");
            sim->stuck = true;
        }
        sim->steps++;
        if (sim->n && sim->heap[0].at_us <= sim->now.mono_us)
            sim_arrive(sim);
        sim_turn(sim, 0);
        sim_turn(sim, 1);
    }
    if (sim->now.mono_us < stop)
        sim->now.mono_us = stop;
}

/* ---- setting up ---- */

static inline struct sim_path sim_path(uint64_t rtt_us, unsigned loss_percent)
{
    return (struct sim_path){ .delay_us = rtt_us / 2,
                              .jitter_us = rtt_us / 40,
                              .lose = loss_percent * (SIM_MILLION / 100),
                              .repeat = SIM_MILLION / 200,
                              .reorder = SIM_MILLION / 100 };
}

static inline void sim_talks(struct sim *sim, unsigned who,
                             struct sim_talk talk)
{
    struct sim_end *end = &sim->end[who];
    uint64_t from = sim->start_us + talk.from_us;

    if (talk.streams == 0)
        talk.streams = 1;
    if (talk.size < SIM_MESSAGE_LEAST)
        talk.size = SIM_MESSAGE_LEAST;
    end->talk = talk;
    end->talk_us = talk.per_second > 0 ? from : NEVER;
    end->state_us = talk.states > 0 ? from : NEVER;
    end->beat_us = talk.beats > 0 ? from : NEVER;
}

/* Proven: a handshake has shown both that the other is real. */
static inline struct sim *sim_make(uint64_t seed, struct sim_path path,
                                   uint32_t first_pn, bool proven)
{
    struct sim *sim = mem_new(1, sizeof *sim);

    sim->start_us = sim->now.mono_us = 77 * (uint64_t)SIM_SECOND;
    sim->trace = 0xcbf29ce484222325u;
    sim->rng.state = seed;
    sim->talk_rng.state = ~seed;
    for (unsigned i = 0; i < 2; i++) {
        struct dgram_config config = {
            .server = i == 1,
            .proven = proven,
            .seed = seed + i,
            .first_pn = first_pn,
            .queue_max = 4u << 20,
            .message_max = FRAME_MAX,
        };

        sim->end[i].dgram = dgram_new(&config, sim->now);
        sim->end[i].out = path;
        sim_talks(sim, i, (struct sim_talk){ 0 });
    }
    return sim;
}

static inline struct sim *sim_new(uint64_t seed, struct sim_path path,
                                  uint32_t first_pn)
{
    return sim_make(seed, path, first_pn, false);
}

static inline void sim_free(struct sim *sim)
{
    for (size_t i = 0; i < sim->n; i++)
        free(sim->heap[i].bytes);
    free(sim->heap);
    for (unsigned i = 0; i < 2; i++) {
        dgram_free(sim->end[i].dgram);
        free(sim->end[i].late);
    }
    free(sim);
}

/* ---- reading the result ---- */

static inline uint64_t sim_sum(const uint32_t *counts)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < SIM_STREAMS; i++)
        sum += counts[i];
    return sum;
}

/* Whether all that end `from` sent has been taken at the other end. */
static inline bool sim_all_came(const struct sim *sim, unsigned from)
{
    return sim_sum(sim->end[from].sent) == sim_sum(sim->end[!from].got);
}

static inline int sim_order(const void *a, const void *b)
{
    uint32_t x, y;

    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x < y ? -1 : x > y;
}

struct sim_latency {
    double p50, p95, p99, p999, max; /* ms */
    size_t n;
};

/* The value that so many thousandths are below, ms; 0 of none. */
static inline double sim_quantile(const uint32_t *sorted, size_t n,
                                  size_t thousandths)
{
    size_t i = n * thousandths / 1000;

    return n ? sorted[i < n ? i : n - 1] / 1e3 : 0;
}

/* Of the messages that both ends took. */
static inline struct sim_latency sim_latency(const struct sim *sim)
{
    const struct sim_end *a = &sim->end[0], *b = &sim->end[1];
    size_t n = a->late_n + b->late_n;
    uint32_t *all = mem_new(n + 1, sizeof *all);
    struct sim_latency result = { .n = n };

    if (a->late_n)
        memcpy(all, a->late, a->late_n * sizeof *all);
    if (b->late_n)
        memcpy(all + a->late_n, b->late, b->late_n * sizeof *all);
    qsort(all, n, sizeof *all, sim_order);
    result.p50 = sim_quantile(all, n, 500);
    result.p95 = sim_quantile(all, n, 950);
    result.p99 = sim_quantile(all, n, 990);
    result.p999 = sim_quantile(all, n, 999);
    result.max = sim_quantile(all, n, 1000);
    free(all);
    return result;
}

#endif
