/* SPDX-License-Identifier: MIT
 *
 * Both ends of an encrypted connection in memory: handshakes whole, in bytes
 * and with datagrams lost, what each end learns of the other, and strangers.
 */
#include "tests/test.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "shared/bounds.h"
#include "shared/error.h"
#include "shared/mem.h"
#include "shared/secure.h"
#include "shared/secure_hash.h"
#include "tests/clock.h"

enum { ROUNDS_MAX = 200, SECONDS = 1000000 };

static const struct str HERE = { "\x7f\0\0\1\x22\xb8", 6 };
static const struct str THERE = { "\x7f\0\0\2\x22\xb8", 6 };

/* ---- the two ends ---- */

struct world {
    struct secure_pem server_pem, client_pem;
    struct secure_base *server, *client;
};

static struct secure_base *base_of(bool server, const struct secure_pem *pem,
                                   const char *roots)
{
    struct secure_config config = {
        .server = server,
        .key = str_of(pem ? pem->key : NULL),
        .chain = str_of(pem ? pem->chain : NULL),
        .roots = str_of(roots),
    };
    char error[200];
    struct secure_base *base = secure_base_new(&config, error, sizeof error);

    if (!base)
        fail_msg("%s", error);
    return base;
}

static int setup(void **state)
{
    struct world *w = mem_new(1, sizeof *w);

    assert_true(secure_pem_make(&w->server_pem, "chat.example", clock_now));
    assert_true(secure_pem_make(&w->client_pem, "someone", clock_now));
    w->server = base_of(true, &w->server_pem, NULL);
    w->client = base_of(false, &w->client_pem, w->server_pem.chain);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    secure_base_free(w->server);
    secure_base_free(w->client);
    secure_pem_free(&w->server_pem);
    secure_pem_free(&w->client_pem);
    free(w);
    return 0;
}

/* Read everything there is into text; returns what secure_read did last. */
static int read_all(struct secure *s, char *text, size_t cap)
{
    uint8_t bytes[RECORD_MAX];
    size_t len = strlen(text);
    int n;

    while ((n = secure_read(s, bytes, sizeof bytes, clock_now)) > 0) {
        assert_true(len + (size_t)n < cap);
        memcpy(text + len, bytes, (size_t)n);
        len += (size_t)n;
        text[len] = '\0';
    }
    return n;
}

/* ---- streams ---- */

/* Carry what is sealed to the other end, `step` bytes at a time. */
static bool carry(struct secure *from, struct secure *to, size_t step,
                  char *text, size_t cap)
{
    struct str span;
    bool any = false;

    while (secure_spans(from, &span, 1) > 0) {
        size_t n = span.len < step ? span.len : step;

        secure_feed(to, str_bytes(span.ptr, n));
        read_all(to, text, cap);
        secure_sent(from, n);
        any = true;
    }
    return any;
}

static void shake(struct secure *client, struct secure *server, size_t step)
{
    char text[8] = "";

    read_all(client, text, sizeof text);
    for (int i = 0; i < ROUNDS_MAX; i++) {
        bool any = carry(client, server, step, text, sizeof text);

        if (!carry(server, client, step, text, sizeof text) && !any)
            break;
    }
    assert_string_equal(text, "");
}

static void assert_open(struct secure *s)
{
    if (secure_state(s) != SECURE_OPEN)
        fail_msg("not open: %s", secure_error(s));
}

