/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include "shared/rng.h"
#include "tests/scene.h"
#include "tui/canvas.h"
#include "tui/chat.h"
#include "tui/client.h"
#include "tui/complete.h"
#include "tui/edit.h"
#include "tui/key.h"
#include "tui/keymap.h"
#include "tui/model.h"
#include "tui/outbox.h"
#include "tui/settings.h"
#include "tui/ui.h"
#include "tui/view.h"

/* A full screen without terminal and server. */
struct desk {
    struct chat chat;
    struct ui ui;
    struct edit edit;
    struct completion completion;
    struct settings settings;
    struct outbox *outbox;
};

static int open_desk(void **state)
{
    struct desk *d = calloc(1, sizeof *d);
    struct client_config config = { .nick = "me", .token = { NULL, 0 } };
    char error[256];

    d->outbox = outbox_open(NULL, 101, error, sizeof error);
    d->chat.model = scene_model(0);
    d->chat.client = client_new(&config, d->chat.model, d->outbox);
    option_defaults(&SETTINGS_TABLE, &d->settings);
    d->chat.settings = &d->settings;
    ui_init(&d->ui);
    d->ui.full = true;
    d->chat.ui = &d->ui;
    edit_init(&d->edit);
    d->chat.edit = &d->edit;
    d->chat.completion = &d->completion;
    *state = d;
    return 0;
}

static int close_desk(void **state)
{
    struct desk *d = *state;

    client_free(d->chat.client);
    outbox_close(d->outbox);
    model_free(d->chat.model);
    option_free(&SETTINGS_TABLE, &d->settings);
    ui_fini(&d->ui);
    edit_fini(&d->edit);
    complete_fini(&d->completion);
    free(d);
    return 0;
}

static void press(struct desk *d, const char *name)
{
    struct key key;

    assert_true(key_parse(str_of(name), &key));
    keymap_press(&d->chat, &key, scene_at(1));
}

/* ASCII text, key by key. */
static void type(struct desk *d, const char *text)
{
    for (; *text; text++) {
        struct key key = { .type = KT_CHAR, .code = (unsigned char)*text };
        keymap_press(&d->chat, &key, scene_at(1));
    }
}

static void paste(struct desk *d, const char *text)
{
    struct key key = { .type = KT_PASTE, .paste = str_of(text) };

    keymap_press(&d->chat, &key, scene_at(1));
}

static const char *draft(struct desk *d)
{
    static char text[4096];

    snprintf(text, sizeof text, "%.*s", STR_ARG(edit_text(&d->edit)));
    return text;
}

static const char *sent(struct desk *d, size_t i)
{
    const struct entry *entry = outbox_at(d->outbox, i);

    return entry ? entry->text : "";
}

static const char *here(struct desk *d)
{
    const struct room *room = model_here(d->chat.model);

    return room ? room->name : "";
}

/* ---- the table ---- */

static struct key row_key(size_t i)
{
    struct key key = { .type = KT_CHAR };

    if (!key_parse(str_of(KEYMAP[i].key), &key))
        fail_msg("%s is no key", KEYMAP[i].key);
    return key;
}

static size_t first_row(const struct key *key)
{
    for (size_t i = 0; i < KEYMAP_LEN; i++) {
        struct key other = row_key(i);
        if (key_same(key, &other))
            return i;
    }
    return KEYMAP_LEN;
}

static void test_keymap_names_each_key_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < KEYMAP_LEN; i++) {
        char name[KEY_NAME_MAX];
        struct key key = row_key(i);
        key_label(&key, name);
        assert_string_equal(name, KEYMAP[i].key);
        assert_int_equal(first_row(&key), i);
    }
}

static void test_keymap_rows_are_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < KEYMAP_LEN; i++)
        assert_true(!KEYMAP[i].run != !KEYMAP[i].edit);
    assert_true(KEYMAP[0].help[0]);
}

static void test_keymap_dispatches_every_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < KEYMAP_LEN; i++) {
        void *desk;
        open_desk(&desk);
        struct desk *d = desk;
        model_room_add(d->chat.model, S("#other"));
        edit_insert(&d->edit, S("some text"));
        d->ui.dirty = false;
        press(d, KEYMAP[i].key);
        assert_true(d->ui.dirty);
        assert_true(strlen(draft(d)) < 20); /* it was not typed as text */
        close_desk(&desk);
    }
}

