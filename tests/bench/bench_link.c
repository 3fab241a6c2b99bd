/* SPDX-License-Identifier: MIT
 *
 * usage: bench_link [SCALE]
 * One-way latency of messages over emulated links, of our transports and of
 * others, all side by side: every figure has links of its own, and all of them
 * run at once, three times with other seeds.  Prints tables in Markdown.
 *   SCALE    1: 2900 messages a link at 20 a second, 135 at 1 a second
 *
 * It starts tests/e2e/netem, which starts it again.
 */
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "shared/mem.h"
#include "tests/link/point.h"

enum {
    BYTES = 200,
    FAST = 20, /* messages a second */
    SLOW_COPIES = 8,
    OUTAGE_COPIES = 2,
    RIVAL_COPIES = 3,
    CONNECT_S = 30,
    GRACE_S = 20, /* what has not come by then does not come */
    POINTS_MAX = 400
};

static const struct peer *const PEERS[] = { &PEER_OURS_UDP, &PEER_OURS_TCP,
                                            &PEER_TCP, &PEER_ENET,
                                            &PEER_CONTROL };

enum { N_PEERS = sizeof PEERS / sizeof *PEERS };

struct condition {
    const char *title, *spec;
};

static const struct condition LOSSES[] = {
    { "no loss", "" },
    { "1 %", "loss=1%" },
    { "5 %", "loss=5%" },
    { "10 %", "loss=10%" },
    { "20 %", "loss=20%" },
    { "5 % in bursts of 100 ms", "burst=5%/100ms" },
    { "2 % dup, 5 % 60 ms late", "dup=2%,reorder=5%,behind=60ms" },
};

enum { N_LOSSES = sizeof LOSSES / sizeof *LOSSES };

static const struct condition NARROW[] = {
    { "64 kbit/s", "loss=1%,rate=64kbit,queue=16k" },
    { "128 kbit/s", "loss=1%,rate=128kbit,queue=16k" },
};

/* 25 ms each way and half a second of queue, as home routers have it. */
#define SHARED_SPEC "rate=4mbit,queue=64k"

static const struct rivalry {
    const char *title;
    const struct peer *peer;
    struct traffic traffic;
} RIVALS[] = {
    { "kernel TCP", &PEER_TCP, { .greedy = true, .bytes = 1000 } },
    { "ours UDP, own messages",
      &PEER_OURS_UDP,
      { .greedy = true, .bytes = 200 } },
    { "ours UDP, bulk",
      &PEER_OURS_UDP,
      { .greedy = true, .bulk = true, .bytes = 1000 } },
    { "ours UDP, 20 messages/s",
      &PEER_OURS_UDP,
      { .gap_us = SECOND / FAST, .bytes = BYTES } },
    { "ENet", &PEER_ENET, { .greedy = true, .bytes = 1000 } },
};

enum { N_RIVALS = sizeof RIVALS / sizeof *RIVALS };

struct bench {
    double scale;
    struct point *points; /* n of them, POINTS_MAX at most */
    size_t n;
    unsigned links;
    struct lab lab;
};

/* ---- what is measured ---- */

static struct point *add(struct bench *bench, const struct peer *peer,
                         uint64_t rtt_ms, const char *spec)
{
    struct point *point = &bench->points[bench->n++];

    point->peer = peer;
    point->delay_us = rtt_ms * MS / 2;
    point->spec = spec;
    point->copies = 1;
    point->traffic =
        (struct traffic){ .gap_us = SECOND / FAST, .bytes = BYTES };
    point->skip = 100;
    point->n = (size_t)(2900 * bench->scale);
    return point;
}

static void add_slow(struct bench *bench, const struct peer *peer,
                     uint64_t rtt_ms, const char *spec)
{
    struct point *point = add(bench, peer, rtt_ms, spec);

    point->copies = SLOW_COPIES;
    point->traffic.gap_us = SECOND;
    point->traffic.spread_us = 50 * MS;
    point->skip = 15;
    point->n = (size_t)(135 * bench->scale) + 1;
}

