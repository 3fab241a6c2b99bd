/* SPDX-License-Identifier: MIT
 *
 * The store on a disk that goes wrong.  The power goes at every write, sync
 * and cut of five hundred commits, and what the disk then holds is all that
 * had been acknowledged, perhaps the batch on its way, and nothing else; the
 * nth operation of every kind fails, and nothing is acknowledged that is not
 * there, reading goes on, and writing as soon as the disk is well again.
 *
 *     SEED=7 build/tests/test_store_faults
 */
#include "tests/disk.h"

#include "server/event.h"
#include "server/store.h"
#include "shared/error.h"
#include "shared/frame.h"
#include "shared/wire.h"

enum {
    ROOMS = 40, /* ids below; some of them are dropped */
    DEVICES = 5,
    BATCHES_MAX = 500,
    TEXT = 600,
};

/* What the batches are made of: the same again from the same numbers. */
struct script {
    uint64_t seed, heads[ROOMS], cseqs[DEVICES];
    bool is_there[ROOMS];
    size_t n; /* batches done */
};

/* How the store is after each batch, as a number. */
struct expected {
    size_t n;
    uint64_t digests[BATCHES_MAX + 1];
};

/* ---- the script ---- */

static void put_line(struct store *store, struct script *s, struct rng *rng,
                     uint64_t room)
{
    static char text[TEXT + 1];
    uint64_t device = 1 + rng_below(rng, DEVICES - 1);
    struct msg_event body = { .room = room,
                              .seq = ++s->heads[room],
                              .ts = 1700000000000 + s->n,
                              .kind = event_MESSAGE,
                              .account = device,
                              .device = device << 60,
                              .cseq = ++s->cseqs[device],
                              .nick = S("somebody"),
                              .ref = s->heads[room] / 2 };
    struct store_op op = { .account = device,
                           .device = device << 60,
                           .cseq = body.cseq,
                           .room = room };

    memset(text, 'a' + (int)(s->n % 26), TEXT);
    body.text = str_bytes(text, rng_below(rng, TEXT));
    op.event = event_new(&body);
    store_put(store, &op);
}

static void put_refusal(struct store *store, struct script *s, struct rng *rng)
{
    uint64_t device = 1 + rng_below(rng, DEVICES - 1);
    struct store_op op = { .account = device,
                           .device = device << 60,
                           .cseq = ++s->cseqs[device],
                           .error = ERROR_NOT_MEMBER };

    store_put(store, &op);
}

static void put(struct store *store, struct store_op op, const char *text)
{
    op.text = text ? mem_str(str_of(text)) : NULL;
    store_put(store, &op);
}

static void put_room(struct store *store, struct script *s, uint64_t room)
{
    bool direct = room % 5 == 0;
    struct store_op op = { .effect = EFFECT_FOUND,
                           .kind = direct ? room_DIRECT : room_PUBLIC,
                           .room = room };
    char name[32];

    snprintf(name, sizeof name, direct ? "@1:%d" : "#Room%d", (int)room);
    put(store, op, name);
    for (op.account = 1; direct && op.account < 3; op.account++) {
        op.effect = EFFECT_SIDE;
        put(store, op, "side");
    }
    op.account = 1;
    op.effect = direct ? EFFECT_OPEN : EFFECT_ENTER;
    put(store, op, NULL);
    s->is_there[room] = true;
}

static void put_account(struct store *store, struct script *s, uint64_t account)
{
    struct store_op op = { .effect = EFFECT_RECORD, .account = account };
    char name[32];

    snprintf(name, sizeof name, "Name%d", (int)(s->n % 7));
    put(store, op, name); /* taken from whoever had it */
    op.effect = EFFECT_TOKEN;
    put(store, op, "0123456789abcdef");
}

static void put_something(struct store *store, struct script *s,
                          struct rng *rng)
{
    uint64_t room = 1 + rng_below(rng, ROOMS - 1);
    struct store_op op = { .room = room, .account = 1 + rng_below(rng, 3) };

    if (!s->is_there[room]) {
        put_room(store, s, room);
        return;
    }
    switch (rng_below(rng, 16)) {
    case 0: put_refusal(store, s, rng); return;
    case 1: put_account(store, s, 1 + s->n % 9); return;
    case 2: op.effect = EFFECT_ENTER; break;
    case 3: op.effect = EFFECT_LEAVE; break;
    case 4:
        op.effect = EFFECT_TOPIC;
        put(store, op, s->n % 2 ? "a topic" : NULL);
        return;
    case 5:
        op.effect = EFFECT_RENAME;
        put(store, op, s->n % 2 ? "Name3" : "Other");
        return;
    case 6:
        op.effect = EFFECT_TRIM;
        op.seq = s->heads[room] / 2;
        break;
    case 7:
        op.effect = EFFECT_DROP;
        op.seq = s->heads[room];
        s->is_there[room] = false; /* founded again, its numbers go on */
        break;
    case 8: op.effect = EFFECT_FORGET; break;
    default: put_line(store, s, rng, room); return;
    }
    put(store, op, NULL);
}

