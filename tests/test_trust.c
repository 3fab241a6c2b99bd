/* SPDX-License-Identifier: MIT */
#include "tests/folder.h"

#include <errno.h>

#include "tui/trust.h"

static const char SERVER[] = "host.example.org:8555";

static const struct fingerprint A = { { 1 } }, B = { { 2 } };

/* Somebody who trusts, and the file they share with nobody else. */
struct desk {
    struct known *known;
    struct trust *trust;
    char why[JUDGE_TEXT];
};

static void open_desk(struct desk *d, void **state, struct trust_config config)
{
    d->known = known_new(*state);
    config.server = SERVER;
    config.known = d->known;
    d->trust = trust_new(&config);
    *d->why = '\0';
}

static void close_desk(struct desk *d)
{
    trust_free(d->trust);
    known_free(d->known);
}

static enum verdict meet(struct desk *d, struct fingerprint key,
                         enum vouched vouched)
{
    struct secure_peer peer = { .has_key = true,
                                .key = key,
                                .vouched = vouched };

    return trust_judge(d->trust, &peer, d->why, sizeof d->why);
}

static enum known_kind known_kind(struct desk *d)
{
    struct known_entry entry;

    assert_int_equal(known_find(d->known, SERVER, &entry), 0);
    return entry.kind;
}

/* ---- the modes ---- */

static void test_trust_asks_and_keeps_the_answer(void **state)
{
    struct desk d;
    struct secure_peer peer;

    open_desk(&d, state, (struct trust_config){ .asks = true });
    assert_true(trust_asks(d.trust));
    assert_false(trust_peer(d.trust, &peer));
    assert_int_equal(meet(&d, A, VOUCHED_NOT), VERDICT_ASK);
    assert_int_equal(known_kind(&d), KNOWN_NOT);
    assert_true(trust_peer(d.trust, &peer));
    assert_true(fingerprint_equal(&peer.key, &A));

    trust_deny(d.trust, d.why, sizeof d.why);
    assert_non_null(strstr(d.why, SERVER));
    assert_int_equal(known_kind(&d), KNOWN_NOT);
    assert_int_equal(meet(&d, A, VOUCHED_NOT), VERDICT_ASK);

    trust_accept(d.trust, &A, d.why, sizeof d.why);
    assert_string_equal(d.why, "");
    assert_int_equal(meet(&d, A, VOUCHED_NOT), VERDICT_ACCEPT);
    assert_string_equal(d.why, "");
    assert_int_equal(meet(&d, B, VOUCHED_NOT), VERDICT_REFUSE);
    close_desk(&d);
}

static void test_trust_keeps_new_keys_without_asking(void **state)
{
    struct desk d;

    open_desk(&d, state, (struct trust_config){ .mode = TRUST_NEW });
    assert_int_equal(meet(&d, A, VOUCHED_NOT), VERDICT_PIN);
    assert_true(*d.why);
    assert_int_equal(meet(&d, A, VOUCHED_NOT), VERDICT_ACCEPT);
    assert_int_equal(meet(&d, B, VOUCHED), VERDICT_REFUSE);
    assert_non_null(strstr(d.why, "CHANGED"));
    assert_non_null(strstr(d.why, known_path(d.known)));
    close_desk(&d);

    /* the same in the next run, whatever the mode */
    open_desk(&d, state, (struct trust_config){ .mode = TRUST_STRICT });
    assert_int_equal(meet(&d, A, VOUCHED_NOT), VERDICT_ACCEPT);
    assert_int_equal(meet(&d, B, VOUCHED_NOT), VERDICT_REFUSE);
    close_desk(&d);
}

static void test_trust_refuses_when_strict(void **state)
{
    struct desk d;

    open_desk(&d, state,
              (struct trust_config){ .mode = TRUST_STRICT, .asks = true });
    assert_int_equal(meet(&d, A, VOUCHED_NOT), VERDICT_REFUSE);
    assert_int_equal(known_kind(&d), KNOWN_NOT);
    close_desk(&d);
}

static void test_trust_remembers_who_was_vouched_for(void **state)
{
    struct desk d;

    open_desk(&d, state, (struct trust_config){ .mode = TRUST_STRICT });
    assert_int_equal(meet(&d, A, VOUCHED), VERDICT_ACCEPT);
    assert_string_equal(d.why, "");
    assert_int_equal(known_kind(&d), KNOWN_CA);
    assert_int_equal(meet(&d, B, VOUCHED), VERDICT_ACCEPT);
    assert_int_equal(meet(&d, A, VOUCHED_EXPIRED), VERDICT_REFUSE);
    assert_int_equal(meet(&d, A, VOUCHED_OTHERWISE), VERDICT_REFUSE);
    assert_int_equal(meet(&d, A, VOUCHED_NOT), VERDICT_REFUSE);
    close_desk(&d);
}

static void test_trust_writes_nothing_for_what_was_given(void **state)
{
    struct desk d;

    open_desk(&d, state, (struct trust_config){ .pin = &A });
    assert_int_equal(meet(&d, A, VOUCHED), VERDICT_ACCEPT);
    assert_int_equal(meet(&d, B, VOUCHED), VERDICT_REFUSE);
    assert_int_equal(known_kind(&d), KNOWN_NOT);
    close_desk(&d);

    open_desk(&d, state, (struct trust_config){ .authority = true });
    assert_int_equal(meet(&d, A, VOUCHED), VERDICT_ACCEPT);
    assert_int_equal(meet(&d, A, VOUCHED_NOT), VERDICT_REFUSE);
    assert_int_equal(known_kind(&d), KNOWN_NOT);
    close_desk(&d);
}

