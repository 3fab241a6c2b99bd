/* SPDX-License-Identifier: MIT
 *
 * Pages of members; see roll.h.
 */
#include "tui/roll.h"

#include <stdlib.h>

#include "shared/kind.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/wire.h"
#include "tui/model.h"

enum { AWAY_BYTES = 390 };

/* A page has come, and there is another one: it is to be asked for. */
static void next_members(struct room *room)
{
    if (room->members_last <= room->members_after ||
        room->n_members >= MEMBERS_MAX)
        return;
    room->members_after = room->members_last;
    room->members_known = false;
}

/* When they spoke last, as far back as lines are held. */
static void note_speakers(struct room *room)
{
    for (size_t i = 0; i < room->history.n; i++) {
        const struct line *line = &room->history.lines[i];
        struct member *member = line->seq && kind_is_talk(line->event)
                                    ? member_find(room, line->account)
                                    : NULL;
        if (member)
            member->spoke = line->seq;
    }
}

/* The last page has come: who was in none of them is not in the room. */
static void end_members(struct room *room)
{
    size_t kept = 0;

    for (size_t i = 0; i < room->n_members; i++)
        if (room->members[i].page == room->page)
            room->members[kept++] = room->members[i];
    room->n_members = kept;
    room->members_after = room->members_last = 0;
    if (kept < MEMBERS_MAX)
        room->member_count = kept;
    note_speakers(room);
}

void roll_take(struct model *m, const struct msg *msg, struct now now)
{
    const struct msg_member *row = &msg->member;
    struct room *room = model_room(m, row->room);
    if (!room)
        return;
    m->dirty = true;
    if (row->account == 0) {
        if (row->more)
            next_members(room);
        else
            end_members(room);
        return;
    }
    if (row->account > room->members_last)
        room->members_last = row->account;
    struct person *p = model_person_add(m, row->account, row->nick);
    struct member *member = p ? member_add(room, row->account) : NULL;
    if (member) {
        member->page = room->page;
        member->station = station_of(m, row->role, row->muted, now);
    }
    if (!p)
        return;
    p->state = (unsigned)row->state;
    p->reason = (unsigned)row->reason;
    p->rtt_ms = (uint32_t)row->rtt_ms;
    p->loss = (uint32_t)row->loss;
    p->since = row->since;
    free(p->away);
    p->away = row->text.len ? mem_str(text_cut(row->text, AWAY_BYTES)) : NULL;
}
