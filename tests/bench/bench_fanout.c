/* SPDX-License-Identifier: MIT
 *
 * usage: bench_fanout [-s SERVER] [-t tcp|udp] [-m MEMBERS] [-n SENDERS]
 *                     [-w WINDOW] [-b BYTES] [-d SECONDS] [-r LINES_PER_SECOND]
 *                     [-c]
 *
 * A real server and MEMBERS clients of one room, on loopback, in two processes.
 * SENDERS of them (4) take turns.
 * WINDOW lines are on their way at any time: the next is said when the last
 * member has one (with -r they are said by the clock instead; with -w 0 nothing
 * is said, and they are in rooms of a hundred, so that the heartbeats are
 * measured).  -c: in clear text.  Prints
 * deliveries a second, the server's CPU time per delivery, and its memory.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <libgen.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shared/link.h"
#include "shared/mem.h"
#include "shared/now.h"
#include "shared/wire.h"
#include "tests/bench/real_server.h"

enum {
    READ_MAX = 64 * 1024,
    GREETING_MAX = 200,
    EVENTS = 256,
    TICK_US = 1000,
    IDLE_ROOM = 100 /* members of a room where nothing is said */
};

struct member {
    struct link *link;
    int fd;
    bool in, dirty;
    uint64_t cseq, seen; /* seen: last seq */
    struct bench *bench;
};

struct bench {
    struct real_server server;
    enum transport transport;
    size_t members, senders, window, bytes, seconds, rate;
    struct secure_base *secure; /* NULL: clear text */
    int port, epoll;
    struct member *all;
    size_t n_opened, n_in, n_dirty;
    struct member **dirty;
    uint64_t room, said, deliveries, gaps, ticked_us;
    struct now now;
    struct wire_scratch scratch;
    char buffer[READ_MAX], *text;
};

/* ---- clients ---- */

static void touch(struct member *m)
{
    if (m->dirty)
        return;
    m->dirty = true;
    m->bench->dirty[m->bench->n_dirty++] = m;
}

static void say(struct member *m, const struct msg *msg)
{
    link_say(m->link, msg, true);
    touch(m);
}

static void say_line(struct bench *b)
{
    struct member *m = &b->all[b->said++ % b->senders % b->members];
    struct msg msg = { .kind = KIND_SEND };

    msg.send.room = b->room;
    msg.send.cseq = ++m->cseq;
    msg.send.text = str_bytes(b->text, b->bytes);
    say(m, &msg);
}

static void greet(struct member *m, size_t number)
{
    struct msg hello = { .kind = KIND_HELLO }, auth = { .kind = KIND_AUTH };
    struct msg sync = { .kind = KIND_SYNC };
    char nick[32];

    hello.hello.vmin = hello.hello.vmax = PROTOCOL_VERSION;
    hello.hello.device = number + 1;
    snprintf(nick, sizeof nick, "m%zu", number);
    auth.auth.nick = str_of(nick);
    auth.auth.cseq = 1;
    sync.sync.tail = 1;
    say(m, &hello);
    say(m, &auth);
    say(m, &sync);
}

static void open_member(struct bench *b)
{
    struct member *m = &b->all[b->n_opened];
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)b->port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct link_config config = { .transport = b->transport,
                                  .id = 0x5eed0000 + b->n_opened,
                                  .seed = b->n_opened,
                                  .body_max = BODY_MAX,
                                  .queue_max = 1 << 24 };
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = m };
    bool udp = b->transport == TRANSPORT_UDP;
    int one = 1;

    m->bench = b;
    m->fd = socket(AF_INET, udp ? SOCK_DGRAM : SOCK_STREAM, 0);
    if (m->fd < 0 || connect(m->fd, (struct sockaddr *)&at, sizeof at))
        real_die("connect");
    if (!udp)
        setsockopt(m->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(m->fd, F_SETFL, O_NONBLOCK);
    if (b->secure)
        config.secure = secure_new(b->secure, udp, NULL, b->now);
    m->link = link_new(&config, b->now);
    epoll_ctl(b->epoll, EPOLL_CTL_ADD, m->fd, &event);
    greet(m, b->n_opened++);
}

