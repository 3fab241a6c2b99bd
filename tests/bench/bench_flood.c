/* SPDX-License-Identifier: MIT
 *
 * usage: bench_flood [HELLOS]
 * What strangers can do to a server over UDP: floods of hellos from forged
 * addresses, of ids that nobody has and of garbage, against chat-server in a
 * process of its own.  Meanwhile people talk over DTLS; what is measured is how
 * long a line of theirs takes to be stored, and the server's memory.
 *
 * The row `elsewhere` is the same flood to another socket: what it costs the
 * machine, which has to do the flooding too, and not the server.
 *
 * An address of 127/8 is as good as forged: whoever has the socket never reads
 * what comes back.  Linux only: it reads /proc.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "shared/link.h"
#include "shared/mem.h"
#include "shared/rng.h"
#include "shared/wire.h"

enum {
    PEOPLE = 10,
    TALK_US = 20000,   /* between two lines of one of them */
    REST_US = 5000000, /* without a flood */
    SAMPLES_MAX = 1 << 20
};

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static struct now clock_now(void)
{
    struct timespec mono, wall;

    clock_gettime(CLOCK_MONOTONIC, &mono);
    clock_gettime(CLOCK_REALTIME, &wall);
    return (struct now){
        (uint64_t)mono.tv_sec * 1000000 + (uint64_t)mono.tv_nsec / 1000,
        (uint64_t)wall.tv_sec * 1000 + (uint64_t)wall.tv_nsec / 1000000
    };
}

/* ---- the server ---- */

struct server {
    pid_t pid;
    FILE *log; /* its standard error */
    struct sockaddr_in at;
    unsigned long hellos, cookies, silenced, lost;
};

static void run_server(const char *program, int log)
{
    dup2(log, STDERR_FILENO);
    execl(program, program, "--data", ":memory:", "--listen-tcp", "off",
          "--listen-udp", "127.0.0.1:0", "--rate-limit", "off", "--room-events",
          "16", (char *)NULL);
    _exit(127);
}

static struct server start_server(const char *program)
{
    struct server server = { .at = { .sin_family = AF_INET } };
    char line[4096];
    unsigned port = 0;
    int log[2];

    if (pipe(log) || (server.pid = fork()) < 0)
        die("fork");
    if (server.pid == 0)
        run_server(program, log[1]);
    close(log[1]);
    server.log = fdopen(log[0], "r");
    while (!port && server.log && fgets(line, sizeof line, server.log))
        (void)sscanf(line, "ready udp=127.0.0.1:%u", &port);
    if (!port) {
        fprintf(stderr, "%s does not start\n", program);
        exit(1);
    }
    server.at.sin_port = htons((uint16_t)port);
    server.at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return server;
}

/* Have it log its counters, and read them. */
static void ask_server(struct server *server)
{
    char line[8192];
    const char *at = NULL;

    kill(server->pid, SIGUSR1);
    while (!at && fgets(line, sizeof line, server->log))
        at = strstr(line, " hellos=");
    if (!at ||
        sscanf(at, " hellos=%lu cookies=%lu silenced=%lu", &server->hellos,
               &server->cookies, &server->silenced) != 3)
        die("counters");
}

/* A number of /proc/PID/status, KiB. */
static unsigned long server_kib(const struct server *server, const char *key)
{
    char path[64], line[256];
    unsigned long kib = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%ld/status", (long)server->pid);
    file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        if (strncmp(line, key, strlen(key)) == 0)
            kib = strtoul(line + strlen(key), NULL, 10);
    }
    if (file)
        fclose(file);
    return kib;
}

