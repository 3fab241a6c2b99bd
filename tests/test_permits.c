/* SPDX-License-Identifier: MIT
 *
 * Who may do what: every message of a client, tried by everybody, in rooms of
 * every sort, against one table; and that no message is missing in it.
 */
#include "tests/forum.h"

static const char *const SORT_NAMES[] = { "open", "invite", "secret",
                                          "direct" };

/*
 * What is expected: + done, F FORBIDDEN, N NOT_MEMBER, M MUTED, B BANNED,
 * I INVITE_ONLY, ? NO_SUCH_ROOM, . not passed on.  Standings: outsider, banned,
 * muted, member, moderator, owner, admin; in a direct room: outsider, member.
 */
static const struct expected {
    unsigned kind;
    const char *signs[SORTS];
} EXPECTED[] = {
    /*                   open       invite     secret     direct */
    { KIND_SEND, { "NNM+++N", "NNM+++N", "NNM+++N", "N+" } },
    { KIND_EDIT, { "NNMFFFN", "NNMFFFN", "NNMFFFN", "NF" } }, /* another's */
    { KIND_REDACT, { "NNFF++N", "NNFF++N", "NNFF++N", "NF" } },
    { KIND_PIN, { "NNF+++N", "NNF+++N", "NNF+++N", "N+" } },
    { KIND_REACT, { "NNM+++N", "NNM+++N", "NNM+++N", "N+" } },
    { KIND_READ, { "NN++++N", "NN++++N", "NN++++N", "N+" } },
    { KIND_HIST, { "NN++++N", "NN++++N", "NN++++N", "N+" } },
    { KIND_ROOM_SET, { "NNF+++N", "NNF+++N", "NNF+++N", "NF" } },
    { KIND_JOIN, { "+B+++++", "IB+++++", "??+++++", "++" } },
    { KIND_PART, { "NN++++N", "NN++++N", "NN++++N", "N+" } },
    { KIND_ROOM_MODE, { "NNFFF++", "NNFFF++", "NNFFF++", "NF" } },
    { KIND_KICK, { "NNFF+++", "NNFF+++", "NNFF+++", "NF" } },
    { KIND_SANCTION, { "NNFF+++", "NNFF+++", "NNFF+++", "NF" } },
    { KIND_LIFT, { "NNFF+++", "NNFF+++", "NNFF+++", "NF" } },
    { KIND_ROLE, { "NNFFF++", "NNFFF++", "NNFFF++", "NF" } },
    { KIND_INVITE, { "NNF++++", "NNFF+++", "NNFF+++", "NF" } },
    { KIND_SANCTIONS, { "NNFF+++", "NNFF+++", "NNFF+++", "NF" } },
    { KIND_VERSIONS, { "NNFF++N", "NNFF++N", "NNFF++N", "NF" } },
    { KIND_MEMBERS, { "NN++++N", "NN++++N", "NN++++N", "N+" } },
    { KIND_TYPING, { "...+++.", "...+++.", "...+++.", ".+" } },
};

static const enum standing DIRECT_STANDINGS[] = { AS_OUTSIDER, AS_MEMBER };

static unsigned check_row(const struct expected *row, enum sort sort)
{
    const char *signs = row->signs[sort];
    size_t n = sort == DIRECT ? 2 : STANDINGS;
    unsigned wrong = 0;

    assert_int_equal(strlen(signs), n);
    for (size_t i = 0; i < n; i++) {
        enum standing as =
            sort == DIRECT ? DIRECT_STANDINGS[i] : (enum standing)i;
        struct stand t;
        char got;

        set_up(&t, sort, as);
        got = attempt(&t, row->kind, t.room);
        if (got != signs[i]) {
            print_error("%s by %s, %s room: %c, not %c\n", wire_name(row->kind),
                        STANDING_NAMES[as], SORT_NAMES[sort], got, signs[i]);
            wrong++;
        }
        rig_free(t.rig);
    }
    return wrong;
}

static void test_permits_are_what_the_table_says(void **state)
{
    unsigned wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof EXPECTED / sizeof *EXPECTED; i++)
        for (unsigned sort = 0; sort < SORTS; sort++)
            wrong += check_row(&EXPECTED[i], (enum sort)sort);
    assert_int_equal(wrong, 0);
}

/* These are about nobody's room: whoever is in may say them. */
static const unsigned OF_NO_ROOM[] = {
    KIND_HELLO, KIND_AUTH,    KIND_BYE,       KIND_PING,
    KIND_PONG,  KIND_SYNC,    KIND_ROOM_LIST, KIND_STATUS,
    KIND_NICK,  KIND_DEVICES, KIND_PASSWORD,  KIND_SEARCH, /* test_search */
};

static bool is_in_a_table(unsigned kind)
{
    for (size_t i = 0; i < sizeof EXPECTED / sizeof *EXPECTED; i++)
        if (EXPECTED[i].kind == kind)
            return true;
    for (size_t i = 0; i < sizeof OF_NO_ROOM / sizeof *OF_NO_ROOM; i++)
        if (OF_NO_ROOM[i] == kind)
            return true;
    return false;
}

static void test_permits_leave_no_message_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < WIRE_ROWS_LEN; i++)
        if (WIRE_ROWS[i].from & FROM_CLIENT &&
            !is_in_a_table((unsigned)WIRE_ROWS[i].kind))
            fail_msg("%s", WIRE_ROWS[i].name);
}

/* A room that is not, and one that is not for you, are the same to you. */
static void test_permits_answer_alike(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof EXPECTED / sizeof *EXPECTED; i++) {
        unsigned kind = EXPECTED[i].kind;
        struct msg there, not_there;
        struct stand t;

        if (kind == KIND_JOIN || kind == KIND_TYPING)
            continue; /* by name; never answered */
        set_up(&t, SECRET, AS_OUTSIDER);
        for (int known = 0; known < 2; known++) {
            struct msg msg = { .kind = (enum kind)kind };

            fill(&msg, &t, known ? t.room : 999, t.subject->cseq + 1);
            if (kind < KIND_ROOM_LIST || kind == KIND_ROLE ||
                kind == KIND_INVITE)
                t.subject->cseq += kind != KIND_HIST;
            say(t.subject, &msg);
            settle(t.rig);
            *(known ? &there : &not_there) = must(t.subject, KIND_ERROR);
        }
        assert_int_equal(there.error.code, not_there.error.code);
        assert_true(str_eq(there.error.text, not_there.error.text));
        assert_true(str_eq(there.error.subject, not_there.error.subject));
        rig_free(t.rig);
    }
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_permits_are_what_the_table_says),
    cmocka_unit_test(test_permits_leave_no_message_out),
    cmocka_unit_test(test_permits_answer_alike),
};

int main(void)
{
    return RUN(TESTS);
}
