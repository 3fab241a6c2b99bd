/* SPDX-License-Identifier: MIT
 *
 * The emulated link in virtual time: that it does what it is told to, as often
 * as it is told to.  Shares are measured over so many packets that five
 * standard deviations are well inside the bounds.
 */
#include "tests/test.h"

#include "tests/netem_links.h"
#include "tests/netem_packet.h"

#define MS UINT64_C(1000000) /* ns */

enum { PACKETS = 100000, LEN = 200 };

static uint64_t seed(void)
{
    return test_seed(0x6e6574656d);
}

static struct pipe pipe_of(const char *spec)
{
    struct links links;
    struct str wrong;
    struct pipe pipe;

    links_init(&links, 1, seed());
    if (!links_set(&links, str_of(spec), 0, &wrong))
        fail_msg("%s: %.*s", spec, STR_ARG(wrong));
    pipe = links.of[0][0];
    free(links.of);
    return pipe;
}

/* Packets at even intervals; returns how many arrived. */
static unsigned run(struct pipe *pipe, uint64_t gap_ns)
{
    unsigned came = 0;

    for (uint64_t i = 1; i <= PACKETS; i++)
        came += pipe_pass(pipe, LEN, PACKET_UDP, i * gap_ns).at_ns[0] != 0;
    return came;
}

static void near(double got, double wanted, double by)
{
    if (got < wanted - by || got > wanted + by)
        fail_msg("%f is not within %f of %f", got, by, wanted);
}

static double share(double n)
{
    return n / PACKETS;
}

/* ---- what is set ---- */

static void test_netem_takes_settings(void **state)
{
    struct pipe pipe = pipe_of("delay=25ms,jitter=500us,loss=5%,burst=4%/3,"
                               "rate=64kbit,queue=16k,block=udp,mtu=900");

    (void)state;
    near(pipe.set.delay, 25e6, 1);
    near(pipe.set.jitter, 5e5, 1);
    near(pipe.set.loss, 0.05, 1e-9);
    near(pipe.set.burst, 0.04, 1e-9);
    near(pipe.set.burst_packets, 3, 1e-9);
    near(pipe.set.rate, 64e3, 1e-9);
    near(pipe.set.queue, 16384, 1e-9);
    near(pipe.set.block, PACKET_UDP, 1e-9);
    near(pipe.set.mtu, 900, 1e-9);
}

static void test_netem_refuses_what_is_no_setting(void **state)
{
    static const char *const BAD[] = {
        "delay=25", "delay=ms",   "delay=-1ms", "loss=5",   "loss=101%",
        "burst=5%", "burst=5%/0", "burst=5%/",  "speed=1",  "=",
        "delay",    "link=2",     "link=1-0",   "dir=up",   "block=icmp",
        "rate=5",   "rate=1gb",   "mtu=nan",    "queue=1m", "link=",
    };
    struct links links;

    (void)state;
    links_init(&links, 2, 1);
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        struct str wrong = { 0 };

        if (links_set(&links, str_of(BAD[i]), 0, &wrong))
            fail_msg("%s was taken", BAD[i]);
        assert_true(str_is(wrong, BAD[i]));
    }
    free(links.of);
}

static void test_netem_sets_the_links_and_directions_chosen(void **state)
{
    struct links links;
    struct str wrong;

    (void)state;
    links_init(&links, 4, 1);
    assert_true(links_set(&links,
                          str_of("delay=5ms,link=1-2,delay=6ms,dir=ba,"
                                 "delay=7ms,link=3,dir=both,delay=8ms"),
                          0, &wrong));
    for (unsigned i = 0; i < 4; i++) {
        static const double WANT[4][2] = {
            { 5e6, 5e6 }, { 6e6, 7e6 }, { 6e6, 7e6 }, { 8e6, 8e6 }
        };

        near(links.of[i][0].set.delay, WANT[i][0], 1);
        near(links.of[i][1].set.delay, WANT[i][1], 1);
    }
    free(links.of);
}

/* ---- what it does ---- */

