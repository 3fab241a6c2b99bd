/* SPDX-License-Identifier: MIT
 *
 * Meeting a server under encryption: it is judged before anything it says is
 * believed, and one that is not trusted does not cost the one that is.
 */
#include "tests/town.h"

#include "tui/model.h"
#include "tui/outbox.h"
#include "tui/trust.h"

/* A client in a town whose server's key it is told to expect, or another. */
struct scene {
    struct town town;
    struct guest guest;
    struct model *model;
    struct outbox *outbox;
    struct secure_base *base;
    struct trust *trust;
};

static struct scene *raise(void)
{
    struct scene *s = mem_new(1, sizeof *s);

    town_init(&s->town, test_seed(0x3ee7), true);
    limits_init(&s->town.config.limits);
    town_begin(&s->town);
    return s;
}

static void start(struct scene *s, const struct fingerprint *pin,
                  enum pick pick)
{
    struct trust_config trust = { .server = "town:1",
                                  .asks = true,
                                  .pin = pin };
    struct client_config config = {
        .nick = "amy", .seed = 1, .pick = pick, .home = "#room"
    };

    s->base = guest_secure(&s->town);
    config.secure = s->base;
    config.trust = s->trust = trust_new(&trust);
    s->model = model_new();
    s->outbox = outbox_open(NULL, 7, NULL, 0);
    s->guest.town = &s->town;
    s->guest.network = town_network(&s->town);
    s->guest.delay_us = 5000;
    s->guest.client = client_new(&config, s->model, s->outbox);
}

static void strike(struct scene *s)
{
    guest_bury(&s->guest);
    close_ours(&s->town, client_link(s->guest.client));
    close_ours(&s->town, client_side_link(s->guest.client));
    town_fini(&s->town);
    client_free(s->guest.client);
    outbox_close(s->outbox);
    model_free(s->model);
    trust_free(s->trust);
    secure_base_free(s->base);
    free(s);
}

static void pass(struct scene *s, uint64_t ms)
{
    for (uint64_t i = 0; i < ms / 5; i++) {
        guest_turn(&s->guest);
        town_turn(&s->town);
    }
}

static bool was_told(const struct scene *s, const char *what)
{
    const struct history *h = model_shown(s->model);

    for (size_t i = 0; i < h->n; i++)
        if (h->lines[i].kind == LINE_NOTICE && strstr(h->lines[i].text, what))
            return true;
    return false;
}

/* ---- who speaks before being judged ---- */

/* The server's end, and what it has to say as soon as it can. */
static struct link *eager_server(struct scene *s, struct secure *secure)
{
    struct link_config config = { .transport = TRANSPORT_UDP,
                                  .server = true,
                                  .secure = secure,
                                  .from = S("somewhere"),
                                  .id = 1,
                                  .body_max = BODY_MAX,
                                  .queue_max = 1 << 20 };
    struct link *link = link_new(&config, s->town.now);
    struct msg msg = { .kind = KIND_SYNC_ROOM };

    msg.sync_room.room = 9;
    msg.sync_room.kind = room_PUBLIC;
    msg.sync_room.name = S("#trap");
    assert_int_equal(link_say(link, &msg, true), 0);
    return link;
}

/* All datagrams of a link in one: records may travel like that. */
static struct str gather(struct link *link, uint8_t *out, struct now now)
{
    size_t len = 0, n;

    while ((n = link_datagram(link, out + len, now)) > 0)
        len += n;
    return str_bytes(out, len);
}

/* A handshake by hand; its last datagram carries what is said behind it. */
static bool meet(struct scene *s)
{
    uint8_t up[8 * DATAGRAM_MAX], down[8 * DATAGRAM_MAX], reply[DATAGRAM_MAX];
    struct str from = S("somewhere"), bytes;
    struct now now = s->town.now;
    struct link *client, *server = NULL;
    enum transport transport;
    bool wanted = true;
    size_t len;

    assert_true(client_want(s->guest.client, &transport, now));
    assert_int_equal(transport, TRANSPORT_UDP);
    client = client_opened(s->guest.client, transport, now);
    while (!server) {
        bytes = gather(client, up, now);
        assert_true(bytes.len > 0);
        if (secure_hello(s->town.base, bytes, from, reply, &len, now) ==
            HELLO_GOOD)
            server = eager_server(s, secure_accept(s->town.base, now));
        else
            client_feed(s->guest.client, client, str_bytes(reply, len), now);
    }
    while (wanted && bytes.len > 0) {
        assert_int_equal(link_feed(server, bytes, now), 0);
        bytes = gather(server, down, now);
        if (bytes.len > 0)
            wanted = client_feed(s->guest.client, client, bytes, now);
        bytes = wanted ? gather(client, up, now) : str_of(NULL);
    }
    assert_true(link_is_open(server));
    link_free(server);
    return wanted;
}