/* Processor time it has used, seconds. */
static double server_cpu(const struct server *server)
{
    char path[64], line[1024] = "";
    unsigned long user = 0, system = 0;
    const char *rest;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%ld/stat", (long)server->pid);
    file = fopen(path, "r");
    if (file && fgets(line, sizeof line, file) && (rest = strrchr(line, ')')))
        (void)sscanf(rest,
                     ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                     &user, &system);
    if (file)
        fclose(file);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

/* Datagrams that its socket was too full for. */
static unsigned long server_lost(const struct server *server)
{
    FILE *file = fopen("/proc/net/udp", "r");
    unsigned long lost = 0;
    char line[512];

    while (file && fgets(line, sizeof line, file)) {
        unsigned long drops;
        unsigned port;

        if (sscanf(line,
                   " %*u: %*x:%x %*x:%*x %*x %*x:%*x %*x:%*x %*x %*u %*u %*u "
                   "%*u %*s %lu",
                   &port, &drops) == 2 &&
            port == ntohs(server->at.sin_port))
            lost = drops;
    }
    if (file)
        fclose(file);
    return lost;
}

/* ---- people ---- */

struct person {
    int fd;
    struct link *link;
    uint64_t room, cseq;
    uint64_t said_us; /* when the line on its way was said; 0: none is */
    uint64_t next_us;
};

struct bench {
    struct server server;
    struct secure_base *base;
    struct person people[PEOPLE];
    uint32_t samples[SAMPLES_MAX]; /* us */
    size_t n_samples;
    struct wire_scratch scratch;
};

static void say(struct person *p, const struct msg *msg)
{
    if (link_say(p->link, msg, true))
        die("link_say");
}

static void greet(struct person *p, size_t i, struct now now)
{
    struct msg hello = { .kind = KIND_HELLO }, auth = { .kind = KIND_AUTH };
    struct msg sync = { .kind = KIND_SYNC }, join = { .kind = KIND_JOIN };
    char nick[16], room[16];

    snprintf(nick, sizeof nick, "person%zu", i);
    snprintf(room, sizeof room, "#room%zu", i);
    hello.hello.vmin = hello.hello.vmax = PROTOCOL_VERSION;
    hello.hello.device = i + 1;
    auth.auth.nick = str_of(nick);
    auth.auth.cseq = 1;
    join.join.name = str_of(room);
    join.join.cseq = p->cseq = 1;
    say(p, &hello);
    say(p, &auth);
    say(p, &sync);
    say(p, &join);
    link_beat(p->link, 5000, now);
    p->next_us = now.mono_us + i * TALK_US / PEOPLE;
}

static void person_open(struct bench *b, size_t i)
{
    struct person *p = &b->people[i];
    struct now now = clock_now();
    struct link_config config = {
        .transport = TRANSPORT_UDP,
        .secure = secure_new(b->base, true, "localhost", now),
        .id = i + 1,
        .seed = i,
        .body_max = BODY_MAX,
        .queue_max = 1 << 20,
    };

    p->fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (p->fd < 0 || fcntl(p->fd, F_SETFL, O_NONBLOCK) ||
        connect(p->fd, (struct sockaddr *)&b->server.at, sizeof b->server.at))
        die("socket");
    p->link = link_new(&config, now);
    greet(p, i, now);
}

static void hear(struct bench *b, struct person *p, struct str frame,
                 struct now now)
{
    struct msg msg;

    if (wire_decode(&msg, frame, &b->scratch) || msg.kind != KIND_SEND_ACK ||
        msg.send_ack.cseq != p->cseq)
        return;
    if (!p->room)
        p->room = msg.send_ack.room;
    else if (b->n_samples < SAMPLES_MAX)
        b->samples[b->n_samples++] = (uint32_t)(now.mono_us - p->said_us);
    p->said_us = 0;
}

static void person_read(struct bench *b, struct person *p)
{
    uint8_t bytes[2048];
    struct str frame;
    ssize_t n;

    while ((n = recv(p->fd, bytes, sizeof bytes, 0)) > 0) {
        struct now now = clock_now();

        if (link_feed(p->link, str_bytes(bytes, (size_t)n), now))
            die("link_feed");
        while (link_next(p->link, &frame, now) > 0)
            hear(b, p, frame, now);
    }
}

static void person_talk(struct person *p, struct now now)
{
    struct msg msg = { .kind = KIND_SEND };

    if (!p->room || p->said_us || now.mono_us < p->next_us)
        return;
    msg.send.room = p->room;
    msg.send.kind = event_MESSAGE;
    msg.send.text = str_of("how long does it take until this is stored?");
    msg.send.cseq = ++p->cseq;
    p->said_us = now.mono_us;
    p->next_us = now.mono_us + TALK_US;
    say(p, &msg);
}

/* Everybody once; waits for a millisecond at most. */
static void people_turn(struct bench *b)
{
    struct pollfd fds[PEOPLE];
    uint8_t bytes[DATAGRAM_MAX];
    size_t len;

    for (size_t i = 0; i < PEOPLE; i++) {
        struct person *p = &b->people[i];
        struct now now = clock_now();

        person_read(b, p);
        person_talk(p, now);
        if (link_deadline(p->link) <= now.mono_us)
            link_tick(p->link, now);
        while ((len = link_datagram(p->link, bytes, now)))
            (void)!send(p->fd, bytes, len, 0);
        fds[i] = (struct pollfd){ .fd = p->fd, .events = POLLIN };
    }
    poll(fds, PEOPLE, 1);
}

static bool all_are_in(const struct bench *b)
{
    for (size_t i = 0; i < PEOPLE; i++) {
        if (!b->people[i].room)
            return false;
    }
    return true;
}

/* ---- floods ---- */

struct flood {
    const char *name;
    size_t (*make)(struct rng *, uint8_t *out); /* one datagram */
    unsigned long count, per_s; /* per_s 0: as fast as it goes */
    bool elsewhere; /* to a socket that nobody reads: what the machine does */
};

/* A client's first datagram is always alike but for the random part. */
static size_t make_hello(struct rng *rng, uint8_t *out)
{
    enum { RANDOM_AT = 13 + 12 + 2 + 4 };

    static uint8_t hello[DATAGRAM_MAX];
    static size_t len;
    uint64_t word = rng_next(rng);

    if (len == 0) {
        struct secure_config config = { .server = false };
        char error[200];
        struct secure_base *base = secure_base_new(&config, error, 200);
        struct secure *client =
            secure_new(base, true, "localhost", clock_now());

        len = secure_datagram(client, hello, sizeof hello);
        secure_free(client);
        secure_base_free(base);
    }
    memcpy(out, hello, len);
    memcpy(out + RANDOM_AT, &word, sizeof word);
    return len;
}

static size_t make_id(struct rng *rng, uint8_t *out)
{
    out[0] = DATAGRAM_SEALED;
    for (size_t at = 1; at < 1 + 12 * 8; at += 8) {
        uint64_t word = rng_next(rng);

        memcpy(out + at, &word, sizeof word);
    }
    return 1 + 12 * 8;
}

static size_t make_garbage(struct rng *rng, uint8_t *out)
{
    size_t len = make_id(rng, out);

    out[0] = (uint8_t)rng_next(rng);
    return len;
}

/*
 * Send it as if from somewhere in 127/8.  A socket is kept for a while, so that
 * the kernel does not tell the server that nobody is there.
 */
static void send_forged(const struct sockaddr_in *to, struct rng *rng,
                        const uint8_t *bytes, size_t len)
{
    static int kept[512];
    static size_t turn;

    struct sockaddr_in from = { .sin_family = AF_INET };
    int fd = socket(AF_INET, SOCK_DGRAM, 0), *place = &kept[turn++ % 512];

    from.sin_addr.s_addr =
        htonl(0x7f000000 | (uint32_t)(2 + rng_below(rng, 0xfffff0)));
    if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof from))
        die("bind");
    (void)!sendto(fd, bytes, len, 0, (const struct sockaddr *)to, sizeof *to);
    if (*place)
        close(*place);
    *place = fd;
}

