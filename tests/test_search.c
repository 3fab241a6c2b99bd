/* SPDX-License-Identifier: MIT
 *
 * Search: words of Chinese and other scripts, edits and what was taken back,
 * rooms one is in and no others, pages, authors and times; the index after a
 * restart, of another log, and damaged.
 */
#include "tests/folder.h"
#include "tests/server.h"

#include <sysexits.h>

#include "server/event.h"
#include "server/search.h"
#include "server/terms.h"

/* ---- words ---- */

static void spreads_to(const char *text, const char *form)
{
    char out[512];
    size_t len = terms_spread(str_of(text), out, sizeof out);

    if (!str_is(str_bytes(out, len), form))
        fail_msg("\"%s\" became \"%.*s\"", text, (int)len, out);
}

static void test_search_spreads_text(void **state)
{
    (void)state;
    spreads_to("Hello World", "hello world");
    spreads_to("去北京", " 去  北  京 ");
    spreads_to("用Python写", " 用 python 写 ");
    spreads_to("ＡＢＣ", "abc");
    spreads_to("", "");
}

static void matches(const char *text, const char *expression)
{
    struct terms terms;
    char out[TERMS_MATCH];
    size_t len;

    assert_true(terms_read(&terms, str_of(text)));
    len = terms_match(&terms, out, sizeof out);
    if (!str_is(str_bytes(out, len), expression))
        fail_msg("\"%s\" became %.*s", text, (int)len, out);
}

static void test_search_quotes_every_word(void **state)
{
    struct terms terms;

    (void)state;
    matches("Foo", "text:\"foo\"");
    matches("foo OR -bar* ", "text:\"foo\" AND text:\"or\" AND text:\"-bar*\"");
    matches("\"New York\" x", "text:\"new york\" AND text:\"x\"");
    matches("a\"b", "text:\"a b\"");
    matches("北京", "text:\" 北  京 \"");
    assert_false(terms_read(&terms, S("...")));
    assert_false(terms_read(&terms, S("a b c d e f g h i")));
    assert_true(terms_read(&terms, S("  ")));
    assert_int_equal(terms.n, 0);
}

static void test_search_any_text_is_safe(void **state)
{
    struct rng rng = { test_number("SEED", 3) };
    struct terms terms;
    char text[300], out[TERMS_MATCH];

    (void)state;
    for (int i = 0; i < 20000; i++) {
        size_t len = rng_below(&rng, sizeof text);

        for (size_t j = 0; j < len; j++) {
            if (rng_below(&rng, 3))
                text[j] = "\" *^:()-+北"[rng_below(&rng, 12)];
            else
                text[j] = (char)rng_next(&rng);
        }
        if (!terms_read(&terms, str_bytes(text, len)))
            continue;
        len = terms_match(&terms, out, sizeof out);
        assert_true(len <= sizeof out);
        for (size_t j = 0, open = 0; j < len; j++) { /* only ours outside */
            open ^= out[j] == '"';
            assert_true(open || strchr("text:AND \"", out[j]));
        }
    }
}

static void remove_all(const char *path)
{
    char command[256];

    snprintf(command, sizeof command, "rm -rf '%s'*", path);
    assert_int_equal(system(command), 0);
}

/* ---- a server on a disk, and its index ---- */

struct town {
    char dir[64], log[96], path[96];
    struct rig *rig;
    struct peer *ann, *bob;
    uint8_t tokens[2][TOKEN_LEN];
    size_t n_tokens[2];
    uint64_t a, b; /* rooms: both are in a, ann alone is in b */
};

/* Their tokens outlive the server. */
static struct peer *come(struct town *t, const char *nick)
{
    size_t i = nick[0] == 'b';
    struct peer *p = enter_as(t->rig, TRANSPORT_TCP, nick, i + 1,
                              str_bytes(t->tokens[i], t->n_tokens[i]));

    memcpy(t->tokens[i], p->token, TOKEN_LEN);
    t->n_tokens[i] = TOKEN_LEN;
    return p;
}

static void open_index(struct town *t)
{
    struct search_config config = { .path = t->path,
                                    .log = t->log,
                                    .epoch = t->rig->w->epoch };
    char why[256];

    t->rig->w->search = search_open(&config, why, sizeof why);
    if (!t->rig->w->search)
        fail_msg("%s", why);
}

