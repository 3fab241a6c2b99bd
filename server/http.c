/* SPDX-License-Identifier: MIT
 *
 * Being watched over HTTP; see http.h.
 */
#include "server/http.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "server/hub.h"
#include "server/service.h"
#include "shared/mem.h"

static const struct {
    int code;
    const char *text;
} STATUSES[] = {
    { 200, "OK" },
    { 400, "Bad Request" },
    { 404, "Not Found" },
    { 405, "Method Not Allowed" },
    { 431, "Request Header Fields Too Large" },
    { 503, "Service Unavailable" },
    { 505, "HTTP Version Not Supported" },
};

static const char *text_of(int code)
{
    size_t i = 0;

    while (STATUSES[i].code != code)
        i++;
    return STATUSES[i].text;
}

/* ---- the question ---- */

/* The next line, without its end, off the front; false: there is none. */
static bool take_line(struct str *rest, struct str *line)
{
    const char *end = rest->len ? memchr(rest->ptr, '\n', rest->len) : NULL;

    if (!end)
        return false;
    *line = str_bytes(rest->ptr, (size_t)(end - rest->ptr));
    *rest = str_from(*rest, line->len + 1);
    if (line->len && line->ptr[line->len - 1] == '\r')
        line->len--; /* a bare LF ends a line as well: section 2.2 */
    return true;
}

size_t http_head(struct str bytes)
{
    struct str rest = bytes, line;

    while (take_line(&rest, &line)) {
        if (line.len == 0)
            return bytes.len - rest.len;
    }
    return 0;
}

/* tchar of RFC 9110, section 5.6.2 */
static bool is_token(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];

        if (c <= ' ' || c > '~' || strchr("\"(),/:;<=>?@[\\]{}", c))
            return false;
    }
    return s.len > 0;
}

static bool is_host(struct str name)
{
    static const char HOST[] = "host";

    for (size_t i = 0; i < name.len; i++) {
        if (i == sizeof HOST - 1 || (name.ptr[i] | 0x20) != HOST[i])
            return false;
    }
    return name.len == sizeof HOST - 1;
}

/*
 * Look at the field lines.  None is used, but what is none is not let through,
 * and HTTP/1.1 wants one Host (RFC 9112, section 3.2).
 *   returns  how many of them are Host; -1: one is malformed
 */
static int check_fields(struct str rest)
{
    struct str line, name;
    int hosts = 0;

    while (take_line(&rest, &line) && line.len) {
        const char *colon = memchr(line.ptr, ':', line.len);

        if (!colon || memchr(line.ptr, '\0', line.len))
            return -1;
        name = str_bytes(line.ptr, (size_t)(colon - line.ptr));
        if (!is_token(name))
            return -1;
        hosts += is_host(name);
    }
    return hosts;
}

static bool is_visible(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] <= ' ' || s.ptr[i] > '~')
            return false;
    }
    return true;
}

/* "HTTP/1.1" and its like; 0 or a status. */
static int check_version(struct str version)
{
    if (version.len != 8 || !str_starts(version, str_of("HTTP/")) ||
        version.ptr[6] != '.' || version.ptr[7] < '0' || version.ptr[7] > '9')
        return 400;
    return version.ptr[5] == '1' ? 0 : 505;
}

int http_parse(struct str head, struct http_request *request)
{
    struct str line, rest = head;
    const char *query;
    int status, hosts;

    if (!take_line(&rest, &line))
        return 400;
    request->method = str_word(&line);
    request->path = str_word(&line);
    status = check_version(line);
    if (status)
        return status;
    hosts = check_fields(rest);
    if (hosts < 0 || hosts > 1 || (hosts == 0 && line.ptr[7] != '0'))
        return 400;
    if (!is_token(request->method) || !is_visible(request->path) ||
        request->path.len == 0 || request->path.ptr[0] != '/')
        return 400;
    query = memchr(request->path.ptr, '?', request->path.len);
    if (query)
        request->path.len = (size_t)(query - request->path.ptr);
    return 0;
}

/* ---- the answer ---- */

/* Which page, and its status; the body goes to a file in memory. */
static int write_page(const struct service *service, struct str path, FILE *to)
{
    struct world *world = hub_world(service->hub);

    if (str_is(path, "/metrics")) {
        service_measure(service);
        metrics_page(&world->env.metrics, to);
        return 200;
    }
    if (str_is(path, "/health")) {
        fputs(service->stopping ? "going down\n" : "ok\n", to);
        return service->stopping ? 503 : 200;
    }
    return 404;
}

static int find_page(const struct service *service, struct str head, FILE *to,
                     bool *bare)
{
    struct http_request request;
    int status = http_head(head) ? http_parse(head, &request) : 431;

    *bare = false;
    if (status)
        return status;
    *bare = str_is(request.method, "HEAD");
    if (!*bare && !str_is(request.method, "GET"))
        return 405;
    return write_page(service, request.path, to);
}

static FILE *memory(char **text, size_t *len)
{
    FILE *to = open_memstream(text, len);

    if (!to)
        mem_fail();
    return to;
}

static void finish(FILE *file)
{
    if (fclose(file))
        mem_fail();
}

char *http_answer(const struct service *service, struct str head, size_t *len)
{
    char *body = NULL, *out = NULL;
    size_t n = 0;
    FILE *to = memory(&body, &n);
    bool bare;
    int status = find_page(service, head, to, &bare);

    if (status != 200 && status != 503)
        fprintf(to, "%d %s\n", status, text_of(status));
    finish(to);
    to = memory(&out, len);
    fprintf(to,
            "HTTP/1.1 %d %s\r\n"
            "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
            "Content-Length: %zu\r\n"
            "Cache-Control: no-store\r\n"
            "X-Content-Type-Options: nosniff\r\n"
            "%sConnection: close\r\n\r\n",
            status, text_of(status), n,
            status == 405 ? "Allow: GET, HEAD\r\n" : "");
    fwrite(body, 1, bare ? 0 : n, to);
    finish(to);
    free(body);
    return out;
}
