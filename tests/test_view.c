/* SPDX-License-Identifier: MIT
 *
 * Golden screens: tests/golden/view_*.txt, made anew with UPDATE_GOLDEN=1.
 */
#include "tests/test.h"

#include <time.h>

#include "shared/rng.h"
#include "tests/scene.h"
#include "tui/canvas.h"
#include "tui/edit.h"
#include "tui/judge.h"
#include "tui/layout.h"
#include "tui/pane.h"
#include "tui/settings.h"
#include "tui/ui.h"
#include "tui/view.h"

enum { DUMP_BYTES = 1 << 16 };

/* A screen: all that view_draw looks at. */
struct stage {
    struct model *m;
    struct ui ui;
    struct edit edit;
    struct canvas canvas;
};

static void stage_open(struct stage *s, struct model *m)
{
    s->m = m;
    ui_init(&s->ui);
    s->ui.full = true;
    edit_init(&s->edit);
    canvas_init(&s->canvas, &s->ui.rule);
}

static void stage_close(struct stage *s)
{
    canvas_fini(&s->canvas);
    edit_fini(&s->edit);
    ui_fini(&s->ui);
    model_free(s->m);
}

static void draw(struct stage *s, int cols, int rows)
{
    canvas_resize(&s->canvas, cols, rows);
    s->ui.cols = cols;
    s->ui.rows = rows;
    view_draw(s->m, &s->ui, &s->edit, &s->canvas, scene_at(120));
}

static struct layout layout(const struct stage *s)
{
    return layout_of(s->m, &s->ui, &s->edit, s->ui.cols, s->ui.rows);
}

/* The picture as text, owned. */
static char *dump(const struct stage *s)
{
    char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);

    canvas_dump(&s->canvas, file);
    fprintf(file, "cursor %d,%d\n", s->canvas.cursor_col, s->canvas.cursor_row);
    fclose(file);
    return text;
}

/* Compare a picture with tests/golden/view_NAME.txt, or make that. */
static void expect(struct stage *s, const char *name, int cols, int rows)
{
    static char want[DUMP_BYTES];
    char path[512];
    const char *update = getenv("UPDATE_GOLDEN"), *root = getenv("SRCDIR");

    draw(s, cols, rows);
    char *got = dump(s);
    snprintf(path, sizeof path, "%s/tests/golden/view_%s_%dx%d.txt",
             root ? root : ".", name, cols, rows);
    FILE *file = fopen(path, update ? "w" : "r");
    if (!file)
        fail_msg("%s: no such file", path);
    if (update) {
        fputs(got, file);
    } else {
        want[fread(want, 1, sizeof want - 1, file)] = '\0';
        if (strcmp(want, got) != 0)
            fail_msg("%s differs; got:\n%s", path, got);
    }
    fclose(file);
    free(got);
}

static bool shows(struct stage *s, const char *text)
{
    char *got = dump(s);
    bool found = strstr(got, text) != NULL;

    free(got);
    return found;
}

/* ---- a busy room ---- */

static void add_people(struct model *m)
{
    scene_member(m, SCENE_ME, "me", presence_HERE);
    scene_member(m, SCENE_ANA, "ana", presence_HERE);
    scene_member(m, SCENE_LI, "李伟", presence_HERE);
    scene_member(m, 4, "bob", presence_IDLE);
    scene_member(m, 5, "mei", presence_FROZEN);
    scene_member(m, 6, "chen", presence_LATE);
    scene_member(m, 7, "sara", presence_GONE);
    scene_member(m, 8, "someone-with-a-long-name", presence_HERE);
    m->rooms[0]->member_count = 8;
    m->rooms[0]->n_members = 8;
}

static void add_rooms(struct model *m)
{
    static const char *const NAMES[] = { "lobby", "#ops", "@li", "#中文" };

    for (size_t i = 0; i < 4; i++)
        model_room_add(m, str_of(NAMES[i]));
    m->rooms[2]->unread = 12;
    m->rooms[3]->unread = m->rooms[3]->mentions = 1;
    m->rooms[4]->unread = 2;
}