static void test_keymap_helps(void **state)
{
    (void)state;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    keymap_help(out);
    fclose(out);

    assert_non_null(strstr(text, "C-w, M-Backspace  kill the word"));
    assert_non_null(strstr(text, "Enter         send the line"));
    free(text);
}

/* ---- typing ---- */

static void test_keymap_types_and_sends(void **state)
{
    struct desk *d = *state;

    type(d, "hallo");
    press(d, "Backspace");
    type(d, "o!");
    assert_string_equal(draft(d), "hallo!");
    press(d, "Enter");

    assert_string_equal(draft(d), "");
    assert_string_equal(sent(d, 0), "hallo!");
    press(d, "Enter");
    assert_int_equal(outbox_len(d->outbox), 1);
    press(d, "Up");
    assert_string_equal(draft(d), "hallo!");
}

static void test_keymap_gives_a_wrong_command_back(void **state)
{
    struct desk *d = *state;

    type(d, "/jion #x");
    press(d, "Enter");

    assert_string_equal(draft(d), "/jion #x");
    assert_int_equal(outbox_len(d->outbox), 0);
}

static void test_keymap_alt_enter_makes_lines(void **state)
{
    struct desk *d = *state;

    type(d, "a");
    press(d, "M-Enter");
    type(d, "b");
    press(d, "C-j");
    type(d, "c");
    press(d, "Enter");

    assert_string_equal(sent(d, 0), "a\nb\nc");
    assert_int_equal(outbox_len(d->outbox), 1);
}

static void test_keymap_asks_before_a_big_paste(void **state)
{
    struct desk *d = *state;

    paste(d, "1\n2\n3\n4\n5");
    press(d, "Enter");
    assert_int_equal(outbox_len(d->outbox), 1);

    paste(d, "1\n2\n3\n4\n5\n6");
    press(d, "Enter");
    assert_int_equal(d->ui.mode, UI_ASK);
    assert_int_equal(outbox_len(d->outbox), 1);
    type(d, "x");
    assert_int_equal(d->ui.mode, UI_ASK);
    type(d, "n");
    assert_string_equal(draft(d), "1\n2\n3\n4\n5\n6");
    press(d, "Enter");
    type(d, "y");

    assert_int_equal(outbox_len(d->outbox), 2);
    assert_string_equal(sent(d, 1), "1\n2\n3\n4\n5\n6");
    /* What is typed after it is not asked about. */
    type(d, "next");
    press(d, "Enter");
    assert_int_equal(outbox_len(d->outbox), 3);
}

static void test_keymap_paste_is_only_text(void **state)
{
    struct desk *d = *state;

    paste(d, "/quit\n/quit");

    assert_false(d->chat.quit);
    assert_string_equal(draft(d), "/quit\n/quit");
    assert_int_equal(outbox_len(d->outbox), 0);
}

static void test_keymap_ctrl_c_kills_then_asks(void **state)
{
    struct desk *d = *state;

    type(d, "a draft");
    press(d, "C-c");
    assert_string_equal(draft(d), "");
    assert_int_equal(d->ui.mode, UI_CHAT);
    press(d, "C-y");
    assert_string_equal(draft(d), "a draft");
    press(d, "C-c");
    press(d, "C-c");
    assert_int_equal(d->ui.mode, UI_ASK);
    press(d, "Esc");
    assert_int_equal(d->ui.mode, UI_CHAT);
    assert_false(d->chat.quit);
    press(d, "C-c");
    type(d, "y");

    assert_true(d->chat.quit);
}

static void test_keymap_esc_harms_nothing(void **state)
{
    struct desk *d = *state;
    type(d, "a draft");

    for (int i = 0; i < 5; i++)
        press(d, "Esc");

    assert_string_equal(draft(d), "a draft");
    assert_false(d->chat.quit);
}

