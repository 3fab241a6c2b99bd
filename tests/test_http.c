/* SPDX-License-Identifier: MIT
 *
 * Being watched over HTTP: what is a request, what is none, and the two pages.
 */
#include "tests/server.h"

#include "server/http.h"
#include "server/inquiry.h"
#include "server/service.h"

#define HOST "Host: localhost\r\n"

/* As S, for tables that are constant. */
#define T(literal)                                                             \
    {                                                                          \
        literal, sizeof(literal) - 1                                           \
    }

/* ---- requests ---- */

static void test_http_head_ends_with_an_empty_line(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } CASES[] = {
        { "", 0 },
        { "\r\n", 2 },
        { "GET / HTTP/1.1\r\n", 0 },
        { "GET / HTTP/1.1\r\n\r", 0 },
        { "GET / HTTP/1.1\r\n\r\n", 18 },
        { "GET / HTTP/1.1\n\nrest", 16 },
        { "GET / HTTP/1.1\r\n" HOST "\r\nbody\r\n\r\n", 35 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        assert_int_equal(http_head(str_of(CASES[i].bytes)), CASES[i].len);
}

static void test_http_takes_a_request_apart(void **state)
{
    struct http_request r;

    (void)state;
    assert_int_equal(
        http_parse(S("GET /metrics?x=1 HTTP/1.1\r\nhOsT:\r\nA: b\r\n\r\n"), &r),
        0);
    assert_true(str_is(r.method, "GET"));
    assert_true(str_is(r.path, "/metrics"));
    assert_int_equal(http_parse(S("HEAD / HTTP/1.0\n\n"), &r), 0);
    assert_true(str_is(r.path, "/"));
}

static void test_http_refuses_what_is_no_request(void **state)
{
    static const struct {
        int status;
        struct str head;
    } CASES[] = {
        { 400, { "", 0 } },
        { 400, T("\r\n") },
        { 400, T("GET\r\n\r\n") },
        { 400, T("GET /\r\n\r\n") },
        { 400, T("GET / HTTP/1.1\r\n\r\n") }, /* no host */
        { 400, T("GET / HTTP/1.1\r\n" HOST HOST "\r\n") },
        { 400, T("GET  HTTP/1.1\r\n" HOST "\r\n") },
        { 400, T("GET  / HTTP/1.1\r\n" HOST "\r\n") },
        { 400, T("GET / HTTP/1.1 \r\n" HOST "\r\n") },
        { 400, T("GET metrics HTTP/1.1\r\n" HOST "\r\n") },
        { 400, T("GET /\x01 HTTP/1.1\r\n" HOST "\r\n") },
        { 400, T("GET /\xc3\xa4 HTTP/1.1\r\n" HOST "\r\n") },
        { 400, T("G(T / HTTP/1.1\r\n" HOST "\r\n") },
        { 400, T("GET / HTTP/1.x\r\n" HOST "\r\n") },
        { 400, T("GET / http/1.1\r\n" HOST "\r\n") },
        { 400, T("GET / HTTP/1.1\r\n" HOST "no colon\r\n\r\n") },
        { 400, T("GET / HTTP/1.1\r\n" HOST " folded: x\r\n\r\n") },
        { 400, T("GET / HTTP/1.1\r\n" HOST "a : b\r\n\r\n") },
        { 400, T("GET / HTTP/1.1\r\n" HOST ": b\r\n\r\n") },
        { 400, T("GET / HTTP/1.1\r\n" HOST "a: \0\r\n\r\n") },
        { 505, T("GET / HTTP/2.0\r\n" HOST "\r\n") },
    };

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct http_request r;
        int status = http_parse(CASES[i].head, &r);

        if (status != CASES[i].status)
            fail_msg("%d for %.*s", status, STR_ARG(CASES[i].head));
    }
}

/* ---- answers ---- */

struct page {
    struct rig *rig;
    struct service service;
    char *text; /* of the last answer */
};

static int page_new(void **state)
{
    struct page *p = calloc(1, sizeof *p);

    assert_non_null(p);
    p->rig = rig_new(NULL);
    p->service.hub = p->rig->hub;
    *state = p;
    return 0;
}

static int page_free(void **state)
{
    struct page *p = *state;

    rig_free(p->rig);
    free(p->text);
    free(p);
    return 0;
}

