/* SPDX-License-Identifier: MIT
 *
 * Who is kept out or silent, as people and programs are shown it; see
 * control.h.
 */
#include <sysexits.h>

#include "server/control_impl.h"
#include "shared/text.h"

enum { PART = 64 }; /* rooms looked at before others have a turn */

static const struct column BANS[] = {
    { "whom", UNIT_NONE },  { "room", UNIT_NONE }, { "what", UNIT_NONE },
    { "until", UNIT_TIME }, { "by", UNIT_NONE },   { "why", UNIT_NONE },
};

static const char *const KIND_WORDS[] = { [sanction_ACCOUNT] = "account",
                                          [sanction_KEY] = "key",
                                          [sanction_ADDRESS] = "address",
                                          [sanction_MUTE] = "mute" };

static void begin_sheet(struct control_call *call)
{
    sheet_begin(&call->sheet, call->answer, BANS, sizeof BANS / sizeof *BANS);
}

/* Without limits, which has a word for people and none for programs. */
static void put_all(const struct control_call *call, struct sheet *sheet,
                    const char *word)
{
    if (call->answer->json)
        sheet_none(sheet);
    else
        sheet_str(sheet, str_of(word));
}

static void put_row(struct control_call *call, const struct room *room,
                    const struct sanction *one)
{
    struct sheet *sheet = &call->sheet;

    sheet_str(sheet, sanction_word(one, 0));
    if (room)
        sheet_str(sheet, str_of(room->name));
    else
        put_all(call, sheet, "everywhere");
    sheet_str(sheet, str_of(KIND_WORDS[one->kind]));
    if (one->until)
        sheet_num(sheet, one->until);
    else
        put_all(call, sheet, "for good");
    sheet_str(sheet, sanction_word(one, 1));
    sheet_str(sheet, sanction_word(one, 2));
}

void control_show_sanction(struct control_call *call, const struct room *room,
                           const struct sanction *one)
{
    begin_sheet(call);
    put_row(call, room, one);
    sheet_facts(&call->sheet);
}

/* ---- all of them ---- */

static void put_list(struct control_call *call, const struct room *room,
                     const struct sanctions *list)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct sanction *one = &list->all[i];

        if (one->kind >= sanction_ACCOUNT && one->kind <= sanction_MUTE &&
            (!one->until || one->until > call->now.wall_ms))
            put_row(call, room, one);
    }
}

/* The server's, then those of its rooms, some at a time. */
static void put_part(struct control_call *call)
{
    const struct world *w = hub_world(call->service->hub);
    size_t at =
        world_directory_after(w, str_bytes(call->after, call->after_len));
    size_t end = at + PART;

    if (call->part == 0)
        put_list(call, NULL, &w->sanctions);
    for (; at < w->n_directory && at < end; at++) {
        const struct room *room = w->directory[at];

        put_list(call, room, &room->rules.sanctions);
        call->after_len = strlen(room->folded);
        memcpy(call->after, room->folded, call->after_len);
    }
    call->more = at < w->n_directory;
}

int control_bans(struct control_call *call)
{
    struct room *room = NULL;
    int code = 0;

    if (call->n && !str_starts(call->args[0], str_of("#")))
        code = answer_fail(call->answer, EX_USAGE, "bans: %.*s: not a #ROOM",
                           STR_ARG(text_cut(call->args[0], 64)));
    else if (call->n)
        code = control_room(call, "bans", call->args[0], &room);
    if (code)
        return code;
    if (call->part == 0)
        begin_sheet(call);
    if (room)
        put_list(call, room, &room->rules.sanctions);
    else
        put_part(call);
    sheet_rows(&call->sheet);
    return 0;
}
