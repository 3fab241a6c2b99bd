/* SPDX-License-Identifier: MIT
 *
 * Settings: tables, file and command line, what is refused and why, and what a
 * new reading changes.  Addresses too.
 */
#include "tests/test.h"

#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "server/config.h"
#include "server/log.h"

enum { ARGS_MAX = 16 };

/* Load with the given arguments, a space between them. */
static int load(struct settings *settings, const char *args, char *why)
{
    static char text[512];
    char *argv[ARGS_MAX] = { text };
    struct option_error error = { "" };
    int argc = 1, code;

    snprintf(text, sizeof text, "chat-server %s", args);
    for (char *p = text; (p = strchr(p, ' ')) && p[1]; argc++) {
        *p++ = '\0';
        argv[argc] = p;
    }
    code = config_load(settings, argc, argv, &error);
    if (why)
        snprintf(why, sizeof error.text, "%s", error.text);
    return code;
}

static void check_refused(const char *args, int code, const char *about)
{
    struct settings settings;
    char why[256];

    assert_int_equal(load(&settings, args, why), code);
    if (!strstr(why, about))
        fail_msg("%s: \"%s\" does not name %s", args, why, about);
    config_free(&settings);
}

static void test_config_has_the_limits_of_the_table(void **state)
{
    struct settings settings;
    struct limits limits;

    (void)state;
    limits_init(&limits);
    assert_int_equal(load(&settings, "", NULL), 0);
    assert_memory_equal(&settings.limits, &limits, sizeof limits);
    assert_string_equal(settings.listen_tcp, "127.0.0.1:8555");
    config_free(&settings);
    assert_int_equal(load(&settings, "--text-bytes 1000 --late=6000", NULL), 0);
    assert_int_equal(settings.limits.value[LIMIT_TEXT_BYTES], 1000);
    assert_int_equal(settings.limits.value[LIMIT_LATE], 6000);
    config_free(&settings);
}

static void test_config_takes_a_rate_limit(void **state)
{
    struct settings settings;

    (void)state;
    assert_int_equal(load(&settings, "--rate-limit 30/5", NULL), 0);
    assert_int_equal(settings.limits.value[LIMIT_SEND_BURST], 30);
    assert_int_equal(settings.limits.value[LIMIT_SEND_RATE], 5);
    config_free(&settings);
    assert_int_equal(load(&settings, "--rate-limit off", NULL), 0);
    assert_int_equal(settings.limits.value[LIMIT_SEND_RATE], 0);
    assert_int_equal(settings.limits.value[LIMIT_INPUT_RATE], 0);
    config_free(&settings);
    check_refused("--rate-limit 5", EX_CONFIG, "rate-limit");
    check_refused("--rate-limit 0/5", EX_CONFIG, "rate-limit");
    check_refused("--rate-limit 5/0", EX_CONFIG, "rate-limit");
    check_refused("--rate-limit 5/5x", EX_CONFIG, "rate-limit");
    check_refused("--rate-limit -1/5", EX_CONFIG, "rate-limit");
}

static void test_config_refuses_what_does_not_fit_together(void **state)
{
    (void)state;
    check_refused("--late 20000", EX_CONFIG, "late");
    check_refused("--heartbeat 15000", EX_CONFIG, "heartbeat");
    check_refused("--heartbeat 7500", EX_CONFIG, "late: must be greater");
    check_refused("--late 5000", EX_CONFIG, "late: must be greater");
    check_refused("--keep-rooms builds=7", EX_CONFIG, "not #ROOM=DAYS");
    check_refused("--page 500 --page-max 400", EX_CONFIG, "page");
    check_refused("--queue-soft 600000", EX_CONFIG, "queue-hard");
    check_refused("--text-bytes 1", EX_USAGE, "text-bytes");
    check_refused("lobby", EX_USAGE, "lobby");
    check_refused("--listen-tcp off --listen-udp off", EX_CONFIG, "off");
    check_refused("-c /nonexistent/file", EX_NOINPUT, "/nonexistent/file");
}

