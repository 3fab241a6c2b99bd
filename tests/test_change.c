/* SPDX-License-Identifier: MIT
 *
 * Messages that become others: edits, what is taken back, reactions.  Whoever
 * saw the events knows the same as whoever fetches the messages afresh, in
 * memory as on disk, before and after a restart.
 */
#include "tests/server.h"

#include "server/event.h"
#include "shared/react.h"

/* A device keeps its id, and its account, over a restart. */
static struct peer *come(struct rig *rig, const char *nick)
{
    return enter_as(rig, TRANSPORT_TCP, nick, (uint64_t)nick[0], str_of(NULL));
}

static struct peer *back(const struct peer *old, const char *nick)
{
    return enter_as(old->rig, TRANSPORT_TCP, nick, (uint64_t)nick[0],
                    str_bytes(old->token, TOKEN_LEN));
}

static void say_edit(struct peer *p, uint64_t room, uint64_t ref,
                     const char *text)
{
    struct msg msg = { .kind = KIND_EDIT };

    msg.edit.room = room;
    msg.edit.cseq = ++p->cseq;
    msg.edit.ref = ref;
    msg.edit.text = str_of(text);
    say(p, &msg);
}

static void say_redact(struct peer *p, uint64_t room, uint64_t ref,
                       const char *why)
{
    struct msg msg = { .kind = KIND_REDACT };

    msg.redact.room = room;
    msg.redact.cseq = ++p->cseq;
    msg.redact.ref = ref;
    msg.redact.text = str_of(why);
    say(p, &msg);
}

static void say_react(struct peer *p, uint64_t room, uint64_t ref,
                      const char *key, bool remove)
{
    struct msg msg = { .kind = KIND_REACT };

    msg.react.room = room;
    msg.react.cseq = ++p->cseq;
    msg.react.ref = ref;
    msg.react.key = str_of(key);
    msg.react.remove = remove;
    say(p, &msg);
}

/* Say a line; returns its seq. */
static uint64_t line(struct peer *p, uint64_t room, const char *text)
{
    struct msg msg;

    say_text(p, room, text);
    settle(p->rig);
    msg = must(p, KIND_SEND_ACK);
    return msg.send_ack.seq;
}

/* One event of a room as HIST tells it now. */
static struct msg fetch(struct peer *p, uint64_t room, uint64_t seq)
{
    struct msg msg = { .kind = KIND_HIST };

    while (take(p, KIND_EVENT, &msg))
        continue;
    msg = (struct msg){ .kind = KIND_HIST };
    msg.hist.room = room;
    msg.hist.mode = hist_AFTER;
    msg.hist.seq = seq - 1;
    msg.hist.limit = 1;
    say(p, &msg);
    settle(p->rig);
    must(p, KIND_HIST_PAGE);
    msg = must(p, KIND_EVENT);
    assert_int_equal(msg.event.seq, seq);
    return msg;
}

/* What was said last is stored; returns its seq. */
static uint64_t stored(struct peer *p)
{
    struct msg msg;

    pass(p->rig, 10);
    msg = must(p, KIND_SEND_ACK);
    return msg.send_ack.seq;
}

static void refused(struct peer *p, enum err code)
{
    struct msg msg;

    pass(p->rig, 10);
    msg = must(p, KIND_ERROR);
    assert_int_equal(msg.error.code, code);
    assert_int_equal(msg.error.cseq, p->cseq);
}

static struct event *at_hand(struct rig *rig, uint64_t room, uint64_t seq)
{
    return store_recent(rig->w->store, room, seq);
}

/* ---- edits ---- */

static void test_change_edits_a_line(void **state)
{
    struct rig *rig = rig_new_durable(NULL);
    struct peer *ann = come(rig, "ann"), *bob = come(rig, "bob");
    uint64_t room = join(ann, "#a"), seq, edit;
    struct msg msg;

    (void)state;
    join(bob, "#a");
    seq = line(ann, room, "helo");
    forget(bob);
    say_edit(ann, room, seq, "hello");
    edit = stored(ann);
    assert_true(edit > seq);
    msg = must(bob, KIND_EVENT);
    assert_int_equal(msg.event.kind, event_EDIT);
    assert_int_equal(msg.event.seq, edit);
    assert_int_equal(msg.event.ref, seq);
    assert_true(str_is(msg.event.text, "hello"));

    for (int i = 0; i < 2; i++) {
        msg = fetch(bob, room, seq);
        assert_true(str_is(msg.event.text, "hello"));
        assert_int_equal(msg.event.kind, event_MESSAGE);
        assert_int_equal(msg.event.edited, edit);
        assert_int_equal(msg.event.as_of, edit);
        msg = fetch(bob, room, edit);
        assert_true(str_is(msg.event.text, "hello"));
        rig_restart(rig);
        bob = back(bob, "bob");
    }
    rig_free(rig);
}

