/* SPDX-License-Identifier: MIT
 *
 * As much of HTTP/1.1 (RFC 9112) as it takes to be watched: GET and HEAD of
 * /metrics and /health, one request a connection, sans-I/O.
 */
#ifndef SERVER_HTTP_H
#define SERVER_HTTP_H

#include <stddef.h>

#include "shared/str.h"

struct service;

enum { HTTP_HEAD_MAX = 8 * 1024 }; /* bytes of a request's head */

/* What a request line asks for. */
struct http_request {
    struct str method, path; /* path: without a query */
};

/* Bytes of the head with the empty line that ends it; 0: it is not whole. */
size_t http_head(struct str bytes);

/*
 * Take a head apart.
 *   returns  0, or the status that it deserves
 */
int http_parse(struct str head, struct http_request *);

/*
 * Answer a head.
 *   head     whole; else it is too long
 *   returns  what is to be sent, *len bytes; owner frees
 */
char *http_answer(const struct service *, struct str head, size_t *len);

#endif
