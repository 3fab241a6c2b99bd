/* SPDX-License-Identifier: MIT
 *
 * usage: bench_store [DIRECTORY]
 * Acknowledged durable lines a second and how long an acknowledgement takes,
 * for 1, 16 and 256 senders with one line of 200 bytes on its way each, in
 * 1000 rooms of which few are busy (the nth has a share of 1/n), and for 256 in
 * rooms all alike; beside them what the same disk does when an append log is
 * written and fdatasync'ed for as many at once, and the same store with a
 * transaction for every line; and for 256 while all is copied.  CPU is that of
 * all threads.  Then pages of a large room, warm and cold.
 *
 *     SECONDS=3   of each run       ROWS=1000000   lines of the large room
 *     FILL=0      lines that are there before, in the 1000 rooms
 *     SYNC_MS=0   every sync takes so much longer, as on a slow disk
 *     LOG_PAGES=0 see store_config  SENDERS=0      nothing but so many
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "server/event.h"
#include "server/metrics.h"
#include "server/store.h"
#include "shared/mem.h"
#include "shared/rng.h"
#include "shared/wire.h"
#include "tests/bench/slow_vfs.h"

enum { ROOMS = 1000, BODY = 200, SENDERS_MAX = 1024, SAMPLES_MAX = 1 << 22 };

struct bench {
    char dir[200], path[256];
    uint64_t seconds, rows, fill, log_pages;
    struct store *store;
    struct rng rng;
    bool alike;                /* the rooms: one is as busy as another */
    uint64_t upto[ROOMS];      /* shares of the rooms up to each, of the last */
    uint64_t heads[ROOMS + 2]; /* by room */
    uint64_t cseqs[SENDERS_MAX + 1]; /* by device */
    uint64_t put_ns[SENDERS_MAX + 1];
    uint64_t *samples; /* ns */
    size_t n;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool ready;
};

static uint64_t clock_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text ? strtoull(text, NULL, 10) : otherwise;
}

/* ---- figures ---- */