static void open_rig(struct town *t)
{
    struct limits limits = rig_limits();
    struct store_config config = world_store_config(&limits);
    struct store_opened opened;
    struct rig *rig = calloc(1, sizeof *rig);

    assert_non_null(rig);
    limits.value[LIMIT_SEARCH_HITS] = 3;
    rig->now = (struct now){ 1000000, 1700000000000 };
    rig->config = (struct world_config){ .name = "test",
                                         .random = rig_random,
                                         .random_ctx = &rig->rng };
    rig->config.limits = limits;
    config.path = t->log;
    config.epoch = 77;
    config.mark = STORE_NO_MARK;
    rig->config.store = store_open(&config, &opened);
    assert_non_null(rig->config.store);
    rig->hub = hub_new(&rig->config, rig->now);
    rig->w = hub_world(rig->hub);
    assert_true(revive_world(rig->w, rig->now));
    t->rig = rig;
    open_index(t);
    t->ann = come(t, "ann");
    t->bob = come(t, "bob");
}

static int set_up(void **state)
{
    struct town *t = calloc(1, sizeof *t);

    strcpy(t->dir, "/tmp/chat-search.XXXXXX");
    if (!t || !mkdtemp(t->dir))
        return -1;
    snprintf(t->log, sizeof t->log, "%s/chat.db", t->dir);
    snprintf(t->path, sizeof t->path, "%s/search.db", t->dir);
    open_rig(t);
    t->a = join(t->ann, "#a");
    t->b = join(t->ann, "#b");
    join(t->bob, "#a");
    forget(t->ann);
    *state = t;
    return 0;
}

static int tear_down(void **state)
{
    struct town *t = *state;

    rig_free(t->rig);
    remove_all(t->dir);
    free(t);
    return 0;
}

static uint64_t line(struct peer *p, uint64_t room, const char *text)
{
    struct msg msg;

    p->rig->now.wall_ms += 1000;
    say_text(p, room, text);
    settle(p->rig);
    msg = must(p, KIND_SEND_ACK);
    return msg.send_ack.seq;
}

static void ask(struct peer *p, const struct msg_search *search)
{
    struct msg msg = { .kind = KIND_SEARCH };

    msg.search = *search;
    say(p, &msg);
    settle(p->rig);
}

/* The seqs of what is found, "5 3 2+", with a + when there is more. */
static const char *found(struct peer *p, struct msg_search search)
{
    static char text[512];
    struct msg msg;
    size_t len = 0;

    ask(p, &search);
    *text = '\0';
    for (;;) {
        msg = must(p, KIND_SEARCH_PAGE);
        if (msg.search_page.seq == 0)
            break;
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%d",
                                len ? " " : "", (int)msg.search_page.seq);
    }
    snprintf(text + len, sizeof text - len, "%s",
             msg.search_page.more ? "+" : "");
    return text;
}

#define FOUND(p, want, ...)                                                    \
    assert_string_equal(found(p, (struct msg_search){ __VA_ARGS__ }), want)

static void test_search_finds_words(void **state)
{
    struct town *t = *state;

    line(t->ann, t->a, "明天去北京开会");             /* 3 */
    line(t->bob, t->a, "南京也行, Kubernetes is up"); /* 4 */
    line(t->ann, t->a, "北。京 is no word");          /* 5 */
    line(t->ann, t->a, "東京タワー");                 /* 6 */

    FOUND(t->bob, "3", .text = S("北京"));
    FOUND(t->bob, "6 5 4+", .text = S("京"));
    FOUND(t->bob, "4", .text = S("kubernetes"));
    FOUND(t->bob, "4", .text = S("KUBERNETES 南京"));
    FOUND(t->bob, "", .text = S("kube"));
    FOUND(t->bob, "6", .text = S("タワー"));
    FOUND(t->bob, "3", .text = S("\"北京开会\""));
    FOUND(t->bob, "", .text = S("京北"));
    FOUND(t->bob, "5", .text = S("\"is no\""));
    FOUND(t->bob, "", .text = S("\"no is\""));
    FOUND(t->bob, "5 4", .text = S("is"), .room = t->a);
}

static void test_search_stays_in_one_s_rooms(void **state)
{
    struct town *t = *state;
    struct msg msg;

    line(t->ann, t->b, "a secret word"); /* 2 of b */
    line(t->ann, t->a, "no such thing");
    FOUND(t->ann, "2", .text = S("secret"));
    FOUND(t->bob, "", .text = S("secret"));
    ask(t->bob, &(struct msg_search){ .text = S("secret"), .room = t->b });
    msg = must(t->bob, KIND_ERROR);
    assert_int_equal(msg.error.code, ERROR_NOT_MEMBER);
    ask(t->bob, &(struct msg_search){ .text = S("x"), .room = 99 });
    msg = must(t->bob, KIND_ERROR);
    assert_int_equal(msg.error.code, ERROR_NOT_MEMBER);
    ask(t->bob, &(struct msg_search){ .text = S("") });
    msg = must(t->bob, KIND_ERROR);
    assert_int_equal(msg.error.code, ERROR_BAD_FIELD);
    ask(t->bob, &(struct msg_search){ .text = S("x"), .from = S("nobody") });
    msg = must(t->bob, KIND_ERROR);
    assert_int_equal(msg.error.code, ERROR_NO_SUCH_ACCOUNT);
}

