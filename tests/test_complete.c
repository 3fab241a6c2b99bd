/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include "tests/scene.h"
#include "tui/complete.h"
#include "tui/edit.h"

/* A line being typed in a room with people. */
struct desk {
    struct model *m;
    struct edit edit;
    struct completion c;
};

static int open_desk(void **state)
{
    struct desk *d = calloc(1, sizeof *d);

    d->m = scene_model(0);
    scene_member(d->m, SCENE_ME, "me", presence_HERE);
    scene_member(d->m, SCENE_ANA, "ana", presence_HERE);
    scene_member(d->m, SCENE_LI, "李伟", presence_HERE);
    scene_member(d->m, 4, "Andrew", presence_HERE);
    scene_member(d->m, 5, "李娜", presence_HERE);
    model_room_add(d->m, S("#design"));
    model_room_add(d->m, S("#中文"));
    edit_init(&d->edit);
    *state = d;
    return 0;
}

static int close_desk(void **state)
{
    struct desk *d = *state;

    complete_fini(&d->c);
    edit_fini(&d->edit);
    model_free(d->m);
    free(d);
    return 0;
}

/* The line after Tab; static. */
static const char *tab(struct desk *d, bool back)
{
    static char line[256];

    complete_step(&d->c, &d->edit, d->m, back);
    snprintf(line, sizeof line, "%.*s", STR_ARG(edit_text(&d->edit)));
    return line;
}

static void test_complete_nicks_recent_first(void **state)
{
    struct desk *d = *state;
    edit_insert(&d->edit, S("a"));

    assert_string_equal(tab(d, false), "Andrew: ");
    assert_string_equal(tab(d, false), "ana: ");
    assert_string_equal(tab(d, false), "a");
    assert_string_equal(tab(d, false), "Andrew: ");
    assert_string_equal(tab(d, true), "a");
    assert_string_equal(tab(d, true), "ana: ");

    scene_say(d->m, 1, SCENE_ANA, "ana", "I spoke last");
    edit_set(&d->edit, S("A"));
    assert_string_equal(tab(d, false), "ana: ");
}

static void test_complete_in_the_middle(void **state)
{
    struct desk *d = *state;
    edit_insert(&d->edit, S("ask an please"));
    for (int i = 0; i < 7; i++)
        edit_left(&d->edit);

    assert_string_equal(tab(d, false), "ask Andrew  please");
    assert_int_equal(d->edit.cursor, strlen("ask Andrew "));
}

static void test_complete_chinese_names(void **state)
{
    struct desk *d = *state;
    edit_insert(&d->edit, S("李"));

    assert_string_equal(tab(d, false), "李伟: ");
    assert_string_equal(tab(d, false), "李娜: ");
    edit_set(&d->edit, S("@李娜"));
    assert_string_equal(tab(d, false), "@李娜 ");
}

static void test_complete_commands_and_rooms(void **state)
{
    struct desk *d = *state;

    edit_set(&d->edit, S("/jo"));
    assert_string_equal(tab(d, false), "/join ");
    edit_set(&d->edit, S("／jo"));
    assert_string_equal(tab(d, false), "/join ");
    edit_set(&d->edit, S("/join #d"));
    assert_string_equal(tab(d, false), "/join #design ");
    edit_set(&d->edit, S("/go #中"));
    assert_string_equal(tab(d, false), "/go #中文 ");
    edit_set(&d->edit, S("/msg an"));
    assert_string_equal(tab(d, false), "/msg Andrew ");
}

static void test_complete_nothing_changes_nothing(void **state)
{
    struct desk *d = *state;

    edit_set(&d->edit, S("zzz"));
    assert_false(complete_step(&d->c, &d->edit, d->m, false));
    assert_string_equal(tab(d, true), "zzz");
    edit_set(&d->edit, S("#nosuch"));
    assert_false(complete_step(&d->c, &d->edit, d->m, false));
}

static void test_complete_never_offers_oneself(void **state)
{
    struct desk *d = *state;

    edit_set(&d->edit, S("m"));
    assert_false(complete_step(&d->c, &d->edit, d->m, false));
}

static void test_complete_begins_anew_after_typing(void **state)
{
    struct desk *d = *state;
    edit_insert(&d->edit, S("a"));
    tab(d, false);

    edit_insert(&d->edit, S("l"));

    assert_false(complete_step(&d->c, &d->edit, d->m, false));
    assert_string_equal(tab(d, false), "Andrew: l");
}

static void test_complete_without_a_room(void **state)
{
    (void)state;
    struct model *m = model_new();
    struct edit edit;
    struct completion c = { 0 };
    edit_init(&edit);

    assert_false(complete_step(&c, &edit, m, false));

    complete_fini(&c);
    edit_fini(&edit);
    model_free(m);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_desk, close_desk)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_complete_nicks_recent_first),
        TEST(test_complete_in_the_middle),
        TEST(test_complete_chinese_names),
        TEST(test_complete_commands_and_rooms),
        TEST(test_complete_nothing_changes_nothing),
        TEST(test_complete_never_offers_oneself),
        TEST(test_complete_begins_anew_after_typing),
        cmocka_unit_test(test_complete_without_a_room),
    };

    return RUN(tests);
}
