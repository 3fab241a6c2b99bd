/* SPDX-License-Identifier: MIT */
#include "tui/outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static void on_writable(uv_poll_t *poll, int status, int events)
{
    struct outlet *outlet = poll->data;

    if (status < 0 || events & UV_DISCONNECT)
        outlet->broken = true;
    /* It woke the loop; the owner's turn writes. */
}

void outlet_open(struct outlet *outlet, uv_loop_t *loop)
{
    struct stat st;

    outlet->fd = STDOUT_FILENO;
    outlet->poll.data = outlet;
    outlet->file = fstat(STDOUT_FILENO, &st) < 0 || S_ISREG(st.st_mode);
    if (outlet->file)
        return;
    outlet->fd =
        open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (outlet->fd < 0) { /* a socket cannot be opened again */
        outlet->fd = STDOUT_FILENO;
        fcntl(STDOUT_FILENO, F_SETFL,
              fcntl(STDOUT_FILENO, F_GETFL) | O_NONBLOCK);
    }
    outlet->file = uv_poll_init(loop, &outlet->poll, outlet->fd) != 0;
    outlet->poll.data = outlet;
    if (!outlet->file)
        uv_poll_start(&outlet->poll, UV_DISCONNECT, on_writable);
}

void outlet_close(struct outlet *outlet)
{
    if (!outlet->file)
        uv_close((uv_handle_t *)&outlet->poll, NULL);
}

void outlet_fini(struct outlet *outlet)
{
    if (outlet->fd != STDOUT_FILENO)
        close(outlet->fd);
}

size_t outlet_write(struct outlet *outlet, struct str s)
{
    size_t done = 0;

    while (done < s.len && !outlet->broken) {
        ssize_t n = write(outlet->fd, s.ptr + done, s.len - done);

        if (n > 0)
            done += (size_t)n;
        else if (n < 0 && errno == EAGAIN)
            break;
        else if (n < 0 && errno != EINTR)
            outlet->broken = true;
    }
    return done;
}

void outlet_watch(struct outlet *outlet, bool waiting)
{
    if (outlet->file || outlet->broken || waiting == outlet->waiting)
        return;
    outlet->waiting = waiting;
    uv_poll_start(&outlet->poll,
                  waiting ? UV_WRITABLE | UV_DISCONNECT : UV_DISCONNECT,
                  on_writable);
}