static void check_key(const char *args, bool needed)
{
    struct settings settings;

    assert_int_equal(load(&settings, args, NULL), 0);
    assert_int_equal(config_needs_key(&settings), needed);
    config_free(&settings);
}

static void test_config_encrypts_where_others_could_read(void **state)
{
    (void)state;
    check_key("", true);
    check_key("--listen-tcp 0.0.0.0:0 --listen-udp [::]:0", true);
    check_key("--tls on", true);
    check_key("--tls off --listen-tcp 0.0.0.0:0", false);
    check_key("--listen-tcp off", true);
    check_key("--listen-tcp off --listen-udp off --listen-unix /tmp/x", false);
    check_key("--tls-cert a.crt --tls-key a.key", true);
    check_refused("--tls-cert a.crt", EX_CONFIG, "tls-key");
    check_refused("--tls-key a.key", EX_CONFIG, "tls-cert");
    check_refused("--tls maybe", EX_USAGE, "tls");
}

static void check_control(const char *args, const char *path)
{
    struct settings settings;
    char *control;

    assert_int_equal(load(&settings, args, NULL), 0);
    control = config_control(&settings);
    if (path)
        assert_string_equal(control, path);
    else
        assert_null(control);
    free(control);
    config_free(&settings);
}

static void test_config_places_the_operators_socket(void **state)
{
    (void)state;
    check_control("--data /some/where", "/some/where/control.sock");
    check_control("--data /some/where --control=", "/some/where/control.sock");
    check_control("--data /some/where --control /run/x", "/run/x");
    check_control("--data /some/where --control off", NULL);
    check_control("--data :memory:", NULL);
}

/* ---- the file ---- */

struct fixture {
    char path[64], args[128];
    struct settings settings;
};

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static struct fixture fixture_new(const char *text)
{
    struct fixture f = { .path = "/tmp/test-config-XXXXXX" };
    int fd = mkstemp(f.path);

    assert_true(fd >= 0);
    close(fd);
    write_file(f.path, text);
    snprintf(f.args, sizeof f.args, "-c %s", f.path);
    return f;
}

static void test_config_lets_the_command_line_win(void **state)
{
    struct fixture f = fixture_new("# mine\nidle-exit = 5\n"
                                   "listen-tcp = 127.0.0.1:1\nlarge-room=9\n");

    (void)state;
    strcat(f.args, " --idle-exit 7");
    assert_int_equal(load(&f.settings, f.args, NULL), 0);
    assert_int_equal(f.settings.idle_exit, 7);
    assert_string_equal(f.settings.listen_tcp, "127.0.0.1:1");
    assert_int_equal(f.settings.limits.value[LIMIT_LARGE_ROOM], 9);
    config_free(&f.settings);
    unlink(f.path);
}

static void test_config_names_the_line_of_a_mistake(void **state)
{
    struct fixture f = fixture_new("idle-exit = 5\n\nlarge-rom = 9\n");

    (void)state;
    check_refused(f.args, EX_CONFIG, ":3");
    write_file(f.path, "help = yes\n");
    check_refused(f.args, EX_CONFIG, "help");
    unlink(f.path);
}