/* The address of a socket that takes everything and is never read. */
static struct sockaddr_in deaf_socket(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) ||
        getsockname(fd, (struct sockaddr *)&at, &len))
        die("bind");
    return at;
}

static void run_flood(const struct server *server, const struct flood *flood)
{
    struct sockaddr_in to = flood->elsewhere ? deaf_socket() : server->at;
    struct rng rng = { flood->count };
    uint64_t start = clock_now().mono_us;
    uint8_t bytes[DATAGRAM_MAX];

    (void)!nice(10); /* strangers do not have our processor */
    for (unsigned long i = 0; i < flood->count; i++) {
        size_t len = flood->make(&rng, bytes);

        while (flood->per_s && (clock_now().mono_us - start) * flood->per_s <
                                   i * UINT64_C(1000000))
            poll(NULL, 0, 1);
        send_forged(&to, &rng, bytes, len);
    }
    _exit(0);
}

/* ---- the table ---- */

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static double percentile(struct bench *b, unsigned per_mille)
{
    size_t at = b->n_samples * per_mille / 1000;

    if (b->n_samples == 0)
        return 0;
    return b->samples[at < b->n_samples ? at : b->n_samples - 1] / 1000.0;
}

static void print_row(struct bench *b, const char *name, double seconds,
                      unsigned long sent, double cpu)
{
    struct server before = b->server;

    qsort(b->samples, b->n_samples, sizeof *b->samples, compare);
    ask_server(&b->server);
    b->server.lost = server_lost(&b->server);
    printf("%-10s %8lu %7.0f %8lu %8lu %8lu  %6.2f %6.2f %6.2f %6zu  %5.1f "
           "%6lu %6lu\n",
           name, sent, (double)sent / seconds,
           b->server.cookies - before.cookies,
           b->server.silenced - before.silenced, b->server.lost - before.lost,
           percentile(b, 500), percentile(b, 990), percentile(b, 999),
           b->n_samples, 100 * cpu / seconds, server_kib(&b->server, "VmRSS:"),
           server_kib(&b->server, "VmHWM:"));
    fflush(stdout);
}

