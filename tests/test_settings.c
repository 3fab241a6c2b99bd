/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include <stdbool.h>
#include <sysexits.h>
#include <unistd.h>

#include "tui/address.h"
#include "tui/settings.h"

/* ---- addresses ---- */

static void test_address_reads_what_people_write(void **state)
{
    static const struct {
        const char *text, *host;
        unsigned tcp, udp;
    } GOOD[] = {
        { "example.org", "example.org", 8555, 9555 },
        { "example.org:7000", "example.org", 7000, 7000 },
        { "example.org:7000/7001", "example.org", 7000, 7001 },
        { "127.0.0.1:1", "127.0.0.1", 1, 1 },
        { "[::1]:80", "::1", 80, 80 },
        { "[::1]", "::1", 8555, 9555 },
        { "::1", "::1", 8555, 9555 },
        { "fe80::1%eth0", "fe80::1%eth0", 8555, 9555 },
    };

    static const char *const BAD[] = {
        "",
        ":80",
        "host:",
        "host:0",
        "host:65536",
        "host:1x",
        "host:1/",
        "host:1/2/3",
        "[::1",
        "[]:80",
        "a b",
        "host:-1",
        "user@host:1",
        "host/path",
        "host:1/99999",
        "host:999999999999999",
    };

    (void)state;
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++) {
        struct address a;

        assert_int_equal(address_parse(&a, GOOD[i].text), 0);
        assert_string_equal(a.host, GOOD[i].host);
        assert_int_equal(a.tcp, GOOD[i].tcp);
        assert_int_equal(a.udp, GOOD[i].udp);
    }
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        struct address a;

        if (address_parse(&a, BAD[i]) == 0)
            fail_msg("taken for an address: \"%s\"", BAD[i]);
    }
}

static void test_address_knows_what_is_local(void **state)
{
    static const char *const LOCAL[] = { "127.0.0.1", "127.9.9.9:1", "::1",
                                         "[::1]:5", "localhost" };
    static const char *const FAR[] = { "128.0.0.1", "127.0.0.1.example.org",
                                       "::2", "localhost.example.org",
                                       "127.0.0.256" };
    struct address a;

    (void)state;
    for (size_t i = 0; i < sizeof LOCAL / sizeof *LOCAL; i++) {
        assert_int_equal(address_parse(&a, LOCAL[i]), 0);
        assert_true(address_is_local(&a));
    }
    for (size_t i = 0; i < sizeof FAR / sizeof *FAR; i++) {
        assert_int_equal(address_parse(&a, FAR[i]), 0);
        assert_false(address_is_local(&a));
    }
    assert_int_equal(address_unix(&a, "/run/chat.sock"), 0);
    assert_true(address_is_local(&a));
}

static void test_address_prints_what_it_reads(void **state)
{
    struct address a;
    char text[300];

    (void)state;
    address_parse(&a, "[::1]:5/6");
    address_text(&a, TRANSPORT_TCP, text, sizeof text);
    assert_string_equal(text, "[::1]:5");
    address_text(&a, TRANSPORT_UDP, text, sizeof text);
    assert_string_equal(text, "[::1]:6");
    address_unix(&a, "/run/x");
    address_text(&a, TRANSPORT_TCP, text, sizeof text);
    assert_string_equal(text, "/run/x");
}

static void test_address_refuses_a_long_path(void **state)
{
    struct address a;
    char path[200];

    (void)state;
    memset(path, 'x', sizeof path);
    path[sizeof path - 1] = '\0';
    assert_int_equal(address_unix(&a, path), -1);
    assert_int_equal(address_unix(&a, ""), -1);
}

/* ---- settings ---- */

enum { WORDS = 8 };

/* Load with these words behind the program's name; NULL ends them. */
static int load(struct settings *s, struct option_error *error,
                const char *const *words)
{
    static char copies[WORDS][64];
    char *argv[WORDS + 2] = { copies[0] };
    int argc = 1;

    for (; *words && argc < WORDS; words++, argc++) {
        snprintf(copies[argc], sizeof copies[argc], "%s", *words);
        argv[argc] = copies[argc];
    }
    return settings_load(s, argv, error);
}

static int setup(void **state)
{
    (void)state;
    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    unsetenv("CHAT_SERVER");
    return 0;
}

static void test_settings_connect_to_this_machine_by_default(void **state)
{
    struct settings s;

    (void)state;
    assert_int_equal(
        load(&s, &(struct option_error){ "" }, (const char *const[]){ NULL }),
        0);
    assert_string_equal(s.address.host, "127.0.0.1");
    assert_int_equal(s.address.tcp, 8555);
    assert_int_equal(s.address.udp, 9555);
    assert_int_equal(s.transport, PICK_AUTO);
    assert_int_equal(s.mode, MODE_FULL);
    assert_false(s.nick_given);
    assert_true(s.nick && *s.nick);
    assert_int_equal(s.n_rooms, 0);
    settings_free(&s);
}