static void test_keymap_recalls_by_search(void **state)
{
    struct desk *d = *state;
    type(d, "the first");
    press(d, "Enter");
    type(d, "second");
    press(d, "Enter");

    press(d, "C-r");
    type(d, "fir");
    press(d, "Enter");

    assert_string_equal(draft(d), "the first");
    assert_int_equal(outbox_len(d->outbox), 2);
}

/* ---- rooms ---- */

static void test_keymap_goes_from_room_to_room(void **state)
{
    struct desk *d = *state;
    model_room_add(d->chat.model, S("#b"));
    model_room_add(d->chat.model, S("#c"));
    type(d, "draft of room");

    press(d, "C-n");
    assert_string_equal(here(d), "#b");
    assert_string_equal(draft(d), "");
    type(d, "b's");
    press(d, "M-3");
    assert_string_equal(here(d), "#c");
    press(d, "M-/");
    assert_string_equal(here(d), "#b");
    assert_string_equal(draft(d), "b's");
    press(d, "C-p");
    assert_string_equal(here(d), "#room");
    assert_string_equal(draft(d), "draft of room");
    press(d, "M-Left");
    assert_string_equal(here(d), "#c");
    press(d, "M-9");
    assert_string_equal(here(d), "#c");
    d->chat.model->rooms[0]->unread = 5;
    d->chat.model->rooms[1]->unread = d->chat.model->rooms[1]->mentions = 1;
    press(d, "M-a");
    assert_string_equal(here(d), "#b");
    press(d, "M-a");
    assert_string_equal(here(d), "#room");
}

static void test_keymap_switches_by_letters(void **state)
{
    struct desk *d = *state;
    model_room_add(d->chat.model, S("#design"));
    model_room_add(d->chat.model, S("#debian"));

    press(d, "M-k");
    type(d, "dn");
    press(d, "Enter");
    assert_string_equal(here(d), "#design");
    press(d, "M-k");
    type(d, "de");
    press(d, "Down");
    press(d, "Enter");
    assert_string_equal(here(d), "#debian");
    press(d, "M-k");
    type(d, "zzz");
    press(d, "Enter");
    assert_string_equal(here(d), "#debian");
    assert_int_equal(d->ui.mode, UI_CHAT);
}

/* ---- reading ---- */

static void test_keymap_searches_the_room(void **state)
{
    struct desk *d = *state;
    scene_say(d->chat.model, 1, SCENE_ANA, "ana", "a needle");
    scene_say(d->chat.model, 2, SCENE_ANA, "ana", "another Needle");
    scene_say(d->chat.model, 3, SCENE_ANA, "ana", "hay");
    const struct line *lines = model_shown(d->chat.model)->lines;

    press(d, "C-s");
    type(d, "need");
    assert_int_equal(d->ui.query.hit, lines[1].id);
    press(d, "C-s");
    assert_int_equal(d->ui.query.hit, lines[0].id);
    press(d, "C-s");
    assert_true(d->ui.query.failed);
    assert_int_equal(d->ui.query.hit, lines[0].id);
    press(d, "Esc");

    assert_int_equal(d->ui.mode, UI_CHAT);
    assert_string_equal(draft(d), "");
}

static void test_keymap_pages_help(void **state)
{
    struct desk *d = *state;

    press(d, "F1");
    assert_int_equal(d->ui.mode, UI_PAGE);
    press(d, "PgDn");
    assert_true(d->ui.page_top > 0);
    press(d, "PgUp");
    assert_int_equal(d->ui.page_top, 0);
    for (int i = 0; i < 100; i++)
        press(d, "PgDn");
    type(d, "q");

    assert_int_equal(d->ui.mode, UI_CHAT);
    assert_string_equal(draft(d), "");
}

static void test_keymap_esc_and_a_key_close_behind(void **state)
{
    struct desk *d = *state;

    press(d, "F1");
    press(d, "M-/"); /* Esc / */
    type(d, "me hurries");
    press(d, "Enter");

    assert_int_equal(d->ui.mode, UI_CHAT);
    assert_string_equal(sent(d, 0), "hurries");
}

