/* SPDX-License-Identifier: MIT
 *
 * A file in memory; see sink.h.
 */
#include "tui/sink.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "shared/mem.h"

/* Shared memory without a name; where there is none, a temporary file. */
static FILE *open_file(void)
{
    char name[64];
    int fd;

    snprintf(name, sizeof name, "/chat-tui.%ld", (long)getpid());
    fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (fd < 0)
        return tmpfile();
    (void)shm_unlink(name);
    return fdopen(fd, "w+");
}

void sink_init(struct sink *s)
{
    *s = (struct sink){ .file = open_file() };
}

void sink_fini(struct sink *s)
{
    if (s->file)
        (void)fclose(s->file);
    free(s->bytes);
    *s = (struct sink){ NULL, NULL, 0 };
}

struct str sink_take(struct sink *s)
{
    int fd = fileno(s->file);
    off_t end;
    ssize_t n;

    (void)fflush(s->file);
    end = lseek(fd, 0, SEEK_CUR);
    if (end <= 0)
        return (struct str){ NULL, 0 };
    if ((size_t)end > s->cap) {
        s->cap = (size_t)end;
        s->bytes = mem_resize(s->bytes, s->cap, 1);
    }
    n = pread(fd, s->bytes, (size_t)end, 0);
    (void)lseek(fd, 0, SEEK_SET);
    return str_bytes(s->bytes, n > 0 ? (size_t)n : 0);
}
