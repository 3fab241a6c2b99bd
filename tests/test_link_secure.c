/* SPDX-License-Identifier: MIT
 *
 * Two ends of an encrypted link in memory: what comes through, what is held,
 * what a server takes for clear text, and where datagrams go.
 */
#include "tests/test.h"

#include "shared/error.h"
#include "shared/frame.h"
#include "shared/link.h"
#include "shared/mem.h"
#include "shared/secure.h"
#include "tests/clock.h"

static const struct str HERE = { "\x04\x0a\0\0\x01\0\x01", 7 };
static const struct str THERE = { "\x04\x0a\0\0\x01\0\x02", 7 };

struct world {
    struct secure_pem pem;
    struct secure_base *server, *client;
};

struct pair {
    struct link *client, *server;
    char last[64]; /* text of the last SEND that came */
    int got;       /* frames that came to either end */
};

static struct secure_base *base_of(bool server, const struct secure_pem *pem)
{
    struct secure_config config = {
        .server = server,
        .key = str_of(server ? pem->key : NULL),
        .chain = str_of(server ? pem->chain : NULL),
        .roots = str_of(server ? NULL : pem->chain),
    };
    char error[200] = "";
    struct secure_base *base = secure_base_new(&config, error, sizeof error);

    if (!base)
        fail_msg("%s", error);
    return base;
}

static int setup(void **state)
{
    struct world *w = mem_new(1, sizeof *w);

    assert_true(secure_pem_make(&w->pem, "here", clock_now));
    w->server = base_of(true, &w->pem);
    w->client = base_of(false, &w->pem);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    secure_base_free(w->server);
    secure_base_free(w->client);
    secure_pem_free(&w->pem);
    free(w);
    return 0;
}

static struct link *end(enum transport transport, bool server,
                        struct secure *secure)
{
    struct link_config config = {
        .transport = transport,
        .server = server,
        .secure = secure,
        .from = HERE,
        .id = 0x0102030405060708,
        .seed = server ? 2 : 1,
        .body_max = BODY_MAX,
        .queue_max = 1 << 22,
    };

    return link_new(&config, clock_now);
}

static void pair_free(struct pair *pair)
{
    link_free(pair->client);
    link_free(pair->server);
}

static void say(struct link *link, struct str text)
{
    struct msg msg = { .kind = KIND_SEND };

    msg.send.room = 7;
    msg.send.text = text;
    assert_int_equal(link_say(link, &msg, true), 0);
}

/* Pull every frame; returns what link_next said last. */
static int drain(struct pair *pair, struct link *link)
{
    static struct wire_scratch scratch;
    struct str frame;
    struct msg msg;
    int got;

    while ((got = link_next(link, &frame, clock_now)) == 1) {
        assert_int_equal(wire_decode(&msg, frame, &scratch), 0);
        if (msg.kind == KIND_SEND)
            snprintf(pair->last, sizeof pair->last, "%.*s",
                     STR_ARG(msg.send.text));
        pair->got++;
    }
    return got;
}

/* ---- streams ---- */

/* Carry what waits, `most` bytes at a time, each out of a buffer that is
 * somebody else's afterwards. */
static bool carry(struct pair *pair, struct link *from, struct link *to,
                  size_t most)
{
    struct str span;
    bool any = false;

    while (link_spans(from, &span, 1)) {
        size_t n = span.len < most ? span.len : most;
        char *copy = mem_str(str_bytes(span.ptr, n));

        assert_int_equal(link_feed(to, str_bytes(copy, n), clock_now), 0);
        assert_int_equal(drain(pair, to), 0);
        free(copy);
        link_sent(from, n, clock_now);
        any = true;
    }
    return any;
}

static void settle(struct pair *pair, size_t most)
{
    for (bool any = true; any;) {
        any = carry(pair, pair->client, pair->server, most);
        any = carry(pair, pair->server, pair->client, most) || any;
    }
}

static struct pair stream(struct world *w)
{
    struct pair pair = { 0 };

    pair.client = end(TRANSPORT_TCP, false,
                      secure_new(w->client, false, "here", clock_now));
    pair.server =
        end(TRANSPORT_TCP, true, secure_new(w->server, false, NULL, clock_now));
    return pair;
}