/* In the order in which they are printed. */
static void plan(struct bench *bench)
{
    for (unsigned slow = 0; slow < 2; slow++)
        for (uint64_t rtt = 50; rtt <= 200; rtt += 150)
            for (unsigned p = 0; p < N_PEERS; p++)
                for (unsigned i = 0; i < N_LOSSES; i++)
                    (slow ? (void)add_slow(bench, PEERS[p], rtt, LOSSES[i].spec)
                          : (void)add(bench, PEERS[p], rtt, LOSSES[i].spec));
    for (unsigned p = 0; p < N_PEERS; p++)
        for (unsigned i = 0; i < 2; i++) {
            add(bench, PEERS[p], 50, NARROW[i].spec);
            add_slow(bench, PEERS[p], 50, NARROW[i].spec);
        }
    for (unsigned p = 0; p + 1 < N_PEERS; p++) /* without the control */
        for (uint64_t rtt = 50; rtt <= 200; rtt += 150) {
            struct point *point = add(bench, PEERS[p], rtt, "");

            point->measure = OUTAGE;
            point->copies = OUTAGE_COPIES;
        }
    for (unsigned i = 0; i < N_RIVALS; i++) {
        struct point *point = add(bench, RIVALS[i].peer, 50, SHARED_SPEC);

        point->measure = RIVALRY;
        point->rival = &PEER_TCP;
        point->copies = RIVAL_COPIES;
        point->traffic.greedy = RIVALS[i].traffic.greedy;
        point->traffic.bulk = RIVALS[i].traffic.bulk;
        point->traffic.bytes = RIVALS[i].traffic.bytes;
    }
}

/* ENet may be missing. */
static bool is_there(const struct point *point)
{
    return point->peer->open != NULL;
}

/* ---- runs ---- */

static bool all_ready(void *arg)
{
    const struct bench *bench = arg;

    for (size_t i = 0; i < bench->n; i++)
        if (is_there(&bench->points[i]) && !point_ready(&bench->points[i]))
            return false;
    return true;
}

static bool all_complete(void *arg)
{
    const struct bench *bench = arg;

    for (size_t i = 0; i < bench->n; i++)
        if (is_there(&bench->points[i]) && !point_complete(&bench->points[i]))
            return false;
    return true;
}

static void set_links(struct bench *bench, const struct point *point,
                      const char *spec)
{
    char line[SPEC_MAX + 64];

    if (!*spec)
        return;
    snprintf(line, sizeof line, "link=%u-%u,%s", point->link,
             point->link + point->copies - 1, spec);
    lab_set(&bench->lab, line);
}

/* Connections are made on good links: that is not what is measured here. */
static void connect_all(struct bench *bench, uint64_t seed)
{
    lab_set(&bench->lab, "loss=0,burst=0,dup=0,reorder=0,rate=0,down=0");
    for (size_t i = 0; i < bench->n; i++) {
        struct point *point = &bench->points[i];
        char spec[SPEC_MAX];

        snprintf(spec, sizeof spec, "delay=%llums",
                 (unsigned long long)(point->delay_us / MS));
        set_links(bench, point, spec);
        if (is_there(point))
            point_open(point, &bench->lab, seed);
    }
    lab_run(&bench->lab, lab_now().mono_us + CONNECT_S * SECOND, all_ready,
            bench);
    if (!all_ready(bench))
        lab_die("not all connections came to stand");
}