static const char *get(struct page *p, const char *method, const char *path)
{
    char head[200];
    size_t len;
    char *out;

    snprintf(head, sizeof head, "%s %s HTTP/1.1\r\n" HOST "\r\n", method, path);
    out = http_answer(&p->service, str_of(head), &len);
    free(p->text);
    p->text = mem_str(str_bytes(out, len));
    free(out);
    return p->text;
}

/* Its head says how long the body is. */
static const char *body(const struct page *p)
{
    const char *length = strstr(p->text, "\r\nContent-Length: ");
    const char *end = strstr(p->text, "\r\n\r\n");

    assert_non_null(length);
    assert_non_null(end);
    assert_int_equal(strtoul(length + 18, NULL, 10), strlen(end + 4));
    return end + 4;
}

static void check_status(const struct page *p, const char *status)
{
    char line[64];

    snprintf(line, sizeof line, "HTTP/1.1 %s\r\n", status);
    assert_true(str_starts(str_of(p->text), str_of(line)));
    assert_non_null(strstr(p->text, "\r\nConnection: close\r\n"));
}

static void test_http_gives_the_metrics(void **state)
{
    struct page *p = *state;

    enter(p->rig, "ana");
    get(p, "GET", "/metrics");
    check_status(p, "200 OK");
    assert_non_null(strstr(p->text, "Content-Type: text/plain; version=0.0.4"));
    assert_non_null(strstr(body(p), "\nchat_opened_total 1\n"));
    get(p, "GET", "/metrics?for=you");
    check_status(p, "200 OK");
}

static void test_http_says_how_its_health_is(void **state)
{
    struct page *p = *state;

    get(p, "GET", "/health");
    check_status(p, "200 OK");
    assert_string_equal(body(p), "ok\n");
    p->service.stopping = true;
    get(p, "GET", "/health");
    check_status(p, "503 Service Unavailable");
    assert_string_equal(body(p), "going down\n");
}

static void test_http_has_heads_without_bodies(void **state)
{
    struct page *p = *state;

    get(p, "HEAD", "/health");
    check_status(p, "200 OK");
    assert_non_null(strstr(p->text, "\r\nContent-Length: 3\r\n"));
    assert_non_null(strstr(p->text, "\r\n\r\n"));
    assert_string_equal(strstr(p->text, "\r\n\r\n"), "\r\n\r\n");
}

static void test_http_has_nothing_else(void **state)
{
    struct page *p = *state;
    size_t len;
    char *out;

    get(p, "GET", "/");
    check_status(p, "404 Not Found");
    get(p, "GET", "/metrics/");
    check_status(p, "404 Not Found");
    get(p, "POST", "/metrics");
    check_status(p, "405 Method Not Allowed");
    assert_non_null(strstr(p->text, "\r\nAllow: GET, HEAD\r\n"));
    assert_string_equal(body(p), "405 Method Not Allowed\n");
    out = http_answer(&p->service, S("GET / HTTP/1.1\r\nA: "), &len);
    assert_true(str_starts(str_bytes(out, len), S("HTTP/1.1 431 ")));
    free(out);
}

static void test_http_has_a_longest_head(void **state)
{
    struct page *p = *state;
    struct inquiry *q =
        inquiry_new(INQUIRY_HTTP, &p->service, NULL, p->rig->now);
    char junk[HTTP_HEAD_MAX];

    memset(junk, 'a', sizeof junk);
    inquiry_feed(q, S("GET /"), p->rig->now);
    inquiry_feed(q, str_bytes(junk, sizeof junk - 6), p->rig->now);
    assert_int_equal(inquiry_output(q).len, 0);
    inquiry_feed(q, S("a"), p->rig->now);
    assert_true(str_starts(inquiry_output(q), S("HTTP/1.1 431 ")));
    inquiry_free(q);
}

#define PAGE_TEST(test)                                                        \
    cmocka_unit_test_setup_teardown(test, page_new, page_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_head_ends_with_an_empty_line),
        cmocka_unit_test(test_http_takes_a_request_apart),
        cmocka_unit_test(test_http_refuses_what_is_no_request),
        PAGE_TEST(test_http_gives_the_metrics),
        PAGE_TEST(test_http_says_how_its_health_is),
        PAGE_TEST(test_http_has_heads_without_bodies),
        PAGE_TEST(test_http_has_nothing_else),
        PAGE_TEST(test_http_has_a_longest_head),
    };

    return RUN(tests);
}
