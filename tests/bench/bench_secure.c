/* SPDX-License-Identifier: MIT
 *
 * usage: bench_secure [HANDSHAKES]
 * What encryption costs a server, without sockets: handshakes whole and
 * resumed, records of 200 bytes, memory of a connection at rest.  Processor
 * time of the server's side only.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shared/bounds.h"
#include "shared/mem.h"
#include "shared/secure.h"

enum { KEPT = 1000, RECORDS = 200000 };

static const struct str FROM = { "1234", 4 };
static const struct now NOW = { 1000000, 1700000000000 };

struct bench {
    struct secure_base *server, *client;
    bool datagram;
    uint64_t server_ns;
};

static uint64_t cpu_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static struct secure_base *base_of(bool server)
{
    struct secure_pem pem;
    struct secure_config config = { .server = server };
    char error[200];
    struct secure_base *base;

    secure_pem_make(&pem, server ? "server" : "client", NOW);
    config.key = str_of(pem.key);
    config.chain = config.roots = str_of(pem.chain);
    base = secure_base_new(&config, error, sizeof error);
    secure_pem_free(&pem);
    if (!base) {
        puts(error);
        exit(1);
    }
    return base;
}

static void drain(struct secure *s)
{
    uint8_t out[RECORD_MAX];

    while (secure_read(s, out, sizeof out, NOW) > 0)
        continue;
}

static void server_takes(struct bench *b, struct secure *s, struct str bytes)
{
    uint64_t start = cpu_ns();

    secure_feed(s, bytes);
    drain(s);
    b->server_ns += cpu_ns() - start;
}

/* ---- handshakes ---- */

static struct secure *greet(struct bench *b, struct secure *client)
{
    uint8_t hello[DATAGRAM_MAX], reply[DATAGRAM_MAX];
    struct secure *server = NULL;

    while (!server) {
        size_t n, len = secure_datagram(client, hello, sizeof hello);
        struct str datagram = str_bytes(hello, len);
        uint64_t start = cpu_ns();
        enum hello is = secure_hello(b->server, datagram, FROM, reply, &n, NOW);

        if (is == HELLO_GOOD) {
            server = secure_accept(b->server, NOW);
            secure_feed(server, datagram);
            drain(server);
        }
        b->server_ns += cpu_ns() - start;
        secure_feed(client, str_bytes(reply, n));
        drain(client);
    }
    return server;
}

static bool pass_datagrams(struct bench *b, struct secure *from,
                           struct secure *to, bool to_server)
{
    uint8_t out[DATAGRAM_MAX];
    size_t len;
    bool any = false;

    while ((len = secure_datagram(from, out, sizeof out))) {
        any = true;
        if (to_server) {
            server_takes(b, to, str_bytes(out, len));
        } else {
            secure_feed(to, str_bytes(out, len));
            drain(to);
        }
    }
    return any;
}

static bool pass_stream(struct bench *b, struct secure *from, struct secure *to,
                        bool to_server)
{
    struct str span;
    bool any = false;

    while (secure_spans(from, &span, 1)) {
        any = true;
        if (to_server) {
            server_takes(b, to, span);
        } else {
            secure_feed(to, span);
            drain(to);
        }
        secure_sent(from, span.len);
    }
    return any;
}

static void shake(struct bench *b, struct secure **client,
                  struct secure **server)
{
    bool (*pass)(struct bench *, struct secure *, struct secure *, bool) =
        b->datagram ? pass_datagrams : pass_stream;
    uint64_t start;
    bool any = true;

    *client = secure_new(b->client, b->datagram, "server", NOW);
    drain(*client);
    start = cpu_ns();
    *server =
        b->datagram ? NULL : secure_new(b->server, b->datagram, NULL, NOW);
    b->server_ns += cpu_ns() - start;
    if (b->datagram)
        *server = greet(b, *client);
    while (any) {
        any = pass(b, *client, *server, true);
        any = pass(b, *server, *client, false) || any;
    }
    if (secure_state(*client) != SECURE_OPEN ||
        secure_state(*server) != SECURE_OPEN) {
        printf("no handshake: %s, %s\n", secure_error(*client),
               secure_error(*server));
        exit(1);
    }
}

