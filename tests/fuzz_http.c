/* SPDX-License-Identifier: MIT
 *
 * A request from a stranger: its head is found wherever it is cut, and what it
 * is made of lies within it.
 */
#include <stdint.h>
#include <stdlib.h>

#include "server/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int holds)
{
    if (!holds)
        abort();
}

/* Whether a part is empty or lies within the whole. */
static int is_within(struct str part, struct str whole)
{
    return part.len == 0 || (part.ptr >= whole.ptr &&
                             part.ptr + part.len <= whole.ptr + whole.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str all = { (const char *)data, size };
    struct http_request request = { { NULL, 0 }, { NULL, 0 } };
    size_t len = http_head(all);
    int status;

    check(len <= size);
    if (len == 0)
        return 0;
    all.len = len;
    check(http_head(all) == len);
    check(http_head(str_bytes(data, len - 1)) == 0);
    status = http_parse(all, &request);
    check(status == 0 || status == 400 || status == 505);
    if (status)
        return 0;
    check(is_within(request.method, all) && is_within(request.path, all));
    check(request.method.len > 0 && request.path.ptr[0] == '/');
    check(!memchr(request.path.ptr, '?', request.path.len));
    return 0;
}
