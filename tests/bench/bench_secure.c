/* SPDX-License-Identifier: MIT
 *
 * usage: bench_secure [BATCHES]
 * What encryption costs a server, without sockets: handshakes whole and
 * resumed, records of 200 bytes, memory of a connection at rest.  Time of the
 * server's side only, medians; and what the public key operations of a whole
 * handshake take by themselves, as the measure of the machine.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/ec.h>
#include <openssl/evp.h>

#include "shared/bounds.h"
#include "shared/mem.h"
#include "shared/secure.h"

enum { KEPT = 1000, ROUNDS = 2000, BATCH = 50 };

static const struct str FROM = { "1234", 4 };
static const struct now NOW = { 1000000, 1700000000000 };
static const uint64_t TICKET_GONE_US = UINT64_C(3) * 3600 * 1000000;

/* Connections that shake hands side by side, as they do on a server: in turns
 * with the client's half the caches would be those of neither. */
struct bench {
    struct secure_base *server, *clients[BATCH];
    bool datagram;
    struct now now;
    struct secure *from[BATCH], *to[BATCH];
    uint8_t wire[BATCH][RECORD_MAX];
    size_t len[BATCH];
    uint64_t server_ns;
};

static uint64_t clock_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* In microseconds; sorts. */
static double median(uint64_t *ns, size_t n)
{
    uint64_t *middle = ns + n / 2;

    qsort(ns, n, sizeof *ns, by_size);
    return (double)*middle / 1e3;
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

static void drain(const struct bench *b, struct secure *s)
{
    uint8_t out[RECORD_MAX];

    while (secure_read(s, out, sizeof out, b->now) > 0)
        continue;
}

/* ---- handshakes ---- */

/* All that a stream has sealed, or the next datagram; false: nothing. */
static bool take(struct bench *b, struct secure *s, int i)
{
    struct str span;

    if (b->datagram)
        return (b->len[i] = secure_datagram(s, b->wire[i], DATAGRAM_MAX)) > 0;
    for (b->len[i] = 0; secure_spans(s, &span, 1); b->len[i] += span.len) {
        memcpy(b->wire[i] + b->len[i], span.ptr, span.len);
        secure_sent(s, span.len);
    }
    return b->len[i] > 0;
}

static void give(struct bench *b, struct secure *s, int i)
{
    secure_feed(s, str_bytes(b->wire[i], b->len[i]));
    drain(b, s);
}

/* A datagram of nobody; the answer to it takes its place. */
static void greet(struct bench *b, int i)
{
    struct str datagram = str_bytes(b->wire[i], b->len[i]);
    uint8_t reply[DATAGRAM_MAX];
    size_t len;

    if (secure_hello(b->server, datagram, FROM, reply, &len, b->now) ==
        HELLO_GOOD) {
        b->to[i] = secure_accept(b->server, b->now);
        give(b, b->to[i], i);
    }
    memcpy(b->wire[i], reply, b->len[i] = len);
}

/* The server's half of a turn; what is left in `wire` is for the client. */
static void serve(struct bench *b, int n)
{
    uint64_t start = clock_ns();

    for (int i = 0; i < n; i++) {
        if (b->len[i] > 0 && b->to[i]) {
            give(b, b->to[i], i);
            b->len[i] = 0;
        } else if (b->len[i] > 0) {
            greet(b, i);
        }
    }
    b->server_ns += clock_ns() - start;
}

static bool to_server(struct bench *b, int n)
{
    bool any = false;

    for (int i = 0; i < n; i++)
        any = take(b, b->from[i], i) || any;
    serve(b, n);
    for (int i = 0; i < n; i++)
        if (b->len[i] > 0)
            give(b, b->from[i], i);
    return any;
}

static bool to_client(struct bench *b, int n)
{
    bool any = false;

    for (int i = 0; i < n; i++) {
        while (b->to[i] && take(b, b->to[i], i)) {
            give(b, b->from[i], i);
            any = true;
        }
    }
    return any;
}

/* n handshakes; the time of the server's halves goes to server_ns. */
static void shake(struct bench *b, int n)
{
    uint64_t start;

    for (int i = 0; i < n; i++) {
        b->from[i] = secure_new(b->clients[i], b->datagram, "server", b->now);
        drain(b, b->from[i]);
    }
    start = clock_ns();
    for (int i = 0; i < n; i++)
        b->to[i] =
            b->datagram ? NULL : secure_new(b->server, false, NULL, b->now);
    b->server_ns = clock_ns() - start;
    while (to_server(b, n) || to_client(b, n))
        continue;
    for (int i = 0; i < n; i++) {
        if (!b->to[i] || secure_state(b->to[i]) != SECURE_OPEN ||
            secure_state(b->from[i]) != SECURE_OPEN) {
            printf("no handshake: %s\n", secure_error(b->from[i]));
            exit(1);
        }
    }
}

static void hang_up(struct bench *b, int n)
{
    for (int i = 0; i < n; i++) {
        secure_free(b->from[i]);
        secure_free(b->to[i]);
    }
}

static void handshakes(struct bench *b, int n, bool resumed)
{
    uint64_t *ns = mem_new((size_t)n, sizeof *ns);
    double us;

    shake(b, BATCH);
    hang_up(b, BATCH);
    for (int i = 0; i < n; i++) {
        if (!resumed) /* no server knows the tickets any more */
            b->now.mono_us += TICKET_GONE_US;
        shake(b, BATCH);
        ns[i] = b->server_ns;
        if (secure_peer(b->to[BATCH - 1]).resumed != resumed)
            puts("not what was asked for");
        hang_up(b, BATCH);
    }
    us = median(ns, (size_t)n) / BATCH;
    printf("%-8s %-8s handshake: %6.1f us, %6.0f a core-second\n",
           b->datagram ? "DTLS 1.2" : "TLS 1.3", resumed ? "resumed" : "full",
           us, 1e6 / us);
    free(ns);
}

/* What it costs to answer those who come without a cookie. */
static void strangers(struct bench *b)
{
    static uint64_t ns[ROUNDS];
    struct secure *client = secure_new(b->clients[0], true, "server", b->now);
    uint8_t reply[DATAGRAM_MAX];
    size_t len;

    drain(b, client);
    take(b, client, 0);
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t start = clock_ns();

        for (int k = 0; k < BATCH; k++)
            secure_hello(b->server, str_bytes(b->wire[0], b->len[0]), FROM,
                         reply, &len, b->now);
        ns[i] = clock_ns() - start;
    }
    printf("DTLS 1.2 hello without a cookie: %.2f us, %zu bytes, answer %zu\n",
           median(ns, ROUNDS) / BATCH, b->len[0], len);
    secure_free(client);
}

