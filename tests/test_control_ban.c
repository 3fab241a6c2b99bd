/* SPDX-License-Identifier: MIT
 *
 * The operator keeps people out or silent: by name, key, address and network,
 * of the server and of rooms.
 */
#include "tests/desk.h"

#include <sysexits.h>

#include "server/address.h"
#include "shared/error.h"

static const char KEY_TEXT[] =
    "SHA256:CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"; /* 9, then zeros */

/* ---- networks ---- */

static void check_network(const char *text, const char *wanted)
{
    uint8_t gate[8];
    unsigned bits;
    size_t len = address_network(str_of(text), gate, &bits);

    assert_true(len == 4 || len == 8);
    assert_string_equal(sanction_network(str_bytes(gate, len), bits).who,
                        wanted);
}

static void test_bans_know_networks(void **state)
{
    static const char *const NONE[] = {
        "",
        "bob",
        "10",
        "10.0.0",
        "10.0.0.0/33",
        "10.0.0.0/",
        "10.0.0.0/8x",
        "/8",
        "10.0.0.0/-1",
        "2001:db8::/129",
        "300.1.1.1",
        "2001:db8::1::2",
    };
    uint8_t gate[8];
    unsigned bits;

    (void)state;
    check_network("10.1.2.3", "0a010203");
    check_network("10.1.2.3/32", "0a010203");
    check_network("10.1.2.3/8", "0a000000/8");
    check_network("10.255.2.3/9", "0a800000/9");
    check_network("0.0.0.0/0", "00000000/0");
    check_network("2001:db8::1", "20010db800000000");
    check_network("2001:db8:1:2:3::/96", "20010db800010002");
    check_network("2001:db8:ffff::/33", "20010db880000000/33");
    for (size_t i = 0; i < sizeof NONE / sizeof *NONE; i++)
        assert_int_equal(address_network(str_of(NONE[i]), gate, &bits), 0);
}

static void check_spelling(const char *text, const char *wanted)
{
    char shown[ADDRESS_TEXT];
    uint8_t gate[8];
    unsigned bits;
    size_t len = address_network(str_of(text), gate, &bits);

    address_network_text(str_bytes(gate, len), bits, shown);
    assert_string_equal(shown, wanted);
}

static void test_bans_spell_a_network_in_one_way(void **state)
{
    (void)state;
    check_spelling("203.0.113.7/24", "203.0.113.0/24");
    check_spelling("203.0.113.7/32", "203.0.113.7");
    check_spelling("203.0.113.7", "203.0.113.7");
    check_spelling("203.0.113.255/25", "203.0.113.128/25");
    check_spelling("2001:DB8:0::1", "2001:db8::/64");
    check_spelling("2001:db8:ffff::/33", "2001:db8:8000::/33");
    check_spelling("::ffff:203.0.113.7", "203.0.113.7");
    check_spelling("::ffff:203.0.113.7/120", "203.0.113.0/24");
    check_spelling("::/0", "::/0");
}

static void test_bans_cover_their_networks_only(void **state)
{
    struct str ten = S("\x0a\x01\x02\x03"), eleven = S("\x0b\x01\x02\x03");
    struct str six = str_bytes("\x20\x01\x0d\xb8\0\0\0\0", 8);

    (void)state;
    assert_true(sanction_covers("0a010203", ten));
    assert_true(sanction_covers("0a000000/8", ten));
    assert_true(sanction_covers("0a000000/7", eleven));
    assert_false(sanction_covers("0a000000/8", eleven));
    assert_false(sanction_covers("0a010200", ten));
    assert_true(sanction_covers("20010db800000000/32", six));
    assert_false(sanction_covers("00000000/0", six));
    assert_false(sanction_covers("", ten));
    assert_false(sanction_covers("0a010203/x", ten));
}

/* ---- at the door ---- */

static void set_gate(struct session *s, struct str gate)
{
    free(s->gate);
    s->gate = mem_str(gate);
    s->gate_len = gate.len;
}

