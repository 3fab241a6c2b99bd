/* SPDX-License-Identifier: MIT
 *
 * Keys while something else than the input line has them: a page, a search, a
 * question, the switcher.
 */
#include <string.h>

#include "shared/text.h"
#include "shared/wire.h"
#include "tui/chat.h"
#include "tui/client.h"
#include "tui/command.h"
#include "tui/edit.h"
#include "tui/find.h"
#include "tui/key.h"
#include "tui/keymap_impl.h"
#include "tui/model.h"
#include "tui/switcher.h"
#include "tui/ui.h"

static bool is_named(const struct key *key, enum key_code code)
{
    return key->type == KT_NAMED && key->code == code && key->mods == 0;
}

static bool is_char(const struct key *key, char ch)
{
    return key->type == KT_CHAR && key->code == (unsigned char)ch &&
           key->mods == 0;
}

static bool is_ctrl(const struct key *key, char ch)
{
    return key->type == KT_CHAR && key->code == (unsigned char)ch &&
           key->mods == MOD_CTRL;
}

static bool is_leave(const struct key *key)
{
    return is_named(key, K_ESC) || is_ctrl(key, 'c') || is_ctrl(key, 'g');
}

/* What a key or a paste adds to a needle; false when it is no text. */
static bool text_of(const struct key *key, char utf8[4], struct str *text)
{
    if (key->type == KT_PASTE)
        *text = key->paste;
    else if (key->type == KT_CHAR && key->mods == 0)
        *text = str_bytes(utf8, text_put(key->code, utf8));
    else
        return false;
    return true;
}

/* ---- a page ---- */

static size_t page_lines(const struct ui *ui)
{
    return text_lines(str_of(ui->page));
}

static void page_scroll(struct ui *ui, long by)
{
    size_t lines = page_lines(ui);
    long top = (long)ui->page_top + by;

    if (top > (long)lines - 1)
        top = (long)lines - 1;
    ui->page_top = top > 0 ? (size_t)top : 0;
}

/* On a page of what was found: the number of one to go to. */
static bool is_choice(const struct ui *ui, const struct key *key)
{
    return ui->words && key->type == KT_CHAR && key->mods == 0 &&
           key->code >= '1' && key->code <= '9';
}

static void choose_hit(struct chat *chat, const struct key *key, struct now now)
{
    char command[] = "/goto N";

    command[sizeof command - 2] = (char)key->code;
    ui_enter(chat->ui, UI_CHAT);
    command_run(chat, str_of(command), now);
}

static void on_page(struct chat *chat, const struct key *key, struct now now)
{
    struct ui *ui = chat->ui;
    long page = find_page(chat);

    if (is_named(key, K_PGDN) || is_char(key, ' '))
        page_scroll(ui, page);
    else if (is_named(key, K_PGUP))
        page_scroll(ui, -page);
    else if (is_named(key, K_DOWN) || is_ctrl(key, 'n'))
        page_scroll(ui, 1);
    else if (is_named(key, K_UP) || is_ctrl(key, 'p'))
        page_scroll(ui, -1);
    else if (is_named(key, K_HOME))
        ui->page_top = 0;
    else if (is_named(key, K_END))
        page_scroll(ui, (long)page_lines(ui) - page);
    else if (is_choice(ui, key))
        choose_hit(chat, key, now);
    else if (is_leave(key) || is_named(key, K_ENTER) || is_char(key, 'q') ||
             is_named(key, K_F1))
        ui_enter(ui, UI_CHAT);
}

/* ---- a question ---- */

static void on_ask(struct chat *chat, const struct key *key, struct now now)
{
    bool quit = chat->ui->ask == ASK_QUIT;
    bool yes =
        is_char(key, 'y') || is_char(key, 'Y') || (quit && is_ctrl(key, 'c'));

    if (!yes && !is_char(key, 'n') && !is_char(key, 'N') && !is_leave(key)) {
        chat->ui->beep = true;
        return;
    }
    ui_enter(chat->ui, UI_CHAT);
    if (yes && quit)
        chat_quit(chat, reason_QUIT, str_of(NULL), now);
    else if (yes)
        act_send_now(chat, now);
}

/* ---- a question about the server's key ---- */