static void add_lines(struct model *m)
{
    struct history *h = &m->rooms[0]->history;
    struct msg_event old =
        scene_event(1, event_MESSAGE, SCENE_LI, "李伟", "昨天的话。");

    old.ts -= 86400000u;
    scene_apply(m, old);
    scene_apply(m, scene_event(2, event_JOIN, SCENE_ANA, "ana", ""));
    scene_say(m, 3, SCENE_LI, "李伟",
              "早上好，新协议的草稿我看完了。心跳间隔五秒，丢三次算离线，这一行"
              "要折到下一行去，标点不在行首。");
    scene_say(m, 4, SCENE_ANA, "ana", "morning! any blockers?");
    scene_apply(
        m, scene_event(5, event_ACTION, 4, "bob", "waves 👍🏽 at all"));
    scene_say(m, 6, 8, "someone-with-a-long-name",
              "averyveryverylongwordwithoutanyspaceinitthatmustbesplitatthe"
              "edgeofthetextcolumnandgoeson");
    scene_say(m, 7, SCENE_ANA, "ana", "two lines:\n    indented second");
    scene_apply(m, scene_event(8, event_TOPIC, 4, "bob", "design review"));
    scene_say(m, 11, SCENE_ANA, "ana", "me: can you check the UDP path?");
    scene_say(m, 12, SCENE_ME, "me", "looking now");
    history_notice(h, S("bob is back, link was down 40 s"), SCENE_START + 9);
    scene_queue(h, 90, S("refused"));
    history_mark(h, history_own(h, m->device, 90), LINE_FAILED);
    scene_queue(h, 91, S("on its way"));
    history_mark(h, history_own(h, m->device, 91), LINE_SENT);
    scene_queue(h, 92, S("will report at 11"));
    m->rooms[0]->first_unread = 7;
    m->rooms[0]->marked = 3;
}

static void busy(struct stage *s)
{
    struct model *m = scene_model(0);

    add_people(m);
    add_rooms(m);
    add_lines(m);
    member_find(m->rooms[0], SCENE_ANA)->typing_until = NEVER;
    member_find(m->rooms[0], 4)->typing_until = NEVER;
    m->rtt_us = 18000;
    m->queued = 2;
    stage_open(s, m);
    edit_insert(&s->edit, S("我看一下日志"));
}

static void test_view_busy_room(void **state)
{
    (void)state;
    struct stage s;
    busy(&s);

    expect(&s, "busy", 80, 24);
    expect(&s, "busy", 120, 40);
    expect(&s, "busy", 40, 10);
    expect(&s, "busy", 20, 5);
    expect(&s, "busy", 19, 3);
    expect(&s, "busy", 1, 1);
    stage_close(&s);
}

/* Who is what, in a room with rules; the one who looks may only listen. */
static void ruled(struct stage *s)
{
    busy(s);
    struct room *room = s->m->rooms[0];

    room->manner = (struct manner){ .access = access_INVITE, .slow_s = 10 };
    member_find(room, SCENE_ANA)->station.role = role_OWNER;
    member_find(room, SCENE_LI)->station.role = role_MODERATOR;
    member_find(room, 8)->station.role = role_MODERATOR;
    member_find(room, SCENE_ME)->station.muted_us = NEVER;
    room->station.muted_us = NEVER;
    edit_kill_all(&s->edit);
}

static void test_view_tells_roles_and_rules(void **state)
{
    (void)state;
    struct stage s;
    ruled(&s);

    expect(&s, "rules", 80, 24);
    expect(&s, "rules", 120, 40);
    expect(&s, "rules", 40, 10);
    s.m->held_us = scene_at(120).mono_us + 7500000;
    draw(&s, 40, 10);
    assert_true(shows(&s, "2 unsent, slow mode: 8 s"));
    assert_int_equal(view_deadline(s.m, &s.ui, scene_at(120)),
                     scene_at(120).mono_us + 500000);
    edit_insert(&s.edit, S("x"));
    draw(&s, 80, 24);
    assert_true(shows(&s, "!me> x\n"));
    stage_close(&s);
}