static void test_keymap_focus_marks_as_read(void **state)
{
    struct desk *d = *state;
    struct key lost = { .type = KT_FOCUS, .code = 0 };
    struct key gained = { .type = KT_FOCUS, .code = 1 };

    keymap_press(&d->chat, &lost, scene_at(1));
    scene_say(d->chat.model, 1, SCENE_ANA, "ana", "psst");
    assert_int_equal(d->chat.model->rooms[0]->unread, 1);
    keymap_press(&d->chat, &gained, scene_at(2));

    assert_int_equal(d->chat.model->rooms[0]->unread, 0);
    assert_int_equal(d->chat.model->rooms[0]->first_unread, 1);

    /* What comes while they look again is not new, what comes later is. */
    scene_say(d->chat.model, 2, SCENE_ANA, "ana", "hello");
    keymap_press(&d->chat, &lost, scene_at(3));
    scene_say(d->chat.model, 3, SCENE_ANA, "ana", "still there?");
    scene_say(d->chat.model, 4, SCENE_ANA, "ana", "no?");
    assert_int_equal(d->chat.model->rooms[0]->first_unread, 3);
    press(d, "x"); /* who types looks, whatever the terminal says */
    assert_true(d->chat.model->looking);
    assert_int_equal(d->chat.model->rooms[0]->first_unread, 3);
    assert_int_equal(d->chat.model->rooms[0]->marked, 2);
}

/* ---- any keys ---- */

static void any_key(struct desk *d, struct rng *rng)
{
    static const char *const PASTES[] = { "x",    "a\nb",     "/quit", "#room",
                                          "中文", "\xff\033", "" };
    struct key key = { .type = KT_CHAR, .code = 'a' };

    switch (rng_below(rng, 6)) {
    case 0:
        key.code = (uint32_t)rng_below(rng, 0x3000);
        key.mods = (unsigned)rng_below(rng, 8);
        break;
    case 1:
        key.type = KT_NAMED;
        key.code = (uint32_t)rng_below(rng, K_F12 + 1);
        key.mods = (unsigned)rng_below(rng, 8);
        break;
    case 2:
        key.type = KT_PASTE;
        key.paste = str_of(PASTES[rng_below(rng, 7)]);
        break;
    default:
        key_parse(str_of(KEYMAP[rng_below(rng, KEYMAP_LEN)].key), &key);
        break;
    }
    keymap_press(&d->chat, &key, scene_at(1));
}

static void test_keymap_survives_any_keys(void **state)
{
    struct desk *d = *state;
    uint64_t seed = test_seed(1);
    struct rng rng = { seed };
    struct canvas canvas;
    canvas_init(&canvas, &d->ui.rule);
    print_message("SEED=%ju\n", (uintmax_t)seed);

    for (int i = 0; i < 30000; i++) {
        any_key(d, &rng);
        if (rng_below(&rng, 4) == 0)
            scene_say(d->chat.model, (uint64_t)i + 1, rng_below(&rng, 4), "ana",
                      "me, hello");
        if (rng_below(&rng, 20) == 0)
            model_room_add(d->chat.model, S("#more"));
        d->ui.cols = 1 + (int)rng_below(&rng, 130);
        d->ui.rows = 1 + (int)rng_below(&rng, 40);
        canvas_resize(&canvas, d->ui.cols, d->ui.rows);
        view_draw(d->chat.model, &d->ui, &d->edit, &canvas, scene_at(2));
    }
    canvas_fini(&canvas);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_desk, close_desk)

/* ---- lines that were said ---- */

static void hold_lines(struct desk *d)
{
    scene_say(d->chat.model, 1, SCENE_ANA, "ana", "first of ana");
    scene_say(d->chat.model, 2, SCENE_ME, "me", "of mine");
    scene_say(d->chat.model, 3, SCENE_ANA, "ana", "second of ana");
}

static void test_keymap_picks_lines(void **state)
{
    struct desk *d = *state;

    hold_lines(d);
    press(d, "M-Up");
    press(d, "M-Up");
    press(d, "M-Up");
    press(d, "M-r");
    type(d, "to the first");
    press(d, "Enter");
    assert_int_equal(outbox_at(d->outbox, 0)->ref, 1);
    assert_string_equal(sent(d, 0), "to the first");
    assert_int_equal(d->ui.pick, 0);

    press(d, "M-Up");
    press(d, "M-Down");
    assert_int_equal(d->ui.pick, 0);
    press(d, "M-r");
    type(d, "to the last");
    press(d, "Enter");
    assert_int_equal(outbox_at(d->outbox, 1)->ref, 3);
}

