/* SPDX-License-Identifier: MIT
 *
 * Bytes owed to a terminal; see pump.h.
 */
#include "tui/pump.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "shared/mem.h"

enum { PROBE_MS = 5000 }; /* between two questions, at least */

/* "Are you well?" and the answer of every terminal since the VT100. */
static const char PROBE[] = "\033[5n";
static const char ANSWER[] = "\033[0n";

void pump_init(struct pump *p, int fd)
{
    *p = (struct pump){ .fd = fd };
}

void pump_fini(struct pump *p)
{
    free(p->queue);
    *p = (struct pump){ .fd = -1 };
}

void pump_drop(struct pump *p)
{
    p->from = p->to = 0;
    p->probing = false;
}

void pump_flush(struct pump *p, uint64_t now_ms)
{
    while (p->from < p->to) {
        ssize_t n = write(p->fd, p->queue + p->from, p->to - p->from);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN)
            n = (ssize_t)(p->to - p->from); /* nobody is there to read it */
        if (n <= 0)
            break;
        p->from += (size_t)n;
        p->moved_ms = now_ms;
    }
    if (p->from == p->to)
        p->from = p->to = 0;
}

/* Make room behind the queue. */
static void make_room(struct pump *p, size_t len)
{
    size_t owed = p->to - p->from;

    if (p->from > 0) {
        memmove(p->queue, p->queue + p->from, owed);
        p->from = 0;
        p->to = owed;
    }
    if (owed + len <= p->cap)
        return;
    p->cap = owed + len;
    p->queue = mem_resize(p->queue, p->cap, 1);
}

bool pump_write(struct pump *p, struct str bytes, size_t max, uint64_t now_ms)
{
    size_t owed = p->to - p->from;

    if (owed > 0 && owed + bytes.len > max)
        return false;
    if (bytes.len == 0)
        return true;
    if (owed == 0)
        p->moved_ms = now_ms;
    make_room(p, bytes.len);
    memcpy(p->queue + p->to, bytes.ptr, bytes.len);
    p->to += bytes.len;
    pump_flush(p, now_ms);
    return true;
}

uint64_t pump_stuck_ms(const struct pump *p, uint64_t now_ms)
{
    uint64_t since = now_ms;

    if (pump_busy(p))
        since = p->moved_ms;
    if (p->probing && p->answers && p->probed_ms < since)
        since = p->probed_ms;
    return now_ms - since;
}

void pump_probe(struct pump *p, uint64_t now_ms)
{
    if (p->probing || (p->probed_ms && now_ms - p->probed_ms < PROBE_MS))
        return;
    p->probing = pump_write(p, str_of(PROBE), SIZE_MAX, now_ms);
    p->probed_ms = now_ms;
}

/* Whatever comes shows that the terminal is alive; an answer to a probe, that
 * its silence will mean something. */
void pump_heard(struct pump *p, struct str bytes)
{
    p->probing = false;
    for (size_t i = 0; i < bytes.len && !p->answers; i++) {
        if (bytes.ptr[i] == ANSWER[p->matched])
            p->matched++;
        else
            p->matched = bytes.ptr[i] == ANSWER[0];
        p->answers = p->matched == sizeof ANSWER - 1;
    }
}

/* One wait for the terminal to take or say something; false: it is gone. */
static bool linger_once(struct pump *p, uint64_t ms)
{
    struct pollfd fd = { p->fd, POLLIN, 0 };
    char bytes[1024];
    ssize_t n;

    if (pump_busy(p))
        fd.events |= POLLOUT;
    if (poll(&fd, 1, (int)ms) < 0)
        return errno == EINTR;
    if (fd.revents & (POLLERR | POLLHUP | POLLNVAL))
        return false;
    if (!(fd.revents & POLLIN))
        return true;
    n = read(p->fd, bytes, sizeof bytes);
    if (n > 0)
        pump_heard(p, str_bytes(bytes, (size_t)n));
    return n != 0;
}

void pump_linger(struct pump *p, unsigned ms, uint64_t (*clock_ms)(void))
{
    uint64_t now = clock_ms(), end = now + ms;

    while ((pump_busy(p) || (p->probing && p->answers)) && now < end) {
        if (!linger_once(p, end - now))
            break;
        now = clock_ms();
        pump_flush(p, now);
    }
}
