/* SPDX-License-Identifier: MIT
 *
 * The question about a server's key: what answers it, by keys and by commands,
 * and what follows.
 */
#include "tests/folder.h"

#include "tests/scene.h"
#include "tui/chat.h"
#include "tui/client.h"
#include "tui/command.h"
#include "tui/edit.h"
#include "tui/key.h"
#include "tui/keymap.h"
#include "tui/model.h"
#include "tui/outbox.h"
#include "tui/settings.h"
#include "tui/trust.h"
#include "tui/ui.h"

static const char SERVER[] = "host.example.org:8555";

static const struct fingerprint KEY = { { 7 } };

/* A client that has just been told of a key nobody knows. */
struct desk {
    char *dir;
    struct chat chat;
    struct ui ui;
    struct edit edit;
    struct settings settings;
    struct outbox *outbox;
    struct known *known;
    struct trust *trust;
    struct secure_base *secure;
};

static void meet(struct desk *d, struct fingerprint key)
{
    struct secure_peer peer = { .has_key = true,
                                .key = key,
                                .vouched = VOUCHED_NOT,
                                .version = "TLSv1.3",
                                .suite = "TLS_AES_128_GCM_SHA256" };
    char why[JUDGE_TEXT];

    if (trust_judge(d->chat.trust, &peer, why, sizeof why) == VERDICT_ASK)
        model_ask(d->chat.model, why, &key, scene_at(10));
}

static int open_desk(void **state)
{
    struct desk *d = calloc(1, sizeof *d);
    struct client_config config = { .nick = "me", .pick = PICK_TCP };
    struct trust_config trust = { .server = SERVER, .asks = true };
    struct secure_config secure = { .server = false };
    char error[256];

    assert_non_null(d);
    assert_int_equal(folder_make((void **)&d->dir), 0);
    d->known = trust.known = known_new(d->dir);
    d->trust = d->chat.trust = config.trust = trust_new(&trust);
    d->chat.secure = d->secure = secure_base_new(&secure, error, sizeof error);
    d->outbox = outbox_open(NULL, 101, error, sizeof error);
    d->chat.model = scene_model(0);
    d->chat.client = client_new(&config, d->chat.model, d->outbox);
    client_disconnect(d->chat.client, scene_at(1)); /* as a refusal does */
    option_defaults(&SETTINGS_TABLE, &d->settings);
    d->chat.settings = &d->settings;
    ui_init(&d->ui);
    d->ui.full = true;
    d->chat.ui = &d->ui;
    edit_init(&d->edit);
    d->chat.edit = &d->edit;
    meet(d, KEY);
    *state = d;
    return 0;
}

static int close_desk(void **state)
{
    struct desk *d = *state;
    char *dir = d->dir;

    client_free(d->chat.client);
    outbox_close(d->outbox);
    model_free(d->chat.model);
    trust_free(d->trust);
    secure_base_free(d->secure);
    known_free(d->known);
    option_free(&SETTINGS_TABLE, &d->settings);
    ui_fini(&d->ui);
    edit_fini(&d->edit);
    free(d);
    return folder_drop((void **)&dir);
}

static void press(struct desk *d, const char *name, unsigned second)
{
    struct key key;

    assert_true(key_parse(str_of(name), &key));
    keymap_press(&d->chat, &key, scene_at(second));
}

static void type(struct desk *d, const char *line)
{
    command_run(&d->chat, str_of(line), scene_at(20));
}

static bool is_open(const struct desk *d)
{
    return d->chat.model->question.open;
}

static bool is_known(const struct desk *d)
{
    struct known_entry entry;

    assert_int_equal(known_find(d->known, SERVER, &entry), 0);
    return entry.kind == KNOWN_KEY && fingerprint_equal(&entry.key, &KEY);
}

/* Whether it connects. */
static bool wants(struct desk *d)
{
    enum transport transport;

    return client_want(d->chat.client, &transport, scene_at(30));
}

/* Whether some notice says this. */
static bool told(const struct desk *d, const char *part)
{
    const struct history *h = model_shown(d->chat.model);

    for (size_t i = 0; i < h->n; i++)
        if (strstr(h->lines[i].text, part))
            return true;
    return false;
}

/* ---- keys ---- */

static void test_question_says_what_it_is_about(void **state)
{
    struct desk *d = *state;
    char key[FINGERPRINT_TEXT];

    fingerprint_text(&KEY, key);
    assert_true(is_open(d));
    assert_non_null(strstr(d->chat.model->question.text, key));
    assert_true(told(d, key));
    assert_true(told(d, "/trust yes"));
    assert_false(wants(d));
}