static void test_link_secure_stream_delivers_in_pieces(void **state)
{
    static const size_t SIZES[] = { 1, 7, 100, 100000 };
    struct secure_peer peer;

    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
        struct pair pair = stream(*state);

        say(pair.client, S("before the handshake"));
        assert_false(link_is_open(pair.client));
        settle(&pair, SIZES[i]);
        assert_true(link_is_open(pair.client) && link_is_open(pair.server));
        assert_int_equal(pair.got, 1);
        say(pair.server, S("one"));
        say(pair.server, S("two"));
        say(pair.client, S("three"));
        settle(&pair, SIZES[i]);
        assert_int_equal(pair.got, 4);
        assert_true(link_peer_secure(pair.client, &peer));
        assert_string_equal(peer.version, "TLSv1.3");
        assert_int_equal(link_queued(pair.client), 0);
        assert_true(link_progress(pair.client) == NEVER);
        pair_free(&pair);
    }
}

/* Longer than a record, longer than what is sealed ahead, many at once. */
static void test_link_secure_stream_carries_much(void **state)
{
    struct pair pair = stream(*state);
    char *text = mem_new(BODY_MAX, 1);

    memset(text, 'x', BODY_MAX);
    for (int i = 0; i < 20; i++)
        say(pair.client, str_bytes(text, BODY_MAX - 100));
    for (int i = 0; i < 1000; i++)
        say(pair.client, S("short"));
    settle(&pair, 5000);

    assert_int_equal(pair.got, 1020);
    assert_string_equal(pair.last, "short");
    free(text);
    pair_free(&pair);
}

/* What is being written lies where it lay, however much is sealed behind. */
static void test_link_secure_spans_stay_while_they_are_written(void **state)
{
    struct pair pair = stream(*state);
    struct str spans[8], again[8];
    char *copy, text[1000];
    size_t len = 0, n;

    settle(&pair, 100000);
    memset(text, 'y', sizeof text);
    say(pair.client, S("in flight"));
    n = link_spans(pair.client, spans, 8);
    assert_int_equal(n, 1);
    copy = mem_str(spans[0]);
    for (int i = 0; i < 500; i++) {
        say(pair.client, str_bytes(text, sizeof text));
        if (i % 7 == 0)
            assert_true(link_spans(pair.client, again, 8) >= 1);
        assert_ptr_equal(again[0].ptr, spans[0].ptr);
        assert_int_equal(again[0].len, spans[0].len);
        assert_memory_equal(spans[0].ptr, copy, spans[0].len);
        len += sizeof text;
    }
    assert_true(link_queued(pair.client) > len);
    assert_int_equal(
        link_feed(pair.server, str_bytes(copy, spans[0].len), clock_now), 0);
    assert_int_equal(drain(&pair, pair.server), 0);
    link_sent(pair.client, spans[0].len, clock_now);
    settle(&pair, 3000);

    assert_int_equal(pair.got, 501);
    free(copy);
    pair_free(&pair);
}