static void test_change_edits_what_is_not_at_hand(void **state)
{
    struct rig *rig = rig_new_durable(NULL);
    struct peer *ann = come(rig, "ann");
    uint64_t room = join(ann, "#a"), seq = line(ann, room, "helo");
    struct msg msg;

    (void)state;
    rig_restart(rig);
    ann = back(ann, "ann");
    assert_null(at_hand(rig, room, seq));
    say_edit(ann, room, seq, "hello");
    say_text(ann, room, "and on");
    stored(ann);
    stored(ann);
    msg = fetch(ann, room, seq);
    assert_true(str_is(msg.event.text, "hello"));
    msg = fetch(ann, room, seq + 2);
    assert_true(str_is(msg.event.text, "and on"));
    rig_free(rig);
}

static void test_change_takes_the_newest_edit(void **state)
{
    struct rig *rig = rig_new_durable(NULL);
    struct peer *ann = come(rig, "ann");
    uint64_t room = join(ann, "#a"), seq = line(ann, room, "1");
    struct msg msg;

    (void)state;
    say_edit(ann, room, seq, "2");
    say_edit(ann, room, seq, "3");
    say_text(ann, room, "behind");
    for (int i = 0; i < 3; i++)
        stored(ann);
    msg = fetch(ann, room, seq);
    assert_true(str_is(msg.event.text, "3"));
    assert_int_equal(msg.event.edited, seq + 2);
    rig_free(rig);
}

static void test_change_refuses_what_is_not_one_s_own(void **state)
{
    struct rig *rig = rig_new_durable(NULL);
    struct peer *ann = come(rig, "ann"), *bob = come(rig, "bob"),
                *eve = come(rig, "eve");
    uint64_t room = join(ann, "#a"), seq = line(ann, room, "mine");

    (void)state;
    join(bob, "#a");
    say_edit(bob, room, seq, "his");
    refused(bob, ERROR_FORBIDDEN);
    say_redact(bob, room, seq, "no");
    refused(bob, ERROR_FORBIDDEN);
    say_edit(eve, room, seq, "hers");
    refused(eve, ERROR_NOT_MEMBER);
    say_react(eve, room, seq, "+1", false);
    refused(eve, ERROR_NOT_MEMBER);
    say_edit(ann, room, 1, "a join is no message");
    refused(ann, ERROR_NO_SUCH_MESSAGE);
    say_edit(ann, room, 99, "not there");
    refused(ann, ERROR_NO_SUCH_MESSAGE);
    say_edit(ann, room, 0, "none");
    refused(ann, ERROR_NO_SUCH_MESSAGE);
    say_edit(ann, room, seq, "");
    refused(ann, ERROR_BAD_FIELD);
    say_edit(ann, room, seq, "still counted");
    stored(ann);
    rig_free(rig);
}

static void test_change_closes_its_window(void **state)
{
    struct limits limits = rig_limits();
    struct rig *rig;
    struct peer *ann;
    uint64_t room, seq;

    (void)state;
    limits.value[LIMIT_EDIT_WINDOW] = 2;
    rig = rig_new_durable(&limits);
    ann = come(rig, "own"); /* who keeps order may at any time */
    join(ann, "#a");
    ann = come(rig, "ann");
    room = join(ann, "#a");
    seq = line(ann, room, "1");
    say_edit(ann, room, seq, "2");
    stored(ann);
    pass(rig, 2100);
    say_edit(ann, room, seq, "3");
    refused(ann, ERROR_WINDOW_EXPIRED);
    say_redact(ann, room, seq, "");
    refused(ann, ERROR_WINDOW_EXPIRED);

    limits.value[LIMIT_EDIT_WINDOW] = 0;
    world_configure(rig->w, &limits);
    seq = line(ann, room, "1");
    say_edit(ann, room, seq, "2");
    refused(ann, ERROR_WINDOW_EXPIRED);
    rig_free(rig);
}

static void test_change_gives_the_same_answer_twice(void **state)
{
    struct rig *rig = rig_new_durable(NULL);
    struct peer *ann = come(rig, "ann");
    uint64_t room = join(ann, "#a"), seq = line(ann, room, "1"), edit;
    struct msg msg;

    (void)state;
    say_edit(ann, room, seq, "2");
    edit = stored(ann);
    rig_restart(rig);
    ann = back(ann, "ann");
    ann->cseq--;
    say_edit(ann, room, seq, "2");
    pass(rig, 10);
    msg = must(ann, KIND_SEND_ACK);
    assert_int_equal(msg.send_ack.seq, edit);
    assert_int_equal(msg.send_ack.dup, 1);
    rig_free(rig);
}

