/* SPDX-License-Identifier: MIT
 *
 * usage: storm SERVER DIRECTORY KILLS PEOPLE [CHATCTL]
 * A server that is killed with SIGKILL, KILLS times at random, while PEOPLE
 * talk in one room: real clients and their sockets, all in this process, half
 * of them over UDP, half of them encrypted.  At the end every line is in the
 * store once, each author's in the order they were said, and every reader has
 * had the same.  With CHATCTL it is not killed but backed up, so many times,
 * into DIRECTORY/copy: whatever was acknowledged before is there.  SEED=0x...
 * does the same again, as far as the clock lets it.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "shared/mem.h"
#include "shared/rng.h"
#include "shared/wire.h"
#include "tui/address.h"
#include "tui/client.h"
#include "tui/model.h"
#include "tui/net.h"
#include "tui/outbox.h"
#include "tui/tail.h"

enum {
    ON_WAY = 4,              /* lines of one author not stored yet */
    PAUSE_US = 150000,       /* between two of them, at most */
    LINES_BETWEEN = 60,      /* stored, before the next kill */
    KILL_WITHIN_US = 300000, /* and this long after that, at most */
    EARLY_ONE_IN = 8,        /* kills that do not wait for it to be ready */
    EARLY_US = 60000,        /* those come within */
    TICK_MS = 5,
    PATIENCE_US = 120000000 /* for anything that must come true */
};

static const char ROOM[] = "#storm";

struct storm;

struct talker {
    struct storm *storm;
    struct client *client;
    struct model *model;
    struct outbox *outbox;
    struct tail *tail;
    struct secure_base *secure; /* NULL: in clear text */
    struct net *net;
    uint64_t said, say_us;
    uint64_t *next; /* of every author, the number that must come */
};

struct storm {
    uv_loop_t loop;
    uv_timer_t tick;
    struct rng rng;
    const char *server;
    const char *chatctl; /* NULL: it is killed, not copied */
    pid_t copying;       /* chatctl; 0: it does not run */
    uint64_t *acked;     /* of every author, when it began */
    char data[512], tcp[32], udp[32];
    struct address address;
    struct talker *people;
    size_t n;
    uint64_t kills, killed, early;

    pid_t pid; /* 0: it does not run */
    int log;   /* what it says, a pipe */
    char line[4096];
    size_t line_len;
    bool ready;
    uint64_t kill_us, waiting_us; /* waiting: for what must come true, since */
    uint64_t stored;              /* lines, when it became ready */
};

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void lose(const struct storm *storm, const char *what)
{
    printf("FAIL after %" PRIu64 " kills: %s\n", storm->killed, what);
    if (storm->pid)
        kill(storm->pid, SIGKILL);
    exit(1);
}

/* ---- the server ---- */

static void start_server(struct storm *storm)
{
    int fds[2];

    if (pipe(fds))
        die("pipe");
    storm->pid = fork();
    if (storm->pid == 0) {
        dup2(fds[1], STDERR_FILENO);
        close(fds[0]);
        close(fds[1]);
        execl(storm->server, "chat-server", "--listen-tcp", storm->tcp,
              "--listen-udp", storm->udp, "--rate-limit", "off", "--data",
              storm->data, (char *)NULL);
        _exit(127);
    }
    close(fds[1]);
    fcntl(fds[0], F_SETFL, O_NONBLOCK);
    storm->log = fds[0];
    storm->line_len = 0;
    storm->ready = false;
}

/* "ready tcp=127.0.0.1:1 udp=127.0.0.1:2": it stays there. */
static bool read_ready(struct storm *storm, const char *line)
{
    char at[128];

    if (sscanf(line, "ready tcp=%31s udp=%31s", storm->tcp, storm->udp) != 2)
        return false;
    snprintf(at, sizeof at, "%s/%s", storm->tcp, strrchr(storm->udp, ':') + 1);
    if (address_parse(&storm->address, at))
        lose(storm, line);
    return true;
}

