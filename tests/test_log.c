/* SPDX-License-Identifier: MIT
 *
 * Log lines: one per event whatever a stranger put into it, as text and JSON.
 */
#include "tests/test.h"

#include <unistd.h>

#include "server/log.h"
#include "server/metrics.h"

/* What a call writes; the caller frees it. */
static char *line_of(enum log_format format, struct str text)
{
    char *out = NULL;
    size_t len = 0;
    struct log log = { .to = open_memstream(&out, &len),
                       .format = format,
                       .wall_ms = 1700000000125 };

    assert_non_null(log.to);
    LOG(&log, SESSION_HELLO, log_num("session", 7), log_str("client", text));
    fclose(log.to);
    return out;
}

static void check(enum log_format format, struct str text, const char *wanted)
{
    char *line = line_of(format, text);

    assert_string_equal(line, wanted);
    free(line);
}

static void test_log_writes_text(void **state)
{
    (void)state;
    check(LOG_AS_TEXT, S("chat-tui 1"),
          "2023-11-14T22:13:20.125Z debug session.hello session=7 "
          "client=\"chat-tui 1\"\n");
    check(LOG_AS_TEXT, S("李伟"),
          "2023-11-14T22:13:20.125Z debug session.hello session=7 "
          "client=\"李伟\"\n");
}

static void test_log_writes_json(void **state)
{
    (void)state;
    check(LOG_AS_JSON, S("a \"b\" \\"),
          "{\"time\":\"2023-11-14T22:13:20.125Z\","
          "\"level\":\"debug\",\"event\":\"session.hello\",\"session\":7,"
          "\"client\":\"a \\\"b\\\" \\\\\"}\n");
}

static void test_log_stays_on_one_line_without_controls(void **state)
{
    static char all[256 * 2];

    (void)state;
    for (size_t i = 0; i < sizeof all; i++)
        all[i] = (char)(i / 2);
    for (int format = LOG_AS_TEXT; format <= LOG_AS_JSON; format++) {
        char *line =
            line_of((enum log_format)format, str_bytes(all, sizeof all));

        assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
        for (const char *p = line; p[1]; p++)
            assert_true((unsigned char)*p >= 0x20 && *p != 0x7f);
        free(line);
    }
}

static void test_log_closes_its_quotes_however_long_the_value(void **state)
{
    static char quotes[5000];
    char *line;

    (void)state;
    memset(quotes, '"', sizeof quotes);
    line = line_of(LOG_AS_JSON, str_bytes(quotes, sizeof quotes));
    assert_string_equal(line + strlen(line) - 3, "\"}\n");
    free(line);
}

static void test_log_is_silent_without_a_file(void **state)
{
    struct log log = { .to = NULL };

    (void)state;
    LOG(&log, METRICS, log_num("n", 1));
}

static void test_log_drops_lines_rather_than_wait(void **state)
{
    static char bytes[256 * 1024];
    struct log log = { .to = NULL };
    int fds[2];
    ssize_t n;

    (void)state;
    assert_int_equal(pipe(fds), 0);
    log.to = fdopen(fds[1], "w");
    setvbuf(log.to, NULL, _IONBF, 0);
    for (uint64_t i = 0; i < 10000; i++)
        LOG(&log, METRICS, log_num("i", i));
    assert_true(log.dropped > 0);
    n = read(fds[0], bytes, sizeof bytes - 1);
    assert_true(n > 0 && bytes[n - 1] == '\n'); /* none was cut */

    LOG(&log, METRICS, log_num("i", 1));
    n = read(fds[0], bytes, sizeof bytes - 1);
    bytes[n > 0 ? n : 0] = '\0';
    assert_non_null(strstr(bytes, "log.dropped lines="));
    assert_int_equal(log.dropped, 0);
    fclose(log.to);
    close(fds[0]);
}

/* What is told at a level, of an event of each. */
static void check_level(enum log_level level, const char *wanted)
{
    char told[LEVELS + 1] = "", *out = NULL;
    size_t len = 0;
    struct log log = { .to = open_memstream(&out, &len), .level = level };

    LOG(&log, SESSION_HELLO, log_num("n", 1));
    LOG(&log, ROOM_NEW, log_num("n", 1));
    LOG(&log, AUTH_REFUSED, log_num("n", 1));
    LOG(&log, STORE_TROUBLE, log_num("n", 1));
    fclose(log.to);
    for (unsigned i = 0; i < LEVELS; i++) {
        if (strstr(out, LOG_LEVEL_NAMES[i]))
            strncat(told, LOG_LEVEL_NAMES[i], 1);
    }
    assert_string_equal(told, wanted);
    free(out);
}

static void test_log_tells_what_is_grave_enough(void **state)
{
    (void)state;
    check_level(LEVEL_DEBUG, "diwe");
    check_level(LEVEL_INFO, "iwe");
    check_level(LEVEL_WARNING, "we");
    check_level(LEVEL_ERROR, "e");
}