static int code_of(const char *const *words)
{
    struct option_error error = { "" };
    struct settings s;
    int code = load(&s, &error, words);

    if (code)
        assert_true(*error.text);
    settings_free(&s);
    return code;
}

static const char PRINT[] =
    "SHA256:AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

static void test_settings_refuse_what_does_not_go_together(void **state)
{
    static const char *const WRONG[][WORDS] = {
        { "--tcp", "--udp" },
        { "--send", "#a", "--tail", "#a" },
        { "--line", "--send", "#a" },
        { "--json" },
        { "--last", "3", "--send", "#a" },
        { "--socket", "/x", "--udp" },
        { "-s", "not a host" },
        { "--fingerprint", "SHA256:short" },
        { "--fingerprint", PRINT + 7 },
        { "--fingerprint", PRINT, "--tls", "off" },
        { "--tls-ca", "/x", "--tls", "off" },
        { "--send", "#a", "#b" },
        { "no room" },
    };
    static const char *const RIGHT[][WORDS] = {
        { "-s", "example.org", "--tls", "off" },
        { "-s", "example.org", "--tls", "on" },
        { "-s", "example.org" },
        { "--fingerprint", PRINT },
        { "--fingerprint", PRINT, "--tls-ca", "/x" },
        { "--socket", "/x", "--tcp" },
        { "--tail", "#a", "--json", "--last", "3" },
        { "--udp", "#a", "b", "@carol" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++)
        assert_int_equal(code_of(WRONG[i]), EX_USAGE);
    for (size_t i = 0; i < sizeof RIGHT / sizeof *RIGHT; i++)
        assert_int_equal(code_of(RIGHT[i]), 0);
}

static void test_settings_ask_about_new_keys_by_default(void **state)
{
    static const char *const WORDS_GIVEN[] = { "--fingerprint", PRINT, NULL };
    static const struct fingerprint WANTED = { { 1 } };
    struct settings s;

    (void)state;
    assert_int_equal(load(&s, &(struct option_error){ "" }, WORDS_GIVEN), 0);
    assert_int_equal(s.tls, TLS_AUTO);
    assert_int_equal(s.trust, TRUST_ASK);
    assert_true(fingerprint_equal(&s.pin, &WANTED));
    settings_free(&s);
}

static void test_settings_complete_names_of_rooms(void **state)
{
    static const char *const WORDS_GIVEN[] = { "lobby", "#tea", "@carol",
                                               NULL };
    struct settings s;

    (void)state;
    assert_int_equal(load(&s, &(struct option_error){ "" }, WORDS_GIVEN), 0);
    assert_int_equal(s.n_rooms, 3);
    assert_string_equal(s.rooms[0], "#lobby");
    assert_string_equal(s.rooms[1], "#tea");
    assert_string_equal(s.rooms[2], "@carol");
    settings_free(&s);
    assert_null(settings_room(""));
    assert_null(settings_room("@"));
    assert_null(settings_room("#"));
}

static void test_settings_take_file_then_environment_then_words(void **state)
{
    static const char *const WORDS_GIVEN[] = { "-n", "amy", NULL };
    char dir[] = "/tmp/chat-settings.XXXXXX", path[64], command[80];
    struct settings s;
    FILE *file;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(command, sizeof command, "mkdir %s/chat", dir);
    assert_int_equal(system(command), 0);
    snprintf(path, sizeof path, "%s/chat/chat-tui.conf", dir);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs("server = localhost:1\nnick = bob\ntransport = udp\n", file);
    fclose(file);
    setenv("XDG_CONFIG_HOME", dir, 1);
    setenv("CHAT_SERVER", "localhost:2", 1);
    assert_int_equal(load(&s, &(struct option_error){ "" }, WORDS_GIVEN), 0);

    assert_int_equal(s.address.tcp, 2);
    assert_string_equal(s.nick, "amy");
    assert_true(s.nick_given);
    assert_int_equal(s.transport, PICK_UDP);
    settings_free(&s);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    assert_int_equal(system(command), 0);
}

static void test_settings_want_the_file_that_was_named(void **state)
{
    static const char *const WORDS_GIVEN[] = { "-c", "/nonexistent/x", NULL };

    (void)state;
    assert_int_equal(code_of(WORDS_GIVEN), EX_NOINPUT);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_address_reads_what_people_write),
        TEST(test_address_knows_what_is_local),
        TEST(test_address_prints_what_it_reads),
        TEST(test_address_refuses_a_long_path),
        TEST(test_settings_connect_to_this_machine_by_default),
        TEST(test_settings_refuse_what_does_not_go_together),
        TEST(test_settings_ask_about_new_keys_by_default),
        TEST(test_settings_complete_names_of_rooms),
        TEST(test_settings_take_file_then_environment_then_words),
        TEST(test_settings_want_the_file_that_was_named),
    };

    return RUN(tests);
}
