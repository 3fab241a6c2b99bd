/* SPDX-License-Identifier: MIT
 *
 * usage: bench_durable [-s SERVER] [-D DIRECTORY] [-t tcp|udp] [-c]
 *                      [-d SECONDS] [-n SENDERS [-w WINDOW] [-r LINES]]
 *                      [-b CLIENTS [-k]]
 *
 * Lines through a real server with its data on a disk, and clients on
 * loopback, two in a room: lines acknowledged a second, and from saying one to
 * its acknowledgement.  Without -n: 1, 16 and 256 senders with one line of 200
 * bytes on its way each, then 2000 lines a second; and what the same disk does
 * when an append log is written and synced for as many at once, and when
 * SQLite commits each line.  With -n: so many, WINDOW lines of each on their
 * way, or LINES a second of all by the clock.  -c: in clear text.
 *
 * -b: so many clients are there when the server is stopped (-k: killed, TCP
 * only) and started; how long until all are back, when they come as they are
 * told to, what that costs, and how long 16 others wait for an acknowledgement
 * who talk all the while.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <libgen.h>
#include <netinet/tcp.h>
#include <sqlite3.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "shared/link.h"
#include "shared/mem.h"
#include "shared/rng.h"
#include "shared/wire.h"
#include "tests/bench/real_server.h"

enum {
    READ_MAX = 64 * 1024,
    GREETING_MAX = 100, /* at once, at first */
    EVENTS = 256,
    TICK_US = 1000,
    BODY = 200,
    WINDOW_MAX = 4096,
    SAMPLES_MAX = 1 << 22,
    KILLED_SPREAD_MS = 4000, /* as they come back to a server that is gone */
    BACK_TALKERS = 16
};

struct talker {
    struct bench *bench;
    struct link *link; /* NULL: it is away */
    int fd;
    bool in, dirty;
    uint64_t number, cseq, acked, room, back_us;
    char token[64];
    size_t token_len;
    uint64_t *said_us; /* by cseq, a ring of WINDOW_MAX; NULL: it is silent */
};

struct bench {
    struct real_server server;
    const char *dir;
    char data[256];
    enum transport transport;
    struct secure_base *secure; /* NULL: clear text */
    size_t n, talkers, window;
    uint64_t seconds, rate;
    int epoll;
    struct talker *all, **dirty;
    size_t n_opened, n_in, n_dirty;
    size_t n_entered; /* how often somebody came in */
    bool measuring, killed;
    uint64_t acks, ticked_us;
    uint32_t samples[SAMPLES_MAX]; /* us */
    size_t n_samples;
    struct now now;
    struct rng rng;
    struct wire_scratch scratch;
    char buffer[READ_MAX];
};

/* Silent for so long, a server is gone; heartbeats are 5 s apart. */
static const uint64_t DEAD_US = 10000000;

/* ---- figures ---- */

