/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include "shared/rng.h"
#include "tests/scene.h"
#include "tui/chat.h"
#include "tui/client.h"
#include "tui/command.h"
#include "tui/model.h"
#include "tui/outbox.h"
#include "tui/settings.h"
#include "tui/ui.h"

/* A client without a server, in "#room". */
struct desk {
    struct chat chat;
    struct ui ui;
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
    d->chat.ui = &d->ui;
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
    free(d);
    return 0;
}

static bool type(struct desk *d, const char *line)
{
    return command_run(&d->chat, str_of(line), scene_at(1));
}

/* The newest line of the current room; "" when there is none. */
static const char *answer(struct desk *d)
{
    const struct history *h = model_shown(d->chat.model);

    return h->n > 0 ? h->lines[h->n - 1].text : "";
}

static bool answers(struct desk *d, const char *part)
{
    return strstr(answer(d), part) != NULL;
}

/* The i-th command given to the server; an empty one past the end. */
static struct entry sent(struct desk *d, size_t i)
{
    static char empty[] = "";
    const struct entry *entry = outbox_at(d->outbox, i);

    return entry ? *entry : (struct entry){ .room = empty, .text = empty };
}

/* ---- what is said ---- */

static void test_command_says_plain_lines(void **state)
{
    struct desk *d = *state;

    assert_true(type(d, "hello there"));
    assert_true(type(d, "//etc is a folder"));
    assert_true(type(d, "/me waves"));
    assert_true(type(d, "／me 挥手"));

    assert_string_equal(sent(d, 0).text, "hello there");
    assert_string_equal(sent(d, 0).room, "#room");
    assert_int_equal(sent(d, 0).event, event_MESSAGE);
    assert_string_equal(sent(d, 1).text, "/etc is a folder");
    assert_string_equal(sent(d, 2).text, "waves");
    assert_int_equal(sent(d, 2).event, event_ACTION);
    assert_string_equal(sent(d, 3).text, "挥手");
    assert_string_equal(answer(d), "挥手");
}

static void test_command_never_says_what_looks_like_one(void **state)
{
    struct desk *d = *state;
    static const char *const LINES[] = { "/nosuch thing", " /quit",    "/",
                                         "  ／join #x",   "/ join #x", "/nick",
                                         "/msg ana",      "/qui",      "/par" };

    for (size_t i = 0; i < sizeof LINES / sizeof LINES[0]; i++) {
        assert_false(type(d, LINES[i]));
        assert_int_equal(outbox_len(d->outbox), 0);
        assert_true(answer(d)[0]);
    }
    assert_false(d->chat.quit);
}

static void test_command_says_nothing_for_who_is_muted(void **state)
{
    struct desk *d = *state;
    static const char *const LINES[] = { "hello", "/me waves", "/reply hi",
                                         "/edit hi", "/react +1" };
    struct station *station = &d->chat.model->rooms[0]->station;
    scene_say(d->chat.model, 1, SCENE_ME, "me", "hello");
    station->muted_us = NEVER;

    for (size_t i = 0; i < sizeof LINES / sizeof LINES[0]; i++) {
        type(d, "/clear");
        type(d, LINES[i]);
        assert_true(answers(d, "not sent: you may only listen here"));
    }
    assert_false(type(d, "hello")); /* the draft stays */
    assert_int_equal(outbox_len(d->outbox), 0);
    station->role = role_MODERATOR; /* who is not bound by it */
    assert_true(type(d, "hello"));
    station->role = role_MEMBER;
    d->chat.model->link = LINK_OFFLINE; /* who knows what will be then */
    assert_true(type(d, "later"));
    assert_int_equal(outbox_len(d->outbox), 2);
}

/* What only the server knows is not asked for in silence while offline. */
static void test_command_says_that_it_is_offline(void **state)
{
    struct desk *d = *state;
    static const char *const LINES[] = { "/rooms", "/pins", "/ban",
                                         "/history" };

    hits_begin(&d->chat.model->hits, &(struct msg_search){ .text = S("old") });
    d->chat.model->link = LINK_OFFLINE;
    for (size_t i = 0; i < sizeof LINES / sizeof LINES[0]; i++) {
        type(d, "/clear");
        type(d, LINES[i]);
        assert_true(answers(d, "not connected"));
    }
    assert_string_equal(d->chat.model->hits.text, "old");
}