static void test_meeting_believes_nobody_unjudged(void **state)
{
    struct fingerprint other = { { 1 } };
    struct scene *s = raise();

    (void)state;
    start(s, &other, PICK_UDP);
    assert_false(meet(s));

    assert_null(model_room(s->model, 9));
    assert_int_equal(s->model->link, LINK_OFFLINE);
    strike(s);
}

/* The same, of the right one: it is taken in once we have greeted. */
static void test_meeting_believes_whom_it_trusts(void **state)
{
    struct scene *s = raise();
    struct fingerprint its = secure_base_fingerprint(s->town.base);

    (void)state;
    start(s, &its, PICK_UDP);
    assert_true(meet(s));

    assert_non_null(model_room(s->model, 9));
    strike(s);
}

/* ---- a stranger beside a friend ---- */

/* Another key for all who come from now on. */
static void change_key(struct scene *s)
{
    struct secure_pem pem;
    char error[256];

    assert_true(secure_pem_make(&pem, "town", s->town.now));
    assert_true(secure_base_renew(s->town.base, str_of(pem.key),
                                  str_of(pem.chain), error, sizeof error));
    secure_pem_free(&pem);
}

static void test_meeting_keeps_a_friend_when_a_stranger_answers(void **state)
{
    struct scene *s = raise();
    struct fingerprint its = secure_base_fingerprint(s->town.base);
    struct link *link;

    (void)state;
    start(s, &its, PICK_AUTO);
    s->guest.no_udp = true;
    pass(s, 2000);
    assert_int_equal(s->model->transport, TRANSPORT_TCP);
    link = client_link(s->guest.client);
    change_key(s);
    s->guest.no_udp = false;
    pass(s, 120000);

    assert_int_equal(s->model->link, LINK_ONLINE);
    assert_ptr_equal(client_link(s->guest.client), link);
    assert_int_equal(s->guest.opened[TRANSPORT_UDP], 2);
    assert_true(was_told(s, "--fingerprint"));
    strike(s);
}

/* The same when the person asked for the other way. */
static void test_meeting_does_not_switch_to_a_stranger(void **state)
{
    struct scene *s = raise();
    struct fingerprint its = secure_base_fingerprint(s->town.base);
    struct link *link;

    (void)state;
    start(s, &its, PICK_TCP);
    pass(s, 2000);
    link = client_link(s->guest.client);
    change_key(s);
    client_pick(s->guest.client, PICK_UDP, s->town.now);
    pass(s, 20000);

    assert_int_equal(s->model->link, LINK_ONLINE);
    assert_ptr_equal(client_link(s->guest.client), link);
    assert_int_equal(client_picked(s->guest.client), PICK_TCP);
    assert_true(was_told(s, "staying on TCP"));
    strike(s);
}

/* Nobody is talked to any more who was met first and has changed since. */
static void test_meeting_stays_away_from_a_changed_key(void **state)
{
    struct scene *s = raise();
    struct fingerprint its = secure_base_fingerprint(s->town.base);

    (void)state;
    start(s, &its, PICK_AUTO);
    pass(s, 2000);
    assert_int_equal(s->model->link, LINK_ONLINE);
    town_end(&s->town); /* one with another key takes its place */
    secure_pem_free(&s->town.pem);
    assert_true(secure_pem_make(&s->town.pem, "town", s->town.now));
    town_begin(&s->town);
    pass(s, 120000);

    assert_int_equal(s->model->link, LINK_OFFLINE);
    assert_int_equal(s->guest.opened[TRANSPORT_UDP], 2);
    assert_int_equal(s->guest.opened[TRANSPORT_TCP], 1); /* UDP was silent */
    assert_true(was_told(s, "--fingerprint"));
    strike(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_meeting_believes_nobody_unjudged),
        cmocka_unit_test(test_meeting_believes_whom_it_trusts),
        cmocka_unit_test(test_meeting_keeps_a_friend_when_a_stranger_answers),
        cmocka_unit_test(test_meeting_does_not_switch_to_a_stranger),
        cmocka_unit_test(test_meeting_stays_away_from_a_changed_key),
    };

    return RUN(tests);
}
