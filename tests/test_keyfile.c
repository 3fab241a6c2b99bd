/* SPDX-License-Identifier: MIT
 *
 * The server's key: made once and kept, refused when others can read it, read
 * again when it changes.
 */
#include "tests/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "server/config.h"
#include "server/keys.h"
#include "server/log.h"

enum { PATH_LEN = 256, TEXT_LEN = 512 };

static const struct now NOW = { 1000000, 1700000000000 };

/* ---- a directory of the test's own ---- */

struct spot {
    char root[64], parent[PATH_LEN], data[PATH_LEN], key[PATH_LEN],
        cert[PATH_LEN];
    struct settings settings;
    struct keys keys;
    char why[TEXT_LEN];
};

static struct spot *spot_new(void)
{
    struct spot *p = calloc(1, sizeof *p);

    assert_non_null(p);
    snprintf(p->root, sizeof p->root, "/tmp/test-keyfile-XXXXXX");
    assert_non_null(mkdtemp(p->root));
    snprintf(p->parent, sizeof p->parent, "%s/some", p->root);
    snprintf(p->data, sizeof p->data, "%s/some/where", p->root);
    snprintf(p->key, sizeof p->key, "%s/some/where/key.pem", p->root);
    snprintf(p->cert, sizeof p->cert, "%s/some/where/cert.pem", p->root);
    p->settings.data = p->data;
    return p;
}

/* Remove a directory and what is in it: files, and empty directories. */
static void remove_dir(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        char inner[2 * PATH_LEN];

        snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        remove(inner);
    }
    if (dir)
        closedir(dir);
    rmdir(path);
}

static void spot_free(struct spot *p)
{
    keys_close(&p->keys);
    remove_dir(p->data);
    remove_dir(p->parent);
    remove_dir(p->root);
    free(p);
}

/* Start: the exit code; a second start ends the first. */
static int start(struct spot *p)
{
    keys_close(&p->keys);
    return keys_open(&p->keys, &p->settings, "chat-server", NOW);
}

static struct fingerprint print_of(const struct spot *p)
{
    assert_non_null(p->keys.base);
    return secure_base_fingerprint(p->keys.base);
}

static void check_same(struct fingerprint a, struct fingerprint b, bool same)
{
    assert_int_equal(fingerprint_equal(&a, &b), same);
}

static unsigned mode_of(const char *path)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777;
}

static void write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static char *read_text(const char *path)
{
    char *text = calloc(1, PEM_MAX);
    int fd = open(path, O_RDONLY);

    assert_true(text && fd >= 0 && read(fd, text, PEM_MAX - 1) > 0);
    close(fd);
    return text;
}

/* A pair of the operator's; returns its fingerprint. */
static struct fingerprint write_pair(const char *key, const char *cert)
{
    struct secure_pem pem;
    struct secure_config config = { .server = true };
    struct secure_base *base;
    struct fingerprint print;
    char why[TEXT_LEN];

    assert_true(secure_pem_make(&pem, "chat.example", NOW));
    write_text(key, pem.key);
    write_text(cert, pem.chain);
    config.key = str_of(pem.key);
    config.chain = str_of(pem.chain);
    base = secure_base_new(&config, why, sizeof why);
    assert_non_null(base);
    print = secure_base_fingerprint(base);
    secure_base_free(base);
    secure_pem_free(&pem);
    return print;
}

/* Settings name files in the root as the operator's. */
static void name_own(struct spot *p)
{
    snprintf(p->key, sizeof p->key, "%s/own.key", p->root);
    snprintf(p->cert, sizeof p->cert, "%s/own.crt", p->root);
    p->settings.tls_key = p->key;
    p->settings.tls_cert = p->cert;
}

static void check_refused(struct spot *p, int code, const char *about)
{
    assert_int_equal(start(p), code);
    assert_null(p->keys.base);
    if (!strstr(p->keys.keyfile.why, about))
        fail_msg("\"%s\" does not say %s", p->keys.keyfile.why, about);
}