static void test_question_takes_yes(void **state)
{
    struct desk *d = *state;

    press(d, "y", 11);
    assert_false(is_open(d));
    assert_true(is_known(d));
    assert_true(wants(d));
}

static void test_question_takes_no(void **state)
{
    static const char *const NO[] = { "n", "N", "Esc", "C-c" };
    struct desk *d = *state;

    for (size_t i = 0; i < sizeof NO / sizeof *NO; i++) {
        meet(d, KEY);
        assert_true(is_open(d));
        press(d, NO[i], 12);
        assert_false(is_open(d));
        assert_false(is_known(d));
        assert_false(wants(d));
        assert_true(told(d, "was not accepted"));
    }
    assert_int_equal(d->edit.len, 0);
}

static void test_question_takes_nothing_else(void **state)
{
    static const char *const KEYS[] = { "Enter", "Tab", "Space", "x",
                                        "F1",    "Up",  "C-y",   "1" };
    struct desk *d = *state;

    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++) {
        struct key key;
        d->ui.beep = false;
        if (key_parse(str_of(KEYS[i]), &key)) {
            keymap_press(&d->chat, &key, scene_at(15));
            assert_true(d->ui.beep);
        }
        assert_true(is_open(d));
    }
    keymap_press(&d->chat, &(struct key){ .type = KT_PASTE, .paste = S("y") },
                 scene_at(15));
    assert_true(is_open(d));
    assert_false(is_known(d));
    assert_int_equal(d->edit.len, 0);
}

/* Who types a line does not mean the question that comes up in between. */
static void test_question_takes_no_answer_before_it_is_read(void **state)
{
    struct desk *d = *state;

    press(d, "y", 10);
    press(d, "n", 10);
    assert_true(is_open(d));
    assert_false(is_known(d));
    press(d, "y", 11);
    assert_true(is_known(d));
}

/* An Alt is an Esc with the next key close behind: that is no yes. */
static void test_question_takes_alt_for_esc(void **state)
{
    struct desk *d = *state;

    press(d, "M-y", 15);
    assert_false(is_open(d));
    assert_false(is_known(d));
}

static void test_question_is_asked_over_a_page(void **state)
{
    struct desk *d = *state;

    ui_show(&d->ui, "Help", S("text"));
    press(d, "y", 15);
    assert_true(is_known(d));
    assert_int_equal(d->ui.mode, UI_PAGE);
}

/* ---- commands ---- */

static void test_question_is_answered_by_command(void **state)
{
    struct desk *d = *state;

    type(d, "/trust no");
    assert_false(is_open(d));
    assert_false(is_known(d));
    assert_false(wants(d));
    type(d, "/trust yes"); /* on second thoughts */
    assert_true(is_known(d));
    assert_true(wants(d));
    type(d, "/trust yes");
    assert_true(told(d, "no question"));
}

static void test_question_is_asked_again_when_forgotten(void **state)
{
    struct desk *d = *state;
    struct fingerprint other = { { 8 } };

    type(d, "/trust yes");
    assert_true(wants(d));
    meet(d, other);
    assert_false(is_open(d)); /* changed: refused, not asked about */
    type(d, "/trust forget");
    assert_false(is_known(d));
    assert_true(told(d, "forgotten"));
    meet(d, other);
    assert_true(is_open(d));
    assert_true(fingerprint_equal(&d->chat.model->question.key, &other));
}

static void test_question_is_explained(void **state)
{
    struct desk *d = *state;
    char key[FINGERPRINT_TEXT];

    fingerprint_text(&KEY, key);
    type(d, "/trust");
    assert_int_equal(d->ui.mode, UI_PAGE);
    assert_non_null(strstr(d->ui.page, key));
    assert_non_null(strstr(d->ui.page, "TLSv1.3, TLS_AES_128_GCM_SHA256"));
    assert_non_null(strstr(d->ui.page, known_path(d->known)));
    type(d, "/trust perhaps");
    assert_true(told(d, "usage: /trust"));

    d->chat.trust = NULL;
    d->chat.secure = NULL;
    type(d, "/trust yes");
    assert_true(told(d, "nothing is encrypted"));
    type(d, "/trust");
    assert_null(strstr(d->ui.page, key));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_desk, close_desk)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_question_says_what_it_is_about),
        TEST(test_question_takes_yes),
        TEST(test_question_takes_no),
        TEST(test_question_takes_nothing_else),
        TEST(test_question_takes_no_answer_before_it_is_read),
        TEST(test_question_takes_alt_for_esc),
        TEST(test_question_is_asked_over_a_page),
        TEST(test_question_is_answered_by_command),
        TEST(test_question_is_asked_again_when_forgotten),
        TEST(test_question_is_explained),
    };

    return RUN(tests);
}