static void read_log(struct storm *storm)
{
    char c;

    while (read(storm->log, &c, 1) == 1) {
        if (c != '\n') {
            if (storm->line_len + 1 < sizeof storm->line)
                storm->line[storm->line_len++] = c;
            continue;
        }
        storm->line[storm->line_len] = '\0';
        storm->line_len = 0;
        if (read_ready(storm, storm->line))
            storm->ready = true;
        else if (strstr(storm->line, "store.damaged") ||
                 strstr(storm->line, "restored=1"))
            lose(storm, storm->line);
    }
}

static void end_server(struct storm *storm, int signal)
{
    int status = 0;

    kill(storm->pid, signal);
    for (pid_t got = 0; got == 0;) { /* a full pipe must not hold it */
        read_log(storm);
        got = waitpid(storm->pid, &status, WNOHANG);
    }
    close(storm->log);
    storm->pid = 0;
    if (signal == SIGTERM && (!WIFEXITED(status) || WEXITSTATUS(status)))
        lose(storm, "the server did not end well");
}

/* ---- people ---- */

static struct secure_base *make_secure(void)
{
    struct secure_config config = { 0 };
    char error[256];
    struct secure_base *base = secure_base_new(&config, error, sizeof error);

    if (!base)
        die(error);
    return base;
}

static void move_in(struct storm *storm, size_t i)
{
    struct talker *p = &storm->people[i];
    struct client_config config = { .seed = rng_next(&storm->rng),
                                    .pick = i % 2 ? PICK_UDP : PICK_TCP,
                                    .silent = true };
    char error[256], nick[24];

    snprintf(nick, sizeof nick, "p%zu", i);
    config.nick = nick;
    p->storm = storm;
    p->next = mem_new(storm->n, sizeof *p->next);
    p->model = model_new();
    p->outbox = outbox_open(NULL, rng_next(&storm->rng), error, sizeof error);
    config.follow = p->tail = tail_new(ROOM, false, UINT64_MAX);
    if (i / 2 % 2)
        config.secure = p->secure = make_secure();
    p->client = client_new(&config, p->model, p->outbox);
    p->net = net_new(&storm->loop, p->client, &storm->address);
    client_join(p->client, str_of(ROOM), net_now(&storm->loop));
}

static void move_out(struct talker *p)
{
    net_close(p->net);
    client_free(p->client);
    outbox_close(p->outbox);
    tail_free(p->tail);
    model_free(p->model);
    secure_base_free(p->secure);
    free(p->next);
}

static void speak(struct talker *p, struct now now)
{
    struct storm *storm = p->storm;
    char text[400];

    if (now.mono_us < p->say_us || outbox_len(p->outbox) >= ON_WAY ||
        storm->killed == storm->kills)
        return;
    p->say_us = now.mono_us + rng_below(&storm->rng, PAUSE_US);
    snprintf(text, sizeof text, "%zu:%" PRIu64 " %*s",
             (size_t)(p - storm->people), p->said++,
             (int)rng_below(&storm->rng, 300), "x");
    client_say(p->client, str_of(ROOM), event_MESSAGE, str_of(text), now);
}

/* The number that a line must have, of its author. */
static void check(struct storm *storm, const char *line, uint64_t *next)
{
    const char *at = strstr(line, "> ");
    char why[600];
    uint64_t number;
    size_t author;

    if (!at || sscanf(at, "> %zu:%" SCNu64 " ", &author, &number) != 2 ||
        author >= storm->n) {
        snprintf(why, sizeof why, "not ours: %.500s", line);
        lose(storm, why);
    } else if (number != next[author]) {
        snprintf(why, sizeof why, "wanted number %" PRIu64 ": %.500s",
                 next[author], line);
        lose(storm, why);
    } else {
        next[author]++;
    }
}

static void hear(struct talker *p)
{
    struct str out = tail_output(p->tail);
    size_t taken = 0;
    char line[2048];

    while (taken < out.len) {
        const char *from = out.ptr + taken;
        size_t n =
            (size_t)((const char *)memchr(from, '\n', out.len - taken) - from);

        snprintf(line, sizeof line, "%.*s", (int)n, from);
        check(p->storm, line, p->next);
        taken += n + 1;
    }
    tail_taken(p->tail, taken);
}

