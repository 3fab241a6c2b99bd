/* SPDX-License-Identifier: MIT
 *
 * Commands about what is shown, and how.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/text.h"
#include "shared/wire.h"
#include "tui/chat.h"
#include "tui/client.h"
#include "tui/command_impl.h"
#include "tui/find.h"
#include "tui/keymap.h"
#include "tui/lang.h"
#include "tui/model.h"
#include "tui/page.h"
#include "tui/settings.h"
#include "tui/ui.h"

/* ---- help ---- */

static void show_page(struct chat *chat, bool commands, bool keys,
                      struct now now)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (!out)
        return;
    if (commands)
        command_help(out);
    if (commands && keys)
        fputc('\n', out);
    if (keys)
        keymap_help(out);
    fclose(out);
    chat_page(chat, commands ? _("Commands") : _("Keys"), str_bytes(text, len),
              now);
    free(text);
}

void command_help_page(struct chat *chat, const struct args *args,
                       struct now now)
{
    struct str name = args->n ? args->v[0] : str_of(NULL);

    if (name.len == 0) {
        show_page(chat, true, chat->ui->full, now);
        return;
    }
    if (str_is(name, "keys")) {
        show_page(chat, false, true, now);
        return;
    }
    if (name.ptr[0] == '/')
        name = str_from(name, 1);
    const struct command_row *row = command_find(name, NULL);
    if (row)
        model_notice(chat->model, NULL, now, "/%s %s -- %s", row->name,
                     row->args, lang_text(row->help));
    else
        model_notice(chat->model, NULL, now,
                     _("/%.*s is no command; see /help"),
                     STR_ARG(text_cut(name, 32)));
}

/* ---- reading ---- */

void command_history(struct chat *chat, const struct args *args, struct now now)
{
    struct room *room = talking_room(chat, now);
    uint64_t lines = 0;
    const char *why;

    if (!room)
        return;
    if (args->n > 0 && !number_of(args->v[0], 100000, &lines))
        model_notice(chat->model, NULL, now, _("usage: /history [LINES]"));
    else if ((why = chat_older(chat, room, (unsigned)lines, now)))
        model_notice(chat->model, room, now, "%s", why);
}

/* Line mode: the newest lines that hold the text, oldest of them first. */
static void list_hits(struct chat *chat, struct str needle, struct now now)
{
    enum { HITS = 20 };

    const struct history *h = model_shown(chat->model);
    size_t hits[HITS], n = 0;

    for (size_t at = history_search(h, needle, h->n);
         at != SIZE_MAX && n < HITS; at = history_search(h, needle, at))
        hits[n++] = at;
    if (n == 0)
        model_notice(chat->model, NULL, now, _("not found"));
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (!out)
        return;
    while (n > 0) {
        const struct line *line = &h->lines[hits[--n]];
        fprintf(out, "%s: %s\n", line->nick ? line->nick : "--", line->text);
    }
    fclose(out);
    chat_page(chat, "", str_bytes(text, len), now);
    free(text);
}

void search_here(struct chat *chat, struct str needle, struct now now)
{
    if (!chat->ui->full) {
        list_hits(chat, needle, now);
        return;
    }
    ui_enter(chat->ui, UI_FIND);
    ui_query_add(chat->ui, needle);
    find_needle(chat, false);
}

void command_clear(struct chat *chat, const struct args *args, struct now now)
{
    struct room *room = model_current(chat->model);

    (void)args, (void)now;
    history_clear(model_history(chat->model));
    if (room)
        page_outdate(room);
    chat->model->goal = (struct goal){ 0 };
    ui_follow(chat->ui);
}

/* ---- looks ---- */

void command_redraw(struct chat *chat, const struct args *args, struct now now)
{
    (void)args, (void)now;
    chat->ui->dirty = chat->ui->redraw = true;
}

static const char MODES[] = "auto|on|off"; /* as enum pane_mode */

void command_pane(struct chat *chat, const struct args *args, struct now now)
{
    size_t which = choice_of(args->v[0], "rooms|members");
    size_t mode = choice_of(args->v[1], MODES);

    if (which == SIZE_MAX || mode == SIZE_MAX) {
        model_notice(chat->model, NULL, now,
                     _("usage: /pane rooms|members on|off|auto"));
        return;
    }
    if (which == 0)
        chat->ui->rooms = (enum pane_mode)mode;
    else
        chat->ui->members = (enum pane_mode)mode;
    chat->ui->dirty = true;
}

/* Settings that can be changed while talking. */
static const char *const LIVE[] = { "theme", "timestamps", "bell", "ambiguous",
                                    "emoji" };

enum { LIVE_LEN = sizeof LIVE / sizeof LIVE[0] };

static const struct option_row *live_row(const char *name)
{
    for (size_t i = 0; i < SETTINGS_TABLE.n; i++)
        if (strcmp(SETTINGS_TABLE.rows[i].name, name) == 0)
            return &SETTINGS_TABLE.rows[i];
    return NULL;
}

static void show_setting(struct chat *chat, const char *name, struct now now)
{
    char value[128];
    const struct option_row *row = live_row(name);

    if (!row)
        return;
    option_get(row, chat->settings, value, sizeof value);
    model_notice(chat->model, NULL, now, "%s = %s  (%s)", name, value,
                 row->arg);
}

static void change(struct chat *chat, const char *name, struct str value,
                   struct now now)
{
    char plain[64];
    struct option_error error;

    narrow(value, plain, sizeof plain);
    if (option_set(&SETTINGS_TABLE, chat->settings, str_of(name), str_of(plain),
                   &error) < 0) {
        model_notice(chat->model, NULL, now, "%s", error.text);
        return;
    }
    ui_look(chat->ui, chat->settings);
    show_setting(chat, name, now);
}

/* Show one of LIVE, or change it. */
static void setting(struct chat *chat, const char *name,
                    const struct str *value, struct now now)
{
    if (value)
        change(chat, name, *value, now);
    else
        show_setting(chat, name, now);
}

void command_theme(struct chat *chat, const struct args *args, struct now now)
{
    setting(chat, "theme", args->n ? &args->v[0] : NULL, now);
}

void command_timestamps(struct chat *chat, const struct args *args,
                        struct now now)
{
    setting(chat, "timestamps", args->n ? &args->v[0] : NULL, now);
}

static void set_panes(struct chat *chat, struct str value, struct now now)
{
    size_t mode = choice_of(value, MODES);

    if (mode == SIZE_MAX) {
        model_notice(chat->model, NULL, now, "panes: %s", MODES);
        return;
    }
    chat->ui->rooms = chat->ui->members = (enum pane_mode)mode;
    chat->ui->dirty = true;
}

void command_set(struct chat *chat, const struct args *args, struct now now)
{
    if (args->n == 2 && str_is(args->v[0], "panes")) {
        set_panes(chat, args->v[1], now);
        return;
    }
    bool known = false;
    for (size_t i = 0; i < LIVE_LEN; i++) {
        if (args->n > 0 && !str_is(args->v[0], LIVE[i]))
            continue;
        known = true;
        setting(chat, LIVE[i], args->n > 1 ? &args->v[1] : NULL, now);
    }
    if (!known)
        model_notice(chat->model, NULL, now,
                     _("what can be set: theme, timestamps, bell, ambiguous, "
                       "emoji, panes"));
}