static void stream_with_step(struct world *w, size_t step)
{
    struct secure *server = secure_new(w->server, false, NULL, clock_now);
    struct secure *client =
        secure_new(w->client, false, "chat.example", clock_now);
    struct fingerprint mine = secure_base_fingerprint(w->client);
    struct fingerprint theirs = secure_base_fingerprint(w->server);
    char text[RECORD_MAX + 100] = "", long_text[RECORD_MAX + 1];
    struct secure_peer peer;

    shake(client, server, step);
    assert_open(client);
    assert_open(server);
    peer = secure_peer(client);
    assert_true(peer.has_key && fingerprint_equal(&peer.key, &theirs));
    assert_int_equal(peer.vouched, VOUCHED);
    assert_string_equal(peer.version, "TLSv1.3");
    peer = secure_peer(server);
    assert_true(peer.has_key && fingerprint_equal(&peer.key, &mine));

    secure_write(client, S("hello"));
    carry(client, server, step, text, sizeof text);
    assert_string_equal(text, "hello");
    memset(long_text, 'x', RECORD_MAX);
    long_text[RECORD_MAX] = '\0';
    secure_write(server, str_of(long_text));
    text[0] = '\0';
    carry(server, client, step, text, sizeof text);
    assert_string_equal(text, long_text);
    secure_close(client);
    carry(client, server, step, text, sizeof text);
    assert_int_equal(secure_state(server), SECURE_OVER);
    assert_string_equal(secure_error(server), "closed");
    secure_free(client);
    secure_free(server);
}

static void test_stream(void **state)
{
    stream_with_step(*state, SIZE_MAX);
    stream_with_step(*state, 1);
    stream_with_step(*state, 7);
}

/* What is not read yet is kept, and goes on where it was. */
static void test_keep(void **state)
{
    struct world *w = *state;
    struct secure *server = secure_new(w->server, false, NULL, clock_now);
    struct secure *client = secure_new(w->client, false, NULL, clock_now);
    char text[64] = "", wire[1000];
    struct str spans[8];
    size_t n, len = 0;

    shake(client, server, SIZE_MAX);
    secure_write(client, S("one "));
    secure_write(client, S("two "));
    secure_write(client, S("three"));
    n = secure_spans(client, spans, 8);
    for (size_t i = 0; i < n; i++) {
        memcpy(wire + len, spans[i].ptr, spans[i].len);
        len += spans[i].len;
    }
    secure_feed(server, str_bytes(wire, len - 3));
    assert_int_equal(secure_read(server, (uint8_t *)text, 4, clock_now), 4);
    secure_keep(server);
    assert_true(secure_pending(server) > 0);
    secure_feed(server, str_bytes(wire + len - 3, 3));
    memset(wire, 0, sizeof wire);
    assert_int_equal(read_all(server, text, sizeof text), 0);
    assert_string_equal(text, "one two three");
    assert_int_equal(secure_pending(server), 0);
    secure_free(client);
    secure_free(server);
}

/* What both ends of a new stream say of each other. */
static void meet(struct secure_base *server, struct secure_base *client,
                 const char *name, struct secure_peer *of_server,
                 struct secure_peer *of_client)
{
    struct secure *s = secure_new(server, false, NULL, clock_now);
    struct secure *c = secure_new(client, false, name, clock_now);

    shake(c, s, SIZE_MAX);
    assert_open(c);
    assert_open(s);
    *of_server = secure_peer(c);
    *of_client = secure_peer(s);
    secure_free(c);
    secure_free(s);
}

static struct secure_peer peer_of(struct secure_base *server,
                                  struct secure_base *client, const char *name)
{
    struct secure_peer peer, other;

    meet(server, client, name, &peer, &other);
    return peer;
}

static void assert_key(const struct secure_peer *peer,
                       const struct secure_base *base)
{
    struct fingerprint key = secure_base_fingerprint(base);

    assert_true(peer->has_key && fingerprint_equal(&peer->key, &key));
}

static void test_vouched(void **state)
{
    struct world *w = *state;
    struct secure_base *client = base_of(false, NULL, w->client_pem.chain);
    struct now now = clock_now;

    assert_int_equal(peer_of(w->server, w->client, "other.example").vouched,
                     VOUCHED_OTHERWISE);
    assert_int_equal(peer_of(w->server, w->client, "127.0.0.1").vouched,
                     VOUCHED_OTHERWISE);
    assert_int_equal(peer_of(w->server, client, "chat.example").vouched,
                     VOUCHED_NOT);
    secure_base_free(client);
    client = base_of(false, NULL, w->server_pem.chain);
    clock_now.wall_ms -= UINT64_C(1000) * 86400 * 365;
    assert_int_equal(peer_of(w->server, client, "chat.example").vouched,
                     VOUCHED_EXPIRED);
    clock_now = now;
    secure_base_free(client);
}

