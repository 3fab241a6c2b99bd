/* SPDX-License-Identifier: MIT */
#include "tui/unread.h"

#include "shared/bounds.h"
#include "shared/kind.h"
#include "shared/mention.h"
#include "shared/wire.h"
#include "tui/model.h"

/* One more that has not been seen. */
static void count_news(struct room *room, uint64_t seq, bool shown,
                       bool personal)
{
    if (shown && seq > room->catch_up)
        return;
    if (room->first_unread == 0 || (!shown && room->unread == 0)) {
        room->first_unread = seq;
        room->marked = 0;
    }
    if (shown) {
        room->marked++;
    } else {
        room->unread++;
        room->mentions += personal;
    }
}

void unread_news(struct model *m, struct room *room, struct line *line)
{
    bool shown = m->looking && room == model_current(m);

    line->mention = mention_is(str_of(line->text), str_of(m->nick));
    bool personal = line->mention || room->kind == room_DIRECT;
    if (line->seq > room->counted)
        count_news(room, line->seq, shown, personal);
    m->bell = m->bell || personal;
    m->noise = true;
}

/* Talk of others behind a seq; with one's name. */
static void count_behind(const struct room *room, uint64_t seq,
                         unsigned *unread, unsigned *mentions)
{
    const struct history *h = &room->history;

    for (size_t i = h->n; i > 0; i--) {
        const struct line *line = &h->lines[i - 1];

        if (line->seq && line->seq <= seq)
            break;
        if (!line->seq || line->own || line->by || !kind_is_talk(line->event))
            continue;
        ++*unread;
        *mentions += line->mention || room->kind == room_DIRECT;
    }
}

/* What comes of these is counted already. */
static void note_counted(struct room *room, uint64_t upto)
{
    if (room->counted < upto)
        room->counted = upto;
}

void unread_told(struct model *m, const struct msg_read *read, struct now now)
{
    struct room *room = model_room(m, read->room);
    unsigned unread, mentions;

    if (!room || read->seq < room->read)
        return;
    room->read = read->seq;
    room->read_us = now.mono_us; /* we are told: now we may tell */
    unread = (unsigned)time_min(read->unread, LINES_MAX);
    mentions = room->kind == room_DIRECT
                   ? unread
                   : (unsigned)time_min(read->mentions, LINES_MAX);
    count_behind(room, read->upto, &unread, &mentions);
    m->dirty = true;
    if (m->looking && room == model_current(m)) {
        if (unread && !room->first_unread) {
            room->first_unread = read->seq + 1;
            room->marked = unread;
            note_counted(room, read->upto);
        }
        return;
    }
    note_counted(room, read->upto);
    room->unread = unread;
    room->mentions = mentions;
    room->first_unread = unread ? read->seq + 1 : 0;
}