/* A number alone is no time: it would be for good, and it the reason. */
static void test_command_asks_for_the_unit_of_a_time(void **state)
{
    struct desk *d = *state;

    type(d, "/mute ana 60 too loud");
    assert_true(answers(d, "60 of what?"));
    assert_int_equal(d->chat.model->queued, 0);
    type(d, "/mute ana 60s too loud");
    assert_int_equal(d->chat.model->queued, 1);
    type(d, "/mute ana too loud");
    assert_int_equal(d->chat.model->queued, 2);
}

static void test_command_says_why_nothing_older_comes(void **state)
{
    struct desk *d = *state;
    struct room *room = d->chat.model->rooms[0];

    scene_say(d->chat.model, 5, SCENE_ANA, "ana", "hello");
    room->history.start = false;
    room->wait_us = scene_at(9).mono_us;
    type(d, "/history");
    assert_true(answers(d, "on their way"));
    room->wait_us = 0;
    room->history.max = 1;
    type(d, "/history");
    assert_true(answers(d, "/clear makes room"));
    room->history.start = true;
    type(d, "/history");
    assert_true(answers(d, "nothing older"));
}

static void test_command_tells_how_the_room_is(void **state)
{
    struct desk *d = *state;
    struct room *room = d->chat.model->rooms[0];
    room->manner.access = access_SECRET;
    room->station.role = role_OWNER;

    type(d, "/mode");
    assert_true(answers(d, "#room: only who was invited"));
    assert_true(answers(d, "you are an owner here"));
    type(d, "/room");
    assert_true(answers(d, "you are an owner here"));
    assert_int_equal(outbox_len(d->outbox), 0);
}

/* Line by line a room is described when it is entered, and once. */
static void test_command_line_mode_introduces_rooms(void **state)
{
    struct desk *d = *state;
    struct room *room = d->chat.model->rooms[0];

    chat_turn(&d->chat, scene_at(1));
    assert_string_equal(answer(d), "");
    room->station.role = role_MODERATOR;
    chat_turn(&d->chat, scene_at(1));
    assert_true(answers(d, "you are a moderator here"));
    size_t n = room->history.n;
    room->station.role = role_OWNER;
    chat_turn(&d->chat, scene_at(2));
    assert_int_equal(room->history.n, n);
}

static void test_command_names_people_in_words(void **state)
{
    struct desk *d = *state;
    scene_member(d->chat.model, SCENE_ANA, "ana", presence_HERE);
    member_find(d->chat.model->rooms[0], SCENE_ANA)->station.role = role_OWNER;

    type(d, "/names");
    assert_string_equal(answer(d), "ana: here, owner, 20ms");
    d->ui.full = true;
    type(d, "/names");
    assert_string_equal(d->ui.page, "+&ana  owner, 20ms\n");
}

static void test_command_says_nothing_for_nothing(void **state)
{
    struct desk *d = *state;

    type(d, "");
    type(d, "   \n  ");

    assert_int_equal(outbox_len(d->outbox), 0);
}

static void test_command_splits_what_is_too_long(void **state)
{
    struct desk *d = *state;
    d->chat.model->limits.value[LIMIT_TEXT_BYTES] = 10;
    d->chat.model->limits.value[LIMIT_TEXT_LINES] = 2;

    type(d, "abcd\nefgh\nij");
    assert_string_equal(sent(d, 0).text, "abcd\nefgh");
    assert_string_equal(sent(d, 1).text, "ij");

    type(d, "one two three");
    assert_string_equal(sent(d, 2).text, "one two");
    assert_string_equal(sent(d, 3).text, "three");

    type(d, "中文字中文字");
    assert_string_equal(sent(d, 4).text, "中文字");
    assert_string_equal(sent(d, 5).text, "中文字");

    type(d, "a\nb\nc\nd\ne");
    assert_string_equal(sent(d, 6).text, "a\nb");
    assert_string_equal(sent(d, 7).text, "c\nd");
    assert_string_equal(sent(d, 8).text, "e");
    assert_int_equal(outbox_len(d->outbox), 9);
}

static void test_command_loses_nothing_of_a_paste(void **state)
{
    struct desk *d = *state;
    char paste[4000], all[4000];
    size_t len = 0, back = 0;
    d->chat.model->limits.value[LIMIT_TEXT_BYTES] = 256;
    for (int i = 0; len < sizeof paste - 32; i++)
        len += (size_t)snprintf(paste + len, sizeof paste - len, "行%d\n", i);

    type(d, paste);

    for (size_t i = 0; i < outbox_len(d->outbox); i++) {
        assert_true(strlen(sent(d, i).text) <= 256);
        back += (size_t)snprintf(all + back, sizeof all - back, "%s\n",
                                 sent(d, i).text);
    }
    assert_string_equal(all, paste);
}

