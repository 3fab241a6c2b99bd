/* SPDX-License-Identifier: MIT
 *
 * The event loop of a measurement; see lab.h.
 */
#define _GNU_SOURCE
#include "tests/link/lab.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "shared/secure.h"

enum { EVENTS = 64, BACKLOG = 4, PRIORITY = 5, ANSWER_MAX = 256 };

void lab_die(const char *what)
{
    fprintf(stderr, "bench_link: %s: %s\n", what, strerror(errno));
    exit(1);
}

struct now lab_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (struct now){ (uint64_t)t.tv_sec * 1000000 +
                             (uint64_t)t.tv_nsec / 1000,
                         (uint64_t)time(NULL) * 1000 };
}

static int open_ns(const char *name)
{
    const char *path = getenv(name);
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

    if (fd < 0)
        lab_die(name);
    return fd;
}

static struct secure_base *make_keys(bool server)
{
    struct now now = { .wall_ms = (uint64_t)time(NULL) * 1000 };
    struct secure_config config = { .server = server };
    struct secure_base *base;
    struct secure_pem pem;
    char error[200] = "no randomness";

    if (!secure_pem_make(&pem, "bench", now))
        lab_die(error);
    config.key = str_of(pem.key);
    config.chain = str_of(pem.chain);
    base = secure_base_new(&config, error, sizeof error);
    if (!base)
        lab_die(error);
    secure_pem_free(&pem);
    return base;
}

void lab_open(struct lab *lab)
{
    struct sched_param param = { .sched_priority = PRIORITY };
    const char *control = getenv("NETEM_FD");

    *lab = (struct lab){ .epoll = epoll_create1(EPOLL_CLOEXEC) };
    if (!control)
        lab_die("NETEM_FD");
    lab->control = (int)strtol(control, NULL, 10);
    lab->ns[0] = open_ns("NS_A");
    lab->ns[1] = open_ns("NS_B");
    lab->keys[0] = make_keys(false);
    lab->keys[1] = make_keys(true);
    prctl(PR_SET_TIMERSLACK, 1);
    if (sched_setscheduler(0, SCHED_FIFO, &param))
        fprintf(stderr, "bench_link: no real-time priority: %s\n",
                strerror(errno));
}

void lab_fini(struct lab *lab)
{
    for (unsigned i = 0; i < 2; i++)
        secure_base_free(lab->keys[i]);
    heap_fini(&lab->deadlines);
    close(lab->epoll);
}

/* ---- sockets ---- */

uint32_t lab_address(unsigned side, unsigned link)
{
    return htonl(10u << 24 | (1 + side) << 16 | (link + 1));
}

void lab_enter(struct lab *lab, unsigned side)
{
    if (setns(lab->ns[side], CLONE_NEWNET))
        lab_die("setns");
}

static struct sockaddr_in socket_at(struct lab *lab, enum lab_kind kind,
                                    unsigned side, unsigned link, int *fd)
{
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_addr.s_addr = lab_address(side, link) };
    socklen_t len = sizeof at;
    int type = kind == LAB_STREAM ? SOCK_STREAM : SOCK_DGRAM;

    lab_enter(lab, side);
    *fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (*fd < 0 || bind(*fd, (struct sockaddr *)&at, len) ||
        getsockname(*fd, (struct sockaddr *)&at, &len))
        lab_die("socket");
    return at;
}

static void no_delay(int fd)
{
    int one = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static void connect_to(int fd, const struct sockaddr_in *to)
{
    if (connect(fd, (const struct sockaddr *)to, sizeof *to) &&
        errno != EINPROGRESS)
        lab_die("connect");
}

void lab_pair(struct lab *lab, enum lab_kind kind, unsigned link,
              struct lab_end *a, struct lab_end *b)
{
    struct sockaddr_in at_b = socket_at(lab, kind, 1, link, &b->fd);
    struct sockaddr_in at_a = socket_at(lab, kind, 0, link, &a->fd);

    b->listening = kind == LAB_STREAM;
    if (kind == LAB_STREAM) {
        no_delay(a->fd);
        if (listen(b->fd, BACKLOG))
            lab_die("listen");
    } else {
        connect_to(b->fd, &at_a);
    }
    connect_to(a->fd, &at_b);
    lab_watch(lab, a);
    lab_watch(lab, b);
}

/* Edges only: whoever has its turn reads and writes all it can. */
void lab_watch(struct lab *lab, struct lab_end *end)
{
    struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.ptr = end };
    int type = 0;
    socklen_t len = sizeof type;

    getsockopt(end->fd, SOL_SOCKET, SO_TYPE, &type, &len);
    if (type == SOCK_STREAM)
        event.events |= EPOLLOUT;
    if (epoll_ctl(lab->epoll, EPOLL_CTL_ADD, end->fd, &event))
        lab_die("epoll");
}

