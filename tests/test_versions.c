/* SPDX-License-Identifier: MIT
 *
 * What a message was before it was changed, for those who may know.
 */
#include "tests/server.h"

struct court {
    struct rig *rig;
    struct peer *own, *ann, *bob; /* ann wrote it; bob is somebody else */
    uint64_t room, seq;
};

static uint64_t stored(struct peer *p)
{
    pass(p->rig, 10);
    return must(p, KIND_SEND_ACK).send_ack.seq;
}

static uint64_t edit(struct court *t, const char *text)
{
    struct msg msg = { .kind = KIND_EDIT };

    msg.edit =
        (struct msg_edit){ t->room, ++t->ann->cseq, str_of(text), t->seq };
    say(t->ann, &msg);
    return stored(t->ann);
}

static void come(struct court *t, struct str own, struct str ann,
                 struct str bob)
{
    t->own = enter_as(t->rig, TRANSPORT_TCP, "own", 1, own);
    t->ann = enter_as(t->rig, TRANSPORT_TCP, "ann", 2, ann);
    t->bob = enter_as(t->rig, TRANSPORT_TCP, "bob", 3, bob);
}

static int open_court(void **state)
{
    struct court *t = calloc(1, sizeof *t);

    t->rig = rig_new_durable(NULL);
    come(t, S(""), S(""), S(""));
    t->room = join(t->own, "#a");
    join(t->ann, "#a");
    join(t->bob, "#a");
    say_text(t->ann, t->room, "first");
    t->seq = stored(t->ann);
    *state = t;
    return 0;
}

static int close_court(void **state)
{
    struct court *t = *state;

    rig_free(t->rig);
    free(t);
    return 0;
}

static void ask_of(struct court *t, struct peer *p, uint64_t seq)
{
    struct msg msg = { .kind = KIND_VERSIONS };

    forget(p);
    msg.versions = (struct msg_versions){ t->room, seq };
    say(p, &msg);
    pass(t->rig, 10);
}

static unsigned refusal(struct court *t, struct peer *p, uint64_t seq)
{
    struct msg msg;

    ask_of(t, p, seq);
    msg = must(p, KIND_ERROR);
    assert_int_equal(msg.request, p->request);
    must_not(p, KIND_VERSION);
    return (unsigned)msg.error.code;
}

/* The versions told, as "first|second|". */
static const char *told(struct court *t, struct peer *p)
{
    static char text[256];
    size_t len = 0;
    struct msg msg;

    ask_of(t, p, t->seq);
    text[0] = '\0';
    for (msg = must(p, KIND_VERSION); msg.version.seq;
         msg = must(p, KIND_VERSION)) {
        assert_int_equal(msg.version.ref, t->seq);
        assert_int_equal(msg.version.room, t->room);
        assert_true(msg.version.seq > t->seq && msg.version.ts);
        len += (size_t)snprintf(text + len, sizeof text - len, "%.*s|",
                                STR_ARG(msg.version.text));
    }
    assert_int_equal(msg.version.more, 0);
    return text;
}

static void test_versions_are_told_in_order(void **state)
{
    struct court *t = *state;

    assert_string_equal(told(t, t->own), ""); /* not changed yet */
    edit(t, "second");
    edit(t, "third\nof two lines");
    edit(t, "fourth");
    assert_string_equal(told(t, t->own), "first|second|third\nof two lines|");
    assert_string_equal(told(t, t->ann), "first|second|third\nof two lines|");
}

static void test_versions_outlive_a_restart(void **state)
{
    struct court *t = *state;

    edit(t, "second");
    rig_restart(t->rig);
    come(t, str_bytes(t->own->token, TOKEN_LEN),
         str_bytes(t->ann->token, TOKEN_LEN),
         str_bytes(t->bob->token, TOKEN_LEN));
    assert_string_equal(told(t, t->own), "first|");
}

static void test_versions_are_not_for_everybody(void **state)
{
    struct court *t = *state;
    struct peer *out = enter(t->rig, "out");

    edit(t, "second");
    assert_int_equal(refusal(t, t->bob, t->seq), ERROR_FORBIDDEN);
    assert_int_equal(refusal(t, out, t->seq), ERROR_NOT_MEMBER);
    world_account(t->rig->w, out->account)->rank = RANK_ADMIN;
    assert_int_equal(refusal(t, out, t->seq), ERROR_NOT_MEMBER);
    join(out, "#a"); /* now everybody sees that they are there */
    assert_string_equal(told(t, out), "first|");
}

static void test_versions_of_nothing(void **state)
{
    struct court *t = *state;
    uint64_t change = edit(t, "second");

    assert_int_equal(refusal(t, t->own, 0), ERROR_NO_SUCH_MESSAGE);
    assert_int_equal(refusal(t, t->own, 1), ERROR_NO_SUCH_MESSAGE);
    assert_int_equal(refusal(t, t->own, change), ERROR_NO_SUCH_MESSAGE);
    assert_int_equal(refusal(t, t->own, 999), ERROR_NO_SUCH_MESSAGE);
    assert_int_equal(refusal(t, t->own, UINT64_MAX), ERROR_NO_SUCH_MESSAGE);
}

/* What was taken back is gone, for everybody, and stays so. */
static void test_versions_go_with_what_is_taken_back(void **state)
{
    struct court *t = *state;
    struct msg msg = { .kind = KIND_REDACT };

    edit(t, "second");
    msg.redact =
        (struct msg_redact){ t->room, ++t->ann->cseq, S("oops"), t->seq };
    say(t->ann, &msg);
    stored(t->ann);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(refusal(t, t->own, t->seq), ERROR_NO_SUCH_MESSAGE);
        assert_int_equal(refusal(t, t->ann, t->seq), ERROR_NO_SUCH_MESSAGE);
        rig_restart(t->rig);
        come(t, str_bytes(t->own->token, TOKEN_LEN),
             str_bytes(t->ann->token, TOKEN_LEN),
             str_bytes(t->bob->token, TOKEN_LEN));
    }
}

/* Only as many as a queue holds: the last ones. */
static void test_versions_are_bounded(void **state)
{
    struct court *t = *state;
    char text[8000];
    struct msg msg;
    uint64_t last = 0, n = 0;

    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    for (unsigned i = 0; i < 50; i++)
        last = edit(t, text);
    ask_of(t, t->own, t->seq);
    for (msg = must(t->own, KIND_VERSION); msg.version.seq;
         msg = must(t->own, KIND_VERSION)) {
        assert_true(msg.version.text.len == sizeof text - 1);
        n++;
        assert_true(msg.version.seq + 50 > last);
    }
    assert_int_equal(msg.version.more, 1);
    assert_in_range(n, 20, 40);
}

#define WITH(test)                                                             \
    cmocka_unit_test_setup_teardown(test, open_court, close_court)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(test_versions_are_told_in_order),
        WITH(test_versions_outlive_a_restart),
        WITH(test_versions_are_not_for_everybody),
        WITH(test_versions_of_nothing),
        WITH(test_versions_go_with_what_is_taken_back),
        WITH(test_versions_are_bounded),
    };

    return RUN(tests);
}
