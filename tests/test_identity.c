/* SPDX-License-Identifier: MIT */
#include "tests/folder.h"

#include <sys/wait.h>

#include "tui/identity.h"

enum { ERROR_BYTES = 512 };

static const struct now NOW = { .wall_ms = 1787565480000u };

static struct secure_pem load(void **state)
{
    char error[ERROR_BYTES] = "";
    struct secure_pem pem;

    if (!identity_load(*state, &pem, NOW, error, sizeof error))
        fail_msg("%s", error);
    return pem;
}

/* Fails with a sentence that says where, and this. */
static void expect_refusal(void **state, const char *part)
{
    char error[ERROR_BYTES] = "";
    struct secure_pem pem;

    assert_false(identity_load(*state, &pem, NOW, error, sizeof error));
    assert_null(pem.key);
    assert_null(pem.chain);
    assert_non_null(strstr(error, "client-key.pem"));
    if (!strstr(error, part))
        fail_msg("\"%s\" does not say \"%s\"", error, part);
}

static void test_identity_is_made_once(void **state)
{
    struct secure_pem first = load(state), again = load(state);

    assert_string_equal(first.key, again.key);
    assert_string_equal(first.chain, again.chain);
    assert_int_equal(folder_mode(state, "client-key.pem"), 0600);
    secure_pem_free(&first);
    secure_pem_free(&again);
}

static void test_identity_can_be_used(void **state)
{
    struct secure_pem pem = load(state);
    struct secure_config config = { .key = str_of(pem.key),
                                    .chain = str_of(pem.chain) };
    char error[ERROR_BYTES] = "";
    struct secure_base *base = secure_base_new(&config, error, sizeof error);
    struct fingerprint key, none = { { 0 } };

    if (!base)
        fail_msg("%s", error);
    key = secure_base_fingerprint(base);
    assert_false(fingerprint_equal(&key, &none));
    secure_base_free(base);
    secure_pem_free(&pem);
}

static void strip(char *text, char ch)
{
    size_t n = 0;

    for (size_t i = 0; text[i]; i++)
        if (text[i] != ch)
            text[n++] = text[i];
    text[n] = '\0';
}

/* Every server gets to see the certificate. */
static void test_identity_does_not_tell_who_one_is(void **state)
{
    struct secure_pem pem = load(state);
    char command[2 * FOLDER_PATH], subject[256] = "";
    FILE *pipe;

    secure_pem_free(&pem);
    snprintf(command, sizeof command,
             "openssl x509 -noout -subject -issuer -ext subjectAltName -in %s "
             "2>/dev/null",
             folder_path(state, "client-key.pem"));
    pipe = popen(command, "r");
    assert_non_null(pipe);
    subject[fread(subject, 1, sizeof subject - 1, pipe)] = '\0';
    if (pclose(pipe) != 0)
        skip();          /* no openssl here */
    strip(subject, ' '); /* newer ones write CN=, older ones CN = */
    assert_string_equal(subject, "subject=CN=chat-tui\nissuer=CN=chat-tui\n");
}

static void test_identity_refuses_a_key_that_others_can_read(void **state)
{
    struct secure_pem pem = load(state);

    secure_pem_free(&pem);
    assert_int_equal(chmod(folder_path(state, "client-key.pem"), 0640), 0);
    expect_refusal(state, "chmod 600");
    assert_int_equal(chmod(folder_path(state, "client-key.pem"), 0600), 0);
    pem = load(state);
    secure_pem_free(&pem);
}

static void test_identity_refuses_what_is_no_key(void **state)
{
    char text[PEM_MAX + 2];
    static const char *const TEXTS[] = { "", "x",
                                         "-----BEGIN PRIVATE KEY-----\n",
                                         "-----BEGIN CERTIFICATE-----\n" };

    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        folder_write(state, "client-key.pem", TEXTS[i]);
        assert_int_equal(chmod(folder_path(state, "client-key.pem"), 0600), 0);
        expect_refusal(state, "remove it");
        assert_string_equal(folder_read(state, "client-key.pem"), TEXTS[i]);
    }
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    folder_write(state, "client-key.pem", text);
    expect_refusal(state, "");
    unlink(folder_path(state, "client-key.pem"));
    assert_int_equal(mkdir(folder_path(state, "client-key.pem"), 0700), 0);
    expect_refusal(state, "");
}

static void test_identity_says_why_none_can_be_kept(void **state)
{
    char error[ERROR_BYTES] = "";
    struct secure_pem pem;

    (void)state;
    assert_false(
        identity_load("/proc/nowhere", &pem, NOW, error, sizeof error));
    assert_non_null(strstr(error, "/proc/nowhere"));
}

/* Many first clients at once, as processes: all have the same key. */
static void test_identity_is_made_by_one_of_many(void **state)
{
    enum { CLIENTS = 8 };

    int ends[2], status;
    char first[FINGERPRINT_TEXT], text[FINGERPRINT_TEXT];

    assert_int_equal(pipe(ends), 0);
    for (int i = 0; i < CLIENTS; i++) {
        pid_t child = fork();

        assert_true(child >= 0);
        if (child > 0)
            continue;
        char error[ERROR_BYTES];
        struct secure_pem pem;
        if (!identity_load(*state, &pem, NOW, error, sizeof error))
            _exit(1);
        struct secure_config config = { .key = str_of(pem.key),
                                        .chain = str_of(pem.chain) };
        struct secure_base *base =
            secure_base_new(&config, error, sizeof error);
        if (!base)
            _exit(2);
        struct fingerprint key = secure_base_fingerprint(base);
        fingerprint_text(&key, text);
        _exit(write(ends[1], text, sizeof text) != sizeof text);
    }
    for (int i = 0; i < CLIENTS; i++) {
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
        assert_int_equal(read(ends[0], i ? text : first, sizeof text),
                         sizeof text);
        assert_string_equal(first, i ? text : first);
    }
    close(ends[0]);
    close(ends[1]);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, folder_make, folder_drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_identity_is_made_once),
        TEST(test_identity_can_be_used),
        TEST(test_identity_does_not_tell_who_one_is),
        TEST(test_identity_refuses_a_key_that_others_can_read),
        TEST(test_identity_refuses_what_is_no_key),
        TEST(test_identity_says_why_none_can_be_kept),
        TEST(test_identity_is_made_by_one_of_many),
    };

    return RUN(tests);
}