static void test_keymap_loads_an_own_line(void **state)
{
    struct desk *d = *state;

    hold_lines(d);
    press(d, "M-e");
    assert_string_equal(draft(d), "/edit of mine");
    type(d, ", too");
    press(d, "Enter");
    assert_int_equal(outbox_at(d->outbox, 0)->kind, ENTRY_EDIT);
    assert_int_equal(outbox_at(d->outbox, 0)->ref, 2);
    assert_string_equal(sent(d, 0), "of mine, too");
    type(d, "a draft");
    press(d, "M-e");
    assert_string_equal(draft(d), "a draft");
}

/* What is loaded is what is changed, whatever is said meanwhile. */
static void test_keymap_changes_the_line_it_loaded(void **state)
{
    struct desk *d = *state;

    hold_lines(d);
    scene_say(d->chat.model, 4, SCENE_ME, "me", "^_^ of mine");
    type(d, "/edit ^2");
    press(d, "Enter");
    assert_string_equal(draft(d), "/edit of mine");
    scene_say(d->chat.model, 5, SCENE_ME, "me", "from another device");
    type(d, ", too");
    press(d, "Enter");
    assert_int_equal(outbox_at(d->outbox, 0)->ref, 2);
    assert_string_equal(sent(d, 0), "of mine, too");
    assert_int_equal(d->ui.pick, 0);

    type(d, "/edit ^2"); /* it begins like the name of a line */
    press(d, "Enter");
    assert_string_equal(draft(d), "/edit ^ ^_^ of mine");
    press(d, "Enter");
    assert_int_equal(outbox_at(d->outbox, 1)->ref, 4);
    assert_string_equal(sent(d, 1), "^_^ of mine");
}

static void test_keymap_keeps_what_a_draft_is_about(void **state)
{
    struct desk *d = *state;

    hold_lines(d);
    scene_say(d->chat.model, 4, SCENE_ME, "me", "newer");
    model_room_add(d->chat.model, S("#other"));
    type(d, "/edit ^2");
    press(d, "Enter");
    press(d, "M-2");
    assert_int_equal(d->ui.pick, 0);
    press(d, "M-1");
    assert_string_equal(draft(d), "/edit of mine");
    press(d, "Enter");
    assert_int_equal(outbox_at(d->outbox, 0)->ref, 2);

    type(d, "/edit ^2");
    press(d, "Enter");
    press(d, "C-c");
    type(d, "/edit the newest");
    press(d, "Enter");
    assert_int_equal(outbox_at(d->outbox, 1)->ref, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keymap_names_each_key_once),
        cmocka_unit_test(test_keymap_rows_are_whole),
        cmocka_unit_test(test_keymap_dispatches_every_row),
        cmocka_unit_test(test_keymap_helps),
        TEST(test_keymap_picks_lines),
        TEST(test_keymap_loads_an_own_line),
        TEST(test_keymap_changes_the_line_it_loaded),
        TEST(test_keymap_keeps_what_a_draft_is_about),
        TEST(test_keymap_types_and_sends),
        TEST(test_keymap_gives_a_wrong_command_back),
        TEST(test_keymap_alt_enter_makes_lines),
        TEST(test_keymap_asks_before_a_big_paste),
        TEST(test_keymap_paste_is_only_text),
        TEST(test_keymap_ctrl_c_kills_then_asks),
        TEST(test_keymap_esc_harms_nothing),
        TEST(test_keymap_recalls_by_search),
        TEST(test_keymap_goes_from_room_to_room),
        TEST(test_keymap_switches_by_letters),
        TEST(test_keymap_searches_the_room),
        TEST(test_keymap_pages_help),
        TEST(test_keymap_esc_and_a_key_close_behind),
        TEST(test_keymap_focus_marks_as_read),
        TEST(test_keymap_survives_any_keys),
    };

    return RUN(tests);
}