static void test_netem_does_nothing_unless_told(void **state)
{
    struct pipe pipe = pipe_of("");

    (void)state;
    for (uint64_t i = 1; i < 1000; i++) {
        struct pipe_fate fate = pipe_pass(&pipe, LEN, PACKET_UDP, i * MS);

        assert_int_equal(fate.at_ns[0], i * MS);
        assert_int_equal(fate.at_ns[1], 0);
    }
}

static void test_netem_loses_its_share(void **state)
{
    static const char *const SPECS[] = { "loss=1%", "loss=5%", "loss=20%" };
    static const double SHARES[] = { 0.01, 0.05, 0.2 };

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct pipe pipe = pipe_of(SPECS[i]);
        unsigned came = run(&pipe, MS);

        near(1 - share(came), SHARES[i], 0.007);
        assert_int_equal(pipe.count.lost, PACKETS - came);
    }
}

/* Mean length of the runs of lost packets. */
static double mean_run(struct pipe *pipe, uint64_t gap_ns, double *lost)
{
    unsigned runs = 0, n = 0;
    bool before = false;

    for (uint64_t i = 1; i <= PACKETS; i++) {
        bool gone = !pipe_pass(pipe, LEN, PACKET_UDP, i * gap_ns).at_ns[0];

        n += gone;
        runs += gone && !before;
        before = gone;
    }
    *lost = share(n);
    return (double)n / runs;
}

static void test_netem_loses_packets_in_bursts(void **state)
{
    struct pipe pipe = pipe_of("burst=5%/4");
    double lost;

    (void)state;
    near(mean_run(&pipe, MS, &lost), 4, 0.5);
    near(lost, 0.05, 0.01);
}

/* The same bursts last as long when packets are sparse. */
static void test_netem_loses_time_in_bursts(void **state)
{
    struct pipe pipe = pipe_of("burst=20%/100ms");
    double lost;

    (void)state;
    near(mean_run(&pipe, MS, &lost), 100, 36);
    near(lost, 0.2, 0.08);
    pipe = pipe_of("burst=20%/100ms");
    /* bad again with 0.2 + 0.8 exp(-1.25), so 1.752 on average */
    near(mean_run(&pipe, 100 * MS, &lost), 1.752, 0.06);
    near(lost, 0.2, 0.02);
}

static void test_netem_copies_and_holds_back_its_share(void **state)
{
    struct pipe pipe = pipe_of("delay=10ms,dup=2%,reorder=5%,behind=60ms");
    unsigned copied = 0, held = 0;

    (void)state;
    for (uint64_t i = 1; i <= PACKETS; i++) {
        struct pipe_fate fate = pipe_pass(&pipe, LEN, PACKET_UDP, i * MS);

        copied += fate.at_ns[1] != 0;
        held += fate.at_ns[0] >= (i + 70) * MS;
        assert_in_range(fate.at_ns[0], (i + 10) * MS, (i + 70) * MS);
    }
    near(share(copied), 0.02, 0.003);
    near(share(held), 0.05, 0.004);
    assert_int_equal(pipe.count.copied, copied);
    assert_int_equal(pipe.count.held, held);
}

static void test_netem_jitter_overtakes_only_when_allowed(void **state)
{
    struct pipe calm = pipe_of("delay=20ms,jitter=10ms");
    struct pipe wild = pipe_of("delay=20ms,jitter=10ms,overtake=1");
    uint64_t last_calm = 0, last_wild = 0;
    double sum = 0;
    unsigned overtook = 0;

    (void)state;
    for (uint64_t i = 1; i <= PACKETS; i++) {
        uint64_t a = pipe_pass(&calm, LEN, PACKET_UDP, i * MS).at_ns[0];
        uint64_t b = pipe_pass(&wild, LEN, PACKET_UDP, i * MS).at_ns[0];

        assert_true(a > last_calm);
        last_calm = a;
        overtook += b < last_wild;
        last_wild = b;
        assert_in_range(b, (i + 10) * MS, (i + 30) * MS);
        sum += (double)(b - i * MS);
    }
    near(sum / PACKETS, 20e6, 0.1e6);
    near(share(overtook), 0.45, 0.02);
}