static int compare(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

static void sample(struct bench *b, uint64_t us)
{
    if (b->n_samples < SAMPLES_MAX)
        b->samples[b->n_samples++] = (uint32_t)us;
}

static double ms_at(const struct bench *b, double share)
{
    size_t at = (size_t)((double)b->n_samples * share);

    return b->n_samples ? b->samples[at] / 1e3 : 0;
}

static void report(struct bench *b, const char *what, uint64_t lines,
                   uint64_t us)
{
    qsort(b->samples, b->n_samples, sizeof *b->samples, compare);
    printf("%-36s %8.0f /s   ms p50 %8.2f  p99 %8.2f", what,
           (double)lines * 1e6 / (double)us, ms_at(b, 0.5), ms_at(b, 0.99));
    b->n_samples = 0;
}

/* ---- the disk, and SQLite alone ---- */

static void bench_log(struct bench *b, size_t at_once)
{
    static const char RECORD[250] = "x";
    uint64_t begun = real_now().mono_us, lines = 0, now = begun;
    char path[300], what[60];
    int fd;

    snprintf(path, sizeof path, "%s/log", b->dir);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    while (now < begun + b->seconds * 1000000) {
        uint64_t start = now;

        for (size_t i = 0; i < at_once; i++)
            if (write(fd, RECORD, sizeof RECORD) != sizeof RECORD)
                real_die(path);
        fdatasync(fd);
        now = real_now().mono_us;
        sample(b, now - start);
        lines += at_once;
    }
    snprintf(what, sizeof what, "append log, %zu at once", at_once);
    report(b, what, lines, now - begun);
    putchar('\n');
    close(fd);
    unlink(path);
}

static void bench_sqlite(struct bench *b)
{
    uint64_t begun = real_now().mono_us, lines = 0, now = begun;
    char path[300], text[BODY + 1];
    sqlite3_stmt *stmt;
    sqlite3 *db;

    memset(text, 'x', sizeof text);
    snprintf(path, sizeof path, "%s/one.db", b->dir);
    sqlite3_open(path, &db);
    sqlite3_exec(db,
                 "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                 "CREATE TABLE line(id INTEGER PRIMARY KEY, text TEXT)",
                 NULL, NULL, NULL);
    sqlite3_prepare_v2(db, "INSERT INTO line(text) VALUES(?1)", -1, &stmt,
                       NULL);
    sqlite3_bind_text(stmt, 1, text, BODY, SQLITE_STATIC);
    while (now < begun + b->seconds * 1000000) {
        uint64_t start = now;

        if (sqlite3_step(stmt) != SQLITE_DONE)
            real_die(sqlite3_errmsg(db));
        sqlite3_reset(stmt);
        now = real_now().mono_us;
        sample(b, now - start);
        lines++;
    }
    report(b, "SQLite, a commit per line", lines, now - begun);
    putchar('\n');
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    unlink(path);
}

/* ---- clients ---- */

static void say(struct talker *t, const struct msg *msg)
{
    struct bench *b = t->bench;

    link_say(t->link, msg, true);
    if (!t->dirty)
        b->dirty[b->n_dirty++] = t;
    t->dirty = true;
}

static void send_line(struct talker *t, uint64_t cseq)
{
    static char text[BODY];
    struct msg msg = { .kind = KIND_SEND };

    memset(text, 'x', sizeof text);
    msg.send.room = t->room;
    msg.send.cseq = cseq;
    msg.send.text = str_bytes(text, BODY);
    say(t, &msg);
}

static void say_line(struct talker *t)
{
    t->cseq++;
    t->said_us[t->cseq % WINDOW_MAX] = t->bench->now.mono_us;
    if (t->in)
        send_line(t, t->cseq);
}

static void greet(struct talker *t)
{
    struct msg hello = { .kind = KIND_HELLO }, auth = { .kind = KIND_AUTH };
    struct msg sync = { .kind = KIND_SYNC };
    char nick[32];

    hello.hello.vmin = hello.hello.vmax = PROTOCOL_VERSION;
    hello.hello.device = t->number + 1;
    snprintf(nick, sizeof nick, "m%d", (int)t->number);
    auth.auth.nick = str_of(nick);
    auth.auth.token = str_bytes(t->token, t->token_len);
    auth.auth.cseq = t->acked + 1;
    sync.sync.tail = 1;
    say(t, &hello);
    say(t, &auth);
    say(t, &sync);
}

static void leave(struct talker *t, uint64_t wait_ms)
{
    struct bench *b = t->bench;
    uint8_t datagram[DATAGRAM_MAX];
    size_t len;

    if (!t->link)
        return;
    if (b->transport == TRANSPORT_UDP) {
        link_close(t->link, 0, b->now);
        while ((len = link_datagram(t->link, datagram, b->now)))
            (void)!send(t->fd, datagram, len, 0);
    }
    close(t->fd);
    link_free(t->link);
    t->link = NULL;
    t->back_us = b->now.mono_us + wait_ms * 1000;
    b->n_opened--;
    b->n_in -= t->in;
    t->in = false;
}

static void come(struct talker *t)
{
    struct bench *b = t->bench;
    bool udp = b->transport == TRANSPORT_UDP;
    struct sockaddr_in at = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)(udp ? b->server.udp : b->server.tcp)),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)
    };
    struct link_config config = { .transport = b->transport,
                                  .id = rng_next(&b->rng),
                                  .seed = t->number,
                                  .body_max = BODY_MAX,
                                  .queue_max = 1 << 24 };
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = t };
    int one = 1;

    t->fd = socket(AF_INET, udp ? SOCK_DGRAM : SOCK_STREAM, 0);
    if (t->fd < 0)
        real_die("socket");
    if (connect(t->fd, (struct sockaddr *)&at, sizeof at)) {
        close(t->fd); /* not yet */
        t->back_us =
            b->now.mono_us + rng_below(&b->rng, KILLED_SPREAD_MS) * 1000;
        return;
    }
    if (!udp)
        setsockopt(t->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(t->fd, F_SETFL, O_NONBLOCK);
    if (b->secure)
        config.secure = secure_new(b->secure, udp, NULL, b->now);
    t->link = link_new(&config, b->now);
    t->back_us = NEVER;
    b->n_opened++;
    epoll_ctl(b->epoll, EPOLL_CTL_ADD, t->fd, &event);
    greet(t);
}