/* What a client gets that comes with a key, 0: none, from an address. */
static enum err knock(struct desk *d, const char *nick, uint8_t key,
                      struct str gate)
{
    static uint64_t device = 100;
    struct peer *p = peer_new(d->rig, TRANSPORT_TCP);
    struct msg msg;

    say_hello(p, device++);
    settle(d->rig);
    set_gate(p->s, gate);
    p->s->has_key = key != 0;
    p->s->key = (struct fingerprint){ { key } };
    say_auth(p, nick, str_of(NULL));
    settle(d->rig);
    p->s->gate_len = 0; /* it was never counted */
    if (take(p, KIND_AUTH_OK, &msg))
        return ERR_NONE;
    return (enum err)must(p, KIND_ERROR).error.code;
}

static void test_bans_keep_out_of_the_server(void **state)
{
    struct desk *d = *state;
    struct str home = S("\x0a\x01\x02\x03"), away = S("\x0b\x01\x02\x03");
    char line[128];

    assert_int_equal(knock(d, "own", 1, away), 0);
    assert_int_equal(knock(d, "ann", 7, away), 0);
    assert_int_equal(knock(d, "bob", 9, home), 0);
    snprintf(line, sizeof line, "ban %s 60 spam", KEY_TEXT);
    ask(d, line);
    check_code(d, 0);
    settle(d->rig);
    assert_true(logged(d, "account.sanction account=0 whom=\"SHA256:CQ"));
    assert_true(logged(d, "session.kick"));
    assert_int_equal(world_account_named(d->rig->w, S("bob"))->n_sessions, 0);
    assert_int_equal(knock(d, "bob", 9, away), ERROR_BANNED);
    assert_int_equal(knock(d, "eve", 9, away), ERROR_BANNED);
    assert_int_equal(knock(d, "eve", 8, home), 0);
    ask(d, "ban 10.0.0.0/8 the whole net");
    ask(d, "ban ann 3600");
    settle(d->rig);
    desk_restart(d);
    assert_int_equal(knock(d, "eve", 8, home), ERROR_BANNED);
    assert_int_equal(knock(d, "fay", 0, home), ERROR_BANNED);
    assert_int_equal(knock(d, "ann", 7, away), ERROR_BANNED);
    assert_int_equal(knock(d, "bob", 9, away), ERROR_BANNED);
    assert_true(logged(d, "auth.refused"));
    check_says(d, "--json bans",
               "{\"whom\":\"10.0.0.0/8\",\"room\":null,"
               "\"what\":\"address\",\"until\":null,"
               "\"by\":\"operator\",\"why\":\"the whole "
               "net\"}");
    check_says(d, "bans", "ann");
    check_says(d, "bans", " SHA256:CQ");

    pass(d->rig, 61 * 1000); /* one is over, the others are taken back */
    assert_null(strstr(ask(d, "bans"), "SHA256"));
    assert_int_equal(knock(d, "bob", 9, away), 0);
    ask(d, "unban 10.0.0.0/8");
    check_code(d, 0);
    ask(d, "unban ANN");
    check_code(d, 0);
    settle(d->rig);
    desk_restart(d);
    assert_int_equal(knock(d, "eve", 8, home), 0);
    assert_int_equal(knock(d, "ann", 7, away), 0);
    ask(d, "unban ann");
    check_code(d, EX_NOUSER);
    check_says(d, "unban 10.0.0.0/8", "!unban: 10.0.0.0/8: is not kept out");
}

