/* SPDX-License-Identifier: MIT
 *
 * The whole table of what is trusted: every mode, every thing that can be known
 * and every thing an authority can say.
 */
#include "tests/test.h"

#include "tui/judge.h"

static const struct fingerprint A = { { 1 } }, B = { { 2 } };

static struct secure_peer peer_with(struct fingerprint key,
                                    enum vouched vouched)
{
    return (
        struct secure_peer){ .has_key = true, .key = key, .vouched = vouched };
}

static void expect(const struct judge_case *c, const struct secure_peer *peer,
                   enum verdict verdict, enum reason reason)
{
    struct judgement got = judge(c, peer);

    if (got.verdict != verdict || got.reason != reason)
        fail_msg("mode %d, loopback %d, asks %d, known %d, vouched %d: verdict "
                 "%d for reason %d, wanted %d for %d",
                 (int)c->mode, c->loopback, c->asks, (int)c->known.kind,
                 (int)peer->vouched, (int)got.verdict, (int)got.reason,
                 (int)verdict, (int)reason);
}

/* Calls check for every combination of mode, place, asking and vouching. */
static void each_case(struct judge_case c,
                      void (*check)(struct judge_case *, struct secure_peer *))
{
    for (unsigned i = 0; i < 3 * 2 * 2 * 4; i++) {
        struct secure_peer peer = peer_with(A, (enum vouched)(i / 12));

        c.mode = (enum trust_mode)(i % 3);
        c.loopback = i / 3 % 2;
        c.asks = i / 6 % 2;
        check(&c, &peer);
    }
}

/* ---- a fingerprint that was given ---- */

static void check_pin(struct judge_case *c, struct secure_peer *peer)
{
    for (unsigned kind = KNOWN_NOT; kind <= KNOWN_GARBLED; kind++) {
        c->known = (struct known_entry){ .kind = kind, .key = B };
        for (unsigned i = 0; i < 4; i++) {
            c->authority = i % 2;
            c->unreadable = i / 2;
            c->pin = &A;
            expect(c, peer, VERDICT_ACCEPT, REASON_FLAG);
            c->pin = &B;
            expect(c, peer, VERDICT_REFUSE, REASON_FLAG_DIFFERS);
        }
    }
}

static void test_judge_takes_a_given_fingerprint_alone(void **state)
{
    (void)state;
    each_case((struct judge_case){ .mode = TRUST_ASK }, check_pin);
}

/* ---- authorities that were given ---- */

static void check_authority(struct judge_case *c, struct secure_peer *peer)
{
    for (unsigned kind = KNOWN_NOT; kind <= KNOWN_GARBLED; kind++) {
        c->known = (struct known_entry){ .kind = kind, .key = A };
        if (peer->vouched == VOUCHED)
            expect(c, peer, VERDICT_ACCEPT, REASON_CA_FILE);
        else
            expect(c, peer, VERDICT_REFUSE, REASON_CA_FILE_NOT);
    }
}

static void test_judge_takes_given_authorities_alone(void **state)
{
    (void)state;
    each_case((struct judge_case){ .authority = true }, check_authority);
    each_case((struct judge_case){ .authority = true, .unreadable = true },
              check_authority);
}

/* ---- what is known ---- */

static void check_same(struct judge_case *c, struct secure_peer *peer)
{
    c->known.key = A;
    expect(c, peer, VERDICT_ACCEPT, REASON_KNOWN);
    c->known.key = B;
    expect(c, peer, VERDICT_REFUSE, REASON_CHANGED);
}

static void check_ca(struct judge_case *c, struct secure_peer *peer)
{
    if (peer->vouched == VOUCHED)
        expect(c, peer, VERDICT_ACCEPT, REASON_CA);
    else
        expect(c, peer, VERDICT_REFUSE, REASON_CA_LOST);
}

static void check_garbled(struct judge_case *c, struct secure_peer *peer)
{
    expect(c, peer, VERDICT_REFUSE, REASON_GARBLED);
}

static void check_unreadable(struct judge_case *c, struct secure_peer *peer)
{
    expect(c, peer, VERDICT_REFUSE, REASON_UNREADABLE);
}

static void test_judge_refuses_whoever_has_changed(void **state)
{
    (void)state;
    each_case((struct judge_case){ .known.kind = KNOWN_KEY }, check_same);
    each_case((struct judge_case){ .known.kind = KNOWN_CA }, check_ca);
}

static void test_judge_guesses_nothing(void **state)
{
    (void)state;
    each_case((struct judge_case){ .known.kind = KNOWN_GARBLED },
              check_garbled);
    each_case((struct judge_case){ .unreadable = true }, check_unreadable);
}

/* ---- who is new ---- */

static void check_new(struct judge_case *c, struct secure_peer *peer)
{
    if (peer->vouched == VOUCHED)
        expect(c, peer, VERDICT_ACCEPT, REASON_CA_FIRST);
    else if (c->loopback || c->mode == TRUST_NEW)
        expect(c, peer, VERDICT_PIN, REASON_FIRST);
    else if (c->mode == TRUST_ASK && c->asks)
        expect(c, peer, VERDICT_ASK, REASON_FIRST);
    else
        expect(c, peer, VERDICT_REFUSE, REASON_FIRST);
}

static void test_judge_asks_about_who_is_new(void **state)
{
    (void)state;
    each_case((struct judge_case){ .known.kind = KNOWN_NOT }, check_new);
}