/* Those who talk have a room for every two, the others for every hundred. */
static void join(struct talker *t)
{
    struct msg msg = { .kind = KIND_JOIN };
    uint64_t n = t->said_us ? t->number / 2 : 100000 + t->number / 100;
    char name[32];

    snprintf(name, sizeof name, "#d%d", (int)n);
    msg.join.name = str_of(name);
    msg.join.cseq = ++t->cseq;
    say(t, &msg);
}

static void on_in(struct talker *t)
{
    if (t->in)
        return;
    t->in = true;
    t->bench->n_in++;
    t->bench->n_entered++;
    for (uint64_t cseq = t->acked + 1; t->said_us && cseq <= t->cseq; cseq++)
        if (cseq > 1) { /* JOIN */
            t->said_us[cseq % WINDOW_MAX] = t->bench->now.mono_us;
            send_line(t, cseq);
        }
}

static void on_ack(struct talker *t, const struct msg_send_ack *ack)
{
    struct bench *b = t->bench;

    if (ack->cseq <= t->acked)
        return; /* said again after it was away */
    t->acked = ack->cseq;
    if (ack->cseq == 1) /* JOIN */
        return;
    b->acks++;
    if (b->measuring)
        sample(b, b->now.mono_us - t->said_us[ack->cseq % WINDOW_MAX]);
    if (b->window)
        say_line(t);
}

static void on_auth(struct talker *t, const struct msg_auth_ok *ok)
{
    if (ok->token.len > sizeof t->token)
        real_die("a token so long");
    memcpy(t->token, ok->token.ptr, ok->token.len);
    t->token_len = ok->token.len;
}

/* returns false: it has left */
static bool on_message(struct talker *t, const struct msg *msg)
{
    struct bench *b = t->bench;

    switch ((int)msg->kind) {
    case KIND_WELCOME: link_beat(t->link, 5000, b->now); break;
    case KIND_AUTH_OK: on_auth(t, &msg->auth_ok); break;
    case KIND_SYNC_ROOM:
        t->room = msg->sync_room.room;
        on_in(t);
        break;
    case KIND_SYNC_DONE:
        if (!t->room)
            join(t);
        break;
    case KIND_SEND_ACK: on_ack(t, &msg->send_ack); break;
    case KIND_BYE: leave(t, msg->bye.retry_ms); return false;
    case KIND_ERROR:
        wire_dump(msg, stderr);
        fputc('\n', stderr);
        break;
    default: break;
    }
    return true;
}

static bool take_frames(struct talker *t)
{
    struct bench *b = t->bench;
    struct str frame;
    struct msg msg;

    while (link_next(t->link, &frame, b->now) > 0) {
        if (wire_head((const uint8_t *)frame.ptr).kind == KIND_EVENT)
            continue;
        if (wire_decode(&msg, frame, &b->scratch) == 0 && !on_message(t, &msg))
            return false;
    }
    return true;
}

static void read_talker(struct talker *t)
{
    struct bench *b = t->bench;
    ssize_t n;

    if (!t->link)
        return;
    while ((n = recv(t->fd, b->buffer, sizeof b->buffer, 0)) > 0) {
        link_feed(t->link, str_bytes(b->buffer, (size_t)n), b->now);
        if (!take_frames(t))
            return;
        if (b->transport == TRANSPORT_TCP && (size_t)n < sizeof b->buffer)
            break;
    }
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK) ||
        link_is_over(t->link)) {
        if (!b->killed)
            real_die(link_error(t->link));
        leave(t, rng_below(&b->rng, KILLED_SPREAD_MS));
        return;
    }
    if (!t->dirty)
        b->dirty[b->n_dirty++] = t;
    t->dirty = true;
}

static void write_talker(struct talker *t)
{
    t->dirty = false;
    if (t->link)
        real_write(t->link, t->fd, t->bench->now);
}

/* ---- time ---- */

static void tick_all(struct bench *b)
{
    b->ticked_us = b->now.mono_us;
    for (size_t i = 0; i < b->n; i++) {
        struct talker *t = &b->all[i];

        if (t->link && b->now.mono_us > link_peer(t->link).heard_us + DEAD_US)
            leave(t, 0);
        if (!t->link && b->now.mono_us >= t->back_us)
            come(t);
        if (!t->link || link_deadline(t->link) > b->now.mono_us)
            continue;
        link_tick(t->link, b->now);
        if (!t->dirty)
            b->dirty[b->n_dirty++] = t;
        t->dirty = true;
    }
}