static int compare(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

static double ms_at(const struct bench *b, double share)
{
    return b->n ? (double)b->samples[(size_t)((double)(b->n - 1) * share)] / 1e6
                : 0;
}

static void sample(struct bench *b, uint64_t ns)
{
    if (b->n < SAMPLES_MAX)
        b->samples[b->n++] = ns;
}

static void report(struct bench *b, const char *what, uint64_t lines,
                   uint64_t ns)
{
    qsort(b->samples, b->n, sizeof *b->samples, compare);
    printf("%-34s %8.0f /s   ms p50 %8.3f  p99 %8.3f  p99.9 %8.3f\n", what,
           (double)lines * 1e9 / (double)ns, ms_at(b, 0.5), ms_at(b, 0.99),
           ms_at(b, 0.999));
    fflush(stdout);
    b->n = 0;
}

/* ---- the disk alone ---- */

static void bench_disk(struct bench *b, size_t senders)
{
    static const char RECORD[250] = "x";
    char path[300], what[40];
    uint64_t begun = clock_ns(), lines = 0,
             end = begun + b->seconds * 1000000000;
    int fd;

    snprintf(path, sizeof path, "%s/log", b->dir);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    while (clock_ns() < end) {
        uint64_t start = clock_ns();

        for (size_t i = 0; i < senders; i++)
            if (write(fd, RECORD, sizeof RECORD) != sizeof RECORD)
                exit(1);
        fdatasync(fd);
        slow_wait();
        sample(b, clock_ns() - start);
        lines += senders;
    }
    snprintf(what, sizeof what, "append log, %zu at once", senders);
    report(b, what, lines, clock_ns() - begun);
    close(fd);
    unlink(path);
}

/* ---- a store ---- */

static void on_ready(void *ctx)
{
    struct bench *b = ctx;

    pthread_mutex_lock(&b->lock);
    b->ready = true;
    pthread_cond_signal(&b->wake);
    pthread_mutex_unlock(&b->lock);
}

static void wait_ready(struct bench *b)
{
    pthread_mutex_lock(&b->lock);
    while (!b->ready)
        pthread_cond_wait(&b->wake, &b->lock);
    b->ready = false;
    pthread_mutex_unlock(&b->lock);
}

static void on_row(void *ctx, const struct store_row *row)
{
    struct bench *b = ctx;

    if (row->kind == ROW_ROOM && row->room < ROOMS + 2)
        b->heads[row->room] = row->head;
    if (row->kind == ROW_DEVICE && row->device <= SENDERS_MAX)
        b->cseqs[row->device] = row->cseq;
}

/* The rooms, at the first time. */
static void found(struct bench *b)
{
    struct store_batch batch;

    for (uint64_t room = 1; room < ROOMS + 2; room++) {
        struct store_op op = { .effect = EFFECT_FOUND,
                               .kind = room_PUBLIC,
                               .room = room };
        char name[16];

        snprintf(name, sizeof name, "#r%d", (int)room);
        op.text = mem_str(str_of(name));
        store_put(b->store, &op);
    }
    store_commit(b->store);
    while (!store_written(b->store, &batch))
        wait_ready(b);
    store_release(b->store, &batch);
}

static void begin(struct bench *b, bool threads)
{
    struct store_config config = { .path = b->path,
                                   .vfs = slow_sync_ms ? "slow" : NULL,
                                   .threads = threads,
                                   .secret = { 1, 2 },
                                   .epoch = 1,
                                   .mark = STORE_NO_MARK,
                                   .room_events = 1000,
                                   .recent_bytes = 64 << 20,
                                   .queue = 1 << 20,
                                   .log_pages = (unsigned)b->log_pages };
    struct store_opened opened;

    b->store = store_open(&config, &opened);
    if (!b->store) {
        printf("%s: %s\n", b->path, opened.why);
        exit(1);
    }
    store_recall(b->store, on_row, b);
    store_on_ready(b->store, on_ready, b);
    if (opened.is_new)
        found(b);
}

static void end(struct bench *b)
{
    store_free(b->store);
    b->store = NULL;
}

static void put_line(struct bench *b, uint64_t room, uint64_t device)
{
    static const char TEXT[BODY + 1] =
        "the quick brown fox jumps over the lazy dog, then naps a while; "
        "the quick brown fox jumps over the lazy dog, then naps a while; "
        "the quick brown fox jumps over the lazy dog, then naps a while; "
        ".......";
    struct msg_event body = { .room = room,
                              .seq = ++b->heads[room],
                              .ts = 1700000000000 + b->heads[room],
                              .kind = event_MESSAGE,
                              .account = device,
                              .device = device,
                              .cseq = ++b->cseqs[device],
                              .nick = { "somebody", 8 },
                              .text = { TEXT, BODY } };
    struct store_op op = { .account = device,
                           .device = device,
                           .cseq = body.cseq,
                           .room = room,
                           .event = event_new(&body) };

    b->put_ns[device] = clock_ns();
    store_put(b->store, &op);
}

/* Rooms as people use them: the nth is 1/n as busy as the first. */
static void share_rooms(struct bench *b)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < ROOMS; i++)
        b->upto[i] = sum += 1000000 / (i + 1);
}

static uint64_t some_room(struct bench *b)
{
    uint64_t at = rng_below(&b->rng, b->alike ? ROOMS : b->upto[ROOMS - 1]);
    size_t lo = 0, hi = ROOMS - 1;

    if (b->alike)
        return 1 + at;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;

        if (b->upto[mid] <= at)
            lo = mid + 1;
        else
            hi = mid;
    }
    return 1 + lo;
}

/* Take what is written; every sender says its next line.  returns how many */
static size_t take(struct bench *b)
{
    struct store_batch batch;
    uint64_t now = clock_ns();
    size_t n = 0;

    if (!store_written(b->store, &batch))
        return 0;
    if (batch.error) {
        printf("not stored: %s\n", store_trouble(b->store));
        exit(1);
    }
    for (; n < batch.n; n++) {
        sample(b, now - b->put_ns[batch.ops[n].device]);
        put_line(b, some_room(b), batch.ops[n].device);
    }
    store_release(b->store, &batch);
    return n;
}

static uint64_t cpu_us(void)
{
    struct rusage use;

    getrusage(RUSAGE_SELF, &use);
    return (uint64_t)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000000 +
           (uint64_t)(use.ru_utime.tv_usec + use.ru_stime.tv_usec);
}