static void test_search_by_author_and_time(void **state)
{
    struct town *t = *state;
    uint64_t start = t->rig->now.wall_ms;

    line(t->ann, t->a, "lunch 1"); /* 3, start + 1 s */
    line(t->bob, t->a, "lunch 2"); /* 4 */
    line(t->ann, t->a, "lunch 3"); /* 5 */
    line(t->bob, t->a, "tea");     /* 6 */

    FOUND(t->bob, "5 3", .text = S("lunch"), .from = S("ANN"));
    FOUND(t->bob, "6 4", .from = S("bob"));
    FOUND(t->bob, "5 4", .text = S("lunch"), .after = start + 2000);
    FOUND(t->bob, "3", .text = S("lunch"), .before = start + 2000);
    FOUND(t->bob, "4", .text = S("lunch"), .after = start + 1500,
          .before = start + 2500);
    FOUND(t->bob, "", .text = S("lunch"), .after = start + 99000);
    FOUND(t->bob, "", .text = S("lunch"), .before = 1);
}

/* All pages hold every hit once, newest first, over rooms. */
static void test_search_goes_on_from_page_to_page(void **state)
{
    struct town *t = *state;
    uint8_t cursor[32];
    struct msg_search ask_for = { .text = S("x") };
    uint64_t last = UINT64_MAX, n = 0;
    struct msg msg;

    for (int i = 0; i < 20; i++) {
        line(t->ann, i % 3 ? t->a : t->b, "x");
        t->rig->now.wall_ms -= i % 2 ? 1000 : 0; /* at the same time */
    }
    for (int page = 0; page < 8; page++) {
        ask(t->ann, &ask_for);
        for (;;) {
            msg = must(t->ann, KIND_SEARCH_PAGE);
            if (msg.search_page.seq == 0)
                break;
            assert_true(msg.search_page.ts <= last);
            last = msg.search_page.ts;
            n++;
        }
        if (!msg.search_page.more)
            break;
        assert_true(msg.search_page.cursor.len <= sizeof cursor);
        memcpy(cursor, msg.search_page.cursor.ptr, msg.search_page.cursor.len);
        ask_for.cursor = str_bytes(cursor, msg.search_page.cursor.len);
    }
    assert_int_equal(n, 20);
    assert_int_equal(msg.search_page.more, 0);
}

static void change(struct peer *p, enum kind kind, uint64_t room, uint64_t ref,
                   const char *text)
{
    struct msg msg = { .kind = kind };

    if (kind == KIND_EDIT)
        msg.edit = (struct msg_edit){ room, ++p->cseq, str_of(text), ref };
    else
        msg.redact = (struct msg_redact){ room, ++p->cseq, str_of(text), ref };
    say(p, &msg);
    pass(p->rig, 5);
    must(p, KIND_SEND_ACK);
}

static void test_search_follows_changes(void **state)
{
    struct town *t = *state;
    uint64_t seq = line(t->ann, t->a, "first words");

    FOUND(t->bob, "3", .text = S("first"));
    change(t->ann, KIND_EDIT, t->a, seq, "second thoughts");
    FOUND(t->bob, "", .text = S("first"));
    FOUND(t->bob, "3", .text = S("second"));
    change(t->ann, KIND_EDIT, t->a, seq, "third 想法");
    FOUND(t->bob, "3", .text = S("想法"));
    FOUND(t->bob, "", .text = S("second"));
    change(t->ann, KIND_REDACT, t->a, seq, "reasons");
    FOUND(t->bob, "", .text = S("想法"));
    FOUND(t->bob, "", .text = S("reasons"));
    FOUND(t->bob, "", .text = S("third"));
}