static void test_command_keeps_the_line_when_too_many_wait(void **state)
{
    struct desk *d = *state;
    while (client_has_room(d->chat.client))
        assert_true(type(d, "one more"));
    size_t waiting = outbox_len(d->outbox);

    assert_false(type(d, "one too many"));

    assert_int_equal(outbox_len(d->outbox), waiting);
    assert_true(answers(d, "too many"));
}

static void test_command_cleans_what_is_said(void **state)
{
    struct desk *d = *state;

    type(d, "bad \033[31m\x07 bytes \xff");

    for (const char *at = sent(d, 0).text; *at; at++)
        assert_true((unsigned char)*at >= ' ');
}

/* ---- finding commands ---- */

static void test_command_prefixes_and_aliases(void **state)
{
    (void)state;
    bool several;

    assert_string_equal(command_find(S("jo"), &several)->name, "join");
    assert_string_equal(command_find(S("leave"), &several)->name, "part");
    assert_string_equal(command_find(S("ｊｏｉｎ"), &several)->name, "join");
    assert_null(command_find(S("re"), &several));
    assert_true(several);
    assert_null(command_find(S(""), &several));
    assert_null(command_find(S("xyzzy"), &several));
    assert_false(several);
    /* An exact name wins over longer ones. */
    assert_string_equal(command_find(S("me"), &several)->name, "me");
    for (size_t i = 0; i < COMMANDS_LEN; i++) {
        assert_ptr_equal(command_find(str_of(COMMANDS[i].name), NULL),
                         &COMMANDS[i]);
        assert_true(COMMANDS[i].min <= COMMANDS[i].max);
        assert_true(COMMANDS[i].max <= ARGS_MAX);
        assert_true(COMMANDS[i].help[0]);
    }
    for (size_t i = 0; i < ALIASES_LEN; i++)
        assert_string_equal(command_find(str_of(ALIASES[i].name), NULL)->name,
                            ALIASES[i].of);
}

static void test_command_checks_arity(void **state)
{
    struct desk *d = *state;

    assert_false(type(d, "/join"));
    assert_true(answers(d, "usage: /join ROOM"));
    assert_false(type(d, "/back now"));
    assert_true(answers(d, "usage: /back"));
}

/* ---- some of them ---- */

static void test_command_join_goes_there(void **state)
{
    struct desk *d = *state;

    assert_true(type(d, "/join 中文"));
    assert_string_equal(model_current(d->chat.model)->name, "#中文");
    assert_int_equal(sent(d, 0).kind, ENTRY_JOIN);
    assert_true(type(d, "/j ＃design"));
    assert_string_equal(model_current(d->chat.model)->name, "#design");
    type(d, "/join @a:b");
    assert_true(answers(d, "is no name for a room"));
    assert_true(type(d, "/join #locked sesame"));
    assert_string_equal(sent(d, 2).text, "sesame");
    assert_true(type(d, "/switch #design"));

    assert_true(type(d, "/switch １"));
    assert_string_equal(model_current(d->chat.model)->name, "#room");
    assert_true(type(d, "/go desi"));
    assert_string_equal(model_current(d->chat.model)->name, "#design");
    type(d, "/go 9");
    assert_true(answers(d, "no room fits"));
}

static void test_command_part_leaves(void **state)
{
    struct desk *d = *state;

    assert_true(type(d, "/part"));

    assert_int_equal(sent(d, 0).kind, ENTRY_PART);
    chat_turn(&d->chat, scene_at(2));
    assert_int_equal(d->chat.model->n_rooms, 1);
    d->chat.model->queued = 0; /* the server has answered */
    chat_turn(&d->chat, scene_at(3));
    assert_int_equal(d->chat.model->n_rooms, 0);
    assert_false(type(d, "hello?"));
    assert_true(answers(d, "you are in no room"));
}

static void test_command_join_after_part_stays(void **state)
{
    struct desk *d = *state;

    type(d, "/part");
    type(d, "/join #room");
    d->chat.model->queued = 0;
    chat_turn(&d->chat, scene_at(2));

    assert_int_equal(d->chat.model->n_rooms, 1);
}

