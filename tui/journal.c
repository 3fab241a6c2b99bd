/* SPDX-License-Identifier: MIT
 *
 * The file of journal.h.  A crash can only tear what was written last and not
 * synced yet; such a tail is cut off.  Anything else that does not add up is
 * damage: the file is renamed, never overwritten, and a new one begun.
 */
#include "tui/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/mem.h"

static const char MAGIC[8] = { 'c', 'h', 'a', 't', 'b', 'o', 'x', '1' };

enum { FILE_MAX = 64 * 1024 * 1024 }; /* bytes; a larger file is damage */

struct journal {
    char *path;
    int fd;          /* at its end; -1 while restarting before the first sync */
    size_t written;  /* bytes in the file */
    uint8_t *buffer; /* appended, not written; at first what was read */
    size_t len, cap;
    bool must;    /* something in buffer must survive a crash */
    bool restart; /* buffer becomes the whole file */
};

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
           p[3];
}

static void put32(uint8_t *p, uint32_t n)
{
    p[0] = (uint8_t)(n >> 24);
    p[1] = (uint8_t)(n >> 16);
    p[2] = (uint8_t)(n >> 8);
    p[3] = (uint8_t)n;
}

/* CRC-32 (IEEE 802.3), four bits at a time: the table stays readable. */
static uint32_t crc32(const uint8_t *p, size_t len)
{
    static const uint32_t NIBBLE[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
        0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < len; i++) {
        crc ^= p[i];
        crc = crc >> 4 ^ NIBBLE[crc & 15];
        crc = crc >> 4 ^ NIBBLE[crc & 15];
    }
    return ~crc;
}

bool journal_next(struct str *records, struct str *payload)
{
    const uint8_t *p = (const uint8_t *)records->ptr;
    size_t len;

    if (records->len < RECORD_HEAD)
        return false;
    len = get32(p);
    if (len == 0 || len > RECORD_MAX || len > records->len - RECORD_HEAD ||
        crc32(p + RECORD_HEAD, len) != get32(p + 4))
        return false;
    *payload = str_bytes(p + RECORD_HEAD, len);
    *records = str_from(*records, RECORD_HEAD + len);
    return true;
}

/* Whether a whole record lies anywhere behind the first byte. */
static bool holds_record(struct str rest)
{
    struct str payload;

    for (size_t i = 1; i < rest.len; i++) {
        struct str tail = str_from(rest, i);

        if (journal_next(&tail, &payload))
            return true;
    }
    return false;
}

/*
 * Whether the rest of a file, which has no whole record at its front, is what a
 * crash leaves: a record that is not all there, or blocks of zeros that were
 * given to the file before their contents were.  A whole record behind it
 * proves that it is not.
 */
static bool is_torn(struct str rest)
{
    const uint8_t *p = (const uint8_t *)rest.ptr;
    size_t len, zeros = 0;

    if (rest.len < RECORD_HEAD)
        return true;
    len = get32(p);
    if (len >= rest.len - RECORD_HEAD)
        return !holds_record(rest);
    while (zeros < rest.len && p[zeros] == 0)
        zeros++;
    return zeros == rest.len;
}

/* The good part of the file's bytes; false when there is damage. */
static bool check(struct str file, struct str *good)
{
    struct str rest, payload;

    *good = str_of(NULL);
    if (file.len < sizeof MAGIC)
        return file.len == 0 || memcmp(file.ptr, MAGIC, file.len) == 0;
    if (memcmp(file.ptr, MAGIC, sizeof MAGIC) != 0)
        return false;
    rest = str_from(file, sizeof MAGIC);
    while (journal_next(&rest, &payload))
        continue;
    *good =
        str_bytes(file.ptr + sizeof MAGIC, file.len - sizeof MAGIC - rest.len);
    return rest.len == 0 || is_torn(rest);
}

/* Read all of fd into the buffer; -1 with errno. */
static int read_all(struct journal *j, size_t size)
{
    j->buffer = mem_new(size + 1, 1);
    j->cap = size + 1;
    while (j->len < size) {
        ssize_t got = read(j->fd, j->buffer + j->len, size - j->len);

        if (got < 0)
            return -1;
        if (got == 0)
            break;
        j->len += (size_t)got;
    }
    return 0;
}