static void test_search_lists_what_is_pinned(void **state)
{
    struct town *t = *state;
    uint64_t seq = line(t->ann, t->a, "the rules of the house");
    struct msg msg = { .kind = KIND_PIN };

    line(t->ann, t->a, "more rules");
    FOUND(t->bob, "", .pinned = 1, .room = t->a);
    msg.pin = (struct msg_pin){ t->a, ++t->ann->cseq, seq, 0 };
    say(t->ann, &msg);
    pass(t->rig, 5);
    must(t->ann, KIND_SEND_ACK);
    change(t->ann, KIND_EDIT, t->a, seq, "the new rules"); /* it stays */
    FOUND(t->bob, "3", .pinned = 1, .room = t->a);
    FOUND(t->bob, "3", .pinned = 1, .text = S("rules"));
    msg.pin = (struct msg_pin){ t->a, ++t->ann->cseq, seq, 1 };
    say(t->ann, &msg);
    pass(t->rig, 5);
    must(t->ann, KIND_SEND_ACK);
    FOUND(t->bob, "", .pinned = 1);
}

/* ---- the file ---- */

static void restart(struct town *t, void (*meanwhile)(struct town *))
{
    rig_free(t->rig);
    if (meanwhile)
        meanwhile(t);
    open_rig(t);
}

static void remove_index(struct town *t)
{
    remove_all(t->path);
}

static void spoil_index(struct town *t)
{
    FILE *file = fopen(t->path, "w");

    assert_non_null(file);
    for (int i = 0; i < 4096; i++)
        fputs("rubbish!", file);
    fclose(file);
}

static void test_search_begins_anew_without_its_file(void **state)
{
    struct town *t = *state;

    line(t->ann, t->a, "where 北京 is");
    FOUND(t->bob, "3", .text = S("北京"));
    restart(t, NULL);
    FOUND(t->ann, "3", .text = S("北京"), .room = t->a);
    restart(t, remove_index);
    FOUND(t->ann, "3", .text = S("北京"), .room = t->a);
    restart(t, spoil_index);
    FOUND(t->ann, "3", .text = S("北京"), .room = t->a);
}

/* What the log has forgotten is forgotten here. */
static void test_search_forgets_with_the_log(void **state)
{
    struct town *t = *state;
    struct store_op op = { .effect = EFFECT_TRIM };

    line(t->ann, t->a, "word one");
    line(t->ann, t->a, "word two");
    op.room = t->a;
    op.seq = 3;
    world_put(t->rig->w, &op);
    settle(t->rig);
    FOUND(t->ann, "4", .text = S("word"));
    assert_true(search_is_idle(t->rig->w->search));
}

/* Whether a word is anywhere in a file. */
static bool is_in_file(const char *path, const char *word)
{
    FILE *file = fopen(path, "r");
    char *bytes;
    long len;
    bool found = false;

    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    len = ftell(file);
    rewind(file);
    bytes = malloc((size_t)len);
    assert_int_equal(fread(bytes, 1, (size_t)len, file), len);
    fclose(file);
    for (long i = 0; i + (long)strlen(word) <= len && !found; i++)
        found = memcmp(bytes + i, word, strlen(word)) == 0;
    free(bytes);
    return found;
}

/* Nor does the file hold it, long as it may have been. */
static void test_search_finds_nothing_of_it_on_the_disk(void **state)
{
    struct town *t = *state;
    char text[8000];
    uint64_t a, b;

    memset(text, 'x', sizeof text);
    memcpy(text + 7000, " farsecret", sizeof " farsecret");
    a = line(t->ann, t->a, "a nearsecret");
    b = line(t->ann, t->a, text);
    line(t->ann, t->a, "kept");
    change(t->ann, KIND_EDIT, t->a, a, "an editsecret");
    change(t->ann, KIND_REDACT, t->a, a, "");
    change(t->ann, KIND_REDACT, t->a, b, "");
    rig_free(t->rig);
    assert_true(is_in_file(t->log, "kept"));
    assert_false(is_in_file(t->log, "nearsecret"));
    assert_false(is_in_file(t->log, "editsecret"));
    assert_false(is_in_file(t->log, "farsecret"));
    assert_false(is_in_file(t->path, "a nearsecret"));
    open_rig(t);
}

/* Room b is left by all, and gone when another one needs its place. */
static void drop_b(struct town *t)
{
    struct msg msg = { .kind = KIND_PART };

    msg.part.room = t->b;
    msg.part.cseq = ++t->ann->cseq;
    say(t->ann, &msg);
    settle(t->rig);
    must(t->ann, KIND_SEND_ACK);
    t->rig->w->env.limits.value[LIMIT_ROOMS] = 2;
    join(t->ann, "#c");
    assert_null(world_room(t->rig->w, t->b));
    pass(t->rig, 3000);
    assert_int_equal(t->rig->w->retain.n_doomed, 0);
}

