/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "shared/str.h"
#include "tui/state.h"

static int setup(void **state)
{
    char *dir = strdup("/tmp/chat-state.XXXXXX");

    if (!mkdtemp(dir)) {
        free(dir);
        return -1;
    }
    setenv("XDG_STATE_HOME", dir, 1);
    *state = dir;
    return 0;
}

static int teardown(void **state)
{
    char command[128];

    snprintf(command, sizeof command, "rm -rf '%s'", (char *)*state);
    free(*state);
    return system(command);
}

static struct state *open_state(const char *server, const char *nick)
{
    char error[256] = "";
    struct state *state = state_open(server, nick, error, sizeof error);

    if (!state)
        fail_msg("%s", error);
    return state;
}

static void test_state_gives_each_client_a_slot(void **state)
{
    struct state *a = open_state("host:1", "amy");
    struct state *b = open_state("host:1", "amy");
    char *first = strdup(state_outbox(a));

    (void)state;
    assert_string_not_equal(state_outbox(a), state_outbox(b));
    state_close(a);
    a = open_state("host:1", "amy");
    assert_string_equal(state_outbox(a), first); /* free again */
    state_close(a);
    state_close(b);
    free(first);
}

static void test_state_keeps_people_apart(void **state)
{
    struct state *a = open_state("host:1", "amy");
    struct state *b = open_state("host:1", "bob");
    struct state *c = open_state("host:2", "amy");

    (void)state;
    assert_string_not_equal(state_outbox(a), state_outbox(b));
    assert_string_not_equal(state_outbox(a), state_outbox(c));
    state_close(a);
    state_close(b);
    state_close(c);
}

static void test_state_keeps_the_token(void **state)
{
    struct state *a = open_state("host:1", "amy");

    (void)state;
    assert_int_equal(state_token(a).len, 0);
    assert_int_equal(state_keep_token(a, S("first\0token"), false), 0);
    assert_int_equal(state_keep_token(a, S("second\0one"), false), 0);
    assert_int_equal(state_keep_token(a, str_of(""), false), 0); /* nothing */
    state_close(a);
    a = open_state("host:1", "amy");
    assert_true(str_eq(state_token(a), S("second\0one")));
    state_close(a);
    assert_int_equal(state_keep_token(NULL, S("nobody's"), false), 0);
}

static void test_state_is_private(void **state)
{
    struct state *a = open_state("host:1", "amy");
    char path[256];
    struct stat st;

    assert_int_equal(state_keep_token(a, S("secret"), false), 0);
    snprintf(path, sizeof path, "%s/chat", (char *)*state);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    snprintf(path, sizeof path, "%s/chat/host:1/amy/token", (char *)*state);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    state_close(a);
}

/* Names come from people and servers; none may leave the directory. */
static void test_state_takes_no_name_for_a_path(void **state)
{
    static const char *const NAMES[] = { "..",  ".",   "../../x", "/etc",
                                         "a/b", "%2e", "李伟",    " " };
    char inside[256];

    snprintf(inside, sizeof inside, "%s/chat/", (char *)*state);
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        struct state *a = open_state(NAMES[i], NAMES[i]);

        assert_memory_equal(state_outbox(a), inside, strlen(inside));
        assert_null(strstr(state_outbox(a), "/../"));
        assert_null(strstr(state_outbox(a), "/./"));
        state_close(a);
    }
}

static void test_state_says_why_not(void **state)
{
    char error[256] = "";

    (void)state;
    setenv("XDG_STATE_HOME", "/proc/nowhere", 1);
    assert_null(state_open("host:1", "amy", error, sizeof error));
    assert_non_null(strstr(error, "/proc/nowhere"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_state_gives_each_client_a_slot),
        TEST(test_state_keeps_people_apart),
        TEST(test_state_keeps_the_token),
        TEST(test_state_is_private),
        TEST(test_state_takes_no_name_for_a_path),
        TEST(test_state_says_why_not),
    };

    return RUN(tests);
}