static void on_event(struct member *m, struct str frame)
{
    struct bench *b = m->bench;
    struct msg msg;

    if (wire_decode(&msg, frame, &b->scratch))
        real_die("decode");
    if (msg.event.kind != event_MESSAGE)
        return;
    if (m->seen && msg.event.seq != m->seen + 1)
        b->gaps++;
    m->seen = msg.event.seq;
    b->deliveries++;
    if (m == &b->all[b->members - 1] && b->rate == 0)
        say_line(b);
}

static void on_other(struct member *m, const struct msg *msg)
{
    struct bench *b = m->bench;
    struct msg join = { .kind = KIND_JOIN };
    char name[32];

    if (msg->kind == KIND_SYNC_DONE) {
        snprintf(name, sizeof name, "#bench%zu",
                 b->window || b->rate ? 0 : (size_t)(m - b->all) / IDLE_ROOM);
        join.join.name = str_of(name);
        join.join.cseq = ++m->cseq;
        say(m, &join);
    } else if (msg->kind == KIND_WELCOME) {
        link_beat(m->link, 5000, b->now);
    } else if (msg->kind == KIND_SYNC_ROOM && !m->in) {
        m->in = true;
        b->room = msg->sync_room.room;
        b->n_in++;
    } else if (msg->kind == KIND_ERROR || msg->kind == KIND_BYE) {
        wire_dump(msg, stderr);
        fputc('\n', stderr);
    }
}

static void take_frames(struct member *m)
{
    struct bench *b = m->bench;
    struct str frame;
    struct msg msg;

    while (link_next(m->link, &frame, b->now) > 0) {
        if (wire_head((const uint8_t *)frame.ptr).kind == KIND_EVENT)
            on_event(m, frame);
        else if (wire_decode(&msg, frame, &b->scratch) == 0)
            on_other(m, &msg);
    }
}

static void read_member(struct member *m)
{
    struct bench *b = m->bench;
    ssize_t n;

    while ((n = recv(m->fd, b->buffer, sizeof b->buffer, 0)) > 0) {
        link_feed(m->link, str_bytes(b->buffer, (size_t)n), b->now);
        take_frames(m);
        if (b->transport == TRANSPORT_TCP && (size_t)n < sizeof b->buffer)
            break;
    }
    if (link_is_over(m->link))
        real_die(link_error(m->link));
    if (b->secure)
        touch(m); /* the handshake has an answer */
    if (n == 0)
        real_die("the server closed a connection");
    if (b->transport == TRANSPORT_UDP)
        touch(m);
}

static void write_member(struct member *m)
{
    m->dirty = false;
    real_write(m->link, m->fd, m->bench->now);
}

/* ---- the run ---- */

static void tick_all(struct bench *b)
{
    b->ticked_us = b->now.mono_us;
    for (size_t i = 0; i < b->n_opened; i++) {
        if (link_deadline(b->all[i].link) > b->now.mono_us)
            continue;
        link_tick(b->all[i].link, b->now);
        touch(&b->all[i]);
    }
}

static void turn(struct bench *b)
{
    struct epoll_event events[EVENTS];
    int n = epoll_wait(b->epoll, events, EVENTS, 1);

    b->now = real_now();
    for (int i = 0; i < n; i++)
        read_member(events[i].data.ptr);
    for (size_t i = 0; i < b->n_dirty; i++)
        write_member(b->dirty[i]);
    b->n_dirty = 0;
    if (b->now.mono_us - b->ticked_us > TICK_US)
        tick_all(b);
}

static void gather(struct bench *b)
{
    while (b->n_in < b->members) {
        while (b->n_opened < b->members && b->n_opened - b->n_in < GREETING_MAX)
            open_member(b);
        turn(b);
    }
}