static void talker_turn(struct talker *p, struct now now)
{
    const char *why;
    int code;

    speak(p, now);
    hear(p);
    net_turn(p->net, now);
    if (client_fatal(p->client, &code, &why) || client_refused(p->client, &why))
        lose(p->storm, why);
}

/* ---- the run ---- */

/* Lines of somebody that the server has acknowledged; it begins with a JOIN. */
static uint64_t acked_of(const struct talker *p)
{
    size_t on_way = outbox_len(p->outbox);

    return p->said > on_way ? p->said - on_way : 0;
}

static uint64_t stored(const struct storm *storm)
{
    uint64_t n = 0;

    for (size_t i = 0; i < storm->n; i++)
        n += acked_of(&storm->people[i]);
    return n;
}

static bool has_heard_all(const struct storm *storm, const struct talker *p)
{
    for (size_t i = 0; i < storm->n; i++)
        if (p->next[i] != storm->people[i].said)
            return false;
    return true;
}

static bool is_over(const struct storm *storm)
{
    if (storm->killed < storm->kills)
        return false;
    for (size_t i = 0; i < storm->n; i++) {
        const struct talker *p = &storm->people[i];

        if (!client_is_done(p->client) || !has_heard_all(storm, p))
            return false;
    }
    return true;
}

/* ---- what is in the store ---- */

/* Each author's lines in order, so many of them at least. */
static void check_store(struct storm *storm, const char *name,
                        uint64_t (*wanted)(const struct storm *, size_t author))
{
    uint64_t *next = mem_new(storm->n, sizeof *next);
    char path[600], line[2048];
    sqlite3_stmt *stmt;
    sqlite3 *db;

    snprintf(path, sizeof path, "%s/%s", storm->data, name);
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL))
        lose(storm, "the store cannot be opened");
    sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &stmt, NULL);
    if (sqlite3_step(stmt) != SQLITE_ROW ||
        strcmp((const char *)sqlite3_column_text(stmt, 0), "ok") != 0)
        lose(storm, "the store is damaged");
    sqlite3_finalize(stmt);
    sqlite3_prepare_v2(db, "SELECT text FROM event WHERE kind = 1 ORDER BY id",
                       -1, &stmt, NULL);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        snprintf(line, sizeof line, "> %s",
                 (const char *)sqlite3_column_text(stmt, 0));
        check(storm, line, next);
    }
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    for (size_t i = 0; i < storm->n; i++)
        if (next[i] < wanted(storm, i))
            lose(storm, "a line is not in the store");
    free(next);
}

static uint64_t all_said(const struct storm *storm, size_t author)
{
    return storm->people[author].said;
}

/* ---- copies of it ---- */

static uint64_t all_acked(const struct storm *storm, size_t author)
{
    return storm->acked[author];
}

static void begin_copy(struct storm *storm)
{
    char socket[600], copy[600];

    for (size_t i = 0; i < storm->n; i++)
        storm->acked[i] = acked_of(&storm->people[i]);
    snprintf(socket, sizeof socket, "%s/control.sock", storm->data);
    snprintf(copy, sizeof copy, "%s/copy", storm->data);
    unlink(copy);
    storm->copying = fork();
    if (storm->copying == 0) {
        execl(storm->chatctl, "chatctl", "--socket", socket, "backup", copy,
              (char *)NULL);
        _exit(127);
    }
}

/* Make one whenever enough has been said. */
static void copy_some(struct storm *storm, struct now now)
{
    int status;

    if (storm->killed == storm->kills)
        return;
    if (!storm->copying) {
        if (stored(storm) >= storm->stored + LINES_BETWEEN)
            begin_copy(storm);
        return;
    }
    if (waitpid(storm->copying, &status, WNOHANG) == 0)
        return;
    if (!WIFEXITED(status) || WEXITSTATUS(status))
        lose(storm, "no backup");
    check_store(storm, "copy", all_acked);
    storm->copying = 0;
    storm->killed++;
    storm->stored = stored(storm);
    storm->waiting_us = now.mono_us;
}

/* ---- a turn ---- */

/* When it is to die: once enough has been said, or before it is ready. */
static void plan(struct storm *storm, struct now now)
{
    if (storm->killed == storm->kills || storm->kill_us != NEVER)
        return;
    if (storm->ready && stored(storm) >= storm->stored + LINES_BETWEEN)
        storm->kill_us = now.mono_us + rng_below(&storm->rng, KILL_WITHIN_US);
}

