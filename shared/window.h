/* SPDX-License-Identifier: MIT
 *
 * How much may be in flight: NewReno (RFC 9002, section 7), and a pacer for
 * what goes out in bulk.  Bytes and microseconds.
 *
 * What differs: whatever is not bulk may fly while fewer than WINDOW_THIN
 * packets do, however small the window.  Chat sends a packet now and then;
 * with a window of two packets each loss would make the next lines wait.
 */
#ifndef SHARED_WINDOW_H
#define SHARED_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

enum {
    WINDOW_THIN = 10,         /* packets: the burst of RFC 6928 */
    WINDOW_THIN_BYTES = 6000, /* of them: who fills them is no thin stream */
    WINDOW_MEEK = 6,      /* packets: no more of them into a standing queue */
    WINDOW_RESTART = 16,  /* packets at once after an outage */
    WINDOW_BULK_MAX = 32, /* bulk packets: the record layer outside takes no
                              reordering deeper than 64 */
    WINDOW_PACKETS_MAX = 256
};

struct window {
    uint32_t cwnd, ssthresh;
    uint64_t recovery_us; /* losses of what was sent before are old news */
    bool recovering;      /* recovery_us counts */
    uint32_t tokens;      /* of the pacer, bytes */
    uint64_t filled_us;   /* when tokens were brought up to date */
};

void window_init(struct window *, uint64_t now_us);

/*
 * A packet in flight was acked.
 *   sent_us  when it was sent
 *   full     the window was in use: else it does not grow
 */
void window_acked(struct window *, uint32_t bytes, uint64_t sent_us, bool full);

/*
 * A packet came through a queue that stands, and others may stand in it too:
 * give way, down to WINDOW_MEEK packets.
 */
void window_yield(struct window *, uint32_t bytes);

/* A packet in flight was lost: halve, once per round trip. */
void window_lost(struct window *, uint64_t sent_us, uint64_t now_us);

/*
 * The first answer after a silence in which all was lost.
 *   jammed   it came through a standing queue: start again from two packets;
 *            else the path had been away, start with WINDOW_RESTART
 */
void window_restart(struct window *, bool jammed, uint64_t now_us);

/* Bring the pacer up to date: 1.25 windows a round trip, ten packets deep. */
void window_pace(struct window *, uint32_t rtt_us, uint64_t now_us);

/* Whether the pacer lets a packet go; and that one of `bytes` went. */
bool window_paced(const struct window *);
void window_spend(struct window *, uint32_t bytes);

/* How long until window_paced, microseconds. */
uint64_t window_wait(const struct window *, uint32_t rtt_us);

#endif