static void test_search_forgets_rooms_that_are_no_more(void **state)
{
    struct town *t = *state;

    for (int i = 0; i < 700; i++) /* in several slices, and batches */
        line(t->ann, t->b, "a roomsecret");
    line(t->ann, t->a, "kept words");
    drop_b(t);
    rig_free(t->rig);
    assert_true(is_in_file(t->path, "kept words"));
    assert_false(is_in_file(t->log, "a roomsecret"));
    assert_false(is_in_file(t->path, "a roomsecret"));
    open_rig(t);
}

/* While there was no search, and its file remained. */
static void test_search_forgets_at_its_start(void **state)
{
    struct town *t = *state;

    line(t->ann, t->b, "a roomsecret");
    line(t->ann, t->a, "kept words");
    search_free(t->rig->w->search);
    t->rig->w->search = NULL;
    drop_b(t);
    assert_true(is_in_file(t->path, "a roomsecret"));
    restart(t, NULL);
    FOUND(t->ann, "3", .text = S("kept"));
    rig_free(t->rig);
    assert_true(is_in_file(t->path, "kept words"));
    assert_false(is_in_file(t->path, "a roomsecret"));
    open_rig(t);
}

/* ---- with threads ---- */

/* A search beside that of the town, which has to read all of the log first. */
static struct search *open_beside(struct town *t)
{
    struct search_config config = { .path = t->path,
                                    .log = t->log,
                                    .epoch = t->rig->w->epoch,
                                    .threads = true };
    struct search *search;
    char why[256];

    search_free(t->rig->w->search);
    t->rig->w->search = NULL;
    remove_index(t);
    search = search_open(&config, why, sizeof why);
    assert_non_null(search);
    return search;
}

static void ask_beside(const struct town *t, struct search *search,
                       const char *words)
{
    struct index_query q = { .limit = 10 };

    assert_true(terms_read(&q.terms, str_of(words)));
    q.rooms = calloc(1, sizeof *q.rooms);
    q.rooms[0] = (struct index_room){ t->a, 1, 9999, UINT64_MAX };
    q.n_rooms = 1;
    assert_true(search_ask(search, &q));
}

/* returns how many were found; more gets whether there are further ones */
static size_t wait_for_answer(struct search *search, bool *more)
{
    struct index_answer answer;
    size_t n;

    while (!search_answered(search, &answer))
        continue;
    assert_false(answer.failed);
    n = answer.n;
    *more = answer.more;
    index_thank(&answer);
    return n;
}

static void test_search_works_beside_the_loop(void **state)
{
    struct town *t = *state;
    struct search *search;
    bool more;

    for (int i = 0; i < 50; i++)
        line(t->ann, t->a, "some 北京 words");
    search = open_beside(t);
    while (!search_is_idle(search))
        continue;
    for (int i = 0; i < 20; i++)
        ask_beside(t, search, "北京");
    for (int i = 0; i < 20; i++) {
        assert_int_equal(wait_for_answer(search, &more), 10);
        assert_true(more);
    }
    search_free(search);
}

/* A room goes on while much of it is still to be read. */
static void test_search_reads_what_comes_while_it_reads(void **state)
{
    struct town *t = *state;
    struct index_room room = { .room = t->a, .first = 1, .ts = UINT64_MAX };
    struct search *search;
    bool more;

    for (int i = 0; i < 1200; i++)
        line(t->ann, t->a, "some words");
    search = open_beside(t);
    for (int i = 0; i < 3; i++) {
        room.last = line(t->ann, t->a, "and a late one");
        search_note(search, &room);
        search_turn(search);
    }
    while (!search_is_idle(search))
        continue;
    ask_beside(t, search, "late");
    assert_int_equal(wait_for_answer(search, &more), 3);
    search_free(search);
}

#define IN_TOWN(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_search_spreads_text),
    cmocka_unit_test(test_search_quotes_every_word),
    cmocka_unit_test(test_search_any_text_is_safe),
    IN_TOWN(test_search_finds_words),
    IN_TOWN(test_search_stays_in_one_s_rooms),
    IN_TOWN(test_search_by_author_and_time),
    IN_TOWN(test_search_goes_on_from_page_to_page),
    IN_TOWN(test_search_follows_changes),
    IN_TOWN(test_search_begins_anew_without_its_file),
    IN_TOWN(test_search_forgets_with_the_log),
    IN_TOWN(test_search_finds_nothing_of_it_on_the_disk),
    IN_TOWN(test_search_forgets_rooms_that_are_no_more),
    IN_TOWN(test_search_forgets_at_its_start),
    IN_TOWN(test_search_lists_what_is_pinned),
    IN_TOWN(test_search_works_beside_the_loop),
    IN_TOWN(test_search_reads_what_comes_while_it_reads),
};

int main(void)
{
    return RUN(TESTS);
}