/* Answers, edits, reactions, and what was taken back. */
static void test_view_what_became_of_lines(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, scene_model(0));
    struct msg_event ev;

    scene_say(s.m, 1, SCENE_ANA, "ana", "lunch at twelfe?");
    scene_say(s.m, 2, SCENE_LI, "李伟", "a password, oh no");
    ev = scene_event(3, event_EDIT, SCENE_ANA, "ana", "lunch at twelve?");
    ev.ref = 1;
    scene_apply(s.m, ev);
    ev = scene_event(4, event_REACT, SCENE_LI, "李伟", "+👍");
    ev.ref = 1;
    scene_apply(s.m, ev);
    ev.seq = 5;
    ev.account = SCENE_ME;
    scene_apply(s.m, ev);
    ev = scene_event(6, event_REACT, SCENE_LI, "李伟", "+late");
    ev.ref = 1;
    scene_apply(s.m, ev);
    ev = scene_event(7, event_REDACT, SCENE_LI, "李伟", "wrong window");
    ev.ref = 2;
    scene_apply(s.m, ev);
    ev = scene_event(8, event_MESSAGE, SCENE_ME, "me", "yes, gladly");
    ev.ref = 1;
    scene_apply(s.m, ev);
    ev = scene_event(9, event_MESSAGE, SCENE_LI, "李伟", "sorry");
    ev.ref = 2;
    scene_apply(s.m, ev);
    ev = scene_event(10, event_MESSAGE, SCENE_LI, "李伟", "long ago");
    ev.ref = 1000;
    scene_apply(s.m, ev);

    expect(&s, "changed", 80, 14);
    expect(&s, "changed", 36, 18);
    stage_close(&s);
}

static void test_view_offline(void **state)
{
    (void)state;
    struct stage s;
    busy(&s);
    s.m->link = LINK_OFFLINE;
    s.m->trouble = strdup("connection refused");
    s.m->retry_at = scene_at(120).mono_us + 11500000;

    expect(&s, "offline", 80, 24);
    stage_close(&s);
}

static void test_view_nowhere(void **state)
{
    (void)state;
    struct stage s;
    struct model *m = model_new();
    stage_open(&s, m);
    model_notice(m, NULL, scene_at(0), "connecting to %s", "chat.example.org");

    expect(&s, "nowhere", 80, 10);
    stage_close(&s);
}

static void test_view_scrolled(void **state)
{
    (void)state;
    struct stage s;
    busy(&s);
    draw(&s, 80, 16);
    struct layout l = layout(&s);

    assert_true(pane_scroll(s.m, &s.ui, &l, -6));

    expect(&s, "scrolled", 80, 16);
    stage_close(&s);
}

static void test_view_modes(void **state)
{
    (void)state;
    struct stage s;
    busy(&s);

    ui_enter(&s.ui, UI_ASK);
    expect(&s, "ask", 80, 12);
    ui_enter(&s.ui, UI_FIND);
    ui_query_add(&s.ui, S("review"));
    s.ui.query.hit = s.m->rooms[0]->history.lines[7].id;
    expect(&s, "find", 80, 12);
    ui_enter(&s.ui, UI_SWITCH);
    ui_query_add(&s.ui, S("o"));
    expect(&s, "switch", 80, 12);
    ui_show(&s.ui, "A page",
            S("/name ARGS              what it does, in so many words that it "
              "does not fit\nsecond\nthird\nfourth\nfifth\nsixth\nseventh\n"));
    expect(&s, "page", 60, 10);
    ui_enter(&s.ui, UI_CHAT);
    s.ui.bare = true;
    expect(&s, "bare", 50, 12);
    stage_close(&s);
}

