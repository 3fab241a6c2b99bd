/* SPDX-License-Identifier: MIT
 *
 * usage: netem [-l LINKS] [-r SEED] [-s SPEC] [COMMAND [ARGUMENT...]]
 * Emulate links: two network namespaces, a TUN device in each, and this program
 * between them, which delays, loses, reorders, ... as tests/netem_pipe.h says.
 * Nothing is seen of it outside, and nothing is left when it ends, however.
 *
 * SPEC is as in tests/netem_links.h: delay=25ms,dir=ab,loss=5%
 *
 * The command runs outside and gets in through these, in its environment:
 *     NS_A NS_B          files of the namespaces, for nsenter --net=
 *     IP_A IP_B IP6_A IP6_B  addresses of the first link; see netem_packet.h
 *     NETEM_FD           a socket that takes lines and answers each:
 *                            set SPEC   ok, or error WHY
 *                            restart SEED   counts from 0, other chances; ok
 *                            count      a line for each link's direction; ok
 * Without a command it prints a line `ready NS_A=... ...` and talks over its
 * standard input and output, until the input ends.  Where the system does not
 * allow any of this it prints `SKIP WHY` and exits with 77.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/ipv6.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "server/heap.h"
#include "tests/netem_links.h"
#include "tests/netem_packet.h"

#define DEVICE "link"

enum {
    MTU = 1500,
    DEVICE_QUEUE = 2000, /* packets */
    BATCH = 64,          /* packets read of one side before the other's turn */
    LINE_LEN = 4096,     /* of control */
    LINKS_MAX = 60000,
    ADDRESS_MAX = 126, /* the place is a byte */
    PRIORITY = 10,
    EXIT_SKIP = 77
};

struct flying {
    struct timer timer; /* first: a timer is its packet; nanoseconds */
    unsigned to;
    size_t len;
    uint8_t ip[];
};

struct side {
    int ns, tun;
};

struct netem {
    struct side side[2];
    struct links links;
    bool has_v6;
    struct heap air;
    int in, out; /* of control */
    char line[LINE_LEN];
    size_t line_len;
    int child; /* pidfd, -1 without a command */
    pid_t pid;
};

static void die(const char *what)
{
    fprintf(stderr, "netem: %s: %s\n", what, strerror(errno));
    exit(EX_OSERR);
}

static void skip(const char *what)
{
    printf("SKIP no emulated link: %s: %s\n", what, strerror(errno));
    exit(EXIT_SKIP);
}

static uint64_t clock_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- namespaces and devices ---- */

static void device_up(const char *name)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = { .ifr_qlen = DEVICE_QUEUE };

    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    if (ioctl(fd, SIOCSIFTXQLEN, &request))
        die("queue of a device");
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    if (ioctl(fd, SIOCSIFFLAGS, &request))
        die("a device does not come up");
    close(fd);
}

static void ask(int fd, unsigned long what, struct ifreq *request,
                uint32_t address)
{
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(address) };

    memcpy(&request->ifr_addr, &at, sizeof at);
    if (ioctl(fd, what, request))
        die("IPv4 address");
}

/* The address of one end of a link, beside those of the others. */
static void add_v4(int fd, unsigned side, size_t link)
{
    struct ifreq request = { 0 };

    snprintf(request.ifr_name, sizeof request.ifr_name, "%s:%u", DEVICE,
             (unsigned)link);
    ask(fd, SIOCSIFADDR, &request,
        10u << 24 | (1 + side) << 16 | ((uint32_t)link + 1));
    if (link == 0) /* all of 10.0.0.0/8 lies beyond the device */
        ask(fd, SIOCSIFNETMASK, &request, 0xff000000);
}

static void add_v6(int fd, unsigned side, size_t link)
{
    struct in6_ifreq request = { .ifr6_prefixlen = 48,
                                 .ifr6_ifindex = (int)if_nametoindex(DEVICE) };
    uint8_t *bytes = request.ifr6_addr.s6_addr;

    bytes[0] = 0xfd;
    bytes[7] = (uint8_t)(1 + side);
    bytes[14] = (uint8_t)((link + 1) >> 8);
    bytes[15] = (uint8_t)(link + 1);
    if (ioctl(fd, SIOCSIFADDR, &request))
        die("IPv6 address");
}

static void add_addresses(struct netem *netem, unsigned side)
{
    int v4 = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int v6 = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    netem->has_v6 = v6 >= 0;
    for (size_t i = 0; i < netem->links.n; i++) {
        add_v4(v4, side, i);
        if (v6 >= 0)
            add_v6(v6, side, i);
    }
    close(v4);
    close(v6);
}

static void make_side(struct netem *netem, unsigned side)
{
    struct ifreq request = { .ifr_name = DEVICE,
                             .ifr_flags = IFF_TUN | IFF_NO_PI };
    int tun;

    if (unshare(CLONE_NEWNET))
        skip("a network namespace");
    tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (tun < 0)
        skip("/dev/net/tun");
    if (ioctl(tun, TUNSETIFF, &request))
        skip("a TUN device");
    device_up("lo");
    device_up(DEVICE);
    add_addresses(netem, side);
    netem->side[side].tun = tun;
    netem->side[side].ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (netem->side[side].ns < 0)
        skip("/proc/self/ns/net");
}