static void accept_first(struct lab *lab, struct lab_end *end)
{
    int fd = accept4(end->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0)
        return;
    close(end->fd);
    no_delay(fd);
    end->fd = fd;
    end->listening = false;
    lab_watch(lab, end);
}

void lab_wake(struct lab *lab, struct lab_end *end, uint64_t at_us)
{
    heap_set(&lab->deadlines, &end->timer, at_us);
}

void lab_close(struct lab *lab, struct lab_end *end)
{
    lab_wake(lab, end, NEVER);
    if (end->fd > 0)
        close(end->fd);
    end->fd = -1;
}

/* ---- turns ---- */

static void serve_deadlines(struct lab *lab)
{
    struct timer *first;
    struct now now = lab_now();

    while ((first = heap_first(&lab->deadlines)) && first->at <= now.mono_us) {
        struct lab_end *end = (struct lab_end *)first;

        lab_wake(lab, end, NEVER);
        end->turn(end, now);
        now = lab_now();
    }
}

static struct timespec wait_until(uint64_t at_us)
{
    uint64_t now = lab_now().mono_us, us = at_us > now ? at_us - now : 0;

    return (struct timespec){ (time_t)(us / 1000000),
                              (long)(us % 1000000) * 1000 };
}

void lab_run(struct lab *lab, uint64_t until_us, bool (*done)(void *),
             void *arg)
{
    struct epoll_event events[EVENTS];

    while (lab_now().mono_us < until_us && !(done && done(arg))) {
        const struct timer *first = heap_first(&lab->deadlines);
        struct timespec wait =
            wait_until(first ? time_min(first->at, until_us) : until_us);
        int n = epoll_pwait2(lab->epoll, events, EVENTS, &wait, NULL);

        for (int i = 0; i < n; i++) {
            struct lab_end *end = events[i].data.ptr;

            if (end->listening)
                accept_first(lab, end);
            else
                end->turn(end, lab_now());
        }
        serve_deadlines(lab);
    }
}

/* ---- netem ---- */

/* Ask, and give each line of the answer to `line` until it is "ok". */
static void ask(struct lab *lab, const char *what, void (*line)(char *, void *),
                void *arg)
{
    FILE *in = fdopen(dup(lab->control), "r");
    char answer[ANSWER_MAX];

    if (!in || dprintf(lab->control, "%s\n", what) < 0)
        lab_die("netem");
    while (fgets(answer, sizeof answer, in) && strcmp(answer, "ok\n") != 0) {
        if (strncmp(answer, "error", 5) == 0) {
            fprintf(stderr, "bench_link: netem: %s", answer);
            exit(1);
        }
        if (line)
            line(answer, arg);
    }
    fclose(in);
}

void lab_set(struct lab *lab, const char *spec)
{
    char line[512];

    snprintf(line, sizeof line, "set %s", spec);
    ask(lab, line, NULL, NULL);
}

void lab_restart(struct lab *lab, uint64_t seed)
{
    char line[64];

    snprintf(line, sizeof line, "restart %llu", (unsigned long long)seed);
    ask(lab, line, NULL, NULL);
}

struct counting {
    struct lab_count *counts;
    size_t n;
};

static void take_count(char *line, void *arg)
{
    const struct counting *counting = arg;
    unsigned long link;
    unsigned long long bytes;
    char dir[8];

    if (sscanf(line, "link=%lu dir=%7s packets=%*u bytes=%llu", &link, dir,
               &bytes) == 3 &&
        link < counting->n)
        counting->counts[link].bytes[strcmp(dir, "ba") == 0] = bytes;
}

void lab_counts(struct lab *lab, struct lab_count *counts, size_t n)
{
    struct counting counting = { counts, n };

    ask(lab, "count", take_count, &counting);
}