static void test_view_draft_grows(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, scene_model(0));
    for (int i = 0; i < 9; i++)
        edit_insert(&s.edit, S("一行草稿 of the draft\n"));

    expect(&s, "draft", 60, 24);
    edit_first(&s.edit);
    expect(&s, "draft_top", 60, 24);
    stage_close(&s);
}

static void test_view_looks(void **state)
{
    (void)state;
    struct stage s;
    busy(&s);
    s.ui.timestamps = STAMP_OFF;
    s.ui.quiet = true;
    expect(&s, "plain", 80, 24);

    s.ui.timestamps = STAMP_LONG;
    s.ui.rooms = PANE_ON;
    s.ui.members = PANE_OFF;
    expect(&s, "long", 80, 24);
    stage_close(&s);
}

/* ---- what the goldens do not tell ---- */

/* The words that were looked for, wherever they stand on the page. */
static void test_view_marks_words_on_a_page(void **state)
{
    (void)state;
    struct stage s;
    busy(&s);
    ui_show(&s.ui, "Found", S("1 ana: Lunch in 北京, lunch\n2 bob: munch\n"));
    ui_mark(&s.ui, S("lunch \"北京\" "));
    draw(&s, 80, 24);
    unsigned found = 0;

    for (int i = 0; i < 80 * 24; i++)
        found += s.canvas.cells[i].style == STYLE_found;
    assert_int_equal(found, 5 + 4 + 5);
    ui_show(&s.ui, "Help", S("lunch"));
    assert_null(s.ui.words);
    stage_close(&s);
}

static void test_view_marks_hits_and_mentions(void **state)
{
    (void)state;
    struct stage s;
    busy(&s);
    ui_enter(&s.ui, UI_FIND);
    s.ui.query.hit = s.m->rooms[0]->history.lines[3].id;
    draw(&s, 80, 40);
    unsigned found = 0, mention = 0;

    for (int i = 0; i < 80 * 40; i++) {
        found += s.canvas.cells[i].style == STYLE_found;
        mention += s.canvas.cells[i].style == STYLE_mention;
    }

    assert_int_equal(found, strlen("morning! any blockers?"));
    assert_int_equal(mention, strlen("me: can you check the UDP path?"));
    stage_close(&s);
}

static struct stage long_room(struct stage *s, unsigned lines)
{
    char text[64];
    struct model *m = scene_model(0);

    for (unsigned i = 1; i <= lines; i++) {
        snprintf(text, sizeof text, "line %u%s", i, i % 7 ? "" : "\nand more");
        scene_say(m, i, SCENE_ANA, "ana", text);
    }
    stage_open(s, m);
    draw(s, 80, 24);
    return *s;
}

static void test_view_anchor_holds(void **state)
{
    (void)state;
    struct stage s;
    long_room(&s, 200);
    struct layout l = layout(&s);
    assert_true(pane_scroll(s.m, &s.ui, &l, -40));
    draw(&s, 80, 24);
    char *before = dump(&s);

    for (unsigned i = 201; i <= 230; i++)
        scene_say(s.m, i, SCENE_ANA, "ana", "new line");
    draw(&s, 50, 13);
    draw(&s, 80, 24);

    char *after = dump(&s);
    *strstr(before, "more below") = '\0'; /* that number has grown */
    *strstr(after, "more below") = '\0';
    size_t same = strlen(before) > 40 ? strlen(before) - 40 : 0;
    assert_int_equal(strncmp(before, after, same), 0);
    free(before);
    free(after);
    stage_close(&s);
}

static void test_view_scroll_reaches_both_ends(void **state)
{
    (void)state;
    struct stage s;
    long_room(&s, 200);
    struct layout l = layout(&s);

    assert_false(pane_at_top(s.m, &s.ui, &l));
    int pages = 0;
    while (pane_scroll(s.m, &s.ui, &l, -l.height + 2) && pages++ < 100)
        ;
    draw(&s, 80, 24);
    assert_true(shows(&s, "line 1\n"));
    assert_true(pane_at_top(s.m, &s.ui, &l));
    assert_in_range(pages, 10, 14);

    while (pane_scroll(s.m, &s.ui, &l, l.height - 2) && pages-- > -100)
        ;
    draw(&s, 80, 24);
    assert_true(shows(&s, "line 200\n"));
    assert_int_equal(s.ui.anchor.line, 0);
    stage_close(&s);
}