static void test_resume(void **state)
{
    struct world *w = *state;
    char error[200];
    struct secure_peer peer;

    assert_false(peer_of(w->server, w->client, "chat.example").resumed);
    peer = peer_of(w->server, w->client, "chat.example");
    assert_true(peer.resumed && peer.has_key);
    assert_int_equal(peer.vouched, VOUCHED);
    clock_pass(UINT64_C(3000) * SECONDS);
    assert_true(peer_of(w->server, w->client, "chat.example").resumed);
    /* Tickets outlive another certificate, not their own key. */
    assert_true(secure_base_renew(w->server, str_of(w->client_pem.key),
                                  str_of(w->client_pem.chain), error,
                                  sizeof error));
    assert_true(peer_of(w->server, w->client, "chat.example").resumed);
    clock_pass(UINT64_C(7300) * SECONDS);
    assert_false(peer_of(w->server, w->client, "chat.example").resumed);
}

/* A ticket is as good as the key that was proved for it, time after time. */
static void test_resume_proves(void **state)
{
    struct world *w = *state;
    struct secure_base *keyless = base_of(false, NULL, w->server_pem.chain);
    struct secure_peer server, client;

    for (int i = 0; i < 4; i++) {
        meet(w->server, w->client, "chat.example", &server, &client);
        assert_int_equal(client.resumed, i > 0);
        assert_key(&client, w->client);
        assert_key(&server, w->server);
        meet(w->server, keyless, "chat.example", &server, &client);
        assert_int_equal(client.resumed, i > 0);
        assert_false(client.has_key);
        assert_key(&server, w->server);
    }
    secure_base_free(keyless);
}

/* Keys of other kinds than we make, of either end. */
static struct secure_pem pem_of(EVP_PKEY *key, const EVP_MD *digest)
{
    X509 *cert = X509_new();
    BIO *bio = BIO_new(BIO_s_mem());
    struct secure_pem pem;
    char *text;
    long len;

    X509_set_pubkey(cert, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_UTF8,
                               (const unsigned char *)"someone", -1, -1, 0);
    X509_set_issuer_name(cert, X509_get_subject_name(cert));
    X509_time_adj_ex(X509_getm_notBefore(cert), -1, 0, NULL);
    X509_time_adj_ex(X509_getm_notAfter(cert), 1, 0, NULL);
    assert_true(X509_sign(cert, key, digest) > 0);
    PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
    len = BIO_get_mem_data(bio, &text);
    pem.key = mem_str(str_bytes(text, (size_t)len));
    BIO_reset(bio);
    PEM_write_bio_X509(bio, cert);
    len = BIO_get_mem_data(bio, &text);
    pem.chain = mem_str(str_bytes(text, (size_t)len));
    BIO_free(bio);
    X509_free(cert);
    EVP_PKEY_free(key);
    return pem;
}

static void test_renew(void **state)
{
    struct world *w = *state;
    struct secure *server = secure_new(w->server, false, NULL, clock_now);
    struct secure *client = secure_new(w->client, false, NULL, clock_now);
    struct fingerprint before = secure_base_fingerprint(w->server), after;
    char error[200] = "", text[64] = "";
    struct secure_peer peer;

    shake(client, server, SIZE_MAX);
    assert_false(secure_base_renew(w->server, S("no key"),
                                   str_of(w->client_pem.chain), error,
                                   sizeof error));
    assert_true(strlen(error) > 0);
    assert_false(secure_base_renew(w->server, str_of(w->server_pem.key),
                                   str_of(w->client_pem.chain), error,
                                   sizeof error));
    after = secure_base_fingerprint(w->server);
    assert_true(fingerprint_equal(&before, &after));
    assert_true(secure_base_renew(w->server, str_of(w->client_pem.key),
                                  str_of(w->client_pem.chain), error,
                                  sizeof error));
    after = secure_base_fingerprint(w->server);
    assert_false(fingerprint_equal(&before, &after));
    secure_write(client, S("still here"));
    carry(client, server, SIZE_MAX, text, sizeof text);
    assert_string_equal(text, "still here");
    secure_free(client);
    secure_free(server);
    client = secure_new(w->client, false, NULL, clock_now);
    server = secure_new(w->server, false, NULL, clock_now);
    shake(client, server, SIZE_MAX);
    peer = secure_peer(client);
    assert_true(peer.resumed || fingerprint_equal(&peer.key, &after));
    secure_free(client);
    secure_free(server);
}

