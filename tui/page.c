/* SPDX-License-Identifier: MIT */
#include "tui/page.h"

#include "tui/model.h"

void page_asked(struct room *room, uint32_t request)
{
    room->page_asked = request;
}

void page_outdate(struct room *room)
{
    if (room->page_asked == 0)
        return;
    room->page_stale = room->page_asked;
    room->history.floor = room->history.first;
}

bool page_is_outdated(const struct room *room)
{
    return room->page_stale != 0;
}

static void lift(struct room *room)
{
    room->page_stale = 0;
    room->history.floor = 0;
}

void page_through(struct room *room, uint32_t request)
{
    bool newest = request && request == room->page_asked;

    if (newest)
        room->page_asked = 0;
    if (newest || (request && request == room->page_stale))
        lift(room);
}

/* An error may overtake the lines of a page that was asked for before. */
void page_refused(struct model *m, uint32_t request)
{
    for (size_t i = 0; request && i < m->n_rooms; i++) {
        struct room *room = m->rooms[i];

        if (room->page_asked == request)
            room->page_asked = 0;
        if (room->page_stale == request)
            lift(room);
    }
}

void page_forget(struct room *room)
{
    room->page_asked = 0;
    lift(room);
}