/* A server that stops pulling in the middle of records and frames. */
static void test_link_secure_stream_is_held(void **state)
{
    struct pair pair = stream(*state);
    char *bytes = mem_new(1, 64 * 1024);
    struct str frame, span;
    size_t len = 0;

    settle(&pair, 100000);
    for (int i = 0; i < 50; i++) {
        say(pair.client, S("held"));
        assert_int_equal(link_spans(pair.client, &span, 1), 1);
        memcpy(bytes + len, span.ptr, span.len);
        len += span.len;
        link_sent(pair.client, span.len, clock_now);
    }
    assert_int_equal(link_feed(pair.server, str_bytes(bytes, len), clock_now),
                     0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(link_next(pair.server, &frame, clock_now), 1);
    link_hold(pair.server);
    memset(bytes, 0xff, len); /* the buffer is somebody else's now */
    assert_true(link_pending(pair.server) > 0);
    link_hold(pair.server); /* and once more */

    /* More comes on top of what is held. */
    say(pair.client, S("last"));
    assert_int_equal(link_spans(pair.client, &span, 1), 1);
    assert_int_equal(link_feed(pair.server, span, clock_now), 0);
    link_hold(pair.server);
    link_sent(pair.client, span.len, clock_now);
    for (int i = 0; i < 10; i++)
        assert_int_equal(link_next(pair.server, &frame, clock_now), 1);
    link_hold(pair.server);
    assert_int_equal(drain(&pair, pair.server), 0);

    assert_int_equal(pair.got, 51 - 13);
    assert_string_equal(pair.last, "last");
    assert_int_equal(link_pending(pair.server), 0);
    free(bytes);
    pair_free(&pair);
}

/* ---- clear text at an encrypted door ---- */

static void test_link_secure_server_knows_clear_text(void **state)
{
    struct world *w = *state;
    struct pair pair = { 0 };

    pair.client = end(TRANSPORT_TCP, false, NULL);
    pair.server =
        end(TRANSPORT_TCP, true, secure_new(w->server, false, NULL, clock_now));
    assert_true(link_is_secure(pair.server));
    assert_int_equal(link_feed(pair.server, str_of(NULL), clock_now), 0);
    assert_true(link_is_secure(pair.server)); /* nothing says nothing */
    say(pair.client, S("in clear"));
    settle(&pair, 1);

    assert_false(link_is_secure(pair.server));
    assert_true(link_is_open(pair.server));
    assert_int_equal(pair.got, 1);
    say(pair.server, S("so be it"));
    settle(&pair, 1000);
    assert_string_equal(pair.last, "so be it");
    pair_free(&pair);
}

/* A client does not give in. */
static void test_link_secure_client_refuses_clear_text(void **state)
{
    struct world *w = *state;
    struct pair pair = { 0 };
    struct str span, frame;
    int err;

    pair.client = end(TRANSPORT_TCP, false,
                      secure_new(w->client, false, "here", clock_now));
    pair.server = end(TRANSPORT_TCP, true, NULL);
    say(pair.server, S("trust me"));
    assert_int_equal(link_spans(pair.server, &span, 1), 1);
    err = link_feed(pair.client, span, clock_now);
    if (!err)
        err = link_next(pair.client, &frame, clock_now);

    assert_int_equal(err, -ERROR_SECURITY);
    assert_false(link_is_open(pair.client));
    assert_true(link_peer_is_clear(pair.client));
    pair_free(&pair);
}

static void test_link_secure_stream_ends_with_a_changed_bit(void **state)
{
    struct pair pair = stream(*state);
    struct str span, frame;
    char *copy;

    settle(&pair, 100000);
    say(pair.client, S("true"));
    assert_int_equal(link_spans(pair.client, &span, 1), 1);
    copy = mem_str(span);
    copy[span.len - 1] ^= 1;
    link_feed(pair.server, str_bytes(copy, span.len), clock_now);

    assert_int_equal(link_next(pair.server, &frame, clock_now),
                     -ERROR_SECURITY);
    assert_true(link_is_over(pair.server));
    free(copy);
    pair_free(&pair);
}

static void test_link_secure_stream_says_that_it_ends(void **state)
{
    struct pair pair = stream(*state);

    settle(&pair, 100000);
    link_close(pair.server, 0, clock_now);
    assert_false(link_is_over(pair.client));
    for (struct str span; link_spans(pair.server, &span, 1);) {
        link_feed(pair.client, span, clock_now);
        drain(&pair, pair.client);
        link_sent(pair.server, span.len, clock_now);
    }

    assert_true(link_is_over(pair.client));
    pair_free(&pair);
}

/* ---- datagrams ---- */

static struct pair call(struct world *w)
{
    struct pair pair = { 0 };
    uint8_t bytes[DATAGRAM_MAX], reply[DATAGRAM_MAX];
    size_t len, reply_len;

    pair.client = end(TRANSPORT_UDP, false,
                      secure_new(w->client, true, "here", clock_now));
    while (!pair.server) {
        len = link_datagram(pair.client, bytes, clock_now);
        assert_true(len > 0);
        if (secure_hello(w->server, str_bytes(bytes, len), HERE, reply,
                         &reply_len, clock_now) == HELLO_GOOD)
            pair.server =
                end(TRANSPORT_UDP, true, secure_accept(w->server, clock_now));
        else
            assert_int_equal(
                link_feed(pair.client, str_bytes(reply, reply_len), clock_now),
                0);
    }
    link_feed(pair.server, str_bytes(bytes, len), clock_now);
    return pair;
}

/* Every datagram of one end to the other; returns the first byte of the last.
 */
static int post(struct pair *pair, bool up, struct str from)
{
    struct link *sender = up ? pair->client : pair->server;
    struct link *taker = up ? pair->server : pair->client;
    uint8_t bytes[DATAGRAM_MAX];
    size_t len;
    int first = -1;

    while ((len = link_datagram(sender, bytes, clock_now))) {
        struct str datagram = str_bytes(bytes, len);

        first = bytes[0];
        assert_int_equal(up ? link_feed_from(taker, datagram, from, clock_now)
                            : link_feed(taker, datagram, clock_now),
                         0);
        assert_int_equal(drain(pair, taker), 0);
    }
    return first;
}

static void post_all(struct pair *pair, struct str from, unsigned steps)
{
    for (unsigned i = 0; i < steps; i++) {
        clock_pass(10000);
        link_tick(pair->client, clock_now);
        link_tick(pair->server, clock_now);
        post(pair, true, from);
        post(pair, false, from);
    }
}

static void test_link_secure_datagrams_come_under_an_id(void **state)
{
    struct pair pair = call(*state);
    struct secure_peer peer;
    uint8_t bytes[DATAGRAM_MAX];
    uint64_t id;
    size_t len;

    say(pair.client, S("up"));
    say(pair.server, S("down"));
    post_all(&pair, HERE, 20);
    assert_int_equal(pair.got, 2);
    assert_true(link_peer_secure(pair.client, &peer));
    assert_string_equal(peer.version, "DTLSv1.2");

    say(pair.client, S("again"));
    len = link_datagram(pair.client, bytes, clock_now);
    assert_int_equal(bytes[0], DATAGRAM_SEALED);
    assert_true(link_datagram_id(str_bytes(bytes, len), &id));
    assert_true(id == 0x0102030405060708);
    link_rename(pair.server, 99);
    post_all(&pair, HERE, 100);
    say(pair.client, S("under another name"));
    len = link_datagram(pair.client, bytes, clock_now);
    assert_true(link_datagram_id(str_bytes(bytes, len), &id));
    assert_true(id == 99);
    pair_free(&pair);
}

static void test_link_secure_datagrams_measure_the_path(void **state)
{
    struct pair pair = call(*state);
    struct link_peer peer;

    post_all(&pair, HERE, 10);
    link_set_local(pair.client, (struct link_local){ 9, 4 });
    link_beat(pair.client, 5000, clock_now);
    post_all(&pair, HERE, 2000);

    peer = link_peer(pair.server);
    assert_in_range(peer.beats, 4, 6);
    assert_int_equal(peer.idle_s, 9);
    assert_int_equal(peer.frozen_s, 4);
    peer = link_peer(pair.client);
    assert_in_range(peer.rtt_us, 1, 31000);
    assert_true(clock_now.mono_us - peer.heard_us < 6000000);
    pair_free(&pair);
}

/* Whole, cut, changed, twice: nothing of it is heard, nothing ends. */
static void test_link_secure_datagrams_survive_garbage(void **state)
{
    struct pair pair = call(*state);
    uint8_t bytes[DATAGRAM_MAX], changed[DATAGRAM_MAX];
    uint64_t heard;
    size_t len;

    post_all(&pair, HERE, 20);
    say(pair.client, S("true"));
    len = link_datagram(pair.client, bytes, clock_now);
    heard = link_peer(pair.server).heard_us;
    clock_pass(1000);
    for (size_t i = 0; i < len; i++) {
        memcpy(changed, bytes, len);
        changed[i] ^= 0x10;
        if (i > 8) /* behind the id, which is the endpoint's business */
            assert_int_equal(link_feed_from(pair.server,
                                            str_bytes(changed, len), THERE,
                                            clock_now),
                             0);
        assert_int_equal(
            link_feed_from(pair.server, str_bytes(bytes, i), THERE, clock_now),
            0);
    }
    assert_int_equal(drain(&pair, pair.server), 0);
    assert_int_equal(pair.got, 0);
    assert_true(link_peer(pair.server).heard_us == heard);
    assert_true(str_eq(link_place(pair.server), HERE));

    for (int i = 0; i < 2; i++)
        assert_int_equal(
            link_feed_from(pair.server, str_bytes(bytes, len), HERE, clock_now),
            0);
    assert_int_equal(drain(&pair, pair.server), 0);
    assert_int_equal(pair.got, 1);
    assert_true(link_is_open(pair.server));
    pair_free(&pair);
}

/* Older than what DTLS remembers (64 records): lost, and sent again. */
static void test_link_secure_datagrams_come_in_any_order(void **state)
{
    enum { MANY = 200 };
    struct pair pair = call(*state);
    uint8_t(*bytes)[DATAGRAM_MAX] = mem_new(MANY, DATAGRAM_MAX);
    size_t lens[MANY], n = 0;
    char text[900];

    post_all(&pair, HERE, 20);
    memset(text, 'z', sizeof text);
    for (int i = 0; n < MANY; i++) { /* one a datagram, all held up */
        assert_true(i < 4 * MANY);
        say(pair.client, str_bytes(text, sizeof text));
        clock_pass(300000);
        link_tick(pair.client, clock_now);
        while (n < MANY &&
               (lens[n] = link_datagram(pair.client, bytes[n], clock_now)))
            n++;
    }
    while (n-- > 0) { /* the newest first */
        assert_int_equal(link_feed_from(pair.server,
                                        str_bytes(bytes[n], lens[n]), HERE,
                                        clock_now),
                         0);
        assert_int_equal(drain(&pair, pair.server), 0);
    }
    say(pair.client, S("the last one"));
    post_all(&pair, HERE, 3000);

    assert_string_equal(pair.last, "the last one");
    assert_int_equal(link_queued(pair.client), 0);
    assert_true(link_is_open(pair.server));
    free(bytes);
    pair_free(&pair);
}

static void test_link_secure_datagrams_follow_the_client(void **state)
{
    struct pair pair = call(*state);

    post_all(&pair, HERE, 20);
    say(pair.client, S("from there"));
    clock_pass(1000);
    post(&pair, true, THERE);
    assert_true(str_eq(link_place(pair.server), THERE));
    post_all(&pair, THERE, 100); /* challenged, and answered */
    clock_pass(60000000);
    link_tick(pair.server, clock_now);

    assert_true(str_eq(link_place(pair.server), THERE));
    pair_free(&pair);
}

/* What waits while the peer sleeps is no stall when it wakes. */
static void test_link_secure_datagrams_rest(void **state)
{
    struct pair pair = call(*state);
    uint8_t bytes[DATAGRAM_MAX];

    post_all(&pair, HERE, 50);
    say(pair.server, S("are you there?"));
    while (link_datagram(pair.server, bytes, clock_now))
        continue; /* lost */
    link_tick(pair.server, clock_now);
    assert_true(link_progress(pair.server) != NEVER);
    link_rest(pair.server);
    assert_true(link_deadline(pair.server) == NEVER);
    for (int i = 0; i < 100; i++) {
        clock_pass(1000000);
        link_tick(pair.server, clock_now);
        assert_int_equal(link_datagram(pair.server, bytes, clock_now), 0);
    }
    assert_true(link_progress(pair.server) == NEVER);

    link_beat(pair.client, 5000, clock_now);
    post(&pair, true, HERE);
    link_tick(pair.server, clock_now);
    assert_true(link_progress(pair.server) == clock_now.mono_us);
    post_all(&pair, HERE, 50);
    assert_string_equal(pair.last, "are you there?");
    pair_free(&pair);
}

static void test_link_secure_datagrams_say_that_they_end(void **state)
{
    struct pair pair = call(*state);

    post_all(&pair, HERE, 20);
    link_close(pair.client, 0, clock_now);
    post(&pair, true, HERE);

    assert_true(link_closed(pair.server));
    pair_free(&pair);
}

#define TEST(name) cmocka_unit_test(test_link_secure_##name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(stream_delivers_in_pieces),
        TEST(stream_carries_much),
        TEST(spans_stay_while_they_are_written),
        TEST(stream_is_held),
        TEST(server_knows_clear_text),
        TEST(client_refuses_clear_text),
        TEST(stream_ends_with_a_changed_bit),
        TEST(stream_says_that_it_ends),
        TEST(datagrams_come_under_an_id),
        TEST(datagrams_measure_the_path),
        TEST(datagrams_survive_garbage),
        TEST(datagrams_come_in_any_order),
        TEST(datagrams_follow_the_client),
        TEST(datagrams_rest),
        TEST(datagrams_say_that_they_end),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
