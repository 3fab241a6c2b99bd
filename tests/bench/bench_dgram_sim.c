/* SPDX-License-Identifier: MIT
 *
 * usage: bench_dgram_sim [SCALE]
 * The promises of tests/dgram_cells.h beside what is measured, each as
 * measured/promised: latency of 200-byte messages through the datagram machine
 * on simulated paths.  Virtual time: the figures are the same on every machine.
 * Then what a packet and an idle end cost here.
 */
#include <malloc.h>
#include <time.h>

#include "tests/dgram_cells.h"

static double scale = 1;

static unsigned scaled(unsigned n)
{
    return (unsigned)(n * scale) + 1;
}

/* A figure and what was promised; a mark if it is not kept. */
static void print_both(double is, double most, int width)
{
    char text[32];

    if (most > 0)
        snprintf(text, sizeof text, "%.0f/%.0f%s", is, most,
                 is > most ? "!" : "");
    else
        snprintf(text, sizeof text, "%.0f", is);
    printf(" %*s", width, text);
}

static void latency_table(void)
{
    puts("talk        path      RTT  loss      p50       p99     p99.9     max"
         "   bytes out  back   (ms; IP bytes a message)");
    for (size_t i = 0; i < CELL_COUNT; i++) {
        const struct cell *cell = &CELLS[i];
        bool bursts = cell->path == PATH_BURSTS;
        struct cell_outcome is =
            cell_run(cell, 42, scaled(bursts ? 200000 : 20000));

        printf("%-11s %-8s %4u %4u%%", cell_talk_name(cell->talk),
               cell_path_name(cell->path), cell->rtt_ms, cell->loss);
        print_both(is.late.p50, cell->p50, 8);
        print_both(is.late.p99, cell->p99, 9);
        print_both(is.late.p999, cell->p999, 9);
        print_both(is.late.max, 0, 7);
        print_both(is.out, cell->out, 11);
        print_both(is.back, 0, 5);
        puts(is.failed ? is.failed : "");
    }
}

/* The worst and the mean of the p99 of some runs. */
static void measure_narrow(const struct narrow *narrow, enum dgram_class class,
                           size_t buffer, double most)
{
    enum { SEEDS = 5 };

    double worst = 0, mean = 0, out = 0;

    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct cell_outcome is =
            narrow_run(narrow, class, buffer, seed, scaled(3000));

        mean += is.late.p99 / SEEDS;
        out += is.out / SEEDS;
        worst = is.late.p99 > worst ? is.late.p99 : worst;
    }
    printf("%4u kbit/s %6zu bytes %5.1f/s %-4s", narrow->kbit, buffer,
           narrow->per_second, class == DGRAM_OWN ? "own" : "room");
    print_both(mean, 0, 6);
    print_both(worst, most, 9);
    print_both(out, 0, 9);
    puts("");
}

static void narrow_table(void)
{
    static const struct narrow MORE[] = { { 64, 5, 0 },
                                          { 64, 10, 0 },
                                          { 256, 20, 0 } };
    static const size_t SHALLOW[] = { 4000, 1500 };

    puts("\nlink, queue in front               p99: mean     worst  bytes out"
         "   (RTT 50, 1 % lost)");
    for (size_t i = 0; i < NARROW_COUNT; i++)
        measure_narrow(&NARROWS[i], DGRAM_OWN, 16384, NARROWS[i].p99);
    for (size_t i = 0; i < 2; i++)
        measure_narrow(&NARROWS[i], DGRAM_FANOUT, 16384, 0);
    for (size_t i = 0; i < 3; i++)
        measure_narrow(&MORE[i], DGRAM_OWN, 16384, 0);
    for (size_t i = 0; i < 2; i++)
        measure_narrow(&NARROWS[0], DGRAM_OWN, SHALLOW[i], 0);
}

static void share_table(void)
{
    static const char *const NAMES[] = { "own", "room", "bulk" };

    puts("\nbottleneck, RTT          said beside TCP   left to that, per cent"
         " (at least 50)");
    for (size_t i = 0; i < SHARE_COUNT; i++) {
        const struct share *share = &SHARES[i];

        printf("%4u kbit/s %6zu bytes %4u  %4.0f/s %-4s %-6s %3.0f\n",
               share->kbit, share->buffer, share->rtt_ms, share->per_second,
               NAMES[share->class], share->late ? "before" : "",
               100 * share_run(share, 1));
    }
}

static void away_table(void)
{
    puts("\naway for 3 s, 20/s   first delivery less d   backlog less d and RTT"
         "   (worst of 25, ms)");
    for (uint64_t rtt = 50; rtt <= 200; rtt += 150) {
        double d = (double)rtt / 2, first = 0, backlog = 0;

        for (uint64_t seed = 0; seed < 25; seed++) {
            double a = away_first(seed * 2, rtt, 3000, 20) - d;
            double b = away_backlog(seed * 2, rtt) - d - (double)rtt;

            first = a > first ? a : first;
            backlog = b > backlog ? b : backlog;
        }
        printf("RTT %4u            ", (unsigned)rtt);
        print_both(first, 60, 23);
        print_both(backlog, 150, 24);
        puts("");
    }
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
    scale = argc > 1 ? strtod(argv[1], NULL) : 1;
    latency_table();
    narrow_table();
    share_table();
    away_table();
    puts("");
    packet_cost(0);
    packet_cost(20);
    packet_cost(5);
    idle_cost();
    return 0;
}