/* ---- the server's own ---- */

static void test_keyfile_is_made_at_the_first_start(void **state)
{
    struct spot *p = spot_new();
    struct fingerprint first;
    char *key, *again, text[FINGERPRINT_TEXT], shown[FINGERPRINT_TEXT];

    (void)state;
    assert_false(keys_exist(&p->settings));
    assert_int_equal(
        keys_fingerprint(&p->settings, shown, p->why, sizeof p->why),
        EX_NOINPUT);
    assert_int_equal(start(p), 0);
    first = print_of(p);
    assert_int_equal(mode_of(p->data), 0700);
    assert_int_equal(mode_of(p->key), 0600);
    key = read_text(p->key);
    assert_int_equal(start(p), 0);
    check_same(first, print_of(p), true);
    again = read_text(p->key);
    assert_string_equal(key, again);
    assert_true(keys_exist(&p->settings));
    fingerprint_text(&first, text);
    assert_int_equal(
        keys_fingerprint(&p->settings, shown, p->why, sizeof p->why), 0);
    assert_string_equal(text, shown);
    free(key);
    free(again);
    spot_free(p);
}

static void test_keyfile_decides_over_what_a_crash_left(void **state)
{
    struct spot *p = spot_new();
    struct fingerprint first;
    char left[PATH_LEN + 32];

    (void)state;
    assert_int_equal(start(p), 0);
    first = print_of(p);
    unlink(p->cert);
    snprintf(left, sizeof left, "%s.%ld", p->cert, (long)getpid());
    write_text(left, "half of a certif");
    assert_int_equal(start(p), 0);
    check_same(first, print_of(p), true);
    assert_int_equal(access(left, F_OK), -1);

    unlink(p->key); /* a certificate without a key is of no use */
    assert_int_equal(start(p), 0);
    check_same(first, print_of(p), false);
    spot_free(p);
}

static void test_keyfile_is_never_written_over(void **state)
{
    struct spot *p = spot_new();
    char *text;

    (void)state;
    assert_int_equal(start(p), 0);
    write_text(p->key, "not a key\n");
    check_refused(p, EX_CONFIG, "key.pem");
    unlink(p->cert);
    check_refused(p, EX_CONFIG, "key.pem");
    text = read_text(p->key);
    assert_string_equal(text, "not a key\n");
    free(text);
    spot_free(p);
}

/* Several that start at once agree. */
static void test_keyfile_is_one_for_all_who_start_at_once(void **state)
{
    enum { STARTS = 8 };

    struct spot *p = spot_new();
    int results[2], go[2], status;
    struct fingerprint prints[STARTS];

    (void)state;
    assert_int_equal(pipe(results), 0);
    assert_int_equal(pipe(go), 0);
    for (int i = 0; i < STARTS; i++) {
        if (fork())
            continue;
        close(go[1]);
        (void)!read(go[0], &status, 1); /* until it is closed */
        if (start(p))
            _exit(1);
        prints[0] = print_of(p);
        _exit(write(results[1], &prints[0], sizeof prints[0]) < 0);
    }
    close(go[0]);
    close(go[1]);
    for (int i = 0; i < STARTS; i++) {
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
        assert_int_equal(read(results[0], &prints[i], sizeof prints[i]),
                         sizeof prints[i]);
        check_same(prints[i], prints[0], true);
    }
    close(results[0]);
    close(results[1]);
    assert_int_equal(start(p), 0);
    check_same(prints[0], print_of(p), true);
    spot_free(p);
}

static void test_keyfile_in_memory_leaves_nothing(void **state)
{
    struct spot *p = spot_new();
    char memory[] = ":memory:";
    struct fingerprint first;

    (void)state;
    p->settings.data = memory;
    assert_int_equal(start(p), 0);
    first = print_of(p);
    assert_int_equal(start(p), 0);
    check_same(first, print_of(p), false);
    assert_int_equal(access(p->data, F_OK), -1);
    assert_int_equal(keys_look(&p->keys, NULL, NOW), NEVER);
    spot_free(p);
}