/* Give the damaged file another name, and begin anew. */
static int put_aside(struct journal *j, char *aside, size_t cap)
{
    struct stat st;
    unsigned n = 1;

    do
        snprintf(aside, cap, "%s.damaged-%u", j->path, n);
    while (stat(aside, &st) == 0 && n++ < 1000);
    if (rename(j->path, aside) < 0)
        return -1;
    close(j->fd);
    j->fd = open(j->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    return j->fd < 0 ? -1 : 0;
}

/* Take what the file has; cut off what a crash tore. */
static int load(struct journal *j, struct str *records, char *aside, size_t cap)
{
    struct stat st;
    bool sound;

    if (fstat(j->fd, &st) < 0)
        return -1;
    sound = st.st_size <= FILE_MAX;
    if (sound && read_all(j, (size_t)st.st_size) < 0)
        return -1;
    if (sound)
        sound = check(str_bytes(j->buffer, j->len), records);
    j->len = 0;
    if (!sound) {
        *records = str_of(NULL);
        return put_aside(j, aside, cap);
    }
    j->written = records->len ? sizeof MAGIC + records->len : 0;
    if (ftruncate(j->fd, (off_t)j->written) < 0)
        return -1;
    return lseek(j->fd, 0, SEEK_END) < 0 ? -1 : 0;
}

struct journal *journal_open(const char *path, struct str *records, char *aside,
                             size_t cap)
{
    struct journal *j = mem_new(1, sizeof *j);
    int saved;

    *aside = '\0';
    *records = str_of(NULL);
    j->path = mem_str(str_of(path));
    j->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (j->fd >= 0 && load(j, records, aside, cap) == 0)
        return j;
    saved = errno;
    journal_close(j);
    errno = saved;
    return NULL;
}

void journal_close(struct journal *j)
{
    if (!j)
        return;
    if (j->fd >= 0)
        close(j->fd);
    free(j->buffer);
    free(j->path);
    free(j);
}

static void put(struct journal *j, const void *bytes, size_t len)
{
    void *grown = j->buffer;

    mem_grow(&grown, &j->cap, j->len + len, 1);
    j->buffer = grown;
    memcpy(j->buffer + j->len, bytes, len);
    j->len += len;
}

void journal_append(struct journal *j, struct str payload, bool must)
{
    uint8_t head[RECORD_HEAD];

    if (j->len == 0 && (j->written == 0 || j->restart))
        put(j, MAGIC, sizeof MAGIC);
    put32(head, (uint32_t)payload.len);
    put32(head + 4, crc32((const uint8_t *)payload.ptr, payload.len));
    put(j, head, sizeof head);
    put(j, payload.ptr, payload.len);
    j->must = j->must || must;
}

static int write_all(int fd, const uint8_t *p, size_t len)
{
    while (len) {
        ssize_t n = write(fd, p, len);

        if (n < 0 && errno != EINTR)
            return -1;
        if (n > 0) {
            p += n;
            len -= (size_t)n;
        }
    }
    return 0;
}

/* So that a rename survives a crash as well. */
static void sync_directory(const char *path)
{
    char *dir = mem_str(str_of(path)), *slash = strrchr(dir, '/');
    int fd;

    if (slash)
        *slash = '\0';
    fd = open(slash ? dir : ".", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(dir);
}

/* The buffer becomes the whole file. */
static int replace(struct journal *j)
{
    char *fresh = mem_new(strlen(j->path) + 5, 1);
    int fd, err = -1;

    sprintf(fresh, "%s.new", j->path);
    fd = open(fresh, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd >= 0 && write_all(fd, j->buffer, j->len) == 0 &&
        fdatasync(fd) == 0 && rename(fresh, j->path) == 0) {
        sync_directory(j->path);
        close(j->fd);
        j->fd = fd;
        j->written = j->len;
        j->len = 0;
        j->must = j->restart = false;
        err = 0;
    } else if (fd >= 0) {
        close(fd);
    }
    free(fresh);
    return err;
}

int journal_sync(struct journal *j)
{
    bool must = j->must, first = j->written == 0;

    if (j->restart)
        return replace(j);
    if (j->len == 0)
        return 0;
    if (write_all(j->fd, j->buffer, j->len) < 0) {
        /* A half-written batch would be taken for damage later. */
        if (ftruncate(j->fd, (off_t)j->written) == 0)
            lseek(j->fd, 0, SEEK_END);
        return -1;
    }
    j->written += j->len;
    j->len = 0;
    j->must = false;
    if (must && fdatasync(j->fd) < 0)
        return -1;
    if (first)
        sync_directory(j->path);
    return 0;
}

size_t journal_size(const struct journal *j)
{
    return (j->restart ? 0 : j->written) + j->len;
}

void journal_restart(struct journal *j)
{
    j->len = 0;
    j->must = true;
    j->restart = true;
}