static void make_sides(struct netem *netem)
{
    int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

    if (home < 0)
        skip("/proc/self/ns/net");
    make_side(netem, 0);
    make_side(netem, 1);
    if (setns(home, CLONE_NEWNET))
        die("setns");
    close(home);
}

/* ---- packets ---- */

static void fly(struct netem *netem, const struct packet *packet, unsigned to,
                uint64_t at_ns)
{
    struct flying *flying = malloc(sizeof *flying + packet->len);

    if (!flying)
        die("memory");
    flying->timer.pos = 0;
    flying->to = to;
    flying->len = packet->len;
    memcpy(flying->ip, packet->ip, packet->len);
    heap_set(&netem->air, &flying->timer, at_ns);
}

static void enter(struct netem *netem, struct packet *packet, unsigned side)
{
    long link = packet_link(packet, side);
    struct packet_guise guise[2];
    struct pipe_fate fate;

    if (link < 0 || (size_t)link >= netem->links.n)
        return;
    for (unsigned i = 0; i < 2; i++) {
        const struct pipe_settings *set = &netem->links.of[link][i].set;

        guise[i].address = (unsigned)fmin(set->address, ADDRESS_MAX);
        guise[i].ports = (uint16_t)fmin(set->ports, UINT16_MAX);
    }
    if (!packet_translate(packet, side, guise))
        return;
    fate = pipe_pass(&netem->links.of[link][side], packet->len,
                     packet->protocol, clock_ns());
    for (unsigned i = 0; i < 2; i++)
        if (fate.at_ns[i])
            fly(netem, packet, !side, fate.at_ns[i]);
}

static void read_side(struct netem *netem, unsigned side)
{
    uint8_t ip[MTU + 64];
    struct packet packet;

    for (int i = 0; i < BATCH; i++) {
        ssize_t n = read(netem->side[side].tun, ip, sizeof ip);

        if (n <= 0)
            return;
        if (packet_parse(&packet, ip, (size_t)n))
            enter(netem, &packet, side);
    }
}

/* A packet that the device does not take is lost: a link is nothing more. */
static void deliver(struct netem *netem)
{
    struct timer *first;

    while ((first = heap_first(&netem->air)) && first->at <= clock_ns()) {
        struct flying *flying = (struct flying *)first;

        heap_set(&netem->air, first, NEVER);
        (void)!write(netem->side[flying->to].tun, flying->ip, flying->len);
        free(flying);
    }
}

/* ---- control ---- */

static void print_counts(const struct netem *netem)
{
    for (size_t i = 0; i < netem->links.n; i++)
        for (unsigned dir = 0; dir < 2; dir++) {
            const struct pipe_counts *count = &netem->links.of[i][dir].count;

            dprintf(netem->out,
                    "link=%zu dir=%s packets=%llu bytes=%llu blocked=%llu "
                    "full=%llu lost=%llu copied=%llu held=%llu\n",
                    i, dir ? "ba" : "ab", (unsigned long long)count->packets,
                    (unsigned long long)count->bytes,
                    (unsigned long long)count->blocked,
                    (unsigned long long)count->full,
                    (unsigned long long)count->lost,
                    (unsigned long long)count->copied,
                    (unsigned long long)count->held);
        }
}

static void obey(struct netem *netem, const char *line)
{
    struct str what, word = pipe_until(str_of(line), ' ', &what);
    struct str wrong = str_of(line);
    bool good = true;

    if (str_is(word, "set"))
        good = links_set(&netem->links, what, clock_ns(), &wrong);
    else if (str_is(word, "restart"))
        links_restart(&netem->links,
                      strtoull(what.ptr ? what.ptr : "1", NULL, 0));
    else if (str_is(word, "count"))
        print_counts(netem);
    else
        good = false;
    if (good)
        dprintf(netem->out, "ok\n");
    else
        dprintf(netem->out, "error %.*s\n", STR_ARG(wrong));
}

/* False when nobody will say anything any more. */
static bool read_control(struct netem *netem)
{
    size_t room = LINE_LEN - netem->line_len;
    ssize_t n = read(netem->in, netem->line + netem->line_len, room);
    char *end;

    if (n <= 0)
        return n < 0 && (errno == EAGAIN || errno == EINTR);
    netem->line_len += (size_t)n;
    while ((end = memchr(netem->line, '\n', netem->line_len))) {
        size_t len = (size_t)(end + 1 - netem->line);

        *end = '\0';
        obey(netem, netem->line);
        netem->line_len -= len;
        memmove(netem->line, end + 1, netem->line_len);
    }
    return netem->line_len < LINE_LEN;
}

/* ---- the command ---- */