static void test_command_msg_opens_a_direct_room(void **state)
{
    struct desk *d = *state;

    assert_true(type(d, "/msg 李伟 你好 吗"));

    assert_string_equal(model_current(d->chat.model)->name, "@李伟");
    assert_int_equal(sent(d, 0).kind, ENTRY_JOIN);
    assert_string_equal(sent(d, 1).room, "@李伟");
    assert_string_equal(sent(d, 1).text, "你好 吗");
}

static void test_command_topic(void **state)
{
    struct desk *d = *state;

    type(d, "/topic");
    assert_true(answers(d, "a topic"));
    type(d, "/topic something  new");
    type(d, "/topic -");

    assert_int_equal(sent(d, 0).kind, ENTRY_TOPIC);
    assert_string_equal(sent(d, 0).text, "something  new");
    assert_string_equal(sent(d, 1).text, "");
}

static void test_command_whois(void **state)
{
    struct desk *d = *state;
    scene_member(d->chat.model, SCENE_ANA, "ana", presence_FROZEN);

    type(d, "/whois ANA");
    assert_true(answers(d, "ana is here, but the window is frozen"));
    type(d, "/whois nobody");
    assert_true(answers(d, "nobody here is called nobody"));
}

static void test_command_set_changes_the_look(void **state)
{
    struct desk *d = *state;

    type(d, "/set timestamps long");
    assert_int_equal(d->ui.timestamps, STAMP_LONG);
    type(d, "/timestamps off");
    assert_int_equal(d->ui.timestamps, STAMP_OFF);
    type(d, "/set ambiguous ２");
    assert_true(d->ui.rule.ambiguous_wide);
    type(d, "/set theme nosuch");
    assert_int_equal(d->settings.theme, THEME_AUTO);
    type(d, "/set server evil");
    assert_true(answers(d, "what can be set"));
    type(d, "/pane rooms off");
    assert_int_equal(d->ui.rooms, PANE_OFF);
    type(d, "/set panes on");
    assert_int_equal(d->ui.members, PANE_ON);
}

static void test_command_pages(void **state)
{
    struct desk *d = *state;
    static const char *const PAGES[] = { "/help", "/help keys", "/stats",
                                         "/doctor", "/names" };

    for (size_t i = 0; i < sizeof PAGES / sizeof PAGES[0]; i++) {
        size_t before = model_shown(d->chat.model)->n;
        scene_member(d->chat.model, SCENE_ANA, "ana", presence_HERE);
        d->ui.full = false;
        type(d, PAGES[i]);
        assert_true(model_shown(d->chat.model)->n > before);
        d->ui.full = true;
        type(d, PAGES[i]);
        assert_int_equal(d->ui.mode, UI_PAGE);
        assert_true(d->ui.page[0]);
        ui_enter(&d->ui, UI_CHAT);
    }
    type(d, "/help jo");
    assert_true(answers(d, "/join ROOM"));
}

static void test_command_clear_empties(void **state)
{
    struct desk *d = *state;
    scene_say(d->chat.model, 1, SCENE_ANA, "ana", "one");
    scene_say(d->chat.model, 2, SCENE_ANA, "ana", "two");

    type(d, "/clear");

    assert_int_equal(model_shown(d->chat.model)->n, 1);
}

/* ---- lines that have been said ---- */

static void hold_lines(struct desk *d)
{
    scene_say(d->chat.model, 1, SCENE_ANA, "ana", "first of ana");
    scene_say(d->chat.model, 2, SCENE_ME, "me", "first of mine");
    scene_say(d->chat.model, 3, SCENE_ANA, "ana", "second of ana");
    scene_say(d->chat.model, 4, SCENE_ME, "me", "second of mine");
}

static void test_command_search_reads_its_bounds(void **state)
{
    struct desk *d = *state;
    const struct hits *hits = &d->chat.model->hits;

    assert_true(type(d, "/search 北京 from:ana in:room \"a b\""));
    assert_string_equal(hits->text, "北京 \"a b\"");
    assert_string_equal(hits->from, "ana");
    assert_int_equal(hits->room, SCENE_ROOM);
    assert_true(type(d, "/search after:2026-08-24 before:12h x"));
    assert_string_equal(hits->text, "x");
    assert_int_equal(hits->room, 0);
    assert_int_equal(hits->after % 1000, 0);
    assert_true(hits->after > SCENE_START - 36ull * 3600 * 1000 &&
                hits->after < SCENE_START + 36ull * 3600 * 1000);
    assert_int_equal(hits->before, SCENE_START + 1000 - 12ull * 3600 * 1000);
    assert_true(type(d, "/search after:soon x"));
    assert_true(answers(d, "not understood: after:soon"));
    assert_true(type(d, "/search in:#elsewhere x"));
    assert_true(answers(d, "not understood: in:#elsewhere"));
    assert_true(type(d, "/search"));
    assert_true(answers(d, "usage: /search"));
}