static void test_netem_keeps_its_rate_and_its_queue(void **state)
{
    struct pipe pipe = pipe_of("rate=64kbit,queue=2000");
    uint64_t at;

    (void)state;
    for (unsigned i = 1; i <= 10; i++) { /* 200 bytes take 25 ms */
        at = pipe_pass(&pipe, LEN, PACKET_UDP, MS).at_ns[0];
        assert_int_equal(at, MS + i * 25 * MS);
    }
    assert_int_equal(pipe_pass(&pipe, LEN, PACKET_UDP, MS).at_ns[0], 0);
    assert_int_equal(pipe.count.full, 1);
    at = pipe_pass(&pipe, LEN, PACKET_UDP, 26 * MS).at_ns[0];
    assert_int_equal(at, 276 * MS);

    pipe = pipe_of("rate=64kbit,queue=2000");
    near(share(run(&pipe, 10 * MS)), 0.4, 0.001); /* 160 kbit/s come */
}

static void test_netem_is_down_for_a_time(void **state)
{
    struct pipe pipe = pipe_of("");

    (void)state;
    assert_true(pipe_set(&pipe, str_of("down"), str_of("3s"), 1000 * MS));
    assert_int_equal(pipe_pass(&pipe, LEN, 6, 3999 * MS).at_ns[0], 0);
    assert_int_equal(pipe_pass(&pipe, LEN, 6, 4000 * MS).at_ns[0], 4000 * MS);
    assert_true(pipe_set(&pipe, str_of("down"), str_of("3s"), 5000 * MS));
    assert_true(pipe_set(&pipe, str_of("down"), str_of("0"), 5001 * MS));
    assert_int_equal(pipe_pass(&pipe, LEN, 6, 5001 * MS).at_ns[0], 5001 * MS);
}

static void test_netem_blocks_a_protocol_and_long_packets(void **state)
{
    struct pipe pipe = pipe_of("block=udp,mtu=1000");

    (void)state;
    assert_int_equal(pipe_pass(&pipe, LEN, PACKET_UDP, MS).at_ns[0], 0);
    assert_int_equal(pipe_pass(&pipe, LEN, PACKET_TCP, MS).at_ns[0], MS);
    assert_int_equal(pipe_pass(&pipe, 1001, PACKET_TCP, MS).at_ns[0], 0);
    assert_int_equal(pipe.count.blocked, 2);
}

/* The fate of a packet depends on its number: not on what else is set. */
static void test_netem_same_seed_same_fate(void **state)
{
    struct pipe a = pipe_of("loss=10%,dup=5%,delay=20ms,jitter=9ms");
    struct pipe b = pipe_of("loss=10%,dup=5%,delay=20ms,jitter=9ms");
    struct pipe c = pipe_of("loss=10%,rate=1mbit,reorder=3%");
    struct pipe other = pipe_of("loss=10%");
    unsigned differ = 0;

    (void)state;
    pipe_restart(&other, other.seed + 0x9e3779b97f4a7c15u);
    for (uint64_t i = 1; i <= PACKETS; i++) {
        struct pipe_fate x = pipe_pass(&a, LEN, PACKET_UDP, i * 2 * MS);
        struct pipe_fate y = pipe_pass(&b, LEN, PACKET_UDP, i * 2 * MS);
        struct pipe_fate z = pipe_pass(&c, LEN, PACKET_UDP, i * 3 * MS);
        struct pipe_fate w = pipe_pass(&other, LEN, PACKET_UDP, i * MS);

        assert_memory_equal(&x, &y, sizeof x);
        assert_int_equal(x.at_ns[0] == 0, z.at_ns[0] == 0);
        differ += (x.at_ns[0] == 0) != (w.at_ns[0] == 0);
    }
    near(share(differ), 0.18, 0.02);
}

/* ---- addresses ---- */