/* ---- records ---- */

struct sealed {
    uint8_t bytes[BATCH][DATAGRAM_MAX];
    size_t len[BATCH];
};

/* One end seals a batch; how long it took. */
static uint64_t seal(struct secure *s, bool datagram, struct sealed *sealed)
{
    static const char TEXT[200];
    struct str packet = { TEXT, sizeof TEXT }, span;
    uint64_t start = clock_ns();

    for (int i = 0; i < BATCH; i++) {
        if (datagram) {
            sealed->len[i] =
                secure_seal(s, packet, sealed->bytes[i], DATAGRAM_MAX);
            continue;
        }
        secure_write(s, packet);
        secure_spans(s, &span, 1);
        memcpy(sealed->bytes[i], span.ptr, sealed->len[i] = span.len);
        secure_sent(s, span.len);
    }
    return clock_ns() - start;
}

static uint64_t unseal(const struct bench *b, struct secure *s,
                       const struct sealed *sealed)
{
    uint8_t out[RECORD_MAX];
    uint64_t start = clock_ns();

    for (int i = 0; i < BATCH; i++) {
        secure_feed(s, str_bytes(sealed->bytes[i], sealed->len[i]));
        while (secure_read(s, out, sizeof out, b->now) > 0)
            continue;
    }
    return clock_ns() - start;
}