static void talk(struct bench *bench, uint64_t seed)
{
    uint64_t from, lasts = 0;

    for (size_t i = 0; i < bench->n; i++) {
        set_links(bench, &bench->points[i], bench->points[i].spec);
        if (point_lasts(&bench->points[i]) > lasts)
            lasts = point_lasts(&bench->points[i]);
    }
    lab_restart(&bench->lab, seed);
    from = lab_now().mono_us + 100 * MS;
    for (size_t i = 0; i < bench->n; i++)
        if (is_there(&bench->points[i]))
            point_start(&bench->points[i], from);
    lab_run(&bench->lab, from + lasts, NULL, NULL);
    lab_run(&bench->lab, from + lasts + GRACE_S * SECOND, all_complete, bench);
}

static void collect(struct bench *bench, unsigned number)
{
    struct lab_count *counts = mem_new(bench->links, sizeof *counts);

    lab_counts(&bench->lab, counts, bench->links);
    for (size_t i = 0; i < bench->n; i++) {
        struct point *point = &bench->points[i];
        struct run_result *run = &point->run[number];

        if (!is_there(point))
            continue;
        point_collect(point, run, counts);
        if (run->doubled || run->disordered)
            fprintf(stderr,
                    "bench_link: %s, %s: %llu doubled, %llu out of "
                    "order\n",
                    point->peer->name, point->spec,
                    (unsigned long long)run->doubled,
                    (unsigned long long)run->disordered);
    }
    free(counts);
}

/* ---- tables ---- */

static const char *time_text(uint32_t us, char out[16])
{
    if (us == FLOW_MISSING)
        return "never";
    if (us >= 9999500)
        snprintf(out, 16, "%.0f s", us / 1e6);
    else if (us >= 999500)
        snprintf(out, 16, "%.1f s", us / 1e6);
    else
        snprintf(out, 16, "%.0f", us / 1e3);
    return out;
}

static void print_latency(const struct point *point)
{
    char text[4][16];

    printf(" %s / %s / %s / %s |",
           time_text(point_quantile(point, 0.5), text[0]),
           time_text(point_quantile(point, 0.95), text[1]),
           time_text(point_quantile(point, 0.99), text[2]),
           time_text(point_pooled(point, 0.999), text[3]));
}

static void print_bytes(const struct point *point)
{
    printf(" %.0f + %.0f |", point_bytes(point, 0), point_bytes(point, 1));
}

static void print_outage(const struct point *point)
{
    for (unsigned backlog = 0; backlog < 2; backlog++) {
        char text[2][16];

        printf(" %s / %s |",
               time_text(point_outage(point, backlog, 0.5), text[0]),
               time_text(point_outage(point, backlog, 1), text[1]));
    }
}

static void print_head(const char *first, const char *const *cols, size_t n)
{
    printf("\n| %s |", first);
    for (size_t i = 0; i < n; i++)
        printf(" %s |", cols[i]);
    printf("\n|---|");
    for (size_t i = 0; i < n; i++)
        printf("---|");
    printf("\n");
}

/* A row for each peer, n points each, from `points` on; returns their end. */
static const struct point *print_rows(const struct point *points, size_t peers,
                                      size_t n,
                                      void (*print)(const struct point *))
{
    for (size_t p = 0; p < peers; p++, points += n) {
        if (!is_there(points))
            continue;
        printf("| %s |", points->peer->name);
        for (size_t i = 0; i < n; i++)
            print(&points[i]);
        printf("\n");
    }
    return points;
}

static const struct point *print_losses(const struct point *points)
{
    const char *cols[N_LOSSES];

    for (size_t i = 0; i < N_LOSSES; i++)
        cols[i] = LOSSES[i].title;
    for (unsigned slow = 0; slow < 2; slow++)
        for (unsigned rtt = 50; rtt <= 200; rtt += 150) {
            printf("\n### %s, RTT %u ms\n\np50 / p95 / p99 / p99.9, ms\n",
                   slow ? "1 message/s" : "20 messages/s", rtt);
            print_head("", cols, N_LOSSES);
            print_rows(points, N_PEERS, N_LOSSES, print_latency);
            printf("\nbytes of IP a message, there + back\n");
            print_head("", cols, N_LOSSES);
            points = print_rows(points, N_PEERS, N_LOSSES, print_bytes);
        }
    return points;
}