static void turn(struct bench *b)
{
    struct epoll_event events[EVENTS];
    int n = epoll_wait(b->epoll, events, EVENTS, 1);

    b->now = real_now();
    for (int i = 0; i < n; i++)
        read_talker(events[i].data.ptr);
    if (b->now.mono_us - b->ticked_us > TICK_US)
        tick_all(b);
    for (size_t i = 0; i < b->n_dirty; i++)
        write_talker(b->dirty[i]);
    b->n_dirty = 0;
}

static void gather(struct bench *b)
{
    for (size_t at = 0; b->n_in < b->n; turn(b))
        while (at < b->n && b->n_opened - b->n_in < GREETING_MAX)
            come(&b->all[at++]);
}

static void talk(struct bench *b, uint64_t us)
{
    uint64_t start = b->now.mono_us, said = 0;

    while (b->now.mono_us - start < us) {
        uint64_t due = (b->now.mono_us - start) * b->rate / 1000000;

        for (; b->rate && said < due; said++)
            say_line(&b->all[said % b->talkers]);
        turn(b);
    }
}

/* ---- a run ---- */

static void clear_data(const struct bench *b)
{
    char command[300];

    snprintf(command, sizeof command, "rm -rf '%s'", b->data);
    if (system(command))
        real_die(command);
}

/* n of them, numbered from `first`; the first `talkers` of them talk. */
static void make_talkers(struct bench *b, size_t first, size_t n,
                         size_t talkers)
{
    b->n = n;
    b->talkers = talkers;
    b->epoll = epoll_create1(0);
    b->all = mem_new(n, sizeof *b->all);
    b->dirty = mem_new(n, sizeof *b->dirty);
    b->n_opened = b->n_in = b->n_dirty = b->n_entered = 0;
    for (size_t i = 0; i < n; i++) {
        b->all[i] = (struct talker){ .bench = b,
                                     .number = first + i,
                                     .back_us = NEVER };
        if (i < talkers)
            b->all[i].said_us = mem_new(WINDOW_MAX, sizeof(uint64_t));
    }
}

static void clear_talkers(struct bench *b)
{
    for (size_t i = 0; i < b->n; i++) {
        leave(&b->all[i], 0);
        free(b->all[i].said_us);
    }
    close(b->epoll);
    free(b->all);
    free(b->dirty);
}

static void begin(struct bench *b, size_t talkers)
{
    clear_data(b);
    b->server.data = b->data;
    b->server.tcp = b->server.udp = 0;
    real_start(&b->server);
    b->now = real_now();
    make_talkers(b, 0, talkers, talkers);
    gather(b);
}

static void end(struct bench *b)
{
    real_stop(&b->server, SIGKILL);
    clear_talkers(b);
    clear_data(b);
}

static void bench_lines(struct bench *b, size_t senders)
{
    uint64_t cpu[2], start, took, acks;
    char what[60];
    long kib;

    begin(b, senders);
    for (size_t i = 0; i < senders * b->window; i++)
        say_line(&b->all[i % senders]);
    talk(b, 500000); /* warm up */
    real_usage(&b->server, &cpu[0], &kib);
    acks = b->acks;
    start = b->now.mono_us;
    b->measuring = true;
    talk(b, b->seconds * 1000000);
    b->measuring = false;
    took = b->now.mono_us - start;
    acks = b->acks - acks;
    real_usage(&b->server, &cpu[1], &kib);
    if (b->rate)
        snprintf(what, sizeof what, "%s, %zu senders, %d lines/s said",
                 transport_name(b->transport), senders, (int)b->rate);
    else
        snprintf(what, sizeof what, "%s, %zu senders, %zu on their way",
                 transport_name(b->transport), senders, senders * b->window);
    report(b, what, acks, took);
    printf("   server %3.0f %% CPU, %.1f us a line\n",
           100.0 * (double)(cpu[1] - cpu[0]) / (double)took,
           acks ? (double)(cpu[1] - cpu[0]) / (double)acks : 0.0);
    fflush(stdout);
    end(b);
}

static void bench_all(struct bench *b)
{
    static const size_t SENDERS[] = { 1, 16, 256 };

    for (size_t i = 0; i < 3; i++)
        bench_log(b, SENDERS[i]);
    bench_sqlite(b);
    b->window = 1;
    for (size_t i = 0; i < 3; i++)
        bench_lines(b, SENDERS[i]);
    b->window = 16;
    bench_lines(b, 16);
    b->window = 0;
    b->rate = 2000;
    bench_lines(b, 256);
}

/* ---- all come back ---- */