static void test_bans_refuse_what_they_do_not_know(void **state)
{
    struct desk *d = *state;

    enter(d->rig, "ana");
    check_says(d, "ban nobody", "!ban: nobody: nobody has that name");
    check_code(d, EX_NOUSER);
    check_says(d, "ban SHA256:x", "not a fingerprint");
    check_code(d, EX_USAGE);
    check_says(d, "ban 127.0.0.1", "everybody on this machine");
    check_says(d, "ban ::1", "everybody on this machine");
    check_says(d, "ban 0.0.0.0/0", "!ban: 0.0.0.0/0: is every address");
    check_code(d, EX_USAGE);
    check_says(d, "ban ::/0", "!ban: ::/0: is every address");
    check_says(d, "ban 192.0.2.1/0", "!ban: 192.0.2.1/0: is every address");
    check_says(d, "ban 198.51.100.0/99",
               "!ban: 198.51.100.0/99: is no network; ");
    check_code(d, EX_USAGE);
    check_says(d, "unban 2001:db8::/x", "!unban: 2001:db8::/x: is no network");
    check_says(d, "ban @10.0.0.0/99", "nobody has that name");
    check_says(d, "ban ana #none", "!ban: #none: no such room");
    check_code(d, EX_NOUSER);
    check_says(d, "mute 10.0.0.1", "only who has a name");
    check_says(d, "bans ana", "not a #ROOM");
    check_says(d, "rank nobody admin", "nobody has that name");
    check_code(d, EX_NOUSER);
    assert_int_equal(d->rig->w->sanctions.n, 0);
    check_says(d, "ban @ana", "=0\n");
    assert_int_equal(d->rig->w->sanctions.n, 1);
}

/* ---- how long ---- */

/* A ban with a word behind the nick; until when, from now on, s. */
static uint64_t time_of(struct desk *d, const char *word)
{
    const struct sanctions *list = &d->rig->w->sanctions;
    uint64_t before = d->rig->now.wall_ms;
    char line[128];

    snprintf(line, sizeof line, "ban bob \"%s\"", word);
    ask(d, line);
    check_code(d, 0);
    assert_int_equal(list->n, 1);
    if (list->all[0].until == 0)
        return 0;
    return (list->all[0].until - before) / 1000;
}

/* What is none begins the reason. */
static bool is_reason(struct desk *d, const char *word)
{
    return time_of(d, word) == 0 &&
           str_is(sanction_word(&d->rig->w->sanctions.all[0], 2), word);
}

static void test_bans_take_a_whole_word_as_a_time(void **state)
{
    static const char *const NONE[] = { "h",    "2x",    "2H",   "2hm",
                                        "-5",   "1.5h",  "h2",   "2 h",
                                        "days", "3 str", "smhd", "2h " };
    static const char *const LONG[] = { "36501d", "876001h", "3153600001",
                                        "99999999999999999999999999",
                                        "18446744073709551617d" };
    struct desk *d = *state;

    enter(d->rig, "bob");
    assert_int_equal(time_of(d, "90"), 90);
    assert_int_equal(time_of(d, "30s"), 30);
    assert_int_equal(time_of(d, "10m"), 600);
    assert_int_equal(time_of(d, "2h"), 7200);
    assert_int_equal(time_of(d, "3d"), 259200);
    assert_int_equal(time_of(d, "36500d"), 3153600000);
    assert_int_equal(time_of(d, "3153600000"), 3153600000);
    assert_int_equal(time_of(d, "0"), 0);
    assert_false(is_reason(d, "0"));
    for (size_t i = 0; i < sizeof NONE / sizeof *NONE; i++)
        if (!is_reason(d, NONE[i]))
            fail_msg("\"%s\" is a time", NONE[i]);
    for (size_t i = 0; i < sizeof LONG / sizeof *LONG; i++) {
        char line[128];

        snprintf(line, sizeof line, "ban bob %s", LONG[i]);
        check_says(d, line, ": longer than 36500 days");
        check_code(d, EX_USAGE);
    }
}