static void bench_senders(struct bench *b, size_t senders)
{
    uint64_t begun, until, cpu, lines = 0;
    struct metrics metrics = { 0 };
    char what[40];

    begin(b, true);
    begun = clock_ns();
    cpu = cpu_us();
    until = begun + b->seconds * 1000000000;
    for (size_t i = 1; i <= senders; i++)
        put_line(b, some_room(b), i);
    while (clock_ns() < until) {
        store_commit(b->store);
        if (!store_is_ready(b->store))
            wait_ready(b);
        lines += take(b);
    }
    store_measure(b->store, &metrics);
    cpu = cpu_us() - cpu;
    snprintf(what, sizeof what, "store, %zu senders%s", senders,
             b->alike ? ", rooms alike" : "");
    report(b, what, lines, clock_ns() - begun);
    printf("    %.1f lines a commit, %.2f ms each, %.1f us CPU a line, log "
           "%.1f MB\n",
           (double)lines / (double)metrics.commits,
           (double)metrics.commit_us / 1e3 / (double)metrics.commits,
           (double)cpu / (double)lines, (double)metrics.store_log_bytes / 1e6);
    end(b);
}

/* 256 senders while all that there is is copied. */
static void bench_copy(struct bench *b)
{
    uint64_t begun, lines = 0, log_most = 0;
    struct metrics metrics = { 0 };
    struct store_chore chore;
    char path[300];

    snprintf(path, sizeof path, "%s/copy", b->dir);
    fclose(fopen(path, "w"));
    begin(b, true);
    begun = clock_ns();
    store_begin_chore(b->store, CHORE_COPY, path);
    for (size_t i = 1; i <= 256; i++)
        put_line(b, some_room(b), i);
    do {
        store_commit(b->store);
        if (!store_is_ready(b->store))
            wait_ready(b);
        lines += take(b);
        chore = store_chore(b->store);
        store_measure(b->store, &metrics);
        if (metrics.store_log_bytes > log_most)
            log_most = metrics.store_log_bytes;
    } while (chore.state == CHORE_RUNS);
    report(b, "store, 256 senders, being copied", lines, clock_ns() - begun);
    printf("    %.1f MB copied in %.1f s%s%s, log at most %.1f MB\n",
           (double)chore.done / 1e6, (double)(clock_ns() - begun) / 1e9,
           chore.state == CHORE_FAILED ? ": " : "", chore.why,
           (double)log_most / 1e6);
    store_end_chore(b->store);
    end(b);
    unlink(path);
}

/* A transaction for every line: all others wait for each. */
static void bench_one_by_one(struct bench *b, size_t senders)
{
    uint64_t begun, until, lines = 0;
    uint64_t asked[SENDERS_MAX];
    struct store_batch batch;

    begin(b, false);
    begun = clock_ns();
    until = begun + b->seconds * 1000000000;
    for (size_t i = 0; i < senders; i++)
        asked[i] = begun;
    for (size_t i = 0; clock_ns() < until; i = (i + 1) % senders) {
        put_line(b, some_room(b), i + 1);
        store_commit(b->store);
        if (!store_written(b->store, &batch) || batch.error)
            exit(1);
        store_release(b->store, &batch);
        sample(b, clock_ns() - asked[i]);
        asked[i] = clock_ns();
        lines++;
    }
    report(b, "a commit per line, 256 senders", lines, clock_ns() - begun);
    end(b);
}

/* ---- lines that are there before ---- */

static void fill(struct bench *b, uint64_t lines, bool one_room)
{
    uint64_t begun = clock_ns(), done = 0, put = 0;
    struct store_batch batch;

    begin(b, true);
    while (done < lines) {
        for (; put < lines && put < done + 4096; put++)
            put_line(b, one_room ? ROOMS + 1 : some_room(b),
                     1 + put % SENDERS_MAX);
        store_commit(b->store);
        if (!store_is_ready(b->store))
            wait_ready(b);
        while (store_written(b->store, &batch)) {
            if (batch.error)
                exit(1);
            done += batch.n;
            store_release(b->store, &batch);
        }
    }
    report(b, "store, 4096 on their way", lines, clock_ns() - begun);
    end(b);
}

/* ---- pages ---- */

static void forget_cache(const struct bench *b)
{
    int fd = open(b->path, O_RDONLY);

    fdatasync(fd);
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    close(fd);
}

static void ask(struct bench *b, struct store_query q, size_t wanted)
{
    struct store_answer answer;
    uint64_t begun = clock_ns();

    q.room = ROOMS + 1;
    q.bytes = 262144;
    store_ask(b->store, &q);
    while (!store_answered(b->store, &answer))
        wait_ready(b);
    sample(b, clock_ns() - begun);
    if (answer.error || answer.n != wanted) {
        printf("%zu of %zu events\n", answer.n, wanted);
        exit(1);
    }
    store_thank(b->store, &answer);
}