static void talk(struct bench *b, uint64_t us)
{
    uint64_t start = b->now.mono_us, said = 0;

    while (b->now.mono_us - start < us) {
        uint64_t due = (b->now.mono_us - start) * b->rate / 1000000;

        for (; b->rate && said < due; said++)
            say_line(b);
        turn(b);
    }
}

static void measure(struct bench *b)
{
    uint64_t cpu[2], start, took, before;
    long kib[2];

    for (size_t i = 0; b->rate == 0 && i < b->window; i++)
        say_line(b);
    talk(b, 500000); /* warm up */
    real_usage(&b->server, &cpu[0], &kib[0]);
    before = b->deliveries;
    start = b->now.mono_us;
    talk(b, b->seconds * 1000000);
    took = b->now.mono_us - start;
    real_usage(&b->server, &cpu[1], &kib[1]);
    before = b->deliveries - before;
    printf("%s %s members=%zu senders=%zu window=%zu bytes=%zu rate=%zu: "
           "%.0f deliveries/s, %.2f us CPU each, server %.0f %% CPU, "
           "RSS %ld KiB (%ld at start), gaps=%llu\n",
           transport_name(b->transport), b->secure ? "encrypted" : "clear",
           b->members, b->senders, b->window, b->bytes, b->rate,
           (double)before * 1e6 / (double)took,
           before ? (double)(cpu[1] - cpu[0]) / (double)before : 0.0,
           100.0 * (double)(cpu[1] - cpu[0]) / (double)took, kib[1], kib[0],
           (unsigned long long)b->gaps);
}

static void options(struct bench *b, int argc, char **argv)
{
    int c;

    while ((c = getopt(argc, argv, "s:t:m:n:w:b:d:r:c")) != -1) {
        size_t n = optarg ? strtoul(optarg, NULL, 10) : 0;

        switch (c) {
        case 's': b->server.program = optarg; break;
        case 't':
            b->transport = optarg && strcmp(optarg, "udp") == 0 ? TRANSPORT_UDP
                                                                : TRANSPORT_TCP;
            break;
        case 'm': b->members = n; break;
        case 'n': b->senders = n; break;
        case 'w': b->window = n; break;
        case 'b': b->bytes = n; break;
        case 'd': b->seconds = n; break;
        case 'r': b->rate = n; break;
        case 'c': b->secure = NULL; break;
        default: exit(64);
        }
    }
}

/* One for all of them: what a client keeps is not measured here. */
static struct secure_base *make_secure(void)
{
    struct secure_config config = { 0 };
    char error[200] = "no key";
    struct secure_base *base = NULL;
    struct secure_pem pem;

    if (secure_pem_make(&pem, "bench", real_now())) {
        config.key = str_of(pem.key);
        config.chain = config.roots = str_of(pem.chain);
        base = secure_base_new(&config, error, sizeof error);
        secure_pem_free(&pem);
    }
    if (!base)
        real_die(error);
    return base;
}

int main(int argc, char **argv)
{
    static struct bench b = {
        .members = 1000, .senders = 4, .window = 16, .bytes = 200, .seconds = 4
    };
    struct rlimit files;
    char path[4096];

    snprintf(path, sizeof path, "%s", argv[0]);
    snprintf(b.buffer, sizeof b.buffer, "%s/../../chat-server", dirname(path));
    b.server.program = mem_str(str_of(b.buffer));
    b.secure = make_secure();
    options(&b, argc, argv);
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    b.now = real_now();
    b.epoll = epoll_create1(0);
    b.all = mem_new(b.members, sizeof *b.all);
    b.dirty = mem_new(b.members, sizeof *b.dirty);
    b.text = mem_new(b.bytes + 1, 1);
    memset(b.text, 'x', b.bytes);
    b.server.data = ":memory:";
    real_start(&b.server);
    b.port = b.transport == TRANSPORT_UDP ? b.server.udp : b.server.tcp;
    gather(&b);
    measure(&b);
    real_stop(&b.server, SIGTERM);
    return 0;
}
