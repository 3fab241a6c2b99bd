/* SPDX-License-Identifier: MIT
 *
 * What the keys of keys.def do, as far as it is more than editing.
 */
#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/text.h"
#include "tui/chat.h"
#include "tui/client.h"
#include "tui/command.h"
#include "tui/complete.h"
#include "tui/edit.h"
#include "tui/find.h"
#include "tui/key.h"
#include "tui/keymap_impl.h"
#include "tui/layout.h"
#include "tui/model.h"
#include "tui/settings.h"
#include "tui/ui.h"

/* ---- the line ---- */

void act_send_now(struct chat *chat, struct now now)
{
    char *line = edit_take(chat->edit);

    chat->ui->pasted = false;
    if (!command_run(chat, str_of(line), now) && chat->edit->len == 0)
        edit_set(chat->edit, str_of(line));
    free(line);
}

/* The password that /password asked for; nothing typed: it stays as it is. */
static void act_secret(struct chat *chat, struct now now)
{
    char *secret = edit_end_secret(chat->edit);
    size_t len = strlen(secret);

    chat->ui->pasted = false;
    if (len)
        client_password(chat->client, str_of(secret), now);
    mem_wipe(secret, len);
    free(secret);
}

void act_send(struct chat *chat, const struct key *key, struct now now)
{
    (void)key;
    if (chat->edit->secret) {
        act_secret(chat, now);
        return;
    }
    if (chat->edit->len == 0)
        return;
    if (chat->ui->pasted) {
        chat->ui->ask = ASK_PASTE;
        ui_enter(chat->ui, UI_ASK);
        return;
    }
    act_send_now(chat, now);
}

void act_newline(struct chat *chat, const struct key *key, struct now now)
{
    (void)key, (void)now;
    chat->ui->beep |= !edit_insert(chat->edit, str_of("\n"));
}

void act_complete(struct chat *chat, const struct key *key, struct now now)
{
    (void)key, (void)now;
    chat->ui->beep |=
        !complete_step(chat->completion, chat->edit, chat->model, false);
}

void act_complete_back(struct chat *chat, const struct key *key, struct now now)
{
    (void)key, (void)now;
    chat->ui->beep |=
        !complete_step(chat->completion, chat->edit, chat->model, true);
}

void act_edit(struct chat *chat, const struct key *key, struct now now)
{
    (void)key;
    if (chat->edit->len > 0) /* a draft is worth more */
        chat->ui->beep = true;
    else
        command_run(chat, str_of("/edit"), now);
}

void act_reply(struct chat *chat, const struct key *key, struct now now)
{
    (void)key, (void)now;
    if (chat->edit->len > 0)
        chat->ui->beep = true;
    else
        edit_set(chat->edit, str_of("/reply "));
}

void act_origin(struct chat *chat, const struct key *key, struct now now)
{
    (void)key;
    command_run(chat, str_of("/origin"), now);
}

/* The draft goes to the kill ring; with nothing to kill, leave? */
void act_cancel(struct chat *chat, const struct key *key, struct now now)
{
    (void)key, (void)now;
    chat->ui->pasted = false;
    chat->ui->pick = 0;
    if (edit_kill_all(chat->edit))
        return;
    chat->ui->ask = ASK_QUIT;
    ui_enter(chat->ui, UI_ASK);
}

/* ---- rooms ---- */

static void step_room(struct chat *chat, size_t by)
{
    size_t n = chat->model->n_rooms;

    if (n > 0)
        chat_go(chat, (chat->model->current + by) % n);
}

void act_next_room(struct chat *chat, const struct key *key, struct now now)
{
    (void)key, (void)now;
    step_room(chat, 1);
}

void act_prev_room(struct chat *chat, const struct key *key, struct now now)
{
    (void)key, (void)now;
    if (chat->model->n_rooms > 0)
        step_room(chat, chat->model->n_rooms - 1);
}

void act_room(struct chat *chat, const struct key *key, struct now now)
{
    (void)now;
    size_t digit = key->code - '0';

    chat_go(chat, digit == 0 ? 9 : digit - 1);
}

/* The next room behind the current one with mentions, else unread lines. */
void act_active_room(struct chat *chat, const struct key *key, struct now now)
{
    (void)key, (void)now;
    struct model *m = chat->model;
    size_t found = m->n_rooms;

    for (size_t i = 1; i < m->n_rooms; i++) {
        size_t at = (m->current + i) % m->n_rooms;
        const struct room *room = m->rooms[at];
        bool better = found == m->n_rooms || m->rooms[found]->mentions == 0;
        if (room->mentions ? better : room->unread && found == m->n_rooms)
            found = at;
    }
    if (found < m->n_rooms)
        chat_go(chat, found);
    else
        chat->ui->beep = true;
}