enum { PAGE = 50, TAIL = 200, WARM = 2000, COLD = 40 };

static struct store_query page_at(struct bench *b, int kind)
{
    uint64_t head = b->heads[ROOMS + 1],
             at = 1 + rng_below(&b->rng, head - 400);

    if (kind == 0) /* the last page, which is read once and then at hand */
        return (struct store_query){ .lo = head - PAGE + 1,
                                     .hi = head,
                                     .backward = true };
    if (kind == 1)
        return (struct store_query){ .lo = at, .hi = at + PAGE - 1 };
    return (struct store_query){ .lo = at, .hi = at + TAIL - 1 };
}

static long resident_mb(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    long pages = 0;

    if (!file || fscanf(file, "%*d %ld", &pages) != 1)
        exit(1);
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE) / 1000000;
}

static void bench_pages(struct bench *b)
{
    static const char *const NAMES[] = { "last page (50)", "page around (50)",
                                         "tail of 200 somewhere" };
    static const size_t SIZES[] = { PAGE, PAGE, TAIL };
    char what[60];

    for (int kind = 0; kind < 3; kind++) {
        uint64_t begun = clock_ns();

        begin(b, true);
        for (int i = 0; i < WARM; i++)
            ask(b, page_at(b, kind), SIZES[kind]);
        snprintf(what, sizeof what, "%s, warm", NAMES[kind]);
        report(b, what, WARM, clock_ns() - begun);
        end(b);
        begun = clock_ns();
        for (int i = 0; i < COLD; i++) {
            forget_cache(b);
            begin(b, true);
            ask(b, page_at(b, kind), SIZES[kind]);
            end(b);
        }
        snprintf(what, sizeof what, "%s, cold", NAMES[kind]);
        report(b, what, COLD, clock_ns() - begun);
        printf("    %ld MB resident\n", resident_mb());
    }
}

/* ---- all of it ---- */

static void drop(const struct bench *b, const char *suffix)
{
    char path[300];

    snprintf(path, sizeof path, "%s%s", b->path, suffix);
    unlink(path);
}

static void clean(struct bench *b)
{
    drop(b, "");
    drop(b, "-wal");
    drop(b, "-shm");
    memset(b->heads, 0, sizeof b->heads);
    memset(b->cseqs, 0, sizeof b->cseqs);
}

static void bench_all(struct bench *b)
{
    static const size_t SENDERS[] = { 1, 16, 256 };

    for (size_t i = 0; i < sizeof SENDERS / sizeof *SENDERS; i++)
        bench_disk(b, SENDERS[i]);
    for (size_t i = 0; i < sizeof SENDERS / sizeof *SENDERS; i++)
        bench_senders(b, SENDERS[i]);
    b->alike = true;
    bench_senders(b, 256);
    b->alike = false;
    bench_copy(b);
    bench_one_by_one(b, 256);
    clean(b);
    if (b->rows == 0)
        return;
    fill(b, b->rows, true);
    bench_pages(b);
}

int main(int argc, char **argv)
{
    struct bench *b = mem_new(1, sizeof *b);
    size_t senders = setting("SENDERS", 0);

    slow_begin((unsigned)setting("SYNC_MS", 0));
    b->seconds = setting("SECONDS", 3);
    b->rows = setting("ROWS", 1000000);
    b->fill = setting("FILL", 0);
    b->log_pages = setting("LOG_PAGES", 0);
    share_rooms(b);
    b->samples = mem_new(SAMPLES_MAX, sizeof *b->samples);
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->wake, NULL);
    snprintf(b->dir, sizeof b->dir, "%s/bench-store.XXXXXX",
             argc > 1 ? argv[1] : "/var/tmp");
    if (!mkdtemp(b->dir)) {
        perror(b->dir);
        return 1;
    }
    snprintf(b->path, sizeof b->path, "%s/chat.db", b->dir);
    if (b->fill)
        fill(b, b->fill, false);
    if (senders)
        bench_senders(b, senders < SENDERS_MAX ? senders : SENDERS_MAX);
    else
        bench_all(b);
    clean(b);
    rmdir(b->dir);
    free(b->samples);
    free(b);
    return 0;
}