static void check_nobody(struct judge_case *c, struct secure_peer *peer)
{
    static const struct fingerprint NONE = { { 0 } };

    *peer = peer_with(NONE, peer->vouched);
    peer->has_key = false;
    c->pin = c->asks ? &NONE : NULL;
    expect(c, peer, VERDICT_REFUSE, REASON_NO_KEY);
}

static void test_judge_refuses_who_proves_nothing(void **state)
{
    (void)state;
    each_case((struct judge_case){ .known.kind = KNOWN_KEY }, check_nobody);
}

/* ---- sentences ---- */

static const char *text_of(enum verdict verdict, enum reason reason,
                           enum vouched vouched)
{
    static char text[JUDGE_TEXT];
    struct judge_words words = { .server = "host.example.org:8555",
                                 .path = "/home/x/known_servers",
                                 .error = "Permission denied",
                                 .known = { KNOWN_KEY, A, 7 },
                                 .pin = A,
                                 .key = B,
                                 .vouched = vouched };

    judge_text((struct judgement){ verdict, reason }, &words, text,
               sizeof text);
    return text;
}

static void expect_words(const char *text, const char *const *parts)
{
    for (; *parts; parts++)
        if (!strstr(text, *parts))
            fail_msg("\"%s\" does not say \"%s\"", text, *parts);
}

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void test_judge_says_what_to_do(void **state)
{
    char old[FINGERPRINT_TEXT], new[FINGERPRINT_TEXT];

    (void)state;
    fingerprint_text(&A, old);
    fingerprint_text(&B, new);
    expect_words(text_of(VERDICT_ASK, REASON_FIRST, VOUCHED_NOT),
                 WORDS("host.example.org:8555", new, "Compare"));
    expect_words(text_of(VERDICT_ASK, REASON_FIRST, VOUCHED_EXPIRED),
                 WORDS("expired"));
    expect_words(text_of(VERDICT_REFUSE, REASON_FIRST, VOUCHED_OTHERWISE),
                 WORDS(new, "another name",
                       "--fingerprint SHA256:", "--trust new to keep it"));
    expect_words(text_of(VERDICT_PIN, REASON_FIRST, VOUCHED_NOT),
                 WORDS("kept", new));
    expect_words(text_of(VERDICT_REFUSE, REASON_CHANGED, VOUCHED),
                 WORDS("CHANGED", old, new, "line 7 of /home/x/known_servers"));
    expect_words(text_of(VERDICT_REFUSE, REASON_CA_LOST, VOUCHED_EXPIRED),
                 WORDS("expired", new, "line 7 of /home/x/known_servers"));
    expect_words(text_of(VERDICT_REFUSE, REASON_FLAG_DIFFERS, VOUCHED),
                 WORDS(old, new));
    expect_words(text_of(VERDICT_REFUSE, REASON_GARBLED, VOUCHED),
                 WORDS("line 7 of /home/x/known_servers"));
    expect_words(text_of(VERDICT_REFUSE, REASON_UNREADABLE, VOUCHED),
                 WORDS("/home/x/known_servers: Permission denied"));
}

/* Who is refused, or asked about, has a right to know why. */
static void test_judge_always_says_why(void **state)
{
    (void)state;
    for (unsigned reason = REASON_NONE; reason <= REASON_DENIED; reason++) {
        struct judgement j = { VERDICT_REFUSE, (enum reason)reason };
        bool refuses = reason != REASON_NONE && reason != REASON_FLAG &&
                       reason != REASON_CA_FILE && reason != REASON_KNOWN &&
                       reason != REASON_CA && reason != REASON_CA_FIRST;

        assert_true(*judge_brief(j));
        assert_true(!*text_of(j.verdict, j.reason, VOUCHED_NOT) == !refuses);
        if (!refuses)
            assert_string_equal(text_of(VERDICT_ACCEPT, j.reason, VOUCHED), "");
    }
}

static void test_judge_fits_its_bound(void **state)
{
    char host[254 + 8], path[4096], text[JUDGE_TEXT];
    struct judge_words words = {
        .server = host, .path = path, .error = "x", .known = { KNOWN_KEY, A, 7 }
    };

    (void)state;
    memset(host, 'h', sizeof host - 1);
    memset(path, 'p', sizeof path - 1);
    host[sizeof host - 1] = path[sizeof path - 1] = '\0';
    for (unsigned i = 0; i <= (unsigned)REASON_DENIED; i++) {
        memset(text, 'x', sizeof text);
        judge_text((struct judgement){ VERDICT_REFUSE, (enum reason)i }, &words,
                   text, sizeof text);
        assert_non_null(memchr(text, '\0', sizeof text));
        judge_text((struct judgement){ VERDICT_REFUSE, (enum reason)i }, &words,
                   text, 10);
        assert_true(strlen(text) < 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_judge_takes_a_given_fingerprint_alone),
        cmocka_unit_test(test_judge_takes_given_authorities_alone),
        cmocka_unit_test(test_judge_refuses_whoever_has_changed),
        cmocka_unit_test(test_judge_guesses_nothing),
        cmocka_unit_test(test_judge_asks_about_who_is_new),
        cmocka_unit_test(test_judge_refuses_who_proves_nothing),
        cmocka_unit_test(test_judge_says_what_to_do),
        cmocka_unit_test(test_judge_always_says_why),
        cmocka_unit_test(test_judge_fits_its_bound),
    };

    return RUN(tests);
}