static const struct point *print_narrow(const struct point *points)
{
    static const char *const COLS[] = { "64 kbit/s, 20/s", "64 kbit/s, 1/s",
                                        "128 kbit/s, 20/s", "128 kbit/s, 1/s" };

    printf("\n### Narrow links: RTT 50 ms, 1 %% loss, 16 KiB queue\n"
           "\np50 / p95 / p99 / p99.9, ms\n");
    print_head("", COLS, 4);
    print_rows(points, N_PEERS, 4, print_latency);
    printf("\nbytes of IP a message, there + back\n");
    print_head("", COLS, 4);
    return print_rows(points, N_PEERS, 4, print_bytes);
}

static const struct point *print_outages(const struct point *points)
{
    static const char *const COLS[] = { "RTT 50: first", "backlog",
                                        "RTT 200: first", "backlog" };

    printf("\n### Outages of 3 s at 20 messages/s\n\n"
           "from the return of the link, less the one-way delay, to the first "
           "message and\nto all that was said before; median / worst, ms\n");
    print_head("", COLS, 4);
    return print_rows(points, N_PEERS - 1, 2, print_outage);
}

static void print_rivalry(const struct point *points)
{
    static const char *const COLS[] = { "it, kbit/s", "TCP, kbit/s",
                                        "TCP's share" };

    printf("\n### Beside a greedy kernel TCP: 4 Mbit/s, 64 KiB queue, RTT "
           "50 ms\n");
    print_head("", COLS, 3);
    for (size_t i = 0; i < N_RIVALS; i++) {
        double it = point_rate(&points[i], 0) * 8e-3 / RIVAL_COPIES;
        double tcp = point_rate(&points[i], 1) * 8e-3 / RIVAL_COPIES;

        if (is_there(&points[i]))
            printf("| %s | %.0f | %.0f | %.0f %% |\n", RIVALS[i].title, it, tcp,
                   100 * tcp / (it + tcp));
    }
}

static void print_all(const struct bench *bench)
{
    const struct point *points = bench->points;

    points = print_losses(points);
    points = print_narrow(points);
    points = print_outages(points);
    print_rivalry(points);
}

/* ---- */

/* Become netem, with ourselves as its command. */
static void become_netem(const struct bench *bench, char **argv)
{
    char self[4096], copy[4096], netem[4200], links[16];
    struct rlimit files;
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

    if (n <= 0)
        lab_die("/proc/self/exe");
    self[n] = '\0';
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    snprintf(links, sizeof links, "%u", bench->links);
    snprintf(copy, sizeof copy, "%s", self);
    snprintf(netem, sizeof netem, "%s/../e2e/netem", dirname(copy));
    execl(netem, "netem", "-l", links, self, argv[1], (char *)NULL);
    lab_die(netem);
}

int main(int argc, char **argv)
{
    static struct bench bench = { .scale = 1 };

    if (argc > 1)
        bench.scale = strtod(argv[1], NULL);
    bench.points = mem_new(POINTS_MAX, sizeof *bench.points);
    plan(&bench);
    for (size_t i = 0; i < bench.n; i++) {
        bench.points[i].link = bench.links;
        bench.links += bench.points[i].copies;
    }
    if (!getenv("NETEM_FD"))
        become_netem(&bench, argv);
    lab_open(&bench.lab);
    for (unsigned i = 0; i < RUNS; i++) {
        fprintf(stderr, "bench_link: run %u of %u, %u links\n", i + 1,
                (unsigned)RUNS, bench.links);
        connect_all(&bench, i + 1);
        talk(&bench, i + 1);
        collect(&bench, i);
    }
    print_all(&bench);
    for (size_t i = 0; i < bench.n; i++)
        point_free(&bench.points[i]);
    free(bench.points);
    lab_fini(&bench.lab);
    return 0;
}