static void test_no_client_key(void **state)
{
    struct world *w = *state;
    struct secure_base *base = base_of(false, NULL, w->server_pem.chain);
    struct secure *server = secure_new(w->server, false, NULL, clock_now);
    struct secure *client = secure_new(base, false, NULL, clock_now);

    shake(client, server, SIZE_MAX);
    assert_open(server);
    assert_false(secure_peer(server).has_key);
    secure_free(client);
    secure_free(server);
    secure_base_free(base);
}

/* Whatever comes instead of a handshake ends it with an error, and no more. */
static void test_stream_garbage(void **state)
{
    static const char *const LINES[] = { "GET / HTTP/1.1\r\n\r\n",
                                         "\x16\x03\x01\xff\xff" };
    struct world *w = *state;
    uint8_t out[64];

    for (size_t i = 0; i < sizeof LINES / sizeof *LINES; i++) {
        struct secure *server = secure_new(w->server, false, NULL, clock_now);

        secure_feed(server, str_of(LINES[i]));
        secure_read(server, out, sizeof out, clock_now);
        secure_feed(server, str_of(LINES[i]));
        assert_int_equal(secure_read(server, out, sizeof out, clock_now),
                         -ERROR_SECURITY);
        assert_int_equal(secure_state(server), SECURE_OVER);
        secure_free(server);
    }
}

/* ---- datagrams ---- */

struct call {
    struct world *w;
    struct secure *client, *server;
    uint64_t lost[2]; /* datagrams of the handshake to lose, by number */
    uint64_t sent;
    size_t largest;
};

static bool is_lost(struct call *call)
{
    call->sent++;
    return call->sent == call->lost[0] || call->sent == call->lost[1];
}

static void to_server(struct call *call, struct str datagram)
{
    uint8_t reply[DATAGRAM_MAX];
    char text[64] = "";
    size_t len;

    if (call->server) {
        secure_feed(call->server, datagram);
        read_all(call->server, text, sizeof text);
        return;
    }
    switch (
        secure_hello(call->w->server, datagram, HERE, reply, &len, clock_now)) {
    case HELLO_BAD: break;
    case HELLO_COOKIE:
        assert_true(len > 0 && len <= datagram.len);
        if (is_lost(call))
            break;
        secure_feed(call->client, str_bytes(reply, len));
        read_all(call->client, text, sizeof text);
        break;
    case HELLO_GOOD:
        call->server = secure_accept(call->w->server, clock_now);
        secure_feed(call->server, datagram);
        read_all(call->server, text, sizeof text);
        break;
    }
}

static bool step(struct call *call)
{
    uint8_t out[DATAGRAM_MAX];
    char text[64] = "";
    bool any = false;
    size_t len;

    while ((len = secure_datagram(call->client, out, sizeof out))) {
        any = true;
        if (len > call->largest)
            call->largest = len;
        if (!is_lost(call))
            to_server(call, str_bytes(out, len));
    }
    while (call->server &&
           (len = secure_datagram(call->server, out, sizeof out))) {
        any = true;
        if (is_lost(call))
            continue;
        secure_feed(call->client, str_bytes(out, len));
        read_all(call->client, text, sizeof text);
    }
    return any;
}

/* Let the time pass to the next timer; false when there is none. */
static bool wait(struct call *call)
{
    uint64_t at = secure_deadline(call->client);

    if (call->server)
        at = time_min(at, secure_deadline(call->server));
    if (at == NEVER)
        return false;
    if (at > clock_now.mono_us)
        clock_pass(at - clock_now.mono_us);
    secure_tick(call->client, clock_now);
    if (call->server)
        secure_tick(call->server, clock_now);
    return true;
}

static struct call call_begin(struct world *w)
{
    char text[8] = "";
    struct call call = { .w = w };