static void measure(struct bench *b, const struct flood *flood)
{
    uint64_t start = clock_now().mono_us;
    double cpu = server_cpu(&b->server), seconds;
    pid_t pid = flood->count ? fork() : 0;

    if (flood->count && pid == 0)
        run_flood(&b->server, flood);
    b->n_samples = 0;
    while (pid ? waitpid(pid, NULL, WNOHANG) == 0
               : clock_now().mono_us - start < REST_US)
        people_turn(b);
    seconds = (double)(clock_now().mono_us - start) / 1e6;
    print_row(b, flood->name, seconds, flood->count,
              server_cpu(&b->server) - cpu);
}

static void open_people(struct bench *b)
{
    struct secure_config config = { .server = false };
    char error[200];

    b->base = secure_base_new(&config, error, sizeof error);
    if (!b->base)
        die(error);
    for (size_t i = 0; i < PEOPLE; i++)
        person_open(b, i);
    while (!all_are_in(b))
        people_turn(b);
}

int main(int argc, char **argv)
{
    unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000;
    const struct flood floods[] = {
        { "rest", NULL, 0, 0, false },
        { "elsewhere", make_hello, n, 20000, true },
        { "hellos", make_hello, n, 20000, false },
        { "elsewhere", make_hello, n, 0, true },
        { "hellos", make_hello, n, 0, false },
        { "ids", make_id, 10 * n, 0, false },
        { "garbage", make_garbage, n, 0, false },
        { "rest", NULL, 0, 0, false },
    };
    struct bench *b = mem_new(1, sizeof *b);
    char program[4096];
    const char *slash = strrchr(argv[0], '/');

    snprintf(program, sizeof program, "%.*s/../../chat-server",
             slash ? (int)(slash - argv[0]) : 1, slash ? argv[0] : ".");
    b->server = start_server(program);
    open_people(b);
    printf("%-10s %8s %7s %8s %8s %8s  %6s %6s %6s %6s  %5s %6s %6s\n", "flood",
           "sent", "per s", "cookies", "silenced", "lost", "p50", "p99",
           "p99.9", "lines", "cpu%", "rss", "peak");
    for (size_t i = 0; i < sizeof floods / sizeof *floods; i++)
        measure(b, &floods[i]);
    puts("p50, p99, p99.9: ms until a line is stored; rss, peak: KiB");
    kill(b->server.pid, SIGTERM);
    return 0;
}
