/* SPDX-License-Identifier: MIT */
#include "tui/keymap.h"

#include "shared/text.h"
#include "tui/chat.h"
#include "tui/client.h"
#include "tui/command.h"
#include "tui/edit.h"
#include "tui/key.h"
#include "tui/keymap_impl.h"
#include "tui/lang.h"
#include "tui/model.h"
#include "tui/ui.h"

enum {
    PASTE_LINES = 5,             /* more than these are asked about */
    TYPING_US = 3 * 1000 * 1000, /* TYPING is said again after this */
    NAME_COLS = 12
};

const struct key_row KEYMAP[] = {
#define KEY(name, function, help)  { name, function, NULL, help },
#define EDIT(name, function, help) { name, NULL, function, help },
#include "tui/keys.def"
};

const size_t KEYMAP_LEN = sizeof KEYMAP / sizeof KEYMAP[0];

static const struct key_row *find_row(const struct key *key)
{
    char name[KEY_NAME_MAX];

    key_label(key, name);
    for (size_t i = 0; name[0] && i < KEYMAP_LEN; i++)
        if (str_is(str_of(name), KEYMAP[i].key))
            return &KEYMAP[i];
    return NULL;
}

static void insert(struct chat *chat, struct str text)
{
    if (!edit_insert(chat->edit, text)) {
        chat->ui->beep = true;
        return;
    }
    chat->ui->pasted = chat->ui->pasted && chat->edit->len > 0;
}

static void paste(struct chat *chat, struct str text, struct now now)
{
    bool big = text_lines(text) > PASTE_LINES;

    if (!edit_insert(chat->edit, text))
        model_notice(chat->model, NULL, now,
                     _("too long for one go: the end of it was cut off"));
    chat->ui->pasted = chat->ui->pasted || big;
}

/* Tell the others that a line is being written, or that it no longer is. */
static void note_typing(struct chat *chat, struct now now)
{
    struct room *room = model_current(chat->model);
    struct str text = edit_text(chat->edit);
    bool writes = text.len > 0 && !command_is(text) && !chat->edit->secret;

    writes = writes && room && !station_is_mute(&room->station);
    if (!room || (!writes && chat->typing_us == 0))
        return;
    if (writes && chat->typing_us && now.mono_us - chat->typing_us < TYPING_US)
        return;
    client_typing(chat->client, str_of(room->name), writes, now);
    chat->typing_us = writes ? now.mono_us : 0;
}

static void focus(struct chat *chat, bool gained)
{
    chat->model->looking = gained;
    if (gained)
        model_switch(chat->model, chat->model->current);
}

/* A key for the input line. */
static void press(struct chat *chat, const struct key *key, struct now now)
{
    char utf8[4];
    const struct key_row *row = find_row(key);
    unsigned serial = chat->edit->serial;

    if (row && row->edit)
        chat->ui->beep |= !row->edit(chat->edit);
    else if (row)
        row->run(chat, key, now);
    else if (key->type == KT_CHAR && key->mods == 0)
        insert(chat, str_bytes(utf8, text_put(key->code, utf8)));
    if (chat->edit->serial != serial && !chat->quit)
        note_typing(chat, now);
}

static void dispatch(struct chat *chat, const struct key *key, struct now now)
{
    if (key->type == KT_FOCUS)
        focus(chat, key->code);
    if (key->type == KT_FOCUS || key->type == KT_REPORT)
        return;
    if (!chat->model->looking)
        focus(chat, true); /* who types looks */
    if (keymap_mode(chat, key, now))
        return;
    if (key->type == KT_PASTE)
        paste(chat, key->paste, now);
    else
        press(chat, key, now);
}

/*
 * An Esc that leaves a mode, with the next key close behind, looks like Alt and
 * that key.  No mode has a use for Alt, so it is taken for what it was.
 */
void keymap_press(struct chat *chat, const struct key *key, struct now now)
{
    const struct key esc = { .type = KT_NAMED, .code = K_ESC };
    struct key rest = *key;
    bool taken = chat->ui->mode != UI_CHAT || chat->model->question.open;

    chat->ui->dirty = true;
    if (taken && key->type == KT_CHAR && key->mods == MOD_ALT) {
        dispatch(chat, &esc, now);
        rest.mods = 0;
    }
    dispatch(chat, &rest, now);
}

void keymap_help(FILE *out)
{
    for (size_t i = 0; i < KEYMAP_LEN; i++) {
        int len = fprintf(out, "%s", KEYMAP[i].key);
        while (i + 1 < KEYMAP_LEN && !KEYMAP[i + 1].help[0] &&
               len < 2 * NAME_COLS)
            len += fprintf(out, ", %s", KEYMAP[++i].key);
        size_t named = i;
        while (!KEYMAP[named].help[0])
            named--;
        while (i + 1 < KEYMAP_LEN && !KEYMAP[i + 1].help[0])
            i++;
        fprintf(out, "%*s  %s\n", len < NAME_COLS ? NAME_COLS - len : 0, "",
                lang_text(KEYMAP[named].help));
    }
}