/* ---- the file ---- */

static void test_trust_reads_the_file_each_time(void **state)
{
    struct desk d;

    open_desk(&d, state, (struct trust_config){ .mode = TRUST_NEW });
    assert_int_equal(meet(&d, A, VOUCHED_NOT), VERDICT_PIN);
    folder_write(state, "known_servers", "HOST.example.org:8555 what\n");
    assert_int_equal(meet(&d, A, VOUCHED_NOT), VERDICT_REFUSE);
    assert_non_null(strstr(d.why, "line 1 of"));
    folder_write(state, "known_servers", "");
    assert_int_equal(meet(&d, B, VOUCHED_NOT), VERDICT_PIN);
    close_desk(&d);
}

static void test_trust_forgets(void **state)
{
    struct desk d;

    open_desk(&d, state, (struct trust_config){ .mode = TRUST_NEW });
    assert_false(trust_forget(d.trust, d.why, sizeof d.why));
    assert_true(*d.why);
    assert_int_equal(meet(&d, A, VOUCHED_NOT), VERDICT_PIN);
    assert_true(trust_forget(d.trust, d.why, sizeof d.why));
    assert_non_null(strstr(d.why, SERVER));
    assert_int_equal(known_kind(&d), KNOWN_NOT);
    assert_int_equal(meet(&d, B, VOUCHED_NOT), VERDICT_PIN);
    close_desk(&d);
}

/* Guessing would be the end of it. */
static void test_trust_refuses_when_the_file_cannot_be_read(void **state)
{
    struct desk d;

    assert_int_equal(mkdir(folder_path(state, "known_servers"), 0700), 0);
    open_desk(&d, state, (struct trust_config){ .mode = TRUST_NEW });
    assert_int_equal(meet(&d, A, VOUCHED), VERDICT_REFUSE);
    assert_non_null(strstr(d.why, known_path(d.known)));
    assert_non_null(strstr(d.why, strerror(EINVAL)));
    assert_false(trust_forget(d.trust, d.why, sizeof d.why));
    assert_non_null(strstr(d.why, known_path(d.known)));
    close_desk(&d);
}

/* A client that works without a disk still notices a change in its run. */
static void test_trust_without_a_file_holds_for_the_run(void **state)
{
    struct desk d;

    (void)state;
    open_desk(&d, (void *[]){ (char[]){ "/proc/nowhere" } },
              (struct trust_config){ .mode = TRUST_NEW });
    assert_int_equal(meet(&d, A, VOUCHED_NOT), VERDICT_PIN);
    assert_non_null(strstr(d.why, "cannot be kept"));
    assert_int_equal(meet(&d, A, VOUCHED_NOT), VERDICT_ACCEPT);
    assert_int_equal(meet(&d, B, VOUCHED_NOT), VERDICT_REFUSE);
    assert_int_equal(meet(&d, B, VOUCHED), VERDICT_REFUSE);
    assert_non_null(strstr(d.why, "CHANGED"));
    close_desk(&d);

    struct trust_config config = { .server = SERVER, .asks = true };
    d = (struct desk){ .trust = trust_new(&config) };
    assert_null(trust_path(d.trust));
    assert_int_equal(meet(&d, A, VOUCHED_NOT), VERDICT_ASK);
    trust_accept(d.trust, &A, d.why, sizeof d.why);
    assert_true(*d.why);
    assert_int_equal(meet(&d, A, VOUCHED_NOT), VERDICT_ACCEPT);
    assert_int_equal(meet(&d, B, VOUCHED_NOT), VERDICT_REFUSE);
    close_desk(&d);
}

/* Two clients meet a server at once; each is told another key. */
static void test_trust_gives_way_to_a_faster_client(void **state)
{
    struct desk d;
    struct known_entry entry = { .kind = KNOWN_KEY, .key = B };

    open_desk(&d, state, (struct trust_config){ .asks = true });
    assert_int_equal(meet(&d, A, VOUCHED_NOT), VERDICT_ASK);
    assert_int_equal(known_add(d.known, SERVER, &entry), 0);
    trust_accept(d.trust, &A, d.why, sizeof d.why);
    assert_int_equal(meet(&d, A, VOUCHED_NOT), VERDICT_REFUSE);
    assert_int_equal(meet(&d, B, VOUCHED_NOT), VERDICT_ACCEPT);
    close_desk(&d);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, folder_make, folder_drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_trust_asks_and_keeps_the_answer),
        TEST(test_trust_keeps_new_keys_without_asking),
        TEST(test_trust_refuses_when_strict),
        TEST(test_trust_remembers_who_was_vouched_for),
        TEST(test_trust_writes_nothing_for_what_was_given),
        TEST(test_trust_reads_the_file_each_time),
        TEST(test_trust_forgets),
        TEST(test_trust_refuses_when_the_file_cannot_be_read),
        TEST(test_trust_without_a_file_holds_for_the_run),
        TEST(test_trust_gives_way_to_a_faster_client),
    };

    return RUN(tests);
}
