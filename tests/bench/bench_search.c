/* SPDX-License-Identifier: MIT
 *
 * usage: bench_search [DIRECTORY]
 * How long a search takes among a million lines, of which 60 in 100 are
 * Chinese, 25 English and the rest both, with words as frequent as in speech:
 * in the largest of 100 rooms, which has half of them, and in all of them.
 * Pages of 50, newest first.  And how fast the index is made, and how large.
 *
 *     ROWS=1000000   lines          RUNS=300   searches of each kind
 *
 * The time of the processor stands beside the time that passed: on a machine
 * that does other things the second is theirs as well.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "server/event.h"
#include "server/index.h"
#include "server/store.h"
#include "shared/mem.h"
#include "shared/rng.h"
#include "shared/text.h"
#include "shared/wire.h"

enum {
    ROOMS = 100,
    WORDS = 20000, /* of each language */
    WORD_BYTES = 24,
    LINE_BYTES = 400,
    RUNS_MAX = 10000,
    PEOPLE = 200
};

#define START 1700000000000u

struct bench {
    char dir[200], log[256], path[256];
    uint64_t rows, runs;
    struct rng rng;
    char chinese[WORDS][WORD_BYTES], english[WORDS][WORD_BYTES];
    double cuts[WORDS]; /* of the Zipf distribution, summed up */
    struct index_room rooms[ROOMS];
    double ms[RUNS_MAX], cpu_ms[RUNS_MAX];
};

