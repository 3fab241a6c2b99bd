/* SPDX-License-Identifier: MIT
 *
 * usage: bench_dgram_sim [SCALE]
 * Latency of 200-byte messages through the datagram machine on simulated paths:
 * both ends talk, sparse (1 message a second) and busy (20 a second in 10
 * rooms), as a person's messages and as a room's.  Virtual time: the figures
 * are the same on every machine.  Then what a packet and an idle end cost here.
 */
#include <malloc.h>
#include <time.h>

#include "tests/dgram_sim.h"

struct line {
    unsigned rtt_ms, loss;
    bool busy;
    enum dgram_class class;
};

static void measure(struct line line, double scale)
{
    uint64_t seconds = (uint64_t)((line.busy ? 1000 : 20000) * scale);
    struct sim_path path = sim_path(line.rtt_ms * SIM_MS, line.loss);
    struct sim *sim = sim_new(42, path, 0);
    struct sim_talk talk = {
        .per_second = line.busy ? 20 : 1,
        .streams = line.busy ? 10 : 1,
        .size = 200,
        .class = line.class,
        .until_us = seconds * SIM_SECOND,
    };
    struct sim_latency late;
    double messages, packets, bytes;

    for (unsigned i = 0; i < 2; i++) {
        sim_talks(sim, i, talk);
        sim->end[i].skip_us = sim->start_us + 20 * SIM_SECOND;
    }
    sim_run(sim, (seconds + 60) * SIM_SECOND);
    late = sim_latency(sim);
    messages = (double)(sim_sum(sim->end[0].sent) + sim_sum(sim->end[1].sent));
    packets = (double)(sim->end[0].packets_out + sim->end[1].packets_out);
    bytes = (double)(sim->end[0].air_out + sim->end[1].air_out);
    printf("%4u ms %3u %%  %-6s %-6s %6.0f %6.0f %6.0f %6.0f %6.0f"
           "  %5.2f %6.0f%s%s\n",
           line.rtt_ms, line.loss, line.busy ? "busy" : "sparse",
           line.class == DGRAM_OWN ? "own" : "room", late.p50, late.p95,
           late.p99, late.p999, late.max, packets / messages,
           (bytes + 65 * packets) / messages,
           sim_all_came(sim, 0) && sim_all_came(sim, 1) ? "" : "  NOT ALL",
           sim->failed ? sim->failed : "");
    sim_free(sim);
}

static void latency_table(double scale)
{
    static const unsigned RTTS[] = { 50, 200 }, LOSSES[] = { 0, 1, 5, 10, 20 };

    puts("  RTT  loss   talk   class     p50    p95    p99  p99.9    max"
         "  packets, bytes a message (65 a packet outside)");
    for (int busy = 0; busy < 2; busy++)
        for (int own = 0; own < 2; own++)
            for (unsigned i = 0; i < 2; i++)
                for (unsigned k = 0; k < 5; k++)
                    measure((struct line){ RTTS[i], LOSSES[k], busy,
                                           own ? DGRAM_OWN : DGRAM_FANOUT },
                            scale);
}

static double cpu_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct wire {
    uint8_t packets[64][PACKET_MAX];
    size_t len[64];
    unsigned n;
};

static uint64_t make_packets(struct dgram *dgram, struct wire *wire,
                             struct now now)
{
    for (wire->n = 0; wire->n < 64; wire->n++) {
        wire->len[wire->n] = dgram_output(dgram, wire->packets[wire->n], now);
        if (!wire->len[wire->n])
            break;
    }
    return wire->n;
}

/* Every `lose`th is lost; 0: none. */
static void take_packets(struct dgram *dgram, const struct wire *wire,
                         unsigned lose, unsigned *count, struct now now)
{
    struct str message;

    for (unsigned i = 0; i < wire->n; i++)
        if (!lose || ++*count % lose)
            dgram_input(dgram, wire->packets[i], wire->len[i], now);
    while (dgram_next(dgram, &message))
        ;
}

/* CPU of both ends for each packet, nothing else: a message a millisecond. */
static void packet_cost(unsigned lose)
{
    enum { TURNS = 400000 };
    struct dgram_config config = { .queue_max = 1 << 20,
                                   .message_max = FRAME_MAX };
    struct now now = { .mono_us = SIM_SECOND };
    struct dgram *from = dgram_new(&config, now), *to = dgram_new(&config, now);
    struct frame *frame = sim_frame(0, 0, 0, 200);
    static struct wire out, back;
    uint64_t packets = 0;
    unsigned count = 0;
    double before = cpu_seconds(), seconds;

    for (unsigned i = 0; i < TURNS; i++) {
        dgram_send(from, 16 + i % 10, DGRAM_FANOUT, frame);
        packets += make_packets(from, &out, now);
        take_packets(to, &out, lose, &count, now);
        now.mono_us += SIM_MS / 2;
        packets += make_packets(to, &back, now);
        take_packets(from, &back, 0, &count, now);
        now.mono_us += SIM_MS / 2;
        if (dgram_deadline(from) <= now.mono_us)
            dgram_tick(from, now);
        if (dgram_deadline(to) <= now.mono_us)
            dgram_tick(to, now);
    }
    seconds = cpu_seconds() - before;
    printf("%5.1f %% lost: %.2f us a packet, making and taking it; %.2f us a"
           " message of 200 bytes with its ack (%llu packets)\n",
           lose ? 100.0 / lose : 0, seconds * 1e6 / (double)packets,
           seconds * 1e6 / TURNS, (unsigned long long)packets);
    frame_unref(frame);
    dgram_free(from);
    dgram_free(to);
}

static void idle_cost(void)
{
    enum { ENDS = 1000 };
    static struct sim *sims[ENDS];
    struct mallinfo2 before = mallinfo2(), after;

    for (int i = 0; i < ENDS; i++) {
        sims[i] = sim_new((uint64_t)i, sim_path(50 * SIM_MS, 5), 0);
        for (unsigned k = 0; k < 2; k++)
            sim_talks(sims[i], k,
                      (struct sim_talk){ .per_second = 10,
                                         .streams = 5,
                                         .size = 200,
                                         .class = DGRAM_OWN,
                                         .until_us = 20 * SIM_SECOND });
        sim_run(sims[i], 60 * SIM_SECOND);
        for (unsigned k = 0; k < 2; k++) {
            free(sims[i]->end[k].late);
            sims[i]->end[k].late = NULL;
        }
        free(sims[i]->heap);
        sims[i]->heap = NULL;
        sims[i]->cap = 0;
    }
    after = mallinfo2();
    printf("an idle end that talked in 5 rooms: %zu bytes of heap\n",
           ((after.uordblks - before.uordblks) / ENDS - sizeof(struct sim)) /
               2);
    for (int i = 0; i < ENDS; i++)
        sim_free(sims[i]);
}

int main(int argc, char **argv)
{
    latency_table(argc > 1 ? strtod(argv[1], NULL) : 1.0);
    packet_cost(0);
    packet_cost(20);
    packet_cost(5);
    idle_cost();
    return 0;
}
