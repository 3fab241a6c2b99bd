/* SPDX-License-Identifier: MIT
 *
 * Two ends of a link in memory: frames, heartbeats, holding, envelopes.  What
 * loss does to datagrams is test_dgram's business.
 */
#include "tests/test.h"

#include "shared/error.h"
#include "shared/frame.h"
#include "shared/link.h"
#include "shared/mem.h"

struct pair {
    struct link *client, *server;
    struct now now;
};

static struct link *end(enum transport transport, bool server, struct now now)
{
    struct link_config config = {
        .transport = transport,
        .server = server,
        .id = 0x0102030405060708,
        .seed = server ? 2 : 1,
        .body_max = BODY_MAX,
        .queue_max = 1 << 20,
    };

    return link_new(&config, now);
}

static struct pair pair_of(enum transport transport)
{
    struct pair pair = { .now = { 1000000, 1700000000000 } };

    pair.client = end(transport, false, pair.now);
    pair.server = end(transport, true, pair.now);
    return pair;
}

static void pair_free(struct pair *pair)
{
    link_free(pair->client);
    link_free(pair->server);
}

/* Pull every frame; counts them and remembers the last text. */
static int drain(struct link *link, struct now now, char *last)
{
    static struct wire_scratch scratch;
    struct str frame;
    struct msg msg;
    int n = 0, got;

    while ((got = link_next(link, &frame, now)) == 1) {
        assert_int_equal(wire_decode(&msg, frame, &scratch), 0);
        if (last && msg.kind == KIND_SEND)
            snprintf(last, 64, "%.*s", STR_ARG(msg.send.text));
        n++;
    }
    assert_int_equal(got, 0);
    return n;
}

/* Carry everything that waits from one end to the other. */
static int carry(struct link *from, struct link *to, struct now now, char *last)
{
    uint8_t datagram[DATAGRAM_MAX];
    struct str spans[4];
    size_t len, n;
    int got = 0;

    if (link_transport(from) == TRANSPORT_UDP) {
        while ((len = link_datagram(from, datagram, now))) {
            assert_int_equal(link_feed(to, str_bytes(datagram, len), now), 0);
            got += drain(to, now, last);
        }
        return got;
    }
    while ((n = link_spans(from, spans, 4))) {
        for (size_t i = 0; i < n; i++) {
            char *copy = mem_str(spans[i]);

            link_feed(to, str_bytes(copy, spans[i].len), now);
            got += drain(to, now, last);
            free(copy);
        }
        len = 0;
        for (size_t i = 0; i < n; i++)
            len += spans[i].len;
        link_sent(from, len, now);
    }
    return got;
}

static void say(struct link *link, struct str text)
{
    struct msg msg = { .kind = KIND_SEND };

    msg.send.room = 7;
    msg.send.text = text;
    assert_int_equal(link_say(link, &msg, true), 0);
}

static void check_delivery(enum transport transport)
{
    struct pair pair = pair_of(transport);
    char last[64] = "";
    int got = 0;

    say(pair.client, S("one"));
    say(pair.client, S("two"));
    got = carry(pair.client, pair.server, pair.now, last);

    assert_int_equal(got, 2);
    assert_string_equal(last, "two");
    pair_free(&pair);
}

static void test_link_delivers_over_a_stream(void **state)
{
    (void)state;
    check_delivery(TRANSPORT_TCP);
}

static void test_link_delivers_over_datagrams(void **state)
{
    (void)state;
    check_delivery(TRANSPORT_UDP);
}

static void check_heartbeat(enum transport transport)
{
    struct pair pair = pair_of(transport);
    struct link_peer peer;

    link_set_local(pair.client, (struct link_local){ 9, 4 });
    link_beat(pair.client, 5000, pair.now);
    assert_int_equal(carry(pair.client, pair.server, pair.now, NULL), 0);
    pair.now.mono_us += 30000;
    link_tick(pair.server, pair.now);
    assert_int_equal(carry(pair.server, pair.client, pair.now, NULL), 0);

    peer = link_peer(pair.server);
    assert_int_equal(peer.beats, 1);
    assert_int_equal(peer.idle_s, 9);
    assert_int_equal(peer.frozen_s, 4);
    peer = link_peer(pair.client);
    assert_in_range(peer.rtt_us, 9000, 31000);
    pair_free(&pair);
}

static void test_link_heartbeat_measures_a_stream(void **state)
{
    (void)state;
    check_heartbeat(TRANSPORT_TCP);
}

static void test_link_heartbeat_measures_datagrams(void **state)
{
    (void)state;
    check_heartbeat(TRANSPORT_UDP);
}