    call.client = secure_new(w->client, true, "chat.example", clock_now);
    read_all(call.client, text, sizeof text);
    return call;
}

static void call_end(struct call *call)
{
    secure_free(call->client);
    secure_free(call->server);
}

/* One packet each way arrives. */
static void assert_talks(struct call *call)
{
    uint8_t out[DATAGRAM_MAX];
    char text[64] = "";
    size_t len = secure_seal(call->client, S("ping"), out, sizeof out);

    assert_int_equal(len, 4 + 37);
    assert_true(secure_record(str_bytes(out, len)) > 0);
    secure_feed(call->server, str_bytes(out, len));
    read_all(call->server, text, sizeof text);
    assert_string_equal(text, "ping");
    len = secure_seal(call->server, S("pong"), out, sizeof out);
    secure_feed(call->client, str_bytes(out, len));
    text[0] = '\0';
    read_all(call->client, text, sizeof text);
    assert_string_equal(text, "pong");
}

static bool both_open(const struct call *call)
{
    return call->server && secure_state(call->server) == SECURE_OPEN &&
           secure_state(call->client) == SECURE_OPEN;
}

static void call_run(struct call *call)
{
    uint64_t until = clock_now.mono_us + 10 * SECONDS;

    while (clock_now.mono_us < until && !both_open(call))
        if (!step(call) && !wait(call))
            break;
    if (!both_open(call))
        fail_msg("lost %d and %d: client %s, server %s", (int)call->lost[0],
                 (int)call->lost[1], secure_error(call->client),
                 call->server ? secure_error(call->server) : "not there");
    while (step(call))
        continue;
}

static void test_datagrams(void **state)
{
    struct world *w = *state;
    struct call call = call_begin(w);
    struct secure_peer peer;
    struct fingerprint mine = secure_base_fingerprint(w->client);

    call_run(&call);
    assert_true(call.largest <= DATAGRAM_MAX);
    assert_talks(&call);
    peer = secure_peer(call.server);
    assert_true(peer.has_key && fingerprint_equal(&peer.key, &mine));
    assert_string_equal(peer.version, "DTLSv1.2");
    secure_rest(call.client);
    secure_rest(call.server);
    assert_talks(&call);
    assert_int_equal(secure_deadline(call.client), NEVER);
    call_end(&call);
}

/* Each datagram of the handshake in turn, then each two of them. */
static void test_datagrams_lost(void **state)
{
    struct world *w = *state;

    for (uint64_t a = 0; a <= 10; a++) {
        for (uint64_t b = a; b <= 10; b++) {
            struct call call;

            secure_base_free(w->client); /* no ticket: the whole handshake */
            w->client = base_of(false, &w->client_pem, w->server_pem.chain);
            call = call_begin(w);
            call.lost[0] = a;
            call.lost[1] = b;
            call_run(&call);
            assert_talks(&call);
            call_end(&call);
        }
    }
}

static void test_datagrams_resumed(void **state)
{
    struct world *w = *state;

    for (int i = 0; i < 4; i++) {
        struct call call = call_begin(w);
        struct secure_peer server, client;

        call_run(&call);
        server = secure_peer(call.client);
        client = secure_peer(call.server);
        assert_int_equal(server.resumed, i > 0);
        assert_int_equal(client.resumed, i > 0);
        assert_key(&server, w->server);
        assert_key(&client, w->client);
        assert_talks(&call);
        call_end(&call);
    }
}

/* Over datagrams, too, each end knows the other's key. */
static void calls_prove(struct world w)
{
    struct call call = call_begin(&w);
    struct secure_peer server, client;

    call_run(&call);
    server = secure_peer(call.client);
    client = secure_peer(call.server);
    assert_key(&server, w.server);
    assert_key(&client, w.client);
    assert_talks(&call);
    call_end(&call);
}

/* DTLS 1.2 takes no curve that is not a group of ours, and OpenSSL's does not
 * take Ed25519 of a server. */
