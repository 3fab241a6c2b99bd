/* SPDX-License-Identifier: MIT */
#include "tests/folder.h"

#include <errno.h>
#include <sys/wait.h>

#include "shared/rng.h"
#include "tui/known.h"

#define A_PRINT "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define B_PRINT "SHA256:AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static const struct fingerprint A = { { 0 } }, B = { { 1 } };

static struct known_entry key_entry(struct fingerprint key)
{
    return (struct known_entry){ .kind = KNOWN_KEY, .key = key };
}

/* ---- reading ---- */

static void test_known_reads_lines(void **state)
{
    static const char TEXT[] = "# example.org:1 " A_PRINT "\n"
                               "\n"
                               "example.org:8555 " A_PRINT "\n"
                               " [2001:db8::1]:8555\tca  # since May\r\n"
                               "half.example.org:1\n"
                               "short.example.org:1 SHA256:AAAA\n"
                               "more.example.org:1 ca ca\n"
                               "CASE.example.org:1 ca#1\n"
                               "last.example.org:1 " B_PRINT;

    static const struct {
        const char *server;
        enum known_kind kind;
        size_t line;
    } CASES[] = {
        { "example.org:1", KNOWN_NOT, 0 },
        { "example.org:8555", KNOWN_KEY, 3 },
        { "EXAMPLE.org:8555", KNOWN_KEY, 3 },
        { "example.org:855", KNOWN_NOT, 0 },
        { "example.org", KNOWN_NOT, 0 },
        { "[2001:db8::1]:8555", KNOWN_CA, 4 },
        { "[2001:DB8::1]:8555", KNOWN_CA, 4 },
        { "half.example.org:1", KNOWN_GARBLED, 5 },
        { "short.example.org:1", KNOWN_GARBLED, 6 },
        { "more.example.org:1", KNOWN_GARBLED, 7 },
        { "case.example.org:1", KNOWN_GARBLED, 8 },
        { "last.example.org:1", KNOWN_KEY, 9 },
        { "#", KNOWN_NOT, 0 },
        { "", KNOWN_NOT, 0 },
    };

    struct known_entry last = known_look(S(TEXT), "last.example.org:1");

    (void)state;
    assert_true(fingerprint_equal(&last.key, &B));
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct known_entry got = known_look(S(TEXT), CASES[i].server);

        if (got.kind != CASES[i].kind || got.line != CASES[i].line)
            fail_msg("%s: kind %d, line %zu", CASES[i].server, (int)got.kind,
                     got.line);
    }
}

static void test_known_takes_the_first_line(void **state)
{
    static const char TEXT[] = "h:1 " A_PRINT "\nH:1 " B_PRINT "\nh:1 ca\n";
    struct known_entry got = known_look(S(TEXT), "h:1");

    (void)state;
    assert_int_equal(got.kind, KNOWN_KEY);
    assert_true(fingerprint_equal(&got.key, &A));
}

/* A line that may hide something is not passed over. */
static void test_known_takes_no_endless_line(void **state)
{
    char text[KNOWN_LINE_MAX + 200];
    int len =
        snprintf(text, sizeof text, "h:1 ca %*s# x\n", KNOWN_LINE_MAX, "");

    (void)state;
    assert_int_equal(known_look(str_bytes(text, (size_t)len), "h:1").kind,
                     KNOWN_GARBLED);
}

/* Whatever stands in the file, the others' lines survive a change. */
static void test_known_reads_anything(void **state)
{
    static const char SIGNS[] = "h:1 ca\n\r\t#\0\xff[]SHA256:A=/";
    uint64_t seed = test_seed(0x6b6e6f776e);
    struct rng rng = { seed };
    char text[64];

    (void)state;
    print_message("SEED=0x%jx\n", (uintmax_t)seed);
    for (unsigned round = 0; round < 20000; round++) {
        size_t len = (size_t)rng_below(&rng, sizeof text);
        struct known_entry got;

        for (size_t i = 0; i < len; i++)
            text[i] = SIGNS[rng_below(&rng, sizeof SIGNS - 1)];
        got = known_look(str_bytes(text, len), "h:1");
        assert_true((got.kind == KNOWN_NOT) == (got.line == 0));
        assert_true(got.line <= len);
    }
}

/* ---- the file ---- */

static void test_known_finds_nothing_without_a_file(void **state)
{
    struct known *known = known_new(folder_path(state, "not/there"));
    struct known_entry got;

    assert_int_equal(known_find(known, "h:1", &got), 0);
    assert_int_equal(got.kind, KNOWN_NOT);
    assert_int_equal(known_forget(known, "h:1"), 0);
    known_free(known);
}

