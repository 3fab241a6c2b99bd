/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include <time.h>

#include "shared/now.h"
#include "shared/wire.h"
#include "tui/lines.h"
#include "tui/model.h"
#include "tui/plain.h"

enum { ROOM = 9, ME = 3, DEVICE = 77 };

static const struct now NOW = { 1000000, 1700000000000 };

static void check(struct bytes *out, const char *wanted)
{
    struct str s = bytes_str(out);
    char got[4096];

    snprintf(got, sizeof got, "%.*s", STR_ARG(s));
    assert_string_equal(got, wanted);
    bytes_take(out, s.len);
}

/* ---- one saying ---- */

static struct saying saying(struct str text)
{
    return (struct saying){ .room = S("#room"),
                            .nick = S("bob"),
                            .text = text,
                            .kind = event_MESSAGE,
                            .seq = 7,
                            .ts = 1700000000123,
                            .account = 5 };
}

static void test_plain_prints_text_on_one_line(void **state)
{
    struct bytes out = { 0 };
    struct saying s = saying(S("hello\nworld"));

    (void)state;
    plain_text(&out, &s);
    check(&out, "2023-11-14T22:13:20Z #room <bob> hello world\n");
    s.kind = event_ACTION;
    s.text = S("waves");
    plain_text(&out, &s);
    check(&out, "2023-11-14T22:13:20Z #room * bob waves\n");
    s.kind = event_NOTICE;
    plain_text(&out, &s);
    check(&out, "2023-11-14T22:13:20Z #room -bob- waves\n");
    bytes_fini(&out);
}

/* Even what was never cleaned does no harm to a terminal. */
static void test_plain_lets_no_control_through(void **state)
{
    struct bytes out = { 0 };
    struct saying s = saying(S("\033]0;x\007\302\233 31m\rz\x7f"));
    struct str got;

    (void)state;
    plain_text(&out, &s);
    got = bytes_str(&out);
    for (size_t i = 0; i + 1 < got.len; i++) {
        unsigned char c = (unsigned char)got.ptr[i];
        unsigned char after = (unsigned char)got.ptr[i + 1];

        assert_true(c >= ' ' && c != 0x7f);
        assert_false(c == 0302 && after < 0240); /* C1 */
    }
    bytes_fini(&out);
}

static void test_plain_escapes_json(void **state)
{
    struct bytes out = { 0 };
    struct saying s = saying(S("a \"quote\" \\ \n\t\001 李伟"));

    (void)state;
    plain_json(&out, &s);
    check(&out, "{\"room\":\"#room\",\"seq\":7,\"ts\":1700000000123,"
                "\"time\":\"2023-11-14T22:13:20Z\",\"kind\":\"message\","
                "\"account\":5,\"nick\":\"bob\",\"text\":"
                "\"a \\\"quote\\\" \\\\ \\u000a\\u0009\\u0001 李伟\"}\n");
    bytes_fini(&out);
}

static void test_plain_survives_absurd_times(void **state)
{
    static const uint64_t TIMES[] = { 0, 1, UINT64_MAX, UINT64_MAX / 2,
                                      1ull << 60 };
    struct bytes out = { 0 };

    (void)state;
    for (size_t i = 0; i < sizeof TIMES / sizeof *TIMES; i++) {
        struct saying s = saying(S("x"));

        s.ts = TIMES[i];
        plain_text(&out, &s);
        plain_json(&out, &s);
    }
    assert_true(bytes_str(&out).len > 0);
    bytes_fini(&out);
}

/* ---- what is new in a model ---- */

static struct model *in_room(uint64_t head)
{
    struct model *m = model_new();
    struct msg msg = { .kind = KIND_SYNC_ROOM };

    setenv("TZ", "UTC", 1);
    tzset();
    m->account = ME;
    m->device = DEVICE;
    msg.sync_room.room = ROOM;
    msg.sync_room.kind = room_PUBLIC;
    msg.sync_room.name = S("#room");
    msg.sync_room.head = head;
    msg.sync_room.first = head ? 1 : 0;
    model_apply(m, &msg, NOW);
    return m;
}

static void event(struct model *m, uint64_t seq, uint64_t cseq,
                  const char *text)
{
    struct msg msg = { .kind = KIND_EVENT };

    msg.event.room = ROOM;
    msg.event.seq = seq;
    msg.event.ts = NOW.wall_ms;
    msg.event.kind = event_MESSAGE;
    msg.event.account = cseq ? ME : 5;
    msg.event.nick = cseq ? S("amy") : S("bob");
    msg.event.text = str_of(text);
    msg.event.device = cseq ? DEVICE : 1;
    msg.event.cseq = cseq ? cseq : seq;
    model_apply(m, &msg, NOW);
}

