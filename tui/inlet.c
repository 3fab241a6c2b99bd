/* SPDX-License-Identifier: MIT */
#include "tui/inlet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "shared/bounds.h"
#include "shared/mem.h"

enum { READ_BYTES = 64 * 1024 };

bool inlet_is_endless(const struct inlet *inlet)
{
    return lines_held(&inlet->lines) > READ_BYTES + BODY_MAX;
}

static void read_some(struct inlet *inlet)
{
    ssize_t len = read(STDIN_FILENO, inlet->buffer, READ_BYTES);

    if (len > 0) {
        lines_feed(&inlet->lines, str_bytes(inlet->buffer, (size_t)len));
    } else if (len == 0 || (errno != EAGAIN && errno != EINTR)) {
        lines_end(&inlet->lines);
        inlet->ended = true;
        inlet_watch(inlet, false);
    }
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    read_some(poll->data);
}

static void on_idle(uv_idle_t *idle)
{
    read_some(idle->data);
}

void inlet_watch(struct inlet *inlet, bool want)
{
    if (want == inlet->watched)
        return;
    inlet->watched = want;
    if (inlet->file && want)
        uv_idle_start(&inlet->idle, on_idle);
    else if (inlet->file)
        uv_idle_stop(&inlet->idle);
    else if (want)
        uv_poll_start(&inlet->poll, UV_READABLE | UV_DISCONNECT, on_readable);
    else
        uv_poll_stop(&inlet->poll);
}

/*
 * libuv makes the description non-blocking, which others share; that is taken
 * back, as a read that poll has announced does not block.
 */
void inlet_open(struct inlet *inlet, uv_loop_t *loop)
{
    int flags = fcntl(STDIN_FILENO, F_GETFL);

    inlet->buffer = mem_new(1, READ_BYTES);
    inlet->terminal = isatty(STDIN_FILENO);
    inlet->file = uv_poll_init(loop, &inlet->poll, STDIN_FILENO) != 0;
    if (flags >= 0)
        fcntl(STDIN_FILENO, F_SETFL, flags);
    uv_idle_init(loop, &inlet->idle);
    inlet->poll.data = inlet->idle.data = inlet;
}

void inlet_close(struct inlet *inlet)
{
    uv_close((uv_handle_t *)&inlet->idle, NULL);
    if (!inlet->file)
        uv_close((uv_handle_t *)&inlet->poll, NULL);
}

void inlet_fini(struct inlet *inlet)
{
    lines_fini(&inlet->lines);
    free(inlet->buffer);
}