static void test_other_keys(void **state)
{
    struct world *w = *state;
    struct secure_pem pems[] = {
        pem_of(EVP_RSA_gen(2048), EVP_sha256()),
        pem_of(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NULL),
        pem_of(EVP_EC_gen("P-384"), EVP_sha384()),
    };

    for (size_t i = 0; i < sizeof pems / sizeof *pems; i++) {
        struct secure_base *client = base_of(false, &pems[i], NULL);
        struct secure_base *server = base_of(true, &pems[i], NULL);
        struct secure_peer of_server, of_client;

        meet(w->server, client, NULL, &of_server, &of_client);
        assert_key(&of_client, client);
        meet(server, w->client, NULL, &of_server, &of_client);
        assert_key(&of_server, server);
        assert_key(&of_client, w->client);
        if (i < 2)
            calls_prove(
                (struct world){ .server = w->server, .client = client });
        if (i < 1)
            calls_prove(
                (struct world){ .server = server, .client = w->client });
        secure_base_free(client);
        secure_base_free(server);
        secure_pem_free(&pems[i]);
    }
}

/* Records that overtake the end of the handshake wait for it. */
static void test_datagrams_early(void **state)
{
    struct world *w = *state;
    struct call call = call_begin(w);
    uint8_t out[DATAGRAM_MAX];
    char text[64] = "";
    size_t len;

    while (!call.server || secure_state(call.server) != SECURE_OPEN) {
        while (call.server &&
               (len = secure_datagram(call.server, out, sizeof out))) {
            secure_feed(call.client, str_bytes(out, len));
            read_all(call.client, text, sizeof text);
        }
        len = secure_datagram(call.client, out, sizeof out);
        assert_true(len > 0);
        to_server(&call, str_bytes(out, len));
    }
    for (int i = 0; i < 3; i++) {
        len =
            secure_seal(call.server, str_bytes(&"abc"[i], 1), out, sizeof out);
        secure_feed(call.client, str_bytes(out, len));
        read_all(call.client, text, sizeof text);
    }
    assert_string_equal(text, "");
    while ((len = secure_datagram(call.server, out, sizeof out))) {
        secure_feed(call.client, str_bytes(out, len));
        read_all(call.client, text, sizeof text);
    }
    assert_string_equal(text, "abc");
    assert_talks(&call);
    call_end(&call);
}

/* A cookie is for one address and some time. */
static void test_cookie(void **state)
{
    struct world *w = *state;
    struct call call = call_begin(w);
    uint8_t hello[DATAGRAM_MAX], reply[DATAGRAM_MAX];
    char text[8] = "";
    size_t len, n;

    len = secure_datagram(call.client, hello, sizeof hello);
    assert_int_equal(secure_hello(w->server, str_bytes(hello, len), HERE, reply,
                                  &n, clock_now),
                     HELLO_COOKIE);
    assert_true(n <= len);
    secure_feed(call.client, str_bytes(reply, n));
    read_all(call.client, text, sizeof text);
    len = secure_datagram(call.client, hello, sizeof hello);
    assert_int_equal(secure_hello(w->server, str_bytes(hello, len), THERE,
                                  reply, &n, clock_now),
                     HELLO_COOKIE);
    assert_int_equal(secure_hello(w->server, str_bytes(hello, len), HERE, reply,
                                  &n, clock_now),
                     HELLO_GOOD);
    assert_int_equal(n, 0);
    /* Not taken: the next one is answered all the same. */
    assert_int_equal(secure_hello(w->server, str_bytes(hello, len), THERE,
                                  reply, &n, clock_now),
                     HELLO_COOKIE);
    clock_pass(70 * SECONDS);
    assert_int_equal(secure_hello(w->server, str_bytes(hello, len), HERE, reply,
                                  &n, clock_now),
                     HELLO_GOOD);
    clock_pass(130 * SECONDS);
    assert_int_equal(secure_hello(w->server, str_bytes(hello, len), HERE, reply,
                                  &n, clock_now),
                     HELLO_COOKIE);
    call_end(&call);
}