static double read_ms(clockid_t clock)
{
    struct timespec ts;

    clock_gettime(clock, &ts);
    return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static double clock_ms(void)
{
    return read_ms(CLOCK_MONOTONIC);
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text ? strtoull(text, NULL, 10) : otherwise;
}

/* ---- words ---- */

static void make_chinese(struct bench *b, char *out, size_t rank)
{
    static const size_t LENGTHS[] = { 1, 2, 2, 2, 2, 2, 3, 4 };
    size_t n = rank < 60 ? 1 : LENGTHS[rng_below(&b->rng, 8)];

    for (size_t i = 0; i < n; i++) {
        /* frequent characters are in many words */
        uint64_t cp = rng_below(&b->rng, 1 + rng_below(&b->rng, 3500));

        out += text_put(0x4e00 + (uint32_t)cp, out);
    }
    *out = '\0';
}

static void make_english(struct bench *b, char *out, size_t rank)
{
    size_t n = 2 + rng_below(&b->rng, rank < 100 ? 3 : 8);

    for (size_t i = 0; i < n; i++)
        *out++ = (char)('a' + rng_below(&b->rng, 26));
    *out = '\0';
}

static void make_words(struct bench *b)
{
    double sum = 0;

    for (size_t i = 0; i < WORDS; i++) {
        make_chinese(b, b->chinese[i], i);
        make_english(b, b->english[i], i);
        sum += 1.0 / (double)(i + 1);
        b->cuts[i] = sum;
    }
    strcpy(b->english[9000], "kubernetes");
}

static size_t draw(struct bench *b)
{
    double x =
        (double)rng_below(&b->rng, 1u << 30) / (1u << 30) * b->cuts[WORDS - 1];
    size_t lo = 0, hi = WORDS - 1;

    while (lo < hi) {
        size_t mid = (lo + hi) / 2;

        if (b->cuts[mid] < x)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static struct str make_line(struct bench *b, char *out)
{
    uint64_t what = rng_below(&b->rng, 100);
    size_t n = 4 + rng_below(&b->rng, 16), len = 0;

    for (size_t i = 0; i < n && len < LINE_BYTES - 2 * WORD_BYTES; i++) {
        bool english = what >= 85 ? rng_below(&b->rng, 2) : what >= 60;
        size_t rank = draw(b);

        len += (size_t)snprintf(out + len, LINE_BYTES - len, "%s%s",
                                english && len ? " " : "",
                                english ? b->english[rank] : b->chinese[rank]);
    }
    return str_bytes(out, len);
}

/* ---- the log ---- */

static void commit(struct store *store)
{
    struct store_batch batch;

    store_commit(store);
    while (store_written(store, &batch)) {
        if (batch.error)
            exit(1);
        store_release(store, &batch);
    }
}

static void found(struct store *store, uint64_t room)
{
    struct store_op op = { .effect = EFFECT_FOUND, .room = room };
    char name[32];

    snprintf(name, sizeof name, "#room%d", (int)room);
    op.kind = room_PUBLIC;
    op.text = mem_str(str_of(name));
    store_put(store, &op);
}

static void put_line(struct bench *b, struct store *store, uint64_t i)
{
    char text[LINE_BYTES];
    struct index_room *room =
        &b->rooms[i % 2 ? 0 : 1 + rng_below(&b->rng, ROOMS - 1)];
    struct msg_event body = { .room = room->room,
                              .seq = ++room->last,
                              .ts = START + i * 1000,
                              .kind = event_MESSAGE,
                              .account = 1 + rng_below(&b->rng, PEOPLE),
                              .nick = str_of("somebody"),
                              .text = make_line(b, text) };
    struct store_op op = { .room = room->room, .account = body.account };

    room->ts = body.ts;
    op.event = event_new(&body);
    store_put(store, &op);
}

static void make_log(struct bench *b)
{
    struct store_config config = { .path = b->log,
                                   .epoch = 1,
                                   .mark = STORE_NO_MARK,
                                   .room_events = 16,
                                   .recent_bytes = 1 << 20,
                                   .queue = 100000 };
    struct store_opened opened;
    struct store *store = store_open(&config, &opened);
    double begun = clock_ms();

    if (!store) {
        fprintf(stderr, "%s\n", opened.why);
        exit(1);
    }
    for (uint64_t i = 0; i < ROOMS; i++) {
        b->rooms[i] = (struct index_room){ .room = i + 1, .first = 1 };
        found(store, i + 1);
    }
    for (uint64_t i = 0; i < b->rows; i++) {
        put_line(b, store, i);
        if (i % 1000 == 999)
            commit(store);
    }
    commit(store);
    store_free(store);
    printf("log    %9.0f lines/s\n",
           (double)b->rows * 1e3 / (clock_ms() - begun));
}

static struct index *open_index(const struct bench *b, bool reads_only)
{
    struct index_config config = {
        .path = b->path, .log = b->log, .epoch = 1, .reads_only = reads_only
    };
    char why[256];
    struct index *index = index_open(&config, why, sizeof why);

    if (index)
        return index;
    fprintf(stderr, "%s\n", why);
    exit(1);
}

static long size_of(const char *path)
{
    struct stat st;

    return stat(path, &st) ? 0 : (long)(st.st_size >> 20);
}

static void make_index(struct bench *b)
{
    struct index *index = open_index(b, false);
    double begun = clock_ms(), worst = 0, at;
    struct index_room rooms[ROOMS];
    size_t n = ROOMS;

    memcpy(rooms, b->rooms, sizeof rooms);
    while (n) {
        at = clock_ms();
        if (!index_read(index, rooms, &n, 500))
            exit(1);
        at = clock_ms() - at;
        worst = at > worst ? at : worst;
    }
    while (index_tidy(index))
        continue;
    printf("index  %9.0f lines/s, worst batch of 500 %.0f ms\n",
           (double)b->rows * 1e3 / (clock_ms() - begun), worst);
    index_close(index);
    printf("size   %ld MiB of the log, %ld MiB of the index\n", size_of(b->log),
           size_of(b->path));
}

/* ---- searches ---- */

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

struct sort {
    const char *name;
    const char *words; /* WORD_BYTES each */
    size_t from, upto; /* ranks of the words that are looked for */
    int n;             /* how many words at once */
    bool who;
};

static void fill_query(struct bench *b, const struct sort *sort, bool all,
                       struct index_query *q)
{
    char text[4 * WORD_BYTES] = "";
    size_t n = all ? ROOMS : 1, len = 0;

    *q = (struct index_query){ .limit = 50, .n_rooms = n };
    for (int i = 0; i < sort->n; i++) {
        size_t rank = sort->from + rng_below(&b->rng, sort->upto - sort->from);

        len += (size_t)snprintf(text + len, sizeof text - len, "%s ",
                                sort->words + rank * WORD_BYTES);
    }
    if (!terms_read(&q->terms, str_of(text)))
        exit(1);
    if (sort->who)
        q->who = 1 + rng_below(&b->rng, PEOPLE);
    q->rooms = mem_new(n, sizeof *q->rooms);
    memcpy(q->rooms, b->rooms, n * sizeof *q->rooms);
}

static void run(struct bench *b, struct index *index, const struct sort *sort,
                bool all)
{
    size_t hits = 0;

    for (size_t i = 0; i < b->runs; i++) {
        struct index_answer answer = { .n = 0 };
        double at, cpu;

        fill_query(b, sort, all, &answer.query);
        at = clock_ms();
        cpu = read_ms(CLOCK_PROCESS_CPUTIME_ID);
        index_find(index, &answer);
        b->cpu_ms[i] = read_ms(CLOCK_PROCESS_CPUTIME_ID) - cpu;
        b->ms[i] = clock_ms() - at;
        hits += answer.n;
        if (answer.failed)
            exit(1);
        index_thank(&answer);
    }
    qsort(b->ms, b->runs, sizeof *b->ms, compare);
    qsort(b->cpu_ms, b->runs, sizeof *b->cpu_ms, compare);
    printf("%-26s %-9s %5.1f hits  ms p50 %6.2f  p99 %6.2f  max %6.2f"
           "  cpu p50 %6.2f  p99 %6.2f\n",
           sort->name, all ? "all rooms" : "one room",
           (double)hits / (double)b->runs, b->ms[b->runs / 2],
           b->ms[b->runs * 99 / 100], b->ms[b->runs - 1],
           b->cpu_ms[b->runs / 2], b->cpu_ms[b->runs * 99 / 100]);
    fflush(stdout);
}

static void search(struct bench *b)
{
    const struct sort sorts[] = {
        { "1 character, frequent", b->chinese[0], 0, 20, 1, false },
        { "1 character", b->chinese[0], 20, 60, 1, false },
        { "Chinese word, frequent", b->chinese[0], 60, 200, 1, false },
        { "Chinese word", b->chinese[0], 200, 5000, 1, false },
        { "Chinese word, rare", b->chinese[0], 5000, WORDS, 1, false },
        { "two Chinese words", b->chinese[0], 60, 2000, 2, false },
        { "English word, frequent", b->english[0], 0, 20, 1, false },
        { "English word", b->english[0], 20, 5000, 1, false },
        { "English word, rare", b->english[0], 5000, WORDS, 1, false },
        { "two English words", b->english[0], 0, 2000, 2, false },
        { "kubernetes", b->english[0], 9000, 9001, 1, false },
        { "Chinese word by somebody", b->chinese[0], 60, 2000, 1, true },
        { "anything by somebody", b->chinese[0], 0, 1, 0, true },
        { "any Chinese word", b->chinese[0], 0, WORDS, 1, false },
    };
    struct index *index = open_index(b, true);

    for (size_t i = 0; i < sizeof sorts / sizeof *sorts; i++)
        for (int all = 0; all < 2; all++)
            run(b, index, &sorts[i], all);
    index_close(index);
}

int main(int argc, char **argv)
{
    struct bench *b = mem_new(1, sizeof *b);
    struct rusage used;

    snprintf(b->dir, sizeof b->dir, "%s", argc > 1 ? argv[1] : "/tmp");
    b->rows = setting("ROWS", 1000000);
    b->runs = setting("RUNS", 300);
    b->runs = b->runs < RUNS_MAX ? b->runs : RUNS_MAX;
    b->rng.state = setting("SEED", 1);
    strcat(b->dir, "/bench_search.XXXXXX");
    if (!mkdtemp(b->dir))
        return 1;
    snprintf(b->log, sizeof b->log, "%s/chat.db", b->dir);
    snprintf(b->path, sizeof b->path, "%s/search.db", b->dir);
    make_words(b);
    make_log(b);
    make_index(b);
    search(b);
    getrusage(RUSAGE_SELF, &used);
    printf("memory %ld MiB at most\n", used.ru_maxrss >> 10);
    remove(b->log);
    remove(b->path);
    remove(b->dir);
    free(b);
    return 0;
}