static void tell(const char *name, const char *value, bool has_command)
{
    if (has_command)
        setenv(name, value, 1);
    else
        printf(" %s=%s", name, value);
}

static void tell_all(const struct netem *netem, bool has_command)
{
    char text[64], name[8];

    if (!has_command)
        printf("ready");
    for (unsigned i = 0; i < 2; i++) {
        snprintf(text, sizeof text, "/proc/%d/fd/%d", (int)getpid(),
                 netem->side[i].ns);
        snprintf(name, sizeof name, "NS_%c", 'A' + (int)i);
        tell(name, text, has_command);
        snprintf(text, sizeof text, "10.%u.0.1", i + 1);
        snprintf(name, sizeof name, "IP_%c", 'A' + (int)i);
        tell(name, text, has_command);
        snprintf(text, sizeof text, "fd00:0:0:%u::1", i + 1);
        snprintf(name, sizeof name, "IP6_%c", 'A' + (int)i);
        if (netem->has_v6)
            tell(name, text, has_command);
    }
    if (!has_command)
        putchar('\n');
    fflush(stdout);
}

static void start(struct netem *netem, char **command)
{
    pid_t parent = getpid();
    char fd[16];
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
        die("socketpair");
    fcntl(pair[0], F_SETFD, FD_CLOEXEC);
    snprintf(fd, sizeof fd, "%d", pair[1]);
    setenv("NETEM_FD", fd, 1);
    tell_all(netem, true);
    netem->pid = fork();
    if (netem->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() == parent)
            execvp(*command, command);
        die(*command);
    }
    close(pair[1]);
    netem->in = netem->out = pair[0];
    netem->child = netem->pid < 0 ? -1 : pidfd_open(netem->pid, 0);
    if (netem->child < 0)
        die("the command");
}

static int exit_status(const struct netem *netem)
{
    int status = 0;

    if (netem->child < 0)
        return 0;
    waitpid(netem->pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- */

/* Whoever waits for a packet must not wait for a processor as well. */
static void take_precedence(void)
{
    struct sched_param param = { .sched_priority = PRIORITY };

    prctl(PR_SET_TIMERSLACK, 1);
    if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param))
        fprintf(stderr, "netem: no real-time priority: %s\n", strerror(errno));
}

static struct timespec until(const struct netem *netem)
{
    const struct timer *first = heap_first(&netem->air);
    uint64_t now = clock_ns(), wait = 1000000000;

    if (first)
        wait = first->at > now ? time_min(wait, first->at - now) : 0;
    return (struct timespec){ (time_t)(wait / 1000000000),
                              (long)(wait % 1000000000) };
}

/* Until the command ends, or the input does. */
static void run(struct netem *netem)
{
    struct pollfd fds[] = { { .fd = netem->side[0].tun, .events = POLLIN },
                            { .fd = netem->side[1].tun, .events = POLLIN },
                            { .fd = netem->in, .events = POLLIN },
                            { .fd = netem->child, .events = POLLIN } };

    while (!fds[3].revents) {
        struct timespec wait = until(netem);

        if (ppoll(fds, sizeof fds / sizeof *fds, &wait, NULL) < 0)
            continue;
        for (unsigned side = 0; side < 2; side++)
            if (fds[side].revents)
                read_side(netem, side);
        deliver(netem);
        if (fds[2].revents && !read_control(netem)) {
            if (netem->child < 0)
                break;
            fds[2].fd = -1; /* the command does not want it */
        }
    }
}

static void usage(void)
{
    fputs("usage: netem [-l LINKS] [-r SEED] [-s SPEC] [COMMAND ...]\n"
          "SPEC is NAME=VALUE,... of\n",
          stderr);
    for (size_t i = 0; i < PIPE_N_ROWS; i++)
        fprintf(stderr, "    %-9s %s\n", PIPE_ROWS[i].name, PIPE_ROWS[i].doc);
    exit(EX_USAGE);
}

int main(int argc, char **argv)
{
    static struct netem netem = { .out = 1, .child = -1 };
    struct str spec = { 0 }, wrong;
    uint64_t seed = 1;
    size_t n = 1;
    int c;

    while ((c = getopt(argc, argv, "+l:r:s:")) != -1) {
        switch (c) {
        case 'l': n = strtoul(optarg, NULL, 10); break;
        case 'r': seed = strtoull(optarg, NULL, 0); break;
        case 's': spec = str_of(optarg); break;
        default: usage();
        }
    }
    if (n == 0 || n > LINKS_MAX)
        usage();
    links_init(&netem.links, n, seed);
    if (!links_set(&netem.links, spec, clock_ns(), &wrong)) {
        fprintf(stderr, "netem: no setting: %.*s\n", STR_ARG(wrong));
        usage();
    }
    make_sides(&netem);
    signal(SIGPIPE, SIG_IGN);
    if (argv[optind])
        start(&netem, argv + optind);
    else
        tell_all(&netem, false);
    take_precedence();
    run(&netem);
    return exit_status(&netem);
}