static void test_known_adds_what_is_new(void **state)
{
    struct known *known = known_new(folder_path(state, "chat"));
    struct known_entry a = key_entry(A), b = key_entry(B), got;
    struct known_entry ca = { .kind = KNOWN_CA };

    assert_int_equal(known_add(known, "Example.ORG:1", &a), 0);
    assert_int_equal(known_add(known, "[::1]:2", &ca), 0);
    assert_non_null(strstr(folder_read(state, "chat/known_servers"),
                           "\nexample.org:1 " A_PRINT "\n[::1]:2 ca\n"));

    assert_int_equal(known_add(known, "example.org:1", &b), 0);
    assert_true(fingerprint_equal(&b.key, &A)); /* it was there already */
    assert_true(b.line > 0);
    assert_int_equal(known_find(known, "EXAMPLE.org:1", &got), 0);
    assert_int_equal(got.kind, KNOWN_KEY);
    assert_int_equal(got.line, b.line);
    assert_true(fingerprint_equal(&got.key, &A));
    known_free(known);
}

static void test_known_is_private(void **state)
{
    struct known *known = known_new(folder_path(state, "a/chat"));
    struct known_entry a = key_entry(A);

    assert_int_equal(known_add(known, "h:1", &a), 0);
    assert_int_equal(folder_mode(state, "a/chat"), 0700);
    assert_int_equal(folder_mode(state, "a/chat/known_servers"), 0600);
    known_free(known);
}

static void test_known_keeps_what_others_wrote(void **state)
{
    static const char LINES[] = "# mine\n\nunknown words here\nH:1 ca\n"
                                "other:1 ca\nh:1 " A_PRINT "\nlast:1 ca";
    struct known *known = known_new(*state);
    struct known_entry a = key_entry(A);

    folder_write(state, "known_servers", LINES);
    assert_int_equal(known_add(known, "new:1", &a), 0);
    assert_string_equal(folder_read(state, "known_servers"),
                        "# mine\n\nunknown words here\nH:1 ca\nother:1 ca\n"
                        "h:1 " A_PRINT "\nlast:1 ca\nnew:1 " A_PRINT "\n");
    assert_int_equal(known_forget(known, "h:1"), 2);
    assert_int_equal(known_forget(known, "h:1"), 0);
    assert_string_equal(folder_read(state, "known_servers"),
                        "# mine\n\nunknown words here\nother:1 ca\nlast:1 ca\n"
                        "new:1 " A_PRINT "\n");
    folder_write(state, "known_servers", "x:1 ca\nlast:1 ca");
    assert_int_equal(known_forget(known, "last:1"), 1);
    assert_string_equal(folder_read(state, "known_servers"), "x:1 ca\n");
    known_free(known);
}

static void test_known_says_why_not(void **state)
{
    struct known *known = known_new("/proc/nowhere");
    struct known_entry a = key_entry(A), got;

    assert_int_equal(known_add(known, "h:1", &a), -1);
    assert_true(errno == ENOENT || errno == EACCES);
    known_free(known);

    assert_int_equal(mkdir(folder_path(state, "known_servers"), 0700), 0);
    known = known_new(*state);
    assert_int_equal(known_find(known, "h:1", &got), -1);
    assert_int_equal(known_add(known, "h:1", &a), -1);
    assert_int_equal(known_forget(known, "h:1"), -1);
    known_free(known);
}

static void test_known_refuses_a_huge_file(void **state)
{
    struct known *known = known_new(*state);
    struct known_entry a = key_entry(A), got;
    const char *path = folder_path(state, "known_servers");

    folder_write(state, "known_servers", "");
    assert_int_equal(truncate(path, KNOWN_FILE_MAX + 1), 0);
    assert_int_equal(known_find(known, "h:1", &got), -1);
    assert_int_equal(errno, EFBIG);
    assert_int_equal(
        truncate(folder_path(state, "known_servers"), KNOWN_FILE_MAX), 0);
    assert_int_equal(known_add(known, "h:1", &a), -1); /* no room */
    assert_int_equal(errno, EFBIG);
    known_free(known);
}

/* Clients that write at once, as processes: no line is lost. */
static void test_known_is_written_by_many(void **state)
{
    enum { WRITERS = 8, EACH = 20 };

    char name[32];
    struct known *known = known_new(*state);
    struct known_entry entry;
    pid_t children[WRITERS];
    int status;

    for (int i = 0; i < WRITERS; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        for (int k = 0; children[i] == 0 && k < EACH; k++) {
            snprintf(name, sizeof name, "h%d-%d:1", i, k);
            entry = key_entry(B);
            if (known_add(known, name, &entry) < 0)
                _exit(1);
        }
        if (children[i] == 0)
            _exit(0);
    }
    for (int i = 0; i < WRITERS; i++) {
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    for (int i = 0; i < WRITERS * EACH; i++) {
        snprintf(name, sizeof name, "h%d-%d:1", i / EACH, i % EACH);
        assert_int_equal(known_find(known, name, &entry), 0);
        assert_int_equal(entry.kind, KNOWN_KEY);
    }
    known_free(known);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, folder_make, folder_drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_known_reads_lines),
        TEST(test_known_takes_the_first_line),
        TEST(test_known_takes_no_endless_line),
        TEST(test_known_reads_anything),
        TEST(test_known_finds_nothing_without_a_file),
        TEST(test_known_adds_what_is_new),
        TEST(test_known_is_private),
        TEST(test_known_keeps_what_others_wrote),
        TEST(test_known_says_why_not),
        TEST(test_known_refuses_a_huge_file),
        TEST(test_known_is_written_by_many),
    };

    return RUN(tests);
}