static void test_keyfile_lies_where_xdg_says(void **state)
{
    struct keyfile keyfile;
    struct keyfile_config config = { NULL, NULL, NULL };

    (void)state;
    setenv("XDG_STATE_HOME", "/some/state", 1);
    assert_int_equal(keyfile_init(&keyfile, &config), 0);
    assert_string_equal(keyfile.key, "/some/state/chat-server/key.pem");
    keyfile_fini(&keyfile);
    setenv("XDG_STATE_HOME", "relative", 1); /* as if it were not set */
    setenv("HOME", "/home/somebody", 1);
    assert_int_equal(keyfile_init(&keyfile, &config), 0);
    assert_string_equal(keyfile.dir,
                        geteuid() ? "/home/somebody/.local/state/chat-server"
                                  : "/var/lib/chat-server");
    keyfile_fini(&keyfile);
}

/* ---- what is refused ---- */

static void test_keyfile_is_for_nobody_else(void **state)
{
    static const mode_t BAD[] = { 0640, 0604, 0660, 0666, 0610, 0601 };
    struct spot *p = spot_new();

    (void)state;
    assert_int_equal(start(p), 0);
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        assert_int_equal(chmod(p->key, BAD[i]), 0);
        check_refused(p, EX_CONFIG, "chmod 600");
    }
    assert_int_equal(chmod(p->key, 0400), 0);
    assert_int_equal(start(p), 0);
    spot_free(p);
}

static void test_keyfile_refuses_what_is_none(void **state)
{
    struct spot *p = spot_new();
    char *large = calloc(1, PEM_MAX + 2);

    (void)state;
    assert_non_null(large);
    name_own(p);
    check_refused(p, EX_NOINPUT, "own.key");
    write_pair(p->key, p->cert);
    assert_int_equal(start(p), 0);
    write_text(p->cert, "");
    check_refused(p, EX_CONFIG, "empty");
    memset(large, 'x', PEM_MAX + 1);
    write_text(p->cert, large);
    check_refused(p, EX_CONFIG, "too large");
    unlink(p->cert);
    assert_int_equal(mkfifo(p->cert, 0600), 0);
    check_refused(p, EX_CONFIG, "no file");
    unlink(p->cert);
    assert_int_equal(mkdir(p->cert, 0700), 0);
    check_refused(p, EX_CONFIG, "no file");
    free(large);
    spot_free(p);
}

static void test_keyfile_refuses_a_pair_that_is_none(void **state)
{
    struct spot *p = spot_new();
    char other[PATH_LEN];

    (void)state;
    name_own(p);
    snprintf(other, sizeof other, "%s/other", p->root);
    write_pair(p->key, p->cert);
    write_pair(other, p->cert);
    check_refused(p, EX_CONFIG, "own.key");
    spot_free(p);
}

/* ---- while it runs ---- */

struct journal {
    struct log log;
    char *text;
    size_t len;
};

static void journal_open(struct journal *j)
{
    *j = (struct journal){ .text = NULL };
    j->log.to = open_memstream(&j->text, &j->len);
    assert_non_null(j->log.to);
}

/* How often something was said; ends the journal. */
static unsigned journal_count(struct journal *j, const char *what)
{
    unsigned n = 0;

    fclose(j->log.to);
    for (const char *p = j->text; (p = strstr(p, what)); p++)
        n++;
    free(j->text);
    return n;
}