static void test_log_tells_when_its_level_changes(void **state)
{
    char *out = NULL;
    size_t len = 0;
    struct log log = { .to = open_memstream(&out, &len), .level = LEVEL_ERROR };

    (void)state;
    log_set_level(&log, LEVEL_ERROR, log_num("uid", 1));
    log_set_level(&log, LEVEL_WARNING, log_num("uid", 2));
    log_set_level(&log, LEVEL_ERROR, log_num("uid", 3));
    LOG(&log, AUTH_REFUSED, log_num("n", 1));
    fclose(log.to);
    assert_string_equal(
        out, "1970-01-01T00:00:00.000Z warning log.level from=\"error\" "
             "to=\"warning\" uid=2\n"
             "1970-01-01T00:00:00.000Z warning log.level from=\"warning\" "
             "to=\"error\" uid=3\n");
    free(out);
}

static void test_log_knows_its_levels(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LEVELS; i++)
        assert_int_equal(log_level_of(str_of(LOG_LEVEL_NAMES[i])), i);
    assert_int_equal(log_level_of(S("")), LEVELS);
    assert_int_equal(log_level_of(S("inf")), LEVELS);
    assert_int_equal(log_level_of(S("INFO")), LEVELS);
}

static void test_log_says_its_level_to_the_journal(void **state)
{
    char *out = NULL;
    size_t len = 0;
    struct log log = { .to = open_memstream(&out, &len), .journal = true };

    (void)state;
    LOG(&log, STORE_TROUBLE, log_num("n", 1));
    log.format = LOG_AS_JSON;
    LOG(&log, SESSION_HELLO, log_num("n", 1));
    fclose(log.to);
    assert_string_equal(out, "<3>1970-01-01T00:00:00.000Z error store.trouble "
                             "n=1\n"
                             "<7>{\"time\":\"1970-01-01T00:00:00.000Z\","
                             "\"level\":\"debug\","
                             "\"event\":\"session.hello\",\"n\":1}\n");
    free(out);
}

/* Who reloads wants to see what came of it, whatever the log tells. */
static void test_log_copies_every_level(void **state)
{
    char *out = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&out, &len);
    struct log log = { .level = LEVEL_ERROR };

    (void)state;
    log_copy(&log, to, LOG_AS_TEXT);
    LOG(&log, CONFIG_RELOAD, log_num("changed", 1));
    log_copy(&log, NULL, LOG_AS_TEXT);
    fclose(to);
    assert_string_equal(out, "config.reload changed=1\n");
    free(out);
}

static void test_metrics_page_has_a_line_per_row(void **state)
{
    struct metrics metrics = { .sessions = 3, .events = 12 };
    static const uint64_t TOOK_US[] = { 100, 250, 251, 7000000 };
    char *page = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&page, &len);

    (void)state;
    for (size_t i = 0; i < sizeof TOOK_US / sizeof *TOOK_US; i++)
        histogram_add(&metrics.commit, TOOK_US[i]);
    metrics_page(&metrics, to);
    fclose(to);
    assert_non_null(strstr(page, "\nchat_events_total 12\n"));
    assert_non_null(strstr(page, "# TYPE chat_sessions gauge\n"));
    assert_non_null(strstr(page, "\nchat_sessions 3\n"));
    assert_non_null(strstr(page, "# TYPE chat_commit_seconds histogram\n"));
    assert_non_null(strstr(page, "_seconds_bucket{le=\"0.00025\"} 2\n"));
    assert_non_null(strstr(page, "_seconds_bucket{le=\"5\"} 3\n"));
    assert_non_null(strstr(page, "_seconds_bucket{le=\"+Inf\"} 4\n"));
    assert_non_null(strstr(page, "\nchat_commit_seconds_sum 7.000601\n"));
    assert_int_equal(histogram_quantile(&metrics.commit, 50), 250);
    free(page);
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_log_writes_text),
    cmocka_unit_test(test_log_writes_json),
    cmocka_unit_test(test_log_stays_on_one_line_without_controls),
    cmocka_unit_test(test_log_closes_its_quotes_however_long_the_value),
    cmocka_unit_test(test_log_is_silent_without_a_file),
    cmocka_unit_test(test_log_drops_lines_rather_than_wait),
    cmocka_unit_test(test_log_tells_what_is_grave_enough),
    cmocka_unit_test(test_log_tells_when_its_level_changes),
    cmocka_unit_test(test_log_knows_its_levels),
    cmocka_unit_test(test_log_says_its_level_to_the_journal),
    cmocka_unit_test(test_log_copies_every_level),
    cmocka_unit_test(test_metrics_page_has_a_line_per_row),
};

int main(void)
{
    return RUN(TESTS);
}
