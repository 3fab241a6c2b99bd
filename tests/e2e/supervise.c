/* SPDX-License-Identifier: MIT
 *
 * usage: supervise WATCHDOG_MS UNIX_PATH COMMAND ...
 *
 * What systemd does for a service: opens a TCP, a UDP and a Unix socket, starts
 * the command with them once for each line "start" on standard input, and
 * prints what it is told: "tcp PORT", "udp PORT", then "pid PID", lines of
 * sd_notify(3), and "exit STATUS".  The sockets stay open between the starts.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FIRST = 3, SOCKETS = 3, TOLD_MAX = 4096, LOOK_MS = 20 };

struct supervise {
    char *watchdog_us, *notify_path;
    char **command;
    int sockets[SOCKETS], notify;
    pid_t child; /* 0: none */
};

static void die(const char *what)
{
    fprintf(stderr, "supervise: %s: %s\n", what, strerror(errno));
    exit(70);
}

static int open_inet(const char *name, int type)
{
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, type, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&at, len) ||
        getsockname(fd, (struct sockaddr *)&at, &len) ||
        (type == SOCK_STREAM && listen(fd, 64)))
        die(name);
    printf("%s %u\n", name, ntohs(at.sin_port));
    return fd;
}

static int open_unix(const char *path, int type)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, type, 0);

    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) ||
        (type == SOCK_STREAM && listen(fd, 64)))
        die(path);
    return fd;
}

static void become(const struct supervise *s)
{
    char pid[24];

    for (int i = 0; i < SOCKETS; i++) /* out of the way of what they become */
        if (dup2(fcntl(s->sockets[i], F_DUPFD, 64), FIRST + i) < 0)
            die("dup2");
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    setenv("LISTEN_PID", pid, 1);
    setenv("LISTEN_FDS", "3", 1);
    setenv("NOTIFY_SOCKET", s->notify_path, 1);
    setenv("WATCHDOG_USEC", s->watchdog_us, 1);
    execv(s->command[0], s->command);
    die(s->command[0]);
}

static void start(struct supervise *s)
{
    s->child = fork();
    if (s->child == 0)
        become(s);
    printf("pid %d\n", (int)s->child);
}

/* A line at a time, as a test reads them. */
static void tell(const struct supervise *s)
{
    char told[TOLD_MAX];
    ssize_t n = recv(s->notify, told, sizeof told - 1, MSG_DONTWAIT);

    if (n > 0)
        printf("%.*s\n", (int)n, told);
}

static void look_at_child(struct supervise *s)
{
    int status;

    if (!s->child || waitpid(s->child, &status, WNOHANG) != s->child)
        return;
    printf("exit %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 255);
    s->child = 0;
}

static void run(struct supervise *s)
{
    char line[80];
    struct pollfd polls[] = { { .fd = STDIN_FILENO, .events = POLLIN },
                              { .fd = s->notify, .events = POLLIN } };

    for (;;) {
        fflush(stdout);
        poll(polls, 2, LOOK_MS);
        if (polls[1].revents)
            tell(s);
        look_at_child(s);
        if (!polls[0].revents)
            continue;
        if (!fgets(line, sizeof line, stdin))
            break;
        start(s);
    }
    if (s->child)
        kill(s->child, SIGKILL);
}

int main(int argc, char **argv)
{
    struct supervise s = { .command = argv + 3 };
    char watchdog_us[24], notify_path[108];

    if (argc < 4)
        return 64;
    snprintf(watchdog_us, sizeof watchdog_us, "%ld000", atol(argv[1]));
    snprintf(notify_path, sizeof notify_path, "%.90s.notify", argv[2]);
    s.watchdog_us = watchdog_us;
    s.notify_path = notify_path;
    s.notify = open_unix(notify_path, SOCK_DGRAM);
    s.sockets[0] = open_inet("udp", SOCK_DGRAM); /* the order says nothing */
    s.sockets[1] = open_unix(argv[2], SOCK_STREAM);
    s.sockets[2] = open_inet("tcp", SOCK_STREAM);
    setvbuf(stdin, NULL, _IONBF, 0);
    run(&s);
    return 0;
}