static void test_keyfile_is_read_again_when_told(void **state)
{
    struct spot *p = spot_new();
    struct fingerprint own, second;
    struct journal j;

    (void)state;
    assert_int_equal(start(p), 0);
    own = print_of(p);
    name_own(p);

    journal_open(&j);
    keys_reload(&p->keys, &p->settings, &j.log); /* not there */
    check_same(own, print_of(p), true);
    assert_int_equal(journal_count(&j, "keys.refused"), 1);

    journal_open(&j);
    second = write_pair(p->key, p->cert);
    keys_reload(&p->keys, &p->settings, &j.log);
    check_same(second, print_of(p), true);
    assert_int_equal(journal_count(&j, "keys.renewed"), 1);

    journal_open(&j);
    write_text(p->key, "nonsense\n");
    keys_reload(&p->keys, &p->settings, &j.log);
    check_same(second, print_of(p), true);
    assert_int_equal(journal_count(&j, "keys.refused"), 1);
    spot_free(p);
}

/* Look every few seconds, n times. */
static void look(struct spot *p, struct log *log, uint64_t *us, int n)
{
    while (n-- > 0) {
        struct now now = { *us, 0 };

        *us = keys_look(&p->keys, log, now);
        assert_true(*us > now.mono_us && *us <= now.mono_us + 10000000);
    }
}

/* What is in use already is no news: told so, or written once more. */
static void test_keyfile_is_renewed_by_what_is_new_only(void **state)
{
    struct spot *p = spot_new();
    uint64_t us = NOW.mono_us;
    struct journal j;
    char *key;

    (void)state;
    name_own(p);
    write_pair(p->key, p->cert);
    assert_int_equal(start(p), 0);
    journal_open(&j);
    assert_int_equal(keys_reload(&p->keys, &p->settings, &j.log), 0);
    key = read_text(p->key);
    unlink(p->key);
    write_text(p->key, key);
    look(p, &j.log, &us, 3);
    assert_int_equal(keys_reload(&p->keys, &p->settings, &j.log), 0);
    assert_int_equal(journal_count(&j, "keys."), 0);

    journal_open(&j);
    write_text(p->key, "nonsense\n");
    look(p, &j.log, &us, 3);
    write_text(p->key, key);
    look(p, &j.log, &us, 3);
    assert_int_equal(journal_count(&j, "keys."), 1);
    free(key);
    spot_free(p);
}

static void test_keyfile_is_read_again_when_it_changed(void **state)
{
    struct spot *p = spot_new();
    struct fingerprint first, second;
    struct journal j;
    uint64_t us = NOW.mono_us;

    (void)state;
    name_own(p);
    first = write_pair(p->key, p->cert);
    assert_int_equal(start(p), 0);
    journal_open(&j);
    look(p, &j.log, &us, 3);
    second = write_pair(p->key, p->cert);
    look(p, &j.log, &us, 1); /* the other file may be on its way */
    check_same(first, print_of(p), true);
    look(p, &j.log, &us, 1);
    check_same(second, print_of(p), true);
    look(p, &j.log, &us, 3);
    assert_int_equal(journal_count(&j, "keys."), 1);

    journal_open(&j);
    unlink(p->cert); /* half of something: said once, and the old goes on */
    look(p, &j.log, &us, 5);
    check_same(second, print_of(p), true);
    assert_int_equal(journal_count(&j, "keys.refused"), 1);
    spot_free(p);
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_keyfile_is_made_at_the_first_start),
    cmocka_unit_test(test_keyfile_decides_over_what_a_crash_left),
    cmocka_unit_test(test_keyfile_is_never_written_over),
    cmocka_unit_test(test_keyfile_is_one_for_all_who_start_at_once),
    cmocka_unit_test(test_keyfile_in_memory_leaves_nothing),
    cmocka_unit_test(test_keyfile_lies_where_xdg_says),
    cmocka_unit_test(test_keyfile_is_for_nobody_else),
    cmocka_unit_test(test_keyfile_refuses_what_is_none),
    cmocka_unit_test(test_keyfile_refuses_a_pair_that_is_none),
    cmocka_unit_test(test_keyfile_is_read_again_when_told),
    cmocka_unit_test(test_keyfile_is_renewed_by_what_is_new_only),
    cmocka_unit_test(test_keyfile_is_read_again_when_it_changed),
};

int main(void)
{
    return RUN(TESTS);
}