/* The crowd is another process: who talks is not to wait for it. */
static pid_t begin_crowd(struct bench *b, size_t n, int fds[2])
{
    pid_t pid;

    if (pipe(fds))
        real_die("pipe");
    pid = fork();
    if (pid)
        return pid;
    clear_talkers(b);
    make_talkers(b, BACK_TALKERS, n, 0);
    b->killed = true;
    gather(b);
    if (write(fds[1], "in", 2) != 2)
        real_die("write");
    while (b->n_entered < 2 * n)
        turn(b);
    if (write(fds[1], "back", 4) != 4)
        real_die("write");
    for (;;)
        turn(b); /* until it is killed */
}

/* Talk until the crowd says something. */
static void talk_until_told(struct bench *b, int fd)
{
    char word[8];

    fcntl(fd, F_SETFL, O_NONBLOCK);
    while (read(fd, word, sizeof word) < 0)
        turn(b);
}

static void bench_back(struct bench *b, size_t clients, int signal)
{
    uint64_t start, ready, cpu;
    long before, after;
    int fds[2];
    pid_t crowd;

    b->window = 1;
    b->killed = true;
    begin(b, BACK_TALKERS);
    crowd = begin_crowd(b, clients, fds);
    for (size_t i = 0; i < BACK_TALKERS; i++)
        say_line(&b->all[i]);
    talk_until_told(b, fds[0]);
    b->measuring = true;
    talk(b, 1000000);
    b->measuring = false;
    report(b, "before", b->n_samples, 1000000);
    putchar('\n');
    real_usage(&b->server, &cpu, &before);
    start = real_now().mono_us;
    kill(b->server.pid, signal);
    while (waitpid(b->server.pid, NULL, WNOHANG) == 0)
        turn(b);
    for (size_t i = 0; i < b->n; i++) /* over UDP nobody tells who is killed */
        leave(&b->all[i], rng_below(&b->rng, KILLED_SPREAD_MS));
    real_start(&b->server);
    ready = real_now().mono_us;
    b->measuring = true;
    talk_until_told(b, fds[0]);
    b->measuring = false;
    real_usage(&b->server, &cpu, &after);
    report(b, "while they come back", b->n_samples, b->now.mono_us - ready);
    printf("\n%s %s, %zu clients, server %s: ready after %.2f s, all are back "
           "after %.1f s, for %.1f s CPU of the server, RSS %ld KiB (%ld "
           "before)\n",
           transport_name(b->transport), b->secure ? "encrypted" : "clear",
           clients, signal == SIGKILL ? "killed" : "stopped",
           (double)(ready - start) / 1e6,
           (double)(b->now.mono_us - start) / 1e6, (double)cpu / 1e6, after,
           before);
    kill(crowd, SIGKILL);
    waitpid(crowd, NULL, 0);
    end(b);
}

/* ---- all of it ---- */

/* One for all of them: what a client keeps is not measured here. */
static struct secure_base *make_secure(void)
{
    struct secure_config config = { 0 };
    char error[200] = "no key";
    struct secure_base *base = secure_base_new(&config, error, sizeof error);

    if (!base)
        real_die(error);
    return base;
}

int main(int argc, char **argv)
{
    static struct bench b = { .seconds = 4, .window = 1, .dir = "/var/tmp" };
    size_t senders = 0, clients = 0, n;
    int c, signal = SIGTERM;
    struct rlimit files;
    char path[4096];

    snprintf(path, sizeof path, "%s", argv[0]);
    snprintf(b.buffer, sizeof b.buffer, "%s/../../chat-server", dirname(path));
    b.server.program = mem_str(str_of(b.buffer));
    b.secure = make_secure();
    b.rng.state = real_now().mono_us;
    while ((c = getopt(argc, argv, "s:D:t:cd:n:w:r:b:k")) != -1) {
        n = optarg ? strtoul(optarg, NULL, 10) : 0;
        switch (c) {
        case 's': b.server.program = optarg; break;
        case 'D': b.dir = optarg; break;
        case 't':
            b.transport = optarg && strcmp(optarg, "udp") == 0 ? TRANSPORT_UDP
                                                               : TRANSPORT_TCP;
            break;
        case 'c': b.secure = NULL; break;
        case 'd': b.seconds = n; break;
        case 'n': senders = n; break;
        case 'w': b.window = n < WINDOW_MAX / 2 ? n : WINDOW_MAX / 2; break;
        case 'r': b.rate = n; break;
        case 'b': clients = n; break;
        case 'k': signal = SIGKILL; break;
        default: return 64;
        }
    }
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    snprintf(b.data, sizeof b.data, "%s/bench-durable.%d", b.dir,
             (int)getpid());
    if (b.rate)
        b.window = 0;
    if (clients)
        bench_back(&b, clients, signal);
    else if (senders)
        bench_lines(&b, senders);
    else
        bench_all(&b);
    return 0;
}