/* One hit of a page, or its end. */
static void give(struct desk *d, struct msg_search_page page, uint32_t request)
{
    struct msg msg = { .kind = KIND_SEARCH_PAGE, .request = request };

    msg.search_page = page;
    model_apply(d->chat.model, &msg, scene_at(2));
}

static void test_command_search_shows_what_was_found(void **state)
{
    struct desk *d = *state;
    struct hits *hits = &d->chat.model->hits;

    hold_lines(d);
    assert_true(type(d, "/search of"));
    hits_await(hits, 9);
    give(d, (struct msg_search_page){ .room = SCENE_ROOM, .seq = 1 }, 8);
    assert_int_equal(hits->n, 0);
    give(d,
         (struct msg_search_page){ .room = SCENE_ROOM,
                                   .seq = 3,
                                   .ts = SCENE_START,
                                   .nick = S("ana"),
                                   .text = S("second\nof ana") },
         9);
    give(d, (struct msg_search_page){ .more = 1, .cursor = S("some where") },
         9);
    assert_true(hits->fresh && hits->more);
    chat_turn(&d->chat, scene_at(3));
    assert_true(answers(d, "/goto"));
    assert_true(type(d, "/goto 1"));
    assert_true(answers(d, "me: second of mine")); /* what is near */
    assert_true(type(d, "/goto 2"));
    assert_true(answers(d, "no such line"));
    assert_true(str_is(hits_ask(hits).cursor, "some where"));

    hits_await(hits, 10);
    give(d, (struct msg_search_page){ .seq = 0 }, 10);
    chat_turn(&d->chat, scene_at(3));
    assert_true(answers(d, "nothing was found"));
    assert_false(hits->more);
}

static void test_command_search_lists_in_line_mode(void **state)
{
    struct desk *d = *state;

    d->chat.model->link = LINK_OFFLINE;
    scene_say(d->chat.model, 1, SCENE_ANA, "ana", "the Needle");
    scene_say(d->chat.model, 2, SCENE_ANA, "ana", "hay");

    type(d, "/search needle");

    assert_string_equal(answer(d), "ana: the Needle");
}

static void test_command_quit_words(void **state)
{
    struct desk *d = *state;

    type(d, "quit");
    assert_false(d->chat.quit);
    assert_string_equal(sent(d, 0).text, "quit");
    type(d, "QUIT");
    assert_true(d->chat.quit);
}

static void test_command_any_line_is_safe(void **state)
{
    struct desk *d = *state;
    uint64_t seed = test_seed(1);
    struct rng rng = { seed };
    static const char *const WORDS[] = { "/",
                                         "/ ",
                                         "／",
                                         "#a",
                                         "@b",
                                         "中文",
                                         "１",
                                         " ",
                                         "\n",
                                         "on",
                                         "rooms",
                                         "\xff",
                                         "9999999999999999999999",
                                         "%s%n",
                                         "　",
                                         "-",
                                         "keys",
                                         "udp" };

    enum { WORDS_LEN = sizeof WORDS / sizeof WORDS[0] };

    print_message("SEED=%ju\n", (uintmax_t)seed);
    for (int i = 0; i < 5000; i++) {
        char line[512];
        const char *name = COMMANDS[rng_below(&rng, COMMANDS_LEN)].name;
        if (strcmp(name, "quit") == 0 || strcmp(name, "detach") == 0)
            continue;
        size_t len = (size_t)snprintf(line, sizeof line, "/%s", name);
        for (uint64_t n = rng_below(&rng, 5); n > 0; n--)
            len += (size_t)snprintf(line + len, sizeof line - len, " %s",
                                    WORDS[rng_below(&rng, WORDS_LEN)]);
        d->ui.full = rng_below(&rng, 2);
        type(d, line);
        ui_enter(&d->ui, UI_CHAT);
        chat_turn(&d->chat, scene_at((unsigned)i));
    }
}