static void test_view_does_not_scroll_what_fits(void **state)
{
    (void)state;
    for (unsigned lines = 0; lines < 30; lines++) {
        struct stage s;
        long_room(&s, lines);
        struct layout l = layout(&s);
        bool fits = pane_at_top(s.m, &s.ui, &l);

        assert_int_equal(pane_scroll(s.m, &s.ui, &l, -1), !fits);
        stage_close(&s);
    }
}

static void test_view_reveals_any_line(void **state)
{
    (void)state;
    struct stage s;
    char text[32];
    long_room(&s, 120);
    struct layout l = layout(&s);

    for (unsigned i = 0; i < 120; i++) {
        pane_reveal(s.m, &s.ui, &l, i);
        draw(&s, 80, 24);
        snprintf(text, sizeof text, "line %u\n", i + 1);
        assert_true(shows(&s, text));
    }
    stage_close(&s);
}

static void test_view_deadline_only_when_it_shows(void **state)
{
    (void)state;
    struct stage s;
    struct now now = scene_at(120);
    stage_open(&s, model_new());

    s.m->link = LINK_ONLINE;
    assert_true(view_deadline(s.m, &s.ui, now) == NEVER);
    s.m->link = LINK_OFFLINE;
    s.m->retry_at = now.mono_us + 2500000;
    assert_int_equal(view_deadline(s.m, &s.ui, now), now.mono_us + 500000);
    stage_close(&s);
}

/* ---- any size, any state ---- */

static void shake(struct stage *s, struct rng *rng)
{
    struct layout l = layout(s);
    struct history *h = model_history(s->m);

    switch (rng_below(rng, 12)) {
    case 0: s->ui.bare = !s->ui.bare; break;
    case 1: s->ui.rooms = (enum pane_mode)rng_below(rng, 3); break;
    case 2: s->ui.members = (enum pane_mode)rng_below(rng, 3); break;
    case 3: s->ui.timestamps = (unsigned)rng_below(rng, 3); break;
    case 4: s->m->link = (enum link_state)rng_below(rng, 5); break;
    case 5: s->m->retry_at = rng_next(rng); break;
    case 6: ui_enter(&s->ui, (enum ui_mode)(rng_below(rng, 4) + 1)); break;
    case 7: ui_enter(&s->ui, UI_CHAT); break;
    case 8: edit_insert(&s->edit, S("草稿 draft\n")); break;
    case 9: edit_kill_all(&s->edit); break;
    case 10:
        if (h->n > 0)
            pane_reveal(s->m, &s->ui, &l, rng_below(rng, h->n));
        break;
    default: pane_scroll(s->m, &s->ui, &l, (int)rng_below(rng, 61) - 30); break;
    }
    if (s->ui.mode == UI_PAGE && !s->ui.page)
        ui_show(&s->ui, "t", S("a\nb\nc\nsome longer line of the page"));
}

static void test_view_survives_any_size_and_state(void **state)
{
    (void)state;
    uint64_t seed = test_seed(1);
    struct rng rng = { seed };
    struct stage s;
    busy(&s);
    s.ui.cols = 80;
    s.ui.rows = 24;
    print_message("SEED=%ju\n", (uintmax_t)seed);

    for (unsigned i = 0; i < 4000; i++) {
        struct msg_event ev = scene_event(13 + i, (unsigned)rng_below(&rng, 9),
                                          rng_below(&rng, 9), "ana", "x 中 y");
        ev.ts = rng_below(&rng, 20) ? ev.ts : rng_next(&rng);
        if (rng_below(&rng, 4) == 0)
            scene_apply(s.m, ev);
        shake(&s, &rng);
        bool wide = rng_below(&rng, 3) == 0;
        draw(&s, 1 + (int)rng_below(&rng, wide ? 300 : 60),
             1 + (int)rng_below(&rng, wide ? 100 : 16));
        assert_in_range(s.canvas.cursor_col + 1, 0, s.canvas.cols);
        assert_in_range(s.canvas.cursor_row + 1, 0, s.canvas.rows);
    }
    stage_close(&s);
}

