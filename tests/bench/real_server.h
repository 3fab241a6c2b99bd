/* SPDX-License-Identifier: MIT
 *
 * A real chat-server for measurements, on free ports, and what it uses.
 */
#ifndef TESTS_REAL_SERVER_H
#define TESTS_REAL_SERVER_H

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "shared/link.h"
#include "shared/now.h"

struct real_server {
    const char *program, *data;
    pid_t pid;
    int tcp, udp; /* ports; 0: free ones, which stay */
};

static inline void real_die(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

static inline struct now real_now(void)
{
    struct timespec mono, wall;

    clock_gettime(CLOCK_MONOTONIC, &mono);
    clock_gettime(CLOCK_REALTIME, &wall);
    return (struct now){
        (uint64_t)mono.tv_sec * 1000000 + (uint64_t)mono.tv_nsec / 1000,
        (uint64_t)wall.tv_sec * 1000 + (uint64_t)wall.tv_nsec / 1000000
    };
}

static inline void real_read_ready(struct real_server *server, int fd)
{
    char text[4096] = "", *line;
    size_t len = 0;

    while (!(line = strstr(text, "ready tcp=")) || !strchr(line, '\n')) {
        ssize_t n = len < sizeof text - 1
                        ? read(fd, text + len, sizeof text - 1 - len)
                        : 0;

        if (n <= 0)
            real_die("the server did not become ready");
        text[len += (size_t)n] = '\0';
    }
    if (sscanf(line, "ready tcp=127.0.0.1:%d udp=127.0.0.1:%d", &server->tcp,
               &server->udp) != 2)
        real_die(line);
}

/* The log after the first lines is of no interest, but must be read. */
static inline void real_drain(int fd)
{
    char bytes[4096];

    if (fork() == 0) {
        while (read(fd, bytes, sizeof bytes) > 0)
            continue;
        _exit(0);
    }
    close(fd);
}

static inline void real_start(struct real_server *server)
{
    char tcp[32], udp[32];
    int fds[2];

    snprintf(tcp, sizeof tcp, "127.0.0.1:%d", server->tcp);
    snprintf(udp, sizeof udp, "127.0.0.1:%d", server->udp);
    if (pipe(fds))
        real_die("pipe");
    server->pid = fork();
    if (server->pid == 0) {
        dup2(fds[1], STDERR_FILENO);
        close(fds[0]);
        close(fds[1]);
        execl(server->program, "chat-server", "--listen-tcp", tcp,
              "--listen-udp", udp, "--rate-limit", "off", "--data",
              server->data, (char *)NULL);
        _exit(127);
    }
    close(fds[1]);
    real_read_ready(server, fds[0]);
    real_drain(fds[0]);
}

static inline void real_stop(struct real_server *server, int signal)
{
    kill(server->pid, signal);
    waitpid(server->pid, NULL, 0);
}

/* User and system time of the server, us, and resident memory, KiB. */
static inline void real_usage(const struct real_server *server, uint64_t *us,
                              long *kib)
{
    unsigned long user = 0, system = 0;
    char path[64], line[1024], *p;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)server->pid);
    file = fopen(path, "r");
    if (!file || !fgets(line, sizeof line, file))
        real_die(path);
    fclose(file);
    p = strrchr(line, ')');
    sscanf(p + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
           &system);
    *us = (user + system) * 1000000 / (uint64_t)sysconf(_SC_CLK_TCK);
    snprintf(path, sizeof path, "/proc/%d/statm", (int)server->pid);
    file = fopen(path, "r");
    if (!file || fscanf(file, "%*d %ld", kib) != 1)
        real_die(path);
    fclose(file);
    *kib *= sysconf(_SC_PAGESIZE) / 1024;
}

/* Write what a link has; a stream that takes nothing more is full, or gone,
 * which reading tells. */
static inline void real_write(struct link *link, int fd, struct now now)
{
    uint8_t datagram[DATAGRAM_MAX];
    struct str span;
    size_t len;

    if (link_transport(link) == TRANSPORT_UDP) {
        while ((len = link_datagram(link, datagram, now)))
            (void)!send(fd, datagram, len, 0);
        return;
    }
    while (link_spans(link, &span, 1)) {
        ssize_t n = send(fd, span.ptr, span.len, MSG_NOSIGNAL);

        if (n < 0)
            return;
        link_sent(link, (size_t)n, now);
    }
}

#endif
