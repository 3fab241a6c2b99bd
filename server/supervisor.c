/* SPDX-License-Identifier: MIT
 *
 * The supervisor; see supervisor.h.
 */
#include "server/supervisor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sysexits.h>

#include <systemd/sd-daemon.h>

/* What each kind of socket is, in the order of enum inherited. */
static const struct {
    const char *name;
    int domain, type; /* AF_UNSPEC: IPv4 or IPv6 */
} KINDS[] = {
    { "TCP", AF_UNSPEC, SOCK_STREAM },
    { "UDP", AF_UNSPEC, SOCK_DGRAM },
    { "Unix", AF_UNIX, SOCK_STREAM },
};

static int kind_of(int fd)
{
    int is_unix = sd_is_socket(fd, AF_UNIX, 0, -1) > 0;

    for (int i = 0; i < INHERITED_COUNT; i++)
        if (is_unix == (KINDS[i].domain == AF_UNIX) &&
            sd_is_socket(fd, KINDS[i].domain, KINDS[i].type, -1) > 0)
            return i;
    return -1;
}

static int take(struct supervisor *supervisor, int fd, char *error, size_t cap)
{
    int kind = kind_of(fd);

    if (kind < 0) {
        snprintf(error, cap,
                 "descriptor %d that systemd handed over is no socket for "
                 "clients; see the .socket unit",
                 fd);
        return EX_CONFIG;
    }
    if (supervisor->sockets[kind] >= 0) {
        snprintf(error, cap,
                 "systemd handed over two %s sockets, and one can be used; "
                 "see the .socket unit",
                 KINDS[kind].name);
        return EX_CONFIG;
    }
    supervisor->sockets[kind] = fd;
    return 0;
}

int supervisor_open(struct supervisor *supervisor, char *error, size_t cap)
{
    uint64_t watchdog_us = 0;
    int n = sd_listen_fds(1), err = 0;

    *supervisor = (struct supervisor){ .sockets = { -1, -1, -1 } };
    for (int i = 0; i < n && !err; i++)
        err = take(supervisor, SD_LISTEN_FDS_START + i, error, cap);
    if (sd_watchdog_enabled(0, &watchdog_us) > 0)
        supervisor->beat_us = watchdog_us / 2; /* as sd_notify(3) advises */
    return err;
}

bool supervisor_reads(int fd)
{
    const char *stream = getenv("JOURNAL_STREAM");
    uintmax_t device, inode;
    struct stat at;
    char *end;

    if (!stream || fstat(fd, &at))
        return false;
    device = strtoumax(stream, &end, 10);
    if (end == stream || *end != ':')
        return false;
    inode = strtoumax(end + 1, NULL, 10);
    return at.st_dev == device && at.st_ino == inode;
}

void supervisor_ready(const char *places)
{
    sd_notifyf(0, "READY=1\nSTATUS=%s", places);
}

void supervisor_reloading(struct now now)
{
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, now.mono_us);
}

void supervisor_stopping(void)
{
    sd_notify(0, "STOPPING=1");
}

uint64_t supervisor_look(struct supervisor *supervisor, struct now now)
{
    if (!supervisor->beat_us)
        return NEVER;
    if (now.mono_us >= supervisor->beat_at_us) {
        sd_notify(0, "WATCHDOG=1");
        supervisor->beat_at_us = now.mono_us + supervisor->beat_us;
    }
    return supervisor->beat_at_us;
}