void act_last_room(struct chat *chat, const struct key *key, struct now now)
{
    (void)key, (void)now;
    chat_go(chat, chat->model->previous);
}

void act_switch(struct chat *chat, const struct key *key, struct now now)
{
    (void)key, (void)now;
    ui_enter(chat->ui, UI_SWITCH);
}

/* ---- reading ---- */

static void older(struct chat *chat, struct now now)
{
    struct room *room = model_current(chat->model);

    if (room && find_top(chat))
        chat_older(chat, room, 0, now);
}

void act_page_up(struct chat *chat, const struct key *key, struct now now)
{
    (void)key;
    find_scroll(chat, -find_page(chat));
    older(chat, now);
}

void act_page_down(struct chat *chat, const struct key *key, struct now now)
{
    (void)key, (void)now;
    find_scroll(chat, find_page(chat));
}

void act_top(struct chat *chat, const struct key *key, struct now now)
{
    (void)key;

    enum { FAR = 1 << 24 };

    find_scroll(chat, -FAR);
    older(chat, now);
}

void act_bottom(struct chat *chat, const struct key *key, struct now now)
{
    (void)key, (void)now;
    ui_follow(chat->ui);
}

void act_find(struct chat *chat, const struct key *key, struct now now)
{
    (void)key, (void)now;
    ui_enter(chat->ui, UI_FIND);
}

void act_unread(struct chat *chat, const struct key *key, struct now now)
{
    (void)key, (void)now;
    chat->ui->beep |= !find_unread(chat);
}

void act_pick_up(struct chat *chat, const struct key *key, struct now now)
{
    (void)key, (void)now;
    chat->ui->beep |= !find_pick(chat, true);
}

void act_pick_down(struct chat *chat, const struct key *key, struct now now)
{
    (void)key, (void)now;
    chat->ui->beep |= !find_pick(chat, false);
}

void act_mention_up(struct chat *chat, const struct key *key, struct now now)
{
    (void)key, (void)now;
    chat->ui->beep |= !find_mention(chat, true);
}

void act_mention_down(struct chat *chat, const struct key *key, struct now now)
{
    (void)key, (void)now;
    chat->ui->beep |= !find_mention(chat, false);
}

/* ---- looks ---- */

void act_bare(struct chat *chat, const struct key *key, struct now now)
{
    (void)key, (void)now;
    chat->ui->bare = !chat->ui->bare;
}

void act_stamps(struct chat *chat, const struct key *key, struct now now)
{
    (void)key, (void)now;
    chat->ui->timestamps =
        chat->ui->timestamps == STAMP_OFF ? STAMP_SHORT : STAMP_OFF;
}

void act_quiet(struct chat *chat, const struct key *key, struct now now)
{
    (void)key, (void)now;
    chat->ui->quiet = !chat->ui->quiet;
}

/* The opposite of what is seen now, whatever it was by itself. */
static enum pane_mode flipped(bool shown)
{
    return shown ? PANE_OFF : PANE_ON;
}

static struct layout layout(const struct chat *chat)
{
    return layout_of(chat->model, chat->ui, chat->edit, chat->ui->cols,
                     chat->ui->rows);
}

void act_rooms_pane(struct chat *chat, const struct key *key, struct now now)
{
    (void)key, (void)now;
    chat->ui->rooms = flipped(layout(chat).rooms > 0);
}

void act_members_pane(struct chat *chat, const struct key *key, struct now now)
{
    (void)key, (void)now;
    chat->ui->members = flipped(layout(chat).members > 0);
}

void act_help(struct chat *chat, const struct key *key, struct now now)
{
    (void)key;
    command_run(chat, str_of("/help"), now);
}

void act_redraw(struct chat *chat, const struct key *key, struct now now)
{
    (void)key, (void)now;
    chat->ui->redraw = true;
}

void act_suspend(struct chat *chat, const struct key *key, struct now now)
{
    (void)key, (void)now;
    chat->ui->suspend = true;
}

/* Leaves what was scrolled to; never touches the draft. */
void act_escape(struct chat *chat, const struct key *key, struct now now)
{
    (void)key, (void)now;
    ui_follow(chat->ui);
}