static void put_batch(struct store *store, struct script *s)
{
    struct rng rng = { s->seed * 1000 + s->n };
    uint64_t n = 1 + rng_below(&rng, 6);

    while (n--)
        put_something(store, s, &rng);
    s->n++;
}

/* Put the next one and have it written; returns the error. */
static int run_batch(struct store *store, struct script *s)
{
    struct script before = *s;
    struct store_batch batch;
    int error;

    put_batch(store, s);
    store_commit(store);
    assert_true(store_written(store, &batch));
    error = batch.error;
    store_release(store, &batch);
    if (error)
        *s = before;
    return error;
}

/* ---- what there is, as a number ---- */

struct sum {
    uint64_t hash;
    struct store_row rooms[ROOMS];
    size_t n;
};

static void mix(struct sum *sum, const void *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        sum->hash =
            (sum->hash ^ ((const uint8_t *)bytes)[i]) * UINT64_C(1099511628211);
}

static void mix_text(struct sum *sum, struct str text)
{
    mix(sum, &text.len, sizeof text.len);
    mix(sum, text.ptr, text.len);
}

static void mix_row(void *ctx, const struct store_row *row)
{
    struct sum *sum = ctx;
    uint64_t numbers[] = { row->kind,      row->account, row->room, row->device,
                           row->cseq,      row->first,   row->head, row->ts,
                           row->room_kind, row->error };

    mix(sum, numbers, sizeof numbers);
    mix_text(sum, row->text);
    mix_text(sum, row->topic);
    mix_text(sum, row->token);
    if (row->kind == ROW_ROOM && row->head)
        sum->rooms[sum->n++] = *row;
}

/* All events of a room, without a gap; false: they cannot be read. */
static bool mix_room(struct sum *sum, struct store *store,
                     const struct store_row *row)
{
    struct store_query q = {
        .room = row->room, .lo = row->first, .hi = row->head, .bytes = SIZE_MAX
    };
    struct store_answer answer;
    bool good;

    assert_true(store_ask(store, &q));
    assert_true(store_answered(store, &answer));
    good = !answer.error;
    if (good && answer.n != row->head - row->first + 1)
        fail_msg("room %d: %zu events of %d..%d", (int)row->room, answer.n,
                 (int)row->first, (int)row->head);
    for (size_t i = 0; i < answer.n; i++) {
        assert_int_equal(answer.events[i]->seq, row->first + i);
        mix_text(sum, frame_str(answer.events[i]->frame));
    }
    store_thank(store, &answer);
    return good;
}

/* false: it cannot be read */
static bool digest(struct store *store, uint64_t *out)
{
    struct sum sum = { .hash = UINT64_C(14695981039346656037) };

    if (!store_recall(store, mix_row, &sum))
        return false;
    for (size_t i = 0; i < sum.n; i++)
        if (!mix_room(&sum, store, &sum.rooms[i]))
            return false;
    *out = sum.hash;
    return true;
}

static struct store_config config_of(const char *vfs)
{
    return (struct store_config){ .path = vfs ? "chat.db" : NULL,
                                  .vfs = vfs,
                                  .secret = { 1, 2 },
                                  .epoch = 77,
                                  .mark = STORE_NO_MARK,
                                  .room_events = 1 << 20,
                                  .recent_bytes = 1 << 30,
                                  .queue = 1000,
                                  .log_pages = 40 };
}

/* What a disk without faults has after each batch. */
static void expect(struct expected *expected, uint64_t seed, size_t n)
{
    struct store_config config = config_of(NULL);
    struct store_opened opened;
    struct store *store = store_open(&config, &opened);
    struct script script = { .seed = seed };

    assert_true(digest(store, &expected->digests[0]));
    for (size_t i = 1; i <= n; i++) {
        assert_int_equal(run_batch(store, &script), 0);
        assert_true(digest(store, &expected->digests[i]));
    }
    expected->n = n;
    store_free(store);
}

/* ---- the power goes ---- */

struct power {
    struct disk disk;
    struct expected expected;
    size_t acked;
    uint64_t images, epoch;
    unsigned every, countdown;
};

/* What is found when the power comes back. */
static void look(struct power *p, unsigned per_mille)
{
    struct store_config config = config_of("image");
    struct disk image = { .rng = { p->disk.rng.state + p->images } };
    struct store_opened opened;
    struct store *store;
    uint64_t found;

    config.epoch = 78; /* not that of the history there is */
    disk_begin(&image, "image");
    disk_image(&p->disk, &image, per_mille);
    store = store_open(&config, &opened);
    if (!store || opened.is_damaged)
        fail_msg("image %d: %s", (int)p->images, opened.why);
    if (p->acked)
        assert_int_equal(store_epoch(store), p->epoch);
    assert_true(digest(store, &found));
    if (found != p->expected.digests[p->acked] &&
        (p->acked == p->expected.n ||
         found != p->expected.digests[p->acked + 1]))
        fail_msg("image %d is not as after batch %zu or the next",
                 (int)p->images, p->acked);
    store_free(store);
    disk_end(&image);
    p->images++;
}