static void test_link_beats_once_a_period(void **state)
{
    struct pair pair = pair_of(TRANSPORT_TCP);

    (void)state;
    link_beat(pair.client, 5000, pair.now);
    carry(pair.client, pair.server, pair.now, NULL);
    for (uint64_t end_us = pair.now.mono_us + 60000000;
         link_deadline(pair.client) < end_us;) {
        pair.now.mono_us = link_deadline(pair.client);
        link_tick(pair.client, pair.now);
        carry(pair.client, pair.server, pair.now, NULL);
        carry(pair.server, pair.client, pair.now, NULL);
    }

    assert_in_range(link_peer(pair.server).beats, 12, 14);
    pair_free(&pair);
}

static void test_link_does_not_pile_up_heartbeats_when_stuck(void **state)
{
    struct pair pair = pair_of(TRANSPORT_TCP);
    size_t queued;

    (void)state;
    link_beat(pair.client, 5000, pair.now);
    queued = link_queued(pair.client);
    for (int i = 0; i < 20; i++) {
        pair.now.mono_us += 5500000;
        link_tick(pair.client, pair.now);
    }

    assert_int_equal(link_queued(pair.client), queued);
    pair_free(&pair);
}

static void test_link_progress_tells_a_stall(void **state)
{
    struct pair pair = pair_of(TRANSPORT_TCP);
    uint64_t since = pair.now.mono_us;

    (void)state;
    assert_true(link_progress(pair.client) == NEVER);
    say(pair.client, S("stuck"));
    link_tick(pair.client, pair.now);
    pair.now.mono_us += 7000000;
    link_tick(pair.client, pair.now);
    assert_int_equal(link_progress(pair.client), since);

    carry(pair.client, pair.server, pair.now, NULL);
    assert_true(link_progress(pair.client) == NEVER);
    pair_free(&pair);
}

static void test_link_holds_what_is_not_pulled(void **state)
{
    struct pair pair = pair_of(TRANSPORT_TCP);
    struct str spans[2], frame;
    char bytes[512];
    size_t len = 0;

    (void)state;
    say(pair.client, S("first"));
    say(pair.client, S("second"));
    assert_int_equal(link_spans(pair.client, spans, 2), 2);
    for (int i = 0; i < 2; i++) {
        memcpy(bytes + len, spans[i].ptr, spans[i].len);
        len += spans[i].len;
    }
    link_feed(pair.server, str_bytes(bytes, len), pair.now);
    assert_int_equal(link_next(pair.server, &frame, pair.now), 1);
    link_hold(pair.server);
    memset(bytes, 0xff, sizeof bytes); /* the buffer is somebody else's now */

    assert_int_equal(link_pending(pair.server), spans[1].len);
    assert_int_equal(drain(pair.server, pair.now, bytes), 1);
    assert_string_equal(bytes, "second");
    pair_free(&pair);
}

static void test_link_ignores_datagrams_of_others(void **state)
{
    struct pair pair = pair_of(TRANSPORT_UDP);
    uint8_t datagram[DATAGRAM_MAX];
    struct str frame;
    uint64_t id;
    size_t len;

    (void)state;
    say(pair.client, S("mine"));
    len = link_datagram(pair.client, datagram, pair.now);
    assert_true(link_datagram_id(str_bytes(datagram, len), &id));
    assert_int_equal(id, 0x0102030405060708);
    datagram[8] ^= 1;
    assert_int_equal(link_feed(pair.server, str_bytes(datagram, len), pair.now),
                     0);
    assert_int_equal(link_next(pair.server, &frame, pair.now), 0);
    assert_false(link_datagram_id(str_bytes(datagram, 9), &id));
    assert_false(link_datagram_id(S("GET / HTTP/1.1\r\n"), &id));
    pair_free(&pair);
}

static void test_link_refuses_a_frame_that_is_too_long(void **state)
{
    struct pair pair = pair_of(TRANSPORT_TCP);
    struct str frame;

    (void)state;
    link_feed(pair.server, S("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), pair.now);

    assert_int_equal(link_next(pair.server, &frame, pair.now),
                     -ERROR_TOO_LARGE);
    pair_free(&pair);
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_link_delivers_over_a_stream),
    cmocka_unit_test(test_link_delivers_over_datagrams),
    cmocka_unit_test(test_link_heartbeat_measures_a_stream),
    cmocka_unit_test(test_link_heartbeat_measures_datagrams),
    cmocka_unit_test(test_link_beats_once_a_period),
    cmocka_unit_test(test_link_does_not_pile_up_heartbeats_when_stuck),
    cmocka_unit_test(test_link_progress_tells_a_stall),
    cmocka_unit_test(test_link_holds_what_is_not_pulled),
    cmocka_unit_test(test_link_ignores_datagrams_of_others),
    cmocka_unit_test(test_link_refuses_a_frame_that_is_too_long),
};

int main(void)
{
    return RUN(TESTS);
}