/* The clock of the desk begins at 2023-11-14T22:13:20. */
static void test_bans_say_what_was_done(void **state)
{
    struct desk *d = *state;

    enter(d->rig, "bob");
    enter(d->rig, "cat");
    join(enter(d->rig, "own"), "#room");
    check_says(d, "ban bob 2h",
               " whom   bob\n room   everywhere\n what   account\n"
               " until  2023-11-15T00:13:20");
    check_says(d, "bans", "2023-11-15T00:13:20");
    check_says(d, "--json ban bob 5 days",
               " {\"whom\":\"bob\",\"room\":null,\"what\":\"account\","
               "\"until\":\"2023-11-14T22:13:25.");
    assert_non_null(
        strstr(d->answer, "Z\",\"by\":\"operator\",\"why\":\"days\"}\n=0\n"));
    check_says(d, "--json mute cat #room 10m loud",
               " {\"whom\":\"cat\",\"room\":\"#room\",\"what\":\"mute\","
               "\"until\":\"2023-11-14T22:23:20.");
    assert_non_null(strstr(d->answer, "\"why\":\"loud\"}\n=0\n"));
    check_says(d, "ban bob \"3 strikes and out\"", " until  for good\n");
    check_says(d, "ban bob 0 spam",
               " until  for good\n by     operator\n why    spam\n=0\n");
    check_says(d, "bans", " everywhere  account  for good");
    check_says(d, "ban cat 2h #room", "!ban: #room: a room stands before");
    check_code(d, EX_USAGE);
    check_says(d, "ban cat 36501d", "!ban: 36501d: longer than 36500 days");
    check_code(d, EX_USAGE);
    check_says(d, "bans", "bob");
    assert_null(strstr(d->answer, "cat    everywhere"));
}

static void test_bans_tell_who_is_in_that_they_are_out(void **state)
{
    struct desk *d = *state;
    struct peer *bob = enter(d->rig, "bob"), *cat = enter(d->rig, "cat");
    struct msg msg;

    ask(d, "ban bob 1h spam");
    settle(d->rig);
    msg = must(bob, KIND_BYE);
    assert_int_equal(msg.bye.code, ERROR_BANNED);
    assert_true(str_is(msg.bye.text, "spam"));
    ask(d, "ban cat");
    settle(d->rig);
    msg = must(cat, KIND_BYE);
    assert_int_equal(msg.bye.code, ERROR_BANNED);
    assert_true(str_is(msg.bye.text, err_text(ERROR_BANNED)));
}

static void test_bans_list_a_network_in_one_way(void **state)
{
    struct desk *d = *state;

    check_says(d, "ban 203.0.113.7/24", " whom   203.0.113.0/24\n");
    check_says(d, "ban 203.0.113.99/24 again", "=0\n");
    check_says(d, "--json bans", " {\"whom\":\"203.0.113.0/24\",");
    assert_int_equal(d->rig->w->sanctions.n, 1);
    assert_true(logged(d, "whom=\"203.0.113.0/24\""));
    check_says(d, "unban 203.0.113.8/24", "=0\n");
    assert_int_equal(d->rig->w->sanctions.n, 0);
}

/* ---- in a room ---- */

static enum err try_join(struct peer *p, const char *name)
{
    struct msg msg;

    forget(p);
    say_join(p, name);
    settle(p->rig);
    if (take(p, KIND_SEND_ACK, &msg))
        return ERR_NONE;
    return (enum err)must(p, KIND_ERROR).error.code;
}

/* The next event of the room that a member sees. */
static struct msg_event seen(struct peer *p, unsigned kind, const char *text)
{
    struct msg msg = must(p, KIND_EVENT);

    assert_int_equal(msg.event.kind, kind);
    assert_true(str_is(msg.event.nick, "operator"));
    if (!str_is(msg.event.text, text))
        fail_msg("%.*s is not %s", STR_ARG(msg.event.text), text);
    return msg.event;
}