static void test_change_leaves_nothing_when_the_store_fails(void **state)
{
    struct rig *rig = rig_new_durable(NULL);
    struct peer *ann = come(rig, "ann");
    uint64_t room = join(ann, "#a"), seq = line(ann, room, "1");
    struct msg msg;

    (void)state;
    store_fail(rig->w->store, 1);
    say_edit(ann, room, seq, "2");
    settle(rig);
    msg = must(ann, KIND_ERROR);
    assert_int_equal(msg.error.code, ERROR_STORE);
    msg = fetch(ann, room, seq);
    assert_true(str_is(msg.event.text, "1"));
    ann->cseq--;
    say_edit(ann, room, seq, "2");
    assert_int_equal(stored(ann), seq + 1);
    msg = fetch(ann, room, seq);
    assert_true(str_is(msg.event.text, "2"));
    rig_free(rig);
}

/* ---- taking back ---- */

static void test_change_takes_back_for_good(void **state)
{
    struct rig *rig = rig_new_durable(NULL);
    struct peer *ann = come(rig, "ann"), *bob = come(rig, "bob");
    uint64_t room = join(ann, "#a"), seq = line(ann, room, "secret 1");
    struct msg msg;

    (void)state;
    join(bob, "#a");
    forget(bob);
    say_edit(ann, room, seq, "secret 2");
    say_react(bob, room, seq, "+1", false);
    stored(bob);
    say_redact(ann, room, seq, "wrong room");
    say_edit(ann, room, seq, "back again");
    stored(ann);
    stored(ann);
    refused(ann, ERROR_NO_SUCH_MESSAGE);
    say_react(bob, room, seq, "+1", false);
    refused(bob, ERROR_NO_SUCH_MESSAGE);

    for (int i = 0; i < 2; i++) {
        msg = fetch(bob, room, seq);
        assert_int_equal(msg.event.kind, event_MESSAGE);
        assert_true(str_is(msg.event.by, "ann"));
        assert_true(str_is(msg.event.text, "wrong room"));
        assert_int_equal(msg.event.reacts.len, 0);
        assert_int_equal(msg.event.edited, 0);
        assert_int_equal(msg.event.as_of, room ? seq + 4 : 0);
        for (uint64_t at = seq + 1; at <= seq + 4; at++) {
            msg = fetch(bob, room, at);
            if (msg.event.kind == event_EDIT)
                assert_int_equal(msg.event.text.len, 0);
        }
        rig_restart(rig);
        bob = back(bob, "bob");
    }
    rig_free(rig);
}

/* What is on the disk holds the word nowhere in a row of any table. */
static void test_change_leaves_no_body_behind(void **state)
{
    struct rig *rig = rig_new_durable(NULL);
    struct peer *ann = come(rig, "ann");
    uint64_t room = join(ann, "#a"), seq = line(ann, room, "xyzzy");

    (void)state;
    say_edit(ann, room, seq, "plugh");
    say_redact(ann, room, seq, "");
    stored(ann);
    stored(ann);
    rig_restart(rig);
    ann = back(ann, "ann");
    for (uint64_t at = 1; at <= seq + 2; at++) {
        struct msg msg = fetch(ann, room, at);

        assert_int_equal(msg.event.text.len, 0);
    }
    rig_free(rig);
}

/* ---- reactions ---- */

static void test_change_counts_reactions(void **state)
{
    struct rig *rig = rig_new_durable(NULL);
    struct peer *ann = come(rig, "ann"), *bob = come(rig, "bob");
    uint64_t room = join(ann, "#a"), seq = line(ann, room, "lunch?");
    struct msg msg;

    (void)state;
    join(bob, "#a");
    forget(bob);
    say_react(ann, room, seq, "👍", false);
    assert_int_equal(stored(ann), seq + 2);
    msg = must(bob, KIND_EVENT);
    assert_int_equal(msg.event.kind, event_REACT);
    assert_true(str_is(msg.event.text, "+👍"));
    say_react(ann, room, seq, "👍", false);
    assert_int_equal(stored(ann), 0); /* once for each */
    say_react(bob, room, seq, "👍", false);
    stored(bob);
    say_react(bob, room, seq, "no thanks", false);
    stored(bob);
    say_react(ann, room, seq, "never", true);
    assert_int_equal(stored(ann), 0);

    for (int i = 0; i < 2; i++) {
        msg = fetch(bob, room, seq);
        assert_true(str_is(msg.event.reacts, "2 👍\n1 no thanks"));
        rig_restart(rig);
        ann = back(ann, "ann");
        bob = back(bob, "bob");
    }
    say_react(ann, room, seq, "👍", true);
    stored(ann);
    say_react(ann, room, seq, "👍", true);
    assert_int_equal(stored(ann), 0);
    say_react(bob, room, seq, "👍", true);
    stored(bob);
    msg = fetch(bob, room, seq);
    assert_true(str_is(msg.event.reacts, "1 no thanks"));
    rig_free(rig);
}