/* The sum of words that a good checksum makes 0xffff (RFC 1071). */
static uint32_t sum_of(const uint8_t *p, size_t len, uint32_t sum)
{
    for (size_t i = 0; i < len; i += 2)
        sum += (uint32_t)(p[i] << 8 | (i + 1 < len ? p[i + 1] : 0));
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

static uint32_t body_sum(const struct packet *packet)
{
    size_t addresses = packet->v6 ? 32 : 8;
    size_t body = packet->len - (size_t)(packet->body - packet->ip);
    uint32_t sum = packet->protocol + (uint32_t)body;

    sum = sum_of(packet_address(packet, PACKET_FROM), addresses, sum);
    return sum_of(packet->body, body, sum);
}

static void make_packet(struct packet *packet, uint8_t *ip, bool v6,
                        unsigned protocol)
{
    static const uint8_t V4[] = { 0x45, 0, 0,  61, 7, 7, 0,  0, 64, 0,
                                  0,    0, 10, 1,  0, 1, 10, 2, 0,  1 };
    static const uint8_t V6[] = {
        0x60, 0, 0, 0, 0, 41, 0, 64, /* addresses: */
        0xfd, 0, 0, 0, 0, 0,  0, 1,  0, 0, 0, 0, 0, 0, 0, 1,
        0xfd, 0, 0, 0, 0, 0,  0, 2,  0, 0, 0, 0, 0, 0, 0, 1
    };
    size_t head = v6 ? sizeof V6 : sizeof V4, len = head + 41;
    uint8_t *body = ip + head;
    size_t at = protocol == PACKET_TCP ? 16 : protocol == PACKET_UDP ? 6 : 2;
    uint32_t sum;

    memcpy(ip, v6 ? V6 : V4, head);
    ip[v6 ? 6 : 9] = (uint8_t)protocol;
    for (size_t i = 0; i < 41; i++)
        body[i] = (uint8_t)(0xa7 * i + 5);
    body[at] = body[at + 1] = 0;
    if (!v6) {
        sum = ~sum_of(ip, head, 0);
        ip[10] = (uint8_t)(sum >> 8);
        ip[11] = (uint8_t)sum;
    }
    assert_true(packet_parse(packet, ip, len));
    sum = ~body_sum(packet);
    body[at] = (uint8_t)(sum >> 8);
    body[at + 1] = (uint8_t)sum;
}

static void check_sums(const struct packet *packet)
{
    if (!packet->v6)
        assert_int_equal(sum_of(packet->ip, 20, 0), 0xffff);
    assert_int_equal(body_sum(packet), 0xffff);
}

/* There and back again, for every kind of packet. */
static void test_netem_translates_with_good_checksums(void **state)
{
    static const unsigned PROTOCOLS[] = { PACKET_TCP, PACKET_UDP,
                                          PACKET_ICMP6 };

    (void)state;
    for (unsigned k = 0; k < 6; k++) {
        struct packet_guise guise[2] = { { 1 + k, 0x8000 }, { 0, 0 } };
        struct packet_guise turned[2] = { guise[1], guise[0] };
        bool v6 = k % 2;
        uint8_t ip[128], before[128];
        struct packet packet;

        if (!v6 && PROTOCOLS[k / 2] == PACKET_ICMP6)
            continue;
        make_packet(&packet, ip, v6, PROTOCOLS[k / 2]);
        check_sums(&packet);
        memcpy(before, ip, packet.len);
        assert_true(packet_translate(&packet, 0, guise));
        check_sums(&packet);
        assert_int_equal(*packet_place(&packet, PACKET_FROM), 3 + 2 * k);
        assert_int_equal(*packet_place(&packet, PACKET_TO), 2);
        if (PROTOCOLS[k / 2] != PACKET_ICMP6)
            assert_int_equal(packet_u16(packet.body),
                             packet_u16(before + (v6 ? 40 : 20)) ^ 0x8000);
        /* Side 1 moving in the same way undoes it, as seen by side 0. */
        *packet_place(&packet, PACKET_FROM) = 1;
        assert_false(packet_translate(&packet, 0, turned));
        *packet_place(&packet, PACKET_FROM) = (uint8_t)(3 + 2 * k);
        packet_put(&packet, PACKET_FROM, 1, 0x8000);
        assert_memory_equal(ip, before, packet.len);
    }
}

static void swap_ends(struct packet *packet)
{
    size_t len = packet->v6 ? 16 : 4;
    uint8_t *from = packet_address(packet, PACKET_FROM), keep[16];

    memcpy(keep, from, len);
    memmove(from, from + len, len);
    memcpy(from + len, keep, len);
    memcpy(keep, packet->body, 2);
    memmove(packet->body, packet->body + 2, 2);
    memcpy(packet->body + 2, keep, 2);
}

/* Answers to the new address come back; the old one is nobody's. */
static void test_netem_maps_answers_back(void **state)
{
    struct packet_guise moved[2] = { { 3, 0x8000 }, { 0, 0 } };
    struct packet_guise home[2] = { { 0, 0 }, { 0, 0 } };

    (void)state;
    for (unsigned v6 = 0; v6 < 2; v6++) {
        uint8_t ip[128], before[128];
        struct packet packet;

        make_packet(&packet, ip, v6, PACKET_UDP);
        memcpy(before, ip, packet.len);
        assert_true(packet_translate(&packet, 0, moved));
        swap_ends(&packet);
        check_sums(&packet);
        assert_false(packet_translate(&packet, 1, home));
        assert_true(packet_translate(&packet, 1, moved));
        check_sums(&packet);
        swap_ends(&packet);
        assert_memory_equal(ip, before, packet.len);
        swap_ends(&packet);
        assert_false(packet_translate(&packet, 1, moved));
    }
}

static void test_netem_leaves_a_missing_checksum_missing(void **state)
{
    struct packet_guise moved[2] = { { 1, 0 }, { 0, 0 } };
    struct packet packet;
    uint8_t ip[128];

    (void)state;
    make_packet(&packet, ip, false, PACKET_UDP);
    packet.body[6] = packet.body[7] = 0;
    assert_true(packet_translate(&packet, 0, moved));
    assert_int_equal(packet_u16(packet.body + 6), 0);
    assert_int_equal(sum_of(ip, 20, 0), 0xffff);
}

static void test_netem_takes_no_strangers(void **state)
{
    struct packet_guise home[2] = { { 0, 0 }, { 0, 0 } };
    struct packet packet;
    uint8_t ip[128];

    (void)state;
    make_packet(&packet, ip, true, PACKET_UDP);
    ip[24] = 0xff; /* multicast */
    assert_false(packet_parse(&packet, ip, packet.len));
    make_packet(&packet, ip, false, PACKET_UDP);
    assert_int_equal(packet_link(&packet, 0), 0);
    assert_false(packet_translate(&packet, 1, home));
    ip[12] = 192;
    assert_false(packet_parse(&packet, ip, packet.len));
    for (size_t len = 0; len < 20; len++)
        assert_false(packet_parse(&packet, ip, len));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_netem_takes_settings),
        cmocka_unit_test(test_netem_refuses_what_is_no_setting),
        cmocka_unit_test(test_netem_sets_the_links_and_directions_chosen),
        cmocka_unit_test(test_netem_does_nothing_unless_told),
        cmocka_unit_test(test_netem_loses_its_share),
        cmocka_unit_test(test_netem_loses_packets_in_bursts),
        cmocka_unit_test(test_netem_loses_time_in_bursts),
        cmocka_unit_test(test_netem_copies_and_holds_back_its_share),
        cmocka_unit_test(test_netem_jitter_overtakes_only_when_allowed),
        cmocka_unit_test(test_netem_keeps_its_rate_and_its_queue),
        cmocka_unit_test(test_netem_is_down_for_a_time),
        cmocka_unit_test(test_netem_blocks_a_protocol_and_long_packets),
        cmocka_unit_test(test_netem_same_seed_same_fate),
        cmocka_unit_test(test_netem_translates_with_good_checksums),
        cmocka_unit_test(test_netem_maps_answers_back),
        cmocka_unit_test(test_netem_leaves_a_missing_checksum_missing),
        cmocka_unit_test(test_netem_takes_no_strangers),
    };

    printf("# SEED=0x%llx\n", (unsigned long long)seed());
    return RUN(tests);
}