static void test_strange_datagrams(void **state)
{
    struct world *w = *state;
    uint64_t seed = test_seed(7);
    uint8_t reply[DATAGRAM_MAX];
    struct call call = call_begin(w);
    uint8_t hello[DATAGRAM_MAX];
    size_t len = secure_datagram(call.client, hello, sizeof hello), n;

    print_message("seed %#llx\n", (unsigned long long)seed);
    srandom((unsigned)seed);
    for (int i = 0; i < 2000; i++) {
        uint8_t bytes[DATAGRAM_MAX];
        size_t cut = (size_t)random() % (len + 1);

        memcpy(bytes, hello, len);
        bytes[(size_t)random() % len] ^= (uint8_t)(1u << random() % 8);
        secure_hello(w->server, str_bytes(bytes, i % 2 ? len : cut), HERE,
                     reply, &n, clock_now);
        assert_true(n <= len);
    }
    call_end(&call);
    call = call_begin(w);
    call_run(&call);
    assert_talks(&call);
    call_end(&call);
}

/* Replayed and damaged records do nothing, and are not answered. */
static void test_records(void **state)
{
    struct world *w = *state;
    struct call call = call_begin(w);
    uint8_t out[DATAGRAM_MAX], bad[DATAGRAM_MAX];
    char text[64] = "";
    uint64_t first, second;
    size_t len;

    call_run(&call);
    len = secure_seal(call.client, S("one"), out, sizeof out);
    first = secure_record(str_bytes(out, len));
    for (size_t i = 0; i < 8 * len; i++) {
        memcpy(bad, out, len);
        bad[i / 8] ^= (uint8_t)(1u << i % 8);
        secure_feed(call.server, str_bytes(bad, len));
        if (read_all(call.server, text, sizeof text))
            fail_msg("bit %d: %s", (int)i, secure_error(call.server));
        assert_string_equal(text, "");
        assert_int_equal(secure_queued(call.server), 0);
    }
    for (size_t cut = 0; cut < len; cut++) {
        memcpy(bad, out, len);
        bad[12] = (uint8_t)(cut < 13 ? 0 : cut - 13);
        secure_feed(call.server, str_bytes(bad, cut));
        assert_int_equal(read_all(call.server, text, sizeof text), 0);
        assert_int_equal(secure_queued(call.server), 0);
    }
    for (int i = 0; i < 2; i++) {
        secure_feed(call.server, str_bytes(out, len));
        read_all(call.server, text, sizeof text);
        assert_string_equal(text, "one");
    }
    len = secure_seal(call.client, S("two"), out, sizeof out);
    second = secure_record(str_bytes(out, len));
    assert_true(second > first);
    assert_talks(&call);
    call_end(&call);
}

static void test_fingerprint_text(void **state)
{
    struct world *w = *state;
    struct fingerprint key = secure_base_fingerprint(w->server), again;
    char text[FINGERPRINT_TEXT];

    fingerprint_text(&key, text);
    assert_true(fingerprint_parse(&again, str_of(text)));
    assert_true(fingerprint_equal(&key, &again));
    text[20] = '!';
    assert_false(fingerprint_parse(&again, str_of(text)));
    assert_false(fingerprint_parse(&again, S("SHA256:")));
    assert_false(fingerprint_parse(&again, S("")));
    /* RFC 5280, section 4.1.2.5: the end of 9999 is "never" */
    assert_true(secure_base_expires(w->server) == 253402300799);
}

/* FIPS 180-2, B.1 */
static void test_hash(void **state)
{
    char text[SECURE_HASH_TEXT];

    (void)state;
    secure_hash(S("abc"), text);
    assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223"
                              "b00361a396177a9cb410ff61f20015ad");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_stream),
        TEST(test_keep),
        TEST(test_vouched),
        TEST(test_resume),
        TEST(test_resume_proves),
        TEST(test_renew),
        TEST(test_no_client_key),
        TEST(test_stream_garbage),
        TEST(test_datagrams),
        TEST(test_datagrams_lost),
        TEST(test_datagrams_resumed),
        TEST(test_other_keys),
        TEST(test_datagrams_early),
        TEST(test_cookie),
        TEST(test_strange_datagrams),
        TEST(test_records),
        TEST(test_fingerprint_text),
        TEST(test_hash),
    };

    return RUN(tests);
}