static void on_act(void *ctx)
{
    static const unsigned SHARES[] = { 0, 500, 1000, 900, 100 };
    struct power *p = ctx;

    if (++p->countdown % p->every == 0)
        look(p, SHARES[p->images % (sizeof SHARES / sizeof *SHARES)]);
}

static void lose_power(uint64_t seed, size_t batches, unsigned every)
{
    struct power *p = calloc(1, sizeof *p);
    struct store_config config = config_of("disk");
    struct script script = { .seed = seed };
    struct store_opened opened;
    struct store *store;

    expect(&p->expected, seed, batches);
    p->every = every;
    p->disk.rng.state = seed;
    disk_begin(&p->disk, "disk");
    p->disk.acted = on_act;
    p->disk.ctx = p;
    store = store_open(&config, &opened);
    assert_non_null(store);
    p->epoch = store_epoch(store);
    while (p->acked < batches) {
        assert_int_equal(run_batch(store, &script), 0);
        p->acked++;
    }
    store_free(store);
    print_message("seed %d: %d writes, %d syncs, %d images\n", (int)seed,
                  (int)p->disk.counts[DISK_WRITE],
                  (int)p->disk.counts[DISK_SYNC], (int)p->images);
    assert_true(p->images > batches);
    disk_end(&p->disk);
    free(p);
}

static void test_faults_power_may_go_at_any_write(void **state)
{
    uint64_t seed = test_seed(1), batches = test_number("BATCHES", 250);

    (void)state;
    lose_power(seed, batches, 1);
    lose_power(seed + 1, batches, 1);
}

/* ---- an operation fails ---- */

struct fault {
    enum disk_act act;
    uint64_t n; /* in a row */
    int code;   /* 0: of the act */
};

enum { FAULT_BATCHES = 14, TRIES_MAX = 200 };

static struct store *open_again(void)
{
    struct store_config config = config_of("disk");
    struct store_opened opened;
    struct store *store = NULL;

    for (int i = 0; !store && i < TRIES_MAX; i++) {
        store = store_open(&config, &opened);
        if (!store)
            assert_true(opened.code && opened.why[0]);
        else
            assert_false(opened.is_damaged);
    }
    assert_non_null(store);
    return store;
}

static void must_be(struct store *store, const struct expected *expected,
                    size_t n)
{
    uint64_t found;

    assert_true(digest(store, &found));
    assert_true(found == expected->digests[n]);
}

/*
 * The batches, each tried until it is stored; a new start in the middle.
 *   returns  how many were refused
 */
static uint64_t run_all(const struct expected *expected, uint64_t seed)
{
    struct store *store = open_again();
    struct script script = { .seed = seed };
    uint64_t refused = 0;

    for (size_t i = 0; i < expected->n; i++) {
        int tries = 0;

        while (run_batch(store, &script)) {
            refused++;
            assert_non_null(store_trouble(store));
            must_be(store, expected, i); /* reading goes on */
            assert_true(++tries < TRIES_MAX);
        }
        assert_null(store_trouble(store));
        must_be(store, expected, i + 1);
        if (i == expected->n / 2) {
            store_free(store);
            store = open_again();
            must_be(store, expected, i + 1);
        }
    }
    store_free(store);
    return refused;
}

/* One run with the first failure at `at`; returns whether it came so far. */
static bool run_fault(const struct expected *expected, uint64_t seed,
                      const struct fault *fault, uint64_t at, uint64_t *refused)
{
    struct disk disk = { .rng = { seed } };
    struct store *store;
    bool reached;

    disk_begin(&disk, "disk");
    disk.fail_at[fault->act] = at;
    disk.fail_n = fault->n;
    disk.fail_code = fault->code;
    *refused += run_all(expected, seed);
    reached = disk.counts[fault->act] >= at;
    disk.fail_at[fault->act] = 0;
    store = open_again();
    must_be(store, expected, expected->n);
    store_free(store);
    disk_end(&disk);
    return reached;
}

static void test_faults_any_operation_may_fail(void **state)
{
    static const struct fault FAULTS[] = {
        { DISK_OPEN, 1, 0 },
        { DISK_WRITE, 1, 0 },
        { DISK_WRITE, 1, SQLITE_FULL },
        { DISK_WRITE, 60, SQLITE_FULL }, /* for a while */
        { DISK_WRITE, 20, SQLITE_READONLY },
        { DISK_SYNC, 1, 0 },
        { DISK_SYNC, 5, 0 },
        { DISK_CUT, 1, 0 },
    };
    struct expected expected;
    uint64_t seed = test_seed(3), runs = 0, refused = 0;

    (void)state;
    expect(&expected, seed, FAULT_BATCHES);
    for (size_t i = 0; i < sizeof FAULTS / sizeof *FAULTS; i++) {
        uint64_t at = 1;

        while (run_fault(&expected, seed, &FAULTS[i], at, &refused))
            at++;
        assert_true(at > 1 || FAULTS[i].act == DISK_CUT);
        runs += at;
    }
    print_message("%d runs, %d batches refused\n", (int)runs, (int)refused);
    assert_true(refused > runs);
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_faults_power_may_go_at_any_write),
    cmocka_unit_test(test_faults_any_operation_may_fail),
};

int main(void)
{
    return RUN(TESTS);
}