static void test_config_reloads_what_may_change(void **state)
{
    struct fixture f = fixture_new("late = 7000\n");
    char name[] = "chat-server", option[] = "-c";
    char *argv[] = { name, option, f.path, NULL };
    struct option_error error;
    char *out = NULL;
    size_t len = 0;
    struct log log = { .to = open_memstream(&out, &len) };

    (void)state;
    assert_int_equal(config_load(&f.settings, 3, argv, &error), 0);
    assert_int_equal(config_reload(&f.settings, 3, argv, &log), 0);
    fflush(log.to);
    assert_non_null(strstr(out, "config.reload changed=0"));
    write_file(f.path, "late = 7100\nlog = json\nlisten-tcp = 127.0.0.1:2\n"
                       "rate-limit = 20/3\ntls-cert = a\ntls-key = b\n");
    assert_int_equal(config_reload(&f.settings, 3, argv, &log), 0);
    assert_int_equal(f.settings.limits.value[LIMIT_LATE], 7100);
    assert_int_equal(f.settings.limits.value[LIMIT_SEND_BURST], 20);
    assert_int_equal(f.settings.log, LOG_AS_JSON);
    assert_string_equal(f.settings.tls_cert, "a");
    assert_string_equal(f.settings.tls_key, "b");
    assert_string_equal(f.settings.listen_tcp, "127.0.0.1:8555");
    write_file(f.path, "late = 99999\n");
    assert_int_equal(config_reload(&f.settings, 3, argv, &log), EX_CONFIG);
    assert_int_equal(f.settings.limits.value[LIMIT_LATE], 7100);

    fclose(log.to);
    assert_non_null(strstr(out, "config.reload changed=7"));
    assert_non_null(strstr(out, "key=\"late\" from=\"7000\" to=\"7100\" "
                                "taken=\"now\""));
    assert_non_null(strstr(out, "key=\"listen-tcp\" from=\"127.0.0.1:8555\" "
                                "to=\"127.0.0.1:2\" taken=\"after a restart"));
    assert_non_null(strstr(out, "config.refused"));
    free(out);
    config_free(&f.settings);
    unlink(f.path);
}

/* ---- addresses ---- */

static void check_address(const char *text, const char *shown, bool loopback,
                          size_t gate)
{
    struct address address;
    char why[256], out[ADDRESS_TEXT];

    if (!address_parse(&address, text, why, sizeof why))
        fail_msg("%s", why);
    address_text(&address, out);
    assert_string_equal(out, shown);
    assert_int_equal(address_is_loopback(&address), loopback);
    assert_int_equal(address_gate(&address).len, gate);
    assert_true(address_equal(&address, &address));
}

static void test_address_is_parsed_and_shown(void **state)
{
    (void)state;
    check_address("127.0.0.1:80", "127.0.0.1:80", true, 0);
    check_address("127.9.9.9:0", "127.9.9.9:0", true, 0);
    check_address("192.0.2.7:1234", "192.0.2.7:1234", false, 4);
    check_address("[::1]:80", "[::1]:80", true, 0);
    check_address("[2001:db8::1]:80", "[2001:db8::1]:80", false, 8);
    check_address("[::ffff:192.0.2.7]:80", "[::ffff:192.0.2.7]:80", false, 4);
    check_address("[::ffff:127.0.0.1]:80", "[::ffff:127.0.0.1]:80", true, 0);
}

static void test_address_refuses_nonsense(void **state)
{
    static const char *const BAD[] = { "",      "127.0.0.1", "::1:80",
                                       "[::1]", "1.2.3.4:",  "1.2.3.4:x",
                                       "a b:1" };
    struct address address;
    char why[256];

    (void)state;
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        if (address_parse(&address, BAD[i], why, sizeof why))
            fail_msg("%s was taken", BAD[i]);
    }
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_config_has_the_limits_of_the_table),
    cmocka_unit_test(test_config_takes_a_rate_limit),
    cmocka_unit_test(test_config_refuses_what_does_not_fit_together),
    cmocka_unit_test(test_config_encrypts_where_others_could_read),
    cmocka_unit_test(test_config_places_the_operators_socket),
    cmocka_unit_test(test_config_lets_the_command_line_win),
    cmocka_unit_test(test_config_names_the_line_of_a_mistake),
    cmocka_unit_test(test_config_reloads_what_may_change),
    cmocka_unit_test(test_address_is_parsed_and_shown),
    cmocka_unit_test(test_address_refuses_nonsense),
};

int main(void)
{
    return RUN(TESTS);
}