static void revive(struct storm *storm, struct now now)
{
    bool early = storm->killed + 1 < storm->kills && storm->killed > 0 &&
                 rng_below(&storm->rng, EARLY_ONE_IN) == 0;

    start_server(storm);
    storm->stored = stored(storm);
    storm->waiting_us = now.mono_us;
    storm->kill_us =
        early ? now.mono_us + rng_below(&storm->rng, EARLY_US) : NEVER;
    storm->early += early;
}

static void turn(struct storm *storm)
{
    struct now now = net_now(&storm->loop);

    read_log(storm);
    if (storm->chatctl)
        copy_some(storm, now);
    else
        plan(storm, now);
    if (now.mono_us >= storm->kill_us) {
        end_server(storm, SIGKILL);
        storm->killed++;
        revive(storm, now);
    }
    if (now.mono_us - storm->waiting_us > PATIENCE_US)
        lose(storm, storm->killed < storm->kills
                        ? "the talk does not go on"
                        : "not everybody has heard everything");
    for (size_t i = 0; i < storm->n; i++)
        talker_turn(&storm->people[i], now);
}

static void on_tick(uv_timer_t *timer)
{
    (void)timer; /* it ends a wait of the loop */
}

/* ---- all of it ---- */

static void begin(struct storm *storm)
{
    struct now now;

    uv_loop_init(&storm->loop);
    uv_timer_init(&storm->loop, &storm->tick);
    uv_timer_start(&storm->tick, on_tick, TICK_MS, TICK_MS);
    snprintf(storm->tcp, sizeof storm->tcp, "127.0.0.1:0");
    snprintf(storm->udp, sizeof storm->udp, "127.0.0.1:0");
    now = net_now(&storm->loop);
    start_server(storm);
    storm->waiting_us = now.mono_us;
    storm->kill_us = NEVER;
    while (!storm->ready) {
        read_log(storm);
        uv_run(&storm->loop, UV_RUN_ONCE);
        if (waitpid(storm->pid, NULL, WNOHANG))
            lose(storm, storm->line);
    }
    for (size_t i = 0; i < storm->n; i++)
        move_in(storm, i);
}

static void end(struct storm *storm)
{
    for (size_t i = 0; i < storm->n; i++)
        move_out(&storm->people[i]);
    uv_close((uv_handle_t *)&storm->tick, NULL);
    uv_run(&storm->loop, UV_RUN_DEFAULT);
    uv_loop_close(&storm->loop);
    free(storm->acked);
    free(storm->people);
}

int main(int argc, char **argv)
{
    static struct storm storm;
    const char *seed = getenv("SEED");

    if (argc != 5 && argc != 6) {
        fprintf(stderr,
                "usage: storm SERVER DIRECTORY KILLS PEOPLE [CHATCTL]\n");
        return 64;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);
    storm.server = argv[1];
    snprintf(storm.data, sizeof storm.data, "%s", argv[2]);
    storm.kills = strtoull(argv[3], NULL, 10);
    storm.n = strtoul(argv[4], NULL, 10);
    storm.chatctl = argv[5];
    storm.people = mem_new(storm.n, sizeof *storm.people);
    storm.acked = mem_new(storm.n, sizeof *storm.acked);
    net_random(&storm.rng.state, sizeof storm.rng.state);
    if (seed)
        storm.rng.state = strtoull(seed, NULL, 0);
    printf("SEED=0x%" PRIx64 "\n", storm.rng.state);
    begin(&storm);
    while (!is_over(&storm)) {
        uv_run(&storm.loop, UV_RUN_ONCE);
        turn(&storm);
    }
    end_server(&storm, SIGTERM);
    check_store(&storm, "chat.db", all_said);
    printf("%s=%" PRIu64 " early=%" PRIu64 " lines=%" PRIu64
           " readers=%zu: all there, once, in order\n",
           storm.chatctl ? "copies" : "kills", storm.killed, storm.early,
           stored(&storm), storm.n);
    end(&storm);
    return 0;
}