static void test_command_answers_the_line_that_is_meant(void **state)
{
    struct desk *d = *state;

    hold_lines(d);
    assert_true(type(d, "/reply yes, and more"));
    assert_true(type(d, "/reply ^4 to the first"));
    assert_true(type(d, "/reply ^FIRST by its word"));
    assert_true(type(d, "/reply ^99 to nothing"));
    assert_true(answers(d, "no such line"));

    assert_int_equal(outbox_len(d->outbox), 3);
    assert_int_equal(sent(d, 0).ref, 3);
    assert_string_equal(sent(d, 0).text, "yes, and more");
    assert_int_equal(sent(d, 1).ref, 1);
    assert_string_equal(sent(d, 1).text, "to the first");
    assert_int_equal(sent(d, 2).ref, 2);
}

static void test_command_changes_own_lines(void **state)
{
    struct desk *d = *state;

    assert_true(type(d, "/edit nothing to edit"));
    assert_true(answers(d, "no such line of yours"));
    hold_lines(d);
    assert_true(type(d, "/edit is better"));
    assert_true(type(d, "/edit ^2 older"));
    assert_true(type(d, "/delete ^first sorry for that"));
    assert_false(type(d, "/del"));
    assert_true(type(d, "/delete"));

    assert_int_equal(sent(d, 0).kind, ENTRY_EDIT);
    assert_int_equal(sent(d, 0).ref, 4);
    assert_string_equal(sent(d, 0).text, "is better");
    assert_int_equal(sent(d, 1).ref, 2);
    assert_int_equal(sent(d, 2).kind, ENTRY_REDACT);
    assert_int_equal(sent(d, 2).ref, 2);
    assert_string_equal(sent(d, 2).text, "sorry for that");
    assert_int_equal(sent(d, 3).ref, 4);
    assert_int_equal(outbox_len(d->outbox), 4);
}

static void test_command_reacts(void **state)
{
    struct desk *d = *state;

    hold_lines(d);
    assert_true(type(d, "/react 👍"));
    assert_true(type(d, "/react ^1 -ok then"));
    assert_string_equal(sent(d, 0).text, "+👍");
    assert_int_equal(sent(d, 0).ref, 3);
    assert_string_equal(sent(d, 1).text, "-ok then");
    assert_int_equal(sent(d, 1).ref, 4);
    assert_true(type(d, "/pin ^first"));
    assert_true(type(d, "/unpin"));
    assert_int_equal(sent(d, 2).kind, ENTRY_PIN);
    assert_int_equal(sent(d, 2).ref, 2);
    assert_string_equal(sent(d, 2).text, "+");
    assert_int_equal(sent(d, 3).ref, 3);
    assert_string_equal(sent(d, 3).text, "-");
    assert_true(type(d, "/react 0123456789012345678901234567890123"));
    assert_true(answers(d, "usage"));
    assert_int_equal(outbox_len(d->outbox), 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_desk, close_desk)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_command_says_plain_lines),
        TEST(test_command_never_says_what_looks_like_one),
        TEST(test_command_says_nothing_for_nothing),
        TEST(test_command_says_nothing_for_who_is_muted),
        TEST(test_command_tells_how_the_room_is),
        TEST(test_command_says_that_it_is_offline),
        TEST(test_command_asks_for_the_unit_of_a_time),
        TEST(test_command_says_why_nothing_older_comes),
        TEST(test_command_line_mode_introduces_rooms),
        TEST(test_command_names_people_in_words),
        TEST(test_command_splits_what_is_too_long),
        TEST(test_command_loses_nothing_of_a_paste),
        TEST(test_command_keeps_the_line_when_too_many_wait),
        TEST(test_command_cleans_what_is_said),
        TEST(test_command_prefixes_and_aliases),
        TEST(test_command_checks_arity),
        TEST(test_command_join_goes_there),
        TEST(test_command_part_leaves),
        TEST(test_command_join_after_part_stays),
        TEST(test_command_msg_opens_a_direct_room),
        TEST(test_command_topic),
        TEST(test_command_whois),
        TEST(test_command_set_changes_the_look),
        TEST(test_command_pages),
        TEST(test_command_clear_empties),
        TEST(test_command_search_reads_its_bounds),
        TEST(test_command_search_shows_what_was_found),
        TEST(test_command_search_lists_in_line_mode),
        TEST(test_command_answers_the_line_that_is_meant),
        TEST(test_command_changes_own_lines),
        TEST(test_command_reacts),
        TEST(test_command_quit_words),
        TEST(test_command_any_line_is_safe),
    };

    return RUN(tests);
}