static void records(struct bench *b)
{
    static struct sealed sealed;
    static uint64_t seals[ROUNDS], opens[ROUNDS];
    struct secure *client, *server;

    shake(b, 1);
    client = b->from[0];
    server = b->to[0];
    for (int i = 0; i < ROUNDS; i++) {
        seals[i] = seal(server, b->datagram, &sealed);
        unseal(b, client, &sealed);
        seal(client, b->datagram, &sealed);
        opens[i] = unseal(b, server, &sealed);
    }
    printf("%-8s record of 200 bytes: seal %.2f us, open %.2f us, %zu bytes\n",
           b->datagram ? "DTLS 1.2" : "TLS 1.3", median(seals, ROUNDS) / BATCH,
           median(opens, ROUNDS) / BATCH, sealed.len[0]);
    hang_up(b, 1);
}

/* ---- memory ---- */

static void memory(struct bench *b)
{
    static struct secure *kept[KEPT];
    size_t before;

    shake(b, 1);
    hang_up(b, 1);
    before = mallinfo2().uordblks;
    for (int i = 0; i < KEPT; i++) {
        shake(b, 1);
        secure_free(b->from[0]);
        kept[i] = b->to[0];
        secure_rest(kept[i]);
    }
    printf("%-8s at rest: %.1f KiB of heap a connection\n",
           b->datagram ? "DTLS 1.2" : "TLS 1.3",
           (double)(mallinfo2().uordblks - before) / KEPT / 1024);
    for (int i = 0; i < KEPT; i++)
        secure_free(kept[i]);
}

/* ---- the machine ---- */

static EVP_PKEY *exchange(EVP_PKEY *theirs)
{
    EVP_PKEY *own = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(own, NULL);
    uint8_t out[32];
    size_t len = sizeof out;

    EVP_PKEY_derive_init(ctx);
    EVP_PKEY_derive_set_peer(ctx, theirs ? theirs : own);
    EVP_PKEY_derive(ctx, out, &len);
    EVP_PKEY_CTX_free(ctx);
    return own;
}

static void prove(EVP_PKEY *key)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t text[100] = "", out[100];
    size_t len = sizeof out;

    EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key);
    EVP_DigestSign(ctx, out, &len, text, sizeof text);
    EVP_MD_CTX_reset(ctx);
    EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key);
    EVP_DigestVerify(ctx, out, len, text, sizeof text);
    EVP_MD_CTX_free(ctx);
}

static void machine(void)
{
    static uint64_t ns[ROUNDS];
    EVP_PKEY *key = EVP_EC_gen("P-256"), *theirs = exchange(NULL);

    for (int i = 0; i < ROUNDS; i++) {
        uint64_t start = clock_ns();

        EVP_PKEY_free(exchange(theirs));
        prove(key);
        ns[i] = clock_ns() - start;
    }
    printf("X25519 made and derived, P-256 signed and verified: %.1f us\n",
           median(ns, ROUNDS));
    EVP_PKEY_free(key);
    EVP_PKEY_free(theirs);
}

int main(int argc, char **argv)
{
    int n = argc > 1 ? atoi(argv[1]) : 100;
    static struct bench b;

    machine();
    for (int datagram = 0; datagram < 2; datagram++) {
        b.server = base_of(true);
        for (int i = 0; i < BATCH; i++)
            b.clients[i] = base_of(false);
        b.datagram = datagram;
        b.now = NOW;
        handshakes(&b, n, false);
        handshakes(&b, n, true);
        if (datagram)
            strangers(&b);
        records(&b);
        memory(&b);
        secure_base_free(b.server);
        for (int i = 0; i < BATCH; i++)
            secure_base_free(b.clients[i]);
    }
    return 0;
}