static void handshakes(struct bench *b, unsigned n, bool resumed)
{
    struct secure *client, *server;

    if (resumed) {
        shake(b, &client, &server);
        secure_free(client);
        secure_free(server);
    }
    b->server_ns = 0;
    for (unsigned i = 0; i < n; i++) {
        if (!resumed) {
            secure_base_free(b->client);
            b->client = base_of(false);
        }
        shake(b, &client, &server);
        if (secure_peer(server).resumed != resumed)
            puts("not what was asked for");
        secure_free(client);
        secure_free(server);
    }
    printf("%-8s %-8s handshakes: %6.1f us, %6.0f a core-second\n",
           b->datagram ? "DTLS 1.2" : "TLS 1.3", resumed ? "resumed" : "full",
           (double)b->server_ns / 1e3 / n, 1e9 * n / (double)b->server_ns);
}

/* ---- records ---- */

static void records(struct bench *b)
{
    struct secure *client, *server;
    char text[200] = "";
    struct str packet = str_bytes(text, sizeof text), span;
    uint8_t out[DATAGRAM_MAX];
    uint64_t seal = 0, open = 0, start;
    size_t len = 0;

    shake(b, &client, &server);
    for (int i = 0; i < RECORDS; i++) {
        start = cpu_ns();
        if (b->datagram) {
            len = secure_seal(server, packet, out, sizeof out);
        } else {
            secure_write(server, packet);
            secure_spans(server, &span, 1);
            secure_sent(server, len = span.len);
        }
        seal += cpu_ns() - start;
        if (b->datagram)
            len = secure_seal(client, packet, out, sizeof out);
        else
            secure_write(client, packet), secure_spans(client, &span, 1);
        start = cpu_ns();
        secure_feed(server, b->datagram ? str_bytes(out, len) : span);
        drain(server);
        open += cpu_ns() - start;
        if (!b->datagram)
            secure_sent(client, span.len);
    }
    start = cpu_ns();
    for (int i = 0; i < RECORDS; i++)
        cpu_ns();
    start = cpu_ns() - start;
    printf("%-8s record of 200 bytes: seal %.2f us, open %.2f us, %zu bytes\n",
           b->datagram ? "DTLS 1.2" : "TLS 1.3",
           (double)(seal - start) / 1e3 / RECORDS,
           (double)(open - start) / 1e3 / RECORDS, len);
    secure_free(client);
    secure_free(server);
}

/* ---- memory ---- */

static void memory(struct bench *b)
{
    static struct secure *kept[KEPT];
    struct secure *client;
    size_t before;

    shake(b, &client, &kept[0]);
    secure_free(client);
    secure_free(kept[0]);
    before = mallinfo2().uordblks;
    for (int i = 0; i < KEPT; i++) {
        shake(b, &client, &kept[i]);
        secure_free(client);
        secure_rest(kept[i]);
    }
    printf("%-8s at rest: %.1f KiB of heap a connection\n",
           b->datagram ? "DTLS 1.2" : "TLS 1.3",
           (double)(mallinfo2().uordblks - before) / KEPT / 1024);
    for (int i = 0; i < KEPT; i++)
        secure_free(kept[i]);
}

int main(int argc, char **argv)
{
    unsigned n = argc > 1 ? (unsigned)atoi(argv[1]) : 2000;

    for (int datagram = 0; datagram < 2; datagram++) {
        struct bench b = { base_of(true), base_of(false), datagram, 0 };

        handshakes(&b, n, false);
        handshakes(&b, n, true);
        records(&b);
        memory(&b);
        secure_base_free(b.server);
        secure_base_free(b.client);
    }
    return 0;
}