static void test_bans_keep_out_of_a_room(void **state)
{
    struct desk *d = *state;
    struct peer *own = enter(d->rig, "own"), *ann = enter(d->rig, "ann");
    uint64_t room = join(own, "#room");
    struct msg_event event;

    join(ann, "#room");
    settle(d->rig);
    forget(own);
    check_says(d, "ban ann #ROOM 600 that will do", "=0\n");
    settle(d->rig);
    event = seen(own, event_BAN, "ann 600 that will do");
    assert_int_equal(event.ref, ann->account);
    assert_int_equal(event.account, 0);
    assert_null(room_member(world_room(d->rig->w, room), ann->account));
    assert_int_equal(try_join(ann, "#room"), ERROR_BANNED);
    assert_int_equal(try_join(ann, "#other"), 0);
    check_says(d, "bans #room", "that will do");
    check_says(d, "bans", "#room");
    assert_null(strstr(ask(d, "bans #other"), "ann"));
    check_says(d, "unban ann #room", "=0\n");
    settle(d->rig);
    seen(own, event_UNBAN, "ann");
    assert_int_equal(try_join(ann, "#room"), 0);

    forget(own);
    check_says(d, "mute ann #room", "=0\n");
    settle(d->rig);
    seen(own, event_MUTE, "ann 0");
    check_says(d, "unmute ann #room", "=0\n");
    settle(d->rig);
    seen(own, event_UNMUTE, "ann");
}

/* By an address everybody goes who came from there; nobody is told which. */
static void test_bans_of_an_address_empty_a_room(void **state)
{
    struct desk *d = *state;
    struct peer *own = enter(d->rig, "own"), *ann = enter(d->rig, "ann");
    uint64_t room = join(own, "#room");

    join(ann, "#room");
    settle(d->rig);
    forget(own);
    set_gate(ann->s, S("\x0a\x01\x02\x03"));
    check_says(d, "ban 10.1.0.0/16 #room flood", "=0\n");
    settle(d->rig);
    seen(own, event_BAN, "address 0 flood");
    seen(own, event_KICK, "ann flood");
    assert_null(room_member(world_room(d->rig->w, room), ann->account));
    assert_int_equal(try_join(ann, "#room"), ERROR_BANNED);
    check_says(d, "unban 10.1.0.0/16 #room", "=0\n");
    settle(d->rig);
    seen(own, event_UNBAN, "address");
    assert_int_equal(try_join(ann, "#room"), 0);
    ann->s->gate_len = 0; /* it was never counted */
}

/* What could not be stored is said, and gives nothing away. */
static void test_bans_are_answered_when_they_are_stored(void **state)
{
    static const char *const ORDERS[] = { "ban bob", "rank bob admin",
                                          "invite" };
    struct desk *d = *state;
    struct peer *bob = enter(d->rig, "bob");
    struct fingerprint key = { { 9 } };

    world_bind(d->rig->w, world_account(d->rig->w, bob->account), &key,
               S("box"), d->rig->now);
    settle(d->rig);
    for (size_t i = 0; i < 3; i++) {
        store_fail(d->rig->w->store, 1);
        ask(d, ORDERS[i]);
        assert_int_equal(d->answer[0], '!');
        assert_non_null(strstr(d->answer, ": it could not be stored"));
        check_code(d, EX_IOERR);
        ask(d, ORDERS[i]);
        check_code(d, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bans_know_networks),
        cmocka_unit_test(test_bans_cover_their_networks_only),
        cmocka_unit_test(test_bans_spell_a_network_in_one_way),
        DESK_TEST(test_bans_take_a_whole_word_as_a_time),
        DESK_TEST(test_bans_say_what_was_done),
        DESK_TEST(test_bans_list_a_network_in_one_way),
        DESK_TEST(test_bans_tell_who_is_in_that_they_are_out),
        cmocka_unit_test_setup_teardown(test_bans_keep_out_of_the_server,
                                        desk_new_durable, desk_free),
        DESK_TEST(test_bans_refuse_what_they_do_not_know),
        DESK_TEST(test_bans_keep_out_of_a_room),
        DESK_TEST(test_bans_of_an_address_empty_a_room),
        DESK_TEST(test_bans_are_answered_when_they_are_stored),
    };

    return RUN(tests);
}
