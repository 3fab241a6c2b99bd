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

/* CPU of the two machines for each packet, the simulated air included. */
static void packet_cost(unsigned loss)
{
    struct sim *sim = sim_new(1, sim_path(50 * SIM_MS, loss), 0);
    double before, seconds, packets;

    sim_talks(sim, 0,
              (struct sim_talk){ .per_second = 2000,
                                 .streams = 10,
                                 .size = 200,
                                 .class = DGRAM_FANOUT,
                                 .until_us = 100 * (uint64_t)SIM_SECOND });
    before = cpu_seconds();
    sim_run(sim, 110 * (uint64_t)SIM_SECOND);
    seconds = cpu_seconds() - before;
    packets = (double)(sim->end[0].packets_out + sim->end[1].packets_out);
    printf("%3u %% loss: %.2f us a packet, %.2f us a message, both ends and"
           " the simulation (%.0f packets)\n",
           loss, seconds * 1e6 / packets,
           seconds * 1e6 / (double)sim_sum(sim->end[0].sent), packets);
    sim_free(sim);
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
    packet_cost(5);
    packet_cost(20);
    idle_cost();
    return 0;
}