/* A server that nobody knows; its name is as long as most. */
static void ask_for_trust(struct stage *s, enum vouched vouched)
{
    struct judgement j = { VERDICT_ASK, REASON_FIRST };
    struct judge_words words = { .server = "chat.example.org:8555",
                                 .key = { "a key that is 32 bytes long...." },
                                 .vouched = vouched };
    char text[JUDGE_TEXT];

    judge_text(j, &words, text, sizeof text);
    model_ask(s->m, text, &words.key, scene_at(119));
    s->m->link = LINK_OFFLINE;
    s->m->retry_at = NEVER;
}

static void test_view_asks_whether_a_key_is_the_right_one(void **state)
{
    (void)state;
    struct stage s;
    busy(&s);
    ask_for_trust(&s, VOUCHED_NOT);

    expect(&s, "trust", 80, 24);
    expect(&s, "trust", 40, 10);
    s.ui.bare = true;
    expect(&s, "trust", 40, 10);
    s.ui.bare = false;
    draw(&s, 20, 4);
    assert_true(shows(&s, "Trust this key?"));
    question_close(&s.m->question, false);
    draw(&s, 80, 24);
    assert_true(shows(&s, "/trust yes"));
    assert_false(shows(&s, "y: yes"));
    stage_close(&s);
}

/* At the very start there is no room yet. */
static void test_view_asks_before_there_is_a_room(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, model_new());
    ask_for_trust(&s, VOUCHED_EXPIRED);

    expect(&s, "trust_first", 80, 12);
    stage_close(&s);
}

/* What stands behind a text stands behind it, TABs or not. */
static void test_view_puts_marks_behind_tabs(void **state)
{
    (void)state;
    struct stage s;
    struct msg_event ev =
        scene_event(1, event_MESSAGE, SCENE_ANA, "ana", "a\tb\tlast");
    ev.edited = 1;
    stage_open(&s, scene_model(0));
    scene_apply(s.m, ev);

    draw(&s, 80, 24);
    char *text = dump(&s);
    assert_non_null(strstr(text, "last (edited)"));
    free(text);
    stage_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_view_puts_marks_behind_tabs),
        cmocka_unit_test(test_view_busy_room),
        cmocka_unit_test(test_view_tells_roles_and_rules),
        cmocka_unit_test(test_view_what_became_of_lines),
        cmocka_unit_test(test_view_offline),
        cmocka_unit_test(test_view_nowhere),
        cmocka_unit_test(test_view_scrolled),
        cmocka_unit_test(test_view_modes),
        cmocka_unit_test(test_view_draft_grows),
        cmocka_unit_test(test_view_looks),
        cmocka_unit_test(test_view_marks_words_on_a_page),
        cmocka_unit_test(test_view_marks_hits_and_mentions),
        cmocka_unit_test(test_view_anchor_holds),
        cmocka_unit_test(test_view_scroll_reaches_both_ends),
        cmocka_unit_test(test_view_does_not_scroll_what_fits),
        cmocka_unit_test(test_view_reveals_any_line),
        cmocka_unit_test(test_view_deadline_only_when_it_shows),
        cmocka_unit_test(test_view_survives_any_size_and_state),
        cmocka_unit_test(test_view_asks_whether_a_key_is_the_right_one),
        cmocka_unit_test(test_view_asks_before_there_is_a_room),
    };

    setenv("TZ", "UTC", 1);
    tzset();
    return RUN(tests);
}