/* Only what was typed with the question in view is an answer to it. */
static void on_question(struct chat *chat, const struct key *key,
                        struct now now)
{
    bool read = question_is_read(&chat->model->question, now);
    bool yes = read && (is_char(key, 'y') || is_char(key, 'Y'));
    bool no = read && (is_char(key, 'n') || is_char(key, 'N'));

    if (yes || no || is_leave(key))
        client_trust_answer(chat->client, yes, now);
    else
        chat->ui->beep = true;
}

/* ---- a search in the room ---- */

static void on_find(struct chat *chat, const struct key *key, struct now now)
{
    char utf8[4];
    struct str text;

    if (is_named(key, K_ENTER)) {
        ui_enter(chat->ui, UI_CHAT);
    } else if (is_leave(key)) {
        ui_enter(chat->ui, UI_CHAT);
        ui_follow(chat->ui);
    } else if (is_named(key, K_PGUP)) {
        act_page_up(chat, key, now);
    } else if (is_named(key, K_PGDN)) {
        act_page_down(chat, key, now);
    } else if (is_ctrl(key, 's') || is_ctrl(key, 'r') || is_named(key, K_UP)) {
        find_needle(chat, true);
    } else if (is_named(key, K_BACKSPACE)) {
        ui_query_rub(chat->ui);
        find_needle(chat, false);
    } else if (text_of(key, utf8, &text)) {
        ui_query_add(chat->ui, text);
        find_needle(chat, false);
    }
}

/* ---- the quick switcher ---- */

static void go_chosen(struct chat *chat)
{
    size_t found[ROOMS_MAX];
    struct ui_query q = chat->ui->query;
    size_t n =
        switcher_find(chat->model, str_bytes(q.text, q.len), found, ROOMS_MAX);

    ui_enter(chat->ui, UI_CHAT);
    if (q.choice < n)
        chat_go(chat, found[q.choice]);
}

static void choose(struct chat *chat, bool next)
{
    size_t found[ROOMS_MAX];
    struct ui_query *q = &chat->ui->query;
    size_t n = switcher_find(chat->model, str_bytes(q->text, q->len), found,
                             ROOMS_MAX);

    if (n > 0)
        q->choice = (q->choice + (next ? 1 : n - 1)) % n;
}

static void on_switch(struct chat *chat, const struct key *key)
{
    char utf8[4];
    struct str text;
    bool tab = key->type == KT_NAMED && key->code == K_TAB;

    if (is_named(key, K_ENTER))
        go_chosen(chat);
    else if (is_leave(key))
        ui_enter(chat->ui, UI_CHAT);
    else if (is_named(key, K_DOWN) || is_ctrl(key, 'n') ||
             (tab && key->mods == 0))
        choose(chat, true);
    else if (is_named(key, K_UP) || is_ctrl(key, 'p') || tab)
        choose(chat, false);
    else if (is_named(key, K_BACKSPACE))
        ui_query_rub(chat->ui);
    else if (text_of(key, utf8, &text))
        ui_query_add(chat->ui, text);
}

/* ---- a search in what was typed ---- */

/* False when the key ends it and means something by itself. */
static bool on_recall(struct edit *edit, const struct key *key)
{
    char utf8[4];
    struct str text;

    if (is_leave(key))
        edit_search_cancel(edit);
    else if (is_named(key, K_ENTER))
        edit_search_accept(edit);
    else if (is_ctrl(key, 'r'))
        edit_search(edit);
    else if (is_named(key, K_BACKSPACE))
        edit_search_back(edit);
    else if (text_of(key, utf8, &text))
        edit_search_add(edit, text);
    else {
        edit_search_accept(edit);
        return false;
    }
    return true;
}

bool keymap_mode(struct chat *chat, const struct key *key, struct now now)
{
    if (chat->model->question.open) {
        on_question(chat, key, now);
        return true;
    }
    switch (chat->ui->mode) {
    case UI_PAGE: on_page(chat, key, now); return true;
    case UI_FIND: on_find(chat, key, now); return true;
    case UI_SWITCH: on_switch(chat, key); return true;
    case UI_ASK: on_ask(chat, key, now); return true;
    case UI_CHAT: break;
    }
    if (chat->ui->bare && (is_named(key, K_ENTER) || is_leave(key))) {
        chat->ui->bare = false;
        return true;
    }
    return chat->edit->searching && on_recall(chat->edit, key);
}
