/* SPDX-License-Identifier: MIT
 *
 * Addresses as people write them; see address.h.
 */
#include "tui/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "shared/bounds.h"
#include "shared/str.h"

/* A port of 1 to 5 digits off the front of *s; -1 when there is none. */
static int take_port(const char **s, uint16_t *port)
{
    unsigned long n = 0;
    size_t digits = 0;

    while (**s >= '0' && **s <= '9' && digits < 6) {
        n = n * 10 + (unsigned long)(**s - '0');
        (*s)++;
        digits++;
    }
    if (digits == 0 || n == 0 || n > UINT16_MAX)
        return -1;
    *port = (uint16_t)n;
    return 0;
}

/* ":PORT[/PORT]" or nothing. */
static int parse_ports(struct address *address, const char *s)
{
    if (*s == '\0')
        return 0;
    if (*s++ != ':' || take_port(&s, &address->tcp) < 0)
        return -1;
    address->udp = address->tcp;
    if (*s == '/') {
        s++;
        if (take_port(&s, &address->udp) < 0)
            return -1;
    }
    return *s == '\0' ? 0 : -1;
}

/*
 * The host part of text.
 *   rest     gets what follows it
 *   returns  empty when there is none
 */
static struct str host_part(const char *text, const char **rest)
{
    const char *end;

    if (*text == '[') {
        end = strchr(text, ']');
        *rest = end ? end + 1 : text;
        return end ? str_bytes(text + 1, (size_t)(end - text - 1))
                   : str_of(NULL);
    }
    end = strchr(text, ':');
    if (end && strchr(end + 1, ':'))
        end = NULL; /* two colons and no brackets: IPv6 without a port */
    *rest = end ? end : text + strlen(text);
    return str_bytes(text, (size_t)(*rest - text));
}

static bool is_host(struct str host)
{
    if (host.len == 0 || host.len > HOST_MAX)
        return false;
    for (size_t i = 0; i < host.len; i++) {
        unsigned char c = (unsigned char)host.ptr[i];

        if (c <= ' ' || c == 0x7f || strchr("/@?#[]", c))
            return false;
    }
    return true;
}

int address_parse(struct address *address, const char *text)
{
    const char *rest;
    struct str host = host_part(text, &rest);

    memset(address, 0, sizeof *address);
    if (!is_host(host))
        return -1;
    memcpy(address->host, host.ptr, host.len);
    address->tcp = TCP_PORT;
    address->udp = UDP_PORT;
    return parse_ports(address, rest);
}

int address_unix(struct address *address, const char *path)
{
    memset(address, 0, sizeof *address);
    if (*path == '\0' || strlen(path) >= sizeof address->path)
        return -1;
    memcpy(address->path, path, strlen(path));
    return 0;
}

/* 127.0.0.0/8 in dotted form. */
static bool is_loopback4(const char *host)
{
    struct in_addr in;

    return inet_pton(AF_INET, host, &in) == 1 && ntohl(in.s_addr) >> 24 == 127;
}

bool address_is_local(const struct address *address)
{
    return address->path[0] || is_loopback4(address->host) ||
           strcmp(address->host, "::1") == 0 ||
           strcmp(address->host, "localhost") == 0;
}

void address_text(const struct address *address, enum transport transport,
                  char *out, size_t cap)
{
    unsigned port = transport == TRANSPORT_UDP ? address->udp : address->tcp;

    if (address->path[0])
        snprintf(out, cap, "%s", address->path);
    else if (strchr(address->host, ':'))
        snprintf(out, cap, "[%s]:%u", address->host, port);
    else
        snprintf(out, cap, "%s:%u", address->host, port);
}