static void test_change_bounds_reactions(void **state)
{
    struct limits limits = rig_limits();
    struct rig *rig;
    struct peer *ann;
    uint64_t room, seq;
    char key[40];

    (void)state;
    limits.value[LIMIT_REACT_KINDS] = 3;
    rig = rig_new_durable(&limits);
    ann = come(rig, "ann");
    room = join(ann, "#a");
    seq = line(ann, room, "lunch?");
    for (int sign = 'a'; sign < 'd'; sign++) {
        snprintf(key, sizeof key, "%c", sign);
        say_react(ann, room, seq, key, false);
    }
    pass(rig, 20);
    say_react(ann, room, seq, "d", false);
    refused(ann, ERROR_LIMIT);
    say_react(ann, room, seq, "a", true);
    say_react(ann, room, seq, "d", false);
    pass(rig, 20);
    must_not(ann, KIND_ERROR);
    memset(key, 'x', sizeof key - 1);
    key[33] = '\0';
    say_react(ann, room, seq, key, false);
    refused(ann, ERROR_TOO_LARGE);
    say_react(ann, room, seq, "", false);
    refused(ann, ERROR_BAD_FIELD);
    rig_free(rig);
}

static void say_pin(struct peer *p, uint64_t room, uint64_t ref, bool remove)
{
    struct msg msg = { .kind = KIND_PIN };

    msg.pin.room = room;
    msg.pin.cseq = ++p->cseq;
    msg.pin.ref = ref;
    msg.pin.remove = remove;
    say(p, &msg);
}

static void test_change_pins_a_line(void **state)
{
    struct rig *rig = rig_new_durable(NULL);
    struct peer *ann = come(rig, "ann"), *bob = come(rig, "bob");
    uint64_t room = join(ann, "#a"), seq = line(ann, room, "the rules");
    struct msg msg;

    (void)state;
    join(bob, "#a");
    forget(ann);
    say_pin(bob, room, seq, false);
    assert_int_equal(stored(bob), seq + 2);
    msg = must(ann, KIND_EVENT);
    assert_int_equal(msg.event.kind, event_PIN);
    assert_true(str_is(msg.event.text, "+"));
    say_pin(bob, room, seq, false);
    assert_int_equal(stored(bob), 0);
    for (int i = 0; i < 2; i++) {
        msg = fetch(ann, room, seq);
        assert_int_equal(msg.event.pinned, seq + 2);
        rig_restart(rig);
        ann = back(ann, "ann");
        bob = back(bob, "bob");
    }
    say_pin(ann, room, seq, true);
    stored(ann);
    msg = fetch(ann, room, seq);
    assert_int_equal(msg.event.pinned, 0);
    say_pin(ann, room, 1, false);
    refused(ann, ERROR_NO_SUCH_MESSAGE);
    rig_free(rig);
}

static void test_change_reacts_in_order(void **state)
{
    char out[128];
    size_t len = react_change(S(""), S("b"), false, out, sizeof out);

    (void)state;
    assert_true(str_is(str_bytes(out, len), "1 b"));
    len = react_change(S("1 b"), S("a"), false, out, sizeof out);
    assert_true(str_is(str_bytes(out, len), "1 b\n1 a"));
    len = react_change(S("1 b\n1 a"), S("b"), true, out, sizeof out);
    assert_true(str_is(str_bytes(out, len), "1 a"));
    len = react_change(S("1 a"), S("z"), true, out, sizeof out);
    assert_true(str_is(str_bytes(out, len), "1 a"));
    assert_int_equal(react_kinds(S("9 x y\n1 a\nrubbish\n1 b")), 2);
    assert_int_equal(react_count(S("9 x y\n1 a"), S("x y")), 9);
    assert_int_equal(react_count(S("99999999999999999999 x"), S("x")), 0);
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_change_edits_a_line),
    cmocka_unit_test(test_change_edits_what_is_not_at_hand),
    cmocka_unit_test(test_change_takes_the_newest_edit),
    cmocka_unit_test(test_change_refuses_what_is_not_one_s_own),
    cmocka_unit_test(test_change_closes_its_window),
    cmocka_unit_test(test_change_gives_the_same_answer_twice),
    cmocka_unit_test(test_change_leaves_nothing_when_the_store_fails),
    cmocka_unit_test(test_change_takes_back_for_good),
    cmocka_unit_test(test_change_leaves_no_body_behind),
    cmocka_unit_test(test_change_counts_reactions),
    cmocka_unit_test(test_change_bounds_reactions),
    cmocka_unit_test(test_change_pins_a_line),
    cmocka_unit_test(test_change_reacts_in_order),
};

int main(void)
{
    return RUN(TESTS);
}
