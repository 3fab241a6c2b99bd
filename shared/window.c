/* SPDX-License-Identifier: MIT
 *
 * Congestion window and pacing; see window.h.
 */
#include "shared/window.h"

#include "shared/dgram.h"

enum {
    INITIAL = 10 * PACKET_MAX,
    LEAST = 2 * PACKET_MAX,
    MOST = WINDOW_PACKETS_MAX * PACKET_MAX,
    BURST = 10 * PACKET_MAX
};

void window_init(struct window *window, uint64_t now_us)
{
    *window = (struct window){
        .cwnd = INITIAL,
        .ssthresh = UINT32_MAX,
        .tokens = BURST,
        .filled_us = now_us,
    };
}

void window_acked(struct window *window, uint32_t bytes, uint64_t sent_us,
                  bool full)
{
    if (!full || (window->recovering && sent_us <= window->recovery_us))
        return;
    if (window->cwnd < window->ssthresh)
        window->cwnd += bytes;
    else
        window->cwnd += PACKET_MAX * bytes / window->cwnd;
    if (window->cwnd > MOST)
        window->cwnd = MOST;
}

void window_yield(struct window *window, uint32_t bytes)
{
    uint32_t least = WINDOW_MEEK * PACKET_MAX;

    if (window->cwnd <= least)
        return;
    window->cwnd -= PACKET_MAX * bytes / window->cwnd;
    if (window->cwnd < least)
        window->cwnd = least;
    window->ssthresh = window->cwnd;
}

void window_lost(struct window *window, uint64_t sent_us, uint64_t now_us)
{
    if (window->recovering && sent_us <= window->recovery_us)
        return;
    window->recovering = true;
    window->recovery_us = now_us;
    window->cwnd = window->cwnd / 2 > LEAST ? window->cwnd / 2 : LEAST;
    window->ssthresh = window->cwnd;
}

void window_restart(struct window *window, bool jammed, uint64_t now_us)
{
    window->recovering = true;
    window->recovery_us = now_us;
    if (jammed) {
        window->cwnd = LEAST;
        return;
    }
    window->cwnd = WINDOW_RESTART * PACKET_MAX;
    if (window->ssthresh < 2 * window->cwnd)
        window->ssthresh = 2 * window->cwnd;
}

/* Bytes a second. */
static uint64_t pace(const struct window *window, uint32_t rtt_us)
{
    return (uint64_t)window->cwnd * 1250000 / (rtt_us ? rtt_us : 1) + 1;
}

void window_pace(struct window *window, uint32_t rtt_us, uint64_t now_us)
{
    uint64_t us = now_us - window->filled_us, tokens;

    if (us > 1000000) /* no overflow after a long sleep */
        us = 1000000;
    tokens = window->tokens + us * pace(window, rtt_us) / 1000000;
    if (tokens == window->tokens)
        return; /* too early to count: keep filled_us */
    window->tokens = tokens < BURST ? (uint32_t)tokens : BURST;
    window->filled_us = now_us;
}

bool window_paced(const struct window *window)
{
    return window->tokens >= PACKET_MAX;
}

void window_spend(struct window *window, uint32_t bytes)
{
    window->tokens -= bytes < window->tokens ? bytes : window->tokens;
}

uint64_t window_wait(const struct window *window, uint32_t rtt_us)
{
    if (window_paced(window))
        return 0;
    return (PACKET_MAX - window->tokens) * (uint64_t)1000000 /
               pace(window, rtt_us) +
           1;
}