static void test_plain_prints_each_line_once(void **state)
{
    struct model *m = in_room(0);
    struct plain *p = plain_new();
    struct bytes out = { 0 };

    (void)state;
    plain_update(p, m, &out);
    check(&out, "");
    event(m, 1, 0, "one");
    event(m, 2, 0, "two\nlines");
    plain_update(p, m, &out);
    check(&out, "22:13 #room bob: one\n22:13 #room bob: two\n    lines\n");
    plain_update(p, m, &out);
    check(&out, "");
    plain_free(p);
    bytes_fini(&out);
    model_free(m);
}

static void test_plain_waits_for_what_is_missing(void **state)
{
    struct model *m = in_room(0);
    struct plain *p = plain_new();
    struct bytes out = { 0 };

    (void)state;
    event(m, 1, 0, "one");
    event(m, 3, 0, "three");
    plain_update(p, m, &out);
    check(&out, "22:13 #room bob: one\n");
    event(m, 2, 0, "two");
    plain_update(p, m, &out);
    check(&out, "22:13 #room bob: two\n22:13 #room bob: three\n");
    plain_free(p);
    bytes_fini(&out);
    model_free(m);
}

static void test_plain_prints_own_lines_when_they_are_stored(void **state)
{
    struct model *m = in_room(0);
    struct plain *p = plain_new();
    struct bytes out = { 0 };

    (void)state;
    history_queue(&m->rooms[0]->history,
                  &(struct msg_event){ .kind = event_MESSAGE,
                                       .nick = S("amy"),
                                       .text = S("mine"),
                                       .device = DEVICE,
                                       .cseq = 1,
                                       .ts = NOW.wall_ms });
    plain_update(p, m, &out);
    check(&out, "");
    event(m, 1, 1, "mine");
    plain_update(p, m, &out);
    check(&out, "22:13 #room amy: mine\n");
    plain_free(p);
    bytes_fini(&out);
    model_free(m);
}

static void test_plain_prints_notices(void **state)
{
    struct model *m = model_new();
    struct plain *p = plain_new();
    struct bytes out = { 0 };

    (void)state;
    model_notice(m, NULL, NOW, "before any room");
    plain_update(p, m, &out);
    check(&out, "22:13 -- before any room\n");
    model_room_add(m, S("#room")); /* the news move there */
    plain_update(p, m, &out);
    check(&out, "");
    model_notice(m, m->rooms[0], NOW, "in a room");
    plain_update(p, m, &out);
    check(&out, "22:13 #room -- in a room\n");
    plain_free(p);
    bytes_fini(&out);
    model_free(m);
}

static void test_plain_prints_a_new_history_once(void **state)
{
    struct model *m = in_room(0);
    struct plain *p = plain_new();
    struct bytes out = { 0 };

    (void)state;
    m->epoch = 1;
    event(m, 1, 0, "old");
    plain_update(p, m, &out);
    check(&out, "22:13 #room bob: old\n");
    model_epoch(m, 2, NOW);
    plain_update(p, m, &out);
    bytes_take(&out, bytes_str(&out).len); /* the notice about it */
    model_free(in_room(0));
    {
        struct msg msg = { .kind = KIND_SYNC_ROOM };

        msg.sync_room.room = ROOM;
        msg.sync_room.kind = room_PUBLIC;
        msg.sync_room.name = S("#room");
        model_apply(m, &msg, NOW);
    }
    event(m, 1, 0, "old"); /* told again */
    event(m, 2, 0, "new");
    plain_update(p, m, &out);
    check(&out, "22:13 #room bob: new\n");
    plain_free(p);
    bytes_fini(&out);
    model_free(m);
}

/* ---- lines of a pipe ---- */

static void test_lines_come_out_whole_however_they_go_in(void **state)
{
    static const char INPUT[] = "one\ntwo\r\n\nfour\r\nlast";

    (void)state;
    for (size_t step = 1; step < sizeof INPUT; step++) {
        struct lines lines = { 0 };
        char got[64] = "";
        struct str line;

        for (size_t i = 0; i < sizeof INPUT - 1; i += step) {
            size_t n = sizeof INPUT - 1 - i;

            lines_feed(&lines, str_bytes(INPUT + i, n < step ? n : step));
            while (lines_next(&lines, &line)) {
                strncat(got, line.ptr, line.len);
                strcat(got, "|");
            }
        }
        assert_string_equal(got, "one|two||four|");
        assert_int_equal(lines.number, 4);
        lines_end(&lines);
        assert_true(lines_next(&lines, &line));
        assert_true(str_is(line, "last"));
        assert_false(lines_next(&lines, &line));
        lines_fini(&lines);
    }
}

#define TEST(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_plain_prints_text_on_one_line),
        TEST(test_plain_lets_no_control_through),
        TEST(test_plain_escapes_json),
        TEST(test_plain_survives_absurd_times),
        TEST(test_plain_prints_each_line_once),
        TEST(test_plain_waits_for_what_is_missing),
        TEST(test_plain_prints_own_lines_when_they_are_stored),
        TEST(test_plain_prints_notices),
        TEST(test_plain_prints_a_new_history_once),
        TEST(test_lines_come_out_whole_however_they_go_in),
    };

    return RUN(tests);
}
